"""Errors of the operating system in words: the file, what happened, and what to do."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_ROOM = "there was not enough memory for it"
"""What is said of whatever a process had no room for."""
_FULL = "make room there, or write to another disk"
_RIGHTS = "look at who may read and write it"
_LONG = "shorten the names of its folders, or name it from a folder nearer to it"
_OPEN_FILES = "allow more open files (ulimit -n), or use fewer --jobs"
_FAULTY = "try again; if it stays so, the disk or the network is at fault"
_ADVICE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "the system allows no larger file (ulimit -f); write to another disk",
    errno.EROFS: "it cannot be written to; name another place",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.ENAMETOOLONG: _LONG,
    errno.EMFILE: _OPEN_FILES,
    errno.ENFILE: _OPEN_FILES,
    errno.EIO: _FAULTY,
    errno.ESTALE: _FAULTY,
    errno.ENOTDIR: "a part of the path is a file; name a place in a folder",
    errno.ELOOP: "links lead round in a circle; name the file itself",
}
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE)
_NUMBER = re.compile("os error ([0-9]+)")
_OF_MACHINE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
)


def in_words(error: OSError, path: str | Path | None = None) -> str:
    """Return an error in one line; `path` is the file where the error names none."""
    reason = error.strerror or str(error) or _without_words(error)
    if error.errno is not None:
        # Libraries put more around the words of the system, and the number.
        reason = os.strerror(error.errno)
    file = error.filename
    if file is None:
        file = path
    if file is not None:
        reason = f"{os.fsdecode(file)}: {reason}"
    advice = _ADVICE.get(error.errno or 0)
    if advice is None:
        return reason
    return f"{reason}; {advice}"


def _without_words(error: OSError) -> str:
    """Say what an error is that says nothing, as a time-out of a library under load."""
    if isinstance(error, TimeoutError):
        return "something gave no answer in time; try again, with fewer processes at once"
    return type(error).__name__


def is_of_machine(error: OSError) -> bool:
    """Whether an error says that the machine lacks something, whatever file is read."""
    return error.errno in _OF_MACHINE


def is_refusal(error: OSError) -> bool:
    """Whether an error says that the system does not give a file, whatever stands in it."""
    return error.errno in _REFUSALS


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Have errors that name no file name this one."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            error.strerror = str(error)
            error.errno = _number_in(error.strerror)
        if error.filename is None:
            error.filename = str(path)
        raise


def _number_in(text: str) -> int | None:
    """Return the number of the system's error in what a library of Rust says of it; None where there is none."""
    match = _NUMBER.search(text)
    if match is None:
        return None
    return int(match[1])
