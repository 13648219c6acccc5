"""DataPerf, Dynabench and dcbench: real outputs against the notes and SOURCES.md, small fixtures against records."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from benchfmt import convert, validate
from benchfmt.accounting import Account
from benchfmt.converters.base import Source
from benchfmt.converters.dataperf import common, files, platforms
from benchfmt.finding import BenchfmtError
from benchfmt.suites import dataperf as rules
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "dataperf"
COUNTS = {
    "cleaning_dcbench/result_first50_p001.txt": 1,
    "data_acquisition/result_bilge20230301.json": 5,
    "dynabench/score_metadata_bird.pyrepr.txt": 1,
    "slicing_dcbench/result_confusion_sdm.pyrepr.txt": 1,
    "speech_selection/eval_stdout_en_25.log": 1,
    "vision_debugging/time_01g317_my_method.txt": 1,
    "vision_selection/result_for_random_500.json": 3,
}
"""Records of each sample: a concept, market, tag or run each."""
SUPPORTING = {
    "data_acquisition/config_bilge20230301.json",
    *(f"data_acquisition/submission_bilge/{market}.csv" for market in range(5)),
    "slicing_dcbench/problem_p_118919.pyrepr.txt",
    "speech_selection/dataperf_speech_config.yaml",
    "vision_debugging/01g317_my_method.txt",
    "vision_selection/task_setup.yaml",
}
SKIPPED = {
    "SOURCES.md": "not recognised",
    "dynabench/DAM_task_config.yaml": "settings of a task",
    "dynabench/dataperf_image_labelling_task_config.yaml": "settings of a task",
    "dynabench/speech-selection_task_config.yaml": "settings of a task",
    "dynabench/vision-debugging_task_config.yaml": "settings of a task",
    "dynabench/vision-selection_task_config.yaml": "settings of a task",
    "speech_selection/derivative_medical_abstracts/results_selected_subset.json": "macro F1 of another task",
    "speech_selection/legacy_train_selection.yaml": "a selection of recordings",
    "speech_selection/selection_stdout_en_25.log": "the cross-validation score",
    "vision_debugging/task_setup.yml": "the settings of an evaluation whose result is not here",
    "vision_selection/alpha_example_set_Hawk.csv": "example images",
    "vision_selection/random_500.csv": "a selection of images",
}
"""Every sample that gives no record, and why, by hand."""


def records_of(path: Path, **options: str) -> tuple[list[dict[str, Any]], Account]:
    conversion = convert(path, "dataperf", **options)
    return [record.to_dict() for record in conversion], conversion.account


def by_metric(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {m["metric"]: m for m in record["measurements"]}


def of(samples: Path, name: str, **options: str) -> list[dict[str, Any]]:
    """Return the records of one file of the samples, read with all that is beside it."""
    folder = samples / "dataperf" / name.split("/")[0]
    records, _ = records_of(folder, **options)
    return [r for r in records if r["provenance"]["sources"][0]["path"] == name.rsplit("/", 1)[-1]]


def test_vision_selection_gives_a_record_for_each_concept(samples: Path) -> None:
    name = "vision_selection/result_for_random_500.json"
    data = json.loads((samples / "dataperf" / name).read_text("utf-8"))
    records = of(samples, name)
    assert [r["dataset"]["name"] for r in records] == ["Cupcake", "Hawk", "Sushi"]
    for record in records:
        concept = record["dataset"]["name"]
        found = by_metric(record)
        assert {m: found[m]["value"] for m in found} == data[concept]
        assert {m: found[m]["reported_value"] for m in found} == {
            m: repr(v) for m, v in data[concept].items()
        }
        assert found["f1"]["primary"]
        assert record["configuration"]["hyperparameters"] == {
            "strategy": "random_500",
            "dim": 256,
            "random_state": 0,
        }
        assert record["model"] == {
            "name": "logistic-regression"
        }  # fixed; the strategy is what is benchmarked
        assert "system" not in record
    # The notes: f1 0.5039370078740157 / 0.25000000000000006 / 0.6320754716981132, mean 0.4620.
    f1 = [by_metric(r)["f1"]["value"] for r in records]
    assert f1 == [0.5039370078740157, 0.25000000000000006, 0.6320754716981132]
    assert round(sum(f1) / 3, 4) == 0.4620


def test_data_acquisition_gives_a_record_for_each_market(samples: Path) -> None:
    records = of(samples, "data_acquisition/result_bilge20230301.json")
    notes = [("10.0", "0.7293333333333333"), ("102.13333333333333", "0.7796666666666666"),
             ("103.30000000000001", "0.7803333333333333"), ("103.30000000000001", "0.772"), ("100.4", "0.7493333333333333")]  # fmt: skip
    assert len(records) == 5
    for market, (record, (cost, accuracy)) in enumerate(zip(records, notes, strict=True)):
        found = by_metric(record)
        assert record["dataset"]["name"] == f"market-{market}"
        assert (found["accuracy"]["reported_value"], found["accuracy"]["value"]) == (
            accuracy,
            float(accuracy),
        )
        assert (found["accuracy"]["n"], found["accuracy"]["statistic"]) == (10, "mean")
        # The evaluator does not enforce its budget: four of five markets cost more than 100.
        assert (found["objective-value"]["value"], found["objective-value"]["target_max"]) == (
            float(cost),
            100,
        )
        bought = (
            samples / "dataperf" / "data_acquisition" / "submission_bilge" / f"{market}.csv"
        ).read_text()
        allocation = record["configuration"]["hyperparameters"]["allocation"]
        assert allocation == [int(cell) for cell in bought.split(",")]
        assert len(allocation) == 20
        assert record["model"] == {"name": "k-nearest-neighbours"}
        assert record["provenance"]["measured_at"] == "2023-03-01"
    mean = sum(by_metric(r)["accuracy"]["value"] for r in records) / 5
    assert round(mean, 5) == 0.76213


def test_speech_selection_says_language_and_size_in_its_name_only(samples: Path) -> None:
    (record,) = of(samples, "speech_selection/eval_stdout_en_25.log")
    (measurement,) = record["measurements"]
    assert measurement["metric"] == "macro-f1"
    assert measurement["reported_value"] == "0.31644245062823384"
    assert (measurement["statistic"], measurement["per"], measurement["n"]) == ("mean", "run", 10)
    assert measurement["caveats"] == [
        "definition-inferred"
    ]  # the same word was another metric before May 2023
    assert record["dataset"] == {"name": "en", "samples": 25}
    assert record["configuration"]["hyperparameters"]["seeds"] == [
        5,
        69,
        98,
        70,
        95,
        64,
        37,
        11,
        4,
        32,
    ]
    (dated,) = of(samples, "speech_selection/eval_stdout_en_25.log", date="2023-05-17")
    assert "caveats" not in dated["measurements"][0]
    (early,) = of(samples, "speech_selection/eval_stdout_en_25.log", date="2023-05-15")
    assert early["measurements"][0]["metric"] == "dataperf:speech-score"


def test_debugging_time_is_kept_though_nothing_was_evaluated(samples: Path) -> None:
    (record,) = of(samples, "vision_debugging/time_01g317_my_method.txt")
    found = by_metric(record)
    assert (found["duration"]["value"], found["duration"]["stage"]) == (
        4.6976000021459186e-05,
        "strategy",
    )
    assert found["fraction-of-fixes"]["missing"] == "not-reported"
    assert record["status"] == "incomplete"
    assert record["dataset"]["name"] == "01g317"
    assert record["configuration"]["hyperparameters"]["strategy"] == "my_method"


def test_dynabench_percents_become_fractions(samples: Path) -> None:
    (record,) = of(samples, "dynabench/score_metadata_bird.pyrepr.txt")
    (measurement,) = record["measurements"]
    assert (measurement["metric"], measurement["value"]) == ("f1", 0.544)
    assert (measurement["reported_value"], measurement["reported_unit"]) == ("54.4", "%")
    assert "stddev" not in measurement  # perf_std 0.0 is a constant
    assert record["dataset"]["name"] == "bird"
    assert record["benchmark"]["verification"] == "unverified"


def test_slices_and_cleaning_are_dcbench(samples: Path) -> None:
    name = "slicing_dcbench/result_confusion_sdm.pyrepr.txt"
    (record,) = of(samples, name)
    data = ast.literal_eval((samples / "dataperf" / name).read_text("utf-8"))
    found = by_metric(record)
    assert [found[m]["value"] for m in ("precision@10", "precision@25", "auroc")] == list(
        data.values()
    )
    assert (data["precision_at_10"], data["precision_at_25"]) == (0.3, 0.4)
    assert record["benchmark"]["suite"] == "dcbench"
    assert record["dataset"]["name"] == "p_118919"
    assert record["configuration"]["hyperparameters"]["slice_names"] == ["hay.n.01"]
    (cleaned,) = of(samples, "cleaning_dcbench/result_first50_p001.txt")
    values = {m.get("scope", ""): m["reported_value"] for m in cleaned["measurements"]}
    assert values == {"": "0.316667", "subset:validation": "0.236842"}
    assert cleaned["model"] == {"name": "logistic-regression"}
    assert cleaned["dataset"]["name"] == "Supreme"
    assert cleaned["configuration"]["hyperparameters"] == {
        "strategy": "first50", "budget": 0.1, "mode": "MAR", "problem_id": "p001",
    }  # fmt: skip


def test_the_samples_convert_and_each_file_is_told(samples: Path, tmp_path: Path) -> None:
    account = convert(samples / "dataperf").write(tmp_path / "package")
    entries = account.to_dict()["entries"]
    assert {e["path"]: e["records"] for e in entries if e["role"] == "primary"} == COUNTS
    assert {e["path"] for e in entries if e["role"] == "supporting"} == SUPPORTING
    told = {e["path"]: e["reason"] for e in entries if e["role"] in ("skipped", "failed")}
    assert set(told) == set(SKIPPED)
    assert all(told[name].startswith(reason) for name, reason in SKIPPED.items())
    assert not account.findings
    report = validate(tmp_path / "package")
    assert report.ok
    # Four markets of the example cost more than the budget, which the evaluator does not enforce.
    assert [finding.code for finding in report.findings] == ["BF440"] * 4


def test_no_other_family_is_claimed(samples: Path) -> None:
    for folder in sorted(path for path in samples.iterdir() if path.is_dir()):
        assert (files.detect(Source(folder)) is not None) == (folder.name == "dataperf"), (
            folder.name
        )


def test_fixtures_give_the_expected_records(golden: Callable[[str, Any], None]) -> None:
    records, account = records_of(FIXTURES, metrics="dataperf_f1,examples_per_second")
    findings = [finding.to_dict() for finding in account.findings]
    keys = ("path", "role", "reason", "details", "records")
    entries = [{k: v for k, v in e.items() if k in keys} for e in account.to_dict()["entries"]]
    golden("dataperf", {"records": records, "findings": findings, "files": entries})


def test_the_interface_holds(two_processes: Executor) -> None:
    check_converter(
        "dataperf",
        [FIXTURES, FIXTURES / "results", FIXTURES / "scores.json", FIXTURES / "eval_id_60.log"],
        executor=two_processes,
    )


def test_the_misnamed_key_holds_the_fraction_and_minus_one_means_never() -> None:
    records, account = records_of(FIXTURES / "results")
    found = {r["configuration"]["hyperparameters"]["strategy"]: r for r in records}
    random = by_metric(found["random"])
    assert random["fraction-of-fixes"]["value"] == 0.6
    assert random["accuracy"]["samples"] == [0.5, 0.5, 0.625, 0.75, 0.75]  # of this method alone
    assert (random["accuracy"]["value"], random["accuracy"]["statistic"]) == (0.75, "best")
    assert (random["auroc"]["missing"], random["auroc"]["reported_value"]) == (
        "invalid-in-source",
        "-1",
    )
    slow = found["slow_one"]
    assert slow["status"] == "failed"
    assert by_metric(slow)["fraction-of-fixes"]["missing"] == "target-not-reached"
    assert found["random"]["dataset"]["name"] == "01g317-flipped"
    # The first accuracy is enough already: the evaluator counts from zero, so 0.0, and the file says 0.2.
    assert [(f.code, f.value) for f in account.findings] == [("BF405", "0.2")]


def test_the_time_of_a_strategy_goes_to_its_evaluation() -> None:
    records, _ = records_of(FIXTURES)
    random = next(
        r
        for r in records
        if r.get("configuration", {}).get("hyperparameters", {}).get("strategy") == "random"
    )
    duration = by_metric(random)["duration"]
    assert (duration["value"], duration["source_path"]) == (
        0.0012,
        "time_01g317-flipped_random.txt",
    )


def test_a_leaderboard_needs_the_order_of_its_scores() -> None:
    path = FIXTURES / "leaderboard.json"
    records, account = records_of(path)
    assert not records
    assert account.to_dict()["rows"]["skipped"] == 3
    records, account = records_of(path, metrics="dataperf_f1,examples_per_second")
    assert [(r["dataset"]["name"], r["status"]) for r in records] == [
        ("cupcake", "ok"),
        ("hawk", "incomplete"),
    ]
    assert by_metric(records[0])["f1"]["value"] == 0.544
    assert by_metric(records[1])["f1"]["missing"] == "withheld"
    assert account.to_dict()["rows"]["failed"] == 1  # one score for two metrics
    assert "is not a metric of DataPerf" in str(
        records_of(path, metrics="speed")[1].to_dict()["entries"][0]["reason"]
    )


@pytest.mark.parametrize(
    ("metric", "text", "value", "unit", "doubtful"),
    [
        ("dataperf_f1", "54.4", 0.544, "%", False),
        ("dataperf_f1", "0.5", 0.005, "%", False),
        ("dataperf_auc", "0.81", 0.81, None, False),
        ("dataperf_auc", "81", 0.81, "%", True),
        ("macro_f1", "41.25", 0.4125, "%", True),
        ("macro_f1", "0.4125", 0.4125, None, True),
        ("dataperf_fraction_of_fixes", "12.5", 0.125, "%", False),
    ],
)
def test_fractions_and_percents_are_told_apart(
    metric: str, text: str, value: float, unit: str | None, *, doubtful: bool
) -> None:
    number = platforms.quality(metric, text)
    assert (number.value, number.reported_unit) == (value, unit)
    assert ("unit-inferred" in (number.caveats or [])) == doubtful


def test_nibbler_is_counted_and_no_prompt_is_taken_over() -> None:
    records, account = records_of(FIXTURES / "round1")
    (record,) = records
    (measurement,) = record["measurements"]
    # Of four rows that can be read: 3 of 5 and 4 of 4 for both; 2 of 5 and none are too few.
    assert (measurement["value"], measurement["n"]) == (2, 4)
    assert record["benchmark"]["suite_version"] == "round1"
    assert record["dataset"] == {"split": "dev"}
    assert record["provenance"]["license"] == "CC-BY-4.0"
    assert "harmless prompt" not in json.dumps(records)
    assert account.to_dict()["rows"]["failed"] == 1


def test_what_no_file_says_comes_from_options() -> None:
    (record,) = records_of(
        FIXTURES / "eval_id_60.log",
        method="greedy",
        submitter="me",
        date="2023-05-20",
        language="pt",
        size="25",
    )[0]
    assert record["dataset"] == {"name": "pt", "samples": 25}
    assert record["configuration"]["hyperparameters"] == {"strategy": "greedy"}
    assert record["provenance"]["submitter"] == "me"
    assert record["provenance"]["measured_at"] == "2023-05-20"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "{'a': open('x')}",
        "{'a': 1",
        "(" * 500,
        "[" * 5000 + "]" * 5000,
        "{'a': 1j}",
        "{**{}}x",
    ],
)
def test_a_print_is_data_or_nothing(text: str) -> None:
    with pytest.raises(BenchfmtError):
        common.printed(text)


def test_a_print_keeps_its_digits() -> None:
    data = common.printed("{'a': 0.30000000000000004, 'b': [-1, True, None, 'é 1.50', 1.50]}")
    assert data == {"a": "0.30000000000000004", "b": ["-1", True, None, "é 1.50", "1.50"]}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("result.json", '{"Hawk": {"accuracy": 0.5, "f1": 0.5}', "not JSON"),
        (
            "01g317_evaluation.json",
            '{"before_acc": 0.5}',
            "auc_score and submitted_evaluations are expected",
        ),
        (
            "01g317_evaluation.json",
            '{"before_acc": 0.5, "auc_score": [], "submitted_evaluations": []}',
            "auc_score",
        ),
        ("dev.json", '{"prompt": {"0": "x"}}', "there is no column `validation`"),
        ("board.json", '{"count": 1, "data": []}', "it holds no result"),
        ("time_01g317_x.txt", "1e", "not a number"),
    ],
)
def test_bad_input_is_told(tmp_path: Path, name: str, content: str, reason: str) -> None:
    (tmp_path / name).write_text(content)
    account = records_of(tmp_path)[1].to_dict()
    assert reason in json.dumps(account["entries"])


def test_a_settings_file_cannot_grow(tmp_path: Path) -> None:
    path = tmp_path / "task_setup.yaml"
    path.write_text("a: &a [1, 2]\nb: [*a, *a]\n")
    assert common.settings(path) == {}
    path.write_text("dim: 256\n")
    assert common.settings(path) == {"dim": 256}
    path.write_text("dim: [256\n")
    assert common.settings(path) == {}


def test_nothing_is_made_of_other_texts(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": {"accuracy": 0.5}, "b": {"loss": 1}}')
    (tmp_path / "b.log").write_text("Score:  0.5\n")
    (tmp_path / "c.csv").write_text("ImageID,Confidence\nx,1\n")
    assert files.detect(Source(tmp_path)) is None


def test_the_rules_are_those_of_the_notes() -> None:
    speech = rules.challenge("speech-selection")
    assert (speech["seeds"], speech["sizes"]) == ([5, 69, 98, 70, 95, 64, 37, 11, 4, 32], [25, 60])
    assert speech["macro_f1_since"] == "2023-05-16"
    assert rules.challenge("vision-debugging")["samples"] == 500
    assert [rules.acquisition_model(word) for word in ("lr", "knn", "rf", "svm")] == [
        "logistic-regression", "k-nearest-neighbours", "random-forest", None,
    ]  # fmt: skip
    assert not [name for name in COUNTS if not re.match(r"[a-z_]+/", name)]


def test_the_interface_holds_for_the_samples_of_dataperf(
    samples: Path, two_processes: Executor
) -> None:
    check_converter("dataperf", [samples / "dataperf"], executor=two_processes)


@pytest.mark.parametrize("value", ["2026-13-45", "9" * 5_000, "0b2", "!!python/object:x {}", "*x"])
def test_settings_that_yaml_cannot_read_say_nothing(tmp_path: Path, value: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(f"dim: {value}\n", "utf-8")
    assert not isinstance(common.settings(path).get("dim"), int)
