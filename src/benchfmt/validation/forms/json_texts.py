"""The texts of records in a file of JSON: its lines, the items of its list, or all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError
from benchfmt.validation.forms.json_items import Item, items
from benchfmt.validation.places import Place

_BLOCK = 2**18
"""So many bytes of a file are read at once: few enough for the processor's own memory."""
_LEAST = 2**6
"""As so many bytes an item counts at least: between commas alone there are millions in a file, each of nothing."""
_BLANK, _QUOTE, _COLON = b' ":'
_LINE = re.compile(rb"^[^\S\n]*\S.*$", re.MULTILINE)
"""A line that is not empty."""
_TWO_BREAKS = b"\n\n"
_BEGINNING = 2**12
"""A block of nothing but empty lines shows it here; to look for two breaks in all of one takes longer than to divide it."""
Integers = npt.NDArray[np.int64]


class Text(NamedTuple):
    """The text of one record."""

    row: int
    """Its line, or its place in the list."""
    data: bytes
    members: int
    """How many members its objects have, those that stand twice included; -1 where that is not known."""
    start: jsons.Start | None = None
    """Where it begins in its file; None for a line."""

    def row_of(self, error: BenchfmtError) -> int | None:
        """Return the row to which a fault of the text belongs, None for one of a file that is one text."""
        line = getattr(error, "line", None)
        if self.start is not None and (line is not None or self.start == jsons.START):
            return line
        return self.row

    def place_of(self, name: str, error: BenchfmtError) -> Place:
        """Return where a fault of the text stands in the file of a name."""
        at = getattr(error, "at", None)
        if at is None:
            return Place(name, self.row_of(error))
        line = at.line
        if self.start is None:
            line = self.row
        return Place(name, self.row_of(error), line=line, character=at.character)

    def ends_with(self, error: BenchfmtError) -> bool:
        """Whether a fault of the text leaves the rest of its file unread: in a list nobody knows where the next item begins."""
        return self.start is not None and getattr(error, "line", None) is not None

    def parsed(self, limits: Limits) -> JsonValue:
        """Return the data of the text; raises JsonError or UnsafeError."""
        if self.start is None:
            line: JsonValue = jsons.parse(self.data, limits, start=jsons.Start(self.row))
            return line
        if self.start == jsons.START:
            data: JsonValue = jsons.parse(self.data, limits)
            return data
        within = _within_a_list(limits)
        item: JsonValue = jsons.parse(self.data, within, start=self.start)
        return item


@lru_cache(maxsize=8)
def _within_a_list(limits: Limits) -> Limits:
    """Return the limits of what stands in a list, which is one level deeper."""
    return replace(limits, json_depth=limits.json_depth - 1)


def texts_of_lines(path: Path, limits: Limits) -> Iterator[list[Text]]:
    """Yield the lines of a file that are not empty, some at once, and one that is too long as the last."""
    longest = limits.row_bytes
    row = 1
    with path.open("rb") as file:
        for block in _blocks_of_lines(file, longest):
            lines = _lines_of(block)
            if lines is None:
                yield _among_empty_lines(block, row)
                row += block.count(b"\n")
                continue
            members = members_written(block, lines)
            texts = map(Text, count(row), lines, members)
            yield [text for text in texts if text.data.strip()]
            row += len(lines) - 1


def _lines_of(block: bytes) -> list[bytes] | None:
    """Return the lines of a block, an empty one after its last line break; None where others are empty too."""
    if _TWO_BREAKS in block[:_BEGINNING]:
        return None
    lines = block.split(b"\n")
    if b"" in lines[:-1]:
        return None
    return lines


def _among_empty_lines(block: bytes, first_row: int) -> list[Text]:
    """Return the lines of a block that are not empty: of millions that are, none is looked at."""
    lines = []
    rows = []
    row = first_row
    counted = 0
    for line in _LINE.finditer(block):
        row += block.count(b"\n", counted, line.start())
        counted = line.start()
        rows.append(row)
        lines.append(line[0])
    members = members_written(b"\n".join(lines), lines)
    return list(map(Text, rows, lines, members))


def _blocks_of_lines(file: BinaryIO, longest: int) -> Iterator[bytes]:
    """Yield a file in blocks of whole lines; the last one may hold the beginning of a line that is too long."""
    rest = b""
    while True:
        # A line that is longer than a block is not put together piece by piece.
        more = file.read(max(_BLOCK, len(rest)))
        if not more:
            break
        block = rest + more
        end = block.rfind(b"\n") + 1
        if len(block) - end > longest:
            yield block
            return
        rest = block[end:]
        if end:
            yield block[:end]
    if rest:
        yield rest


def members_written(block: bytes, texts: Sequence[bytes]) -> list[int]:
    """Return how many members the objects of each text have, those that stand twice included.

    The block is the texts with one character between them.

    The name of a member is a quote before a colon. So is an escaped quote within a text: then the number is too high, and
    never too low. It is -1 for a text with a blank before a colon, which is not told from one within a text.
    """
    ends = np.cumsum([len(text) + 1 for text in texts])
    characters = np.frombuffer(block, np.uint8)
    colons = _places_of(_COLON, characters)
    before = characters[colons - 1]
    counts = _counted(colons[before == _QUOTE], ends)
    blanks = _counted(colons[before <= _BLANK], ends)
    members: list[int] = np.where(blanks > 0, -1, counts).tolist()
    return members


def _places_of(mark: int, characters: npt.NDArray[np.uint8]) -> Integers:
    """Return where a character stands; looked for in parts, so that a large text needs little more memory."""
    starts = range(0, len(characters), jsons.LARGE)
    parts = [np.flatnonzero(characters[start : start + jsons.LARGE] == mark) for start in starts]
    if len(parts) == 1:
        return parts[0]
    shifted = [part + start for part, start in zip(parts, starts, strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *shifted])


def _counted(places: Integers, ends: Integers) -> Integers:
    """Return how many places stand before each end and not before an earlier one."""
    return np.diff(np.searchsorted(places, ends), prepend=0)


def texts_of_file(path: Path, limits: Limits) -> Iterator[list[Text]]:
    """Yield the items of the list that a file holds, some at once, or its only text.

    Raises UnsafeError for a file that is too large, JsonError for a list that does not end, or OSError.
    """
    with _in_utf8(path, limits) as file:
        begin = file.tell()
        mark, start = _first_mark(file)
        if mark != b"[":
            file.seek(begin)
            yield [_document(file.read())]
            return
        first_row = 1
        for waiting, error in _some_at_once(items(file, start)):
            yield _texts_of_items(first_row, waiting)
            first_row += len(waiting)
            if error is not None:
                # One of the items may have said already what is wrong: then nobody asks for more.
                raise error


def _some_at_once(found: Iterator[Item]) -> Iterator[tuple[list[Item], jsons.JsonError | None]]:
    """Yield items of a list, some at once, the last of them with the error that ends the list, if there is one."""
    waiting = []
    size = 0
    error = None
    try:
        for item in found:
            waiting.append(item)
            size += max(len(item.data), _LEAST)
            if size >= _BLOCK:
                yield waiting, None
                waiting = []
                size = 0
    except jsons.JsonError as end:
        error = end
    yield waiting, error


def _document(data: bytes) -> Text:
    """Return the only text of a file."""
    return Text(1, data, members_written(data, [data])[0], jsons.START)


def _texts_of_items(first_row: int, items: Sequence[Item]) -> list[Text]:
    data = [item.data for item in items]
    starts = [item.start for item in items]
    return list(map(Text, count(first_row), data, members_written(b",".join(data), data), starts))


def _in_utf8(path: Path, limits: Limits) -> BinaryIO:
    """Return a JSON file as UTF-8 without a mark at its beginning; raises UnsafeError, JsonError or OSError."""
    jsons.refuse_large(path, limits, "JSON text")
    file = path.open("rb")
    start = file.read(4)
    encoding = json.detect_encoding(start)
    if encoding.startswith("utf-8"):
        file.seek(len(start) - len(start.removeprefix(b"\xef\xbb\xbf")))
        return file
    with file:
        whole = start + file.read()
    try:
        text = whole.decode(encoding, "surrogatepass")
    except UnicodeDecodeError as error:
        raise jsons.JsonError(f"not UTF-8 at byte {error.start}") from error
    return BytesIO(text.encode("utf-8", "surrogatepass"))


def _first_mark(file: BinaryIO) -> tuple[bytes, jsons.Start]:
    """Return the first character of a file that is not blank, none where there is none, and where what follows it begins."""
    line = 1
    column = 0
    while block := file.read(_BLOCK):
        rest = block.lstrip(b" \t\r\n")
        blanks = block[: len(block) - len(rest)]
        lines = blanks.count(b"\n")
        line += lines
        if lines:
            column = 0
        column += len(blanks) - blanks.rfind(b"\n") - 1
        if rest:
            file.seek(1 - len(rest), 1)
            return rest[:1], jsons.Start(line, column + 1)
    return b"", jsons.Start(line, column)


def json_code(error: BenchfmtError) -> str:
    """Return the code of a text that is not JSON, that names a key twice, or that is not safe to read."""
    if isinstance(error, UnsafeError):
        return error.code
    if "twice" in str(error):
        return "BF116"
    return "BF115"
