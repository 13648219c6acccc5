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
from benchfmt.readers.mllog import Event, Log, number


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

    @property
    def is_of_several(self) -> bool:
        """Whether it is that of several nodes, or of a network."""
        return len(self.nodes) > 1 or bool(self.switches)


def read(files: list[Path], seconds: Decimal, limits: Limits) -> Energy:
    """Return the energy of a run that took so long."""
    energy = Energy()
    for path in files:
        log = mllog.read(path, limits, kept)
        energy.logs.append(log)
        try:
            if log.first("interconnect_power_est"):
                _add_switch(log, energy, seconds)
            else:
                _add_node(log, energy, seconds)
        except ValueError as error:
            energy.faults.append((path, str(error)))
    return energy


def _add_switch(log: Log, energy: Energy, seconds: Decimal) -> None:
    """Add a switch; raises ValueError with what is wrong with its file."""
    event = log.first("interconnect_power_est")
    watts = _number_of(event)
    if event is None or watts is None or watts < 0:
        raise ValueError("interconnect_power_est is not a power")
    name = log.path.stem
    energy.switches[name] = watts * float(seconds) * _efficiency(log)
    energy.watts[name] = str(event.value)


def _add_node(log: Log, energy: Energy, seconds: Decimal) -> None:
    """Add a node; raises ValueError with what is wrong with its file."""
    times, watts = _readings(log)
    begin = times[0]
    last = max(times)
    # Some files stop where they start; the tool of v4.0 took the last reading then, and takes it where there is no stop.
    stopped = _time_of(log.first("power_measurement_stop")) or begin
    if stopped < last:
        energy.corrected = True
    window = max(stopped, last) - begin
    if window <= 0:
        raise ValueError("the measurement took no time")
    joules = 0.0
    for power, (start, end) in zip(watts, pairwise(times), strict=True):
        joules += power * float(end - start)
    joules /= 1000
    joules *= float(seconds * 1000 / window) * _efficiency(log)
    if not math.isfinite(joules):
        raise ValueError("the readings are not powers")
    energy.nodes[log.path.stem] = joules


def _readings(log: Log) -> tuple[list[Decimal], list[float]]:
    """Return the start with the times of the readings in milliseconds, and their powers in watts."""
    start = _time_of(log.first("power_measurement_start"))
    events = log.all("power_reading")
    if start is None or not events:
        raise ValueError("no power_measurement_start or no power_reading")
    times = [start]
    watts = []
    for event in events:
        power = number(event.value)
        if event.milliseconds is None or power is None:
            raise ValueError("a power_reading without time or power")
        times.append(event.milliseconds)
        watts.append(power)
    return times, watts


def _time_of(event: Event | None) -> Decimal | None:
    if event is None:
        return None
    return event.milliseconds


def _number_of(event: Event | None) -> float | None:
    if event is None:
        return None
    return number(event.value)


def _efficiency(log: Log) -> float:
    return _number_of(log.first("conversion_eff")) or 1.0
