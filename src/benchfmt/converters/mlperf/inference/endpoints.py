"""The MLPerf Endpoints form of a result (from v6.1): `result_summary.json` with its accuracy and configuration.

Times are nanoseconds. The rates are those of the legacy window, which LoadGen would have counted, where there is one.
Source: https://github.com/mlcommons/endpoints
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.converters.base import Failed
from benchfmt.converters.draft import Draft, Number
from benchfmt.converters.mlperf.inference import endpoints_accuracy
from benchfmt.converters.mlperf.inference.description import benchmark_named, describe
from benchfmt.converters.mlperf.inference.endpoints_json import (
    is_scalar,
    mapping,
    text,
    without_trailing_zeros,
)
from benchfmt.converters.mlperf.inference.endpoints_yaml import configuration
from benchfmt.converters.mlperf.inference.log_numbers import withdraw_if_impossible
from benchfmt.converters.mlperf.inference.run import NAMESPACE, Names, Run, count
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import of_json, whole
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_inference as rules
from benchfmt.units import convert
from benchfmt.vocabulary import vocabulary

_STATISTICS = {"min": "min", "max": "max", "median": "median", "avg": "mean", "total": "sum"}
_RATES = {"qps": "sample", "tps": "token"}
_DURATIONS = {
    "legacy_loadgen_window_duration_ns": "issue-window",
    "duration_ns": "whole-run",
}
_SEEDS = {
    "scheduler_random_seed": "schedule_rng_seed",
    "dataloader_random_seed": "sample_index_rng_seed",
}
_SAMPLES = ("n_samples_issued", "n_samples_completed", "n_samples_failed")
_STANDARD_UNITS = {"ns": "s", "/s": "/s", "1": "1"}
_FIRST_ROUND = "v6.1"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of observations: its name in the summary, and what it is of."""

    name: str
    metric: str
    per: str
    unit: str = "ns"

    @property
    def is_time(self) -> bool:
        """Whether it is of times, which a run's requests took; else it counts tokens."""
        return self.unit == "ns"


_SERIES = (
    Series("latency", "latency", "query"),
    Series("ttft", "ttft", "query"),
    Series("tpot", "tpot", "token"),
    Series("output_sequence_lengths", "output-tokens", "sample", "1"),
)


def record(run: Run) -> Draft | Failed:
    """Return the record of an Endpoints run."""
    path = run.unit.path
    try:
        summary = jsons.read(path, run.unit.limits, digits=True)
    except BenchfmtError as error:
        return Failed(path, str(error))
    if not isinstance(summary, dict):
        return Failed(path, f"{path.name}: an object with the results of a run is expected")
    run.read(path, file_sha256(path))
    config = configuration(run)
    settings = mapping(summary.get("run_config"))
    seeds = _seeds(settings)
    round_id = rules.round_of(seeds) or run.round
    names = _names(run, round_id)
    numbers = _numbers(summary, names, round_id)
    describe(run, names, round_id)
    run.draft.numbers = numbers
    _add_status(run.draft, summary)
    endpoints_accuracy.add_accuracy(run, names, round_id)
    run.keep("seeds", dict(seeds))
    run.keep("endpoints_version", text(summary.get("version", "")) or None)
    run.draft.keep_all(_settings(summary, settings, config), NAMESPACE)
    return run.draft


def _seeds(settings: Mapping[str, JsonValue]) -> dict[str, str]:
    return {name: str(settings[key]) for key, name in _SEEDS.items() if key in settings}


def _add_status(draft: Draft, summary: Mapping[str, JsonValue]) -> None:
    """Call a run ok that its own program calls complete, and that has a number."""
    complete = summary.get("complete") is True and summary.get("state") in ("complete", None)
    has_number = any(number.value is not None for number in draft.numbers)
    if not complete or not has_number:
        state = text(summary.get("state", "not said"))
        draft.fail("incomplete", f"state: {state}")


def _names(run: Run, round_id: str | None) -> Names:
    """Return benchmark and scenario by the folders; the form itself names neither."""
    known = benchmark_named(run, round_id or _FIRST_ROUND)
    benchmark = run.place.benchmark
    if known:
        benchmark = known.value
    scenario = None
    if run.place.scenario:
        scenario = rules.scenario(run.place.scenario)
    return Names(benchmark, scenario, scenario, None, known)


# --- the numbers ---


def _numbers(summary: Mapping[str, JsonValue], names: Names, round_id: str | None) -> list[Number]:
    completed = count(str(summary.get("n_samples_completed", "")))
    numbers: list[Number] = []
    for series in _SERIES:
        numbers += _series(summary, series, completed)
    numbers += _whole_run(summary)
    for number in numbers:
        if number.unit != "1":
            withdraw_if_impossible(number)
    _add_bounds(numbers, names, round_id)
    _mark_primary(numbers, names, round_id)
    return numbers


def _whole_run(summary: Mapping[str, JsonValue]) -> Iterator[Number]:
    """Yield the rates and durations of the run."""
    for key, per in _RATES.items():
        rate = _number("throughput", summary.get(key), "/s")
        if rate:
            rate.statistic = "mean"
            rate.stage = "whole-run"
            rate.per = per
            yield rate
    for key, stage in _DURATIONS.items():
        duration = _number("duration", summary.get(key), "ns")
        if duration:
            duration.statistic = "single"
            duration.stage = stage
            yield duration


def _mark_primary(numbers: list[Number], names: Names, round_id: str | None) -> None:
    official = rules.official(names.benchmark, round_id, names.scenario or "")
    statistic = official.statistic
    if names.scenario == "single-stream":
        # An Endpoints run has no estimate of its single stream but the mean latency, which is its result.
        statistic = "mean"
    primary = (official.metric, statistic, official.stage, official.per)
    for number in numbers:
        key = (number.metric, number.statistic, number.stage, number.per)
        if key == primary and number.value is not None:
            number.primary = True


def _series(
    summary: Mapping[str, JsonValue], series: Series, completed: int | None
) -> Iterator[Number]:
    """Yield the statistics of one series of observations; the number of tokens is that of the performance run."""
    observed = mapping(summary.get(series.name))
    known = vocabulary().terms("statistic")
    for statistic, value in _statistics(observed, series):
        if statistic not in known:
            continue
        number = _number(series.metric, value, series.unit)
        if number is None:
            continue
        number.statistic = statistic
        number.n = completed
        if series.is_time:
            number.stage = "request"
        else:
            number.scope = "run:performance"
        if statistic != "sum":
            number.per = series.per
        if statistic == "mean":
            number.stddev = _spread(observed, series)
        yield number


def _statistics(
    observed: Mapping[str, JsonValue], series: Series
) -> Iterator[tuple[str, JsonValue]]:
    """Yield each statistic of a series with its value; a sum of times says nothing."""
    for key, statistic in _STATISTICS.items():
        if key != "total" or not series.is_time:
            yield statistic, observed.get(key)
    for level, value in mapping(observed.get("percentiles")).items():
        plain = without_trailing_zeros(level)
        if plain != "50":
            yield f"p{plain}", value
    for level, value in mapping(observed.get("early_stopping_percentiles")).items():
        yield f"p{without_trailing_zeros(level)}-es", value


def _spread(observed: Mapping[str, JsonValue], series: Series) -> float | None:
    spread = _number(series.metric, observed.get("std_dev"), series.unit)
    if spread is None:
        return None
    return spread.value


def _number(metric: str, value: JsonValue, unit: str) -> Number | None:
    """Return a number with the source's characters, or None for something else."""
    if not isinstance(value, Digits):
        return None
    standard_unit = _STANDARD_UNITS[unit]
    converted = convert(value, unit, standard_unit)
    if converted is None:
        return None
    number = Number(
        metric=metric,
        value=converted,
        unit=standard_unit,
        basis="measured",
        reported_value=str(value),
    )
    if unit != "1":
        number.reported_unit = unit
    return number


def _add_bounds(numbers: list[Number], names: Names, round_id: str | None) -> None:
    """Give the estimates that the rules bound their bounds."""
    if round_id is None or names.scenario not in ("server", "interactive"):
        return
    limits = rules.latency_limits(names.benchmark or "", round_id, names.scenario)
    bounds = {"ttft": limits.ttft, "tpot": limits.tpot, "latency": limits.latency}
    for number in numbers:
        bound = bounds.get(number.metric)
        if bound is None or number.statistic != "p99-es" or number.value is None:
            continue
        number.target_max = float(bound)


# --- what the standard has no field for ---


def _settings(
    summary: Mapping[str, JsonValue],
    settings: Mapping[str, JsonValue],
    config: Mapping[str, JsonValue],
) -> dict[str, JsonValue]:
    """Return how the run was set up and how its samples fared."""
    runtime = mapping(mapping(config.get("settings")).get("runtime"))
    kept: dict[str, JsonValue] = {
        "load_pattern": _load_pattern(settings),
        "samples": _sample_counts(summary),
        "settings": _scalars(runtime),
        "model_params": _scalars(mapping(config.get("model_params")), without="tokenizer_name"),
    }
    kind = config.get("type")
    if isinstance(kind, str):
        kept["endpoints_type"] = text(kind)
    return kept


def _load_pattern(settings: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    pattern: dict[str, JsonValue] = {}
    for key, value in mapping(settings.get("load_pattern")).items():
        if isinstance(value, Digits):
            pattern[text(key)] = of_json(value)
        elif isinstance(value, bool):
            pattern[text(key)] = value
        elif value is not None:
            pattern[text(key)] = text(value)
    return pattern


def _sample_counts(summary: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    counts: dict[str, JsonValue] = {}
    for key in _SAMPLES:
        number = whole(str(summary.get(key, "")))
        if number is not None:
            counts[key] = number
    return counts


def _scalars(data: Mapping[str, JsonValue], without: str | None = None) -> dict[str, JsonValue]:
    """Return the texts and numbers of an object as texts."""
    return {
        text(key): text(value) for key, value in data.items() if is_scalar(value) and key != without
    }
