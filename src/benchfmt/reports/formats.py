"""Formats of a validation report: each is one object, found by an entry point in the group `benchfmt.report_formats`.

Those of benchfmt are a table here, so that they are known without an installation; each is loaded when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from benchfmt.finding import BenchfmtError
from benchfmt.plugins import distribution_of
from benchfmt.spelling import no_such

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


@cache
def _others() -> dict[str, EntryPoint]:
    """Return the formats that other packages add; raises BenchfmtError for two of one name."""
    others: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in OWN or point.name in others:
            raise BenchfmtError(
                f"{distribution_of(point)} adds a report format {point.name!r}, which exists already: uninstall it"
            )
        others[point.name] = point
    return others


def format_names() -> tuple[str, ...]:
    """Return what `--format` takes: the formats of benchfmt, then those of other packages."""
    return (*OWN, *sorted(_others()))


def report_format(name: str) -> ReportFormat:
    """Return a format by its name; raises BenchfmtError where there is none, or where it cannot be loaded."""
    if name in OWN:
        module, _, attribute = OWN[name].partition(":")
        own: ReportFormat = getattr(import_module(module), attribute)
        return own
    if name not in _others():
        raise BenchfmtError(no_such("report format", name, format_names()))
    return _loaded(_others()[name])


def _loaded(point: EntryPoint) -> ReportFormat:
    """Return the object that an entry point names."""
    try:
        named = point.load()
    except Exception as error:
        raise BenchfmtError(
            f"the report format {point.name!r} cannot be loaded: {type(error).__name__}: {error}; "
            f"update or uninstall {distribution_of(point)}"
        ) from error
    if not isinstance(named, ReportFormat):
        raise BenchfmtError(
            f"the entry point {point.name!r} in {GROUP!r} names no report format: it has no `about` and `render`"
        )
    return named
