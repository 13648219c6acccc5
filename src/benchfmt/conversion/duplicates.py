"""Duplicates: which records have come before, by columns of hashes of their ids and contents."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from benchfmt.running.keys import Hashes
from benchfmt.stored import Firsts


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
    """The records that have come: 16 bytes each, in temporary files where there are millions."""

    def __init__(self) -> None:
        """Begin with none."""
        self._contents = Firsts()

    def add(self, ids: Hashes, contents: Hashes) -> Standings:
        """Add records, and return how each stood to those before it."""
        is_new, first = self._contents.add(ids, contents)
        standings = np.where(first == contents, Standing.SAME, Standing.OTHER).astype(np.int8)
        standings[is_new] = Standing.NEW
        return standings
