"""Numbers as OpenML writes them: the source's characters, converted exactly."""

from __future__ import annotations

import math
import re
from functools import cache

from benchfmt import units
from benchfmt.numbers import double, of_json

_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
UNDEFINED = frozenset({"?", "NaN", "nan", "NAN", "null", "NULL", "\ufffd", "-NaN"})
"""What the engines write for a value that does not exist, such as the AUROC of a class without instances."""


def number(text: str, source: str, target: str) -> float | None:
    """Return the double nearest to a decimal text converted from one unit to another, or None if it is not a number."""
    if not _NUMBER.fullmatch(text):
        return None
    if source == target:
        return double(text)
    shift = _shift(source, target)
    if shift is not None and _PLAIN.fullmatch(text):
        return float(f"{text}e{shift}")
    return units.convert(text, source, target)


@cache
def _shift(source: str, target: str) -> int | None:
    """Return the power of ten between two units, or None where there is none."""
    return {("ms", "s"): -3}.get((source, target))


def reason(text: str) -> str:
    """Return why a text that no double holds has no value."""
    if text in UNDEFINED:
        return "undefined"
    if _NUMBER.fullmatch(text):
        return "invalid-in-source"
    return "not-numeric"


def words(array: str) -> list[str]:
    """Return the parts of an `array_data`, which is no JSON: bare words and nested lists occur."""
    return [
        part.strip()
        for part in array.strip().strip("[]").replace("[", "").replace("]", "").split(",")
    ]


def matrix(array: str) -> list[list[str]] | None:
    """Return a confusion matrix by rows (rows are actual classes), also where the server lost the inner brackets."""
    rows = []
    if array.strip().startswith("[["):
        inner = re.findall(r"\[([^\[\]]*)\]", array.strip()[1:-1])
        rows = [[cell.strip() for cell in row.split(",")] for row in inner]
    if not rows:
        cells = words(array)
        size = math.isqrt(len(cells))
        if size * size != len(cells) or size < 2:
            return None
        rows = [cells[start : start + size] for start in range(0, len(cells), size)]
    if any(len(row) != len(rows) for row in rows):
        return None
    return rows


def as_json(cell: str) -> int | str:
    """Return a cell as a number where it is a whole one, else as its text."""
    whole = of_json(cell)
    if isinstance(whole, int):
        return whole
    return cell
