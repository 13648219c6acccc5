"""Who measured the results of a package, and when; whom to ask about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from benchfmt.package import Package
from benchfmt.printable import one_line
from benchfmt.reports.counting import counted, number

_NAMED = 8
_DAY = 10
"""The characters of a date."""
_OF_CONTRIBUTORS = ("title", "organization", "email", "path")


def origins(package: Package) -> list[tuple[str, str]]:
    """Return whom to ask, who submitted the results, when they were measured and their licences, as names and words."""
    submitters: Counter[str] = Counter()
    licences: Counter[str] = Counter()
    days: Counter[str] = Counter()
    records = 0
    for frame in package.frames("records", ("submitter", "license", "measured_at")):
        records += frame.height
        for name, counts in (("submitter", submitters), ("license", licences)):
            counts.update(dict(frame[name].drop_nulls().value_counts().iter_rows()))
        days.update(
            dict(frame["measured_at"].drop_nulls().str.head(_DAY).value_counts().iter_rows())
        )
    found = {
        "contact": "; ".join(_contributors(package)) or "nobody is named",
        "submitted by": _told(submitters, records),
        "measured": _dates(days, records),
        "licence of results": _told(licences, records),
    }
    return [(name, one_line(words)) for name, words in found.items()]


def _contributors(package: Package) -> Iterator[str]:
    for item in getattr(package.descriptor, "contributors", None) or []:
        if isinstance(item, Mapping):
            yield ", ".join(str(item[name]) for name in _OF_CONTRIBUTORS if item.get(name))


def _told(counts: Counter[str], records: int) -> str:
    named = [f"{name} {number(count)}" for name, count in counts.most_common(_NAMED)]
    if len(counts) > _NAMED:
        named.append(f"{number(len(counts) - _NAMED)} more")
    silent = records - counts.total()
    if silent:
        named.append(f"not stated {number(silent)}")
    return ", ".join(named) or "not stated"


def _dates(days: Counter[str], records: int) -> str:
    if not days:
        return "not stated"
    first, last = min(days), max(days)
    words = first if first == last else f"{first} to {last}"
    silent = records - days.total()
    return f"{words}; not stated of {counted(silent, 'result')}" if silent else words
