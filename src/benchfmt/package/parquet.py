"""Parquet files as frames, a bounded number of rows at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchfmt.limits import LIMITS, Limits
from benchfmt.package.errors import ParquetError
from benchfmt.readers.names import doubled
from benchfmt.sinks import ROW_GROUP
from benchfmt.tables import COLUMNS

_LARGEST_GROUP = 2**18
_LARGEST_GROUP_BYTES = 2**26
_FREE = 2**26
"""So many bytes of cells any file may hold, however small it is."""
_CELL = 8
"""How many bytes a cell takes, its text apart."""
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
    path: Path, rows: int, odd: dict[str, str], only: Collection[str] = (), limits: Limits = LIMITS
) -> Iterator[pl.DataFrame]:
    """Yield a Parquet file in frames of at most `rows` rows; raises ParquetError.

    Columns of types that no column of the standard has are left out and noted in `odd`, name and type. With `only`,
    no other columns are read.
    """
    with _judging(path), pq.ParquetFile(path, pre_buffer=False, memory_map=False) as file:
        width = file.metadata.num_columns
        if width > limits.columns:
            message = f"{width:,} columns; at most {limits.columns:,} are read"
            raise ParquetError("BF907", f"{path}: {message}")
        kept = _sound_columns(path, file.schema_arrow, odd)
        total = file.metadata.num_rows
        is_small = _has_small_groups(file.metadata)
    if only:
        kept = [name for name in kept if name in only]
    size = _Size(path, limits)
    given = 0
    with _judging(path):
        if is_small:
            for frame in _polars_frames(path, total, rows, kept):
                given += frame.height
                size.add(frame)
                yield frame
        if given < total:
            for frame in _arrow_frames(path, rows, kept, given):
                size.add(frame)
                yield frame


class _Size:
    """How much was unpacked of a file, which must not be far more than the file holds."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._packed = path.stat().st_size
        self._most = max(_FREE, self._packed * limits.archive_ratio)
        self._unpacked = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Count a frame; raises ParquetError beyond the limit."""
        texts = frame.select(
            pl.col(pl.String).str.len_bytes().sum(),
            pl.col(pl.Categorical, pl.Enum).cat.len_bytes().sum(),
        )
        self._unpacked += frame.height * frame.width * _CELL
        self._unpacked += sum(texts.row(0)) if texts.width else 0
        if self._unpacked > self._most:
            raise ParquetError(
                "BF904",
                f"{self._path}: {self._packed:,} bytes hold more than {self._most:,} bytes of cells",
            )


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


def _arrow_frames(path: Path, rows: int, kept: list[str], given: int) -> Iterator[pl.DataFrame]:
    """Yield the rows after those that were given; a text that repeats is in memory once."""
    with pq.ParquetFile(path, pre_buffer=False, memory_map=False, read_dictionary=kept) as file:
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
    several = sorted(doubled(names))
    if several:
        raise ParquetError(
            "BF116", f"{path}: column {several[0]!r} appears twice; rename or remove one"
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
