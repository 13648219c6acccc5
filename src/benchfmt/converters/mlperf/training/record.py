"""The record of one scored group of MLPerf Training or HPC: what was run, and the score with all that stands behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.training import system as training_system
from benchfmt.converters.mlperf.training.configuration import configuration
from benchfmt.converters.mlperf.training.layout import Task
from benchfmt.converters.mlperf.training.quality import add_convergence, add_qualities
from benchfmt.converters.mlperf.training.runs import Run, read_run
from benchfmt.converters.mlperf.training.score import (
    add_staging,
    add_throughput,
    add_time_to_train,
    is_scored,
    why_missing,
)
from benchfmt.converters.mlperf.training.scored_group import Group, is_plain
from benchfmt.converters.mlperf.training.sources import note_runs, read_description, read_scaling
from benchfmt.readers.files import file_sha256, folder_sha256
from benchfmt.readers.mllog import whole
from benchfmt.record import Record, given
from benchfmt.suites import mlperf_training as rules
from benchfmt.vocabulary import vocabulary

_MANY = 5
"""So many runs are named in a sentence."""
_EARLIEST = datetime(2018, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def items(unit: Unit, name: str, version: str, suite: str) -> Iterator[Item]:
    """Yield the record of one group, and what is wrong with its files."""
    task: Task = unit.extra
    place = task.place
    round_id = unit.options.get("round") or place.round
    first_read: list[Item] = []
    runs = _runs(unit, task, round_id, first_read)
    if not runs:
        yield from first_read
        return
    folder = place.benchmark or _of_logs(runs)
    canonical = rules.canonical(folder, round_id) if folder else None
    benchmark = rules.benchmark(canonical)
    group = Group(unit, place, round_id, canonical or folder, benchmark, runs, first_read)
    try:
        yield Record.from_dict(_record(group, folder, name, version, suite))
    except ValidationError as error:
        first = error.errors()[0]
        yield Failed(
            unit.path,
            f"not a result: {'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}",
        )
    yield from group.findings


def _runs(unit: Unit, task: Task, round_id: str | None, findings: list[Item]) -> list[Run]:
    """Return the runs that can be read, in the order of their numbers; others are failed."""
    paths = [
        p
        for p, role in zip((unit.path, *unit.supporting), task.roles, strict=True)
        if role == "result"
    ]
    known = task.place.benchmark
    benchmark = rules.benchmark(rules.canonical(known, round_id)) if known else None
    runs = []
    for path in paths:
        if not is_plain(path):
            findings.append(Skipped(path, "a link, which is not followed, or no regular file"))
            continue
        try:
            run = read_run(path, benchmark, unit.limits)
        except OSError as error:
            findings.append(Failed(path, f"cannot be read: {error.strerror or error}"))
            continue
        runs.append(run)
        if run.several:
            findings.append(Failed(path, f"{run.why}; give each run a file of its own"))
    return runs


def _of_logs(runs: list[Run]) -> str | None:
    """Return the benchmark that the logs name, for folders without one."""
    for run in runs:
        event = run.log.first("submission_benchmark")
        if event is not None and isinstance(event.value, str) and rules.is_name(event.value):
            return event.value.strip().casefold()
    return None


def _record(
    group: Group, folder: str | None, name: str, version: str, suite: str
) -> dict[str, Any]:
    """Return the record as plain data."""
    place, benchmark = group.place, group.benchmark
    note_runs(group)
    read_description(group)
    read_scaling(group)
    scored = add_throughput(group) if place.level == "weak" else add_time_to_train(group)
    add_qualities(group)
    add_convergence(group)
    add_staging(group)
    status, detail = _status(group, scored=scored)
    execution = place.location(folder)
    logs = {f"{run.path.name}": run.log.sha256 for run in group.runs}
    scaling = group.of("scaling")
    primary = {
        "path": place.folder,
        "sha256": folder_sha256({**logs, **{p.name: file_sha256(p) for p in scaling}}),
    }
    phase = benchmark.phase if benchmark else "training"
    if folder and folder != group.name:
        group.extensions["benchmark_directory"] = folder
    if not place.benchmark and folder:
        group.extensions["benchmark_from"] = "submission_benchmark of the logs"
    record = {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=suite,
            suite_version=group.round,
            name=group.name,
            division=group.division,
            category=_category(group),
            system_type=systems.system_type(group.description.get("system_type")),
            scenario=place.level or ("strong" if suite == rules.HPC else None),
            phase=phase,
        ),
        "task": benchmark.task if benchmark else None,
        "dataset": _dataset(group),
        "model": _model(group),
        "system": _system(group),
        "software": _software(group),
        "configuration": configuration(group),
        "measurements": group.measurements,
        "status": status,
        "status_detail": detail,
        "provenance": given(
            submitter=_submitter(group),
            measured_at=_measured_at(group),
            execution=f"{group.round}/{execution}" if group.round and execution else execution,
            sources=[primary, *group.sources],
            converter=name,
            converter_version=version,
        ),
        "extensions": {"mlperf": dict(sorted(group.extensions.items()))}
        if group.extensions
        else None,
    }
    return {key: value for key, value in record.items() if value not in (None, {}, [])}


def _status(group: Group, *, scored: bool) -> tuple[str, str | None]:
    """Return the status and why it is so."""
    total, out = len(group.runs), [run for run in group.runs if run.seconds is None]
    required = group.benchmark.runs if group.benchmark else None
    words = []
    if out:
        named = "; ".join(f"{run.path.name}: {run.why}" for run in out[:_MANY])
        more = f"; and {len(out) - _MANY} more" if len(out) > _MANY else ""
        words.append(f"{len(out)} of {total} runs did not count ({named}{more})")
    if not scored and not is_scored(group):
        words.append("which runs form the base of the score, the logs do not say")
    elif not scored and group.broken:
        words.append(f"the scaling factor cannot be read ({group.broken})")
    elif not scored and not out:
        words.append(f"{total} runs are too few for an olympic mean")
    short = required is not None and total < required
    if short:
        words.append(f"{total} of {required} runs are here")
    if scored:
        status = "incomplete" if short else "ok"
    else:
        status = (
            "failed"
            if why_missing(group, None) == "target-not-reached" and not group.broken
            else "incomplete"
        )
    return status, "; ".join(words) or None


def _category(group: Group) -> str | None:
    said = group.description.get("status") or group.logged("submission_status")
    if not isinstance(said, str):
        return None
    found = vocabulary().match("category", " ".join(said.split()), rules.TRAINING)
    if not found:
        group.extensions["status"] = said
    return found


def _submitter(group: Group) -> str | None:
    said = group.description.get("submitter") or group.description.get("sumitter")
    return systems.said(said) if isinstance(said, str) else group.place.org


def _dataset(group: Group) -> dict[str, Any]:
    benchmark = group.benchmark
    samples = whole(group.logged("eval_samples"))
    if (train := whole(group.logged("train_samples"))) is not None:
        group.extensions["train_samples"] = train
    if benchmark is None or benchmark.dataset is None:
        return {}
    if samples is not None and not benchmark.counts_samples:
        group.extensions["eval_samples"] = samples
        samples = None
    return given(name=benchmark.dataset, split=benchmark.split, samples=samples)


def _model(group: Group) -> dict[str, Any]:
    """Return the model of the benchmark; in the open division it may be another, which nothing names."""
    closed = group.division != "open"
    return given(name=group.benchmark.model if group.benchmark and closed else None)


def _system(group: Group) -> dict[str, Any]:
    machine = systems.system(group.description)
    return machine or given(name=group.place.system)


def _software(group: Group) -> dict[str, Any]:
    description = group.description
    stack = description.get("other_software_stack")
    if isinstance(stack, list):
        stack = {
            key: value for part in stack if isinstance(part, dict) for key, value in part.items()
        }
    for key in ("framework", "other_software_stack", "sw_notes"):
        if (said := systems.said(description.get(key))) is not None:
            group.extensions[key] = said
    return training_system.software(description.get("framework"), stack)


def _measured_at(group: Group) -> str | None:
    """Return when the first run began; logs count from 1970 in coordinated universal time."""
    starts = [
        run.start.milliseconds
        for run in group.runs
        if run.start and run.start.milliseconds is not None
    ]
    if not starts or min(starts) >= Decimal(10) ** 14:
        return None
    begun = datetime.fromtimestamp(int(min(starts)) // 1000, UTC)
    # A clock that counts otherwise gives a time before the suite.
    return begun.strftime("%Y-%m-%dT%H:%M:%SZ") if _EARLIEST <= begun < _LATEST else None
