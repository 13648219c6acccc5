"""Merging: what was read, chunk by chunk, becomes one sequence of tables without duplicates, and an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchfmt.accounting import Account
from benchfmt.conversion.choices import Choice
from benchfmt.conversion.duplicates import Known, Standing, Standings
from benchfmt.conversion.systems import Systems
from benchfmt.converters.base import Failed, load
from benchfmt.finding import Finding
from benchfmt.running import End, Note, Packet, Rows, Tables, Units
from benchfmt.running.keys import Flags

_CLASH = "the system {!r} is described in another way by an earlier source; convert them into packages of their own"
_OTHER = "the record {!r} already exists with other content"
_ALL_OTHER = "records with these ids already exist with other content"
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class _Compared:
    """How the records of a packet stand to those before, and the systems for which some of them cannot be."""

    tables: Tables
    standings: Standings
    clashes: dict[int, str]


class Merge:
    """One pass over what was read: finds duplicates and counts."""

    def __init__(
        self,
        account: Account,
        units: Units,
        progress: Progress | None,
        addresses: Mapping[int, str],
    ) -> None:
        """Take the account to fill, the units in order, whom to tell how far it is, and where files were fetched from."""
        self.addresses = addresses
        self.account = account
        self.ledger = account.ledger
        self.units = units
        self.progress = progress
        self.known = Known()
        self.systems = Systems(account)
        self.reasons: dict[int, str] = {}
        """What units say of other files than their own."""
        self.barren: list[int] = []
        """Files whose rows were all left out, each for its reason."""
        self._tell(0)

    def choices(self, packet: Packet) -> Iterator[Choice]:
        """Yield what of a packet is new, if anything is."""
        compared = self._compare(packet)
        ended = []
        for entry in packet.entries:
            file = self.units.files[entry.unit]
            match entry.what:
                case Rows() as rows:
                    self._count(compared, rows, file)
                case End():
                    ended.append(entry.unit)
                case note:
                    self._note(note, file)
        keep = compared.standings == Standing.NEW
        if keep.any():
            yield Choice(keep, self._located(packet))
        for unit in ended:
            self._settle(self.units.files[unit])
            self._tell(unit + 1)

    def _located(self, packet: Packet) -> list[str | None] | None:
        """Return where the file of each record was fetched from; None if none was."""
        if not self.addresses:
            return None
        addresses: list[str | None] = [None] * len(packet.tables)
        for entry in packet.entries:
            address = self.addresses.get(self.units.files[entry.unit])
            if isinstance(entry.what, Rows):
                for record in entry.what.places:
                    addresses[record] = address
        return addresses

    def _tell(self, done: int) -> None:
        if self.progress and done < len(self.units):
            name = self.ledger.shown(self.units.files[done]).rpartition("/")[2]
            self.progress(done, len(self.units), name)

    def _compare(self, packet: Packet) -> _Compared:
        """Compare the records of a packet with those before it."""
        tables = packet.tables
        clashes: dict[int, str] = {}
        for entry in packet.entries:
            if isinstance(entry.what, Rows):
                file = self.units.files[entry.unit]
                clashes.update(self._clashes(tables, entry.what, file))
        is_sound = np.ones(len(tables), bool)
        is_sound[list(clashes)] = False
        standings = np.full(len(tables), Standing.CLASH, np.int8)
        standings[is_sound] = self.known.add(tables.ids[is_sound], tables.contents[is_sound])
        return _Compared(tables, standings, clashes)

    def _clashes(self, tables: Tables, rows: Rows, file: int) -> Iterator[tuple[int, str]]:
        """Yield the records whose system was described in another way before, each with the system's id."""
        if rows.is_table:
            clash = self._clash(tables, range(len(tables.forms)), file)
            if clash is not None:
                yield from ((record, clash) for record in rows.places)
            return
        for record in rows.places:
            system = int(tables.systems[record])
            clash = None if system < 0 else self._clash(tables, [system], file)
            if clash is not None:
                yield record, clash

    def _clash(self, tables: Tables, systems: Iterable[int], file: int) -> str | None:
        """Return the id of the first of some systems that was described in another way before, or None."""
        for system in systems:
            if not self.systems.agrees(tables, system, file):
                return tables.system_ids[system]
        return None

    def _count(self, compared: _Compared, rows: Rows, file: int) -> None:
        """Count some records of a unit, and the rows that they came from."""
        counts = self.ledger.counts(file)
        counts.rows += rows.read
        counts.skipped += len(rows.skipped)
        counts.failed += len({row for row, _ in rows.failed})
        for what, details in (("skipped", rows.skipped), ("failed", rows.failed)):
            for row, reason in details:
                self.ledger.detail(file, row, what, reason)
        self.account.findings += rows.findings
        standings = compared.standings[rows.first : rows.first + rows.records]
        is_new = standings == Standing.NEW
        sizes = compared.tables.sizes[rows.first : rows.first + rows.records]
        counts.records += _count(is_new)
        counts.measurements += int(sizes[is_new].sum())
        if is_new.all():
            counts.converted += rows.converted
            return
        outcome = _outcome(standings, rows.converted)
        counts.duplicates += outcome.duplicates
        counts.skipped += outcome.skipped
        counts.failed += outcome.failed
        counts.converted += rows.converted - outcome.skipped - outcome.failed
        for reason in _reasons(compared, rows):
            self.ledger.detail(file, None, "failed", reason)

    def _note(self, item: Note, file: int) -> None:
        if isinstance(item, Finding):
            self.account.findings.append(item)
            return
        named = self.ledger.find(str(item.path))
        told = file if named is None else named
        words = item.error if isinstance(item, Failed) else item.reason
        role: Literal["failed", "skipped"] = "failed" if isinstance(item, Failed) else "skipped"
        if item.row is None and not (
            told in self.units.shared and self.ledger.counts(told).records
        ):
            self.ledger.set_role(told, role, words)
            self.reasons[file] = words
            return
        counts = self.ledger.counts(told)
        counts.rows += 1
        setattr(counts, role, getattr(counts, role) + 1)
        self.ledger.detail(told, item.row, role, words)

    def _settle(self, file: int) -> None:
        """Give a file that was to be primary, and gave no record, its true role."""
        counts = self.ledger.counts(file)
        if file in self.units.shared and counts.records and self.ledger.role(file) == "failed":
            self._tell_of_part(file)
        if self.ledger.role(file) != "primary" or counts.records:
            return
        if counts.failed:
            self.ledger.set_role(file, "failed", "none of its rows could be read")
        elif counts.duplicates:
            self.ledger.set_role(file, "skipped", "its results stand in another file")
            counts.skipped, counts.converted = counts.skipped + counts.converted, 0
        elif file in self.reasons:
            self.ledger.set_role(file, "skipped", self.reasons[file])
        elif counts.rows:
            self.ledger.set_role(file, "skipped", "none of its rows holds a result")
            self.barren.append(file)
        else:
            self._fail(file, "it holds no result")

    def _tell_of_part(self, file: int) -> None:
        """Keep what one converter could not read of a log, of which another one read its own."""
        counts = self.ledger.counts(file)
        counts.rows += 1
        counts.failed += 1
        self.ledger.detail(
            file, None, "failed", self.reasons.get(file) or "part of it could not be read"
        )
        self.ledger.set_role(file, "primary", None)

    def tell_barren(self) -> None:
        """Say that files failed of which every row was left out: it is told where no record came of anything."""
        for file in self.barren:
            self._fail(file, "none of its rows holds a result")

    def _fail(self, file: int, words: str) -> None:
        family = str(self.ledger.converter(file))
        expected = (load(family).__doc__ or family).strip().partition("\n")[0].rstrip(".")
        self.ledger.set_role(
            file, "failed", f"{words}; it was read as {family}, which expects: {expected}"
        )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of the rows of records that are not all new."""

    duplicates: int
    skipped: int
    failed: int


def _outcome(standings: Standings, rows: int) -> _Outcome:
    """Count rows by how their records stand: a duplicate's is skipped, any other's that is not new has failed.

    A row may hold several records, and a record may stand in several rows.
    """
    same = _count(standings == Standing.SAME)
    new = _count(standings == Standing.NEW)
    failing = len(standings) - same - new
    if same == len(standings):
        return _Outcome(same, rows, 0)
    skipped = min(rows, same)
    failed = min(rows - skipped, failing) if new else rows - skipped
    return _Outcome(same, skipped, failed)


def _count(flags: Flags) -> int:
    return int(np.count_nonzero(flags))


def _reasons(compared: _Compared, rows: Rows) -> Iterator[str]:
    """Yield why records failed, those of a table that failed as a whole in one sentence."""
    standings = compared.standings[rows.first : rows.first + rows.records]
    if rows.is_table and (standings == Standing.OTHER).all():
        yield _ALL_OTHER
        return
    if rows.is_table and rows.first in compared.clashes:
        yield _CLASH.format(compared.clashes[rows.first])
        return
    for record in rows.places:
        if record in compared.clashes:
            yield _CLASH.format(compared.clashes[record])
        elif compared.standings[record] == Standing.OTHER:
            yield _OTHER.format(compared.tables.batch.records["id"][record].as_py())
