"""Targets: a place that one writer at a time writes to, in a folder beside it until what it writes is whole."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from benchfmt.package.errors import PackageError
from benchfmt.readers.files import JOURNAL

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LONGEST_NAME = 200
"""Bytes of a name that leave room for what is put around it; most systems take 255."""
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)
_LOCKED_BYTE = 2**30
"""Windows lets nobody read the bytes that are locked: so it is one behind what the file says."""


class TargetBusyError(PackageError):
    """Another process writes to the same target; the message says which one."""


class Target:
    """A place to write to, locked for one writer; what a killed writer left beside it is removed, or put back.

    The lock is that of the operating system and ends with the process, whatever ends it.
    """

    def __init__(self, path: str | Path) -> None:
        """Take the place: a folder or a file, which need not exist."""
        self.path = Path(path)
        self._place = self.path.resolve()
        self._lock: int | None = None

    @property
    def is_locked(self) -> bool:
        """Whether the target is held by this object."""
        return self._lock is not None

    def __enter__(self) -> Self:
        """Lock the target; raises TargetBusyError where somebody else writes to it."""
        parent = self._place.parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            reason = os.strerror(errno.ENOTDIR)
            raise NotADirectoryError(errno.ENOTDIR, reason, str(parent)) from error
        self._lock = _locked(self._lock_file, self.path)
        if _is_sure(self._lock):
            self._clear()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let others write to the target."""
        if self._lock is not None:
            _unlock(self._lock, self._lock_file)
            self._lock = None

    def new_folder(self) -> Path:
        """Make a folder beside the target in which something grows."""
        folder = self._beside(f"partial-{secrets.token_hex(4)}")
        folder.mkdir()
        return folder

    def replace_by(self, new: Path) -> None:
        """Move a file or a folder to the target, from which what was there goes only when the new one has come."""
        if not self._place.is_dir():
            new.replace(self._place)
            return
        old = self._beside(f"partial-{secrets.token_hex(4)}.old")
        self._place.rename(old)
        try:
            new.rename(self._place)
        except BaseException:
            if not self._place.exists():
                old.rename(self._place)
            raise
        shutil.rmtree(old, ignore_errors=True)

    @property
    def journal(self) -> Path:
        """The folder beside the target in which a conversion keeps what it has read; it need not exist."""
        return self._beside(JOURNAL)

    @property
    def _lock_file(self) -> Path:
        return self._beside("benchfmt-lock")

    def _beside(self, ending: str) -> Path:
        name = self._place.name
        if len(os.fsencode(name)) > _LONGEST_NAME:
            name = hashlib.sha256(os.fsencode(name)).hexdigest()
        return self._place.with_name(f".{name}.{ending}")

    def _clear(self) -> None:
        """Remove what killed writers have left beside the target, and put back what one of them had set aside."""
        beginning = self._beside("partial-").name
        pattern = re.compile(f"{re.escape(beginning)}[0-9a-f]{{8}}([.]old)?")
        for path in sorted(self._place.parent.iterdir()):
            match = pattern.fullmatch(path.name)
            if match is None or path.is_symlink() or not path.is_dir():
                continue
            if match[1] and not self._place.exists():
                path.rename(self._place)
            else:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def held(target: Target) -> Iterator[Target]:
    """Hold a target until the block ends; one that is held already stays so."""
    if target.is_locked:
        yield target
        return
    with target:
        yield target


def clear(path: str | Path) -> None:
    """Remove what a killed writer has left beside a target; raises TargetBusyError where somebody writes to it."""
    target = Target(path)
    if target.path.resolve().parent.is_dir():
        with target:
            pass


def _locked(file: Path, target: Path) -> int:
    """Return the open lock file of a target, locked for this process."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    while True:
        descriptor = os.open(file, flags, 0o666)
        try:
            _take(descriptor)
            if _is_file_of(descriptor, file):
                _sign(descriptor)
                return descriptor
        except OSError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise TargetBusyError(
                    f"{target} is being written by {holder}; wait until it has finished, or name another target"
                ) from error
            raise
        os.close(descriptor)  # whoever held it has removed the file meanwhile


def _take(descriptor: int) -> None:
    """Lock an open file; raises OSError where another process holds it."""
    if sys.platform == "win32":
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Where a file system knows no locks, nobody is kept out.
        if error.errno not in _WITHOUT_LOCKS:
            raise


def _is_sure(descriptor: int) -> bool:
    """Whether nobody else can hold the lock: not where a file system takes any number of them."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_file_of(descriptor: int, file: Path) -> bool:
    """Whether an open file still has its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def _sign(descriptor: int) -> None:
    """Write into a lock file who holds it."""
    began = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"process {os.getpid()} of {socket.gethostname()}, since {began}"
    # Where the disk is full, the lock holds without a name.
    with suppress(OSError):
        os.truncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode())


def _holder(descriptor: int) -> str:
    """Return who holds a lock file, as it says itself."""
    with suppress(OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, 200).decode(errors="replace")
        if text:
            return text
    return "another process"


def _unlock(descriptor: int, file: Path) -> None:
    # While it is locked, so that nobody waits for a file without a name; Windows removes no open file.
    if sys.platform == "win32":
        os.close(descriptor)
        with suppress(OSError):
            file.unlink()
        return
    with suppress(OSError):
        file.unlink()
    os.close(descriptor)
