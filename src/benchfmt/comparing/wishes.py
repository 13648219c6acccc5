"""What is asked of results: limits such as `latency=50ms`, and which numbers of a metric they are held against."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from benchfmt.finding import BenchfmtError
from benchfmt.numbers import rational
from benchfmt.record import KEY_FIELDS
from benchfmt.spelling import listed, meant, no_such
from benchfmt.units import UnitError, conversion, find_unit
from benchfmt.vocabulary import metric_of, vocabulary
from benchfmt.wide import column_name

Bound = Literal["max", "min"]
Key = tuple[str, str, str, str, str]
_LIMIT = re.compile(r"(?P<number>[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(?P<unit>.*)")
_NO_UNIT = "1"
_LISTED = 8
"""So many keys of a metric are listed to choose from."""


@dataclass(frozen=True)
class Wish:
    """A limit as it was written, or the name of a metric that is asked about without one."""

    name: str
    """A metric, or the full key of a number: `latency__p90__inference__sample`."""
    bound: Bound | None = None
    number: str = ""
    unit: str = ""
    """The unit as it was written; empty where there is none."""

    @property
    def words(self) -> str:
        """The wish as it is told: `latency at most 50 ms`."""
        if self.bound is None:
            return self.name
        limit = f"{self.number} {self.unit}".strip().replace(" %", "%")
        return f"{self.name} at {'most' if self.bound == 'max' else 'least'} {limit}"


@dataclass(frozen=True)
class Asked:
    """A number that is asked of every result, and the limits that it must keep."""

    key: Key
    unit: str
    chosen: str
    """Why this key of the metric is taken."""
    wishes: tuple[Wish, ...]
    low: float | None
    high: float | None

    @property
    def metric(self) -> str:
        """The metric."""
        return self.key[0]

    @property
    def name(self) -> str:
        """The name of the number, as a column of the flat view has it."""
        return column_name(self.key)

    @property
    def higher_is_better(self) -> bool:
        """Which direction is better: the vocabulary's, else the one that a limit implies."""
        described = metric_of(self.metric, vocabulary().metrics)
        direction = None if described is None else described.direction
        if direction in ("lower", "higher"):
            return direction == "higher"
        return self.low is not None and self.high is None

    def to_dict(self) -> dict[str, Any]:
        """Return what is asked as plain data."""
        named = zip(KEY_FIELDS, self.key, strict=True)
        return {
            "name": self.name,
            **{field: part for field, part in named if part},
            "unit": self.unit,
            "chosen": self.chosen,
            "better": "higher" if self.higher_is_better else "lower",
            "min": self.low,
            "max": self.high,
        }


def limit(text: str, bound: Bound) -> Wish:
    """Return a limit from its text: `latency=50ms`, `accuracy=70%`; raises BenchfmtError for what is none."""
    name, equals, rest = text.partition("=")
    found = _LIMIT.fullmatch(rest.strip())
    if not (name.strip() and equals) or found is None or rational(found["number"]) is None:
        raise BenchfmtError(
            f"--{bound} {text!r} is no limit; write METRIC=NUMBER UNIT: latency=50ms"
        )
    return Wish(name.strip(), bound, found["number"], found["unit"].strip())


def asked(wishes: Iterable[Wish], keys: pl.DataFrame) -> list[Asked]:
    """Return the numbers that are asked for, each once, with all of its limits, in the order of the wishes.

    `keys` are the keys that results have: the fields of a key, `unit`, `values`, and `primary` (how many of the values are
    their result's headline number). Raises BenchfmtError for an unknown metric, for one of which several numbers
    could be meant, and for a unit that does not fit.
    """
    rows = keys.with_columns(pl.col(KEY_FIELDS).fill_null("")).sort(
        "values", *KEY_FIELDS, descending=[True, *[False] * len(KEY_FIELDS)]
    )
    chosen: dict[Key, tuple[dict[str, Any], str, list[Wish]]] = {}
    for wish in wishes:
        row, reason = _chosen(wish.name, rows.to_dicts())
        key = _key(row)
        chosen.setdefault(key, (row, reason, []))[2].append(wish)
    return [_asked(key, *parts) for key, parts in chosen.items()]


def _key(row: dict[str, Any]) -> Key:
    metric, statistic, stage, per, scope = (str(row[field]) for field in KEY_FIELDS)
    return metric, statistic, stage, per, scope


def _chosen(name: str, rows: list[dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """Return the key that a name means, and why."""
    of_metric = [row for row in rows if row["metric"] == name]
    for row in rows:
        if column_name(_key(row)) == name and (row["values"] or len(of_metric) <= 1):
            return row, "named" if len(of_metric) != 1 else "the only one"
    if not of_metric:
        raise BenchfmtError(_unknown(name, rows))
    with_values = [row for row in of_metric if row["values"]] or of_metric
    if len(with_values) == 1:
        return with_values[0], "the only one"
    primary = [row for row in with_values if row["primary"]]
    if len(primary) == 1:
        return primary[0], "the primary one"
    listed = [f"{column_name(_key(row))} ({row['values']:,})" for row in with_values[:_LISTED]]
    more = len(with_values) - len(listed)
    rest = f" and {more:,} more" if more else ""
    raise BenchfmtError(
        f"{name} is measured in several ways here; name one of them, or a --suite: {', '.join(listed)}{rest}"
    )


def _unknown(name: str, rows: list[dict[str, Any]]) -> str:
    metrics = sorted({str(row["metric"]) for row in rows})
    names = sorted({column_name(_key(row)) for row in rows})
    known = vocabulary().match("metric", name)
    if known is not None and known in metrics:
        return f"there is no metric {name!r}; did you mean {known!r}?"
    if "__" in name and meant(name, names) is not None:
        return no_such("number", name, names)
    if known is not None:
        return f"none of these results measures {known}; they measure: {listed(metrics)}"
    return no_such("metric", name, metrics)


def _asked(key: Key, row: dict[str, Any], reason: str, wishes: list[Wish]) -> Asked:
    unit = row["unit"]
    if unit is None:
        described = metric_of(key[0], vocabulary().metrics)
        unit = None if described is None else described.unit
    bounds: dict[Bound, list[float]] = {"min": [], "max": []}
    for wish in wishes:
        if wish.bound is not None:
            bounds[wish.bound].append(_value(wish, unit or _NO_UNIT))
    low, high = max(bounds["min"], default=None), min(bounds["max"], default=None)
    if low is not None and high is not None and low > high:
        raise BenchfmtError(f"nothing is {' and '.join(wish.words for wish in wishes)}")
    return Asked(key, unit or _NO_UNIT, reason, tuple(wishes), low, high)


def _value(wish: Wish, unit: str) -> float:
    """Return a limit in the unit of its metric; raises BenchfmtError where it cannot be."""
    number = rational(wish.number)
    if not wish.unit and unit != _NO_UNIT:
        raise BenchfmtError(f"{wish.name}={wish.number} needs a unit, such as {unit}")
    found = find_unit(wish.unit or _NO_UNIT)
    if found is None or number is None:
        near = meant(wish.unit, vocabulary().units)
        advice = f"did you mean {near!r}?" if near else f"{wish.name} is in {unit}"
        raise BenchfmtError(f"{wish.unit!r} is not a unit; {advice}")
    code, factor = found
    try:
        return conversion(code, unit).apply(number * factor)
    except UnitError as error:
        raise BenchfmtError(f"{wish.name} is in {unit}: {error}") from error
