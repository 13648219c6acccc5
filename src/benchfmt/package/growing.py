"""The files of records and measurements while they grow: of whole tables, or of parts, which any process can write."""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from benchfmt.arrays import TEXT_CODES
from benchfmt.package.errors import PackageError
from benchfmt.readers.files import file_sha256
from benchfmt.sinks import Format, Sink, new_sink
from benchfmt.tables import Batch, Texts

Numbers = npt.NDArray[np.int64]
_GROWING = ("records", "measurements")
_APART = ".part-"
"""How a folder begins in which another process writes the files of a part."""
_ENDING = 2
"""So many parts are closed here at the same time: each may have some groups that wait to be written."""


class TableFile(NamedTuple):
    """A file of a table that is whole."""

    table: str
    path: Path
    size: int
    sha256: str


class Stored(Protocol):
    """A batch that lies where any process that is given this can take it up."""

    def batch(self) -> Batch:
        """Return the batch."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A batch that lies nowhere, and is given along."""

    held: Batch

    def batch(self) -> Batch:
        return self.held


class _Rows(NamedTuple):
    """Rows of a table that follow one another."""

    first: int
    size: int


class _Share(NamedTuple):
    """Records of a batch that follow one another, with their measurements."""

    records: _Rows
    measurements: _Rows

    def of(self, batch: Batch) -> Batch:
        """Return these rows of a batch."""
        return Batch(
            batch.systems,
            batch.records.slice(*self.records),
            batch.measurements.slice(*self.measurements),
        )


@dataclass(frozen=True, slots=True)
class PartWork:
    """A part that is to be written: its number, and which rows of which batches it holds."""

    folder: str
    form: Format
    number: int
    shares: tuple[tuple[Stored, _Share], ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Other processes that see the files of this one and write parts, so many at the same time."""

    write: Callable[[PartWork], list[TableFile]]
    """What `write_part` does, in another process."""
    at_once: int


def write_part(work: PartWork) -> list[TableFile]:
    """Write the files of a part into a folder of their own within the package's, and return them."""
    growing = _PartHere(
        Path(tempfile.mkdtemp(prefix=_APART, dir=work.folder)), work.form, work.number
    )
    try:
        for stored, share in work.shares:
            growing.add(share.of(stored.batch()))
        return growing.close()
    except BaseException:
        growing.abandon()
        raise


class _Part(Protocol):
    """A part that grows."""

    def take(self, batch: Batch, stored: Stored | None, share: _Share) -> None:
        """Add some rows of a batch."""

    def close(self) -> list[TableFile]:
        """Return the files, which are whole now."""

    def abandon(self) -> None:
        """Leave it as it is."""


class _PartHere:
    """Records and their measurements, in two files that grow as they come."""

    def __init__(self, folder: Path, form: Format, number: int | None) -> None:
        self._sinks: dict[str, Sink] = {}
        for table in _GROWING:
            self._sinks[table] = new_sink(folder, table, form, number)

    def take(self, batch: Batch, _: Stored | None, share: _Share) -> None:
        self.add(share.of(batch))

    def add(self, batch: Batch) -> None:
        self._sinks["records"].write(batch.records)
        self._sinks["measurements"].write(batch.measurements)

    def close(self) -> list[TableFile]:
        return [closed(table, sink) for table, sink in self._sinks.items()]

    def abandon(self) -> None:
        for sink in self._sinks.values():
            sink.abandon()


class _PartElsewhere:
    """What is to be in a part, which another process writes once it is known."""

    def __init__(self, folder: Path, form: Format, number: int, elsewhere: Elsewhere) -> None:
        self._folder = folder
        self._form = form
        self._number = number
        self._elsewhere = elsewhere
        self._shares: list[tuple[Stored, _Share]] = []

    def take(self, batch: Batch, stored: Stored | None, share: _Share) -> None:
        self._shares.append((stored or _Held(batch), share))

    def close(self) -> list[TableFile]:
        shares, self._shares = tuple(self._shares), []
        work = PartWork(str(self._folder), self._form, self._number, shares)
        return [_moved(file, self._folder) for file in self._elsewhere.write(work)]

    def abandon(self) -> None:
        self._shares = []


class GrowingTables:
    """The records and measurements of a package: one file of each, or parts of at most so many measurements.

    Parts end where a record does; a record of more measurements is a part of its own.
    """

    def __init__(
        self,
        folder: Path,
        form: Format,
        part_rows: int | None,
        is_whole: Callable[[TableFile], None],
    ) -> None:
        """Take the folder of the package, and whom to tell of each file that is whole."""
        self.elsewhere: Elsewhere | None = None
        """Who writes the parts; None for this process."""
        self._folder = folder
        self._form = form
        self._part_rows = part_rows
        self._is_whole = is_whole
        self._parts = 0
        self._part: _Part | None = None
        """The part that grows."""
        self._in_part = 0
        """Measurements in that."""
        self._threads: ThreadPoolExecutor | None = None
        self._ending: deque[Future[list[TableFile]]] = deque()
        """Parts that are being closed, in threads of their own, while the next one grows."""
        self._closing: list[_Part] = []
        """Those that are not closed yet, though nothing more comes for them."""
        self._files: list[TableFile] = []

    def write(self, batch: Batch, sizes: Numbers | None, stored: Stored | None) -> None:
        """Add a batch of whole records; `sizes` are how many measurements each has, if that is known."""
        for share in self._shares(batch, sizes):
            if self._part is None:
                self._part = self._new_part()
            self._part.take(batch, stored, share)
            self._in_part += share.measurements.size

    def _shares(self, batch: Batch, sizes: Numbers | None) -> Iterator[_Share]:
        """Yield the rows of a batch that belong into the part that grows, and end that where it is full."""
        if self._part_rows is None:
            yield _Share(_Rows(0, batch.records.num_rows), _Rows(0, batch.measurements.num_rows))
            return
        ends = ends_of_records(batch) if sizes is None else np.cumsum(sizes)
        first = row = 0
        while first < len(ends):
            room = row + self._part_rows - self._in_part
            last = int(np.searchsorted(ends, room, side="right"))
            if last == first and not self._in_part:
                last += 1  # a record of more measurements than a part has is one by itself
            if last > first:
                end = int(ends[last - 1])
                yield _Share(_Rows(first, last - first), _Rows(row, end - row))
                first, row = last, end
            if first < len(ends):
                self._end_part()

    def _new_part(self) -> _Part:
        number = self._parts
        self._parts += 1
        if self._part_rows is None:
            return _PartHere(self._folder, self._form, None)
        if self.elsewhere is None:
            return _PartHere(self._folder, self._form, number)
        return _PartElsewhere(self._folder, self._form, number, self.elsewhere)

    def _end_part(self) -> None:
        """Have the part that grows closed, if there is one; a few may be at the same time."""
        part, self._part, self._in_part = self._part, None, 0
        if part is None:
            return
        most = _ENDING if self.elsewhere is None else self.elsewhere.at_once
        if self._threads is None:
            self._threads = ThreadPoolExecutor(most, thread_name_prefix="close")
        self._closing.append(part)
        self._ending.append(self._threads.submit(self._close, part))
        self._await(most)

    def _close(self, part: _Part) -> list[TableFile]:
        files = part.close()
        self._closing.remove(part)
        for file in files:
            self._is_whole(file)
        return files

    def _await(self, most: int) -> None:
        """Wait until so many parts are left to close; raises what closing one raised."""
        while len(self._ending) > most:
            self._files += self._ending.popleft().result()

    def finish(self) -> list[TableFile]:
        """Return all files, the parts of a table in their order; they are whole then."""
        self._end_part()
        self._await(0)
        for left in self._folder.glob(f"{_APART}*"):
            # A process that was killed has left it.
            shutil.rmtree(left, ignore_errors=True)
        return self._files

    def abandon(self) -> None:
        """Close all files, whatever is written of them."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for part in self._closing:
            part.abandon()
        if self._part is not None:
            self._part.abandon()


def closed(table: str, sink: Sink) -> TableFile:
    """Close a file of a table, and return it."""
    path = sink.close()
    return TableFile(table, path, path.stat().st_size, file_sha256(path))


def _moved(file: TableFile, folder: Path) -> TableFile:
    """Move a file that another process has written to its place in the package's folder."""
    place = folder / file.table / file.path.name
    place.parent.mkdir(exist_ok=True)
    file.path.replace(place)
    return file._replace(path=place)


def ends_of_records(batch: Batch) -> Numbers:
    """Return, for each record of a batch, how many of its measurements stand before the end of the record's own."""
    rows = _coded_owners(batch)
    if rows is not None:
        return np.cumsum(np.bincount(rows, minlength=batch.records.num_rows))
    records = pl.DataFrame({"id": _texts(batch.records["id"])})
    owners = pl.DataFrame({"id": _texts(batch.measurements["record_id"])})
    counts = owners.group_by("id").len("count")
    joined = records.join(counts, on="id", how="left", maintain_order="left")
    ends = joined["count"].fill_null(0).cast(pl.Int64).cum_sum().to_numpy()
    if int(ends[-1] if len(ends) else 0) != owners.height:
        raise PackageError(
            "parts are of whole records: a batch has measurements of records that it does not hold"
        )
    return ends


def _coded_owners(batch: Batch) -> npt.NDArray[np.int32] | None:
    """Return the row of the record of each measurement where they are coded as the records stand, else None."""
    owners = batch.measurements["record_id"]
    ids = batch.records["id"]
    if owners.type != TEXT_CODES or owners.num_chunks != 1 or ids.num_chunks != 1:
        return None
    chunk: Any = owners.chunk(0)
    if owners.null_count or not chunk.dictionary.equals(ids.chunk(0)):
        return None
    rows: npt.NDArray[np.int32] = chunk.indices.to_numpy()
    return rows


def _texts(cells: Texts) -> pl.Series:
    return pl.Series(pl.from_arrow(cells)).cast(pl.String)
