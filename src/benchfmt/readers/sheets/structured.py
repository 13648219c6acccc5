"""Finds out where the rows stand in workbooks, JSON, Markdown and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from benchfmt.limits import Limits
from benchfmt.numbers import Digits
from benchfmt.readers import jsons
from benchfmt.readers.jsons import JsonError
from benchfmt.readers.sheets.blocks import layout
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.documents import pointer, read_document
from benchfmt.readers.sheets.grid import letters
from benchfmt.readers.sheets.markup import read_tables
from benchfmt.readers.sheets.sniffed import Sniffed
from benchfmt.readers.sheets.storage import Storage
from benchfmt.readers.sheets.table import Cells
from benchfmt.readers.sheets.text_form import TextForm
from benchfmt.readers.sheets.workbook import open_sheets, percent_cells
from benchfmt.readers.tables import TableError

_ROWS = 1_000
_DEPTH = 8
_OWN_NUMBERS = 3
"""A document with so many numbers of its own is a result itself, and its lists are parts of that."""
_HTML = re.compile(r"<table\b", re.IGNORECASE)
_RULE = re.compile(r"^[ \t]{0,40}\|?[ \t]{0,40}:?-+:?[ \t]{0,40}\|", re.MULTILINE)
_SHOWN = 5
_JSON = ("json", "jsonl", "ndjson")
_JSON_STARTS = ('{"', "{\n", "[{", "[\n", "[[")
"""How JSON begins, and no line of names does."""


def sniff_workbook(path: Path, storage: Storage, limits: Limits) -> Sniffed:
    """Return which sheet of a workbook is the table, and where its header stands."""
    # Asked first: the parts of a workbook and its cells would be too much at once.
    percentages = percent_cells(path, limits) if storage.format == "xlsx" else []
    sheets = open_sheets(path, storage.format, limits)
    names = [name for name in sheets.names if any(map(any, islice(sheets.rows(name), _ROWS)))]
    if not names:
        raise TableError("BF101", f"{path.name} is empty: no sheet holds a cell")
    chosen = names[0]
    rows = _padded(islice(sheets.rows(chosen), _ROWS))
    blocks = layout(rows)
    notes: list[str] = []
    words: dict[str, JsonValue] = {}
    if blocks is not None and blocks.is_range:
        table = blocks.table
        if table.bottom == len(rows) == _ROWS:
            table = replace(table, bottom=sum(1 for _ in sheets.rows(chosen)))
        words["range"] = table.range
        notes.append(blocks.note(rows))
        rows = blocks.table.rows(rows)
    form = TextForm.of_rows(path.name, rows)
    words |= form.dialect.words()
    notes += form.notes
    if len(sheets.names) > 1:
        control = "excel" if storage.format == "xlsx" else "ods"
        # Frictionless has a word of its own for the sheet.
        words |= {"sheetName": chosen, control: {"sheet": chosen}}
        others = ", ".join(repr(name) for name in names if name != chosen)
        if others:
            notes.append(
                f"sheet {chosen!r} is read; {others} holds cells too: describe it by a resource of its own"
            )
    columns = sorted({letters(one.column + 1) for one in sheets.merged(chosen)})
    if columns:
        notes.append(
            f"cells of column {', '.join(columns)} are merged over several rows: each row has their text"
        )
    notes += [
        f"cell {place} is shown as a percentage: the number in the file is a fraction"
        for place in percentages
    ]
    return Sniffed(storage, Dialect.model_validate(words), notes)


def _padded(rows: Iterator[Cells]) -> list[Cells]:
    """Return rows of equal width, without empty columns at the end."""
    cells = list(rows)
    width = max(map(len, cells), default=0)
    padded = [[*row, *[""] * (width - len(row))] for row in cells]
    while width and not any(row[width - 1] for row in padded):
        width -= 1
    return [row[:width] for row in padded]


def sniff_documents(path: Path, storage: Storage, text: str, limits: Limits) -> Sniffed | None:
    """Return how JSON, Markdown or HTML is written; None for a text that is none of them."""
    start = text.lstrip()
    if start.startswith(("{", "[")):
        found = _json(path, storage, start, limits)
        if found is not None:
            return found
    if _HTML.search(text):
        return _markup(path, replace(storage, format="html"), limits)
    found = None
    if storage.format == "markdown" or (_RULE.search(text) and "|" in text):
        found = _markup(path, replace(storage, format="markdown"), limits)
    if found is None and storage.format in ("markdown", "html"):
        raise TableError("BF103", f"{path.name} holds no table with rows")
    return found


def _json(path: Path, storage: Storage, start: str, limits: Limits) -> Sniffed | None:
    lines = (line for line in start.splitlines() if line.strip())
    first_line = next(lines, "")
    has_second = next(lines, None) is not None
    if has_second or storage.format in ("jsonl", "ndjson"):
        first = _parsed(first_line, limits)
        if isinstance(first, dict | list):
            return _json_lines(path, storage, first)
    try:
        document = read_document(path, storage, limits)
    except TableError:
        if storage.format in _JSON or start.startswith(_JSON_STARTS):
            raise
        return None
    return _Document(path, document).sniffed(replace(storage, format="json"))


def _json_lines(path: Path, storage: Storage, first: JsonValue) -> Sniffed:
    dialect = Dialect()
    if isinstance(first, list):
        dialect = Dialect(item_type="array")
    elif not first:
        raise TableError("BF101", f"{path.name}: the first line is an empty object")
    return Sniffed(replace(storage, format="jsonl"), dialect)


def _parsed(text: str, limits: Limits) -> JsonValue:
    try:
        return jsons.parse_cells(text, limits)
    except JsonError:
        return None


@dataclass(frozen=True)
class _List:
    """A list of objects in a document, or an object whose members are alike."""

    keys: tuple[str, ...]
    length: int
    is_list: bool

    @property
    def property(self) -> str:
        """What a dialect says of where it stands."""
        if not self.is_list:
            return pointer((*self.keys, "*"))
        if len(self.keys) == 1:
            return self.keys[0]
        return pointer(self.keys)

    def __str__(self) -> str:
        """Return the list as a person is told of it."""
        kind = "a list" if self.is_list else "an object"
        return f"{pointer(self.keys)} is {kind} of {self.length} objects"


class _Document:
    """A JSON document: are its rows a list in it, or is it one run?"""

    def __init__(self, path: Path, document: JsonValue) -> None:
        self.path = path
        self.document = document

    def sniffed(self, storage: Storage) -> Sniffed:
        if isinstance(self.document, list):
            return Sniffed(storage, self._of_list(self.document))
        if not isinstance(self.document, dict):
            raise TableError("BF103", f"{self.path.name}: the document is no object and no list")
        lists = list(_lists(self.document, ()))
        outside = _own_numbers(self.document)
        true_lists = [item for item in lists if item.is_list]
        if len(true_lists) == 1 and outside < _OWN_NUMBERS:
            only = true_lists[0]
            words: dict[str, JsonValue] = {"property": only.property}
            if len(only.keys) == 1:
                # Frictionless has a word of its own for the place.
                words["json"] = {"property": only.property}
            note = f"{only}: each is a row; what stands beside it is a column of every row"
            return Sniffed(storage, Dialect.model_validate(words), [note])
        notes = ["the document is read as one row"]
        notes += [
            f"{item}: is each a row? Then say `property` {item.property!r}"
            for item in lists[:_SHOWN]
        ]
        return Sniffed(storage, Dialect(), notes)

    def _of_list(self, items: list[JsonValue]) -> Dialect:
        if items and all(isinstance(item, list) for item in items):
            return Dialect(item_type="array")
        if not items or not all(isinstance(item, dict) for item in items):
            message = "a table is a list of objects, or of lists of which the first holds the names"
            raise TableError("BF103", f"{self.path.name}: {message}")
        return Dialect()


def _lists(node: dict[str, JsonValue], above: tuple[str, ...]) -> Iterator[_List]:
    """Yield the lists of objects in a document, and the objects whose members are objects of equal keys."""
    for name, child in node.items():
        keys = (*above, name)
        if isinstance(child, list) and child and all(isinstance(item, dict) for item in child):
            yield _List(keys, len(child), is_list=True)
        elif isinstance(child, dict) and len(keys) < _DEPTH:
            if _are_alike(child):
                yield _List(keys, len(child), is_list=False)
            else:
                yield from _lists(child, keys)


def _are_alike(node: dict[str, JsonValue]) -> bool:
    """Say whether the members of an object are objects that share most of their keys."""
    members = [item for item in node.values() if isinstance(item, dict) and item]
    if len(members) < 2 or len(members) < len(node):
        return False
    shared = set.intersection(*(set(item) for item in members))
    return 2 * len(shared) >= max(len(item) for item in members)


def _own_numbers(node: JsonValue) -> int:
    """Return how many numbers a document holds outside of lists."""
    if isinstance(node, Digits):
        return 1
    if isinstance(node, dict):
        return sum(map(_own_numbers, node.values()))
    return 0


def _markup(path: Path, storage: Storage, limits: Limits) -> Sniffed | None:
    tables = read_tables(path, storage, limits)
    sizes = [len(table.rows) for table in tables]
    chosen = next((place for place, size in enumerate(sizes) if size > 1), None)
    if chosen is None:
        return None
    table = tables[chosen]
    form = TextForm.of_rows(path.name, _padded(iter(table.rows[:_ROWS])))
    words: dict[str, JsonValue] = {}
    if table.header_rows > 1:
        words["header_rows"] = list(range(1, table.header_rows + 1))
    notes = list(form.notes)
    if chosen:
        words["sheet_number"] = chosen + 1
    if len(tables) > 1:
        shown = ", ".join(map(str, sizes[:_SHOWN]))
        notes.append(
            f"the document holds {len(tables)} tables (of {shown} rows): table {chosen + 1} is read; say another by `sheetNumber`"
        )
    return Sniffed(storage, form.dialect.model_copy(update=words), notes)
