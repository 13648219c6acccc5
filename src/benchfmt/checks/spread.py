"""BF415 to BF420: whether the statistics of one quantity agree with its samples, and with each other."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, geometric_mean, harmonic_mean, median

import polars as pl

from benchfmt.checks.beside import OF_GROUP, Beside, Other, compared, has_kind
from benchfmt.checks.check import Check, Doubt
from benchfmt.checks.frames import Frames, faults, no_faults, number
from benchfmt.checks.kinds import GROUP, Question
from benchfmt.checks.observations import Observations, half_of, observations
from benchfmt.checks.observed import metrics_where
from benchfmt.checks.rounding import with_half
from benchfmt.finding import Severity

_EXACT = 1e-9
_FEW = 5
"""An interval of fewer samples says nearly nothing, and each method gives another one."""
_WIDTHS = 10.0
"""How far the width of an interval may be from that of a mean, by whatever method it was made."""
_DISAGREEING = "source-disagrees|foreign-score|partial-run|source-repaired"
"""Caveats that say already that value and samples may differ."""
_PERCENTILE = "^p([0-9]{1,2}(?:[.][0-9]+)?)$"
_MIDDLES = ("mean", "median")
_SLACK = 1.05
"""Spreads are rounded to few digits, and bounds multiply them."""

Samples = Sequence[float]
_MEANS: dict[str, Callable[[Samples], float]] = {
    "mean": fmean,
    "median": median,
    "min": min,
    "max": max,
    "sum": math.fsum,
    "geometric-mean": geometric_mean,
    "harmonic-mean": harmonic_mean,
}
_OF_ALL = ("mean", "sum", "geometric-mean", "harmonic-mean")
"""Statistics of which the samples are the observations; others may be those of runs, whose centre is the value."""
_OF_POSITIVE = ("geometric-mean", "harmonic-mean")
_DETERMINED = Question(
    pl.col("statistic").is_in(list(_MEANS)) | pl.col("statistic").str.contains(_PERCENTILE)
)
_SPREAD = Question(
    pl.col("statistic").is_null()
    | pl.col("statistic").is_in(["mean", "median", "min", "max"])
    | pl.col("statistic").str.contains(_PERCENTILE)
)
_CENTRED = Question(pl.col("statistic").is_null() | pl.col("statistic").is_in(_MIDDLES))


def _of_group(condition: pl.Expr, **others: pl.Expr) -> pl.Expr:
    """Meet a condition in a group of kinds that has all of some others."""
    return condition & pl.all_horizontal(
        [other.any().over(list(OF_GROUP)) for other in others.values()]
    )


def _ranged() -> Question:
    statistic = pl.col("statistic")
    ends = {"least": statistic == "min", "greatest": statistic == "max"}
    return Question(_of_group(pl.lit(value=True), **ends))


def _percentile_beside_mean() -> Beside:
    """Ask for percentiles beside a mean, each with the share of observations below it."""
    statistic = pl.col("statistic")
    rank = statistic.str.extract(_PERCENTILE).cast(pl.Float64, strict=False) / 100
    rank = pl.when(statistic == "median").then(0.5).otherwise(rank)
    percentiles = Question(rank.is_not_null(), {"rank": rank})
    mean = Other(Question(statistic == "mean"), on=OF_GROUP, more=["stddev", "basis"])
    return Beside.of(percentiles, {"mean": mean})


_RANGED = _ranged()
_BESIDE_MEAN = _percentile_beside_mean()


# --- a measurement and its samples ---


def statistic_is_of_samples(frames: Frames) -> pl.DataFrame:
    """BF416: a value is not the statistic of its samples that it claims to be."""
    rows = _with_samples(frames, _DETERMINED)
    if not rows.height:
        return no_faults()
    frame = with_half(rows.filter(pl.col("value").is_not_null()), 0)
    columns = ["samples", "statistic", "value", "half", "metric", "n"]
    messages = _each(_unlike_samples, frame.select(columns))
    return _with_message(frame, "value", messages, number("value"))


def _each(unlike: Callable[..., str | None], rows: pl.DataFrame) -> list[str | None]:
    """Return what is wrong with each row, whose first cell is its samples: nothing where no double holds what they sum up to."""
    messages = []
    for samples, *cells in rows.iter_rows():
        try:
            messages.append(unlike(observations(samples), *cells))
        except OverflowError:
            messages.append(None)
    return messages


def _unlike_samples(
    samples: Observations,
    statistic: str,
    value: float,
    half: float | None,
    metric: str,
    n: int | None,
) -> str | None:
    numbers = samples.numbers
    # A wrong number of samples is told by BF406.
    if not numbers or (n is not None and n != samples.given):
        return None
    if statistic in _OF_POSITIVE and min(numbers) <= 0:
        return None
    rounded = samples.half
    if statistic == "sum":
        rounded *= len(numbers)
    slack = max(half or 0, half_of(value)) + rounded + _EXACT * samples.greatest_size
    least, greatest = _allowed(numbers, statistic, metric)
    if least - slack <= value <= greatest + slack:
        return None
    if statistic not in _OF_ALL and _is_centre(numbers, value, slack):
        return None
    return f"the {statistic} of the samples is {_shown(least, greatest)}, not {value:.12g}"


def _is_centre(samples: Samples, value: float, slack: float) -> bool:
    """Whether a value is the mean or the median of its samples: of the p90 of each run, say."""
    return min(abs(value - fmean(samples)), abs(value - median(samples))) <= slack


def _allowed(samples: Samples, statistic: str, metric: str) -> tuple[float, float]:
    """Return between which numbers the statistic of some samples is, by whatever estimator."""
    if statistic not in _MEANS:
        return _around(samples, float(statistic[1:]) / 100)
    value = _MEANS[statistic](samples)
    if statistic == "median":
        return _around(samples, 0.5)
    if statistic == "mean" and metric in metrics_where("quantity", "rate") and min(samples) > 0:
        # The work of all runs divided by the time of all runs.
        return harmonic_mean(samples), value
    return value, value


def _around(samples: Samples, rank: float) -> tuple[float, float]:
    """Return the samples between which a percentile lies, by whatever estimator."""
    ordered = sorted(samples)
    place = rank * len(ordered)
    lower = max(math.floor(place) - 1, 0)
    upper = min(math.ceil(place), len(ordered) - 1)
    return ordered[lower], ordered[upper]


def spread_is_of_samples(frames: Frames) -> pl.DataFrame:
    """BF417: a standard deviation is not that of the samples beside it."""
    rows = _with_samples(frames, _SPREAD)
    frame = rows.filter(pl.col("stddev").is_not_null())
    messages = _each(_unlike_spread, frame.select("samples", "stddev"))
    hint = "write the standard deviation of the samples, by the divisor n, in the unit of the value"
    return _with_message(frame, "stddev", messages, number("stddev"), hint)


def _unlike_spread(samples: Observations, spread: float) -> str | None:
    if not samples.numbers:
        return None
    of_all, of_some = samples.deviations()
    scale = samples.greatest_size
    slack = half_of(spread) + samples.half + 1e-6 * of_some + _EXACT * scale
    if of_all - slack <= spread <= of_some + slack:
        return None
    return f"the standard deviation of the samples is {of_all:.6g}, not {spread:.6g}"


def interval_is_of_samples(frames: Frames) -> pl.DataFrame:
    """BF418: a confidence interval is much wider or narrower than that of the mean of its samples."""
    rows = _with_samples(frames, _CENTRED)
    frame = rows.filter(pl.col("ci").is_not_null() & pl.col("value").is_not_null())
    messages = _each(_unlike_interval, frame.select("samples", "ci"))
    hint = "write lower bound, upper bound and level, in the unit of the value"
    return _with_message(frame, "ci", messages, pl.col("ci"), hint)


def _unlike_interval(samples: Observations, interval: str) -> str | None:
    count = len(samples.numbers)
    lower, upper, level = json.loads(interval)
    if count < _FEW or lower > upper or not 0 < level < 1:
        return None
    error = samples.deviations()[1] / math.sqrt(count)
    usual = 2 * error * NormalDist().inv_cdf((1 + level) / 2)
    slack = 2 * samples.half + half_of(lower) + half_of(upper)
    width = upper - lower
    if usual / _WIDTHS - slack <= width <= usual * _WIDTHS + slack:
        return None
    return f"the interval is {width:.3g} wide; that of the mean of its samples is {usual:.3g}"


def _with_samples(frames: Frames, question: Question) -> pl.DataFrame:
    """Return the measurements with samples whose kind meets a question, and that have no caveat about them."""
    if not has_kind(frames, question):
        return frames.no_measurements()
    is_doubted = pl.col("caveats").fill_null("").str.contains(_DISAGREEING)
    return frames.of_kinds(question).filter(pl.col("samples").is_not_null() & ~is_doubted)


def _with_message(
    frame: pl.DataFrame,
    column: str,
    messages: list[str | None],
    value: pl.Expr,
    hint: str | None = None,
) -> pl.DataFrame:
    """Return the rows that have a message, as faults of a column."""
    texts = pl.Series("message", messages, dtype=pl.String)
    wrong = frame.with_columns(texts).filter(pl.col("message").is_not_null())
    return faults(wrong, "measurements", column, pl.col("message"), value, hint)


def _shown(least: float, greatest: float) -> str:
    if math.isclose(least, greatest, rel_tol=_EXACT):
        return f"{least:.12g}"
    return f"between {least:.12g} and {greatest:.12g}"


# --- measurements of one quantity beside each other ---


def spread_fits_range(frames: Frames) -> pl.DataFrame:
    """BF415: a standard deviation is larger than minimum and maximum allow."""
    if not has_kind(frames, _RANGED) or not _has_spread(frames, _RANGED):
        return no_faults()
    rows = frames.of_kinds(_RANGED)
    # The deviation of a number that is derived from several runs is that of the runs.
    spreads = rows.filter(pl.col("stddev").is_not_null() & (pl.col("basis") != "derived"))
    if not spreads.height:
        return no_faults()
    ends = (
        with_half(rows.filter(pl.col("statistic").is_in(["min", "max"])), 0)
        .group_by(GROUP)
        .agg(
            pl.col("value").filter(pl.col("statistic") == "min").first().alias("least"),
            pl.col("value").filter(pl.col("statistic") == "max").first().alias("greatest"),
            pl.col("half").sum().alias("halves"),
        )
    )
    n = pl.col("n").fill_null(2).clip(lower_bound=2)
    most = (pl.col("greatest") - pl.col("least") + pl.col("halves")) / 2 * (n / (n - 1)).sqrt()
    joined = spreads.join(ends, on=GROUP, how="inner", maintain_order="left")
    once = joined.unique([GROUP, "stddev"], keep="first", maintain_order=True)
    wrong = once.filter(pl.col("stddev") > most * _SLACK + _EXACT * pl.col("greatest").abs())
    message = pl.format(
        "{}: no numbers between {} and {} have a standard deviation of {}",
        pl.col("metric"),
        number("least"),
        number("greatest"),
        number("stddev"),
    )
    hint = "is it in another unit, or the variance? write the standard deviation in the unit of the value"
    return faults(wrong, "measurements", "stddev", message, number("stddev"), hint)


def _has_spread(frames: Frames, question: Question) -> bool:
    spreads = frames.of_kinds(question, ["stddev"])["stddev"]
    return spreads.null_count() < spreads.len()


def percentile_fits_mean(frames: Frames) -> pl.DataFrame:
    """BF419: a percentile is so high that the observations beyond it alone make more than the mean."""
    least_mean = (1 - pl.col("rank")) * (pl.col("value") - pl.col("half"))
    is_too_high = least_mean > (pl.col("mean") + pl.col("mean:half")) * _SLACK
    impossible = compared(frames, _BESIDE_MEAN, (pl.col("m_min") >= 0) & is_too_high)
    wrong = _worst(impossible, least_mean)
    message = pl.format(
        "{}: where the {} is {}, the mean is {} at least, not {}",
        pl.col("metric"),
        pl.col("statistic"),
        number("value"),
        ((1 - pl.col("rank")) * pl.col("value")).round_sig_figs(6).cast(pl.String),
        number("mean"),
    )
    hint = "are both in the same unit, and of the same run?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def percentile_fits_spread(frames: Frames) -> pl.DataFrame:
    """BF420: a percentile is further from the mean than the standard deviation allows (Cantelli's inequality)."""
    rank = pl.col("rank")
    # The deviation of a number that is derived from several runs is that of the runs.
    is_of_observations = pl.col("mean:basis") != "derived"
    spread = pl.col("mean:stddev")
    above = spread * (rank / (1 - rank)).sqrt() * _SLACK
    below = spread * ((1 - rank) / rank).sqrt() * _SLACK
    slack = pl.col("half") + pl.col("mean:half") + _EXACT * pl.col("mean").abs()
    gap = pl.col("value") - pl.col("mean")
    # A deviation of 0 may be one that was rounded.
    is_far = is_of_observations & ((gap > above + slack) | (-gap > below + slack))
    wrong = _worst(compared(frames, _BESIDE_MEAN, (spread > 0) & is_far), gap.abs())
    message = pl.format(
        "{}: the {} {} is too far from the mean {} for a standard deviation of {}",
        pl.col("metric"),
        pl.col("statistic"),
        number("value"),
        number("mean"),
        number("mean:stddev"),
    )
    hint = "is the standard deviation that of the observations, in the unit of the value?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def _worst(wrong: pl.DataFrame, badness: pl.Expr) -> pl.DataFrame:
    """Return the worst one of each group: the mean that all of them contradict is one fault."""
    if not wrong.height:
        return wrong
    ordered = wrong.sort(badness, descending=True, maintain_order=True)
    return ordered.unique(GROUP, keep="first", maintain_order=True)


CHECKS = (
    Check(
        code="BF415",
        severity=Severity.ERROR,
        title="A standard deviation fits between minimum and maximum",
        table="measurements",
        needs=("value", "statistic", "stddev"),
        run=spread_fits_range,
    ),
    Check(
        code="BF416",
        severity=Severity.ERROR,
        title="A value is the statistic of its samples",
        table="measurements",
        needs=("value", "statistic", "samples"),
        suppresses=Doubt.METRIC,
        run=statistic_is_of_samples,
    ),
    Check(
        code="BF417",
        severity=Severity.WARNING,
        title="A standard deviation is that of its samples",
        table="measurements",
        needs=("samples", "stddev"),
        run=spread_is_of_samples,
    ),
    Check(
        code="BF418",
        severity=Severity.WARNING,
        title="A confidence interval is one that its samples can give",
        table="measurements",
        needs=("value", "samples", "ci"),
        run=interval_is_of_samples,
    ),
    Check(
        code="BF419",
        severity=Severity.WARNING,
        title="A percentile is possible beside its mean",
        table="measurements",
        needs=("value", "statistic"),
        suppresses=Doubt.METRIC,
        run=percentile_fits_mean,
    ),
)
CHECKS_OF_SPREAD = (
    Check(
        code="BF420",
        severity=Severity.WARNING,
        title="A percentile is as near to the mean as the standard deviation allows",
        table="measurements",
        needs=("value", "statistic", "stddev"),
        run=percentile_fits_spread,
    ),
)
"""What is not asked of a value that the others call impossible."""
