"""What is read besides the events of a group's logs: the seeds and ends of its runs, its system, its scaling factor."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed
from benchfmt.converters.draft import filled
from benchfmt.converters.mlperf.training import system as training_system
from benchfmt.converters.mlperf.training.runs import Run
from benchfmt.converters.mlperf.training.scored_group import Group, seed
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.units import exact

_MOST = 5
"""So many lines of a log that cannot be read are reported one by one."""
_LARGEST_FACTOR = 100
"""The largest one of a round so far is 1.13."""


def note_runs(group: Group) -> None:
    """Add each log with its seed and end, and report the lines that cannot be read."""
    runs = []
    for run in group.runs:
        where = group.source(run.path, run.log.sha256)
        runs.append(filled({"file": run.path.name, "seed": seed(run), "not_counted": run.why}))
        _report_lines(group, run, where)
    group.keep("runs", runs)
    if group.benchmark:
        group.keep("runs_required", group.benchmark.runs)
    for key in ("submission_org", "submission_platform"):
        group.keep(f"log_{key}", group.logged(key))
    if group.task.pruned:
        group.keep("pruned_runs", group.task.pruned)


def _report_lines(group: Group, run: Run, where: str) -> None:
    report = group.draft.report
    log = run.log
    for line, reason in log.unreadable[:_MOST]:
        report("BF115", f"an event that cannot be read: {reason}", path=where, row=line)
    if log.lost > _MOST:
        report(
            "BF115", f"{log.lost} events cannot be read; the first {_MOST} are reported", path=where
        )
    if log.repaired:
        message = f"{len(log.repaired)} events are Python dictionaries, not JSON; read as such"
        report("BF115", message, path=where, row=log.repaired[0])


def read_description(group: Group) -> None:
    """Read the description of the system: a file of its own, or v0.5's entry.json; and the submitter of v0.5."""
    systems = group.of("system")
    entries = group.of("entry")
    described = [_described(group, path) for path in systems]
    for path in entries:
        entry = _described(group, path)
        described.append(training_system.of_entry(entry))
    group.description = next(filter(None, described), {})
    for path in group.of("submission"):
        organisation = _described(group, path, keep_fault=False).get("org")
        if organisation:
            group.description = {"submitter": organisation, **group.description}
    if not systems and not entries:
        _report_no_description(group)


def _report_no_description(group: Group) -> None:
    file = "its description in systems/"
    if group.place.system:
        file = f"systems/{group.place.system}.json"
    group.draft.report(
        "BF706",
        f"{file} does not exist: hardware and software are not known",
        path=group.place.folder,
        hint="give the whole submission",
    )


def _described(group: Group, path: Path, *, keep_fault: bool = True) -> dict[str, JsonValue]:
    """Return what a description says, reporting its faults; nothing where it cannot be read."""
    described = training_system.read(path, group.unit.limits)
    if described.error:
        group.failures.append(Failed(path, described.error))
        if keep_fault:
            group.keep("system_description", "invalid")
        return {}
    where = group.source(path, described.sha256)
    for repair in described.repairs:
        group.draft.report("BF115", repair, path=where, hint="correct the file")
    return described.data


def read_scaling(group: Group) -> None:
    """Read the factor that makes up for convergence faster than the reference."""
    for path in group.of("scaling"):
        where = group.source(path, file_sha256(path))
        try:
            factor = _factor(path, group.unit.limits)
        except BenchfmtError as error:
            group.broken = f"{where}: {error}"
            group.failures.append(Failed(path, str(error)))
            continue
        group.scaling = Decimal(factor)
        number = group.draft.measure("scaling-factor", factor, basis="derived")
        number.source_path = where
        number.source_locator = "/scaling_factor"


def _factor(path: Path, limits: Limits) -> str:
    """Return the factor as the file writes it; raises BenchfmtError where it has none that can be."""
    data = jsons.read(path, limits, digits=True)
    factor = None
    if isinstance(data, dict):
        factor = data.get("scaling_factor")
    if isinstance(factor, Digits):
        number = exact(factor)
        if number is not None and 0 < number <= _LARGEST_FACTOR:
            return str(factor)
    raise BenchfmtError(
        f"no scaling_factor that is a number above zero and up to {_LARGEST_FACTOR}"
    )
