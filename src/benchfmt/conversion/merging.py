"""Merging: what was read, chunk by chunk, becomes one sequence of tables without duplicates, and an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from benchfmt.accounting import Account
from benchfmt.converters.base import Failed, Part, load
from benchfmt.described import contradictions, fullest
from benchfmt.finding import Finding, Severity
from benchfmt.identity import PLACED_PREFIX
from benchfmt.running import Note, Packet, Units
from benchfmt.tables import Batch, kept, system_from_row

_SHOWN = 60
"""Characters of a value that a message shows."""
_CLASH = "the system {!r} is described in another way by an earlier source; convert them into packages of their own"
Progress = Callable[[int, int, str], None]


class Merge:
    """One pass over what was read: finds duplicates and counts."""

    def __init__(self, account: Account, units: Units, progress: Progress | None) -> None:
        """Take the account to fill, the units in order, and whom to tell how far it is."""
        self.account = account
        self.ledger = account.ledger
        self.units = units
        self.progress = progress
        self.seen: dict[str, bytes] = {}
        self.systems: dict[str, bytes] = {}
        self.reasons: dict[int, str] = {}
        """What units say of other files than their own."""
        self.barren: list[int] = []
        """Files whose rows were all left out, each for its reason."""
        self.described: dict[str, dict[str, Any]] = {}
        """The systems of submissions by id, as fully as they were described so far."""
        self.compared: dict[str, set[bytes]] = {}
        self._tell(0)

    def batches(self, packet: Packet) -> Iterator[Batch]:
        """Yield the packet's tables, as far as they are new."""
        if packet.part is not None:
            yield from self._part(packet, self.units.files[packet.unit])
            return
        keep = [False] * len(packet.ids)
        ended = []
        for unit, what in packet.events:
            file = self.units.files[unit]
            if what is None:
                ended.append(unit)
            elif isinstance(what, int):
                keep[what] = self._one(packet, what, file)
            else:
                self._note(what, file)
        yield from self._kept(packet, keep)
        for unit in ended:
            self._settle(self.units.files[unit])
            self._tell(unit + 1)

    def _tell(self, done: int) -> None:
        if self.progress and done < len(self.units):
            name = self.ledger.shown(self.units.files[done]).rpartition("/")[2]
            self.progress(done, len(self.units), name)

    def _kept(self, packet: Packet, keep: list[bool]) -> Iterator[Batch]:
        if packet.batch is not None and any(keep):
            yield (
                packet.batch
                if all(keep)
                else kept(packet.batch, keep, packet.sizes, packet.systems)
            )

    def _one(self, packet: Packet, index: int, file: int) -> bool:
        """Say whether a record that came alone, which is a row of its source, is new and can be."""
        counts = self.ledger.counts(file)
        counts.rows += 1
        duplicates = counts.duplicates
        fresh = self._fresh(packet, index, file)
        counts.skipped += counts.duplicates - duplicates
        counts.converted += fresh
        return fresh

    def _fresh(self, packet: Packet, index: int, file: int) -> bool:
        """Say whether a record is not there already; the same id with other content is a failure."""
        counts = self.ledger.counts(file)
        system = packet.systems[index]
        if system >= 0 and self._clash(packet, [system], file):
            counts.failed += 1
            self.ledger.detail(file, None, "failed", _CLASH.format(packet.forms[system][0]))
            return False
        name, content = packet.ids[index], packet.contents[index]
        before = self.seen.setdefault(name, content)
        if before is content:
            counts.records += 1
            counts.measurements += packet.sizes[index]
            return True
        if before == content:
            counts.duplicates += 1
        else:
            counts.failed += 1
            self.ledger.detail(
                file, None, "failed", f"record {name!r} is there already, with other content"
            )
        return False

    def _part(self, packet: Packet, file: int) -> Iterator[Batch]:
        part, batch = packet.part, packet.batch
        assert part is not None and batch is not None  # noqa: S101 - a packet of a part has both
        counts = self.ledger.counts(file)
        counts.rows += part.rows
        counts.skipped += len(part.skipped)
        counts.failed += len({row for row, _ in part.failed})
        for what, rows in (("skipped", part.skipped), ("failed", part.failed)):
            for row, words in rows:
                self.ledger.detail(file, row, what, words)
        self.account.findings += part.findings
        clash = self._clash(packet, range(len(packet.forms)), file)
        if clash:
            counts.failed += part.converted
            self.ledger.detail(file, None, "failed", _CLASH.format(clash))
        elif packet.ids:
            before = counts.failed
            keep = [self._fresh(packet, index, file) for index in range(len(packet.ids))]
            # A record that stands elsewhere already is a duplicate, and its row a skipped one.
            lost = min(part.converted, keep.count(False) - (counts.failed - before))
            counts.skipped += lost
            counts.converted += part.converted - lost - (counts.failed - before)
            yield from self._kept(packet, keep)
        else:
            yield from self._whole(packet, part, batch, file)

    def _whole(self, packet: Packet, part: Part, batch: Batch, file: int) -> Iterator[Batch]:
        """Yield the tables of a part unless they are there already; only files that look alike can hold the same ones."""
        counts = self.ledger.counts(file)
        records = batch.records.num_rows
        key = str(batch.records["id"][0].as_py()) if packet.content else ""
        before = self.seen.setdefault(key, packet.content) if packet.content else packet.content
        if before is packet.content:
            counts.converted += part.converted
            counts.records += records
            counts.measurements += batch.measurements.num_rows
            yield batch
        elif before == packet.content:
            counts.skipped += part.converted
            counts.duplicates += records
        else:
            counts.failed += part.converted
            self.ledger.detail(
                file, None, "failed", "records of these ids are there already, with other content"
            )

    def _clash(self, packet: Packet, systems: Iterable[int], file: int) -> str | None:
        """Return the id of a system that was described in another way before, or None; remember the others."""
        for number in systems:
            name, form = packet.forms[number]
            if name.startswith(PLACED_PREFIX):
                self._compare(packet, number, file)
            elif self.systems.setdefault(name, form) != form:
                return name
        return None

    def _compare(self, packet: Packet, number: int, file: int) -> None:
        """Tell where a system of a submission is described otherwise than before: it is one system all the same."""
        name, form = packet.forms[number]
        if form in self.compared.setdefault(name, set()):
            return
        self.compared[name].add(form)
        assert packet.batch is not None  # noqa: S101 - a packet with systems has tables
        system = system_from_row(packet.batch.systems.slice(number, 1).to_pylist()[0])
        before = self.described.setdefault(name, system)
        for member, here, there in contradictions(system, before):
            words = f"the system {before.get('name', name)!r} is described otherwise by an earlier source: {_short(here)} is {_short(there)} there"
            self.account.findings.append(
                Finding(
                    "BF705",
                    Severity.WARNING,
                    self.ledger.shown(file),
                    None,
                    None,
                    f"system.{member}",
                    words,
                )
            )
        self.described[name] = dict(fullest([before, system]))

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
            self.ledger.set_role(file, "failed", "no row of it could be read")
        elif counts.duplicates:
            self.ledger.set_role(file, "skipped", "what it holds stands in another file")
            counts.skipped, counts.converted = counts.skipped + counts.converted, 0
        elif file in self.reasons:
            self.ledger.set_role(file, "skipped", self.reasons[file])
        elif counts.rows:
            self.ledger.set_role(file, "skipped", "none of its rows holds a result")
            self.barren.append(file)
        else:
            self._fail(file, "no result stands in it")

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


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
