"""Reading a chunk of units: what they hold as tables, and for each unit what is to be added to the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from benchfmt.converters.base import Converter, Failed, Item, Part, Skipped, Unit, load
from benchfmt.described import size
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.identity import identified
from benchfmt.oserrors import NO_ROOM, in_words
from benchfmt.possible import Withholder
from benchfmt.record import Record
from benchfmt.running.keys import Tables, of_batch, of_builder
from benchfmt.running.units import Chunk, stopped
from benchfmt.tables import Batch, Builder, Row, from_rows, system_from_row
from benchfmt.vocabulary import Metric, read_metric, vocabulary

RECORDS_PER_BATCH = 2_000
MEASUREMENTS_PER_BATCH = 20_000

_TOO_MANY_RESULTS = (
    "it holds more than {:,} results, and what follows is not read; "
    "divide it into several files, or allow more (--limit file_results=N)"
)

Note = Skipped | Failed | Finding
_State = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Some records of a unit that follow one another in the batch, and the rows of the source that they came from."""

    first: int
    records: int
    read: int
    converted: int
    skipped: tuple[tuple[int, str], ...] = ()
    failed: tuple[tuple[int, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    is_table: bool = False
    """Whether they are a table with the systems of its batch, which stands or falls as one."""

    @property
    def places(self) -> range:
        """The rows of the records in the batch."""
        return range(self.first, self.first + self.records)


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more comes of the unit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be added to the account of a unit, by its number."""

    unit: int
    what: Rows | Note | End


@dataclass(frozen=True, slots=True)
class Packet:
    """Tables made from units with what tells their records apart, and what to add to the account, in order."""

    entries: tuple[Entry, ...]
    tables: Tables
    place: Place | None = None
    """Where any process that sees the files of this one finds it again, if it lies in one."""


class Place(Protocol):
    """Where a packet lies."""

    def packet(self) -> Packet:
        """Return the packet."""


def read(chunk: Chunk) -> Iterator[Packet]:
    """Yield what the units of a chunk hold; raises MemoryError for one that this process has no room for."""
    return _read(chunk, _items)


def read_here(chunk: Chunk) -> Iterator[Packet]:
    """Yield what the units of a chunk hold where no other process can read them: one without room has failed."""
    return _read(chunk, _items_or_no_room)


def _read(chunk: Chunk, items: Callable[[str, Unit | Failed], Iterator[Item]]) -> Iterator[Packet]:
    gathered = _Gathered()
    for number, name, unit in chunk.units():
        for item in items(name, unit):
            if isinstance(item, Record):
                gathered.add(number, item)
            elif isinstance(item, Part):
                if gathered.entries:
                    yield gathered.packet()
                    gathered = _Gathered()
                yield _of_part(number, item)
            else:
                gathered.entries.append(Entry(number, item))
            if gathered.is_full:
                yield gathered.packet()
                gathered = _Gathered()
        gathered.entries.append(Entry(number, End()))
    if gathered.entries:
        yield gathered.packet()


def lost(chunk: Chunk, reason: str) -> Packet:
    """Return what is told of units that nobody could read."""
    gathered = _Gathered()
    for number, planned in enumerate(chunk.planned, start=chunk.first):
        gathered.entries.append(Entry(number, Failed(Path(planned.path), reason)))
        gathered.entries.append(Entry(number, End()))
    return gathered.packet()


def batch_records(batch: Batch) -> Iterator[Record]:
    """Yield the records that a batch of tables holds."""
    # A system of a submission may stand in a batch twice: as a table says it, and as its file does.
    described: dict[str, list[Row]] = {}
    for row in batch.systems.to_pylist():
        described.setdefault(row["id"], []).append(row)
    systems = {
        name: max(rows, key=lambda row: size(system_from_row(row)))
        for name, rows in described.items()
    }
    measurements: dict[str, list[Row]] = {}
    for row in batch.measurements.to_pylist():
        measurements.setdefault(row["record_id"], []).append(row)
    for row in batch.records.to_pylist():
        system = systems.get(row["system_id"] or "")
        yield Record.from_dict(from_rows(row, system, measurements.get(row["id"], ())))


@dataclass
class _Gathered:
    """The records of units that follow one another, each from a row of its own, until there are enough for a packet."""

    builder: Builder = field(default_factory=Builder)
    entries: list[Entry] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return len(self.builder) >= RECORDS_PER_BATCH or self.builder.rows >= MEASUREMENTS_PER_BATCH

    def add(self, unit: int, record: Record) -> None:
        first = len(self.builder)
        self.builder.add(record)
        last = self.entries[-1] if self.entries else None
        if last and last.unit == unit and isinstance(last.what, Rows):
            count = last.what.records + 1
            self.entries[-1] = Entry(unit, Rows(last.what.first, count, count, count))
        else:
            self.entries.append(Entry(unit, Rows(first, 1, 1, 1)))

    def packet(self) -> Packet:
        return Packet(tuple(self.entries), of_builder(self.builder))


def _of_part(unit: int, part: Part) -> Packet:
    """Return a part of a unit's tables."""
    rows = Rows(
        first=0,
        records=part.batch.records.num_rows,
        read=part.rows,
        converted=part.converted,
        skipped=part.skipped,
        failed=part.failed,
        findings=part.findings,
        is_table=True,
    )
    return Packet((Entry(unit, rows),), of_batch(part.batch))


def _items(name: str, unit: Unit | Failed) -> Iterator[Item]:
    """Yield what a unit holds, records with their ids; an error of the source, or of its converter, is one Failed.

    What no metric can be is taken out here, whoever read it.
    """
    if isinstance(unit, Failed):
        yield unit
        return
    withholder = Withholder(unit.path.name, most=unit.limits.findings_per_code)
    listed = _Listed(unit)
    before = _states(unit)
    try:
        converter = load(name)
        withholder.metrics = _metrics(converter, unit)
        for item in _few_enough(converter, unit):
            limit = unit.limits.record_measurements
            if _has_record_beyond(limit, item):
                yield Failed(unit.path, _too_many(limit))
            elif isinstance(item, Record):
                yield identified(withholder.record(item.ordered()))
            elif isinstance(item, Part):
                yield replace(item, batch=withholder.batch(item.batch))
            elif not isinstance(item, Finding) or listed.has_room(item):
                yield item
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
    except OSError as error:
        yield Failed(unit.path, in_words(error, unit.path))
    except MemoryError:
        # Another process may have room for it.
        raise
    except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
        yield Failed(unit.path, stopped(name, error))
    yield from listed.rest()
    yield from withholder.more()
    yield from _changes(before)


def _items_or_no_room(name: str, unit: Unit | Failed) -> Iterator[Item]:
    try:
        yield from _items(name, unit)
    except MemoryError:
        yield Failed(unit.path, NO_ROOM)


def _few_enough(converter: Converter, unit: Unit) -> Iterator[Item]:
    """Yield what a unit holds, up to so many results as are read one by one; the failure says that there are more."""
    most = unit.limits.file_results
    if getattr(converter, "HAS_MANY_RESULTS", False):
        yield from converter.read(unit)
        return
    count = 0
    for item in converter.read(unit):
        count += isinstance(item, Record | Skipped | Failed)
        if count > most:
            yield Failed(unit.path, _TOO_MANY_RESULTS.format(most))
            return
        yield item


class _Listed:
    """How many findings of each code a unit has: so many are listed, the others are counted."""

    def __init__(self, unit: Unit) -> None:
        self._name = unit.path.name
        self._most = unit.limits.findings_per_code
        self._counts: Counter[str] = Counter()

    def has_room(self, finding: Finding) -> bool:
        """Count a finding, and say whether it is listed."""
        self._counts[finding.code] += 1
        return self._counts[finding.code] <= self._most

    def rest(self) -> Iterator[Finding]:
        """Yield how many findings of a code are not listed."""
        for code, count in sorted(self._counts.items()):
            if count > self._most:
                message = f"{count - self._most:,} more findings of this code are not listed"
                yield Finding(code, Severity.WARNING, self._name, None, None, None, message)


def _has_record_beyond(limit: int, item: Item) -> bool:
    """Whether a record, or one of a table, has more measurements than a package may hold of it."""
    if isinstance(item, Record):
        return len(item.measurements or ()) > limit
    if not isinstance(item, Part) or item.batch.measurements.num_rows <= limit:
        return False
    owners = pl.Series(pl.from_arrow(item.batch.measurements["record_id"]))
    return bool((owners.value_counts()["count"] > limit).any())


def _too_many(limit: int) -> str:
    return (
        f"a record has more than {limit:,} measurements, which no package may have: "
        "divide what was measured among several records, or keep its observations as samples"
    )


def _changes(before: dict[Path, _State]) -> Iterator[Failed]:
    """Yield the files that are not as they were: records may hold what was, and their hash be that of what came after."""
    for path, state in before.items():
        if _state(path) != state:
            yield Failed(path, "it changed while it was read; convert it again once it is finished")


def _states(unit: Unit) -> dict[Path, _State]:
    return {path: _state(path) for path in (unit.path, *unit.supporting)}


def _state(path: Path) -> _State:
    """Return what tells that a file is as it was: which file it is, its size and when it was written; None for none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def prefixes_of(converter: Converter, unit: Unit) -> Mapping[str, Mapping[str, Any]]:
    """Return the prefixes that a converter declares for one unit (`prefixes`), beside those for all (`PREFIXES`)."""
    declare = getattr(converter, "prefixes", None)
    declared: Mapping[str, Mapping[str, Any]] = {} if declare is None else declare(unit)
    return declared


def _metrics(converter: Converter, unit: Unit) -> Mapping[str, Metric]:
    """Return the metrics by which a unit's numbers are judged: the vocabulary's, and those that a prefix declares."""
    metrics = dict(vocabulary().metrics)
    prefixes = {**getattr(converter, "PREFIXES", {}), **prefixes_of(converter, unit)}
    for prefix, declared in prefixes.items():
        for name, metric in declared.get("metrics", {}).items():
            metrics[f"{prefix}:{name}"] = read_metric(f"{prefix}:{name}", metric)
    return metrics
