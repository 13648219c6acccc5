"""The energy and power of the runs that the time to train is of, in all and by node and network."""

from __future__ import annotations

from benchfmt.converters.base import Failed
from benchfmt.converters.mlperf.training import power as training_power
from benchfmt.converters.mlperf.training.power import Energy
from benchfmt.converters.mlperf.training.runs import Olympic, average
from benchfmt.converters.mlperf.training.scored_group import Group


def add_energy(group: Group, mean: Olympic) -> None:
    """Add the energy of the runs that the time is of, where it was measured."""
    files = {run.path.name: group.of(f"power:{run.path.name}") for run in group.runs}
    if not any(files.values()):
        return
    found: list[Energy | None] = []
    for run in group.runs:
        paths = files[run.path.name]
        own = (
            training_power.read(paths, run.seconds, group.unit.limits)
            if paths and run.seconds
            else None
        )
        for log in own.logs if own else ():
            group.source(log.path, log.sha256)
        for path, words in own.faults if own else ():
            group.findings.append(Failed(path, words))
        found.append(own if own and own.nodes and not own.faults else None)
    used = [found[index] for index in mean.of]
    impossible = any(item.joules <= 0 for item in used if item)
    several = any(len(item.nodes) > 1 or item.switches for item in found if item)
    scope = "cluster" if several else "node"
    key = {"metric": "energy", "stage": "whole-run", "scope": scope, "unit": "J"}
    samples = [item.joules if item and item.joules > 0 else None for item in found]
    if impossible:
        group.add(**key, statistic="olympic-mean-scaled", missing="invalid-in-source")
        group.find(
            "BF706",
            group.place.folder,
            "the power readings of a run that counts add up to no energy",
        )
        return
    if any(item is None for item in used):
        # Without a mean the energy of the runs that were measured has no other place.
        shown = samples if any(item is not None for item in samples) else None
        group.add(
            **key,
            statistic="olympic-mean-scaled",
            missing="not-measured",
            n=len(found),
            samples=shown,
        )
        group.find(
            "BF706",
            group.place.folder,
            "power was not measured, or cannot be read, for a run that counts",
        )
        return
    runs = [item for item in used if item]
    estimated = any(item.switches for item in runs)
    basis = "estimated" if estimated else "derived"
    caveats = ["window-corrected"] if any(item.corrected for item in runs) else None
    joules = average([item.joules for item in runs])
    shared = {**key, "n": len(found), "basis": basis, "caveats": caveats}
    group.add(**shared, statistic="olympic-mean-scaled", value=joules * float(group.scaling))
    group.add(**shared, statistic="olympic-mean", value=joules, samples=samples)
    group.add(
        metric="power",
        statistic="mean",
        stage="whole-run",
        scope=scope,
        value=joules / float(mean.mean),
        unit="W",
        basis=basis,
        caveats=caveats,
    )
    if several:
        _parts(group, runs, caveats)


def _parts(group: Group, runs: list[Energy], caveats: list[str] | None) -> None:
    """Add the energy of each node and of the network."""
    key = {
        "metric": "energy",
        "statistic": "olympic-mean",
        "stage": "whole-run",
        "unit": "J",
        "n": len(group.runs),
    }
    for node in runs[0].nodes:
        values = [item.nodes[node] for item in runs if node in item.nodes]
        if len(values) < len(runs):
            continue
        part = {**key, "scope": f"node:{node.removeprefix('node_')}"}
        joules = average(values)
        if joules > 0:
            group.add(**part, value=joules, basis="derived", caveats=caveats)
        else:
            group.add(**part, missing="invalid-in-source")
    if any(item.switches for item in runs):
        group.add(
            **key,
            scope="network",
            value=average([sum(item.switches.values()) for item in runs]),
            basis="estimated",
        )
        watts = {text for item in runs for text in item.watts.values()}
        if len(watts) == 1 and all(len(item.watts) == 1 for item in runs):
            text = watts.pop()
            group.add(
                metric="power",
                statistic="mean",
                stage="whole-run",
                scope="network",
                value=float(text),
                unit="W",
                basis="nominal",
                reported_value=text,
                reported_unit="W",
            )
