"""Turns faults into findings of the report."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import polars as pl

from benchfmt.checks.catalogue import CODES
from benchfmt.finding import Finding
from benchfmt.limits import Limits
from benchfmt.readers.tables import TextTable
from benchfmt.validation.across import Across
from benchfmt.validation.places import Place
from benchfmt.validation.report import Report


class Teller:
    """Gathers findings into a report; beyond the limit a code's faults are counted only."""

    def __init__(self, report: Report, codes: frozenset[str], limits: Limits) -> None:
        """Take the report to fill, the codes of the rule set and the limits in force."""
        self.report = report
        self.codes = codes
        self.limits = limits
        self.counts: Counter[tuple[str, str | None]] = Counter()
        self.across = Across()

    def finish(self) -> None:
        """Tell what only all batches together show."""
        found = self.across.faults()
        self.tell(found.filter(pl.col("code").is_in(list(self.codes))), self.across)

    def tell(self, found: pl.DataFrame, shown: Place) -> None:
        """Add a frame of faults; beyond the limit a code's faults are counted only."""
        for (code, table, name), part in found.group_by(
            "code", "table", "column", maintain_order=True
        ):
            room = max(self.limits.findings_per_code - self.counts[(str(code), str(table))], 0)
            self.counts[(str(code), str(table))] += part.height
            if part.height > room:
                self.report.more[str(code)] += part.height - room
            for fault in part.head(room).iter_rows(named=True):
                path, row, shown_column, record = shown.of(str(table), fault)
                where = shown.field(str(table), str(name), fault) if name is not None else None
                self.report.findings.append(
                    Finding(
                        str(code),
                        CODES[str(code)].severity,
                        path,
                        row,
                        shown_column,
                        where,
                        fault["message"],
                        fault["value"],
                        fault["hint"] or None,
                        record,
                    )
                )

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
                CODES[code].severity,
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
