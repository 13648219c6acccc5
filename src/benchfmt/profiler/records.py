"""Turns what the processes of a profile have left into records: one for each process, and a summary derived from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchfmt.profiler import judging, wording
from benchfmt.profiler.document import Measured, Overview, ProcessOfOverview
from benchfmt.profiler.judging import NANO, Gate
from benchfmt.profiler.material import Material, Part, part_of
from benchfmt.profiler.measuring import primary_key
from benchfmt.profiler.plain import plain_object
from benchfmt.profiler.record_draft import Extension, failed_record, finished
from benchfmt.profiler.running import Run
from benchfmt.profiler.sensed import Sensed
from benchfmt.profiler.summary import summary
from benchfmt.record import Record


def records(material: Material) -> list[Record]:
    """Return the records of a profile: the processes in order, then the summary."""
    parts = []
    made = []
    for run in material.runs:
        document = run.measured
        if document is None:
            made.append(_failed(run, material))
        else:
            part = part_of(run, document, material)
            parts.append(part)
            made.append(_process(part, material))
    return [*made, summary(parts, material)]


def process_record(run: Run, material: Material, caveats: Sequence[str] = ()) -> Record:
    """Return the record of one process alone; its caveats are added to every number of the timing."""
    if run.measured is None:
        return _failed(run, material)
    return _process(part_of(run, run.measured, material, caveats), material)


def overview(runs: Sequence[Run], execution: str, idle: Mapping[str, Sensed]) -> Overview:
    """Return what a summary is derived from."""
    watts = {scope: reading.value for scope, reading in idle.items()}
    return Overview(
        execution=execution, runs=[_of_overview(run) for run in runs], idle_watts=watts or None
    )


def _of_overview(run: Run) -> ProcessOfOverview:
    if run.ok:
        seconds = run.median / NANO
        return ProcessOfOverview(path=run.path, sha256=run.sha256, median_seconds=seconds)
    return ProcessOfOverview(path=run.path, sha256=run.sha256, failed=True)


def _process(part: Part, material: Material) -> Record:
    document = part.document
    state = plain_object(material.state)
    if document.cgroup:
        state["cgroup_after"] = plain_object(document.cgroup) or None
    extension: Extension = {
        "stability": judging.stability(part.contaminated, part.unstable),
        "stability_evidence": wording.evidence([*part.contaminated, *part.unstable]),
        "gate": _gate(part.gate, document),
        "evidence": document.evidence,
        "warm_up": document.warm_up,
        "observer": observer(document),
        "harness": document.harness,
        "mlperf_conformant": judging.mlperf_conformant(document),
        "loadgen": document.loadgen,
        "run": document.job.run,
        "memory_before_loading_bytes": document.base and document.base.resident,
        "trtexec": document.trtexec,
        "schedule": _schedule(document),
        "state": state,
    }
    primary = primary_key(document, part.numbers)
    return finished(material, document, part.numbers, primary, [part.run], extension)


def _gate(gate: Gate, document: Measured) -> Extension:
    reference = None
    if gate.passed:
        reference = gate.reference
    return {
        "share": gate.share,
        "threshold": judging.PASSES,
        "reference": reference,
        "not_used": wording.gate_off(gate) or None,
        "blocks": len(document.observed.blocks),
    }


def _schedule(document: Measured) -> Extension | None:
    """Return how the arrivals of a server were drawn."""
    schedule = {
        "rate": document.rate,
        "schedule_seed": document.schedule_seed,
        "scheduled": document.scheduled,
    }
    if any(value is not None for value in schedule.values()):
        return schedule
    return None


def _failed(run: Run, material: Material) -> Record:
    document = run.document
    detail = document.detail or "the process failed"
    return failed_record(material, document, primary_key(document), detail, [run])


def observer(document: Measured) -> Extension:
    """Return what the observer cost, and whether that is within its bound."""
    sampled = document.sampler
    if sampled is None:
        return {"running": False}
    ticks = max(sampled.ticks, 1)
    costs = {channel.id: channel.cost / ticks for channel in sampled.channels}
    return {
        "running": True,
        "hertz": sampled.hz,
        "share_of_a_core": sampled.observer_share,
        "within_bound": judging.within_bound(sampled.observer_share),
        "ticks": sampled.ticks,
        "late": sampled.late,
        "cost_of_sensors": costs or None,
    }
