"""The numbers of AMLB's rows: scores, times and counts of a fold, and the times of inference by batch size."""

from __future__ import annotations

import polars as pl

from benchfmt.converters.openml.amlb_columns import STAGES, Column, Columns, score_column
from benchfmt.converters.openml.columns import NUMBER

REPEATS = 10
"""Each batch is predicted so often; the column is the median."""
FIRST_METRICS = ("auc", "logloss")
"""Where no column names the metric, it is the first of these that the row has (AMLB of 2019)."""
_NO_TEXT = pl.lit(None, pl.String)
_YES = pl.lit(value=True)
_NO = pl.lit(value=False)


def with_primary(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Add the column of scores that is a row's headline, whether it failed, and whether `result` contradicts its score."""
    failed = pl.col("result").is_null()
    if "result" in columns.absent:
        scores = columns.scores.values()
        failed = pl.all_horizontal([pl.col(score.cells).is_null() for score in scores])
    frame = frame.with_columns(_headline(columns).alias("#score"), failed.alias("#failed"))
    contradicted = [
        (pl.col("#score") == name) & _disagrees(columns, score)
        for name, score in columns.scores.items()
    ]
    return frame.with_columns(
        pl.any_horizontal([_NO, *contradicted]).fill_null(value=False).alias("#contradicted")
    )


def _headline(columns: Columns) -> pl.Expr:
    if "metric" in columns:
        return pl.col("metric").str.strip_prefix("neg_")
    # A failed row has no score: what it would have been is told by the other rows of the table, not by it.
    present = [
        pl.when(pl.col(columns.scores[name].cells).is_not_null()).then(pl.lit(name))
        for name in FIRST_METRICS
        if name in columns.scores
    ]
    return pl.coalesce(*present, _NO_TEXT)


def _disagrees(columns: Columns, column: Column) -> pl.Expr:
    """Say where `result` is not the score that it is said to be."""
    score = pl.col(column.cells).cast(pl.Float64, strict=False)
    result = pl.col("result").cast(pl.Float64, strict=False)
    if "metric" in columns:
        negated = pl.col("metric").str.starts_with("neg_")
        score = pl.when(negated).then(-score).otherwise(score)
    return result != score


def plain(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Return scores, times and counts of the rows."""
    parts = [_of_column(frame, columns, column) for column in columns.plain]
    parts += _only_in_result(frame, columns)
    return pl.concat([_of_no_row(frame), *parts], how="diagonal")


def _of_no_row(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of numbers without a row: a table may have no column that is measured."""
    nothing = frame.head(0).select(
        "#row",
        pl.lit(0, pl.Int64).alias("#size"),
        _NO_TEXT.alias("text"),
        _YES.alias("primary"),
        _NO_TEXT.alias("caveats"),
    )
    return _valued(nothing, Column("", ""))


def _of_column(frame: pl.DataFrame, columns: Columns, column: Column) -> pl.DataFrame:
    chosen = _NO
    if column.name in columns.scores:
        chosen = (pl.col("#score") == column.name).fill_null(value=False)
    wanted = pl.col("#failed") & (chosen | pl.lit(column.expected))
    rows = frame.filter(pl.col(column.cells).is_not_null() | wanted)
    taken = rows.select(
        "#row",
        pl.lit(0, pl.Int64).alias("#size"),
        pl.col(column.cells).alias("text"),
        pl.when(chosen).then(_YES).alias("primary"),
        _caveats(column, pl.col("#contradicted") & chosen).alias("caveats"),
    )
    return _valued(taken, column)


def _caveats(column: Column, contradicted: pl.Expr = _NO) -> pl.Expr:
    """Return the doubts: the unit of a predicted quantity is nowhere said, and `result` may be another number."""
    plain_caveats = _NO_TEXT
    both = pl.lit('["source-disagrees"]')
    if column.of_target:
        plain_caveats = pl.lit('["unit-inferred"]')
        both = pl.lit('["source-disagrees","unit-inferred"]')
    return pl.when(contradicted).then(both).otherwise(plain_caveats)


def _only_in_result(frame: pl.DataFrame, columns: Columns) -> list[pl.DataFrame]:
    """Return the scores of metrics that have no column: `result`, with its sign turned back where it was negated."""
    named = pl.col("#score").is_not_null() & ~pl.col("#score").is_in(list(columns.scores))
    without = frame.filter(named)
    return [
        _turned_back(without.filter(pl.col("#score") == name), score_column(name))
        for name in without["#score"].unique().sort().to_list()
    ]


def _turned_back(rows: pl.DataFrame, column: Column) -> pl.DataFrame:
    # The unit of a predicted quantity is not in doubt here: its score is not one of the table's columns.
    taken = rows.select(
        "#row",
        pl.lit(0, pl.Int64).alias("#size"),
        pl.col("result").alias("text"),
        _YES.alias("primary"),
        _NO_TEXT.alias("caveats"),
        pl.col("metric").str.starts_with("neg_").alias("negated"),
    )
    negated = pl.col("negated")
    derived = negated & pl.col("value").is_not_null()
    turned = _valued(taken, column).with_columns(
        value=pl.when(negated).then(-pl.col("value")).otherwise("value"),
        basis=pl.when(derived).then(pl.lit("derived")).otherwise("basis"),
        # The source's characters are those of the negated number; they stand in the extensions.
        reported_value=pl.when(~negated).then("reported_value"),
        reported_unit=pl.when(~negated).then("reported_unit"),
    )
    return turned.drop("negated")


def timed(frame: pl.DataFrame, columns: Columns, size: int) -> pl.DataFrame:
    """Return the times of one batch size, and the throughput that follows."""
    sized = columns.batches_of(size)
    order = list(STAGES.values())
    first = min(order.index(column.stage or "") for column in sized)
    parts = []
    for column in sized:
        primary = _YES
        if column.stage != order[first]:
            primary = _alone(sized, column)
        latency = _latency(frame, column, primary)
        parts += [latency, _rate(latency, column)]
    return pl.concat(parts, how="diagonal")


def _latency(frame: pl.DataFrame, column: Column, primary: pl.Expr) -> pl.DataFrame:
    rows = frame.filter(pl.col(column.cells).is_not_null())
    taken = rows.select(
        "#row",
        pl.lit(column.size, pl.Int64).alias("#size"),
        pl.col(column.cells).alias("text"),
        pl.when(primary).then(_YES).alias("primary"),
        _NO_TEXT.alias("caveats"),
    )
    repeats = pl.when(pl.col("value").is_not_null()).then(pl.lit(REPEATS, pl.Int64))
    return _valued(taken, column).with_columns(n=repeats)


def _rate(latency: pl.DataFrame, column: Column) -> pl.DataFrame:
    rate = latency.filter(pl.col("value") > 0).select(
        "#row",
        "#size",
        value=column.size / pl.col("value"),
        metric=pl.lit("throughput"),
        stage=pl.lit(column.stage),
        per=pl.lit("sample"),
        unit=pl.lit("/s"),
        basis=pl.lit("derived"),
    )
    return rate.filter(pl.col("value").is_finite())


def _alone(columns: list[Column], column: Column) -> pl.Expr:
    """Say where a row has only this column of its batch size."""
    others = [pl.col(other.cells).is_null() for other in columns if other is not column]
    return pl.all_horizontal(others)


def _valued(frame: pl.DataFrame, column: Column) -> pl.DataFrame:
    """Return value, unit and basis of the texts of a column, or why there is none; the characters are kept.

    A latency of 0 is told of where the record is judged, as that of any converter is.
    """
    is_number = pl.col("text").str.contains(NUMBER)
    number = pl.when(is_number).then("text").cast(pl.Float64, strict=False)
    frame = frame.with_columns(value=number)
    rounded_away = pl.lit(column.metric == "duration") & (pl.col("value") == 0)
    reason = (
        pl.when(pl.col("text").is_null())
        .then(pl.lit(column.lost))
        .when(rounded_away)
        .then(pl.lit("below-resolution"))
        .when(is_number)
        .then(pl.lit("invalid-in-source"))
        .otherwise(pl.lit("not-numeric"))
    )
    frame = frame.with_columns(missing=reason)
    # Nothing takes no time: a 0 is what the digits of a printed time leave.
    usable = pl.col("value").is_finite() & ~rounded_away
    frame = frame.with_columns(value=pl.when(usable).then("value"))
    present = pl.col("value").is_not_null()
    reported_unit = _NO_TEXT
    if column.unit == "s":
        reported_unit = pl.lit("s")
    return frame.with_columns(
        metric=pl.lit(column.metric),
        statistic=pl.lit(column.statistic, pl.String),
        stage=pl.lit(column.stage, pl.String),
        per=pl.lit(column.per, pl.String),
        unit=pl.when(present).then(pl.lit(column.unit)),
        basis=pl.when(present).then(pl.lit("measured")),
        missing=pl.when(~present).then("missing"),
        caveats=pl.when(present).then("caveats"),
        reported_value=pl.col("text"),
        reported_unit=pl.when(present).then(reported_unit),
    ).drop("text")
