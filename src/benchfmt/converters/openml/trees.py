"""What an answer of OpenML says, whatever its dialect: XML, converted JSON, native JSON, documented JSON, the new server's.

A child that stands once may be a value or a list of one; an element without content may be absent, empty text, an empty
list or null; a number may be a text. Everything below takes all of these.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import BinaryIO, Self, cast

from pydantic import JsonValue

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import heads, jsons, xmls
from benchfmt.readers.files import UnsafeError

Node = JsonValue
"""A part of an answer, of whatever dialect."""

_ID = re.compile(r"[0-9]{1,15}")


def text(node: Node, key: str | None = None) -> str | None:
    """Return the text of a node or of its child, or None where it says nothing."""
    if key is not None:
        if not isinstance(node, dict):
            return None
        node = node.get(key)
    if isinstance(node, dict):
        node = node.get("value")
    if isinstance(node, list):
        if len(node) != 1:
            return None
        node = node[0]
    if isinstance(node, bool):
        return str(node).lower()
    if isinstance(node, str | int | float):
        return str(node).strip() or None
    return None


def many(node: Node, key: str) -> list[Node]:
    """Return the children of a name as a list, however many there are."""
    if not isinstance(node, dict):
        return []
    child = node.get(key)
    if child is None or child in ("", {}):
        return []
    if isinstance(child, list):
        return child
    return [child]


def identifier(node: Node, key: str) -> int | None:
    """Return a server's number for something, or None where there is none."""
    digits = text(node, key)
    if digits is None or not _ID.fullmatch(digits):
        return None
    return int(digits)


def opened(path: Path, limits: Limits = LIMITS) -> BinaryIO:
    """Return a file to read from, what is compressed decompressed and bounded."""
    if path.name.lower().endswith(".gz"):
        return cast("BinaryIO", _Unzipped(path, limits))
    return heads.opened(path)


def head(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, nothing where it cannot be read; thousands of files are asked for theirs."""
    try:
        if path.name.lower().endswith(".gz"):
            with opened(path) as file:
                return file.read(size)
        return heads.head(path, size)
    except (OSError, EOFError, BenchfmtError):
        return b""


def document(path: Path, limits: Limits = LIMITS) -> Node:
    """Return the content of a small answer, its root left out; raises BenchfmtError or OSError."""
    size = path.stat().st_size
    if size > limits.json_bytes:
        raise UnsafeError(
            "BF907",
            f"{path.name} has {size} bytes; at most {limits.json_bytes} are read as one text",
        )
    with opened(path, limits) as file:
        data = file.read(limits.json_bytes + 1)
    if len(data) > limits.json_bytes:
        raise UnsafeError(
            "BF904", f"{path.name} has more than {limits.json_bytes} bytes decompressed"
        )
    if is_xml(data):
        return xmls.plain(xmls.parse(data, limits))
    answer: Node = jsons.parse(data.removeprefix(b"\xef\xbb\xbf"), limits, digits=True)
    if isinstance(answer, dict) and len(answer) == 1:
        (inside,) = answer.values()
        if isinstance(inside, dict):
            return inside
    return answer


def is_xml(data: bytes) -> bool:
    """Say whether a text is XML rather than JSON."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" or data[:2] in (
        b"\xff\xfe",
        b"\xfe\xff",
    )


class _Unzipped:
    """A gzip file that stops where it grows too large."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._name = path.name
        self._file = gzip.open(path, "rb")  # noqa: SIM115 - closed by who opened it
        self._left = min(
            limits.archive_bytes, max(path.stat().st_size, 1024) * limits.archive_ratio
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._file.read(size)
        except (zlib.error, EOFError) as error:
            raise BenchfmtError(f"{self._name} is not a whole gzip file: {error}") from error
        self._left -= len(data)
        if self._left < 0:
            raise UnsafeError("BF904", f"{self._name} decompresses to more than it may")
        return data
