"""Energy of MLPerf Training runs (v4.0 on): readings of nodes and estimates of switches, in the same syntax as the logs.

Rules: mlcommons/training_policies power_measurement.adoc, `sum(a power reading * duration between the previous reading
and the current reading)`, as mlperf_logging/result_summarizer computes it: every reading counts as it is written, one
below zero too; without a stop the last reading is the end; the window of the readings is stretched to that of the run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from benchfmt.converters.mlperf.training.runs import kept
from benchfmt.limits import Limits
from benchfmt.readers import mllog
from benchfmt.readers.mllog import Log, number


@dataclass
class Energy:
    """The energy of one run in joules: of each node that was measured, and of each switch that was estimated."""

    nodes: dict[str, float] = field(default_factory=dict)
    switches: dict[str, float] = field(default_factory=dict)
    watts: dict[str, str] = field(default_factory=dict)
    """The estimated power of each switch, as the file writes it."""
    corrected: bool = False
    """Whether a measurement has no stop or stops before its last reading, so that the reading's time was taken."""
    faults: list[tuple[Path, str]] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)

    @property
    def joules(self) -> float:
        """All of it."""
        return sum(self.nodes.values()) + sum(self.switches.values())


def read(files: list[Path], seconds: Decimal, limits: Limits) -> Energy:
    """Return the energy of a run that took so long."""
    energy = Energy()
    for path in files:
        log = mllog.read(path, limits, kept)
        energy.logs.append(log)
        found = (
            _switch(log, energy, seconds)
            if log.first("interconnect_power_est")
            else _node(log, energy, seconds)
        )
        if found:
            energy.faults.append((path, found))
    return energy


def _switch(log: Log, energy: Energy, seconds: Decimal) -> str | None:
    """Add a switch, or return what is wrong with its file."""
    event = log.first("interconnect_power_est")
    watts = number(event.value) if event else None
    if event is None or watts is None or watts < 0:
        return "interconnect_power_est is no power"
    energy.switches[log.path.stem] = watts * float(seconds) * _efficiency(log)
    energy.watts[log.path.stem] = str(event.value)
    return None


def _node(log: Log, energy: Energy, seconds: Decimal) -> str | None:
    """Add a node, or return what is wrong with its file."""
    start, stop = log.first("power_measurement_start"), log.first("power_measurement_stop")
    readings = [(event.milliseconds, number(event.value)) for event in log.all("power_reading")]
    if start is None or start.milliseconds is None or not readings:
        return "no power_measurement_start or no power_reading"
    times = [start.milliseconds]
    watts = []
    for time, value in readings:
        if time is None or value is None:
            return "a power_reading without time or power"
        times.append(time)
        watts.append(value)
    last = max(times)
    # Some files stop where they start; the tool of v4.0 took the last reading then, and takes it where there is no stop.
    stopped = stop.milliseconds if stop is not None and stop.milliseconds is not None else times[0]
    energy.corrected |= stopped < last
    window = max(stopped, last) - times[0]
    if window <= 0:
        return "the measurement has no length"
    joules = (
        sum(
            power * float(end - begin)
            for power, (begin, end) in zip(watts, pairwise(times), strict=True)
        )
        / 1000
    )
    joules *= float(seconds * 1000 / window) * _efficiency(log)
    if not math.isfinite(joules):
        return "the readings are no powers"
    energy.nodes[log.path.stem] = joules
    return None


def _efficiency(log: Log) -> float:
    event = log.first("conversion_eff")
    return (number(event.value) if event else None) or 1.0
