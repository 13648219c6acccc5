"""What a sampler has seen, as typed values: the sampler writes them as JSON, its parent reads them.

Only the standard library is imported, and little of that: the sampler's own start is part of what a profile costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["gauge", "counter"]
Window = Sequence[float]
"""When something began and ended, in seconds of the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A quantity that cannot be had on this machine, and why."""

    metric: str
    scope: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a channel has no value: a reason of the standard's closed list, and words."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The readings of one channel; `wrap` is where a counter starts again from 0, `cost` is in seconds."""

    metric: str
    scope: str
    kind: Kind
    source: str
    id: str = ""
    wrap: float | None = None
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    cost: float = 0.0
    reads: int = 0
    failed: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReadings:
    """The readings of the watched process: processor time in clock ticks, threads, resident memory in pages."""

    times: list[float] = field(default_factory=list)
    cpu: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineReading:
    """The counters of the whole machine at one moment."""

    time: float
    cpu: dict[str, int] | None = None
    pressure: dict[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """Everything that a sampler has seen, and what that cost."""

    hz: float = 0.0
    start: float = 0.0
    wall: float = 0.0
    ticks: int = 0
    late: int = 0
    observer_cpu: float = 0.0
    observer_start_cpu: float = 0.0
    observer_share: float | None = None
    page_size: int = 1
    clock_ticks: int = 1
    process: ProcessReadings = field(default_factory=ProcessReadings)
    machine: list[MachineReading] = field(default_factory=list)
    channels: list[Readings] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
