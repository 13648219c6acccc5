"""What happened on the machine between two snapshots of its counters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from benchfmt.profiler.plain import hyphenated
from benchfmt.profiler.proc import CPU_FIELDS, Snapshot, ticks_per_second


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What happened on the machine within a measurement, as shares of the time; None where nobody counts."""

    __pydantic_config__: ClassVar[dict[str, Callable[[str], str]]] = {"alias_generator": hyphenated}

    seconds: float = 0.0
    own: float = 0.0
    """Processor seconds of the measured process."""
    load: float | None = None
    steal: float | None = None
    others: float | None = None
    pressure_cpu: float | None = None
    pressure_memory: float | None = None
    pressure_io: float | None = None
    throttled: float | None = None
    involuntary_switches: int | None = None


def between(before: Snapshot, after: Snapshot) -> Evidence:
    """Return who else used the machine between two snapshots, and who waited."""
    seconds = after.monotonic - before.monotonic
    evidence = Evidence(seconds=seconds, own=after.own_cpu - before.own_cpu)
    if before.cpu and after.cpu:
        evidence = _with_loads(evidence, before.cpu, after.cpu)
    if seconds > 0:
        evidence = replace(
            evidence,
            pressure_cpu=_pressure("cpu", before, after, seconds),
            pressure_memory=_pressure("memory", before, after, seconds),
            pressure_io=_pressure("io", before, after, seconds),
        )
    if before.throttled is not None and after.throttled is not None and seconds > 0:
        throttled = (after.throttled - before.throttled) / 1e9 / seconds
        evidence = replace(evidence, throttled=throttled)
    if before.involuntary is not None and after.involuntary is not None:
        switches = after.involuntary - before.involuntary
        evidence = replace(evidence, involuntary_switches=switches)
    return evidence


def _with_loads(
    evidence: Evidence, before: Mapping[str, int], after: Mapping[str, int]
) -> Evidence:
    spent = {name: after[name] - before[name] for name in CPU_FIELDS}
    total = sum(spent.values())
    if total <= 0:
        return evidence
    tick = ticks_per_second()
    busy = total - spent["idle"] - spent["iowait"] - spent["steal"]
    others = max(busy / tick - evidence.own, 0.0) / (total / tick)
    return replace(evidence, load=busy / total, steal=spent["steal"] / total, others=others)


def _pressure(kind: str, before: Snapshot, after: Snapshot, seconds: float) -> float | None:
    """Return the share of the time in which some task waited for a kind of resource."""
    first, then = before.pressure or {}, after.pressure or {}
    if kind not in first or kind not in then:
        return None
    return (then[kind] - first[kind]) / 1e6 / seconds
