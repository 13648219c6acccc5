"""The layouts of load generators for servers, beside vLLM: exact numbers of files of ours, and the right ones of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.layouts.helping import FIXTURES, converted, measurement, missing, values


def test_sglang(tmp_path: Path) -> None:
    (served, other), account = converted(FIXTURES / "sglang.jsonl", tmp_path)
    numbers = values(served)
    assert numbers["throughput", "mean", "issue-window", "token"] == 80.0
    assert numbers["throughput", "mean", "issue-window", "total-token"] == 240.0
    assert numbers["throughput", "mean", "issue-window", "input-token"] == 160.0
    assert numbers["throughput", "mean", "issue-window", "query"] == 2.5
    assert numbers["latency", "max", "decode", "token"] == 0.0195
    assert numbers["latency", "p99", "request", "query"] == 0.48
    assert numbers["tpot", "mean", "decode", "token"] == 0.01125
    ttft = measurement(served, "ttft", "mean", "request", "query")
    assert (ttft.value, ttft.n, ttft.stddev) == (0.05, 10, 0.005)
    data = served.to_dict()
    assert data["model"] == {"name": "otter/otter-7b"}
    assert data["software"] == {"engine": "sglang", "engine_version": "0.5.5"}
    assert data["benchmark"]["scenario"] == "closed-loop"
    assert data["configuration"]["hyperparameters"]["tensor_parallel"] == 2
    assert "secret" not in str(data)
    # Of another server nothing but the load generator's own numbers is known; without streaming there is no first token.
    data = other.to_dict()
    assert "model" not in data
    assert "software" not in data
    assert "scenario" not in data["benchmark"]
    assert set(values(other)) == {
        ("throughput", "mean", "issue-window", "token"),
        ("throughput", "mean", "issue-window", "input-token"),
        ("throughput", "mean", "issue-window", "query"),
        ("duration", "single", "issue-window", "run"),
        ("output-tokens", "sum", "run"),
        ("latency", "mean", "request", "query"),
        ("latency", "median", "request", "query"),
    }
    assert missing(other)["ttft", "mean", "request", "query"] == "not-measured"
    assert account.total("converted") == 2


def test_sglang_of_others(samples: Path, tmp_path: Path) -> None:
    path = samples / "llm_tools" / "sglang" / "excerpt-agg_n50_in128_out64_c8.jsonl"
    (record,), _ = converted(path, tmp_path)
    numbers = values(record)
    assert numbers["duration", "single", "issue-window", "run"] == 1.9711186867207289
    assert numbers["throughput", "mean", "issue-window", "token"] == 710.7638973941176
    assert numbers["throughput", "mean", "issue-window", "query"] == 25.36630611684931
    assert numbers["throughput", "mean", "issue-window", "total-token"] == 2242.381460729479
    assert numbers["tpot", "mean", "decode", "token"] == pytest.approx(0.006627540826841212)
    assert numbers["latency", "mean", "decode", "token"] == pytest.approx(0.007067802402786029)
    assert numbers["latency", "mean", "request", "query"] == pytest.approx(0.3068716875091195)
    assert numbers["latency", "p99", "request", "query"] == pytest.approx(0.9732989947218446)
    ttft = measurement(record, "ttft", "mean", "request", "query")
    assert (ttft.value, ttft.n) == (pytest.approx(0.11528786353766918), 50)
    data = record.to_dict()
    assert data["model"] == {"name": "Qwen/Qwen2.5-3B-Instruct"}
    assert data["software"] == {"engine": "sglang", "engine_version": "0.5.5.post3"}


def test_perf_analyzer(tmp_path: Path) -> None:
    records, _ = converted(FIXTURES / "perf-analyzer.csv", tmp_path)
    assert [record.to_dict()["configuration"] for record in records] == [
        {"hyperparameters": {"concurrency": 1}},
        {"hyperparameters": {"concurrency": 4}},
    ]
    assert values(records[1]) == {
        ("throughput", "mean", "issue-window", "sample"): 120.25,
        ("latency", "mean", "queue", "query"): 0.021,
        ("latency", "mean", "transfer-in", "query"): 0.00019,
        ("latency", "mean", "compute", "query"): 0.00975,
        ("latency", "mean", "transfer-out", "query"): 0.000016,
        ("latency", "median", "request", "query"): 0.033,
        ("latency", "p90", "request", "query"): 0.039,
        ("latency", "p95", "request", "query"): 0.041,
        ("latency", "p99", "request", "query"): 0.0475,
    }


def test_perf_analyzer_of_others(samples: Path, tmp_path: Path) -> None:
    records, _ = converted(samples / "llm_tools" / "perf_analyzer" / "perf.csv", tmp_path)
    first, last = records[0], records[-1]
    numbers = values(first)
    assert numbers["throughput", "mean", "issue-window", "sample"] == 69.2
    assert numbers["latency", "median", "request", "query"] == 0.013891
    assert numbers["latency", "p99", "request", "query"] == 0.021018
    assert numbers["latency", "mean", "queue", "query"] == 0.000064
    assert numbers["latency", "mean", "compute", "query"] == 0.011781
    numbers = values(last)
    assert last.to_dict()["configuration"]["hyperparameters"] == {"concurrency": 2}
    assert numbers["throughput", "mean", "issue-window", "sample"] == 87.2
    assert numbers["latency", "median", "request", "query"] == 0.021874
    assert numbers["latency", "mean", "queue", "query"] == 0.009151


def test_vllm_times_batches_in_one_process(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "vllm-latency.json", tmp_path)
    assert values(record) == {
        ("latency", "mean", "end-to-end", "batch"): 2.0,
        ("latency", "median", "end-to-end", "batch"): 2.0,
        ("latency", "p10", "end-to-end", "batch"): 1.6,
        ("latency", "p99", "end-to-end", "batch"): 2.49,
    }
    mean = measurement(record, "latency", "mean", "end-to-end", "batch")
    assert (mean.samples, mean.stddev) == ([1.5, 2.5], 0.5)
    # Nothing says how large the batches were, nor of which model.
    assert "configuration" not in record.to_dict()
    assert "model" not in record.to_dict()


def test_a_rate_of_all_tokens_is_none_of_output_tokens(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "vllm-throughput.json", tmp_path)
    assert values(record) == {
        ("throughput", "mean", "issue-window", "query"): 25.0,
        ("throughput", "mean", "issue-window", "total-token"): 7500.0,
        ("duration", "single", "issue-window", "run"): 4.0,
    }


def test_copies_of_a_result_are_left_out(tmp_path: Path) -> None:
    source = tmp_path / "runs"
    source.mkdir()
    (source / "a.json").write_bytes((FIXTURES / "vllm-latency.json").read_bytes())
    copy = [
        {
            "benchmark": {"name": "vLLM benchmark"},
            "metric": {"name": "latency", "benchmark_values": [2.0]},
        }
    ]
    (source / "a.pytorch.json").write_text(json.dumps(copy))
    records, account = converted(source, tmp_path)
    assert len(records) == 1
    reasons = {entry.path: entry.reason for entry in account.files}
    assert str(reasons["a.pytorch.json"]).startswith("the same numbers")


def test_runs_that_a_sweep_gathers_are_counted_once(tmp_path: Path) -> None:
    runs = tmp_path / "runs" / "SERVE--max_num_seqs=8-BENCH--max_concurrency=2"
    runs.mkdir(parents=True)
    run = json.loads((FIXTURES / "vllm.json").read_text())
    (runs / "run=0.json").write_text(json.dumps({**run, "run_number": 0}))
    (runs / "run=1.json").write_text(json.dumps({**run, "run_number": 1, "duration": 12.5}))
    (runs / "summary.json").write_text(json.dumps([run, {**run, "duration": 12.5}]))
    records, account = converted(tmp_path / "runs", tmp_path)
    assert len(records) == 2
    reasons = {entry.path.rpartition("/")[2]: entry.reason for entry in account.files}
    assert reasons["summary.json"] == "the runs in run=0.json and others, which are read"


def test_a_summary_of_a_sweep_is_read_where_its_runs_are_not_there(tmp_path: Path) -> None:
    run = json.loads((FIXTURES / "vllm.json").read_text())
    summary = tmp_path / "summary.json"
    summary.write_text(json.dumps([run, {**run, "duration": 12.5}]))
    records, _ = converted(summary, tmp_path)
    assert len(records) == 2
