"""Measurements of one record beside each other, for checks of a rule that several metrics obey together.

Most batches have no kind of measurement that a rule needs, which costs nothing. Where all are there, the numbers are
compared first as they stand; only those of records that look wrong are compared again with what rounding allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from benchfmt.checks.check import Run
from benchfmt.checks.frames import Frames, faults, number
from benchfmt.checks.kinds import RECORD, Question
from benchfmt.checks.rounding import with_half

_SYSTEM = "system_id"


@dataclass(frozen=True, eq=False)
class Other:
    """Measurements that stand beside others in a record: which, and what both share."""

    question: Question
    on: Sequence[str] = ()
    """Columns that are equal in both, null to null."""
    more: Sequence[str] = ()
    """Further columns that are looked at."""


def has_kind(frames: Frames, question: Question) -> bool:
    """Whether a batch has measurements of a kind that meets a question."""
    return bool(frames.answers.to(question)["meets"].any())


def valued(frames: Frames, question: Question, only: Sequence[str] = ()) -> pl.DataFrame:
    """Return the measurements with a value whose kind meets a question, all of their columns or `only` some."""
    if not has_kind(frames, question):
        return frames.measurements.clear()
    return frames.of_kinds(question, only, pl.col("value").is_not_null())


def compared(
    frames: Frames, first: Question, others: Mapping[str, Other], wrong: pl.Expr
) -> pl.DataFrame:
    """Return the measurements of `first` that are wrong beside others of their record.

    The expression has the columns of `first`; for another one named `x` the columns `x` and `x:half`, which hold its
    value and half a unit of its last digit, and `x:column` for each further column; and `half`, that of the measurement
    itself.
    """
    questions = [first, *(other.question for other in others.values())]
    if not all(has_kind(frames, question) for question in questions):
        return frames.measurements.clear()
    looked_at = _looked_at(frames, others, wrong)
    firsts = _without_half(valued(frames, first, looked_at))
    sides = {name: valued(frames, other.question, looked_at) for name, other in others.items()}
    suspects = _joined(firsts, sides, others).filter(wrong)[RECORD].unique()
    if not suspects.len():
        return frames.measurements.clear()
    in_suspects = pl.col(RECORD).is_in(suspects.implode())
    sides = {name: valued(frames, other.question) for name, other in others.items()}
    rounded = {name: with_half(side.filter(in_suspects), 0) for name, side in sides.items()}
    firsts = with_half(valued(frames, first).filter(in_suspects), 0)
    return _joined(firsts, rounded, others).filter(wrong)


def _looked_at(frames: Frames, others: Mapping[str, Other], wrong: pl.Expr) -> list[str]:
    """Return the columns of measurements that are needed to say which are wrong."""
    names = {RECORD, "value", *wrong.meta.root_names()}
    for other in others.values():
        names.update(other.on, other.more)
    return [name for name in frames.measurements.columns if name in names]


def related(
    first: Question, others: Mapping[str, Other], wrong: pl.Expr, message: pl.Expr, hint: str
) -> Run:
    """Return what finds the values of `first` that are wrong beside others of their record (`compared`)."""

    def run(frames: Frames) -> pl.DataFrame:
        rows = compared(frames, first, others, wrong)
        return faults(rows, "measurements", "value", message, number("value"), hint)

    return run


def with_system(frames: Frames, measurements: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return measurements whose record names a system that is described, with columns of that system."""
    owners = frames.records.select(pl.col("id").alias("record_id"), _SYSTEM)
    systems = frames.systems.select(pl.col("id").alias(_SYSTEM), *columns)
    described = owners.unique("record_id", keep="first").join(
        systems.unique(_SYSTEM, keep="first"), on=_SYSTEM, how="inner"
    )
    return measurements.join(described, on="record_id", how="inner", maintain_order="left")


def with_record(frames: Frames, measurements: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return measurements with columns of their record."""
    owners = frames.records.select(pl.col("id").alias("record_id"), *columns)
    return measurements.join(
        owners.unique("record_id", keep="first"),
        on="record_id",
        how="inner",
        maintain_order="left",
    )


def _without_half(measurements: pl.DataFrame) -> pl.DataFrame:
    return measurements.with_columns(pl.lit(0.0).alias("half"))


def _joined(
    firsts: pl.DataFrame, sides: Mapping[str, pl.DataFrame], others: Mapping[str, Other]
) -> pl.DataFrame:
    """Return measurements that have all others in their record, with the values and halves of these."""
    joined = firsts
    for name, side in sides.items():
        on = [RECORD, *others[name].on]
        if "half" not in side.columns:
            side = _without_half(side)
        once = side.unique(on, keep="first", maintain_order=True)
        named = once.select(
            *on,
            pl.col("value").alias(name),
            *(pl.col(column).alias(f"{name}:{column}") for column in ("half", *others[name].more)),
        )
        joined = joined.join(named, on=on, nulls_equal=True, how="inner", maintain_order="left")
    return joined
