"""The rows of a Parquet file, as they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from benchfmt.checks.frames import ROW
from benchfmt.package import parquet_frames
from benchfmt.package.parquet import TEXT_LENGTHS
from benchfmt.package.parts import Part
from benchfmt.validation.places import Place
from benchfmt.validation.reporting import Reporter

_ROWS = {"measurements": 131_072}
_OTHER_ROWS = 32_768
"""How many rows of a table are read at once, unless it is named before."""
_PLAIN_HINT = "write it as text, numbers or true and false"


class ParquetPart:
    """A part of a table as Parquet, whose columns have types."""

    is_typed = True

    def __init__(self, part: Part, reporter: Reporter) -> None:
        """Take the part and who reports."""
        self.odd_columns: dict[str, str] = {}
        self.is_incomplete = False
        self._part = part
        self._rows = _ROWS.get(part.resource.name or "", _OTHER_ROWS)
        self._reporter = reporter
        self._is_reported = False
        self._long_cells: list[tuple[int, str]] = []

    def frames(self, rows_before: int, only: Collection[str] = ()) -> Iterator[pl.DataFrame]:
        """Yield the cells, numbered after some rows of other parts; odd columns are left out."""
        first = rows_before + 1
        limits = self._reporter.limits
        for frame, longest in parquet_frames(
            self._part.path, self._rows, self.odd_columns, only, limits
        ):
            numbers = pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True)
            numbered = frame.hstack([numbers.alias(ROW)])
            if longest > limits.row_bytes:
                numbered = self._without_long_cells(numbered, rows_before)
            yield numbered
            first += frame.height

    def _without_long_cells(self, frame: pl.DataFrame, rows_before: int) -> pl.DataFrame:
        """Return the rows whose texts have a length that can be read; the others wait to be reported."""
        limit = self._reporter.limits.row_bytes
        lengths = frame.select(TEXT_LENGTHS)
        is_long = lengths.select(pl.any_horizontal(pl.all() > limit).fill_null(value=False))
        self.is_incomplete = True
        for column in lengths.columns:
            rows = frame[ROW].filter(lengths[column].fill_null(0) > limit) - rows_before
            self._long_cells += [(row, column) for row in rows.to_list()]
        return frame.filter(~is_long.to_series())

    def names(self) -> None:
        """Return nothing: columns have their names without a row of them."""

    def report(self) -> None:
        """Report once the columns of types that no column of the standard has, and cells that were left out."""
        limit = self._reporter.limits.row_bytes
        for row, column in self._long_cells:
            place = Place(self._part.name, row, column, column)
            message = f"{column} has a cell longer than {limit} bytes; the row is left out"
            self._reporter.report("BF907", place, message)
        self._long_cells.clear()
        if self._is_reported:
            return
        self._is_reported = True
        for name, kind in self.odd_columns.items():
            place = Place(self._part.name, column=name, field=name)
            self._reporter.report("BF103", place, f"{name} is of type {kind}", hint=_PLAIN_HINT)
