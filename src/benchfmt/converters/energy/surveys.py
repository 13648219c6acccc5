"""What a whole table shows that no row does: a column in another unit than its header says, and doubtful carbon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from benchfmt.converters.energy.layouts import split
from benchfmt.readers.tables import TextTable

KILO = 1000
ODD_CARBON = 2.0
"""How far, as a factor, emissions per energy may lie from those of the other rows."""


@dataclass(frozen=True)
class Columns:
    """The columns that are looked at together, by what they hold; None where a table has none."""

    average: str | None = None
    peak: str | None = None
    emissions: str | None = None
    energy: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class Survey:
    """What was found in all rows of a table.

    `below` rows have a peak below the average; `peak_is_kilo` where that proves the peak to be in the unit a thousand
    times larger; of these `still_below` stay below the average even so.
    """

    columns: Columns
    rows: int = 0
    below: int = 0
    peak_is_kilo: bool = False
    still_below: int = 0
    odd_carbon: int = 0
    countries: tuple[str, ...] = ()


def columns_of(names: list[str]) -> Columns:
    """Return which columns of a table are looked at together."""
    found = {split(name)[0]: name for name in names}
    pairs = {
        "average": "memavg",
        "peak": "mempeak",
        "emissions": "co2e",
        "energy": "totenergy",
        "country": "country",
    }
    return Columns(**{field: found.get(base) for field, base in pairs.items()})


def survey(text: TextTable, names: list[str]) -> Survey:
    """Return what the rows of a table show together; raises TableError."""
    columns = columns_of(names)
    wanted = {
        name for name in (columns.average, columns.peak, columns.emissions, columns.energy) if name
    }
    if not wanted:
        return Survey(columns)
    read = [
        pl.col(name).str.strip_chars().cast(pl.Float64, strict=False) for name in sorted(wanted)
    ]
    parts, countries = [pl.DataFrame(schema=dict.fromkeys(sorted(wanted), pl.Float64))], set()
    try:
        for frame, _ in text.batches():
            parts.append(frame.select(read))
            countries |= (
                set(frame[columns.country].str.strip_chars()) - {""} if columns.country else set()
            )
    finally:
        text.bad_rows.clear()  # told when the table is read
    numbers = pl.concat(parts)
    return Survey(
        columns=columns,
        rows=numbers.height,
        countries=tuple(sorted(countries)),
        odd_carbon=_odd_carbon(numbers, columns),
        **_peaks(numbers, columns),
    )


def _peaks(numbers: pl.DataFrame, columns: Columns) -> dict[str, Any]:
    if columns.average is None or columns.peak is None:
        return {}
    pairs = numbers.select(average=pl.col(columns.average), peak=pl.col(columns.peak)).drop_nulls()
    pairs = pairs.filter((pl.col("peak") > 0) & (pl.col("average") > 0))
    below = int((pairs["peak"] < pairs["average"]).sum())
    # A peak cannot be below its mean. Where it is in all rows, and a thousand times the number is just above it, the
    # unit is a thousand times larger; anything else proves nothing.
    ratio = (pairs["average"] / pairs["peak"] / KILO).median() if below else None
    proven = bool(below and below == pairs.height and isinstance(ratio, float) and 0.5 < ratio <= 1)
    still = int((pairs["peak"] * KILO < pairs["average"]).sum()) if proven else 0
    return {"below": below, "peak_is_kilo": proven, "still_below": still}


def _odd_carbon(numbers: pl.DataFrame, columns: Columns) -> int:
    """Return in how many rows emissions per energy are far from those of the others."""
    if columns.emissions is None or columns.energy is None:
        return 0
    each = (numbers[columns.emissions] / numbers[columns.energy]).drop_nulls()
    each = each.filter(each.is_finite())
    usual = each.median()
    if not isinstance(usual, float) or usual <= 0:
        return 0
    return int(((each > usual * ODD_CARBON) | (each < usual / ODD_CARBON)).sum())
