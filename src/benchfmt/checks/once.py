"""Doubts about kinds of measurements, each told once, however many records and portions have the kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

from benchfmt.checks.frames import ROW, Frames, faults, no_faults
from benchfmt.checks.keeping import MOST_KNOWN, Kept
from benchfmt.checks.kinds import KIND, NAMING
from benchfmt.rowhash import row_hashes

_NOTE = f"only the first {MOST_KNOWN:,} kinds of measurements in doubt are told apart; there may be more"


class OncePerKind:
    """The first measurement of each kind, of all portions, that is doubtful."""

    def __init__(
        self,
        doubtful: Callable[[Frames], pl.DataFrame],
        column: str,
        message: pl.Expr,
        value: pl.Expr | str,
        hint: str,
    ) -> None:
        """Take what gives the doubtful measurements of a portion, and how their faults are told."""
        self.column = column
        self.take = partial(_first_of_kinds, doubtful)
        self._message = message
        self._value = value
        self._hint = hint
        self._seen: set[int] = set()
        self._found = Kept(["record_id", *NAMING])
        self.more = 0
        self.note: str | None = None

    def add(self, frames: Frames) -> pl.DataFrame:
        """Take a portion; returns the first measurement of each doubtful kind that was not seen before."""
        return self.merge(self.take(frames))

    def merge(self, first: pl.DataFrame) -> pl.DataFrame:
        """Take the first measurement of each doubtful kind of a portion; returns those of kinds that were not seen before."""
        if not first.height:
            return first
        if len(self._seen) > MOST_KNOWN:
            self.note = _NOTE
            return first.clear()
        hashes = row_hashes(first, list(NAMING)).to_list()
        is_new = [number not in self._seen for number in hashes]
        self._seen.update(hashes)
        new = first.filter(pl.Series(is_new, dtype=pl.Boolean))
        kept = self._found.first_of(new)
        self.more += new.height - kept.height
        return kept

    def faults(self) -> pl.DataFrame:
        """Return a fault for each doubtful kind."""
        if not self._found.count:
            return no_faults()
        found = self._found.all().with_row_index(ROW)
        return faults(found, "measurements", self.column, self._message, self._value, self._hint)


def _first_of_kinds(doubtful: Callable[[Frames], pl.DataFrame], frames: Frames) -> pl.DataFrame:
    """Return the first of the doubtful measurements of each kind, with what names it."""
    first = doubtful(frames).unique(KIND, keep="first", maintain_order=True)
    return first.select("record_id", ROW, *NAMING)
