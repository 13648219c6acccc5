"""Which cells of a column something holds for, as cheaply for a few cells as for many.

Polars builds a query for most methods of a Series: for the small tables of which strangers have thousands, that costs more
than the answer. What has an answer without one is given here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

_FEW_TEXTS = 4


@dataclass(frozen=True, eq=False)
class Texts:
    """Some texts, kept as they are best asked for in frame after frame: there may be 500,000."""

    few: Sequence[str]
    many: pl.Series | None
    """More than a few, as a column that holds them as one list."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Keep texts."""
        kept = list(texts)
        if len(kept) > _FEW_TEXTS:
            return cls((), pl.Series(kept, dtype=pl.String).implode())
        return cls(kept, None)


def never(height: int) -> pl.Series:
    """Return a mask that holds nowhere."""
    return pl.Series([False], dtype=pl.Boolean).new_from_index(0, height)


def settled(mask: pl.Series) -> pl.Series:
    """Return a mask that does not hold where it is null."""
    return mask.fill_null(value=False) if mask.null_count() else mask


def lost(values: pl.Series, cells: pl.Series) -> pl.Series:
    """Say which cells gave no value; the values are made of the cells, so they are null where these are."""
    if values.null_count() == cells.null_count():
        return never(cells.len())
    return values.is_null() & cells.is_not_null()


def is_one_of(cells: pl.Series, texts: Texts) -> pl.Series:
    """Say which cells are one of some texts; null, or not, where a cell is null."""
    if texts.many is not None:
        return cells.is_in(texts.many)
    if not texts.few:
        return never(cells.len())
    mask = cells == texts.few[0]
    for text in texts.few[1:]:
        mask |= cells == text
    return mask


def is_finite(values: pl.Series) -> bool:
    """Say whether all values are finite numbers; nulls are left out of account."""
    total = values.sum()
    # A sum of finite numbers may be none, and no other number makes a finite sum.
    return math.isfinite(total) or bool(values.is_finite().all())
