"""onnxruntime_perf_test: what it prints, in the wordings of ONNX Runtime 0.4 to 1.23, and its result file.

A request is one call of `Run`; the tool does not say what batch it holds. Averages are printed in milliseconds and
percentiles in seconds; the oldest wording has no unit for the total.
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
from benchfmt.converters.ort_perf_test import log, record, result_file
from benchfmt.converters.ort_perf_test.log import LOGS, OWN
from benchfmt.finding import BenchfmtError
from benchfmt.readers.files import file_sha256

NAME = record.NAME
VERSION = record.VERSION
OPTIONS = ("model", "system", "submitter", "url", "license", "engine_version")
SHARES_LOGS = True
RESULTS = (".csv", ".txt", ".out", ".res", "")
_LACKING = (
    "looks like an output of onnxruntime_perf_test and has no result: neither `Average inference time cost`, nor "
    "`Number of inferences per second`, nor a percentile such as `P50 Latency` is in it"
)
PATTERNS = (
    Pattern(
        with_endings(*LOGS),
        words=(
            "time cost",
            "inference requests",
            "iterations:",
            "per second",
            "CPU usage",
            "working set size",
            "run time",
            " Latency",
            "Runs:",
        ),
    ),
    Pattern(
        with_endings(*RESULTS),
        expression=re.compile(rb",[0-9]{1,15},[0-9]{1,6},[0-9]{1,12}\s"),
    ),
)


def detect(source: Source) -> Match | None:
    """Say how many outputs of onnxruntime_perf_test a source holds, or None."""
    files = list(_files(source))
    if not files:
        return None
    logs = [path for path, kind in files if kind == "log"]
    if logs:
        first = source.relative(logs[0])
        return Match(0.9, f"{len(logs)} outputs of onnxruntime_perf_test, first {first}")
    first = files[0][0].name
    return Match(
        0.6, f"{len(files)} files like the results of onnxruntime_perf_test, first {first}"
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each output and each result file."""
    for path, kind in _files(source):
        yield Unit(path, options=options, extra=kind, limits=source.limits)


def lacks(path: Path) -> str | None:
    """Say what a text that looks like an output of onnxruntime_perf_test lacks, or None."""
    if path.suffix.lower() not in LOGS:
        return None
    if any(map(log.key_of, texts.head(path, own=OWN).splitlines())):
        return _LACKING
    return None


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file: one for each result."""
    digest = file_sha256(unit.path)
    if unit.extra == "log":
        yield from _items_of_log(unit, digest)
    else:
        yield from _items_of_result_file(unit, digest)


def _items_of_log(unit: Unit, digest: str) -> Iterator[Item]:
    try:
        results, unfinished = log.results(
            texts.whole_lines_of(unit.path, OWN, unit.limits), unit.limits
        )
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    if not results:
        yield Failed(unit.path, f"it {_LACKING}")
        return
    several = len(results) > 1
    for result in results:
        yield from texts.not_understood(unit, result.damaged)
        locator = f"run={result.number}" if several else None
        yield record.of_output(unit, digest, locator, result)
    for run in unfinished:
        yield _without_result(unit, run)


def _items_of_result_file(unit: Unit, digest: str) -> Iterator[Item]:
    series, broken = result_file.rows(texts.text_of(unit.path))
    for line in broken:
        yield Failed(unit.path, f"line {line}: no row of a result file", line)
    several = len(series) > 1
    for one in series:
        locator = f"run={one.number}" if several else None
        yield record.of_series(unit, digest, locator, one)


def _without_result(unit: Unit, run: log.Printed) -> Failed:
    reason = "the run that begins on this line has no result; it was stopped or failed"
    return Failed(unit.path, reason, run.line)


def _files(source: Source) -> Iterator[tuple[Path, str]]:
    for path, ending in texts.candidates(source, *LOGS, *RESULTS):
        alone = source.root == path
        if (alone or ending in LOGS) and log.is_printed(texts.head(path, own=OWN)):
            yield path, "log"
        elif (alone or ending in RESULTS) and result_file.is_result_file(texts.head(path)):
            yield path, "rows"
