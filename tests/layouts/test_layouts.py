"""Layouts: which files are read by one, what they hold, and which are left to others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.layouts.helping import FIXTURES, converted, described_alike, measurement, missing, values
from tests.layouts.test_genai import GENAI
from tests.layouts.test_layouts_of_engines import ENGINES
from tests.layouts.test_layouts_of_models import MODELS
from tests.layouts.test_lm_eval import EVALS
from typer.testing import CliRunner

from benchfmt import convert
from benchfmt.cli.commands import app
from benchfmt.finding import BenchfmtError
from benchfmt.layouts import fit, layouts

FITTING = {
    "vllm.json": "vllm-bench-serve",
    "vllm-failed.json": "vllm-bench-serve",
    "vllm-old.json": "vllm-bench-serve",
    **ENGINES,
    **MODELS,
    "vllm-latency.json": "vllm-bench-latency",
    "vllm-throughput.json": "vllm-bench-throughput",
    "sglang.jsonl": "sglang-bench-serving",
    "perf-analyzer.csv": "perf-analyzer",
    "llama-bench.json": "llama-bench",
    "llama-bench.csv": "llama-bench",
    "llama-bench.md": "llama-bench-markdown",
    **EVALS,
    **GENAI,
}


@pytest.mark.parametrize("name", FITTING)
def test_a_file_is_of_its_layout_and_described_so(name: str, tmp_path: Path) -> None:
    fitting = fit(FIXTURES / name)
    assert fitting is not None
    assert fitting.name == FITTING[name]
    described_alike(FIXTURES / name, FITTING[name], tmp_path)


def test_every_layout_has_a_file_of_ours() -> None:
    read = {item.name for item in layouts() if item.left_out is None}
    assert read == set(FITTING.values())


def test_the_account_and_the_records_say_by_which_layout_they_were_read(tmp_path: Path) -> None:
    records, account = converted(FIXTURES / "vllm.json", tmp_path)
    assert account.files[0].converter == "annotated"
    assert account.files[0].reason == "read as vllm-bench-serve 1.0"
    assert records[0].to_dict()["extensions"]["benchfmt"] == {"layout": "vllm-bench-serve 1.0"}


def test_a_file_of_an_inferencex_run_stays_that(tmp_path: Path) -> None:
    data = json.loads((FIXTURES / "vllm.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**data, "benchmark_start_time_unix": 1.0}))
    conversion = convert(tmp_path)
    list(conversion)
    assert [entry.converter for entry in conversion.account.files] == ["inferencex"]


def test_a_file_with_a_descriptor_of_its_own_is_left_to_that(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "vllm.json", tmp_path)
    descriptor = tmp_path / "datapackage.json"
    descriptor.write_text('{"resources": [{"path": "vllm.json", "schema": {"fields": 3}}]}')
    conversion = convert(tmp_path)
    assert list(conversion) == []
    roles = {entry.path: entry.role for entry in conversion.account.files}
    assert roles == {"datapackage.json": "failed", "vllm.json": "skipped"}


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    result = CliRunner().invoke(app, ["describe", str(FIXTURES / "vllm.json"), "--like", "vlm"])
    assert isinstance(result.exception, BenchfmtError)
    assert "there is no layout 'vlm'; there are:\n" in str(result.exception)
    assert "JSON of `vllm bench serve`" in str(result.exception)


def test_the_layouts_are_listed() -> None:
    result = CliRunner().invoke(app, ["describe", "--list-like"])
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == sorted(set(FITTING.values()))


def test_a_file_of_another_layout_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    table = tmp_path / "own.json"
    table.write_text('{"model_id": "otter", "tokenizer_id": "otter"}')
    result = CliRunner().invoke(app, ["describe", str(table), "--like", "vllm-bench-serve"])
    assert isinstance(result.exception, BenchfmtError)
    assert "it has no column 'num_prompts'" in str(result.exception)


def test_vllm(tmp_path: Path) -> None:
    records, _ = converted(FIXTURES / "vllm.json", tmp_path)
    record = records[0]
    assert values(record) == {
        ("throughput", "mean", "issue-window", "token"): 160.0,
        ("throughput", "mean", "issue-window", "total-token"): 560.0,
        ("throughput", "mean", "issue-window", "query"): 7.6,
        ("duration", "single", "issue-window", "run"): 2.5,
        ("output-tokens", "sum", "run"): 400.0,
        ("ttft", "mean", "request", "query"): 0.0405,
        ("ttft", "median", "request", "query"): 0.03825,
        ("ttft", "p99.9", "request", "query"): 0.061,
        ("tpot", "mean", "decode", "token"): 0.0125,
        ("tpot", "median", "decode", "token"): 0.012,
        ("tpot", "p99", "decode", "token"): 0.01575,
        ("latency", "mean", "decode", "token"): 0.0375,
        ("latency", "median", "decode", "token"): 0.036,
        ("latency", "p99", "decode", "token"): 0.04725,
    }
    assert set(missing(record).values()) == {"not-measured"}
    ttft = measurement(record, "ttft", "mean", "request", "query")
    assert (ttft.n, ttft.stddev, ttft.caveats) == (19, 0.0045, ["partial-run"])
    # With speculative decoding a chunk holds several tokens, and the gaps are those between chunks.
    gap = measurement(record, "latency", "mean", "decode", "token")
    assert gap.caveats == ["definition-inferred", "partial-run"]
    assert (gap.n, gap.stddev) == (None, 0.003)
    assert record.to_dict()["model"] == {"name": "otter/otter-7b"}


def test_vllm_without_one_request_that_was_answered(tmp_path: Path) -> None:
    records, _ = converted(FIXTURES / "vllm-failed.json", tmp_path)
    record = records[0]
    assert record.status == "failed"
    assert values(record) == {}
    assert set(missing(record).values()) == {"run-failed"}


def test_vllm_before_it_wrote_down_how_long_it_took(tmp_path: Path) -> None:
    records, _ = converted(FIXTURES / "vllm-old.json", tmp_path)
    record = records[0]
    assert values(record) == {
        ("ttft", "mean", "request", "query"): 0.090125,
        ("ttft", "median", "request", "query"): 0.088,
        ("ttft", "p99", "request", "query"): 0.12,
        ("latency", "mean", "decode", "token"): 0.03,
    }
    assert record.to_dict()["measurements"][0]["primary"]
    assert measurement(record, "ttft", "mean", "request", "query").n is None


def test_vllm_of_others(samples: Path, tmp_path: Path) -> None:
    folder = samples / "llm_tools" / "vllm"
    records, _ = converted(folder / "bench_serve_v0.25.1.json", tmp_path)
    numbers = values(records[0])
    assert numbers["throughput", "mean", "issue-window", "token"] == 82.89297074037474
    assert numbers["throughput", "mean", "issue-window", "query"] == 5.180810671273421
    assert numbers["throughput", "mean", "issue-window", "total-token"] == 248.6789122211242
    assert numbers["duration", "single", "issue-window", "run"] == 1.5441598830002476
    ttft = measurement(records[0], "ttft", "mean", "request", "query")
    assert (ttft.value, ttft.n, ttft.stddev) == (0.21553594200008774, 8, 0.29206819504885306)
    assert numbers["ttft", "median", "request", "query"] == 0.05568139649994919
    assert numbers["ttft", "p99", "request", "query"] == 0.7344049174101428
    assert numbers["tpot", "mean", "decode", "token"] == 0.011265828258331112
    assert numbers["latency", "mean", "decode", "token"] == pytest.approx(0.011265836941667354)
    records, _ = converted(folder / "bench_serve_all_requests_failed_v0.25.1.json", tmp_path)
    assert (records[0].status, values(records[0])) == ("failed", {})
    records, _ = converted(folder / "serving_llama8B_tp1_1.json", tmp_path)
    numbers = values(records[0])
    assert numbers["ttft", "mean", "request", "query"] == 0.11123647520318627
    assert numbers["ttft", "p99", "request", "query"] == 0.16547399744391114
    assert numbers["tpot", "mean", "decode", "token"] == 0.04048013234569434
    assert {name[0] for name in numbers} == {"ttft", "tpot", "latency"}
