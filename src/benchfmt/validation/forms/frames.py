"""Tables that are typed already, as the frames that checks see."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.frames import ROW
from benchfmt.tables import Batch


def frames_of(batch: Batch) -> dict[str, pl.DataFrame]:
    """Return the tables of a batch as frames whose rows are numbered from 1."""
    frames = {}
    for name, table in batch.tables():
        # Repeating texts may come as dictionaries, which polars takes for categories.
        plain = pl.DataFrame(pl.from_arrow(table)).with_columns(
            pl.col(pl.Categorical).cast(pl.String)
        )
        frames[name] = plain.with_row_index(ROW, offset=1).cast({ROW: pl.Int64})
    return frames
