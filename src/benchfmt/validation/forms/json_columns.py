"""Many records as columns of the tables, as they stand: no cell is judged but where its column could not hold it.

What no column can hold (another type, a null, a member that does not exist) makes a record doubtful. A doubtful record
is not at fault for certain, and one that is not doubtful can only be at fault in the cells of its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, JsonValue

from benchfmt.checks.frames import dtype
from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.record import (
    Benchmark,
    Configuration,
    Dataset,
    Measurement,
    Model,
    Provenance,
    Record,
    Software,
    Source,
    System,
)
from benchfmt.tables import COLUMNS, Column, Kind
from benchfmt.validation.forms.json_cells import JsonCell, JsonColumn, JsonColumns, JudgedSystem

Object = dict[str, JsonValue]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
_PARTS: dict[str, type[BaseModel]] = {
    "benchmark": Benchmark,
    "dataset": Dataset,
    "model": Model,
    "software": Software,
    "configuration": Configuration,
    "provenance": Provenance,
}
"""The parts of a record whose members are columns of its table."""
_NO_MEMBERS: Object = {}
_FIRST_SOURCE = "provenance.sources.0."
_SOURCES = frozenset({"sources"})
_ELSEWHERE = frozenset({"benchfmt", "system", "measurements", *_PARTS})
"""The members of a record that are no column of its own."""


class Members:
    """The members of many objects of one kind as columns."""

    def __init__(
        self, model: type[BaseModel], columns: Mapping[str, Column], json_columns: JsonColumns
    ) -> None:
        """Take the kind of the objects, the columns of its members by their names, and who judges JSON."""
        self._columns = columns
        self._json: dict[str, JsonColumn] = {}
        for name, column in columns.items():
            if column.kind == "json":
                self._json[name] = json_columns.of(model, name)
        self._cells: dict[str, list[JsonValue]] = {}
        self._sizes: list[int] = []
        self._elsewhere: list[int] = []
        self._doubtful: list[int] = []
        """The numbers of objects that are doubtful; the same one may stand several times."""
        self._inner: list[tuple[int, int]] = []
        """The number of an object, and how many members the objects within it have."""

    def __len__(self) -> int:
        """Return how many objects there are."""
        return len(self._sizes)

    def add(self, objects: Sequence[Object], elsewhere: Collection[str] = ()) -> None:
        """Add objects at the end; the members `elsewhere` are known to somebody else."""
        begin = len(self._sizes)
        self._sizes += map(len, objects)
        if elsewhere:
            self._elsewhere += [len(item.keys() & elsewhere) for item in objects]
            for number, item in enumerate(objects, start=begin):
                if None in item.values():
                    self.doubt(number)
        for name in set().union(*objects) & self._columns.keys():
            cells = [item.get(name) for item in objects]
            if name in self._json:
                cells = self._json_cells(self._json[name], cells, begin)
            column = self._cells.setdefault(name, [])
            column += [None] * (begin - len(column))
            column += cells

    def doubt(self, number: int) -> None:
        """Make an object doubtful."""
        self._doubtful.append(number)

    def _json_cells(
        self, column: JsonColumn, values: Sequence[JsonValue], begin: int
    ) -> list[JsonValue]:
        texts: list[JsonValue] = []
        for number, value in enumerate(values, start=begin):
            cell = column.cell(value)
            texts.append(cell.text)
            if cell.members:
                self._inner.append((number, cell.members))
            if cell.is_doubtful:
                self._doubtful.append(number)
        return texts

    def finished(self) -> ObjectColumns:
        """Return the columns, without what they cannot hold; the members of this object are taken out."""
        size = len(self)
        is_doubtful = np.zeros(size, np.bool_)
        is_doubtful[self._doubtful] = True
        given = np.zeros(size, np.int64)
        if self._elsewhere:
            given += self._elsewhere
        series = []
        for name, column in self._columns.items():
            cells = self._cells.pop(name, None)
            if cells is None:
                continue
            cells += [None] * (size - len(cells))
            held = _held(column, cells, is_doubtful)
            given += held.is_not_null().to_numpy()
            series.append(held)
        members = np.array(self._sizes, np.int64)
        # A null, and a member that does not exist, are in no column.
        is_doubtful |= members != given
        for number, inner in self._inner:
            members[number] += inner
        return ObjectColumns(series, is_doubtful, members)


@dataclass(frozen=True, slots=True)
class ObjectColumns:
    """The columns of many objects, which of these are doubtful, and how many members each has."""

    series: list[pl.Series]
    is_doubtful: Mask
    members: Counts


def _held(column: Column, cells: list[JsonValue], is_doubtful: Mask) -> pl.Series:
    """Return cells as a column; those that it cannot hold are left out, and make their rows doubtful."""
    if column.kind not in _PLAIN_TEXT and not set(map(type, cells)) <= _TYPES[column.kind]:
        _fit(column.kind, cells, is_doubtful)
    for _ in range(2):
        try:
            return pl.Series(column.name, cells, dtype(column.kind), strict=True)
        except TypeError:
            # A text column finds cells of other types by itself.
            _fit(column.kind, cells, is_doubtful)
        except (OverflowError, UnicodeEncodeError):
            break
    _fit(column.kind, cells, is_doubtful, only_types=False)
    return pl.Series(column.name, cells, dtype(column.kind), strict=True)


def _fit(kind: Kind, cells: list[JsonValue], is_doubtful: Mask, *, only_types: bool = True) -> None:
    """Leave out the cells that a column cannot hold, looking at those of other types alone or at all."""
    types = _TYPES[kind]
    for place, cell in enumerate(cells):
        if only_types and type(cell) in types:
            continue
        fitting = _FITTING[kind](cell)
        if fitting is None and cell is not None:
            is_doubtful[place] = True
        cells[place] = fitting


def _text(cell: JsonValue) -> str | None:
    if not isinstance(cell, str):
        return None
    try:
        cell.encode()
    except UnicodeEncodeError:
        return None
    return cell


def _number(cell: JsonValue) -> float | None:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    try:
        return float(cell)
    except OverflowError:
        return None


def _integer(cell: JsonValue) -> int | None:
    number = _number(cell)
    if number is None or not number.is_integer() or abs(number) > MAX_SAFE_INTEGER:
        return None
    return int(number)


def _boolean(cell: JsonValue) -> bool | None:
    if isinstance(cell, bool):
        return cell
    return None


_PLAIN_TEXT = ("text", "json")
_TYPES: dict[Kind, set[type]] = {
    "text": {str, type(None)},
    "json": {str, type(None)},
    "number": {float, int, type(None)},
    "integer": {int, type(None)},
    "boolean": {bool, type(None)},
}
"""The types that the cells of a column have as they come from a parser."""
_FITTING: dict[Kind, Callable[[JsonValue], JsonValue]] = {
    "text": _text,
    "json": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
}


@dataclass(frozen=True, slots=True)
class RecordColumns:
    """Many records: the columns of their table and of their measurements, as they stand."""

    records: pl.DataFrame
    measurements: pl.DataFrame
    is_doubtful: Mask
    """Which records are doubtful, their measurements left out."""
    is_doubtful_measurement: Mask
    sizes: Counts
    """How many measurements each record has."""
    members: Counts
    """How many members the objects of each record have; too few for a doubtful one."""
    systems: list[System | None]
    """The system of each record, None where it has none or it is at fault."""


class RecordGathering:
    """Gathers records as columns."""

    def __init__(self, json_columns: JsonColumns) -> None:
        """Take who judges the JSON of the file."""
        by_path = {column.path: column for column in COLUMNS["records"]}
        self._top = Members(Record, _columns_under("", by_path), json_columns)
        self._parts: dict[str, Members] = {}
        for name, model in _PARTS.items():
            self._parts[name] = Members(model, _columns_under(f"{name}.", by_path), json_columns)
        self._sources = Members(Source, _columns_under(_FIRST_SOURCE, by_path), json_columns)
        self._other_sources = json_columns.of(Provenance, "sources")
        self._others: list[JsonCell] = []
        of_measurements = {column.path: column for column in COLUMNS["measurements"][1:]}
        self._measurements = Members(Measurement, of_measurements, json_columns)
        self._systems = json_columns.systems
        self._sizes: list[int] = []
        self._systems_of: list[JudgedSystem | None] = []

    @property
    def measurements(self) -> int:
        """How many measurements there are."""
        return len(self._measurements)

    def add(self, records: Sequence[Object]) -> None:
        """Add records at the end."""
        begin = len(self._top)
        self._top.add(records, _ELSEWHERE)
        for name, part in self._parts.items():
            objects = self._objects([record.get(name) for record in records], begin)
            if name == "provenance":
                part.add(objects, _SOURCES)
                self._add_sources([item.get("sources") for item in objects], begin)
            else:
                part.add(objects)
        self._add_systems([record.get("system") for record in records], begin)
        self._add_measurements([record.get("measurements") for record in records], begin)

    def _objects(self, values: Sequence[JsonValue], begin: int) -> list[Object]:
        """Return values that are to be objects, an empty one where there is none; others make their records doubtful."""
        objects: list[Object] = []
        for number, value in enumerate(values, start=begin):
            # Their very type: whatever the parsers give is no other kind of dictionary.
            if type(value) is dict and value:
                objects.append(value)
                continue
            objects.append(_NO_MEMBERS)
            if value is not None:
                self._top.doubt(number)
        return objects

    def _lists(self, values: Sequence[JsonValue], begin: int) -> list[list[JsonValue]]:
        """Return values that are to be lists with items; others make their records doubtful."""
        lists = []
        for number, value in enumerate(values, start=begin):
            if type(value) is list and value:
                lists.append(value)
                continue
            lists.append([])
            if value is not None:
                self._top.doubt(number)
        return lists

    def _add_sources(self, values: Sequence[JsonValue], begin: int) -> None:
        lists = self._lists(values, begin)
        first = self._objects([next(iter(sources), None) for sources in lists], begin)
        self._sources.add(first)
        for number, (sources, source) in enumerate(zip(lists, first, strict=True), start=begin):
            if sources and "path" not in source:
                self._top.doubt(number)
            others = self._other_sources.cell(sources[1:] or None)
            if others.is_doubtful:
                self._top.doubt(number)
            self._others.append(others)

    def _add_systems(self, values: Sequence[JsonValue], begin: int) -> None:
        for number, value in enumerate(values, start=begin):
            judged = None
            if value is not None:
                judged = self._systems.judged(value)
                if judged.system is None:
                    self._top.doubt(number)
            self._systems_of.append(judged)

    def _add_measurements(self, values: Sequence[JsonValue], begin: int) -> None:
        lists = self._lists(values, begin)
        self._sizes += map(len, lists)
        # One that is no object lacks the metric, so that it is at fault for its columns too.
        measurements = [
            item if isinstance(item, dict) else _NO_MEMBERS for item in chain.from_iterable(lists)
        ]
        self._measurements.add(measurements)

    def finished(self) -> RecordColumns:
        """Return the columns; this object is used up."""
        sizes = np.array(self._sizes, np.int64)
        measurements = self._measurements.finished()
        columns_of_measurements = measurements.series
        if not columns_of_measurements:
            # Where no item of any list is an object with a known member, each lacks the metric all the same.
            count = len(measurements.is_doubtful)
            columns_of_measurements = [pl.Series("metric", [None] * count, pl.String)]
        members = _summed(measurements.members, sizes)
        is_doubtful = np.zeros(len(sizes), np.bool_)
        others = pl.Series("sources", [cell.text for cell in self._others], pl.String)
        series = [others]
        for part in (self._top, *self._parts.values(), self._sources):
            columns = part.finished()
            series += columns.series
            is_doubtful |= columns.is_doubtful
            members += columns.members
        members += [cell.members for cell in self._others]
        members += [judged.members if judged else 0 for judged in self._systems_of]
        records = pl.DataFrame(series)
        if "id" not in records.columns:
            records = records.with_columns(pl.lit(None, pl.String).alias("id"))
        return RecordColumns(
            records=records,
            measurements=pl.DataFrame(columns_of_measurements),
            is_doubtful=is_doubtful,
            is_doubtful_measurement=measurements.is_doubtful,
            sizes=sizes,
            members=members,
            systems=[judged.system if judged else None for judged in self._systems_of],
        )


def _columns_under(prefix: str, by_path: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns whose places in a record begin so and go on with one name."""
    columns = {}
    for path, column in by_path.items():
        name = path.removeprefix(prefix)
        if path.startswith(prefix) and "." not in name and name not in _SOURCES:
            columns[name] = column
    return columns


def _summed(counts: Counts, sizes: Counts) -> Counts:
    """Return the sums of counts that belong to groups of some sizes."""
    sums = np.concatenate([[0], np.cumsum(counts)])
    ends = np.cumsum(sizes)
    summed: Counts = sums[ends] - sums[ends - sizes]
    return summed
