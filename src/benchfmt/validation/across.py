"""What spans the batches of a package: told at the end, at places that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl

from benchfmt.checks.check import Check
from benchfmt.checks.frames import ROW, Frames, no_faults
from benchfmt.descriptor import FILE_NAME
from benchfmt.validation.places import Place
from benchfmt.validation.running import guarded

_COLUMN = "value"
_Spot = tuple[str, int | None, str | None, str | None, str | None]


class Across(Place):
    """One check that compares records of different batches, and where in somebody's files its faults may stand."""

    def __init__(self, check: Check) -> None:
        """Start without any batch; raises TypeError for a check that gathers nothing."""
        if check.gather is None:
            raise TypeError(f"check {check.code} gathers nothing")
        self.check = check
        self.gatherer = check.gather()
        self.spots: list[_Spot] = []

    def add(self, frames: Frames, shown: Place) -> pl.DataFrame:
        """Take a batch; of its places only those of possible faults are kept. Returns a fault if the check fails."""
        added: list[pl.DataFrame] = []
        failure = guarded(self.check, partial(self._add, frames, added))
        for rows in added:
            for number in rows.iter_rows(named=True):
                fault = {"row": number[ROW], "column": _COLUMN, "record": number["record_id"]}
                place = shown.field("measurements", _COLUMN, fault)
                self.spots.append((*shown.of("measurements", fault), place))
        return failure

    def _add(self, frames: Frames, added: list[pl.DataFrame]) -> pl.DataFrame:
        added.append(self.gatherer.add(frames))
        return no_faults()

    def faults(self) -> pl.DataFrame:
        """Return what the batches, taken together, have at fault."""
        return guarded(self.check, self.gatherer.faults)

    def of(
        self, table: str, fault: Mapping[str, Any]
    ) -> tuple[str, int | None, str | None, str | None]:
        """Return path, row, column and record id of a fault."""
        del table
        if fault["row"] is None:
            return FILE_NAME, None, None, None
        path, row, column, record, _ = self.spots[int(fault["row"])]
        return path, row, column, record

    def field(self, table: str, name: str, fault: Mapping[str, Any]) -> str | None:
        """Return the place in the record of a fault."""
        del table, name
        *_, place = self.spots[int(fault["row"])]
        return place
