"""What a database says of the columns of the flat view: a sentence for each, with its unit before it."""

from __future__ import annotations

import polars as pl

from benchfmt.wide.flat import CONTEXT, SYSTEM
from benchfmt.wide.meanings import (
    meaning_of_key,
    meanings_of_columns,
    meanings_of_headlines,
    units_of_columns,
)


def comments(keys: pl.DataFrame) -> dict[str, str]:
    """Return what is said of columns, by name: `[s] Latency (median, inference): ...`.

    `keys` are those of the measurements, each with the `name` of its column and, where it has one, its `unit`.
    """
    context = {name: name for name in CONTEXT}
    meanings = dict(meanings_of_headlines())
    units: dict[str, str] = {}
    for table, shown in (("records", context), ("systems", SYSTEM)):
        meanings |= meanings_of_columns(table, shown)
        units |= units_of_columns(table, shown)
    for key in keys.iter_rows(named=True):
        meaning = meaning_of_key(key)
        if meaning is not None:
            meanings[key["name"]] = meaning
        if key["unit"] is not None:
            units[key["name"]] = key["unit"]
    return {
        name: _comment(units.get(name), meanings.get(name)) for name in sorted({*meanings, *units})
    }


def _comment(unit: str | None, meaning: str | None) -> str:
    parts = [f"[{unit}]" if unit else None, meaning]
    return " ".join(part for part in parts if part)
