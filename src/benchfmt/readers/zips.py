"""A file of a zip, unpacked in bounded memory however it is packed."""

from __future__ import annotations

import bz2
import copy
import io
import zipfile
import zlib
from typing import IO, Protocol

_BLOCK = 2**12
_LONGEST = 2**20
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The ways of packing of which Python unpacks only as much as is asked for."""


class _Readable(Protocol):
    def read(self, size: int) -> bytes: ...

    def close(self) -> None: ...


class Member(io.RawIOBase):
    """The bytes of a file in a zip that is open; may raise what `ZipFile.open` raises."""

    def __init__(self, archive: zipfile.ZipFile, name: str | zipfile.ZipInfo) -> None:
        """Open a file by its name or its entry."""
        super().__init__()
        info = name
        if isinstance(info, str):
            info = archive.getinfo(info)
        self._most = _LONGEST
        if info.compress_type == zipfile.ZIP_BZIP2:
            self._file: _Readable = _Bz2(archive, info)
            return
        if info.compress_type not in _BOUNDED:
            # Python unpacks so many packed bytes at once, whatever they give: of LZMA some 7,000 times as much.
            self._most = _BLOCK
        self._file = archive.open(info)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes, empty at the end; all that is left where no size is given."""
        if size < 0:
            return self.readall()
        return self._file.read(min(size, self._most))

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # of any buffer
        """Fill a buffer as far as one step goes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file; the zip stays open."""
        self._file.close()
        super().close()


class _Bz2:
    """A file packed by bzip2, which may unpack to a million times its size: Python would do so at once."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._info = info
        self._packed = _as_it_lies(archive, info)
        self._decoder = bz2.BZ2Decompressor()
        self._checksum = 0

    def read(self, size: int) -> bytes:
        while size and not self._decoder.eof:
            packed = b""
            if self._decoder.needs_input:
                packed = self._packed.read(_BLOCK)
                if not packed:
                    raise EOFError("it ends too early")
            data = self._decoder.decompress(packed, size)
            if data:
                self._checksum = zlib.crc32(data, self._checksum)
                return data
        if self._decoder.eof and self._checksum != self._info.CRC:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {self._info.filename!r}")
        return b""

    def close(self) -> None:
        self._packed.close()


def _as_it_lies(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """Return a file of a zip as it is packed."""
    stored = copy.copy(info)
    stored.compress_type = zipfile.ZIP_STORED
    stored.file_size = info.compress_size
    del stored.CRC  # it is that of the unpacked bytes
    return archive.open(stored)
