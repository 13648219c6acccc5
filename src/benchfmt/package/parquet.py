"""Parquet files as frames, a bounded number of rows and bytes at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchfmt.limits import LIMITS, Limits
from benchfmt.oserrors import is_refusal
from benchfmt.package.errors import ParquetError
from benchfmt.readers.names import doubled
from benchfmt.readers.parquet_opening import open_parquet
from benchfmt.readers.parquets import (
    AT_ONCE,
    Group,
    Unpacked,
    bounded_batches,
    groups_of,
)
from benchfmt.readers.row_sizes import CELL, spans
from benchfmt.sinks import ROW_GROUP
from benchfmt.tables import COLUMNS

_LARGEST_GROUP = 2**18
_LARGEST_GROUP_BYTES = 2**26
_TINY = 2**24
TEXT_LENGTHS = (pl.col(pl.String).str.len_bytes(), pl.col(pl.Categorical, pl.Enum).cat.len_bytes())
"""How many bytes each text of a frame has, column by column."""
_TEXTS = (pl.String, pl.Categorical, pl.Enum)
_NAMES = {item.name for items in COLUMNS.values() for item in items}


def parquet_batches(
    path: Path, limits: Limits = LIMITS, only: Collection[str] = ()
) -> Iterator[pa.Table]:
    """Yield a Parquet file as `bounded_frames`, in tables of Arrow."""
    for frame in bounded_frames(path, limits, only):
        yield frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def bounded_frames(
    path: Path, limits: Limits = LIMITS, only: Collection[str] = ()
) -> Iterator[pl.DataFrame]:
    """Yield a Parquet file in frames of a bounded number of rows and bytes; raises ParquetError and UnsafeError.

    A column of a type that no column of the standard has (lists, bytes, ...) is an error if it bears such a name, and
    is left out else. With `only`, no other columns are read.
    """
    odd: dict[str, str] = {}
    row = 0
    for frame, longest in parquet_frames(path, ROW_GROUP, odd, only, limits=limits):
        for name in sorted(odd.keys() & _NAMES):
            raise ParquetError(
                "BF103", f"{path}, {name}: a column of type {odd[name]} cannot be read"
            )
        if longest > limits.row_bytes:
            _refuse_long_cells(path, frame, row, limits)
        row += frame.height
        yield frame


def _refuse_long_cells(path: Path, frame: pl.DataFrame, row: int, limits: Limits) -> None:
    """Raise ParquetError for a text that is longer than a row may be; `row` is how many rows stand before the frame."""
    lengths = frame.select(TEXT_LENGTHS)
    for column in lengths.columns:
        is_long = lengths[column].fill_null(0) > limits.row_bytes
        if is_long.any():
            place = row + (is_long.arg_max() or 0) + 1
            raise ParquetError(
                "BF907",
                f"{path} row {place}, {column}: a cell longer than {limits.row_bytes} bytes",
            )


def rows_of(path: Path, limits: Limits = LIMITS) -> int:
    """Return how many rows a Parquet file says to have; raises ParquetError and UnsafeError."""
    with _judging(path), open_parquet(path, limits) as file:
        return file.metadata.num_rows


def parquet_frames(
    path: Path, rows: int, odd: dict[str, str], only: Collection[str] = (), limits: Limits = LIMITS
) -> Iterator[tuple[pl.DataFrame, int]]:
    """Yield a Parquet file in frames of at most `rows` rows and of bounded size; raises ParquetError and UnsafeError.

    Each comes with the bytes of its longest text where that is beyond the limit, else with a number within it. Columns of types that no column of the standard has are left out and noted in `odd`, name and type. With `only`,
    no other columns are read.
    """
    with _judging(path), open_parquet(path, limits) as file:
        kept = _sound_columns(path, file.schema_arrow, odd)
        if only:
            kept = [name for name in kept if name in only]
        total = file.metadata.num_rows
        groups = groups_of(path, file, kept, limits)
        is_small = all(map(_is_small, groups))
        if kept and total <= rows and _is_tiny(groups):
            yield from _parts(*_whole(path, file, kept, limits), limits)
            return
        are_short = all(group.cell_bytes <= limits.row_bytes for group in groups)
    given = 0
    with _judging(path):
        if is_small:
            pieces = _together(groups, rows)
            for frame, sizes in _polars_frames(path, pieces, kept, limits, are_short=are_short):
                given += frame.height
                yield from _parts(frame, sizes, limits)
        if given < total:
            for frame in _arrow_frames(path, rows, kept, given, limits):
                yield frame, _Sizes.of(frame, limits).longest


def _is_small(group: Group) -> bool:
    """Whether a row group may be in memory as a whole; polars, several times faster, reads it so."""
    longest = max(group.rows, group.values)
    return longest <= _LARGEST_GROUP and group.bytes <= _LARGEST_GROUP_BYTES


def _is_tiny(groups: Sequence[Group]) -> bool:
    """Whether a file may be read as a whole even where each row has all of its texts; Arrow reads it in half the time."""
    rows = sum(group.rows for group in groups)
    size = sum(group.bytes for group in groups)
    return len(groups) == 1 and rows * size <= _TINY and groups[0].values <= rows


def _whole(
    path: Path, file: pq.ParquetFile, kept: list[str], limits: Limits
) -> tuple[pl.DataFrame, _Sizes]:
    """Return all rows of a file that is open, and their sizes; raises what Arrow raises."""
    table = file.read(columns=kept, use_threads=False)
    table.validate(full=True)
    frame = pl.DataFrame(pl.from_arrow(table.select(kept).replace_schema_metadata()))
    sizes = _Sizes.of(frame, limits)
    Unpacked(path, limits).add(sizes.bytes)
    return frame, sizes


def _together(groups: Sequence[Group], rows: int) -> Iterator[tuple[int, int]]:
    """Yield from where, and how many, rows are read at once: few of groups that would take much together."""
    start = height = size = 0
    for group in groups:
        if height and size + group.bytes > _LARGEST_GROUP_BYTES:
            yield start, height
            start += height
            height = size = 0
        height += group.rows
        size += group.bytes
        # What is given with the rows before is not held with those that follow.
        while height > rows:
            yield start, rows
            start += rows
            height -= rows
            size = group.bytes
    if height:
        yield start, height


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How many bytes the cells of a frame take once its texts are written out, and the longest text."""

    bytes: int
    longest: int
    """The bytes of the longest text if that is beyond the limit; else a number within it."""

    @classmethod
    def of(cls, frame: pl.DataFrame, limits: Limits, *, are_short: bool = False) -> _Sizes:
        """Measure a frame; `are_short` is true where no text is known to be beyond the limit."""
        sums = _text_bytes(frame)
        total = frame.height * frame.width * CELL + sum(sums.values())
        # Where all texts of a column are not too long together, none is.
        longer = [name for name, size in sums.items() if size > limits.row_bytes]
        if are_short or not longer:
            return cls(total, 0)
        lengths = frame[longer].select(TEXT_LENGTHS)
        return cls(total, max(lengths.max().row(0)))


def _text_bytes(frame: pl.DataFrame) -> dict[str, int]:
    """Return how many bytes the texts of each column have, for each that holds any."""
    sums = {}
    for name, cells in zip(frame.columns, frame.iter_columns(), strict=True):
        if cells.dtype not in _TEXTS or cells.null_count() == cells.len():
            continue
        if cells.dtype == pl.String:
            # It is the sum of the lengths, however many cells share a text; a pass over these takes far longer.
            sums[name] = int(cells.estimated_size())
        else:
            # Under no name: polars takes a stranger's, such as `^.$`, for a pattern.
            lengths = cells.alias("").cat.len_bytes().cast(pl.Int64)
            sums[name] = int(lengths.sum())
    return sums


def _parts(
    frame: pl.DataFrame, sizes: _Sizes, limits: Limits
) -> Iterator[tuple[pl.DataFrame, int]]:
    """Yield a frame in parts of a bounded number of bytes, each with the bytes of its longest text."""
    if sizes.bytes <= AT_ONCE:
        yield frame, sizes.longest
        return
    of_rows = (
        frame.select(TEXT_LENGTHS).select(pl.sum_horizontal(pl.all().cast(pl.Int64))).to_series()
    )
    for start, stop in spans(of_rows.to_numpy(), AT_ONCE):
        part = frame.slice(start, stop - start)
        yield part, _Sizes.of(part, limits).longest


@contextmanager
def _judging(path: Path) -> Iterator[None]:
    """Raise ParquetError for what keeps a file from being read, and OSError where the system refuses it."""
    try:
        yield
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        if isinstance(error, OSError) and is_refusal(error):
            error.filename = str(path)
            raise
        if isinstance(error, pa.ArrowInvalid) and "UTF8" in str(error):
            raise ParquetError("BF105", f"{path}: not UTF-8 text: {error}") from error
        raise ParquetError(
            "BF119", f"{path}: not a Parquet file that can be read: {error}"
        ) from error


def _polars_frames(
    path: Path,
    pieces: Iterable[tuple[int, int]],
    kept: list[str],
    limits: Limits,
    *,
    are_short: bool,
) -> Iterator[tuple[pl.DataFrame, _Sizes]]:
    """Yield frames of some rows, and their sizes, up to the first that cannot be read; Arrow says why."""
    table = pl.scan_parquet(path, glob=False).select(kept)
    count = Unpacked(path, limits)
    for start, height in pieces:
        try:
            frame = table.slice(start, height).collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return
        sizes = _Sizes.of(frame, limits, are_short=are_short)
        count.add(sizes.bytes)
        yield frame, sizes


def _arrow_frames(
    path: Path, rows: int, kept: list[str], given: int, limits: Limits
) -> Iterator[pl.DataFrame]:
    """Yield the rows after those that were given."""
    for batch in bounded_batches(path, kept, rows, limits):
        rest = batch.slice(given)
        given = max(given - batch.num_rows, 0)
        if rest.num_rows:
            yield pl.DataFrame(pl.from_arrow(pa.Table.from_batches([_written_out(rest)])))


def _written_out(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch whose texts are written out: it would keep the dictionary of its row group, which may be large."""
    columns = []
    for column in batch.columns:
        if isinstance(column, pa.DictionaryArray):
            columns.append(column.dictionary_decode())
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _sound_columns(path: Path, schema: pa.Schema, odd: dict[str, str]) -> list[str]:
    """Return the names of the columns whose types can be read."""
    names = list(schema.names)
    several = sorted(doubled(names))
    if several:
        raise ParquetError(
            "BF116", f"{path}: column {several[0]!r} appears twice; rename or remove one"
        )
    if any("\0" in name for name in names):
        # A name of Arrow's C interface ends at a NUL: polars panics where there is one within it.
        raise ParquetError("BF105", f"{path}: a column name holds a NUL: the file is damaged")
    strange = {field.name: str(field.type) for field in schema if _is_odd(field.type)}
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
