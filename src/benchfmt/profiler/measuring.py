"""The numbers of one process: what was timed, counted and sensed, each with its key, and why there is none where there is none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Unpack

from benchfmt.converters.draft import Key as NumberFields
from benchfmt.converters.draft import Number
from benchfmt.profiler import figures, judging, sensed, wording
from benchfmt.profiler.document import Document, LoadGen, Measured, Memory
from benchfmt.profiler.facts import NOT_COUNTED, ModelFacts
from benchfmt.profiler.job import CLOSED_LOOP, devices
from benchfmt.profiler.judging import NANO, Gate
from benchfmt.profiler.sensed import Sensed

STAGES = ("preprocess", "inference", "postprocess", "end-to-end")
DEVICE_STAGES = ("transfer-in", "compute", "transfer-out")
"""Parts of an inference that only a device with a memory of its own has, where its runtime tells them."""
_GATED = ("min", "mean", "median", "p90", "p95", "p99", "max")
_MINOR = ("min", "mean", "median", "p90", "max")
_MINOR_STAGES = ("preprocess", "postprocess", *DEVICE_STAGES)
_LOADGEN_STATISTICS = (*figures.LEAST, "min", "mean", "max")
_TOO_FEW = "{statistic} needs {least} to differ from the maximum"
Key = tuple[str, str | None, str | None, str | None, str | None]


@dataclass(frozen=True)
class Facts:
    """What the numbers of a process need to know beside its document: the model and the machine."""

    model: ModelFacts = field(default_factory=ModelFacts)
    memory_bytes: int | None = None
    idle: Mapping[str, Sensed] = field(default_factory=dict)
    """Watts of each scope before anything was loaded."""


class Numbers:
    """The measurements of one record as they are collected; what is missing has a reason and words."""

    def __init__(self, caveats: Sequence[str] = ()) -> None:
        """Take the caveats that every number of the timing has."""
        self.by_key: dict[Key, Number] = {}
        self.details: dict[str, str] = {}
        self.caveats = list(caveats)

    def add(
        self,
        key: Key,
        value: float,
        unit: str,
        basis: str = "measured",
        **more: Unpack[NumberFields],
    ) -> None:
        """Add a number, with other fields of `Number`; one that is not finite is undefined."""
        if not math.isfinite(value):
            self.missing(key, "undefined", "the formula has no value here")
            return
        number = _number(key, **more)
        number.value = float(value)
        number.unit = unit
        number.basis = basis
        self.by_key[key] = number

    def timed(
        self,
        key: Key,
        value: float,
        unit: str,
        basis: str = "measured",
        **more: Unpack[NumberFields],
    ) -> None:
        """Add a number that follows from the timing, and so has its caveats."""
        more["caveats"] = self.caveats
        self.add(key, value, unit, basis, **more)

    def missing(self, key: Key, reason: str, detail: str, n: int | None = None) -> None:
        """Add the reason why there is no number."""
        number = _number(key, n=n)
        number.missing = reason
        self.by_key[key] = number
        self.details[spelled(key)] = re.sub(r"\s+", " ", detail)

    def value(self, key: Key) -> float | None:
        """Return the number under a key; None where there is none."""
        number = self.by_key.get(key)
        if number is None:
            return None
        return number.value

    def measurements(self, primary: Key | None) -> list[Number]:
        """Return the measurements, the primary one marked."""
        if primary in self.by_key:
            self.by_key[primary].primary = True
        return list(self.by_key.values())


def _number(key: Key, **more: Unpack[NumberFields]) -> Number:
    metric, more["statistic"], more["stage"], more["per"], more["scope"] = key
    more["caveats"] = more.get("caveats") or None
    return Number(metric=metric, **more)


def spelled(key: Key) -> str:
    """Return a key as the extension of a record spells it."""
    return "/".join(part or "" for part in key)


def unit_of_work(document: Document) -> str:
    """Return what one timing of a run is per: a sample, a batch, or a query of several samples."""
    if document.job.scenario == "multi-stream":
        return "query"
    if document.samples_per_query in (1, None):
        return "sample"
    return "batch"


def primary_key(document: Document, numbers: Numbers | None = None) -> Key:
    """Return the headline number of a scenario, as MLPerf Inference ranks it; with few queries the nearest one there is."""
    scenario = document.job.scenario
    if scenario in ("offline", CLOSED_LOOP):
        return ("throughput", "mean", "whole-run", "sample", None)
    if scenario == "single-stream":
        return ("latency", "median", "inference", unit_of_work(document), None)
    for statistic in ("p99", "p90"):
        key: Key = ("latency", statistic, "request", "query", None)
        if numbers is None or numbers.value(key) is not None:
            return key
    return ("latency", "median", "request", "query", None)


def measured(document: Measured, facts: Facts, gate: Gate, caveats: Sequence[str]) -> Numbers:
    """Return all numbers of a process that has finished."""
    numbers = Numbers(caveats)
    _stages(numbers, document, gate)
    _requests(numbers, document)
    _processor_time(numbers, document)
    _durations(numbers, document)
    _rates(numbers, document, facts)
    _memory(numbers, document, facts)
    _loads(numbers, document)
    _energies(numbers, document, facts)
    _temperatures(numbers, document)
    _platform_constants(numbers, document, facts)
    return numbers


def _stages(numbers: Numbers, document: Measured, gate: Gate) -> None:
    """Add the latency of each stage; of a callable nobody knows its stages."""
    stages: Sequence[str] = STAGES
    if document.placement is None:
        stages = ("inference",)
    per = unit_of_work(document)
    for stage in stages:
        times = document.observed.stage(stage)
        if times:
            _distribution(numbers, stage, times, document)
        else:
            key: Key = ("latency", "mean", stage, per, None)
            numbers.missing(key, "not-measured", _undeclared(stage))
        if times and stage in ("inference", "end-to-end"):
            _gated(numbers, stage, times, document, gate)
    for stage in DEVICE_STAGES:
        times = document.observed.stage(stage)
        if times is not None:
            _distribution(numbers, stage, times, document)


def _undeclared(stage: str) -> str:
    if stage == "end-to-end":
        return "without pre- and post-processing, end-to-end would be the inference alone"
    return "no such stage was declared; give --preprocess or --postprocess"


def _requests(numbers: Numbers, document: Measured) -> None:
    """Add the latencies of requests, where they are another thing than a run of the model."""
    observed, scenario = document.observed, document.job.scenario
    if document.loadgen:
        _by_loadgen(numbers, document, document.loadgen)
    elif observed.request is not None:
        _distribution(numbers, "request", observed.request, document, per="query")
        waiting: Key = ("latency", "mean", "queue", "query", None)
        mean = figures.mean(observed.queue or ())
        numbers.timed(waiting, mean / NANO, "s", n=observed.queries)
    elif scenario == "multi-stream":
        times = observed.end_to_end or observed.inference
        _distribution(numbers, "request", times, document, per="query")
    if scenario == "offline" and not document.loadgen:
        _completion(numbers, observed.wall)


def _completion(numbers: Numbers, nanoseconds: float) -> None:
    key: Key = ("completion-time", "single", "request", "query", None)
    numbers.timed(key, nanoseconds / NANO, "s", n=1)


def _by_loadgen(numbers: Numbers, document: Measured, loadgen: LoadGen) -> None:
    """Add the latencies that LoadGen says, from the scheduled arrival; too few queries for a percentile stay too few."""
    count = document.observed.queries
    if document.job.scenario == "offline":
        whole = loadgen.latencies.get("max")
        if whole:
            _completion(numbers, whole)
        return
    for statistic, value in loadgen.latencies.items():
        key: Key = ("latency", statistic, "request", "query", None)
        least = figures.LEAST.get(statistic, 1)
        if count < least:
            words = _TOO_FEW.format(statistic=statistic, least=least)
            numbers.missing(key, "too-few-samples", f"{count} queries; {words}", n=count)
        elif statistic in _LOADGEN_STATISTICS:
            numbers.timed(key, value / NANO, "s", n=count)
    for statistic, value in loadgen.estimates.items():
        key = ("latency", statistic, "request", "query", None)
        numbers.timed(key, value / NANO, "s", n=count)


def _processor_time(numbers: Numbers, document: Measured) -> None:
    """Add the processor time of a query; a server also waits awake, so its time is not that of its queries."""
    if document.job.scenario == "server":
        return
    observed = document.observed
    key: Key = ("cpu-time", "mean", _processor_stage(document), unit_of_work(document), None)
    if observed.cpu is None:
        words = "the processor time of the program was not sampled over the whole measurement"
        numbers.missing(key, "not-measured", words)
    elif not observed.cpu:
        words = "the kernel counted no tick of processor time"
        numbers.missing(key, "below-resolution", words)
    else:
        numbers.timed(key, observed.cpu / observed.queries / NANO, "s", n=observed.queries)


def _processor_stage(document: Measured) -> str:
    if document.loadgen or document.job.scenario == CLOSED_LOOP:
        return "whole-run"
    if document.observed.end_to_end:
        return "end-to-end"
    return "inference"


def _durations(numbers: Numbers, document: Measured) -> None:
    parts = {"build": document.build, "load": document.load, "first-run": document.first_run}
    for stage, part in parts.items():
        if part is not None:
            key: Key = ("duration", "single", stage, None, None)
            numbers.add(key, part.seconds, "s", caveats=["single-observation"], n=1)


def _distribution(
    numbers: Numbers, stage: str, times: Sequence[int], document: Measured, per: str | None = None
) -> None:
    """Add the statistics of a stage's times (nanoseconds); the mean with its spread and interval."""
    count = len(times)
    work = per or unit_of_work(document)
    for statistic, value in figures.summary(times).items():
        key: Key = ("latency", statistic, stage, work, None)
        if stage in _MINOR_STAGES and statistic not in _MINOR:
            continue
        if value is None:
            words = _TOO_FEW.format(statistic=statistic, least=figures.LEAST[statistic])
            numbers.missing(key, "too-few-samples", f"{count} observations; {words}", n=count)
        elif statistic == "mean":
            spread = figures.stddev(times) / NANO
            between = _interval(times, document.observed.block_sizes, value)
            numbers.timed(key, value / NANO, "s", n=count, stddev=spread, ci=between)
        else:
            numbers.timed(key, value / NANO, "s", n=count)


def _interval(times: Sequence[int], sizes: Sequence[int], mean: float) -> list[float] | None:
    """Return the interval of the block means in seconds, where there are blocks and the mean lies in it."""
    if len(sizes) < 2 or sum(sizes) != len(times):
        return None
    between = figures.interval(figures.block_means(times, sizes))
    if between is None or not between.lower <= mean <= between.upper:
        return None
    return [between.lower / NANO, between.upper / NANO, figures.LEVEL]


def _gated(
    numbers: Numbers, stage: str, times: Sequence[int], document: Measured, gate: Gate
) -> None:
    """Add the statistics of the blocks that passed the gate."""
    per = unit_of_work(document)
    kept: list[int] = []
    if gate.passed is not None:
        kept = judging.gated(times, document, gate)
    if not kept:
        key: Key = ("latency", "gated-median", stage, per, None)
        numbers.missing(key, *wording.gate_missing(gate))
        return
    caveats = [caveat for caveat in numbers.caveats if caveat != "contaminated"]
    for statistic, value in figures.summary(kept).items():
        if value is not None and statistic in _GATED:
            key = ("latency", f"gated-{statistic}", stage, per, None)
            numbers.add(key, value / NANO, "s", n=len(kept), caveats=caveats)


def _rates(numbers: Numbers, document: Measured, facts: Facts) -> None:
    rate = _samples_per_second(document)
    throughput: Key = ("throughput", "mean", "whole-run", "sample", None)
    numbers.timed(throughput, rate, "/s", n=document.observed.queries)
    per = unit_of_work(document)
    for stage in ("inference", "end-to-end"):
        latency = numbers.value(("latency", "mean", stage, per, None))
        if latency and per == "sample" and document.job.scenario == "single-stream":
            key: Key = ("throughput", "mean", stage, "sample", None)
            numbers.timed(key, 1 / latency, "/s", "derived")
    if document.job.scenario == "server":
        _request_rate(numbers, document)
    flop_rate: Key = ("flop-rate", "mean", "inference", None, None)
    if facts.model.flop:
        rate = _a_second(facts.model.flop, numbers, document)
        numbers.timed(flop_rate, rate, "/s", "derived")
    else:
        lacking = facts.model.flop_missing or NOT_COUNTED
        numbers.missing(flop_rate, lacking.reason, lacking.detail)


def _samples_per_second(document: Measured) -> float:
    """Return the rate of the run; LoadGen ends its runs by rules of its own, so its rate is the one that counts."""
    loadgen, observed = document.loadgen, document.observed
    if loadgen and loadgen.samples_per_second:
        return loadgen.samples_per_second * loadgen.samples_each
    return observed.queries * document.samples_per_query / observed.wall * NANO


def _request_rate(numbers: Numbers, document: Measured) -> None:
    key: Key = ("request-rate", "mean", "whole-run", "query", None)
    if document.loadgen and document.loadgen.scheduled_per_second:
        numbers.add(key, document.loadgen.scheduled_per_second, "/s")
    elif document.rate is not None:
        numbers.add(key, document.rate, "/s", "nominal")


def _a_second(amount: float, numbers: Numbers, document: Measured) -> float:
    """Return what each run of the model has or does as a rate, by the mean time of an inference."""
    latency = numbers.by_key["latency", "mean", "inference", unit_of_work(document), None].value
    assert latency is not None  # noqa: S101 - a run that finished has timed its inference
    runs = document.samples_per_query / document.batch
    return amount * runs / latency


def _memory(numbers: Numbers, document: Measured, facts: Facts) -> None:
    # LoadGen makes all queries before it begins, and they lie in this process; warm-up runs the same without it.
    caveats: list[str] = []
    memory, window = document.memory, document.window
    if document.loadgen:
        caveats = ["warm-up-included"]
        memory = document.warm_up.memory or Memory()
        window = document.warm_up.window or window
    _peak_memory(numbers, memory, caveats)
    if document.load and document.load.peak:
        numbers.add(("memory", "max", "load", None, "process"), document.load.peak, "By")
    resident = sensed.resident(document.sampler, window)
    _sensed(numbers, ("memory", "mean", None, None, "process"), resident, "By", caveats)
    if resident.value and facts.memory_bytes:
        share: Key = ("memory-utilization", "mean", None, None, "process")
        part = resident.value / facts.memory_bytes
        numbers.add(share, part, "1", "derived", caveats=caveats)
    gpu = _sense(document, "memory", "gpu")
    _with_peak(numbers, ("memory", "mean", None, None, "gpu"), gpu, "By")


def _peak_memory(numbers: Numbers, memory: Memory, caveats: list[str]) -> None:
    key: Key = ("memory", "max", None, None, "process")
    if not memory.peak:
        numbers.missing(key, "no-sensor", "/proc/self/status has no VmHWM")
    elif not memory.reset:
        words = "the peak cannot be reset (/proc/self/clear_refs), so it would be that of loading"
        numbers.missing(key, "permission-denied", words)
    else:
        numbers.add(key, memory.peak, "By", caveats=caveats)


def _sensed(
    numbers: Numbers, key: Key, reading: Sensed, unit: str, caveats: list[str] | None = None
) -> None:
    """Add what a sensor gives, or why it does not."""
    if reading.value is None:
        numbers.missing(key, reading.reason, reading.detail)
    else:
        numbers.add(key, reading.value, unit, n=reading.count, caveats=caveats)


def _with_peak(numbers: Numbers, key: Key, reading: Sensed, unit: str) -> None:
    """Add what a sensor gives, and its greatest reading too."""
    _sensed(numbers, key, reading, unit)
    highest: Key = (key[0], "max", *key[2:])
    if reading.peak is None:
        numbers.missing(highest, reading.reason, reading.detail)
    else:
        numbers.add(highest, reading.peak, unit, n=reading.count)


def _sense(document: Measured, metric: str, scope: str) -> Sensed:
    """Return what a sensor gives for the measurement; one of the GPU says nothing about a run that did not use it."""
    placement = document.placement
    if scope == "gpu" and placement is not None and "gpu" not in devices(placement.used):
        return sensed.missing("not-applicable", "the run used no GPU")
    reading = sensed.sense(document.sampler, metric, scope, document.window)
    if (metric, scope) == ("memory", "gpu") and reading.peak == 0:
        return sensed.missing("not-applicable", "the process held no memory of the GPU")
    return reading


def _loads(numbers: Numbers, document: Measured) -> None:
    cores, evidence = document.affinity, document.evidence
    # Of the processors that the process may use; `load` is of all that the machine has.
    own: Key = ("utilization", "mean", None, None, "process")
    if not cores:
        numbers.missing(own, "no-sensor", "the number of processors is not known")
    elif not evidence.own:
        words = "the kernel counted no tick of processor time"
        numbers.missing(own, "below-resolution", words)
    else:
        numbers.add(own, min(evidence.own / evidence.seconds / cores, 1.0), "1")
    whole: Key = ("utilization", "mean", None, None, "cpu")
    if evidence.load is None:
        numbers.missing(whole, "no-sensor", "/proc/stat cannot be read")
    elif not evidence.load:
        numbers.missing(whole, "below-resolution", "the kernel counted no busy tick")
    else:
        numbers.add(whole, evidence.load, "1")
    for scope in ("gpu", "npu"):
        reading = _sense(document, "utilization", scope)
        _sensed(numbers, ("utilization", "mean", None, None, scope), reading, "1")


def _temperatures(numbers: Numbers, document: Measured) -> None:
    for scope in ("cpu", "gpu"):
        reading = _sense(document, "temperature", scope)
        _with_peak(numbers, ("temperature", "mean", None, None, scope), reading, "Cel")


def _energies(numbers: Numbers, document: Measured, facts: Facts) -> None:
    """Add energy and power of each scope that has a counter or a power sensor, and what follows from them."""
    seconds = sensed.length(document.window)
    samples = document.observed.queries * document.samples_per_query
    for scope in ("cpu", "gpu", "board"):
        joules = _power(numbers, document, scope, seconds)
        energy: Key = ("energy", "mean", None, "sample", scope)
        efficiency: Key = ("energy-efficiency", "mean", None, "sample", scope)
        if isinstance(joules, Sensed):
            numbers.missing(energy, joules.reason, joules.detail)
            numbers.missing(efficiency, joules.reason, joules.detail)
        else:
            numbers.timed(energy, joules / samples, "J", "derived")
            numbers.timed(efficiency, samples / joules, "/J", "derived")
            _above_idle(numbers, scope, joules, seconds, samples, facts.idle.get(scope))


def _power(numbers: Numbers, document: Measured, scope: str, seconds: float) -> float | Sensed:
    """Add the power of a scope, and return the joules of the measurement, or why there are none."""
    watts: Key = ("power", "mean", None, None, scope)
    energy = _sense(document, "energy", scope)
    if energy.value is not None:
        numbers.add(watts, energy.value / seconds, "W", "derived", n=energy.count)
        return energy.value
    power = _sense(document, "power", scope)
    if power.value is not None:
        numbers.add(watts, power.value, "W", n=power.count)
        return power.value * seconds
    lacking = energy
    if scope == "board":
        lacking = power
    numbers.missing(watts, lacking.reason, lacking.detail)
    return lacking


def _above_idle(
    numbers: Numbers, scope: str, joules: float, seconds: float, samples: int, idle: Sensed | None
) -> None:
    """Add what the machine takes when nothing is asked of it, and the energy of a sample above that."""
    watts: Key = ("power", "mean", "idle", None, scope)
    dynamic: Key = ("dynamic-energy", "mean", None, "sample", scope)
    if idle is None:
        words = "the power was not measured before the model was loaded"
        idle = sensed.missing("not-measured", words)
    if idle.value is None:
        numbers.missing(watts, idle.reason, idle.detail)
        numbers.missing(dynamic, idle.reason, idle.detail)
        return
    numbers.add(watts, idle.value, "W", n=idle.count)
    above = joules - idle.value * seconds
    if above > 0:
        numbers.timed(dynamic, above / samples, "J", "derived")
    else:
        words = "the run took no more power than the idle machine before it"
        numbers.missing(dynamic, "below-resolution", words)


def _platform_constants(numbers: Numbers, document: Measured, facts: Facts) -> None:
    numbers.missing(
        ("lpdnn:dmips", None, None, None, None),
        "not-measured",
        "a constant of the platform times the throughput; the constant of this platform is not known, and BogoMIPS is not it",
    )
    key: Key = ("memory-bandwidth", "mean", None, None, "memory")
    estimate, refused = facts.model.bandwidth, facts.model.bandwidth_missing
    if estimate:
        bytes_per_second = _a_second(estimate.bytes_per_run, numbers, document)
        numbers.timed(key, bytes_per_second, "By/s", "estimated")
    elif refused:  # an estimate was asked for and could not be made
        numbers.missing(key, "not-measured", refused)
    else:
        reading = _sense(document, "memory-bandwidth", "memory")
        numbers.missing(key, reading.reason, reading.detail)
    numbers.missing(
        ("memory-bandwidth", "max", None, None, "memory"),
        "no-sensor",
        "no counter of the memory controllers can be read",
    )
