"""The tables of a package as they stand: rows in order, no cell judged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from benchfmt.checks.frames import ROW
from benchfmt.descriptor import Resource
from benchfmt.migrate import is_older, rows_to_current
from benchfmt.package.parts import Part, parts_of
from benchfmt.record import SCHEMA_VERSION
from benchfmt.tables import COLUMNS
from benchfmt.validation.forms.delimited import DelimitedPart
from benchfmt.validation.forms.parquet import ParquetPart
from benchfmt.validation.places import Place, TablePlaces
from benchfmt.validation.reporting import Reporter

_SHOWN_NAMES = 3
_LONGEST_NAME = 40
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_COMMAS_HINT = "write commas between them, in the header and in every row"
_HEADER_HINT = "begin with a row of column names, which are separated by commas as all cells are"


class PartReader(Protocol):
    """Reads one part of a table."""

    is_typed: bool
    """Whether columns have types of their own, so that text is not a number."""

    @property
    def odd_columns(self) -> Mapping[str, str]:
        """The columns that cannot be read, each with its type."""

    @property
    def is_incomplete(self) -> bool:
        """Whether rows were left out."""

    def frames(self, rows_before: int, only: Collection[str] = ()) -> Iterator[pl.DataFrame]:
        """Yield the rows as frames, numbered after some rows of other parts; all columns, or `only` some."""

    def names(self) -> list[str] | None:
        """Return the names in the first row; None for a form that keeps names by themselves."""

    def report(self) -> None:
        """Report what could not be read since the last call."""


@dataclass(frozen=True)
class RawRows:
    """Some rows of a table as they stand, numbered over all parts."""

    frame: pl.DataFrame
    reader: PartReader
    begun: tuple[str, ...]
    """The parts whose first rows are among them."""
    part: int = 0
    """Which part they are of."""


class RawTable:
    """A table as it stands, part after part."""

    def __init__(
        self,
        name: str,
        root: Path,
        resource: Resource,
        places: TablePlaces,
        reporter: Reporter,
        version: str = SCHEMA_VERSION,
        rows_before: int = 0,
    ) -> None:
        """Take which table it is, its resource in a folder, the places to fill, who reports, and the table's version.

        Where the resource has the last parts of the table only, take how many rows stand before these.
        """
        self.name = name
        self._rows_before = rows_before
        self.is_incomplete = False
        """Whether rows could not be read: what seems to lack elsewhere may stand there."""
        self._root = root
        self._resource = resource
        self._version = version
        self._places = places
        self._reporter = reporter

    def rows(self) -> Iterator[RawRows]:
        """Yield the rows after reporting what could not be read."""
        return self._rows(quietly=False)

    def cells(self, column: str) -> Iterator[pl.Series | None]:
        """Yield the cells of one column, None where there is none; what could not be read is not reported here."""
        only: tuple[str, ...] = (column,)
        if is_older(self._version):
            only = ()  # a step may need the others
        for rows in self._rows(quietly=True, only=only):
            if column in rows.frame.columns:
                yield rows.frame[column]
            else:
                yield None

    def _rows(self, *, quietly: bool, only: Collection[str] = ()) -> Iterator[RawRows]:
        rows_before = self._rows_before
        seen: set[Path] = set()
        for number, part in enumerate(parts_of(self._root, self._resource)):
            if part.path in seen:
                continue  # that it is named twice is told, and its rows count once
            seen.add(part.path)
            if not part.path.is_file():
                self.is_incomplete = True
                continue
            self._places.begin(self.name, part.name, rows_before)
            reader = self._reader(part)
            if not self._has_header(reader, part.name, quietly=quietly):
                self.is_incomplete = True
                continue
            begun: tuple[str, ...] = (part.name,)
            last = rows_before
            for raw in reader.frames(rows_before, only):
                rows = rows_to_current(self._version, self.name, raw)
                if not quietly:
                    reader.report()
                if rows.height:
                    last = rows[ROW][-1]
                yield RawRows(rows, reader, begun, number)
                begun = ()
            if not quietly:
                reader.report()
            self.is_incomplete |= reader.is_incomplete
            self.is_incomplete |= part.name in self._reporter.cut_files
            rows_before = last

    def _has_header(self, reader: PartReader, file: str, *, quietly: bool) -> bool:
        """Whether the first row names a column of the table, after reporting one that names none."""
        names = reader.names()
        is_other_encoding = names is not None and any("\0" in name for name in names)
        if names is None or is_other_encoding or is_older(self._version):
            return True
        known = {column.name for column in COLUMNS[self.name]}
        if any(name.strip().lower() in known for name in names):
            return True
        # What stands in place of a file, or of its end, was told already.
        is_told = file in self._reporter.cut_files
        if not quietly and not is_told:
            message, hint = self._no_header(names, known)
            self._reporter.report("BF101", Place(file), message, hint=hint)
        return False

    def _no_header(self, names: list[str], known: set[str]) -> tuple[str, str]:
        """Return what is wrong with a first row that names no column, and what to do."""
        for mark, word in _SEPARATORS.items():
            if any(name.strip(' "').lower() in known for name in names[0].split(mark)):
                return f"the cells are separated by {word}", _COMMAS_HINT
        shown = ", ".join(repr(name[:_LONGEST_NAME]) for name in names[:_SHOWN_NAMES])
        return f"the first row names no column of {self.name}: {shown}", _HEADER_HINT

    def _reader(self, part: Part) -> PartReader:
        if part.is_parquet:
            return ParquetPart(part, self._reporter)
        return DelimitedPart(part, self._reporter)
