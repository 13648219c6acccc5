"""The record of one result of MLPerf Storage: what was run on which system, with what settings, and what it gave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.result_notes import as_record
from benchfmt.converters.mlperf.storage.checkpoints import checkpoints
from benchfmt.converters.mlperf.storage.files import Result, read_files, result_of
from benchfmt.converters.mlperf.storage.layout import run_name
from benchfmt.converters.mlperf.storage.rates import training
from benchfmt.converters.mlperf.storage.system import SUITE, category, read_description, system
from benchfmt.converters.mlperf.storage.values import as_object, number, plain_number, positive
from benchfmt.record import TIME_PATTERN, given
from benchfmt.vocabulary import vocabulary

_ACCELERATOR = re.compile(r"(?:^|[-_/])([abhv][0-9]{3})(?=$|[-_/])", re.IGNORECASE)


def items(unit: Unit, name: str, version: str) -> Iterator[Item]:
    """Yield the record of one result, and what is wrong with its files."""
    result = result_of(unit)
    yield as_record(_record(result, name, version), unit.path)
    yield from result.notes.items


def _record(result: Result, name: str, version: str) -> dict[str, Any] | Failed:
    """Return the record as plain data; a Failed where nothing can be read."""
    failed = read_files(result)
    if failed:
        return failed
    measurements = checkpoints(result) if result.is_of_checkpoints else training(result)
    if not any("value" in item for item in measurements):
        return Failed(
            result.unit.path,
            "no rate can be read: the report or the summaries have no number of it",
        )
    return _whole(result, measurements, name, version)


def _whole(
    result: Result, measurements: list[dict[str, Any]], name: str, version: str
) -> dict[str, Any]:
    place, notes, rule = result.place, result.notes, result.rule
    description = _description(result)
    status, detail = _status(result)
    where = place.location
    starts = sorted(
        str(data["start"]) for _, data in result.summaries if isinstance(data.get("start"), str)
    )
    record = {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=SUITE,
            suite_version=result.round,
            name=result.workload,
            division=place.division,
            category=category(description),
            phase="checkpointing" if result.is_of_checkpoints else "storage",
        ),
        "task": "checkpointing"
        if result.is_of_checkpoints
        else rule.task
        if rule
        else "training-data-loading",
        "model": given(name=_model(result.workload)),
        "system": given(name=place.system) | system(description),
        "configuration": _configuration(result),
        "measurements": measurements,
        "status": status,
        "status_detail": detail,
        "provenance": given(
            submitter=place.submitter,
            measured_at=_time(starts[0]) if starts else None,
            execution="/".join(part for part in (result.round, where) if part) if where else None,
            sources=notes.sources,
            converter=name,
            converter_version=version,
        ),
        "extensions": {"mlperf": dict(sorted(notes.extensions.items()))}
        if notes.extensions
        else None,
    }
    return {key: value for key, value in record.items() if value is not None and value != {}}


def _model(workload: str | None) -> str | None:
    """Return the model whose training, or whose checkpoints, a workload emulates."""
    return (vocabulary().match("model", workload, SUITE) or workload) if workload else None


def _description(result: Result) -> dict[str, Any]:
    """Return the data of the system's file, empty where there is none."""
    path = result.first("system")
    if path is None:
        result.notes.find("BF706", result.path, *_why_not_described(result))
        return {}
    return result.notes.described(path, result.unit.limits, read_description)


def _why_not_described(result: Result) -> tuple[str, str]:
    """Return why the hardware is not known, and what to do."""
    system = result.place.system
    if result.unclear:
        files = ", ".join(result.unclear)
        words = f"several files describe the system {system} ({files}), so that none is taken: the hardware is not known"
        return words, "give the files the names of the systems' folders"
    named = f"no file of those given describes the system {system or 'of the result'}"
    return f"{named}: the hardware is not known", "give the whole submission, with systems/"


def _status(result: Result) -> tuple[str, str | None]:
    """Return whether every run that counts kept its utilisation."""
    runs = [
        (run_name(path), data["metric"].get("train_au_meet_expectation"))
        for path, data in result.summaries
    ]
    failed = [
        name
        for name, met in runs
        if met == "fail" and name != result.notes.extensions.get("warm_up_run")
    ]
    if failed:
        return "invalid", f"train_au_meet_expectation: fail ({', '.join(failed)})"
    return "ok", None


def _configuration(result: Result) -> dict[str, Any]:
    """Return how the emulated training was set: what can be chosen, by the names of the files."""
    overall, config = result.overall, result.config
    first = result.summaries[0][1] if result.summaries else {}
    reader, train, dataset = (
        as_object(config.get(name)) for name in ("reader", "train", "dataset")
    )
    chosen = given(
        accelerator=_accelerator(result),
        epochs=positive(first.get("epochs")),
        hosts=positive(first.get("num_hosts") or overall.get("num_client_hosts")),
        files=positive(overall.get("num_files_train") or first.get("num_files_train")),
        samples_per_file=positive(
            overall.get("num_samples_per_file") or first.get("num_samples_per_file")
        ),
        record_length_bytes=number(result.record_length),
        computation_time_seconds=plain_number(train.get("computation_time")),
        data_format=systems.said(dataset.get("format")),
        data_loader=systems.said(reader.get("data_loader")),
        prefetch_size=positive(reader.get("prefetch_size")),
        framework=systems.said(config.get("framework")),
    )
    return given(
        batch_size=positive(reader.get("batch_size")),
        threads=positive(reader.get("read_threads")),
        hyperparameters=chosen or None,
    )


def _accelerator(result: Result) -> str | None:
    """Return the accelerator that is emulated: the files', else that of a folder's name (`unet3d-h100`)."""
    said = result.overall.get("accelerator") or result.metadata.get("accelerator")
    if isinstance(said, str):
        return said or None
    found = [match[1] for part in result.place.inner if (match := _ACCELERATOR.search(part))]
    return found[-1].lower() if found else None


def _time(text: str) -> str | None:
    """Return a time of a summary, which has no zone."""
    return text if re.search(TIME_PATTERN, text) and "\n" not in text else None
