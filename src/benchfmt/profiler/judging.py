"""Whether a run may be believed: the contamination gate, and what the sampler's samples say of the window of a measurement."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchfmt.profiler import figures

PASSES = 0.9
"""A block passes if the process had a processor for this share of its time."""
FAILED_BLOCKS = 0.2
OTHERS = 0.10
STEAL = 0.02
PRESSURE = 0.10
THROTTLED = 0.01
KEEPS_UP = 0.9
"""A server that does less than this share of what it is asked for is overloaded."""
OBSERVER = 0.02
"""Above this share of a core, the observer says that it was too dear."""
ENERGY_SECONDS = 1.0
"""A counter that is updated now and then needs a window of at least this."""


@dataclass
class Gate:
    """Which blocks passed; None where the gate says nothing for this kind of run, with the reason."""

    passed: list[bool] | None
    reason: str = ""
    reference: float = 1.0
    ratios: list[float] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """The share of blocks that passed."""
        return sum(self.passed) / len(self.passed) if self.passed else None


def gate(data: dict[str, Any]) -> Gate:
    """Return which blocks of a run had their processors: CPU time against wall time of each."""
    settings, blocks = data["job"], data["observed"]["blocks"]
    if settings["scenario"] == "server" or not blocks:
        return Gate(None, "the process waits for arrivals, so its processor time says nothing")
    if data.get("placement", {"used": ["CPUExecutionProvider"]})["used"][:1] != [
        "CPUExecutionProvider"
    ]:
        return Gate(None, "the work is done by another device")
    if not settings.get("threads"):
        return Gate(None, "the number of its threads is not told")
    if settings.get("spinning") and settings["threads"] > 1:
        return Gate(None, "threads that spin use processor time while they wait")
    ratios = [cpu / (wall * settings["threads"]) for _, wall, cpu in blocks]
    # Several threads never all work all the time: then the best block is what the others are compared with.
    reference = 1.0 if settings["threads"] == 1 else max(ratios)
    return Gate([ratio >= PASSES * reference for ratio in ratios], "", reference, ratios)


def gated(values: Sequence[float], data: dict[str, Any], found: Gate) -> list[float]:
    """Return the observations in blocks that passed."""
    kept: list[float] = []
    start = 0
    for (size, _, _), passed in zip(data["observed"]["blocks"], found.passed or (), strict=True):
        kept += values[start : start + size] if passed else ()
        start += size
    return kept


def contaminations(data: dict[str, Any], found: Gate) -> list[str]:
    """Return the evidence that something else used the machine, in words; none is good."""
    seen = data.get("evidence", {})
    words = []
    if found.share is not None and 1 - found.share > FAILED_BLOCKS:
        words.append(
            f"{1 - found.share:.0%} of the blocks had less than {PASSES:.0%} of their processor time"
        )
    for name, most, what in (
        ("others", OTHERS, "of all processors were used by others"),
        ("steal", STEAL, "of the time was stolen by the host"),
        ("pressure-cpu", PRESSURE, "of the time something waited for a processor"),
        ("throttled", THROTTLED, "of the time the control group was throttled"),
    ):
        if seen.get(name, 0.0) > most:
            words.append(f"{seen[name]:.0%} {what}")
    return words


def instabilities(data: dict[str, Any], half_width: float) -> list[str]:
    """Return the evidence that the run had not settled, in words."""
    words = []
    if not data["warm_up"]["steady"]:
        words.append("the warm-up ended by its time limit, not by being steady")
    done, asked = _rates(data)
    if asked and done < KEEPS_UP * asked:
        words.append(
            f"the server did {done:.4g} queries a second of the {asked:.4g} that came: the others waited longer and longer"
        )
    sizes = [size for size, _, _ in data["observed"]["blocks"]]
    if len(sizes) >= 2:
        between = figures.interval(figures.block_means(data["observed"]["inference"], sizes))
        if between and between.half_width > half_width:
            words.append(
                f"the 95 % interval of the block means is {between.half_width:.1%} wide on each side"
            )
    return words


def _rates(data: dict[str, Any]) -> tuple[float, float | None]:
    """Return the queries a second that a server did and that it was asked for; None for any other scenario."""
    seen, said = data["observed"], data.get("loadgen") or {}
    if data["job"]["scenario"] != "server" or not seen["wall"]:
        return 0.0, None
    return seen["queries"] / seen["wall"] * 1e9, said.get("scheduled_per_second") or data.get(
        "rate"
    )


@dataclass(frozen=True)
class Sensed:
    """What the sensors give for a window: a number, or the reason why not."""

    value: float | None
    peak: float | None = None
    reason: str = ""
    detail: str = ""
    source: str = ""
    count: int = 0


def sense(
    sampler: dict[str, Any] | None, metric: str, scope: str, window: Sequence[float]
) -> Sensed:
    """Return a gauge's mean and peak, or a counter's increase, within a window of monotonic seconds."""
    if sampler is None:
        return Sensed(None, reason="not-measured", detail="no sampler was running")
    found = [c for c in sampler["channels"] if (c["metric"], c["scope"]) == (metric, scope)]
    if not found:
        absent = next(
            (a for a in sampler["absent"] if (a["metric"], a["scope"]) == (metric, scope)), None
        )
        reason, detail = (
            (absent["reason"], absent["detail"])
            if absent
            else ("no-sensor", "no such sensor was found")
        )
        return Sensed(None, reason=reason, detail=detail)
    parts = [_channel(channel, window) for channel in found]
    lost = next((part for part in parts if part.value is None), None)
    if lost:
        return lost  # a sum or mean without one of its parts would be too small
    values = [part.value for part in parts if part.value is not None]
    source = ", ".join(part.source for part in parts)
    if found[0]["kind"] == "counter":  # of two packages, both count
        return Sensed(sum(values), source=source, count=min(part.count for part in parts))
    peaks = [part.peak for part in parts if part.peak is not None]
    return Sensed(
        sum(values) / len(values),
        max(peaks),
        source=source,
        count=sum(part.count for part in parts),
    )


def watts(sampler: dict[str, Any] | None, scope: str, window: Sequence[float]) -> Sensed:
    """Return the mean power within a window: by the energy counter where there is one, else by the power sensor."""
    energy = sense(sampler, "energy", scope, window)
    if energy.value is not None:
        return replace(energy, value=energy.value / (window[1] - window[0]))
    power = sense(sampler, "power", scope, window)
    return power if power.value is not None or scope == "board" else energy


def _channel(channel: dict[str, Any], window: Sequence[float]) -> Sensed:
    if channel.get("failed"):
        return Sensed(None, reason=channel["failed"]["reason"], detail=channel["failed"]["detail"])
    if channel["kind"] == "counter":
        return _counted(channel, window)
    times, values = channel["times"], channel["values"]
    inside = values[bisect_left(times, window[0]) : bisect_right(times, window[1])]
    if not inside:
        return Sensed(
            None,
            reason="too-few-samples",
            detail=f"{channel['source']}: no reading within the measurement",
        )
    if channel["metric"] in ("power", "temperature") and not any(inside):
        return Sensed(
            None, reason="sensor-failed", detail=f"{channel['source']}: it reads 0 all the time"
        )
    return Sensed(figures.mean(inside), max(inside), source=channel["source"], count=len(inside))


def _counted(channel: dict[str, Any], window: Sequence[float]) -> Sensed:
    """Return how much a counter has grown within a window, wrap-around undone, interpolated at both ends."""
    if window[1] - window[0] < ENERGY_SECONDS:
        return Sensed(
            None,
            reason="too-few-samples",
            detail=f"a counter needs {ENERGY_SECONDS:g} s; this was shorter",
        )
    try:
        times, values = channel["times"], unwrapped(channel["values"], channel.get("wrap"))
    except ValueError as error:
        return Sensed(None, reason="sensor-failed", detail=f"{channel['source']}: {error}")
    if len(times) < 2 or times[0] > window[0] or times[-1] < window[1]:
        return Sensed(
            None,
            reason="too-few-samples",
            detail=f"{channel['source']}: readings do not span the measurement",
        )
    grown = _at(times, values, window[1]) - _at(times, values, window[0])
    if channel["metric"] == "energy" and grown <= 0:
        return Sensed(
            None, reason="sensor-failed", detail=f"{channel['source']}: the counter did not move"
        )
    if channel["metric"] == "utilization":
        grown /= window[1] - window[0]
    return Sensed(grown, source=channel["source"], count=len(times))


def unwrapped(values: Sequence[float], wrap: float | None) -> list[float]:
    """Return a counter's readings as if it had never started again from 0; raises ValueError where it should not have."""
    found: list[float] = []
    turns = 0.0
    for place, value in enumerate(values):
        if place and value < values[place - 1]:
            if wrap is None:
                raise ValueError("the counter went back, and nothing says where it starts again")
            turns += wrap
        found.append(value + turns)
    return found


def _at(times: Sequence[float], values: Sequence[float], moment: float) -> float:
    after = min(max(bisect_left(times, moment), 1), len(times) - 1)
    before = after - 1
    share = (moment - times[before]) / (times[after] - times[before])
    return values[before] + share * (values[after] - values[before])


def processor_seconds(sampler: dict[str, Any] | None, window: Sequence[float]) -> float | None:
    """Return the processor time of the watched process within a window, to a tick of the kernel; None where it is not known."""
    if sampler is None:
        return None
    times, ticks = sampler["process"]["times"], sampler["process"].get("cpu") or []
    if (
        len(times) < 2
        or len(ticks) != len(times)
        or times[0] > window[0]
        or times[-1] < window[1] - 2 / sampler["hz"]
    ):
        return None
    return (_at(times, ticks, window[1]) - _at(times, ticks, window[0])) / float(
        sampler["clock_ticks"]
    )


def resident(sampler: dict[str, Any] | None, window: Sequence[float]) -> Sensed:
    """Return the mean resident memory of the watched process within a window."""
    if sampler is None:
        return Sensed(None, reason="not-measured", detail="no sampler was running")
    if not sampler["process"]["times"]:
        return Sensed(None, reason="no-sensor", detail="/proc/<pid>/stat cannot be read")
    times = sampler["process"]["times"]
    inside = sampler["process"]["pages"][
        bisect_left(times, window[0]) : bisect_right(times, window[1])
    ]
    if not inside:
        return Sensed(None, reason="too-few-samples", detail="no reading within the measurement")
    return Sensed(figures.mean(inside) * sampler["page_size"], count=len(inside))
