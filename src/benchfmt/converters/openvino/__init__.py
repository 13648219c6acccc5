"""OpenVINO benchmark_app: what it prints, and its report as CSV or JSON, of the Python and the C++ tool.

A request is one batch. In a synchronous run its latency is that of the inference; with several requests in flight it
contains waiting for the others, and latency times throughput is not 1. Frames per second count samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.openvino import log, report
from benchfmt.converters.openvino.files import PATTERNS, classified_files
from benchfmt.converters.openvino.log import LOGS, OWN
from benchfmt.converters.openvino.record import NAME, OPTIONS, SUITE, VERSION, described
from benchfmt.converters.openvino.run import Run
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS
from benchfmt.readers.files import file_sha256

__all__ = [
    "NAME",
    "OPTIONS",
    "OWN",
    "PATTERNS",
    "SHARES_LOGS",
    "SUITE",
    "VERSION",
    "detect",
    "lacks",
    "plan",
    "read",
]

SHARES_LOGS = True
_LACKING = (
    "looks like an output of benchmark_app, and no `Count`, `Latency` or `Throughput` is in it"
)
_SLOWED = "times of layers under performance counters, which slow the run; not read"
Reports = Mapping[tuple[str, ...], list[Path]]
"""Reports by their folder and the numbers that an output has too."""


def detect(source: Source) -> Match | None:
    """Say how many outputs and reports of benchmark_app a source holds, or None."""
    paths = [path for path, kind in classified_files(source) if kind != "counters"]
    if not paths:
        return None
    return Match(0.9, f"{len(paths)} files of benchmark_app, first {source.relative(paths[0])}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each output with the report of the same run, and for each report without."""
    files = list(classified_files(source))
    reports: dict[tuple[str, ...], list[Path]] = {}
    for path, kind in files:
        if kind == "report":
            reports.setdefault(_report_key(path), []).append(path)
    joined: set[Path] = set()
    for path, kind in files:
        if kind == "counters":
            yield Skipped(path, _SLOWED)
        elif kind == "log":
            own = [report for report in _matching(path, reports) if report not in joined]
            joined.update(own)
            yield Unit(path, tuple(own), options, "log", source.limits)
    for path, kind in files:
        if kind == "report" and path not in joined:
            yield Unit(path, (), options, "report", source.limits)


def lacks(path: Path) -> str | None:
    """Say what a text that looks like an output of benchmark_app lacks, or None."""
    if path.suffix.lower() in LOGS and log.has_steps(texts.head(path, own=OWN)):
        return _LACKING
    return None


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file."""
    try:
        runs = _runs(unit)
    except (BenchfmtError, ValueError, ArithmeticError) as error:
        yield Failed(unit.path, str(error))
        return
    if not runs:
        yield Failed(unit.path, f"it {_LACKING}")
        return
    digest = file_sha256(unit.path)
    reports = {path: report.read(path) for path in unit.supporting}
    for run in runs:
        yield from texts.not_understood(unit, run.damaged)
        same = {path: one for path, one in reports.items() if one.fingerprint == run.fingerprint}
        locator = f"run={run.number}" if len(runs) > 1 else None
        try:
            yield described(unit, digest, locator, run, same)
        except (ValueError, ArithmeticError) as error:
            yield Failed(unit.path, f"not a result: {error}", run.number)


def _runs(unit: Unit) -> list[Run]:
    if unit.extra == "log":
        return log.runs(texts.whole_lines_of(unit.path, OWN, unit.limits), unit.limits)
    run = report.read(unit.path)
    if not run.printed.get("throughput") and not run.latency:
        raise BenchfmtError("the report has no execution results")
    return [run]


def _report_key(path: Path) -> tuple[str, ...]:
    """Return where a report stands and its numbers; one that cannot be read is like no other."""
    try:
        return (str(path.parent), *report.read(path).fingerprint)
    except (BenchfmtError, OSError):
        return (str(path),)


def _matching(path: Path, reports: Reports) -> Iterator[Path]:
    """Yield the reports whose count, duration and throughput are those of a run of this output."""
    try:
        runs = log.runs(texts.whole_lines_of(path, OWN, LIMITS))
    except (BenchfmtError, OSError):  # reported when it is read
        return
    for run in runs:
        match = _only_match(path, run, reports)
        if match:
            yield match


def _only_match(path: Path, run: Run, reports: Reports) -> Path | None:
    """Return the one report of a run: that beside the output, else the only one of the source."""
    if not all(run.fingerprint):
        return None
    same = {key[0]: paths for key, paths in reports.items() if key[1:] == run.fingerprint}
    beside = same.get(str(path.parent))
    candidates = list(same.values())
    if beside:
        candidates = [beside]
    if len(candidates) == 1 and len(candidates[0]) == 1:
        return candidates[0][0]
    return None
