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
Integers = npt.NDArray[np.int64]
_MOST_BYTES = 2**26
"""Cells of Parquet may share one long text, of which each would be a copy."""
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
    texts = _Texts.of(cells)
    if texts is None or texts.has_empty:
        return False
    if not len(texts.joined):
        return True
    if texts.joined.min() < _FIRST_PRINTABLE:
        return False
    return bool(texts.joined.max() < _DELETE or not (texts.joined == _DELETE).any())


def has_digits_only(cells: pl.Series) -> bool:
    """Whether texts have no other characters than those of numbers written in digits."""
    texts = _Texts.of(cells)
    return texts is not None and bool(_OF_NUMBERS[texts.joined].all())


def is_ascii(cells: pl.Series) -> bool:
    """Whether a column has ASCII characters only; False too where its texts are too long to be looked at."""
    texts = _Texts.of(cells)
    if texts is None:
        return False
    return not len(texts.joined) or bool(texts.joined.max() <= _DELETE)


def may_begin_with(cells: pl.Series, characters: bytes) -> bool:
    """Whether a text of a column begins with one of some ASCII characters, or is not looked at."""
    if cells.null_count() == cells.len():
        return False
    texts = _Texts.of(cells)
    if texts is None:
        return True
    first = texts.joined[texts.starts]
    return bool(np.isin(first, list(characters)).any())


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


@dataclass(frozen=True)
class _Texts:
    """The texts of a column as bytes, one after the other. There may be bytes where the column has null."""

    joined: Bytes
    starts: Integers
    has_empty: bool
    """Whether a text has no character; `starts` are those of all others."""

    @classmethod
    def of(cls, cells: pl.Series) -> _Texts | None:
        """Return the texts of a column; None where they are too long to be joined."""
        sizes = cells.str.len_bytes()
        if sizes.sum() > _MOST_BYTES:
            return None
        has_empty = sizes.min() == 0
        array = cells.to_arrow()
        _, places, data = array.buffers()
        if data is None or places is None:
            return cls(np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.int64), has_empty)
        ends = np.frombuffer(memoryview(places), dtype=np.int64)
        ends = ends[array.offset : array.offset + len(array) + 1]
        joined = np.frombuffer(memoryview(data), dtype=np.uint8)[ends[0] : ends[-1]]
        starts = ends[:-1][np.diff(ends) > 0] - ends[0]
        return cls(joined, starts, has_empty)
