"""What validation found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchfmt.checks.catalogue import CODES
from benchfmt.finding import Finding, Severity


@dataclass
class Report:
    """What validation found."""

    rules: str
    findings: list[Finding] = field(default_factory=list)
    records: int = 0
    measurements: int = 0
    more: Counter[str] = field(default_factory=Counter)

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

    def _count(self, severity: Severity) -> int:
        listed = sum(finding.severity == severity for finding in self.findings)
        return listed + sum(
            count for code, count in self.more.items() if CODES[code].severity == severity
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data (documented in docs/validation.md)."""
        return {
            "rules": self.rules,
            "ok": self.ok,
            "records": self.records,
            "measurements": self.measurements,
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [finding.to_dict() for finding in self.findings],
            "not_listed": dict(sorted(self.more.items())),
        }
