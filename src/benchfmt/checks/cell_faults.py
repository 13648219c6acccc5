"""The faults of the cells of a column: of each cell the first one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter

import polars as pl

_LONGEST_CELL = 60
_HINTED_WORDS = 100
"""For how many distinct words of a column the nearest term is looked up, which takes long."""
HintOf = Callable[[str], str | None]
Words = tuple[str, str | None]
"""The message and the hint of a fault."""


@dataclass(frozen=True, slots=True)
class CodedFaults:
    """The faults of one code among the cells of a column: how many there are, and the first of them in words."""

    code: str
    count: int = 0
    first: list[tuple[int, Words]] = field(default_factory=list)
    """The place of each cell in the column, and what is told of it."""


class CellFaults:
    """The first fault of each cell of a column, with its texts; only cells at fault cost anything."""

    def __init__(self, cells: pl.Series, *, most: int) -> None:
        """Take the cells, none of which is at fault, and how many faults of a code are put in words, if any."""
        self.cells = cells
        self.bad = pl.Series([False], dtype=pl.Boolean).new_from_index(0, cells.len())
        self._most = most
        self._parts: list[CodedFaults] = []

    def report(
        self, where: pl.Series, code: str, message: str, hint: str | HintOf | None = None
    ) -> None:
        """Note a fault where there is none yet; `{cell}` in the message stands for the cell.

        A hint that is a function is asked once for each distinct cell.
        """
        if not where.any():
            return
        fresh = where.fill_null(value=False) & ~self.bad
        if not fresh.any():
            return
        self.bad |= fresh
        if not self._most:
            return
        places = fresh.arg_true()
        first = places.head(self._most)
        texts = [_shown(text) for text in self.cells[first].cast(pl.String, strict=False)]
        words = zip(_messages(message, texts), _hints(texts, hint), strict=True)
        told = list(zip(first, words, strict=True))
        self._parts.append(CodedFaults(code, places.len(), told))

    def by_code(self) -> list[CodedFaults]:
        """Return the faults of each code in the order of their cells, that of the first cell at fault first."""
        by_code: dict[str, list[CodedFaults]] = {}
        for part in sorted(self._parts, key=lambda part: part.first[0]):
            by_code.setdefault(part.code, []).append(part)
        return [self._together(code, parts) for code, parts in by_code.items()]

    def _together(self, code: str, parts: Sequence[CodedFaults]) -> CodedFaults:
        if len(parts) == 1:
            return parts[0]
        told = sorted((fault for part in parts for fault in part.first), key=itemgetter(0))
        return CodedFaults(code, sum(part.count for part in parts), told[: self._most])


def _shown(text: str | None) -> str:
    """Return as much of a cell as a message shows."""
    if text is None:
        return "null"
    return text[:_LONGEST_CELL]


def _messages(message: str, texts: Sequence[str]) -> Sequence[str]:
    before, mark, after = message.partition("{cell}")
    if not mark:
        return [message] * len(texts)
    return [f"{before}{text}{after}" for text in texts]


def _hints(texts: Sequence[str], hint: str | HintOf | None) -> Sequence[str | None]:
    if not callable(hint):
        return [hint] * len(texts)
    first = islice(dict.fromkeys(texts), _HINTED_WORDS)
    hints = {text: hint(text) for text in first}
    return [hints.get(text) for text in texts]
