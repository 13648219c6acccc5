"""AutoML Benchmark (AMLB): the results.csv of every generation, and third-party files of the same columns.

A row is one fold. It gives one record with its scores and times, and one more for each batch size whose inference was timed.
See docs/converters/openml.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from benchfmt.converters.base import Failed, Item, Match, Part, Skipped, Source, Unit
from benchfmt.converters.flat import guessed_encoding
from benchfmt.converters.openml.columns import CONTROL, HEADER_AGAIN, NUMBER, arrow, named
from benchfmt.converters.openml.terms import with_metrics
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.identity import canonical, record_ids, system_id
from benchfmt.numbers import count, kept
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, first_row
from benchfmt.suites import openml as rules
from benchfmt.tables import Batch, system_row, table_of

NAME = "amlb"
VERSION = "1.0"
OPTIONS = ("constraint",)
SUITE = rules.AMLB

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
NEEDED = ("task", "framework", "fold", "result")
"""Those without which a row says nothing of a fold; published tables leave out any other."""
TIMED = "infer_batch_size_"
_SINCE_PARTS = {"training_duration", "predict_duration", "models_count", "app_version", "type"}
"""Columns of the versions whose `duration` is that of the whole job; a published table has some of them."""
REPEATS = 10
"""Each batch is predicted so often; the column is the median."""
FIRST_METRICS = ("auc", "logloss")
"""Where no column names the metric, it is the first of these that the row has (AMLB of 2019)."""
EXTENSIONS = ("framework", "id", "mode", "result", "metric", "type", "version")
_EMPTY = ("", "nan", "NaN", "None")
_KEY = ("metric", "statistic", "stage", "per")
_STAGES = {"df": "inference", "file": "end-to-end"}
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
_OWN = {
    "constraint",
    "mode",
    "metric",
    "type",
    "utc",
    "duration",
    "training_duration",
    "predict_duration",
    "models",
    "models_count",
    "seed",
    "info",
    "app_version",
    "id",
    "version",
    "params",
}
"""Columns of which a table that is cut down has some still."""
_ENOUGH, _UNMISTAKABLE = 4, 6
"""So many of them a table needs beside those needed; and one that lacks one of these to be told as a table of AMLB's."""
_SOME = 3
"""So many of those needed, the framework among them, make a table look like one of AMLB's."""
_HEAD = 16_384
MAX_LITERAL = 10_000
"""`params` is a Python literal; one that is longer is kept as text."""


def detect(source: Source) -> Match | None:
    """Say how many tables of results a source holds, or None."""
    faults = [
        (path, fault) for path in source.with_suffix(".csv") if (fault := _fault(path)) is not None
    ]
    found = [path for path, fault in faults if not fault]
    if found:
        return Match(0.9, f"{len(found)} tables with the columns of AMLB, first {found[0].name}")
    return (
        Match(0.3, f"{len(faults)} tables that look like AMLB's, first {faults[0][0].name}")
        if faults
        else None
    )


def lacks(path: Path) -> str | None:
    """Say what a table that looks like one of AMLB's lacks, or None."""
    if path.suffix.lower() != ".csv":
        return None
    names = set(first_row(path))
    if "framework" not in names or len(names.intersection(NEEDED)) < _SOME or _fault(path) == "":
        return None
    lacking = [name for name in NEEDED if name not in names]
    if lacking:
        return f"looks like a table of AMLB's results, but its header has no column {', '.join(map(repr, lacking))}"
    there = ", ".join(sorted(names & _OWN)) or "none"
    return f"looks like a table of AMLB's results, but of the columns {', '.join(sorted(_OWN))} it has {there}; {_ENOUGH} tell one"


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield one unit for each table; the files of a fold hold nothing that its row does not say."""
    constraint = options.get("constraint")
    if constraint is not None and rules.constraint(constraint) is None:
        raise BenchfmtError(
            f"there is no constraint {constraint!r}; write one such as 1h8c or 30m4c"
        )
    for path in source.with_suffix(".csv", ".json"):
        fault = _fault(path) if path.suffix.lower() == ".csv" else None
        if fault:
            yield Failed(path, fault)
        elif fault == "":
            yield Unit(path, (), options, source.relative(path), source.limits)
        elif path.name == "metadata.json" and _is_metadata(path, source):
            yield Skipped(path, "the settings of one fold; its scores stand in results.csv")
        elif path.name == "predictions.csv" and _is_metadata(
            path.with_name("metadata.json"), source
        ):
            yield Skipped(path, "the predictions of one fold; its scores stand in results.csv")


def prefixes(unit: Unit) -> Mapping[str, Any]:
    """Return the declaration of the scores that a table has and the vocabulary does not."""
    text = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    try:
        columns = text.header()
        names = {name for name in columns if _is_score(name)}
        if "metric" in columns:
            for frame, _ in text.batches():
                names |= {
                    str(name).removeprefix("neg_") for name in frame["metric"].drop_nulls().unique()
                }
    except (TableError, UnicodeDecodeError, OSError):
        return {}  # told where the table is read
    unknown = {
        name: _own_metric(name).partition(":")[2] for name in names - set(rules.scores()) if name
    }
    return with_metrics(NAME, {metric: _declared(name) for name, metric in sorted(unknown.items())})


def _declared(name: str) -> dict[str, str]:
    known = rules.forecast_scores().get(name)
    if known:
        return {"label": name, "definition": known, "unit": "1", "direction": "lower"}
    words = f"The score {name!r} of a table of results."
    return {"label": name, "definition": words, "unit": rules.UNKNOWN_UNIT, "direction": "target"}


def _is_score(name: str) -> bool:
    """Say whether a column that is not known holds scores: whatever the benchmark's own columns are not."""
    return name not in _NOT_SCORES and not name.startswith(TIMED) and not _INDEX.fullmatch(name)


def _unit_of(name: str) -> str:
    """Return the unit of a score that the vocabulary does not have."""
    return "1" if name in rules.forecast_scores() else rules.UNKNOWN_UNIT


def _own_metric(name: str) -> str:
    return (rules.measure(name).metric or "").replace("openml:", "amlb:")


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of a table in parts; a file that is no table is one Failed."""
    text = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    done = 0
    try:
        table = _Table(
            text.header(), unit.path.name, file_sha256(unit.path), unit.options.get("constraint")
        )
        yield from table.findings()
        yield from guessed_encoding(text)
        for frame, rows in text.batches():
            bad = text.bad_rows[done:]
            done = len(text.bad_rows)
            lost = tuple(
                (
                    row.row,
                    f"the row has {row.actual} cells where the table has {row.expected} columns",
                )
                for row in bad
            )
            yield table.part(unit.path, frame, rows, lost)
        for late in text.bad_rows[done:]:
            yield Failed(
                unit.path,
                f"the row has {late.actual} cells where the table has {late.expected} columns",
                late.row,
            )
    except UnicodeDecodeError as error:
        yield Failed(unit.path, f"not UTF-8: {error.reason}")
    except TableError as error:
        yield Failed(unit.path, str(error))


def _fault(path: Path) -> str | None:
    """Say what a table of AMLB's lacks: nothing (""), or None where a file is no such table."""
    names = set(first_row(path))
    lacking = [name for name in NEEDED if name not in names]
    own = len(names & _OWN)
    if lacking == ["result"] and names & set(rules.scores()):
        lacking = []  # the scores stand in columns of their own
    if not lacking:
        return "" if own >= _ENOUGH else None
    if len(lacking) > 1 or "framework" in lacking or own < _UNMISTAKABLE:
        return None
    return f"it looks like a table of AMLB's results, but its header has no column {lacking[0]!r}"


def _is_metadata(path: Path, source: Source) -> bool:
    try:
        data = jsons.read(path, source.limits)
    except (BenchfmtError, OSError):
        return False
    return isinstance(data, dict) and {
        "framework",
        "framework_version",
        "max_runtime_seconds",
        "fold",
    } <= set(data)


@dataclass(frozen=True, slots=True)
class _Column:
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


class _Table:
    """A table while it is read: what its columns are."""

    def __init__(self, columns: list[str], name: str, digest: str, constraint: str | None) -> None:
        self.columns = [column for column in columns if column]
        self.absent = [column for column in COMMON if column not in columns]
        self.name, self.digest, self.constraint = name, digest, constraint
        self.doubled: list[tuple[str, str]] = []
        scores = self._scores()
        lost = "not-reported" if "info" in self.absent else "run-failed"
        self.plain = [
            replace(column, lost=lost)
            for column in self._distinct([*scores.values(), *self._times()])
        ]
        self.scores = {column.name: column for column in self.plain if column.name in scores}
        self.batches = self._distinct(self._batches())

    def _distinct(self, columns: list[_Column]) -> list[_Column]:
        """Return the columns without those that measure what one before them does, which are noted."""
        kept: dict[tuple[Any, ...], _Column] = {}
        for column in columns:
            before = kept.setdefault(
                (column.metric, column.statistic, column.stage, column.per, column.size), column
            )
            if before is not column:
                self.doubled.append((column.name, before.name))
        return list(kept.values())

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each column that is left out."""
        for name, before in self.doubled:
            words = f"the column {name!r} measures the same as {before!r}, which is taken"
            yield Finding(
                "BF410",
                Severity.WARNING,
                self.name,
                None,
                name,
                None,
                words,
                None,
                "leave one of them out",
            )

    def _scores(self) -> dict[str, _Column]:
        known = rules.scores()
        found = {}
        for name in self.columns:
            if name in known:
                score = known[name]
                found[name] = _Column(
                    name, score.metric, "single", None, "fold", score.unit, score.of_target
                )
            elif _is_score(name):
                metric = _own_metric(name)
                found[name] = _Column(name, metric, "single", None, "fold", _unit_of(name))
        return found

    def _times(self) -> list[_Column]:
        # Before there were columns for its parts, `duration` was the framework's training.
        stage = "training" if _SINCE_PARTS.isdisjoint(self.columns) else "whole-run"
        wanted = [
            _Column("duration", "duration", None, stage, "fold", "s"),
            _Column("training_duration", "duration", None, "training", "fold", "s", expected=True),
            _Column("predict_duration", "duration", None, "evaluation", "fold", "s", expected=True),
            _Column("models", "amlb:models-count", expected=True),
            _Column("models_count", "amlb:models-count", expected=True),
            _Column("models_ensemble_count", "amlb:models-ensemble-count"),
        ]
        return [column for column in wanted if column.name in self.columns]

    def _batches(self) -> list[_Column]:
        found = []
        for name in self.columns:
            kind, _, size = name.removeprefix(TIMED).partition("_")
            if name.startswith(TIMED) and kind in _STAGES and count(size):
                found.append(
                    _Column(name, "latency", "median", _STAGES[kind], "batch", "s", size=int(size))
                )
        return found

    def part(
        self, path: Path, frame: pl.DataFrame, rows: Any, lost: tuple[tuple[int, str], ...]
    ) -> Part:
        """Return the tables of some rows, and their account."""
        frame = _clean(frame).with_columns(pl.Series("#row", np.asarray(rows), dtype=pl.Int64))
        frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in self.absent)
        frame = self._with_primary(frame)
        frame, empty = self._without_empty(frame)
        measured = [self._plain(frame)]
        units = frame.select(pl.col("#row"), pl.lit(0, pl.Int64).alias("#size"))
        for size in sorted({column.size for column in self.batches}):
            timed = self._timed(frame, size)
            measured.append(timed)
            units = pl.concat([units, timed.select("#row", "#size").unique()])
        units = units.sort("#row", "#size").with_columns(
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("group")
        )
        records, systems = self._records(frame, units)
        table = pl.concat(measured, how="diagonal").join(
            units, on=["#row", "#size"], how="left", maintain_order="left"
        )
        order = [
            pl.col("group"),
            ~pl.col("primary").fill_null(value=False),
            *(pl.col(part).fill_null("") for part in _KEY),
        ]
        table = table.sort(order, maintain_order=True)
        valued = table.filter(pl.col("value").is_not_null())["group"].unique()
        unread = (pl.col("status") == "ok") & ~pl.col("group").is_in(valued.implode())
        records = records.with_columns(
            pl.when(unread).then(pl.lit("incomplete")).otherwise("status").alias("status")
        )
        owners = pl.Series("record_id", records["id"]).gather(table["group"])
        batch = Batch(
            systems, arrow("records", records), arrow("measurements", table.with_columns(owners))
        )
        count = frame.height + len(lost) + len(empty)
        return Part(path, batch, count, frame.height, tuple(empty), lost)

    def _with_primary(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the column of scores that is a row's headline, whether it failed, and the score where only `result` has it."""
        if "metric" in self.columns:
            name = pl.col("metric").str.strip_prefix("neg_")
        else:
            filled = [
                pl.when(pl.col(c).is_not_null()).then(pl.lit(c))
                for c in FIRST_METRICS
                if c in self.columns
            ]
            # A failed row has no score: what it would have been is told by the other rows of the table, not by it.
            name = (
                pl.coalesce(*filled, pl.lit(None, pl.String)) if filled else pl.lit(None, pl.String)
            )
        failed = pl.col("result").is_null()
        if "result" in self.absent:
            failed = pl.all_horizontal([pl.col(score).is_null() for score in self.scores])
        return frame.with_columns(name.alias("#score"), failed.alias("#failed"))

    def _without_empty(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
        """Return the rows that say how a fold ended, and those that do not.

        Where no column says why a fold failed, a row without a number is one that failed or was never run.
        """
        said = pl.col("task") if "info" in self.absent else pl.col("info")
        nothing = (
            pl.col("result").is_null()
            & said.is_null()
            & pl.all_horizontal(
                [pl.col(column.name).is_null() for column in self.plain] or [pl.lit(value=True)]
            )
        )
        again = pl.all_horizontal(
            [
                (pl.col(name) == name).fill_null(value=False)
                for name in NEEDED
                if name in self.columns
            ]
        )
        skipped = [
            (row, "the row has no result, no number and no error")
            for row in frame.filter(nothing)["#row"]
        ]
        skipped += [(row, HEADER_AGAIN) for row in frame.filter(again)["#row"]]
        return frame.filter(~nothing & ~again), sorted(skipped)

    # --- measurements ---

    def _plain(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return scores, times and counts of the rows."""
        parts = []
        for column in self.plain:
            score = column.name in self.scores
            chosen = (
                (pl.col("#score") == column.name).fill_null(value=False)
                if score
                else pl.lit(value=False)
            )
            wanted = pl.col("#failed") & (chosen | pl.lit(column.expected))
            found = frame.filter(pl.col(column.name).is_not_null() | wanted)
            primary = pl.when(chosen).then(pl.lit(value=True))
            caveat = self._caveat(column, self._disagrees(column.name) & chosen if score else None)
            parts.append(
                _valued(
                    found.select(
                        "#row",
                        pl.lit(0, pl.Int64).alias("#size"),
                        pl.col(column.name).alias("text"),
                        primary.alias("primary"),
                        caveat.alias("caveats"),
                    ),
                    column,
                )
            )
        parts += self._only_in_result(frame)
        return pl.concat(parts, how="diagonal") if parts else pl.DataFrame()

    def _caveat(self, column: _Column, disagrees: pl.Expr | None = None) -> pl.Expr:
        """Return the doubts: the unit of a predicted quantity is nowhere said, and `result` may be another number."""
        plain = pl.lit('["unit-inferred"]' if column.of_target else None, pl.String)
        if disagrees is None:
            return plain
        both = pl.lit(
            '["source-disagrees","unit-inferred"]' if column.of_target else '["source-disagrees"]'
        )
        return pl.when(disagrees.fill_null(value=False)).then(both).otherwise(plain)

    def _disagrees(self, name: str) -> pl.Expr:
        """Say where `result` is not the score that it is said to be."""
        negated = (
            pl.col("metric").str.starts_with("neg_")
            if "metric" in self.columns
            else pl.lit(value=False)
        )
        score = pl.col(name).cast(pl.Float64, strict=False)
        return pl.col("result").cast(pl.Float64, strict=False) != pl.when(negated).then(
            -score
        ).otherwise(score)

    def _only_in_result(self, frame: pl.DataFrame) -> list[pl.DataFrame]:
        """Return the scores of metrics that have no column: `result`, with its sign turned back where it was negated."""
        have = list(self.scores)
        without = frame.filter(pl.col("#score").is_not_null() & ~pl.col("#score").is_in(have))
        parts = []
        for name in without["#score"].unique().sort().to_list():
            score = rules.scores().get(name)
            metric = score.metric if score else _own_metric(name)
            column = _Column(
                name, metric, "single", None, "fold", score.unit if score else _unit_of(name)
            )
            rows = without.filter(pl.col("#score") == name)
            negated = pl.col("metric").str.starts_with("neg_")
            valued = _valued(
                rows.select(
                    "#row",
                    pl.lit(0, pl.Int64).alias("#size"),
                    pl.col("result").alias("text"),
                    pl.lit(value=True).alias("primary"),
                    self._caveat(column).alias("caveats"),
                    negated.alias("negated"),
                ),
                column,
            )
            turned = valued.with_columns(
                value=pl.when("negated").then(-pl.col("value")).otherwise("value"),
                basis=pl.when(pl.col("negated") & pl.col("value").is_not_null())
                .then(pl.lit("derived"))
                .otherwise("basis"),
                # The source's characters are those of the negated number; they stand in the extensions.
                reported_value=pl.when(~pl.col("negated")).then("reported_value"),
                reported_unit=pl.when(~pl.col("negated")).then("reported_unit"),
            )
            parts.append(turned.drop("negated"))
        return parts

    def _timed(self, frame: pl.DataFrame, size: int) -> pl.DataFrame:
        """Return the times of one batch size, and the throughput that follows."""
        parts = []
        columns = [column for column in self.batches if column.size == size]
        first = min(
            columns, key=lambda column: list(_STAGES.values()).index(column.stage or "")
        ).stage
        for column in columns:
            found = frame.filter(pl.col(column.name).is_not_null())
            primary = (
                pl.lit(value=True)
                if column.stage == first or len(columns) == 1
                else self._alone(columns, column)
            )
            taken = found.select(
                "#row",
                pl.lit(size, pl.Int64).alias("#size"),
                pl.col(column.name).alias("text"),
                pl.when(primary).then(pl.lit(value=True)).alias("primary"),
            )
            latency = _valued(taken, column).with_columns(
                n=pl.when(pl.col("value").is_not_null()).then(pl.lit(REPEATS, pl.Int64))
            )
            # A time of 0 is one that the clock did not see; no rate follows from it.
            seen = latency.filter(pl.col("value") > 0)
            rate = seen.select(
                "#row",
                "#size",
                value=size / pl.col("value"),
                metric=pl.lit("throughput"),
                stage=pl.lit(column.stage),
                per=pl.lit("sample"),
                unit=pl.lit("/s"),
                basis=pl.lit("derived"),
            ).filter(pl.col("value").is_finite())
            parts += [latency, rate]
        return pl.concat(parts, how="diagonal")

    def _alone(self, columns: list[_Column], column: _Column) -> pl.Expr:
        """Say where a row has only this column of its batch size."""
        return pl.all_horizontal(
            [pl.col(other.name).is_null() for other in columns if other is not column]
        )

    # --- records ---

    def _records(self, frame: pl.DataFrame, units: pl.DataFrame) -> tuple[pl.DataFrame, pa.Table]:
        """Return the records as columns, and the systems that are known."""
        rows = self._described(frame)
        systems = _systems(rows)
        table = units.join(rows, on="#row", how="left", maintain_order="left")
        locators = [
            f"row={r}" if not s else f"batch_size={s}&row={r}"
            for r, s in units.select("#row", "#size").iter_rows()
        ]
        whole = pl.col("#size") == 0
        return table.with_columns(
            pl.Series("id", record_ids(SUITE, self.name, self.digest, locators), dtype=pl.String),
            pl.Series("source_locator", locators, dtype=pl.String),
            pl.when(~whole).then("#size").alias("batch_size"),
            pl.when(whole).then("status").otherwise(pl.lit("ok")).alias("status"),
            pl.when(whole).then("status_detail").alias("status_detail"),
            pl.when(whole).then(pl.lit("evaluation")).otherwise(pl.lit("inference")).alias("phase"),
            pl.lit(self.name).alias("source_path"),
            pl.lit(self.digest).alias("source_sha256"),
            pl.lit(NAME).alias("converter"),
            pl.lit(VERSION).alias("converter_version"),
        ), systems

    def _described(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return what each row says of its run."""
        told = (
            pl.col("constraint")
            if "constraint" in self.columns
            else pl.lit(self.constraint, pl.String)
        )
        frame = frame.with_columns(told.alias("#constraint"))
        budgets = {
            name: rules.constraint(name)
            for name in frame["#constraint"].drop_nulls().unique().to_list()
        }
        cores = {name: budget.cores for name, budget in budgets.items() if budget}
        splits = {
            name: f"cv:1x{budget.folds}"
            for name, budget in budgets.items()
            if budget and budget.folds
        }
        engines = {
            name: rules.framework_engine(name)
            for name in frame["framework"].drop_nulls().unique().to_list()
        }
        version = pl.col("version").is_in(["stable", "latest"])
        failure = (
            pl.when(pl.col("info").is_not_null())
            .then(pl.lit("failed"))
            .otherwise(pl.lit("incomplete"))
        )
        execution = f"{self.name.rpartition('.')[0]}-{self.digest[:12]}#row="
        return frame.select(
            "#row",
            pl.lit(SUITE).alias("suite"),
            _first_of(self.columns, "app_version", "tag").alias("suite_version"),
            pl.col("task").alias("benchmark"),
            pl.lit("cross-validation").alias("scenario"),
            self._task().alias("task"),
            named("dataset", frame["task"], SUITE).alias("dataset"),
            _looked_up("#constraint", splits, pl.String).alias("dataset_split"),
            named("model", frame["framework"], SUITE).alias("model"),
            _looked_up("framework", engines, pl.String).alias("engine"),
            pl.when(~version).then("version").alias("engine_version"),
            self._hyperparameters(frame, budgets),
            pl.when("#failed").then(failure).otherwise(pl.lit("ok")).alias("status"),
            pl.col("info").alias("status_detail"),
            pl.when(
                pl.col("utc").str.contains(
                    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$"
                )
            )
            .then(pl.col("utc") + "Z")
            .alias("measured_at"),
            (pl.lit(execution) + pl.col("#row").cast(pl.String)).alias("execution"),
            self._extensions(frame),
            pl.when(pl.col("mode").str.starts_with("aws"))
            .then(_looked_up("#constraint", cores, pl.Int64))
            .alias("#cores"),
        ).with_columns(_system_of("#cores").alias("system_id"))

    def _task(self) -> pl.Expr:
        """Return the task: as the row says, or by the score that it has."""
        if "type" in self.columns:
            return pl.col("type").replace_strict(
                rules.amlb_tasks(), default=None, return_dtype=pl.String
            )
        return pl.when(pl.col("#score").is_in(FIRST_METRICS)).then(pl.lit("tabular-classification"))

    def _hyperparameters(
        self, frame: pl.DataFrame, budgets: Mapping[str, rules.Constraint | None]
    ) -> pl.Series:
        """Return constraint, fold, seed and the framework's own parameters, as canonical JSON text."""
        params = (
            frame["params"]
            if "params" in self.columns
            else pl.Series([None] * frame.height, dtype=pl.String)
        )
        own = {words: _literal(words) for words in params.drop_nulls().unique().to_list()}
        shared: dict[tuple[Any, Any], tuple[str, str]] = {}
        cells = []
        for words, name, fold, seed in zip(
            params, frame["#constraint"], frame["fold"], frame["seed"], strict=True
        ):
            parts = shared.get((words, name))
            if parts is None:
                budget = budgets.get(name) if name else None
                said: dict[str, Any] = {"constraint": name, "params": own.get(words)}
                said |= (
                    {"cores": budget.cores, "max_runtime_seconds": budget.seconds} if budget else {}
                )
                told = {key: value for key, value in said.items() if value not in (None, {})}
                parts = shared[words, name] = _around(told)
            inside = [
                parts[0],
                *([f'"fold":{_json(fold)}'] if fold else []),
                parts[1],
                *([f'"seed":{_json(seed)}'] if seed else []),
            ]
            cells.append("{" + ",".join(part for part in inside if part) + "}")
        return pl.Series(
            "hyperparameters", [cell if cell != "{}" else None for cell in cells], dtype=pl.String
        )

    def _extensions(self, frame: pl.DataFrame) -> pl.Series:
        """Return the source's own words, as canonical JSON text."""
        names = sorted({name for name in EXTENSIONS if name in self.columns})
        parts = []
        for name in names:
            column = frame[name]
            odd = [
                word
                for word in column.drop_nulls().unique().to_list()
                if canonical(word) != f'"{word}"'
            ]
            quoted = pl.lit('"') + pl.col(name) + pl.lit('"')
            if odd:
                quoted = (
                    pl.when(pl.col(name).is_in(odd))
                    .then(pl.col(name).replace({word: canonical(word) for word in odd}))
                    .otherwise(quoted)
                )
            parts.append(pl.lit(f'"{name}":') + quoted)
        inside = pl.concat_str(parts, separator=",", ignore_nulls=True)
        return frame.select(
            (pl.lit('{"amlb":{') + inside + pl.lit("}}")).alias("extensions")
        ).to_series()


def _clean(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose cells are one line of text, or null where they say nothing."""
    dirty = [name for name in frame.columns if frame[name].str.contains(CONTROL).any()]
    frame = frame.with_columns(pl.col(name).str.replace_all(CONTROL, " ") for name in dirty)
    stripped = pl.all().str.strip_chars()
    return frame.with_columns(stripped).with_columns(
        pl.when(~pl.all().is_in(_EMPTY)).then(pl.all())
    )


def _valued(frame: pl.DataFrame, column: _Column) -> pl.DataFrame:
    """Return value, unit and basis of the texts of a column, or why there is none; the characters are kept."""
    whole = pl.col("text").str.contains(NUMBER)
    frame = frame.with_columns(value=pl.when(whole).then("text").cast(pl.Float64, strict=False))
    frame = frame.with_columns(value=pl.when(pl.col("value").is_finite()).then("value"))
    found = pl.col("value").is_not_null()
    reason = (
        pl.when(pl.col("text").is_null())
        .then(pl.lit(column.lost))
        .when(whole)
        .then(pl.lit("invalid-in-source"))
        .otherwise(pl.lit("not-numeric"))
    )
    return frame.with_columns(
        metric=pl.lit(column.metric),
        statistic=pl.lit(column.statistic, pl.String),
        stage=pl.lit(column.stage, pl.String),
        per=pl.lit(column.per, pl.String),
        unit=pl.when(found).then(pl.lit(column.unit)),
        basis=pl.when(found).then(pl.lit("measured")),
        missing=pl.when(~found).then(reason),
        caveats=pl.when(found).then("caveats")
        if "caveats" in frame.columns
        else pl.lit(None, pl.String),
        reported_value=pl.col("text"),
        reported_unit=pl.when(found).then(
            pl.lit(column.unit if column.unit == "s" else None, pl.String)
        ),
    ).drop("text")


def _first_of(columns: list[str], *names: str) -> pl.Expr:
    return pl.coalesce(
        [pl.col(name) for name in names if name in columns] or [pl.lit(None, pl.String)]
    )


def _looked_up(name: str, known: Mapping[str, Any], kind: Any) -> pl.Expr:
    if not known:
        return pl.lit(None, kind)
    return pl.col(name).replace_strict(dict(known), default=None, return_dtype=kind)


def _system(cores: int) -> dict[str, Any]:
    """Return the system of a run on AWS: the benchmark asks for an instance of so many cores, and notes no other fact."""
    system: dict[str, Any] = {"name": "aws", "processor": {"cores": cores}}
    instance = rules.default_instance(cores)
    if instance:
        system["extensions"] = {"amlb": {"default_instance": instance}}
    return {"id": system_id(system), **system}


def _system_of(name: str) -> pl.Expr:
    return pl.col(name).map_elements(
        lambda cores: str(_system(cores)["id"]), return_dtype=pl.String
    )


def _systems(rows: pl.DataFrame) -> pa.Table:
    cores = sorted(rows["#cores"].drop_nulls().unique().to_list())
    return table_of("systems", [system_row(_system(number)) for number in cores])


def _literal(words: str) -> Any:
    """Return the parameters of a framework: a Python dict is read as such, never run; else the text is kept."""
    if len(words) > MAX_LITERAL:
        return words
    try:
        found = ast.literal_eval(words)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return words
    return _plain(found) if isinstance(found, dict) else words


def _plain(value: Any) -> Any:
    """Return a Python literal as JSON that every reader keeps; None is left out."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value if item is not None]
    return kept(value) if isinstance(value, bool | str | int | float) else str(value)


def _around(said: dict[str, Any]) -> tuple[str, str]:
    """Return canonical members that sort before `fold`, and those between it and `seed`."""
    before = {key: value for key, value in said.items() if key < "fold"}
    return canonical(before)[1:-1], canonical(
        {key: value for key, value in said.items() if key > "fold"}
    )[1:-1]


def _json(cell: str) -> str:
    """Return a cell as JSON: a whole number as one, anything else as text."""
    plain = cell.isascii() and cell.isdigit() and len(cell) < 16 and (cell == "0" or cell[0] != "0")
    return cell if plain else canonical(cell)
