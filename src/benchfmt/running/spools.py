"""Packets in a file, each column as it lies in memory: who reads them maps the file and copies nothing.

Only our own processes write such files, in a folder that only we can read; a journal's files are others (`packing.py`).
"""

from __future__ import annotations

import mmap
import os
import pickle
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa

from benchfmt.arrays import nulls
from benchfmt.oserrors import naming
from benchfmt.running.reading import Packet, read
from benchfmt.running.units import Chunk
from benchfmt.tables import Batch

_ALIGNED = 64
"""Columns begin at multiples of so many bytes, as Arrow likes them."""
_MAPPED = mmap.ALLOCATIONGRANULARITY
"""Packets begin at multiples of so many bytes: only there can a file be mapped."""
_CAN_MAP = os.name == "posix"
"""Whether a file that is mapped can be removed; elsewhere it is read."""


class _Blank(NamedTuple):
    """How many rows a table has, and the types of all its columns: those that it lacks are empty."""

    rows: int
    types: list[tuple[str, pa.DataType]]


@dataclass(frozen=True, slots=True)
class Lean:
    """A packet without the columns that are empty: most are, and each takes as much room as a full one."""

    packet: Packet
    blanks: tuple[_Blank, ...]

    @classmethod
    def of(cls, packet: Packet) -> Lean:
        """Return a packet without its empty columns."""
        batch = packet.tables.batch
        blanks = tuple(_blank(table) for _, table in batch.tables())
        lean = Batch(*(_lean(table) for _, table in batch.tables()))
        return cls(replace(packet, tables=replace(packet.tables, batch=lean)), blanks)

    def whole(self) -> Packet:
        """Return the packet with its empty columns."""
        packet = self.packet
        tables = [
            _filled(table, blank)
            for (_, table), blank in zip(packet.tables.batch.tables(), self.blanks, strict=True)
        ]
        return replace(packet, tables=replace(packet.tables, batch=Batch(*tables)))


class _Column(NamedTuple):
    """Where a buffer of a packet begins, from the packet's own beginning, and how many bytes it has."""

    start: int
    size: int


class _Span(NamedTuple):
    """Where a packet is in the file, the bytes of its pickle, and its buffers behind that."""

    start: int
    pickled: int
    columns: list[_Column]

    @property
    def size(self) -> int:
        """How many bytes the packet has."""
        return max([self.pickled, *(column.start + column.size for column in self.columns)])


@dataclass(frozen=True, slots=True)
class Spooling:
    """Reads a chunk into a file of its own in a folder."""

    folder: str

    def __call__(self, chunk: Chunk) -> Spool:
        """Return what the units of a chunk hold, in a file."""
        path = Path(self.folder, str(chunk.first))
        with naming(path), path.open("wb") as file:
            spans = [_write(packet, file) for packet in read(chunk)]
        return Spool(path, spans)


@dataclass(frozen=True, slots=True)
class Spool:
    """Packets in a file, which can be taken once."""

    path: Path
    spans: list[_Span]

    def __iter__(self) -> Iterator[Packet]:
        """Yield the packets; the file is removed once nothing refers to any of them."""
        owner = _Owner(self.path)
        with self.path.open("rb") as file:
            for span in self.spans:
                yield replace(_read(file, span), place=_Spooled(self.path, span, owner))


class _Owner:
    """Whatever refers to it needs a file, which is removed when nothing does."""

    def __init__(self, path: Path) -> None:
        weakref.finalize(self, path.unlink, missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Spooled:
    """Where a packet is in a file."""

    path: Path
    span: _Span
    owner: _Owner | None = None
    """The file is that of the process which asked: others are given none."""

    def __reduce__(self) -> tuple[type[_Spooled], tuple[Path, _Span]]:
        return _Spooled, (self.path, self.span)

    def packet(self) -> Packet:
        with self.path.open("rb") as file:
            return _read(file, self.span)


def _write(packet: Packet, file: IO[bytes]) -> _Span:
    """Write a packet behind those that are there, and return where it is."""
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(Lean.of(packet), 5, buffer_callback=buffers.append)
    start = _begin(file, _MAPPED)
    file.write(pickled)
    columns = []
    for buffer in buffers:
        begin = _begin(file, _ALIGNED)
        with buffer.raw() as data:
            file.write(data)
            columns.append(_Column(begin - start, data.nbytes))
    return _Span(start, len(pickled), columns)


def _begin(file: IO[bytes], multiple: int) -> int:
    """Fill a file up to a multiple of so many bytes, and return where that is."""
    end = file.tell()
    gap = -end % multiple
    file.write(bytes(gap))
    return end + gap


def _read(file: IO[bytes], span: _Span) -> Packet:
    """Return the packet at a place, whose columns stay in the file where that can be mapped."""
    data = memoryview(_bytes(file, span))
    buffers = [data[column.start : column.start + column.size] for column in span.columns]
    lean: Lean = pickle.loads(data[: span.pickled], buffers=buffers)  # noqa: S301 - written by our own process, in a folder that only we can read
    return lean.whole()


def _bytes(file: IO[bytes], span: _Span) -> mmap.mmap | bytes:
    if _CAN_MAP:
        return mmap.mmap(file.fileno(), span.size, offset=span.start, access=mmap.ACCESS_READ)
    file.seek(span.start)
    return file.read(span.size)


def _blank(table: pa.Table) -> _Blank:
    return _Blank(table.num_rows, [(field.name, field.type) for field in table.schema])


def _lean(table: pa.Table) -> pa.Table:
    """Return a table without its empty columns."""
    rows = table.num_rows
    return table.select([name for name in table.column_names if table[name].null_count < rows])


def _filled(lean: pa.Table, blank: _Blank) -> pa.Table:
    """Return a table with its empty columns."""
    columns: dict[str, Any] = dict(zip(lean.column_names, lean.columns, strict=True))
    return pa.table(
        {name: columns.get(name, nulls(blank.rows, kind)) for name, kind in blank.types}
    )
