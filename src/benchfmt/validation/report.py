"""What validation found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pydantic import JsonValue

from benchfmt.checks.rule_sets import RuleSet
from benchfmt.finding import Finding, Severity


@dataclass
class Report:
    """What validation found."""

    rule_set: RuleSet
    findings: list[Finding] = field(default_factory=list)
    records: int = 0
    measurements: int = 0
    more: Counter[str] = field(default_factory=Counter)
    """How many findings are not listed, by their codes."""

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
    def ok(self) -> bool:
        """Whether the data conforms to the rules: no error."""
        return self.errors == 0

    def add(self, other: Report) -> None:
        """Add what was found elsewhere."""
        self.findings += other.findings
        self.records += other.records
        self.measurements += other.measurements
        self.more += other.more

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
            "rules": self.rules,
            "ok": self.ok,
            "records": self.records,
            "measurements": self.measurements,
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [{**finding.to_dict()} for finding in self.findings],
            "not_listed": dict(sorted(self.more.items())),
        }
