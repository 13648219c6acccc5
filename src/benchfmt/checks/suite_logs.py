"""BF701: whether a result of MLPerf follows from its log."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.frames import Frames, faults, no_faults, number
from benchfmt.checks.rounding import with_half
from benchfmt.checks.suite_facts import Suite, own_value, records_of_suites, values_of
from benchfmt.record import KEY_FIELDS

_SLACK = 2e-3
"""Logs round to six digits, or to two decimals where a number may be as small as 5."""
_EXACT = 1e-9
_EARLY = "-es"
_NAME = list(KEY_FIELDS)


def result_follows(frames: Frames) -> pl.DataFrame:
    """BF701: an offline rate makes the samples of its time, and an early-stopping estimate is not below its percentile."""
    found = [no_faults()]
    for suite, records in records_of_suites(frames):
        scenarios = records.filter(pl.col("scenario").is_in(["offline", "multi-stream"]))
        if scenarios.height:
            values = with_half(values_of(frames, scenarios, *_counts(suite)), 0)
            found += [_offline_rate(values, suite), _early_estimate(values)]
    return pl.concat(found)


def _counts(suite: Suite) -> tuple[pl.Expr, pl.Expr]:
    """Return how many samples a run is said to have had, and into whole sets of how many LoadGen padded them, if it did."""
    count = own_value(suite, "sample_count").cast(pl.Int64, strict=False).alias("count")
    loaded = own_value(suite, "settings", "performance_sample_count").cast(pl.Int64, strict=False)
    padded = own_value(suite, "settings", "sample_concatenate_permutation") == "true"
    return count, pl.when(padded & (loaded > 0)).then(loaded).otherwise(1).alias("set")


def _offline_rate(values: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    # Who writes no number of samples may have written of how many the times are.
    observed = pl.when((pl.col("metric") == "completion-time") & (pl.col("n") > 1)).then(
        pl.col("n")
    )
    count = pl.coalesce(pl.col("count"), observed.max().over("record_id"))
    offline = values.filter(pl.col("scenario") == "offline").with_columns(count.alias("count"))
    counted = offline.filter(pl.col("count").is_not_null())
    whole = pl.col("stage").fill_null("whole-run") == "whole-run"
    rates = counted.filter(
        (pl.col("metric") == "throughput")
        & (pl.col("per") == "sample")
        & whole
        & pl.col("statistic").fill_null("mean").is_in(["mean", "single"])
    )
    ends = counted.filter(
        (pl.col("metric") == "completion-time") & pl.col("statistic").is_in(["max", "single"])
    )
    last = ends.group_by("record_id", "scope").agg(pl.col("value").max().alias("seconds"))
    joined = rates.join(
        last, on=["record_id", "scope"], nulls_equal=True, how="inner", maintain_order="left"
    )
    made = pl.col("value") * pl.col("seconds")
    sets = (pl.col("count") / pl.col("set")).ceil()
    padded = (sets * pl.col("set")).cast(pl.Int64)
    slack = _SLACK * pl.col("count") + pl.col("half") * pl.col("seconds")
    wrong = joined.filter(
        ((made - pl.col("count")).abs() > slack) & ((made - padded).abs() > slack)
    )
    message = pl.format(
        "{} /s over {} s makes {} samples; the run had {}",
        number("value"),
        number("seconds"),
        made.round(0).cast(pl.String).str.strip_suffix(".0"),
        padded,
    )
    hint = f"extensions.{suite.member}.sample_count is the number of samples that ran, not the one asked for"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def _early_estimate(values: pl.DataFrame) -> pl.DataFrame:
    # Not single-stream: for an LLM (llama3.1-8b-edge, v5.1) the estimates of a log are of TTFT and TPOT, under one name.
    streams = values.filter(pl.col("scenario") == "multi-stream")
    early = streams.filter(pl.col("statistic").str.ends_with(_EARLY))
    plain = streams.select(
        "record_id", *_NAME, pl.col("value").alias("plain"), pl.col("half").alias("plain_half")
    ).with_columns(pl.col("statistic") + _EARLY)
    joined = early.join(
        plain, on=["record_id", *_NAME], nulls_equal=True, how="inner", maintain_order="left"
    )
    slack = pl.col("half") + pl.col("plain_half") + _EXACT * pl.col("plain").abs()
    wrong = joined.filter(pl.col("plain") - pl.col("value") > slack)
    message = pl.format(
        "{}: the early-stopping estimate {} is {}, below {} with {}",
        pl.col("metric"),
        pl.col("statistic"),
        number("value"),
        pl.col("statistic").str.strip_suffix(_EARLY),
        number("plain"),
    )
    hint = "are the two exchanged? take both from one log"
    return faults(wrong, "measurements", "value", message, number("value"), hint)
