"""Parquet as a table of text: each value in the characters that say it exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchfmt.arrays import Chunked
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.bad_rows import BadRows
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.parquet_opening import open_parquet as open_file
from benchfmt.readers.parquets import bounded_batches
from benchfmt.readers.row_sizes import cell_sizes
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.storage import Storage
from benchfmt.readers.sheets.table import FRAME_BYTES, FRAME_ROWS, Frames
from benchfmt.readers.tables import TableError, unique_names


@dataclass
class ParquetTable:
    """A Parquet file, row group by row group; a struct is a column for each of its members (`a.b`)."""

    path: Path
    limits: Limits = LIMITS
    bad_rows: BadRows = field(default_factory=BadRows)
    is_guessed: bool = False

    def header(self) -> list[str]:
        """Return the names of the columns; raises TableError for a type that has no text."""
        schema = self._schema()
        for column in schema:
            _check_type(column.name, column.type, self.path)
        if not schema.names:
            raise TableError("BF101", f"{self.path.name} is empty: it has no columns")
        return unique_names(list(schema.names), self.path, self.limits)

    def batches(self) -> Frames:
        """Yield frames of text with the number of each row; raises TableError."""
        names = self.header()
        done = 0
        for part in self._parts():
            columns = [
                self._texts(name, column) for name, column in zip(names, part.columns, strict=True)
            ]
            texts = pa.Table.from_arrays(columns, names=names)
            frame = pl.DataFrame(pl.from_arrow(texts))
            yield frame.fill_null(""), np.arange(done + 1, done + part.num_rows + 1)
            done += part.num_rows

    def _texts(self, name: str, column: Chunked) -> Chunked:
        """Return a column as text; raises TableError for what has none, as a date beyond all calendars, and UnsafeError for a long cell."""
        if pa.types.is_nested(column.type):
            self._refuse_long_cells(name, column)
        try:
            return _texts(column)
        except (pa.ArrowException, OverflowError, OSError, ValueError) as error:
            message = f"column {name!r} ({column.type}) holds what has no text: {error}"
            raise TableError("BF103", f"{self.path.name}: {message}") from error

    def _refuse_long_cells(self, name: str, column: Chunked) -> None:
        """Raise UnsafeError for a list or map that is longer than a row may be: as objects of Python it takes ten times as much."""
        most = self.limits.row_bytes
        longest = max(
            (int(cell_sizes(chunk).max()) for chunk in column.chunks if len(chunk)), default=0
        )
        if longest > most:
            message = f"a cell of column {name!r} has {longest:,} bytes; at most {most:,} are read"
            raise UnsafeError("BF907", f"{self.path.name}: {message}")

    def _schema(self) -> pa.Schema:
        with self._open() as file:
            return _without_structs(pa.Table.from_batches([], file.schema_arrow)).schema

    def _parts(self) -> Iterator[pa.Table]:
        try:
            names = self._columns()
            batches = bounded_batches(self.path, names, FRAME_ROWS, self.limits, FRAME_BYTES // 2)
            for batch in batches:
                yield _without_structs(pa.Table.from_batches([batch]))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(error) from error

    def _columns(self) -> list[str]:
        # Apart from where the file is read: who has it open has all that it says of its row groups.
        with self._open() as file:
            return list(file.schema_arrow.names)

    def _open(self) -> pq.ParquetFile:
        try:
            return open_file(self.path, self.limits)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> TableError:
        message = f"{self.path.name}: not a Parquet file that can be read: {error}"
        return TableError("BF119", message)


def open_parquet(
    path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS
) -> ParquetTable:
    """Return a Parquet file as a table; raises TableError for one that is packed."""
    del dialect  # Parquet says by itself how it is written
    if storage.compression is not None:
        raise TableError("BF118", f"{path.name}: unpack it; Parquet is packed inside already")
    return ParquetTable(path, limits)


def _without_structs(table: pa.Table) -> pa.Table:
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    return table


def _check_type(name: str, kind: pa.DataType, path: Path) -> None:
    unreadable = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    if any(is_kind(kind) for is_kind in unreadable):
        message = f"column {name!r} holds bytes ({kind}), which have no text; leave it out"
        raise TableError("BF103", f"{path.name}: {message}")


def _texts(column: Chunked) -> Chunked:
    """Return a column as text: shortest digits that give the number back, dates as ISO 8601.

    What is no number (NaN) is `nan`: it may be a run that diverged, which is not the same as nothing.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _texts(column.cast(kind.value_type))
    if pa.types.is_nested(kind):
        texts = [None if value is None else _json(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    if pa.types.is_float16(kind):
        return _texts(column.cast(pa.float32()))
    if pa.types.is_timestamp(kind):
        column = pc.replace_substring(column.cast(pa.string()), " ", "T")
    return column.cast(pa.string())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
