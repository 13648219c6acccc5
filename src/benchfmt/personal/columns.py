"""Which texts of a table mention something personal: columns are screened whole, and only what is left is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from benchfmt.personal.kinds import SCREEN, SCREEN_OF_JSON, Kind
from benchfmt.personal.mentions import mentions, texts_in
from benchfmt.tables import COLUMNS, TERM_COLUMNS, Column

_SET_APART = {
    "systems": frozenset[str](),
    "records": frozenset(
        {"status", "system_id", "dataset_sha256", "source_sha256", "measured_at", "input_shape"}
    ),
    "measurements": frozenset(
        {"record_id", "unit", "basis", "missing", "caveats", "ci", "samples", "reported_unit"}
    ),
}
"""Columns that hold no free text: joins, terms, units, hashes, times and numbers."""
_TEXTS = ("text", "json")


@dataclass(frozen=True, slots=True)
class Told:
    """What a cell mentions of one kind."""

    kind: Kind
    cell: str
    mention: str
    """The first mention."""
    pointer: str
    """Where it stands in a cell of JSON; "" where the cell is text."""
    more: int
    """How many more mentions of the kind the cell has."""


def free_columns(table: str) -> list[Column]:
    """Return the columns of a table that hold free text."""
    columns = []
    for item in COLUMNS[table]:
        is_term = item.name in TERM_COLUMNS[table]
        if item.kind in _TEXTS and not is_term and item.name not in _SET_APART[table]:
            columns.append(item)
    return columns


def suspects(cells: pl.Series, *, is_json: bool) -> list[str]:
    """Return the different texts of a column in which something may be mentioned."""
    if cells.null_count() == cells.len():
        return []
    # Texts that repeat mostly stand together.
    different = cells.filter(cells.ne_missing(cells.shift(1)))
    screen = SCREEN
    if is_json:
        screen = SCREEN_OF_JSON
    is_suspect = different.str.contains(screen)
    if not is_suspect.any():
        return []
    return different.filter(is_suspect).unique(maintain_order=True).to_list()


def told_in(cells: pl.Series, *, is_json: bool) -> Iterator[Told]:
    """Yield what the cells of a column mention, once for each text and kind."""
    for cell in suspects(cells, is_json=is_json):
        yield from _told(cell, is_json=is_json)


def _told(cell: str, *, is_json: bool) -> Iterator[Told]:
    mentioned: dict[Kind, list[tuple[str, str]]] = {}
    data = cell
    if is_json:
        data = json.loads(cell)
    for text in texts_in(data):
        for mention in mentions(text.value, text.member):
            mentioned.setdefault(mention.kind, []).append((mention.text, text.pointer))
    for kind, found in mentioned.items():
        first, pointer = found[0]
        yield Told(kind, cell, first, pointer, len(found) - 1)
