"""The energy and power of the runs that the time to train is of, in all and by node and network."""

from __future__ import annotations

from collections.abc import Sequence

from benchfmt.converters.base import Failed
from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.training import power as training_power
from benchfmt.converters.mlperf.training.power import Energy
from benchfmt.converters.mlperf.training.runs import Olympic, Run, average
from benchfmt.converters.mlperf.training.scored_group import Group

_STAGE = "whole-run"
_MEAN = "olympic-mean"
_SCORE = "olympic-mean-scaled"


def add_energy(group: Group, mean: Olympic) -> None:
    """Add the energy of the runs that the time is of, where it was measured."""
    if not any(group.of(_role(run)) for run in group.runs):
        return
    energies = [_energy_of(group, run) for run in group.runs]
    measured = [energies[index] for index in mean.of]
    counted = [energy for energy in measured if energy is not None]
    scope = _scope(energies)
    samples = [_sample(energy) for energy in energies]
    if any(energy.joules <= 0 for energy in counted):
        _add_missing(group, "invalid-in-source", scope)
        _report(group, "the power readings of a run that counts add up to no energy")
    elif None in measured:
        _add_unmeasured(group, samples, scope)
    else:
        _add_mean(group, mean, counted, samples, scope)


def _add_unmeasured(group: Group, samples: Sequence[float | None], scope: str) -> None:
    is_measured = any(sample is not None for sample in samples)
    reason = "not-measured"
    if is_measured:
        reason = "too-few-samples"
    number = _add_missing(group, reason, scope)
    number.n = len(samples)
    if is_measured:
        # Without a mean the energy of the runs that were measured has no other place.
        number.samples = samples
    _report(group, "power was not measured, or cannot be read, for a run that counts")


def _role(run: Run) -> str:
    return f"power:{run.path.name}"


def _energy_of(group: Group, run: Run) -> Energy | None:
    """Return the energy of a run, or None where it was not measured or cannot be read."""
    paths = group.of(_role(run))
    if not paths or not run.seconds:
        return None
    energy = training_power.read(paths, run.seconds, group.unit.limits)
    for log in energy.logs:
        group.source(log.path, log.sha256)
    for path, reason in energy.faults:
        group.failures.append(Failed(path, reason))
    if energy.faults or not energy.nodes:
        return None
    return energy


def _scope(energies: Sequence[Energy | None]) -> str:
    """Return what was measured: a cluster, if one run has several nodes or a network."""
    for energy in energies:
        if energy is not None and energy.is_of_several:
            return "cluster"
    return "node"


def _sample(energy: Energy | None) -> float | None:
    if energy is None or energy.joules <= 0:
        return None
    return energy.joules


def _add_missing(group: Group, reason: str, scope: str) -> Number:
    number = group.draft.missing("energy", reason, statistic=_SCORE, stage=_STAGE, scope=scope)
    number.unit = "J"
    return number


def _report(group: Group, message: str) -> None:
    group.draft.report("BF706", message, path=group.place.folder)


def _add_mean(
    group: Group,
    mean: Olympic,
    energies: Sequence[Energy],
    samples: Sequence[float | None],
    scope: str,
) -> None:
    """Add the energy and the power of the runs that count."""
    basis = "derived"
    if any(energy.switches for energy in energies):
        basis = "estimated"
    caveats = _caveats(energies)
    joules = average([energy.joules for energy in energies])
    scaled = joules * float(group.scaling)
    watts = joules / float(mean.mean)
    draft = group.draft
    score = draft.derive("energy", scaled, statistic=_SCORE)
    plain = draft.derive("energy", joules, statistic=_MEAN, samples=samples)
    power = draft.derive("power", watts, statistic="mean")
    score.n = len(samples)
    plain.n = len(samples)
    for number in (score, plain, power):
        number.stage = _STAGE
        number.scope = scope
        number.basis = basis
        number.caveats = caveats
    if scope == "cluster":
        _add_nodes(group, energies)
        _add_network(group, energies)


def _caveats(energies: Sequence[Energy]) -> list[str] | None:
    if any(energy.corrected for energy in energies):
        return ["window-corrected"]
    return None


def _add_nodes(group: Group, energies: Sequence[Energy]) -> None:
    """Add the energy of each node that every run has."""
    for node in energies[0].nodes:
        values = [energy.nodes[node] for energy in energies if node in energy.nodes]
        if len(values) < len(energies):
            continue
        number = group.draft.add(Number(metric="energy", statistic=_MEAN, stage=_STAGE))
        number.scope = f"node:{node.removeprefix('node_')}"
        number.n = len(group.runs)
        number.unit = "J"
        joules = average(values)
        if joules <= 0:
            number.missing = "invalid-in-source"
            continue
        number.value = joules
        number.basis = "derived"
        number.caveats = _caveats(energies)


def _add_network(group: Group, energies: Sequence[Energy]) -> None:
    """Add the energy of the network, and its power where all runs state one and the same."""
    if not any(energy.switches for energy in energies):
        return
    joules = average([sum(energy.switches.values()) for energy in energies])
    number = group.draft.derive("energy", joules, statistic=_MEAN, stage=_STAGE, scope="network")
    number.n = len(group.runs)
    number.basis = "estimated"
    watts = {text for energy in energies for text in energy.watts.values()}
    if len(watts) != 1 or any(len(energy.watts) != 1 for energy in energies):
        return
    power = group.draft.measure("power", watts.pop(), "W", "nominal")
    power.statistic = "mean"
    power.stage = _STAGE
    power.scope = "network"
    power.reported_unit = "W"
