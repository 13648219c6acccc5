"""The cells of columns whose names strangers chose."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl


def cells_of(frame: pl.DataFrame, name: str) -> pl.Series:
    """Return a column under no name.

    Polars asks for a column by its name in most methods of a Series too, and takes `*` and `^...$` for patterns.
    """
    return frame[name].alias("")


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name for a column of ours, which is none of those that strangers chose: with `_` behind it until it is free."""
    while name in taken:
        name += "_"
    return name
