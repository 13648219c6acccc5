"""Turns faults into findings of the report."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from benchfmt.checks.frames import of_code
from benchfmt.checks.groups import Fault, Group
from benchfmt.checks.safety import CRASHED
from benchfmt.descriptor import Acknowledgement
from benchfmt.finding import Finding, shortened
from benchfmt.limits import Limits
from benchfmt.oserrors import in_words
from benchfmt.validation.acknowledging import Acknowledged, Known, misfit_of, taken
from benchfmt.validation.groups import Judge
from benchfmt.validation.locating import locate
from benchfmt.validation.places import Place, Places
from benchfmt.validation.report import Report

_LONGEST_VALUE = 200
_MOST_TEXT = 2**25
"""So many characters the findings have that are listed; of further ones one of each kind is."""
_MOST_HELD = 10_000
"""So many faults wait at most for those of earlier portions."""
_UNMET = "leave the acknowledgement out, or name what it is about"


@dataclass(frozen=True, slots=True)
class Held:
    """What waits for its turn to be reported: how many faults of a code in a file, and what reports them."""

    key: tuple[str, str]
    count: int
    add: Callable[[], None]


@dataclass(slots=True)
class Told:
    """What was found in a share of a package: of each code in each file the first faults, and how many there are."""

    records: int
    measurements: int
    fingerprint: int | None
    acknowledged: list[Acknowledged]
    listed: dict[tuple[str, str], list[Finding]] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


class Reporter:
    """Gathers findings into a report; beyond the limit the faults of a code are counted only.

    It belongs to one thread. While that one reads on as others judge what it has read, what it reports waits until
    the portions before are reported (`hold`), so that the report does not depend on who is ready first.
    """

    def __init__(self, report: Report, limits: Limits) -> None:
        """Take the report to fill and the limits in force."""
        self.results = report
        self.judged = report.rule_set.judged
        """The codes whose checks are run."""
        self.limits = limits
        self._severities = report.rule_set.severities
        self._counts: Counter[tuple[str, str]] = Counter()
        self._keys: list[tuple[str, str]] = []
        """Code and file under which each finding was counted."""
        self._listed: set[tuple[str, str]] = set()
        """Of which codes in which files findings are listed."""
        self._room = _MOST_TEXT
        self._crashed: set[str] = set()
        """The codes of checks that raised an exception."""
        self._unreadable: set[str] = set()
        self.cut_files: set[str] = set()
        """The files that are shorter than their descriptor says: that they end amid something is no further fault."""
        self._known = Known()
        self._settle: Callable[[], None] | None = None
        """What reports all that has to be reported before, where something has."""
        self._held: list[Held] = []
        self._size = 0
        """How many faults that may be listed wait."""
        self._held_counts: Counter[tuple[str, str]] = Counter()
        """How many faults wait."""

    def judge(self) -> Judge:
        """Return what portions are held to."""
        limits = self.limits
        known = frozenset(self._known.codes)
        return Judge(self.judged, limits.findings_per_code, limits.strange_units, known)

    @property
    def has_crashes(self) -> bool:
        """Whether a check raised an exception."""
        return bool(self._crashed)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Report nothing until the block ends."""
        severities, self._severities = self._severities, {}
        try:
            yield
        finally:
            self._severities = severities

    def for_share(self) -> Reporter:
        """Return a reporter for a share of the same package, which has found nothing yet."""
        reporter = Reporter(Report(self.results.rule_set, self.results.source), self.limits)
        reporter.know(self.results.acknowledged)
        return reporter

    def know(self, acknowledged: Iterable[Acknowledged]) -> None:
        """Take what the package acknowledges, none of which was met yet."""
        for item in acknowledged:
            unmet = replace(item, count=0, met=set())
            self.results.acknowledged.append(unmet)
            self._known.add(unmet)

    def told(self) -> Told:
        """Return what was found."""
        results = self.results
        told = Told(
            results.records, results.measurements, results.fingerprint, results.acknowledged
        )
        told.counts += self._counts
        for key, finding in zip(self._keys, results.findings, strict=True):
            told.listed.setdefault(key, []).append(finding)
        return told

    def absorb(self, told: Told) -> None:
        """Add what was found in a share, as far as there is room for it."""
        self.count(told.records, told.measurements)
        self.mark(told.fingerprint)
        for known, met in zip(self.results.acknowledged, told.acknowledged, strict=True):
            known.count += met.count
            known.met |= met.met
        for key, count in told.counts.items():
            room = max(self.limits.findings_per_code - self._counts[key], 0)
            listed = told.listed.get(key, [])[:room]
            self._counts[key] += count
            for finding in listed:
                self._list(key, finding)
            if count > len(listed):
                self.results.more[key[0]] += count - len(listed)

    def hold(self, settle: Callable[[], None]) -> None:
        """Keep what is reported from now on until it is released; where it is too much, `settle` is called."""
        self._settle = settle

    def hold_nothing(self) -> None:
        """Report at once from now on."""
        self._settle = None

    def held(self) -> list[Held]:
        """Return what was reported since the last call and waits."""
        held, self._held = self._held, []
        self._size = 0
        return held

    def release(self, held: Sequence[Held]) -> None:
        """Report what waited."""
        for item in held:
            self._held_counts[item.key] -= item.count
            item.add()

    def _in_turn(self, key: tuple[str, str], count: int, add: Callable[[], None]) -> None:
        """Report faults of a code in a file now, or once it is their turn."""
        if self._settle is None:
            add()
            return
        self._held_counts[key] += count
        self._held.append(Held(key, count, add))
        self._size += 1 + min(count, self.limits.findings_per_code)
        if self._size > _MOST_HELD:
            self._settle()

    def has(self, code: str) -> bool:
        """Whether a fault of a code was reported."""
        reported = any(known == code for known, _ in self._counts)
        return reported or any(key[0] == code and n for key, n in self._held_counts.items())

    def is_full(self, code: str, path: str) -> bool:
        """Whether no more faults of a code in a file are listed, so that they need no message."""
        if code not in self._severities:
            return True
        count = self._counts[(code, path)]
        if code not in self._known.codes:
            count += self._held_counts[(code, path)]
        return count >= self.limits.findings_per_code

    def count(self, records: int, measurements: int) -> None:
        """Add to the numbers of records and measurements that were judged."""
        self.results.records += records
        self.results.measurements += measurements

    def mark(self, fingerprint: int | None) -> None:
        """Add what the ids of some records give to the fingerprint of the report."""
        known = self.results.fingerprint
        if known is None or fingerprint is None:
            self.results.fingerprint = None
            return
        self.results.fingerprint = (known + fingerprint) % 2**64

    def report(
        self,
        code: str,
        place: Place,
        message: str,
        *,
        value: JsonValue = None,
        hint: str | None = None,
    ) -> None:
        """Add one finding, if its code is in the rule set."""
        if code in self._severities:
            self._add_in_turn(self._finding(code, place, message, _as_text(value), hint))

    def acknowledge(self, items: Sequence[Acknowledgement], file: str, row: int | None) -> None:
        """Take what a package says of findings that are known, after reporting what it cannot say."""
        for number, item in enumerate(items):
            pointer = f"/benchfmt/acknowledged/{number}"
            misfit = misfit_of(item, hints=not self.is_full("BF127", file))
            if misfit is not None:
                place = Place(file, row, field=f"{pointer}/{misfit.member}")
                self.report(
                    misfit.code, place, misfit.message, value=misfit.value, hint=misfit.hint
                )
                continue
            acknowledged = taken(item, self.results.rule_set, Place(file, row, field=pointer))
            if acknowledged is not None:
                self.results.acknowledged.append(acknowledged)
                self._known.add(acknowledged)

    def report_unmet(self) -> None:
        """Report what the package acknowledges and has not; nothing where errors may have kept it from being judged."""
        if self.results.errors:
            return
        for acknowledged in self.results.acknowledged:
            message = acknowledged.unmet
            if message is not None:
                self.report("BF129", acknowledged.place, message, hint=_UNMET)

    def report_unreadable(self, path: str | Path, error: OSError) -> None:
        """Add the finding for a file that the system does not let us read, once."""
        file = Path(os.fsdecode(error.filename or path))
        if str(file) not in self._unreadable:
            self._unreadable.add(str(file))
            self.report("BF119", Place(file.name), f"it cannot be read: {in_words(error, path)}")

    def adopt(self, finding: Finding) -> None:
        """Add a finding that another part of the program made; it weighs what the rule set says."""
        if finding.code in self._severities:
            self._add_in_turn(replace(finding, severity=self._severities[finding.code]))

    def locate(self, root: Path, tables: Collection[str] = ()) -> None:
        """Look up lines and characters of what was found in the files of a folder; `tables` are delimited text."""
        locate(self.results.findings, root, tables, self.limits)

    def report_faults(self, code: str, faults: pl.DataFrame, places: Places) -> None:
        """Add the faults of one code, if it is in the rule set."""
        if code in self._severities:
            self.report_coded(of_code(code, faults), places)

    def report_coded(self, faults: pl.DataFrame, places: Places) -> None:
        """Add a frame of faults that have their codes."""
        self.report_groups(self.judge().groups(faults), places)

    def report_groups(self, groups: Sequence[Group], places: Places) -> None:
        """Add faults of one code and one column each, if the code is in the rule set."""
        known = places.now()
        for group in groups:
            if group.code not in self._severities:
                continue
            add = partial(self._add_group, group, known)
            self._in_turn((group.code, group.table), group.count, add)

    def add_groups(self, groups: Sequence[Group], places: Places) -> None:
        """Add faults whose turn it is."""
        for group in groups:
            self._add_group(group, places)

    def note(self, text: str) -> None:
        """Say what was not looked at."""
        self.results.notes.append(text)

    def leave_out(self, more: dict[str, int], record: str | None = None) -> None:
        """Count faults that are not listed, of a record or of none, by their codes."""
        for code, count in more.items():
            self._in_turn((code, ""), 0, partial(self._leave_out, code, count, record))

    def _leave_out(self, code: str, count: int, record: str | None) -> None:
        if code in self._severities and not self._known.takes(code, record, count):
            self.results.more[code] += count

    def _add_group(self, group: Group, places: Places) -> None:
        """Add the faults of one code in one column, as far as there is room."""
        code, key = group.code, (group.code, group.table)
        if code not in self._severities:
            return
        is_known = self._asks(code)
        room = max(self.limits.findings_per_code - self._counts[key], 0)
        count, listed = group.count, 0
        for fault in group.first:
            if listed == room and is_known is None:
                break
            place = places.in_files(
                Place(group.table, fault.row, group.column, record=fault.record)
            )
            if is_known is not None and is_known(fault, place):
                count -= 1
            elif listed < room:
                finding = self._finding(code, place, fault.message, fault.value, fault.hint or None)
                self._list(key, finding)
                listed += 1
        self._counts[key] += count
        if count > room:
            self.results.more[code] += count - room

    def _asks(self, code: str) -> Callable[[Fault, Place], bool] | None:
        """Return what says whether a fault of a code is known, after noting that it was met; None where none can be."""
        if code == CRASHED:
            # Each check that fails is reported once, not with every batch.
            before = frozenset(self._crashed)
            return lambda fault, _: self._note_crash(fault.value) in before
        if code in self._known.codes:
            return lambda _, place: self._known.takes(code, place.record)
        return None

    def _note_crash(self, check: str | None) -> str | None:
        if check is not None:
            self._crashed.add(check)
        return check

    def _list(self, key: tuple[str, str], finding: Finding) -> None:
        """List a finding, or count it where those that are listed have too long texts already; one of a kind is listed."""
        self._room -= _length_of(finding)
        if self._room < 0 and key in self._listed:
            self.results.more[finding.code] += 1
            return
        self._listed.add(key)
        self._keys.append(key)
        self.results.findings.append(finding)

    def _add_in_turn(self, finding: Finding) -> None:
        self._in_turn((finding.code, finding.path), 1, partial(self._add, finding))

    def _add(self, finding: Finding) -> None:
        if self._known.takes(finding.code, finding.record):
            return
        key = (finding.code, finding.path)
        self._counts[key] += 1
        if self._counts[key] > self.limits.findings_per_code:
            self.results.more[finding.code] += 1
        else:
            self._list(key, finding)

    def _finding(
        self, code: str, place: Place, message: str, value: str | None, hint: str | None
    ) -> Finding:
        return Finding(
            code=code,
            severity=self._severities[code],
            path=place.file,
            row=place.row,
            column=place.column,
            field=place.field or None,
            # The file and the place stand beside the message.
            message=shortened(message.removeprefix(f"{place.file}: ")),
            value=value,
            hint=hint,
            record=place.record,
            line=place.line,
            character=place.character,
        )


def _length_of(finding: Finding) -> int:
    """Return how many characters the texts of a finding have."""
    texts = (finding.message, finding.value, finding.record, finding.field, finding.hint)
    return sum(len(text) for text in texts if text is not None)


def _as_text(value: JsonValue) -> str | None:
    """Return a value as a finding shows it: text as it is, everything else as JSON."""
    if value is None:
        return None
    text = value
    if not isinstance(text, str):
        text = json.dumps(value, ensure_ascii=False, default=str)
    # Half a character cannot be printed: it is shown as its escape.
    return text[:_LONGEST_VALUE].encode("utf-8", "backslashreplace").decode()
