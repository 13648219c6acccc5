"""The report as JUnit XML, which Jenkins, GitLab and others show as tests: a suite for each package, a case for each code.

The grammar is that of Jenkins' xunit plugin (junit-10.xsd).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from benchfmt.checks.catalogue import all_checks
from benchfmt.finding import Finding, Severity
from benchfmt.printable import printable
from benchfmt.reports.counting import counted, unlisted
from benchfmt.reports.text import finding_line
from benchfmt.reports.where import acknowledged_lines
from benchfmt.validation.report import Report, Reports


@dataclass(frozen=True)
class JunitFormat:
    """The report as test results."""

    about: str = "test results (JUnit XML) for Jenkins, GitLab and others"

    def render(self, reports: Reports) -> Iterator[str]:
        """Yield the document, suite by suite."""
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        suites = [_cases(report) for report in reports]
        cases = sum(len(suite) for suite in suites)
        failures = sum(_failures(suite) for suite in suites)
        yield f'<testsuites name="benchfmt" tests="{cases}" failures="{failures}" errors="0">\n'
        for report, suite in zip(reports, suites, strict=True):
            yield from _suite(report, suite)
        yield "</testsuites>\n"


@dataclass(frozen=True)
class Case:
    """What one test says: its name, the lines of its faults, and those of its warnings."""

    name: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def _cases(report: Report) -> list[Case]:
    """Return a case for each code that was found, and one that passes where nothing stands against the package."""
    by_code: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_code[finding.code].append(finding)
    codes = sorted({*by_code, *report.more})
    cases = [_case(report, code, by_code[code]) for code in codes]
    if report.ok:
        cases.insert(0, Case(f"conforms to {report.rule_set.label}"))
    return cases


def _case(report: Report, code: str, findings: list[Finding]) -> Case:
    errors: list[str] = []
    warnings: list[str] = []
    by_severity = {Severity.ERROR: errors, Severity.WARNING: warnings}
    for finding in findings:
        by_severity[finding.severity].append(finding_line(finding))
    if report.more[code]:
        # Without this line, a code of which no finding is listed would pass.
        lines = by_severity[report.rule_set.severities[code]]
        lines.append(f"not listed: {unlisted(report, code)}")
    return Case(f"{code}: {all_checks()[code].title}", tuple(errors), tuple(warnings))


def _failures(cases: list[Case]) -> int:
    """Return how many cases fail."""
    return sum(bool(case.errors) for case in cases)


def _suite(report: Report, cases: list[Case]) -> Iterator[str]:
    name = _quoted(report.source)
    yield (
        f'<testsuite name={name} tests="{len(cases)}" failures="{_failures(cases)}" errors="0" skipped="0">\n'
    )
    properties = {
        "rules": report.rule_set.label,
        "records": str(report.records),
        "measurements": str(report.measurements),
        "warnings": str(report.warnings),
    }
    yield "<properties>\n"
    for key, value in properties.items():
        yield f"<property name={_quoted(key)} value={_quoted(value)}/>\n"
    for line in acknowledged_lines(report):
        yield f'<property name="acknowledged" value={_quoted(line)}/>\n'
    for note in report.notes:
        yield f'<property name="note" value={_quoted(note)}/>\n'
    yield "</properties>\n"
    for case in cases:
        yield f"<testcase name={_quoted(case.name)} classname={name}>\n"
        yield from _outcome(case)
        yield "</testcase>\n"
    yield "</testsuite>\n"


def _outcome(case: Case) -> Iterator[str]:
    """Yield the failure of a case, with its faults, and its warnings as output; nothing where it passes in silence."""
    if case.errors:
        message = f"{counted(len(case.errors), 'fault')}: {case.errors[0]}"
        yield f'<failure type="error" message={_quoted(message)}>{_lines(case.errors)}</failure>\n'
    if case.warnings:
        yield f"<system-out>{_lines(case.warnings)}</system-out>\n"


def _lines(lines: tuple[str, ...]) -> str:
    return escape(printable("\n".join(lines)))


def _quoted(text: str) -> str:
    # What `printable` leaves can stand in XML.
    return quoteattr(printable(text))


JUNIT = JunitFormat()
