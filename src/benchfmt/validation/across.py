"""What spans the batches of a package: told at the end, at places that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from benchfmt.checks.frames import ROW, Frames
from benchfmt.checks.suites import Runs
from benchfmt.validation.places import Place

_COLUMN = "value"
_Spot = tuple[str, int | None, str | None, str | None, str | None]


class Across(Place):
    """Gathers the runs of all batches, and where in somebody's files each published number stands."""

    def __init__(self) -> None:
        """Start without any batch."""
        self.runs = Runs()
        self.spots: list[_Spot] = []

    def add(self, frames: Frames, shown: Place) -> None:
        """Take a batch; of its place only that of published numbers is kept."""
        for number in self.runs.add(frames).iter_rows(named=True):
            fault = {"row": number[ROW], "column": _COLUMN, "record": number["record_id"]}
            self.spots.append(
                (*shown.of("measurements", fault), shown.field("measurements", _COLUMN, fault))
            )

    def faults(self) -> pl.DataFrame:
        """Return what the batches, taken together, have at fault."""
        return self.runs.faults()

    def of(
        self, table: str, fault: Mapping[str, Any]
    ) -> tuple[str, int | None, str | None, str | None]:
        """Return path, row, column and record id of a fault."""
        del table
        path, row, column, record, _ = self.spots[int(fault["row"])]
        return path, row, column, record

    def field(self, table: str, name: str, fault: Mapping[str, Any]) -> str | None:
        """Return the place in the record of a fault."""
        del table, name
        *_, place = self.spots[int(fault["row"])]
        return place
