"""The record of one scored group of MLPerf Training or HPC: what was run, and the score with all that stands behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.training import system as training_system
from benchfmt.converters.mlperf.training.configuration import add_configuration
from benchfmt.converters.mlperf.training.layout import Task
from benchfmt.converters.mlperf.training.quality import add_convergence, add_qualities
from benchfmt.converters.mlperf.training.runs import Run, read_run
from benchfmt.converters.mlperf.training.score import (
    add_staging,
    add_throughput,
    add_time_to_train,
    why_missing,
)
from benchfmt.converters.mlperf.training.scored_group import Group, is_plain
from benchfmt.converters.mlperf.training.sources import note_runs, read_description, read_scaling
from benchfmt.numbers import since_1970
from benchfmt.readers.files import file_sha256, folder_sha256
from benchfmt.readers.mllog import whole
from benchfmt.suites import mlperf_training as rules
from benchfmt.vocabulary import vocabulary

_MANY = 5
"""So many runs are named in a sentence."""
_EARLIEST = datetime(2018, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_MOST_MILLISECONDS = Decimal(10) ** 14


def items(unit: Unit, name: str, version: str, suite: str) -> Iterator[Item]:
    """Yield the record of one group, and what is wrong with its files."""
    task: Task = unit.extra
    place = task.place
    round_id = unit.options.get("round") or place.round
    failures: list[Failed | Skipped] = []
    runs = _runs(unit, task, round_id, failures)
    if runs:
        folder = place.benchmark or _of_logs(runs)
        canonical = None
        if folder:
            canonical = rules.canonical(folder, round_id)
        benchmark = rules.benchmark(canonical)
        draft = Draft(name, version, suite=suite)
        group = Group(unit, place, round_id, canonical or folder, benchmark, runs, draft, failures)
        _fill(group, folder)
        yield from draft.items(unit.path)
    yield from failures


def _runs(
    unit: Unit, task: Task, round_id: str | None, failures: list[Failed | Skipped]
) -> list[Run]:
    """Return the runs that can be read, in the order of their numbers; others are failed."""
    benchmark = None
    if task.place.benchmark:
        benchmark = rules.benchmark(rules.canonical(task.place.benchmark, round_id))
    runs = []
    for path in _results(unit, task):
        if not is_plain(path):
            failures.append(Skipped(path, "a link, which is not followed, or no regular file"))
            continue
        try:
            run = read_run(path, benchmark, unit.limits)
        except OSError as error:
            failures.append(Failed(path, f"cannot be read: {error.strerror or error}"))
            continue
        runs.append(run)
        if run.several:
            failures.append(Failed(path, f"{run.why}; give each run a file of its own"))
    return runs


def _results(unit: Unit, task: Task) -> list[Path]:
    paths = (unit.path, *unit.supporting)
    return [path for path, role in zip(paths, task.roles, strict=True) if role == "result"]


def _of_logs(runs: list[Run]) -> str | None:
    """Return the benchmark that the logs name, for folders without one."""
    for run in runs:
        event = run.log.first("submission_benchmark")
        if event is not None and isinstance(event.value, str) and rules.is_name(event.value):
            return event.value.strip().casefold()
    return None


def _fill(group: Group, folder: str | None) -> None:
    """Draft the record; `folder` is the benchmark as the folder or the logs write it."""
    _add_primary_source(group)
    note_runs(group)
    read_description(group)
    read_scaling(group)
    scored = _add_score(group)
    add_qualities(group)
    add_convergence(group)
    add_staging(group)
    _add_status(group, scored=scored)
    _add_benchmark(group)
    _add_dataset(group)
    _add_system(group)
    _add_software(group)
    add_configuration(group)
    _add_provenance(group, folder)
    if folder and folder != group.name:
        group.keep("benchmark_directory", folder)
    if folder and not group.place.benchmark:
        group.keep("benchmark_from", "submission_benchmark of the logs")


def _add_score(group: Group) -> bool:
    if group.is_weak:
        return add_throughput(group)
    return add_time_to_train(group)


def _add_primary_source(group: Group) -> None:
    """Add the folder, by the hash of the logs and the scaling factor in it."""
    hashes = {run.path.name: run.log.sha256 for run in group.runs}
    for path in group.of("scaling"):
        hashes[path.name] = file_sha256(path)
    group.draft.source(group.place.folder, folder_sha256(hashes))


def _add_benchmark(group: Group) -> None:
    """Add what was run; in the open division the model may be another one, which nothing names."""
    draft = group.draft
    draft.phase = "training"
    scenario = group.place.level
    if scenario is None and draft.suite == rules.HPC:
        scenario = "strong"
    benchmark = group.benchmark
    if benchmark is not None:
        draft.phase = benchmark.phase
        draft.task = benchmark.task
        if group.division != "open":
            draft.model(name=benchmark.model)
    draft.benchmark(
        suite_version=group.round,
        name=group.name,
        division=group.division,
        category=_category(group),
        system_type=systems.system_type(group.description.get("system_type")),
        scenario=scenario,
    )


def _add_status(group: Group, *, scored: bool) -> None:
    """Say whether there is a score of all runs, and why not."""
    total = len(group.runs)
    reasons = []
    out = [run for run in group.runs if not run.counts]
    if out:
        reasons.append(f"{len(out)} of {total} runs did not count ({_named(out)})")
    if not scored:
        reasons += _why_not_scored(group, all_count=not out)
    required = 0
    if group.benchmark is not None:
        required = group.benchmark.runs
    short = total < required
    if short:
        reasons.append(f"{total} of {required} runs are here")
    group.draft.fail(_status(group, scored=scored, short=short), "; ".join(reasons) or None)


def _named(out: list[Run]) -> str:
    """Return the first runs that did not count, each with the reason."""
    named = "; ".join(f"{run.path.name}: {run.why}" for run in out[:_MANY])
    if len(out) > _MANY:
        return f"{named}; and {len(out) - _MANY} more"
    return named


def _why_not_scored(group: Group, *, all_count: bool) -> list[str]:
    if not group.is_scored:
        return ["which runs form the base of the score, the logs do not say"]
    if group.broken:
        return [f"the scaling factor cannot be read ({group.broken})"]
    if all_count:
        return [f"{len(group.runs)} runs are too few for an olympic mean"]
    return []


def _status(group: Group, *, scored: bool, short: bool) -> str:
    if scored and not short:
        return "ok"
    if scored or group.broken or why_missing(group, None) != "target-not-reached":
        return "incomplete"
    return "failed"


def _category(group: Group) -> str | None:
    status = group.description.get("status") or group.logged("submission_status")
    if not isinstance(status, str):
        return None
    category = vocabulary().match("category", " ".join(status.split()), rules.TRAINING)
    if category is None:
        group.keep("status", status)
    return category


def _add_dataset(group: Group) -> None:
    samples = whole(group.logged("eval_samples"))
    group.keep("train_samples", whole(group.logged("train_samples")))
    benchmark = group.benchmark
    if benchmark is None or benchmark.dataset is None:
        return
    if not benchmark.counts_samples:
        group.keep("eval_samples", samples)
        samples = None
    group.draft.dataset(name=benchmark.dataset, split=benchmark.split, samples=samples)


def _add_system(group: Group) -> None:
    machine = systems.system(group.description)
    group.draft.system(machine or {"name": group.place.system})


def _add_software(group: Group) -> None:
    description = group.description
    for key in ("framework", "other_software_stack", "sw_notes"):
        group.keep(key, systems.said(description.get(key)))
    stack = description.get("other_software_stack")
    if isinstance(stack, list):
        stack = _merged(stack)
    group.draft.software(**training_system.software(description.get("framework"), stack))


def _merged(parts: list[JsonValue]) -> dict[str, JsonValue]:
    """Return a list of objects as one."""
    merged: dict[str, JsonValue] = {}
    for part in parts:
        if isinstance(part, dict):
            merged |= part
    return merged


def _add_provenance(group: Group, folder: str | None) -> None:
    execution = group.place.location(folder)
    if group.round and execution:
        execution = f"{group.round}/{execution}"
    group.draft.provenance(
        submitter=_submitter(group), measured_at=_measured_at(group), execution=execution
    )


def _submitter(group: Group) -> str | None:
    description = group.description
    submitter = description.get("submitter") or description.get("sumitter")
    if not isinstance(submitter, str):
        return group.place.org
    named: str | None = systems.said(submitter)
    return named


def _measured_at(group: Group) -> str | None:
    """Return when the first run began; logs count from 1970 in coordinated universal time."""
    times = [run.start.milliseconds for run in group.runs if run.start is not None]
    starts = [time for time in times if time is not None]
    if not starts or min(starts) >= _MOST_MILLISECONDS:
        return None
    begun = since_1970(int(min(starts)) // 1000)
    # A clock that counts otherwise gives a time before the suite.
    if begun is None or not _EARLIEST <= begun < _LATEST:
        return None
    return begun.strftime("%Y-%m-%dT%H:%M:%SZ")
