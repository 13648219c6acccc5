"""The layouts of llama-bench: a row is one test, and what its numbers are depends on which."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.layouts.helping import FIXTURES, converted, measurement, values

from benchfmt import convert


def test_llama_bench(tmp_path: Path) -> None:
    (prompt, writing, both), _ = converted(FIXTURES / "llama-bench.json", tmp_path)
    assert values(prompt) == {
        ("throughput", "mean", "prefill", "input-token"): 8000.5,
        ("duration", "mean", "prefill", "run"): 0.064,
    }
    assert values(writing) == {
        ("throughput", "mean", "decode", "token"): 128.02,
        ("duration", "mean", "decode", "run"): 1.0,
    }
    assert values(both) == {
        ("throughput", "mean", "inference", "total-token"): 581.9,
        ("duration", "mean", "inference", "run"): 1.1,
    }
    rate = measurement(writing, "throughput", "mean", "decode", "token")
    assert rate.primary
    assert rate.samples == [130.61, 128.0, 125.49]
    assert (rate.n, rate.stddev) == (3, pytest.approx(2.5 * math.sqrt(2 / 3), rel=1e-15))
    data = writing.to_dict()
    assert data["model"] == {
        "name": "otter-7b-Q4_K_M",
        "parameters": 7_000_000_000,
        "size_bytes": 4_000_000_000,
    }
    assert data["software"]["engine"] == "llama-cpp"
    assert data["software"]["engine_version"] == "6001"
    assert data["system"]["processor"] == {"name": "Otter 9"}
    assert data["system"]["accelerator"] == {"name": "Lynx 4"}
    assert data["configuration"]["precision"] == "llama-bench:q4-k-medium"
    assert "/home/ann" not in str(data)


def test_llama_bench_as_csv_says_no_number_of_repeats(tmp_path: Path) -> None:
    (prompt, writing, _), _ = converted(FIXTURES / "llama-bench.csv", tmp_path)
    assert values(prompt)["throughput", "mean", "prefill", "input-token"] == 8000.5
    rate = measurement(writing, "throughput", "mean", "decode", "token")
    assert (rate.value, rate.n, rate.stddev) == (128.02, None, None)
    assert writing.to_dict()["extensions"]["llama-bench"]["stddev_ts"] == "2.5"


def test_llama_bench_as_it_prints(tmp_path: Path) -> None:
    records, _ = converted(FIXTURES / "llama-bench.md", tmp_path)
    assert [values(record) for record in records] == [
        {("throughput", "mean", "prefill", "input-token"): 5100.25},
        {("throughput", "mean", "decode", "token"): 71.5},
        {("throughput", "mean", "inference", "total-token"): 300.75},
    ]
    assert measurement(records[1], "throughput", "mean", "decode", "token").stddev is None
    data = records[1].to_dict()
    assert data["configuration"]["precision"] == "int8"
    assert data["configuration"]["hyperparameters"] == {
        "n_depth": "512",
        "n_gen": "128",
        "n_gpu_layers": 99,
    }
    assert data["model"] == {"name": "otter 7B Q8_0", "parameters": 7_000_000_000}


def test_a_run_that_is_written_in_two_forms_is_one(tmp_path: Path) -> None:
    source = tmp_path / "runs"
    source.mkdir()
    for ending in ("csv", "json"):
        name = f"llama-bench.{ending}"
        (source / name).write_bytes((FIXTURES / name).read_bytes())
    records, account = converted(source, tmp_path)
    assert len(records) == 3
    reasons = {entry.path: entry.reason for entry in account.files}
    assert reasons["llama-bench.csv"] == "the same run as llama-bench.json, which is read"


def test_llama_bench_of_others(samples: Path, tmp_path: Path) -> None:
    folder = samples / "llm_tools" / "llama_bench"
    (prompt, writing), _ = converted(folder / "llama-bench.json", tmp_path)
    rate = measurement(prompt, "throughput", "mean", "prefill", "input-token")
    assert (rate.value, rate.n) == (7100.002165, 5)
    assert rate.stddev == pytest.approx(125.525, abs=1e-3)
    rate = measurement(writing, "throughput", "mean", "decode", "token")
    assert (rate.value, rate.n) == (118.881588, 5)
    assert rate.stddev == pytest.approx(0.931825, abs=2e-6)
    records, _ = converted(folder / "llama-bench.md", tmp_path)
    assert [next(iter(values(record).values())) for record in records] == [
        7340.2,
        120.6,
        6425.91,
        116.71,
    ]
    # The document left a cell out of each row, so nobody knows which.
    conversion = convert(folder / "llama-bench.csv")
    assert list(conversion) == []
    assert conversion.account.total("failed") == 2
