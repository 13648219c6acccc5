"""Rows that a table cannot take: there may be millions, so that what is known of them is kept in numbers."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken; `row` counts data rows from 1.

    It has too many or too few cells, unless `reason` says what else is wrong.
    """

    row: int
    expected: int
    actual: int
    open_quote: bool = False
    reason: str = ""

    @property
    def message(self) -> str:
        """What is wrong with the row, in words."""
        if self.reason:
            return self.reason
        return _of_cells(self.actual, self.expected, self.open_quote)


@lru_cache(maxsize=64)
def _of_cells(actual: int, expected: int, open_quote: bool) -> str:
    """Return what is wrong with rows of some cells, one text for all of them."""
    message = f"the row has {actual} cells where the table has {expected} columns"
    if open_quote:
        message += "; a quote is never closed, so the rows after it are lost in it"
    return message


class BadRows(Sequence[BadRow]):
    """The rows of a table that cannot be taken, in the order in which they were met."""

    def __init__(self) -> None:
        """Begin without any."""
        self._rows = array("q")
        self._widths = array("i")
        """How many cells each row was to have and has, and whether a quote is open in it: three numbers a row."""
        self._reasons: dict[int, str] = {}

    def append(self, bad: BadRow) -> None:
        """Add a row."""
        if bad.reason:
            self._reasons[len(self._rows)] = bad.reason
        self._widths.extend((bad.expected, bad.actual, bad.open_quote))
        # Another thread may look while this one reads ahead: a row is there once its number is.
        self._rows.append(bad.row)

    def clear(self) -> None:
        """Forget all of them."""
        del self._rows[:], self._widths[:]
        self._reasons.clear()

    def numbers(self) -> npt.NDArray[np.int64]:
        """Return the numbers of the rows."""
        return np.array(self._rows, dtype=np.int64)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> BadRow: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[BadRow]: ...
    def __getitem__(self, place: int | slice) -> BadRow | Sequence[BadRow]:
        """Return one of them, or some."""
        if isinstance(place, slice):
            return _Some(self, range(*place.indices(len(self))))
        at = range(len(self))[place]
        expected, actual, open_quote = self._widths[3 * at : 3 * at + 3]
        return BadRow(self._rows[at], expected, actual, bool(open_quote), self._reasons.get(at, ""))


class _Some(Sequence[BadRow]):
    """Some of the rows, each made when it is asked for."""

    def __init__(self, bad_rows: BadRows, places: range) -> None:
        self._bad_rows = bad_rows
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> BadRow: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[BadRow]: ...
    def __getitem__(self, place: int | slice) -> BadRow | Sequence[BadRow]:
        if isinstance(place, slice):
            return _Some(self._bad_rows, self._places[place])
        return self._bad_rows[self._places[place]]
