"""Where the rows of checked frames stand in somebody's files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from pydantic import ValidationError

from benchfmt.descriptor import FILE_NAME
from benchfmt.record import SCHEMA_VERSION, Record
from benchfmt.tables import column


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


class Place(ABC):
    """Where the rows of checked frames stand in somebody's files."""

    @abstractmethod
    def of(
        self, table: str, fault: Mapping[str, Any]
    ) -> tuple[str, int | None, str | None, str | None]:
        """Return path, row, column and record id of a fault."""

    def field(self, table: str, name: str, fault: Mapping[str, Any]) -> str | None:
        """Return the place in the record that a column holds; `fault` tells which of several."""
        del fault
        return _field(table, name)


class TablePlace(Place):
    """The tables of a package."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        """Take where the rows stand."""
        self.paths = paths

    def of(
        self, table: str, fault: Mapping[str, Any]
    ) -> tuple[str, int | None, str | None, str | None]:
        """Return path, row, column and record id of a fault."""
        path = self.paths.get(table, FILE_NAME)
        return path, fault["row"], fault["column"], fault["record"]


class DocumentPlace(Place):
    """A file of records: a row is a line, or a place in the list."""

    def __init__(
        self, path: str, documents: list[Document], records: list[Record], systems: list[Any]
    ) -> None:
        """Take where the rows stand."""
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

    def of(
        self, table: str, fault: Mapping[str, Any]
    ) -> tuple[str, int | None, str | None, str | None]:
        """Return path, row, column and record id of a fault."""
        if fault["row"] is None:
            return self.path, None, None, None
        at = self._record(table, fault["row"])
        return self.path, self.rows[at], None, self.ids[at]

    def field(self, table: str, name: str, fault: Mapping[str, Any]) -> str | None:
        """Return the record field of a fault."""
        place = _field(table, name)
        if table != "measurements" or place is None:
            return place
        at = self._record(table, fault["row"])
        index = self.places[at][fault["row"] - 1 - self.starts[at]]
        return place.replace("measurements.", f"measurements.{index}.", 1)

    def _record(self, table: str, row: int) -> int:
        """Return the place among the records of the one that a row of a table belongs to."""
        if table == "measurements":
            return bisect_right(self.starts, row - 1) - 1
        return self.users[row - 1] if table == "systems" else row - 1


class AnnotatedPlace(Place):
    """An annotated table: rows and columns are those of its own file."""

    def __init__(self, path: str, outcome: Any) -> None:
        """Take where the rows stand."""
        self.path = path
        self.outcome = outcome

    def of(
        self, table: str, fault: Mapping[str, Any]
    ) -> tuple[str, int | None, str | None, str | None]:
        """Return path, row, column and record id of a fault."""
        if fault["row"] is None or table == "systems":
            return self.path, None, None, None
        at = fault["row"] - 1
        if table == "records":
            return self.path, int(self.outcome.record_rows[at]), None, fault["record"]
        return (
            self.path,
            int(self.outcome.measurement_rows[at]),
            self.outcome.measurement_columns[at],
            fault["record"],
        )


def _field(table: str, name: str) -> str | None:
    """Return the record field that a column holds."""
    try:
        path = column(table, name).path
    except KeyError:
        return None
    if path == "-":
        return "id"
    return {"records": path, "systems": f"system.{path}", "measurements": f"measurements.{path}"}[
        table
    ]
