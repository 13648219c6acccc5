"""The comparison of two packages as text: a line a result, regressions first, then the totals and what they do not know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from benchfmt.comparing.verdicts import Change
from benchfmt.comparing.versions import Versions
from benchfmt.printable import one_line
from benchfmt.reports.counting import counted
from benchfmt.reports.versions.wording import (
    Labels,
    change_text,
    headline,
    interval_text,
    labels,
    notes,
    remarks,
    value_text,
    versions_text,
)

_MOST = 50
"""So many results of one verdict are listed; the JSON has them all."""


def render(versions: Versions, failures: Sequence[str]) -> Iterator[str]:
    """Yield the comparison, a line at a time."""
    called = labels(versions)
    against = versions_text(versions)
    if against:
        yield f"{one_line(against)}\n"
    for _, alike in groupby(versions.changes, lambda change: change.verdict):
        listed = list(alike)
        for change in listed[:_MOST]:
            yield f"{one_line(_line(change, called))}\n"
        if len(listed) > _MOST:
            yield f"... and {counted(len(listed) - _MOST, 'more result')}: {listed[0].verdict}\n"
    yield f"{headline(versions)}\n"
    for note in notes(versions):
        yield f"{one_line(note)}\n"
    for failure in failures:
        yield f"failed: {one_line(failure)}\n"


def _line(change: Change, called: Labels) -> str:
    result = change.result
    unit = result.metric.unit
    where = called.context(result)
    text = f"{change.verdict}: {called.metric(result)}"
    if where:
        text = f"{text} ({where})"
    if change.old_value is None or change.new_value is None:
        value = change.old_value
        if value is None:
            value = change.new_value
        return f"{text}: {value_text(value, unit)}"
    values = f"{value_text(change.old_value, unit)} -> {value_text(change.new_value, unit)}"
    shown = f"{change_text(change)} {interval_text(change)}".strip()
    text = f"{text}: {values}, {shown}"
    said = remarks(change)
    if said:
        text = f"{text}; {said}"
    return text
