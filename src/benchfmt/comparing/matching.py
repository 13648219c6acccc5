"""The results of two packages matched by what binds, and what their observations say of each: some results at a time.

What goes from one process to another is columns and few numbers of each result, for an object of each takes as long to hand
over as to make.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from statistics import fmean
from typing import NamedTuple

import polars as pl
from pydantic import JsonValue

from benchfmt.comparing.called import NAMES, system_names
from benchfmt.comparing.pairs import OBSERVED, TOLD, Results, key_of
from benchfmt.comparing.told import CONTEXT, VARYING
from benchfmt.comparing.verdicts import Matched, Metric, Result, Side
from benchfmt.comparison.evidence import Observed, Scale
from benchfmt.comparison.observations import NO_ZERO, caveats_of, observed
from benchfmt.comparison.questions import Question
from benchfmt.comparison.significance import Between, Significance, Untold, significance_of
from benchfmt.package import Package
from benchfmt.processes.spreading import Spread
from benchfmt.record import KEY_FIELDS
from benchfmt.rowhash import row_hashes
from benchfmt.vocabulary import Metric as KnownMetric
from benchfmt.vocabulary import metric_of, vocabulary

_AT_ONCE = 2**22
"""So many bytes of observations are weighed at a time, about."""
_Telling = tuple[float, float, float, float, str, Between]
"""What a `Significance` has."""
_WEIGHED = [*OBSERVED, "metric", "statistic", "unit", "suite"]


class Of(NamedTuple):
    """A package of the two, and its results."""

    package: Package
    results: Results


def matched(
    old: Of, new: Of, question: Question, wanted: frozenset[str], level: float, spread: Spread
) -> Iterator[Matched]:
    """Yield each result of two packages, the old one's first, with what both say of it."""
    rows = _placed(old.results, new.results, question, wanted)
    described = _described(old.package, new.package, question, rows)
    weighings = list(_weighings(rows, [result.metric for result in described], level))
    records = _records(rows)
    weighed = (item for some in spread(weighings) for item in some)
    for place, (result, item) in enumerate(zip(described, weighed, strict=True)):
        yield Matched(
            result,
            _side(records.get((place, False)), item.old_caveats),
            _side(records.get((place, True)), item.new_caveats),
            item.old_value,
            item.new_value,
            item.scale,
            _told(item.telling),
        )


def _placed(old: Results, new: Results, question: Question, wanted: frozenset[str]) -> pl.DataFrame:
    """Return the results of both that are wanted, sorted by a number for each `key`: its `place`, as they come."""
    found = pl.concat(
        [
            old.found.with_columns(is_new=pl.lit(value=False)),
            new.found.with_columns(is_new=pl.lit(value=True)),
        ]
    )
    rows = found.filter(pl.col("metric").cast(pl.String).is_in(list(wanted)))
    names = key_of(question)
    texts = rows.select(pl.col(name).cast(pl.String).fill_null("") for name in names)
    keyed = rows.with_columns(key=row_hashes(texts, names))
    places = keyed.select("key").unique(maintain_order=True).with_row_index("place")
    placed = keyed.join(places, on="key", how="left", maintain_order="left").drop("key")
    # Stable: the results of a place are those of the old package, then those of the new one, in their order.
    return placed.sort("place", maintain_order=True)


# --- what results are ---


def _described(old: Package, new: Package, question: Question, rows: pl.DataFrame) -> list[Result]:
    """Return what the result at each place is, as the first package says that has it."""
    tellers = {False: _Describing(old, question), True: _Describing(new, question)}
    first = rows.select("place", "is_new", *TOLD).unique("place", keep="first", maintain_order=True)
    told = first.select("is_new", *TOLD).iter_rows(named=True)
    return [tellers[row["is_new"]].result(row) for row in told]


class _Describing:
    """Tells in words what results of a package are."""

    def __init__(self, package: Package, question: Question) -> None:
        self._question = question
        self._metrics = {**vocabulary().metrics, **package.descriptor.metrics()}
        self._names = system_names(
            pl.DataFrame(pl.from_arrow(package.table("systems").select(("id", *NAMES))))
        )
        self._known: dict[tuple[str, str], Metric] = {}
        # What results of one record, or of one metric, have in common is in memory once.
        self._contexts: dict[tuple[object, ...], Mapping[str, str]] = {}
        self._keys: dict[tuple[object, ...], Mapping[str, str]] = {}

    def result(self, row: Mapping[str, JsonValue]) -> Result:
        """Return what a result is."""
        cells = tuple(row[field] for field in ("system_id", *CONTEXT))
        context = self._contexts.get(cells)
        if context is None:
            context = self._contexts.setdefault(cells, self._context(row))
        key = {field: str(row[field]) for field in KEY_FIELDS[1:] if row[field] is not None}
        shared_key = self._keys.setdefault(tuple(key.items()), key)
        return Result(self._metric(row), shared_key, context, str(row["group"]))

    def _context(self, row: Mapping[str, JsonValue]) -> Mapping[str, str]:
        context = {}
        if row["system_id"] is not None and not self._question.may_differ("system"):
            system_id = str(row["system_id"])
            context["system"] = self._names.get(system_id, system_id)
        for field in CONTEXT:
            if row[field] is not None and not self._question.may_differ(VARYING.get(field, field)):
                context[field] = str(row[field])
        return context

    def _metric(self, row: Mapping[str, JsonValue]) -> Metric:
        name, unit = str(row["metric"]), str(row["unit"])
        if (name, unit) not in self._known:
            self._known[name, unit] = _metric_of(name, unit, self._metrics)
        return self._known[name, unit]


def _metric_of(name: str, unit: str, metrics: Mapping[str, KnownMetric]) -> Metric:
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


def _records(rows: pl.DataFrame) -> dict[tuple[int, bool], tuple[str, ...]]:
    """Return the records of each result, by its place and whether they are of the new package."""
    records: dict[tuple[int, bool], tuple[str, ...]] = {}
    for place, is_new, record in rows.select("place", "is_new", "record_id").iter_rows():
        records[place, is_new] = (*records.get((place, is_new), ()), record)
    return records


# --- what is observed of them ---


class _Weighed(NamedTuple):
    """What the observations of a result say: its numbers on both sides, and what is told of the change."""

    scale: Scale
    old_value: float | None
    new_value: float | None
    old_caveats: tuple[str, ...]
    new_caveats: tuple[str, ...]
    telling: _Telling | str | None
    """What a `Significance` has, or why there is none; None for a result that one package has."""


@dataclass(frozen=True, slots=True)
class _Weighing:
    """Weighs results, those of some places; any process can."""

    rows: pl.DataFrame
    metrics: tuple[Metric, ...]
    """That of each place."""
    level: float

    def __call__(self) -> list[_Weighed]:
        """Return what is observed of each; raises BenchfmtError for a cell that is none of a measurement."""
        rows = self.rows.iter_rows(named=True)
        each = groupby(rows, key=itemgetter("place"))
        return [
            _weighed(list(some), metric, self.level)
            for (_, some), metric in zip(each, self.metrics, strict=True)
        ]


def _weighings(rows: pl.DataFrame, metrics: Sequence[Metric], level: float) -> Iterator[_Weighing]:
    """Yield what weighs each some results."""
    needed = rows.select("place", "is_new", *_WEIGHED)
    places = needed["place"]
    pieces = int(needed.estimated_size()) // _AT_ONCE + 1
    size = -(-len(metrics) // pieces)
    for start in range(0, len(metrics), max(size, 1)):
        stop = min(start + size, len(metrics))
        first, last = (places.search_sorted(place, side="left") for place in (start, stop))
        yield _Weighing(needed.slice(first, last - first), tuple(metrics[start:stop]), level)


def _weighed(rows: Sequence[Mapping[str, JsonValue]], metric: Metric, level: float) -> _Weighed:
    old = [row for row in rows if not row["is_new"]]
    new = rows[len(old) :]
    before, after = (tuple(map(observed, some)) for some in (old, new))
    scale = _scale(metric, (*before, *after))
    telling: _Telling | str | None = None
    if before and after:
        told = significance_of(before, after, scale, level)
        telling = _telling(told)
    return _Weighed(
        scale,
        _value(before, scale),
        _value(after, scale),
        _caveats(old),
        _caveats(new),
        telling,
    )


def _telling(told: Significance | Untold) -> _Telling | str:
    if isinstance(told, Untold):
        return told.reason
    return told.change, told.lower, told.upper, told.p, told.method, told.between


def _scale(metric: Metric, every: Sequence[Observed]) -> Scale:
    """Return how the numbers of a metric are compared: as ratios where all are positive."""
    if metric.is_ratio and all(item.value > 0 for item in every):
        return "ratio"
    return "difference"


def _value(every: Sequence[Observed], scale: Scale) -> float | None:
    """Return the number of the run; of several the geometric mean where ratios are compared, else the mean."""
    values = [item.value for item in every]
    if not values:
        return None
    if len(values) == 1:
        return values[0]
    if scale == "ratio":
        return math.exp(fmean(map(math.log, values)))
    return fmean(values)


def _caveats(rows: Sequence[Mapping[str, JsonValue]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for row in rows for word in caveats_of(row)))


def _side(records: tuple[str, ...] | None, caveats: tuple[str, ...]) -> Side | None:
    if records is None:
        return None
    return Side(records, caveats)


def _told(telling: _Telling | str | None) -> Significance | Untold | None:
    if telling is None:
        return None
    if isinstance(telling, str):
        return Untold(telling)
    return Significance(*telling)
