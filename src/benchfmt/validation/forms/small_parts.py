"""Small parts of a table, whose rows are put together: to judge a few rows costs as much as to judge thousands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import polars as pl

from benchfmt.validation.forms.raw import RawRows

_FEW = 2**10
"""So many rows, or fewer, are put together with others."""
_ENOUGH = 2**13
_MOST_BYTES = 2**22
"""So many bytes of cells are put together at most."""


def together(raws: Iterable[RawRows]) -> Iterator[RawRows]:
    """Yield rows, those of neighbouring small parts at once where they have the same columns of the same types."""
    waiting: list[RawRows] = []
    rows = size = 0
    for raw in raws:
        if raw.frame.height > _FEW:
            yield from _joined(waiting)
            waiting, rows, size = [], 0, 0
            yield raw
            continue
        more = int(raw.frame.estimated_size())
        if waiting and (size + more > _MOST_BYTES or not _go_together(waiting[-1], raw)):
            yield from _joined(waiting)
            waiting, rows, size = [], 0, 0
        waiting.append(raw)
        rows += raw.frame.height
        size += more
        if rows >= _ENOUGH:
            yield from _joined(waiting)
            waiting, rows, size = [], 0, 0
    yield from _joined(waiting)


def _go_together(one: RawRows, other: RawRows) -> bool:
    """Whether what is wrong with the columns of one is wrong with those of the other."""
    if one.reader.is_typed != other.reader.is_typed:
        return False
    if one.reader.odd_columns or other.reader.odd_columns:
        return False
    return one.frame.schema == other.frame.schema


def _joined(raws: list[RawRows]) -> Iterator[RawRows]:
    """Yield rows as one, if there are any."""
    if not raws:
        return
    if len(raws) == 1:
        yield raws[0]
        return
    frames = [raw.frame for raw in raws]
    if any(kind in (pl.Categorical, pl.Enum) for kind in frames[0].dtypes):
        # Each part has categories of its own.
        frames = [frame.cast({pl.Categorical: pl.String, pl.Enum: pl.String}) for frame in frames]
    begun = tuple(name for raw in raws for name in raw.begun)
    yield replace(raws[-1], frame=pl.concat(frames, rechunk=True), begun=begun)
