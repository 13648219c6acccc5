"""Numbers that equal rows share, and no others: so that what follows from their cells is judged once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import polars as pl

SEED = secrets.randbits(64)
"""Unknown to whoever writes a file, so that nobody can prepare two rows that are taken for equal ones."""


def row_hashes(frame: pl.DataFrame, names: Sequence[str], seed: int = SEED) -> pl.Series:
    """Return a number for each row that rows share whose cells are equal in some columns, and no others; the same for the same `seed`.

    An empty cell counts alike in a column of any type, also in one without any cell.
    """
    return frame[list(names)].hash_rows(seed)


def text_hashes(cells: pl.Series, seed: int = SEED) -> pl.Series:
    """Return a number for each cell of a column that equal cells share, and no others; the same for the same `seed`."""
    return cells.hash(seed)
