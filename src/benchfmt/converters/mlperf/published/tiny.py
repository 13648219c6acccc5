"""MLPerf Tiny: the published rows, in the copies of cm4mlperf (`mlperf-tiny--<round>--<division>--<benchmark>`).

A record says what the row says, every number with the basis `published`, so that it can be compared with what
`mlperf-tiny` reads from the runner's files of the same result (`provenance.execution`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import (
    Draft,
    DraftError,
    Key,
    Number,
    measured,
    numbers_with_value,
)
from benchfmt.converters.mlperf import systems, tiny
from benchfmt.converters.mlperf.published.rounds import round_of
from benchfmt.converters.mlperf.tiny import system as tiny_system
from benchfmt.converters.mlperf.tiny.quality import add_target
from benchfmt.converters.mlperf.tiny.speed import RATE, withdraw_impossible
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import double
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_tiny as rules
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-tiny-published"
VERSION = "1.0"
SUITE = tiny_system.SUITE
PREFIXES = tiny.PREFIXES

_HEAD = 16 * 1024
_MARKS = (b'"median_throughput"', b'"Benchmark"', b'"Board Name"')
_NEEDED = ("Benchmark", "median_throughput")
_COST: Key = {"statistic": "median", "stage": "inference", "per": "sample", "scope": "board"}
_RATE_OF_ENERGY_RUN: Key = {**RATE, "scope": "run:energy"}
_COLUMNS: tuple[tuple[str, str, Key], ...] = (
    ("median_throughput", "throughput", {**RATE, "primary": True}),
    ("median_energy_cost", "energy", _COST),
    ("median_energy_median_throughput", "throughput", _RATE_OF_ENERGY_RUN),
    ("accuracy_Top-1", "accuracy", {"statistic": "pooled"}),
    ("accuracy_AUC", "auroc", {"statistic": "pooled"}),
)
"""The numbers of a row: the column, the metric and its key."""
_AUC = "accuracy_AUC"
_UNITS = {"inf./sec.": "/s", "uj/inf.": "uJ", "mj/inf.": "mJ", "%": "%"}
"""The words of the columns `…_metric`; an AUC has none."""
_SAID = {
    "Organization",
    "Submitter",
    "Division",
    "Benchmark",
    "version",
    "Status",
    "git_url",
    "Result",
    "Accuracy",
    "_Result",
    "_Accuracy",
    "__Organization",
    "__System",
    "__version",
    *(column for column, *_ in _COLUMNS),
    *(f"{column}_metric" for column, *_ in _COLUMNS),
}
"""What the record says in fields, and the doubles of it (`Result` is `median_throughput`)."""
PATTERNS = (Pattern(("*.json",), words=('"median_throughput"',)),)


def detect(source: Source) -> Match | None:
    """Say how many tables of MLPerf Tiny's published rows a source holds, or None."""
    found = _tables(source)
    return (
        Match(0.9, f"{len(found)} tables of MLPerf Tiny, first {source.relative(found[0])}")
        if found
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table."""
    for path in _tables(source):
        yield Unit(path, options=options, limits=source.limits)


def _tables(source: Source) -> list[Any]:
    found = []
    for path in source.with_suffix(".json"):
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD)
        except OSError:
            continue
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") and all(
            mark in head for mark in _MARKS
        ):
            found.append(path)
    return found


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each row; a row that cannot be read is a Failed of its own."""
    try:
        rows = jsons.read(unit.path, unit.limits, digits=True)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    digest = file_sha256(unit.path)
    of_path = round_of(unit.path, rules.ROUNDS, ("tiny", "mlperf"))
    for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
        missing = [name for name in _NEEDED if not isinstance(row, dict) or name not in row]
        if missing:
            yield Failed(unit.path, f"the row has no {' and no '.join(missing)}", number)
            continue
        draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
        draft.source(_path(unit), digest, f"row={number}")
        try:
            _fill(draft, row, of_path)
            yield draft.build()
        except DraftError as error:
            yield Failed(unit.path, str(error), number)


def _path(unit: Unit) -> str:
    """Return the path from the experiment's folder on, or the file's name."""
    parts = unit.path.absolute().parts
    start = next(
        (
            index
            for index in range(len(parts) - 2, 0, -1)
            if parts[index].startswith("mlperf-tiny--")
        ),
        None,
    )
    return "/".join(parts[start:]) if start else unit.path.name


def _fill(draft: Draft, row: Mapping[str, Any], of_path: str | None) -> None:
    """Draft the record of a row; raises DraftError where the row has no number."""
    name = _text(row, "Benchmark") or ""
    benchmark = rules.benchmark(name)
    division = vocabulary().match("division", _text(row, "Division") or "", SUITE)
    closed = division == "closed"
    round_id = _text(row, "version") or _text(row, "__version") or of_path
    for column, metric, key in _COLUMNS:
        number = _number(row, column, metric, key)
        if number is not None:
            add_target(draft.add(number), benchmark, closed=closed)
    if not numbers_with_value(draft.numbers):
        raise DraftError("the row has no number that is one")
    draft.benchmark(
        suite_version=round_id,
        name=name or None,
        division=division,
        category=vocabulary().match("category", _text(row, "Status") or "", SUITE),
    )
    if benchmark is not None:
        draft.task = benchmark.task
        draft.benchmark(name=benchmark.name, scenario=benchmark.scenario)
        draft.dataset(name=benchmark.dataset)
        draft.configuration(batch_size=benchmark.batch_size)
        if closed:
            draft.model(name=benchmark.model)
    description = {key: _text(row, key) for key in row}
    draft.configuration(precision=systems.precision(description.get("Quantization Method")))
    draft.system(_system(description))
    tiny_system.add_software(draft, description)
    for name_of_row in ("uid", "url"):
        draft.keep(name_of_row, systems.said(row.get(name_of_row)), "mlperf")
    draft.provenance(
        submitter=_text(row, "Submitter") or _text(row, "Organization"),
        url=_text(row, "git_url"),
        execution=_execution(row, round_id, division, name),
    )


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if not isinstance(value, str) or isinstance(value, Digits):
        return None
    return " ".join(value.split()) or None


def _system(description: Mapping[str, str | None]) -> dict[str, JsonValue]:
    """Return the system of a row, without what the record says elsewhere."""
    others = {*_SAID, "uid", "url"}
    return tiny_system.system(
        {key: value for key, value in description.items() if key not in others}
    )


def _number(row: Mapping[str, Any], column: str, metric: str, key: Key) -> Number | None:
    """Return a number of the row in its unit; None where the row has none."""
    text = row.get(column)
    if not isinstance(text, Digits):
        return None
    written = _text(row, f"{column}_metric")
    code = _UNITS.get((written or "").lower())
    if written is None and column == _AUC:
        code = "1"
    if code is None or double(text) is None:
        missing = Number(metric=metric, **key)
        missing.missing = "invalid-in-source"
        missing.reported_value = str(text)
        return missing
    number = measured(metric, str(text), code, "published", **key)
    if code != "1":
        number.reported_unit = code
    if metric in ("throughput", "energy"):
        withdraw_impossible(number)
    return number


def _execution(
    row: Mapping[str, Any], round_id: str | None, division: str | None, name: str
) -> str | None:
    """Return the result's folder as the runner's records name it; the folder's name of the submitter ends the address."""
    url = _text(row, "git_url") or ""
    folder = re.search(r"/(?:closed|open)/([^/]+)/?$", url)
    submitter = folder[1] if folder else _text(row, "__Organization")
    system = _text(row, "__System")
    parts = (round_id, division, submitter, "results", system, name)
    return "/".join(str(part) for part in parts) if all(parts) else None
