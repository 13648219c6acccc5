"""MLPerf Tiny: the published rows, in the copies of cm4mlperf (`mlperf-tiny--<round>--<division>--<benchmark>`).

A record says what the row says, every number with the basis `published`, so that it can be compared with what
`mlperf-tiny` reads from the runner's files of the same result (`provenance.execution`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

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
from benchfmt.readers import heads, jsons
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
_KEPT = ("uid", "url")
"""What is kept as it stands."""
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


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table, whose numbers are the characters that stand in the file."""

    cells: Mapping[str, JsonValue]

    def text(self, name: str) -> str | None:
        """Return a cell on one line; None for a number and for what says nothing."""
        value = self.cells.get(name)
        if not isinstance(value, str) or isinstance(value, Digits):
            return None
        return " ".join(value.split()) or None

    def first(self, *names: str) -> str | None:
        """Return the first of some cells that says something."""
        return next(filter(None, map(self.text, names)), None)


def detect(source: Source) -> Match | None:
    """Say how many tables of MLPerf Tiny's published rows a source holds, or None."""
    tables = _tables(source)
    if not tables:
        return None
    first = source.relative(tables[0])
    return Match(0.9, f"{len(tables)} tables of MLPerf Tiny, first {first}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table."""
    for path in _tables(source):
        yield Unit(path, options=options, limits=source.limits)


def _tables(source: Source) -> list[Path]:
    return [path for path in source.with_suffix(".json") if _is_table(path)]


def _is_table(path: Path) -> bool:
    try:
        with heads.opened(path) as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    is_list = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    return is_list and all(mark in head for mark in _MARKS)


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each row; a row that cannot be read is a Failed of its own."""
    try:
        rows = jsons.read(unit.path, unit.limits, digits=True)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    if not isinstance(rows, list):
        return
    digest = file_sha256(unit.path)
    of_path = round_of(unit.path, rules.ROUNDS, ("tiny", "mlperf"))
    for number, cells in enumerate(rows, start=1):
        if not isinstance(cells, dict):
            cells = {}
        missing = [name for name in _NEEDED if name not in cells]
        if missing:
            yield Failed(unit.path, f"the row has no {' and no '.join(missing)}", number)
            continue
        draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
        draft.source(_path(unit), digest, f"row={number}")
        try:
            _fill(draft, _Row(cells), of_path)
            yield draft.build()
        except DraftError as error:
            yield Failed(unit.path, str(error), number)


def _path(unit: Unit) -> str:
    """Return the path from the experiment's folder on, or the file's name."""
    parts = unit.path.absolute().parts
    for index in range(len(parts) - 2, 0, -1):
        if parts[index].startswith("mlperf-tiny--"):
            return "/".join(parts[index:])
    return unit.path.name


def _fill(draft: Draft, row: _Row, of_path: str | None) -> None:
    """Draft the record of a row; raises DraftError where the row has no number."""
    name = row.text("Benchmark")
    benchmark = rules.benchmark(name or "")
    division = _term("division", row.text("Division"))
    closed = division == "closed"
    for column, metric, key in _COLUMNS:
        number = _number(row, column, metric, key)
        if number is not None:
            add_target(draft.add(number), benchmark, closed=closed)
    if not numbers_with_value(draft.numbers):
        raise DraftError("the row has no number that can be read")
    round_id = row.first("version", "__version") or of_path
    draft.benchmark(
        suite_version=round_id,
        name=name,
        division=division,
        category=_term("category", row.text("Status")),
    )
    if benchmark is not None:
        _add_rules(draft, benchmark, closed=closed)
    texts = {column: row.text(column) for column in row.cells}
    draft.configuration(precision=systems.precision(texts.get("Quantization Method")))
    draft.system(_system(texts))
    tiny_system.add_software(draft, {**texts})
    for kept in _KEPT:
        draft.keep(kept, systems.said(row.cells.get(kept)), "mlperf")
    draft.provenance(
        submitter=row.first("Submitter", "Organization"),
        url=row.text("git_url"),
        execution=_execution(row, (round_id, division), name),
    )


def _term(kind: str, word: str | None) -> str | None:
    return vocabulary().match(kind, word or "", SUITE)


def _add_rules(draft: Draft, benchmark: rules.Benchmark, *, closed: bool) -> None:
    """Add what the suite fixes of a benchmark; the open division may run any model."""
    draft.task = benchmark.task
    draft.benchmark(name=benchmark.name, scenario=benchmark.scenario)
    draft.dataset(name=benchmark.dataset)
    draft.configuration(batch_size=benchmark.batch_size)
    if closed:
        draft.model(name=benchmark.model)


def _system(texts: Mapping[str, str | None]) -> dict[str, JsonValue]:
    """Return the system of a row, without what the record says elsewhere."""
    return tiny_system.system(
        {name: text for name, text in texts.items() if name not in _SAID and name not in _KEPT}
    )


def _number(row: _Row, column: str, metric: str, key: Key) -> Number | None:
    """Return a number of the row in its unit; None where the row has none."""
    text = row.cells.get(column)
    if not isinstance(text, Digits):
        return None
    written = row.text(f"{column}_metric")
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


def _execution(row: _Row, above: tuple[str | None, ...], name: str | None) -> str | None:
    """Return the result's folder as the runner's records name it; the folder's name of the submitter ends the address."""
    folder = re.search(r"/(?:closed|open)/([^/]+)/?$", row.text("git_url") or "")
    submitter = row.text("__Organization")
    if folder:
        submitter = folder[1]
    parts = [*above, submitter, "results", row.text("__System"), name]
    if not all(parts):
        return None
    return "/".join(filter(None, parts))
