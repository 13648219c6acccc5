"""Numbers for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from benchfmt.finding import Severity

if TYPE_CHECKING:
    from benchfmt.validation.report import Report, Reports


def number(count: int) -> str:
    """Return a count with its thousands apart: `1,234`."""
    return f"{count:,}"


def counted(count: int, word: str) -> str:
    """Return a count with its noun: `1 record`, `2 records`."""
    if count == 1:
        return f"1 {word}"
    return f"{number(count)} {word}s"


def unlisted(report: Report, code: str) -> str:
    """Return how many findings of a code a report counts and does not list: `2 more of BF206`, or `2 of BF206` where it lists none."""
    count = number(report.more[code])
    if any(finding.code == code for finding in report.findings):
        return f"{count} more of {code}"
    return f"{count} of {code}"


def codes_text(report: Report, *, with_warnings: bool = False) -> str:
    """Return the codes of the errors in a report, each with how many findings it has: `BF301, BF501 × 3`."""
    counts: Counter[str] = Counter()
    for finding in report.findings:
        if with_warnings or finding.severity is Severity.ERROR:
            counts[finding.code] += 1
    for code, more in report.more.items():
        if with_warnings or report.rule_set.severities[code] is Severity.ERROR:
            counts[code] += more
    parts = []
    for code, count in sorted(counts.items()):
        parts.append(code if count == 1 else f"{code} × {number(count)}")
    return ", ".join(parts)


def totals(report: Report | Reports) -> list[str]:
    """Return what a report counts, each with its noun; what is acknowledged only where something is."""
    counts = [
        counted(report.records, "record"),
        counted(report.measurements, "measurement"),
        counted(report.errors, "error"),
        counted(report.warnings, "warning"),
    ]
    if report.known:
        counts.append(f"{number(report.known)} acknowledged")
    return counts
