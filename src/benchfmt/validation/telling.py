"""Turns faults into findings of the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl

from benchfmt.checks.catalogue import all_checks, gatherers
from benchfmt.checks.frames import Frames, of_code
from benchfmt.checks.safety import CRASHED
from benchfmt.finding import Finding
from benchfmt.limits import Limits
from benchfmt.readers.tables import TextTable
from benchfmt.validation.across import Across
from benchfmt.validation.places import Place, Spot
from benchfmt.validation.report import Report


class Teller:
    """Gathers findings into a report; beyond the limit a code's faults are counted only."""

    def __init__(self, report: Report, codes: frozenset[str], limits: Limits) -> None:
        """Take the report to fill, the codes of the rule set and the limits in force."""
        self.report = report
        self.codes = codes
        self.checks = all_checks()
        self.limits = limits
        self.counts: Counter[tuple[str, str | None]] = Counter()
        self.across = [Across(check) for check in gatherers(codes)]
        self.failed: set[str] = set()
        """The codes of checks that raised an exception."""

    def finish(self) -> None:
        """Report what only all batches together show."""
        for gathered in self.across:
            self.tell(gathered.faults(), gathered)

    def gather(self, frames: Frames, shown: Place) -> Iterator[pl.DataFrame]:
        """Give a batch to the checks that compare records of different batches."""
        for gathered in self.across:
            yield gathered.add(frames, shown)

    def report_faults(self, code: str, found: pl.DataFrame, shown: Place) -> None:
        """Add the faults of one code, if it is in the rule set."""
        if code in self.codes:
            self.tell(of_code(code, found), shown)

    def tell(self, found: pl.DataFrame, shown: Place) -> None:
        """Add a frame of faults; beyond the limit a code's faults are counted only."""
        groups = self._without_known_crashes(found).group_by(
            "code", "table", "column", maintain_order=True
        )
        for (code, table, _), part in groups:
            room = max(self.limits.findings_per_code - self.counts[(str(code), str(table))], 0)
            self.counts[(str(code), str(table))] += part.height
            if part.height > room:
                self.report.more[str(code)] += part.height - room
            for fault in part.head(room).iter_rows(named=True):
                spot = Spot(fault["row"], fault["column"], fault["record"])
                place = shown.shown(str(table), spot)
                finding = Finding(
                    str(code),
                    self.checks[str(code)].severity,
                    place.path,
                    place.row,
                    place.column,
                    place.field,
                    fault["message"],
                    fault["value"],
                    fault["hint"] or None,
                    place.record,
                )
                self.report.findings.append(finding)

    def _without_known_crashes(self, found: pl.DataFrame) -> pl.DataFrame:
        """Drop the failures of checks that failed before: each is reported once, not with every batch."""
        is_crash = pl.col("code") == CRASHED
        failed = found.filter(is_crash)
        if not failed.height:
            return found
        known = list(self.failed)
        self.failed |= set(failed["value"])
        return found.filter(~(is_crash & pl.col("value").is_in(known)))

    def say(
        self,
        code: str,
        path: str,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        field: str | None = None,
        value: Any = None,
        hint: str | None = None,
        record: str | None = None,
    ) -> None:
        """Add one finding."""
        text = (
            value
            if value is None or isinstance(value, str)
            else json.dumps(value, ensure_ascii=False, default=str)
        )
        # Half a character cannot be printed: it is shown as its escape.
        shown = None if text is None else text[:200].encode("utf-8", "backslashreplace").decode()
        self.add(
            Finding(
                code,
                self.checks[code].severity,
                path,
                row,
                column,
                field or None,
                message,
                shown,
                hint,
                record,
            )
        )

    def add(self, finding: Finding) -> None:
        """Add one finding, if its code is in the rule set."""
        if finding.code not in self.codes:
            return
        self.counts[(finding.code, finding.path)] += 1
        if self.counts[(finding.code, finding.path)] > self.limits.findings_per_code:
            self.report.more[finding.code] += 1
        else:
            self.report.findings.append(finding)

    def table_rows(self, text: TextTable, shown: str, told: int) -> None:
        """Add a finding for each row of the wrong width that was not told yet."""
        for bad in text.bad_rows[told:]:
            words = f"the row has {bad.actual} cells where the table has {bad.expected} columns"
            self.say(
                "BF121",
                shown,
                words,
                row=bad.row,
                hint="quote cells that hold a comma or a line break",
            )
