"""What every form of a table gives, and the rows of the forms that are read row by row."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import polars as pl

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.bad_rows import BadRow, BadRows
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.tables import Integers, TableError, unique_names

FRAME_ROWS = 20_000
FRAME_BYTES = 8 * 2**20
"""So many characters a frame has at most, unless one row has more."""
Cells = list[str]
Frames = Iterator[tuple[pl.DataFrame, Integers]]
_Row = TypeVar("_Row")


class Table(Protocol):
    """A table of text; `batches` are frames with the number of each row, counting data rows from 1."""

    path: Path
    bad_rows: BadRows

    @property
    def is_guessed(self) -> bool:
        """Whether nothing says the encoding that the file is read in."""

    def header(self) -> list[str]:
        """Return the names of the columns; raises TableError."""

    def batches(self) -> Frames:
        """Yield frames of text with the number of each row; raises TableError and UnsafeError."""


@dataclass(frozen=True)
class Corner:
    """The first cell of the rows of a table on the grid of a spreadsheet, counted from 1."""

    sheet: str | None = None
    row: int = 1
    column: int = 1


@dataclass
class RowTable:
    """A table that is read row by row: `rows` opens it, and gives the cells of every row of the file from the first.

    Where `pads` is set, a row may end early (as in a workbook, which does not say where a row ends).
    """

    path: Path
    dialect: Dialect
    rows: Callable[[], Iterator[Cells]]
    pads: bool = False
    bad_rows: BadRows = field(default_factory=BadRows)
    is_guessed: bool = False
    corner: Corner | None = None
    """Where the table begins on the grid of a spreadsheet."""
    limits: Limits = LIMITS
    repeats: bool = False
    """Whether the file may hold a cell once that stands in many rows."""
    _names: list[str] | None = None

    def header(self) -> list[str]:
        """Return the names of the columns; raises TableError for an empty table or a doubled name."""
        if self._names is None:
            with closing(self._numbered()) as rows:
                head = self._header_cells(rows)
            if not any(cell for cells in head for cell in cells):
                message = "is empty: a table begins with a row of column names"
                raise TableError("BF101", f"{self.path.name} {message}")
            if not self.dialect.header:
                head = [[f"field{place}" for place, _ in enumerate(head[0], 1)]]
            names = _joined(head, self.dialect.header_join, self._refuse_header_of)
            self._names = unique_names(names, self.path, self.limits)
        return self._names

    def batches(self) -> Frames:
        """Yield frames of text with the number of each row; a row of the wrong width is a bad row."""
        names = self.header()
        rows = self._numbered()
        if self.dialect.header:
            self._header_cells(rows)
        yield from self._frames(names, self._data(rows, len(names)))

    def _frames(self, names: list[str], rows: Iterator[tuple[int, Cells]]) -> Frames:
        blocks = blocks_of(rows, _length, FRAME_ROWS, self.path, self.limits, repeats=self.repeats)
        for numbers, block in blocks:
            yield _frame(names, block), numbers

    def places(self) -> Generator[int, None, None]:
        """Yield where each data row stands among the rows of the file, from 1; raises TableError and UnsafeError."""
        rows = self._numbered()
        if self.dialect.header:
            self._header_cells(rows)
        for place, cells in rows:
            if not self._is_blank(cells):
                yield place

    def _is_blank(self, cells: Cells) -> bool:
        """Say whether a row is none: a blank line, but not a line of nothing but separators."""
        return not any(cells) and (self.pads or len(cells) <= 1)

    def _data(self, rows: Iterator[tuple[int, Cells]], width: int) -> Iterator[tuple[int, Cells]]:
        number = 0
        for _, cells in rows:
            if self._is_blank(cells):
                continue
            number += 1
            if self.pads:
                cells = _padded(cells, width)
            if len(cells) != width:
                self.bad_rows.append(BadRow(number, width, len(cells)))
                continue
            yield number, cells

    def _numbered(self) -> Generator[tuple[int, Cells], None, None]:
        """Yield the rows that are no comments, each with its place in the file."""
        comment = self.dialect.comment_char
        comment_rows = frozenset(self.dialect.comment_rows)
        for place, cells in enumerate(self.rows(), 1):
            if place in comment_rows:
                continue
            if comment is not None and cells and cells[0].lstrip().startswith(comment):
                continue
            yield place, cells

    def _header_cells(self, rows: Iterator[tuple[int, Cells]]) -> list[Cells]:
        """Take the rows up to the end of the header, and return those that are its rows."""
        wanted = self.dialect.header_rows
        if wanted is None or not self.dialect.header:
            return [next((cells for _, cells in rows if any(cells)), [])]
        places, last = frozenset(wanted), max(wanted)
        head = []
        length = 0
        for place, cells in rows:
            if place in places:
                length += 1 + len(cells) + _length(cells)
                self._refuse_header_of(length)
                head.append(cells)
            if place >= last:
                break
        return head

    def _refuse_header_of(self, length: int) -> None:
        refuse_long_header(length, self.path, self.limits)


def blocks_of(
    rows: Iterable[tuple[int, _Row]],
    length_of: Callable[[_Row], int],
    most: int,
    path: Path,
    limits: Limits,
    *,
    repeats: bool,
) -> Iterator[tuple[Integers, list[_Row]]]:
    """Yield rows, as many at once as a frame may have, each with the numbers of its rows.

    Where a cell that the file holds once may stand in many rows, all their characters are counted. Raises UnsafeError
    for a row that is too long, and for too many characters.
    """
    numbers: list[int] = []
    block: list[_Row] = []
    room = FRAME_BYTES
    total = 0
    for number, row in rows:
        length = length_of(row)
        if length > limits.row_bytes:
            message = (
                f"row {number:,} has {length:,} characters; at most {limits.row_bytes:,} are read"
            )
            raise UnsafeError("BF907", f"{path.name}: {message}")
        total += length
        if repeats and total > limits.repeated_bytes:
            message = f"its rows have more than {limits.repeated_bytes:,} characters: cells that stand in the file once are repeated"
            raise UnsafeError("BF907", f"{path.name}: {message}")
        room -= length
        numbers.append(number)
        block.append(row)
        if room < 0 or len(block) == most:
            yield np.array(numbers, dtype=np.int64), block
            numbers, block = [], []
            room = FRAME_BYTES
    if block:
        yield np.array(numbers, dtype=np.int64), block


def refuse_long_names(names: Iterable[str], path: Path, limits: Limits) -> None:
    """Raise UnsafeError for a header that is longer than a row may be."""
    refuse_long_header(sum(map(len, names)), path, limits)


def refuse_long_header(length: int, path: Path, limits: Limits) -> None:
    """Raise UnsafeError for a header of more characters than a row may have."""
    if length > limits.row_bytes:
        message = f"the names of the columns have {length:,} characters"
        raise UnsafeError("BF907", f"{path.name}: {message}; at most {limits.row_bytes:,} are read")


def _length(cells: Cells) -> int:
    """Return how many characters a row has."""
    return sum(map(len, cells))


def _frame(names: list[str], block: list[Cells]) -> pl.DataFrame:
    columns = zip(*block, strict=True)
    series = [
        pl.Series(name, cells, dtype=pl.String) for name, cells in zip(names, columns, strict=True)
    ]
    return pl.DataFrame(series)


def _joined(head: list[Cells], separator: str, refuse: Callable[[int], None]) -> list[str]:
    """Return the names of a header: the different cells of each column, joined.

    `refuse` is asked about their length before they are joined: what joins them may be long, and stand between all.
    """
    width = max(len(cells) for cells in head)
    columns: list[list[str]] = [[] for _ in range(width)]
    for cells in head:
        for parts, cell in zip(columns, cells, strict=False):
            part = cell.strip() if len(head) > 1 else cell
            if part and part not in parts[-1:]:
                parts.append(part)
    separators = sum(len(parts) - 1 for parts in columns if parts)
    refuse(sum(len(part) for parts in columns for part in parts) + len(separator) * separators)
    return [separator.join(parts) for parts in columns]


def _padded(cells: Cells, width: int) -> Cells:
    """Return the cells of a row without the empty ones at its end beyond the header, or filled up with empty ones."""
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    return [*cells, *[""] * (width - len(cells))]


def text_of(value: Any) -> str:
    """Return a plain value of a file as text: nothing as an empty cell, a truth as JSON writes it."""
    match value:
        case None:
            return ""
        case True:
            return "true"
        case False:
            return "false"
    return str(value)
