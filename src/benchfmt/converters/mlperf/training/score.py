"""The score of a group: the time to train, or the throughput of models trained side by side; and the time of staging."""

from __future__ import annotations

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


def add_time_to_train(group: Group) -> bool:
    """Add the time to train and the energy, and say whether there is a score."""
    times = [run.seconds for run in group.runs]
    mean = (
        olympic(times, group.dropped) if group.benchmark is None or group.benchmark.scored else None
    )
    key = {"metric": "time-to-train", "unit": "s", "n": len(times)}
    samples = [float(time) if time is not None else None for time in times]
    caveats = ["source-repaired"] if any(run.repaired for run in group.runs) else None
    if mean is not None and group.broken is None:
        group.add(
            **key,
            statistic="olympic-mean-scaled",
            value=float(mean.mean * group.scaling),
            basis="derived",
            primary=True,
            caveats=caveats,
        )
    else:
        # Without any score the samples have no other place.
        shown = samples if mean is None and any(time is not None for time in times) else None
        group.add(
            **key,
            statistic="olympic-mean-scaled",
            missing=why_missing(group, mean),
            primary=True,
            samples=shown,
        )
    if mean is not None:
        group.add(
            **key,
            statistic="olympic-mean",
            value=float(mean.mean),
            basis="derived",
            samples=samples,
            caveats=caveats,
        )
        add_energy(group, mean)
    return mean is not None and group.broken is None


def add_throughput(group: Group) -> bool:
    """Add the throughput of models trained side by side, and say whether there is a score."""
    counted = [run for run in group.runs if run.seconds is not None and run.start and run.stop]
    starts = [
        run.start.milliseconds
        for run in counted
        if run.start and run.start.milliseconds is not None
    ]
    stops = [
        run.stop.milliseconds for run in counted if run.stop and run.stop.milliseconds is not None
    ]
    key = {"metric": "throughput", "stage": "whole-run", "per": "model"}
    if not counted or not starts or not stops:
        group.add(**key, missing=why_missing(group, None), primary=True)
        return False
    makespan = (max(stops) - min(starts)) / 1000
    times = [float(run.seconds) if run.seconds is not None else None for run in group.runs]
    group.add(**key, value=float(len(counted) / makespan), unit="/s", basis="derived", primary=True)
    group.add(metric="makespan", value=float(makespan), unit="s", basis="derived")
    group.add(metric="mlperf:number-of-models", value=len(counted), unit="1", basis="derived")
    group.add(
        metric="time-to-train",
        statistic="mean",
        per="model",
        unit="s",
        basis="derived",
        n=len(times),
        samples=times,
        value=average([time for time in times if time is not None]),
    )
    _instance_scale(group, len(counted))
    if "pruned_runs" in group.extensions:
        group.add(metric="time-to-train", statistic="single", scope="run:pruned", missing="pruned")
    return True


def _instance_scale(group: Group, models: int) -> None:
    """Add how many accelerators a model had, as the summarizer computes it from the first log."""
    first = group.runs[0].log
    nodes, accelerators = (first.first(key) for key in ("number_of_nodes", "accelerators_per_node"))
    count = whole(nodes.value) if nodes else None
    if count is None:
        return
    scale = count * max((whole(accelerators.value) if accelerators else None) or 0, 1)
    machine = systems.system(group.description)
    installed = machine.get("nodes", 0) * machine.get("accelerator", {}).get("count", 1)
    # Some logs say the whole system in place of the instance.
    doubtful = bool(installed) and scale * models > 2 * installed
    group.add(
        metric="mlperf:instance-scale",
        value=scale,
        unit="1",
        basis="derived",
        caveats=["source-disagrees"] if doubtful else None,
    )
    if doubtful:
        words = f"{models} models of {scale} accelerators each do not fit into {installed}: the logs say the whole system"
        group.extensions["instance_scale"] = words


def why_missing(group: Group, mean: Olympic | None) -> str:
    """Return the reason for which there is no score."""
    if mean is not None:
        return "invalid-in-source"
    kinds = {run.kind for run in group.runs if run.kind}
    return "target-not-reached" if kinds == {ABORTED} and is_scored(group) else UNSCORABLE


def is_scored(group: Group) -> bool:
    """Say whether the logs alone give the score of the benchmark."""
    return group.benchmark is None or group.benchmark.scored


def add_staging(group: Group) -> None:
    """Add how long the runs staged their data, which is part of the time of HPC."""
    times = [_between(run, "staging_start", "staging_stop") for run in group.runs]
    values = [time for time in times if time is not None]
    if len(values) == sum(run.seconds is not None for run in group.runs) and values:
        group.add(
            metric="duration",
            statistic="mean",
            stage="staging",
            value=average(values),
            unit="s",
            basis="derived",
            n=len(times),
            samples=times,
        )


def _between(run: Run, start: str, stop: str) -> float | None:
    """Return the seconds between two events of a run that counts: those that the log states, which are finer than its times."""
    first, last = run.log.first(start), run.log.first(stop)
    if (
        run.seconds is None
        or first is None
        or last is None
        or first.milliseconds is None
        or last.milliseconds is None
    ):
        return None
    stated = number(last.metadata.get("staging_duration"))
    if stated is not None and stated >= 0:
        return stated
    seconds = (last.milliseconds - first.milliseconds) / 1000
    return float(seconds) if seconds >= 0 else None
