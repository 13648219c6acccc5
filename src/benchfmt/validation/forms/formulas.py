"""The cells of delimited text that a spreadsheet would run."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from benchfmt.checks.frames import faults
from benchfmt.checks.screens import may_begin_with
from benchfmt.tables import COLUMNS, REPEATING

_SIGNS = b"=+@\t-"
_FORMULA = "^[=+@\t-]."
_HINT = "nothing is wrong for benchfmt; open the file in a spreadsheet with care"
_LONGEST_IN_MESSAGE = 40
_LONGEST_VALUE = 200


class Formulas:
    """Finds the formulas of one table, frame after frame."""

    def __init__(self, table: str) -> None:
        """Take the table."""
        self._table = table
        self._columns = [item.name for item in COLUMNS[table] if item.kind == "text"]
        self._may_have_some: set[str] = set()
        """The columns whose texts repeat and of which one began like a formula."""

    def faults(self, frame: pl.DataFrame, *, are_known: bool) -> Iterator[pl.DataFrame]:
        """Yield the faults of cells; `are_known` says that the texts that repeat stood in earlier frames."""
        for name in self._columns:
            if name not in frame.columns:
                continue
            if are_known and name in REPEATING and name not in self._may_have_some:
                continue
            if may_begin_with(frame[name], _SIGNS):
                self._may_have_some.add(name)
                yield from self._in_column(frame, name)

    def _in_column(self, frame: pl.DataFrame, name: str) -> Iterator[pl.DataFrame]:
        cells = frame[name]
        starts_so = cells.str.contains(_FORMULA)
        is_formula = starts_so & cells.cast(pl.Float64, strict=False).is_null()
        if is_formula.any():
            cell = pl.col(name).str
            short = cell.head(_LONGEST_IN_MESSAGE)
            message = pl.format("a spreadsheet would take {} for a formula", short)
            value = cell.head(_LONGEST_VALUE)
            yield faults(frame.filter(is_formula), self._table, name, message, value, _HINT)
