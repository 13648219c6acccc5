"""Where a Parquet file says that its pages are, read from its footer.

Arrow ends the whole process where it is asked about a column whose histograms have a wrong length, or which is
encrypted: it throws past Python. So it is never asked.

What is read here must be what Arrow reads. So whatever no writer writes is refused: fields that do not ascend, and
fields of another type than theirs. Thrift would take the last of two, and pass over the other.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchfmt.readers.files import UnsafeError

FOOTER_END = 8
"""A file ends with the length of its footer and four bytes that say what it is."""
_VARINT = re.compile(rb"[\x80-\xff]{0,9}[\x00-\x7f]")
_CONTINUED = 128
"""A byte from here on has another behind it that belongs to the same number."""
_DEEPEST = 64
_SIGN = 2**63
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = range(
    1, 14
)
"""The types of Thrift's compact protocol."""
_MOST_MEMORY = 5 * 2**25
"""So many bytes of memory the metadata of a file may take in Arrow: its footer has a few bytes for what takes a thousand."""
_BYTES_EACH = {_STRUCT: 400, _BINARY: 64}
"""How much memory an item of a list takes in Arrow, by its type; any other takes a number's."""
_NUMBER_BYTES = 8
_ELEMENT_BYTES = 1_000
"""How much memory a column of the schema takes, and a column of a row group."""
_PAGES_BYTES = 24
"""How much memory it takes to say how many pages are encoded in some way."""
_MAGIC = b"PAR1"
_JOINT = _MAGIC + _MAGIC
"""The end of a file and the beginning of another."""
_BLOCK = 2**20
_ELSEWHERE, _METADATA, _ENCRYPTION = 1, 3, 8
"""Fields of a column of a row group."""
_VALUES, _SIZE, _DATA, _DICTIONARY, _ENCODED, _STATISTICS = 5, 7, 9, 11, 13, 16
"""Fields of its metadata: num_values, total_compressed_size, where pages of two kinds begin, encoding_stats, and
size_statistics."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where the pages of one column of a row group are, and how many values they hold."""

    start: int
    end: int
    values: int
    levels: tuple[int, int] = (0, 0)
    """How long the histograms of its repetition and definition levels are; 0 for one that is not there."""
    counts_bytes: bool = False
    """Whether it says how many bytes its texts have."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """How many rows a group has, and the chunks of all its columns."""

    rows: int
    chunks: tuple[Chunk, ...]


_REMEMBERED = 2**20
"""Bytes of a footer whose walk is remembered: what it says takes about three times as many."""


class _LargeError(Exception):
    """Metadata that take too much memory."""


def row_groups(path: Path) -> list[RowGroup]:
    """Return the row groups of a file.

    Raises ValueError where its footer cannot be walked through, and UnsafeError where Arrow would take much memory for it.
    """
    with path.open("rb") as file:
        footer = file.read(_to_footer(file))
    remembered = _remembered_last if len(footer) > _REMEMBERED else _remembered
    try:
        return remembered(footer)
    except _LargeError as error:
        raise UnsafeError("BF907", f"{path}: {error}") from error


def _to_footer(file: io.BufferedReader) -> int:
    """Go to where the footer begins, and return how long it is."""
    end = max(file.seek(0, io.SEEK_END) - FOOTER_END, 0)
    file.seek(end)
    size = int.from_bytes(file.read(4), "little")
    file.seek(max(end - size, 0))
    return size


def refuse_joined(path: Path) -> None:
    """Raise ValueError for two files in one: the last footer says where pages are as if the first file were not there.

    Where both are alike, it finds those of the first, so that rows are lost and none is missing.
    """
    last = max((chunk.end for group in row_groups(path) for chunk in group.chunks), default=0)
    with path.open("rb") as file:
        _to_footer(file)
        left = file.tell() - last
        # What stands between pages and footer are bloom filters and indexes, which are seldom long.
        file.seek(max(last, 0))
        before = b""
        passed = 0
        while left > 0 and (block := file.read(min(left, _BLOCK))):
            if _JOINT in before + block or _has_end(before + block, passed - len(before)):
                raise ValueError("it is two files that were joined, of which one would be read")
            before = (before + block)[-len(_JOINT) + 1 :]
            passed += len(block)
            left -= len(block)


def _has_end(block: bytes, passed: int) -> bool:
    """Say whether a file ends in a block: a footer that fits behind the pages, `passed` bytes before it, its length, a name."""
    at = block.find(_MAGIC, 4)
    while at >= 0:
        if 0 < int.from_bytes(block[at - 4 : at], "little") <= passed + at - 4:
            return True
        at = block.find(_MAGIC, at + 1)
    return False


def _walked(footer: bytes) -> list[RowGroup]:
    try:
        return _Footer(footer).row_groups()
    except IndexError as error:
        raise ValueError("its footer ends too early") from error


# The tables of a package are read several times by one command.
_remembered = lru_cache(maxsize=4)(_walked)
_remembered_last = lru_cache(maxsize=1)(_walked)


Wanted = Mapping[int, tuple[int, Callable[[], int]]]
"""Fields of a structure by their numbers: the type of each, and what reads it."""


class _Footer:
    """A walk through a footer (parquet.thrift, FileMetaData)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._groups: list[RowGroup] = []
        self._chunks: list[Chunk] = []
        """Those of the last row group."""
        self._sizes: dict[int, int] = {}
        """What the statistics of sizes of the last column say."""
        self._memory = 0
        # A footer has thousands of columns: what is read of each is said once.
        number = (_I64, self._signed)
        histogram = (_LIST, self._histogram)
        self._of_statistics: Wanted = {1: number, 2: histogram, 3: histogram}
        self._of_column: Wanted = {
            _VALUES: number,
            _SIZE: number,
            _DATA: number,
            _DICTIONARY: number,
            _ENCODED: (_LIST, self._encoded),
            _STATISTICS: (_STRUCT, self._statistics),
        }
        self._of_chunk: Wanted = {
            _ELSEWHERE: (_BINARY, self._path),
            _METADATA: (_STRUCT, self._column),
            _ENCRYPTION: (_STRUCT, _refuse),
        }
        self._of_group: Wanted = {1: (_LIST, self._list_of_chunks), 3: number}

    def row_groups(self) -> list[RowGroup]:
        self._struct({2: (_LIST, self._elements), 4: (_LIST, self._list_of_groups)})
        return self._groups

    def _elements(self) -> int:
        return self._passed(_ELEMENT_BYTES)

    def _encoded(self) -> int:
        return self._passed(_PAGES_BYTES)

    def _list_of_groups(self) -> int:
        for _ in range(self._structs()):
            self._chunks = []
            fields = self._struct(self._of_group)
            self._groups.append(RowGroup(_required(fields, 3), tuple(self._chunks)))
        return len(self._groups)

    def _list_of_chunks(self) -> int:
        for _ in range(self._structs(_ELEMENT_BYTES)):
            fields = self._struct(self._of_chunk)
            _required(fields, _METADATA)
        return len(self._chunks)

    def _path(self) -> int:
        """Pass over the path of another file that holds a column, which nobody opens; raises ValueError for one."""
        size = self._unsigned()
        if size:
            raise ValueError("a column in its footer is in another file, which is not read")
        return size

    def _statistics(self) -> int:
        self._sizes = self._struct(self._of_statistics)
        return 1

    def _column(self) -> int:
        self._sizes = {}
        fields = self._struct(self._of_column)
        sizes = self._sizes
        start = _required(fields, _DATA)
        dictionary = fields.get(_DICTIONARY, 0)
        if dictionary:
            start = min(start, dictionary)
        size = _required(fields, _SIZE)
        if size < 0:
            raise ValueError(f"a column in its footer has {size:,} bytes")
        levels = (sizes.get(2, 0), sizes.get(3, 0))
        values = _required(fields, _VALUES)
        self._chunks.append(Chunk(start, start + size, values, levels, 1 in sizes))
        return 1

    def _histogram(self) -> int:
        """Return how many numbers a list has."""
        return self._passed(_NUMBER_BYTES, depth=0)

    def _passed(self, bytes_each: int, depth: int = _DEEPEST) -> int:
        """Pass over a list, and return how many items it has."""
        kind, count = self._list(bytes_each)
        for _ in range(count):
            self._skip(kind, depth)
        return count

    def _struct(self, wanted: Wanted) -> dict[int, int]:
        """Return what some fields hold; each comes with its type and with what reads it."""
        found = {}
        number = 0
        data = self._data
        # A footer has some hundred thousand fields, so the most frequent steps are written out.
        while head := data[self._at]:
            self._at += 1
            kind = head & 15
            before = number
            number = number + (head >> 4) if head >> 4 else self._signed()
            if number <= before:
                raise ValueError(f"field {number} stands after field {before} in its footer")
            if number not in wanted:
                self._skip(kind, _DEEPEST)
                continue
            expected, read = wanted[number]
            if kind != expected:
                raise ValueError(f"field {number} in its footer is of type {kind}, not {expected}")
            found[number] = read()
        self._at += 1
        return found

    def _structs(self, bytes_each: int = 0) -> int:
        """Return how many structures a list has; raises ValueError for a list of something else."""
        kind, count = self._list(bytes_each)
        if kind != _STRUCT:
            raise ValueError(f"a list in its footer is of type {kind}, not {_STRUCT}")
        return count

    def _list(self, bytes_each: int = 0) -> tuple[int, int]:
        """Return the type of a list's items and how many there are; where each takes other memory than its type says, so much."""
        head = self._byte()
        count = head >> 4
        if count == 15:
            count = self._unsigned()
        if count > len(self._data):
            raise ValueError(f"a list in its footer has {count:,} items")
        kind = head & 15
        self._memory += count * (bytes_each or _BYTES_EACH.get(kind, _NUMBER_BYTES))
        if self._memory > _MOST_MEMORY:
            message = f"metadata that take more than {_MOST_MEMORY:,} bytes of memory are not read"
            raise _LargeError(message)
        return kind, count

    def _byte(self) -> int:
        value = self._data[self._at]
        self._at += 1
        return value

    def _unsigned(self) -> int:
        value = self._data[self._at]
        if value < _CONTINUED:
            self._at += 1
            return value
        end = self._varint()
        number = 0
        for byte in reversed(self._data[self._at : end]):
            number = number << 7 | byte & 127
        self._at = end
        return number

    def _varint(self) -> int:
        """Return where the number that stands here ends."""
        match = _VARINT.match(self._data, self._at)
        if match is None:
            raise ValueError("a number in its footer is too long")
        return match.end()

    def _signed(self) -> int:
        number = self._unsigned()
        signed = (number >> 1) ^ -(number & 1)
        if not -_SIGN <= signed < _SIGN:
            raise ValueError(f"a number in its footer is {signed:,}")
        return signed

    # ---- what is passed over ----

    def _skip(self, kind: int, depth: int) -> None:
        if kind in _VARINTS:
            if self._data[self._at] < _CONTINUED:
                self._at += 1
            else:
                self._at = self._varint()
        elif kind == _BINARY:
            self._forward(self._unsigned())
        elif kind in _WIDTHS:
            self._forward(_WIDTHS[kind])
        elif not depth:
            raise ValueError("its footer is too deep")
        elif kind in (_LIST, _SET):
            self._skip_list(depth - 1)
        elif kind == _STRUCT:
            self._skip_struct(depth - 1)
        else:
            raise ValueError(f"a field in its footer is of type {kind}")

    def _skip_list(self, depth: int) -> None:
        kind, count = self._list()
        if kind in (_TRUE, _FALSE):
            self._forward(count)
            return
        for _ in range(count):
            self._skip(kind, depth)

    def _skip_struct(self, depth: int) -> None:
        data = self._data
        while head := data[self._at]:
            self._at += 1
            if not head >> 4:
                self._at = self._varint()
            self._skip(head & 15, depth)
        self._at += 1

    def _forward(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise IndexError(self._at)


_WIDTHS = {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8, _UUID: 16}
"""How many bytes the types have whose length is fixed; true and false stand in the type itself."""
_VARINTS = frozenset((_I16, _I32, _I64))


def _refuse() -> int:
    raise ValueError("a column of it is encrypted")


def _required(fields: Mapping[int, int], number: int) -> int:
    """Return what a field holds; raises ValueError where there is none."""
    value = fields.get(number)
    if value is None:
        raise ValueError(f"its footer lacks field {number}")
    return value
