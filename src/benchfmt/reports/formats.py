"""Formats of a validation report: each is one object, found by an entry point in the group `benchfmt.report_formats`.

Those of benchfmt are a table here, so that they are known without an installation; each is loaded when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from benchfmt.plugins import Plugins

if TYPE_CHECKING:
    # Naming the formats, as the shell's completion does, loads none of what validation needs.
    from benchfmt.validation.report import Reports

GROUP = "benchfmt.report_formats"


@runtime_checkable
class ReportFormat(Protocol):
    """A form in which the report of a validation is written."""

    @property
    def about(self) -> str:
        """What it is for, in half a sentence."""

    def render(self, reports: Reports) -> Iterator[str]:
        """Yield the report in pieces of text, which hold their own line ends.

        What strangers wrote is escaped here: the pieces are printed as they are. Raises BenchfmtError where a package
        that the format needs is not installed.
        """


OWN = {
    "text": "benchfmt.reports.as_text:TEXT",
    "json": "benchfmt.reports.as_json:JSON",
    "github": "benchfmt.reports.as_github:GITHUB",
    "sarif": "benchfmt.reports.as_sarif:SARIF",
    "junit": "benchfmt.reports.as_junit:JUNIT",
    "html": "benchfmt.reports.as_html:HTML",
}
"""The formats of benchfmt, and where their objects stand."""


FORMATS = Plugins[ReportFormat](GROUP, "report format", ReportFormat, OWN)


def format_names() -> tuple[str, ...]:
    """Return what `--format` takes: the formats of benchfmt, then those of other packages."""
    return FORMATS.names()


def report_format(name: str) -> ReportFormat:
    """Return a format by its name; raises BenchfmtError where there is none, or where it cannot be loaded."""
    return FORMATS.load(name)
