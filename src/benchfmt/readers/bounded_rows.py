"""Tables that are read row by row: so long a line, so many rows that are held as a whole, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import UnsafeError

_ROW, _CELL = 300, 160
"""How much memory a row and a cell of it take beside the characters."""


def short_lines(file: TextIO, limits: Limits = LIMITS) -> Iterator[str]:
    """Yield the lines of a table as `csv` wants them, with their ends; raises UnsafeError for one that is too long."""
    longest = limits.row_bytes
    while line := file.readline(longest + 1):
        if len(line) > longest:
            message = f"a line is longer than {longest:,} characters: a table has a line end behind each row"
            raise UnsafeError("BF907", f"{message} (limit row_bytes)")
        yield line


class HeldRows:
    """Counts the rows of a table that is held as a whole, and how much memory they take."""

    def __init__(self, limits: Limits) -> None:
        """Begin with no row."""
        self._limits = limits
        self._rows = 0
        self._weight = 0

    def add(self, cells: Iterable[str]) -> None:
        """Count a row with its cells; raises UnsafeError for more than are held."""
        self._rows += 1
        self._weight += _ROW + sum(_CELL + len(cell) for cell in cells)
        if self._rows > self._limits.file_results:
            self._refuse(f"{self._limits.file_results:,} rows", "file_results")
        if self._weight > self._limits.log_bytes:
            self._refuse(f"{self._limits.log_bytes:,} bytes of rows", "log_bytes")

    def _refuse(self, most: str, limit: str) -> None:
        message = f"more than {most} stand in a table that is read as a whole"
        raise UnsafeError("BF907", f"{message}; divide it, or allow more (--limit {limit}=N)")
