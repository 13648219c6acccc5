"""The lines of a summary, and the names that the detail log gives their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_PERCENTILE = re.compile(
    r"([0-9.]+)(?:th)? (percentile|group percentile)( first token| time to output token|)(?: latency)? \(ns\)"
)
_HEADLINE = re.compile(r"([0-9.]+)th( first token|) percentile latency \(ns\)")
_EXTREME = re.compile(
    r"(Min|Max|Mean) (First Token latency|Time to Output Token|group latency|latency) \(ns\)"
)
_SECTIONS = {"Per-query latency": "per-query", "Per-sample latency": "per-sample"}
_STOPPING = {
    "Early Stopping Result": "early_stopping_result",
    "TTFT Early Stopping Result": "early_stopping_ttft_result",
    "TPOT Early Stopping Result": "early_stopping_tpot_result",
}
_NAMES = {
    "SUT name": "sut_name",
    "Scenario": "effective_scenario",
    "Mode": "effective_test_mode",
    "Result is": "result_validity",
    "Performance constraints satisfied": "result_perf_constraints_met",
    "Min duration satisfied": "result_min_duration_met",
    "Min queries satisfied": "result_min_queries_met",
    "Early stopping satisfied": "early_stopping_met",
    "Samples per second": "result_samples_per_second",
    "Tokens per second": "result_tokens_per_second",
    "Tokens per second (inferred)": "result_inferred_tokens_per_second",
    "Scheduled samples per second": "result_scheduled_samples_per_sec",
    "Completed samples per second": "result_completed_samples_per_sec",
    "Completed tokens per second": "result_completed_tokens_per_second",
    "Completed tokens per second (inferred)": "result_inferred_completed_tokens_per_second",
    "Scheduled groups per second": "result_scheduled_groups_per_sec",
    "Completed groups per second": "result_completed_groups_per_sec",
    "Samples per query": "result_samples_per_query",
    "QPS w/ loadgen overhead": "result_qps_with_loadgen_overhead",
    "QPS w/o loadgen overhead": "result_qps_without_loadgen_overhead",
    "TPS w/ loadgen overhead": "result_tps_with_loadgen_overhead",
    "TPS w/o loadgen overhead": "result_tps_without_loadgen_overhead",
    "samples_per_query": "effective_samples_per_query",
    "target_qps": "effective_target_qps",
    "target_latency (ns)": "effective_target_latency_ns",
    "ttft_latency (ns)": "requested_server_ttft_latency",
    "tpot_latency (ns)": "requested_server_tpot_latency",
    "min_duration (ms)": "effective_min_duration_ms",
    "max_duration (ms)": "effective_max_duration_ms",
    "min_query_count": "effective_min_query_count",
    "max_query_count": "effective_max_query_count",
    "accuracy_log_rng_seed": "effective_accuracy_log_rng_seed",
    "accuracy_log_probability": "effective_accuracy_log_probability",
    "accuracy_log_sampling_target": "effective_accuracy_log_sampling_target",
    "performance_issue_unique": "effective_performance_issue_unique",
    "performance_issue_same": "effective_performance_issue_same",
    "qsl_rng_seed": "effective_qsl_rng_seed",
    "sample_index_rng_seed": "effective_sample_index_rng_seed",
    "schedule_rng_seed": "effective_schedule_rng_seed",
    "performance_sample_count": "effective_performance_sample_count",
}
TITLE = "MLPerf Results Summary"
"""With these words a summary begins."""
ADDITIONAL, PARAMETERS = "Additional Stats", "Test Parameters Used"
WARNED, FAILED, ACCURACY = "(warnings)", "(errors)", "(accuracy)"
MARKS = frozenset({TITLE, ADDITIONAL, PARAMETERS, WARNED, FAILED, ACCURACY})
"""What is no value of a run, but says where in a summary a line stands."""
OFFICIAL = "official:"
"""What stands before the name of the percentile that a summary says beside its scenario."""
OWN = re.compile(
    r"={20,}|MLPerf Results Summary|Additional Stats|Test Parameters Used|No performance results"
    r"|\s*(?:SUT name|Scenario|Mode|Result is|Performance constraints satisfied|Min (?:duration|queries) satisfied"
    r"|(?:TTFT |TPOT )?Early [Ss]topping (?:satisfied|Result)|Recommendations"
    r"|(?:Samples|Tokens) per (?:second|query)|(?:Scheduled|Completed) (?:samples|tokens|groups) per second"
    r"|[QT]PS w/o? loadgen overhead)[ (:]"
    r"|[0-9.]+(?:th)? (?:first token |group )?percentile[ :]|(?:Min|Max|Mean) (?:First Token |group )?latency \(ns\)"
    r"|(?:Min|Max|Mean) Time to Output Token|Per-(?:query|sample) latency:|Intervals between each IssueQuery"
    r"|(?:samples_per_query|target_qps|(?:target|ttft|tpot)_latency|max_async_queries|m(?:in|ax)_(?:duration|query_count)"
    r"|[a-z_]+_rng_seed|accuracy_log_[a-z_]+|print_timestamps|performance_[a-z_]+|WARNING)[ (:]"
    r"|\s*\* (?:Processed|Would|Early|Not enough|Only|Need|Run |Increase|Decrease|Reduce|The test|TTFT|TPOT)"
    r"|(?:No|[0-9]+) (?:warnings?|errors?|ERRORS?|ERROR\(S\)) encountered"
)
"""How the lines of a summary begin."""
_TRUTH = {"Yes": "true", "No": "false", "NO": "false"}
_ERRORS = re.compile(r"(?:No errors|[0-9]+ ERRORS?|[0-9]+ ERROR\(S\)) encountered")
_WARNINGS = re.compile(r"(?:No warnings|[0-9]+ warnings?) encountered")
_NO_SPEED = "No performance results in accuracy mode"
_BANNER = "=" * 48
_PERMUTED = "sample_concatenate_permutation was set to true"


def values(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line's value by the name that the detail log gives it, and the marks of a summary's parts."""
    place = _Place()
    stopping = ""
    notes: list[str] = []
    for line in _lines(text):
        if stopping:
            note = line.lstrip()
            if note.startswith("* "):
                notes.append(f" {note}")
                continue
            yield stopping, "".join(notes)
        key, colon, value = line.partition(":")
        name = key.strip()
        stopping = ""
        if colon and name in _STOPPING:
            stopping = _STOPPING[name]
            notes = []
            continue
        pair = place.mark(line)
        if pair is None and colon:
            pair = place.value(name, value)
        elif pair is None and name.startswith("===="):
            place.section = ""
        if pair:
            yield pair
    if stopping:
        yield stopping, "".join(notes)


def _lines(text: str) -> Iterator[str]:
    """Yield lines; who logs twice writes each line twice, and the second says nothing."""
    before = ""
    for line in text.split("\n"):
        if line == before:
            continue
        before = line
        if line.find(_BANNER) > 0:
            yield _BANNER  # what stands before the next summary was cut off, as a rule within a number
        else:
            yield line


@dataclass(slots=True)
class _Place:
    """Where in a summary a line stands: what a name means depends on its section and scenario."""

    section: str = ""
    scenario: str = ""

    def mark(self, line: str) -> tuple[str, str] | None:
        """Return the mark of a part that begins, or a setting that is said in words."""
        mark = _mark(line)
        if mark:
            self.section = ""
            return mark, line.strip()
        if _PERMUTED in line:
            return "effective_sample_concatenate_permutation", "true"
        return None

    def value(self, name: str, text: str) -> tuple[str, str] | None:
        """Return the value of a line by the detail log's name; one that begins a section has none."""
        if name in _SECTIONS:
            self.section = _SECTIONS[name]
            return None
        known = _NAMES.get(name) or _official_name(name, self.scenario)
        known = known or _latency_name(name, self.section)
        if not known:
            return None
        if known == "effective_scenario":
            self.scenario = text.replace(" ", "")
        stripped = text.strip()
        return known, _TRUTH.get(stripped, stripped)


def _mark(line: str) -> str | None:
    """Return what a line without a value says of the part of a summary that it stands in, or None."""
    words = line.strip()
    if words in (TITLE, ADDITIONAL, PARAMETERS):
        return words
    if _WARNINGS.match(words):
        return WARNED
    if _ERRORS.match(words):
        return FAILED
    if _NO_SPEED in words:
        return ACCURACY
    return None


@cache
def _official_name(name: str, scenario: str) -> str | None:
    """Return the detail log's name of the percentile beside the scenario, which is named as 90th or 90.0th."""
    match = _HEADLINE.fullmatch(name)
    if not match or match[1].count(".") > 1 or match[1].startswith("."):
        return None
    level = f"{float(match[1]):.2f}"
    of_token = match[2].strip().replace(" ", "_")
    if of_token:
        return f"{OFFICIAL}result_{of_token}_{level}_percentile_latency_ns"
    query = "_per_query" if scenario == "MultiStream" else ""
    return f"{OFFICIAL}result_{level}_percentile{query}_latency_ns"


@cache
def _latency_name(name: str, section: str) -> str | None:
    """Return the detail log's name of a latency line; in a per-query block it is that of the query."""
    per_query = section == "per-query"
    extreme = _EXTREME.fullmatch(name)
    if extreme:
        end, kind = extreme[1].lower(), extreme[2]
        query = "_query" if per_query else ""
        return {
            "latency": f"result_{end}{query}_latency_ns",
            "group latency": f"result_{end}_group_latency_ns",
            "First Token latency": f"result_first_token_{end}_latency_ns",
            "Time to Output Token": f"result_time_to_output_token_{end}",
        }[kind]
    percentile = _PERCENTILE.fullmatch(name)
    if not percentile or "th " in name:
        return None
    level, kind, of = percentile.groups()
    if kind == "group percentile":
        return f"result_{level}_group_percentile_latency_ns"
    if of == " first token":
        return f"result_first_token_{level}_percentile_latency_ns"
    if of == " time to output token":
        return f"result_time_per_output_token_{level}_percentile_ns"
    query = "_per_query" if per_query else ""
    return f"result_{level}_percentile{query}_latency_ns"
