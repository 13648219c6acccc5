"""A check that spans the portions of a package: asked at the end, about places that are kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from benchfmt.checks.check import Check, Divided
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
        return self._added(partial(self.gatherer.add, frames), places)

    def merge(self, taken: Any, places: Places) -> pl.DataFrame:
        """Take what was taken of a portion elsewhere, as `add`; raises TypeError for a check that cannot be divided."""
        if not isinstance(self.gatherer, Divided):
            raise TypeError(f"check {self.check.code} cannot be divided")
        return self._added(partial(self.gatherer.merge, taken), places)

    def _added(self, add: Callable[[], pl.DataFrame], places: Places) -> pl.DataFrame:
        added: list[pl.DataFrame] = []
        failure = guarded(self.check, partial(_add, add, added))
        self.places.take_file(places)
        table = self.check.table or "measurements"
        column = getattr(self.gatherer, "column", _COLUMNS[table])
        for rows in added:
            for row in rows.iter_rows(named=True):
                where = (row.get("table", table), row[ROW], row.get("column", column))
                cell = Place(*where, record=row.get("record_id"))
                self.places.add(cell, places)
        return failure

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


def _add(add: Callable[[], pl.DataFrame], added: list[pl.DataFrame]) -> pl.DataFrame:
    added.append(add())
    return no_faults()
