"""The comparison of two packages as one HTML file, which fetches nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from benchfmt._version import __version__
from benchfmt.comparing.verdicts import Change, Verdict
from benchfmt.comparing.versions import Versions
from benchfmt.printable import printable
from benchfmt.reports.pages import own_file, policy, template
from benchfmt.reports.versions.wording import (
    Labels,
    change_text,
    headline,
    interval_text,
    is_of_interest,
    labels,
    notes,
    remarks,
    value_text,
    versions_text,
)

_BADGES = {Verdict.REGRESSION: "error", Verdict.IMPROVEMENT: "ok"}


@dataclass(frozen=True)
class ShownChange:
    """A result as the page shows it; every text is readable, and no markup yet."""

    metric: str
    where: str
    old: str
    new: str
    change: str
    interval: str
    p: str
    method: str
    remarks: str


@dataclass(frozen=True)
class ShownVerdict:
    """The results of one verdict."""

    name: str
    badge: str
    is_open: bool
    changes: tuple[ShownChange, ...]


def render(versions: Versions, failures: Sequence[str]) -> Iterator[str]:
    """Yield the page in pieces; raises BenchfmtError where a package that it needs is not installed."""
    page = template("versions.html.jinja", "the comparison as html")
    called = labels(versions)
    style = own_file("report.css")
    verdicts = []
    for verdict, alike in groupby(versions.changes, lambda change: change.verdict):
        listed = list(alike)
        shown = tuple(_shown(change, called) for change in listed)
        is_open = is_of_interest(listed[0])
        verdicts.append(ShownVerdict(str(verdict), _BADGES.get(verdict, "warning"), is_open, shown))
    yield from page.generate(
        version=__version__,
        old=printable(versions.old),
        new=printable(versions.new),
        against=printable(versions_text(versions)),
        headline=headline(versions),
        failures=[printable(failure) for failure in failures],
        notes=[printable(note) for note in notes(versions)],
        verdicts=verdicts,
        style=style,
        policy=policy(style),
    )


def _shown(change: Change, called: Labels) -> ShownChange:
    unit = change.result.metric.unit
    p = ""
    if change.p_adjusted is not None:
        p = f"{change.p_adjusted:.2g}"
    method = ""
    if change.test is not None:
        method = change.test.method
    return ShownChange(
        metric=printable(called.metric(change.result)),
        where=printable(called.context(change.result)),
        old=printable(value_text(change.old_value, unit)),
        new=printable(value_text(change.new_value, unit)),
        change=printable(change_text(change)),
        interval=printable(interval_text(change)),
        p=p,
        method=printable(method),
        remarks=printable(remarks(change)),
    )
