"""Submission trees of MLPerf Inference as the tests need them: logs in LoadGen's format, with numbers made up here.

What LoadGen writes is told by the format notes; nothing is copied from a submission, and nothing here imports benchfmt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The three seeds of each round: https://github.com/mlcommons/inference/blob/master/loadgen/mlperf.conf at its time.
SEEDS = {
    "v0.5": ("3133965575612453542", "665484352860916858", "3622009729038561421"),
    "v0.7": ("12786827339337101903", "12640797754436136668", "3135815929913719677"),
    "v1.0": ("7322528924094909334", "1570999273408051088", "3507442325620259414"),
    "v1.1": ("1624344308455410291", "517984244576520566", "10051496985653635065"),
    "v2.1": ("14284205019438841327", "4163916728725999944", "299063814864929621"),
    "v4.0": ("13281865557512327830", "198141574272810017", "7575108116881280410"),
    "v4.1": ("3066443479025735752", "10688027786191513374", "14962580496156340209"),
    "v5.1": ("1780908523862526354", "14771362308971278857", "18209322760996052031"),
}
NAMES = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")
RULE = "=" * 48
NO_ERRORS = "No errors encountered during test."
ACCURACY = "loading answers\naccuracy=76.500%, good=38250, total=50000\nhash=" + "ab" * 32 + "\n"
MEASURED = {
    "input_data_types": "int8",
    "weight_data_types": "int8",
    "retraining": "N",
    "starting_weights_filename": "resnet50.onnx",
    "weight_transformations": "quantization",
}
SYSTEM: dict[str, Any] = {
    "division": "closed",
    "submitter": "Acme",
    "status": "available",
    "system_name": "Acme Box 9",
    "system_type": "edge",
    "number_of_nodes": "2",
    "host_processor_model_name": "Acme Core 7",
    "host_processors_per_node": 2,
    "host_processor_core_count": "16",
    "host_memory_capacity": "64 GB",
    "accelerator_model_name": "NVIDIA A2",
    "accelerators_per_node": 4,
    "accelerator_memory_capacity": "16 GB",
    "cooling": "air",
    "framework": "TensorRT 8.6.1, CUDA 12.2",
    "operating_system": "Ubuntu 22.04",
    "other_software_stack": "",
    "hw_notes": "",
    "sw_notes": "",
}

_LINES = {
    "result_samples_per_second": "Samples per second",
    "result_tokens_per_second": "Tokens per second",
    "result_inferred_tokens_per_second": "Tokens per second (inferred)",
    "result_completed_tokens_per_second": "Completed tokens per second",
    "result_inferred_completed_tokens_per_second": "Completed tokens per second (inferred)",
    "result_scheduled_samples_per_sec": "Scheduled samples per second",
    "result_completed_samples_per_sec": "Completed samples per second",
    "result_samples_per_query": "Samples per query",
}
_PARAMETERS = {
    "effective_samples_per_query": "samples_per_query",
    "effective_target_qps": "target_qps",
    "effective_target_latency_ns": "target_latency (ns)",
    "requested_server_ttft_latency": "ttft_latency (ns)",
    "requested_server_tpot_latency": "tpot_latency (ns)",
    "effective_min_duration_ms": "min_duration (ms)",
    "effective_min_query_count": "min_query_count",
}
_MET = {
    "result_perf_constraints_met": "  Performance constraints satisfied : ",
    "result_min_duration_met": "  Min duration satisfied : ",
    "result_min_queries_met": "  Min queries satisfied : ",
    "early_stopping_met": "  Early stopping satisfied: ",
}
_OFFICIAL = {
    "SingleStream": ("90th", "result_90.00_percentile_latency_ns"),
    "MultiStream": ("99th", "result_99.00_percentile_per_query_latency_ns"),
}
_EXTREMES = ("min", "max", "mean")
LEVELS = ("50.00", "90.00", "95.00", "97.00", "99.00", "99.90")


def seeds(round_id: str) -> dict[str, str]:
    """Return the seeds of a round by the detail log's names."""
    return {f"effective_{name}": seed for name, seed in zip(NAMES, SEEDS[round_id], strict=True)}


def latencies(
    pattern: str, least: int, step: int, extremes: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return percentiles that rise by a step from a least value; the mean lies at the median."""
    values = {
        pattern.format(level): str(least + step * (at + 1)) for at, level in enumerate(LEVELS)
    }
    names = extremes or {}
    numbers = {"min": least, "max": least + 9 * step, "mean": least + step}
    return {name: str(numbers[end]) for end, name in names.items()} | values


QUERY = {end: f"result_{end}_latency_ns" for end in _EXTREMES}
PERCENTILE = "result_{}_percentile_latency_ns"


def common(round_id: str, scenario: str) -> dict[str, str]:
    """Return what every log of a valid run says."""
    return {
        "effective_scenario": scenario,
        "effective_test_mode": "PerformanceOnly",
        "effective_samples_per_query": "1",
        "effective_target_qps": "100",
        "effective_target_latency_ns": "0",
        "effective_min_duration_ms": "600000",
        "effective_min_query_count": "1024",
        **seeds(round_id),
        "result_validity": "VALID",
        "result_min_duration_met": "true",
        "result_min_queries_met": "true",
    }


def single_stream(round_id: str = "v4.1", **changes: str) -> dict[str, str]:
    """Return a single-stream run: 80,000 queries, the 90th percentile 8.2 ms, its bound 8.25 ms."""
    modern = {
        "early_stopping_met": "true",
        "early_stopping_result": " * Processed at least 64 queries (80000).  * Would discard 7800 highest latency queries."
        "  * Early stopping 90th percentile estimate: 8250000  * Early stopping 99th percentile estimate: 8550000",
        "result_query_count": "80000",
    }
    return {
        **common(round_id, "SingleStream"),
        "generated_query_count": "120001",
        "generated_samples_per_query": "1",
        **(modern if round_id >= "v2.0" else {}),
        "result_qps_with_loadgen_overhead": "122.257",
        "result_qps_without_loadgen_overhead": "123.457",
        **latencies(PERCENTILE, 8_000_000, 100_000, QUERY),
        **changes,
    }


def multi_stream(round_id: str = "v4.1", **changes: str) -> dict[str, str]:
    """Return a multi-stream run since v2.0: queries of 8 samples, mean 20.5 ms, the 99th percentile 22.5 ms."""
    names = {end: f"result_{end}_query_latency_ns" for end in _EXTREMES}
    return {
        **common(round_id, "MultiStream"),
        "effective_samples_per_query": "8",
        "early_stopping_met": "true",
        "early_stopping_result": " * Processed at least 662 queries (30000).  * Would discard 240 highest latency queries."
        "  * Early stopping 99th percentile estimate: 22600000",
        "result_query_count": "30000",
        **latencies("result_{}_percentile_per_query_latency_ns", 20_000_000, 500_000, names),
        **changes,
    }


def server(round_id: str = "v4.1", **changes: str) -> dict[str, str]:
    """Return a server run, bound to 15 ms: 1234.56 queries a second scheduled, 1230.98 completed."""
    return {
        **common(round_id, "Server"),
        "effective_target_latency_ns": "15000000",
        "effective_target_latency_percentile": "0.99",
        "result_perf_constraints_met": "true",
        "result_query_count": "741000",
        "result_scheduled_samples_per_sec": "1234.56",
        "result_completed_samples_per_sec": "1230.98",
        **latencies(PERCENTILE, 2_000_000, 1_000_000, QUERY),
        **changes,
    }


def offline(round_id: str = "v4.1", **changes: str) -> dict[str, str]:
    """Return an offline run: one query of 720,000 samples in 720 s."""
    names = {"result_min_latency_ns": "1000000000", "result_mean_latency_ns": "360000000000"}
    steps = {
        PERCENTILE.format(level): f"{300 + 70 * at}000000000" for at, level in enumerate(LEVELS)
    }
    return {
        **common(round_id, "Offline"),
        "generated_query_count": "24000",
        "generated_samples_per_query": "720000",
        "result_query_count": "1",
        "result_samples_per_second": "1000",
        **names,
        "result_max_latency_ns": "720000000000",
        **steps,
        **changes,
    }


def tokens(round_id: str = "v5.1", **changes: str) -> dict[str, str]:
    """Return a server run of a language model: 80.5 samples, 24000.5 tokens a second, bound to 2 s and 200 ms."""
    first = {end: f"result_first_token_{end}_latency_ns" for end in _EXTREMES}
    output = {end: f"result_time_to_output_token_{end}" for end in _EXTREMES}
    return {
        **server(round_id),
        "effective_target_latency_ns": "0",
        "requested_server_ttft_latency": "2000000000",
        "requested_server_tpot_latency": "200000000",
        "early_stopping_met": "true",
        "early_stopping_ttft_result": " * Run successful.",
        "early_stopping_tpot_result": " * Run successful.",
        "result_scheduled_samples_per_sec": "82.25",
        "result_completed_samples_per_sec": "80.5",
        **latencies(PERCENTILE, 30_000_000_000, 5_000_000_000, QUERY),
        **latencies("result_first_token_{}_percentile_latency_ns", 300_000_000, 200_000_000, first),
        "result_token_throughput": "6.9e-09",
        **latencies(
            "result_time_per_output_token_{}_percentile_ns", 90_000_000, 15_000_000, output
        ),
        "result_completed_tokens_per_second": "24000.5",
        **changes,
    }


def legacy_multi_stream(round_id: str = "v0.7", **changes: str) -> dict[str, str]:
    """Return a multi-stream run up to v1.1: 40 streams, a query takes up to 45 ms, a sample less."""
    query = {
        f"result_{level}_percentile_per_query_latency_ns": str(40_000_000 + at * 10**6)
        for at, level in enumerate(LEVELS)
    }
    return {
        **common(round_id, "MultiStream"),
        "effective_samples_per_query": "40",
        "effective_target_qps": "20",
        "effective_target_latency_ns": "50000000",
        "effective_min_query_count": "270336",
        "result_perf_constraints_met": "true",
        "result_samples_per_query": "40",
        **query,
        **latencies(PERCENTILE, 30_000_000, 1_000_000, QUERY),
        **changes,
    }


def summary(
    values: Mapping[str, str],
    *,
    ending: Iterable[str] = ("No warnings encountered during test.", NO_ERRORS),
) -> str:
    """Return the summary log of a run, in the words of its time."""
    old = values.get("effective_qsl_rng_seed") in (SEEDS["v0.5"][0], SEEDS["v0.7"][0])
    scenario = values["effective_scenario"]
    spoken = (
        {"SingleStream": "Single Stream", "MultiStream": "Multi Stream"}.get(scenario, scenario)
        if old
        else scenario
    )
    lines = [RULE, "MLPerf Results Summary", RULE, "SUT name : box_sut", f"Scenario : {spoken}"]
    lines.append(f"Mode     : {'Performance' if old else 'PerformanceOnly'}")
    lines += [f"{word} : {_two(values[name])}" for name, word in _LINES.items() if name in values]
    if "early_stopping_result" in values and scenario in _OFFICIAL:
        word, name = _OFFICIAL[scenario]
        lines.append(f"{word} percentile latency (ns) : {values[name]}")
    if "result_validity" in values:
        lines.append(f"Result is : {values['result_validity']}")
    for name, word in _MET.items():
        if name in values:
            lines.append(word + ("Yes" if values[name] == "true" else "NO"))
    for kind in ("", "TTFT ", "TPOT "):
        name = f"early_stopping_{kind.strip().lower()}_result".replace("__", "_")
        if name in values:
            lines.append(f"{kind}Early Stopping Result:")
            lines += [f" * {part.strip()}" for part in values[name].split(" * ") if part.strip()]
    lines += ["", RULE, "Additional Stats", RULE]
    for name, word in (
        ("with", "w/ loadgen overhead         "),
        ("without", "w/o loadgen overhead        "),
    ):
        key = f"result_qps_{name}_loadgen_overhead"
        if key in values:
            lines.append(f"QPS {word}: {_two(values[key])}")
    lines += ["", *_latency_lines(values), "", RULE, "Test Parameters Used", RULE]
    lines += [f"{word} : {values[name]}" for name, word in _PARAMETERS.items() if name in values]
    lines += [
        f"{name} : {values[f'effective_{name}']}" for name in NAMES if f"effective_{name}" in values
    ]
    lines += ["performance_sample_count : 1024", ""]
    return "\n".join([*lines, *(line for text in ending for line in (text, ""))])


def _two(text: str) -> str:
    """Return a number with the two decimals of a summary; a count as it is."""
    return text if text.isdigit() else f"{float(text):.2f}"


def _latency_lines(values: Mapping[str, str]) -> list[str]:
    """Return the blocks of latencies; those of a query stand before those of a sample, in the same words."""
    lines = []
    if "result_samples_per_query" in values:
        lines += ['Intervals between each IssueQuery:  "qps" : 20, "ms" : 50']
        lines += [f"{level} percentile : 1" for level in LEVELS] + [""]
        lines.append('Per-query latency:  "target_ns" : 50000000, "target_ms" : 50')
        lines += _block(
            values,
            "result_{}_percentile_per_query_latency_ns",
            "latency",
            "result_{}_query_latency_ns",
        )
        lines += ["", "Per-sample latency:"]
    elif any("percentile_per_query" in name for name in values):
        lines += ["Per-query latency:  "]
        lines += _block(
            values,
            "result_{}_percentile_per_query_latency_ns",
            "latency",
            "result_{}_query_latency_ns",
        )
    lines += _block(values, PERCENTILE, "latency", "result_{}_latency_ns")
    lines += [
        "",
        *_block(
            values,
            "result_first_token_{}_percentile_latency_ns",
            "first token latency",
            "result_first_token_{}_latency_ns",
        ),
    ]
    return [
        *lines,
        "",
        *_block(
            values,
            "result_time_per_output_token_{}_percentile_ns",
            "time to output token",
            "result_time_to_output_token_{}",
        ),
    ]


def _block(values: Mapping[str, str], percentile: str, words: str, extreme: str) -> list[str]:
    title = {
        "first token latency": "First Token latency",
        "time to output token": "Time to Output Token",
    }.get(words, words)
    ends = [(f"{end.title()} {title} (ns)", extreme.format(end)) for end in _EXTREMES]
    levels = [(f"{level} percentile {words} (ns)", percentile.format(level)) for level in LEVELS]
    return [f"{line:<32}: {values[name]}" for line, name in (*ends, *levels) if name in values]


def detail(
    values: Mapping[str, str], *, more: Iterable[tuple[str, str]] = (), errors: Iterable[str] = ()
) -> str:
    """Return the detail log of a run since v1.0; `more` are pairs of key and JSON text that come before the results."""
    head = [("loadgen_version", '"4.1 @ 0123456789"'), ("test_datetime", '"2024-07-26T03:02:31Z"'), ("sut_name", '"box_sut"'),
            ("qsl_name", '"box_qsl"')]  # fmt: skip
    first = [
        (key, _json(text))
        for key, text in values.items()
        if not key.startswith(("result_", "early_"))
    ]
    last = [
        (key, _json(text)) for key, text in values.items() if key.startswith(("result_", "early_"))
    ]
    lines = [entry(key, raw) for key, raw in (*head, *first, *more)]
    lines += [entry("error", json.dumps(text), error=True) for text in errors]
    return "\n".join([*lines, *(entry(key, raw) for key, raw in last), ""])


def entry(key: str, raw: str, *, error: bool = False) -> str:
    """Return one line of a detail log."""
    metadata = {
        "is_error": error,
        "is_warning": False,
        "file": "loadgen.cc",
        "line_no": 1055,
        "pid": 7,
        "tid": 7,
    }
    return (
        f':::MLLOG {{"key": "{key}", "value": {raw}, "time_ms": 602.5, "namespace": "mlperf::logging", '
        f'"event_type": "POINT_IN_TIME", "metadata": {json.dumps(metadata)}}}'
    )


def _json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text)
    return text


def meter(begin: str, watts: Iterable[float], *, before: float = 5.0) -> str:
    """Return a meter's log, a row each second: one before `begin` ("07-23-2022 01:05"), then those given."""
    rows = [
        ("00.500", before),
        *((f"{second:02}.500", value) for second, value in enumerate(watts, start=1)),
    ]
    return "".join(
        f"Time,{begin}:{second},Watts,{value:.6f},Volts,230.1,Amps,0.1,PF,0.5,Mark,acme_testing\n"
        for second, value in rows
    )


@dataclass
class Submission:
    """A tree that grows result by result."""

    root: Path
    submitter: str = "Acme"
    division: str = "closed"
    system: str = "box9"
    described: Mapping[str, Any] | None = field(default_factory=lambda: SYSTEM)

    @property
    def top(self) -> Path:
        """The submitter's folder."""
        return self.root / self.division / self.submitter

    def folder(self, benchmark: str, scenario: str) -> Path:
        """The folder of a result."""
        return self.top / "results" / self.system / benchmark / scenario

    def add(
        self,
        benchmark: str,
        scenario: str,
        values: Mapping[str, str],
        *,
        accuracy: str | None = ACCURACY,
        measured: Mapping[str, Any] | None = MEASURED,
        run: str = "run_1",
        logs: str = "both",
    ) -> Path:
        """Add a result and return its run's folder; `logs` says which of the two are written."""
        folder = self.folder(benchmark, scenario) / "performance" / run
        if logs in ("both", "summary"):
            put(folder / "mlperf_log_summary.txt", summary(values))
        if logs in ("both", "detail"):
            put(folder / "mlperf_log_detail.txt", detail(values))
        if accuracy is not None:
            put(self.folder(benchmark, scenario) / "accuracy" / "accuracy.txt", accuracy)
        if measured is not None:
            place = self.top / "measurements" / self.system / benchmark / scenario
            put(place / f"{self.system}_trt_{scenario}.json", json.dumps(measured))
            put(place / "user.conf", f"# ours\n*.{scenario}.target_qps = 101\n")
        if self.described is not None:
            put(self.top / "systems" / f"{self.system}.json", json.dumps(self.described))
        return folder


def put(path: Path, text: str | bytes) -> Path:
    """Write a file with the folders above it, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
