"""What the app's result file says of the speed: the rate, latencies and times of a performance run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from benchfmt.converters.draft import Key, Number, numbers_with_value, possible
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.values import line, number
from benchfmt.units import convert

_DURATIONS = {"measured_duration": "s", "measured_duration_ms": "ms"}
_LATENCIES = {"latency_mean": "mean", "latency90": "p90"}


def add_speeds(result: Result) -> None:
    """Add what the result file says of the performance run, the headline number first."""
    for speed in (_rate(result), *_latencies(result), *_durations(result)):
        if speed and (speed.value is not None or speed.missing):
            result.draft.add(possible(speed))


def rate_key(scenario: str | None) -> Key:
    """Return the key of the app's throughput: 1 over the 90th percentile, or the samples issued over their time."""
    if scenario == "single-stream":
        return Key(statistic="inverse-p90", stage="request", per="sample", primary=True)
    return Key(statistic="mean", stage="whole-run", per="issued-sample", primary=True)


def _rate(result: Result) -> Number | None:
    stated = result.entry.performance.get("throughput")
    if isinstance(stated, dict):
        stated = stated.get("value")
    if stated is None:
        return None
    rate = Number(metric="throughput", **rate_key(result.scenario))
    text = number(stated)
    if text is None:
        rate.missing = "not-numeric"
        rate.reported_value = line(stated)
        return rate
    rate.reported_value = text
    rate.reported_unit = "/s"
    value = convert(text, "/s", "/s")
    if not value or value < 0:
        rate.missing = "invalid-in-source"
        return rate
    rate.value = value
    rate.unit = "/s"
    rate.basis = "measured"
    if result.scenario == "single-stream":
        rate.basis = "derived"
    if result.app.legacy or not result.scenario:
        rate.caveats = ["definition-inferred"]
    return rate


def _latencies(result: Result) -> Iterator[Number]:
    if result.scenario not in ("offline", "single-stream"):
        return
    block = result.entry.performance.block("loadgen")
    for name, statistic in _LATENCIES.items():
        text = block.number(name)
        if text is None:
            continue
        latency = _time("latency", text, "s", statistic=statistic, stage="request", per="sample")
        if result.scenario == "offline":
            # The time of the one query.
            latency.metric = "completion-time"
            latency.per = "query"
        else:
            latency.n = block.count("query_count")
        yield latency


def _durations(result: Result) -> Iterator[Number]:
    performance = result.entry.performance
    total = performance.block("loadgen_info").number("duration")
    if total is not None:
        # The sum of all latencies: mean times queries of the log, to the last digit.
        yield _time("duration", total, "s", "derived", statistic="sum", stage="request")
    for key, unit in _DURATIONS.items():
        text = performance.positive(key)
        if text is None:
            continue
        duration = _time("duration", text, unit, statistic="single")
        if unit == "s":
            # App 2.0, which wrote milliseconds, timed something shorter than the run, nobody says what.
            duration.stage = "whole-run"
        if result.app.legacy:
            duration.caveats = ["unit-inferred"]
        yield duration


def _time(metric: str, text: str, unit: str, basis: str = "measured", **key: Unpack[Key]) -> Number:
    return Number(
        metric=metric,
        value=convert(text, unit, "s"),
        unit="s",
        basis=basis,
        reported_value=text,
        reported_unit=unit,
        **key,
    )


def rate_of(numbers: list[Number]) -> Number | None:
    """Return the app's throughput, or None where it has no value."""
    for speed in numbers_with_value(numbers):
        if speed.metric == "throughput":
            return speed
    return None


def add_inverse(result: Result) -> None:
    """Add the 90th percentile that a single-stream rate was computed from, where nothing else says it."""
    draft = result.draft
    rate = rate_of(draft.numbers)
    if result.scenario != "single-stream" or rate is None or rate.value is None:
        return
    if any(speed.metric == "latency" for speed in draft.numbers):
        return
    draft.derive(
        "latency",
        1 / rate.value,
        statistic="p90",
        stage="request",
        per="sample",
        caveats=rate.caveats,
    )
