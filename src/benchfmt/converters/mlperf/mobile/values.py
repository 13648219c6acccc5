"""Values of the MLPerf Mobile app's JSON and of descriptions written by hand, each read as the type that is expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.inference import log_pair, run
from benchfmt.numbers import Digits, of_json, rational


@dataclass(frozen=True, slots=True)
class Block:
    """An object of the JSON; what it does not hold, or holds as another type, is read as None or as empty."""

    fields: Mapping[str, JsonValue] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Say whether it holds anything."""
        return bool(self.fields)

    def get(self, key: str, otherwise: JsonValue = None) -> JsonValue:
        """Return a value as it stands."""
        return self.fields.get(key, otherwise)

    def text(self, key: str) -> str | None:
        """Return a text as it stands."""
        value = self.get(key)
        if isinstance(value, str):
            return value
        return None

    def line(self, key: str) -> str | None:
        """Return a text on one line."""
        return line(self.get(key))

    def number(self, key: str) -> str | None:
        """Return the characters of a finite number."""
        return number(self.get(key))

    def positive(self, key: str) -> str | None:
        """Return the characters of a finite number above 0."""
        text = self.number(key)
        if text is not None and float(text) > 0:
            return text
        return None

    def count(self, key: str) -> int | None:
        """Return a count above 0."""
        return run.count(str(self.get(key)))

    def block(self, key: str) -> Block:
        """Return an inner object."""
        return as_block(self.get(key))

    def blocks(self, key: str) -> Iterator[Block]:
        """Yield the objects of a list."""
        value = self.get(key)
        if isinstance(value, list):
            yield from filter(None, map(as_block, value))

    def kept(self, key: str) -> JsonValue:
        """Return what the extensions hold of a value."""
        return kept(self.get(key))

    def part(self, *keys: str) -> JsonValue:
        """Return what the extensions hold of some values, as one object."""
        return kept(self.renamed({key: key for key in keys}))

    def renamed(self, names: Mapping[str, str]) -> dict[str, JsonValue]:
        """Return some values under other names, each with its own."""
        return {name: self.get(own) for name, own in names.items()}


NOTHING = Block()


def as_block(value: JsonValue) -> Block:
    """Return an object of the JSON, empty where something else stands."""
    if isinstance(value, dict):
        return Block(value)
    return NOTHING


def line(value: JsonValue) -> str | None:
    """Return a text on one line, or None for one that says nothing."""
    if not isinstance(value, str):
        return None
    return " ".join(value.split()) or None


def number(value: JsonValue) -> str | None:
    """Return the characters of a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    if rational(text) is None:
        return None
    return text


def time_of(value: JsonValue) -> str | None:
    """Return a time of the app as the standard writes it, or None for something else."""
    if not isinstance(value, str):
        return None
    return log_pair.time_of(value)


def kept(value: JsonValue) -> JsonValue:
    """Return what the extensions hold of a value, without nulls and empty texts; None where nothing is left."""
    said: JsonValue = systems.said(plain(value))
    return said


def plain(value: JsonValue) -> JsonValue:
    """Return data for the extensions: numbers of the source as numbers where JSON keeps them exactly."""
    match value:
        case Digits():
            found = of_json(value)
            # Of a number that is written in another way than JSON's shortest, the characters are kept.
            if str(found) != str(value):
                return str(value)
            return found
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
    return value
