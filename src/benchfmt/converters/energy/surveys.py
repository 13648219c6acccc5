"""What a whole table shows that no row does: a column in another unit than its header says, and doubtful carbon."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from benchfmt.converters.energy.columns import by_base
from benchfmt.readers.cells import cells_of
from benchfmt.readers.tables import TextTable

KILO = 1000
ODD_CARBON = 2.0
"""How far, as a factor, emissions per energy may lie from those of the other rows."""
_JUST_ABOVE = 0.5
"""A peak in the larger unit is at most twice the average: else that unit is not proven."""


@dataclass(frozen=True)
class Columns:
    """The columns that are looked at together, by what they hold; None where a table has none."""

    average: str | None = None
    peak: str | None = None
    emissions: str | None = None
    energy: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class Peaks:
    """How the peaks of a table stand to its averages.

    `below` rows have a peak below the average; `are_kilo` where that proves the peaks to be in the unit a thousand
    times larger; of these `still_below` stay below the average even so.
    """

    below: int = 0
    are_kilo: bool = False
    still_below: int = 0


@dataclass(frozen=True)
class Survey:
    """What all rows of a table show together."""

    columns: Columns
    rows: int = 0
    peaks: Peaks = Peaks()
    odd_carbon: int = 0
    countries: tuple[str, ...] = ()


def columns_of(names: list[str]) -> Columns:
    """Return which columns of a table are looked at together."""
    named = by_base(names)
    return Columns(
        average=named.get("memavg"),
        peak=named.get("mempeak"),
        emissions=named.get("co2e"),
        energy=named.get("totenergy"),
        country=named.get("country"),
    )


def numbers(frame: pl.DataFrame, name: str) -> pl.Series:
    """Return the numbers of a column of text, null where a cell is none."""
    return cells_of(frame, name).str.strip_chars().cast(pl.Float64, strict=False)


def survey(text: TextTable, names: list[str]) -> Survey:
    """Return what the rows of a table show together; raises TableError."""
    columns = columns_of(names)
    numeric = {columns.average, columns.peak, columns.emissions, columns.energy}
    wanted = sorted(filter(None, numeric))
    if not wanted:
        return Survey(columns)
    parts = [pl.DataFrame(schema=dict.fromkeys(wanted, pl.Float64))]
    countries: set[str] = set()
    try:
        for frame, _ in text.batches():
            parts.append(pl.DataFrame({name: numbers(frame, name) for name in wanted}))
            if columns.country:
                countries |= set(cells_of(frame, columns.country).str.strip_chars())
    finally:
        text.bad_rows.clear()  # reported when the table is read
    read = pl.concat(parts)
    return Survey(
        columns=columns,
        rows=read.height,
        peaks=_peaks(read, columns),
        odd_carbon=_odd_carbon(read, columns),
        countries=tuple(sorted(countries - {""})),
    )


def _peaks(read: pl.DataFrame, columns: Columns) -> Peaks:
    if columns.average is None or columns.peak is None:
        return Peaks()
    parts = {"average": read[columns.average], "peak": read[columns.peak]}
    pairs = pl.DataFrame(parts).drop_nulls()
    pairs = pairs.filter((pl.col("peak") > 0) & (pl.col("average") > 0))
    below = int((pairs["peak"] < pairs["average"]).sum())
    # A peak cannot be below its mean. Where it is in all rows, and a thousand times the number is just above it, the
    # unit is a thousand times larger; anything else proves nothing.
    ratio = (pairs["average"] / pairs["peak"] / KILO).median()
    is_near = isinstance(ratio, float) and _JUST_ABOVE < ratio <= 1
    if not below or below < pairs.height or not is_near:
        return Peaks(below)
    still_below = int((pairs["peak"] * KILO < pairs["average"]).sum())
    return Peaks(below, are_kilo=True, still_below=still_below)


def _odd_carbon(read: pl.DataFrame, columns: Columns) -> int:
    """Return in how many rows emissions per energy are far from those of the others."""
    if columns.emissions is None or columns.energy is None:
        return 0
    each = (read[columns.emissions] / read[columns.energy]).drop_nulls()
    each = each.filter(each.is_finite())
    usual = each.median()
    if not isinstance(usual, float) or usual <= 0:
        return 0
    return int(((each > usual * ODD_CARBON) | (each < usual / ODD_CARBON)).sum())
