"""The score of a group: the time to train, or the throughput of models trained side by side; and the time of staging."""

from __future__ import annotations

from decimal import Decimal

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.training.energy import add_energy
from benchfmt.converters.mlperf.training.runs import (
    ABORTED,
    UNSCORABLE,
    Olympic,
    Run,
    average,
    olympic,
)
from benchfmt.converters.mlperf.training.scored_group import Group
from benchfmt.readers.mllog import number, whole

_TIME = "time-to-train"
_SCORE = "olympic-mean-scaled"


def add_time_to_train(group: Group) -> bool:
    """Add the time to train and the energy, and say whether there is a score."""
    draft = group.draft
    times = [run.seconds for run in group.runs]
    samples = [run.sample for run in group.runs]
    mean = None
    if group.is_scored:
        mean = olympic(times, group.dropped)
    if mean is None:
        score = draft.missing(_TIME, why_missing(group, None), statistic=_SCORE)
        score.unit = "s"
        score.n = len(times)
        score.primary = True
        if group.counted:
            # Without any score the samples have no other place.
            score.samples = samples
        return False
    caveats = None
    if any(run.repaired for run in group.runs):
        caveats = ["source-repaired"]
    if group.broken is None:
        score = draft.derive(_TIME, float(mean.mean * group.scaling), caveats=caveats)
    else:
        score = draft.missing(_TIME, "invalid-in-source")
        score.unit = "s"
    score.statistic = _SCORE
    score.n = len(times)
    score.primary = True
    plain = draft.derive(_TIME, float(mean.mean), statistic="olympic-mean", caveats=caveats)
    plain.n = len(times)
    plain.samples = samples
    add_energy(group, mean)
    return group.broken is None


def add_throughput(group: Group) -> bool:
    """Add the throughput of models trained side by side, and say whether there is a score."""
    draft = group.draft
    makespan = _makespan(group)
    if makespan is None:
        draft.missing(
            "throughput",
            why_missing(group, None),
            stage="whole-run",
            per="model",
            primary=True,
        )
        return False
    models = len(group.counted)
    rate = float(models / makespan)
    draft.derive("throughput", rate, stage="whole-run", per="model", primary=True)
    draft.derive("makespan", float(makespan))
    draft.derive("mlperf:number-of-models", models)
    samples = [run.sample for run in group.runs]
    mean = average([sample for sample in samples if sample is not None])
    draft.derive(_TIME, mean, statistic="mean", per="model", n=len(samples), samples=samples)
    _add_instance_scale(group, models)
    if group.task.pruned:
        draft.missing(_TIME, "pruned", statistic="single", scope="run:pruned")
    return True


def _makespan(group: Group) -> Decimal | None:
    """Return the seconds from the first start to the last end of the runs that count."""
    starts = []
    stops = []
    for run in group.counted:
        if run.start is None or run.stop is None:
            continue
        if run.start.milliseconds is not None:
            starts.append(run.start.milliseconds)
        if run.stop.milliseconds is not None:
            stops.append(run.stop.milliseconds)
    if not starts or not stops:
        return None
    return (max(stops) - min(starts)) / 1000


def _add_instance_scale(group: Group, models: int) -> None:
    """Add how many accelerators a model had, as the summarizer computes it from the first log."""
    first = group.runs[0].log
    nodes = first.first("number_of_nodes")
    accelerators = first.first("accelerators_per_node")
    if nodes is None:
        return
    count = whole(nodes.value)
    if count is None:
        return
    scale = count
    if accelerators is not None:
        scale *= whole(accelerators.value) or 1
    stated = group.draft.derive("mlperf:instance-scale", scale)
    installed = systems.installed_accelerators(group.description)
    # Some logs say the whole system in place of the instance.
    if installed and scale * models > 2 * installed:
        stated.caveats = ["source-disagrees"]
        group.keep(
            "instance_scale",
            f"{models} models of {scale} accelerators each do not fit into {installed}:"
            " the logs say the whole system",
        )


def why_missing(group: Group, mean: Olympic | None) -> str:
    """Return the reason for which there is no score."""
    if mean is not None:
        return "invalid-in-source"
    kinds = {run.kind for run in group.runs if run.kind}
    if kinds == {ABORTED} and group.is_scored:
        return "target-not-reached"
    return UNSCORABLE


def add_staging(group: Group) -> None:
    """Add how long the runs staged their data, which is part of the time of HPC."""
    samples = [_staging(run) for run in group.runs]
    seconds = [sample for sample in samples if sample is not None]
    if not seconds or len(seconds) != len(group.counted):
        return
    staged = group.draft.derive("duration", average(seconds), statistic="mean", stage="staging")
    staged.n = len(samples)
    staged.samples = samples


def _staging(run: Run) -> float | None:
    """Return the seconds that a run staged: those that the log states, which are finer than its times."""
    first = run.log.first("staging_start")
    last = run.log.first("staging_stop")
    if not run.counts or first is None or last is None:
        return None
    if first.milliseconds is None or last.milliseconds is None:
        return None
    stated = number(last.metadata.get("staging_duration"))
    if stated is not None and stated >= 0:
        return stated
    seconds = (last.milliseconds - first.milliseconds) / 1000
    if seconds < 0:
        return None
    return float(seconds)
