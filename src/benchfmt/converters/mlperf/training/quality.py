"""The quality that the runs of a group reached, and how many epochs or samples they needed."""

from __future__ import annotations

from decimal import Decimal

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
from benchfmt.record import given
from benchfmt.suites import mlperf_training as rules
from benchfmt.suites.mlperf_training import Quality


def add_qualities(group: Group) -> None:
    """Add the quality at the end of the runs, with the target of the closed division."""
    if group.name is None or group.benchmark is None:
        return
    batch = whole(group.logged("global_batch_size"))
    for quality in rules.qualities(group.name, group.round, batch):
        found = [reached(run, quality) for run in group.runs]
        known = [
            (run, item) for run, item in zip(group.runs, found, strict=True) if item is not None
        ]
        if known:
            _quality(group, quality, known, found)


def _quality(
    group: Group, quality: Quality, known: list[tuple[Run, Reached]], found: list[Reached | None]
) -> None:
    counted = [item for run, item in known if run.seconds is not None]
    used = counted or [item for _, item in known]
    lower = quality.target_max is not None or quality.event == "eval_error"
    weak = group.place.level == "weak"
    values = [item.value for item in used]
    caveats = [
        *(["unit-inferred"] if any(item.inferred for item in used) else []),
        *([] if counted else ["partial-run"]),
    ]
    single = len(used) == 1
    samples = (
        [
            item.value if item and run.seconds is not None else None
            for run, item in zip(group.runs, found, strict=True)
        ]
        if counted
        else None
    )
    targets = {}
    if group.division == "closed":
        targets = given(
            target_min=float(quality.target_min) if quality.target_min else None,
            target_max=float(quality.target_max) if quality.target_max else None,
        )
    group.add(
        # Of models trained side by side each must reach the target, so the worst one counts.
        metric=quality.metric,
        statistic=("max" if lower else "min") if weak else "final",
        value=(max(values) if lower else min(values)) if weak else average(values),
        unit="1",
        basis="measured" if single else "derived",
        n=len(group.runs),
        samples=samples,
        caveats=caveats or None,
        reported_value=used[0].text if single else None,
        reported_unit="%" if single and used[0].unit == "%" else None,
        **targets,
    )


def add_convergence(group: Group) -> None:
    """Add how many epochs or samples the runs needed, as the convergence check counts it."""
    found = [
        convergence(run, group.benchmark) if run.seconds is not None else None for run in group.runs
    ]
    metrics = {item[0] for item in found if item}
    if len(metrics) != 1 or any(
        item is None and run.seconds is not None
        for item, run in zip(found, group.runs, strict=True)
    ):
        return
    numbers = [Decimal(item[1]) if item else None for item in found]
    mean = olympic(numbers, group.dropped)
    weak = group.place.level == "weak"
    values = [number for number in numbers if number is not None]
    if mean is None and not weak:
        return
    value = sum(values, Decimal(0)) / len(values) if weak or mean is None else mean.mean
    group.add(
        metric=metrics.pop(),
        statistic="mean" if weak else "olympic-mean",
        value=float(value),
        unit="1",
        basis="derived",
        n=len(found),
        samples=[float(n) if n is not None else None for n in numbers],
    )
