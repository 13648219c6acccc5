"""The evaluations of one run as measurements: pooled values, and the values of the folds as a second measurement.

A global value is pooled over the predictions of all folds and repeats; it is not the mean of the folds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from benchfmt.converters.draft import Number
from benchfmt.converters.openml import numbers
from benchfmt.converters.openml.trees import Node, text
from benchfmt.numbers import whole
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
        tests = {fold for group in self.groups.values() for fold in group.folds}
        if len(tests) < 2:
            return None
        repeats = max(repeat for repeat, _ in tests) + 1
        folds = max(fold for _, fold in tests) + 1
        if len(tests) != repeats * folds:
            return None
        return repeats, folds

    def get(self, name: str) -> Group | None:
        """Return the evaluations of a measure on the whole data."""
        return self.groups.get((name, None))


def gather(evaluations: Iterable[Node]) -> Gathered:
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


def _fold(item: Node) -> Fold | None:
    repeat = text(item, "repeat")
    fold = text(item, "fold")
    if repeat is None and fold is None:
        return None
    repeat_number = whole(repeat or "0")
    fold_number = whole(fold or "0")
    if repeat_number is None or fold_number is None or min(repeat_number, fold_number) < 0:
        return None
    return repeat_number, fold_number


def _scope(item: Node) -> str | None:
    """Return the part of the data that an evaluation is for: the sample of a learning curve, an interval of a stream."""
    sample = text(item, "sample")
    start = text(item, "interval_start")
    end = text(item, "interval_end")
    if sample is not None and sample.isdigit():
        return f"subset:sample-{sample}"
    if start and end and start.isdigit() and end.isdigit():
        return f"subset:interval-{start}-{end}"
    return None


def measurements(found: Gathered, setting: Setting) -> list[Number]:
    """Return the measurements of a run; each key stands once."""
    kept: dict[tuple[str, ...], Number] = {}
    for group in found.groups.values():
        for item in _of_group(group, setting):
            if item.key in kept:
                # Two measures of one meaning, such as build_cpu_time and usercpu_time_millis_training.
                item.metric = metric_of(measure(f"{group.name} "))
            kept.setdefault(item.key, item)
    return list(kept.values())


def texts(found: Gathered, setting: Setting) -> dict[str, JsonValue]:
    """Return what the evaluations say that is not a number, for `extensions`."""
    kept: dict[str, JsonValue] = {}
    for group in found.groups.values():
        if group.scope is None and group.whole is not None:
            kept.update(_texts_of(group, group.whole, setting))
    return kept


def _texts_of(group: Group, whole: Value, setting: Setting) -> dict[str, JsonValue]:
    known = measure(group.name)
    kept: dict[str, JsonValue] = {}
    if group.name == "confusion_matrix" and whole.array:
        kept.update(_confusions(whole.array))
    elif whole.array and not known.classes:
        parts: list[JsonValue] = [part for part in numbers.words(whole.array) if part]
        kept[group.name] = parts or whole.array
    if whole.value and _is_trap(known, group, setting):
        kept[group.name] = whole.value
    return kept


def _confusions(array: str) -> dict[str, JsonValue]:
    """Return the confusion matrix, and what was done to read it."""
    rows = numbers.matrix(array)
    if rows is None:
        return {"confusion_matrix": array}
    cells: list[JsonValue] = [[numbers.as_json(cell) for cell in row] for row in rows]
    if array.lstrip().startswith("[["):
        return {"confusion_matrix": cells}
    return {"confusion_matrix": cells, "confusion_matrix_from": "a flat list, made square"}


def _of_group(group: Group, setting: Setting) -> Iterator[Number]:
    known = measure(group.name)
    if known.metric is None:
        return
    whole = group.whole
    if whole is not None:
        if whole.value is not None:
            yield _single(group, known, whole.value, setting)
        elif not whole.array:
            yield replace(_pooled(known, group.scope), missing="not-reported")
        if known.classes and whole.array and group.scope is None:
            yield from by_class(known, whole.array)
    if group.folds:
        yield _mean(group, known, setting)


def _single(group: Group, known: Measure, value: str, setting: Setting) -> Number:
    number = _pooled(known, group.scope)
    if _is_trap(known, group, setting):
        number.statistic = "sum"
        number.caveats = ["unit-corrected"]
        return read(number, value, known, "s")
    return _doubted(read(number, value, known), known, setting)


def _doubted(number: Number, known: Measure, setting: Setting) -> Number:
    """Return a measurement, in doubt where it is in the unit of a target that nobody names."""
    of_target = _unit(known) == "target" or "prior" in known.name
    if setting.regression and of_target and number.value is not None:
        number.caveats = ["unit-inferred"]
    return number


def _is_trap(known: Measure, group: Group, setting: Setting) -> bool:
    if not setting.mlr or group.folds:
        return False
    return known.in_unit == "ms" and known.metric == "cpu-time"


def _mean(group: Group, known: Measure, setting: Setting) -> Number:
    """Return the mean over folds, with the values of the folds by repeat, then fold."""
    unit = unit_of(known)
    source = known.in_unit or unit
    samples = [_sample(group.folds[fold], source, unit) for fold in sorted(group.folds)]
    number = _base(known, group.scope)
    number.statistic = "mean"
    number.per = "fold"
    average(number, samples, unit)
    if number.value is not None:
        number.samples = samples
    return _doubted(number, known, setting)


def _spread(present: Sequence[float], mean: float) -> float:
    """Return the standard deviation of observations; infinity where their squares are larger than numbers can be."""
    try:
        return math.sqrt(math.fsum((x - mean) ** 2 for x in present) / len(present))
    except OverflowError:
        return math.inf


def average(number: Number, samples: Sequence[float | None], unit: str) -> None:
    """Make a number the mean of observations, with their count and spread."""
    present = [sample for sample in samples if sample is not None]
    if not present:
        number.missing = "undefined"
        return
    try:
        mean = math.fsum(present) / len(present)
    except OverflowError:
        number.missing = "undefined"
        return
    mean = min(max(mean, min(present)), max(present))
    spread = _spread(present, mean)
    number.value = mean
    number.unit = unit
    number.basis = "derived"
    number.n = len(samples)
    if math.isfinite(spread):
        number.stddev = spread


def _sample(value: Value, source: str, unit: str) -> float | None:
    if value.value is None:
        return None
    return numbers.number(value.value, source, unit)


def by_class(known: Measure, array: str) -> Iterator[Number]:
    """Yield the value of each class, in the order of the target's values, which the answer does not name."""
    for index, cell in enumerate(numbers.words(array)):
        if cell:
            number = _pooled(known, f"class:{index}")
            number.stage = None
            yield read(number, cell, known)


def read(number: Number, text: str, known: Measure, source: str | None = None) -> Number:
    """Give a number the value that a text writes in a unit, or the reason why it has none."""
    unit = unit_of(known)
    source = source or known.in_unit or unit
    number.reported_value = text
    number.value = numbers.number(text, source, unit)
    if number.value is None:
        number.missing = numbers.reason(text)
        return number
    number.unit = unit
    number.basis = "measured"
    if unit != "1":
        number.reported_unit = source
    return number


def metric_of(known: Measure) -> str:
    """Return the metric of a measure that has one."""
    return known.metric or ""


def _base(known: Measure, scope: str | None) -> Number:
    return Number(metric=metric_of(known), stage=known.stage or None, scope=scope)


def _pooled(known: Measure, scope: str | None) -> Number:
    number = _base(known, scope)
    if known.kind == "quality":
        number.statistic = "pooled"
    return number


def _unit(known: Measure) -> str:
    metric = vocabulary().metrics.get(metric_of(known))
    if metric is None or not metric.unit:
        return UNKNOWN_UNIT
    return metric.unit


def unit_of(known: Measure) -> str:
    """Return the unit in which a measure is stored; that of the target is 1, as nobody names it."""
    unit = _unit(known)
    if unit == "target":
        return "1"
    return unit
