"""The errors of packages."""

from __future__ import annotations

from benchfmt.finding import BenchfmtError


class PackageError(BenchfmtError):
    """A package that cannot be opened, read or written; the message says why."""


class ParquetError(PackageError):
    """A Parquet file that cannot be read as a table; `code` is the finding that says why."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.code = code
