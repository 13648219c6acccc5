"""Duplicates: which records have come before, by columns of hashes of their ids and contents."""

from __future__ import annotations

from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from benchfmt.running.keys import Flags, Hashes

_BITS = 4
"""Records are kept apart by the first bits of the hash of their id, so that room is made in a part of them at a time."""


class Standing(IntEnum):
    """How a record stands to those before."""

    NEW = 0
    SAME = 1
    """A record with its id has come, and said the same."""
    OTHER = 2
    """A record with its id has come, and said something else."""
    CLASH = 3
    """Its system was described in another way."""


Standings = npt.NDArray[np.int8]


class Known:
    """The records that have come: 16 bytes each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._parts = [_Part() for _ in range(2**_BITS)]

    def add(self, ids: Hashes, contents: Hashes) -> Standings:
        """Add records, and return how each stood to those before it."""
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        contents = contents[order]
        is_first = np.ones(len(ids), bool)
        is_first[1:] = ids[1:] != ids[:-1]
        # What the first record of each id said: one that came earlier, or the first of these.
        starts = np.maximum.accumulate(np.where(is_first, np.arange(len(ids)), 0))
        before = contents[starts]
        is_known = self._find(ids, before)
        is_new = is_first & ~is_known
        self._insert(ids[is_new], contents[is_new])
        standings = np.where(before == contents, Standing.SAME, Standing.OTHER)
        standings[is_new] = Standing.NEW
        in_order: Standings = np.empty(len(ids), np.int8)
        in_order[order] = standings
        return in_order

    def _find(self, ids: Hashes, before: Hashes) -> Flags:
        """Return which ids are known, and put what was said under them into `before`."""
        is_known = np.zeros(len(ids), bool)
        for part, chosen in self._by_part(ids):
            places = np.minimum(np.searchsorted(part.ids, ids[chosen]), len(part.ids) - 1)
            if len(part.ids):
                hit = part.ids[places] == ids[chosen]
                is_known[chosen] = hit
                before[chosen] = np.where(hit, part.contents[places], before[chosen])
        return is_known

    def _insert(self, ids: Hashes, contents: Hashes) -> None:
        for part, chosen in self._by_part(ids):
            places = np.searchsorted(part.ids, ids[chosen])
            part.ids = np.insert(part.ids, places, ids[chosen])
            part.contents = np.insert(part.contents, places, contents[chosen])

    def _by_part(self, ids: Hashes) -> list[tuple[_Part, slice]]:
        """Return each part that sorted ids belong into, with the place of those ids."""
        edges = np.searchsorted(ids >> np.uint64(64 - _BITS), np.arange(2**_BITS + 1)).tolist()
        return [
            (part, slice(start, end))
            for part, (start, end) in zip(self._parts, pairwise(edges), strict=True)
            if end > start
        ]


class _Part:
    """Records by the hash of their id, in order."""

    def __init__(self) -> None:
        self.ids: Hashes = np.empty(0, np.uint64)
        self.contents: Hashes = np.empty(0, np.uint64)
