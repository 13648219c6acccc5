"""trtexec: logs of TensorRT 7 to 11, the JSON that a run exports, and both together as one record.

A query is one execution of the engine, whatever its batch. Device time, the time with both transfers, and the time with
waiting for the query before are stages of their own. Where a run exported its times, they are preferred to the log,
which must agree. What trtexec does by default is data: `benchfmt.suites.trtexec`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.base import (
    Failed,
    Item,
    Match,
    Pattern,
    Skipped,
    Source,
    Unit,
    with_endings,
)
from benchfmt.converters.trtexec import file_groups, record
from benchfmt.converters.trtexec.evidence import Evidence, Export
from benchfmt.finding import BenchfmtError
from benchfmt.readers import trtexec as reader
from benchfmt.readers.files import file_sha256
from benchfmt.readers.trtexec import Run

NAME = record.NAME
VERSION = record.VERSION
_SECTION = re.compile(
    r"^(?:.*\] )?=== (?:Model|Build|Inference|Reporting|System|Device) (?:Options|Information) ===",
    re.MULTILINE,
)
_LACKING = (
    "looks like a log of trtexec, but neither the line of its command (`&&&& RUNNING TensorRT.trtexec`) nor a result "
    "(`Throughput:`, `Latency: min = ...`) is in it"
)
_NO_RUN = (
    "there is no run of trtexec in it: no command, no options, and no line of a performance summary"
)
OPTIONS = ("model", "system", "submitter", "url", "license", "warm_up_ms")
SHARES_LOGS = True
PATTERNS = (
    Pattern(
        with_endings(*file_groups.LOGS),
        words=("TensorRT.trtexec", "min = ", "GPU Compute"),
    ),
    Pattern(
        ("*.json",),
        words=(
            '"startEnqMs"',
            '"startInMs"',
            '"startH2dMs"',
            '"startComputeMs"',
            '"timeMs"',
            '"dimensions"',
            '"Layers"',
            '"performance_summary"',
            '"model_options"',
            '"ComputeCapability"',
        ),
    ),
)


def detect(source: Source) -> Match | None:
    """Say how many logs and exports of trtexec a source holds, or None."""
    files = file_groups.find(source)
    if files.logs:
        first = source.relative(files.logs[0])
        return Match(0.9, f"{len(files.logs)} logs of trtexec, first {first}")
    results = [path for path, kind in files.exports.items() if kind in file_groups.RESULTS]
    if not results:
        return None
    first = source.relative(results[0])
    return Match(0.85, f"{len(results)} files that trtexec exported, first {first}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each log with what its runs exported, then for each set of exports without a log."""
    for group in file_groups.groups(source):
        if isinstance(group, Skipped):
            yield group
            continue
        kinds = tuple(export.kind for export in group.exports)
        paths = tuple(export.path for export in group.exports)
        yield Unit(group.path, paths, options, (group.kind, kinds), source.limits)


def lacks(path: Path) -> str | None:
    """Say what a text that looks like a log of trtexec lacks, or None."""
    if path.suffix.lower() not in file_groups.LOGS:
        return None
    if _SECTION.search(texts.head(path, own=reader.OWN)):
        return _LACKING
    return None


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one log, or of one set of exports."""
    kind, kinds = unit.extra
    exports = list(map(Export, kinds, unit.supporting))
    if kind == "log":
        yield from _of_log(unit, exports)
        return
    files = [Export(kind, unit.path), *exports]
    try:
        run = file_groups.run_of_exports(files, unit.limits)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    yield from _of_run(unit, run, files, file_sha256(unit.path))


def _of_log(unit: Unit, exports: list[Export]) -> Iterator[Item]:
    try:
        runs = reader.runs(texts.whole_lines_of(unit.path, reader.OWN, unit.limits), unit.limits)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    if not runs:
        yield Failed(unit.path, _NO_RUN)
        return
    exports_by_run = file_groups.shared_out(runs, exports)
    digest = file_sha256(unit.path)
    for run in runs:
        yield from _of_run(unit, run, exports_by_run[run.number], digest, several=len(runs) > 1)


def _of_run(
    unit: Unit, run: Run, files: list[Export], digest: str, *, several: bool = False
) -> Iterator[Item]:
    evidence = Evidence(unit, run, several, digest)
    evidence.take(files)
    yield from record.items(evidence)
