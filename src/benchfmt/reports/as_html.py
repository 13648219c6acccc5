"""The report as one HTML file: it fetches nothing, and whoever gets it can search, sort out and read on in any browser.

What strangers wrote is escaped twice over: characters that hide as `printable` does it, markup by the template engine;
and the page's policy runs no script but its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from benchfmt._version import __version__
from benchfmt.checks.catalogue import all_checks, page
from benchfmt.finding import Finding, shortened
from benchfmt.printable import printable
from benchfmt.reports.counting import counted, number, totals, unlisted
from benchfmt.reports.extra import needs_extra
from benchfmt.reports.pages import own_file, policy, template
from benchfmt.reports.where import acknowledged_lines, rows_text, spot
from benchfmt.validation.condensing import by_fault
from benchfmt.validation.report import Report, Reports

_TEMPLATE = "report.html.jinja"
_EXAMPLES = 3
"""So many findings of one fault in a file are shown before they are folded."""


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the page shows it; every text is readable, and no markup yet."""

    code: str
    severity: str
    file: str
    spot: str
    message: str
    hint: str
    value: str
    rows: str


@dataclass(frozen=True)
class ShownFault:
    """The findings of one fault in a file."""

    findings: tuple[ShownFinding, ...]

    @property
    def is_folded(self) -> bool:
        """Whether they are so many that the first stands for all until somebody opens them."""
        return len(self.findings) > _EXAMPLES


@dataclass(frozen=True)
class ShownFile:
    """A file with its findings by fault."""

    name: str
    faults: tuple[ShownFault, ...]

    @property
    def count(self) -> int:
        """How many findings it has."""
        return sum(len(fault.findings) for fault in self.faults)


@dataclass(frozen=True)
class ShownPackage:
    """A package: its verdict, its counts, and its findings by file."""

    number: int
    source: str
    ok: bool
    counts: list[str]
    files: tuple[ShownFile, ...]
    more: list[str]
    acknowledged: list[str]
    notes: list[str]


@dataclass(frozen=True)
class ShownCode:
    """A code with its page, which is HTML."""

    code: str
    title: str
    page: str


@dataclass(frozen=True)
class HtmlFormat:
    """The report as a page."""

    about: str = "one page for a browser, with search; needs benchfmt[report]"

    def render(self, reports: Reports) -> Iterator[str]:
        """Yield the page in pieces."""
        page_template = template(_TEMPLATE, "the report format html")
        packages = [_package(index, report) for index, report in enumerate(reports, 1)]
        style = own_file("report.css")
        script = own_file("theme.js") + own_file("report.js")
        yield from page_template.generate(
            version=__version__,
            rules=reports.rule_set.label,
            ok=reports.ok,
            counts=totals(reports),
            conformant=f"{number(reports.conformant)} of {counted(len(reports), 'package')} conformant",
            packages=packages,
            codes=_codes(reports),
            style=style,
            script=script,
            policy=policy(style, script),
        )


def _package(index: int, report: Report) -> ShownPackage:
    files_of_package = []
    for file, findings in groupby(report.findings, report.place_of):
        name = printable(file)
        faults = []
        for alike in by_fault(findings):
            faults.append(ShownFault(tuple(_finding(name, finding) for finding in alike)))
        files_of_package.append(ShownFile(name, tuple(faults)))
    more = [unlisted(report, code) for code in sorted(report.more)]
    return ShownPackage(
        number=index,
        source=printable(report.source),
        ok=report.ok,
        counts=totals(report),
        files=tuple(files_of_package),
        more=more,
        acknowledged=[printable(line) for line in acknowledged_lines(report)],
        notes=[printable(note) for note in report.notes],
    )


def _finding(file: str, finding: Finding) -> ShownFinding:
    return ShownFinding(
        code=finding.code,
        severity=finding.severity.value,
        file=file,
        spot=printable(spot(finding)),
        message=printable(shortened(finding.message)),
        hint=printable(finding.hint or ""),
        value=printable(shortened(finding.value or "")),
        rows=rows_text(finding),
    )


def _codes(reports: Reports) -> list[ShownCode]:
    """Return the pages of the codes that were found, as HTML; raw HTML and links to scripts stay text in it."""
    with needs_extra("the report format html"):
        from markdown_it import MarkdownIt
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    codes = sorted({finding.code for report in reports for finding in report.findings})
    shown = []
    for code in codes:
        # The first line is the code and its title.
        text = page(code).partition("\n")[2]
        shown.append(ShownCode(code, all_checks()[code].title, markdown.render(text)))
    return shown


HTML = HtmlFormat()
