"""Tables of Markdown and HTML as people paste them: the text of their cells, without its markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape
from html.parser import HTMLParser
from itertools import chain, pairwise
from pathlib import Path

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.storage import Storage, whole
from benchfmt.readers.sheets.table import Cells, RowTable, Table
from benchfmt.readers.tables import TableError

CELLS = 1_000_000
"""So many cells the tables of a document have at most, those that span several counted as often as they do."""
_TAGS = 1_000_000
"""So many tags, attributes and characters by name a page has at most: each takes some microseconds, whatever it says."""
_TAG = 2**18
"""So many attributes the longest tag may have: Python reads all of a tag before it shows any."""
_LINES = 2_000_000
_BLOCK = 2**20
_DEPTH = 100
_COLSPAN, _ROWSPAN = 1_000, 65_534
_DASHES = re.compile(r":?-+:?")
_BETWEEN = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?: [^()]*)?\)")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_STRONG = re.compile(r"(\*\*|~~)(?=\S)([^*~]+?)\1")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*]+?)\*(?![\w*])")
_CODE = re.compile(r"`+([^`]*)`+")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKS = re.compile(r"[\[\\`*~<&]")
"""What is not in most cells: without one of these a cell has no markup."""
_BLANKS = re.compile(r"\s+")
_SHARE = 4
"""A page or a text may be a quarter as large as a document: all of its tables are held."""
_SILENT = ("script", "style", "template")
_BEFORE_ATTRIBUTES = " \t\n\r\f/\"'"


@dataclass(slots=True)
class Pasted:
    """A table of a document: its rows, and how many of them are its header."""

    rows: list[Cells] = field(default_factory=list)
    header_rows: int = 0


def open_markup(path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS) -> Table:
    """Return a table of a document, the first where the dialect says no number; raises TableError and UnsafeError."""
    tables = read_tables(path, storage, limits)
    number = dialect.sheet_number or 1
    if number > len(tables):
        message = f"there is no table {number}; the document has {len(tables)}"
        raise TableError("BF118", f"{path.name}: {message}")
    table = tables[number - 1]
    if dialect.header_rows is None and table.header_rows > 1:
        rows = list(range(1, table.header_rows + 1))
        dialect = dialect.model_copy(update={"header_rows": rows})
    return RowTable(path, dialect, lambda: iter(table.rows), pads=True, limits=limits, repeats=True)


def read_tables(path: Path, storage: Storage, limits: Limits = LIMITS) -> list[Pasted]:
    """Return the tables of a document; raises TableError and UnsafeError."""
    smaller = replace(limits, json_bytes=limits.json_bytes // _SHARE)
    try:
        text = whole(path, storage, smaller).decode(storage.encoding).removeprefix("\ufeff")
    except (UnicodeError, LookupError) as error:
        raise TableError("BF105", f"{path.name}: not {storage.encoding} text: {error}") from error
    if storage.format == "markdown":
        return markdown_tables(text)
    return html_tables(text)


def markdown_tables(text: str) -> list[Pasted]:
    """Return the pipe tables of a Markdown text: a row of names, a rule, and rows down to the first without a bar."""
    tables: list[Pasted] = []
    current: Pasted | None = None
    room = CELLS
    for line, after in pairwise(chain(_lines(text), [""])):
        if "|" in line and len(line) > _BLOCK:
            raise UnsafeError("BF907", f"a row of the document has more than {_BLOCK:,} characters")
        if current is None and _begins(line, after):
            current = Pasted([_pipe_cells(line)], 1)
            tables.append(current)
        elif current is None or (len(current.rows) == 1 and _is_rule(line)):
            continue
        elif "|" in line:
            current.rows.append(_pipe_cells(line))
            room -= len(current.rows[-1])
            if room < 0:
                raise _too_many_cells()
        else:
            current = None
    return tables


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text, each with its end; raises UnsafeError for too many of them."""
    count = 0
    rest = ""
    for start in range(0, len(text), _BLOCK):
        lines = (rest + text[start : start + _BLOCK]).splitlines(keepends=True)
        # The last one may go on in the next block.
        rest = lines.pop()
        count += len(lines)
        if count > _LINES:
            raise UnsafeError("BF907", f"the document has more than {_LINES:,} lines")
        yield from lines
    yield rest


def _too_many_cells() -> UnsafeError:
    return UnsafeError("BF907", f"the tables of the document have more than {CELLS:,} cells")


def _begins(line: str, after: str) -> bool:
    """Say whether a table begins in a line: a rule of as many cells stands under it."""
    if "|" not in line or "|" not in after or not _is_rule(after):
        return False
    return len(_pipe_cells(line)) == len(_pipe_cells(after))


def _is_rule(line: str) -> bool:
    """Say whether a line is the rule under the names of a table: `|---|:--:|`."""
    inner = line.strip().strip("|")
    return all(_DASHES.fullmatch(cell.strip()) for cell in inner.split("|"))


def _pipe_cells(line: str) -> Cells:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [_plain(cell) for cell in _BETWEEN.split(inner)]


def _plain(cell: str) -> str:
    """Return the text of a Markdown cell without links, code marks, strong and emphasized words and escapes."""
    if not _MARKS.search(cell):
        return cell.strip()
    text = _BREAK.sub(" ", _LINK.sub(r"\1", cell.strip()))
    text = _CODE.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\1", _STRONG.sub(r"\2", text))
    return unescape(_ESCAPE.sub(r"\1", text)).strip()


def html_tables(text: str) -> list[Pasted]:
    """Return the tables of an HTML text in the order in which they begin; a cell that spans others fills them."""
    plain = _without_comments(text)
    parser = _Tables(_TAGS - plain.count("<") - plain.count("&"))
    if parser.tags < 0 or _has_long_tag(plain):
        raise _too_many_tags()
    parser.feed(plain)
    parser.close()
    return [table for table in parser.tables if table.rows]


def _without_comments(text: str) -> str:
    """Return HTML without comments, declarations and a tag that does not end: Python's parser may read them again and again."""
    parts: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        parts.append(text[at:start])
        end = text.find("-->", start + 4)
        at = end + 3 if end >= 0 else len(text)
    parts.append(text[at:])
    plain = "".join(parts).replace("<!", "<x").replace("<?", "<x")
    unended = plain.find("<", plain.rfind(">") + 1)
    return plain if unended < 0 else plain[:unended]


def _has_long_tag(text: str) -> bool:
    """Say whether there may be a tag of too many attributes: a picture in a page is long, and one attribute."""
    start = 0
    while len(text) - start > _TAG:
        end = text.rfind(">", start, start + _TAG) + 1
        if not end:
            end = text.find(">", start) + 1
            if not end:
                return False  # what is left has no tag
            if sum(map(text[start:end].count, _BEFORE_ATTRIBUTES)) > _TAG:
                return True
        start = end
    return False


def _too_many_tags() -> UnsafeError:
    return UnsafeError("BF907", f"the document has more than {_TAGS:,} tags, attributes and `&`")


@dataclass
class _Open:
    """A table that is being read: `below` holds the cells that span into rows to come, by column."""

    table: Pasted
    row: Cells = field(default_factory=list)
    below: dict[int, tuple[int, str]] = field(default_factory=dict)
    cell: list[str] | None = None
    spans: tuple[int, int] = (1, 1)
    is_head: bool = False
    in_head: bool = False


class _Tables(HTMLParser):
    """Reads the tables of an HTML text; one inside a cell of another is a table of its own."""

    def __init__(self, tags: int) -> None:
        """Begin with how many tags and attributes there may still be."""
        super().__init__()
        self.tags = tags
        self.tables: list[Pasted] = []
        self.open: list[_Open] = []
        self.silent = 0
        self.room = CELLS

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags -= len(attrs)
        if self.tags < 0:
            raise _too_many_tags()
        if tag in _SILENT:
            self.silent += 1
        if tag == "table":
            if len(self.open) == _DEPTH:
                message = f"tables stand more than {_DEPTH} deep within each other"
                raise UnsafeError("BF907", message)
            self.tables.append(Pasted())
            self.open.append(_Open(self.tables[-1]))
        if not self.open:
            return
        current = self.open[-1]
        if tag == "thead":
            current.in_head = True
        elif tag == "tr":
            self._end_row(current)
        elif tag in ("td", "th"):
            self._end_cell(current)
            current.cell = []
            given = dict(attrs)
            current.spans = _span(given, "colspan", _COLSPAN), _span(given, "rowspan", _ROWSPAN)
            current.is_head = current.is_head or current.in_head
        elif current.cell is not None:
            # A footnote or an exponent is no further digit of the number that it stands at.
            current.cell.append({"sup": "^", "br": " ", "p": " ", "div": " "}.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(self.silent - 1, 0)
        if not self.open:
            return
        current = self.open[-1]
        if tag in ("td", "th"):
            self._end_cell(current)
        elif tag in ("tr", "thead", "tbody", "table"):
            self._end_row(current)
        if tag == "thead":
            current.in_head = False
        if tag == "table":
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and not self.silent and self.open[-1].cell is not None:
            self.open[-1].cell.append(data)

    def close(self) -> None:
        super().close()
        for current in self.open:
            self._end_row(current)

    def _end_cell(self, current: _Open) -> None:
        if current.cell is None:
            return
        text = _BLANKS.sub(" ", "".join(current.cell)).strip()
        columns, rows = current.spans
        self._fill_from_above(current)
        for _ in range(columns):
            if rows > 1:
                current.below[len(current.row)] = (rows - 1, text)
            self._put(current, text)
        current.cell = None

    def _end_row(self, current: _Open) -> None:
        self._end_cell(current)
        if not current.row:
            return
        self._fill_from_above(current)
        current.table.rows.append(current.row)
        if current.is_head and current.table.header_rows == len(current.table.rows) - 1:
            current.table.header_rows += 1
        current.row = []
        current.is_head = False

    def _fill_from_above(self, current: _Open) -> None:
        """Take the cells of rows above that span into the place of the next cell."""
        while len(current.row) in current.below:
            place = len(current.row)
            rows, text = current.below.pop(place)
            if rows > 1:
                current.below[place] = (rows - 1, text)
            self._put(current, text)

    def _put(self, current: _Open, text: str) -> None:
        self.room -= 1
        if self.room < 0:
            raise _too_many_cells()
        current.row.append(text)


def _span(given: dict[str, str | None], name: str, most: int) -> int:
    text = given.get(name) or "1"
    if not text.isdecimal() or len(text) > 6:
        return 1
    return min(max(int(text), 1), most)
