"""Packages as tar.gz: read without following what a stranger may have put into one."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from benchfmt.limits import Limits
from benchfmt.oserrors import naming
from benchfmt.package.errors import PackageError
from benchfmt.readers.files import UnsafeError, inner_path

_BLOCK = 2**20
_AT_ONCE = 2 * _BLOCK
Members = dict[str, tarfile.TarInfo]


class _Bounded(gzip.GzipFile):
    """A gzip of which so much is read at once at most: long names and other headers of a tar are read whole, maps of holes block by block."""

    _room: int | None = None

    @contextmanager
    def at_a_header(self) -> Iterator[None]:
        """Let no more be read than the headers of one member may have."""
        self._room = _AT_ONCE
        yield
        self._room = None

    def read(self, size: int | None = -1) -> bytes:
        """Return some bytes; raises UnsafeError where they are too many."""
        is_too_much = size is None or size < 0 or size > _AT_ONCE
        if self._room is not None and size is not None:
            self._room -= size
            is_too_much = is_too_much or self._room < 0
        if is_too_much:
            raise UnsafeError("BF907", f"a header of the tar is longer than {_AT_ONCE:,} bytes")
        return super().read(size)


class Tar:
    """A tar.gz that is open: the files in it by their names, and what they hold."""

    def __init__(self, place: Path, limits: Limits) -> None:
        """Open the file and read what its members are; raises UnsafeError, PackageError or an error of reading."""
        self._file = _Bounded(place, "rb")
        try:
            with self._file.at_a_header():
                self._archive = tarfile.TarFile(fileobj=self._file)
            packed = place.stat().st_size
            infos = _infos(self._archive, self._file)
            self.members = _members(infos, packed, limits)
            _read_to_end(self._file, packed, limits)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self._file.close()

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
