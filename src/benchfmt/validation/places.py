"""Where the rows of checked frames stand in somebody's files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from pydantic import ValidationError

from benchfmt.annotated import Outcome
from benchfmt.descriptor import FILE_NAME
from benchfmt.record import SCHEMA_VERSION, Record
from benchfmt.tables import column

_PREFIXES = {"records": "", "systems": "system.", "measurements": "measurements."}
"""Where in a record the fields of a table stand."""


@dataclass(frozen=True)
class Document:
    """What can be checked of one document: its record, and the places of the measurements in it.

    `sound` is false where the record has a fault outside of its measurements; then only these are checked. `partial` is
    true where measurements are at fault.
    """

    row: int
    record: Record
    places: list[int]
    sound: bool
    partial: bool = False


def rest_of(row: int, data: Mapping[str, Any], error: ValidationError) -> Document | None:
    """Return what is left of a faulty document: its sound measurements, and the record if nothing else is at fault."""
    places = [tuple(item["loc"]) for item in error.errors(include_url=False, include_input=False)]
    faulty = {place[1] for place in places if place[:1] == ("measurements",) and len(place) > 1}
    sound = all(place == () or (place[0] == "measurements" and len(place) > 1) for place in places)
    listed = data.get("measurements")
    kept = [i for i in range(len(listed)) if i not in faulty] if isinstance(listed, list) else []
    measurements = [listed[i] for i in kept] if isinstance(listed, list) else []
    rest = dict(data) if sound else _context(data, places)
    rest.pop("measurements", None)
    if measurements:
        rest["measurements"] = measurements
    if not measurements and not (sound and data):
        return None
    if rest["status"] == "ok" and not any(item.get("value") is not None for item in measurements):
        rest["status"] = (
            "incomplete"  # that an `ok` has no value is told already, or follows from what is
        )
    return Document(row, Record.from_dict(rest), kept, sound, partial=bool(faulty))


def _context(data: Mapping[str, Any], faulty: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Return a record that says only what checks of measurements ask for, as far as it is sound."""
    rest: dict[str, Any] = {
        "benchfmt": SCHEMA_VERSION,
        "benchmark": {"suite": "faulty"},
        "status": "incomplete",
    }
    for path in (("id",), ("status",), ("benchmark", "scenario"), ("configuration", "batch_size")):
        value: Any = data
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and not any(path[: len(place)] == place for place in faulty):
            rest[path[0]] = value if len(path) == 1 else {**rest.get(path[0], {}), path[1]: value}
    return rest


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one cell stands: in the checked frames, and in somebody's files.

    `row` counts from 1; None where a fault is of no row, as one of a column or of a check is.
    """

    row: int | None
    column: str | None
    record: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a fault stands in somebody's files, as a finding shows it."""

    path: str
    row: int | None = None
    column: str | None = None
    record: str | None = None
    field: str | None = None
    """The place in the record: `measurements.0.value`."""


class Place(ABC):
    """Where the rows of checked frames stand in somebody's files."""

    @abstractmethod
    def shown(self, table: str, spot: Spot) -> Shown:
        """Return where a cell of a table stands."""


class TablePlace(Place):
    """The tables of a package: rows and columns are those of the frames."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        """Take the path of each table."""
        self.paths = paths

    def shown(self, table: str, spot: Spot) -> Shown:
        """Return where a cell of a table stands."""
        path = self.paths.get(table, FILE_NAME)
        return Shown(path, spot.row, spot.column, spot.record, _field(table, spot.column))


class DocumentPlace(Place):
    """A file of records: a row is a line, or a place in the list."""

    def __init__(
        self,
        path: str,
        documents: list[Document],
        records: list[Record],
        systems: list[str | None],
    ) -> None:
        """Take where the rows stand; `systems` are the ids of the systems' frame, in its order."""
        self.path = path
        self.rows = [document.row for document in documents]
        self.sound = [document.sound for document in documents]
        self.partial = [document.partial for document in documents]
        self.places = [document.places for document in documents]
        self.ids = [record.id for record in records]
        counts = [len(record.measurements or ()) for record in records]
        self.starts = list(accumulate(counts, initial=0))
        named = [record.system.id if record.system else None for record in records]
        self.users = [named.index(system) for system in systems]

    def shown(self, table: str, spot: Spot) -> Shown:
        """Return where a cell of a table stands."""
        field = _field(table, spot.column)
        if spot.row is None:
            return Shown(self.path, field=field)
        at = self._record(table, spot.row)
        if table == "measurements" and field is not None:
            index = self.places[at][spot.row - 1 - self.starts[at]]
            field = field.replace("measurements.", f"measurements.{index}.", 1)
        return Shown(self.path, self.rows[at], None, self.ids[at], field)

    def _record(self, table: str, row: int) -> int:
        """Return the place among the records of the one that a row of a table belongs to."""
        if table == "measurements":
            return bisect_right(self.starts, row - 1) - 1
        if table == "systems":
            return self.users[row - 1]
        return row - 1


class AnnotatedPlace(Place):
    """An annotated table: rows and columns are those of its own file."""

    def __init__(self, path: str, outcome: Outcome) -> None:
        """Take where the rows stand."""
        self.path = path
        self.outcome = outcome

    def shown(self, table: str, spot: Spot) -> Shown:
        """Return where a cell of a table stands."""
        field = _field(table, spot.column)
        if spot.row is None or table == "systems":
            return Shown(self.path, field=field)
        at = spot.row - 1
        if table == "records":
            row = int(self.outcome.record_rows[at])
            return Shown(self.path, row, None, spot.record, field)
        row = int(self.outcome.measurement_rows[at])
        column = self.outcome.measurement_columns[at]
        return Shown(self.path, row, column, spot.record, field)


def _field(table: str, name: str | None) -> str | None:
    """Return the record field that a column holds; None where it holds none."""
    if name is None:
        return None
    try:
        path = column(table, name).path
    except KeyError:
        return None
    if path == "-":
        return "id"
    return _PREFIXES[table] + path
