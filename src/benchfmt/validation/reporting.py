"""Turns faults into findings of the report."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import JsonValue

from benchfmt.checks.frames import of_code
from benchfmt.checks.safety import CRASHED
from benchfmt.descriptor import Acknowledgement
from benchfmt.finding import Finding, shortened
from benchfmt.identity import RECORD_PREFIX
from benchfmt.limits import Limits
from benchfmt.oserrors import in_words
from benchfmt.validation.acknowledging import Known, misfit_of, taken
from benchfmt.validation.locating import locate
from benchfmt.validation.places import Place, Places
from benchfmt.validation.report import Report

_LONGEST_VALUE = 200
_UNMET = "leave the acknowledgement out, or name what it is about"


class Reporter:
    """Gathers findings into a report; beyond the limit the faults of a code are counted only."""

    def __init__(self, report: Report, limits: Limits) -> None:
        """Take the report to fill and the limits in force."""
        self.results = report
        self.judged = report.rule_set.judged
        """The codes whose checks are run."""
        self.limits = limits
        self._severities = report.rule_set.severities
        self._counts: Counter[tuple[str, str]] = Counter()
        self._crashed: set[str] = set()
        """The codes of checks that raised an exception."""
        self._unreadable: set[str] = set()
        self.cut_files: set[str] = set()
        """The files that are shorter than their descriptor says: that they end amid something is no further fault."""
        self._known = Known()

    def has(self, code: str) -> bool:
        """Whether a fault of a code was reported."""
        return any(known == code for known, _ in self._counts)

    def is_full(self, code: str, path: str) -> bool:
        """Whether no more faults of a code in a file are listed, so that they need no message."""
        return (
            code not in self._severities
            or self._counts[(code, path)] >= self.limits.findings_per_code
        )

    def count(self, records: int, measurements: int) -> None:
        """Add to the numbers of records and measurements that were judged."""
        self.results.records += records
        self.results.measurements += measurements

    def mark(self, ids: pl.Series) -> None:
        """Add the ids of records that were judged to the fingerprint of the report."""
        known = self.results.fingerprint
        # An id that somebody chose need not be another's: two packages may both number their records from 1.
        if known is None or ids.null_count() or not ids.str.starts_with(RECORD_PREFIX).all():
            self.results.fingerprint = None
            return
        hashes = ids.hash().to_numpy()
        # The sum does not depend on the order, nor on how the records came in portions.
        self.results.fingerprint = (known + int(hashes.sum(dtype=np.uint64))) % 2**64

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
            self._add(self._finding(code, place, message, _as_text(value), hint))

    def acknowledge(self, items: Sequence[Acknowledgement], file: str, row: int | None) -> None:
        """Take what a package says of findings that are known, after reporting what it cannot say."""
        for number, item in enumerate(items):
            pointer = f"/benchfmt/acknowledged/{number}"
            misfit = misfit_of(item)
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
            self._add(replace(finding, severity=self._severities[finding.code]))

    def locate(self, root: Path, tables: Collection[str] = ()) -> None:
        """Look up lines and characters of what was found in the files of a folder; `tables` are delimited text."""
        locate(self.results.findings, root, tables, self.limits)

    def report_faults(self, code: str, faults: pl.DataFrame, places: Places) -> None:
        """Add the faults of one code, if it is in the rule set."""
        if code in self._severities:
            self.report_coded(of_code(code, faults), places)

    def report_coded(self, faults: pl.DataFrame, places: Places) -> None:
        """Add a frame of faults that have their codes."""
        if not faults.height:
            return
        groups = self._without_known_crashes(faults).group_by(
            "code", "table", "column", maintain_order=True
        )
        for (code, table, _), group in groups:
            if code in self._severities:
                self._add_group(str(code), str(table), group, places)

    def leave_out(self, more: dict[str, int]) -> None:
        """Count faults that are not listed, by their codes."""
        for code, count in more.items():
            if code in self._severities and not self._known.takes(code, None, count):
                self.results.more[code] += count

    def _add_group(self, code: str, table: str, group: pl.DataFrame, places: Places) -> None:
        """Add the faults of one code in one column, as far as there is room."""
        group = self._without_acknowledged(code, table, group, places)
        room = max(self.limits.findings_per_code - self._counts[(code, table)], 0)
        self._counts[(code, table)] += group.height
        if group.height > room:
            self.results.more[code] += group.height - room
        for fault in group.head(room).iter_rows(named=True):
            cell = Place(table, fault["row"], fault["column"], record=fault["record"])
            finding = self._finding(
                code,
                places.in_files(cell),
                fault["message"],
                fault["value"],
                fault["hint"] or None,
            )
            self.results.findings.append(finding)

    def _without_acknowledged(
        self, code: str, table: str, group: pl.DataFrame, places: Places
    ) -> pl.DataFrame:
        """Return the faults of a code that the package does not acknowledge, after counting the others."""
        if code not in self._known.codes:
            return group
        kept = []
        for row, record in group.select("row", "record").iter_rows():
            # The form may have its own name for a record, as for one without an id.
            place = places.in_files(Place(table, row, record=record))
            kept.append(not self._known.takes(code, place.record))
        return group.filter(pl.Series(kept, dtype=pl.Boolean))

    def _add(self, finding: Finding) -> None:
        if self._known.takes(finding.code, finding.record):
            return
        key = (finding.code, finding.path)
        self._counts[key] += 1
        if self._counts[key] > self.limits.findings_per_code:
            self.results.more[finding.code] += 1
        else:
            self.results.findings.append(finding)

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

    def _without_known_crashes(self, faults: pl.DataFrame) -> pl.DataFrame:
        """Drop the failures of checks that failed before: each is reported once, not with every batch."""
        is_crash = pl.col("code") == CRASHED
        crashes = faults.filter(is_crash)
        if not crashes.height:
            return faults
        known = list(self._crashed)
        self._crashed |= set(crashes["value"])
        return faults.filter(~(is_crash & pl.col("value").is_in(known)))


def _as_text(value: JsonValue) -> str | None:
    """Return a value as a finding shows it: text as it is, everything else as JSON."""
    if value is None:
        return None
    text = value
    if not isinstance(text, str):
        text = json.dumps(value, ensure_ascii=False, default=str)
    # Half a character cannot be printed: it is shown as its escape.
    return text[:_LONGEST_VALUE].encode("utf-8", "backslashreplace").decode()
