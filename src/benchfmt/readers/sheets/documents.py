"""JSON as a table: a list of rows, lines that are rows, or one document a run; numbers keep their own characters.

A member of a row is a column of its own name. What is nested in it is a column for each value inside, named by the
JSON Pointer from the row without the slash it begins with (`latency/mean`). What stands in the document beside the rows
is a column of every row, named by its whole pointer (`/model`). A list is one cell of JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from benchfmt.limits import LIMITS, Limits
from benchfmt.numbers import Digits
from benchfmt.readers import jsons
from benchfmt.readers.bad_rows import BadRow, BadRows
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import JsonError
from benchfmt.readers.names import doubled
from benchfmt.readers.sheets.delimited import text_lines
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.storage import Storage, open_bytes, whole
from benchfmt.readers.sheets.table import (
    FRAME_ROWS,
    Cells,
    Frames,
    RowTable,
    Table,
    blocks_of,
    refuse_long_names,
    text_of,
)
from benchfmt.readers.tables import TableError, unique_names

ANY = "*"
"""The segment of a pointer that stands for every element of a list, or every member of an object."""
_ANY_JSON = json.JSONDecoder(parse_int=float)
"""Reads all that is JSON and more, fast."""
COLUMNS = 10_000
"""So many columns a document has at most; more are a list that is written as an object, or no table."""
_FRAME_CELLS = 2**22
"""So many cells a frame has about."""
_TOO_MUCH = "BF907"
_SEPARATOR = 2
"""So many characters stand between two values of a list."""
_MOST_EMPTY, _SPARSE = 5_000_000, 100
"""Of a table with more cells than that at least one in so many holds something."""
Row = dict[str, JsonValue]
"""The values of a row by the names of their columns."""


@dataclass
class KeyedTable:
    """Rows whose cells have names: the header is every name in any of them, in the order in which they first stand."""

    path: Path
    rows: list[Row]
    bad_rows: BadRows = field(default_factory=BadRows)
    is_guessed: bool = False
    limits: Limits = LIMITS

    def header(self) -> list[str]:
        """Return the names in any row; raises TableError where there is none, and for rows that share none."""
        names: dict[str, None] = {}
        for row in self.rows:
            _add_names(names, row, self.path)
        _refuse_sparse(self.path, len(self.rows) * len(names), sum(map(len, self.rows)))
        return _header(self.path, names, self.limits)

    def batches(self) -> Frames:
        """Yield frames of text; a name that a row does not have is an empty cell."""
        yield from _frames(
            self.path, self.header(), enumerate(self.rows, 1), self.limits, repeats=True
        )


@dataclass
class LinesTable:
    """JSON Lines: each line is a row, read twice, for the names and for the cells."""

    path: Path
    storage: Storage
    limits: Limits
    bad_rows: BadRows = field(default_factory=BadRows)
    is_guessed: bool = False
    _known: list[str] | None = None

    def header(self) -> list[str]:
        """Return the names in any line; raises TableError where there is none."""
        if self._known is None:
            self._known = _header(self.path, self._all_names(), self.limits)
        return self._known

    def batches(self) -> Frames:
        """Yield frames of text; a line that is no JSON object is a bad row."""
        names = self.header()
        rows = self._sound_rows(len(names))
        yield from _frames(self.path, names, rows, self.limits, repeats=False)

    def _all_names(self) -> dict[str, None]:
        names: dict[str, None] = {}
        for line in self._lines():
            if not _holds_no_more(line, names):
                row = self._row(line)
                if isinstance(row, dict):
                    _add_names(names, row, self.path)
        return names

    def _sound_rows(self, width: int) -> Iterator[tuple[int, Row]]:
        for number, line in enumerate(self._lines(), 1):
            row = self._row(line)
            if isinstance(row, str):
                self.bad_rows.append(BadRow(number, width, 0, reason=row))
                continue
            yield number, row

    def _lines(self) -> Iterator[str]:
        """Yield the lines that are not blank."""
        with open_bytes(self.path, self.storage, self.limits) as file:
            lines = text_lines(self.path, file, self.storage.encoding, self.limits.row_bytes)
            yield from (line for line in lines if not line.isspace())

    def _row(self, line: str) -> Row | str:
        try:
            data = _row_of(line, self.limits)
        except JsonError as error:
            return f"the line cannot be read: {error}"
        if not isinstance(data, dict):
            return "the line is no JSON object"
        return _flat(data, self.path)


def _row_of(text: str, limits: Limits) -> JsonValue:
    """Return the data of a row; its numbers are `Digits` where it may hold a list, in which they differ from texts."""
    if "[" in text:
        return jsons.parse_cells(text, limits)
    return jsons.parse_as_text(text, limits)


def open_lines(path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS) -> Table:
    """Return JSON Lines as a table: of objects, or of lists where the dialect says so."""
    if dialect.item_type != "array":
        return LinesTable(path, storage, limits)
    return RowTable(
        path, dialect, lambda: _listed_lines(path, storage, limits), pads=True, limits=limits
    )


def _listed_lines(path: Path, storage: Storage, limits: Limits) -> Iterator[Cells]:
    with open_bytes(path, storage, limits) as file:
        for line in text_lines(path, file, storage.encoding, limits.row_bytes):
            if line.strip():
                yield _listed(_parsed(line, path, limits), path)


def open_document(path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS) -> Table:
    """Return the rows of a JSON document as a table; raises TableError and UnsafeError."""
    text = _document_text(path, storage, limits)
    if dialect.item_type == "array":
        document = _parsed(text, path, limits)
        items = [item for item, _ in items_of(document, dialect.rows_at, path)]
        return RowTable(
            path, dialect, lambda: (_listed(item, path) for item in items), pads=True, limits=limits
        )
    rows = _rows_as_text(text, dialect.rows_at, path, limits)
    if rows is None:
        rows = rows_of(_parsed(text, path, limits), dialect.rows_at, path)
    return KeyedTable(path, rows, limits=limits)


def _rows_as_text(text: str, where: str | None, path: Path, limits: Limits) -> list[Row] | None:
    """Return the rows of a document without lists in them, None for any other, and for one that cannot be read."""
    if text.count("[") > 1:
        return None
    try:
        rows = rows_of(jsons.parse_as_text(text, limits), where, path, keeps_lists=True)
    except JsonError:
        return None
    except TableError as error:
        if error.code == _TOO_MUCH:
            raise
        return None
    if any(list in map(type, row.values()) for row in rows):
        return None
    return rows


def read_document(path: Path, storage: Storage, limits: Limits = LIMITS) -> JsonValue:
    """Return the data of a JSON document, its numbers as `Digits`; raises TableError and UnsafeError."""
    return _parsed(_document_text(path, storage, limits), path, limits)


def _document_text(path: Path, storage: Storage, limits: Limits) -> str:
    data = whole(path, storage, limits)
    jsons.refuse_heavy_document(data, limits)
    if _is_wide(data):
        raise _too_wide(path)
    try:
        if storage.encoding.lower() in ("utf-8", "utf8"):
            data = data.removeprefix(b"\xef\xbb\xbf")
            return data.decode(json.detect_encoding(data), "surrogatepass")
        return data.decode(storage.encoding).removeprefix("\ufeff")
    except (UnicodeError, LookupError) as error:
        raise TableError("BF105", f"{path.name}: not {storage.encoding} text: {error}") from error


def _is_wide(text: bytes) -> bool:
    """Whether an object of a document surely has more cells than a table has columns.

    The data of such an object takes far more memory than its text. Every object and list may be a member that is no cell.
    """
    objects, lists = text.count(b"{"), text.count(b"[")
    return jsons.least_members(text) - lists > (COLUMNS + 1) * objects


def _parsed(text: str, path: Path, limits: Limits) -> JsonValue:
    try:
        return jsons.parse_cells(text, limits)
    except JsonError as error:
        raise TableError("BF103", f"{path.name}: {error}") from error


def rows_of(
    document: JsonValue, where: str | None, path: Path, *, keeps_lists: bool = False
) -> list[Row]:
    """Return the rows of a document: the elements of the list `where` stands, or the document itself.

    A list that stands beside the rows is written as JSON once, and not for every row, unless lists are kept.
    """
    rows = []
    above: Row = {}
    beside: Row = {}
    room = COLUMNS * 1_000
    for item, outer in items_of(document, where, path):
        if not isinstance(item, dict):
            message = f"a row is {_kind(item)}, no object; say by `property` where the rows stand"
            raise TableError("BF103", f"{path.name}: {message}")
        row = _flat(item, path)
        if outer is not above:
            above = outer
            beside = outer if keeps_lists else _with_lists_as_text(outer)
        if outer:
            row = {**beside, **row}
        room -= len(row)
        if room < 0:
            raise UnsafeError(
                "BF907", f"{path.name}: more than {COLUMNS * 1_000} cells are repeated"
            )
        rows.append(row)
    return rows


def _with_lists_as_text(row: Row) -> Row:
    """Return a row with its lists as JSON."""
    if list not in map(type, row.values()):
        return row
    return {
        name: _json_text(value) if isinstance(value, list) else value for name, value in row.items()
    }


def items_of(document: JsonValue, where: str | None, path: Path) -> Iterator[tuple[JsonValue, Row]]:
    """Yield the rows of a document as they stand, each with the columns of what stands around it."""
    yield from _items(document, _segments(document, where), (), {}, path)


def _segments(document: JsonValue, where: str | None) -> list[str]:
    """Return the segments of the pointer to the rows; a list that it ends at gives its elements."""
    if where is None:
        return []
    if where.startswith("/"):
        return [_unescaped(part) for part in where[1:].split("/")]
    if isinstance(document, dict) and where in document:
        return [where]
    return where.split(".")


def _items(
    node: JsonValue, segments: list[str], above: tuple[str, ...], outer: Row, path: Path
) -> Iterator[tuple[JsonValue, Row]]:
    if not segments and isinstance(node, list):
        for item in node:
            yield item, outer
        return
    if not segments:
        yield node, outer
        return
    segment, rest = segments[0], segments[1:]
    children = _children(node, segment, above, path)
    outside = {**outer, **_beside(node, segment, above, path)}
    shared = _Shared(outside, node if segment == ANY else None)
    for name, child in children:
        here = shared.of(name)
        if segment == ANY:
            here[pointer((*above, ANY))] = name
        yield from _items(child, rest, (*above, segment), here, path)


class _Shared:
    """The columns of what stands around the members of an object: those of all members, and those that name one of them.

    Where a document says more of a member elsewhere, under the same key (`/versions/<task>` beside `/results/<task>`),
    that is a column of the member alone, with `*` in place of the key.
    """

    def __init__(self, outside: Row, members: JsonValue) -> None:
        names = frozenset(members) if isinstance(members, dict) else frozenset()
        self._of_all: Row = {}
        self._of_one: dict[str, Row] = {}
        for column, value in outside.items():
            first, *segments = column[1:].split("/")
            places = [at for at, part in enumerate(segments) if _unescaped(part) in names]
            if not places:
                self._of_all[column] = value
                continue
            name = _unescaped(segments[places[0]])
            segments[places[0]] = ANY
            own = self._of_one.setdefault(name, {})
            own["/".join(["", first, *segments])] = value

    def of(self, name: str) -> Row:
        """Return the columns of one member."""
        return {**self._of_all, **self._of_one.get(name, {})}


def _children(
    node: JsonValue, segment: str, above: tuple[str, ...], path: Path
) -> Iterable[tuple[str, JsonValue]]:
    """Return what a segment stands for, each with its name or place; raises TableError where there is nothing."""
    if segment == ANY and isinstance(node, dict):
        return node.items()
    if segment == ANY and isinstance(node, list):
        return [(str(place), child) for place, child in enumerate(node)]
    if isinstance(node, dict) and segment in node:
        return [(segment, node[segment])]
    if isinstance(node, list) and segment.isdecimal() and int(segment) < len(node):
        return [(segment, node[int(segment)])]
    message = (
        f"the document has nothing at {pointer((*above, segment))!r}, where its rows should be"
    )
    raise TableError("BF118", f"{path.name}: {message}")


def _beside(node: JsonValue, segment: str, above: tuple[str, ...], path: Path) -> Row:
    """Return the columns of what stands beside a segment in an object; nothing stands beside any element."""
    if segment == ANY or not isinstance(node, dict):
        return {}
    rest = {name: child for name, child in node.items() if name != segment}
    cells: list[tuple[str, JsonValue]] = []
    _gather(cells, rest, pointer(above))
    return _row(cells, path)


def _flat(item: dict[str, JsonValue], path: Path) -> Row:
    """Return the values of a row by the names of their columns."""
    if dict not in map(type, item.values()):
        return _bounded(item, path)
    cells: list[tuple[str, JsonValue]] = []
    for name, child in item.items():
        if isinstance(child, dict) and child:
            _gather(cells, child, escaped(name))
        else:
            cells.append((name, child))
    return _row(cells, path)


def _gather(cells: list[tuple[str, JsonValue]], node: dict[str, JsonValue], prefix: str) -> None:
    """Add each value that is no object, with the keys that lead to it."""
    for key, child in node.items():
        name = _below(prefix, key)
        if isinstance(child, dict) and child:
            _gather(cells, child, name)
        else:
            cells.append((name, child))


@lru_cache(COLUMNS)
def _below(prefix: str, key: str) -> str:
    return f"{prefix}/{escaped(key)}"


def _row(cells: list[tuple[str, JsonValue]], path: Path) -> Row:
    """Return named values as a row; raises TableError for a name that stands twice, and for too many."""
    row = dict(cells)
    if len(row) != len(cells):
        first = doubled(name for name, _ in cells)[0]
        message = f"column {first!r} appears twice: a key holds a slash; rename it"
        raise TableError("BF116", f"{path.name}: {message}")
    return _bounded(row, path)


def _bounded(row: Row, path: Path) -> Row:
    if len(row) > COLUMNS:
        raise _too_wide(path)
    return row


def _too_wide(path: Path) -> TableError:
    message = f"more than {COLUMNS} columns; say by `property` where the rows stand"
    return TableError("BF907", f"{path.name}: {message}")


def _frames(
    path: Path,
    names: list[str],
    rows: Iterable[tuple[int, Row]],
    limits: Limits,
    *,
    repeats: bool,
) -> Frames:
    """Yield rows as frames of text, each with the numbers of its rows; what a row lacks is an empty cell.

    Raises TableError where nearly all cells would be empty: rows that share no names are no table.
    """
    most = max(min(FRAME_ROWS, _FRAME_CELLS // len(names)), 1)
    cells = filled = 0
    for numbers, block in blocks_of(rows, _length, most, path, limits, repeats=repeats):
        cells += len(names) * len(block)
        filled += sum(map(len, block))
        _refuse_sparse(path, cells, filled)
        yield _frame(names, block), numbers


def _length(row: Row) -> int:
    """Return about how many characters a row has."""
    length = 0
    for value in row.values():
        if isinstance(value, str):
            length += len(value)
        elif isinstance(value, list | dict):
            length += _length_of_nested(value)
    return length


def _length_of_nested(value: JsonValue) -> int:
    """Return about how many characters a list has as JSON."""
    length = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        length += _SEPARATOR
        if isinstance(item, str):
            length += len(item)
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            waiting += item
            waiting += item.values()
    return length


def _refuse_sparse(path: Path, cells: int, filled: int) -> None:
    if cells > _MOST_EMPTY and filled * _SPARSE < cells:
        message = f"of {cells:,} cells only {filled:,} hold something: the rows have different keys, and make no table"
        raise TableError("BF907", f"{path.name}: {message}")


def _frame(names: list[str], rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame({name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: list[JsonValue]) -> pl.Series:
    """Return values as text, under no name: polars takes a stranger's, such as `^.$`, for a pattern."""
    try:
        texts = pl.Series(values, dtype=pl.String)
    except TypeError:
        texts = pl.Series([_cell(value) for value in values], dtype=pl.String)
    return texts.fill_null("")


def _cell(value: JsonValue) -> str:
    if isinstance(value, list | dict):
        return _json_text(value)
    return text_of(value)


def _json_text(value: JsonValue) -> str:
    """Return a list as JSON text in which numbers keep their characters."""
    if isinstance(value, list):
        return f"[{', '.join(map(_json_text, value))}]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(name)}: {_json_text(child)}" for name, child in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, Digits):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _listed(item: JsonValue, path: Path) -> Cells:
    """Return a row that is a list."""
    if not isinstance(item, list):
        raise TableError("BF103", f"{path.name}: a row is {_kind(item)}, no list")
    return [_cell(value) for value in item]


def _holds_no_more(line: str, names: dict[str, None]) -> bool:
    """Say whether a line surely holds no name beyond known ones; `False` where that is to be looked at."""
    try:
        row, _ = _ANY_JSON.raw_decode(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(row, dict):
        return True
    return row.keys() <= names.keys() and dict not in map(type, row.values())


def _add_names(names: dict[str, None], row: Row, path: Path) -> None:
    if row.keys() <= names.keys():
        return
    names.update(dict.fromkeys(row))
    if len(names) > COLUMNS:
        raise TableError("BF907", f"{path.name}: more than {COLUMNS} columns")


def _header(path: Path, names: dict[str, None], limits: Limits) -> list[str]:
    if not names:
        raise TableError("BF101", f"{path.name} is empty: it holds no row with columns")
    refuse_long_names(names, path, limits)
    return unique_names(list(names), path, limits)


def _kind(value: JsonValue) -> str:
    match value:
        case list():
            return "a list"
        case Digits():
            return "a number"
        case str():
            return "a text"
        case dict():
            return "an object"
    return "nothing" if value is None else "true or false"


def pointer(names: tuple[str, ...]) -> str:
    """Return a JSON Pointer (RFC 6901)."""
    return "".join(f"/{escaped(name)}" for name in names)


def escaped(name: str) -> str:
    """Return a key as a segment of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _unescaped(segment: str) -> str:
    return segment.replace("~1", "/").replace("~0", "~")
