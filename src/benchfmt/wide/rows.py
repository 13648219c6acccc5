"""Which records of a flat view stay: one for each execution, and those that compare with another."""

from __future__ import annotations

import polars as pl

from benchfmt.comparison.results import first_of_executions

_RUN = ("suite", "execution", "benchmark", "scenario", "phase")
"""What a published row and the record of its own logs have in common, however differently they tell the rest."""


def without_echoes(records: pl.DataFrame, headlines: pl.DataFrame) -> pl.DataFrame:
    """Return the records without those whose headline number another record of the same execution gives."""
    return records.filter(~pl.col("id").is_in(echoes(records, headlines).implode()))


def echoes(records: pl.DataFrame, headlines: pl.DataFrame) -> pl.Series:
    """Return the ids of records whose headline number another record of the same execution gives.

    Of the results of one execution in a group the recomputed one stays. A published row goes wherever its own logs are
    there too, even where the two tell differently of the precision, so that no group holds both.
    """
    named = headlines.filter(pl.col("execution").is_not_null())
    within_groups = named.join(first_of_executions(named), on="record_id", how="anti")
    described = records.select("id", "status", *_RUN[2:])
    runs = named.join(described, left_on="record_id", right_on="id", how="inner")
    is_published = pl.col("basis").cast(pl.String) == "published"
    own = runs.filter(~is_published.fill_null(value=False) & (pl.col("status") == "ok"))
    published = runs.filter(is_published).join(own, on=_RUN, how="semi", nulls_equal=True)
    return pl.concat([within_groups["record_id"], published["record_id"]])


def with_others(records: pl.DataFrame, headlines: pl.DataFrame) -> pl.DataFrame:
    """Return the records whose headline number shares its group with that of another execution."""
    kept = headlines.join(records.select("id"), left_on="record_id", right_on="id", how="semi")
    of_execution = pl.concat_str("suite", "execution", separator="\x1f")
    result = pl.coalesce(of_execution, "record_id")
    shared = (
        kept.filter(pl.col("group").is_not_null())
        .group_by("group")
        .agg(result.n_unique().alias("results"))
        .filter(pl.col("results") > 1)
    )
    compared = kept.join(shared, on="group", how="semi")
    return records.filter(pl.col("id").is_in(compared["record_id"].implode()))
