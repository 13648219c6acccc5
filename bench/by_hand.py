"""The peer of `benchfmt validate`: what a polars user would write by hand for the structural constraints of the tables.

Required cells, types, bounds, patterns and closed lists of every column, unique ids, and the record of each measurement:
the same as the Table Schemas say, each counted, in one lazy pass over each table. Cells of CSV are read as text and then
cast, since a typed reader ends at the first cell that is no number, or hides it. It names no row and writes no message.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS, Column


def validate(package: Path, form: str) -> int:
    """Return how many faults there are."""
    records = _table(package, "records", form)
    measurements = _table(package, "measurements", form)
    queries = [
        _faults("systems", _table(package, "systems", form)),
        _faults("records", records, pl.len() - pl.col("id").n_unique()),
        _faults("measurements", measurements),
        measurements.join(
            records, left_on="record_id", right_on="id", how="anti", maintain_order="none"
        ).select(pl.len()),
    ]
    counts = pl.collect_all(queries, engine="streaming")
    return sum(int(sum(frame.row(0))) for frame in counts)


def read(package: Path, form: str) -> int:
    """Return how many rows there are, after reading all cells: the floor of any validation."""
    rows = 0
    for table in COLUMNS:
        for frame in _table(package, table, form).collect_batches(chunk_size=131_072):
            rows += frame.height
    return rows


def _table(package: Path, name: str, form: str) -> pl.LazyFrame:
    path = package / f"{name}.{form}"
    if form == "csv":
        return pl.scan_csv(path, infer_schema=False)
    return pl.scan_parquet(path)


def _faults(table: str, rows: pl.LazyFrame, *more: pl.Expr) -> pl.LazyFrame:
    types = rows.collect_schema()
    counts = [*more]
    for item in COLUMNS[table]:
        for fault in _of_column(table, item, is_text=types[item.name] == pl.String):
            counts.append(fault.sum())
    named = [count.alias(str(place)) for place, count in enumerate(counts)]
    return rows.select(named)


def _of_column(table: str, item: Column, *, is_text: bool) -> Iterator[pl.Expr]:
    """Yield what is a fault of a column, an expression each."""
    cell = pl.col(item.name)
    schema = column_schema(table, item.name)
    if item.required:
        yield cell.is_null()
    if item.kind in ("integer", "number"):
        yield from _of_number(cell, item, schema, is_text=is_text)
    elif item.kind == "boolean" and is_text:
        yield ~cell.is_in(["true", "false"])
    elif item.kind == "text":
        if "enum" in schema:
            yield ~cell.is_in(schema["enum"])
        if "pattern" in schema:
            yield ~cell.str.contains(schema["pattern"])
        elif "not" in schema:
            yield cell.str.contains(schema["not"]["pattern"])


def _of_number(
    cell: pl.Expr, item: Column, schema: dict[str, float], *, is_text: bool
) -> Iterator[pl.Expr]:
    number = cell
    if is_text:
        number = cell.cast(pl.Int64 if item.kind == "integer" else pl.Float64, strict=False)
        yield number.is_null() & cell.is_not_null()
    if "minimum" in schema:
        yield number < schema["minimum"]
    if "exclusiveMinimum" in schema:
        yield number <= schema["exclusiveMinimum"]
    if "maximum" in schema:
        yield number > schema["maximum"]
