"""JSON of strangers: strict (no NaN, no doubled key) and bounded in size and depth."""

from __future__ import annotations

import codecs
import json
import math
import sys
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from pydantic import JsonValue

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.numbers import Digits
from benchfmt.readers import heads
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.json_places import (
    Position,
    offset_of_depth,
    offset_of_half,
    offset_of_second,
    offset_of_word,
    position,
)
from benchfmt.readers.names import doubled
from benchfmt.surrogates import IN_TEXT, MAY_BE_SURROGATE, MAY_BE_SURROGATE_IN_BYTES

__all__ = ["Digits", "JsonError", "parse", "parse_as_text", "read"]


class JsonError(BenchfmtError):
    """Text that is not JSON as RFC 8259 and this standard want it; `line` counts from 1.

    Only where the text cannot be read on is there a `line`; the place of the fault itself is `at`.
    """

    def __init__(
        self,
        message: str,
        line: int | None = None,
        sought: Callable[[str], int | None] | None = None,
    ) -> None:
        """Keep the line beside the message, and what finds the fault in the text."""
        super().__init__(message)
        self.line = line
        self.sought = sought
        self.at: Position | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where a text begins in its file: the line, and how many characters stand before it there."""

    line: int = 1
    column: int = 0


START = Start()
LARGE = 2**20
"""The size from which on it is asked how much memory the data of a text takes."""
_BYTES_BY_MARK = {b"{": 232, b"[": 64, b":": 60, b",": 40, b'"': 28}
"""How much memory the data takes, at most, that one such character in a text stands for."""
_BYTES_BY_BYTE = 9
"""How much memory a byte of a long text takes: as it is read, as characters, as JSON once more, and in columns."""
_OBJECT, _LIST, _MEMBER, _ITEM = 300, 130, 180, 300
"""How much memory of what is allowed an object, a list, a member and an item of a list take where numbers are `Digits`.

Measured at the peak of a conversion: twice what the data alone takes, for columns are made of it.
"""
_DIGITS_BY_BYTE = 4
"""The same for a byte of the text."""
_AS_LINES = "write one object on each line (JSON Lines), or set json_data_bytes higher"


def parse(
    text: str | bytes, limits: Limits = LIMITS, *, digits: bool = False, start: Start = START
) -> Any:
    """Return the data of a JSON text, its numbers as `Digits` if asked; raises JsonError or UnsafeError."""
    return _decoded(text, _DIGITS if digits else _NUMBERS, limits, start)


def parse_next(text: str, offset: int, limits: Limits = LIMITS) -> tuple[JsonValue, int]:
    """Return the data of the JSON value that begins at an offset of a text, and the offset behind it.

    Raises json.JSONDecodeError where the value is faulty or not all there, JsonError or UnsafeError.
    """
    try:
        data, end = _NUMBERS.raw_decode(text, offset)
    except RecursionError as error:
        raise UnsafeError("BF906", "JSON is nested too deep") from error
    opened = text.count("{", offset, end) + text.count("[", offset, end)
    if opened > limits.json_depth and _deeper(data, limits.json_depth):
        raise UnsafeError("BF906", f"JSON is nested deeper than {limits.json_depth} levels")
    return data, end


def parse_cells(text: str | bytes, limits: Limits = LIMITS) -> JsonValue:
    """Return the data of a JSON text with its numbers as `Digits`.

    The words that some programs write in place of a number (NaN, Infinity) are texts. Raises JsonError or UnsafeError.
    """
    return _whole_characters(_decoded(text, _CELLS, limits), text)


def parse_as_text(text: str | bytes, limits: Limits = LIMITS) -> JsonValue:
    """Return what `parse_cells` does with numbers as plain text, which nothing tells apart from texts of the same characters.

    It takes half the time of `Digits`. Raises JsonError or UnsafeError.
    """
    return _whole_characters(_decoded(text, _TEXTS, limits), text)


def _whole_characters(data: JsonValue, text: str | bytes) -> JsonValue:
    """Return data after a look at its texts; raises JsonError for half a character, which no column can hold."""
    if isinstance(text, bytes):
        may_hold_half = MAY_BE_SURROGATE_IN_BYTES.search(text) is not None
    else:
        may_hold_half = MAY_BE_SURROGATE.search(text) is not None
    if may_hold_half:
        try:
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            fault = JsonError(f"a {IN_TEXT}")
            if isinstance(text, bytes):
                text = _characters(text)
            fault.at = _place(text, offset_of_half(text), START)
            raise fault from error
    return data


def _characters(text: bytes) -> str:
    return text.decode(json.detect_encoding(text), "surrogatepass")


def _decoded(
    text: str | bytes, decoder: json.JSONDecoder, limits: Limits, start: Start = START
) -> JsonValue:
    try:
        if isinstance(text, bytes):
            text = _characters(text)
        if text.startswith("\ufeff"):
            raise json.JSONDecodeError("Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0)
        data: JsonValue = decoder.decode(text)
    except RecursionError as error:
        at = _place(str(text), offset_of_depth(str(text), limits.json_depth), start)
        raise UnsafeError("BF906", "JSON is nested too deep", at) from error
    except UnicodeDecodeError as error:
        fault = JsonError(f"not UTF-8 at byte {error.start}")
        before = error.object[: error.start].decode("utf-8", "replace")
        fault.at = _place(before, len(before), start)
        raise fault from error
    except json.JSONDecodeError as error:
        raise no_json(error, start) from error
    except JsonError as error:
        if error.sought is not None:
            error.at = _place(str(text), error.sought(str(text)), start)
        raise
    if _may_be_deeper(text, limits.json_depth) and _deeper(data, limits.json_depth):
        at = _place(text, offset_of_depth(text, limits.json_depth), start)
        raise UnsafeError("BF906", f"JSON is nested deeper than {limits.json_depth} levels", at)
    return data


def _place(text: str, offset: int | None, start: Start) -> Position | None:
    """Return line and character of a place in a text that begins at `start` in its file."""
    if offset is None:
        return None
    place = position(text, offset)
    if place.line > 1:
        return Position(place.line + start.line - 1, place.character)
    return Position(start.line, place.character + start.column)


_IN_WORDS = {
    "Expecting value": "a value is missing",
    "Expecting ',' delimiter": "a comma or the end of the list or object is missing",
    "Expecting ':' delimiter": "a colon after the key is missing",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing",
    "Illegal trailing comma before end of object": "nothing follows the comma",
    "Illegal trailing comma before end of array": "nothing follows the comma",
    "Unterminated string starting at": "a text is not closed that begins",
    "Invalid control character at": "a text holds a line break or another control character",
    "Invalid \\escape": "a backslash in a text escapes nothing (write two for one)",
    "Invalid \\escape: ": "a backslash in a text escapes nothing (write two for one)",
    "Invalid \\uXXXX escape": "\\u in a text is not followed by four hexadecimal digits",
}
"""What Python says of a text that is not JSON, in words that stand before the place."""


def no_json(error: json.JSONDecodeError, start: Start = START) -> JsonError:
    """Return what is wrong with a text that is not JSON, in words."""
    line = error.lineno + start.line - 1
    column = error.colno
    if error.lineno == 1:
        column += start.column
    where = f"at line {line} column {column}"
    message = f"not JSON: {_IN_WORDS.get(error.msg, error.msg)} {where}"
    if error.msg == "Extra data":
        message = f"two JSON documents in one file: the second begins {where}"
    fault = JsonError(message, line)
    fault.at = Position(line, column)
    return fault


def read_whole_characters(path: Path, limits: Limits = LIMITS) -> JsonValue:
    """Return the data of a JSON file; raises JsonError also for half a character, UnsafeError or OSError."""
    text = _without_mark(document(path, limits))
    return _whole_characters(_parsed_document(text, limits), text)


def read(path: Path, limits: Limits = LIMITS, *, digits: bool = False) -> Any:
    """Return the data of a JSON file, its numbers as `Digits` if asked; raises JsonError, UnsafeError or OSError."""
    return _parsed_document(_without_mark(document(path, limits)), limits, digits=digits)


def document(path: Path, limits: Limits, kind: str = "JSON text") -> bytes:
    """Return the bytes of a file whose data is held as a whole; raises UnsafeError for one that is too large, or OSError."""
    text = whole(path, limits, kind)
    refuse_heavy_document(text, limits)
    return text


def _without_mark(text: bytes) -> bytes:
    text = text.removeprefix(codecs.BOM_UTF8)
    if text.startswith(codecs.BOM_UTF8):
        raise JsonError("not JSON: it begins with two byte order marks", 1)
    return text


def _parsed_document(text: bytes, limits: Limits, *, digits: bool = False) -> Any:
    data = parse(text, limits, digits=digits)
    if is_large(text):
        refuse_wide(data, limits)
    return data


def too_wide(data: Sized, limits: Limits) -> str:
    """Return what is wrong with an object of more members than are read."""
    return f"an object of {len(data):,} members; at most {limits.json_members:,} are read"


def refuse_wide(data: JsonValue, limits: Limits) -> None:
    """Raise UnsafeError for data that holds an object of more members, or a longer text, than are read."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and len(value) > limits.row_bytes:
            message = f"a text of {len(value):,} characters; at most {limits.row_bytes:,} are read"
            raise UnsafeError("BF907", message)
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            if len(value) > limits.json_members:
                raise UnsafeError("BF907", too_wide(value, limits))
            waiting += value.values()


def is_large(text: bytes) -> bool:
    """Whether it is asked of a text what its data takes."""
    return len(text) >= LARGE


def refuse_heavy(text: bytes, limits: Limits) -> None:
    """Raise UnsafeError for a text whose data may take more memory than is allowed, also in columns."""
    weight = _weight(text, _BYTES_BY_BYTE, _BYTES_BY_MARK)
    if weight > limits.json_data_bytes:
        raise UnsafeError("BF907", _too_heavy(weight, limits))


def refuse_heavy_document(text: bytes, limits: Limits) -> None:
    """Raise UnsafeError for a document whose data may take more memory than is allowed, its numbers as `Digits`."""
    weight = _document_weight(text)
    if weight > limits.json_data_bytes:
        raise UnsafeError("BF907", f"{_too_heavy(weight, limits)}; {_AS_LINES}")


def _document_weight(text: bytes) -> int:
    """Return about how much memory the data of a document takes, 0 for one that is small.

    An object of n members has n - 1 commas, a list of n items as well: so the commas say how many items there are. Only
    a colon that follows a quote is surely of a member, and no comma that a text holds is taken off.
    """
    if not is_large(text):
        return 0
    objects, lists = text.count(b"{"), text.count(b"[")
    members = least_members(text)
    items = text.count(b",") - members + objects + lists
    return (
        _DIGITS_BY_BYTE * len(text)
        + _OBJECT * objects
        + _LIST * lists
        + _MEMBER * text.count(b":")
        + _ITEM * max(items, 0)
    )


def least_members(text: bytes) -> int:
    """Return how many members the objects of a text surely have, in an encoding that ASCII is a part of."""
    return text.count(b'":') - text.count(b'\\":')


def _weight(text: bytes, by_byte: int, by_mark: Mapping[bytes, int]) -> int:
    """Return about how much memory the data of a text takes, 0 for one that is small."""
    if not is_large(text):
        return 0
    return by_byte * len(text) + sum(text.count(mark) * size for mark, size in by_mark.items())


def _too_heavy(weight: int, limits: Limits) -> str:
    most = limits.json_data_bytes
    return f"the data of one JSON text takes about {weight} bytes; at most {most} are allowed"


def memory_of(data: JsonValue) -> int:
    """Return about how many bytes of memory data takes."""
    size = 0
    waiting = [data]
    while waiting:
        value = waiting.pop()
        size += sys.getsizeof(value)
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value
            waiting += value.values()
    return size


def whole(path: Path, limits: Limits, kind: str) -> bytes:
    """Return the bytes of a file that is read as one text; raises UnsafeError for one that is too large, or OSError."""
    refuse_large(path, limits, kind)
    return heads.whole(path)


def refuse_large(path: Path, limits: Limits, kind: str) -> None:
    """Raise UnsafeError for a file that is too large to be read as one text, or OSError."""
    size = path.stat().st_size
    if size > limits.json_bytes:
        raise UnsafeError(
            "BF907",
            f"{path.name} has {size} bytes; at most {limits.json_bytes} are read as one {kind}",
        )


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    data = dict(pairs)
    if len(data) != len(pairs):
        first = doubled(name for name, _ in pairs)[0]
        message = f"the key {first!r} appears twice in one object"
        raise JsonError(message, sought=partial(offset_of_second, key=first))
    return data


def _no_constant(word: str) -> NoReturn:
    message = f"{word} is not JSON; leave out a number that does not exist"
    raise JsonError(message, sought=partial(offset_of_word, word=word))


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        message = f"{text} is larger than a number of JSON can be (1.8e308)"
        raise JsonError(message, sought=partial(offset_of_word, word=text))
    return number


def _integer(text: str) -> int | float:
    # Python refuses to read integers of thousands of digits; no count has more than twenty.
    if len(text) > 400:
        message = f"{text[:20]}... is larger than a number of JSON can be (1.8e308)"
        raise JsonError(message, sought=partial(offset_of_word, word=text))
    return int(text)


def _decoder(
    number: Callable[[str], JsonValue],
    integer: Callable[[str], JsonValue],
    constant: Callable[[str], JsonValue] = _no_constant,
) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_unique,
        parse_constant=constant,
        parse_float=number,
        parse_int=integer,
    )


_DIGITS = _decoder(Digits, Digits)
_NUMBERS = _decoder(_finite, _integer)
_CELLS = _decoder(Digits, Digits, str)
_TEXTS = _decoder(str, str, str)


def _may_be_deeper(text: str, depth: int) -> bool:
    """Say whether a text opens so many objects and lists that they may be nested deeper."""
    return text.count("{") + text.count("[") > depth


def _deeper(data: JsonValue, depth: int) -> bool:
    level = [data]
    for _ in range(depth + 1):
        objects = [node for node in level if isinstance(node, dict)]
        lists = [node for node in level if isinstance(node, list)]
        if not objects and not lists:
            return False
        level = [child for node in lists for child in node]
        for node in objects:
            level += node.values()
    return True
