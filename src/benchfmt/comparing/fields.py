"""In which fields a record differs from another of the same id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.record import KEY_FIELDS
from benchfmt.tables import COLUMNS, Row


@dataclass(frozen=True)
class Content:
    """What a record says: its row, that of its system, and those of its measurements."""

    record: Row
    system: Row | None
    measurements: list[Row]


@dataclass(frozen=True)
class Change:
    """A field with what it held and what it holds; None where it held, or holds, nothing.

    A measurement is named by its key, as `measurements[accuracy].value`; where only one record has it, the field is the
    measurement itself.
    """

    field: str
    before: JsonValue
    after: JsonValue


def changes(before: Content, after: Content) -> Iterator[Change]:
    """Yield the fields in which a record differs, in the order of the columns, its measurements last."""
    yield from _of_rows("records", "", before.record, after.record)
    yield from _of_rows("systems", "system.", before.system or {}, after.system or {})
    old = _by_key(before.measurements)
    new = _by_key(after.measurements)
    for key in old | new:
        name = f"measurements[{key}]"
        if key not in old:
            yield Change(name, None, _value(new[key]))
        elif key not in new:
            yield Change(name, _value(old[key]), None)
        else:
            yield from _of_rows("measurements", f"{name}.", old[key], new[key])


def _of_rows(table: str, prefix: str, before: Row, after: Row) -> Iterator[Change]:
    for column in COLUMNS[table]:
        old = before.get(column.name)
        new = after.get(column.name)
        if old != new:
            yield Change(f"{prefix}{column.name}", old, new)


def _value(row: Row) -> JsonValue:
    """Return what a measurement says, or why it says nothing."""
    if row["value"] is None:
        return str(row["missing"])
    unit = row["unit"] or ""
    return f"{row['value']!r} {unit}".rstrip()


def _by_key(rows: list[Row]) -> dict[str, Row]:
    """Return measurements by what they are of; a second one of the same is numbered."""
    seen: Counter[str] = Counter()
    named = {}
    for row in rows:
        name = " ".join(str(row[field]) for field in KEY_FIELDS if row[field])
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} #{seen[name]}"
        named[name] = row
    return named
