"""The layout of the Language Model Evaluation Harness: a record for each task, and look-alikes that are told apart."""

from __future__ import annotations

import json
from pathlib import Path

from tests.layouts.helping import FIXTURES, converted, measurement, missing, values

from benchfmt import Record

LASTS = ("duration", "single", "whole-run", "run", "run:all-tasks")
EVALS = {"lm-eval.json": "lm-evaluation-harness", "lm-eval-old.json": "lm-evaluation-harness"}
"""Files of ours, each with its layout."""


def by_task(records: list[Record]) -> dict[str, Record]:
    return {record.to_dict()["benchmark"]["name"]: record for record in records}


def test_each_task_is_a_record_with_its_own_scores(tmp_path: Path) -> None:
    records, _ = converted(FIXTURES / "lm-eval.json", tmp_path)
    tasks = by_task(records)
    scores = {name: values(record) for name, record in tasks.items()}
    assert scores == {
        "otters_a": {
            ("accuracy", "pooled"): 0.5,
            ("lm-eval:acc-norm", "pooled"): 0.625,
            LASTS: 120.5,
        },
        "otters_b": {("accuracy", "pooled"): 0.75, LASTS: 120.5},
        "otters": {("accuracy", "mean"): 0.6875, LASTS: 120.5},
        "sums": {
            ("exact-match", "pooled", "filter:strict-match"): 0.25,
            ("exact-match", "pooled", "filter:flexible-extract"): 0.375,
            LASTS: 120.5,
        },
    }
    # A score that a task does not have is no measurement without a value.
    assert all(missing(record) == {} for record in records)
    assert measurement(tasks["otters"], "accuracy", "mean").basis == "derived"
    score = measurement(tasks["otters_a"], "accuracy", "pooled")
    assert (score.n, score.stddev, score.caveats) == (40, None, ["partial-run"])


def test_what_stands_elsewhere_of_a_task_is_its_own(tmp_path: Path) -> None:
    records, _ = converted(FIXTURES / "lm-eval.json", tmp_path)
    tasks = {name: record.to_dict() for name, record in by_task(records).items()}
    assert tasks["otters_a"]["dataset"] == {"name": "lab/otters", "split": "test"}
    assert "dataset" not in tasks["otters_b"]
    settings = {name: data["configuration"]["hyperparameters"] for name, data in tasks.items()}
    assert settings == {
        "otters_a": {"shots": 5, "task_version": "1.0"},
        "otters_b": {"shots": 5, "task_version": "1.0"},
        "otters": {"task_version": "1"},
        "sums": {"shots": 0, "task_version": "3.0"},
    }
    sums = tasks["sums"]
    assert sums["model"] == {"name": "lab/otter-7b"}
    assert sums["software"] == {"engine": "vllm"}
    assert sums["provenance"]["measured_at"] == "2026-01-01T00:00:00+00:00"
    assert {data["provenance"]["execution"] for data in tasks.values()} == {"lm-eval"}
    own = sums["extensions"]["lm-evaluation-harness"]
    assert own["odd_score,none"] == "3.5"
    assert own["exact_match_stderr,strict-match"] == "0.01"


def test_scores_without_a_filter_are_of_older_versions(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "lm-eval-old.json", tmp_path)
    assert values(record) == {("accuracy", "pooled"): 0.25}
    data = record.to_dict()
    assert data["model"] == {"name": "lab/otter-1b"}
    assert data["configuration"]["batch_size"] == 4


def test_lighteval_is_told_apart(tmp_path: Path) -> None:
    source = tmp_path / "runs"
    source.mkdir()
    general = {"model_name": "lab/otter-7b", "lighteval_sha": "?"}
    results = {"lab|otters|5": {"acc": 0.5, "acc_stderr": 0.1}, "all": {"acc": 0.5}}
    data = {"config_general": general, "results": results, "versions": {"lab|otters|5": 0}}
    (source / "results_2026.json").write_text(json.dumps(data))
    (source / "lm-eval.json").write_bytes((FIXTURES / "lm-eval.json").read_bytes())
    records, account = converted(source, tmp_path)
    assert len(records) == 4
    reasons = {entry.path: (entry.role, entry.reason) for entry in account.files}
    role, reason = reasons["results_2026.json"]
    assert role == "skipped"
    assert str(reason).startswith("results of lighteval")


def test_lm_eval_of_others(samples: Path, tmp_path: Path) -> None:
    records, account = converted(samples / "llm_tools" / "lm_eval", tmp_path)
    tasks = by_task(records)
    assert set(tasks) == {"math_perturbed_full", "math_rephrased_full"}
    score = measurement(tasks["math_rephrased_full"], "exact-match", "pooled")
    assert (score.value, score.n) == (0.0004, 5000)
    score = measurement(tasks["math_perturbed_full"], "exact-match", "pooled")
    assert (score.value, score.n) == (0.0, 5000)
    data = tasks["math_perturbed_full"].to_dict()
    assert data["benchmark"]["suite_version"] == "0.4.9.2"
    assert data["configuration"]["precision"] == "bf16"
    assert data["configuration"]["hyperparameters"]["shots"] == 0
    assert values(tasks["math_perturbed_full"])[LASTS] == 2677.7320792819373
    assert account.count("skipped") == 2
