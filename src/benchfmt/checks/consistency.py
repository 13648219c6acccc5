"""BF4xx: whether the values of a record agree with each other.

Printed numbers are rounded: two that should agree may differ by half a unit of their last digits. `half` is that half
unit, in the unit of the value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import polars as pl

from benchfmt.annotated.cells import numbers
from benchfmt.checks.check import Cells, Check, Doubt
from benchfmt.checks.frames import Frames, faults, no_faults, number
from benchfmt.finding import Severity
from benchfmt.record import KEY_FIELDS
from benchfmt.units import Conversion, UnitError, conversion, find_unit

_KEY = list(KEY_FIELDS)
_ORDINARY = pl.col("statistic").is_null() | pl.col("statistic").is_in(["mean", "single"])
_SUM_SLACK = 1e-3
_RATE_SLACK = 0.02
_EXACT = 1e-12
_PERCENTILE = "^p([0-9]{1,2}(?:[.][0-9]+)?)$"
_EARLY = "^p([0-9]{1,2}(?:[.][0-9]+)?)-es$"
_PRIMARY = pl.col("primary").fill_null(value=False)
_BYTES_A_PARAMETER = pl.col("model_size_bytes") / pl.col("model_parameters")
_WITHIN_SAMPLES = ("mean", "median", "min", "max", "single", "best", "final", "olympic-mean")


def latency_is_sum(frames: Frames) -> pl.DataFrame:
    """BF401: end-to-end = preprocess + inference + postprocess, where all four are given."""
    stages = ("end-to-end", "preprocess", "inference", "postprocess")
    frame = with_half(_latencies(frames).filter(pl.col("stage").is_in(stages)), _SUM_SLACK)
    if not frame.height:
        return no_faults()
    group = ["record_id", "statistic", "per", "scope"]
    wide = frame.group_by(group, maintain_order=True).agg(
        *(
            pl.col(name).filter(pl.col("stage") == stage).first().alias(f"{name}:{stage}")
            for stage in stages
            for name in ("value", "half")
        ),
        pl.col("__row").filter(pl.col("stage") == "end-to-end").first(),
    )
    total = pl.sum_horizontal(*(pl.col(f"value:{s}") for s in stages[1:]))
    known = pl.all_horizontal(*(pl.col(f"value:{s}").is_not_null() for s in stages))
    slack = pl.sum_horizontal(*(pl.col(f"half:{s}") for s in stages)) + 1e-9 * total
    wrong = wide.filter(known & ((pl.col("value:end-to-end") - total).abs() > slack))
    message = pl.format(
        "end-to-end latency {} s is not the sum of its stages, {} s",
        number("value:end-to-end"),
        total.round(9),
    )
    return faults(wrong, "measurements", "value", message, number("value:end-to-end"))


def throughput_follows(frames: Frames) -> pl.DataFrame:
    """BF402: with one sample at a time, throughput is one over latency (of the same stage, per and scope)."""
    single = (pl.col("scenario") == "single-stream") & (pl.col("batch_size").fill_null(1) == 1)
    latencies = with_half(_latencies(frames).filter(single & (pl.col("value") > 0)), _RATE_SLACK)
    rates = frames.measurements.filter(
        single & (pl.col("metric") == "throughput") & _ORDINARY & pl.col("value").is_not_null()
    ).with_columns(pl.col("stage").fill_null("end-to-end"))
    if not latencies.height or not rates.height:
        return no_faults()
    joined = with_half(rates, _RATE_SLACK).join(
        latencies.select(
            "record_id",
            "stage",
            "per",
            "scope",
            pl.col("value").alias("latency"),
            pl.col("half").alias("slack"),
        ),
        on=["record_id", "stage", "per", "scope"],
        nulls_equal=True,
        how="inner",
    )
    expected = 1 / pl.col("latency")
    slack = pl.col("half") + pl.col("slack") * expected**2 + 1e-9 * expected
    wrong = joined.filter((pl.col("value") - expected).abs() > slack)
    message = pl.format(
        "throughput {} /s does not follow from the latency of {} s, which makes {} /s",
        number("value"),
        number("latency"),
        expected.round(6),
    )
    return faults(wrong, "measurements", "value", message, number("value"))


def peak_is_highest(frames: Frames) -> pl.DataFrame:
    """BF403: min <= mean or median <= max; an unnamed statistic counts as a mean where a minimum or maximum stands by it."""
    middle = pl.col("statistic").fill_null("mean")
    frame = frames.measurements.filter(
        pl.col("value").is_not_null() & middle.is_in(["mean", "median", "min", "max"])
    )
    group = ["record_id", "metric", "stage", "per", "scope"]
    ends = frame.filter(pl.col("statistic").is_in(["min", "max"]))
    if not ends.height:
        return no_faults()
    ends = with_half(ends, _EXACT)
    bounds = ends.group_by(group).agg(
        *(
            pl.col(name).filter(pl.col("statistic") == end).first().alias(f"{end}:{name}")
            for end in ("min", "max")
            for name in ("value", "half")
        )
    )
    inside = with_half(frame, _EXACT).join(bounds, on=group, nulls_equal=True, how="inner")
    found = []
    for end, word in (("max", "above"), ("min", "below")):
        gap = (pl.col("value") - pl.col(f"{end}:value")) * (1 if end == "max" else -1)
        wrong = inside.filter(
            (pl.col("statistic").fill_null("mean") != end)
            & (gap > pl.col("half") + pl.col(f"{end}:half"))
        )
        name = pl.col("statistic").fill_null("value")
        message = pl.format(
            f"{{}}: the {{}} {{}} is {word} the {end}imum {{}}",
            pl.col("metric"),
            name,
            number("value"),
            number(f"{end}:value"),
        )
        found.append(faults(wrong, "measurements", "value", message, number("value")))
    return pl.concat(found).unique(maintain_order=True)


def percentiles_in_order(frames: Frames) -> pl.DataFrame:
    """BF404: a higher percentile is not below a lower one; early-stopping bounds are ordered among themselves."""
    rank = (
        pl.when(pl.col("statistic") == "median")
        .then(50.0)
        .otherwise(
            pl.coalesce(
                pl.col("statistic").str.extract(_PERCENTILE),
                pl.col("statistic").str.extract(_EARLY),
            ).cast(pl.Float64, strict=False)
        )
    )
    frame = frames.measurements.with_columns(
        rank.alias("rank"), pl.col("statistic").str.ends_with("-es").alias("early")
    )
    frame = frame.filter(pl.col("rank").is_not_null() & pl.col("value").is_not_null())
    if not frame.height:
        return no_faults()
    group = ["record_id", "metric", "stage", "per", "scope", "early"]
    ordered = with_half(frame, _EXACT).sort(*group, "rank", maintain_order=True, nulls_last=False)
    before = ordered.with_columns(
        *(
            pl.col(name).shift(1).over(group).alias(f"lower:{name}")
            for name in ("value", "half", "statistic")
        )
    )
    wrong = before.filter(
        pl.col("lower:value") - pl.col("value") > pl.col("half") + pl.col("lower:half")
    )
    message = pl.format(
        "{}: {} is {}, below {} with {}",
        pl.col("metric"),
        pl.col("statistic"),
        number("value"),
        pl.col("lower:statistic"),
        number("lower:value"),
    )
    return faults(wrong, "measurements", "value", message, number("value"))


def value_is_reported(frames: Frames) -> pl.DataFrame:
    """BF405: the value is the reported number converted; a reported text that is no number says nothing."""
    frame = frames.measurements.filter(
        pl.all_horizontal(
            pl.col(n).is_not_null() for n in ("value", "unit", "reported_value", "reported_unit")
        )
    )
    found = []
    for (word, code), part in frame.group_by("reported_unit", "unit", maintain_order=True):
        how = reported_conversion(str(word), str(code))
        if how is None:
            continue
        expected = numbers(part["reported_value"].str.strip_chars(), how).values
        compared = part.with_columns(expected.alias("expected"))
        off = (pl.col("value") - pl.col("expected")).abs() > _EXACT * pl.col("expected").abs()
        wrong = compared.filter(off)
        message = pl.format(
            "the value {} is not the reported {}{}, which is {}{}",
            number("value"),
            pl.col("reported_value"),
            _shown_unit("reported_unit"),
            number("expected"),
            _shown_unit("unit"),
        )
        found.append(faults(wrong, "measurements", "value", message, number("value")))
    return pl.concat([no_faults(), *found])


def _shown_unit(column: str) -> pl.Expr:
    """Return a unit as it stands behind a number: nothing for a plain number."""
    return pl.when(pl.col(column) == "1").then(pl.lit("")).otherwise(" " + pl.col(column))


@cache
def reported_conversion(word: str, code: str) -> Conversion | None:
    """Return how a number reported in a word of a unit becomes a value, or None where that is not known."""
    if word == code:
        return Conversion(Fraction(1), Fraction(0))
    found = find_unit(word)
    if found is None:
        return None
    try:
        how = conversion(found[0], code)
    except UnitError:
        return None
    return Conversion(how.factor * found[1], how.offset)


def samples_are_counted(frames: Frames) -> pl.DataFrame:
    """BF406: n is the number of samples."""
    samples = pl.col("samples")
    frame = frames.measurements.filter(samples.is_not_null() & pl.col("n").is_not_null())
    # The samples are a flat list of numbers and nulls: its commas count them.
    is_empty = samples.str.contains(r"^\s*\[\s*\]\s*$")
    count = pl.when(is_empty).then(0).otherwise(samples.str.count_matches(",") + 1)
    counted = frame.with_columns(count.cast(pl.Int64).alias("count"))
    wrong = counted.filter(pl.col("n") != pl.col("count"))
    message = pl.format("n is {}, and there are {} samples", pl.col("n"), pl.col("count"))
    return faults(wrong, "measurements", "n", message, pl.col("n"))


def interval_holds_value(frames: Frames) -> pl.DataFrame:
    """BF407: the interval runs upwards, holds the value, and has a level between 0 and 1."""
    frame = frames.measurements.filter(pl.col("ci").is_not_null())
    return _row_faults(frame, "ci", _faults_of_interval)


def value_is_within_samples(frames: Frames) -> pl.DataFrame:
    """BF408: a value that its samples determine is not outside of them."""
    statistic = pl.col("statistic").fill_null("single")
    frame = frames.measurements.filter(
        pl.col("samples").is_not_null()
        & pl.col("value").is_not_null()
        & statistic.is_in(_WITHIN_SAMPLES)
    )
    return _row_faults(with_half(frame, 0), "value", _faults_of_samples)


Row = Mapping[str, Any]  # a row of a frame, as polars gives it


def _row_faults(
    frame: pl.DataFrame, column: str, messages_of: Callable[[Row], Iterator[str]]
) -> pl.DataFrame:
    """Return the faults of rows whose lists are read one by one."""
    found = [no_faults()]
    for index, row in enumerate(frame.iter_rows(named=True)):
        for message in messages_of(row):
            one_row = frame.slice(index, 1)
            found.append(faults(one_row, "measurements", column, message, pl.col(column)))
    return pl.concat(found)


def _faults_of_interval(row: Row) -> Iterator[str]:
    lower, upper, level = json.loads(row["ci"])
    value = row["value"]
    if lower > upper:
        yield f"the interval ends at {upper:g}, below its start {lower:g}"
    elif value is not None and not lower <= value <= upper:
        yield f"the interval {lower:g} to {upper:g} does not hold the value {value:g}"
    if not 0 < level < 1:
        yield f"the level {level:g} is not between 0 and 1"


def _faults_of_samples(row: Row) -> Iterator[str]:
    samples = [number for number in json.loads(row["samples"]) if number is not None]
    if not samples:
        return
    least, greatest = min(samples), max(samples)
    # A printed value is rounded; its samples need not be.
    slack = max(_EXACT * max(abs(least), abs(greatest)), row["half"] or 0)
    if least - slack <= row["value"] <= greatest + slack:
        return
    name = row["statistic"] or "value"
    yield (f"the {name} {row['value']:g} lies outside its samples, {least:g} to {greatest:g}")


def keys_are_unique(frames: Frames) -> pl.DataFrame:
    """BF410: two measurements of a record have one key."""
    repeated = frames.measurements.filter(~pl.struct("record_id", *_KEY).is_first_distinct())
    key = pl.concat_str(*(pl.col(name) for name in _KEY), separator="/", ignore_nulls=True)
    message = pl.format("{} stands twice in the record", key)
    return faults(
        repeated,
        "measurements",
        "metric",
        message,
        key,
        "tell them apart by statistic, stage, per or scope",
    )


def one_primary(frames: Frames) -> pl.DataFrame:
    """BF411: more than one primary measurement in a record."""
    primary = frames.measurements.filter(_PRIMARY)
    extra = primary.filter(~pl.col("record_id").is_first_distinct())
    message = pl.format("{} is a second primary measurement", pl.col("metric"))
    return faults(
        extra,
        "measurements",
        "primary",
        message,
        hint="keep the one that the suite ranks by",
    )


def devices_are_there(frames: Frames) -> pl.DataFrame:
    """BF414: the run was placed on a kind of device that its system, which lists its accelerators, does not have."""
    described = frames.systems.select(
        pl.col("id").alias("system_id"), "accelerator_kind", "accelerators"
    )
    frame = frames.records.filter(pl.col("placement").is_not_null()).join(
        described, on="system_id", how="inner"
    )
    listed = frame.filter(
        pl.col("accelerator_kind").is_not_null() | pl.col("accelerators").is_not_null()
    )
    found = []
    for (placement, kind, several), part in listed.group_by(
        "placement", "accelerator_kind", "accelerators", maintain_order=True
    ):
        has = {str(kind)} if kind else {str(item.get("kind")) for item in json.loads(str(several))}
        wanted = {device.partition(":")[0] for device in json.loads(str(placement))}
        lacking = sorted(wanted - has - {"cpu", "accelerator"})
        if lacking and "None" not in has and "accelerator" not in has:
            message = f"the run used {lacking[0]}; the system has {', '.join(sorted(has))}"
            found.append(faults(part, "records", "placement", message, str(placement)))
    return pl.concat([no_faults(), *found])


def _latencies(frames: Frames) -> pl.DataFrame:
    return frames.measurements.filter(
        (pl.col("metric") == "latency") & _ORDINARY & pl.col("value").is_not_null()
    )


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
    return None if how is None else float(how.factor)


CHECKS = (
    Check(
        code="BF401",
        severity=Severity.ERROR,
        title="A latency is the sum of its stages",
        table="measurements",
        needs=("value", "stage"),
        suppresses=Doubt.METRIC,
        run=latency_is_sum,
    ),
    Check(
        code="BF402",
        severity=Severity.ERROR,
        title="Throughput follows from latency where one sample runs at a time",
        table="measurements",
        needs=("value", "scenario"),
        suppresses=Doubt.METRIC,
        run=throughput_follows,
    ),
    Check(
        code="BF403",
        severity=Severity.ERROR,
        title="Minimum, mean and maximum are in order",
        table="measurements",
        needs=("value", "statistic"),
        suppresses=Doubt.METRIC,
        run=peak_is_highest,
    ),
    Check(
        code="BF404",
        severity=Severity.ERROR,
        title="Percentiles are in order",
        table="measurements",
        needs=("value", "statistic"),
        suppresses=Doubt.METRIC,
        run=percentiles_in_order,
    ),
    Check(
        code="BF405",
        severity=Severity.ERROR,
        title="The value is the reported one, converted",
        table="measurements",
        needs=("value", "unit", "reported_value", "reported_unit"),
        suppresses=Doubt.METRIC,
        run=value_is_reported,
    ),
    Check(
        code="BF406",
        severity=Severity.ERROR,
        title="n counts the samples",
        table="measurements",
        needs=("n", "samples"),
        run=samples_are_counted,
    ),
    Check(
        code="BF407",
        severity=Severity.ERROR,
        title="A confidence interval holds its value",
        table="measurements",
        needs=("ci",),
        run=interval_holds_value,
    ),
    Check(
        code="BF408",
        severity=Severity.ERROR,
        title="A value lies within its samples",
        table="measurements",
        needs=("value", "samples"),
        suppresses=Doubt.METRIC,
        run=value_is_within_samples,
    ),
    Check(
        code="BF409",
        severity=Severity.ERROR,
        title="A target range is not reversed",
        table="measurements",
        needs=("target_min", "target_max"),
        cells=(
            Cells(
                "measurements",
                "target_min",
                fault=pl.col("target_min") > pl.col("target_max"),
                message=pl.format(
                    "the least allowed, {}, is above the greatest, {}",
                    number("target_min"),
                    number("target_max"),
                ),
                hint=pl.lit("exchange target_min and target_max"),
            ),
        ),
    ),
    Check(
        code="BF410",
        severity=Severity.ERROR,
        title="A measurement's key is unique in its record",
        table="measurements",
        run=keys_are_unique,
    ),
    Check(
        code="BF411",
        severity=Severity.ERROR,
        title="A record has at most one primary measurement",
        table="measurements",
        needs=("primary",),
        run=one_primary,
    ),
    Check(
        code="BF412",
        severity=Severity.WARNING,
        title="A failed run has no headline number",
        table="measurements",
        needs=("value", "primary"),
        cells=(
            Cells(
                "measurements",
                "value",
                fault=(pl.col("status") == "failed") & _PRIMARY & pl.col("value").is_not_null(),
                message=pl.format(
                    "the run failed, yet its headline number is {} {}",
                    number("value"),
                    pl.col("unit"),
                ),
                hint=pl.lit(
                    "write status ok if the result counts, or `missing`: run-failed if it does not"
                ),
            ),
        ),
    ),
    Check(
        code="BF413",
        severity=Severity.WARNING,
        title="The model's size fits its parameters",
        table="records",
        needs=("model_size_bytes", "model_parameters"),
        cells=(
            Cells(
                "records",
                "model_size_bytes",
                fault=_BYTES_A_PARAMETER.is_between(1 / 16, 64).not_(),
                message=pl.format(
                    "{} bytes for {} parameters is {} bytes a parameter",
                    number("model_size_bytes"),
                    number("model_parameters"),
                    _BYTES_A_PARAMETER.round(4).cast(pl.String),
                ),
                hint=pl.lit(
                    "a size in MB, or parameters in millions? write bytes and the plain count"
                ),
            ),
        ),
    ),
    Check(
        code="BF414",
        severity=Severity.WARNING,
        title="The run used devices that the system has",
        table="records",
        needs=("placement",),
        run=devices_are_there,
    ),
)
