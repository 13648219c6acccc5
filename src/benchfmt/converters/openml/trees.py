"""What an answer of OpenML says, whatever its dialect: XML, converted JSON, native JSON, documented JSON, the new server's.

A child that stands once may be a value or a list of one; an element without content may be absent, empty text, an empty
list or null; a number may be a text. Everything below takes all of these.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import jsons, xmls
from benchfmt.readers.files import UnsafeError

_ID = re.compile(r"[0-9]{1,15}")


def text(node: Any, key: str | None = None) -> str | None:
    """Return the text of a node or of its child, or None where it says nothing."""
    found = node if key is None else (node.get(key) if isinstance(node, dict) else None)
    if found is None:
        return None
    if type(found) is str:
        return found.strip() or None
    if isinstance(found, dict):
        found = found.get("value")
    if isinstance(found, list):
        found = found[0] if len(found) == 1 else None
    if isinstance(found, bool):
        return str(found).lower()
    return str(found).strip() or None if isinstance(found, str | int | float) else None


def many(node: Any, key: str) -> list[Any]:
    """Return the children of a name as a list, however many there are."""
    found = node.get(key) if isinstance(node, dict) else None
    if found is None or found in ("", {}):
        return []
    return found if isinstance(found, list) else [found]


def identifier(node: Any, key: str) -> int | None:
    """Return a server's number for something, or None where there is none."""
    found = text(node, key)
    return int(found) if found and _ID.fullmatch(found) else None


def opened(path: Path, limits: Limits = LIMITS) -> BinaryIO:
    """Return a file to read from, what is compressed decompressed and bounded."""
    return (
        cast("BinaryIO", _Unzipped(path, limits))
        if path.name.lower().endswith(".gz")
        else path.open("rb")
    )


def head(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, nothing where it cannot be read; thousands of files are asked for theirs."""
    try:
        if path.name.lower().endswith(".gz"):
            with opened(path) as file:
                return file.read(size)
        number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            return os.read(number, size)
        finally:
            os.close(number)
    except (OSError, EOFError, BenchfmtError):
        return b""


def document(path: Path, limits: Limits = LIMITS) -> Any:
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
    found = jsons.parse(data.removeprefix(b"\xef\xbb\xbf"), limits, digits=True)
    if isinstance(found, dict) and len(found) == 1:
        inside = next(iter(found.values()))
        return inside if isinstance(inside, dict) else found
    return found


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
