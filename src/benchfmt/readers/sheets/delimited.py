"""Text with separators: by columns where it is quoted in the usual way, else row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.sheets import storage as stored
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.storage import Storage, open_bytes
from benchfmt.readers.sheets.table import Cells, Corner, RowTable, Table
from benchfmt.readers.tables import TableError, TextTable, open_end

_HEAD = 2**10


def open_delimited(
    path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS
) -> Table:
    """Return a table of text; raises TableError for a file that holds something else."""
    _refuse_other_files(path, storage, limits)
    if not dialect.is_plain:
        return RowTable(
            path, dialect, lambda: _chosen_rows(path, storage, dialect, limits), limits=limits
        )
    table = TextTable(path, dialect.delimiter, storage.encoding, limits, names_unnamed=True)
    if storage.compression is not None:
        table.opener = lambda: open_bytes(path, storage, limits)
    return table


def open_delimited_grid(
    path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS
) -> RowTable:
    """Return a table of text row by row, as a spreadsheet shows it."""
    return RowTable(
        path,
        dialect,
        lambda: csv_rows(path, storage, dialect, limits),
        corner=Corner(),
        limits=limits,
    )


def _chosen_rows(path: Path, storage: Storage, dialect: Dialect, limits: Limits) -> Iterator[Cells]:
    """Yield the rows of a text, those of one block where the dialect names one."""
    rows = csv_rows(path, storage, dialect, limits)
    if dialect.sheet_number is None:
        return rows
    return block_of(rows, dialect.sheet_number)


def block_of(rows: Iterable[Cells], wanted: int) -> Iterator[Cells]:
    """Yield the rows of the block of that number; blocks are set apart by blank lines."""
    number = 0
    is_inside = False
    for cells in rows:
        is_blank = not any(cells)
        if not is_blank and not is_inside:
            number += 1
        is_inside = not is_blank
        if is_inside and number == wanted:
            yield cells


def _refuse_other_files(path: Path, storage: Storage, limits: Limits) -> None:
    """Raise TableError for a file that is no text, and is said to be."""
    head = stored.head(path, storage, _HEAD, limits)
    advice = stored.foreign(head)
    if advice is not None:
        raise TableError("BF103", f"{path.name} is {advice}")
    if head.startswith(b"PAR1"):
        raise TableError("BF118", f"{path.name} is a Parquet file: say `format` parquet")
    packed = stored.compression_of(head)
    if packed == "zip" and path.suffix.lower() in (".xlsx", ".ods"):
        form = path.suffix.lower()[1:]
        raise TableError("BF118", f"{path.name} is a workbook: say `format` {form}")
    if packed is not None:
        message = f"{path.name} is packed: say `compression` {packed}, or unpack it"
        raise TableError("BF118", message)


def csv_rows(
    path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS
) -> Iterator[Cells]:
    """Yield the rows of a text as cells, a blank line as no cells; raises TableError."""
    with open_bytes(path, storage, limits) as file:
        lines = _Lines(path, file, storage.encoding, limits.row_bytes)
        reader = csv.reader(
            lines,
            delimiter=dialect.delimiter,
            quotechar=dialect.quote_char or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote_char else csv.QUOTE_NONE,
            doublequote=dialect.double_quote,
            escapechar=dialect.escape_char,
            skipinitialspace=dialect.skip_initial_space,
        )
        try:
            for cells in reader:
                if lines.has_ended and any("\n" in cell for cell in cells):
                    raise open_end(path)
                lines.length = 0
                yield cells
        except csv.Error as error:
            raise TableError("BF121", f"{path.name}: line {reader.line_num}: {error}") from error


class _Lines:
    """The lines of a text, bounded: `length` counts the characters since it was set to 0 (at the start of a row)."""

    def __init__(self, path: Path, file: BinaryIO, encoding: str, most: int) -> None:
        self.path = path
        self.most = most
        self.length = 0
        self.has_ended = False
        """Whether more lines were asked for than there are, as for the rest of a row without an end."""
        self._lines = text_lines(path, file, encoding, most)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.has_ended = True
            raise
        self.length += len(line)
        if self.length > self.most:
            raise TableError("BF907", too_long(self.path, self.most))
        return line


def too_long(path: Path, most: int) -> str:
    """Return what is said of a row that is longer than the limit."""
    return f"{path.name}: a row is longer than {most} bytes, or a quote is never closed"


def text_lines(path: Path, file: BinaryIO, encoding: str, most: int) -> Iterator[str]:
    """Yield the lines of a text with their ends, without its byte order mark; raises TableError."""
    try:
        text = io.TextIOWrapper(file, encoding, newline="")
    except LookupError as error:
        raise TableError("BF118", f"{path.name}: {error}") from error
    is_first = True
    try:
        with text:
            while line := text.readline(most + 1):
                if len(line) > most:
                    raise TableError("BF907", too_long(path, most))
                if is_first:
                    line = line.removeprefix("\ufeff")
                    is_first = False
                yield line
    except UnicodeDecodeError as error:
        raise TableError("BF105", f"{path.name}: not {encoding} text: {error.reason}") from error
    except UnicodeError as error:
        raise TableError("BF105", f"{path.name}: not {encoding} text: {error}") from error
