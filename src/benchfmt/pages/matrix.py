"""The matrix of a page: how many results each system has on each benchmark."""

from __future__ import annotations

from dataclasses import dataclass

from benchfmt.comparing.coverage import Coverage
from benchfmt.printable import one_line
from benchfmt.reports.counting import counted
from benchfmt.reports.coverage import by_benchmark

_ROWS, _COLUMNS = 40, 24
_SHADES = 5


@dataclass(frozen=True)
class Cell:
    """A cell of the matrix: its text, and how dark it is, from 0 to 5."""

    text: str
    shade: int


@dataclass(frozen=True)
class Matrix:
    """The records by system and benchmark: those with most of them."""

    columns: list[str]
    rows: list[tuple[str, list[Cell]]]
    left: str
    """What is not shown, in words; nothing where all is."""


def matrix_of(covered: Coverage) -> Matrix:
    """Return the matrix; a system that has nothing in the columns that are shown is not shown with empty ones."""
    found = by_benchmark(covered)
    places = found.fullest(_ROWS)[:_COLUMNS]
    greatest = max((whole for _, whole in found.counts.values()), default=1)
    rows = []
    for row, name in enumerate(found.rows[:_ROWS]):
        cells = []
        for place in places:
            _, whole = found.counts.get((row, place), (0, 0))
            cells.append(Cell(found.text(row, place) if whole else "", _shade(whole, greatest)))
        if any(cell.text for cell in cells):
            rows.append((one_line(name), cells))
    left = (len(found.rows) - len(rows), len(found.columns) - len(places))
    words = [
        counted(count, word)
        for count, word in zip(left, ("system", "benchmark"), strict=True)
        if count
    ]
    columns = [one_line(found.columns[place]) for place in places]
    return Matrix(columns, rows, " and ".join(words))


def _shade(count: int, greatest: int) -> int:
    if not count:
        return 0
    return 1 + min(_SHADES - 1, (_SHADES * count) // (greatest + 1))
