"""Bytes of any console as text: UTF-8, UTF-16 and UTF-32 with and without a mark, Windows-1252, cut and joined files.

Every byte gives something, so reading never fails; what is undecodable as UTF-8 is taken for Windows-1252, byte by byte.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from benchfmt.readers import heads
from benchfmt.surrogates import SURROGATE

_BLOCK = 2**20
_SNIFFED = 2**12
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER = "benchfmt-windows-1252"
_CUT = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
_REST_OF_CUT = re.compile(rb"[\x80-\xbf]{1,3}")
_BINARY = bytes([*range(1, 8), *range(14, 27), *range(28, 32), 127])
"""Control characters that no console writes: all but NUL, bell, backspace, tabs, line ends and escape."""
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and movements
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # titles and links
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\u200b\u200e\u200f\u2060]"
)
ENDS = re.compile(r"\r+\n|\r")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Return the characters that undecodable bytes are in Windows-1252; the handler of `codecs` for that."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_OTHER, _as_windows)


def encoding_of(head: bytes) -> str:
    """Return the encoding of a text that begins so, by its mark, else by where its NULs stand; `utf-8` if unsure."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    sniffed = head[:_SNIFFED]
    pairs = len(sniffed) // 2
    if not pairs or b"\0" not in sniffed:
        return "utf-8"
    even, odd = sniffed[0 : 2 * pairs : 2].count(0), sniffed[1 : 2 * pairs : 2].count(0)
    if odd >= 0.3 * pairs and even <= 0.05 * pairs:
        return "utf-16-le"
    if even >= 0.3 * pairs and odd <= 0.05 * pairs:
        return "utf-16-be"
    return "utf-8"


def is_binary(data: bytes) -> bool:
    """Say whether bytes are no text in any encoding: one in fifty is a control character that no console writes."""
    if encoding_of(data) not in ("utf-8", "utf-8-sig"):
        return False
    text = data.replace(b"\0", b"")
    return bool(data) and (len(text) - len(text.translate(None, _BINARY))) * 50 > len(text)


def decoded(data: bytes) -> str:
    """Return bytes as text; a character that is cut off at either end is left away."""
    encoding = encoding_of(data)
    if encoding not in ("utf-8", "utf-8-sig"):
        return data.decode(encoding, "replace").removesuffix("\ufffd")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return _repaired(data.removeprefix(codecs.BOM_UTF8))


def _repaired(data: bytes) -> str:
    """Return the text of bytes that are not all UTF-8: cut at an end, in another encoding, or joined of both."""
    start = _REST_OF_CUT.match(data)
    end = _CUT.search(data, max(len(data) - 3, 0))
    inner = data[start.end() if start else 0 : end.start() if end else len(data)]
    try:
        return inner.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", _OTHER)


def from_first_text(data: bytes) -> bytes:
    """Return bytes without the NULs that stand first, where a log was emptied while a program wrote into it."""
    if data.startswith(codecs.BOM_UTF32_BE) or not data.startswith(b"\0\0"):
        return data
    return data.lstrip(b"\0")


def blocks(path: Path, size: int = _BLOCK) -> Iterator[str]:
    """Yield a file as text, block by block, in bounded memory; NULs with which a log was emptied are passed over."""
    with heads.opened(path) as file:
        data = file.read(size)
        while data and not data.strip(b"\0"):
            data = file.read(size)
        data = from_first_text(data)
        decoder = codecs.getincrementaldecoder(encoding_of(data))(
            _OTHER if _is_utf8(data) else "replace"
        )
        while data:
            yield decoder.decode(data)
            data = file.read(size)
        # What is left is half a character at the end of a file that was cut.


def _is_utf8(data: bytes) -> bool:
    return encoding_of(data) in ("utf-8", "utf-8-sig")


def plain(text: str) -> str:
    """Return text without escape sequences, control characters and half characters; every line ends with `\\n`."""
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = ENDS.sub("\n", text)
    if "\b" in text:
        text = _typed_over(text)
    return SURROGATE.sub("\ufffd", _CONTROL.sub("", text))


def _typed_over(text: str) -> str:
    """Return text in which each backspace takes the character before it away, as on a screen."""
    kept: list[str] = []
    for character in text:
        if character != "\b":
            kept.append(character)
        elif kept and kept[-1] != "\n":
            kept.pop()
    return "".join(kept)
