"""The cells of columns whose names strangers chose."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl


def cells_of(frame: pl.DataFrame, name: str) -> pl.Series:
    """Return a column under no name.

    Polars asks for a column by its name in most methods of a Series too, and takes `*` and `^...$` for patterns.
    """
    return frame[name].alias("")


def stripped_cells(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """Return the columns of a frame, each under no name: as text, without the blanks around its cells.

    All are asked for at once: thousands of columns of a few rows are as common as thousands of rows.
    """
    plain = frame.clone()
    plain.columns = [f"c{place}" for place in range(frame.width)]
    stripped = plain.select(pl.all().cast(pl.String).str.strip_chars())
    return {
        name: cells.alias("")
        for name, cells in zip(frame.columns, stripped.get_columns(), strict=True)
    }


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name for a column of ours, which is none of those that strangers chose: with `_` behind it until it is free."""
    while name in taken:
        name += "_"
    return name
