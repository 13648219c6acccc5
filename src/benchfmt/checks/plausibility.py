"""BF3xx: whether one value can be true."""

from __future__ import annotations

import datetime

import polars as pl

from benchfmt.checks.check import Cells, Check, Doubt, Table
from benchfmt.checks.frames import WITHIN_BOUNDS, number
from benchfmt.checks.kinds import Question
from benchfmt.finding import Severity
from benchfmt.possible import OUTSIDE, PERCENT, ZERO

_FIRST_YEAR = 1990
_TOMORROW = str(datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1))
"""The latest day that it may be somewhere."""
_YEAR = pl.col("measured_at").str.slice(0, 4).cast(pl.Int32, strict=False)
_COLDEST, _COLD, _HOT = -273.15, -90, 200
"""Absolute zero, and what hardware survives, in degrees Celsius."""
_METRIC = pl.col("metric")
_EXACT = 1e-9
_VALUE = pl.col("value")
_UNIT = pl.col("unit")
_WITH_UNIT = (
    pl.when(_UNIT == "1")
    .then(number("value"))
    .otherwise(pl.format("{} {}", number("value"), _UNIT))
)


def _hardware(table: Table, column: str, least: float, most: float, hint: str) -> Cells:
    """Return the cells of a column that are outside of what hardware has."""
    return Cells(
        table,
        column,
        fault=(pl.col(column) < least) | (pl.col(column) > most),
        message=pl.format(f"{column} {{}} is not in the unit of its field", number(column)),
        hint=pl.lit(hint),
        needs_cell=True,
    )


_NUMBER = number("value")
_REPORTED = pl.col("reported_value")
_IS_A_HUNDREDTH = (_REPORTED.cast(pl.Float64, strict=False) / 100 - _VALUE).abs() <= _EXACT * _VALUE
_FROM_PERCENT = ((pl.col("reported_unit") == "%") & _IS_A_HUNDREDTH).fill_null(value=False)
"""Then the value is a fraction already, of a percent that was too large."""
_HUNDREDTH = (_VALUE / 100).round_sig_figs(12).cast(pl.String)
FRACTION_IS_NO_PERCENT = Check(
    code="BF301",
    severity=Severity.ERROR,
    title="A fraction is not a percent",
    table="measurements",
    needs=("value",),
    suppresses=Doubt.VALUE,
    cells=(
        Cells(
            "measurements",
            "value",
            fault=PERCENT,
            message=pl.when(_FROM_PERCENT)
            .then(pl.format("{} {} is above 1: {} % is above 100 %", _METRIC, _NUMBER, _REPORTED))
            .otherwise(pl.format("{} {} is above 1; a percent?", _METRIC, _NUMBER)),
            hint=pl.when(_FROM_PERCENT)
            .then(pl.lit("look at the source: a share of a whole is at most 100 %"))
            .otherwise(pl.format("{} is the fraction", _HUNDREDTH)),
        ),
    ),
)
VALUE_IS_POSSIBLE = Check(
    code="BF302",
    severity=Severity.ERROR,
    title="A value is possible for its metric",
    table="measurements",
    needs=("value",),
    suppresses=Doubt.VALUE,
    cells=(
        Cells(
            "measurements",
            "value",
            fault=OUTSIDE,
            message=pl.format("{} {} is not possible", _METRIC, _WITH_UNIT),
            hint=WITHIN_BOUNDS,
        ),
    ),
)
ZERO_IS_MEASURED = Check(
    code="BF303",
    severity=Severity.ERROR,
    title="Zero is not written for what was not measured",
    table="measurements",
    needs=("value",),
    suppresses=Doubt.VALUE,
    cells=(
        Cells(
            "measurements",
            "value",
            fault=ZERO,
            message=pl.format("{} is 0, which no run can have", _METRIC),
            hint=pl.lit(
                "write `missing` with the reason: not-measured, below-resolution, run-failed, ..."
            ),
        ),
    ),
)
TEMPERATURE_IS_SURVIVED = Check(
    code="BF304",
    severity=Severity.WARNING,
    title="A temperature is one that hardware survives",
    table="measurements",
    needs=("value", "unit"),
    suppresses=Doubt.VALUE,
    cells=(
        Cells(
            "measurements",
            "value",
            fault=(_METRIC == "temperature")
            & (_UNIT == "Cel")
            & (_VALUE.is_between(_COLDEST, _COLD, closed="left") | (_VALUE > _HOT)),
            kinds=Question(_METRIC == "temperature"),
            message=pl.format(
                "a temperature of {} Cel is that of a broken sensor", number("value")
            ),
            hint=pl.lit("write `missing`: sensor-failed"),
        ),
    ),
)
HARDWARE_IS_IN_ITS_UNITS = Check(
    code="BF305",
    severity=Severity.WARNING,
    title="Numbers of the hardware are in the unit of their field",
    cells=(
        _hardware("systems", "processor_clock_hz", 1e5, 1e11, "write hertz: 2.4 GHz is 2400000000"),
        _hardware("systems", "memory_bytes", 4096, 1e17, "write bytes: 16 GiB is 17179869184"),
        _hardware(
            "systems", "accelerator_memory_bytes", 4096, 1e17, "write bytes: 16 GiB is 17179869184"
        ),
        _hardware("systems", "processor_cores", 1, 100_000, "write the cores of one processor"),
        _hardware("records", "model_size_bytes", 16, 1e16, "write bytes: 100 MB is 100000000"),
    ),
)
DATE_IS_OF_OUR_AGE = Check(
    code="BF306",
    severity=Severity.WARNING,
    title="A date is plausible",
    table="records",
    needs=("measured_at",),
    cells=(
        Cells(
            "records",
            "measured_at",
            fault=(_YEAR < _FIRST_YEAR) | (pl.col("measured_at").str.head(10) > _TOMORROW),
            message=pl.format(
                "{} is not a time at which this can have been measured", pl.col("measured_at")
            ),
            hint=pl.lit("a clock that was not set? leave the time out"),
        ),
    ),
)

CHECKS = (
    FRACTION_IS_NO_PERCENT,
    VALUE_IS_POSSIBLE,
    ZERO_IS_MEASURED,
    TEMPERATURE_IS_SURVIVED,
    HARDWARE_IS_IN_ITS_UNITS,
    DATE_IS_OF_OUR_AGE,
)
