"""How far a printed number may be from the one that it stands for.

Printed numbers are rounded: two that should agree may differ by half a unit of their last digits. `half` is that half
unit, in the unit of the value.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import polars as pl

from benchfmt.units import Conversion, UnitError, conversion, find_unit


def with_half(frame: pl.DataFrame, otherwise: float) -> pl.DataFrame:
    """Add `half`: half a unit of the last digit that was reported, or a share of the value where nothing was."""
    text = pl.col("reported_value").str.strip_chars()
    digits = text.str.extract("^[+-]?[0-9]+(?:[.]([0-9]*))?$").fill_null("").str.len_chars()
    plain = text.str.contains("^[+-]?[0-9]+([.][0-9]*)?$")
    pairs = frame.select("reported_unit", "unit").unique().drop_nulls()
    factors = [_factor(word, code) for word, code in pairs.rows()]
    joined = frame.join(
        pairs.with_columns(pl.Series("factor", factors, dtype=pl.Float64)),
        on=["reported_unit", "unit"],
        how="left",
        maintain_order="left",
    )
    half = 0.5 * pl.lit(10.0).pow(-digits.cast(pl.Float64)) * pl.col("factor") * (1 + 1e-9)
    return joined.with_columns(
        pl.when(plain & pl.col("factor").is_not_null())
        .then(half)
        .otherwise(otherwise * pl.col("value").abs())
        .alias("half")
    )


def _factor(word: str, code: str) -> float | None:
    how = reported_conversion(word, code)
    if how is None:
        return None
    return float(how.factor)


@lru_cache(maxsize=1_024)
def reported_conversion(word: str, code: str) -> Conversion | None:
    """Return how a number reported in a word of a unit becomes a value, or None where that is not known."""
    if word == code:
        return Conversion(Fraction(1), Fraction(0))
    known = find_unit(word)
    if known is None:
        return None
    reported_code, scale = known
    try:
        how = conversion(reported_code, code)
    except UnitError:
        return None
    return Conversion(how.factor * scale, how.offset)
