"""Possible faults that are kept until all portions were seen: so many of them, the rest only counted."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

MOST_KEPT = 2**16
"""So many possible faults of a check are kept, each with its place; no report lists as many."""
MOST_KNOWN = 2**20
"""So many things are remembered with which later ones are compared."""


class Kept:
    """The possible faults of all portions."""

    def __init__(self, columns: Sequence[str]) -> None:
        """Start without any; of each the columns are kept that its message needs."""
        self._columns = list(columns)
        self._frames: list[pl.DataFrame] = []
        self.count = 0
        """How many are kept."""

    def first_of(self, found: pl.DataFrame) -> pl.DataFrame:
        """Keep the first ones of those of a portion, as far as there is room, and return these."""
        some = found.head(MOST_KEPT - self.count)
        if some.height:
            self._frames.append(some.select(self._columns))
            self.count += some.height
        return some

    def all(self) -> pl.DataFrame:
        """Return what is kept; a frame without columns for nothing."""
        if not self._frames:
            return pl.DataFrame()
        return pl.concat(self._frames)
