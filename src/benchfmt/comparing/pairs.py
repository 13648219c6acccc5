"""The results of two packages, matched by what binds: what each package says of a result, as values to be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from benchfmt.comparing.called import NAMES, system_names
from benchfmt.comparing.verdicts import Metric, Result, Side
from benchfmt.comparison.fields import FIELDS
from benchfmt.comparison.observations import NO_ZERO, caveats_of, observed
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import first_of_executions, results
from benchfmt.package import Package
from benchfmt.record import KEY_FIELDS
from benchfmt.tables import table_of
from benchfmt.vocabulary import Metric as KnownMetric
from benchfmt.vocabulary import metric_of, vocabulary

_CONTEXT = (
    "suite",
    "suite_version",
    "benchmark",
    "division",
    "scenario",
    "phase",
    "task",
    "dataset",
    "dataset_split",
    "model",
    "model_version",
    "precision",
    "input_shape",
    "batch_size",
    "threads",
    "placement",
    "engine",
    "hyperparameters",
)
"""The fields of records that tell results from each other; those that may differ are left out."""
VARYING = {"suite_version": "round"}
"""The names by which a question knows some of these fields."""
_APART = ("system_id", "engine", "placement")
"""What keeps two results apart even where the rules leave it free, as they do for the quality of answers."""
_APART_NAMES = {"system_id": "system"}
_VERSIONS = ("suite_version", "engine", "engine_version", "model_version", "software")
"""The fields that may differ and that reports tell of both sides."""
_BINDING = (name for item in FIELDS.values() if not item.of_measurement for name in item.columns)
_OF_RECORDS = tuple(
    dict.fromkeys(
        ["id", "status", "execution", "dataset_samples", *_CONTEXT, *_VERSIONS, *_BINDING]
    )
)
_OF_MEASUREMENTS = (
    "record_id",
    *KEY_FIELDS,
    *("value", "unit", "basis", "caveats", "n", "stddev", "ci", "samples"),
    *("target_min", "target_max"),
)


@dataclass(frozen=True)
class Results:
    """The results of a package that have a key, by that key; and how many others there are."""

    by_key: Mapping[tuple[str, ...], Side]
    without_key: Mapping[tuple[str, str], int]
    """By metric and reason."""
    metrics: frozenset[str]
    """The metrics of all results."""
    varied: Mapping[str, tuple[str, ...]]
    """The distinct values of the fields that may differ."""


def results_of(
    package: Package, question: Question, described: dict[tuple[str, ...], Result]
) -> Results:
    """Return the results of a package, each with what it takes to match and to judge it.

    What they are is added to `described`, by the same keys.
    """
    records = _frame(package, "records", _OF_RECORDS)
    measurements = _frame(package, "measurements", _OF_MEASUREMENTS)
    systems = _frame(package, "systems", ("id", *NAMES))
    found = first_of_executions(results(records, measurements, question))
    names = system_names(systems)
    # The suite stands with the results already.
    context = [name for name in _CONTEXT if name != "suite"]
    joined = found.join(
        records.select("id", "dataset_samples", *context),
        left_on="record_id",
        right_on="id",
        how="left",
        maintain_order="left",
    )
    refused = joined.filter(pl.col("group").is_null())
    reasons = refused.group_by("metric", "obstacle", maintain_order=True).len()
    keyed = joined.filter(pl.col("group").is_not_null())
    metrics = {**vocabulary().metrics, **package.descriptor.metrics()}
    by_key: dict[tuple[str, ...], Side] = {}
    for key, rows in _grouped(keyed, question):
        by_key[key] = _side(rows)
        if key not in described:
            described[key] = _result(rows[0], question, metrics, names)
    return Results(
        by_key=by_key,
        without_key={
            (str(metric), str(reason)): int(count) for metric, reason, count in reasons.rows()
        },
        metrics=frozenset(map(str, found["metric"].unique())),
        varied=_varied(records, question),
    )


def _frame(package: Package, table: str, columns: Sequence[str]) -> pl.DataFrame:
    """Return some columns of a table."""
    parts = [pl.DataFrame(pl.from_arrow(table_of(table, []).select(columns)))]
    for rows in package.batches(table, columns):
        parts.append(pl.DataFrame(pl.from_arrow(rows)).select(columns))
    return pl.concat(parts)


def _grouped(
    keyed: pl.DataFrame, question: Question
) -> Iterator[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """Yield the key of each result with its rows: more than one where it was repeated."""
    apart = [name for name in _APART if not question.may_differ(_APART_NAMES.get(name, name))]
    names = ["group", *KEY_FIELDS, "unit", *apart]
    by_key: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in keyed.iter_rows(named=True):
        key = tuple(str(row[name] or "") for name in names)
        by_key.setdefault(key, []).append(row)
    yield from by_key.items()


def _side(rows: list[dict[str, Any]]) -> Side:
    caveats = dict.fromkeys(word for row in rows for word in caveats_of(row))
    return Side(
        records=tuple(str(row["record_id"]) for row in rows),
        observed=tuple(map(observed, rows)),
        caveats=tuple(caveats),
    )


def _result(
    row: Mapping[str, Any],
    question: Question,
    metrics: Mapping[str, KnownMetric],
    names: Mapping[str, str],
) -> Result:
    name = str(row["metric"])
    known = metric_of(name, metrics)
    direction = None
    if known is not None:
        direction = known.direction
    quantity = vocabulary().terms("metric").get(name.partition("@")[0], {}).get("quantity")
    has_zero = row["unit"] not in NO_ZERO
    metric = Metric(
        name=name,
        unit=str(row["unit"]),
        direction=direction,
        is_ratio=has_zero and quantity != "quality",
        has_zero=has_zero,
    )
    context = {}
    if row["system_id"] is not None and not question.may_differ("system"):
        context["system"] = names.get(row["system_id"], row["system_id"])
    for field in _CONTEXT:
        if row[field] is not None and not question.may_differ(VARYING.get(field, field)):
            context[field] = str(row[field])
    key = {field: str(row[field]) for field in KEY_FIELDS[1:] if row[field] is not None}
    return Result(metric, key, context, str(row["group"]))


def _varied(records: pl.DataFrame, question: Question) -> dict[str, tuple[str, ...]]:
    """Return what records say of the fields that may differ."""
    varied = {}
    for field in _VERSIONS:
        if question.may_differ(VARYING.get(field, field)):
            distinct = records[field].drop_nulls().unique(maintain_order=True)
            varied[field] = tuple(map(str, distinct))
    return varied
