"""May these results be compared? The rules, as data of each suite and as small objects; groups in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from benchfmt.comparison.pairs import Answer, Rows, compared, rows_of
from benchfmt.comparison.questions import QUESTIONS, Question, question
from benchfmt.comparison.verdict import Reason, Verdict
from benchfmt.tables import to_batch

if TYPE_CHECKING:
    from benchfmt.record import Record

__all__ = ["QUESTIONS", "Answer", "Question", "Reason", "Verdict", "compare", "question"]


def compare(a: Record, b: Record, asked: Question | None = None) -> list[Answer]:
    """Return, for each metric that two records measured, whether the values compare, and why not.

    The records must have ids, as those of a package have. Without a question, the usual one is asked: which hardware
    runs this fastest?
    """
    return compared(_rows(a), _rows(b), asked or question())


def _rows(record: Record) -> Rows:
    batch = to_batch([record])
    tables = (batch.records, batch.measurements, batch.systems)
    return next(rows_of(*(pl.DataFrame(pl.from_arrow(table)) for table in tables)))
