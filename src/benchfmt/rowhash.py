"""Numbers that equal rows share, and no others: so that what follows from their cells is judged once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import polars as pl

SEED = secrets.randbits(64)
"""Unknown to whoever writes a file, so that nobody can prepare two rows that are taken for equal ones."""

SAME_EVERYWHERE = 0
"""The seed of hashes that several processes compare."""
Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]


def row_hashes(frame: pl.DataFrame, names: Sequence[str], seed: int = SEED) -> pl.Series:
    """Return a number for each row that rows share whose cells are equal in some columns, and no others; the same for the same `seed`.

    An empty cell counts alike in a column of any type, also in one without any cell.
    """
    return frame[list(names)].hash_rows(seed)


def text_hashes(cells: pl.Series, seed: int = SEED) -> pl.Series:
    """Return a number for each cell of a column that equal cells share, and no others; the same for the same `seed`."""
    return cells.hash(seed)


def no_hashes() -> Hashes:
    """Return the hashes of no ids."""
    return np.empty(0, np.uint64)


def id_hashes(ids: pl.Series) -> Hashes:
    """Return a number for each id, which is the same in every process; no id counts as an empty one."""
    texts = ids.cast(pl.String)
    if texts.null_count():
        texts = texts.fill_null("")
    return texts.hash(SAME_EVERYWHERE).to_numpy()
