"""Mends, and differences of packages, as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchfmt.reports.counting import counted, number

if TYPE_CHECKING:
    from pydantic import JsonValue

    from benchfmt.comparing import Difference
    from benchfmt.mending import Mend, Mended


_EXAMPLES = 3
_MOST_LINES = 100


def mended_lines(mended: Mended) -> Iterator[str]:
    """Yield the mends: file, row, column, what stood there and what stands there now; then how many.

    The same mend in many rows is one line, and of very many lines the first are shown.
    """
    lines = list(_lines_of_mends(mended.mends))
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        more = counted(len(lines) - _MOST_LINES, "more line")
        yield f"... and {more}: `benchfmt diff` of the old package and the new one shows all"
    if not mended.mends:
        yield f"nothing is certain to mend: {mended.path} is not written"
        return
    yield f"{counted(len(mended.mends), 'mend')}: {mended.path}"


def _lines_of_mends(mends: list[Mend]) -> Iterator[str]:
    """Yield a line for each mend, or for all that are alike where they are many."""
    by_kind: dict[tuple[str, str, str, str], list[Mend]] = {}
    for mend in mends:
        kind = (mend.path, mend.column, _shown(mend.before), _shown(mend.after))
        by_kind.setdefault(kind, []).append(mend)
    for (path, column, before, after), alike in by_kind.items():
        if len(alike) <= _EXAMPLES:
            for mend in alike:
                yield f"{_place(mend)}: {before} -> {after}"
        else:
            rows = ", ".join(str(mend.row) for mend in alike[:_EXAMPLES])
            yield f"{path}, {column}: {before} -> {after} in {number(len(alike))} rows: {rows}, ..."


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
