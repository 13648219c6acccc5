"""Columns as they stand in a file, in the types of the standard: BF1xx, judged by the schema of each column.

A cell at fault is reported and taken out; its row is left out of the checks that follow, so that a fault has no echo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from benchfmt.checks.cell_faults import CellFaults, CodedFaults
from benchfmt.checks.column_names import meant_columns, missing_column, other_type, unknown_columns
from benchfmt.checks.frames import RECORD_IDS, ROW, nulls
from benchfmt.checks.groups import Fault, Group
from benchfmt.checks.kinds import TEXTS
from benchfmt.checks.repeating_texts import RepeatingTexts
from benchfmt.checks.typed_cells import typed_cells
from benchfmt.limits import LIMITS
from benchfmt.tables import COLUMNS


@dataclass(frozen=True)
class Typed:
    """A table whose cells have the standard's types: what is sound, which rows are not, and the faults."""

    frame: pl.DataFrame
    sound: pl.Series
    faults: list[Group]
    first: pl.Series | None = None
    """Where each row of texts that repeat stands first; None where these are many."""


def type_table(
    table: str,
    raw: pl.DataFrame,
    repeating: RepeatingTexts,
    *,
    newer: bool = False,
    typed: bool = False,
    most: int = LIMITS.findings_per_code,
) -> Typed:
    """Return a raw frame in the standard's types, with its faults.

    `repeating` remembers which of its texts were judged with earlier frames. `newer` is true for a later minor version, whose further columns are no fault; `typed` where the columns of `raw`
    have types of their own (Parquet), so that text is not a number. At `most` so many cells at fault of a code in a
    column are put in words; of none, where it is 0, only which they are is of use.
    """
    items = {item.name: item for item in COLUMNS[table]}
    table_faults: list[Group] = []
    if not newer:
        unknown = [name for name in raw.columns if name not in items and name != ROW]
        table_faults += unknown_columns(table, unknown)
        # What is plainly misspelt is judged as what was meant, so that it is not missing as well.
        raw = raw.rename(meant_columns(table, unknown, raw.columns))
    # Columns that are dictionaries in Parquet are text.
    if any(kind in (pl.Categorical, pl.Enum) for kind in raw.dtypes):
        raw = raw.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    columns: dict[str, pl.Series] = {}
    sound = pl.repeat(value=True, n=raw.height, dtype=pl.Boolean, eager=True)
    hashes = repeating.hashes(raw)
    faultless = repeating.faultless(raw, hashes)
    for name, item in items.items():
        if name in faultless:
            columns[name] = raw[name]
            continue
        if name not in raw.columns:
            columns[name] = nulls(item.kind, raw.height).alias(name)
            if item.required:
                table_faults.append(missing_column(table, name))
                sound = pl.repeat(value=False, n=raw.height, dtype=pl.Boolean, eager=True)
            continue
        other = other_type(item, raw[name], typed=typed)
        if other is not None:
            table_faults += repeating.mistyped(item, raw, other)
            columns[name] = nulls(item.kind, raw.height).alias(name)
            sound &= raw[name].is_null()
            continue
        suspects = repeating.suspects(raw, item)
        if suspects is not None:
            is_bad = _marked(suspects, raw.height)
            sound &= ~is_bad
            columns[name] = raw[name].set(is_bad, None)
            if most:
                found = repeating.faults_of(raw[name], suspects, item, most)
                table_faults += _groups(table, name, raw, found)
            continue
        cell_faults = CellFaults(raw[name], most=most)
        columns[name] = typed_cells(table, item, cell_faults, typed=typed).alias(name)
        if cell_faults.bad.any():
            sound &= ~cell_faults.bad
            table_faults += _groups(table, name, raw, cell_faults.by_code())
    if table == "measurements":
        columns[TEXTS] = hashes
    columns[ROW] = raw[ROW]
    return Typed(_frame_of(columns), sound, table_faults, repeating.first)


def _frame_of(columns: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Return columns as a frame, which keeps one cell in place of a column that has none: most have none."""
    kept = []
    for name, cells in columns.items():
        if name != ROW and cells.null_count() == cells.len():
            kept.append(pl.lit(None, dtype=cells.dtype).alias(name))
        else:
            kept.append(pl.lit(cells).alias(name))
    return pl.select(kept)


def _marked(places: pl.Series, length: int) -> pl.Series:
    """Return for each row of a column whether it is in one of some places."""
    marks = np.zeros(length, dtype=np.bool_)
    marks[places.to_numpy()] = True
    return pl.Series(marks)


def _groups(
    table: str, name: str, raw: pl.DataFrame, found: Sequence[CodedFaults]
) -> Iterator[Group]:
    """Yield the faults of a column with the rows and the records in which they stand."""
    id_name = RECORD_IDS.get(table)
    for coded in found:
        places = [place for place, _ in coded.first]
        rows = raw[ROW][places]
        cells = raw[name][places].cast(pl.String, strict=False)
        ids = nulls("text", len(places))
        if id_name in raw.columns:
            ids = raw[id_name][places].cast(pl.String)
        first = [
            Fault(row, record, message, cell, hint)
            for row, record, cell, (_, (message, hint)) in zip(
                rows, ids, cells, coded.first, strict=True
            )
        ]
        yield Group(coded.code, table, name, first, coded.count)
