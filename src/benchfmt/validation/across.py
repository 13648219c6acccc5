"""A check that spans the portions of a package: asked at the end, about places that are kept."""

from __future__ import annotations

from functools import partial

import polars as pl

from benchfmt.checks.check import Check
from benchfmt.checks.frames import ROW, Frames, no_faults
from benchfmt.validation.places import GatheredPlaces, Place, Places
from benchfmt.validation.running import guarded

_COLUMNS = {"measurements": "value", "systems": "id", "records": "id"}
"""The column of each table at which a fault stands, where the gatherer names no other."""


class Across:
    """One check that compares records of different portions, and where in somebody's files its faults may stand."""

    def __init__(self, check: Check) -> None:
        """Start without any portion; raises TypeError for a check that gathers nothing."""
        if check.gather is None:
            raise TypeError(f"check {check.code} gathers nothing")
        self.check = check
        self.gatherer = check.gather()
        self.places = GatheredPlaces()

    def add(self, frames: Frames, places: Places) -> pl.DataFrame:
        """Take a portion; of its places only those of possible faults are kept. Returns a fault if the check fails."""
        added: list[pl.DataFrame] = []
        failure = guarded(self.check, partial(self._add, frames, added))
        self.places.take_file(places)
        table = self.check.table or "measurements"
        column = getattr(self.gatherer, "column", _COLUMNS[table])
        for rows in added:
            for row in rows.iter_rows(named=True):
                where = (row.get("table", table), row[ROW], row.get("column", column))
                cell = Place(*where, record=row.get("record_id"))
                self.places.add(cell, places)
        return failure

    def _add(self, frames: Frames, added: list[pl.DataFrame]) -> pl.DataFrame:
        added.append(self.gatherer.add(frames))
        return no_faults()

    def faults(self) -> pl.DataFrame:
        """Return what the portions, taken together, have at fault."""
        return guarded(self.check, self.gatherer.faults)

    @property
    def more(self) -> int:
        """How many faults there are that `faults` did not give."""
        return getattr(self.gatherer, "more", 0)

    @property
    def note(self) -> str | None:
        """What was not looked at, in a sentence; None where all was."""
        return getattr(self.gatherer, "note", None)
