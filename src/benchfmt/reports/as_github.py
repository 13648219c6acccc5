"""The report as annotations of GitHub: each finding is a line that GitHub shows at the file in a pull request.

The grammar: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands . What is escaped, and
how, is what GitHub's own package does (`escapeData` and `escapeProperty` of @actions/core).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from benchfmt.checks.catalogue import all_checks
from benchfmt.finding import Finding
from benchfmt.printable import printable
from benchfmt.reports.counting import counted, unlisted
from benchfmt.reports.where import acknowledged_lines, advice, rows_text, spot, where
from benchfmt.validation.condensing import by_fault
from benchfmt.validation.report import Report, Reports

_IN_MESSAGES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def command(name: str, properties: dict[str, str], message: str) -> str:
    """Return a command for GitHub's runner, with its line end: `::error file=a.csv,line=3::message`."""
    pairs = []
    for key, value in properties.items():
        pairs.append(f"{key}={printable(value).translate(_IN_PROPERTIES)}")
    joined = ",".join(pairs)
    head = name
    if joined:
        head = f"{name} {joined}"
    return f"::{head}::{printable(message).translate(_IN_MESSAGES)}\n"


@dataclass(frozen=True)
class GithubFormat:
    """The report as workflow commands."""

    about: str = "annotations in a pull request on GitHub"

    def render(self, reports: Reports) -> Iterator[str]:
        """Yield a command for each fault, errors first: GitHub shows ten of each severity for a step."""
        for report in reports:
            for alike in _faults(report):
                yield _annotation(report, alike)
        for report in reports:
            yield from _not_listed(report)
            for line in acknowledged_lines(report):
                yield command("notice", {"file": report.source, "title": "acknowledged"}, line)
            for note in report.notes:
                yield command("notice", {"file": report.source, "title": "note"}, note)
        yield _verdict(reports)


def _faults(report: Report) -> list[list[Finding]]:
    """Return the findings of each fault in each file, errors first."""
    faults: list[list[Finding]] = []
    for _, findings in groupby(report.findings, report.place_of):
        faults += by_fault(findings)
    return sorted(faults, key=lambda alike: alike[0].severity.value)


def _annotation(report: Report, alike: list[Finding]) -> str:
    """Return the command for the findings of one fault: it stands at the first of them."""
    finding = alike[0]
    place = where(report, finding)
    properties = {"file": place.file}
    if place.line is not None:
        properties["line"] = str(place.line)
        if place.column is not None:
            properties["col"] = str(place.column)
    properties["title"] = f"{finding.code}: {all_checks()[finding.code].title}"
    parts = [place.inside or "", spot(finding)]
    within = " ".join(part for part in parts if part)
    message = advice(finding)
    if within:
        message = f"{within}: {message}"
    rows = rows_text(finding)
    if rows:
        message = f"{message}; {rows}"
    if len(alike) > 1:
        message = f"{message}; and in {counted(len(alike) - 1, 'more place')}"
    return command(finding.severity.value, properties, message)


def _not_listed(report: Report) -> Iterator[str]:
    for code in sorted(report.more):
        text = f"not listed: {unlisted(report, code)}"
        yield command("notice", {"file": report.source, "title": code}, text)


def _verdict(reports: Reports) -> str:
    """Return the verdict as plain text: it stands in the log, and no annotation is spent on it."""
    word = "conformant"
    if not reports.ok:
        word = "not conformant"
    errors = counted(reports.errors, "error")
    return f"{word}: {errors}, {counted(reports.warnings, 'warning')}\n"


GITHUB = GithubFormat()
