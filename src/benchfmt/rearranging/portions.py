"""Rows of packages on their way into another."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from benchfmt.finding import BenchfmtError
from benchfmt.migrate import is_newer
from benchfmt.package import Package
from benchfmt.sinks import Format
from benchfmt.tables import table_of


def refuse_newer(package: Package) -> None:
    """Raise BenchfmtError for a package of a newer version, of which something would be lost."""
    version = package.descriptor.benchfmt.version
    if is_newer(version):
        raise BenchfmtError(f"the package is of the newer version {version}: update benchfmt first")


def form_of(package: Package) -> Format:
    """Return the form of a package's tables."""
    if package.parts("records")[0].is_parquet:
        return "parquet"
    return "csv"


def as_arrow(table: str, frame: pl.DataFrame) -> pa.Table:
    """Return rows of a table as the standard's types."""
    return frame.to_arrow().cast(table_of(table, []).schema)
