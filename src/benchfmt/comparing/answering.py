"""What records say to each number that is asked for: its value, why there is none, and whether they keep the limits."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from benchfmt.comparing.tallies import configurations
from benchfmt.comparing.wishes import Asked
from benchfmt.comparison.fields import COMPARED
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import contexts, grouped, quick_hash, with_facts
from benchfmt.record import KEY_FIELDS

CHOICE = Question(
    "choice",
    "Which model on which hardware, and how run, serves best?",
    frozenset(
        {
            *COMPARED,
            "work",
            "model",
            "model_version",
            "precision",
            "input_shape",
            "threads",
            "hyperparameters",
        }
    ),
)
"""What somebody chooses may differ; suite, benchmark, data, batch, scenario and targets bind."""
_MEASURED = ("measured", "derived", "published")
FITS, UNKNOWN, FAILS = 2, 1, 0
"""What a result is to the limits."""


def answered(
    records: pl.DataFrame,
    measurements: pl.DataFrame,
    facts: pl.DataFrame,
    questions: Sequence[Asked],
    by: Asked,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one row for each record (its fields, what it says to each question, its state and its group), and its result.

    `facts` are the measurements on which the contexts depend. The results are those of the question that ranks. Groups
    are the same within one process.
    """
    known = contexts(with_facts(records, facts), CHOICE, hashed=quick_hash)
    table = records.with_columns(configuration=configurations(records))
    for place, question in enumerate(questions):
        table = table.join(
            _answers(measurements, known, question, place),
            on="id",
            how="left",
            maintain_order="left",
        )
    table = table.with_columns(_state(questions), _group(len(questions)), _obstacle(len(questions)))
    return table, grouped(_of_key(measurements, by), known, CHOICE)


def _of_key(measurements: pl.DataFrame, question: Asked) -> pl.DataFrame:
    same = [
        pl.col(name).cast(pl.String).fill_null("") == part
        for name, part in zip(KEY_FIELDS, question.key, strict=True)
    ]
    return measurements.filter(pl.all_horizontal(same))


def _answers(
    measurements: pl.DataFrame, known: pl.DataFrame, question: Asked, place: int
) -> pl.DataFrame:
    """Return what records say to a question: `value`, `group`, `obstacle`, `caveats`, and why there is no value."""
    own = _of_key(measurements, question)
    found = grouped(own, known, CHOICE).unique("record_id", keep="first", maintain_order=True)
    basis = pl.col("basis").cast(pl.String)
    is_measured = basis.is_in(_MEASURED).fill_null(value=True)
    unit = pl.col("unit").cast(pl.String)
    is_alike = unit.eq_missing(pl.lit(question.unit))
    told = found.select(
        pl.col("record_id"),
        pl.when(is_measured & is_alike).then("value").alias("value"),
        "group",
        "obstacle",
        "caveats",
        pl.when(~is_measured)
        .then(basis + ", not measured")
        .when(~is_alike)
        .then("in " + unit)
        .alias("not_so"),
    )
    of_metric = measurements.filter(pl.col("metric").cast(pl.String) == question.metric)
    reasons = of_metric.group_by("record_id").agg(
        reason=pl.col("missing").cast(pl.String).drop_nulls().first(),
        elsewhere=pl.col("value").is_not_null().any(),
    )
    joined = reasons.join(told, on="record_id", how="left")
    why = (
        pl.when(pl.col("value").is_null())
        .then(
            pl.coalesce(
                "not_so",
                pl.when(pl.col("elsewhere")).then(pl.lit("measured in another way")),
                "reason",
            )
        )
        .alias("why")
    )
    columns = ("value", "group", "obstacle", "caveats", "why")
    return joined.with_columns(why).select(
        pl.col("record_id").alias("id"),
        *(pl.col(name).alias(f"{name}_{place}") for name in columns),
    )


def _state(questions: Sequence[Asked]) -> pl.Expr:
    """Return whether a record meets all limits, misses one, or leaves something unknown."""
    meets = [_meets(pl.col(f"value_{place}"), item) for place, item in enumerate(questions)]
    misses = pl.any_horizontal(~one for one in meets).fill_null(value=False)
    is_known = pl.all_horizontal(one.is_not_null() for one in meets)
    return pl.when(misses).then(FAILS).when(is_known).then(FITS).otherwise(UNKNOWN).alias("state")


def _meets(value: pl.Expr, question: Asked) -> pl.Expr:
    """Return whether a value keeps the limits; null where it is unknown."""
    kept = value.is_not_null()
    if question.low is not None:
        kept = kept & (value >= question.low)
    if question.high is not None:
        kept = kept & (value <= question.high)
    return pl.when(value.is_not_null()).then(kept)


def _group(count: int) -> pl.Expr:
    """Return what rows share that compare in all that is asked."""
    return pl.concat_str([pl.col(f"group_{place}") for place in range(count)], separator=" ").alias(
        "group"
    )


def _obstacle(count: int) -> pl.Expr:
    return pl.coalesce([pl.col(f"obstacle_{place}") for place in range(count)]).alias("obstacle")
