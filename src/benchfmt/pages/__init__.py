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
from benchfmt.pages.gathering import Content, gather
from benchfmt.reports.extra import needs_extra
from benchfmt.reports.pages import own_file, policy, template
from benchfmt.validation.report import Report

if TYPE_CHECKING:
    from benchfmt.pages.shown import Page

__all__ = ["GROUPS", "RESULTS", "Limit", "remove_further", "style_and_script", "write_report"]

GROUPS, RESULTS = 150, 3_000
"""So many groups, and results in them, stand on a page: then it is some megabytes at most."""
_FURTHER = "benchfmt-further-page"
"""What stands at the beginning of every page but the first: such a file is of the report beside it, and goes with it."""
_START_BYTES = 1_000
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
    content = gather(package, report, None if pages else limit.groups)
    portions = _portions(content, limit)
    if not pages:
        portions = portions[:1]
    targets = [_place(target, number) for number in range(1, len(portions) + 1)]
    names = [place.name for place in targets]
    for number, (place, portion) in enumerate(zip(targets, portions, strict=True)):
        page = page_of(content, portion, number, names)
        place.write_text(_rendered(page), "utf-8")
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


def _portions(content: Content, limit: Limit) -> list[range]:
    """Return which groups stand on each page: at most so many, and as many results as a page has room for."""
    portions: list[range] = []
    start = room = 0
    for number, group in enumerate(content.groups):
        room += group.shown
        full = number - start >= limit.groups or room > limit.results
        if full and number > start:
            portions.append(range(start, number))
            start, room = number, group.shown
    portions.append(range(start, len(content.groups)))
    return portions


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
