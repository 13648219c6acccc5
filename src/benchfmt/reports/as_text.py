"""The report as text for people: findings by file, what to do about each, and the verdict; coloured on a terminal."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TextIO

from benchfmt.finding import Finding, Severity
from benchfmt.printable import is_watched, one_line
from benchfmt.reports.counting import codes_text, counted, number, totals, unlisted
from benchfmt.reports.formats import ReportFormat
from benchfmt.reports.where import acknowledged_lines, advice, rows_text, spot
from benchfmt.validation.condensing import by_fault
from benchfmt.validation.report import Report, Reports

_EXAMPLES = 3
"""The same fault in more places is told once, with so many of them."""
_COMMON = 8
"""So many codes that several packages have are named at the end."""
_REFUSED = 50
"""So many packages that do not conform are named at the end."""
_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_RED = "\x1b[31m"
_GREEN = "\x1b[32m"
_YELLOW = "\x1b[33m"
_OF_SEVERITY = {Severity.ERROR: _RED, Severity.WARNING: _YELLOW}


def may_colour(stream: TextIO) -> bool:
    """Whether colours are welcome: where a person watches, unless NO_COLOR is set (https://no-color.org) or the terminal is dumb."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_watched(stream)


@dataclass(frozen=True)
class TextFormat:
    """The report for people."""

    coloured: bool = False
    is_quiet: bool = False
    """Whether packages in which nothing is wrong are left out."""
    is_grouped: bool = True
    """Whether the same fault in many places is told once, with how many there are and the first."""
    is_strict: bool = False
    """Whether warnings count as faults."""
    about: str = "for people: findings by file, what to do, and the verdict"

    def render(self, reports: Reports) -> Iterator[str]:
        """Yield what was found in each package as soon as it is there; the last line is the verdict on all."""
        is_alone = len(reports) == 1
        codes: set[str] = set()
        packages: Counter[str] = Counter()
        refused: list[str] = []
        for report in reports:
            yield from self._findings(report)
            listed = {finding.code for finding in report.findings}
            codes |= listed
            packages.update(sorted(listed | report.more.keys()))
            if not self._conforms(report):
                refused.append(self._refusal(report))
            is_told = bool(report.findings or report.more) or not self.is_quiet
            if is_told and not is_alone:
                yield f"{_heading(report.source)}: {self._verdict(report)}\n"
        common = _in_several(packages)
        if common:
            yield f"in several packages: {common}\n"
        if codes:
            yield self._styled(_DIM, _how_to_learn(sorted(codes))) + "\n"
        if not is_alone:
            yield from self._refused(refused)
        if is_alone:
            yield self._verdict(reports) + "\n"
        else:
            conformant = number(len(reports) - len(refused))
            share = f"{conformant} of {counted(len(reports), 'package')} conformant"
            yield f"{share} ({self._rules(reports)}): {_counts(reports)}\n"

    def _refused(self, refused: list[str]) -> Iterator[str]:
        """Yield the packages that do not conform, each with its errors in one line."""
        for line in refused[:_REFUSED]:
            yield f"{self._styled(_RED, 'not conformant')}: {line}\n"
        if len(refused) > _REFUSED:
            left = counted(len(refused) - _REFUSED, "more package")
            yield f"{self._styled(_RED, 'not conformant')}: {left}\n"

    def _findings(self, report: Report) -> Iterator[str]:
        for file, findings in groupby(report.findings, report.place_of):
            yield self._styled(_BOLD, _heading(file)) + "\n"
            for alike in by_fault(findings):
                for line in self._lines(alike):
                    yield f"  {line}\n"
        if report.more and not report.findings:
            yield self._styled(_BOLD, _heading(report.source)) + "\n"
        for code in sorted(report.more):
            yield f"  not listed: {unlisted(report, code)}\n"
        for line in acknowledged_lines(report):
            yield f"  acknowledged {one_line(line)}\n"
        for note in report.notes:
            yield f"  note: {one_line(note)}\n"

    def _lines(self, alike: list[Finding]) -> Iterator[str]:
        """Yield the lines of the findings of one fault: one for all where they are many."""
        if self.is_grouped and len(alike) > _EXAMPLES:
            yield self._group(alike)
            return
        for finding in alike:
            yield self._line(finding)

    def _group(self, alike: list[Finding]) -> str:
        """Return many findings of one fault as a line: how many, the advice of the first, and where the first are."""
        first = alike[0]
        places = "; ".join(spot(finding) for finding in alike[:_EXAMPLES])
        count = f" × {number(len(alike))}"
        text = f"{advice(first)}; at {places}; and {number(len(alike) - _EXAMPLES)} more"
        return self._told(first, count, text)

    def _line(self, finding: Finding) -> str:
        text = advice(finding)
        place = spot(finding)
        if place:
            text = f"{place}: {text}"
        rows = rows_text(finding)
        if rows:
            text = f"{text}; {rows}"
        return self._told(finding, "", text)

    def _told(self, finding: Finding, count: str, text: str) -> str:
        severity = self._styled(_OF_SEVERITY[finding.severity], finding.severity.value)
        code = self._styled(_BOLD, f"{finding.code}{count}")
        return f"{severity} {code} {one_line(text)}"

    def _verdict(self, report: Report | Reports) -> str:
        word = self._styled(_GREEN, "conformant")
        if not self._conforms(report):
            word = self._styled(_RED, "not conformant")
        return f"{word} ({self._rules(report)}): {_counts(report)}"

    def _conforms(self, report: Report | Reports) -> bool:
        return report.ok and not (self.is_strict and report.warnings)

    def _rules(self, report: Report | Reports) -> str:
        """Return the rules that a verdict is by."""
        if self.is_strict:
            return f"{report.rule_set.label}, strict"
        return report.rule_set.label

    def _refusal(self, report: Report) -> str:
        """Return which package does not conform, and by which findings."""
        return f"{_heading(report.source)}: {codes_text(report, with_warnings=self.is_strict)}"

    def _styled(self, style: str, text: str) -> str:
        if not self.coloured:
            return text
        return f"{style}{text}{_RESET}"


def _counts(report: Report | Reports) -> str:
    return ", ".join(totals(report))


def _in_several(packages: Counter[str]) -> str:
    """Return the codes that most packages have, of those that several have, each with how many these are."""
    parts = []
    for code, count in packages.most_common(_COMMON):
        if count > 1:
            parts.append(f"{code} in {number(count)}")
    return ", ".join(parts)


def _how_to_learn(codes: list[str]) -> str:
    """Return how the pages of codes are read."""
    if len(codes) == 1:
        return f"why, and how to fix it: benchfmt explain {codes[0]}"
    return f"why, and how to fix it: benchfmt explain CODE, as {codes[0]}"


def _heading(file: str) -> str:
    """Return a file as a heading; one whose name begins as a command of GitHub's runner does is no command there."""
    heading = one_line(file)
    if heading.lstrip().startswith("::"):
        return f"./{heading}"
    return heading


TEXT = TextFormat()


def for_stream(
    chosen: ReportFormat,
    stream: TextIO | None,
    *,
    is_quiet: bool = False,
    is_grouped: bool = True,
    is_strict: bool = False,
) -> ReportFormat:
    """Return a format as it is printed on a stream, or written to a file where that is None.

    Text has colours where they are welcome, and only what is wrong, or the same fault in each of its places, if that is asked.
    """
    if chosen is TEXT:
        coloured = stream is not None and may_colour(stream)
        return TextFormat(coloured, is_quiet, is_grouped, is_strict)
    return chosen
