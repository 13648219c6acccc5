"""Columns as they stand in a file, in the types of the standard: BF1xx, judged by the schema of each column.

A cell at fault is reported and taken out; its row is left out of the checks that follow, so that a fault has no echo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from benchfmt.checks.cell_faults import CellFaults
from benchfmt.checks.column_names import meant_columns, missing_column, other_type, unknown_columns
from benchfmt.checks.frames import FAULT_COLUMNS, RECORD_IDS, ROW, faults, no_coded_faults, nulls
from benchfmt.checks.kinds import TEXTS
from benchfmt.checks.repeating_texts import RepeatingTexts
from benchfmt.checks.typed_cells import typed_cells
from benchfmt.tables import COLUMNS, Column


@dataclass(frozen=True)
class Typed:
    """A table whose cells have the standard's types: what is sound, which rows are not, and the faults."""

    frame: pl.DataFrame
    sound: pl.Series
    faults: pl.DataFrame
    first: pl.Series | None = None
    """Where each row of texts that repeat stands first; None where these are many."""


def type_table(
    table: str,
    raw: pl.DataFrame,
    repeating: RepeatingTexts,
    *,
    newer: bool = False,
    typed: bool = False,
    told: bool = True,
) -> Typed:
    """Return a raw frame in the standard's types, with its faults.

    `repeating` remembers which of its texts were judged with earlier frames. `newer` is true for a later minor version, whose further columns are no fault; `typed` where the columns of `raw`
    have types of their own (Parquet), so that text is not a number. Unless `told`, cells at fault are taken out and not
    put in words.
    """
    items = {item.name: item for item in COLUMNS[table]}
    table_faults = [no_coded_faults()]
    if not newer:
        unknown = [name for name in raw.columns if name not in items and name != ROW]
        table_faults.append(unknown_columns(table, unknown))
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
            table_faults.append(repeating.mistyped(item, raw, other))
            columns[name] = nulls(item.kind, raw.height).alias(name)
            sound &= raw[name].is_null()
            continue
        suspects = repeating.suspects(raw, item)
        if suspects is not None:
            sound &= ~suspects
            columns[name] = raw[name].set(suspects, None)
            if told and suspects.any():
                some = _with_places(table, raw, name).filter(suspects)
                table_faults.append(repeating.faults_of(some, item))
            continue
        cell_faults = CellFaults(raw[name], is_told=told)
        columns[name] = typed_cells(table, item, cell_faults, typed=typed).alias(name)
        if cell_faults.bad.any():
            sound &= ~cell_faults.bad
            table_faults.append(_faults_of(table, item, raw, cell_faults))
    if table == "measurements":
        columns[TEXTS] = hashes
    columns[ROW] = raw[ROW]
    return Typed(_frame_of(columns), sound, pl.concat(table_faults), repeating.first)


def _frame_of(columns: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Return columns as a frame, which keeps one cell in place of a column that has none: most have none."""
    kept = []
    for name, cells in columns.items():
        if name != ROW and cells.null_count() == cells.len():
            kept.append(pl.lit(None, dtype=cells.dtype).alias(name))
        else:
            kept.append(pl.lit(cells).alias(name))
    return pl.select(kept)


def _faults_of(
    table: str, item: Column, raw: pl.DataFrame, cell_faults: CellFaults
) -> pl.DataFrame:
    if not cell_faults.is_told:
        return no_coded_faults()
    wrong = _with_places(table, raw, item.name).filter(cell_faults.bad)
    cells = wrong[item.name].cast(pl.String, strict=False)
    texts = cell_faults.frame()
    without_code = faults(wrong, table, item.name, texts["message"], cells, texts["hint"])
    return without_code.select(texts["code"], *FAULT_COLUMNS[1:])


def _with_places(table: str, raw: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return a column beside the numbers of its rows and the ids of their records."""
    kept = {name, ROW, RECORD_IDS.get(table)}
    # `select` would put together the pieces in which the columns of Parquet lie.
    return raw[[column for column in raw.columns if column in kept]]
