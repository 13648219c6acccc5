"""Values of records that are JSON in the tables, and systems: equal ones are judged once, by the record model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from benchfmt.adapters import adapter_of
from benchfmt.identity import canonical
from benchfmt.record import System

LEVELS = 8
"""So deep a record is nested at most, its free JSON left out."""
_LONGEST = 1_000
"""A value whose text is longer is not remembered."""
_MOST_REMEMBERED = 10_000
_MOST_BYTES = 2**24
"""So long are the texts of all systems that are remembered, their data takes more."""


@dataclass(frozen=True, slots=True)
class JsonCell:
    """A value as the cell of a table: its text, how many members its objects have, and whether it may be at fault."""

    text: str | None
    members: int
    is_doubtful: bool


NO_CELL = JsonCell(None, 0, is_doubtful=False)


class JsonColumn:
    """The cells of a column that holds JSON."""

    def __init__(self, adapter: TypeAdapter[Any], deepest: int) -> None:
        """Take who judges the values, and how deep one may be nested without a doubt."""
        self._adapter = adapter
        self._deepest = deepest
        self._known: dict[bytes, JsonCell] = {}

    def cell(self, value: JsonValue) -> JsonCell:
        """Return the cell of a value; None is absent."""
        if value is None:
            return NO_CELL
        try:
            text = to_json(value)
        except PydanticSerializationError:
            # Half a character, which no cell can hold.
            return JsonCell(None, extent_of(value).members, is_doubtful=True)
        known = self._known.get(text)
        if known is not None:
            return known
        cell = self._judged(value)
        if len(text) <= _LONGEST:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[text] = cell
        return cell

    def _judged(self, value: JsonValue) -> JsonCell:
        extent = extent_of(value)
        try:
            judged = self._adapter.validate_python(value)
        except ValidationError:
            return JsonCell(None, extent.members, is_doubtful=True)
        data = self._adapter.dump_python(judged, mode="json", exclude_none=True)
        return JsonCell(canonical(data), extent.members, extent.depth > self._deepest)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedSystem:
    """A system of a record, None where it may be at fault, and how many members its objects have."""

    system: System | None
    members: int


class Systems:
    """The systems of records."""

    def __init__(self, deepest: int) -> None:
        """Take how deep one may be nested without a doubt."""
        self._deepest = deepest
        self._known: dict[bytes, JudgedSystem] = {}
        self._size = 0
        """How long the texts of those that are known are."""

    def judged(self, value: JsonValue) -> JudgedSystem:
        """Return what is known of a system; equal ones give the same object."""
        try:
            text = to_json(value)
        except PydanticSerializationError:
            return JudgedSystem(None, extent_of(value).members)
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED or self._size >= _MOST_BYTES:
                self._known.clear()
                self._size = 0
            known = self._known[text] = self._judged(value)
            self._size += len(text)
        return known

    def _judged(self, value: JsonValue) -> JudgedSystem:
        extent = extent_of(value)
        try:
            system = System.model_validate(value)
        except ValidationError:
            return JudgedSystem(None, extent.members)
        if extent.depth > self._deepest:
            return JudgedSystem(None, extent.members)
        return JudgedSystem(system, extent.members)


class JsonColumns:
    """All columns of a file that hold JSON, and its systems."""

    def __init__(self, deepest: int) -> None:
        """Take how deep the JSON of a record may be nested."""
        self._deepest = deepest - LEVELS
        self._columns: dict[tuple[str, str], JsonColumn] = {}
        self.systems = Systems(self._deepest)

    def of(self, model: type[BaseModel], name: str) -> JsonColumn:
        """Return the column of a member of a kind of object."""
        key = (model.__name__, name)
        if key not in self._columns:
            self._columns[key] = JsonColumn(adapter_of(model, name), self._deepest)
        return self._columns[key]


@dataclass(frozen=True, slots=True)
class Extent:
    """How many members the objects of a value have, and how deep it is nested."""

    members: int
    depth: int


def extent_of(value: JsonValue) -> Extent:
    """Return how large and how deep a value is."""
    members = 0
    depth = 0
    level: list[JsonValue] = [value]
    while True:
        lists = [node for node in level if isinstance(node, list)]
        objects = [node for node in level if isinstance(node, dict)]
        if not lists and not objects:
            return Extent(members, depth)
        depth += 1
        members += sum(map(len, objects))
        level = [child for node in lists for child in node]
        for node in objects:
            level += node.values()
