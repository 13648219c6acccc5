"""MLPerf Mobile: the app's result files of every version, alone or in a submission with LoadGen's logs.

    closed/<submitter>/systems/<system>.json
    closed/<submitter>/measurements/<system>/<model>/<scenario>/*.json
    closed/<submitter>/results/<system>/result.json or results.json     (the system's folder is left out by some)
                               /<model>/<scenario>/log_{performance,accuracy}/mlperf_log_*.txt        (up to v4.0)
                               /<benchmark id>-{performance,accuracy}/mlperf_log_*.txt                 (v3.1 on)

One record per benchmark, of its performance and its accuracy run. A log whose benchmark no result file has gives a
record of its own. What the app's words mean is data: `benchfmt.suites.mlperf_mobile`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.mobile import record, tree
from benchfmt.converters.mlperf.mobile.files import NAME, VERSION
from benchfmt.converters.mlperf.mobile.tree import Tree
from benchfmt.converters.mlperf.places import STRAY, STRAYS, Places
from benchfmt.finding import BenchfmtError
from benchfmt.suites import mlperf_mobile as rules

__all__ = ["NAME", "VERSION", "detect", "plan", "read"]
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}
PATTERNS = (
    Pattern((layout.SUMMARY, layout.DETAIL)),
    Pattern(("*.json",), words=('"benchmark_id"',)),
)
_WHY = (
    (
        re.compile(r"mlperf_log_accuracy\.json$"),
        "answers of the model; their score stands in the result file",
    ),
    (re.compile(r"mlperf_log_trace\.json[0-9]*$"), "a trace of events"),
    (
        re.compile(r"(^|/)mlperf_log_(summary|detail)\.txt$"),
        "a LoadGen log of which its folder does not say the benchmark",
    ),
    (re.compile(r"_outputs/[^/]+$"), "what the model made in the accuracy run"),
    (re.compile(r"(^|/)code/"), "code of the submission"),
    (re.compile(r"(^|/)systems/[^/]+\.json$"), "describes a system of which no result is here"),
    (
        re.compile(r"(^|/)measurements/"),
        "describes a measurement of which no result is here, or something other than one",
    ),
    (re.compile(r"(?i)\.(md|adoc|html|png|jpe?g|pdf|xlsx?)$"), "for people"),
    (STRAYS, STRAY),
)


def detect(source: Source) -> Match | None:
    """Say whether a source holds results of the MLPerf Mobile app or logs in its folders, or None."""
    results = tree.result_files(source)
    if results:
        first = source.relative(results[0])
        return Match(0.9, f"{len(results)} result files of the MLPerf Mobile app, first {first}")
    logs = tree.log_files(source)
    if not logs:
        return None
    first = source.relative(logs[0])
    return Match(0.9, f"{len(logs)} LoadGen logs in folders of MLPerf Mobile, first {first}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each result file with all that tells about it, then one for each run of which there is only a log."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rules.ROUNDS:
        known = ", ".join(rules.ROUNDS)
        raise BenchfmtError(f"there is no round {wanted!r} of MLPerf Mobile; there are: {known}")
    places = Places.of(source)
    files = Tree.of(source, places)
    copies = tree.copies(files.results)
    for path, first in copies.items():
        yield Skipped(path, f"the same as {first.name}")
    units = [files.unit_of_result(path) for path in files.results if path not in copies]
    units += files.units_of_logs()
    for unit in units:
        yield replace(unit, options=options, limits=source.limits)
    yield from _no_results(source, units, places)


def _no_results(source: Source, units: list[Unit], places: Places) -> Iterator[Skipped]:
    """Yield the other files beside the results of a submission, and what its rules say holds none."""
    heads = {tree.head_of(unit.extra.place) for unit in units} - {""}
    folders = tuple(f"{head}/" for head in heads)
    used = {path for unit in units for path in (unit.path, *unit.supporting)}
    for path in source.files:
        text = path.absolute().as_posix()
        if path in used or not text.startswith(folders):
            continue
        reason = _reason(text)
        if reason:
            yield Skipped(path, reason)
    for skipped in places.skipped(source):
        if skipped.path not in used:
            yield skipped


def _reason(path: str) -> str | None:
    for pattern, reason in _WHY:
        if pattern.search(path):
            return reason
    return None


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of a result file or of one log, and what is wrong with them."""
    if unit.path.name in tree.LOG_FILES:
        yield from record.of_log(unit)
    else:
        yield from record.of_file(unit)
