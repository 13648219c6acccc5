"""The items of a JSON list, as texts: found where commas stand, a block of the file at once, without parsing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from benchfmt.readers.jsons import JsonError, Start

_BLOCK = 2**20
"""So many bytes of a file are read at once."""
_QUOTE, _COMMA, _END_OF_LIST = b'",]'
_STEPS = np.zeros(256, np.int32)
"""By how much a character opens or closes objects and lists."""
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1
_IS_MARK = _STEPS != 0
"""Which characters tell where an item ends."""
_IS_MARK[[_QUOTE, _COMMA]] = True


@dataclass(frozen=True, slots=True)
class Item:
    """The text of an item, which need not be JSON, and where it begins in the file."""

    data: bytes
    start: Start


@dataclass(frozen=True, slots=True)
class _Marks:
    """The commas between the items of a text that begins within a list, and the end of this list, None for none."""

    commas: list[int]
    end: int | None


def items(file: BinaryIO, start: Start) -> Iterator[Item]:
    """Yield the items of a list; raises JsonError where the list does not end, or more stands after it.

    What stands before such a place is yielded first, as one that need not be JSON.

    The file stands after the bracket that opens the list, at `start`.
    """
    rest = b""
    is_first = True
    while True:
        # An item that is longer than a block is not looked through again with each of its blocks.
        more = file.read(max(_BLOCK, len(rest)))
        text = rest + more
        marks = _marks(text)
        begin = 0
        for comma in marks.commas:
            yield Item(text[begin:comma], start)
            start = _after(start, text, begin, comma + 1)
            begin = comma + 1
            is_first = False
        if marks.end is not None:
            if text[marks.end] != _END_OF_LIST:
                # Where a bracket is missing within the item, its own text says so, and where.
                yield Item(text[begin : marks.end], start)
                place = _after(start, text, begin, marks.end)
                raise _no_list("this ends an object, and no list", place)
            last = text[begin : marks.end]
            if last.strip() or not is_first:
                yield Item(last, start)
            _refuse_more(text[marks.end + 1 :], file, _after(start, text, begin, marks.end + 1))
            return
        rest = text[begin:]
        if not more:
            yield Item(rest, start)
            raise _no_list(
                "the list that begins the file does not end", _after(start, rest, 0, len(rest))
            )


def _no_list(reason: str, place: Start) -> JsonError:
    where = f"at line {place.line} column {place.column + 1}"
    return JsonError(f"not JSON: {reason} {where}", place.line)


def _marks(text: bytes) -> _Marks:
    if b"\\" in text:
        text = text.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
    characters = np.frombuffer(text, np.uint8)
    places = np.flatnonzero(_IS_MARK[characters])
    marks = characters[places]
    is_quote = marks == _QUOTE
    is_outside = ~is_quote & (np.cumsum(is_quote) % 2 == 0)
    places, marks = places[is_outside], marks[is_outside]
    depths = np.cumsum(_STEPS[marks])
    ends = np.flatnonzero(depths < 0)
    end = None
    if len(ends):
        end = int(places[ends[0]])
        places, marks, depths = places[: ends[0]], marks[: ends[0]], depths[: ends[0]]
    return _Marks(places[(marks == _COMMA) & (depths == 0)].tolist(), end)


def _after(start: Start, text: bytes, begin: int, end: int) -> Start:
    """Return where a text goes on after a part of it that began at `start`."""
    lines = text.count(b"\n", begin, end)
    if not lines:
        return Start(start.line, start.column + _characters(text[begin:end]))
    return Start(start.line + lines, _characters(text[text.rfind(b"\n", begin, end) + 1 : end]))


def _characters(text: bytes) -> int:
    return len(text.decode("utf-8", "replace"))


def _refuse_more(text: bytes, file: BinaryIO, start: Start) -> None:
    """Raise JsonError where more than blanks stands after the list."""
    while text:
        stripped = text.lstrip()
        if stripped:
            begin = _after(start, text, 0, len(text) - len(stripped))
            where = f"line {begin.line} column {begin.column + 1}"
            message = f"two JSON documents in one file: the second begins at {where}"
            raise JsonError(message, begin.line)
        start = _after(start, text, 0, len(text))
        text = file.read(_BLOCK)
