"""The faults of the cells of a column: of each cell the first one."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from benchfmt.checks.frames import no_coded_faults

_LONGEST_CELL = 60
_HINTED_WORDS = 100
"""For how many distinct words of a column the nearest term is looked up, which takes long."""
HintOf = Callable[[str], str | None]


class CellFaults:
    """The first fault of each cell of a column, with its texts; only cells at fault cost anything."""

    def __init__(self, cells: pl.Series, *, is_told: bool = True) -> None:
        """Take the cells, none of which is at fault, and whether texts are asked for."""
        self.cells = cells
        self.is_told = is_told
        self.bad = pl.Series([False], dtype=pl.Boolean).new_from_index(0, cells.len())
        self._parts: list[pl.DataFrame] = []

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
        if not self.is_told:
            return
        texts = self.cells.filter(fresh).cast(pl.String, strict=False)
        texts = texts.str.head(_LONGEST_CELL).fill_null("null")
        part = {
            "at": fresh.arg_true(),
            "message": _messages(message, texts),
            "code": _repeated(code, texts.len()),
            "hint": _hints(texts, hint),
        }
        self._parts.append(pl.DataFrame(part))

    def frame(self) -> pl.DataFrame:
        """Return code, message and hint of each cell at fault, in the order of the cells."""
        if not self._parts:
            return no_coded_faults()
        if len(self._parts) == 1:
            return self._parts[0]
        return pl.concat(self._parts).sort("at")


def _repeated(text: str | None, length: int) -> pl.Series:
    return pl.Series([text], dtype=pl.String).new_from_index(0, length)


def _messages(message: str, texts: pl.Series) -> pl.Series:
    before, mark, after = message.partition("{cell}")
    if not mark:
        return _repeated(message, texts.len())
    return before + texts + after


def _hints(texts: pl.Series, hint: str | HintOf | None) -> pl.Series:
    if not callable(hint):
        return _repeated(hint, texts.len())
    first = texts.unique(maintain_order=True).head(_HINTED_WORDS).to_list()
    hints = {text: hint(text) for text in first}
    return texts.replace_strict(hints, default=None, return_dtype=pl.String)
