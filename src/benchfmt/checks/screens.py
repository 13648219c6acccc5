"""Whether a whole column is free of faults, asked in one pass; the cells of others are judged one by one (`typed_cells`).

A screen may say no for a sound column, and never yes for one with a fault.
"""

from __future__ import annotations

import math
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
_FIRST_PRINTABLE, _BLANK, _BACKSLASH, _DELETE = 0x20, 0x20, 0x5C, 0x7F
_AFTER_ROW = 0x1F
"""What stands between the number of a row and an id, in records that are read from JSON."""
_BLANKS = b" \t\xc2\xe1\xe2\xe3"
"""What white space begins with in UTF-8."""
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


def may_begin_with(cells: pl.Series, characters: bytes) -> bool:
    """Whether a text of a column begins with one of some ASCII characters, or is not looked at."""
    if cells.null_count() == cells.len():
        return False
    texts = _Texts.of(cells)
    if texts is None:
        return True
    return texts.begin_with_one_of(characters)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at all texts of a column says of them."""

    may_hide: bool
    """Whether there are characters beyond ASCII, or escapes of JSON that may stand for some."""
    may_begin_blank: bool
    """Whether a text may begin with white space."""
    shortest: float
    """The bytes of the shortest text; infinity where there is none."""


NOTHING = Look(may_hide=False, may_begin_blank=False, shortest=math.inf)
"""What a look says where there is no text."""


def looked_at(cells: pl.Series) -> Look:
    """Return what a look at all texts of a column says; of texts too long to be looked at, that they may be anything."""
    return looked_at_each(cells.to_frame())[cells.name]


def looked_at_each(columns: pl.DataFrame) -> dict[str, Look]:
    """Return what a look at all texts of each of some columns says."""
    # They are measured in one call, which costs more than the texts of a column.
    sizes = columns.select_seq(
        pl.all().str.len_bytes().min().name.prefix("least:"),
        pl.all().str.len_bytes().cast(pl.Int64).sum().name.prefix("sum:"),
    ).row(0, named=True)
    looks = {}
    for cells in columns.iter_columns():
        least = sizes[f"least:{cells.name}"]
        if least is None:
            looks[cells.name] = NOTHING
        else:
            texts = _Texts.measured(cells, float(least), sizes[f"sum:{cells.name}"])
            looks[cells.name] = _look(cells, texts)
    return looks


def _look(cells: pl.Series, texts: _Texts | None) -> Look:
    """Return what the texts of a column say, None for those that are too long."""
    if texts is None:
        return Look(may_hide=True, may_begin_blank=True, shortest=0)
    if not len(texts.joined):
        return Look(may_hide=False, may_begin_blank=False, shortest=0)
    is_ascii = bool(texts.joined.max() <= _DELETE)
    has_escape = bool((texts.joined == _BACKSLASH).any())
    if has_escape:
        has_escape = bool(cells.str.contains("\\u", literal=True).any())
    has_blank = not is_ascii or bool(texts.joined.min() <= _BLANK)
    return Look(
        may_hide=not is_ascii or has_escape,
        may_begin_blank=has_blank and texts.begin_with_one_of(_BLANKS),
        shortest=texts.shortest,
    )


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
    ends: Integers
    """Where the first text begins, and where each of them ends."""
    shortest: float
    """The bytes of the shortest text; infinity where there is none."""

    @classmethod
    def of(cls, cells: pl.Series) -> _Texts | None:
        """Return the texts of a column; None where they are too long to be joined."""
        sizes = cells.str.len_bytes()
        least = sizes.min()
        shortest = float(least) if isinstance(least, int) else math.inf
        return cls.measured(cells, shortest, int(sizes.sum()))

    @classmethod
    def measured(cls, cells: pl.Series, shortest: float, size: int) -> _Texts | None:
        """Return the texts of a column, with the bytes of the shortest one and of all; None where they are too long."""
        if size > _MOST_BYTES:
            return None
        array = cells.to_arrow()
        _, places, data = array.buffers()
        if data is None or places is None:
            return cls(np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int64), shortest)
        ends = np.frombuffer(memoryview(places), dtype=np.int64)
        ends = ends[array.offset : array.offset + len(array) + 1]
        joined = np.frombuffer(memoryview(data), dtype=np.uint8)[ends[0] : ends[-1]]
        return cls(joined, ends - ends[0], shortest)

    @property
    def has_empty(self) -> bool:
        """Whether a text has no character."""
        return self.shortest == 0

    def begin_with_one_of(self, characters: bytes) -> bool:
        """Whether a text begins with one of some characters, or of some first bytes of characters beyond ASCII."""
        starts = self.ends[:-1][np.diff(self.ends) > 0]
        after_rows = self.joined[1:][self.joined[:-1] == _AFTER_ROW]
        first = np.concatenate([self.joined[starts], after_rows])
        return bool(np.isin(first, list(characters)).any())
