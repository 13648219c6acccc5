"""Tables of gathered records, typed: which of their rows may be at fault."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from benchfmt.checks.columns import type_table
from benchfmt.checks.frames import ROW, dtype
from benchfmt.checks.repeating_texts import RepeatingTexts
from benchfmt.tables import COLUMNS
from benchfmt.validation.forms.json_columns import Mask
from benchfmt.validation.forms.json_texts import Integers

_HAS_NUMBER = pl.any_horizontal(
    pl.col(name).is_not_null()
    for name in ("value", "stddev", "ci", "samples", "target_min", "target_max")
)
_WITHIN = "-"
"""The id of a record in the rows that stand within it."""
_BREAKS_RULES = (
    (pl.col("value").is_null() == pl.col("missing").is_null())
    | (pl.col("unit").is_null() & _HAS_NUMBER)
    | (pl.col("value").is_not_null() & pl.col("basis").is_null())
)
"""Where the members of a measurement do not go together (BF108, BF109)."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A table as it stands and typed, and which of its rows may be at fault."""

    raw: pl.DataFrame
    typed: pl.DataFrame
    is_doubtful: Mask

    def cells(self, is_sound: Mask) -> pl.DataFrame:
        """Return the typed table; rows that are sound after all as they stand, for what seems at fault is not typed."""
        if not is_sound.any():
            return self.typed
        sound = pl.lit(pl.Series(is_sound))
        return self.typed.with_columns(
            pl.when(sound).then(self.raw[name]).otherwise(pl.col(name)).alias(name)
            for name in self.raw.columns
        )


def screen(table: str, raw: pl.DataFrame, repeating: RepeatingTexts) -> Screen:
    """Return a table with its rows numbered; its JSON cells are not judged, and left as they are."""
    columns = COLUMNS[table]
    numbered = raw.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW))
    for item in columns[1:]:
        if item.required and item.name not in raw.columns:
            numbered = numbered.with_columns(pl.lit(None, dtype(item.kind)).alias(item.name))
    json = [item.name for item in columns if item.kind == "json" and item.name in raw.columns]
    judged = numbered.drop(json)
    own_id = columns[0].name
    if own_id not in raw.columns:
        # Measurements of JSON stand in their record: they need no id of it to be sound.
        judged = judged.with_columns(pl.lit(_WITHIN).alias(own_id))
    typed = type_table(table, judged, repeating, typed=True, most=0)
    is_doubtful = ~typed.sound.to_numpy()
    frame = typed.frame.with_columns(raw.select(json))
    if own_id not in raw.columns:
        frame = frame.with_columns(pl.lit(None, dtype(columns[0].kind)).alias(own_id))
    return Screen(numbered, frame, is_doubtful)


def breaks_rules(measurements: pl.DataFrame) -> Mask:
    """Return which measurements have members that do not go together."""
    return measurements.select(_BREAKS_RULES).to_series().to_numpy()


def some(is_true: Mask, sizes: Integers) -> Mask:
    """Return for groups that follow each other, of some sizes, whether one of each is true."""
    owners = np.repeat(np.arange(len(sizes)), sizes)
    some_true = np.zeros(len(sizes), np.bool_)
    some_true[owners[is_true]] = True
    return some_true
