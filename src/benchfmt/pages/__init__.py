"""Pages to look at: a package as one HTML file that fetches nothing, and pages of further groups where there are many.

What strangers wrote is escaped twice over, as in the report of findings, and the policy of a page runs no script but its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchfmt._version import __version__
from benchfmt.package import Package
from benchfmt.pages.gathering import RESULTS, gather
from benchfmt.reports.extra import needs_extra
from benchfmt.reports.pages import own_file, policy, template
from benchfmt.validation.report import Report

if TYPE_CHECKING:
    from benchfmt.pages.views import Page

__all__ = ["GROUPS", "RESULTS", "Limit", "remove_further", "style_and_script", "write_report"]

GROUPS = 150
"""So many groups stand on a page."""
_FURTHER = "benchfmt-further-page"
"""What stands at the beginning of every page but the first: such a file is of the report beside it, and goes with it."""
_START_BYTES = 1_000
_PAGES_AT_ONCE = 8
"""The groups of so many pages are in memory at a time; for each time the tables are read."""
_WHAT = "the report of a package"
_STYLES = ("report.css", "page.css")
_SCRIPTS = ("theme.js", "page.js")


@dataclass(frozen=True)
class Limit:
    """How much one page shows."""

    groups: int = GROUPS
    results: int = RESULTS


def write_report(
    package: Package,
    target: Path,
    *,
    report: Report | None = None,
    pages: bool = False,
    limit: Limit | None = None,
) -> list[Path]:
    """Write what a package holds as a page for any browser, and return the files; raises BenchfmtError.

    `report` is what validation found, which the page then shows too. The page has the groups of most systems; with
    `pages` all others follow on `NAME-2.html`, `NAME-3.html` and so on beside it. Such pages of an older report that is
    replaced are removed. Needs the `report` extra.
    """
    with needs_extra(_WHAT):
        from benchfmt.pages.shown import page_of
    limit = limit or Limit()
    content = gather(package, report, None if pages else limit.groups, limit.results)
    each = _pages(content.shown, limit)
    if not pages:
        each = each[:1]
    targets = [_place(target, number) for number in range(1, len(each) + 1)]
    names = [place.name for place in targets]
    for start in range(0, len(each), _PAGES_AT_ONCE):
        some = each[start : start + _PAGES_AT_ONCE]
        portion = content.portion(range(some[0].start, some[-1].stop))
        for number, groups in enumerate(some, start):
            shown = range(groups.start - some[0].start, groups.stop - some[0].start)
            page = page_of(content, portion, shown, number, names)
            targets[number].write_text(_rendered(page), "utf-8")
    remove_further(target, len(targets))
    return targets


def remove_further(target: Path, kept: int) -> None:
    """Remove further pages of an older report of the same name, beyond so many that are kept; other files stay."""
    name = re.compile(rf"{re.escape(target.stem)}-([0-9]+){re.escape(target.suffix)}")
    for path in target.parent.iterdir():
        match = name.fullmatch(path.name)
        if match is None or int(match[1]) <= kept or not path.is_file():
            continue
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
        if _FURTHER.encode() in start:
            path.unlink()


def _place(target: Path, number: int) -> Path:
    if number == 1:
        return target
    return target.with_name(f"{target.stem}-{number}{target.suffix}")


def _pages(shown: Sequence[int], limit: Limit) -> list[range]:
    """Return which groups stand on each page: at most so many, and as many results as a page has room for."""
    pages: list[range] = []
    start = room = 0
    for number, results in enumerate(shown):
        room += results
        full = number - start >= limit.groups or room > limit.results
        if full and number > start:
            pages.append(range(start, number))
            start, room = number, results
    pages.append(range(start, len(shown)))
    return pages


def style_and_script() -> tuple[str, str]:
    """Return the style and the script that every page brings, which are the same whatever it shows."""
    return _joined("benchfmt.pages", _STYLES), _joined("benchfmt.pages", _SCRIPTS)


def _rendered(page: Page) -> str:
    style, script = style_and_script()
    found = template("page.html.jinja", _WHAT, "benchfmt.pages")
    return found.render(
        page=page,
        further=_FURTHER,
        version=__version__,
        style=style,
        script=script,
        policy=policy(style, script),
    )


def _joined(package: str, names: Sequence[str]) -> str:
    """Return files one after the other; those that the report of findings has too are its own."""
    return "\n".join(own_file(name, _HOMES.get(name, package)) for name in names)


_HOMES = dict.fromkeys(("report.css", "theme.js"), "benchfmt.reports")
