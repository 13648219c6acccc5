"""Columns that are read alike, one below the other: a stranger's table may have thousands, and a question to each costs
more than the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

import polars as pl

MOST_CELLS = 2**17
"""So many cells stand below each other: of columns that are longer by themselves, asking is the smaller part."""
T = TypeVar("T")


def stacks_of(
    items: Iterable[T], way_of: Callable[[T], Hashable], height: int
) -> Iterator[list[T]]:
    """Yield the items whose columns of this height are read in the same way, as many as one stack holds; in their order."""
    alike: dict[Hashable, list[T]] = {}
    for item in items:
        alike.setdefault(way_of(item), []).append(item)
    most = max(MOST_CELLS // max(height, 1), 1)
    for group in alike.values():
        for start in range(0, len(group), most):
            yield group[start : start + most]


def stacked(columns: Sequence[pl.Series]) -> pl.Series:
    """Return columns one below the other, without a name."""
    if len(columns) == 1:
        return columns[0]
    return pl.concat([cells.alias("") for cells in columns], rechunk=True)
