"""The record of one result of MLPerf Storage: what was run on which system, with what settings, and what it gave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from benchfmt.converters.base import Item, Unit
from benchfmt.converters.draft import DraftError, filled, numbers_with_value
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.storage.checkpoints import add_checkpoints
from benchfmt.converters.mlperf.storage.files import NoResultError, Result, read_files, result_of
from benchfmt.converters.mlperf.storage.layout import run_name
from benchfmt.converters.mlperf.storage.rates import add_training
from benchfmt.converters.mlperf.storage.system import SUITE, category, read_description, system
from benchfmt.converters.mlperf.storage.values import as_object, number, plain_number, positive
from benchfmt.record import TIME_PATTERN
from benchfmt.vocabulary import vocabulary

_ACCELERATOR = re.compile(r"(?:^|[-_/])([abhv][0-9]{3})(?=$|[-_/])", re.IGNORECASE)
_MET = "train_au_meet_expectation"


def items(unit: Unit, name: str, version: str) -> Iterator[Item]:
    """Yield the record of one result, and what is wrong with its files."""
    result = result_of(unit, name, version)
    try:
        _fill(result)
    except NoResultError as error:
        yield from result.draft.failed(unit.path, str(error))
        return
    except DraftError as error:
        yield from result.draft.failed(unit.path, f"not a result: {error}")
        return
    yield from result.draft.items(unit.path)


def _fill(result: Result) -> None:
    """Draft the record; raises NoResultError where nothing can be read."""
    read_files(result)
    if result.is_of_checkpoints:
        add_checkpoints(result)
    else:
        add_training(result)
    if not numbers_with_value(result.draft.numbers):
        raise NoResultError("no rate can be read: the report or the summaries have no number of it")
    description = _description(result)
    stated = system(description)
    result.draft.system({"name": result.place.system, **stated})
    _add_benchmark(result, description)
    _add_configuration(result)
    _add_status(result)
    _add_provenance(result)


def _add_benchmark(result: Result, description: Mapping[str, JsonValue]) -> None:
    draft = result.draft
    draft.phase = "storage"
    draft.task = "training-data-loading"
    if result.rule is not None:
        draft.task = result.rule.task
    if result.is_of_checkpoints:
        draft.phase = "checkpointing"
        draft.task = "checkpointing"
    workload = result.workload
    draft.benchmark(
        suite_version=result.round,
        name=workload,
        division=result.place.division,
        category=category(description),
    )
    if workload:
        # The model whose training, or whose checkpoints, the workload emulates.
        draft.model(name=vocabulary().match("model", workload, SUITE) or workload)


def _description(result: Result) -> dict[str, JsonValue]:
    """Return the data of the system's file, empty where there is none."""
    path = result.first("system")
    if path is None:
        _report_no_description(result)
        return {}
    return result.draft.describe(path, result.unit.limits, read_description)


def _report_no_description(result: Result) -> None:
    """Report why the hardware is not known, and what to do."""
    name = result.place.system
    reason = f"no file of those given describes the system {name or 'of the result'}"
    hint = "give the whole submission, with systems/"
    if result.unclear:
        files = ", ".join(result.unclear)
        reason = f"several files describe the system {name} ({files}), so that none is taken"
        hint = "give the files the names of the systems' folders"
    message = f"{reason}: the hardware is not known"
    result.draft.report("BF706", message, path=result.path, hint=hint)


def _add_status(result: Result) -> None:
    """Say whether every run that counts kept its utilisation."""
    failed = []
    for path, summary in result.summaries:
        name = run_name(path)
        if as_object(summary["metric"]).get(_MET) == "fail" and name != result.warm_up:
            failed.append(name)
    if failed:
        result.draft.fail("invalid", f"{_MET}: fail ({', '.join(failed)})")


def _add_configuration(result: Result) -> None:
    """Add how the emulated training was set: what can be chosen, by the names of the files."""
    overall = result.overall
    first = result.first_summary
    reader = as_object(result.config.get("reader"))
    train = as_object(result.config.get("train"))
    dataset = as_object(result.config.get("dataset"))
    hosts = first.get("num_hosts") or overall.get("num_client_hosts")
    chosen = {
        "accelerator": _accelerator(result),
        "epochs": positive(first.get("epochs")),
        "hosts": positive(hosts),
        "record_length_bytes": number(result.record_length),
        "computation_time_seconds": plain_number(train.get("computation_time")),
        "data_format": systems.said(dataset.get("format")),
        "data_loader": systems.said(reader.get("data_loader")),
        "prefetch_size": positive(reader.get("prefetch_size")),
        "framework": systems.said(result.config.get("framework")),
    }
    for name, key in (("files", "num_files_train"), ("samples_per_file", "num_samples_per_file")):
        chosen[name] = positive(overall.get(key) or first.get(key))
    result.draft.configuration(
        batch_size=positive(reader.get("batch_size")),
        threads=positive(reader.get("read_threads")),
    )
    result.draft.hyperparameters(filled(chosen))


def _accelerator(result: Result) -> str | None:
    """Return the accelerator that is emulated: the files', else that of a folder's name (`unet3d-h100`)."""
    stated = result.overall.get("accelerator") or result.metadata.get("accelerator")
    if isinstance(stated, str):
        return stated or None
    for part in reversed(result.place.inner):
        match = _ACCELERATOR.search(part)
        if match:
            return match[1].lower()
    return None


def _add_provenance(result: Result) -> None:
    execution = result.place.location
    if execution and result.round:
        execution = f"{result.round}/{execution}"
    result.draft.provenance(
        submitter=result.place.submitter, measured_at=_start(result), execution=execution
    )


def _start(result: Result) -> str | None:
    """Return when the first run began, which has no zone."""
    starts = [summary.get("start") for _, summary in result.summaries]
    times = sorted(str(start) for start in starts if isinstance(start, str))
    if not times or "\n" in times[0] or not re.search(TIME_PATTERN, times[0]):
        return None
    return times[0]
