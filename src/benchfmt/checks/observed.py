"""BF310 to BF312 and BF314 to BF317: whether what stands beside the value of a measurement is possible.

These are its samples, its spread, its targets and the number of observations, each judged by the metric alone.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from benchfmt.checks.beside import has_kind, with_record
from benchfmt.checks.check import Cells, Check, Doubt
from benchfmt.checks.frames import ROW, WITHIN_BOUNDS, Frames, faults, no_faults, number
from benchfmt.checks.kinds import Question
from benchfmt.checks.observations import extremes
from benchfmt.checks.samples import WITHIN_SAMPLES
from benchfmt.finding import Severity
from benchfmt.vocabulary import vocabulary

_HAS_VALUE = pl.col("value").is_not_null()
_BOUNDED = pl.col("m_same_unit") & _HAS_VALUE
_WIDEST = 2**-0.5
"""The greatest standard deviation of two observations, by the divisor n - 1, as a share of their range."""
_EXACT = 1e-9
_PERCENTILE = "^p([0-9]{1,2}(?:[.][0-9]+)?)$"
_SEVERAL = 2
_OWN_RULES = "mlperf"
"""Suites that begin with this have rules of their own for targets and for the runs that a percentile needs."""
_OF_ONE = "single-observation"
_SIDES = (
    ("target_max", "target_min", "higher", "most"),
    ("target_min", "target_max", "lower", "least"),
)
"""A target, the other one, the direction of the metrics of which it asks nothing, and what it says."""
_UNIT_STAGES = ("inference", "compute", "end-to-end", "preprocess", "postprocess")
"""Stages of the work on a sample or on a batch, whichever is handed over together."""


@cache
def metrics_where(member: str, value: str) -> list[str]:
    """Return the metrics of which the vocabulary says something, such as a direction."""
    terms = vocabulary().terms("metric")
    return [name for name, term in terms.items() if term.get(member) == value]


def _outside(column: str) -> pl.Expr:
    return (pl.col(column) < pl.col("m_min")) | (pl.col(column) > pl.col("m_max"))


def _or_percent(text: str) -> pl.Expr:
    """Return a hint for a number in percent where a fraction should stand, else one with the bounds."""
    return pl.when(pl.col("m_fraction")).then(pl.lit(text)).otherwise(WITHIN_BOUNDS)


def samples_are_possible(frames: Frames) -> pl.DataFrame:
    """BF310: a sample outside of the bounds of its metric."""
    given = frames.measured(pl.col("samples").is_not_null() & _BOUNDED)
    ends = given.with_columns(extremes(given["samples"]))
    is_low = pl.col("least") < pl.col("m_min")
    # A value that lies outside of all its samples is told by BF408.
    is_within = pl.col("value").is_between(pl.col("least"), pl.col("greatest"))
    is_elsewhere = pl.col("statistic").fill_null("single").is_in(WITHIN_SAMPLES) & ~is_within
    is_wrong = is_low | (pl.col("greatest") > pl.col("m_max"))
    wrong = ends.filter(is_wrong & ~is_elsewhere)
    shown = pl.when(is_low).then(number("least")).otherwise(number("greatest"))
    message = pl.format("a sample of {} is {}, which is not possible", pl.col("metric"), shown)
    hint = _or_percent("are the samples in percent? write them as fractions, like the value")
    return faults(wrong, "measurements", "samples", message, shown, hint)


def percentiles_rest_on_enough(frames: Frames) -> pl.DataFrame:
    """BF316: a percentile beyond which not one observation lies."""
    if not has_kind(frames, _RANKED):
        return no_faults()
    rows = frames.of_kinds(_RANKED).filter(pl.col("n").is_not_null() & _HAS_VALUE)
    # Samples may be the percentiles of runs, which n then counts.
    of_observations = rows.filter(pl.col("samples").is_null())
    few = of_observations.filter(pl.col("n") * pl.col("beyond") < 1 - _EXACT)
    wrong = _without_own_rules(frames, few)
    needed = (1 / pl.col("beyond") - _EXACT).ceil().cast(pl.Int64)
    message = pl.format(
        "{} of {} observations is their extreme: it takes {} for one to lie beyond",
        pl.col("statistic"),
        pl.col("n"),
        needed,
    )
    hint = "give max or min instead, or write `missing`: too-few-samples"
    return faults(wrong, "measurements", "statistic", message, pl.col("statistic"), hint)


def targets_are_hard_to_reach(frames: Frames) -> pl.DataFrame:
    """BF317: the only target lies on the side to which its metric gets better."""
    found = [no_faults()]
    for column, other, direction, meant in _SIDES:
        targets = frames.bare[column]
        if targets.null_count() == targets.len():
            continue
        is_alone = pl.col(column).is_not_null() & pl.col(other).is_null()
        is_better = pl.col("metric").is_in(metrics_where("direction", direction))
        alone = frames.measured(is_alone).filter(is_better)
        wrong = _without_own_rules(frames, alone)
        message = pl.format(
            f"{{}} is better the {direction} it is, and its only target is the {meant} allowed, {{}}",
            pl.col("metric"),
            number(column),
        )
        hint = f"write {other}, if this is what a result must reach"
        found.append(faults(wrong, "measurements", column, message, number(column), hint))
    return pl.concat(found)


def _without_own_rules(frames: Frames, measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the measurements of suites that do not say themselves what is asked here."""
    if not measurements.height:
        return measurements
    of_suites = with_record(frames, measurements, "suite")
    return of_suites.filter(~pl.col("suite").str.starts_with(_OWN_RULES))


def _ranked() -> Question:
    """Ask for percentiles, with the share of the observations that lie beyond each."""
    rank = pl.col("statistic").str.extract(_PERCENTILE).cast(pl.Float64, strict=False) / 100
    return Question(rank.is_not_null(), {"beyond": pl.min_horizontal(rank, 1 - rank)})


def counted_unit_is_named(frames: Frames) -> pl.DataFrame:
    """BF314: a time, a rate or an energy that may be of a sample or of a batch of several."""
    if not has_kind(frames, _UNNAMED):
        return no_faults()
    is_of_several = (pl.col("batch_size") >= _SEVERAL) & _HAS_VALUE
    shown = (ROW, "record_id", "metric", "batch_size")
    wrong = frames.of_kinds(_UNNAMED, shown, is_of_several)
    message = pl.format(
        "{} does not say what it counts, a sample or a batch of {}",
        pl.col("metric"),
        pl.col("batch_size"),
    )
    return faults(wrong, "measurements", "per", message, None, "write per: sample, batch or query")


def _unnamed() -> Question:
    metric, stage = pl.col("metric"), pl.col("stage")
    is_of_unit = stage.is_null() | stage.is_in(_UNIT_STAGES)
    is_rate = metric.is_in(["throughput", "latency", "energy-efficiency"])
    is_energy = (metric == "energy") & stage.is_in(_UNIT_STAGES)
    return Question(pl.col("per").is_null() & ((is_rate & is_of_unit) | is_energy))


_RANKED = _ranked()
_UNNAMED = _unnamed()
_IS_ONE = (pl.col("statistic") == "single") | pl.col("caveats").str.contains(_OF_ONE, literal=True)


def _impossible_target(column: str) -> Cells:
    return Cells(
        "measurements",
        column,
        fault=_BOUNDED & _outside(column),
        message=pl.format("no {} can be {}, its target", pl.col("metric"), number(column)),
        hint=_or_percent("is it in percent? write the fraction, like the value"),
        needs_cell=True,
    )


CHECKS = (
    Check(
        code="BF310",
        severity=Severity.ERROR,
        title="Samples are possible for their metric",
        table="measurements",
        needs=("value", "samples"),
        suppresses=Doubt.VALUE,
        run=samples_are_possible,
    ),
    Check(
        code="BF311",
        severity=Severity.ERROR,
        title="A standard deviation is possible for its metric",
        table="measurements",
        needs=("value", "stddev"),
        cells=(
            Cells(
                "measurements",
                "stddev",
                fault=_BOUNDED
                & (pl.col("stddev") > (pl.col("m_max") - pl.col("m_min")) * (_WIDEST + _EXACT)),
                message=pl.format(
                    "a standard deviation of {} is not possible for {}, which lies between {} and {}",
                    number("stddev"),
                    pl.col("metric"),
                    number("m_min"),
                    number("m_max"),
                ),
                hint=pl.lit("is it in percent? write it in the unit of the value"),
                needs_cell=True,
            ),
        ),
    ),
    Check(
        code="BF312",
        severity=Severity.ERROR,
        title="A target is possible for its metric",
        table="measurements",
        cells=(_impossible_target("target_min"), _impossible_target("target_max")),
    ),
    Check(
        code="BF314",
        severity=Severity.WARNING,
        title="What a number counts is said where a batch has several samples",
        table="measurements",
        needs=("value", "batch_size"),
        run=counted_unit_is_named,
    ),
    Check(
        code="BF315",
        severity=Severity.WARNING,
        title="A single observation is one",
        table="measurements",
        needs=("n",),
        cells=(
            Cells(
                "measurements",
                "n",
                fault=_IS_ONE & (pl.col("n") >= _SEVERAL),
                message=pl.format(
                    "{} is called a single observation, and n is {}",
                    pl.col("metric"),
                    pl.col("n"),
                ),
                hint=pl.lit("name the statistic by which several became one: mean, median, ..."),
                needs_cell=True,
            ),
        ),
    ),
    Check(
        code="BF316",
        severity=Severity.WARNING,
        title="A percentile rests on enough observations",
        table="measurements",
        needs=("value", "n", "statistic"),
        run=percentiles_rest_on_enough,
    ),
    Check(
        code="BF317",
        severity=Severity.WARNING,
        title="A target is on the side that is hard to reach",
        table="measurements",
        run=targets_are_hard_to_reach,
    ),
)
