"""Writes the tables of a package, in Parquet or CSV, in groups of rows of fixed size."""

from __future__ import annotations

import io
import threading
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchfmt.arrays import TEXT_CODES, Arrow, Chunked, places_in, places_of
from benchfmt.tables import COLUMNS, REPEATING, arrow_schema, table_of

Format = Literal["parquet", "csv"]
ROW_GROUP = 32_768
SYSTEMS_GROUP = 2_048
"""Systems come slowly, a few with each batch of records, and wait until a group is whole: so theirs are small."""
GROUP_BYTES = 4 * 2**20
"""A group ends sooner where its rows hold so much JSON text (extensions, samples): a reader has it in memory too."""
_JSON = {
    item.name for items in COLUMNS.values() for item in items if item.kind == "json"
} - REPEATING
_FIRST_ROWS = 1_000
"""Among so many rows all words of a dictionary mostly stand."""
_WAITING = 8
"""How many groups may wait to be written, some 5 MB each."""
_POOL = pa.system_memory_pool()
"""What a group needed while it was compressed, a few MB a column, goes back to the system; Arrow's own pool keeps it."""
_SEARCHED = {"id", "record_id", "metric", "value", "suite", "system_id", "status"}


class Sink(ABC):
    """Gathers the rows of one table and writes them in groups of fixed size, so that equal rows give equal bytes.

    A thread of its own writes groups while the next are gathered; a few may wait, as many as one batch brings at once.
    """

    def __init__(self, path: Path, table: str) -> None:
        """Take the file to write and the table whose rows it holds."""
        self.path = path
        self.table = table
        self.schema = arrow_schema(table)
        self.group_rows = SYSTEMS_GROUP if table == "systems" else ROW_GROUP
        self._parts: list[pa.Table] = []
        self._rows = self._bytes = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"write-{table}")
        self._pending: deque[Future[None]] = deque()
        self._file_use = threading.Lock()
        self._abandoned = False

    def write(self, part: pa.Table) -> None:
        """Add rows."""
        ends = np.cumsum(_text_bytes(part))
        start = 0
        while start < part.num_rows:
            before = int(ends[start - 1]) if start else 0
            room = (
                int(np.searchsorted(ends, before + GROUP_BYTES - self._bytes, side="right")) - start
            )
            count = min(room, self.group_rows - self._rows, part.num_rows - start)
            if count <= 0 and self._rows:
                self._full()
                continue
            count = max(count, 1)  # a row that is too large by itself stands alone
            self._parts.append(part.slice(start, count))
            self._rows += count
            start += count
            self._bytes += int(ends[start - 1]) - before
            if self._rows >= self.group_rows:
                self._full()

    def _full(self) -> None:
        """Let what is gathered be written as a group."""
        parts, self._parts, self._rows, self._bytes = self._parts, [], 0, 0
        self._wait(_WAITING - 1)
        self._pending.append(self._thread.submit(self._flush_apart, parts))

    def _flush_apart(self, parts: list[pa.Table]) -> None:
        """Write a group in the thread of its own, unless the file was closed before its turn came."""
        with self._file_use:
            if not self._abandoned:
                self.flush(self._joined(parts))

    def _joined(self, parts: list[pa.Table]) -> pa.Table:
        """Return rows that came in parts as one table of this file's columns and types."""
        return pa.concat_tables([self.stored(part) for part in parts])

    def _wait(self, most: int = 0) -> None:
        """Wait until so many groups are left to write."""
        while len(self._pending) > most:
            self._pending.popleft().result()

    def stored(self, part: pa.Table) -> pa.Table:
        """Return rows with the columns and types of this file."""
        return pa.Table.from_arrays(
            [_as_type(part[f.name], f.type) for f in self.schema], schema=self.schema
        )

    @abstractmethod
    def flush(self, part: pa.Table) -> None:
        """Write one group of rows."""

    def close(self) -> Path:
        """Write what is left and return the file."""
        self._wait()
        if self._rows or not self.path.exists():
            self.flush(self._joined(self._parts or [table_of(self.table, [])]))
        self.abandon()
        return self.path

    def abandon(self) -> None:
        """Close the file, whatever is written of it."""
        self._thread.shutdown(wait=True)
        # An interrupt while the thread starts leaves it unknown to the pool, which then does not wait for it; closing
        # a file under the writer ends the process with a segmentation fault.
        with self._file_use:
            self._abandoned = True
            self.release()

    @abstractmethod
    def release(self) -> None:
        """Close the file."""


def _text_bytes(part: pa.Table) -> npt.NDArray[np.int64]:
    """Return how much JSON text each row holds: of the row alone, so that groups do not depend on how rows come."""
    total = np.zeros(part.num_rows, np.int64)
    for field in part.schema:
        if field.name in _JSON and part[field.name].null_count < part.num_rows:
            # By polars: pyarrow loads pandas to turn a number of ours into one of its own.
            total += (
                pl.Series(pl.from_arrow(part[field.name])).str.len_bytes().fill_null(0).to_numpy()
            )
    return total


class _ParquetSink(Sink):
    def __init__(self, path: Path, table: str) -> None:
        super().__init__(path, table)
        fields = [f.with_type(TEXT_CODES) if f.name in REPEATING else f for f in self.schema]
        self.schema = pa.schema(fields)
        self._writer: pq.ParquetWriter | None = None

    def flush(self, part: pa.Table) -> None:
        if self._writer is None:
            # A dictionary of texts that do not repeat, and the bounds of columns nobody searches, are built in vain.
            encoded = [
                name for name in self.schema.names if name in REPEATING or name == "record_id"
            ]
            # Without the Arrow schema in the file every reader sees plain strings.
            self._writer = pq.ParquetWriter(
                self.path,
                self.schema,
                compression="zstd",
                store_schema=False,
                memory_pool=_POOL,
                use_dictionary=encoded,  # type: ignore[arg-type]  # the stubs know only a bool
                write_statistics=[name for name in self.schema.names if name in _SEARCHED],
            )
        whole = part.unify_dictionaries().combine_chunks()
        ordered = pa.Table.from_arrays(
            [_in_order(column) for column in whole.columns], schema=whole.schema
        )
        self._writer.write_table(ordered, row_group_size=self.group_rows)
        _POOL.release_unused()

    def release(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _in_order(cells: Chunked) -> Chunked:
    """Return cells, the words of a dictionary in the order in which they first stand: equal rows give equal bytes."""
    if not pa.types.is_dictionary(cells.type) or cells.num_chunks != 1:
        return cells
    chunk: Any = cells.chunk(0)
    size = len(chunk.dictionary)
    order = _by_appearance(chunk.indices.slice(0, _FIRST_ROWS))
    if len(order) < size:
        order = _by_appearance(chunk.indices)
    if len(order) == size and bool((order == np.arange(size)).all()):
        return cells
    place = np.zeros(size, np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    indices = pc.take(places_of(place), chunk.indices)
    words = pc.take(chunk.dictionary, places_of(order))
    joined: Arrow = pa.DictionaryArray.from_arrays(indices, words)
    return pa.chunked_array([joined], joined.type)


def _by_appearance(indices: Arrow) -> npt.NDArray[np.int32]:
    """Return the different numbers among indices, in the order in which they first stand."""
    return places_in(pc.drop_null(pc.unique(indices)))


class _CsvSink(Sink):
    def __init__(self, path: Path, table: str) -> None:
        super().__init__(path, table)
        self._file: io.BufferedWriter | None = None

    def flush(self, part: pa.Table) -> None:
        first = self._file is None
        if self._file is None:
            self._file = self.path.open("wb")
        pl.DataFrame(pl.from_arrow(part)).write_csv(self._file, include_header=first)

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _as_type(cells: Chunked, wanted: pa.DataType) -> Chunked:
    if pa.types.is_dictionary(wanted):
        # A word that stands twice in a dictionary makes the Parquet writer leave bytes of the page unwritten: then
        # equal tables are unequal files, and what was in memory before is published.
        if cells.type == wanted and cells.num_chunks and _are_distinct(cells.chunks):
            return cells
        return cells.cast(pa.string()).dictionary_encode()
    if cells.type == wanted:
        return cells
    return cells.cast(wanted)


def _are_distinct(chunks: list[Any]) -> bool:
    """Say whether no word stands twice in a dictionary."""
    return all(len(chunk.dictionary.unique()) == len(chunk.dictionary) for chunk in chunks)


def new_sink(folder: Path, table: str, form: Format, part: int | None = None) -> Sink:
    """Return what writes a table of a package in a folder, or a part of it by its number."""
    kind = _ParquetSink if form == "parquet" else _CsvSink
    if part is None:
        return kind(folder / f"{table}.{form}", table)
    (folder / table).mkdir(exist_ok=True)
    return kind(folder / table / f"part-{part:05}.{form}", table)
