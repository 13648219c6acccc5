"""Rows in stretches that are bounded by how many they are, and by how much they hold."""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

_CELL = 16
"""So many bytes a cell of text takes beside its characters."""
Integers = npt.NDArray[np.int64]


def stretches(sizes: Integers, most_rows: int, most_size: int) -> Iterator[tuple[int, int]]:
    """Yield where stretches of rows begin and end; one row is a stretch however large it is."""
    ends = np.cumsum(sizes)
    start, before = 0, 0
    while start < len(ends):
        fitting = int(np.searchsorted(ends, before + most_size, side="right"))
        end = min(max(fitting, start + 1), start + most_rows, len(ends))
        yield start, end
        start, before = end, int(ends[end - 1])


def row_bytes(frame: pl.DataFrame, without: Container[str] = ()) -> Integers:
    """Return how many bytes each row of a frame takes, with what every cell does that holds none."""
    sizes = np.zeros(frame.height, dtype=np.int64)
    for cells in frame.iter_columns():
        if cells.name in without:
            continue
        sizes += _CELL
        if cells.dtype == pl.String:
            # Polars takes a name that a stranger chose for a pattern.
            sizes += cells.alias("").str.len_bytes().fill_null(0).to_numpy()
    return sizes
