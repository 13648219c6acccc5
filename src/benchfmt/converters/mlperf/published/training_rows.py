"""The published tables of MLPerf Training and HPC: which files are some, their rows, and the scores of each row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Skipped, Source, Unit
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import heads, jsons
from benchfmt.readers.bounded_rows import short_lines
from benchfmt.readers.mllog import clean
from benchfmt.suites import mlperf_training as rules

HEAD = 64 * 1024
"""Bytes of a file that detection looks at."""
SCORES = "scores"
"""JSON of the suite's summarizer: a row for a system, with a column for each benchmark."""
ROWS = "rows"
"""JSON of cm4mlperf: a row for a score."""
CSV = "csv"
"""The same as SCORES, as text."""
TIME = "time_to_train"
ALL = "time_to_train_all"
"""The column of the time in which all models of a weak-scaling result were trained."""

_EXPERIMENT = re.compile(r"mlperf-training--[^/]*")
_REPOSITORY = re.compile(r"(?:training|hpc)_results_(v[0-9]{1,3}\.[0-9]{1,3})")
_FIRST_COLUMNS = ("division", "availability", "submitter", "system")
_CSV_START = ",".join(_FIRST_COLUMNS).encode()
_COLUMNS = (b'"division"', b'"submitter"', b'"details_url"', b'"accelerators_count"')
_NOT_AN_OBJECT = "not an object of column names and values"

Cells = Mapping[str, JsonValue]
"""The cells of a row by the names of their columns."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a unit is: the kind of table, and its path from the root of the submission."""

    kind: str
    path: str
    round: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its number from 1, its place, and its cells or what is wrong with it."""

    number: int
    locator: str
    cells: Cells
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One score of a row: the benchmark as the table names it, its cells by their names, and where it stands."""

    row: int
    locator: str
    benchmark: str
    cells: Mapping[str, str]
    context: Cells
    """The cells of the row that are of all its scores."""


def tables(source: Source) -> Iterator[tuple[Path, str]]:
    """Yield the tables of a source, each with its kind."""
    for path in source.with_suffix(".json", ".csv"):
        kind = _kind(path)
        if kind:
            yield path, kind


def _kind(path: Path) -> str | None:
    """Return what kind of table a file is, by its name and its first bytes."""
    name = path.name.lower()
    if name == "cm-result.json":
        if _EXPERIMENT.search(path.absolute().as_posix()):
            return ROWS
        return None
    is_csv = name.endswith(".csv")
    if not is_csv and "summar" not in name:
        return None
    try:
        with heads.opened(path) as file:
            head = file.read(HEAD)
    except OSError:
        return None
    if is_csv:
        if head.startswith(_CSV_START):
            return CSV
        return None
    if head.lstrip().startswith(b"[") and all(column in head for column in _COLUMNS):
        return SCORES
    return None


def path_from_root(path: Path) -> str:
    """Return a table's path from the root of its repository, or its name."""
    parts = path.absolute().as_posix().split("/")
    for index in range(len(parts) - 2, -1, -1):
        if _EXPERIMENT.fullmatch(parts[index]):
            return "/".join(parts[index:])
        if _REPOSITORY.match(parts[index]):
            return "/".join(parts[index + 1 :])
    return parts[-1]


def scores(unit: Unit, table: Table) -> Iterator[Score | Skipped | Failed]:
    """Yield the scores of a table; a row without one is skipped."""
    for row in _rows(unit, table):
        if row.fault:
            yield Failed(unit.path, row.fault, row.number)
            continue
        scores_of_row = list(_scores_of(row, table.kind))
        yield from scores_of_row
        if not scores_of_row:
            yield Skipped(unit.path, "the row has no score", row.number)


def _rows(unit: Unit, table: Table) -> Iterator[Row]:
    size = unit.path.stat().st_size
    most = unit.limits.json_bytes
    if size > most:
        raise BenchfmtError(
            f"{unit.path.name} has {size} bytes; at most {most} are read as one table"
        )
    if table.kind == CSV:
        yield from _csv_rows(unit.path, unit.limits)
        return
    data = jsons.read(unit.path, unit.limits, digits=True)
    if not isinstance(data, list):
        raise BenchfmtError(f"{unit.path.name} is not a list of results")
    for index, item in enumerate(data):
        number = index + 1
        locator = f"/{index}"
        if isinstance(item, dict):
            yield Row(number, locator, item)
        else:
            yield Row(number, locator, {}, _NOT_AN_OBJECT)


def _csv_rows(path: Path, limits: Limits) -> Iterator[Row]:
    """Yield the rows of a CSV file, which may be several tables one behind the other, each with a header of its own."""
    with heads.opened(path) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", "replace", newline="")
        try:
            yield from _rows_of_csv(csv.reader(short_lines(text, limits)))
        except csv.Error as error:
            raise BenchfmtError(f"cannot be read as a table: {error}") from error


def _rows_of_csv(lines: Iterable[list[str]]) -> Iterator[Row]:
    header: list[str] = []
    number = 0
    for cells in lines:
        if tuple(cells[: len(_FIRST_COLUMNS)]) == _FIRST_COLUMNS:
            header = cells
            continue
        if not any(cells):
            continue
        number += 1
        locator = f"row={number}"
        if len(cells) == len(header):
            named = zip(header, cells, strict=True)
            yield Row(number, locator, {name: cell for name, cell in named if cell})
        else:
            fault = f"the row has {len(cells)} cells where the table has {len(header)} columns"
            yield Row(number, locator, {}, fault)


def _scores_of(row: Row, kind: str) -> Iterator[Score]:
    """Yield the scores of a row: one of cm4mlperf, one for each benchmark that has a cell elsewhere."""
    if kind == ROWS:
        text = text_of(row.cells.get("Result"))
        name = text_of(row.cells.get("Model_ID"))
        if text and name:
            yield Score(row.number, row.locator, name, {TIME: text}, row.cells)
        return
    by_benchmark: dict[str, dict[str, str]] = {}
    context: dict[str, JsonValue] = {}
    for column, value in row.cells.items():
        name, _, part = column.partition(":")
        if not rules.is_name(name):
            context[column] = value
            continue
        text = text_of(value)
        if text:
            by_benchmark.setdefault(name, {})[part or TIME] = text
    for name, cells in by_benchmark.items():
        if TIME not in cells and ALL not in cells:
            continue
        locator = f"{row.locator}/{name}"
        if kind == CSV:
            locator = f"benchmark={name}&{row.locator}"
        yield Score(row.number, locator, name, cells, context)


def text_of(value: JsonValue) -> str | None:
    """Return a cell as one line of text, or None where it says nothing."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    text = clean(str(value))
    if text in ("None", "null"):
        return None
    return text
