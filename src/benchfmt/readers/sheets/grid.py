"""How a spreadsheet names the cells of a table: `C7`, or `Runs!C7` in a workbook."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from benchfmt.finding import BenchfmtError
from benchfmt.readers.sheets.table import Corner, RowTable

_PLAIN_SHEET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LETTERS = 26


@dataclass(frozen=True)
class CellNames:
    """The rows of the grid in which some data rows of a table stand, and its columns."""

    corner: Corner = field(default_factory=Corner)
    rows: Mapping[int, int] = field(default_factory=dict)
    columns: Mapping[str, int] = field(default_factory=dict)

    def name(self, row: int, column: str | None) -> str | None:
        """Return the name of a cell by its data row and column, None where it is not known."""
        at = self.rows.get(row)
        place = self.columns.get(column or "")
        if at is None or place is None:
            return None
        cell = f"{letters(self.corner.column + place)}{self.corner.row + at - 1}"
        if self.corner.sheet is None:
            return cell
        sheet = self.corner.sheet
        if not _PLAIN_SHEET.fullmatch(sheet):
            sheet = "'" + sheet.replace("'", "''") + "'"
        return f"{sheet}!{cell}"


def cell_names(table: RowTable, rows: Collection[int]) -> CellNames:
    """Return the names of the cells of some data rows; nothing where the table can no longer be read."""
    places: dict[int, int] = {}
    last = max(rows, default=0)
    try:
        columns = {name: place for place, name in enumerate(table.header())}
        with closing(table.places()) as standing:
            for number, place in enumerate(standing, 1):
                if number > last:
                    break
                if number in rows:
                    places[number] = place
    except BenchfmtError:
        return CellNames()
    return CellNames(table.corner or Corner(), places, columns)


def letters(column: int) -> str:
    """Return the letters of a column of a spreadsheet, which counts from 1."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, _LETTERS)
        name = chr(ord("A") + rest) + name
    return name
