"""Layouts of tools that time engines: TensorRT-LLM, Optimum-Benchmark, and results of vLLM that others pass on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.layouts.helping import FIXTURES, converted, measurement, missing, values

from benchfmt.layouts import fit

ENGINES = {
    "trtllm-report.json": "trtllm-bench",
    "optimum_benchmark.json": "optimum-benchmark",
    "optimum_benchmark_report.json": "optimum-benchmark",
    "optimum_benchmark_report_of_training.json": "optimum-benchmark",
    "llm_perf_table.csv": "optimum-benchmark",
    "vllm-seconds.json": "vllm-bench-serve-seconds",
}
"""Files of ours, each with its layout."""

# --- TensorRT-LLM ---


def test_a_report_of_tensorrt_llm(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "trtllm-report.json", tmp_path)
    assert values(record) == {
        ("throughput", "mean", "issue-window", "token"): 800.0,
        ("throughput", "mean", "issue-window", "total-token"): 2400.0,
        ("throughput", "mean", "issue-window", "query"): 12.5,
        ("duration", "single", "issue-window", "run"): 8.0,
        ("latency", "mean", "request", "query"): 0.6,
        ("latency", "median", "request", "query"): 0.59,
        ("latency", "p90", "request", "query"): 0.64,
        ("latency", "p95", "request", "query"): 0.6505,
        ("latency", "p99", "request", "query"): 0.7,
        ("latency", "min", "request", "query"): 0.51,
        ("latency", "max", "request", "query"): 0.7,
        ("ttft", "mean", "request", "query"): 0.0375,
        ("ttft", "median", "request", "query"): 0.036,
        ("ttft", "p99", "request", "query"): 0.06,
        ("trtllm:output-throughput-per-gpu", "mean", "issue-window"): 400.0,
        ("trtllm:output-throughput-per-user", "mean"): 106.7,
        ("trtllm:output-speed-per-user", "mean"): 112.0,
        ("energy", "sum", "issue-window", "run", "gpu"): 5600.0,
    }
    assert missing(record) == {
        ("tpot", "mean", "decode", "token"): "not-measured",
        ("tpot", "median", "decode", "token"): "not-measured",
    }
    data = record.to_dict()
    assert data["configuration"]["precision"] == "fp8"
    assert data["system"]["accelerator"] == {"kind": "gpu", "name": "NVIDIA H200"}
    # The issue rate of these reports is wrong by their own formula.
    assert "issue_rate" not in json.dumps(data)


def test_an_older_report_of_tensorrt_llm_calls_the_time_per_token_otherwise(tmp_path: Path) -> None:
    text = (FIXTURES / "trtllm-report.json").read_text("utf-8")
    older = text.replace('"avg_tpot_ms": 0.0', '"avg_itl_ms": 3.25').replace('"tpot_', '"itl_')
    (tmp_path / "report.json").write_text(older)
    (record,), _ = converted(tmp_path / "report.json", tmp_path)
    assert values(record)["tpot", "mean", "decode", "token"] == 0.00325


def test_a_report_of_tensorrt_llm_of_others(samples: Path, tmp_path: Path) -> None:
    path = samples / "llm_tools" / "trtllm" / "synthetic-report.json"
    (record,), _ = converted(path, tmp_path)
    numbers = values(record)
    assert numbers["tpot", "mean", "decode", "token"] == 0.01403
    assert numbers["ttft", "mean", "request", "query"] == 4.5331
    assert numbers["latency", "mean", "request", "query"] == 4.7435
    assert numbers["throughput", "mean", "issue-window", "token"] == 3.37
    assert numbers["throughput", "mean", "issue-window", "total-token"] == 16.86
    assert numbers["energy", "sum", "issue-window", "run", "gpu"] == 56.1


# --- Optimum-Benchmark ---

MEGABYTE = 1_000_000
REPORTED = {
    ("throughput", "mean", "decode", "token"): 63.0,
    ("throughput", "mean", "prefill", "sample"): 32.0,
    ("duration", "mean", "load", "run"): 4.0,
    ("latency", "mean", "prefill", "batch"): 0.0625,
    ("latency", "median", "prefill", "batch"): 0.0625,
    ("latency", "p90", "prefill", "batch"): 0.0725,
    ("latency", "mean", "decode", "batch"): 2.0,
    ("latency", "median", "decode", "batch"): 2.0,
    ("latency", "p90", "decode", "batch"): 2.4,
    ("energy", "load", "run", "cpu"): 360.0,
    ("energy", "load", "run", "memory"): 180.0,
    ("energy", "load", "run", "gpu"): 720.0,
    ("energy", "load", "run", "node"): 1260.0,
    ("energy", "mean", "prefill", "batch", "memory"): 1.8,
    ("energy", "mean", "prefill", "batch", "gpu"): 7.2,
    ("energy", "mean", "prefill", "batch", "node"): 9.0,
    ("energy-efficiency", "mean", "prefill", "sample", "node"): pytest.approx(800_000 / 3.6e6),
    ("energy-efficiency", "mean", "decode", "token", "node"): 1.0,
}


def memory(stage: str) -> dict[tuple[str, ...], float]:
    """Return the memory that the reports of the fixtures say of a stage."""
    return {
        ("memory", "max", stage, "process"): 1500.5 * MEGABYTE,
        ("memory", "max", stage, "gpu"): 8000 * MEGABYTE,
        ("optimum-benchmark:process-memory", "max", stage, "gpu"): 7000 * MEGABYTE,
        ("optimum-benchmark:reserved-memory", "max", stage, "gpu"): 6000 * MEGABYTE,
        ("optimum-benchmark:allocated-memory", "max", stage, "gpu"): 5500.25 * MEGABYTE,
    }


def test_a_report_of_optimum_benchmark(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "optimum_benchmark_report.json", tmp_path)
    stages = memory("load") | memory("prefill") | memory("decode")
    assert values(record) == REPORTED | stages
    assert missing(record) == {("energy", "mean", "prefill", "batch", "cpu"): "not-measured"}
    decode = measurement(record, "latency", "mean", "decode", "batch")
    assert (decode.n, decode.stddev, decode.samples) == (2, 0.5, [1.5, 2.5])
    assert measurement(record, "throughput", "mean", "decode", "token").basis == "derived"


def test_a_training_of_optimum_benchmark(tmp_path: Path) -> None:
    path = FIXTURES / "optimum_benchmark_report_of_training.json"
    (record,), _ = converted(path, tmp_path)
    assert values(record) == memory("training-step") | {
        ("throughput", "mean", "training-step", "sample"): 32.0,
        ("duration", "mean", "training-step", "step"): 0.25,
        ("duration", "median", "training-step", "step"): 0.25,
        ("duration", "p90", "training-step", "step"): 0.25,
        ("energy", "training", "run", "cpu"): 3600.0,
        ("energy", "training", "run", "memory"): 1800.0,
        ("energy", "training", "run", "gpu"): 7200.0,
        ("energy", "training", "run", "node"): 12600.0,
    }


def test_the_configuration_of_optimum_benchmark_stands_beside_its_report(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "optimum_benchmark.json", tmp_path)
    assert values(record).items() >= REPORTED.items()
    data = record.to_dict()
    assert data["model"] == {"name": "lab/otter-1b"}
    assert data["software"]["engine_version"] == "2.5.1"
    assert data["configuration"]["precision"] == "fp16"
    assert data["configuration"]["batch_size"] == 2
    assert data["system"]["accelerator"] == {"kind": "gpu", "name": "Otter GPU", "count": 1}
    assert data["system"]["memory_bytes"] == 64_000 * MEGABYTE


def test_a_table_of_many_runs_of_optimum_benchmark(tmp_path: Path) -> None:
    (first, second), _ = converted(FIXTURES / "llm_perf_table.csv", tmp_path)
    assert values(first) == {
        ("latency", "mean", "prefill", "batch"): 0.25,
        ("latency", "median", "prefill", "batch"): 0.25,
        ("throughput", "mean", "decode", "token"): 31.25,
    }
    prefill = measurement(first, "latency", "mean", "prefill", "batch")
    assert (prefill.n, prefill.stddev, prefill.samples) == (2, 0.05, [0.2, 0.3])
    data = first.to_dict()
    assert data["configuration"]["precision"] == "mixed"
    assert data["system"]["accelerator"] == {"kind": "gpu", "name": "Otter GPU", "count": 1}
    assert (second.status, values(second)) == ("failed", {})
    assert second.to_dict()["configuration"]["precision"] == "fp16"
    assert set(missing(second).values()) == {"run-failed"}


def test_a_report_in_other_units_is_of_no_layout(tmp_path: Path) -> None:
    text = (FIXTURES / "optimum_benchmark_report.json").read_text("utf-8")
    path = tmp_path / "benchmark_report.json"
    path.write_text(text)
    assert fit(path) is not None
    path.write_text(text.replace('"unit": "s"', '"unit": "ms"'))
    assert fit(path) is None


def test_a_run_of_optimum_benchmark_is_read_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(FIXTURES / "optimum_benchmark.json", folder / "benchmark.json")
    shutil.copy(FIXTURES / "optimum_benchmark_report.json", folder / "benchmark_report.json")
    records, account = converted(folder, tmp_path)
    assert len(records) == 1
    reasons = {entry.path: entry.reason for entry in account.files}
    assert reasons["benchmark.json"] == "read as optimum-benchmark 1.0"
    assert reasons["benchmark_report.json"] == "the same run as benchmark.json, which is read"


def test_optimum_benchmark_of_others(samples: Path, tmp_path: Path) -> None:
    path = samples / "llm_tools" / "optimum_benchmark" / "excerpt-benchmark_report.json"
    (record,), _ = converted(path, tmp_path)
    numbers = values(record)
    assert numbers["duration", "mean", "load", "run"] == 34.98376171875
    assert numbers["latency", "mean", "prefill", "batch"] == 0.0599728702545166
    assert measurement(record, "latency", "mean", "prefill", "batch").n == 10
    assert numbers["latency", "mean", "decode", "batch"] == 2.5223018798828125
    assert numbers["throughput", "mean", "decode", "token"] == 24.977184730531548
    assert numbers["memory", "max", "decode", "process"] == 1395167232
    allocated = ("optimum-benchmark:allocated-memory", "max", "decode", "gpu")
    assert numbers[allocated] == 5860831744


# --- vLLM in seconds ---


def test_times_without_a_unit_in_their_names_are_seconds(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "vllm-seconds.json", tmp_path)
    assert values(record) == {
        ("throughput", "mean", "issue-window", "token"): 160.0,
        ("throughput", "mean", "issue-window", "total-token"): 1440.0,
        ("throughput", "mean", "issue-window", "query"): 1.25,
        ("duration", "single", "issue-window", "run"): 32.0,
        ("output-tokens", "sum", "run"): 5120.0,
        ("ttft", "mean", "request", "query"): 0.25,
        ("ttft", "median", "request", "query"): 0.24,
        ("ttft", "p99", "request", "query"): 0.5,
        ("tpot", "median", "decode", "token"): 0.02,
        ("latency", "mean", "request", "query"): 3.0,
        ("latency", "p99", "request", "query"): 3.75,
    }
    assert missing(record) == {("tpot", "p99", "decode", "token"): "not-measured"}
    ttft = measurement(record, "ttft", "mean", "request", "query")
    assert (ttft.n, ttft.stddev) == (40, 0.05)


def test_times_in_seconds_of_others(samples: Path, tmp_path: Path) -> None:
    path = samples / "llm_tools" / "vllm" / "glm5_fp8_vllm_tp8_isl1024_osl128_conc4.json"
    (record,), _ = converted(path, tmp_path)
    numbers = values(record)
    assert numbers["ttft", "median", "request", "query"] == 0.26499967742711306
    assert numbers["latency", "median", "request", "query"] == 3.0225854497402906
    assert numbers["latency", "p99", "request", "query"] == 3.7203497649915516
    assert numbers["tpot", "median", "decode", "token"] == 0.021372462615488082
    assert 164.72765441223032 in numbers.values()
    assert 1317.8212352978426 not in numbers.values()
