"""Numbers that equal rows share, and no others: so that what follows from their cells is judged once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import polars as pl

_SEED = secrets.randbits(64)
"""Unknown to whoever writes a file, so that nobody can prepare two rows that are taken for equal ones."""
_MOST_COLUMNS = 100
_FACTORS = [np.uint64(secrets.randbits(64) | 1) for _ in range(_MOST_COLUMNS)]
"""By which the hash of a column is multiplied, in the order in which columns are named."""


def row_hashes(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Return a number for each row that rows share whose cells are equal in some columns (100 at most), and no others."""
    total = np.zeros(frame.height, dtype=np.uint64)
    hashes = frame.select(text_hash(name) for name in names)
    for factor, column in zip(_FACTORS[: len(names)], hashes.iter_columns(), strict=True):
        total += column.to_numpy() * factor
    return pl.Series(total)


def text_hash(name: str) -> pl.Expr:
    """Return a number for each cell of a column that equal cells share, and no others."""
    return pl.col(name).hash(_SEED)
