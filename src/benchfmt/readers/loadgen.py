"""What LoadGen writes: the summary log, and the detail log read at its two ends.

Both are given in one language, the names of the detail log's keys (`result_samples_per_second`), with the characters of
each number kept. A detail log may have hundreds of megabytes, of which only the first and the last kilobytes say
something about the result: the settings stand at the start, the results at the end.

Source of the names: https://github.com/mlcommons/inference/tree/master/loadgen
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from benchfmt import numbers
from benchfmt.readers import mllog_lines

HEAD_BYTES = TAIL_BYTES = 64 * 1024
SUMMARY_BYTES = 1024 * 1024
"""A summary has some 3 kB; nobody's has a megabyte."""

_ERROR_KEY = re.compile(rb'"is_error": true')
_LEGACY = re.compile(rb'^"pid": \d+, "tid": \d+, "ts": -?\d+ns : (\w+) : (.*)$', re.MULTILINE)
_ESTIMATE = re.compile(r"Early stopping ([0-9.]+)(?:th)? percentile estimate: *([0-9]+)")
_TOO_FEW = re.compile(r"(Not enough queries processed for ([0-9.]+)(?:th)? percentile[^\n*]*)")
_PERCENTILE = re.compile(
    r"([0-9.]+)(?:th)? (percentile|group percentile)( first token| time to output token|)(?: latency)? \(ns\)"
)
_EXTREME = re.compile(r"(Min|Max|Mean) (First Token latency|Time to Output Token|group latency|latency) \(ns\)")
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
    "qsl_rng_seed": "effective_qsl_rng_seed",
    "sample_index_rng_seed": "effective_sample_index_rng_seed",
    "schedule_rng_seed": "effective_schedule_rng_seed",
    "performance_sample_count": "effective_performance_sample_count",
    "WARNING": "warning",
}
_TRUTH = {"Yes": "true", "No": "false", "NO": "false"}
_ERRORS = re.compile(r"^([0-9]+ ERRORS? encountered|[0-9]+ ERROR\(S\) encountered).*$", re.MULTILINE)
_WARNINGS = re.compile(r"^([0-9]+ warnings? encountered).*$", re.MULTILINE)


@dataclass(frozen=True)
class Log:
    """What one log says: its values by the detail log's names (the first of a repeated one), as the source's characters.

    `sha256` is the hash of the file where all of it was read, else None; `read_bytes` is how much was read.
    """

    path: Path
    values: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None
    read_bytes: int = 0
    errors: str | None = None
    warnings: str | None = None
    accuracy_mode: bool = False

    def number(self, name: str) -> float | None:
        """Return a value as a number, or None where the log does not say one."""
        return numbers.double(self.values.get(name, ""))


@dataclass(frozen=True, slots=True)
class Estimate:
    """LoadGen's early-stopping estimate of a percentile in nanoseconds, or the words that say why there is none."""

    percentile: str
    nanoseconds: str | None
    words: str | None = None


def read_summary(path: Path) -> Log:
    """Return what a summary log says; a cut-off one says less, and never raises for what it holds."""
    with path.open("rb") as file:
        data = file.read(SUMMARY_BYTES)
        whole = not file.read(1)
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    values: dict[str, str] = {}
    # A last line without its end may be cut in the middle of a number.
    for name, value in _summary_values(text[: text.rfind("\n") + 1]):
        values.setdefault(name, value)
    errors, warnings = _ERRORS.search(text), _WARNINGS.search(text)
    return Log(
        path, values, hashlib.sha256(data).hexdigest() if whole else None, len(data),
        errors.group(0).strip() if errors else None, warnings.group(0).strip() if warnings else None,
        _is_accuracy_run(text, values),
    )  # fmt: skip


def _is_accuracy_run(text: str, values: dict[str, str]) -> bool:
    """Say whether a log is of a run for accuracy: it ends with its warnings and errors, and has no results at all."""
    if values.get("effective_test_mode") == "AccuracyOnly" or "No performance results in accuracy mode" in text:
        return True
    return not values and "encountered" in text and "MLPerf Results Summary" not in text


def _summary_values(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line's value by the name that the detail log gives it."""
    section = ""
    stopping: str | None = None
    notes: list[str] = []
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        name = key.strip()
        if stopping and line.startswith(" * "):
            notes.append(line)
            continue
        if stopping:
            yield stopping, "".join(notes)
            stopping, notes = None, []
        if not colon:
            section = "" if name.startswith("====") else section
        elif name in _STOPPING:
            stopping = _STOPPING[name]
        elif name in _SECTIONS:
            section = _SECTIONS[name]
        else:
            known = _NAMES.get(name) or _latency_name(name, section)
            if known:
                stripped = value.strip()
                yield known, _TRUTH.get(stripped, stripped)
    if stopping:
        yield stopping, "".join(notes)


@cache
def _latency_name(name: str, section: str) -> str | None:
    """Return the detail log's name of a latency line; in a per-query block it is that of the query."""
    query = "_query" if section == "per-query" else ""
    extreme = _EXTREME.fullmatch(name)
    if extreme:
        end, what = extreme.group(1).lower(), extreme.group(2)
        return {
            "latency": f"result_{end}{query}_latency_ns",
            "group latency": f"result_{end}_group_latency_ns",
            "First Token latency": f"result_first_token_{end}_latency_ns",
            "Time to Output Token": f"result_time_to_output_token_{end}",
        }[what]
    # The line before "Result is" names its percentile as 90th or 90.0th; it is repeated below as 90.00.
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
    return f"result_{level}_percentile{'_per_query' if query else ''}_latency_ns"


def read_detail(path: Path, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> Log:
    """Return what a detail log says, reading only its first and its last bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(head + tail if size <= head + tail else head)
        digest = hashlib.sha256(data).hexdigest() if size <= head + tail else None
        if size > head + tail:
            file.seek(-tail, 2)
            end = file.read(tail)
            # Half a line at the cut says nothing.
            data = data[: data.rfind(b"\n") + 1] + end[end.find(b"\n") + 1 :]
    values: dict[str, str] = {}
    for name, text in _entries(data):
        values.setdefault(name, text.encode("utf-8", "replace").decode())  # \ud800 is half a character
    count = len(_ERROR_KEY.findall(data))
    return Log(path, values, digest, min(size, head + tail), f"{count} errors in the detail log" if count else None)


def _entries(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the keys with the characters of their values, in the order of the log; a line that was cut off says nothing."""
    token = next((token for token in (mllog_lines.MLLOG, mllog_lines.ENDPTS) if token in data), None)
    if token is None:
        for match in _LEGACY.finditer(data):
            yield match[1].decode(), match[2].decode("utf-8", "replace").strip()
        return
    for _, start, stop in mllog_lines.found(data, token):
        raw = mllog_lines.last(data, token, start, stop)
        with suppress(ValueError, RecursionError):
            yield mllog_lines.entry(raw or b"")


def estimates(words: str) -> list[Estimate]:
    """Return the estimates that an early-stopping result states."""
    found = [Estimate(_plain(level), value) for level, value in _ESTIMATE.findall(words)]
    return found + [Estimate(_plain(level), None, said.strip()) for said, level in _TOO_FEW.findall(words)]


def _plain(level: str) -> str:
    return level.rstrip("0").rstrip(".") if "." in level else level


def read_user_conf(path: Path) -> dict[str, str]:
    """Return the settings of a user.conf, `<model>.<scenario>.<key>` each with its characters; a broken line is left out."""
    with path.open("rb") as file:
        text = file.read(SUMMARY_BYTES).decode("utf-8", "replace")
    settings: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("#")[0].partition("=")
        if equals and key.strip() and value.strip():
            settings[key.strip()] = value.strip()
    return settings
