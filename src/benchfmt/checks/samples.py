"""BF406 to BF408: whether a measurement agrees with its samples and its interval."""

from __future__ import annotations

import json
from collections.abc import Iterator

import polars as pl

from benchfmt.checks.frames import Frames, faults
from benchfmt.checks.observations import observations
from benchfmt.checks.rounding import with_half

_EXACT = 1e-12
_INTERVAL = (
    "write lower bound, upper bound and level, in the unit of the value, as in [0.8, 1.2, 0.95]"
)
_SAMPLES = "is the value in another unit, or of other samples?"
WITHIN_SAMPLES = ("mean", "median", "min", "max", "single", "best", "final", "olympic-mean")
"""Statistics that can lie nowhere else than within the samples."""


def samples_are_counted(frames: Frames) -> pl.DataFrame:
    """BF406: n is the number of samples."""
    samples = pl.col("samples")
    frame = frames.measured(samples.is_not_null() & pl.col("n").is_not_null())
    # The samples are a flat list of numbers and nulls: its commas count them.
    is_empty = samples.str.contains(r"^\s*\[\s*\]\s*$")
    count = pl.when(is_empty).then(0).otherwise(samples.str.count_matches(",") + 1)
    counted = frame.with_columns(count.cast(pl.Int64).alias("count"))
    wrong = counted.filter(pl.col("n") != pl.col("count"))
    message = pl.format("n is {}, and there are {} samples", pl.col("n"), pl.col("count"))
    hint = "write how many observations the value is made of, or give all of them as samples"
    return faults(wrong, "measurements", "n", message, pl.col("n"), hint)


def interval_holds_value(frames: Frames) -> pl.DataFrame:
    """BF407: the interval runs upwards, holds the value, and has a level between 0 and 1."""
    frame = frames.measured(pl.col("ci").is_not_null())
    messages = []
    for interval, value in frame.select("ci", "value").rows():
        messages.append(list(_faults_of_interval(interval, value)))
    return _with_messages(frame, "ci", messages, _INTERVAL)


def value_is_within_samples(frames: Frames) -> pl.DataFrame:
    """BF408: a value that its samples determine is not outside of them."""
    statistic = pl.col("statistic").fill_null("single")
    given = frames.measured(
        pl.col("samples").is_not_null()
        & pl.col("value").is_not_null()
        & statistic.is_in(WITHIN_SAMPLES)
    )
    frame = with_half(given, 0)
    columns = frame.select("samples", "statistic", "value", "half")
    messages = []
    for samples, name, value, half in columns.iter_rows():
        messages.append(list(_faults_of_samples(samples, name or "value", value, half or 0)))
    return _with_messages(frame, "value", messages, _SAMPLES)


def _with_messages(
    frame: pl.DataFrame, column: str, messages: list[list[str]], hint: str
) -> pl.DataFrame:
    """Return faults of rows whose lists were read one by one: each row may have several messages."""
    listed = pl.Series("message", messages, dtype=pl.List(pl.String))
    wrong = frame.with_columns(listed).explode("message").drop_nulls("message")
    return faults(wrong, "measurements", column, pl.col("message"), pl.col(column), hint)


def _faults_of_interval(interval: str, value: float | None) -> Iterator[str]:
    lower, upper, level = json.loads(interval)
    if lower > upper:
        yield f"the interval ends at {upper:g}, below its start {lower:g}"
    elif value is not None and not lower <= value <= upper:
        yield f"the interval {lower:g} to {upper:g} does not hold the value {value:g}"
    if not 0 < level < 1:
        yield f"the level {level:g} is not between 0 and 1"


def _faults_of_samples(text: str, name: str, value: float, half: float) -> Iterator[str]:
    samples = observations(text).numbers
    if not samples:
        return
    least, greatest = min(samples), max(samples)
    # A printed value is rounded; its samples need not be.
    slack = max(_EXACT * max(abs(least), abs(greatest)), half)
    if least - slack <= value <= greatest + slack:
        return
    yield f"the {name} {value:g} lies outside its samples, {least:g} to {greatest:g}"
