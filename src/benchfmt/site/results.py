"""All results of a package as one flat Parquet file that a browser reads by ranges."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchfmt.package import Package
from benchfmt.site.facts import names_of_systems

_ROWS = 2_000
"""Rows of a group: what is read for one page of a table, of each of its columns."""
_OF_RECORDS = ("id", "suite", "benchmark", "scenario", "model", "precision", "engine", "status")
_OF_SOURCES = ("system_id", "source_path", "source_locator", "converter", "status_detail")
_OF_MEASUREMENTS = (
    "record_id",
    "metric",
    "statistic",
    "stage",
    "per",
    "scope",
    "value",
    "unit",
    "basis",
    "missing",
    "reported_value",
    "reported_unit",
    "source_path",
    "source_locator",
)
_NUMBERS = ("value",)
COLUMNS = (
    "system",
    *_OF_RECORDS[1:],
    *_OF_MEASUREMENTS[1:-2],
    "source_path",
    "source_locator",
    "converter",
    "status_detail",
    "record_id",
)


def write_results(package: Package, target: Path) -> int:
    """Write a row for each measurement, with what its record says beside it, and return how many there are.

    The place is that of the measurement where it has one of its own, else that of its record. Raises PackageError.
    """
    records = _records(package)
    kinds = [(name, pa.float64() if name in _NUMBERS else pa.string()) for name in COLUMNS]
    schema = pa.schema(kinds)
    number = 0
    # Readers in browsers know Snappy without anything else.
    with pq.ParquetWriter(target, schema, compression="snappy", store_schema=False) as writer:
        for batch in package.batches("measurements", only=_OF_MEASUREMENTS):
            frame = _frame(batch.select(_OF_MEASUREMENTS))
            joined = frame.join(
                records, left_on="record_id", right_on="id", how="left", maintain_order="left"
            )
            placed = joined.with_columns(
                source_path=pl.coalesce("source_path", "source_path_right"),
                source_locator=pl.coalesce("source_locator", "source_locator_right"),
            )
            number += placed.height
            table = placed.select(COLUMNS).to_arrow().cast(schema)
            writer.write_table(table, row_group_size=_ROWS)
    return number


def _records(package: Package) -> pl.DataFrame:
    """Return what is shown of each record, with the name of its system."""
    names = names_of_systems(package)
    columns = (*_OF_RECORDS, *_OF_SOURCES)
    parts = [_frame(batch.select(columns)) for batch in package.batches("records", only=columns)]
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys((*columns, "system"), pl.String))
    frame = pl.concat(parts).unique("id", keep="first", maintain_order=True)
    systems = [names.get(key, key) for key in frame["system_id"].to_list()]
    return frame.with_columns(pl.Series("system", systems, dtype=pl.String))


def _frame(table: pa.Table) -> pl.DataFrame:
    """Return a table whose texts are texts, however Parquet had coded them."""
    frame = pl.DataFrame(pl.from_arrow(table))
    texts = [name for name in frame.columns if name not in _NUMBERS]
    return frame.with_columns(pl.col(texts).cast(pl.String))
