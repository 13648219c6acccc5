"""Running converters over units, in this process or in several: from sources to tables, packet by packet.

All that can be done for a chunk of units alone is done where it is read: reading, ordering, ids, digests, tables. What
is left to the process that asked is to tell doubles, to count and to write. Chunks and their packets do not depend on
how many processes there are, so neither does a package.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import tempfile
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchfmt.converters.base import Converter, Failed, Item, Part, Skipped, Unit, load
from benchfmt.described import size
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.identity import canonical, identified
from benchfmt.possible import Withholder
from benchfmt.record import Record
from benchfmt.tables import Batch, Builder, from_rows, system_from_row
from benchfmt.vocabulary import Metric, read_metric, vocabulary

RECORDS_PER_BATCH = 2_000
MEASUREMENTS_PER_BATCH = 20_000
_CHUNKS = ((32, 1), (256, 8), (2_048, 32))
"""How many units make a chunk, up to a number of units: a few may be large tables, thousands are small folders."""
_CHUNK = 128

Loader = Callable[[str], Converter]
Note = Skipped | Failed | Finding
Event = tuple[int, int | Note | None]
"""What happened in a unit: a record (by its number in the packet), a note, or the unit's end (None)."""


@dataclass(slots=True)
class Packet:
    """Tables made from units, and what is needed to leave out records that are doubles.

    Either `events` tells what happened in which order, or the tables come from the one `part` of the unit `unit`.
    """

    batch: Batch | None = None
    ids: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    systems: list[int] = field(default_factory=list)
    forms: list[tuple[str, bytes]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    unit: int = -1
    part: Part | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some units that follow one another, packed small; those that cannot be pickled stay as they are."""

    first: int
    packed: bytes
    live: dict[int, tuple[str, Unit]]
    alike: bytes = b""
    mixed: bool = False

    def units(self) -> Iterator[tuple[int, str, Unit | Failed]]:
        """Yield each unit with its number and its converter."""
        for offset, item in enumerate(pickle.loads(zlib.decompress(self.packed))):  # noqa: S301 - our own bytes
            number = self.first + offset
            if number in self.live:
                yield number, *self.live[number]
                continue
            name, path, data = item
            try:
                yield number, name, pickle.loads(data)  # noqa: S301 - made by this program a moment before
            except Exception as error:  # noqa: BLE001 - whatever a converter's own class raises
                yield number, name, Failed(Path(path), stopped(name, error))

    def sendable(self) -> Chunk:
        """Return the chunk as another process can take it."""
        if not self.live:
            return self
        items = pickle.loads(zlib.decompress(self.packed))  # noqa: S301 - our own bytes
        for number, (name, unit) in self.live.items():
            try:
                items[number - self.first] = _pickled(name, unit)
            except Exception as error:  # noqa: BLE001 - whatever a class raises that cannot be pickled
                failed = Failed(unit.path, stopped(name, error))
                items[number - self.first] = (name, str(unit.path), pickle.dumps(failed, 5))
        return replace(self, packed=_packed(items), live={})


class Units:
    """The units of a conversion in order, packed: a unit with the paths of ten files takes kilobytes."""

    def __init__(self) -> None:
        """Begin with none."""
        self.converters: set[str] = set()
        self.files = array("q")
        self.shared: set[int] = set()
        """Files that are read by several converters, each for the results of its program."""
        self._chunks: list[Chunk] = []
        self._open: list[tuple[str, Unit]] = []
        self._alike = bytearray()
        self._seen: dict[tuple[str, int], int] = {}

    def __len__(self) -> int:
        """Return how many units there are."""
        return len(self.files)

    def add(self, converter: str, unit: Unit, file: int) -> None:
        """Add a unit and the number of its primary file in the ledger."""
        self.converters.add(converter)
        self._look(unit.path)
        self.files.append(file)
        self._open.append((converter, unit))
        first = len(self) - len(self._open)
        if len(self._open) >= next((size for most, size in _CHUNKS if first < most), _CHUNK):
            self._close()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the units in chunks."""
        if self._open:
            self._close()
        # Records that are there already in our own form and their tables can meet only where both are converted.
        mixed = len({name == "records" for name in self.converters}) > 1
        ends = [*(chunk.first for chunk in self._chunks[1:]), len(self)]
        for chunk, end in zip(self._chunks, ends, strict=bool(self._chunks)):
            yield replace(chunk, alike=bytes(self._alike[chunk.first : end]), mixed=mixed)

    def _look(self, path: Path) -> None:
        """Remember the units whose files could be copies: equal in name and size."""
        try:
            key = (path.name, path.stat().st_size if path.is_file() else -1)
        except OSError:
            key = (path.name, -1)
        before = self._seen.setdefault(key, len(self._alike))
        self._alike.append(before != len(self._alike))
        self._alike[before] |= before != len(self._alike) - 1

    def _close(self) -> None:
        first = len(self) - len(self._open)
        live: dict[int, tuple[str, Unit]] = {}
        items: list[tuple[str, str, bytes] | None] = []
        for number, (name, unit) in enumerate(self._open, start=first):
            try:
                # A few units are kept as they are: they need no room.
                items.append(_pickled(name, unit) if len(self._open) > 1 else None)
            except Exception:  # noqa: BLE001 - whatever a class raises that cannot be pickled
                items.append(None)
            if items[-1] is None:
                live[number] = (name, unit)
        self._chunks.append(Chunk(first, _packed(items), live))
        self._open = []


def packets(units: Units, processes: int, loader: Loader) -> Iterator[Packet]:
    """Yield what the units hold, in order, read by one process or several."""
    if processes <= 1 or len(units) <= 1:
        for chunk in units.chunks():
            yield from read(chunk, loader)
        return
    # Fresh processes: forked ones would inherit the locks of running threads.
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="benchfmt-") as folder,
        ProcessPoolExecutor(processes, mp_context=context) as pool,
    ):
        waiting: deque[Future[str]] = deque()
        try:
            for chunk in units.chunks():
                with _deaf_children():
                    waiting.append(
                        pool.submit(_spool, chunk.sendable(), str(Path(folder) / str(chunk.first)))
                    )
                if len(waiting) >= 4 * processes:
                    yield from _spooled(_result(waiting.popleft()))
            while waiting:
                yield from _spooled(_result(waiting.popleft()))
        except BaseException:
            # Nobody waits for what is being read: a stop is a stop.
            for process in list((pool._processes or {}).values()):
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def read(chunk: Chunk, loader: Loader) -> Iterator[Packet]:
    """Yield what the units of a chunk hold."""
    gather = _Gather()
    for number, name, unit in chunk.units():
        alike = bool(chunk.alike[number - chunk.first])
        for item in [unit] if isinstance(unit, Failed) else _items(name, unit, loader):
            if isinstance(item, Record):
                gather.add(number, item)
                if gather.full:
                    yield gather.packet()
            elif isinstance(item, Part):
                yield from gather.rest()
                yield _of_part(number, item, alike=alike, mixed=chunk.mixed)
            else:
                gather.events.append((number, item))
        gather.events.append((number, None))
    yield from gather.rest()


def stopped(name: str, error: Exception) -> str:
    """Return the words for a converter's own fault."""
    return f"the converter {name} stopped: {type(error).__name__}: {error}"


def batch_records(batch: Batch) -> Iterator[Record]:
    """Yield the records that a batch of tables holds."""
    # A system of a submission may stand in a batch twice: as a table says it, and as its file does.
    described: dict[str, list[dict[str, Any]]] = {}
    for row in batch.systems.to_pylist():
        described.setdefault(row["id"], []).append(row)
    systems = {
        name: max(rows, key=lambda row: size(system_from_row(row)))
        for name, rows in described.items()
    }
    measurements: dict[str, list[dict[str, Any]]] = {}
    for row in batch.measurements.to_pylist():
        measurements.setdefault(row["record_id"], []).append(row)
    for row in batch.records.to_pylist():
        yield Record.from_dict(
            from_rows(row, systems.get(row["system_id"] or ""), measurements.get(row["id"], ()))
        )


class _Gather:
    """Gathers the records of units that follow one another into a packet."""

    def __init__(self) -> None:
        self.builder = Builder()
        self.ids: list[str] = []
        self.contents: list[bytes] = []
        self.events: list[Event] = []

    @property
    def full(self) -> bool:
        return len(self.ids) >= RECORDS_PER_BATCH or self.builder.rows >= MEASUREMENTS_PER_BATCH

    def add(self, unit: int, record: Record) -> None:
        self.builder.add(record)
        self.contents.append(self.builder.content())
        self.events.append((unit, len(self.ids)))
        self.ids.append(str(record.id))

    def packet(self) -> Packet:
        """Return what is gathered, and begin anew."""
        done, batch = self.builder, self.builder.batch() if self.ids else None
        ids = map(str, batch.systems["id"].to_pylist()) if batch else []
        forms = [(name, _digest(form)) for name, form in zip(ids, done.forms, strict=True)]
        packet = Packet(
            batch, self.ids, self.contents, done.sizes, done.systems, forms, self.events
        )
        self.__init__()  # type: ignore[misc]
        return packet

    def rest(self) -> Iterator[Packet]:
        if self.events:
            yield self.packet()


def _of_part(unit: int, part: Part, *, alike: bool, mixed: bool) -> Packet:
    """Return a part of a unit's tables, its records taken apart where they could be doubles of others in another form."""
    told = replace(part, batch=_NO_BATCH)
    if mixed:
        gather = _Gather()
        for record in batch_records(part.batch):
            gather.add(unit, record)
        packet = gather.packet()
        packet.batch = packet.batch or part.batch
    else:
        packet = Packet(
            part.batch,
            content=_table_digest(part.batch) if alike and len(part.batch.records) else None,
        )
    packet.forms = [
        (row["id"], _digest(canonical(system_from_row(row))))
        for row in part.batch.systems.to_pylist()
    ]
    packet.unit, packet.part = unit, told
    return packet


_NO_BATCH = Batch(*(pa.table({}) for _ in range(3)))


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _table_digest(batch: Batch) -> bytes:
    content = sha256()
    for table in (batch.records, batch.measurements):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.unify_dictionaries())
        content.update(sink.getvalue())
    return content.digest()


def _items(name: str, unit: Unit, loader: Loader) -> Iterator[Item]:
    """Yield what a unit holds, records with their ids; an error of the source, or of its converter, is one Failed.

    What no metric can be is taken out here, whoever read it.
    """
    withholder = Withholder(unit.path.name)
    try:
        converter = loader(name)
        withholder.metrics = _metrics(converter, unit)
        for item in converter.read(unit):
            if isinstance(item, Record):
                yield identified(withholder.record(item.ordered()))
            elif isinstance(item, Part):
                yield replace(item, batch=withholder.batch(item.batch))
            else:
                yield item
    except (BenchfmtError, OSError) as error:
        yield Failed(unit.path, str(error))
    except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
        yield Failed(unit.path, stopped(name, error))
    yield from withholder.more()


def prefixes_of(converter: Converter, unit: Unit) -> dict[str, Any]:
    """Return the prefixes that a converter declares, for all units (`PREFIXES`) and for this one (`prefixes`)."""
    return {
        **getattr(converter, "PREFIXES", {}),
        **getattr(converter, "prefixes", lambda _: {})(unit),
    }


def _metrics(converter: Converter, unit: Unit) -> Mapping[str, Metric]:
    """Return the metrics by which a unit's numbers are judged: the vocabulary's, and those that a prefix declares."""
    declared = {
        f"{prefix}:{name}": read_metric(f"{prefix}:{name}", metric)
        for prefix, said in prefixes_of(converter, unit).items()
        for name, metric in said.get("metrics", {}).items()
    }
    return {**vocabulary().metrics, **declared}


def _pickled(name: str, unit: Unit) -> tuple[str, str, bytes]:
    return name, str(unit.path), pickle.dumps(unit, 5)


def _packed(items: Iterable[Any]) -> bytes:
    return zlib.compress(pickle.dumps(list(items), 5), 1)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Keep Ctrl-C from processes started here (they inherit the mask): this one hears it, and stops them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _result(future: Future[str]) -> str:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise BenchfmtError(
            "a process that read a source was killed (out of memory?); try --jobs 1"
        ) from error


def _spool(chunk: Chunk, path: str) -> str:
    """Read a chunk into a file of our own, so that a large unit is never whole in memory."""
    with Path(path).open("wb") as file:
        for packet in read(chunk, load):
            pickle.dump(packet, file, protocol=5)
    return path


def _spooled(path: str) -> Iterator[Packet]:
    place = Path(path)
    with place.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301 - written by our own process, in a folder that only we can read
    place.unlink()
