"""What spans the batches of a package: told at the end, at places that are kept."""

from __future__ import annotations

from functools import partial

import polars as pl

from benchfmt.checks.check import Check
from benchfmt.checks.frames import ROW, Frames, no_faults
from benchfmt.descriptor import FILE_NAME
from benchfmt.validation.places import Place, Shown, Spot
from benchfmt.validation.running import guarded

_COLUMN = "value"


class Across(Place):
    """One check that compares records of different batches, and where in somebody's files its faults may stand."""

    def __init__(self, check: Check) -> None:
        """Start without any batch; raises TypeError for a check that gathers nothing."""
        if check.gather is None:
            raise TypeError(f"check {check.code} gathers nothing")
        self.check = check
        self.gatherer = check.gather()
        self.spots: list[Shown] = []
        self.path = FILE_NAME

    def add(self, frames: Frames, shown: Place) -> pl.DataFrame:
        """Take a batch; of its places only those of possible faults are kept. Returns a fault if the check fails."""
        added: list[pl.DataFrame] = []
        self.path = shown.shown("records", Spot(None, None, None)).path
        failure = guarded(self.check, partial(self._add, frames, added))
        for rows in added:
            for number in rows.iter_rows(named=True):
                spot = Spot(number[ROW], _COLUMN, number["record_id"])
                self.spots.append(shown.shown("measurements", spot))
        return failure

    def _add(self, frames: Frames, added: list[pl.DataFrame]) -> pl.DataFrame:
        added.append(self.gatherer.add(frames))
        return no_faults()

    def faults(self) -> pl.DataFrame:
        """Return what the batches, taken together, have at fault."""
        return guarded(self.check, self.gatherer.faults)

    def shown(self, table: str, spot: Spot) -> Shown:
        """Return where a cell stands that was kept; the row counts the kept ones."""
        del table
        if spot.row is None:
            return Shown(self.path)
        return self.spots[spot.row]
