"""AutoML Benchmark (AMLB): the results.csv of every generation, and third-party files of the same columns.

A row is one fold. It gives one record with its scores and times, and one more for each batch size whose inference was timed.
See docs/converters/openml.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Match, Part, Pattern, Skipped, Source, Unit
from benchfmt.converters.flat import guessed_encoding
from benchfmt.converters.openml import amlb_measurements
from benchfmt.converters.openml.amlb_columns import Columns, inside, is_score, own_metric
from benchfmt.converters.openml.amlb_records import NAME, SUITE, VERSION, Origin, records
from benchfmt.converters.openml.columns import CONTROL, HEADER_AGAIN, arrow
from benchfmt.converters.openml.terms import with_metrics
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.readers import jsons
from benchfmt.readers.bad_rows import BadRow
from benchfmt.readers.files import file_sha256
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, first_row
from benchfmt.suites import openml as rules
from benchfmt.tables import Batch

__all__ = ["NAME", "OPTIONS", "SUITE", "VERSION", "detect", "lacks", "plan", "prefixes", "read"]

OPTIONS = ("constraint",)
NEEDED = ("task", "framework", "fold", "result")
"""Those without which a row says nothing of a fold; published tables leave out any other."""
_EMPTY = ("", "nan", "NaN", "None")
_KEY = ("metric", "statistic", "stage", "per")
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
_METADATA = {"framework", "framework_version", "max_runtime_seconds", "fold"}
"""Keys of the file in which the benchmark keeps the settings of one fold."""
PATTERNS = (Pattern(("*.csv",), words=("framework",)),)


def detect(source: Source) -> Match | None:
    """Say how many tables of results a source holds, or None."""
    tables = []
    lacking = []
    for path in source.with_suffix(".csv"):
        fault = _fault(path)
        if fault:
            lacking.append(path)
        elif fault == "":
            tables.append(path)
    if tables:
        return Match(0.9, f"{len(tables)} tables with the columns of AMLB, first {tables[0].name}")
    if lacking:
        reason = f"{len(lacking)} tables that look like AMLB's, first {lacking[0].name}"
        return Match(0.3, reason)
    return None


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
        fault = _fault(path)
        if fault:
            yield Failed(path, fault)
        elif fault == "":
            yield Unit(path, (), options, source.relative(path), source.limits)
        elif path.name in _OF_A_FOLD and _is_metadata(path.with_name("metadata.json"), source):
            part = _OF_A_FOLD[path.name]
            yield Skipped(path, f"the {part} of one fold; its scores stand in results.csv")


_OF_A_FOLD = {"metadata.json": "settings", "predictions.csv": "predictions"}
"""Files in the folder of a fold, and what they hold of it."""


def prefixes(unit: Unit) -> Mapping[str, JsonValue]:
    """Return the declaration of the scores that a table has and the vocabulary does not."""
    text = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    try:
        columns = text.header()
        names = {name for name in columns if is_score(name)}
        if "metric" in columns:
            for frame, _ in text.batches():
                names |= {
                    str(name).removeprefix("neg_") for name in frame["metric"].drop_nulls().unique()
                }
    except (TableError, UnicodeDecodeError, OSError):
        return {}  # told where the table is read
    unknown = {
        name: own_metric(name).partition(":")[2] for name in names - set(rules.scores()) if name
    }
    return with_metrics(NAME, {metric: _declared(name) for name, metric in sorted(unknown.items())})


def _declared(name: str) -> JsonValue:
    known = rules.forecast_scores().get(name)
    if known:
        return {"label": name, "definition": known, "unit": "1", "direction": "lower"}
    words = f"The score {name!r} of a table of results."
    return {"label": name, "definition": words, "unit": rules.UNKNOWN_UNIT, "direction": "target"}


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of a table in parts; a file that is no table is one Failed."""
    text = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    done = 0
    try:
        columns = Columns(text.header())
        origin = Origin(unit.path.name, file_sha256(unit.path), unit.options.get("constraint"))
        yield from columns.findings(origin.name)
        yield from guessed_encoding(text)
        for frame, rows in text.batches():
            bad = text.bad_rows[done:]
            done = len(text.bad_rows)
            yield _part(unit.path, frame, rows, bad, columns, origin)
        for late in text.bad_rows[done:]:
            yield Failed(unit.path, _cells(late), late.row)
    except UnicodeDecodeError as error:
        yield Failed(unit.path, f"not UTF-8: {error.reason}")
    except TableError as error:
        yield Failed(unit.path, str(error))


def _cells(bad: BadRow) -> str:
    return f"the row has {bad.actual} cells where the table has {bad.expected} columns"


def _fault(path: Path) -> str | None:
    """Say what a table of AMLB's lacks: nothing (""), or None where a file is no such table."""
    if path.suffix.lower() != ".csv":
        return None
    names = set(first_row(path))
    lacking = [name for name in NEEDED if name not in names]
    own = len(names & _OWN)
    if lacking == ["result"] and names & set(rules.scores()):
        lacking = []  # the scores stand in columns of their own
    if not lacking:
        if own < _ENOUGH:
            return None
        return ""
    if len(lacking) > 1 or "framework" in lacking or own < _UNMISTAKABLE:
        return None
    return f"it looks like a table of AMLB's results, but its header has no column {lacking[0]!r}"


def _is_metadata(path: Path, source: Source) -> bool:
    try:
        data = jsons.read(path, source.limits)
    except (BenchfmtError, OSError):
        return False
    return isinstance(data, dict) and set(data) >= _METADATA


def _part(
    path: Path,
    frame: pl.DataFrame,
    rows: npt.NDArray[np.int64],
    bad: Sequence[BadRow],
    columns: Columns,
    origin: Origin,
) -> Part:
    """Return the tables of some rows, and their account."""
    frame.columns = [inside(name) for name in frame.columns]
    frame = _clean(frame).with_columns(pl.Series("#row", np.asarray(rows), dtype=pl.Int64))
    frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in columns.absent)
    frame = amlb_measurements.with_primary(frame, columns)
    frame, empty = _without_empty(frame, columns)
    failed = tuple((row.row, _cells(row)) for row in bad)
    return Part(
        path=path,
        batch=_batch(frame, columns, origin),
        rows=frame.height + len(failed) + len(empty),
        converted=frame.height,
        skipped=tuple(empty),
        failed=failed,
        findings=tuple(_contradicted(frame, origin)),
    )


def _batch(frame: pl.DataFrame, columns: Columns, origin: Origin) -> Batch:
    measured = [amlb_measurements.plain(frame, columns)]
    units = frame.select(pl.col("#row"), pl.lit(0, pl.Int64).alias("#size"))
    for size in sorted({column.size for column in columns.batches}):
        timed = amlb_measurements.timed(frame, columns, size)
        measured.append(timed)
        units = pl.concat([units, timed.select("#row", "#size").unique()])
    group = pl.int_range(pl.len(), dtype=pl.UInt32).alias("group")
    units = units.sort("#row", "#size").with_columns(group)
    described, systems = records(frame, units, columns, origin)
    numbers = pl.concat(measured, how="diagonal").join(
        units, on=["#row", "#size"], how="left", maintain_order="left"
    )
    numbers = _in_order(numbers)
    valued = numbers.filter(pl.col("value").is_not_null())["group"].unique()
    unread = (pl.col("status") == "ok") & ~pl.col("group").is_in(valued.implode())
    status = pl.when(unread).then(pl.lit("incomplete")).otherwise("status").alias("status")
    described = described.with_columns(status)
    owners = pl.Series("record_id", described["id"]).gather(numbers["group"])
    return Batch(
        systems,
        arrow("records", described),
        arrow("measurements", numbers.with_columns(owners)),
    )


def _in_order(numbers: pl.DataFrame) -> pl.DataFrame:
    """Return the measurements record by record, the primary one first, the others by key."""
    order = [
        pl.col("group"),
        ~pl.col("primary").fill_null(value=False),
        *(pl.col(part).fill_null("") for part in _KEY),
    ]
    return numbers.sort(order, maintain_order=True)


def _contradicted(frame: pl.DataFrame, origin: Origin) -> Iterator[Finding]:
    """Yield that `result` is another number than the score that it is said to be."""
    rows = frame.filter(pl.col("#contradicted"))
    for (score,), odd in rows.group_by("#score", maintain_order=True):
        first = odd.row(0, named=True)
        number = first[inside(str(score))]
        message = (
            f"result {first['result']} is not the {score} {number} beside it, which is"
            f" taken; so in {odd.height} of {frame.height} rows"
        )
        yield Finding(
            code="BF405",
            severity=Severity.WARNING,
            path=origin.name,
            row=first["#row"],
            column="result",
            field=None,
            message=message,
            value=first["result"],
            hint="give the table as the benchmark wrote it",
        )


def _without_empty(
    frame: pl.DataFrame, columns: Columns
) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    """Return the rows that say how a fold ended, and those that do not.

    Where no column says why a fold failed, a row without a number is one that failed or was never run.
    """
    ended = pl.col("info")
    if "info" in columns.absent:
        ended = pl.col("task")
    texts = [pl.col("result"), ended, *(pl.col(column.cells) for column in columns.plain)]
    nothing = pl.all_horizontal([text.is_null() for text in texts])
    repeated = [(pl.col(name) == name).fill_null(value=False) for name in NEEDED if name in columns]
    again = pl.all_horizontal(repeated)
    skipped = [
        (row, "the row has no result, no number and no error")
        for row in frame.filter(nothing)["#row"]
    ]
    skipped += [(row, HEADER_AGAIN) for row in frame.filter(again)["#row"]]
    return frame.filter(~nothing & ~again), sorted(skipped)


def _clean(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose cells are one line of text, or null where they say nothing."""
    dirty = [name for name in frame.columns if frame[name].str.contains(CONTROL).any()]
    frame = frame.with_columns(pl.col(name).str.replace_all(CONTROL, " ") for name in dirty)
    stripped = pl.all().str.strip_chars()
    return frame.with_columns(stripped).with_columns(
        pl.when(~pl.all().is_in(_EMPTY)).then(pl.all())
    )
