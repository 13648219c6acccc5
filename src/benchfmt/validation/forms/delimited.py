"""The rows of delimited text, as they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import polars as pl

from benchfmt.checks.frames import ROW
from benchfmt.package.parts import Part
from benchfmt.readers.sheets import Table
from benchfmt.readers.tables import TextTable
from benchfmt.tables import COLUMNS
from benchfmt.validation.places import Place
from benchfmt.validation.reporting import Reporter

_WIDE = 1_000
"""Of a table with more columns those that the standard does not know are told by their names alone."""
_BLOCKS, _ROWS = 3, 18_432
"""How large the frames are: blocks, which bound the bytes, and rows."""
_MESSAGE = "the row has {bad.actual} cells where the table has {bad.expected} columns"
_WIDTH_HINT = "quote cells that hold a comma or a line break"
_AGAIN_HINT = "were files joined? take the row out"
_KEYS = ("record_id", "id")
"""The first column of a table: where it holds its own name, the row is a header."""


class BadRows:
    """The rows of a text that are too short or too long, each reported once."""

    def __init__(self, text: Table, name: str, reporter: Reporter) -> None:
        """Take the text, the path that findings show, and who reports."""
        self._text = text
        self._name = name
        self._reporter = reporter
        self._reported = 0

    def report(self) -> None:
        """Report the rows that were met since the last call."""
        rows = self._text.bad_rows[self._reported :]
        self._reported += len(rows)
        if self._name in self._reporter.cut_files:
            return
        for number, bad in enumerate(rows):
            if self._reporter.is_full("BF121", self._name):
                self._reporter.leave_out({"BF121": len(rows) - number})
                return
            hint = None if bad.reason else _WIDTH_HINT
            message = bad.reason or _MESSAGE.format(bad=bad)
            self._reporter.report("BF121", Place(self._name, bad.row), message, hint=hint)


class DelimitedPart:
    """A part of a table as delimited text."""

    is_typed = False
    odd_columns: Mapping[str, str] = {}

    def __init__(self, part: Part, reporter: Reporter) -> None:
        """Take the part and who reports."""
        self._text = part.resource.text_table(part.path, reporter.limits)
        if isinstance(self._text, TextTable):
            self._text.null_if_empty = True
            self._text.frame_blocks = _BLOCKS
            self._text.frame_rows = _ROWS
            self._text.reads_ahead = part.path.stat().st_size > reporter.limits.row_bytes
        self._bad_rows = BadRows(self._text, part.name, reporter)
        self._name = part.name
        self._reporter = reporter
        self._headers: list[int] = []
        """The rows in which the header stands again."""

    @property
    def is_incomplete(self) -> bool:
        """Whether rows were left out that have the wrong number of cells."""
        return bool(self._text.bad_rows)

    def frames(self, rows_before: int, only: Collection[str] = ()) -> Iterator[pl.DataFrame]:
        """Yield the cells as text, empty ones as null, numbered after some rows of other parts."""
        without_cells: list[str] = []
        if isinstance(self._text, TextTable):
            self._text.only = tuple(only)
            if not only:
                without_cells = self._leave_out_cells(self._text)
        for frame, rows in self._text.batches():
            names = [name for name in frame.columns if not only or name in only]
            # `frame[names]` would be no row of all columns where there is no name.
            cells = pl.DataFrame([frame.get_column(name) for name in names])
            if not isinstance(self._text, TextTable):
                cells = cells.with_columns(pl.all().replace("", None))
            absent = [pl.Series(name, [None], pl.Null) for name in without_cells]
            absent = [column.new_from_index(0, len(rows)) for column in absent]
            without_cells = []
            numbered = pl.DataFrame(
                [*cells.get_columns(), *absent, pl.Series(ROW, rows + rows_before)]
            )
            yield self._without_headers(numbered, rows_before)

    @staticmethod
    def _leave_out_cells(text: TextTable) -> list[str]:
        """Have a very wide table read without most of its columns, and return their names: each costs some kilobytes."""
        names = text.header()
        known = {column.name for columns in COLUMNS.values() for column in columns}
        kept = [name for place, name in enumerate(names) if place < _WIDE or name in known]
        if len(kept) == len(names):
            return []
        text.only = tuple(kept)
        return [name for name in names[_WIDE:] if name not in known]

    def _without_headers(self, frame: pl.DataFrame, rows_before: int) -> pl.DataFrame:
        """Return rows without the header, which stands again where files were joined."""
        key = next((name for name in _KEYS if name in frame.columns), None)
        if key is None:
            return frame
        is_header = (frame[key] == key).fill_null(value=False)
        if not is_header.any():
            return frame
        self._headers += (frame[ROW].filter(is_header) - rows_before).to_list()
        return frame.filter(~is_header)

    def names(self) -> list[str] | None:
        """Return the names in the first row; None for a form that keeps names by themselves."""
        if isinstance(self._text, TextTable):
            return self._text.names()
        return None

    def report(self) -> None:
        """Report the rows that were left out since the last call."""
        self._bad_rows.report()
        for row in self._headers:
            message = "the header stands here again, in place of a row"
            self._reporter.report("BF121", Place(self._name, row), message, hint=_AGAIN_HINT)
        self._headers.clear()
