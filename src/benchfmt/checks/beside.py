"""Measurements of one record beside each other, for checks of a rule that several metrics obey together.

Which kinds of measurement can stand beside each other is asked once for all records, so most batches cost nothing.
Where all are there, the numbers are compared first as they stand; only those of records that look wrong are compared
again with what rounding allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from benchfmt.checks.check import Run
from benchfmt.checks.frames import Frames, faults, number
from benchfmt.checks.kinds import RECORD, Question
from benchfmt.checks.rounding import with_half
from benchfmt.readers.tables import Integers

OF_GROUP = ("metric", "stage", "per", "scope")
"""What statistics of one quantity share."""
_SYSTEM = "system_id"
_PAIR = "__pair"
_MOST_PLACES = 16
"""Rows are looked up in a table with a place for each key where there are not more than so many times as many keys as rows."""


@dataclass(frozen=True, eq=False)
class Other:
    """Measurements that stand beside others in a record: which, and what both share."""

    question: Question
    on: Sequence[str] = ()
    """Columns that are equal in both, null to null; all are columns of kinds."""
    more: Sequence[str] = ()
    """Further columns that are looked at."""


@dataclass(frozen=True, eq=False)
class Beside:
    """Measurements and the others of their record beside them, each asked of kinds that have all others beside them."""

    first: Question
    others: Mapping[str, Question]
    more: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, first: Question, others: Mapping[str, Other]) -> Self:
        """Return what asks for measurements and others, by the names of these."""
        condition = first.condition
        pairs = dict(first.more)
        sides = {}
        for name, other in others.items():
            condition = condition & _among(other.question.condition, other.on)
            pairs[f"{_PAIR}:{name}"] = _pair(other.on)
            beside = other.question.condition & _among(first.condition, other.on)
            sides[name] = Question(beside, {**other.question.more, _PAIR: _pair(other.on)})
        return cls(
            Question(condition, pairs), sides, {name: other.more for name, other in others.items()}
        )


def _among(condition: pl.Expr, on: Sequence[str]) -> pl.Expr:
    """Meet kinds that share some columns with one that meets a condition."""
    has_any = condition.fill_null(value=False).any()
    if not on:
        return has_any
    return has_any.over(list(on))


def _pair(on: Sequence[str]) -> pl.Expr:
    """Return a number that kinds share which are equal in some columns."""
    if not on:
        return pl.lit(0, dtype=pl.Int64)
    return pl.struct(list(on)).rank("dense").cast(pl.Int64)


def has_kind(frames: Frames, question: Question) -> bool:
    """Whether a batch has measurements of a kind that meets a question."""
    return frames.answers.meet(question)


def valued(
    frames: Frames, question: Question, only: Sequence[str] = (), where: pl.Expr | None = None
) -> pl.DataFrame:
    """Return the measurements with a value whose kind meets a question, all of their columns or `only` some.

    Of the rest, `where` keeps the rows for which it is true.
    """
    if not has_kind(frames, question):
        return frames.no_measurements()
    kept = pl.col("value").is_not_null()
    if where is not None:
        kept = kept & where
    return frames.of_kinds(question, only, kept)


def is_above(frames: Frames, question: Question, bound: float) -> bool:
    """Whether a value of a kind that meets a question is above a bound."""
    if not has_kind(frames, question):
        return False
    greatest = frames.of_kinds(question, ["value"])["value"].max()
    return isinstance(greatest, float) and greatest > bound


def compared(
    frames: Frames, beside: Beside, wrong: pl.Expr, where: pl.Expr | None = None
) -> pl.DataFrame:
    """Return the measurements that are wrong beside others of their record, of those that meet `where`.

    The expression has the columns of the measurements; for another one named `x` the columns `x` and `x:half`, which
    hold its value and half a unit of its last digit, and `x:column` for each further column; and `half`, that of the
    measurement itself.
    """
    empty = frames.no_measurements()
    if not has_kind(frames, beside.first):
        return empty
    looked_at = {RECORD, "value", *wrong.meta.root_names()}
    only = sorted(looked_at.intersection(empty.columns))
    firsts = valued(frames, beside.first, only, where)
    if not firsts.height:
        return empty
    sides = {
        name: valued(frames, question, [RECORD, "value", *beside.more[name]])
        for name, question in beside.others.items()
    }
    suspects = _joined(firsts, sides, beside).filter(wrong)[RECORD].unique()
    if not suspects.len():
        return empty
    in_suspects = pl.col(RECORD).is_in(suspects.implode())
    rounded = {
        name: with_half(valued(frames, question, where=in_suspects), 0)
        for name, question in beside.others.items()
    }
    if where is not None:
        in_suspects = in_suspects & where
    whole = with_half(valued(frames, beside.first, where=in_suspects), 0)
    return _joined(whole, rounded, beside).filter(wrong)


def _joined(
    firsts: pl.DataFrame, sides: Mapping[str, pl.DataFrame], beside: Beside
) -> pl.DataFrame:
    """Return measurements that have all others in their record, with the values and halves of these."""
    joined = _with_half(firsts)
    for name, side in sides.items():
        places = _places_beside(joined, f"{_PAIR}:{name}", side)
        is_there = places >= 0
        if not is_there.all():
            joined = joined.filter(pl.Series(is_there))
            places = places[is_there]
        others = _with_half(side)[["value", "half", *beside.more[name]]][pl.Series(places)]
        names = [name, *(f"{name}:{column}" for column in others.columns[1:])]
        others.columns = names
        joined = joined.hstack(others)
    return joined


def _places_beside(firsts: pl.DataFrame, pair: str, side: pl.DataFrame) -> Integers:
    """Return for each measurement the first row of others that stands beside it in its record, -1 for none."""
    if not firsts.height or not side.height:
        return np.full(firsts.height, -1, dtype=np.int64)
    pairs = side[_PAIR].to_numpy()
    wanted_pairs = firsts[pair].to_numpy()
    most = 1 + max(int(pairs.max()), int(wanted_pairs.max()))
    keys = side[RECORD].to_numpy() * most + pairs
    wanted = firsts[RECORD].to_numpy() * most + wanted_pairs
    end = 1 + max(int(keys.max()), int(wanted.max()))
    if end <= _MOST_PLACES * (len(keys) + len(wanted)):
        places = np.full(end, -1, dtype=np.int64)
        # Of several rows the first one is written last.
        places[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)
        taken: Integers = places[wanted]
        return taken
    order = np.argsort(keys, kind="stable")
    at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    found: Integers = order[at]
    found[keys[found] != wanted] = -1
    return found


def _with_half(measurements: pl.DataFrame) -> pl.DataFrame:
    if "half" in measurements.columns:
        return measurements
    return measurements.with_columns(pl.lit(0.0).alias("half"))


def related(
    first: Question,
    others: Mapping[str, Other],
    wrong: pl.Expr,
    message: pl.Expr,
    hint: str,
    where: pl.Expr | None = None,
) -> Run:
    """Return what finds the values of `first` that are wrong beside others of their record (`compared`)."""
    beside = Beside.of(first, others)

    def run(frames: Frames) -> pl.DataFrame:
        rows = compared(frames, beside, wrong, where)
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
