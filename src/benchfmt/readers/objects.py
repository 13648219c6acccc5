"""An object of a stranger's JSON or YAML, asked field by field: what is not of the kind that is asked for is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.numbers import Digits, count, exact, whole
from benchfmt.readers import jsons, yamls
from benchfmt.readers.encodings import plain
from benchfmt.vocabulary import vocabulary

"""A configuration in YAML that is larger is none."""
_YAML_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


class ObjectError(BenchfmtError):
    """A text that holds no object; the message is one line."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one object, its numbers as the digits that stand there."""

    data: Mapping[str, JsonValue]

    def __contains__(self, name: str) -> bool:
        """Say whether a field is there, whatever it holds."""
        return name in self.data

    def text(self, name: str) -> str | None:
        """Return a text on one line, None where it is empty or no text."""
        value = self.data.get(name)
        if not isinstance(value, str) or isinstance(value, Digits):
            return None
        return " ".join(plain(value).split()) or None

    def word(self, name: str) -> str | None:
        """Return a text, or a number as its digits: for versions and names."""
        return self.text(name) or self.digits(name)

    def digits(self, name: str) -> str | None:
        """Return the digits of a number."""
        value = self.data.get(name)
        if isinstance(value, Digits):
            return str(value)
        return None

    def printed(self, name: str) -> str | None:
        """Return the digits of a number that may stand as text (`"38.8"`)."""
        value = self.data.get(name)
        if isinstance(value, str) and exact(value) is not None:
            return str(value)
        return None

    def whole(self, name: str) -> int | None:
        """Return a whole number."""
        return whole(self.digits(name) or "")

    def count(self, name: str) -> int | None:
        """Return a whole number above 0."""
        return count(self.digits(name) or "")

    def exact(self, name: str) -> Fraction | None:
        """Return a number as it stands, no digit lost."""
        return exact(self.digits(name) or "")

    def term(self, name: str, kind: str, suite: str) -> str | None:
        """Return the id of the vocabulary that a text stands for."""
        text = self.text(name)
        if text is None:
            return None
        return vocabulary().match(kind, text, suite)

    def flag(self, name: str) -> bool | None:
        """Return true or false, which may stand as text (`"false"`)."""
        value = self.data.get(name)
        if isinstance(value, str):
            value = _YAML_WORDS.get(value.lower())
        if isinstance(value, bool):
            return value
        return None

    def part(self, name: str) -> Fields:
        """Return an object within, one without fields where there is none."""
        return fields_of(self.data.get(name))

    def parts(self, name: str) -> list[Fields]:
        """Return the objects of a list."""
        return [Fields(item) for item in self.items(name) if isinstance(item, Mapping)]

    def items(self, name: str) -> list[JsonValue]:
        """Return a list, an empty one where there is none."""
        value = self.data.get(name)
        if isinstance(value, list):
            return value
        return []

    def texts(self, name: str) -> list[str]:
        """Return the texts of a list."""
        return [item for item in self.items(name) if isinstance(item, str)]

    def only(self, *names: str) -> dict[str, JsonValue]:
        """Return some of the fields as they stand, without what says nothing."""
        return {name: self.data[name] for name in names if self.data.get(name) not in (None, "")}

    def without(self, names: frozenset[str]) -> dict[str, JsonValue]:
        """Return the fields that hold one value, but for some of them and what says nothing."""
        kept: dict[str, JsonValue] = {}
        for name, value in self.data.items():
            nested = isinstance(value, list | Mapping)
            if name not in names and not nested and value not in (None, ""):
                kept[name] = value
        return kept


def fields_of(data: JsonValue) -> Fields:
    """Return the fields of an object, none where it is something else."""
    if isinstance(data, Mapping):
        return Fields(data)
    return Fields({})


def read_json(path: Path, limits: Limits = LIMITS) -> Fields:
    """Return the object of a JSON file; raises BenchfmtError or OSError."""
    data = jsons.read(path, limits, digits=True)
    if not isinstance(data, Mapping):
        raise ObjectError(f"{path.name}: a JSON object is expected")
    return Fields(data)


def read_yaml(path: Path) -> Fields:
    """Return the object of a YAML file; raises ObjectError or OSError."""
    try:
        scalars = _scalars(yamls.read(path))
    except yamls.YamlError as error:
        raise ObjectError(f"{path.name}: {error}") from error
    if not isinstance(scalars, Mapping):
        raise ObjectError(f"{path.name}: a YAML mapping is expected")
    return Fields(scalars)


def _scalars(data: JsonValue) -> JsonValue:
    """Return YAML's texts as what they mean in JSON, numbers as their digits."""
    if isinstance(data, Mapping):
        return {str(name): _scalars(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_scalars(value) for value in data]
    if not isinstance(data, str):
        return data
    if data.lower() in _YAML_WORDS:
        return _YAML_WORDS[data.lower()]
    if exact(data) is None:
        return data
    return Digits(data)
