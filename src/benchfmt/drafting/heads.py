"""The beginning of a table that is to be described: how it is written, its names and its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import JsonValue

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.cells import cells_of
from benchfmt.readers.files import refuse_hollow
from benchfmt.readers.sheets import Sniffed, open_table, sniff
from benchfmt.readers.sheets.grid import cell_names
from benchfmt.readers.sheets.opening import open_grid
from benchfmt.readers.tables import Integers

_ROWS = 10_000
_ROWS_OF_SEVERAL = 1_000
"""So many rows are read of each of several tables."""


@dataclass(frozen=True)
class Head:
    """The beginning of a table; `name` is its path in the descriptor."""

    path: Path
    name: str
    sniffed: Sniffed
    names: tuple[str, ...]
    rows: pl.DataFrame
    numbers: Integers
    """The number of each row among the data rows of the file."""
    limits: Limits = LIMITS

    def written(self) -> dict[str, JsonValue]:
        """Return how the file is written, as a resource says it; nothing for a plain CSV file."""
        return self.sniffed.words(self.path)

    def place_of(self, column: str, text: str) -> str | None:
        """Return where a text first stands in a column: the cell as a spreadsheet names it, else the row; None for nowhere."""
        cells = cells_of(self.rows, column).cast(pl.String).str.strip_chars()
        found = (cells == text).arg_true()
        if not found.len():
            return None
        row = int(self.numbers[found[0]])
        grid = open_grid(self.path, self.sniffed.storage, self.sniffed.dialect, self.limits)
        if grid is not None:
            cell = cell_names(grid, [row]).name(row, column)
            if cell is not None:
                return cell
        return f"row {row:,}"


def read_head(path: Path, name: str | None = None, limits: Limits = LIMITS) -> Head:
    """Return the beginning of a table; raises TableError for what is no table, UnsafeError for what is beyond the limits."""
    refuse_hollow(path, limits)
    sniffed = sniff(path, limits)
    text = open_table(path, sniffed.storage, sniffed.dialect, limits)
    names = text.header()
    rows = pl.DataFrame({name: [] for name in names}, dict.fromkeys(names, pl.String))
    numbers: Integers = np.arange(0)
    for frame, places in text.batches():
        rows = frame.head(_ROWS)
        numbers = places[:_ROWS]
        break
    return Head(path, name or path.name, sniffed, tuple(names), rows, numbers, limits)


def place_in(heads: Sequence[Head], column: str, text: str) -> str | None:
    """Return where a text first stands in a column of tables that have the same columns, with the table where these are several."""
    for head in heads:
        place = head.place_of(column, text)
        if place is not None:
            return place if len(heads) == 1 else f"{place} of {head.name}"
    return None


def first_rows(heads: Sequence[Head]) -> pl.DataFrame:
    """Return the first rows of tables that have the same columns."""
    if len(heads) == 1:
        return heads[0].rows
    return pl.concat([head.rows.head(_ROWS_OF_SEVERAL) for head in heads])
