"""Cells that a person merged: the file holds their text once, and each of their rows has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets.reach import CELLS
from benchfmt.readers.sheets.table import Cells

MOST = 100_000
"""So many cells of a sheet that are merged over several rows are read."""


@dataclass(frozen=True)
class Merged:
    """Cells of one column that a person merged into one: it stands for all of the rows from `top` to `bottom`."""

    top: int
    bottom: int
    column: int


def filled(rows: Iterator[Cells], merged: Iterable[Merged]) -> Iterator[Cells]:
    """Yield rows in which merged cells hold the text of the uppermost of them; raises UnsafeError for too many cells."""
    beginning: dict[int, list[Merged]] = {}
    for cells_of_one in merged:
        beginning.setdefault(cells_of_one.top, []).append(cells_of_one)
    if not beginning:
        yield from rows
        return
    texts: dict[int, tuple[int, str]] = {}
    room = CELLS
    for place, cells in enumerate(rows):
        for column, (bottom, text) in list(texts.items()):
            if place > bottom:
                del texts[column]
                continue
            cells += [""] * (column + 1 - len(cells))
            if not cells[column]:
                cells[column] = text
        for one in beginning.get(place, ()):
            if one.column < len(cells):
                texts[one.column] = (one.bottom, cells[one.column])
        room -= len(cells)
        if room < 0:
            message = (
                f"a sheet of more than {CELLS} cells, merged ones counted in each of their rows"
            )
            raise UnsafeError("BF907", message)
        yield cells
