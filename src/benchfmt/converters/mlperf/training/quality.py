"""The quality that the runs of a group reached, and how many epochs or samples they needed."""

from __future__ import annotations

from decimal import Decimal

from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.training.runs import (
    Reached,
    Run,
    average,
    convergence,
    olympic,
    reached,
)
from benchfmt.converters.mlperf.training.scored_group import Group
from benchfmt.readers.mllog import whole
from benchfmt.suites import mlperf_training as rules
from benchfmt.suites.mlperf_training import Benchmark, Quality


def add_qualities(group: Group) -> None:
    """Add the quality at the end of the runs, with the target of the closed division."""
    if group.name is None or group.benchmark is None:
        return
    batch = whole(group.logged("global_batch_size"))
    for quality in rules.qualities(group.name, group.round, batch):
        values = [reached(run, quality) for run in group.runs]
        if any(value is not None for value in values):
            _add_quality(group, quality, values)


def _add_quality(group: Group, quality: Quality, values: list[Reached | None]) -> None:
    of_counted = [_if_counted(*pair) for pair in zip(group.runs, values, strict=True)]
    counted = [value for value in of_counted if value is not None]
    used = counted or [value for value in values if value is not None]
    number = group.draft.add(_summary(group, quality, used))
    number.n = len(values)
    if any(value.inferred for value in used):
        number.caveats = ["unit-inferred"]
    if counted:
        number.samples = [_value(value) for value in of_counted]
    else:
        number.caveats = [*(number.caveats or ()), "partial-run"]
    if len(used) == 1:
        _add_reported(number, used[0])
    if group.division == "closed":
        number.target_min = _target(quality.target_min)
        number.target_max = _target(quality.target_max)


def _if_counted(run: Run, value: Reached | None) -> Reached | None:
    if not run.counts:
        return None
    return value


def _add_reported(number: Number, value: Reached) -> None:
    """Add the words of the log to the quality of a single run."""
    number.basis = "measured"
    number.reported_value = value.text
    if value.unit == "%":
        number.reported_unit = "%"


def _summary(group: Group, quality: Quality, used: list[Reached]) -> Number:
    """Return the mean; of models trained side by side each must reach the target, so the worst one counts."""
    values = [value.value for value in used]
    number = Number(metric=quality.metric, unit="1", basis="derived")
    lower_is_better = quality.target_max is not None or quality.event == "eval_error"
    if not group.is_weak:
        number.statistic = "final"
        number.value = average(values)
    elif lower_is_better:
        number.statistic = "max"
        number.value = max(values)
    else:
        number.statistic = "min"
        number.value = min(values)
    return number


def _value(reached_value: Reached | None) -> float | None:
    if reached_value is None:
        return None
    return reached_value.value


def _target(text: str | None) -> float | None:
    if not text:
        return None
    return float(text)


def add_convergence(group: Group) -> None:
    """Add how many epochs or samples the runs needed, as the convergence check counts it."""
    known = [convergence(run, group.benchmark) for run in group.counted]
    metrics = {count.metric for count in known if count is not None}
    if None in known or len(metrics) != 1:
        return
    counts = [_count(run, group.benchmark) for run in group.runs]
    mean = _mean_count(group, counts)
    if mean is None:
        return
    number = group.draft.derive(metrics.pop(), float(mean), statistic="olympic-mean")
    if group.is_weak:
        number.statistic = "mean"
    number.n = len(counts)
    number.samples = [_as_float(count) for count in counts]


def _count(run: Run, benchmark: Benchmark | None) -> Decimal | None:
    """Return the epochs or samples of a run that counts."""
    if not run.counts:
        return None
    count = convergence(run, benchmark)
    if count is None:
        return None
    return Decimal(count.text)


def _mean_count(group: Group, counts: list[Decimal | None]) -> Decimal | None:
    if group.is_weak:
        known = [count for count in counts if count is not None]
        return sum(known, Decimal(0)) / len(known)
    mean = olympic(counts, group.dropped)
    if mean is None:
        return None
    return mean.mean


def _as_float(count: Decimal | None) -> float | None:
    if count is None:
        return None
    return float(count)
