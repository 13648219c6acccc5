"""Numbers that equal rows share, and no others: so that what follows from their cells is judged once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

_SEED = secrets.randbits(64)
"""Unknown to whoever writes a file, so that nobody can prepare two rows that are taken for equal ones."""
_MOST_COLUMNS = 100
_FACTORS = [np.uint64(secrets.randbits(64) | 1) for _ in range(_MOST_COLUMNS)]
"""By which the hash of a column is multiplied, in the order in which columns are named."""


def row_hashes(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Return a number for each row that rows share whose cells are equal in some columns (100 at most), and no others."""
    total = np.zeros(frame.height, dtype=np.uint64)
    filled = {name for name in names if frame[name].null_count() < frame.height}
    # One call for all columns: each call costs as much as some thousand cells. Of the whole frame, whose columns may lie
    # in pieces of different lengths, it would put together all of them.
    hashes = frame[list(filled)].select_seq(pl.col(name).hash(_SEED) for name in filled)
    for factor, name in zip(_FACTORS[: len(names)], names, strict=True):
        if name in filled:
            total += hashes[name].to_numpy() * factor
        else:
            # Its rows are alike, and count as empty cells do in frames where others are filled.
            total += _of_null(frame[name].dtype) * factor
    return pl.Series(total)


@cache
def _of_null(kind: pl.DataType) -> npt.NDArray[np.uint64]:
    return pl.Series([None], dtype=kind).hash(_SEED).to_numpy()


def text_hashes(cells: pl.Series) -> pl.Series:
    """Return a number for each cell of a column that equal cells share, and no others."""
    return cells.hash(_SEED)
