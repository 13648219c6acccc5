"""Which number of a LoadGen run is its result: the one that the rules of its time rank.

The seeds tell the round. Where they are not those of one, the version of LoadGen tells the time, else the words of the
summary do, which says what it takes for the result before it says whether that is valid:

    scenario        what the log says                                     result                          as in
    single-stream   no early stopping                                     latency p90                     v0.5 to v1.1
                    early stopping                                        latency p90-es                  v2.0 on
                    times of tokens (early stopping is of those)          latency p90                     v5.1 on
    multi-stream    `Samples per query` before the verdict                samples per query               v0.5 to v1.1
                    a percentile before the verdict                       latency p99-es of a query       v2.0 on
    server          `Scheduled samples per second` before the verdict     scheduled queries per second    v0.5 to v4.0
                    `Completed samples per second`, no tokens anywhere    completed samples per second    v4.1 on
                    the same, tokens only below                           completed samples per second    v4.0
                    `Completed tokens per second` before the verdict      completed tokens per second     v4.1 on
    offline         `Samples per second`                                  samples per second              v0.5 on
                    `Tokens per second` before the verdict                tokens per second               v4.0 on
                    `Tokens per second (inferred)`                        tokens per second, estimated    v4.1 to v5.0
    interactive     as server                                             completed tokens per second     v5.1 on

Sources: mlcommons/inference loadgen/results.cc, `PerformanceSummary::LogSummary`, as of each round, and RESULT_FIELD,
RESULT_FIELD_NEW and RESULT_FIELD_BENCHMARK_OVERWRITE of the submission checkers (suites/data/mlperf_inference.toml).
A benchmark that no round has is ranked as the round's own of its kind: with tokens as Llama 2, with inferred ones as GPT-J.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchfmt.suites import mlperf_inference as rules
from benchfmt.suites.mlperf_inference import Official

_VERSION = re.compile(r"([0-9]*)\.([0-9]+)")
_LEVEL = re.compile(r"result_([0-9]+\.[0-9]{2})_percentile(?:_per_query)?_latency_ns")
_BEFORE_EARLY_STOPPING, _SCHEDULED, _TOKENS_NOT_RANKED, _INFERRED_TOKENS = (
    "v1.1",
    "v4.0",
    "v4.0",
    "v5.0",
)
"""The last rounds in which logs were as they are told to be."""
_NAMES_SETTLED = "v2.1"
"""Since this round no name of a benchmark or model was given another benchmark (`aliases` and `patterns` of the suite)."""
_TOKENS = ("result_tokens_per_second", "result_completed_tokens_per_second")
_INFERRED = ("result_inferred_tokens_per_second", "result_inferred_completed_tokens_per_second")
_FIRST = "result_first_token_"
_SAMPLES_OF_LLM, _SAMPLES_OF_INFERRED, _SAMPLES_OF_EDGE = (
    "llama2-70b-99",
    "gptj-99",
    "llama3.1-8b-edge",
)
"""The benchmarks by which others of their kind are ranked."""


def time_of(round_id: str | None, log: Mapping[str, str], headline: Sequence[str]) -> str | None:
    """Return the round by whose rules a run is ranked: its own, else one of its time; None is the newest."""
    return (
        round_id
        or _of_version(log.get("loadgen_version") or log.get("version") or "")
        or _of_words(log, headline)
    )


def names_as_of(round_id: str | None, log: Mapping[str, str]) -> str | None:
    """Return the round whose names of benchmarks a run has: its own, else one from which on no name changed its meaning.

    A version of LoadGen says that a run is of its round or of a later one, the words of a summary that it is of an earlier.
    """
    least = _of_version(log.get("loadgen_version") or log.get("version") or "")
    return round_id or (least if least and rules.at_least(least, _NAMES_SETTLED) else None)


def _of_version(version: str) -> str | None:
    """Return the last round that a version of LoadGen could be made for; up to v1.0 all were called .5a1."""
    found = _VERSION.match(version)
    if not found:
        return None
    number = (int(found[1] or 0), int(found[2]))
    older = [name for name in rules.ROUNDS if _number(name) <= number]
    return older[-1] if older else rules.ROUNDS[0]


def _number(round_id: str) -> tuple[int, int]:
    major, _, minor = round_id.removeprefix("v").partition(".")
    return int(major), int(minor)


def _of_words(log: Mapping[str, str], headline: Sequence[str]) -> str | None:
    """Return the last round in which LoadGen wrote a summary so, None for the newest or where the words do not tell."""
    if any(name in log for name in _INFERRED):
        return _INFERRED_TOKENS
    if "result_samples_per_query" in log:
        return _BEFORE_EARLY_STOPPING
    scenario = rules.scenario(log.get("effective_scenario", ""))
    if scenario in ("single-stream", "multi-stream"):
        return _of_words_of_streams(log)
    if scenario == "server":
        return _of_words_of_server(log, headline)
    return None


def _of_words_of_streams(log: Mapping[str, str]) -> str | None:
    is_whole = "result_validity" in log and not has_tokens(log)
    if is_whole and not _stops_early(log):
        return _BEFORE_EARLY_STOPPING
    return None


def _of_words_of_server(log: Mapping[str, str], headline: Sequence[str]) -> str | None:
    if "result_scheduled_samples_per_sec" in headline:
        if _stops_early(log):
            return _SCHEDULED
        return _BEFORE_EARLY_STOPPING
    if "result_completed_samples_per_sec" not in headline or not has_tokens(log):
        return None
    if any(name in headline for name in _TOKENS):
        return None
    return _TOKENS_NOT_RANKED


def _stops_early(log: Mapping[str, str]) -> bool:
    return any(name.startswith("early_stopping_") for name in log)


def has_tokens(log: Mapping[str, str]) -> bool:
    """Say whether a run counted or timed tokens."""
    return any(name in log for name in _TOKENS) or any(name.startswith(_FIRST) for name in log)


def official(
    benchmark: str | None,
    scenario: str,
    time: str | None,
    log: Mapping[str, str],
    headline: Sequence[str],
) -> Official:
    """Return the key of the number that is the result of a run."""
    if benchmark and rules.benchmark(benchmark, time):
        return rules.official(benchmark, time, scenario)
    return _at_level(rules.official(_of_its_kind(scenario, log), time, scenario), log, headline)


def _of_its_kind(scenario: str, log: Mapping[str, str]) -> str | None:
    """Return the benchmark by which one that no round has is ranked, None where all are ranked alike."""
    if any(name in log for name in _INFERRED):
        return _SAMPLES_OF_INFERRED
    if scenario == "single-stream":
        return _SAMPLES_OF_EDGE if has_tokens(log) else None
    return _SAMPLES_OF_LLM if any(name in log for name in _TOKENS) else None


def _at_level(rule: Official, log: Mapping[str, str], headline: Sequence[str]) -> Official:
    """Return a rule with the percentile that the run was asked for, where the rule is about one."""
    ranked = re.fullmatch(r"p[0-9.]+(-es)?", rule.statistic)
    level = next((found[1] for name in headline if (found := _LEVEL.fullmatch(name))), None)
    if level is None and re.fullmatch(
        r"0\.[0-9]+", log.get("effective_target_latency_percentile", "")
    ):
        level = f"{float(log['effective_target_latency_percentile']) * 100:g}"
    if not ranked or level is None:
        return rule
    plain = level.rstrip("0").rstrip(".") if "." in level else level
    return replace(rule, statistic=f"p{plain}{ranked[1] or ''}")
