"""The rules of MLPerf Training and HPC as data."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from benchfmt.suites import mlperf_training as rules
from benchfmt.vocabulary import vocabulary


def data() -> dict[str, Any]:
    return tomllib.loads(
        files("benchfmt.suites").joinpath("data/mlperf_training.toml").read_text(encoding="utf-8")
    )


@pytest.mark.parametrize(
    ("folder", "round_id", "name"),
    [
        ("ssd", "v0.5", "ssd"), ("ssd", "v1.1", "ssd"), ("ssd", "v2.0", "retinanet"), ("ssd", "v4.1", "retinanet"),
        ("retinanet", "v5.0", "retinanet"), ("ssd", None, None), ("mask", "v0.6", "maskrcnn"), ("mask", None, "maskrcnn"),
        ("gnn", "v4.0", "rgat"), ("rgat", "v5.1", "rgat"), ("resnet", None, "resnet"), ("results", "v3.0", None),
        ("ResNet", "v3.0", "resnet"),
    ],
)  # fmt: skip
def test_names_map_by_round(folder: str, round_id: str | None, name: str | None) -> None:
    assert rules.canonical(folder, round_id) == name


@pytest.mark.parametrize(
    ("name", "runs", "dropped"),
    [("resnet", 5, 1), ("unet3d", 40, 4), ("gpt3", 3, 1), ("dlrm", 5, 1), ("dlrm_dcnv2", 10, 1), ("bert", 10, 1),
     ("llama31_405b", 3, 1), ("dlrmv4", 10, 1), ("qwen35_397b_grpo", 3, 1), ("deepseekv3_671b", 3, 1), ("cosmoflow", 10, 1), ("deepcam", 5, 1), ("openfold", 10, 1), ("ncf", 100, 1)],
)  # fmt: skip
def test_numbers_of_runs(name: str, runs: int, dropped: int) -> None:
    benchmark = rules.benchmark(name)
    assert benchmark and (benchmark.runs, benchmark.dropped) == (runs, dropped)


@pytest.mark.parametrize(
    ("name", "round_id", "targets"),
    [
        ("resnet", "v0.5", [("accuracy", "0.749", None)]),
        ("resnet", "v0.6", [("accuracy", "0.759", None)]),
        ("resnet", "v5.1", [("accuracy", None, None)]),
        ("resnet", None, [("accuracy", None, None)]),
        ("ssd", "v0.5", [("map", "0.212", None)]),
        ("retinanet", "v2.0", [("map", "0.340", None)]),
        ("maskrcnn", "v1.0", [("box-map", "0.377", None), ("mask-map", "0.339", None)]),
        ("rnnt", "v1.0", [("word-error-rate", None, "0.058")]),
        ("stable_diffusion", "v4.0", [("fid", None, "90"), ("clip-score", "0.15", None)]),
        ("llama2_70b_lora", "v4.0", [("eval-loss", None, "0.925")]),
        ("cosmoflow", "v0.7", [("mean-absolute-error", None, None)]),
        ("cosmoflow", "v2.0", [("mean-absolute-error", None, "0.124")]),
        ("nothing", "v2.0", []),
        ("dlrmv4", "v6.1", [("auroc", "0.75", None)]),
        ("dlrmv4", "v6.0", [("auroc", None, None)]),
        ("qwen35_397b_grpo", "v6.1", [("accuracy", "0.69", None)]),
        ("gpt_oss_20b", "v6.0", [("log-perplexity", None, "3.34")]),
        ("deepseekv3_671b", "v6.1", [("log-perplexity", None, "3.6")]),
        ("flux1", "v6.1", [("eval-loss", None, "0.586")]),
        ("llama31_8b", "v6.1", [("log-perplexity", None, "3.3")]),
        ("llama31_405b", "v6.1", [("log-perplexity", None, None)]),
        # Without a round a target stands that no round had otherwise.
        ("dlrmv4", None, [("auroc", "0.75", None)]),
        ("rgat", None, [("accuracy", "0.72", None)]),
        ("bert", None, [("accuracy", None, None)]),
        ("cosmoflow", None, [("mean-absolute-error", None, None)]),
    ],
)
def test_targets(
    name: str, round_id: str | None, targets: list[tuple[str, str | None, str | None]]
) -> None:
    found = [
        (item.metric, item.target_min, item.target_max) for item in rules.qualities(name, round_id)
    ]
    assert found == targets


def test_the_target_of_bert_depended_on_the_batch() -> None:
    assert rules.qualities("bert", "v0.7", 8192)[0].target_min == "0.706"
    assert rules.qualities("bert", "v0.7", 8191)[0].target_min == "0.712"
    assert rules.qualities("bert", "v1.0", 8192)[0].target_min == "0.720"


def test_every_block_has_its_source() -> None:
    loaded = data()
    blocks = [
        loaded["rounds"],
        *loaded["aliases"],
        *loaded["folders"],
        *loaded["benchmarks"].values(),
        *loaded["quality"],
    ]
    assert all(block["source"] for block in blocks)


def test_every_word_is_a_term() -> None:
    known = vocabulary()
    kinds = {
        "task": "task",
        "model": "model",
        "dataset": "dataset",
        "suite": "suite",
        "phase": "phase",
    }
    for entry in data()["benchmarks"].values():
        for field, kind in kinds.items():
            assert field not in entry or entry[field] in known.terms(kind), entry
        counts = entry.get("counts", "epochs")
        assert counts in known.metrics, counts
    for rule in data()["quality"]:
        for metric in rule["metrics"]:
            direction = known.metrics[metric["metric"]].direction
            side = {"higher": "min", "lower": "max"}.get(direction or "")
            assert {"min", "max"} & set(metric) <= ({side} if side else {"max"}), metric


def test_every_benchmark_has_a_quality() -> None:
    assert all(rules.qualities(name, None) for name in data()["benchmarks"])


IN_FORCE = {
    "v6.0": (
        "flux1",
        "dlrm_dcnv2",
        "llama31_8b",
        "llama2_70b_lora",
        "llama31_405b",
        "gpt_oss_20b",
        "deepseekv3_671b",
    ),
    "v6.1": (
        "flux1",
        "dlrmv4",
        "llama31_8b",
        "llama2_70b_lora",
        "gpt_oss_20b",
        "deepseekv3_671b",
        "qwen35_397b_grpo",
    ),
}
"""The benchmarks of the newest rounds: mlcommons/logging, mlperf_logging/benchmark_meta.py."""


@pytest.mark.parametrize(
    ("round_id", "name"), [(held, name) for held, names in IN_FORCE.items() for name in names]
)
def test_the_newest_rounds_are_known_whole(round_id: str, name: str) -> None:
    benchmark = rules.benchmark(rules.canonical(name, round_id))
    assert benchmark and benchmark.task and benchmark.model and benchmark.dataset
    assert all(
        quality.target_min or quality.target_max for quality in rules.qualities(name, round_id)
    )


def test_links_of_published_rows_name_submitters() -> None:
    assert rules.folder("HabanaLabs", "v1.0") == "Habana"
    assert [rules.folder("SUPERMICRO", "v1.0"), rules.folder("Supermicro", "v2.0")] == [
        "Supermicro",
        "SUPERMICRO",
    ]
    assert (
        rules.folder("Supermicro", "v3.0") == "Supermicro" and rules.folder("Dell", None) == "Dell"
    )
