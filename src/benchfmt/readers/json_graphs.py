"""JSON documents whose members are many: an object with a list `@graph`, or a list, read a member at a time."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import JsonValue

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import heads
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import JsonError, Start, no_json, parse_next, refuse_heavy_document

_BLOCK = 2**20
"""So many bytes are read at a time, and as many again as of a value that is longer are there already."""
_BLANKS = " \t\n\r"
_GOES_ON = "0123456789.eE"
"""What follows a number only where it goes on, with what is still to be read."""
_LONGEST_WORD = len("-Infinity")
"""So far before the end of what is read may a word of JSON, or an escape in a text, begin that is cut."""


@dataclass(frozen=True, slots=True)
class Member:
    """A value of a document, as data and as the file has it.

    `name` is the key under which it stands, None for a node of `@graph` or of a list.
    """

    name: str | None
    data: JsonValue
    text: str


def members(path: Path, limits: Limits = LIMITS) -> Iterator[Member]:
    """Yield what a document holds, in its order; raises JsonError, UnsafeError or OSError."""
    with closing(heads.opened(path)) as file:
        text = _Text(file, limits)
        if text.take("["):
            yield from _nodes(text)
        elif text.take("{"):
            yield from _object(text)
        else:
            raise JsonError("neither an object nor a list of JSON")
        if text.next():
            raise text.fault("Extra data")


def _object(text: _Text) -> Iterator[Member]:
    seen: set[str] = set()
    ended = text.take("}")
    while not ended:
        name = text.key()
        if name in seen:
            raise JsonError(f"the key {name!r} appears twice in one object")
        seen.add(name)
        text.expect(":")
        if name == "@graph" and text.take("["):
            yield from _nodes(text)
        else:
            data, source = text.value()
            yield Member(name, data, source)
        ended = text.take("}")
        if not ended:
            text.expect(",")


def _nodes(text: _Text) -> Iterator[Member]:
    ended = text.take("]")
    while not ended:
        data, source = text.value()
        yield Member(None, data, source)
        ended = text.take("]")
        if not ended:
            text.expect(",")


_MISSING = {",": "Expecting ',' delimiter", ":": "Expecting ':' delimiter"}


class _Text:
    """A text of which only what is still to be read is in memory."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._line = 1
        self._column = 0
        self._is_whole = False

    def next(self) -> str:
        """Return the next character that is no blank, "" at the end."""
        while True:
            while self._at < len(self._text):
                character = self._text[self._at]
                if character not in _BLANKS:
                    return character
                self._at += 1
            if not self._fill():
                return ""

    def take(self, character: str) -> bool:
        """Say whether a character comes next, and go behind it."""
        is_next = self.next() == character
        if is_next:
            self._at += 1
        return is_next

    def expect(self, character: str) -> None:
        """Go behind a character that must come next."""
        if not self.take(character):
            raise self.fault(_MISSING[character])

    def key(self) -> str:
        """Return the key that comes next."""
        if self.next() != '"':
            raise self.fault("Expecting property name enclosed in double quotes")
        data, _ = self.value()
        return str(data)

    def value(self) -> tuple[JsonValue, str]:
        """Return the next value, and the text of it."""
        self.next()
        while True:
            start = self._start()
            try:
                data, end = parse_next(self._text, self._at, self._limits)
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and self._fill():
                    continue
                raise no_json(error, start) from error
            is_whole = end < len(self._text) and self._text[end] not in _GOES_ON
            if is_whole or not self._fill():
                break
        text = self._text[self._at : end]
        self._at = end
        refuse_heavy_document(text.encode(), self._limits)
        return data, text

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        """Say whether a fault may be none once more of the text is there."""
        if error.msg.startswith("Unterminated string"):
            return True
        return not self._text[error.pos + _LONGEST_WORD :].strip(_BLANKS)

    def fault(self, words: str) -> JsonError:
        """Return that something else was expected at this place."""
        error = json.JSONDecodeError(words, self._text, self._at)
        return no_json(error, self._start())

    def _start(self) -> Start:
        """Return where what is in memory begins in the file."""
        return Start(self._line, self._column)

    def _fill(self) -> bool:
        """Read on, and say whether there was more; what was read is let go."""
        if self._is_whole:
            return False
        self._let_go()
        size = len(self._text)
        if size > self._limits.json_bytes:
            message = f"a value of more than {self._limits.json_bytes} characters; no more are read"
            raise UnsafeError("BF907", message)
        block = self._file.read(max(_BLOCK, size))
        self._is_whole = not block
        try:
            self._text += self._decoder.decode(block, final=self._is_whole)
        except UnicodeDecodeError as error:
            raise JsonError("not UTF-8", self._line) from error
        return not self._is_whole

    def _let_go(self) -> None:
        gone = self._text[: self._at]
        breaks = gone.count("\n")
        if breaks:
            self._line += breaks
            self._column = len(gone) - gone.rindex("\n") - 1
        else:
            self._column += len(gone)
        self._text = self._text[self._at :]
        self._at = 0
