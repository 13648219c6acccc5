"""The beginnings of files: read once while a source is planned, though every family looks at them.

Inside `remembered` the first bytes of a file are kept, so that a file which no family takes is opened once and not once
for each of them. What is kept is bounded; beyond that a file is simply opened again.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO

HEAD = 2**16
"""So many bytes of a file are kept: all of most files that describe something, and enough of a log to tell whose it is."""
ROOM = 32 * 2**20
"""So many bytes are kept of all files together."""

_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe is opened at once, whether somebody writes to it or not; a regular file is read as ever."""


class _Heads:
    """The first bytes of the files that were looked at first, as long as there is room."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._room = ROOM

    def of(self, path: Path) -> bytes:
        """Return up to `HEAD` bytes of a file; raises OSError."""
        name = str(path)
        known = self._kept.get(name)
        if known is not None:
            return known
        data = _read(path, HEAD)
        if len(data) <= self._room:
            self._room -= len(data)
            self._kept[name] = data
        return data


_current: ContextVar[_Heads | None] = ContextVar("heads", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Keep the beginnings of files until the block ends; files must not change meanwhile."""
    token = _current.set(_current.get() or _Heads())
    try:
        yield
    finally:
        _current.reset(token)


def head(path: Path, size: int = HEAD) -> bytes:
    """Return the first bytes of a file; raises OSError."""
    heads = _current.get()
    if heads is None:
        return _read(path, size)
    start = heads.of(path)
    if size <= HEAD or len(start) < HEAD:
        return start[:size]
    return _read(path, size)


def whole(path: Path) -> bytes:
    """Return all bytes of a file; raises OSError."""
    heads = _current.get()
    start = b"" if heads is None else heads.of(path)
    if 0 < len(start) < HEAD:
        return start
    with opened(path) as file:
        return file.read()


def blocks(path: Path, size: int) -> Iterator[bytes]:
    """Yield a file block by block; raises OSError."""
    heads = _current.get()
    start = b"" if heads is None else heads.of(path)
    if 0 < len(start) < HEAD:
        yield start
        return
    with opened(path) as file:
        while block := file.read(size):
            yield block


def tail(path: Path, size: int = HEAD) -> bytes:
    """Return the last bytes of a file; raises OSError."""
    with opened(path) as file:
        length = file.seek(0, 2)
        file.seek(max(length - size, 0))
        return file.read(size)


def is_regular(path: Path) -> bool:
    """Say whether a path is a file that can be read, and no link: one question for what pathlib asks twice."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def opened(path: Path) -> BinaryIO:
    """Open a file of somebody's for reading; raises OSError for a pipe or a device, which may never end."""
    return open(path, "rb", opener=_of_regular)


def _of_regular(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | _WITHOUT_WAITING)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", path)
    return descriptor


def _read(path: Path, size: int) -> bytes:
    with opened(path) as file:
        return file.read(size)
