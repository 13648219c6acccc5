"""Columns of numbers of 64 bits of any length: what is beyond a bound lies in temporary files and is mapped, not held."""

from __future__ import annotations

import mmap
import tempfile
import weakref
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from benchfmt.oserrors import naming

Numbers = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

MOST = 2**21
"""So many numbers of a column are held in memory."""
_MAPPED = 2**20
"""About so many numbers of a file are in memory at a time."""
_RUNS = 8
"""So many sorted files are searched; one more, and they become one."""
_BITS = 4
"""Numbers in memory are kept apart by their first bits, so that room is made in a part of them at a time."""


class Column:
    """Numbers in the order in which they came."""

    def __init__(self) -> None:
        """Begin with none."""
        self._size = 0
        self._file = tempfile.SpooledTemporaryFile(8 * MOST)  # noqa: SIM115 - it lives as long as the column
        weakref.finalize(self, self._file.close)
        self._map: mmap.mmap | None = None

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return self._size

    def add(self, numbers: Numbers) -> None:
        """Add numbers behind the others; not after the column was read."""
        self._size += len(numbers)
        with naming(tempfile.gettempdir()):
            self._file.write(np.ascontiguousarray(numbers, np.uint64).tobytes())

    def read(self) -> Numbers:
        """Return the numbers, which are mapped where they lie in a file."""
        if self._size <= MOST:
            self._file.seek(0)
            return np.frombuffer(self._file.read(), np.uint64)
        self._file.flush()
        self._map = mmap.mmap(self._file.fileno(), 8 * self._size, access=mmap.ACCESS_READ)
        return np.frombuffer(self._map, np.uint64)

    def release(self) -> None:
        """Let go of what was read of the file; it is read again when it is needed."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


def parts_by_size(numbers: int) -> range:
    """Return the parts, by their first bits, into which so many evenly spread numbers are divided to be held one by one."""
    bits = max(numbers // _MAPPED, 1).bit_length() - 1
    return range(2**bits)


def edges_of(ordered: Numbers, parts: range) -> list[int]:
    """Return where each part of numbers in order begins and the last one ends."""
    starts = [number * (2**64 // len(parts)) for number in parts]
    found = np.searchsorted(ordered, np.array(starts, np.uint64))
    return [*found.tolist(), len(ordered)]


class Firsts:
    """What came first under each of many evenly spread numbers, such as hashes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._parts = [_Part() for _ in range(2**_BITS)]
        self._runs: list[_Run] = []
        self._held = 0

    def add(self, numbers: Numbers, values: Numbers) -> tuple[Flags, Numbers]:
        """Take values under numbers; returns which number came for the first time, and the first value of each."""
        order = np.argsort(numbers, kind="stable")
        ordered = numbers[order]
        values = values[order]
        is_first = np.ones(len(ordered), bool)
        is_first[1:] = ordered[1:] != ordered[:-1]
        # The first value of each number: one that came earlier, or the first of these.
        starts = np.maximum.accumulate(np.where(is_first, np.arange(len(ordered)), 0))
        firsts = values[starts]
        is_known = self._find(ordered, firsts)
        is_new = is_first & ~is_known
        self._insert(ordered[is_new], firsts[is_new])
        new_in_order = np.empty(len(order), bool)
        new_in_order[order] = is_new
        firsts_in_order = np.empty(len(order), np.uint64)
        firsts_in_order[order] = firsts
        return new_in_order, firsts_in_order

    def _find(self, ordered: Numbers, firsts: Numbers) -> Flags:
        """Return which numbers are known, and put what came first under them into `firsts`."""
        is_known = np.zeros(len(ordered), bool)
        for part, chosen in self._by_part(ordered):
            _look_up(part.numbers, part.values, ordered[chosen], is_known[chosen], firsts[chosen])
        for run in self._runs:
            run.look_up(ordered, is_known, firsts)
        return is_known

    def _insert(self, numbers: Numbers, values: Numbers) -> None:
        for part, chosen in self._by_part(numbers):
            places = np.searchsorted(part.numbers, numbers[chosen])
            part.numbers = np.insert(part.numbers, places, numbers[chosen])
            part.values = np.insert(part.values, places, values[chosen])
        self._held += len(numbers)
        if self._held > MOST:
            self._store()

    def _by_part(self, ordered: Numbers) -> list[tuple[_Part, slice]]:
        """Return each part that numbers in order belong into, with the place of those numbers."""
        edges = edges_of(ordered, range(2**_BITS))
        return [
            (part, slice(start, end))
            for part, (start, end) in zip(self._parts, pairwise(edges), strict=True)
            if end > start
        ]

    def _store(self) -> None:
        """Write what is held in memory to a file."""
        run = _Run()
        for part in self._parts:
            run.add(part.numbers, part.values)
        self._parts = [_Part() for _ in range(2**_BITS)]
        self._held = 0
        run.close()
        self._runs.append(run)
        if len(self._runs) > _RUNS:
            self._runs = [_merged(self._runs)]


class _Part:
    """Numbers in order, and what came under each."""

    def __init__(self) -> None:
        self.numbers: Numbers = np.empty(0, np.uint64)
        self.values: Numbers = np.empty(0, np.uint64)


class _Run:
    """Numbers in order, and what came under each, in files."""

    def __init__(self) -> None:
        self._columns = (Column(), Column())
        self.numbers: Numbers = np.empty(0, np.uint64)
        self.values: Numbers = np.empty(0, np.uint64)

    def add(self, numbers: Numbers, values: Numbers) -> None:
        """Add numbers greater than those before."""
        self._columns[0].add(numbers)
        self._columns[1].add(values)

    def close(self) -> None:
        """End the run, which is then read."""
        self.numbers, self.values = (column.read() for column in self._columns)

    def release(self) -> None:
        """Let go of what was read of the files."""
        for column in self._columns:
            column.release()

    def look_up(self, ordered: Numbers, is_known: Flags, firsts: Numbers) -> None:
        """Mark the numbers that are here, and put what came under them into `firsts`."""
        parts = parts_by_size(len(self.numbers))
        for start, end in pairwise(edges_of(ordered, parts)):
            if end > start:
                chosen = slice(start, end)
                _look_up(
                    self.numbers, self.values, ordered[chosen], is_known[chosen], firsts[chosen]
                )
                self.release()


def _look_up(
    numbers: Numbers, values: Numbers, wanted: Numbers, is_known: Flags, firsts: Numbers
) -> None:
    if not len(numbers):
        return
    places = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    hit = numbers[places] == wanted
    is_known |= hit
    firsts[hit] = values[places[hit]]


def _merged(runs: list[_Run]) -> _Run:
    """Return runs as one, which is made part by part."""
    merged = _Run()
    parts = parts_by_size(sum(len(run.numbers) for run in runs))
    edges = [list(pairwise(edges_of(run.numbers, parts))) for run in runs]
    for number in parts:
        slices = [slice(*of_run[number]) for of_run in edges]
        numbers = np.concatenate([run.numbers[s] for run, s in zip(runs, slices, strict=True)])
        values = np.concatenate([run.values[s] for run, s in zip(runs, slices, strict=True)])
        order = np.argsort(numbers)
        merged.add(numbers[order], values[order])
        for run in runs:
            run.release()
    merged.close()
    return merged


class Ordered:
    """A column in order: which numbers stand there twice, and where each stands first."""

    def __init__(self, column: Column, numbers: Numbers) -> None:
        """Take a column that was read, and its evenly spread numbers."""
        self._column = column
        self._numbers = numbers
        self._run: _Run | None = None

    def doubled(self) -> Numbers:
        """Return the numbers that stand there twice, in order."""
        found = [np.empty(0, np.uint64)]
        for numbers, _ in self._parts():
            numbers.sort()
            found.append(np.unique(numbers[1:][numbers[1:] == numbers[:-1]]))
        return np.concatenate(found)

    def places_of(self, wanted: Numbers) -> npt.NDArray[np.int64]:
        """Return where each number stands first, -1 for one that does not."""
        if self._run is None:
            self._run = _Run()
            for unordered, unordered_places in self._parts():
                order = np.argsort(unordered, kind="stable")
                numbers, places = unordered[order], unordered_places[order]
                is_first = np.ones(len(numbers), bool)
                is_first[1:] = numbers[1:] != numbers[:-1]
                self._run.add(numbers[is_first], places[is_first])
            self._run.close()
        distinct, inverse = np.unique(wanted, return_inverse=True)
        is_known = np.zeros(len(distinct), bool)
        places = np.zeros(len(distinct), np.uint64)
        self._run.look_up(distinct, is_known, places)
        found = np.where(is_known, places.astype(np.int64), -1)
        return found[inverse]

    def _parts(self) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield the numbers with their places in the column, those of a part at a time: the parts are in order."""
        parts = parts_by_size(len(self._numbers))
        for part in parts:
            chosen = [_of_part(self._numbers[:0], 0, part, len(parts))]
            for start in range(0, len(self._numbers), _MAPPED):
                block = self._numbers[start : start + _MAPPED]
                chosen.append(_of_part(block, start, part, len(parts)))
                self._column.release()
            numbers = np.concatenate([some for some, _ in chosen])
            places = np.concatenate([some for _, some in chosen])
            yield numbers, places


def _of_part(block: Numbers, start: int, part: int, parts: int) -> tuple[Numbers, Numbers]:
    """Return the numbers of a block that belong into a part, with their places in the column."""
    places = np.arange(start, start + len(block), dtype=np.uint64)
    if parts == 1:
        return block, places
    shift = np.uint64(64 - (parts.bit_length() - 1))
    is_in_part = block >> shift == part
    return block[is_in_part], places[is_in_part]
