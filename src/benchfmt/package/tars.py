"""Packages as tar.gz: read without following what a stranger may have put into one."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tarfile import HeaderError, ReadError
from typing import Self

from benchfmt.limits import Limits
from benchfmt.oserrors import naming
from benchfmt.package.errors import PackageError
from benchfmt.readers.files import UnsafeError, inner_path

_BLOCK = 2**20
_AT_ONCE = 2 * _BLOCK
_USUAL = 2**12
"""So many bytes the headers of a member may have before they count as long."""
_LONG_IN_ALL = 8 * _BLOCK
"""So many bytes long headers may have together: Python keeps what they say, which takes far more memory and time."""
_ENDS = ("empty header", "end of file header")
"""What Python says of a header where a tar ends."""
Members = dict[str, tarfile.TarInfo]


class _Packed(io.FileIO):
    """A file of which Python reads the names in a gzip, and the zeros behind it, byte by byte."""

    _room = _BLOCK

    def read(self, size: int | None = -1) -> bytes:
        """Return some bytes; raises UnsafeError for single ones that are too many."""
        if size == 1:
            self._room -= 1
            if self._room < 0:
                message = f"the gzip has names, or zeros at its end, of more than {_BLOCK:,} bytes"
                raise UnsafeError("BF907", f"{message}; pack it again")
        return super().read(size) or b""


class _Bounded(gzip.GzipFile):
    """A gzip of which so much is read at once at most: long names and other headers of a tar are read whole, maps of holes block by block."""

    _room: int | None = None
    _left = _LONG_IN_ALL

    @contextmanager
    def at_a_header(self) -> Iterator[None]:
        """Let no more be read than the headers of one member may have, and those of all of them together."""
        self._room = room = min(_AT_ONCE, self._left + _USUAL)
        yield
        self._left -= max(room - self._room - _USUAL, 0)
        self._room = None

    def read(self, size: int | None = -1) -> bytes:
        """Return some bytes; raises UnsafeError where they are too many."""
        is_too_much = size is None or size < 0 or size > _AT_ONCE
        if self._room is not None and size is not None:
            self._room -= size
            is_too_much = is_too_much or self._room < 0
        if is_too_much:
            message = f"a header of the tar is longer than {_AT_ONCE:,} bytes"
            if self._left < _AT_ONCE:
                message = f"long headers of the tar have more than {_LONG_IN_ALL:,} bytes"
            raise UnsafeError("BF907", message)
        return super().read(size)


class _Info(tarfile.TarInfo):
    """What a tar says of a member; Python takes a header that is damaged for the end of the tar, and what is behind it were lost."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        """Return what the next header says; raises ReadError for one that is damaged."""
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            if str(error) in _ENDS:
                raise
            raise ReadError(f"a header of the tar is damaged: {error}") from error


class Tar:
    """A tar.gz that is open: the files in it by their names, and what they hold."""

    def __init__(self, place: Path, limits: Limits) -> None:
        """Open the file and read what its members are; raises UnsafeError, PackageError or an error of reading."""
        self._packed = _Packed(place)
        self._file = _Bounded(fileobj=self._packed, mode="rb")
        try:
            with self._file.at_a_header():
                self._archive = tarfile.TarFile(fileobj=self._file, tarinfo=_Info)
            packed = place.stat().st_size
            infos = _infos(self._archive, self._file)
            self.members = _members(infos, packed, limits)
            _read_to_end(self._file, packed, limits)
        except BaseException:
            self._close_files()
            raise

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self._close_files()

    def _close_files(self) -> None:
        self._file.close()
        self._packed.close()

    def extract(self, name: str, target: Path, most: int) -> None:
        """Write a member to a file; raises UnsafeError for one that is too large."""
        info = self.members[name]
        if info.size > most:
            raise UnsafeError("BF904", f"{name} has {info.size:,} bytes; at most {most:,} are read")
        source = self._archive.extractfile(info)
        if source is None:
            raise PackageError(f"{name} is not a file")
        target.parent.mkdir(parents=True, exist_ok=True)
        with naming(target), source, target.open("wb") as file:
            while block := source.read(_BLOCK):
                file.write(block)


def _infos(archive: tarfile.TarFile, file: _Bounded) -> Iterator[tarfile.TarInfo]:
    while True:
        with file.at_a_header():
            info = archive.next()
        if info is None:
            return
        yield info


def _members(infos: Iterable[tarfile.TarInfo], packed: int, limits: Limits) -> Members:
    """Return the files of a tar by their names; raises UnsafeError before anything large is unpacked."""
    members: Members = {}
    total = 0
    for number, info in enumerate(infos, 1):
        if number > limits.archive_members:
            raise UnsafeError(
                "BF905", f"at most {limits.archive_members:,} files of a tar are read"
            )
        if PurePosixPath(info.name) == PurePosixPath():
            continue
        name = str(inner_path(info.name))
        if info.issym() or info.islnk():
            raise UnsafeError("BF902", f"{info.name!r} is a link; pack the file itself")
        if not info.isfile() and not info.isdir():
            raise UnsafeError("BF902", f"{info.name!r} is a device; a tar holds files only")
        if info.size < 0:
            raise PackageError(f"{info.name!r} has a size below 0")
        total += info.size
        _refuse_growth(total, packed, limits)
        if name in members:
            raise PackageError(f"{info.name!r} stands twice in it")
        if info.isfile():
            members[name] = info
    return members


def _read_to_end(file: gzip.GzipFile, packed: int, limits: Limits) -> None:
    """Read what is behind the last member: only the end of a gzip shows whether it is whole."""
    rest = 0
    while block := file.read(_BLOCK):
        rest += len(block)
        _refuse_growth(rest, packed, limits)


def _refuse_growth(total: int, packed: int, limits: Limits) -> None:
    if total > limits.archive_bytes:
        message = (
            f"the tar would grow to {total:,} bytes; at most {limits.archive_bytes:,} are unpacked"
        )
        raise UnsafeError("BF904", message)
    if total > _BLOCK and total / max(packed, 1) > limits.archive_ratio:
        raise UnsafeError("BF904", f"the tar would grow from {packed:,} to {total:,} bytes")
