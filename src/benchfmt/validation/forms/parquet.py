"""The rows of a Parquet file, as they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from benchfmt.checks.frames import ROW
from benchfmt.package import parquet_frames
from benchfmt.package.parts import Part
from benchfmt.validation.places import Place
from benchfmt.validation.reporting import Reporter

_ROWS = 32_768
_PLAIN_HINT = "write it as text, numbers or true and false"


class ParquetPart:
    """A part of a table as Parquet, whose columns have types."""

    is_typed = True
    is_incomplete = False

    def __init__(self, part: Part, reporter: Reporter) -> None:
        """Take the part and who reports."""
        self.odd_columns: dict[str, str] = {}
        self._part = part
        self._reporter = reporter
        self._is_reported = False

    def frames(self, rows_before: int, only: Collection[str] = ()) -> Iterator[pl.DataFrame]:
        """Yield the cells, numbered after some rows of other parts; odd columns are left out."""
        first = rows_before + 1
        for frame in parquet_frames(self._part.path, _ROWS, self.odd_columns, only):
            numbers = pl.int_range(first, first + frame.height, dtype=pl.Int64)
            yield frame.with_columns(numbers.alias(ROW))
            first += frame.height

    def report(self) -> None:
        """Report once the columns of types that no column of the standard has."""
        if self._is_reported:
            return
        self._is_reported = True
        for name, kind in self.odd_columns.items():
            place = Place(self._part.name, column=name, field=name)
            self._reporter.report("BF103", place, f"{name} is of type {kind}", hint=_PLAIN_HINT)
