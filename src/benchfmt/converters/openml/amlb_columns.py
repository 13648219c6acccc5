"""The columns of a table of AMLB's results: which of them measure what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from benchfmt.finding import Finding, Severity
from benchfmt.numbers import count
from benchfmt.suites import openml as rules

COMMON = (
    "id",
    "task",
    "framework",
    "fold",
    "result",
    "mode",
    "version",
    "utc",
    "duration",
    "seed",
    "info",
)
"""The columns that every version of the benchmark writes."""
TIMED = "infer_batch_size_"
_SINCE_PARTS = {"training_duration", "predict_duration", "models_count", "app_version", "type"}
"""Columns of the versions whose `duration` is that of the whole job; a published table has some of them."""
STAGES = {"df": "inference", "file": "end-to-end"}
_NOT_SCORES = {
    *COMMON,
    "constraint",
    "type",
    "metric",
    "params",
    "app_version",
    "tag",
    "training_duration",
    "predict_duration",
    "models",
    "models_count",
    "models_ensemble_count",
    "fold_id",
    "index",
    "tid",
    "task_id",
    "dataset",
    "name",
    "problem_type",
    "error",
    "exception",
    "date",
    "comment",
    "notes",
}
_INDEX = re.compile(r"Unnamed: [0-9]+")
"""How pandas names a column without a name: the numbers of its rows."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is measured: its key, and what is known of its numbers."""

    name: str
    metric: str
    statistic: str | None = None
    stage: str | None = None
    per: str | None = None
    unit: str = "1"
    of_target: bool = False
    expected: bool = False
    """Whether a failed run should have had it."""
    size: int = 0
    """Samples in a batch, for a time of inference."""
    lost: str = "run-failed"
    """Why a row without a result has no number."""

    @property
    def cells(self) -> str:
        """The name under which a frame holds its cells (see `inside`)."""
        return inside(self.name)

    @property
    def key(self) -> tuple[str | int | None, ...]:
        """What tells its numbers from those of other columns."""
        return (self.metric, self.statistic, self.stage, self.per, self.size)


class Columns:
    """What the columns of a table are."""

    def __init__(self, names: list[str]) -> None:
        """Take the names of a header."""
        self.names = [name for name in names if name]
        self.absent = [name for name in COMMON if name not in names]
        self.doubled: list[tuple[str, str]] = []
        scores = self._scores()
        measured = self._distinct([*scores.values(), *self._times()])
        lost = "run-failed"
        if "info" in self.absent:
            lost = "not-reported"
        self.plain = [replace(column, lost=lost) for column in measured]
        self.scores = {column.name: column for column in self.plain if column.name in scores}
        self.batches = self._distinct(self._batches())

    def __contains__(self, name: str) -> bool:
        """Say whether the table has a column."""
        return name in self.names

    def batches_of(self, size: int) -> list[Column]:
        """Return the times of one batch size."""
        return [column for column in self.batches if column.size == size]

    def _distinct(self, columns: Iterable[Column]) -> list[Column]:
        """Return the columns without those that measure what one before them does, which are noted."""
        kept: dict[tuple[str | int | None, ...], Column] = {}
        for column in columns:
            before = kept.setdefault(column.key, column)
            if before is not column:
                self.doubled.append((column.name, before.name))
        return list(kept.values())

    def findings(self, path: str) -> Iterator[Finding]:
        """Yield a finding for each column that is left out."""
        for name, before in self.doubled:
            message = f"the column {name!r} measures the same as {before!r}, which is taken"
            hint = "leave one of them out"
            yield Finding("BF410", Severity.WARNING, path, None, name, None, message, None, hint)

    def _scores(self) -> dict[str, Column]:
        known = rules.scores()
        scores = {}
        for name in self.names:
            if name in known or is_score(name):
                scores[name] = score_column(name)
        return scores

    def _times(self) -> list[Column]:
        # Before there were columns for its parts, `duration` was the framework's training.
        stage = "whole-run"
        if _SINCE_PARTS.isdisjoint(self.names):
            stage = "training"
        wanted = [
            Column("duration", "duration", None, stage, "fold", "s"),
            Column("training_duration", "duration", None, "training", "fold", "s", expected=True),
            Column("predict_duration", "duration", None, "evaluation", "fold", "s", expected=True),
            Column("models", "amlb:models-count", expected=True),
            Column("models_count", "amlb:models-count", expected=True),
            Column("models_ensemble_count", "amlb:models-ensemble-count"),
        ]
        return [column for column in wanted if column.name in self.names]

    def _batches(self) -> Iterator[Column]:
        for name in self.names:
            kind, _, size = name.removeprefix(TIMED).partition("_")
            number = count(size)
            if name.startswith(TIMED) and kind in STAGES and number:
                stage = STAGES[kind]
                yield Column(name, "latency", "median", stage, "batch", "s", size=number)


def inside(name: str) -> str:
    """Return the name of a column in a frame.

    A score is called as anybody likes, also `*`, which stands for all columns where one is asked for, or as a column
    that is worked out here. So its name is preceded by a word.
    """
    if is_score(name):
        return f"score {name}"
    return name


def score_column(name: str) -> Column:
    """Return what a column of scores measures, also where the vocabulary does not have it."""
    score = rules.scores().get(name)
    if score is None:
        return Column(name, own_metric(name), "single", None, "fold", _unit_of(name))
    return Column(name, score.metric, "single", None, "fold", score.unit, score.of_target)


def is_score(name: str) -> bool:
    """Say whether a column that is not known holds scores: whatever the benchmark's own columns are not."""
    if name in _NOT_SCORES or name.startswith(TIMED):
        return False
    return not _INDEX.fullmatch(name)


def own_metric(name: str) -> str:
    """Return the metric of a score that the vocabulary does not have."""
    return (rules.measure(name).metric or "").replace("openml:", "amlb:")


def _unit_of(name: str) -> str:
    if name in rules.forecast_scores():
        return "1"
    return rules.UNKNOWN_UNIT
