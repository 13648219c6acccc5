"""Delimited text, streamed as columns of text: a bad row costs itself, never the file."""

from __future__ import annotations

import codecs
import csv
import ctypes
import io
import re
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchfmt.allocator import keeps_little
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import encodings, heads
from benchfmt.readers.bad_rows import BadRow, BadRows
from benchfmt.readers.names import doubled
from benchfmt.turns import made_ahead

Integers = npt.NDArray[np.int64]


SNIFFED = "sniffed"
"""The encoding of a table whose bytes say it: UTF-8, UTF-16, or Windows-1252 (see `encoding_of`)."""
WINDOWS = "cp1252"
_UNDECODED = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
_BLOCK = 2**20
_BLOCKS = 4
_FRAME_ROWS = 20_000
_FRAME_CELLS = 2**21
"""So many cells make a frame, however few rows they are."""
_WIDE = 1_000
_MOST_FRAME_ROWS = 2**15
_HEAD = 2**16
_BLANKS = b"\r\n\t "
_UNPACKED_BY_ARROW = (".gz", ".bz2", ".zst", ".lz4", ".br")
"""Names by whose end Arrow unpacks a file, whatever it holds."""


class TableError(BenchfmtError):
    """A table that cannot be read as one; `code` is the finding that says why."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.code = code


def open_end(path: Path) -> TableError:
    """Return what is wrong with a table that ends inside of a quoted cell."""
    message = "a quote in the last row is never closed, so the rows after it are lost in it; close it, or double it"
    return TableError("BF121", f"{path.name}: {message}")


Blocks = Callable[[], Iterator[bytes]]
"""Reads a text from its start, block by block."""


def encoding_of(path: Path) -> str:
    """Return the encoding of a whole table; raises TableError for one that is in none, or in two.

    A mark says it, or the NULs of UTF-16. Else the text is UTF-8, and Windows-1252 (which includes Latin-1) where no
    character of it is written in UTF-8. A table in both was joined of two: no reading of it is right.
    """
    return encoding_of_blocks(path.name, lambda: heads.blocks(path, _BLOCK))


def encoding_of_blocks(name: str, blocks: Blocks) -> str:
    """Return the encoding of a table, as `encoding_of` does; `name` is what the message calls it."""
    encoding = encodings.encoding_of(next(blocks(), b""))
    if encoding.startswith("utf-8"):
        encoding = "utf-8" if _is_utf8(name, blocks) else WINDOWS
    try:
        for _ in _decoded(blocks, encoding, "strict"):
            pass
    except UnicodeError as error:
        raise TableError(
            "BF105", f"{name}: neither UTF-8 nor {_spelled(encoding)} text: {error}"
        ) from error
    return encoding


def _is_utf8(name: str, blocks: Blocks) -> bool:
    """Say whether a text is UTF-8 rather than Windows-1252; raises TableError for one that is partly in either."""
    other = beyond = False
    for text in _decoded(blocks, "utf-8", "surrogateescape"):
        if not text.isascii():
            other = other or _UNDECODED.search(text) is not None
            beyond = beyond or _BEYOND_ASCII.search(text.removeprefix("\ufeff")) is not None
    if other and beyond:
        words = (
            "partly UTF-8 and partly not: files in two encodings were joined; convert it to UTF-8"
        )
        raise TableError("BF105", f"{name}: {words}")
    return not other


def _decoded(blocks: Blocks, encoding: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for block in blocks():
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _spelled(encoding: str) -> str:
    return {WINDOWS: "Windows-1252"}.get(encoding, encoding.upper())


def refuse_wide(names: Sized, path: Path, limits: Limits) -> None:
    """Raise TableError for a table of too many columns."""
    if len(names) > limits.columns:
        message = f"the table has {len(names):,} columns; at most {limits.columns:,} are read"
        raise TableError("BF907", f"{path.name}: {message}")


def unique_names(cells: list[str], path: Path, limits: Limits = LIMITS) -> list[str]:
    """Return the names of columns: those without one are `field1` by their place, as Frictionless names them.

    Raises TableError for too many, for a name that stands twice, and for one that no library takes.
    """
    refuse_wide(cells, path, limits)
    _refuse_nul(cells, path)
    names = [cell or f"field{place}" for place, cell in enumerate(cells, 1)]
    _refuse_doubled(names, path)
    return names


def _refuse_nul(names: Iterable[str], path: Path) -> None:
    if any("\0" in name for name in names):
        message = "a column name holds a NUL: the file is damaged, or in another encoding"
        raise TableError("BF105", f"{path.name}: {message}")


def _refuse_doubled(names: list[str], path: Path) -> None:
    several = sorted(doubled(names))
    if several:
        message = f"column {several[0]!r} appears twice; rename or remove one"
        raise TableError("BF116", f"{path.name}: {message}")


def first_row(path: Path, delimiter: str = ",") -> list[str]:
    """Return the cells of the first row, in whatever encoding, none where a file is no table; for telling what it is."""
    try:
        start = encodings.decoded(heads.head(path, _HEAD)).removeprefix("\ufeff")
        return next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), [])
    except (csv.Error, OSError):
        return []


@dataclass
class TextTable:
    """A delimited file whose cells are read as text, batch by batch."""

    path: Path
    delimiter: str = ","
    encoding: str = "utf-8"
    limits: Limits = LIMITS
    bad_rows: BadRows = field(default_factory=BadRows)
    names_unnamed: bool = False
    """Whether a column without a name gets one (see `unique_names`)."""
    opener: Callable[[], BinaryIO] | None = None
    """Opens the bytes of the text, where the file is packed."""
    null_if_empty: bool = False
    """Whether an empty cell is null rather than empty text."""
    only: tuple[str, ...] = ()
    """The columns that are given; all where the table has none of these."""
    frame_blocks: int = _BLOCKS
    """How many blocks a frame holds at most."""
    frame_rows: int = _FRAME_ROWS
    """How many rows make a frame, before it has all of its blocks."""
    reads_ahead: bool = False
    """Whether a thread reads what makes the next frame while one is used; `bad_rows` may then hold rows after it."""

    @cached_property
    def codec(self) -> str:
        """The encoding that the file is read in; raises TableError where it is in none."""
        return encoding_of(self.path) if self.encoding == SNIFFED else self.encoding

    @property
    def is_guessed(self) -> bool:
        """Whether nothing in the file says its encoding: it is not UTF-8, and taken for Windows-1252."""
        return self.encoding == SNIFFED and self.codec == WINDOWS

    def header(self) -> list[str]:
        """Return the names in the first row; raises TableError for an empty or doubled one."""
        names = self.names()
        if self.names_unnamed:
            return unique_names(names, self.path, self.limits)
        _refuse_nul(names, self.path)
        _refuse_doubled(names, self.path)
        return names

    def names(self) -> list[str]:
        """Return the cells of the first row as they stand; raises TableError where there is none."""
        try:
            # A header longer than a block is no header.
            data = self._head(self.limits.row_bytes)
            start = data.decode(self.codec, "ignore").removeprefix("\ufeff")
            names = next(csv.reader(io.StringIO(start, newline=""), delimiter=self.delimiter), [])
        except (LookupError, ValueError) as error:
            raise TableError("BF118", f"{self.path.name}: {self._no_encoding(error)}") from error
        except csv.Error as error:
            raise TableError(
                "BF103", f"{self.path.name}: the header cannot be read: {error}"
            ) from error
        refuse_wide(names, self.path, self.limits)
        if not any(names):
            raise TableError(
                "BF101", f"{self.path.name} is empty: a table begins with a row of column names"
            )
        return names

    def batches(self) -> Iterator[tuple[pl.DataFrame, Integers]]:
        """Yield frames of text with the number of each row, counting data rows from 1; raises TableError."""
        good = 0
        last_row = 0
        last_cell: str | None = None
        names = self.header()
        kept = [name for name in names if name in self.only] or names
        places = [str(place) for place in range(len(kept))]
        groups = self._joined(self.names())
        if self.reads_ahead:
            groups = made_ahead(groups)
        for blocks in groups:
            # Arrow keeps several columns without a name apart; polars does not, and names them itself.
            table = pa.Table.from_batches(blocks).rename_columns(places)
            if len(kept) > _WIDE:
                # Polars takes some kilobytes for each column of each block, however short it is.
                table = table.combine_chunks()
            frame = pl.DataFrame(pl.from_arrow(table))
            del blocks, table
            frame.columns = kept
            if kept[-1] == names[-1]:
                last_cell = frame[-1, -1]
            # A block of very short rows has hundreds of thousands.
            for part in frame.iter_slices(_MOST_FRAME_ROWS):
                numbers = self._numbers(good, part.height)
                last_row = int(numbers[-1]) if len(numbers) else last_row
                yield part, numbers
                good += part.height
        is_last = not self.bad_rows or self.bad_rows[-1].row < last_row
        if is_last and last_cell is not None and "\n" in last_cell:
            self._refuse_open_quote()

    def _refuse_open_quote(self) -> None:
        """Raise TableError where the file ends inside of its last cell, in which a line ends: it is quoted, and holds rows."""
        if '"'.encode(self.codec) != b'"':
            return
        end = self._tail().rstrip(_BLANKS)
        quotes = len(end) - len(end.rstrip(b'"'))
        # A quote inside of a cell is doubled, so that an odd one ends it.
        if quotes % 2 == 0 and quotes < len(end):
            raise open_end(self.path)

    def _tail(self) -> bytes:
        """Return the end of the text."""
        if self.opener is None:
            with heads.opened(self.path) as file:
                file.seek(max(self.path.stat().st_size - _HEAD, 0))
                return file.read()
        with self.opener() as file:
            end = b""
            while block := file.read(_BLOCK):
                end = (end + block)[-_HEAD:]
            return end

    def _joined(self, names: list[str]) -> Iterator[list[pa.RecordBatch]]:
        """Yield a few blocks at a time: frames of some size are worth their overhead, and bound the memory still."""
        blocks: list[pa.RecordBatch] = []
        for batch in self._open(names):
            blocks += [batch] if batch.num_rows else []
            rows = sum(block.num_rows for block in blocks)
            is_full = len(blocks) == self.frame_blocks or rows >= self.frame_rows
            if is_full or rows * len(names) >= _FRAME_CELLS:
                yield blocks
                blocks = []
        if blocks:
            yield blocks

    def _open(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        with self._source() as source:
            yield from self._parsed(source, names)

    @contextmanager
    def _source(self) -> Iterator[Path | BinaryIO]:
        """Give what Arrow reads: a path, or bytes that it would unpack by the name of their file."""
        if self.opener is not None:
            with self.opener() as file:
                yield file
        elif self.path.suffix.lower() in _UNPACKED_BY_ARROW:
            with heads.opened(self.path) as file:
                yield file
        else:
            yield self.path

    def _parsed(self, source: Path | BinaryIO, names: list[str]) -> Iterator[pa.RecordBatch]:
        options = pa_csv.ParseOptions(
            delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=_Noting(self)
        )
        _keep(options)
        try:
            with _HUSH:
                reader = pa_csv.open_csv(
                    source,
                    # Small blocks bound the memory; larger ones are read ahead (measured, see bench/README.md).
                    read_options=pa_csv.ReadOptions(
                        block_size=self.limits.row_bytes, use_threads=False, encoding=self.codec
                    ),
                    parse_options=options,
                    memory_pool=arrow_pool(),
                    convert_options=pa_csv.ConvertOptions(
                        column_types={name: pa.string() for name in names},
                        strings_can_be_null=self.null_if_empty,
                        null_values=[""],
                        include_columns=[name for name in names if name in self.only],
                        include_missing_columns=True,
                    ),
                )
            # Names of columns are decoded when they are asked for: here, where a fault of theirs is caught.
            if reader.schema.names:
                yield from _blocks_of(reader)
        except pa.ArrowInvalid as error:
            code, reason = _reason(str(error), self.limits.row_bytes)
            raise TableError(code, f"{self.path.name}: {reason}") from error
        except UnicodeDecodeError as error:
            raise TableError(
                "BF105", f"{self.path.name}: not {self.codec} text: {error.reason}"
            ) from error
        except (UnicodeError, LookupError) as error:
            raise TableError("BF118", f"{self.path.name}: {self._no_encoding(error)}") from error

    def _head(self, size: int) -> bytes:
        if self.opener is None:
            return heads.head(self.path, size)
        with self.opener() as file:
            return file.read(size)

    def _no_encoding(self, error: Exception) -> str:
        if isinstance(error, LookupError):
            return f"there is no encoding {self.codec!r}; write that of the file, such as utf-8"
        return f"cannot be read as {self.codec!r}: {error}"

    def _numbers(self, start: int, count: int) -> Integers:
        """Return the places in the file of the good rows from `start`: bad ones take numbers of their own."""
        bad = np.sort(self.bad_rows.numbers())
        good_before = bad - np.arange(1, len(bad) + 1)
        numbers = np.arange(start + 1, start + count + 1, dtype=np.int64)
        return numbers + np.searchsorted(good_before, numbers, side="left")


@cache
def arrow_pool() -> pa.MemoryPool:
    """Return where Arrow takes memory from: of what is freed, jemalloc keeps least (some 10 % of a validation's peak).

    A program that is ours takes all of it from there; in another one the default is not ours to set.
    """
    if "jemalloc" not in pa.supported_memory_backends():
        return pa.default_memory_pool()
    pool = pa.jemalloc_memory_pool()
    if keeps_little():
        pa.set_memory_pool(pool)
    return pool


class _Hush:
    """Leaves out the words that Arrow prints of a bad row whose text is not UTF-8, while any thread reads.

    It hands that text to the row handler as a str; where it cannot, the file has a fault, which is raised all the same.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading = 0
        self._before = sys.unraisablehook

    def __enter__(self) -> None:
        with self._lock:
            if not self._reading:
                self._before = sys.unraisablehook
                sys.unraisablehook = self._print_others
            self._reading += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._reading -= 1
            if not self._reading:
                sys.unraisablehook = self._before

    def _print_others(self, event: sys.UnraisableHookArgs) -> None:
        if not isinstance(event.object, _Noting):
            self._before(event)


_HUSH = _Hush()


def _blocks_of(reader: pa_csv.CSVStreamingReader) -> Iterator[pa.RecordBatch]:
    while True:
        try:
            with _HUSH:
                batch = reader.read_next_batch()
        except StopIteration:
            return
        yield batch


class _Noting:
    """Notes the rows that the reader cannot take; it outlives its table (see `_keep`), and does not keep it alive."""

    def __init__(self, table: TextTable) -> None:
        self.table = weakref.ref(table)
        self._threads: set[int] = set()

    def __call__(self, row: Any) -> Literal["skip"]:
        thread = threading.get_ident()
        if thread not in self._threads:
            self._threads.add(thread)
            _keep_state(thread)
        # The reader counts the header as row 1.
        number = row.number - 1 if row.number else 0
        open_quote = row.text.count('"') % 2 == 1
        table = self.table()
        if table is not None:
            table.bad_rows.append(
                BadRow(number, row.expected_columns, row.actual_columns, open_quote)
            )
        return "skip"


def _keep(options: pa_csv.ParseOptions) -> None:
    """Keep a row handler for as long as the process lives, a few hundred bytes a table.

    A thread of Arrow's may be the last to let go of it, and when the interpreter is shutting down by then, the whole
    process is aborted. A list of ours would be cleared too early.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(options))


def _keep_state(thread: int) -> None:
    """Let a thread that runs now keep what Python knows of it, where it is one of Arrow's.

    Else Python makes that anew for every row that such a thread hands over, which takes ten times as long as all else
    that is done with the row. It counts how often a thread has asked for it (PyGILState_Ensure) and given it back
    (PyGILState_Release), and forgets the thread with the last return: Arrow does both for each row, we ask once more
    and never give back. The lock itself is not kept: this thread has it already, and Arrow's return lets go of it. A
    few hundred bytes stay for each of Arrow's threads, of which there are few, and which end with the process.
    """
    if all(known.ident != thread for known in threading.enumerate()):
        ctypes.pythonapi.PyGILState_Ensure()


def _reason(text: str, block: int) -> tuple[str, str]:
    if "straddling" in text or "block" in text:
        return "BF907", f"a row is longer than {block} bytes, or a quote is never closed"
    # A row of another width stops nothing but where its text could not be handed to the handler.
    if "UTF" in text.upper() or "columns, got" in text:
        return (
            "BF105",
            "not UTF-8 text; save it as UTF-8, or name the encoding of a table of your own in its descriptor",
        )
    return "BF121", text.replace("CSV parse error: ", "")
