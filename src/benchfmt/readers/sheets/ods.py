"""ODS documents as tables, by their own XML: the sheets are read row by row, and only what their cells say is kept."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchfmt.limits import Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets.merging import MOST, Merged, filled
from benchfmt.readers.sheets.reach import CELLS
from benchfmt.readers.sheets.table import Cells
from benchfmt.readers.xmls import passing

_ROWS, _COLUMNS = 1_048_576, 16_384
_ODF = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TABLE, _OFFICE, _TEXT = (_ODF % name for name in ("table", "office", "text"))
_SHEET, _ROW = f"{_TABLE}table", f"{_TABLE}table-row"
_CELL_TAGS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")


@dataclass
class _Sheet:
    """The rows of a sheet, and which of its cells are merged."""

    rows: list[Cells] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    empty: int = 0
    """How many rows without cells there were since the last one that has some."""
    room: int = CELLS

    def add(self, row: ET.Element) -> None:
        """Add a row; raises UnsafeError where the cells, repeated ones counted each time, are too many."""
        times = _repeated(row, "rows", _ROWS)
        cells = _cells(row)
        if not cells:
            self.empty += times
            return
        self.room -= self.empty + times * len(cells)
        if self.room < 0:
            raise UnsafeError("BF907", f"a sheet of more than {CELLS} cells")
        self.rows += [[]] * self.empty
        self.merged += _merged(row, len(self.rows))
        if len(self.merged) > MOST:
            raise UnsafeError("BF907", f"a sheet of more than {MOST:,} merged cells")
        self.rows += [cells] * times
        self.empty = 0


class OdsSheets:
    """The sheets of an ODS document."""

    def __init__(self, content: bytes, limits: Limits) -> None:
        """Read the document; raises XmlError and UnsafeError."""
        self._sheets = _sheets(content, limits)
        self.names = list(self._sheets)

    def rows(self, name: str) -> Iterator[Cells]:
        """Yield the rows of a sheet from its first, each from its first column."""
        return filled((list(cells) for cells in self._sheets[name].rows), self.merged(name))

    def merged(self, name: str) -> list[Merged]:
        """Return the cells of a sheet that are merged over several rows."""
        return self._sheets[name].merged


def _sheets(content: bytes, limits: Limits) -> dict[str, _Sheet]:
    """Return the sheets of a document by their names; a table in a cell is one of its own."""
    sheets: dict[str, _Sheet] = {}
    open_sheets: list[_Sheet] = []
    for event, element in passing(io.BytesIO(content), (_SHEET, _ROW).__contains__, _ROW, limits):
        if element.tag == _SHEET:
            if event == "end":
                open_sheets.pop()
                continue
            sheet = sheets[element.get(f"{_TABLE}name", "")] = _Sheet()
            open_sheets.append(sheet)
            if len(sheets) > limits.archive_members:
                message = f"more than {limits.archive_members:,} sheets"
                raise UnsafeError("BF905", f"the document has {message}")
        elif event == "end" and open_sheets:
            open_sheets[-1].add(element)
    return sheets


def _merged(row: ET.Element, top: int) -> Iterator[Merged]:
    """Yield the cells of a row that stand for more rows."""
    column = 0
    for cell in row:
        if cell.tag not in _CELL_TAGS:
            continue
        spanned = cell.get(f"{_TABLE}number-rows-spanned")
        if spanned is not None:
            yield Merged(top, top + _count(spanned, "rows", _ROWS) - 1, column)
        column += _repeated(cell, "columns", _COLUMNS)


def _cells(row: ET.Element) -> Cells:
    """Return the cells of a row up to the last that holds something."""
    cells: Cells = []
    empty = 0
    for cell in row:
        if cell.tag not in _CELL_TAGS:
            continue
        times = _repeated(cell, "columns", _COLUMNS)
        text = _text(cell)
        if not text:
            empty += times
            continue
        cells += [""] * empty
        cells += [text] * times
        empty = 0
        if len(cells) > _COLUMNS:
            raise UnsafeError("BF907", f"a row of more than {_COLUMNS} columns")
    return cells


def _repeated(element: ET.Element, what: str, most: int) -> int:
    return _count(element.get(f"{_TABLE}number-{what}-repeated", "1"), what, most)


def _count(text: str, what: str, most: int) -> int:
    if not text.isdecimal() or len(text) > len(str(most)) or int(text) > most:
        raise UnsafeError("BF907", f"{what} repeated {text[:20]} times; a sheet has at most {most}")
    return int(text)


def _text(cell: ET.Element) -> str:
    """Return a cell in the characters of its value, not of how it is shown."""
    match cell.get(f"{_OFFICE}value-type"):
        case "float" | "percentage" | "currency":
            return cell.get(f"{_OFFICE}value", "")
        case "date":
            return cell.get(f"{_OFFICE}date-value", "")
        case "time":
            return _of_duration(cell.get(f"{_OFFICE}time-value", ""))
        case "boolean":
            return cell.get(f"{_OFFICE}boolean-value", "")
    return "\n".join("".join(line.itertext()) for line in _paragraphs(cell))


def _paragraphs(element: ET.Element) -> Iterator[ET.Element]:
    """Yield the paragraphs in an element; one in another is a part of it."""
    for child in element:
        if child.tag == f"{_TEXT}p":
            yield child
        else:
            yield from _paragraphs(child)


_DURATION = re.compile(r"(-?)PT([0-9]+)H([0-9]+)M([0-9]+)(?:[.,]([0-9]+))?S")


def _of_duration(text: str) -> str:
    """Return a duration (`PT00H03M12S`) as hours, minutes and seconds; as it stands where it is written otherwise."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return text
    sign, hours, minutes, seconds, rest = match.groups("")
    fraction = f".{rest.rstrip('0')}" if rest.rstrip("0") else ""
    return f"{sign}{hours:0>2}:{minutes:0>2}:{seconds:0>2}{fraction}"
