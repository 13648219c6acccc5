"""The values of an Endpoints run's files, which may be anything: as an object, a list, or a text that can be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from benchfmt.surrogates import without_surrogates


def mapping(data: JsonValue) -> Mapping[str, JsonValue]:
    """Return an object, empty for something else."""
    if isinstance(data, Mapping):
        return data
    return {}


def sequence(data: JsonValue) -> Sequence[JsonValue]:
    """Return a list, empty for something else."""
    if isinstance(data, list):
        return data
    return []


def is_scalar(data: JsonValue) -> bool:
    """Say whether a value is a text, a number or a truth value."""
    return isinstance(data, str | int | float)


def text(data: JsonValue) -> str:
    """Return a text that can be written: an escape such as \\ud800 is half a character."""
    return without_surrogates(str(data))


def without_trailing_zeros(level: str) -> str:
    """Return the level of a percentile as the standard writes it: 99.9 for 99.90."""
    if "." not in level:
        return level
    return level.rstrip("0").rstrip(".")


def slug(name: str) -> str:
    """Return a name as a part of a scope: small letters and digits, joined by hyphens."""
    letters = [_letter_or_blank(letter) for letter in name.lower()]
    words = "".join(letters).split()
    return "-".join(words) or "unnamed"


def _letter_or_blank(letter: str) -> str:
    if letter.isalnum() and letter.isascii():
        return letter
    return " "
