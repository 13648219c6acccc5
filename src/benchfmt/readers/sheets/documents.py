"""JSON as a table: a list of rows, lines that are rows, or one document a run; numbers keep their own characters.

A member of a row is a column of its own name. What is nested in it is a column for each value inside, named by the
JSON Pointer from the row without the slash it begins with (`latency/mean`). What stands in the document beside the rows
is a column of every row, named by its whole pointer (`/model`). A list is one cell of JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfmt.limits import LIMITS, Limits
from benchfmt.numbers import Digits
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import JsonError
from benchfmt.readers.sheets.delimited import text_lines
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.storage import Storage, open_bytes, whole
from benchfmt.readers.sheets.table import Cells, Frames, RowTable, Table, frames, text_of
from benchfmt.readers.tables import BadRow, TableError, unique_names

ANY = "*"
"""The segment of a pointer that stands for every element of a list, or every member of an object."""
COLUMNS = 10_000
"""So many columns a document has at most; more are a list that is written as an object, or no table."""
Row = dict[str, str]


@dataclass
class KeyedTable:
    """Rows whose cells have names: the header is every name in any of them, in the order in which they first stand."""

    path: Path
    rows: list[Row]
    bad_rows: list[BadRow] = field(default_factory=list)
    is_guessed: bool = False

    def header(self) -> list[str]:
        """Return the names in any row; raises TableError where there is none."""
        return _names(self.path, self.rows)

    def batches(self) -> Frames:
        """Yield frames of text; a name that a row does not have is an empty cell."""
        names = self.header()
        cells = ([row.get(name, "") for name in names] for row in self.rows)
        yield from frames(names, enumerate(cells, 1))


@dataclass
class LinesTable:
    """JSON Lines: each line is a row, read twice, for the names and for the cells."""

    path: Path
    storage: Storage
    limits: Limits
    bad_rows: list[BadRow] = field(default_factory=list)
    is_guessed: bool = False
    _known: list[str] | None = None

    def header(self) -> list[str]:
        """Return the names in any line; raises TableError where there is none."""
        if self._known is None:
            rows = (row for _, row in self._rows() if isinstance(row, dict))
            self._known = _names(self.path, rows)
        return self._known

    def batches(self) -> Frames:
        """Yield frames of text; a line that is no JSON object is a bad row."""
        names = self.header()
        yield from frames(names, self._cells(names))

    def _cells(self, names: list[str]) -> Iterator[tuple[int, Cells]]:
        for number, row in self._rows():
            if isinstance(row, str):
                self.bad_rows.append(BadRow(number, len(names), 0, reason=row))
                continue
            yield number, [row.get(name, "") for name in names]

    def _rows(self) -> Iterator[tuple[int, Row | str]]:
        """Yield each line that is not blank as a row, or as what is wrong with it."""
        number = 0
        with open_bytes(self.path, self.storage, self.limits) as file:
            lines = text_lines(self.path, file, self.storage.encoding, self.limits.row_bytes)
            for line in lines:
                if not line.strip():
                    continue
                number += 1
                yield number, self._row(line)

    def _row(self, line: str) -> Row | str:
        try:
            data = jsons.parse(line, self.limits, digits=True)
        except JsonError as error:
            return f"the line cannot be read: {error}"
        if not isinstance(data, dict):
            return "the line is no JSON object"
        return _flat(data, self.path)


def open_lines(path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS) -> Table:
    """Return JSON Lines as a table: of objects, or of lists where the dialect says so."""
    if dialect.item_type != "array":
        return LinesTable(path, storage, limits)
    return RowTable(path, dialect, lambda: _listed_lines(path, storage, limits), pads=True)


def _listed_lines(path: Path, storage: Storage, limits: Limits) -> Iterator[Cells]:
    with open_bytes(path, storage, limits) as file:
        for line in text_lines(path, file, storage.encoding, limits.row_bytes):
            if line.strip():
                yield _listed(_parsed(line, path, limits), path)


def open_document(path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS) -> Table:
    """Return the rows of a JSON document as a table; raises TableError and UnsafeError."""
    document = read_document(path, storage, limits)
    if dialect.item_type == "array":
        items = [item for item, _ in items_of(document, dialect.rows_at, path)]
        return RowTable(path, dialect, lambda: (_listed(item, path) for item in items), pads=True)
    return KeyedTable(path, rows_of(document, dialect.rows_at, path))


def read_document(path: Path, storage: Storage, limits: Limits = LIMITS) -> Any:
    """Return the data of a JSON document, its numbers as `Digits`; raises TableError and UnsafeError."""
    data = whole(path, storage, limits)
    if storage.encoding.lower() in ("utf-8", "utf8"):
        return _parsed(data.removeprefix(b"\xef\xbb\xbf"), path, limits)
    try:
        return _parsed(data.decode(storage.encoding).removeprefix("\ufeff"), path, limits)
    except (UnicodeError, LookupError) as error:
        raise TableError("BF105", f"{path.name}: not {storage.encoding} text: {error}") from error


def _parsed(text: str | bytes, path: Path, limits: Limits) -> Any:
    try:
        return jsons.parse(text, limits, digits=True)
    except JsonError as error:
        raise TableError("BF103", f"{path.name}: {error}") from error


def rows_of(document: Any, where: str | None, path: Path) -> list[Row]:
    """Return the rows of a document: the elements of the list `where` stands, or the document itself."""
    rows = []
    room = COLUMNS * 1_000
    for item, outer in items_of(document, where, path):
        if not isinstance(item, dict):
            message = f"a row is {_kind(item)}, no object; say by `property` where the rows stand"
            raise TableError("BF103", f"{path.name}: {message}")
        row = {**outer, **_flat(item, path)}
        room -= len(row)
        if room < 0:
            raise UnsafeError(
                "BF907", f"{path.name}: more than {COLUMNS * 1_000} cells are repeated"
            )
        rows.append(row)
    return rows


def items_of(document: Any, where: str | None, path: Path) -> Iterator[tuple[Any, Row]]:
    """Yield the rows of a document as they stand, each with the columns of what stands around it."""
    yield from _items(document, _segments(document, where), (), {}, path)


def _segments(document: Any, where: str | None) -> list[str]:
    """Return the segments of the pointer to the rows; a list that it ends at gives its elements."""
    if where is None:
        return []
    if where.startswith("/"):
        return [_unescaped(part) for part in where[1:].split("/")]
    if isinstance(document, dict) and where in document:
        return [where]
    return where.split(".")


def _items(
    node: Any, segments: list[str], above: tuple[str, ...], outer: Row, path: Path
) -> Iterator[tuple[Any, Row]]:
    if not segments and isinstance(node, list):
        for item in node:
            yield item, outer
        return
    if not segments:
        yield node, outer
        return
    segment, rest = segments[0], segments[1:]
    for name, child in _children(node, segment, above, path):
        here = {**outer, **_beside(node, segment, above, path)}
        if segment == ANY:
            here[pointer((*above, ANY))] = name
        yield from _items(child, rest, (*above, segment), here, path)


def _children(
    node: Any, segment: str, above: tuple[str, ...], path: Path
) -> Iterable[tuple[str, Any]]:
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


def _beside(node: Any, segment: str, above: tuple[str, ...], path: Path) -> Row:
    """Return the columns of what stands beside a segment in an object; nothing stands beside any element."""
    if segment == ANY or not isinstance(node, dict):
        return {}
    rest = {name: child for name, child in node.items() if name != segment}
    cells: Row = {}
    for names, value in _leaves(rest, ()):
        _put(cells, pointer((*above, *names)), value, path)
    return cells


def _flat(item: dict[str, Any], path: Path) -> Row:
    """Return the columns of a row."""
    cells: Row = {}
    for names, value in _leaves(item, ()):
        name = names[0] if len(names) == 1 else pointer(names)[1:]
        _put(cells, name, value, path)
    return cells


def _put(cells: Row, name: str, value: Any, path: Path) -> None:
    if name in cells:
        message = f"column {name!r} stands twice: a key holds a slash; rename it"
        raise TableError("BF116", f"{path.name}: {message}")
    if len(cells) >= COLUMNS:
        message = f"more than {COLUMNS} columns; say by `property` where the rows stand"
        raise TableError("BF907", f"{path.name}: {message}")
    cells[name] = _cell(value)


def _leaves(node: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each value that is no object, with the keys that lead to it."""
    for name, child in node.items():
        if isinstance(child, dict) and child:
            yield from _leaves(child, (*above, name))
        else:
            yield (*above, name), child


def _cell(value: Any) -> str:
    if isinstance(value, list | dict):
        return _json_text(value)
    return text_of(value)


def _json_text(value: Any) -> str:
    """Return a list as JSON text in which numbers keep their characters."""
    if isinstance(value, list):
        return f"[{', '.join(map(_json_text, value))}]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(name)}: {_json_text(child)}" for name, child in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, Digits):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _listed(item: Any, path: Path) -> Cells:
    """Return a row that is a list."""
    if not isinstance(item, list):
        raise TableError("BF103", f"{path.name}: a row is {_kind(item)}, no list")
    return [_cell(value) for value in item]


def _names(path: Path, rows: Iterable[Row]) -> list[str]:
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
        if len(names) > COLUMNS:
            raise TableError("BF907", f"{path.name}: more than {COLUMNS} columns")
    if not names:
        raise TableError("BF101", f"{path.name} is empty: it holds no row with columns")
    return unique_names(list(names), path)


def _kind(value: Any) -> str:
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
    return "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names)


def _unescaped(segment: str) -> str:
    return segment.replace("~1", "/").replace("~0", "~")
