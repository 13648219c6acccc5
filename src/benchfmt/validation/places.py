"""Places: where a fault stands, from the cell of a checked frame to the report."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from benchfmt.descriptor import FILE_NAME
from benchfmt.tables import TABLES, column

_PREFIXES = {"records": "", "systems": "system.", "measurements": "measurements."}
"""Where in a record the fields of a table stand."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault stands.

    In checked frames `file` is the name of a table, and `row` the number that the frame gives the row. In somebody's
    files they are the path that a finding shows, and the row there, counted from 1; None where a fault is of no row.
    """

    file: str
    row: int | None = None
    column: str | None = None
    field: str | None = None
    """The place in the record: `measurements.0.value`."""
    record: str | None = None
    """The id of the record."""
    line: int | None = None
    character: int | None = None
    """Line and character in a text, where what reads it knows them."""


class Places(Protocol):
    """Knows where the cells of checked frames stand in somebody's files."""

    def in_files(self, cell: Place) -> Place:
        """Return where a cell stands that is named by table, row, column and record."""

    def now(self) -> Places:
        """Return the places that are known now; what becomes known later does not change them."""


class TablePlaces:
    """The tables of a package: rows are counted over all parts of a table, columns are those of the frames."""

    def __init__(self, older_names: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Start without any file; `older_names` says for each table how columns of an older version are called."""
        self._older_names = older_names or {}
        self._names: dict[str, list[str]] = {table: [] for table in TABLES}
        self._known: dict[str, set[str]] = {table: set() for table in TABLES}
        """The names of the parts of each table, in their order and to look them up."""
        self._starts: dict[str, list[int]] = {table: [] for table in TABLES}
        self._current: dict[str, str] = {}
        """The part of each table that is read."""

    def begin(self, table: str, name: str, rows_before: int) -> None:
        """Take the part of a table that is read from now on, and how many rows the parts before it have; a known part stays as it is."""
        self._current[table] = name
        if name not in self._known[table]:
            self._known[table].add(name)
            self._names[table].append(name)
            self._starts[table].append(rows_before)

    def now(self) -> TablePlaces:
        """Return the places in the parts that have begun; a row of theirs stands where it stood, whatever part begins later."""
        known = TablePlaces(self._older_names)
        known._names, known._known, known._starts = self._names, self._known, self._starts
        known._current = dict(self._current)
        return known

    def in_part(self, table: str, name: str) -> TablePlaces:
        """Return these places, where faults of no row stand in a part that has begun."""
        known = self.now()
        known._current[table] = name
        return known

    def in_files(self, cell: Place) -> Place:
        """Return where a cell of a table stands."""
        current = self._current.get(cell.file)
        column = cell.column
        if column is not None:
            column = self._older_names.get(cell.file, {}).get(column, column)
        field = field_of(cell)
        if current is None:
            return Place(FILE_NAME, cell.row, column, field, cell.record)
        if cell.row is None:
            return Place(current, None, column, field, cell.record)
        starts = self._starts[cell.file]
        part = bisect_right(starts, cell.row - 1) - 1
        name = self._names[cell.file][part]
        return Place(name, cell.row - starts[part], column, field, cell.record)


class GatheredPlaces:
    """Places that were looked up before: the row of a cell counts them."""

    def __init__(self) -> None:
        """Start without any place; faults of no row stand in the descriptor until a batch came."""
        self._places: list[Place] = []
        self._file = FILE_NAME

    def add(self, cell: Place, places: Places) -> None:
        """Keep where a cell stands, under the next number."""
        self._places.append(places.in_files(cell))

    def take_file(self, places: Places) -> None:
        """Take the file in which faults of no row stand."""
        self._file = places.in_files(Place("records")).file

    def now(self) -> GatheredPlaces:
        """Return these places: they are asked once all are gathered."""
        return self

    def in_files(self, cell: Place) -> Place:
        """Return where the cell stands that was kept under a number."""
        if cell.row is None:
            return Place(self._file)
        return self._places[cell.row]


def field_of(cell: Place) -> str | None:
    """Return the field of a record that a cell of a table holds; None where it holds none."""
    if cell.column is None:
        return None
    try:
        path = column(cell.file, cell.column).path
    except KeyError:
        return None
    if path == "-":
        return "id"
    return _PREFIXES[cell.file] + path
