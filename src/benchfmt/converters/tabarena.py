"""TabArena: results per split (one method on one split of a data set), and leaderboards (one method over all).

A row that was imputed is no result: the method did not run there, and the row repeats a fallback's numbers.
See docs/converters/tabarena.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchfmt.converters.base import (
    Failed,
    Item,
    Match,
    Pattern,
    Skipped,
    Source,
    Unit,
    with_endings,
)
from benchfmt.converters.draft import Draft, DraftError, Key
from benchfmt.converters.flat import guessed_encoding
from benchfmt.numbers import Digits, exact, whole
from benchfmt.readers.bad_rows import BadRow
from benchfmt.readers.files import file_sha256
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, first_row

NAME = "tabarena"
VERSION = "1.0"
SUITE = "tabarena"
HAS_MANY_RESULTS = True
"""Results per split of all methods together are hundreds of thousands of rows."""
ENDINGS = (".csv",)

SPLITS = "splits"
LEADERBOARD = "leaderboard"
SPLIT_COLUMNS = frozenset(
    {"dataset", "fold", "method", "metric_error", "time_train_s", "time_infer_s"}
    | {"metric", "problem_type"}
)
LEADERBOARD_COLUMNS = frozenset({"method", "elo", "elo+", "elo-", "rank"})
_COLUMNS = {SPLITS: SPLIT_COLUMNS, LEADERBOARD: LEADERBOARD_COLUMNS}

TASKS = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}
TUNED = ("tuned", "tuned_ensemble")
"""Of these the time of training is that of all configurations that were tried."""
_TRAINING = {False: "training", True: "tuning"}
ON_GPU = "_GPU"
"""A configuration whose name ends so ran on a GPU."""


@dataclass(frozen=True, slots=True)
class Score:
    """What an error in a task's own metric is in the standard."""

    metric: str
    is_inverted: bool = False
    """Whether the error is 1 - the metric."""


SCORES = {
    "roc_auc": Score("auroc", is_inverted=True),
    "log_loss": Score("log-loss"),
    "rmse": Score("root-mean-squared-error"),
    "root_mean_squared_error": Score("root-mean-squared-error"),
}
_OF_FOLD = Key(statistic="single", per="fold")
OTHER_SCORE = Score("tabarena:metric-error")

RANKED: tuple[tuple[str, str, str | None], ...] = (
    ("elo", "tabarena:elo", None),
    ("rank", "tabarena:rank", "mean"),
    ("winrate", "tabarena:win-rate", "mean"),
    ("improvability", "tabarena:improvability", "mean"),
    ("mrr", "tabarena:mean-reciprocal-rank", None),
    ("normalized-error", "tabarena:normalized-error", "mean"),
    ("imputed", "tabarena:imputed-share", None),
    ("time_train_s_per_1K", "tabarena:training-time-per-1k", "mean"),
    ("time_infer_s_per_1K", "tabarena:inference-time-per-1k", "mean"),
)
_OF_A_METHOD = ("method_type", "method_subtype", "config_type", "ta_name", "ta_suite")
_OF_A_SPLIT = ("metric", "problem_type", "impute_method", "framework", "tid", "seed")
_NOT_KEPT = frozenset(
    {"method", "time_train_s", "time_infer_s", "median_metric_error"}
    | {column for column, _, _ in RANKED}
)
"""Of a leaderboard; the median error is one over metrics of different kinds."""

Row = Mapping[str, str]
Fill = Callable[[Draft, Row], None]
PATTERNS = (Pattern(with_endings(*ENDINGS), words=("metric_error", "elo+")),)


def detect(source: Source) -> Match | None:
    """Say how many tables of TabArena a source holds, or None."""
    paths = [path for path, _ in _tables(source)]
    if not paths:
        return None
    return Match(0.9, f"{len(paths)} tables of TabArena, first {source.relative(paths[0])}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table."""
    for path, kind in _tables(source):
        yield Unit(path, (), options, kind, source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each row; one that cannot be read is a Failed of its own."""
    table = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    fill = _FILLS[unit.extra]
    try:
        lacking = sorted(_COLUMNS[unit.extra] - set(table.header()))
        if lacking:
            yield Failed(unit.path, f"its header has no column {lacking[0]!r}")
            return
        digest = file_sha256(unit.path)
        yield from guessed_encoding(table)
        for frame, numbers in table.batches():
            rows = frame.iter_rows(named=True)
            for row, number in zip(rows, numbers.tolist(), strict=True):
                draft = Draft(NAME, VERSION, suite=SUITE)
                draft.source(unit.path.name, digest, f"row={number}")
                yield from _items(draft, row, unit.path, number, fill)
    except TableError as error:
        yield Failed(unit.path, str(error))
        return
    for bad in table.bad_rows:
        yield Failed(unit.path, _fault_of(bad), bad.row)


def _tables(source: Source) -> Iterator[tuple[Path, str]]:
    for path in source.with_suffix(*ENDINGS):
        columns = set(first_row(path))
        if columns >= SPLIT_COLUMNS:
            yield path, SPLITS
        elif columns >= LEADERBOARD_COLUMNS:
            yield path, LEADERBOARD


def _items(draft: Draft, row: Row, path: Path, number: int, fill: Fill) -> Iterator[Item]:
    try:
        fill(draft, row)
    except DraftError as error:
        yield Failed(path, f"not a result: {error}", number)
        return
    yield from draft.items(path, number)


def _fault_of(bad: BadRow) -> str:
    return f"{bad.actual} cells where the header has {bad.expected}"


# --- a method on a split ---


def _fill_split(draft: Draft, row: Row) -> None:
    problem = row["problem_type"]
    draft.phase = "evaluation"
    draft.task = TASKS.get(problem)
    draft.benchmark(name=row["dataset"] or None, scenario="cross-validation")
    draft.dataset(name=row["dataset"] or None)
    draft.model(name=row["method"] or None)
    _add_placement(draft, row)
    split = whole(row["fold"])
    if split is None:
        raise DraftError(f"fold {row['fold']!r} is not a number")
    draft.hyperparameters({"split_index": split})
    _keep(draft, row, (*_OF_A_METHOD, *_OF_A_SPLIT))
    score = SCORES.get(row["metric"], OTHER_SCORE)
    if row.get("imputed", "").lower() in ("true", "1", "1.0"):
        fallback = row.get("impute_method") or "a fallback"
        draft.fail("failed", f"imputed: the numbers are those of {fallback}")
        draft.missing(score.metric, "run-failed", per="fold")
        return
    _keep(draft, row, ("metric_error", "metric_error_val"))
    _add_score(draft, score, row["metric_error"], {**_OF_FOLD, "primary": True})
    validation = row.get("metric_error_val", "")
    if exact(validation) is not None:
        _add_score(draft, score, validation, {**_OF_FOLD, "scope": "subset:validation"})
    _add_times(draft, row, "single", "measured")


def _add_score(draft: Draft, score: Score, text: str, key: Key) -> None:
    """Add a score: the error itself, or 1 - the error."""
    error = exact(text)
    if error is None:
        raise DraftError(f"metric_error {text!r} is not a number")
    if score.is_inverted:
        draft.derive(score.metric, 1 - error, **key)
        return
    number = draft.measure(score.metric, text, **key)
    if score.metric == "root-mean-squared-error":
        number.caveats = ["unit-inferred"]  # it is in the unit of the target, which no column names


def _add_placement(draft: Draft, row: Row) -> None:
    if row.get("config_type", "").endswith(ON_GPU):
        draft.configuration(placement=["gpu"])


def _add_times(draft: Draft, row: Row, statistic: str, basis: str) -> None:
    is_tuned = row.get("method_subtype") in TUNED
    training = _TRAINING[is_tuned]
    for column, stage in (("time_train_s", training), ("time_infer_s", "inference")):
        text = row.get(column)
        if text:
            draft.measure(
                "duration", text, "s", basis, statistic=statistic, stage=stage, per="fold"
            )


def _keep(draft: Draft, row: Row, columns: tuple[str, ...]) -> None:
    for column in columns:
        text = row.get(column)
        if text:
            draft.keep(column, _plain(text))


def _plain(text: str) -> str:
    """Return a cell, as digits where it is a number."""
    if exact(text) is None:
        return text
    return Digits(text)


# --- a method on a leaderboard ---


def _fill_method(draft: Draft, row: Row) -> None:
    """Fill in what a leaderboard says of a method: numbers that compare within its pool only."""
    draft.phase = "evaluation"
    draft.model(name=row["method"] or None)
    _add_placement(draft, row)
    for column, metric, statistic in RANKED:
        text = row.get(column)
        if text:
            number = draft.measure(metric, text, basis="published", statistic=statistic)
            number.primary = column == "elo" or None
    _add_times(draft, row, "mean", "published")
    others = tuple(column for column in row if column not in _NOT_KEPT)
    _keep(draft, row, others)


_FILLS: dict[str, Fill] = {SPLITS: _fill_split, LEADERBOARD: _fill_method}
