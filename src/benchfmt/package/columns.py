"""The tables of a package in parts, from Parquet or CSV, with the standard's columns in their types and order."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchfmt.descriptor import Resource
from benchfmt.identity import canonical
from benchfmt.migrate import NAMESPACE
from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.package.errors import PackageError, ParquetError
from benchfmt.sinks import ROW_GROUP
from benchfmt.tables import COLUMNS, arrow_schema

_LARGEST_GROUP = 2**18
_LARGEST_GROUP_BYTES = 2**26
_NAMES = {item.name for items in COLUMNS.values() for item in items}


def parquet_batches(path: Path) -> Iterator[pa.Table]:
    """Yield a Parquet file row group by row group, in tables of a bounded number of rows; raises ParquetError.

    A column of a type that no column of the standard has (lists, bytes, ...) is an error if it bears such a name.
    """
    with _judging(path), pq.ParquetFile(path, pre_buffer=False, memory_map=False) as file:
        kept = _sound_columns(path, file.schema_arrow, None)
        for batch in _arrow_batches(file, ROW_GROUP, kept):
            yield pa.Table.from_batches([batch])


def parquet_frames(
    path: Path, rows: int, odd: dict[str, str], only: Collection[str] = ()
) -> Iterator[pl.DataFrame]:
    """Yield a Parquet file in frames of at most `rows` rows; raises ParquetError.

    Columns of types that no column of the standard has are left out and noted in `odd`, name and type. With `only`,
    no other columns are read.
    """
    with _judging(path), pq.ParquetFile(path, pre_buffer=False, memory_map=False) as file:
        kept = _sound_columns(path, file.schema_arrow, odd)
        if only:
            kept = [name for name in kept if name in only]
        given = 0
        if _has_small_groups(file.metadata):
            for frame in _polars_frames(path, file.metadata.num_rows, rows, kept):
                given += frame.height
                yield frame
        if given < file.metadata.num_rows:
            yield from _arrow_frames(file, rows, kept, given)


@contextmanager
def _judging(path: Path) -> Iterator[None]:
    """Raise ParquetError for what keeps a file from being read."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, pa.ArrowInvalid) and "UTF8" in str(error):
            raise ParquetError("BF105", f"{path}: not UTF-8 text: {error}") from error
        raise ParquetError(
            "BF119", f"{path}: not a Parquet file that can be read: {error}"
        ) from error


def _has_small_groups(metadata: pq.FileMetaData) -> bool:
    """Whether row groups are so small that each may be in memory; polars, several times faster, reads them whole."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if group.num_rows > _LARGEST_GROUP or group.total_byte_size > _LARGEST_GROUP_BYTES:
            return False
    return True


def _polars_frames(path: Path, total: int, rows: int, kept: list[str]) -> Iterator[pl.DataFrame]:
    """Yield frames up to the first that cannot be read; Arrow says why."""
    table = pl.scan_parquet(path, glob=False).select(kept)
    for start in range(0, total, rows):
        try:
            yield table.slice(start, rows).collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return


def _arrow_frames(
    file: pq.ParquetFile, rows: int, kept: list[str], given: int
) -> Iterator[pl.DataFrame]:
    """Yield the rows after those that were given."""
    for batch in _arrow_batches(file, rows, kept):
        rest = batch.slice(given)
        given = max(given - batch.num_rows, 0)
        if rest.num_rows:
            yield pl.DataFrame(pl.from_arrow(pa.Table.from_batches([rest])))


def _arrow_batches(file: pq.ParquetFile, rows: int, kept: list[str]) -> Iterator[pa.RecordBatch]:
    for group in range(file.num_row_groups):
        for batch in file.iter_batches(batch_size=rows, row_groups=[group], columns=kept):
            batch.validate(full=True)
            yield batch.select(kept)


def _sound_columns(path: Path, schema: pa.Schema, odd: dict[str, str] | None) -> list[str]:
    """Return the names of the columns whose types can be read."""
    names = list(schema.names)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ParquetError(
            "BF116", f"{path}: column {doubled[0]!r} appears twice; rename or remove one"
        )
    strange = {field.name: str(field.type) for field in schema if _is_odd(field.type)}
    if odd is None:
        for name in sorted(strange.keys() & _NAMES):
            raise ParquetError(
                "BF103", f"{path}, {name}: a column of type {strange[name]} cannot be read"
            )
        return names
    odd.update(strange)
    return [name for name in names if name not in strange]


def _is_odd(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_odd(kind.value_type)
    plain = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_boolean,
    )
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal128, pa.types.is_null)
    dated = (pa.types.is_date, pa.types.is_time, pa.types.is_timestamp)
    return not any(test(kind) for test in (*plain, *numeric, *dated))


def csv_batches(path: Path, resource: Resource) -> Iterator[pa.Table]:
    """Yield a CSV file in tables whose columns of the standard have its types; raises PackageError for a faulty cell."""
    text = resource.text_table(path)
    for frame, numbers in text.batches():
        if text.bad_rows:
            raise PackageError(
                f"{path}: row {text.bad_rows[0].row} has the wrong number of cells; run benchfmt validate"
            )
        empty = frame.with_columns(pl.all().replace("", None))
        first = int(numbers[0])
        yield pa.table(
            {name: _typed(path, empty[name], first).to_arrow() for name in empty.columns}
        )


def _typed(path: Path, cells: pl.Series, first: int) -> pl.Series:
    kinds = {item.name: item.kind for items in COLUMNS.values() for item in items}
    kind = kinds.get(cells.name, "text")
    if kind == "boolean":
        typed = cells.replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
        )
    elif kind in ("integer", "number"):
        typed = cells.cast(pl.Float64, strict=False)
        typed = typed.set(~typed.is_finite(), None)
        if kind == "integer":
            whole = (typed == typed.round()) & (typed.abs() <= MAX_SAFE_INTEGER)
            typed = typed.set(~whole, None).cast(pl.Int64)
    else:
        return cells
    bad = (typed.is_null() & cells.is_not_null()).arg_max()
    if typed.null_count() != cells.null_count():
        raise PackageError(
            f"{path} row {first + (bad or 0)}, {cells.name}: {cells[bad or 0]!r} is not a {kind}"
        )
    return typed


def conform(table: str, part: pa.Table, path: Path, newer: str | None) -> pa.Table:
    """Return a part with exactly the standard's columns, in their types and order.

    Further columns of a `newer` minor version are carried in the extensions of records and systems.
    """
    unknown = [name for name in part.column_names if name not in arrow_schema(table).names]
    if newer and unknown and table != "measurements":
        part = _carried(part, unknown, newer)
    arrays = []
    for field, item in zip(arrow_schema(table), COLUMNS[table], strict=True):
        if field.name in part.column_names:
            try:
                arrays.append(part[field.name].cast(field.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise PackageError(
                    f"{path}, {field.name}: {error}; run benchfmt validate"
                ) from error
        elif not item.required:
            arrays.append(pa.nulls(part.num_rows, field.type))
        else:
            raise PackageError(
                f"{path}: the column {field.name!r} is missing; run benchfmt validate"
            )
    return pa.Table.from_arrays(arrays, names=arrow_schema(table).names)


def _carried(part: pa.Table, unknown: list[str], version: str) -> pa.Table:
    """Return a part whose unknown columns stand in the extensions of its rows."""
    extensions = [None] * part.num_rows
    kept = part.drop_columns(unknown)
    if "extensions" in part.column_names:
        extensions = part["extensions"].to_pylist()
        kept = kept.drop_columns(["extensions"])
    carried = []
    for text, row in zip(extensions, part.select(unknown).to_pylist(), strict=True):
        cells = {name: str(value) for name, value in row.items() if value is not None}
        carried.append(_with_columns(text, cells, version))
    return kept.append_column("extensions", pa.array(carried, pa.string()))


def _with_columns(extensions: str | None, cells: dict[str, str], version: str) -> str | None:
    """Return the extensions of a row, to which the cells of unknown columns are added."""
    if not cells:
        return extensions
    own = {NAMESPACE: {"version": version, "columns": cells}}
    if not extensions:
        return canonical(own)
    return canonical({**json.loads(extensions), **own})
