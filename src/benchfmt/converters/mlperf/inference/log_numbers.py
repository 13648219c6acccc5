"""The numbers of LoadGen's logs as measurements: rates, latencies, early-stopping estimates, with bounds and plausibility."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import JsonValue

from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.inference.run import Names, Run, count
from benchfmt.readers import loadgen
from benchfmt.readers.loadgen import Log
from benchfmt.suites import mlperf_inference as rules
from benchfmt.suites.mlperf_inference import Official
from benchfmt.units import convert
from benchfmt.vocabulary import vocabulary

_LONGEST = 1e7
"""Seconds: no run takes a third of a year."""
FASTEST = 1e12
"""LoadGen, whose clock counts nanoseconds, issues no thousand samples in each."""
_NOT_A_NUMBER = re.compile(r"[+-]?(?:[0-9][0-9.,' ]*|nan(?:\(.*\))?|inf(?:inity)?)", re.IGNORECASE)
"""What stands where a number should, and is none that can be read for certain: 1234,56 or nan."""
_NANOSECONDS = re.compile("[0-9]{1,18}")
_LATENCY = re.compile(
    r"result_(?:([0-9.]+)_percentile|(min|max|mean))(_per_query|_query)?_latency_ns"
)
_FIRST_TOKEN = re.compile(r"result_first_token_(?:([0-9.]+)_percentile|(min|max|mean))_latency_ns")
_OUTPUT_TOKEN = re.compile(
    r"result_time_(?:per_output_token_([0-9.]+)_percentile_ns|to_output_token_(min|max|mean))"
)
_TIMES = (
    (_LATENCY, "latency", "query"),
    (_FIRST_TOKEN, "ttft", "query"),
    (_OUTPUT_TOKEN, "tpot", "token"),
)
"""Names of times, with metric and per."""
_STATISTICS = {"min": "min", "max": "max", "mean": "mean", "50.00": "median"}

MeasurementKey = tuple[str, str, str, str, str]
"""`Number.key`."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a number of the log is; `unit` is the log's, ns or /s."""

    metric: str
    statistic: str
    stage: str
    per: str
    unit: str
    basis: str

    @property
    def standard_unit(self) -> str:
        """The unit in which the standard stores it."""
        return _STANDARD_UNITS[self.unit]

    @property
    def key(self) -> MeasurementKey:
        """The key of its measurement."""
        return self.metric, self.statistic, self.stage, self.per, ""

    def number(self, text: str, value: float | None) -> Number:
        """Return the measurement of a number as the log writes it, with its value in the standard's unit."""
        return Number(
            metric=self.metric,
            statistic=self.statistic,
            stage=self.stage,
            per=self.per,
            value=value,
            unit=self.standard_unit,
            basis=self.basis,
            reported_value=text,
            reported_unit=self.unit,
        )


_STANDARD_UNITS = {"ns": "s", "/s": "/s"}


def _rate(
    per: str, basis: str = "measured", metric: str = "throughput", stage: str = "whole-run"
) -> Spec:
    return Spec(metric, "mean", stage, per, "/s", basis)


_RATES = {
    "result_samples_per_second": _rate("sample"),
    "result_completed_samples_per_sec": _rate("sample"),
    "result_scheduled_samples_per_sec": _rate("query", metric="request-rate"),
    "result_tokens_per_second": _rate("token"),
    "result_completed_tokens_per_second": _rate("token"),
    # LoadGen multiplies samples by a number of tokens that the benchmark fixes.
    "result_inferred_tokens_per_second": _rate("token", "estimated"),
    "result_inferred_completed_tokens_per_second": _rate("token", "estimated"),
    "result_qps_with_loadgen_overhead": _rate("query"),
    "result_qps_without_loadgen_overhead": _rate("query", "derived", stage="request"),
}
_RATES_OF_SINGLE_STREAM = {
    **_RATES,
    "result_tps_with_loadgen_overhead": _rate("token"),
    "result_token_throughput_with_loadgen_overhead": _rate("token"),
    "result_tps_without_loadgen_overhead": _rate("token", "derived", stage="request"),
}
# The same as the rate of the harness to four digits; kept in the extensions.
del _RATES_OF_SINGLE_STREAM["result_completed_tokens_per_second"]
_STOPPING = {
    "early_stopping_result": ("latency", "query"),
    "early_stopping_ttft_result": ("ttft", "query"),
    "early_stopping_tpot_result": ("tpot", "token"),
}
_KNOWN = {
    "result_validity",
    "result_perf_constraints_met",
    "result_min_duration_met",
    "result_min_queries_met",
    "result_samples_per_query",
    "early_stopping_met",
    "result_query_count",
    # Wrong by a factor of 10^9 in every log; the tokens per second stand beside it.
    "result_token_throughput",
}
"""Results that are no measurements, and are told elsewhere."""


@cache
def spec(name: str, scenario: str) -> Spec | None:
    """Return what a number of a log is in the scenario that was run, or None where it is not one of ours."""
    rates = _RATES
    if scenario == "single-stream":
        rates = _RATES_OF_SINGLE_STREAM
    return rates.get(name) or _time_spec(name, scenario)


def _time_spec(name: str, scenario: str) -> Spec | None:
    for pattern, metric, per in _TIMES:
        match = pattern.fullmatch(name)
        if not match:
            continue
        statistic = _statistic(match[1] or match[2])
        if statistic not in vocabulary().terms("statistic"):
            return None
        if metric == "latency" and not match[3]:
            if scenario == "offline":
                # The time from the one query's issue; no latency of a sample.
                metric = "completion-time"
            elif scenario in ("multi-stream", "multi-stream-legacy"):
                per = "sample"
        return Spec(metric, statistic, "request", per, "ns", "measured")
    return None


def _statistic(level: str) -> str:
    if level in _STATISTICS:
        return _STATISTICS[level]
    digits = level.rstrip("0").rstrip(".")
    return f"p{digits}"


def value_of(text: str, unit: str) -> float | None:
    """Return a number of the log in seconds or per second, or None for text."""
    if unit == "ns" and _NANOSECONDS.fullmatch(text):
        return float(f"{text}e-9")
    return convert(text, unit, _STANDARD_UNITS[unit])


def add_numbers(
    run: Run,
    log: Mapping[str, str],
    names: Names,
    official: Official,
    detail: Log | None,
    detail_path: str | None,
) -> None:
    """Add the numbers of the logs; those of a detail log beside the summary have its path."""
    scenario = names.ran or ""
    in_detail: Mapping[str, str] = {}
    if detail is not None:
        in_detail = detail.values
    numbers = _numbers(log, scenario, in_detail, detail_path)
    others = (*estimates_of(log, in_detail, detail_path), *_samples_per_query(log, scenario))
    for number in others:
        numbers.setdefault(number.key, number)
    mark_unmeasured_tokens(numbers.values())
    take_back_means(numbers, run)
    official_key = (
        official.metric,
        official.statistic,
        official.stage or "",
        official.per,
        "",
    )
    primary = numbers.get(official_key)
    if primary and primary.value is not None:
        primary.primary = True
    run.draft.numbers += numbers.values()
    run.keep("log", _other_results(log, scenario))


def _numbers(
    log: Mapping[str, str], scenario: str, in_detail: Mapping[str, str], detail_path: str | None
) -> dict[MeasurementKey, Number]:
    numbers: dict[MeasurementKey, Number] = {}
    observed = _observed(log, scenario)
    for name, text in log.items():
        what = spec(name, scenario)
        if what is None or what.key in numbers:
            continue
        value = value_of(text, what.unit)
        if value is None and not _NOT_A_NUMBER.fullmatch(text):
            continue
        number = what.number(text, value)
        if what.unit == "ns" and what.per == "query":
            number.n = observed
        if name in in_detail:
            number.source_path = detail_path
        withdraw_if_impossible(number)
        numbers[what.key] = number
    return numbers


def _other_results(log: Mapping[str, str], scenario: str) -> dict[str, JsonValue]:
    """Return the results of a log that the standard has no measurement for."""
    others: dict[str, JsonValue] = {}
    for name, text in log.items():
        if not name.startswith("result_") or name in _KNOWN:
            continue
        if spec(name, scenario) is None:
            others[name] = text
    return others


def _observed(log: Mapping[str, str], scenario: str) -> int | None:
    """Return how many queries, of an offline run samples, the latencies of a log are of; None where it does not say.

    A server is sent all queries that were generated, the streams as many as they have time for.
    """
    if scenario == "offline":
        return samples_of_query(log)
    queries = log.get("result_query_count")
    if not queries and scenario == "server":
        queries = log.get("generated_query_count")
    return count(queries)


def samples_of_query(log: Mapping[str, str]) -> int | None:
    """Return how many samples an offline run's query had, or None where the log does not say.

    With `sample_concatenate_permutation` LoadGen fills the query up to whole sets of the samples that it has loaded, and
    up to v4.1 its log said the number before that (mlcommons/inference loadgen/loadgen.cc, GenerateQueries).
    """
    generated = count(log.get("generated_samples_per_query"))
    if generated is None or log.get("effective_sample_concatenate_permutation") != "true":
        return generated
    in_memory = count(log.get("effective_performance_sample_count"))
    in_library = count(log.get("qsl_reported_total_count"))
    sizes = [size for size in (in_memory, in_library) if size]
    loaded = min(sizes, default=1)
    sets = -(-generated // loaded)
    return sets * loaded


def estimates_of(
    log: Mapping[str, str], in_detail: Mapping[str, str], detail_path: str | None
) -> Iterator[Number]:
    """Yield LoadGen's early-stopping estimates, which stand for a percentile with a confidence of 99 %."""
    known = vocabulary().terms("statistic")
    for name, (metric, per) in _STOPPING.items():
        for estimate in loadgen.estimates(log.get(name, "")):
            statistic = f"p{estimate.percentile}-es"
            if statistic not in known:
                continue
            number = Number(metric=metric, statistic=statistic, stage="request", per=per)
            if name in in_detail:
                number.source_path = detail_path
            if estimate.nanoseconds is None:
                number.missing = "too-few-samples"
                number.reported_value = estimate.words
            else:
                number.value = value_of(estimate.nanoseconds, "ns")
                number.unit = "s"
                number.basis = "measured"
                number.reported_value = estimate.nanoseconds
                number.reported_unit = "ns"
                withdraw_if_impossible(number)
            yield number


def _samples_per_query(log: Mapping[str, str], scenario: str) -> Iterator[Number]:
    """Yield the samples of a query where that is a result or a choice of the scenario."""
    text = log.get("effective_samples_per_query")
    basis = "nominal"
    if scenario == "multi-stream-legacy":
        text = log.get("result_samples_per_query") or text
        basis = "measured"
    elif scenario != "multi-stream":
        return
    samples = count(text)
    if samples:
        yield Number(
            metric="samples-per-query",
            statistic="single",
            per="query",
            value=float(samples),
            unit="1",
            basis=basis,
            reported_value=text,
        )


# --- numbers that cannot be true ---


def withdraw_if_impossible(number: Number) -> None:
    """Give a number its reason to be missing where nothing can have it."""
    rate = number.unit == "/s"
    most = _LONGEST
    if rate:
        most = FASTEST
    value = number.value
    if value is None or value < 0 or value > most:
        _withdraw(number, "invalid-in-source")
    elif value > 0:
        return
    elif rate and "." in (number.reported_value or ""):
        _withdraw(number, "below-resolution")
    elif number.per == "token":
        _withdraw(number, "not-measured")
    else:
        _withdraw(number, "invalid-in-source")


def _withdraw(number: Number, reason: str) -> None:
    number.value = None
    number.basis = None
    number.n = None
    number.missing = reason


def mark_unmeasured_tokens(numbers: Iterable[Number]) -> None:
    """Say of times of tokens that are all 0 that nobody measured them: the system told LoadGen of no first token."""
    numbers = list(numbers)
    for metric in ("ttft", "tpot"):
        series = [number for number in numbers if number.metric == metric]
        if any(number.value is not None for number in series):
            continue
        for number in series:
            zero = re.fullmatch("0+", number.reported_value or "")
            if zero and number.missing == "invalid-in-source":
                number.missing = "not-measured"


def take_back_means(numbers: Mapping[MeasurementKey, Number], run: Run) -> None:
    """Take back means that lie outside of minimum and maximum: LoadGen sums nanoseconds in 64 bits, which run over."""
    for number in numbers.values():
        mean = number.value
        if number.statistic != "mean" or mean is None or number.unit != "s":
            continue
        least = _value_beside(number, "min", numbers)
        most = _value_beside(number, "max", numbers)
        if least is None or most is None or least <= mean <= most:
            continue
        run.report(
            "BF403",
            run.path,
            f"the mean {number.metric} of {mean} s lies outside of {least} to {most} s: it is left out",
            "LoadGen's 64-bit sum overflowed, so the log has no mean",
            number.reported_value,
        )
        _withdraw(number, "invalid-in-source")


def _value_beside(
    number: Number, statistic: str, numbers: Mapping[MeasurementKey, Number]
) -> float | None:
    """Return another statistic of what a number is of."""
    metric, _, stage, per, scope = number.key
    other = numbers.get((metric, statistic, stage, per, scope))
    if other is None:
        return None
    return other.value


# --- bounds ---


def add_bounds(
    numbers: Iterable[Number], log: Mapping[str, str], names: Names, round_id: str | None
) -> None:
    """Give the latencies that a run was bound to their bounds: the log's own, else those of its round."""
    if names.ran not in ("server", "multi-stream-legacy"):
        return
    limits = rules.Limits()
    if round_id:  # without a round there are no rules that say a bound
        limits = rules.latency_limits(names.benchmark or "", round_id, names.scenario or "")
    first_token = log.get("requested_server_ttft_latency")
    by_key = {number.key: number for number in numbers}
    if count(first_token) is None:
        latency = by_key.get(("latency", _bound_percentile(log, limits), "request", "query", ""))
        _bound(latency, log.get("effective_target_latency_ns"), limits.latency)
    ttft = by_key.get(("ttft", "p99", "request", "query", ""))
    _bound(ttft, first_token, limits.ttft)
    tpot = by_key.get(("tpot", "p99", "request", "token", ""))
    _bound(tpot, log.get("requested_server_tpot_latency"), limits.tpot)


def _bound_percentile(log: Mapping[str, str], limits: rules.Limits) -> str:
    """Return the percentile that is bound; logs before v1.0 do not say it, then it is that of the rules."""
    share = log.get("effective_target_latency_percentile", "")
    if re.fullmatch(r"0[.][0-9]+", share):
        return f"p{float(share) * 100:g}"
    return f"p{limits.percentile}"


def _bound(number: Number | None, logged: str | None, rule: str | None) -> None:
    """Give a number its bound: that of the log in nanoseconds, else that of the rules in seconds."""
    if number is None or number.value is None:
        return
    if logged and count(logged):
        number.target_max = value_of(logged, "ns")
    elif rule is not None:
        number.target_max = float(rule)
