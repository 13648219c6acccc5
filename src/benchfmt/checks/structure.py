"""BF1xx: the structure. Cells are judged by the schema of their column (`columns`); here is what needs several of them."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.check import Cells, Check
from benchfmt.checks.frames import faults, no_coded_faults, number, of_code
from benchfmt.checks.kinds import Question
from benchfmt.finding import Severity

_METRIC = pl.col("metric")
_HAS_NUMBER = pl.any_horizontal(
    pl.col(name).is_not_null()
    for name in ("value", "stddev", "ci", "samples", "target_min", "target_max")
)


def no_value(records: pl.DataFrame, with_value: pl.Series, doubtful: pl.Series) -> pl.DataFrame:
    """Return a fault for each record with status ok that has no value; not for one with a faulty measurement."""
    if records["id"].equals(with_value):
        return no_coded_faults()
    bare = records.filter(
        (pl.col("status") == "ok")
        & ~pl.col("id").is_in(with_value.implode())
        & ~pl.col("id").is_in(doubtful.implode())
    )
    message = "status is ok, yet no measurement has a value"
    hint = "give the value, or say what happened: failed, invalid or incomplete"
    return of_code("BF112", faults(bare, "records", "status", message, hint=hint))


def source_without_path(records: pl.DataFrame) -> pl.DataFrame:
    """Return a fault for each record that gives hash or place of a source without its path."""
    if not records["source_path"].null_count():
        return no_coded_faults()
    said = (
        pl.col("source_sha256").is_not_null()
        | pl.col("source_locator").is_not_null()
        | pl.col("sources").is_not_null()
    )
    bare = records.filter(pl.col("source_path").is_null() & said)
    message = "a source has no path"
    hint = "write the path of the primary source"
    return of_code("BF101", faults(bare, "records", "source_path", message, hint=hint))


CHECKS = (
    Check(
        code="BF101",
        severity=Severity.ERROR,
        title="Every required field, column and table is there",
    ),
    Check(
        code="BF102",
        severity=Severity.ERROR,
        title="Only fields and columns of the standard occur",
    ),
    Check(
        code="BF103",
        severity=Severity.ERROR,
        title="A value has the type of its field",
    ),
    Check(
        code="BF104",
        severity=Severity.ERROR,
        title="A closed list is kept: status, basis, missing, caveats",
    ),
    Check(
        code="BF105",
        severity=Severity.ERROR,
        title="Ids, times, hashes and names are well-formed",
    ),
    Check(
        code="BF106",
        severity=Severity.ERROR,
        title="A number is within the bounds of its field",
    ),
    Check(
        code="BF107",
        severity=Severity.ERROR,
        title="What the source does not say is left out: no null, no empty text, object or list",
    ),
    Check(
        code="BF108",
        severity=Severity.ERROR,
        title="A measurement has a value or the reason why not, and not both",
        table="measurements",
        cells=(
            Cells(
                "measurements",
                "value",
                fault=pl.col("value").is_null() & pl.col("missing").is_null(),
                message=pl.format("{} has neither a value nor the reason why not", _METRIC),
                hint=pl.lit("give the value, or say why there is none in `missing`"),
            ),
            Cells(
                "measurements",
                "missing",
                fault=pl.col("value").is_not_null() & pl.col("missing").is_not_null(),
                kinds=Question(pl.col("missing").is_not_null()),
                message=pl.format(
                    "{} has the value {} and is said to be missing ({})",
                    _METRIC,
                    number("value"),
                    pl.col("missing"),
                ),
                hint=pl.lit("keep one of the two"),
            ),
        ),
    ),
    Check(
        code="BF109",
        severity=Severity.ERROR,
        title="A number has its unit, and a value its basis",
        table="measurements",
        cells=(
            Cells(
                "measurements",
                "unit",
                fault=pl.col("unit").is_null() & _HAS_NUMBER,
                kinds=Question(pl.col("unit").is_null()),
                message=pl.format("{} has a number without a unit", _METRIC),
                hint=pl.lit("write the metric's unit"),
            ),
            Cells(
                "measurements",
                "basis",
                fault=pl.col("value").is_not_null() & pl.col("basis").is_null(),
                kinds=Question(pl.col("basis").is_null()),
                message=pl.format("{} has a value and does not say how it arose", _METRIC),
                hint=pl.lit(
                    "write `measured`, `derived`, ... or `published` where the source does not say"
                ),
            ),
        ),
    ),
    Check(
        code="BF112",
        severity=Severity.ERROR,
        title="A record with status ok has a value",
        table="records",
        whole_record=True,
    ),
    Check(
        code="BF115",
        severity=Severity.ERROR,
        title="JSON can be read",
    ),
    Check(
        code="BF116",
        severity=Severity.ERROR,
        title="No key and no column appears twice",
    ),
    Check(
        code="BF117",
        severity=Severity.ERROR,
        title="The version of the standard is one that can be read",
    ),
    Check(
        code="BF118",
        severity=Severity.ERROR,
        title="The descriptor follows the package schema",
    ),
    Check(
        code="BF119",
        severity=Severity.ERROR,
        title="Every table that the descriptor names can be opened",
    ),
    Check(
        code="BF120",
        severity=Severity.ERROR,
        title="A list has the length that its field asks for",
    ),
    Check(
        code="BF121",
        severity=Severity.ERROR,
        title="Every row has as many cells as the table has columns",
    ),
    Check(
        code="BF122",
        severity=Severity.ERROR,
        title="A package, a table and a file of records hold a record",
    ),
    Check(
        code="BF123",
        severity=Severity.ERROR,
        title="Every package that is named can be opened",
    ),
    Check(
        code="BF124",
        severity=Severity.WARNING,
        title="No two packages of a call hold the same records",
    ),
)
