"""What validation found: in one package, and in all packages of a call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from pydantic import JsonValue

from benchfmt import notebook
from benchfmt.checks.rule_sets import RuleSet
from benchfmt.finding import Finding, Severity
from benchfmt.limits import LIMITS, Limits
from benchfmt.package.opening import is_archive
from benchfmt.printable import one_line
from benchfmt.validation.acknowledging import Acknowledged
from benchfmt.validation.condensing import examples

_IN_NOTEBOOK = 20
"""So many findings are shown in a notebook."""
_OF_FURTHER = 20
"""So many findings of a package are listed where those before have as many as there is room for."""


@dataclass(repr=False)
class Report:
    """What was found in one package, table with a descriptor or file of records."""

    rule_set: RuleSet
    source: str = ""
    """The path of the package, as whoever named it knows it."""
    findings: list[Finding] = field(default_factory=list)
    records: int = 0
    measurements: int = 0
    more: Counter[str] = field(default_factory=Counter)
    """How many findings are not listed, by their codes."""
    fingerprint: int | None = 0
    """What two packages of the same records have in common, in whatever order; None where an id does not follow from its source."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    """Findings that the package gives a reason for: they are neither listed nor counted as errors or warnings."""
    notes: list[str] = field(default_factory=list)
    """What was not looked at, each in a sentence that begins with the code of the check."""

    @property
    def rules(self) -> str:
        """The name of the rule set that the data was held to."""
        return self.rule_set.name

    @property
    def errors(self) -> int:
        """How many findings are errors, those beyond the listed ones included."""
        return self._count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return self._count(Severity.WARNING)

    @property
    def known(self) -> int:
        """How many findings the package gives a reason for."""
        return sum(item.count for item in self.acknowledged)

    @property
    def ok(self) -> bool:
        """Whether the data conforms to the rules: no error."""
        return self.errors == 0

    def place_of(self, finding: Finding) -> str:
        """Return the file of a finding, named from where the package is named: `in/a/records.csv`, `in/b.zip: records.csv`."""
        source = PurePath(self.source)
        if not self.source or finding.path in (self.source, source.name):
            return self.source or finding.path
        if self.source == "-":
            return finding.path
        if is_archive(self.source):
            return f"{self.source}: {finding.path}"
        if "://" in self.source:
            return f"{self.source.rstrip('/')}/{finding.path}"
        if source.suffix == ".json":
            return str(source.parent / finding.path)
        return str(source / finding.path)

    def limited(self, most: int) -> Report:
        """Return the report with at most so many findings listed, of as many faults as can be; the rest is counted."""
        listed = examples(self.findings, most)
        more = Counter(finding.code for finding in self.findings)
        more.subtract(finding.code for finding in listed)
        return replace(self, findings=listed, more=self.more + more)

    def __repr__(self) -> str:
        """Return what a prompt shows: the verdict with its counts."""
        verdict = "conformant" if self.ok else "not conformant"
        counts = f"{self.records:,} records, {self.errors:,} errors, {self.warnings:,} warnings"
        return one_line(
            f"<Report on {self.source or 'records'}: {verdict} ({self.rules}), {counts}>"
        )

    def _repr_html_(self) -> str:
        """Return what Jupyter shows: the verdict, and the first findings with what to do."""
        verdict = "conformant" if self.ok else "not conformant"
        counts = f"{self.records:,} records, {self.errors:,} errors, {self.warnings:,} warnings"
        parts = [notebook.heading(f"{verdict} ({self.rules})"), notebook.paragraph(counts)]
        if self.findings:
            rows = [_shown(finding) for finding in self.findings[:_IN_NOTEBOOK]]
            parts.append(
                notebook.table(["code", "", "file", "row", "field", "what is wrong"], rows)
            )
        left = self.errors + self.warnings - min(len(self.findings), _IN_NOTEBOOK)
        if left > 0:
            parts.append(notebook.paragraph(f"... and {left:,} more"))
        return "".join([*parts, *map(notebook.paragraph, self.notes)])

    def _count(self, severity: Severity) -> int:
        count = 0
        for finding in self.findings:
            count += finding.severity == severity
        for code, more in self.more.items():
            if self.rule_set.severities[code] == severity:
                count += more
        return count

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the report as plain data (documented in docs/validation.md)."""
        return {
            "source": self.source,
            "ok": self.ok,
            "records": self.records,
            "measurements": self.measurements,
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [{**finding.to_dict()} for finding in self.findings],
            "not_listed": dict(sorted(self.more.items())),
            "acknowledged": [{**item.to_dict()} for item in self.acknowledged if item.count],
            "notes": [*self.notes],
        }


def _shown(finding: Finding) -> tuple[object, ...]:
    what = finding.message
    if finding.hint:
        what = f"{what}; {finding.hint}"
    place = finding.column or finding.field
    return finding.code, finding.severity, finding.path, finding.row, place, what


def _nobody_watches(_report: Report) -> None:
    """Do nothing with a report."""


class Reports:
    """The reports of one call, in the order of its packages.

    They may still be coming: whoever iterates gets each as soon as it is there, and what counts them waits for all.
    """

    def __init__(
        self,
        rule_set: RuleSet,
        reports: Iterable[Report],
        number: int,
        notes: Sequence[str] = (),
        limits: Limits = LIMITS,
    ) -> None:
        """Take the rule set, the reports that are there or will come, how many these are, and notes on the call."""
        self.rule_set = rule_set
        self.notes = notes
        """What is to be said of the search for packages, such as how many a folder holds."""
        self._number = number
        self._room = limits.findings_in_all
        """How many more findings are listed; the first package lists all of its own."""
        self._known: list[Report] = []
        self._coming = iter(reports)
        self._tell: Callable[[Report], None] = _nobody_watches

    def __repr__(self) -> str:
        """Return what a prompt shows: how many packages there are, and the verdicts that are there already."""
        refused = sum(not report.ok for report in self._known)
        judged = f"{len(self._known)} judged, {refused} not conformant"
        return f"<Reports on {self._number} packages ({self.rule_set.name}): {judged}>"

    def __iter__(self) -> Iterator[Report]:
        """Yield the reports, those that are still to come as soon as they are there."""
        place = 0
        while place < len(self._known) or self._take():
            yield self._known[place]
            place += 1

    def _take(self) -> bool:
        """Wait for the next report; returns whether there is one."""
        report = next(self._coming, None)
        if report is None:
            return False
        if self._known and len(report.findings) > self._room:
            report = report.limited(max(self._room, _OF_FURTHER))
        self._room -= len(report.findings)
        self._known.append(report)
        self._tell(report)
        return True

    def watch(self, tell: Callable[[Report], None]) -> None:
        """Have a function be told of each report as soon as it is there."""
        self._tell = tell

    def __len__(self) -> int:
        """Return how many packages there are, those included whose reports are still to come."""
        return self._number

    def limited(self, most: int) -> Reports:
        """Return the reports with at most so many findings listed in all; the rest is counted."""
        return Reports(self.rule_set, _limited(self, most), len(self), self.notes)

    def close(self) -> None:
        """Leave the reports that are still to come: processes that make them end."""
        if isinstance(self._coming, Generator):
            self._coming.close()

    def _all(self) -> list[Report]:
        while self._take():
            pass
        return self._known

    @property
    def rules(self) -> str:
        """The name of the rule set that the packages were held to."""
        return self.rule_set.name

    @property
    def ok(self) -> bool:
        """Whether every package conforms to the rules."""
        return all(report.ok for report in self._all())

    @property
    def conformant(self) -> int:
        """How many packages conform to the rules."""
        return sum(report.ok for report in self._all())

    @property
    def errors(self) -> int:
        """How many findings of all packages are errors."""
        return sum(report.errors for report in self._all())

    @property
    def warnings(self) -> int:
        """How many findings of all packages are warnings."""
        return sum(report.warnings for report in self._all())

    @property
    def records(self) -> int:
        """How many records were judged."""
        return sum(report.records for report in self._all())

    @property
    def measurements(self) -> int:
        """How many measurements were judged."""
        return sum(report.measurements for report in self._all())

    @property
    def known(self) -> int:
        """How many findings the packages give a reason for."""
        return sum(report.known for report in self._all())

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the reports as plain data (documented in docs/validation.md): the same shape for one and for many."""
        packages: list[JsonValue] = [report.to_dict() for report in self._all()]
        return {
            "rules": self.rules,
            "changes": [*self.rule_set.changes],
            "ok": self.ok,
            "notes": list(self.notes),
            "total": {
                "packages": len(self),
                "conformant": self.conformant,
                "records": self.records,
                "measurements": self.measurements,
                "errors": self.errors,
                "warnings": self.warnings,
                "acknowledged": self.known,
            },
            "packages": packages,
        }


def _limited(reports: Iterable[Report], most: int) -> Iterator[Report]:
    """Yield reports that list so many findings in all, the first of them as many as they have."""
    room = most
    for report in reports:
        limited = report.limited(room)
        room -= len(limited.findings)
        yield limited
