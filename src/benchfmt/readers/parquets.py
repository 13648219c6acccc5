"""Parquet of strangers: what its pages unpack to is known before one is unpacked, and what is read at once is bounded.

A file's metadata is what its author wrote there. The headers of its pages are too, but no reader unpacks more than
they say. So these are read first: neither Arrow nor polars can be told how much memory a file may take.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.parquet_footers import Chunk, RowGroup, refuse_joined, row_groups
from benchfmt.readers.parquet_opening import open_parquet
from benchfmt.readers.row_sizes import CELL, row_sizes, spans
from benchfmt.readers.tables import Integers, arrow_pool

FREE = 2**26
"""So many bytes of cells any file may hold, however small it is."""
AT_ONCE = 2**26
"""So many bytes of cells are given at once, and those of one row more."""
_TOGETHER = 2**21
"""So many bytes of long texts, which are read few rows at a time, are put together."""
_UNEVEN = "the columns of a row group do not have the same number of rows"
_FEWEST_CELLS = 4
"""A row counts as so many cells at least: each costs the time of a record, if it has one cell alone."""
_FEWEST_ROWS = 16
_MOST_KEPT = 2**24
"""So many bytes of texts that are written out may be kept until their row group is read, as words are."""
_BUFFER = 2**20
"""So many bytes of a column are read at once: else all of it that stands in a row group is."""
_LISTS_AT_ONCE = 2**23
"""So many bytes of rows with lists are read at once: some rows may have far longer ones than others."""
_MOST_IN_LISTS = 48 * 2**20
"""So many bytes the lists of a column may have in a row group: all of them may be of one row."""
_TIMES_TOO_LONG = 8
"""A cell that is so much too long costs the file, which is not read then; any other costs its row."""
_HEADER = 2**8
_LONGEST_HEADER = 2**20
_NUMBER_BITS = 63
_NUMBERS = (4, 5, 6)
"""The types of whole numbers in Thrift's compact protocol."""
_CONTINUED = 128
"""A byte from here on has another behind it that belongs to the same number."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is known of the pages of a row group."""

    rows: int
    bytes: int
    """What all of its pages unpack to."""
    values: int
    """How many values its longest column has."""
    rows_at_once: int
    """How many rows can be read at once, even where the largest pages meet."""
    cell_bytes: int
    """No cell has more bytes: all of its characters stand in one page, if only in the texts before it."""
    written_out: frozenset[str] = frozenset()
    """The columns most of whose texts are written out: read as words, all of them would be kept."""
    most_words: int = 0
    """The bytes of the largest dictionary of these, of which each row may have the longest word."""


class Unpacked:
    """How much was unpacked of a file, which must not be far more than the file holds."""

    def __init__(self, path: Path, limits: Limits = LIMITS) -> None:
        """Begin with nothing."""
        self._path = path
        self._packed = path.stat().st_size
        self._most = max(FREE, self._packed * limits.archive_ratio)
        self._unpacked = 0

    def add(self, size: int) -> None:
        """Count bytes; raises UnsafeError beyond the limit."""
        self._unpacked += size
        if self._unpacked > self._most:
            raise UnsafeError(
                "BF904",
                f"{self._path}: {self._packed:,} bytes hold more than {self._most:,} bytes of cells",
            )


def groups_of(
    path: Path, file: pq.ParquetFile, columns: Sequence[str], limits: Limits = LIMITS
) -> list[Group]:
    """Return what the pages of some columns unpack to, row group by row group.

    Raises UnsafeError for pages that are too large to be unpacked, and for far more cells than a file can hold, and
    ValueError for a footer that contradicts itself.
    """
    count = Unpacked(path, limits)
    count.add(file.metadata.num_rows * max(len(columns), _FEWEST_CELLS) * CELL)
    refuse_joined(path)
    with path.open("rb") as source:
        groups = []
        places = _places_of(file, set(columns))
        leaves = [file.metadata.schema.column(place) for place in places]
        for group in _kept(path, file, places):
            chunks = [_Chunk.of(source, chunk) for chunk in group.chunks]
            count.add(_in_lists(path, leaves, group, chunks))
            bounded = _bounded(path, group, chunks, limits)
            long = [
                (leaf.path, chunk.words)
                for leaf, chunk in zip(leaves, chunks, strict=True)
                if chunk.bytes - chunk.words > _MOST_KEPT and not leaf.max_repetition_level
            ]
            if long:
                written_out = frozenset(name for name, _ in long)
                most_words = max(words for _, words in long)
                bounded = replace(bounded, written_out=written_out, most_words=most_words)
            groups.append(bounded)
    return groups


def _in_lists(
    path: Path, leaves: Sequence[pq.ColumnSchema], group: RowGroup, chunks: Sequence[_Chunk]
) -> int:
    """Return how many bytes the items of lists take beside their texts; raises UnsafeError for longer texts than may be in memory.

    All texts of a row group are: of lists it is not known which rows they are of, so they are never written out.
    """
    size = 0
    for leaf, chunk, pages in zip(leaves, group.chunks, chunks, strict=True):
        if not leaf.max_repetition_level:
            continue
        items = chunk.values * CELL
        size += items
        held = max(items, pages.bytes)
        if held > _MOST_IN_LISTS:
            message = f"column {leaf.path!r} has lists of {held:,} bytes in a row group; at most {_MOST_IN_LISTS:,} are read: write smaller row groups"
            raise UnsafeError("BF907", f"{path}: {message}")
    return size


def _places_of(file: pq.ParquetFile, columns: AbstractSet[str]) -> list[int]:
    """Return the places of some columns and of those within them; with a dot in a name perhaps of more, for a path has dots too."""
    has_dots = any("." in name for name in columns)
    places = []
    for place in range(file.metadata.num_columns):
        path = file.metadata.schema.column(place).path
        first, dot, _ = path.partition(".")
        if first in columns or (dot and has_dots):
            places.append(place)
    return places


def _kept(path: Path, file: pq.ParquetFile, places: Sequence[int]) -> list[RowGroup]:
    """Return the row groups with the chunks of some columns; raises ValueError for what contradicts itself."""
    kept = [(place, file.metadata.schema.column(place)) for place in places]
    size = rows = 0
    groups = []
    for group in row_groups(path):
        if group.rows < 0:
            raise ValueError(f"a row group has {group.rows:,} rows")
        rows += group.rows
        if len(group.chunks) != file.metadata.num_columns:
            raise ValueError("a row group has not all columns")
        chunks = tuple(group.chunks[place] for place, _ in kept)
        for chunk, (_, column) in zip(chunks, kept, strict=True):
            _check_values(group, chunk, column)
            _check_statistics(chunk, column)
            size += chunk.end - chunk.start
        groups.append(RowGroup(group.rows, chunks))
    if size > path.stat().st_size:
        # thousands of columns may be of the same pages, each of which would be walked through as often
        raise ValueError("its columns are larger than the file")
    if rows != file.metadata.num_rows:
        raise ValueError(f"it says it has {file.metadata.num_rows:,} rows, and its groups {rows:,}")
    return groups


def _check_values(group: RowGroup, chunk: Chunk, column: pq.ColumnSchema) -> None:
    """Raise ValueError for a column that has not the rows of its group: no reader would miss those that it does not read."""
    is_list = column.max_repetition_level > 0
    if chunk.values < group.rows or (chunk.values > group.rows and not is_list):
        values = f"column {column.path!r} has {chunk.values:,} values"
        raise ValueError(f"{values}, and its row group {group.rows:,} rows")


def _check_statistics(chunk: Chunk, column: pq.ColumnSchema) -> None:
    """Raise ValueError for statistics that are none of a column: polars passes over them, Arrow ends the process."""
    most = (column.max_repetition_level, column.max_definition_level)
    for levels, greatest in zip(chunk.levels, most, strict=True):
        if levels not in (0, greatest + 1):
            raise ValueError(f"a histogram of column {column.path!r} has {levels} levels")
    if chunk.counts_bytes and column.physical_type != "BYTE_ARRAY":
        raise ValueError(f"column {column.path!r} counts the bytes of its texts, and has none")


def _bounded(path: Path, group: RowGroup, chunks: Sequence[_Chunk], limits: Limits) -> Group:
    """Return what the chunks of a row group unpack to; raises UnsafeError for too much."""
    together = sum(chunk.largest for chunk in chunks)
    if together > limits.page_bytes:
        message = f"pages of {together:,} bytes; at most {limits.page_bytes:,} are unpacked"
        raise UnsafeError("BF907", f"{path}: {message}")
    longest = max((chunk.longest for chunk in chunks), default=0)
    if longest > _TIMES_TOO_LONG * limits.row_bytes:
        message = f"a cell of {longest:,} bytes; at most {limits.row_bytes:,} are read"
        raise UnsafeError("BF907", f"{path}: {message}")
    lengths = [-(-chunk.values // max(group.rows, 1)) for chunk in group.chunks]  # of lists
    sizes = (chunk.bytes_a_row * length for chunk, length in zip(chunks, lengths, strict=True))
    bytes_a_row = sum(sizes) + 1
    together = AT_ONCE if max(lengths, default=1) == 1 else _LISTS_AT_ONCE
    at_once = max(together // bytes_a_row, _FEWEST_ROWS)
    values = max((chunk.values for chunk in group.chunks), default=0)
    cell_bytes = max((chunk.cell_bytes for chunk in chunks), default=0)
    return Group(group.rows, sum(chunk.bytes for chunk in chunks), values, at_once, cell_bytes)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What the pages of one column of a row group unpack to."""

    bytes: int
    """Where texts repeat the beginnings of those before them: what they may be at the most, written out."""
    largest: int
    bytes_a_row: int
    """How many bytes a row takes, where it takes most."""
    longest: int
    """How many bytes its longest cell has at the least, be it a word of its dictionary."""
    words: int
    """The bytes of its dictionary; 0 without one."""
    cell_bytes: int
    """No cell has more bytes."""

    @classmethod
    def of(cls, source: io.BufferedReader, chunk: Chunk) -> _Chunk:
        """Read the headers of the pages; raises ValueError where they contradict the footer or cannot be read.

        Another reader might find its way, and would then take the memory that the pages say.
        """
        start = chunk.start
        total = largest = longest = bytes_a_row = values = words = cell_bytes = 0
        while values < chunk.values and 0 < start < chunk.end:
            page = _page_at(source, start)
            if not 0 <= page.values <= chunk.values - values:
                message = f"{page.values:,} of its {chunk.values:,} values"
                raise ValueError(f"a page of a column says that it has {message}")
            values += page.values
            total += page.most_bytes
            largest = max(largest, page.unpacked)
            cell_bytes = max(cell_bytes, page.unpacked, page.packed)
            if page.values:
                longest = max(longest, page.unpacked // page.values)
                bytes_a_row = max(bytes_a_row, page.copies * page.most_bytes // page.values)
            if page.words > 0:
                longest = max(longest, page.unpacked // page.words)
                words += page.unpacked
            start += page.header + page.packed
        if values < chunk.values:
            raise ValueError(f"a column of {chunk.values:,} values has pages of {values:,}")
        return cls(total, largest, bytes_a_row, longest, words, cell_bytes)


@dataclass(frozen=True, slots=True)
class _Page:
    header: int
    packed: int
    unpacked: int
    values: int
    """How many values it has; 0 for the words of a dictionary, of which one row may have all or each many."""
    words: int
    """How many words of a dictionary it has; none in a page of values."""
    is_chained: bool
    """Whether each text begins as the one before does, which is not written again."""

    @property
    def copies(self) -> int:
        """How often a text is in memory while it is read: Arrow puts chained ones together beside their columns."""
        return 4 if self.is_chained else 1

    @property
    def most_bytes(self) -> int:
        """What its values take at the most: a chained text has no character that stands nowhere in the page."""
        if self.is_chained:
            return self.values * self.unpacked
        return self.unpacked


_UNPACKED, _PACKED = 2, 3
_DATA_HEADERS = (5, 8)
_WORDS_HEADERS = (7,)
"""The fields of a page's header, by their numbers (parquet.thrift)."""
_ENCODINGS = {5: 2, 8: 4}
"""The headers of pages of values, each with the field that says how they are encoded."""
_CHAINED = 7
"""DELTA_BYTE_ARRAY."""


def _page_at(source: io.BufferedReader, start: int) -> _Page:
    """Return what the header of a page says; raises ValueError where there is none."""
    for size in (_HEADER, _LONGEST_HEADER):
        source.seek(start)
        thrift = _Thrift(source.read(size))
        try:
            fields = thrift.struct()
        except (IndexError, ValueError, RecursionError):
            continue
        packed = _number(fields, _PACKED)
        unpacked = _number(fields, _UNPACKED)
        if packed < 0 or unpacked < 0:
            break
        values = _counted(fields, _DATA_HEADERS)
        words = _counted(fields, _WORDS_HEADERS)
        return _Page(thrift.at, packed, unpacked, values, words, _is_chained(fields))
    raise ValueError("a page has no header that can be read")


def _is_chained(fields: Fields) -> bool:
    """Whether the values of a page are texts that repeat the beginnings of others."""
    for number, field in _ENCODINGS.items():
        header = fields.get(number)
        if isinstance(header, dict) and _number(header, field) == _CHAINED:
            return True
    return False


def _counted(fields: Fields, kinds: Sequence[int]) -> int:
    """Return how many values or words a page has, 0 where it is of no such kind; -1 where its header does not say."""
    headers = [fields[number] for number in kinds if number in fields]
    if not headers:
        return 0
    if len(headers) > 1 or not isinstance(headers[0], dict):
        raise ValueError("a page has two headers")
    return _number(headers[0], 1)


Fields = dict[int, "int | Fields"]


def _number(fields: Fields, field: int) -> int:
    """Return the number in a field; -1 where there is none."""
    value = fields.get(field)
    if isinstance(value, int):
        return value
    return -1


class _Thrift:
    """Reads the numbers of a structure in Thrift's compact protocol; texts and lists are passed over."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self) -> Fields:
        """Return the fields by their numbers; raises IndexError where the data ends before."""
        fields: Fields = {}
        number = 0
        data = self._data
        # Files have tens of thousands of pages, whose headers are mostly small numbers.
        while head := data[self.at]:
            self.at += 1
            step, kind = head >> 4, head & 15
            number = number + step if step else self._signed()
            if kind in _NUMBERS and data[self.at] < _CONTINUED:
                digits = data[self.at]
                self.at += 1
                fields[number] = (digits >> 1) ^ -(digits & 1)
                continue
            value = self._value(kind)
            if value is not None:
                fields[number] = value
        self.at += 1
        return fields

    def _value(self, kind: int) -> int | Fields | None:
        match kind:
            case 1 | 2:
                return None  # true and false stand in the kind itself
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                self._skip(8)
            case 8:
                self._skip(self._unsigned())
            case 9 | 10:
                self._list()
            case 12:
                return self.struct()
            case _:
                raise ValueError(kind)
        return None

    def _list(self) -> None:
        head = self._byte()
        count = head >> 4
        if count == 15:
            count = self._unsigned()
        for _ in range(count):
            if head & 15 in (1, 2):
                self._skip(1)
            else:
                self._value(head & 15)

    def _skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self._data):
            raise IndexError(self.at)

    def _byte(self) -> int:
        value = self._data[self.at]
        self.at += 1
        return value

    def _unsigned(self) -> int:
        data = self._data
        number = shift = 0
        while (byte := data[self.at]) >= _CONTINUED:
            self.at += 1
            number |= (byte & 127) << shift
            shift += 7
            if shift > _NUMBER_BITS:
                raise ValueError("a number that is too long")
        self.at += 1
        return number | byte << shift

    def _signed(self) -> int:
        number = self._unsigned()
        return (number >> 1) ^ -(number & 1)


def bounded_batches(
    path: Path,
    columns: Sequence[str],
    rows: int,
    limits: Limits = LIMITS,
    at_once: int = AT_ONCE,
) -> Iterator[pa.RecordBatch]:
    """Yield some columns of a file, at most so many rows and `at_once` bytes at a time; a text that repeats is in memory once.

    Raises UnsafeError for a file that holds far more than it is large, and what Arrow raises for a faulty one.
    """
    names = list(columns)
    count = Unpacked(path, limits)
    with open_parquet(path, limits) as file:
        groups = groups_of(path, file, names, limits)
    written_out = set().union(*(group.written_out for group in groups))
    arrow_pool()  # in a program of ours, all that is read from here on is taken from it
    with (
        _again(path, file) as plain,
        _again(path, file, names, written_out) as words,
        _again(path, file, names, written_out) as long,
    ):
        for run in _runs(groups, len(names), rows):
            if len(run) > 1:
                batches = plain.iter_batches(batch_size=rows, row_groups=list(run), columns=names)
            else:
                batches = _batches(words, long, run[0], groups[run[0]], names, rows)
            for batch in batches:
                batch.validate(full=True)
                sizes = row_sizes(batch)
                count.add(int(sizes.sum()))
                yield from _parts(batch.select(names), sizes, at_once)


def _runs(groups: Sequence[Group], columns: int, rows: int) -> Iterator[range]:
    """Yield the places of neighbouring row groups that can be read as one: one of a few rows costs as much as one of thousands.

    They are so small that all of their cells fit with every text written out.
    """
    first = count = size = 0
    for number, group in enumerate(groups):
        cells = max(group.rows, group.values) * columns
        more = _TOGETHER + 1 if group.most_words else cells * group.cell_bytes
        if number > first and (count + group.rows > rows or size + more > _TOGETHER):
            yield range(first, number)
            first, count, size = number, 0, 0
        count += group.rows
        size += more
    if groups:
        yield range(first, len(groups))


def _again(
    path: Path,
    file: pq.ParquetFile,
    columns: Sequence[str] = (),
    written_out: AbstractSet[str] = frozenset(),
) -> pq.ParquetFile:
    """Open a file whose metadata are known; the texts of some columns, of lists and structures too, are in memory once.

    In all others each text is written out. A word of a list may stand there a million times.
    """
    schema = file.metadata.schema
    texts = [
        schema.column(place).path
        for place in _places_of(file, set(columns))
        if schema.column(place).physical_type == "BYTE_ARRAY"
    ]
    return pq.ParquetFile(
        path,
        metadata=file.metadata,
        pre_buffer=False,
        memory_map=False,
        buffer_size=_BUFFER,
        read_dictionary=[text for text in texts if text not in written_out],
    )


def _batches(
    file: pq.ParquetFile,
    written_out: pq.ParquetFile,
    number: int,
    group: Group,
    names: list[str],
    rows: int,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a row group in batches of a bounded size; the file is opened twice, for each has one size of batches."""
    at_once = min(rows, group.rows_at_once)
    if not group.most_words:
        yield from file.iter_batches(batch_size=at_once, row_groups=[number], columns=names)
        return
    long = [name for name in names if _holds(name, group.written_out)]
    others = [name for name in names if name not in long]
    # Each batch has the words of its columns again: those of few rows are of the written out columns alone.
    beside = file.iter_batches(batch_size=at_once, row_groups=[number], columns=others)
    rest = next(beside, None)
    for batch in _few_rows_together(written_out, number, group, long, at_once):
        given = 0
        while given < batch.num_rows:
            if rest is not None and not rest.num_rows:
                rest = next(beside, None)
            if rest is None:
                raise pa.ArrowInvalid(_UNEVEN)
            count = min(batch.num_rows - given, rest.num_rows)
            yield _side_by_side(batch.slice(given, count), rest.slice(0, count))
            rest = rest.slice(count)
            given += count
    if rest is not None and (rest.num_rows or next(beside, None) is not None):
        raise pa.ArrowInvalid(_UNEVEN)


def _holds(name: str, paths: AbstractSet[str]) -> bool:
    """Whether a column is one of some, or one of them stands within it."""
    return any(path == name or path.startswith(f"{name}.") for path in paths)


def _few_rows_together(
    file: pq.ParquetFile, number: int, group: Group, names: list[str], at_once: int
) -> Iterator[pa.RecordBatch]:
    """Yield written out columns: any row may have the longest word, so that few are read at once, and put together where there is room."""
    few = min(at_once, max(AT_ONCE // group.most_words, _FEWEST_ROWS))
    together: list[pa.RecordBatch] = []
    size = 0
    for batch in file.iter_batches(batch_size=few, row_groups=[number], columns=names):
        together.append(batch)
        size += batch.nbytes
        if size > _TOGETHER or len(together) * few >= at_once:
            yield _joined(together)
            together = []
            size = 0
    if together:
        yield _joined(together)


def _side_by_side(one: pa.RecordBatch, other: pa.RecordBatch) -> pa.RecordBatch:
    """Return the columns of two batches of the same rows."""
    names = [*one.schema.names, *other.schema.names]
    return pa.RecordBatch.from_arrays([*one.columns, *other.columns], names=names)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Return batches as one."""
    whole = pa.Table.from_batches(batches).combine_chunks().to_batches()
    if len(whole) != 1:
        raise ValueError("batches of one row group do not make one")
    return whole[0]


def _parts(batch: pa.RecordBatch, sizes: Integers, at_once: int) -> Iterator[pa.RecordBatch]:
    """Yield a batch in parts of a bounded number of bytes, without the notes of its schema.

    They may be bytes of any kind, over which polars panics.
    """
    bare = pa.RecordBatch.from_arrays(batch.columns, names=batch.schema.names)
    for start, stop in spans(sizes, at_once):
        yield bare.slice(start, stop - start)
