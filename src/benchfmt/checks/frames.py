"""What checks look at, and what they give: frames of the three tables, and frames of faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from benchfmt import possible
from benchfmt.tables import COLUMNS
from benchfmt.vocabulary import Metric, vocabulary

ROW = "__row"
"""The number of a row in its file."""
OWNER = "__owner"
"""The place of a measurement's record among all records."""
FAULT_COLUMNS = ("code", "table", "row", "record", "column", "message", "value", "hint")
_DTYPES = {
    "text": pl.String,
    "json": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
}


@dataclass(frozen=True)
class Frames:
    """Some records, all of their measurements, and all systems; every frame typed, sound and with its row numbers.

    Measurements carry what the metric says (`m_unit`, `m_min`, `m_max`, `m_zero`) and their record's `scenario`,
    `status` and `batch_size`.
    """

    records: pl.DataFrame
    measurements: pl.DataFrame
    systems: pl.DataFrame
    metrics: Mapping[str, Metric]
    prefixes: frozenset[str]


@dataclass(frozen=True)
class ColumnCheck:
    """A check that a column expression says: where `fault` is true, `message` and `hint` are the words."""

    code: str
    table: str
    column: str
    fault: pl.Expr
    message: pl.Expr
    hint: pl.Expr | None = None
    value: pl.Expr | None = None


Check = Callable[[Frames], pl.DataFrame]


def number(column: str) -> pl.Expr:
    """Return a number as the text that a message shows."""
    return pl.col(column).cast(pl.String).str.strip_suffix(".0")


def faults(
    frame: pl.DataFrame,
    code: str,
    table: str,
    column: str | None,
    message: Any,
    value: Any = None,
    hint: Any = None,
) -> pl.DataFrame:
    """Return the rows of a frame as faults; `message`, `value` and `hint` are expressions, columns of text or one text."""

    def words(item: Any) -> pl.Expr:
        if isinstance(item, pl.Expr):
            return item.cast(pl.String)
        return pl.lit(item, dtype=pl.String) if not isinstance(item, pl.Series) else pl.lit(item)

    return frame.select(
        pl.lit(code).alias("code"),
        pl.lit(table).alias("table"),
        pl.col(ROW).alias("row"),
        _record_of(table, frame).alias("record"),
        pl.lit(column, dtype=pl.String).alias("column"),
        words(message).alias("message"),
        words(value).alias("value"),
        words(hint).alias("hint"),
    )


def _record_of(table: str, frame: pl.DataFrame) -> pl.Expr:
    name = {"records": "id", "measurements": "record_id"}.get(table)
    return pl.col(name).cast(pl.String) if name in frame.columns else pl.lit(None, dtype=pl.String)


def no_faults() -> pl.DataFrame:
    """Return an empty frame of faults."""
    return pl.DataFrame(
        schema={name: pl.Int64 if name == "row" else pl.String for name in FAULT_COLUMNS}
    )


def empty(table: str) -> pl.DataFrame:
    """Return a frame of a table without rows."""
    return pl.DataFrame(
        schema={**{item.name: _DTYPES[item.kind] for item in COLUMNS[table]}, ROW: pl.Int64}
    )


def dtype(kind: str) -> Any:
    """Return the polars type of a kind of column."""
    return _DTYPES[kind]


def with_facts(
    measurements: pl.DataFrame, records: pl.DataFrame, metrics: Mapping[str, Metric]
) -> pl.DataFrame:
    """Return measurements with what their metric and their record say."""
    context = records.select(
        pl.col("id").alias("record_id"), "scenario", "status", "batch_size"
    ).unique("record_id")
    return possible.with_facts(measurements, metrics).join(
        context, on="record_id", how="left", maintain_order="left"
    )


def suggestion(kind: str, word: str) -> str | None:
    """Return a did-you-mean for a word, or None."""
    meant = vocabulary().suggest(kind, word)
    return f"did you mean {meant!r}?" if meant else None
