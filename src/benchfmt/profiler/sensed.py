"""What a sampler's readings say of a window: a number, or the reason why there is none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchfmt.profiler import figures
from benchfmt.profiler.sampled import Readings, Sampled, Window

ENERGY_SECONDS = 1.0
"""A counter that is updated now and then needs a window of at least this."""


@dataclass(frozen=True)
class Sensed:
    """What the sensors give for a window: a number, or the reason why not."""

    value: float | None
    peak: float | None = None
    reason: str = ""
    detail: str = ""
    source: str = ""
    count: int = 0


def missing(reason: str, detail: str) -> Sensed:
    """Return that there is no number, with a reason of the standard's closed list and words."""
    return Sensed(None, reason=reason, detail=detail)


NO_SAMPLER = missing("not-measured", "no sampler was running")


def sense(sampled: Sampled | None, metric: str, scope: str, window: Window) -> Sensed:
    """Return a gauge's mean and peak, or a counter's increase, within a window of monotonic seconds."""
    if sampled is None:
        return NO_SAMPLER
    channels = [item for item in sampled.channels if (item.metric, item.scope) == (metric, scope)]
    if not channels:
        return _absent(sampled, metric, scope)
    parts = [_channel(channel, window) for channel in channels]
    for part in parts:
        if part.value is None:
            return part  # a sum or mean without one of its parts would be too small
    return _together(parts, counted=channels[0].kind == "counter")


def _together(parts: Sequence[Sensed], *, counted: bool) -> Sensed:
    """Return what several channels give: of two packages, both count."""
    values = [part.value for part in parts if part.value is not None]
    source = ", ".join(part.source for part in parts)
    counts = [part.count for part in parts]
    if counted:
        return Sensed(sum(values), source=source, count=min(counts))
    peak = max(part.peak for part in parts if part.peak is not None)
    return Sensed(figures.mean(values), peak, source=source, count=sum(counts))


def _absent(sampled: Sampled, metric: str, scope: str) -> Sensed:
    for item in sampled.absent:
        if (item.metric, item.scope) == (metric, scope):
            return missing(item.reason, item.detail)
    return missing("no-sensor", "no such sensor was found")


def watts(sampled: Sampled | None, scope: str, window: Window) -> Sensed:
    """Return the mean power within a window: by the energy counter where there is one, else by the power sensor."""
    energy = sense(sampled, "energy", scope, window)
    if energy.value is not None:
        return replace(energy, value=energy.value / length(window))
    power = sense(sampled, "power", scope, window)
    if power.value is not None or scope == "board":
        return power
    return energy


def length(window: Window) -> float:
    """Return the seconds that a window is long."""
    return window[1] - window[0]


def _channel(channel: Readings, window: Window) -> Sensed:
    if channel.failed:
        return missing(channel.failed.reason, channel.failed.detail)
    if channel.kind == "counter":
        return _counted(channel, window)
    inside = _inside(channel.times, channel.values, window)
    if not inside:
        detail = f"{channel.source}: no reading within the measurement"
        return missing("too-few-samples", detail)
    if channel.metric in ("power", "temperature") and not any(inside):
        return missing("sensor-failed", f"{channel.source}: it reads 0 all the time")
    return Sensed(figures.mean(inside), max(inside), source=channel.source, count=len(inside))


def _inside(times: Sequence[float], values: Sequence[float], window: Window) -> Sequence[float]:
    """Return the readings whose times lie within a window."""
    return values[bisect_left(times, window[0]) : bisect_right(times, window[1])]


def _counted(channel: Readings, window: Window) -> Sensed:
    """Return how much a counter has grown within a window, wrap-around undone, interpolated at both ends."""
    if length(window) < ENERGY_SECONDS:
        detail = f"a counter needs {ENERGY_SECONDS:g} s; this was shorter"
        return missing("too-few-samples", detail)
    try:
        values = unwrapped(channel.values, channel.wrap)
    except ValueError as error:
        return missing("sensor-failed", f"{channel.source}: {error}")
    times = channel.times
    if len(times) < 2 or times[0] > window[0] or times[-1] < window[1]:
        detail = f"{channel.source}: readings do not span the measurement"
        return missing("too-few-samples", detail)
    grown = _grown(times, values, window)
    if channel.metric == "energy" and grown <= 0:
        return missing("sensor-failed", f"{channel.source}: the counter did not move")
    if channel.metric == "utilization":
        grown /= length(window)
    return Sensed(grown, source=channel.source, count=len(times))


def unwrapped(values: Sequence[float], wrap: float | None) -> list[float]:
    """Return a counter's readings as if it had never started again from 0; raises ValueError where it should not have."""
    continued: list[float] = []
    turns = 0.0
    for place, value in enumerate(values):
        if place and value < values[place - 1]:
            if wrap is None:
                raise ValueError("the counter went back, and nothing says where it starts again")
            turns += wrap
        continued.append(value + turns)
    return continued


def _grown(times: Sequence[float], values: Sequence[float], window: Window) -> float:
    return _at(times, values, window[1]) - _at(times, values, window[0])


def _at(times: Sequence[float], values: Sequence[float], moment: float) -> float:
    """Return the value at a moment, interpolated between the readings around it."""
    after = min(max(bisect_left(times, moment), 1), len(times) - 1)
    before = after - 1
    share = (moment - times[before]) / (times[after] - times[before])
    return values[before] + share * (values[after] - values[before])


def processor_seconds(sampled: Sampled | None, window: Window) -> float | None:
    """Return the processor time of the watched process within a window, to a tick of the kernel; None where it is not known."""
    if sampled is None:
        return None
    times, ticks = sampled.process.times, sampled.process.cpu
    if len(times) < 2 or len(ticks) != len(times):
        return None
    if times[0] > window[0] or times[-1] < window[1] - 2 / sampled.hz:
        return None
    return _grown(times, ticks, window) / sampled.clock_ticks


def resident(sampled: Sampled | None, window: Window) -> Sensed:
    """Return the mean resident memory of the watched process within a window."""
    if sampled is None:
        return NO_SAMPLER
    if not sampled.process.times:
        return missing("no-sensor", "/proc/<pid>/stat cannot be read")
    inside = _inside(sampled.process.times, sampled.process.pages, window)
    if not inside:
        return missing("too-few-samples", "no reading within the measurement")
    return Sensed(figures.mean(inside) * sampled.page_size, count=len(inside))
