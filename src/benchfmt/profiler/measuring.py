"""The numbers of one process: what was timed, counted and sensed, each with its key, and why there is none where there is none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchfmt.profiler import figures, judging
from benchfmt.profiler.job import CLOSED_LOOP, devices
from benchfmt.profiler.judging import Gate, Sensed
from benchfmt.record import KEY_FIELDS, Measurement, given

NANO = 1e9
STAGES = ("preprocess", "inference", "postprocess", "end-to-end")
DEVICE_STAGES = ("transfer-in", "compute", "transfer-out")
"""Parts of an inference that only a device with a memory of its own has, where its runtime tells them."""
_GATED = ("min", "mean", "median", "p90", "p95", "p99", "max")
_MINOR = ("min", "mean", "median", "p90", "max")
Key = tuple[str, str | None, str | None, str | None, str | None]


@dataclass(frozen=True)
class Facts:
    """What the numbers of a process need to know beside its document: the model and the machine."""

    model: Mapping[str, Any] = field(default_factory=dict)
    memory_bytes: int | None = None
    idle: Mapping[str, Sensed] = field(default_factory=dict)
    """Watts of each scope before anything was loaded."""


class Numbers:
    """The measurements of one record as they are collected; what is missing has a reason and words."""

    def __init__(self, caveats: Sequence[str] = ()) -> None:
        """Take the caveats that every number of the timing has."""
        self.found: dict[Key, dict[str, Any]] = {}
        self.details: dict[str, str] = {}
        self.caveats = list(caveats)

    def value(
        self, key: Key, number: float, unit: str, basis: str = "measured", **more: Any
    ) -> None:
        """Add a number; one that is not finite is undefined."""
        if not math.isfinite(number):
            self.missing(key, "undefined", "the formula has no value here")
            return
        self.found[key] = given(value=float(number), unit=unit, basis=basis, **more)

    def missing(self, key: Key, reason: str, detail: str, **more: Any) -> None:
        """Add the reason why there is no number."""
        self.found[key] = given(missing=reason, **more)
        self.details["/".join(part or "" for part in key)] = re.sub(r"\s+", " ", detail)

    def measurements(self, primary: Key | None) -> list[Measurement]:
        """Return the measurements, the primary one marked."""
        return [
            Measurement.model_validate(
                {
                    **given(**dict(zip(KEY_FIELDS, key, strict=True))),
                    **item,
                    **({"primary": True} if key == primary else {}),
                }
            )
            for key, item in self.found.items()
        ]


def unit_of_work(data: Mapping[str, Any]) -> str:
    """Return what one timing of a run is per: a sample, a batch, or a query of several samples."""
    if data["job"]["scenario"] == "multi-stream":
        return "query"
    return "sample" if data["samples_per_query"] == 1 else "batch"


def primary_key(data: Mapping[str, Any], numbers: Numbers | None = None) -> Key:
    """Return the headline number of a scenario, as MLPerf Inference ranks it; with few queries the nearest one there is."""
    scenario = data["job"]["scenario"]
    if scenario in ("offline", CLOSED_LOOP):
        return ("throughput", "mean", "whole-run", "sample", None)
    if scenario == "single-stream":
        per = unit_of_work(data) if "samples_per_query" in data else "sample"
        return ("latency", "median", "inference", per, None)
    for statistic in ("p99", "p90"):
        key: Key = ("latency", statistic, "request", "query", None)
        if numbers is None or "value" in numbers.found.get(key, {}):
            return key
    return ("latency", "median", "request", "query", None)


def measured(data: Mapping[str, Any], facts: Facts, gate: Gate, caveats: Sequence[str]) -> Numbers:
    """Return all numbers of a process that came to its end."""
    numbers = Numbers(caveats)
    _timings(numbers, data, gate)
    _rates(numbers, data, facts)
    _memory(numbers, data, facts)
    _loads(numbers, data)
    _energies(numbers, data, facts)
    _temperatures(numbers, data)
    _platform_constants(numbers, data, facts)
    return numbers


def _timings(numbers: Numbers, data: Mapping[str, Any], gate: Gate) -> None:
    seen = data["observed"]
    per = unit_of_work(data)
    scenario = data["job"]["scenario"]
    count = seen["queries"]
    whole = _whole(seen)
    for stage in (
        STAGES if "placement" in data else ("inference",)
    ):  # of a callable nobody knows its stages
        values = whole if stage == "end-to-end" else seen.get(stage)
        if values:
            _distribution(
                numbers,
                stage,
                per,
                values,
                data,
                gate if stage in ("inference", "end-to-end") else None,
            )
        else:
            words = "no such stage was declared; give --preprocess or --postprocess"
            if stage == "end-to-end":
                words = (
                    "without pre- and post-processing there is no whole to time; see the inference"
                )
            numbers.missing(("latency", "mean", stage, per, None), "not-measured", words)
    for stage in DEVICE_STAGES:
        if stage in seen:
            _distribution(numbers, stage, per, seen[stage], data, None)
    if data.get("loadgen"):
        _by_loadgen(numbers, data)
    elif "request" in seen:
        _distribution(numbers, "request", "query", seen["request"], data, None)
        numbers.value(
            ("latency", "mean", "queue", "query", None),
            figures.mean(seen["queue"]) / NANO,
            "s",
            **_said(numbers, n=count),
        )
    elif scenario == "multi-stream":
        _distribution(numbers, "request", "query", whole or seen["inference"], data, None)
    if scenario == "offline" and not data.get("loadgen"):
        numbers.value(
            ("completion-time", "single", "request", "query", None),
            seen["wall"] / NANO,
            "s",
            **_said(numbers, n=1),
        )
    if scenario != "server":
        outside = data.get("loadgen") or scenario == CLOSED_LOOP
        spent: Key = (
            "cpu-time",
            "mean",
            "whole-run" if outside else "end-to-end" if whole else "inference",
            per,
            None,
        )
        if seen["cpu"] is None:
            numbers.missing(
                spent,
                "not-measured",
                "the processor time of the program was not sampled over the whole measurement",
            )
        elif not seen["cpu"]:
            numbers.missing(
                spent, "below-resolution", "the kernel counted no tick of processor time"
            )
        else:
            numbers.value(spent, seen["cpu"] / count / NANO, "s", **_said(numbers, n=count))
    for stage, part in (("build", "build"), ("load", "load"), ("first-run", "first_run")):
        if part not in data:
            continue
        seconds = data[part]["seconds"]
        numbers.value(
            ("duration", "single", stage, None, None),
            seconds,
            "s",
            caveats=["single-observation"],
            n=1,
        )


def _whole(seen: Mapping[str, Any]) -> Sequence[int] | None:
    """Return the times from end to end of each query, where a stage besides the inference was declared."""
    found: Sequence[int] | None = seen.get("end-to-end")
    return found


def _by_loadgen(numbers: Numbers, data: Mapping[str, Any]) -> None:
    """Add the latencies that LoadGen says, from the scheduled arrival; too few queries for a percentile stay too few."""
    said, count = data["loadgen"], data["observed"]["queries"]
    if data["job"]["scenario"] == "offline":
        whole = said["latencies"].get("max")
        if whole:
            numbers.value(
                ("completion-time", "single", "request", "query", None),
                whole / NANO,
                "s",
                **_said(numbers, n=1),
            )
        return
    for statistic, value in said["latencies"].items():
        key: Key = ("latency", statistic, "request", "query", None)
        if count < figures.LEAST.get(statistic, 1):
            words = f"{count} queries; {statistic} needs {figures.LEAST[statistic]} to differ from the maximum"
            numbers.missing(key, "too-few-samples", words, n=count)
        elif statistic in (*figures.LEAST, "min", "mean", "max"):
            numbers.value(key, value / NANO, "s", **_said(numbers, n=count))
    for statistic, value in said["estimates"].items():
        numbers.value(
            ("latency", statistic, "request", "query", None),
            value / NANO,
            "s",
            **_said(numbers, n=count),
        )


def _distribution(
    numbers: Numbers,
    stage: str,
    per: str,
    values: Sequence[int],
    data: Mapping[str, Any],
    gate: Gate | None,
) -> None:
    sizes = [size for size, _, _ in data["observed"]["blocks"]]
    for statistic, value in figures.summary(values).items():
        key: Key = ("latency", statistic, stage, per, None)
        if stage in ("preprocess", "postprocess", *DEVICE_STAGES) and statistic not in _MINOR:
            continue
        if value is None:
            least = figures.LEAST[statistic]
            words = (
                f"{len(values)} observations; {statistic} needs {least} to differ from the maximum"
            )
            numbers.missing(key, "too-few-samples", words, n=len(values))
            continue
        more: dict[str, Any] = {"n": len(values)}
        if statistic == "mean":
            more["stddev"] = figures.stddev(values) / NANO
            if len(sizes) >= 2 and sum(sizes) == len(values):
                between = figures.interval(figures.block_means(values, sizes))
                if between and between.lower <= value <= between.upper:
                    more["ci"] = [between.lower / NANO, between.upper / NANO, figures.LEVEL]
        numbers.value(key, value / NANO, "s", **_said(numbers, **more))
    if gate is None:
        return
    kept = judging.gated(values, dict(data), gate) if gate.passed is not None else []
    if gate.passed is None or not kept:
        reason, words = (
            ("not-applicable", gate.reason)
            if gate.passed is None
            else ("too-few-samples", "no block passed the gate")
        )
        numbers.missing(("latency", "gated-median", stage, per, None), reason, words)
        return
    caveats = [word for word in numbers.caveats if word != "contaminated"]
    for statistic, value in figures.summary(kept).items():
        if value is not None and statistic in _GATED:
            numbers.value(
                ("latency", f"gated-{statistic}", stage, per, None),
                value / NANO,
                "s",
                **given(n=len(kept), caveats=caveats or None),
            )


def _said(numbers: Numbers, **more: Any) -> dict[str, Any]:
    return {**more, **({"caveats": numbers.caveats} if numbers.caveats else {})}


def _rates(numbers: Numbers, data: Mapping[str, Any], facts: Facts) -> None:
    seen = data["observed"]
    samples = seen["queries"] * data["samples_per_query"]
    # LoadGen ends its runs by rules of its own, so its rate is the one that counts.
    said = data.get("loadgen") or {}
    rate = (
        said.get("samples_per_second", 0) * said.get("samples_each", 1)
        or samples / seen["wall"] * NANO
    )
    numbers.value(
        ("throughput", "mean", "whole-run", "sample", None),
        rate,
        "/s",
        **_said(numbers, n=seen["queries"]),
    )
    per = unit_of_work(data)
    for stage in ("inference", "end-to-end"):
        found = numbers.found.get(("latency", "mean", stage, per, None), {}).get("value")
        if found and per == "sample" and data["job"]["scenario"] == "single-stream":
            numbers.value(
                ("throughput", "mean", stage, "sample", None),
                1 / found,
                "/s",
                "derived",
                **_said(numbers),
            )
    if data["job"]["scenario"] == "server":
        scheduled = said.get("scheduled_per_second")
        numbers.value(
            ("request-rate", "mean", "whole-run", "query", None),
            scheduled or data["rate"],
            "/s",
            "measured" if scheduled else "nominal",
        )
    inference = numbers.found[("latency", "mean", "inference", per, None)]["value"]
    flop, key = facts.model.get("flop"), ("flop-rate", "mean", "inference", None, None)
    calls = data["samples_per_query"] / data["batch"]
    if flop:
        numbers.value(key, flop * calls / inference, "/s", "derived", **_said(numbers))
    else:
        reason = facts.model.get("flop_missing") or {
            "reason": "not-measured",
            "detail": "the model was not counted",
        }
        numbers.missing(key, reason["reason"], reason["detail"])


def _memory(numbers: Numbers, data: Mapping[str, Any], facts: Facts) -> None:
    # LoadGen makes all queries before it begins, and they lie in this process; warm-up runs the same without it.
    by_loadgen = bool(data.get("loadgen"))
    part = data["warm_up"] if by_loadgen else data
    more: dict[str, Any] = {"caveats": ["warm-up-included"]} if by_loadgen else {}
    peak, seen = part["memory"].get("peak"), judging.resident(data.get("sampler"), part["window"])
    key: Key = ("memory", "max", None, None, "process")
    if peak and part["memory"]["reset"]:
        numbers.value(key, peak, "By", **more)
    elif peak:
        numbers.missing(
            key,
            "permission-denied",
            "the peak cannot be reset (/proc/self/clear_refs), so it would be that of loading",
        )
    else:
        numbers.missing(key, "no-sensor", "/proc/self/status tells no VmHWM")
    load = data.get("load", {}).get("peak")
    if load:
        numbers.value(("memory", "max", "load", None, "process"), load, "By")
    _sensed(numbers, ("memory", "mean", None, None, "process"), seen, "By", more=more)
    total = facts.memory_bytes
    if seen.value and total:
        share: Key = ("memory-utilization", "mean", None, None, "process")
        numbers.value(share, seen.value / total, "1", "derived", **more)
    gpu = _sense(data, "memory", "gpu", data["window"])
    _sensed(numbers, ("memory", "mean", None, None, "gpu"), gpu, "By", peak="max")


def _sensed(
    numbers: Numbers,
    key: Key,
    seen: Sensed,
    unit: str,
    peak: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Add what a sensor gives, or why it does not; with `peak` also the greatest reading."""
    if seen.value is None:
        numbers.missing(key, seen.reason, seen.detail)
    else:
        numbers.value(key, seen.value, unit, n=seen.count, **(more or {}))
    if peak:
        highest: Key = (key[0], peak, *key[2:])
        if seen.peak is None:
            numbers.missing(highest, seen.reason, seen.detail)
        else:
            numbers.value(highest, seen.peak, unit, n=seen.count)


def _sense(data: Mapping[str, Any], metric: str, scope: str, window: Sequence[float]) -> Sensed:
    """Return what a sensor gives for a window; one of the GPU says nothing about a run that did not use it."""
    used = (data.get("placement") or {}).get("used")
    if scope == "gpu" and used is not None and "gpu" not in devices(used):
        return Sensed(None, reason="not-applicable", detail="the run used no GPU")
    seen = judging.sense(data.get("sampler"), metric, scope, window)
    if (metric, scope) == ("memory", "gpu") and seen.peak == 0:
        return Sensed(None, reason="not-applicable", detail="the process held no memory of the GPU")
    return seen


def _loads(numbers: Numbers, data: Mapping[str, Any]) -> None:
    cores, seen = data.get("affinity"), data["evidence"]
    # Of the processors that the process may use; `load` is of all that the machine has.
    mine: Key = ("utilization", "mean", None, None, "process")
    if not cores:
        numbers.missing(mine, "no-sensor", "the number of processors is not told")
    elif not seen["own"]:
        numbers.missing(mine, "below-resolution", "the kernel counted no tick of processor time")
    else:
        numbers.value(mine, min(seen["own"] / seen["seconds"] / cores, 1.0), "1")
    whole: Key = ("utilization", "mean", None, None, "cpu")
    if "load" not in seen:
        numbers.missing(whole, "no-sensor", "/proc/stat cannot be read")
    elif not seen["load"]:
        numbers.missing(whole, "below-resolution", "the kernel counted no busy tick")
    else:
        numbers.value(whole, seen["load"], "1")
    for scope in ("gpu", "npu"):
        found = _sense(data, "utilization", scope, data["window"])
        _sensed(numbers, ("utilization", "mean", None, None, scope), found, "1")


def _temperatures(numbers: Numbers, data: Mapping[str, Any]) -> None:
    for scope in ("cpu", "gpu"):
        seen = _sense(data, "temperature", scope, data["window"])
        _sensed(numbers, ("temperature", "mean", None, None, scope), seen, "Cel", peak="max")


def _energies(numbers: Numbers, data: Mapping[str, Any], facts: Facts) -> None:
    """Add energy and power of each scope that has a counter or a power sensor, and what follows from them."""
    window = data["window"]
    seconds = window[1] - window[0]
    samples = data["observed"]["queries"] * data["samples_per_query"]
    for scope in ("cpu", "gpu", "board"):
        seen = _sense(data, "energy", scope, window)
        power = _sense(data, "power", scope, window)
        joules = seen.value
        if joules is None and power.value is not None:
            joules = power.value * seconds
        watts: Key = ("power", "mean", None, None, scope)
        if seen.value is not None:
            numbers.value(watts, seen.value / seconds, "W", "derived", n=seen.count)
        elif power.value is not None:
            numbers.value(watts, power.value, "W", n=power.count)
        lacking = power if scope == "board" else seen
        if joules is None:
            numbers.missing(watts, lacking.reason, lacking.detail)
            numbers.missing(
                ("energy", "mean", None, "sample", scope), lacking.reason, lacking.detail
            )
            numbers.missing(
                ("energy-efficiency", "mean", None, "sample", scope), lacking.reason, lacking.detail
            )
            continue
        numbers.value(
            ("energy", "mean", None, "sample", scope),
            joules / samples,
            "J",
            "derived",
            **_said(numbers),
        )
        numbers.value(
            ("energy-efficiency", "mean", None, "sample", scope),
            samples / joules,
            "/J",
            "derived",
            **_said(numbers),
        )
        _above_idle(numbers, scope, joules, seconds, samples, facts.idle.get(scope))


def _above_idle(
    numbers: Numbers, scope: str, joules: float, seconds: float, samples: int, idle: Sensed | None
) -> None:
    """Add what the machine takes when nothing is asked of it, and the energy of a sample above that."""
    watts, more = (
        ("power", "mean", "idle", None, scope),
        ("dynamic-energy", "mean", None, "sample", scope),
    )
    if idle is None or idle.value is None:
        words = idle.detail if idle else "the power was not measured before the model was loaded"
        reason = idle.reason if idle else "not-measured"
        numbers.missing(watts, reason, words)
        numbers.missing(more, reason, words)
        return
    numbers.value(watts, idle.value, "W", n=idle.count)
    above = joules - idle.value * seconds
    if above > 0:
        numbers.value(more, above / samples, "J", "derived", **_said(numbers))
    else:
        numbers.missing(
            more, "below-resolution", "the run took no more power than the idle machine before it"
        )


def _platform_constants(numbers: Numbers, data: Mapping[str, Any], facts: Facts) -> None:
    numbers.missing(
        ("lpdnn:dmips", None, None, None, None),
        "not-measured",
        "a constant of the platform times the throughput; the constant of this platform is not known, and BogoMIPS is not it",
    )
    estimate = facts.model.get("bandwidth")
    key: Key = ("memory-bandwidth", "mean", None, None, "memory")
    if estimate:
        inference = numbers.found[("latency", "mean", "inference", unit_of_work(data), None)][
            "value"
        ]
        calls = data["samples_per_query"] / data["batch"]
        numbers.value(
            key,
            estimate["bytes_per_run"] * calls / inference,
            "By/s",
            "estimated",
            **_said(numbers),
        )
    else:
        seen = _sense(data, "memory-bandwidth", "memory", data["window"])
        why = facts.model.get(
            "bandwidth_missing"
        )  # an estimate was asked for and could not be made
        numbers.missing(
            key, "not-measured" if why else seen.reason, str(why) if why else seen.detail
        )
    numbers.missing(
        ("memory-bandwidth", "max", None, None, "memory"),
        "no-sensor",
        "no counter of the memory controllers can be read",
    )
