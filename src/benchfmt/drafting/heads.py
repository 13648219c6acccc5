"""The beginning of a table that is to be described: how it is written, its names and its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.sheets import Sniffed, open_table, sniff

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

    def written(self) -> dict[str, JsonValue]:
        """Return how the file is written, as a resource says it; nothing for a plain CSV file."""
        return self.sniffed.words(self.path)


def read_head(path: Path, name: str | None = None, limits: Limits = LIMITS) -> Head:
    """Return the beginning of a table; raises TableError for what is no table, UnsafeError for what is beyond the limits."""
    sniffed = sniff(path, limits)
    text = open_table(path, sniffed.storage, sniffed.dialect, limits)
    names = text.header()
    rows = pl.DataFrame({name: [] for name in names}, dict.fromkeys(names, pl.String))
    for frame, _ in text.batches():
        rows = frame.head(_ROWS)
        break
    return Head(path, name or path.name, sniffed, tuple(names), rows)


def first_rows(heads: Sequence[Head]) -> pl.DataFrame:
    """Return the first rows of tables that have the same columns."""
    if len(heads) == 1:
        return heads[0].rows
    return pl.concat([head.rows.head(_ROWS_OF_SEVERAL) for head in heads])
