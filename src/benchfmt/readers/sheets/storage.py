"""The bytes of a table: as they lie in the file, or unpacked from it within the limits."""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import heads
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.tables import TableError
from benchfmt.readers.zips import Member

Compression = Literal["gz", "bz2", "xz", "zst", "zip"]
SUFFIXES: dict[str, Compression] = {
    ".gz": "gz",
    ".bz2": "bz2",
    ".xz": "xz",
    ".zst": "zst",
    ".zip": "zip",
}
_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"PK\x03\x04", "zip"),
)
_ArrowName = Literal["gzip", "bz2", "zstd"]
_ARROW_NAMES: dict[str, _ArrowName] = {"gz": "gzip", "bz2": "bz2", "zst": "zstd"}
_FREE = 2**20
"""So much a file may unpack to, however small it is."""
DAMAGED_ZIP = (zipfile.BadZipFile, NotImplementedError, ValueError, OSError)
"""What opening a zip raises where it is damaged, or packed in an unusual way."""
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    lzma.LZMAError,
    zlib.error,
    zipfile.BadZipFile,
    pa.ArrowException,
)
"""What unpacking raises where the packed bytes are damaged."""
_XZ_MEMORY = 2**27
_BLOCK = 2**16
_FIRST_STEP = 2**8
_ZEROS = re.compile(rb"\0*")


@dataclass(frozen=True, slots=True)
class Storage:
    """How the bytes of a table lie in its file: the form, the encoding of a text, and how it is packed."""

    format: str = "csv"
    encoding: str = "utf-8"
    compression: str | None = None
    inner_path: str | None = None


class _Bounded(io.RawIOBase):
    """Unpacked bytes, counted: more than the limits allow is an error."""

    def __init__(self, source: BinaryIO, path: Path, limits: Limits) -> None:
        super().__init__()
        self.source = source
        self.name = path.name
        self.packed = path.stat().st_size
        self.most = min(limits.archive_bytes, max(_FREE, self.packed * limits.archive_ratio))
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # of any buffer
        try:
            data = self.source.read(len(buffer))
        except _DAMAGED as error:
            message = f"{self.name} cannot be unpacked: {error}"
            raise TableError("BF119", message) from error
        self.count += len(data)
        if self.count > self.most:
            message = f"{self.name} would grow from {self.packed} to more than {self.most} bytes"
            raise UnsafeError("BF904", message)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.source.close()
        super().close()


class _Xz(io.RawIOBase):
    """An xz file, unpacked in bounded memory: one stream, or several one after the other."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__()
        self.name = path.name
        self.file = heads.opened(path)
        self.most = limits.archive_members
        self.count = 0
        self.block = b""
        self.offset = 0
        """How much of the block was given to the decoder."""
        self._begin_stream()

    def read(self, size: int = -1) -> bytes:
        while True:
            if self.decoder.eof and not self._goes_on():
                return b""
            data = self.decoder.decompress(self._packed(), size)
            if data:
                return data

    def _begin_stream(self) -> None:
        self.count += 1
        if self.count > self.most:
            message = f"{self.name} holds more than {self.most:,} streams of xz; pack it as one"
            raise UnsafeError("BF905", message)
        self.decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        self.step = _FIRST_STEP

    def _packed(self) -> bytes:
        """Return what the decoder is given next: little of a new stream, for what is behind its end is copied."""
        if not self.decoder.needs_input:
            return b""
        if not self._has_block():
            raise EOFError("it ends too early")
        packed = self.block[self.offset : self.offset + self.step]
        self.offset += len(packed)
        self.step = min(2 * self.step, _BLOCK)
        return packed

    def _goes_on(self) -> bool:
        """Begin the stream that follows, if there is one; between two there may be zeros."""
        self.offset -= len(self.decoder.unused_data)
        while self._has_block():
            zeros = _ZEROS.match(self.block, self.offset)
            if zeros is not None:
                self.offset = zeros.end()
            if self.offset < len(self.block):
                self._begin_stream()
                return True
        return False

    def _has_block(self) -> bool:
        """Read on where all that was read is used; false at the end of the file."""
        if self.offset == len(self.block):
            self.block = self.file.read(_BLOCK)
            self.offset = 0
        return bool(self.block)

    def close(self) -> None:
        self.file.close()
        super().close()


def compression_of(head: bytes) -> Compression | None:
    """Return how a file that begins so is packed."""
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def open_bytes(path: Path, storage: Storage, limits: Limits = LIMITS) -> BinaryIO:
    """Return the bytes of a table, to be read once from the start.

    Raises OSError and TableError; reading raises UnsafeError where a packed file grows beyond the limits.
    """
    if storage.compression is None:
        return heads.opened(path)
    source = _unpacked(path, storage, limits)
    return io.BufferedReader(_Bounded(source, path, limits), 2**20)


def _unpacked(path: Path, storage: Storage, limits: Limits) -> BinaryIO:
    if storage.compression == "zip":
        return _member(path, storage.inner_path, limits)
    if storage.compression == "xz":
        return _Xz(path, limits)  # type: ignore[return-value]  # it is only read and closed
    try:
        name = _ARROW_NAMES[str(storage.compression)]
        packed = pa.OSFile(str(path), "rb")
        return pa.CompressedInputStream(packed, name)  # type: ignore[return-value]  # as above
    except (KeyError, pa.ArrowException) as error:
        message = f"{path.name}: {storage.compression!r} is no compression that is read"
        raise TableError("BF118", message) from error


def members(path: Path, limits: Limits = LIMITS) -> list[str]:
    """Return the names of the files in a zip; raises TableError and UnsafeError."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except DAMAGED_ZIP as error:
        raise TableError("BF119", f"{path.name} cannot be unpacked: {error}") from error
    if len(infos) > limits.archive_members:
        message = f"{path.name} holds {len(infos)} files; at most {limits.archive_members} are read"
        raise UnsafeError("BF905", message)
    return [info.filename for info in infos if not info.filename.endswith("/")]


def _member(path: Path, inner: str | None, limits: Limits) -> BinaryIO:
    names = members(path, limits)
    if inner is None and len(names) == 1:
        inner = names[0]
    if inner is None or inner not in names:
        shown = ", ".join(map(repr, names[:5])) or "nothing"
        message = f"{path.name}: say which file of the zip by `innerpath`; it holds {shown}"
        raise TableError("BF118", message)
    try:
        archive = zipfile.ZipFile(path)
        return Member(archive, inner)  # type: ignore[return-value]  # it is only read and closed
    except DAMAGED_ZIP as error:
        raise TableError("BF119", f"{path.name} cannot be unpacked: {error}") from error
    except RuntimeError as error:
        message = f"{path.name}: {inner} has a password; unpack it first"
        raise TableError("BF119", message) from error


def whole(path: Path, storage: Storage, limits: Limits = LIMITS) -> bytes:
    """Return all bytes of a table; raises UnsafeError for more than are read as one document."""
    with open_bytes(path, storage, limits) as file:
        data = file.read(limits.json_bytes + 1)
    if len(data) > limits.json_bytes:
        message = f"{path.name}: at most {limits.json_bytes} bytes are read as one document"
        raise UnsafeError("BF907", message)
    return data


def head(path: Path, storage: Storage, size: int, limits: Limits = LIMITS) -> bytes:
    """Return the first bytes of a table."""
    if storage.compression is None:
        return heads.head(path, size)
    with open_bytes(path, storage, limits) as file:
        return file.read(size)


FOREIGN: tuple[tuple[bytes, str], ...] = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook (.xls), or one with a password; save it as .xlsx without a password, or as CSV",
    ),
    (b"%PDF", "a PDF; save the table as CSV"),
    (b"ARROW1", "an Arrow file (Feather); save the table as Parquet or CSV"),
    (b"ORC", "an ORC file; save the table as Parquet or CSV"),
    (b"SQLite format 3\0", "an SQLite database; save the table as CSV"),
    (b"\x89HDF", "an HDF5 file; save the table as Parquet or CSV"),
    (b"\x93NUMPY", "a NumPy array; save the table as CSV"),
    (b"\x80\x04\x95", "a Python pickle, which is never opened; save the table as Parquet or CSV"),
    (b"\x80\x05\x95", "a Python pickle, which is never opened; save the table as Parquet or CSV"),
    (b"\x89PNG", "a picture; save the table as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
)
"""How files begin that hold no table that is read here, and what to do with them."""


def foreign(head: bytes) -> str | None:
    """Return what a file that begins so is, and what to do with it; None where it may be a table."""
    return next((advice for magic, advice in FOREIGN if head.startswith(magic)), None)
