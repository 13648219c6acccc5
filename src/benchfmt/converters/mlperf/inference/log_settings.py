"""What LoadGen's logs say of a run besides its numbers: settings, seeds, constraints, versions and counts."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.inference.log_numbers import samples_of_query
from benchfmt.converters.mlperf.inference.run import count
from benchfmt.numbers import MAX_SAFE_INTEGER, of_json
from benchfmt.readers.loadgen import Log

_SETTINGS = {
    "effective_target_qps": "target_qps",
    "effective_target_latency_ns": "target_latency_ns",
    "effective_target_latency_percentile": "target_latency_percentile",
    "requested_server_ttft_latency": "ttft_latency_ns",
    "requested_server_tpot_latency": "tpot_latency_ns",
    "effective_samples_per_query": "samples_per_query",
    "effective_min_duration_ms": "min_duration_ms",
    "effective_max_duration_ms": "max_duration_ms",
    "effective_min_query_count": "min_query_count",
    "effective_max_query_count": "max_query_count",
    "effective_performance_sample_count": "performance_sample_count",
    "effective_sample_concatenate_permutation": "sample_concatenate_permutation",
}
"""Names of settings in the log, and in the record."""
_CONSTRAINTS = {
    "result_perf_constraints_met": "perf_constraints",
    "result_min_duration_met": "min_duration",
    "result_min_queries_met": "min_queries",
    "early_stopping_met": "early_stopping",
}
_SEEDS = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")
_TRUTH_VALUES = {"true": True, "false": False}


def seeds_of(log: Mapping[str, str]) -> dict[str, str]:
    """Return the seeds of a run, by the names that the rules of the rounds give them."""
    seeds = {}
    for name in _SEEDS:
        text = log.get(f"effective_{name}")
        if text is not None:
            seeds[name] = text
    return seeds


def settings_of(
    log: Mapping[str, str],
    summary: Log | None,
    scenario: str | None,
    *,
    inferred: bool = False,
) -> dict[str, JsonValue]:
    """Return what the logs of a run in a scenario say and the standard has no field for; what is absent is left out."""
    said: dict[str, JsonValue] = {
        "seeds": dict(seeds_of(log)),
        "settings": dict(_settings(log)),
        "constraints_met": dict(_constraints_met(log)),
        "log_scenario": systems.said(log.get("effective_scenario")),
        "loadgen_version": systems.said(log.get("loadgen_version") or log.get("version")),
        "sut_name": systems.said(log.get("sut_name")),
        "qsl_name": systems.said(log.get("qsl_name")),
        "query_count": count(log.get("result_query_count")),
    }
    if not inferred:
        said.update(_sample_counts(log, scenario))
    if summary:
        said["warnings"] = summary.warnings
    return {name: value for name, value in said.items() if value}


def _settings(log: Mapping[str, str]) -> dict[str, JsonValue]:
    settings = {}
    for name, short in _SETTINGS.items():
        text = log.get(name)
        if text:
            settings[short] = plain(text)
    return settings


def _constraints_met(log: Mapping[str, str]) -> dict[str, bool]:
    met = {}
    for name, short in _CONSTRAINTS.items():
        if name in log:
            met[short] = log[name] == "true"
    return met


def _sample_counts(log: Mapping[str, str], scenario: str | None) -> dict[str, JsonValue]:
    """Return how many samples a run had, and how many its log says where that is another number."""
    generated = count(log.get("generated_samples_per_query"))
    samples = generated
    queries = count(log.get("result_query_count"))
    if scenario == "offline":
        # It is one query, whatever its log calls the number of queries that were generated.
        samples = samples_of_query(log)
        queries = 1
    if not samples or not queries or samples * queries > MAX_SAFE_INTEGER:
        return {}
    counts: dict[str, JsonValue] = {"sample_count": samples * queries}
    if generated and samples != generated:
        counts["generated_samples_per_query"] = generated
    return counts


def plain(text: str) -> JsonValue:
    """Return a setting as a number or truth value where it is one that JSON keeps exactly."""
    if text in _TRUTH_VALUES:
        return _TRUTH_VALUES[text]
    return of_json(text)
