"""BF3xx: whether one value can be true."""

from __future__ import annotations

import datetime

import polars as pl

from benchfmt.checks.frames import ColumnCheck, number
from benchfmt.possible import OUTSIDE, PERCENT, ZERO


def _year() -> pl.Expr:
    return pl.col("measured_at").str.slice(0, 4).cast(pl.Int32, strict=False)


def _with_unit() -> pl.Expr:
    bare = pl.col("unit") == "1"
    return (
        pl.when(bare)
        .then(number("value"))
        .otherwise(pl.format("{} {}", number("value"), pl.col("unit")))
    )


def _hardware(table: str, column: str, least: float, most: float, hint: str) -> ColumnCheck:
    outside = (pl.col(column) < least) | (pl.col(column) > most)
    return ColumnCheck(
        "BF305",
        table,
        column,
        outside,
        pl.format(f"{column} {{}} is not in the unit of its field", number(column)),
        pl.lit(hint),
    )


COLUMN_CHECKS = (
    ColumnCheck(
        "BF301",
        "measurements",
        "value",
        PERCENT,
        pl.format("{} {} is above 1; a percent?", pl.col("metric"), number("value")),
        pl.format("{} is the fraction", (pl.col("value") / 100).round_sig_figs(12).cast(pl.String)),
    ),
    ColumnCheck(
        "BF302",
        "measurements",
        "value",
        OUTSIDE,
        pl.format("{} {} cannot be", pl.col("metric"), _with_unit()),
        pl.format(
            "it lies between {} and {}",
            number("m_min").fill_null("any number"),
            number("m_max").fill_null("any number"),
        ),
    ),
    ColumnCheck(
        "BF303",
        "measurements",
        "value",
        ZERO,
        pl.format("{} is 0, which nothing that ran can have", pl.col("metric")),
        pl.lit("write `missing` with the reason: not-measured, below-resolution, run-failed, ..."),
    ),
    ColumnCheck(
        "BF304",
        "measurements",
        "value",
        (pl.col("metric") == "temperature")
        & (pl.col("unit") == "Cel")
        & (pl.col("value").is_between(-273.15, -90, closed="left") | (pl.col("value") > 200)),
        pl.format("a temperature of {} Cel is that of a dead sensor", number("value")),
        pl.lit("write `missing`: sensor-failed"),
    ),
    _hardware("systems", "processor_clock_hz", 1e5, 1e11, "write hertz: 2.4 GHz is 2400000000"),
    _hardware("systems", "memory_bytes", 4096, 1e17, "write bytes: 16 GiB is 17179869184"),
    _hardware(
        "systems", "accelerator_memory_bytes", 4096, 1e17, "write bytes: 16 GiB is 17179869184"
    ),
    _hardware("systems", "processor_cores", 1, 100_000, "write the cores of one processor"),
    _hardware("records", "model_size_bytes", 16, 1e16, "write bytes: 100 MB is 100000000"),
    ColumnCheck(
        "BF306",
        "records",
        "measured_at",
        (_year() < 1990) | (_year() > pl.lit(datetime.datetime.now(datetime.UTC).year + 1)),
        pl.format("{} is no time at which anybody measured this", pl.col("measured_at")),
        pl.lit("a clock that was not set? leave the time out"),
    ),
)
CHECKS = ()
