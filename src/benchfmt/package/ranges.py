"""Remote tables read by ranges: a package whose descriptor is here and whose Parquet stays where it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from benchfmt.descriptor import FILE_NAME, Descriptor
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.migrate import is_newer, is_older
from benchfmt.package.errors import PackageError
from benchfmt.package.opening import is_archive, load_descriptor
from benchfmt.package.parts import Part, parts_of
from benchfmt.package.remote import RemoteFile, fetch, remote_file
from benchfmt.readers.files import UnsafeError
from benchfmt.tables import TABLES

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

SCHEME = "benchfmt-part"
"""Before the addresses by which DuckDB knows the files; no library has one of this name."""
_END = 2**16
"""So long is the end of a file that is kept."""
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""When a file was changed, as far as a query needs to know: it does not, meanwhile."""


class RangedPackage:
    """A package of which a query reads what it needs, where it lies."""

    def __init__(
        self, folder: TemporaryDirectory[str], descriptor: Descriptor, url: str, limits: Limits
    ) -> None:
        """Take the folder with the descriptor, which goes when the package is closed, and the address of the package."""
        self.root = Path(folder.name)
        self.descriptor = descriptor
        self._folder = folder
        self._url = url
        self._limits = limits

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()

    def parts(self, table: str) -> list[Part]:
        """Return the files of a table as they would stand in the folder; raises PackageError or UnsafeError."""
        for resource in self.descriptor.resources:
            if resource.name == table:
                return parts_of(self.root, resource)
        raise PackageError(f"{self._url}: the descriptor has no resource named {table!r}")

    def remote_files(self, table: str) -> list[RemoteFile]:
        """Return the files of a table; raises PackageError where one is not there."""
        return [remote_file(f"{self._url}/{part.name}") for part in self.parts(table)]

    def batches(self, table: str, only: Collection[str] = ()) -> Iterator[pa.Table]:
        """Raise PackageError: a table that is read by ranges is never read as a whole."""
        named = ", ".join(only) or "all columns"
        raise PackageError(f"{self._url}: the table {table!r} ({named}) is read by ranges")

    def table(self, name: str) -> pa.Table:
        """Raise PackageError, as `batches` does."""
        raise PackageError(f"{self._url}: the table {name!r} is read by ranges")


def open_ranged(url: str, limits: Limits = LIMITS) -> RangedPackage | None:
    """Open a remote package by its descriptor alone; None where its files must be fetched as a whole.

    So it is with an archive, with CSV, with another version of the standard, and with a server that gives no ranges.
    """
    if is_archive(url):
        return None
    base = url.removesuffix(FILE_NAME).rstrip("/")
    folder = TemporaryDirectory(prefix="benchfmt-")
    try:
        file = Path(folder.name, FILE_NAME)
        fetch(f"{base}/{FILE_NAME}", file, limits.descriptor_bytes)
        package = RangedPackage(folder, load_descriptor(file, limits), base, limits)
        if _is_ranged(package):
            return package
    except BaseException:
        folder.cleanup()
        raise
    folder.cleanup()
    return None


def _is_ranged(package: RangedPackage) -> bool:
    version = package.descriptor.benchfmt.version
    if is_newer(version) or is_older(version):
        return False
    names = [resource.name for resource in package.descriptor.resources]
    for table in TABLES:
        if table in names and not all(part.is_parquet for part in package.parts(table)):
            return False
    return all(file.gives_ranges() for file in package.remote_files("records")[:1])


class Ranges:
    """The remote files of a query, each under an address that is made here and leads nowhere else."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Begin without any; all together may be asked for so many bytes as an archive may have."""
        self._files: list[RemoteFile] = []
        self._left = limits.archive_bytes
        self._lock = threading.Lock()
        self._ends: dict[tuple[str, int, int], bytes] = {}
        """What was read of the ends of files, where Parquet says what is in them: DuckDB asks for it several times."""
        self.failure: BenchfmtError | None = None
        """Why a range could not be had; DuckDB tells it with all of Python's stack."""

    def address(self, file: RemoteFile) -> str:
        """Return the address by which DuckDB knows a file."""
        self._files.append(file)
        return f"{SCHEME}://{len(self._files) - 1}.parquet"

    def read(self, file: RemoteFile, start: int, end: int) -> bytes:
        """Return a range of a file; raises PackageError, and UnsafeError where a query has asked for too much."""
        wanted = (file.url, start, end)
        known = self._ends.get(wanted)
        if known is not None:
            return known
        with self._lock:
            self._left -= end - start
        try:
            if self._left < 0:
                raise UnsafeError("BF904", f"{file.url}: the query reads too many bytes")
            data = file.read(start, end)
        except BenchfmtError as error:
            self.failure = error
            raise
        if file.size - start <= _END:
            self._ends[wanted] = data
        return data

    def file(self, path: str) -> RemoteFile:
        """Return the file of an address; raises FileNotFoundError."""
        for number, file in enumerate(self._files):
            if path.rpartition("/")[2] == f"{number}.parquet":
                return file
        raise FileNotFoundError(path)

    def system(self) -> AbstractFileSystem:
        """Return a file system of these files alone, for DuckDB."""
        from fsspec import AbstractFileSystem

        ranges = self

        class System(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
            protocol = SCHEME
            cachable = False

            def _open(self, path: str, *_: Any, **__: Any) -> _Reader:
                file = ranges.file(path)
                return _Reader(file.size, lambda start, end: ranges.read(file, start, end))

            def info(self, path: str, **_: Any) -> dict[str, Any]:
                return {"name": path, "size": ranges.file(path).size, "type": "file"}

            def glob(self, path: str, **_: Any) -> list[str]:
                return [path]

            def modified(self, _: str) -> datetime:
                return _ANY_DAY

        return System()


class _Reader:
    """A file of which ranges are asked for as they are read, by any thread for itself."""

    def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
        self.size = size
        self._read = read
        self._at = threading.local()

    def seek(self, offset: int, whence: int = 0) -> int:
        start = {0: 0, 1: self.tell(), 2: self.size}[whence]
        self._at.place = start + offset
        return start + offset

    def tell(self) -> int:
        return int(getattr(self._at, "place", 0))

    def read(self, count: int = -1) -> bytes:
        start = self.tell()
        end = self.size
        if count >= 0:
            end = min(start + count, self.size)
        if end <= start:
            return b""
        self._at.place = end
        return self._read(start, end)

    def close(self) -> None:
        return
