"""Whether a whole column is free of faults, asked in one pass; the cells of others are judged one by one (`columns`).

A screen may say no for a sound column, and never yes for one with a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from benchfmt.record import CONTROL, CONTROL_BUT_LINES

Bytes = npt.NDArray[np.uint8]
_FIRST_PRINTABLE, _DELETE = 0x20, 0x7F
_NOT_PRINTED = (CONTROL, CONTROL_BUT_LINES)
_OF_NUMBERS = np.zeros(256, dtype=bool)
_OF_NUMBERS[list(b"0123456789+-.eE")] = True


@dataclass(frozen=True, slots=True)
class Rules:
    """What the schema of a column asks of a cell."""

    allowed: list[str] | None
    pattern: str | None
    forbidden: str | None
    """A pattern that must not be found."""
    constant: str | None
    least: float | None
    above: float | None
    """What a number must be above."""
    most: float | None


def has_sound_texts(cells: pl.Series, rules: Rules) -> bool:
    """Whether no text of a column is empty or holds a control character, where nothing else is asked of it."""
    is_asked_more = rules.allowed or rules.pattern or rules.constant
    if is_asked_more or rules.forbidden not in _NOT_PRINTED:
        return False
    texts, empty = _joined(cells)
    if empty > cells.null_count():
        return False
    if not len(texts):
        return True
    return bool(texts.min() >= _FIRST_PRINTABLE and not (texts == _DELETE).any())


def has_sound_numbers(values: pl.Series, rules: Rules) -> bool:
    """Whether all numbers of a column are finite and within its bounds."""
    if values.dtype.is_float() and not values.is_finite().all():
        return False
    lowest, highest = values.min(), values.max()
    if lowest is None or highest is None:
        return True
    return is_within(lowest, rules) and is_within(highest, rules)


def is_within(number: Any, rules: Rules) -> bool:
    """Whether a number is within the bounds of a column."""
    if rules.least is not None and number < rules.least:
        return False
    if rules.above is not None and number <= rules.above:
        return False
    return rules.most is None or bool(number <= rules.most)


def has_digits_only(cells: pl.Series) -> bool:
    """Whether texts have no other characters than those of numbers written in digits."""
    texts, _ = _joined(cells)
    return bool(_OF_NUMBERS[texts].all())


def _joined(cells: pl.Series) -> tuple[Bytes, int]:
    """Return the bytes of all texts of a column, one after the other, and how many texts have none (null included)."""
    array = cells.to_arrow()
    _, places, data = array.buffers()
    if data is None or places is None:
        return np.zeros(0, dtype=np.uint8), len(array)
    ends = np.frombuffer(memoryview(places), dtype=np.int64)[
        array.offset : array.offset + len(array) + 1
    ]
    joined = np.frombuffer(memoryview(data), dtype=np.uint8)[ends[0] : ends[-1]]
    return joined, int(np.count_nonzero(ends[1:] == ends[:-1]))
