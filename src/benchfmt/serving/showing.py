"""The page on a package, also on one that is too damaged to be read: then it is the report of what is wrong."""

from __future__ import annotations

from pathlib import Path

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.package import open_package
from benchfmt.pages import Limit, write_report
from benchfmt.reports.as_html import HTML
from benchfmt.validation import Report, Reports


def write_page(
    place: Path,
    target: Path,
    report: Report,
    limits: Limits = LIMITS,
    *,
    pages: bool = False,
    limit: Limit | None = None,
) -> list[Path]:
    """Write the page on a package with what validation found, and return the files; the first is the target.

    With `pages` what has no room on it follows on others. `limit` says how much a page shows.
    """
    try:
        with open_package(place, limits=limits, is_short=True) as package:
            return write_report(package, target, report=report, pages=pages, limit=limit)
    except BenchfmtError:
        # The findings say what is wrong with it, and are worth more than this error.
        if report.ok:
            raise
    with target.open("w", encoding="utf-8") as file:
        file.writelines(HTML.render(Reports(report.rule_set, [report], 1)))
    return [target]
