"""The rows of a table in frames that hold whole records, in whatever order the rows of a long table stand.

A long table that is too large for memory is sorted on disk: its rows are divided by a hash of their key, each division is
put in the order in which its keys first stand, and the divisions are read side by side. So records come in the same order
as from memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from benchfmt.annotated.stretches import row_bytes, stretches
from benchfmt.annotation import TableAnnotation
from benchfmt.oserrors import naming
from benchfmt.readers.cells import cells_of, free_name
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets import Table
from benchfmt.rowhash import text_hashes

Integers = npt.NDArray[np.int64]
Frames = Iterator[tuple[pl.DataFrame, Integers]]

MOST_ROWS = 250_000
"""So many rows of a long table are put together in memory; a longer one is sorted on disk."""
DIVISIONS = 64
RUN_ROWS = 1_024
"""So many rows of each division are read at a time."""
FRAME_ROWS = 65_536
"""So many rows, at least, a frame has that was sorted on disk."""
MOST_BYTES = 2**25
"""So many bytes of cells are put together in memory."""
_FRAME_BYTES = 2**22
"""So many bytes of cells, at least, a frame has that was sorted on disk, where it has fewer rows."""
_BESIDE_ROW = 256
"""So many bytes a row of a history takes beside its cells: its places in lists, and its numbers."""
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class _Own:
    """Columns beside those of the table: the row's number, that of the first row of its key, and its division."""

    row: str
    first: str
    division: str

    @classmethod
    def beside(cls, columns: Sequence[str]) -> _Own:
        """Return their names, which are none of the table's."""
        return cls(*(free_name(name, columns) for name in ("row", "first", "division")))


def keys_of(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Return the key of each row as one text; an empty cell is a part of it like any other."""
    cells = [cells_of(frame, name).fill_null("") for name in names]
    return pl.select(pl.concat_str(cells, separator=_SEPARATOR)).to_series()


@dataclass(frozen=True, slots=True)
class Room:
    """How many rows of a table there is room for at once."""

    frame: int
    """The rows of a frame in which each is a record by itself, and those that are put together in memory."""
    record: int
    """The rows that have one key."""
    whole: int
    """The bytes of a table that is read as a whole."""


def whole_records(text: Table, annotation: TableAnnotation, room: Room) -> Frames:
    """Yield the rows of a table with their numbers, those of one record in one frame; raises TableError and UnsafeError."""
    frames = text.batches()
    if not annotation.is_whole:
        for frame, rows in frames:
            # Parts of one size: what each of thousands of columns costs by itself does not depend on the rows.
            parts = max(math.ceil(frame.height / room.frame), 1)
            size = max(math.ceil(frame.height / parts), 1)
            for start in range(0, frame.height, size):
                yield frame.slice(start, size), rows[start : start + size]
        return
    held, is_all = _held(frames, room)
    if not is_all and _is_sortable(held[0][0], annotation):
        yield from _sorted_on_disk(held, frames, annotation.key, room)
        return
    if not is_all:
        held = list(_bounded(chain(held, frames), room))
    if held:
        yield _joined(held)


def _held(frames: Frames, room: Room) -> tuple[list[tuple[pl.DataFrame, Integers]], bool]:
    """Return the next frames, until they are more than there is room for, and whether these are all."""
    held: list[tuple[pl.DataFrame, Integers]] = []
    rows, size = 0, 0
    for frame in frames:
        held.append(frame)
        rows += frame[0].height
        size += int(row_bytes(frame[0]).sum())
        if rows > min(MOST_ROWS, room.frame) or size > MOST_BYTES:
            return held, False
    return held, True


def _bounded(frames: Iterable[tuple[pl.DataFrame, Integers]], room: Room) -> Frames:
    """Yield the frames of a table that is read as a whole; raises UnsafeError where there is no room for it."""
    left = room.whole
    for frame, rows in frames:
        left -= int(row_bytes(frame).sum()) + _BESIDE_ROW * frame.height
        if left < 0:
            message = f"the rows take more than {room.whole:,} bytes of memory (limit log_bytes)"
            reason = "a table with a history is read as a whole"
            raise UnsafeError("BF907", f"{reason}, and {message}; give each run a file of its own")
        yield frame, rows


def _is_sortable(frame: pl.DataFrame, annotation: TableAnnotation) -> bool:
    """Whether the order of the records is that of the first rows of their keys: runs come by their last steps."""
    key = annotation.key
    return bool(key) and annotation.history is None and set(key) <= set(frame.columns)


def _joined(parts: Sequence[tuple[pl.DataFrame, Integers]]) -> tuple[pl.DataFrame, Integers]:
    return pl.concat([frame for frame, _ in parts]), np.concatenate([rows for _, rows in parts])


def _sorted_on_disk(
    held: list[tuple[pl.DataFrame, Integers]], frames: Frames, key: Sequence[str], room: Room
) -> Frames:
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="benchfmt-key-"))
        own = _Own.beside(held[0][0].columns)
        divisions = _Divisions(Path(folder), key, own, room)
        while held:
            divisions.add(*_joined(held))
            held, _ = _held(frames, room)
        with naming(gettempdir()):
            runs = [stack.enter_context(run) for run in divisions.runs()]
        yield from _merged(runs, own, room)


def _merged(runs: Sequence[_Run], own: _Own, room: Room) -> Frames:
    """Yield the rows of all divisions in frames, by the first row of their key; within a frame in the order of the table."""
    held: list[pl.DataFrame] = []
    height, size = 0, 0
    most = min(FRAME_ROWS, room.frame)
    end: int | None = -1
    while end is not None:
        ends = [run.end for run in runs if run.end is not None]
        end = min(ends, default=None)
        for run in runs:
            rows = run.until(end)
            if rows.height:
                held.append(rows)
                height += rows.height
                size += int(rows.height * run.row_size)
            if run.end == end or run.is_low:
                run.fill()
        if height >= most or size >= _FRAME_BYTES or (end is None and held):
            frame = pl.concat(held).sort(own.row)
            yield frame.drop(own.row, own.first), frame[own.row].to_numpy()
            held, height, size = [], 0, 0


@dataclass
class _Divisions:
    """Rows in files by a hash of their key, in the order of the table."""

    folder: Path
    key: Sequence[str]
    own: _Own
    room: Room
    _writers: dict[int, pa.RecordBatchFileWriter] = field(default_factory=dict, init=False)

    def add(self, frame: pl.DataFrame, rows: Integers) -> None:
        """Write some rows."""
        keys = keys_of(frame, self.key)
        _refuse_many(keys, self.room.record)
        # By a seed that nobody knows, so that nobody can prepare keys that all come into one division.
        divisions = (text_hashes(keys) % DIVISIONS).alias(self.own.division)
        numbered = frame.hstack([pl.Series(self.own.row, rows), divisions])
        parts = numbered.partition_by(self.own.division, maintain_order=True)
        with naming(gettempdir()):
            for part in parts:
                number = int(part[self.own.division][0])
                self._write(number, part.drop(self.own.division).to_arrow())

    def _write(self, number: int, rows: pa.Table) -> None:
        if number not in self._writers:
            self._writers[number] = pa.ipc.new_file(str(self._path(number)), rows.schema)
        self._writers[number].write_table(rows)

    def runs(self) -> Iterator[_Run]:
        """Yield each division in the order in which its keys first stand."""
        for writer in self._writers.values():
            writer.close()
        for number in sorted(self._writers):
            path = self._path(number)
            with pa.OSFile(str(path), "r") as file:
                rows = pl.DataFrame(pl.from_arrow(pa.ipc.open_file(file).read_all()))
            path.unlink()
            keys = keys_of(rows, self.key)
            first = pl.DataFrame({"row": rows[self.own.row], "key": keys}).select(
                pl.col("row").min().over("key").alias(self.own.first)
            )
            _refuse_many(first.to_series(), self.room.record)
            in_order = rows.hstack(first).sort(self.own.first, maintain_order=True)
            self._write_run(path, in_order)
            yield _Run(path, self.own.first)

    def _write_run(self, path: Path, rows: pl.DataFrame) -> None:
        """Write the rows of a division so that they can be read in stretches, one of each division at a time."""
        most = min(RUN_ROWS, max(self.room.frame // DIVISIONS, 1))
        table = rows.to_arrow()
        with pa.ipc.new_file(str(path), table.schema) as writer:
            for start, end in stretches(row_bytes(rows), most, _FRAME_BYTES // DIVISIONS):
                part = table.slice(start, end - start).combine_chunks()
                writer.write_table(part)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.arrow"


def _refuse_many(keys: pl.Series, most: int) -> None:
    """Raise UnsafeError where more rows have one key than there is room for."""
    count = pl.DataFrame({"key": keys}).group_by("key").len()["len"].max()
    if isinstance(count, int) and count > most:
        message = f"{count:,} or more rows of the table have one key, and so are one record"
        raise UnsafeError("BF907", f"{message} (at most {most:,}); name more columns in `key`")


class _Run:
    """The rows of a division, some at a time."""

    def __init__(self, path: Path, first_name: str) -> None:
        """Take the file with the rows, in the order in which their keys first stand, as the column `first_name` says."""
        self._path = path
        self._first_name = first_name
        self._next = 0
        self._rows = pl.DataFrame()
        self._first = np.empty(0, np.int64)
        self._last_read = 0
        self.row_size = 0.0
        """About how many bytes a row takes."""

    def __enter__(self) -> Self:
        self._file = pa.OSFile(str(self._path), "r")
        self._reader = pa.ipc.open_file(self._file)
        self.fill()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def end(self) -> int | None:
        """The place of the first key of which rows may be missing; None where all rows are here."""
        if self._next == self._reader.num_record_batches:
            return None
        return int(self._first[-1])

    @property
    def is_low(self) -> bool:
        """Whether most of what was read last is gone, so that runs whose keys stand alike are read on together."""
        return 2 * self._rows.height < self._last_read

    def fill(self) -> None:
        """Read on, where there is more."""
        if self._next == self._reader.num_record_batches:
            return
        batch = self._reader.get_batch(self._next)
        self._last_read = batch.num_rows
        self.row_size = batch.nbytes / max(batch.num_rows, 1)
        more = pl.DataFrame(pl.from_arrow(batch))
        self._next += 1
        self._rows = pl.concat([self._rows, more]) if self._rows.height else more
        self._first = self._rows[self._first_name].to_numpy()

    def until(self, end: int | None) -> pl.DataFrame:
        """Return the rows of keys that stand first before a place, all rows for None; they are gone from here."""
        count = self._rows.height
        if end is not None:
            count = int(np.searchsorted(self._first, end))
        rows = self._rows.head(count)
        self._rows = self._rows.slice(count)
        self._first = self._first[count:]
        return rows
