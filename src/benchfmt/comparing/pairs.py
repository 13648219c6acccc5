"""The results of two packages, matched by what binds: what each package says of a result, as values to be judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from benchfmt.comparing.called import NAMES, system_names
from benchfmt.comparing.portions import (
    CLASHES,
    by_portions,
    clashing,
    one_of_each_id,
    repeats,
    values_of,
)
from benchfmt.comparing.told import (
    CONTEXT,
    VARYING,
    columns_of_measurements,
    columns_of_records,
)
from benchfmt.comparing.verdicts import Metric, Result, Side
from benchfmt.comparison.observations import NO_ZERO, caveats_of, observed
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import first_of_executions, results
from benchfmt.package import Package
from benchfmt.record import KEY_FIELDS
from benchfmt.rowhash import row_hashes
from benchfmt.vocabulary import Metric as KnownMetric
from benchfmt.vocabulary import metric_of, vocabulary

_APART = ("system_id", "engine", "placement")
"""What keeps two results apart even where the rules leave it free, as they do for the quality of answers."""
_APART_NAMES = {"system_id": "system"}
_VERSIONS = ("suite_version", "engine", "engine_version", "model_version", "software")
"""The fields that may differ and that reports tell of both sides."""
_OF_RECORDS = columns_of_records("dataset_samples", *CONTEXT, *_VERSIONS)
_OF_MEASUREMENTS = columns_of_measurements("n", "stddev", "ci", "samples")
Key = int
"""A number for all that tells a result from others, the same for both packages within one process."""
_RUN = ("suite", "execution")


@dataclass(frozen=True)
class Results:
    """The results of a package that have a key, by that key; and how many others there are."""

    by_key: Mapping[Key, Side]
    without_key: Mapping[tuple[str, str], int]
    """By metric and reason."""
    metrics: frozenset[str]
    """The metrics of all results."""
    varied: Mapping[str, tuple[str, ...]]
    """The distinct values of the fields that may differ."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The results of some records."""

    sides: list[tuple[Key, Side]]
    held: pl.DataFrame
    """Results of executions that other records name too."""
    without_key: Counter[tuple[str, str]]
    metrics: set[str]
    varied: dict[str, list[str]]


def results_of(package: Package, question: Question, described: dict[Key, Result]) -> Results:
    """Return the results of a package, each with what it takes to match and to judge it.

    What they are is added to `described`, by the same keys. Some records are in memory at a time, and of each result
    what is told of it.
    """
    reading = _Reading(package, question, described)
    columns = (_OF_RECORDS, _OF_MEASUREMENTS)
    repeated = repeats(package)
    parts = by_portions(package, columns, lambda rows: rows, reading.portion, repeated)
    found = [side for part in parts for side in part.sides]
    if any(part.held.height for part in parts):
        held = pl.concat([part.held for part in parts if part.held.height])
        found += reading.sides(first_of_executions(held))
    varied: dict[str, dict[str, None]] = {name: {} for name in reading.varying}
    for part in parts:
        for name, values in part.varied.items():
            varied[name].update(dict.fromkeys(values))
    clashes = _clashes(package, clashing(repeated))
    return Results(
        by_key=_joined(found),
        without_key=sum((part.without_key for part in parts), clashes),
        metrics=frozenset(metric for metric, _ in clashes).union(*(part.metrics for part in parts)),
        varied={name: tuple(values) for name, values in varied.items()},
    )


def _clashes(package: Package, numbers: Sequence[int]) -> Counter[tuple[str, str]]:
    """Return how many results are of records that say other things under one id, by metric and reason."""
    if not numbers:
        return Counter()
    counts = values_of(package, numbers)["metric"].cast(pl.String).value_counts()
    return Counter({(str(metric), CLASHES): count for metric, count in counts.iter_rows()})


def _joined(sides: Iterable[tuple[Key, Side]]) -> dict[Key, Side]:
    """Return one side for each key: several runs of one configuration are repeats."""
    by_key: dict[Key, Side] = {}
    repeats: dict[Key, list[Side]] = {}
    for key, side in sides:
        if key in by_key:
            repeats.setdefault(key, []).append(side)
        else:
            by_key[key] = side
    for key, others in repeats.items():
        every = [by_key[key], *others]
        by_key[key] = Side(
            records=tuple(record for side in every for record in side.records),
            observed=tuple(item for side in every for item in side.observed),
            caveats=tuple(dict.fromkeys(word for side in every for word in side.caveats)),
        )
    return by_key


class _Reading:
    """What is needed to tell the results of a package apart, and the work on some of its records."""

    def __init__(self, package: Package, question: Question, described: dict[Key, Result]) -> None:
        self.varying = [name for name in _VERSIONS if question.may_differ(VARYING.get(name, name))]
        self._question = question
        self._described = described
        self._shared = _shared_executions(package)
        self._metrics = {**vocabulary().metrics, **package.descriptor.metrics()}
        self._names = system_names(
            pl.DataFrame(pl.from_arrow(package.table("systems").select(("id", *NAMES))))
        )
        self._known: dict[tuple[str, str], Metric] = {}
        # What results of one record, or of one metric, have in common is in memory once.
        self._contexts: dict[tuple[Any, ...], Mapping[str, str]] = {}
        self._keys: dict[tuple[Any, ...], Mapping[str, str]] = {}
        apart = [name for name in _APART if not question.may_differ(_APART_NAMES.get(name, name))]
        self._key = ["group", *KEY_FIELDS, "unit", *apart]

    def portion(self, records: pl.DataFrame, measurements: pl.DataFrame) -> _Part:
        """Return the results of some records."""
        own = one_of_each_id(records)
        # The suite stands with the results already.
        context = [name for name in CONTEXT if name != "suite"]
        joined = results(own, measurements, self._question).join(
            own.select("id", "dataset_samples", *context),
            left_on="record_id",
            right_on="id",
            how="left",
            maintain_order="left",
        )
        held = joined.join(self._shared, on=_RUN, how="semi", maintain_order="left")
        others = first_of_executions(
            joined.join(self._shared, on=_RUN, how="anti", maintain_order="left")
        )
        refused = joined.filter(pl.col("group").is_null())
        reasons = refused.group_by("metric", "obstacle", maintain_order=True).len()
        return _Part(
            sides=self.sides(others),
            held=held.filter(pl.col("group").is_not_null()),
            without_key=Counter(
                {(str(metric), str(reason)): count for metric, reason, count in reasons.rows()}
            ),
            metrics=set(map(str, joined["metric"].unique())),
            varied={
                name: [*map(str, records[name].drop_nulls().unique(maintain_order=True))]
                for name in self.varying
            },
        )

    def sides(self, found: pl.DataFrame) -> list[tuple[Key, Side]]:
        """Return what results say, and describe those that were not yet met."""
        keyed = found.filter(pl.col("group").is_not_null())
        texts = keyed.select(pl.col(name).cast(pl.String).fill_null("") for name in self._key)
        sides = []
        records: tuple[str, ...] = ("",)
        for key, row in zip(row_hashes(texts, self._key), keyed.iter_rows(named=True), strict=True):
            if key not in self._described:
                self._described[key] = self._result(row)
            if row["record_id"] != records[0]:
                records = (row["record_id"],)
            caveats = tuple(dict.fromkeys(caveats_of(row)))
            sides.append((key, Side(records, (observed(row),), caveats)))
        return sides

    def _result(self, row: Mapping[str, Any]) -> Result:
        cells = tuple(row[field] for field in ("system_id", *CONTEXT))
        context = self._contexts.get(cells)
        if context is None:
            context = self._contexts.setdefault(cells, self._context(row))
        key = {field: str(row[field]) for field in KEY_FIELDS[1:] if row[field] is not None}
        shared_key = self._keys.setdefault(tuple(key.items()), key)
        return Result(self._metric(row), shared_key, context, str(row["group"]))

    def _context(self, row: Mapping[str, Any]) -> Mapping[str, str]:
        context = {}
        if row["system_id"] is not None and not self._question.may_differ("system"):
            context["system"] = self._names.get(row["system_id"], row["system_id"])
        for field in CONTEXT:
            if row[field] is not None and not self._question.may_differ(VARYING.get(field, field)):
                context[field] = str(row[field])
        return context

    def _metric(self, row: Mapping[str, Any]) -> Metric:
        name, unit = str(row["metric"]), str(row["unit"])
        if (name, unit) not in self._known:
            self._known[name, unit] = _described_metric(name, unit, self._metrics)
        return self._known[name, unit]


def _shared_executions(package: Package) -> pl.DataFrame:
    """Return the executions that several records name."""
    seen = [pl.DataFrame(schema=dict.fromkeys(_RUN, pl.String))]
    for batch in package.frames("records", _RUN):
        named = batch.select(pl.col(name).cast(pl.String) for name in _RUN)
        seen.append(named.filter(pl.col("execution").is_not_null()))
    return pl.concat(seen).group_by(_RUN).len().filter(pl.col("len") > 1).select(_RUN)


def _described_metric(name: str, unit: str, metrics: Mapping[str, KnownMetric]) -> Metric:
    known = metric_of(name, metrics)
    direction = None
    if known is not None:
        direction = known.direction
    quantity = vocabulary().terms("metric").get(name.partition("@")[0], {}).get("quantity")
    has_zero = unit not in NO_ZERO
    return Metric(
        name=name,
        unit=unit,
        direction=direction,
        is_ratio=has_zero and quantity != "quality",
        has_zero=has_zero,
    )
