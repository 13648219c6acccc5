"""Mends, and differences of packages, as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchfmt.reports.counting import counted, number

if TYPE_CHECKING:
    from pydantic import JsonValue

    from benchfmt.comparing import Difference
    from benchfmt.mending import Mend, Mended


def mended_lines(mended: Mended) -> Iterator[str]:
    """Yield a line for each mend: file, row, column, what stood there and what stands there now; then how many."""
    for mend in mended.mends:
        yield f"{_place(mend)}: {_shown(mend.before)} -> {_shown(mend.after)}"
    if not mended.mends:
        yield f"nothing is certain to mend: {mended.path} is not written"
        return
    yield f"{counted(len(mended.mends), 'mend')}: {mended.path}"


def _place(mend: Mend) -> str:
    place = mend.path
    if mend.row is not None:
        place = f"{place} row {mend.row}"
    place = f"{place}, {mend.column}"
    if mend.record is not None:
        place = f"{place} ({mend.record})"
    return place


def difference_lines(difference: Difference) -> Iterator[str]:
    """Yield a line for each record that is added or removed, and one for each field that differs; then the counts."""
    for name in difference.removed:
        yield f"- {name}"
    for name in difference.added:
        yield f"+ {name}"
    for record in difference.changed:
        yield f"~ {record.id}"
        for change in record.changes:
            yield f"    {change.field}: {_shown(change.before)} -> {_shown(change.after)}"
    if difference.not_listed:
        yield f"... and {counted(difference.not_listed, 'more record')} changed (--limit)"
    if difference.is_same:
        yield "the records are the same"
        return
    changed = len(difference.changed) + difference.not_listed
    yield (
        f"{counted(len(difference.added), 'record')} added, {number(len(difference.removed))} removed, "
        f"{number(changed)} changed"
    )


def _shown(value: JsonValue) -> str:
    if value is None:
        return "nothing"
    return repr(value)
