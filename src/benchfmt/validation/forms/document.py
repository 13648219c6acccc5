"""One record as JSON: what the record model finds wrong with it, and what is left of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from benchfmt.checks.schema_faults import RecordFault, record_faults
from benchfmt.record import Measurement, Record
from benchfmt.validation.forms.json_texts import Integers
from benchfmt.validation.places import Place, field_of

Path = tuple[int | str, ...]
"""Where in a record something stands."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a record."""

    errors: Sequence[ErrorDetails] = ()
    faulty: frozenset[int | str] = frozenset()
    """The places of the measurements at fault."""
    is_sound: bool = True
    """Whether nothing else of the record is at fault; where it is, only its sound measurements are checked."""

    def faults(self) -> Iterator[RecordFault]:
        """Yield the faults."""
        return record_faults(self.errors)


_MOST_INTEGER = 2**64
_AT_ONCE = 1_000
"""So many measurements are judged at once: the model's errors take far more memory than what is at fault."""


def verdicts_on(data: JsonValue, doubtful: Sequence[int]) -> Iterator[Verdict]:
    """Yield what is wrong with a record whose measurements are sound, but for those that are doubtful.

    The first verdict is on the record and some of these, the others are on more of them alone.
    """
    measurements = _measurements(data)
    witness = _witness(measurements, set(doubtful))
    yield _verdict_on(data, [*doubtful[:_AT_ONCE], *witness])
    for start in range(_AT_ONCE, len(doubtful), _AT_ONCE):
        verdict = _verdict_on(data, [*doubtful[start : start + _AT_ONCE], *witness])
        errors = [error for error in verdict.errors if _is_in_measurement(error["loc"])]
        yield Verdict(errors, verdict.faulty)


def verdict_on_measurements(data: JsonValue, doubtful: Sequence[int]) -> Verdict | None:
    """Return what is wrong with measurements of a record of which all else is sound, and no member stands twice.

    None where none of them is at fault, or where only the strict parser can say what is.
    """
    if len(doubtful) > _AT_ONCE:
        return None
    measurements = _measurements(data)
    errors: list[ErrorDetails] = []
    for place in doubtful:
        measurement = measurements[place]
        if not _is_plain(measurement):
            return None
        try:
            Measurement.model_validate(measurement)
        except ValidationError as error:
            for item in error.errors(include_url=False):
                errors.append({**item, "loc": ("measurements", place, *item["loc"])})
    if not errors:
        return None
    return Verdict(errors, frozenset(error["loc"][1] for error in errors))


def _is_plain(measurement: JsonValue) -> bool:
    """Whether every parser reads a measurement alike: nothing is nested in it, and each number is one."""
    if not isinstance(measurement, dict):
        return False
    for value in measurement.values():
        cells = [value]
        if isinstance(value, list):
            cells = value
        if not all(map(_is_plain_cell, cells)):
            return False
    return True


def _is_plain_cell(cell: JsonValue) -> bool:
    if isinstance(cell, float):
        return math.isfinite(cell)
    if isinstance(cell, int):
        return abs(cell) < _MOST_INTEGER
    return cell is None or isinstance(cell, str)


def _verdict_on(data: JsonValue, places: Sequence[int]) -> Verdict:
    """Return what is wrong with a record of which only some measurements are looked at."""
    asked = data
    if isinstance(data, dict) and places:
        measurements = _measurements(data)
        asked = {**data, "measurements": [measurements[place] for place in places]}
    try:
        Record.model_validate(asked)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        if places:
            errors = [_in_place(item, places) for item in errors]
    else:
        return Verdict()
    paths = [error["loc"] for error in errors]
    faulty = frozenset(path[1] for path in paths if _is_in_measurement(path))
    is_sound = all(path == () or _is_in_measurement(path) for path in paths)
    return Verdict(errors, faulty, is_sound)


def _measurements(data: JsonValue) -> Sequence[JsonValue]:
    """Return the measurements of a record, none where it has no list of them."""
    if isinstance(data, dict):
        measurements = data.get("measurements")
        if isinstance(measurements, list):
            return measurements
    return ()


def _witness(measurements: Sequence[JsonValue], doubtful: Collection[int]) -> list[int]:
    """Return the place of a sound measurement, with a value if there is one: it speaks for all of them."""
    sound = [place for place in range(len(measurements)) if place not in doubtful]
    for place in sound:
        measurement = measurements[place]
        if isinstance(measurement, dict) and measurement.get("value") is not None:
            return [place]
    return sound[:1]


def _in_place(error: ErrorDetails, places: Sequence[int]) -> ErrorDetails:
    """Return an error with the place of its measurement in the whole record."""
    path = error["loc"]
    if not _is_in_measurement(path) or not isinstance(path[1], int):
        return error
    return {**error, "loc": ("measurements", places[path[1]], *path[2:])}


def _is_in_measurement(path: Path) -> bool:
    return path[:1] == ("measurements",) and len(path) > 1


@dataclass(frozen=True, slots=True)
class DocumentPlaces:
    """A file of records: a row is a line, or a place in the list.

    The frames of a portion number all of its records and measurements from 1, also those that they do not hold.
    """

    name: str
    rows: Sequence[int]
    """The row of each record."""
    ids: Sequence[str | None]
    sizes: Integers
    """How many measurements each record has."""
    users: Sequence[int]
    """For each row of the systems' frame, from 0 on, the place of a record that was run on it."""

    def now(self) -> DocumentPlaces:
        """Return these places, which are those of one portion."""
        return self

    def in_files(self, cell: Place) -> Place:
        """Return where a cell of a table stands."""
        field = field_of(cell)
        if cell.row is None:
            return Place(self.name, field=field)
        row = cell.row - 1
        match cell.file:
            case "measurements":
                ends = np.cumsum(self.sizes)
                record = int(np.searchsorted(ends, row, side="right"))
                index = row - int(ends[record] - self.sizes[record])
                if field is not None:
                    field = field.replace("measurements.", f"measurements.{index}.", 1)
            case "systems":
                record = self.users[row]
            case _:
                record = row
        return Place(self.name, self.rows[record], field=field, record=self.ids[record])
