"""Lists of evaluations, read in blocks: rows of text, whatever the dialect, in memory that does not grow with the file.

The server prints its lists in one shape. A block of that shape is read by one pattern, which leaves no character
unexplained; everything else is left to the parsers of XML and JSON.
"""

from __future__ import annotations

import codecs
import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import polars as pl
from pydantic import JsonValue

from benchfmt.converters.openml.trees import is_xml, many, opened, text
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import xmls
from benchfmt.surrogates import MAY_BE_SURROGATE, without_surrogates

FIELDS = (
    "run_id",
    "uploader",
    "task_id",
    "setup_id",
    "flow_id",
    "flow_name",
    "data_id",
    "data_name",
    "evaluation_engine_id",
    "function",
    "upload_time",
    "value",
    "array_data",
    "values",
)
Row = tuple[str | None, ...]
"""The fields of a row in the order of FIELDS; None where it says nothing."""
BLOCK = 4 * 2**20
ROWS = 10_000
_HEADER = re.compile(
    r'\s*(?:<\?xml[^<>?]*\?>\s*)?<oml:evaluations\s+xmlns:oml="https?://openml\.org/openml"\s*>\s*'
)
_ROW = re.compile(
    r"<oml:evaluation>\s*"
    + "".join(rf"(?:<oml:{name}>([^<]*)</oml:{name}>\s*)?" for name in FIELDS)
    + r"</oml:evaluation>\s*"
)
_END = re.compile(r"\s*</oml:evaluations>\s*")
_LAST = b"</oml:evaluation>"
_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#0?39|#0?34);)")
"""References that are left to the parser: HTML has other characters for some numbers than XML."""
_NO_TEXT = bytes([*range(9), 11, 12, *range(14, 32)])
"""Bytes that XML does not allow."""
_LIST = re.compile(r'"evaluation"\s*:\s*([\[{])')
_GAP = re.compile(r"[\s,]*")
_NEXT = re.compile(r"\}\s*,\s*\{")


@dataclass(slots=True)
class Page:
    """Some rows of a list, each with its number in the file, counted from 1."""

    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    parameters: dict[int, dict[str, str]] = field(default_factory=dict)
    failed: list[tuple[int, str]] = field(default_factory=list)
    fault: BenchfmtError | None = None
    """Why the file could not be read further."""

    def to_frame(self) -> pl.DataFrame:
        """Return the rows as columns of text, with `row`, their number."""
        columns: Iterable[Sequence[str | None]] = ((),) * len(FIELDS)
        if self.rows:
            columns = zip(*self.rows, strict=True)
        cells = {name: _series(name, column) for name, column in zip(FIELDS, columns, strict=True)}
        return pl.DataFrame({"row": pl.Series(self.numbers, dtype=pl.Int64), **cells})


def _series(name: str, column: Sequence[str | None]) -> pl.Series:
    try:
        return pl.Series(name, column, dtype=pl.String)
    except UnicodeEncodeError:  # half a character, which JSON can write and no text can hold
        whole = [without_surrogates(cell) if cell else cell for cell in column]
        return pl.Series(name, whole, dtype=pl.String)


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that could not be read, and why."""

    words: str


Piece = list[Row] | Broken | dict[str, str]
"""Some rows, a row that could not be read, or the parameters of the row that came last."""


def read(path: Path, limits: Limits) -> Iterator[Page]:
    """Yield the rows of a list of evaluations in pages; the last page says where the file could not be read further."""
    with opened(path, limits) as file:
        start = file.read(64)
    rows = _json(path, limits)
    if is_xml(start):
        rows = _xml(path, limits)
    yield from paged(rows)


def paged(pieces: Iterator[Piece]) -> Iterator[Page]:
    """Yield rows in pages, numbered; the last page says why they could not be read further."""
    page, number = Page(), 0
    try:
        for piece in pieces:
            if isinstance(piece, dict):
                page.parameters[number] = piece
                continue
            if isinstance(piece, Broken):
                number += 1
                page.failed.append((number, piece.words))
                continue
            page.rows += piece
            page.numbers += range(number + 1, number + 1 + len(piece))
            number += len(piece)
            if len(page.rows) >= ROWS:
                done, page = _cut(page)
                yield done
    except (BenchfmtError, OSError) as error:
        page.fault = BenchfmtError(str(error))
        if isinstance(error, BenchfmtError):
            page.fault = error
    yield page


def _cut(page: Page) -> tuple[Page, Page]:
    """Return a page without the rows of its last run, more of which may follow, and a page with these."""
    last = page.rows[-1][0]
    size = len(page.rows)
    while size and page.rows[size - 1][0] == last and len(page.rows) - size < ROWS // 10:
        size -= 1
    rest = Page(page.rows[size:], page.numbers[size:])
    if not size or not rest.rows:
        return page, Page()
    kept = {number for number in page.parameters if number >= rest.numbers[0]}
    rest.parameters = {number: page.parameters.pop(number) for number in kept}
    page.rows, page.numbers = page.rows[:size], page.numbers[:size]
    return page, rest


# --- XML ---


def _xml(path: Path, limits: Limits) -> Iterator[Piece]:
    """Yield the rows of an XML list: by the pattern as far as it goes, then by the parser."""
    done = 0
    with opened(path, limits) as file:
        for rows in _by_pattern(file):
            if rows is None:
                break
            done += len(rows)
            yield rows
        else:
            return
    for index, element in enumerate(xmls.children(opened(path, limits), limits)):
        if index >= done:
            yield from _by_element(element)


def _by_pattern(file: BinaryIO) -> Iterator[list[Row] | None]:
    """Yield rows while the file has the server's own shape; None where it has another."""
    rest = b""
    begun = False
    while True:
        block = file.read(BLOCK)
        data = rest + block
        cut = data.rfind(_LAST) + len(_LAST) if block else len(data)
        if block and cut < len(_LAST):
            cut = 0
            if len(data) > 4 * BLOCK:
                yield None
                return
        chunk, rest = data[:cut], data[cut:]
        rows, begun = _rows_of(chunk, begun=begun, last=not block)
        yield rows
        if rows is None or not block:
            return


def _rows_of(chunk: bytes, *, begun: bool, last: bool) -> tuple[list[Row] | None, bool]:
    """Return the rows of some text, or None where a character of it is not explained by the pattern."""
    if not chunk and not last:
        return [], begun
    if len(chunk.translate(None, _NO_TEXT)) != len(chunk):
        return None, begun
    try:
        words = chunk.decode()
    except UnicodeDecodeError:
        return None, begun
    place = 0
    if not begun:
        header = _HEADER.match(words)
        if header is None:
            return None, False
        place = header.end()
    return _matched(words, place, last=last), True


def _matched(words: str, place: int, *, last: bool) -> list[Row] | None:
    """Return the rows of a text from a place on, or None where something else stands between them."""
    if "&" in words and _REFERENCE.search(words):
        return None
    rows: list[Row] = []
    take, start = rows.append, place
    for match in _ROW.finditer(words, place):
        if match.start() != start and words[start : match.start()].strip():
            return None
        start = match.end()
        take(match.groups())
    if last and not _END.fullmatch(words, start):
        return None
    if not last and words[start:].strip():
        return None
    if "&" in words:
        return [tuple([cell and html.unescape(cell) for cell in row]) for row in rows]
    return rows


def _by_element(element: xmls.Element) -> Iterator[Piece]:
    tag = str(element.tag).rpartition("}")[2]
    if tag != "evaluation":
        yield Broken(f"not an evaluation, but {tag!r}")
        return
    yield from _by_data(xmls.plain(element))


def _by_data(item: JsonValue) -> Iterator[Piece]:
    """Yield a row of plain data, and its parameters."""
    if not isinstance(item, dict):
        yield Broken("the row is not an object")
        return
    yield [tuple(text(item, name) for name in FIELDS)]
    said = _parameters(item.get("parameters"))
    if said:
        yield said


def _parameters(node: JsonValue) -> dict[str, str]:
    """Return the parameters of a row: full name and value, in either of the server's shapes."""
    values: dict[str, str | None] = {}
    if isinstance(node, list):
        items = node
    elif not isinstance(node, dict):
        items = []
    elif "parameter" in node or "full_name" in node:
        items = many(node, "parameter")
    else:
        items = []
        values = {name: text(node, name) for name in node}
    for item in items:
        name = text(item, "full_name") or text(item, "name")
        value = text(item, "value")
        if name and value is not None:
            values[name] = value
    return {name: value for name, value in values.items() if value is not None}


# --- JSON ---


def _json(path: Path, limits: Limits) -> Iterator[Piece]:
    """Yield the rows of a JSON list; a row that is no JSON costs itself."""
    rows: list[Row] = []
    fault: BenchfmtError | None = None
    with opened(path, limits) as file:
        try:
            for item in _items(_Buffer(file, limits)):
                if type(item) is dict and _PARAMETERS not in item:
                    rows.append(_row(item))
                    if len(rows) < _AT_ONCE:
                        continue
                yield rows
                rows = []
                if isinstance(item, Broken):
                    yield item
                elif type(item) is not dict or _PARAMETERS in item:
                    yield from _by_data(item)
        except BenchfmtError as error:
            fault = error
    yield rows
    if fault is not None:
        raise fault


def _items(buffer: _Buffer) -> Iterator[JsonValue | Broken]:
    """Yield the elements of the list, numbers as text; raises BenchfmtError where the list breaks off."""
    decode = json.JSONDecoder(
        object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=str
    ).raw_decode
    single = buffer.find_list()
    while buffer.at_row():
        try:
            decoded = decode(buffer.words, buffer.place)
        except _DoubledError as error:
            yield Broken(f"the key {error.args[0]!r} appears twice")
            buffer.skip_row()
        except (json.JSONDecodeError, RecursionError) as error:
            if buffer.more():
                continue
            yield Broken(_not_json(error))
            buffer.skip_row()
        else:
            item, end = decoded
            may_be_half = MAY_BE_SURROGATE.search(buffer.words, buffer.place, end) is not None
            buffer.place = end
            yield _with_whole_characters(item) if may_be_half else item
        if single:
            return


def _with_whole_characters(item: JsonValue) -> JsonValue:
    """Return an element with `?` for each half of a character (a lone surrogate), which no column can hold."""
    mended: JsonValue = json.loads(without_surrogates(json.dumps(item, ensure_ascii=False)))
    return mended


_PARAMETERS = "parameters"
_AT_ONCE = 500


def _row(item: dict[str, JsonValue]) -> Row:
    return tuple([_cell(item.get(name)) for name in FIELDS])


def _cell(value: JsonValue) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return text(value)


class _DoubledError(Exception):
    """A key that appears twice in one object."""


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DoubledError(next(name for name in names if names.count(name) > 1))
    return data


def _not_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at character {error.pos - error.doc.rfind(chr(10), 0, error.pos)} of its line"
    return "JSON is nested too deep (BF906)"


class _Buffer:
    """Some of a JSON text, and the place in it up to which it is read."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self.words = ""
        self.place = 0
        self._file, self._limits = file, limits
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._ended = False

    def more(self) -> bool:
        """Read a block more if that can help: a row longer than the limit, or the end of the file, says no."""
        if self._ended or len(self.words) - self.place > self._limits.row_bytes + BLOCK:
            return False
        block = self._file.read(BLOCK)
        self._ended = not block
        try:
            text = self._decoder.decode(block, final=self._ended)
        except UnicodeDecodeError as error:
            raise BenchfmtError(f"not UTF-8: {error.reason}") from error
        self.words, self.place = self.words[self.place :] + text, 0
        return True

    def find_list(self) -> bool:
        """Go to the first row; say whether it stands alone, as an element that occurs once does."""
        self.more()
        found = _LIST.search(self.words)
        if found is None:
            raise BenchfmtError("the answer holds no list of evaluations")
        self.place = found.end()
        is_alone = found[1] == "{"
        if is_alone:
            self.place = found.start(1)
        return is_alone

    def at_row(self) -> bool:
        """Say whether a row follows; raises BenchfmtError where the list breaks off."""
        while True:
            gap = _GAP.match(self.words, self.place)
            if gap:
                self.place = gap.end()
            if self.place < len(self.words):
                return self.words[self.place] != "]"
            if not self.more():
                raise BenchfmtError("the list breaks off: it is not closed")

    def skip_row(self) -> None:
        """Go to the next row, by what stands between rows; raises BenchfmtError where there is none."""
        while True:
            found = _NEXT.search(self.words, self.place)
            if found:
                self.place = found.end() - 1
                return
            if not self.more():
                end = self.words.find("]}", self.place)
                if end < 0:
                    end = len(self.words)
                self.place = end
                return
