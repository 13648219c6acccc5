"""One record as JSON: what can be checked of it, and where its measurements stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pydantic import JsonValue, ValidationError

from benchfmt.record import SCHEMA_VERSION, Record
from benchfmt.validation.places import Place, field_of

Path = tuple[int | str, ...]
"""Where in a record something stands."""
_OF_CONTEXT: tuple[tuple[str, ...], ...] = (
    ("id",),
    ("status",),
    ("benchmark", "scenario"),
    ("configuration", "batch_size"),
)
"""What of a record the checks of its measurements ask for."""


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


def rest_of(row: int, data: Mapping[str, JsonValue], error: ValidationError) -> Document | None:
    """Return what is left of a faulty document: its sound measurements, and the record if nothing else is at fault."""
    faults = [fault["loc"] for fault in error.errors(include_url=False, include_input=False)]
    of_measurements = [path for path in faults if _is_in_measurement(path)]
    sound = all(path == () or _is_in_measurement(path) for path in faults)
    faulty = {path[1] for path in of_measurements}
    places = []
    measurements = []
    has_value = False
    listed = data.get("measurements")
    if isinstance(listed, list):
        for place, measurement in enumerate(listed):
            if place in faulty:
                continue
            places.append(place)
            measurements.append(measurement)
            has_value |= isinstance(measurement, dict) and measurement.get("value") is not None
    if not measurements and not (sound and data):
        return None
    rest = dict(data) if sound else _context(data, faults)
    rest.pop("measurements", None)
    if measurements:
        rest["measurements"] = measurements
    if rest["status"] == "ok" and not has_value:
        # That an `ok` has no value is reported already, or follows from what is.
        rest["status"] = "incomplete"
    return Document(row, Record.from_dict(rest), places, sound, partial=bool(faulty))


def _is_in_measurement(path: Path) -> bool:
    return path[:1] == ("measurements",) and len(path) > 1


def _context(data: Mapping[str, JsonValue], faults: list[Path]) -> dict[str, JsonValue]:
    """Return a record that says only what checks of measurements ask for, as far as it is sound."""
    suite: dict[str, JsonValue] = {"suite": "faulty"}
    configuration: dict[str, JsonValue] = {}
    rest: dict[str, JsonValue] = {
        "benchfmt": SCHEMA_VERSION,
        "benchmark": suite,
        "status": "incomplete",
    }
    for path in _OF_CONTEXT:
        value = _value_at(data, path)
        if value is None or any(path[: len(place)] == place for place in faults):
            continue
        match path:
            case (name,):
                rest[name] = value
            case ("benchmark", name):
                suite[name] = value
            case (_, name):
                configuration[name] = value
                rest["configuration"] = configuration
    return rest


def _value_at(data: Mapping[str, JsonValue], path: tuple[str, ...]) -> JsonValue:
    value: JsonValue = dict(data)
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


class DocumentPlaces:
    """A file of records: a row is a line, or a place in the list."""

    def __init__(
        self,
        name: str,
        documents: Sequence[Document],
        records: Sequence[Record],
        systems: Sequence[str | None],
    ) -> None:
        """Take where the rows stand; `systems` are the ids of the systems' frame, in its order."""
        self._name = name
        self._rows = [document.row for document in documents]
        self._places = [document.places for document in documents]
        self._ids = [record.id for record in records]
        counts = [len(record.measurements or ()) for record in records]
        self._starts = list(accumulate(counts, initial=0))
        ids = [record.system.id if record.system else None for record in records]
        self._users = [ids.index(system) for system in systems]

    def in_files(self, cell: Place) -> Place:
        """Return where a cell of a table stands."""
        field = field_of(cell)
        if cell.row is None:
            return Place(self._name, field=field)
        at = self._place_among_records(cell.file, cell.row)
        if cell.file == "measurements" and field is not None:
            index = self._places[at][cell.row - 1 - self._starts[at]]
            field = field.replace("measurements.", f"measurements.{index}.", 1)
        return Place(self._name, self._rows[at], field=field, record=self._ids[at])

    def _place_among_records(self, table: str, row: int) -> int:
        """Return the place of the record that a row of a table belongs to."""
        if table == "measurements":
            return bisect_right(self._starts, row - 1) - 1
        if table == "systems":
            return self._users[row - 1]
        return row - 1
