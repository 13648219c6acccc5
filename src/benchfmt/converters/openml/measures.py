"""The evaluations of one run as measurements: pooled values, and the values of the folds as a second measurement.

A global value is pooled over the predictions of all folds and repeats; it is not the mean of the folds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from benchfmt.converters.openml import numbers
from benchfmt.converters.openml.trees import text
from benchfmt.suites.openml import UNKNOWN_UNIT, Measure, measure
from benchfmt.vocabulary import vocabulary

Fold = tuple[int, int]
"""Repeat and fold."""


@dataclass(slots=True)
class Value:
    """A value and an array as they stand in the source."""

    value: str | None = None
    array: str | None = None


@dataclass(slots=True)
class Group:
    """All evaluations of one measure on one part of the data."""

    name: str
    scope: str | None = None
    whole: Value | None = None
    folds: dict[Fold, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What decides how a run's numbers are to be read."""

    regression: bool = False
    mlr: bool = False
    """openml-r writes seconds, summed over the folds, under names that say milliseconds."""


@dataclass(slots=True)
class Gathered:
    """The evaluations of a run by measure; `doubled` are those that stand twice."""

    groups: dict[tuple[str, str | None], Group] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)

    def grid(self) -> tuple[int, int] | None:
        """Return repeats and folds where the values by fold cover a grid of several tests, else None."""
        seen = {fold for group in self.groups.values() for fold in group.folds}
        if len(seen) < 2:
            return None
        repeats, folds = max(r for r, _ in seen) + 1, max(f for _, f in seen) + 1
        return (repeats, folds) if len(seen) == repeats * folds else None

    def get(self, name: str) -> Group | None:
        """Return the evaluations of a measure on the whole data."""
        return self.groups.get((name, None))


def gather(evaluations: Iterable[Any]) -> Gathered:
    """Return the `evaluation` elements of a run by measure."""
    found = Gathered()
    for item in evaluations:
        name = text(item, "name")
        if name is None:
            continue
        scope = _scope(item)
        group = found.groups.setdefault((name, scope), Group(name, scope))
        value = Value(text(item, "value"), text(item, "array_data"))
        fold = _fold(item)
        if fold is None and group.whole is None:
            group.whole = value
        elif fold is not None and fold not in group.folds:
            group.folds[fold] = value
        else:
            found.doubled.append(name)
    return found


def _fold(item: Any) -> Fold | None:
    repeat, fold = text(item, "repeat"), text(item, "fold")
    if repeat is None and fold is None:
        return None
    if not all(part is None or part.isdigit() for part in (repeat, fold)):
        return None
    return int(repeat or 0), int(fold or 0)


def _scope(item: Any) -> str | None:
    """Return the part of the data that an evaluation is for: the sample of a learning curve, an interval of a stream."""
    sample, start, end = (text(item, key) for key in ("sample", "interval_start", "interval_end"))
    if sample is not None and sample.isdigit():
        return f"subset:sample-{sample}"
    if start and end and start.isdigit() and end.isdigit():
        return f"subset:interval-{start}-{end}"
    return None


def measurements(found: Gathered, setting: Setting) -> list[dict[str, Any]]:
    """Return the measurements of a run; each key stands once."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for group in found.groups.values():
        for item in _of_group(group, setting):
            key = _key(item)
            if key in kept:
                # Two measures of one meaning, such as build_cpu_time and usercpu_time_millis_training: the later is told apart.
                item = {**item, "metric": measure(f"{group.name} ").metric}
                key = _key(item)
            kept.setdefault(key, item)
    return list(kept.values())


def texts(found: Gathered, setting: Setting) -> dict[str, Any]:
    """Return what the evaluations say that is no number, for `extensions`."""
    said: dict[str, Any] = {}
    for group in found.groups.values():
        known, whole = measure(group.name), group.whole
        if group.scope or whole is None:
            continue
        if group.name == "confusion_matrix" and whole.array:
            rows = numbers.matrix(whole.array)
            said["confusion_matrix"] = (
                [[numbers.as_json(c) for c in row] for row in rows] if rows else whole.array
            )
            if rows and not whole.array.lstrip().startswith("[["):
                said["confusion_matrix_from"] = "a flat list, made square"
        elif whole.array and not known.classes:
            said[group.name] = [part for part in numbers.words(whole.array) if part] or whole.array
        if _is_trap(known, group, setting) and whole.value:
            said[group.name] = whole.value
    return said


def _of_group(group: Group, setting: Setting) -> Iterator[dict[str, Any]]:
    known = measure(group.name)
    if known.metric is None:
        return
    if group.whole is not None:
        if group.whole.value is not None:
            yield _single(group, known, group.whole.value, setting)
        elif not group.whole.array:
            yield {**_base(group, known), **_pooled(known), "missing": "not-reported"}
        if known.classes and group.whole.array:
            yield from by_class(known, group.whole.array, group.scope)
    if group.folds:
        yield _mean(group, known, setting)


def _single(group: Group, known: Measure, value: str, setting: Setting) -> dict[str, Any]:
    if _is_trap(known, group, setting):
        item = {**_base(group, known), "statistic": "sum"}
        return {**item, **read(value, known, "s"), "caveats": ["unit-corrected"]}
    item = {**_base(group, known), **_pooled(known), **read(value, known)}
    return _doubted(item, known, setting)


def _doubted(item: dict[str, Any], known: Measure, setting: Setting) -> dict[str, Any]:
    """Return a measurement, in doubt where it is in the unit of a target that nobody names."""
    unknown = setting.regression and (_unit(known) == "target" or "prior" in known.name)
    return {**item, "caveats": ["unit-inferred"]} if unknown and "value" in item else item


def _is_trap(known: Measure, group: Group, setting: Setting) -> bool:
    return setting.mlr and known.in_unit == "ms" and known.metric == "cpu-time" and not group.folds


def _mean(group: Group, known: Measure, setting: Setting) -> dict[str, Any]:
    """Return the mean over folds, with the values of the folds by repeat, then fold."""
    unit, source = unit_of(known), known.in_unit or unit_of(known)
    samples = [_sample(group.folds[fold], source, unit) for fold in sorted(group.folds)]
    item = {**_base(group, known), "statistic": "mean", "per": "fold"}
    item |= averaged(samples, unit)
    return _doubted(item, known, setting)


def averaged(samples: list[float | None], unit: str, *, keep: bool = True) -> dict[str, Any]:
    """Return value, count and spread of observations, and the observations themselves if they are to be kept."""
    seen = [sample for sample in samples if sample is not None]
    if not seen:
        return {"missing": "undefined"}
    mean = min(max(math.fsum(seen) / len(seen), min(seen)), max(seen))
    spread = math.sqrt(math.fsum((x - mean) ** 2 for x in seen) / len(seen))
    said = {"value": mean, "unit": unit, "basis": "derived", "n": len(samples)}
    if math.isfinite(spread):
        said["stddev"] = spread
    return {**said, "samples": samples} if keep else said


def _sample(value: Value, source: str, unit: str) -> float | None:
    return None if value.value is None else numbers.number(value.value, source, unit)


def by_class(known: Measure, array: str, scope: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the value of each class, in the order of the target's values, which the answer does not name."""
    if scope:
        return
    for index, cell in enumerate(numbers.words(array)):
        if cell:
            yield {
                "metric": known.metric,
                **_pooled(known),
                "scope": f"class:{index}",
                **read(cell, known),
            }


def read(value: str, known: Measure, source: str | None = None) -> dict[str, Any]:
    """Return value, unit and the source's characters, or why there is no value."""
    unit = unit_of(known)
    source = source or known.in_unit or unit
    found = numbers.number(value, source, unit)
    if found is None:
        return {"missing": numbers.reason(value), "reported_value": value}
    said = {"value": found, "unit": unit, "basis": "measured", "reported_value": value}
    return {**said, "reported_unit": source} if unit != "1" else said


def _base(group: Group, known: Measure) -> dict[str, Any]:
    item: dict[str, Any] = {"metric": known.metric}
    if known.stage:
        item["stage"] = known.stage
    if group.scope:
        item["scope"] = group.scope
    return item


def _pooled(known: Measure) -> dict[str, str]:
    return {"statistic": "pooled"} if known.kind == "quality" else {}


def _unit(known: Measure) -> str:
    metric = vocabulary().metrics.get(known.metric or "")
    return (metric.unit if metric else None) or UNKNOWN_UNIT


def unit_of(known: Measure) -> str:
    """Return the unit in which a measure is stored; that of the target is 1, as nobody names it."""
    found = _unit(known)
    return "1" if found == "target" else found


def _key(item: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(item.get(part) for part in ("metric", "statistic", "stage", "per", "scope"))
