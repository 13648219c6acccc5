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
from typing import NamedTuple, overload

import numpy as np
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
_PLACES_AT_ONCE = 2**14
"""So many results are told of at a time."""
_Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
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
    weighings = _Weighings(rows, [result.metric for result in described], level)
    weighed = (item for some in spread(weighings) for item in some)
    for result, item, (older, newer) in zip(described, weighed, _records(rows), strict=True):
        yield Matched(
            result,
            _side(older, item.old_caveats),
            _side(newer, item.new_caveats),
            item.old_value,
            item.new_value,
            item.scale,
            _told(item.telling),
        )


@dataclass(frozen=True, slots=True)
class _Placed:
    """The results of both packages by their `place`: which stand at each, those of the old package first.

    They stay where they are, for to sort them all takes as much memory as they do.
    """

    rows: pl.DataFrame
    """The results, with `is_new`."""
    order: _Numbers
    """The rows, place after place."""
    ends: _Numbers
    """How many of these rows stand before each place, and at last all."""

    def __len__(self) -> int:
        """Return how many places there are."""
        return len(self.ends) - 1

    def at(self, start: int, stop: int, names: Sequence[str]) -> pl.DataFrame:
        """Return `is_new` and some columns of the results at some places, with their `place`."""
        chosen = self.order[self.ends[start] : self.ends[stop]]
        counts = np.diff(self.ends[start : stop + 1])
        places = pl.Series("place", np.repeat(np.arange(start, stop), counts), pl.UInt32)
        return self.rows.select("is_new", *names)[chosen].insert_column(0, places)

    def first(self, start: int, stop: int, names: Sequence[str]) -> pl.DataFrame:
        """Return `is_new` and some columns of the first result at each of some places."""
        return self.rows.select("is_new", *names)[self.order[self.ends[start:stop]]]


def _placed(old: Results, new: Results, question: Question, wanted: frozenset[str]) -> _Placed:
    """Return the results of both that are wanted by a number for each `key`: its `place`, as they come."""
    sides = [
        results.found.filter(pl.col("metric").cast(pl.String).is_in(list(wanted))).with_columns(
            is_new=pl.lit(value=is_new)
        )
        for results, is_new in ((old, False), (new, True))
    ]
    rows = pl.concat(sides, how="vertical_relaxed")
    names = key_of(question)
    texts = rows.select(pl.col(name).cast(pl.String).fill_null("") for name in names)
    _, first, places, counts = np.unique(
        row_hashes(texts, names).to_numpy(),
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    # Numbered as they come, and not by their hashes.
    turn = np.argsort(first, kind="stable")
    number = np.empty_like(turn)
    number[turn] = np.arange(len(turn))
    # Stable: the results of a place are those of the old package, then those of the new one, in their order.
    order = np.argsort(number[places], kind="stable")
    return _Placed(rows, order, np.concatenate([[0], np.cumsum(counts[turn])]))


def _of_metrics(results: Results, wanted: frozenset[str]) -> pl.DataFrame:
    """Return results of some metrics; all of them are not copied."""
    if results.metrics <= wanted:
        return results.found
    return results.found.filter(pl.col("metric").cast(pl.String).is_in(list(wanted)))


# --- what results are ---


def _described(old: Package, new: Package, question: Question, rows: _Placed) -> list[Result]:
    """Return what the result at each place is, as the first package says that has it."""
    tellers = {False: _Describing(old, question), True: _Describing(new, question)}
    return [
        tellers[row["is_new"]].result(row)
        for start, stop in _spans(len(rows))
        for row in rows.first(start, stop, TOLD).iter_rows(named=True)
    ]


def _spans(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, _PLACES_AT_ONCE):
        yield start, min(start + _PLACES_AT_ONCE, count)


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
        self._texts: dict[str, str] = {}

    def result(self, row: Mapping[str, JsonValue]) -> Result:
        """Return what a result is."""
        cells = {field: self._once(row[field]) for field in ("system_id", *CONTEXT)}
        own = tuple(cells.values())
        context = self._contexts.get(own)
        if context is None:
            context = self._contexts.setdefault(own, self._context(cells))
        key = {field: str(row[field]) for field in KEY_FIELDS[1:] if row[field] is not None}
        shared_key = self._keys.setdefault(tuple(key.items()), key)
        return Result(self._metric(row), shared_key, context, str(row["group"]))

    def _once(self, cell: JsonValue) -> JsonValue:
        """Return a text as the first one that is equal: each row has texts of its own."""
        if not isinstance(cell, str):
            return cell
        return self._texts.setdefault(cell, cell)

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


def _records(rows: _Placed) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the records of the result at each place, those of the old package and those of the new one."""
    for start, stop in _spans(len(rows)):
        for _, some in groupby(rows.at(start, stop, ["record_id"]).iter_rows(), key=itemgetter(0)):
            older: list[str] = []
            newer: list[str] = []
            for _, is_new, record in some:
                (newer if is_new else older).append(record)
            yield tuple(older), tuple(newer)


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


class _Weighings(Sequence[_Weighing]):
    """What weighs each some results; what it needs of them is taken out when it is its turn."""

    def __init__(self, rows: _Placed, metrics: Sequence[Metric], level: float) -> None:
        self._rows = rows
        self._metrics = metrics
        self._level = level
        size = int(rows.rows.select(_WEIGHED).estimated_size())
        self._places = max(-(-len(metrics) // (size // _AT_ONCE + 1)), 1)

    def __len__(self) -> int:
        return -(-len(self._metrics) // self._places)

    @overload
    def __getitem__(self, number: int) -> _Weighing: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[_Weighing]: ...

    def __getitem__(self, number: int | slice) -> _Weighing | Sequence[_Weighing]:
        if isinstance(number, slice):
            return [self[place] for place in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        start = number * self._places
        stop = min(start + self._places, len(self._metrics))
        needed = self._rows.at(start, stop, _WEIGHED)
        return _Weighing(needed, tuple(self._metrics[start:stop]), self._level)


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


def _side(records: tuple[str, ...], caveats: tuple[str, ...]) -> Side | None:
    if not records:
        return None
    return Side(records, caveats)


def _told(telling: _Telling | str | None) -> Significance | Untold | None:
    if telling is None:
        return None
    if isinstance(telling, str):
        return Untold(telling)
    return Significance(*telling)
