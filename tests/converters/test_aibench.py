"""AIBench, Edge AIBench and DAIBench: real files against the notes and SOURCES.md, small fixtures against records."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchfmt import convert, validate
from benchfmt.accounting import Account
from benchfmt.converters.aibench import about, files, logs, tables
from benchfmt.converters.base import Skipped, Source
from benchfmt.finding import BenchfmtError
from benchfmt.suites import aibench as rules
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "aibench"
REFUSED = {
    "SOURCES.md": "not recognised",
    "c13_3d_object_reconstruction_no_metrics.txt": "the dump of a model; it holds no result",
    "c7_face_embedding_nvprof_time.csvlog": "a profile of kernels, not a benchmark's result",
    "c9_tf_object_detection_header_only.log": "the header of a training log without any result",
    "daibench_T4_L0_RN50_INFERENCE_FP16_baseline.json": "a merge of two versions was never resolved",
    "dlrm_nvprof_metric_ipc.csvlog": "a profile of kernels, not a benchmark's result",
    "edge_v2_breakdown_dict.csv": "times by kind of kernel whose unit is not stated",
    "trap_a.log_is_a_file_listing_first20.txt": "a listing of files, whatever its name says",
}
"""Every sample that gives no record, and why, by hand."""
COUNTS = {
    "c10_tf_recommendation_log_aborted.txt": 1,
    "c12_lstm_ssim.csv": 16,
    "c15_spatial_transformer_test_log.txt": 1,
    "c16_learning_to_rank_log.txt": 1,
    "c7_face_embedding_valid_first40_last20.txt": 1,
    "c8_3d_face_inference_tqdm_aborted.txt": 1,
    "daibench_DGX1-32G_L3_RN50_TRAIN_AMP_baseline.json": 40,
    "daibench_resnet50_dllogger_experiment_raport.json": 1,
    "edge_v2_scenario_latency_data.csv": 4,
    "edge_v2_yolov5s_results_exp0.txt": 1,
}
"""Records of each sample: 16 iterations, 2 x 5 x 4 configurations, 4 modules, else one run."""


def records_of(path: Path, **options: str) -> tuple[list[dict[str, Any]], Account]:
    conversion = convert(path, "aibench", **options)
    return [record.to_dict() for record in conversion], conversion.account


def only(path: Path, **options: str) -> dict[str, Any]:
    records, _ = records_of(path, **options)
    assert len(records) == 1
    return records[0]


def by_metric(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {m["metric"]: m for m in record["measurements"]}


def test_c16_is_timed_and_was_never_evaluated(samples: Path) -> None:
    record = only(samples / "aibench" / "c16_learning_to_rank_log.txt")
    found = by_metric(record)
    assert record["benchmark"] == {"suite": "aibench", "name": "DC-AI-C16", "phase": "training"}
    assert (found["duration"]["value"], found["duration"]["per"], found["duration"]["n"]) == (
        41.9,
        "epoch",
        1,
    )
    assert found["map"]["missing"] == "not-measured"
    assert (record["status"], record["status_detail"]) == ("incomplete", "no epoch was evaluated")
    assert record["dataset"] == {"name": "gowalla", "samples": 367611}
    assert record["model"] == {"name": "ranking-distillation", "parameters": 5583500}
    assert record["configuration"]["batch_size"] == 512
    assert record["extensions"]["aibench"]["loss"] == "1.9786"
    assert "system" not in record


def test_c10_is_the_one_log_that_names_its_machine_and_it_crashed(samples: Path) -> None:
    path = samples / "aibench" / "c10_tf_recommendation_log_aborted.txt"
    record = only(path)
    found = by_metric(record)
    assert record["system"]["accelerator"] == {"kind": "gpu", "name": "TITAN Xp", "count": 1}
    assert record["system"]["memory_bytes"] == 270181031936
    assert record["software"] == {"engine": "tensorflow", "engine_version": "1.12.0"}
    assert record["provenance"]["measured_at"] == "2019-08-04T19:30:51.496846Z"
    assert record["configuration"]["batch_size"] == 256
    rates = [
        line.rsplit(": ", 1)[1].strip()
        for line in path.read_text("utf-8").split("\n")
        if "global_step/sec" in line
    ]
    assert len(rates) == 9
    assert "176.339" in rates
    assert found["throughput"]["samples"] == [float(rate) for rate in rates]
    assert found["throughput"]["value"] == float(sum(map(Fraction, rates)) / 9)
    assert found["hit-rate"]["missing"] == "run-failed"
    assert record["status"] == "failed"
    assert "Failed to create CUPTI subcriber" in record["status_detail"]


def test_c15_takes_the_fraction_and_not_the_rounded_percent(samples: Path) -> None:
    path = samples / "aibench" / "c15_spatial_transformer_test_log.txt"
    found = by_metric(only(path))
    assert (
        found["accuracy"]["value"],
        found["accuracy"]["n"],
        found["accuracy"]["reported_value"],
    ) == (
        0.9885,
        10000,
        "9885/10000",
    )
    assert found["duration"]["value"] == 1.6952288150787354
    assert found["log-loss"]["value"] == 0.0364
    # 99 % was printed and would pass; 98.85 % does not.
    aimed = by_metric(only(path, target="99%"))["accuracy"]
    assert aimed["target_min"] == 0.99
    assert aimed["value"] < aimed["target_min"]


def test_c8_makes_no_accuracy_of_a_running_mean(samples: Path) -> None:
    record = only(samples / "aibench" / "c8_3d_face_inference_tqdm_aborted.txt")
    assert by_metric(record)["accuracy"]["missing"] == "not-reached"
    assert record["status_detail"] == "the evaluation stopped at 53 of 2511 batches"
    assert record["extensions"]["aibench"] == {
        "running_accuracy": "94.58%",
        "running_loss": "0.2405",
    }


def test_c7_is_a_fraction_behind_thousands_of_lines(samples: Path) -> None:
    record = only(samples / "aibench" / "c7_face_embedding_valid_first40_last20.txt")
    found = by_metric(record)
    assert (found["accuracy"]["value"], found["accuracy"]["reported_value"]) == (
        0.67735,
        "0.67735000",
    )
    assert found["aibench:triplet-loss"]["value"] == 0.00480031
    assert found["duration"]["value"] == 69.6158230304718
    assert record["extensions"]["aibench"]["epoch"] == "101/300"


def test_c12_gives_the_mean_of_each_column(samples: Path) -> None:
    path = samples / "aibench" / "c12_lstm_ssim.csv"
    rows = [
        [cell.strip() for cell in line.split(",")][:16]
        for line in path.read_text("utf-8").strip().split("\n")
    ]
    assert len(rows) == 24
    records, _ = records_of(path)
    assert len(records) == 16
    for index, record in enumerate(records):
        measurement = record["measurements"][0]
        column = [row[index] for row in rows]
        assert measurement["samples"] == [float(cell) for cell in column]
        assert measurement["value"] == float(sum(map(Fraction, column)) / 24)
        assert record["configuration"]["hyperparameters"] == {
            "iteration": index + 1,
            "codec": "lstm",
        }


def test_the_scenario_gives_the_tails_of_the_notes(samples: Path) -> None:
    path = samples / "aibench" / "edge_v2_scenario_latency_data.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    records, _ = records_of(path)
    notes = {"lane": (2431, 0.07502, 0.08030), "detection": (7035, 0.00924, 0.01146), "light": (2885, 0.02469, 0.02928),
             "sign": (2869, 0.05232, 0.09295)}  # fmt: skip
    for record, (name, (count, mean, tail)) in zip(records, notes.items(), strict=True):
        frames = [float(row[name]) for row in rows if row[name]]
        p99, average = record["measurements"]
        assert (len(frames), p99["n"], average["n"]) == (count, count, count)
        assert (p99["statistic"], p99["per"], p99.get("primary")) == ("p99", "frame", True)
        assert round(average["value"], 5) == mean
        assert p99["value"] == pytest.approx(
            tail, abs=6e-6
        )  # the notes round 0.0929446984 up to 0.09295
        assert average["samples"] == frames
        assert p99["value"] == pytest.approx(float(np.quantile(np.array(frames), 0.99)), rel=1e-14)
        assert "system" not in record


def test_yolo_gives_its_last_epoch(samples: Path) -> None:
    path = samples / "aibench" / "edge_v2_yolov5s_results_exp0.txt"
    lines = path.read_text("utf-8").strip().split("\n")
    last = lines[-1].split()
    record, found = only(path), by_metric(only(path))
    assert len(lines) == found["epochs"]["value"] == 300
    assert [found[m]["reported_value"] for m in ("precision", "recall", "map-50", "map")] == last[
        8:12
    ]
    assert found["memory"]["value"] == 9.27e9
    assert record["status"] == "ok"


def test_the_logger_is_averaged_without_its_first_entry(samples: Path) -> None:
    path = samples / "aibench" / "daibench_resnet50_dllogger_experiment_raport.json"
    entries = [json.loads(line[5:]) for line in path.read_text("utf-8").strip().split("\n")]
    rates = [
        e["data"]["train.total_ips"]
        for e in entries
        if e["type"] == "LOG" and "train.total_ips" in e["data"]
    ]
    record = only(path)
    first = record["measurements"][0]
    assert first["n"] == len(rates) == 500
    assert first["samples"] == [None, *rates[1:]]
    assert first["value"] == pytest.approx(sum(rates[1:]) / 499, rel=1e-14)
    assert record["configuration"]["precision"] == "fp16"
    assert record["configuration"]["batch_size"] == 256
    assert record["provenance"]["measured_at"] == "2022-10-20T11:51:05.113790"
    assert record["status"] == "incomplete"
    assert (
        record["status_detail"]
        == "the log ends at step [0, 5000] of 8 epochs, and no epoch was evaluated"
    )


def test_every_number_of_the_baseline_is_there(samples: Path) -> None:
    path = samples / "aibench" / "daibench_DGX1-32G_L3_RN50_TRAIN_AMP_baseline.json"
    data = json.loads(path.read_text("utf-8"))["train.total_ips"]
    expected = {(g, b, k): v for g, x in data.items() for b, y in x.items() for k, v in y.items()}
    records, _ = records_of(path)
    found = {
        (str(r["system"]["accelerator"]["count"]), str(r["configuration"]["batch_size"]),
         r["configuration"]["hyperparameters"]["data_backend"]): r["measurements"][0]["value"]
        for r in records
    }  # fmt: skip
    assert found == expected
    assert len(expected) == 40
    assert {r["system"]["name"] for r in records} == {"DGX1-32G"}
    assert {m["basis"] for r in records for m in r["measurements"]} == {"published"}


def test_the_samples_convert_and_what_is_refused_says_why(samples: Path, tmp_path: Path) -> None:
    conversion = convert(samples / "aibench")
    account = conversion.write(tmp_path / "package")
    entries = account.to_dict()["entries"]
    told = {e["path"]: e["reason"] for e in entries if e["role"] != "primary"}
    assert set(told) == set(REFUSED)
    assert all(told[name].startswith(reason) for name, reason in REFUSED.items())
    assert {e["path"]: e["records"] for e in entries if e["role"] == "primary"} == COUNTS
    report = validate(tmp_path / "package")
    assert report.ok
    assert not report.findings


def test_three_families_become_one_package(samples: Path, tmp_path: Path) -> None:
    folders = [samples / name for name in ("ai_benchmark", "aibench", "dataperf")]
    account = convert(folders).write(tmp_path / "package").to_dict()
    assert account["records"] == 223 + sum(COUNTS.values()) + 13
    assert validate(tmp_path / "package").ok


def test_no_other_family_is_claimed(samples: Path) -> None:
    for folder in sorted(path for path in samples.iterdir() if path.is_dir()):
        assert (files.detect(Source(folder)) is not None) == (folder.name == "aibench"), folder.name


SAMPLES = [
    "c1_eval.log", "c6_train.log", "c9_test.log", "c14_train.log", "c16_train.log", "jpeg_ssim.csv", "results.csv",
    "published.csv", "resnet50_train-raport.json",
]  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_fixtures_give_the_expected_records(name: str, golden: Callable[[str, Any], None]) -> None:
    records, account = records_of(FIXTURES / name)
    findings = [finding.to_dict() for finding in account.findings]
    entries = [
        {k: v for k, v in e.items() if k in ("path", "role", "reason", "details")}
        for e in account.to_dict()["entries"]
    ]
    golden(
        f"aibench-{name.partition('.')[0]}",
        {"records": records, "findings": findings, "files": entries},
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_the_interface_holds(name: str, two_processes: Executor) -> None:
    check_converter("aibench", [FIXTURES / name], executor=two_processes)


def test_the_interface_holds_for_a_folder(two_processes: Executor) -> None:
    check_converter("aibench", [FIXTURES], executor=two_processes)


def test_time_to_quality_needs_times_and_a_target_that_is_met() -> None:
    path = FIXTURES / "c6_train.log"
    time = by_metric(only(path))["time-to-quality"]
    assert time["value"] == 7100  # 5.300 % is below 5.33 % after the second epoch
    missed = by_metric(only(path, target="5%"))["time-to-quality"]
    assert missed["missing"] == "target-not-reached"
    wer = by_metric(only(path))["word-error-rate"]
    assert (wer["value"], wer["target_max"], wer["reported_value"]) == (0.051, 0.0533, "5.100")


def test_a_log_like_many_others_needs_a_name() -> None:
    account = records_of(FIXTURES / "unnamed.log")[1].to_dict()
    assert account["entries"][0]["reason"].startswith(
        "it reads like a log of AIBench C1, and of many other programs"
    )
    record = only(
        FIXTURES / "unnamed.log", component="C1", framework="PyTorch", accelerator="Example GPU"
    )
    accuracy = by_metric(record)["accuracy"]
    assert (accuracy["value"], accuracy["target_min"]) == (0.7513, 0.749)
    assert record["software"] == {"engine": "pytorch"}
    assert record["system"]["accelerator"]["name"] == "Example GPU"


def test_what_is_said_and_what_is_read_may_disagree(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text(" * Acc@1 75.130 Acc@5 92.402\n")
    _, account = records_of(log, component="C6")
    assert [finding.code for finding in account.findings] == ["BF103"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"processer": "x"}', "'processer' is not known"),
        ("[1]", "an object is expected"),
        ("{", "not JSON"),
    ],
)
def test_a_sidecar_that_says_something_else_is_told(
    tmp_path: Path, content: str, words: str
) -> None:
    log = tmp_path / "x.log"
    log.write_text(" * Acc@1 75.130 Acc@5 92.402\n")
    (tmp_path / f"x.log{about.SIDECAR}").write_text(content)
    account = records_of(log)[1].to_dict()
    assert words in next(str(e["reason"]) for e in account["entries"] if e["path"] == "x.log")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "c2.log",
            "[1/25][0/100][1] Loss_D: 0.1 Loss_G: 0.2 Loss_D_real: 0.3 Loss_D_fake 0.4\n",
            "losses of a generator",
        ),
        ("c13.txt", "[0: 1/100] train loss:  0.5 \n", "chamfer losses"),
        ("profile.log", "==12== NVPROF is profiling process 12\n", "a profile of kernels"),
        (
            "b_over_a.csv",
            "Model,Batch,FP32,TF32,FP32*,TF32*,FP16,INT8\nalexnet,1,1,1,1,1,1,1\n",
            "ratios",
        ),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, name: str, content: str, reason: str) -> None:
    (tmp_path / name).write_text(content)
    (tmp_path / "c15.log").write_text(
        "test_time_start\nTest set: Average loss: 0.1, Accuracy: 9/10 (90%)\n"
    )
    account = records_of(tmp_path)[1].to_dict()
    assert next(str(e["reason"]) for e in account["entries"] if e["path"] == name).startswith(
        reason
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "daibench_raport.json",
            'DLLL {"type": "LOG", "step": "PARAMETER", "data": {}}\n',
            "no line tells of a step",
        ),
        ("x-raport.json", '{"metrics": {"train.total_ips": "fast"}}', "not a result"),
        (
            "x_baseline.json",
            '{"train.total_ips": {"1": {"256": {"dali-cpu": "fast"}}}}',
            "is not a number",
        ),
        (
            "T4_baseline.json",
            '{"val.total_ips": {"one": {"256": {"dali-cpu": 5}}}}',
            "invalid literal",
        ),
        ("data.csv", "lane,detection,light,sign\n0.1,x,,\n0.2,,,,\n", "is not 4 numbers or blanks"),
        (
            "results.txt",
            "  0/2 1G 1 1 1 1 1 1 1 1 1 1 1 1 1\n  1/2 1G 1\n",
            "line 2 has 3 values, not 15",
        ),
        ("published.csv", "component_code,metric,value,unit\nC1,,1,1\n", "metric is empty"),
    ],
)
def test_bad_input_is_told(tmp_path: Path, name: str, content: str, reason: str) -> None:
    (tmp_path / name).write_text(content)
    account = records_of(tmp_path)[1].to_dict()
    assert reason in json.dumps(account["entries"])


def baseline(tmp_path: Path, data: object) -> list[dict[str, Any]]:
    """Return the records of a baseline, each its own package's worth: what is written is conformant."""
    (tmp_path / "EX2-8G_L3_RN50_INFERENCE_FP16_baseline.json").write_text(json.dumps(data))
    convert(tmp_path, "aibench").write(tmp_path / "package")
    assert validate(tmp_path / "package").findings == []
    return records_of(tmp_path / "EX2-8G_L3_RN50_INFERENCE_FP16_baseline.json")[0]


@pytest.mark.parametrize("cell", [-1.0, -1, 0, 0.0])
def test_a_rate_that_cannot_be_has_no_value(tmp_path: Path, cell: float) -> None:
    known, unknown = baseline(
        tmp_path, {"val.total_ips": {"1": {"2": {"dali-cpu": 81.25, "syntetic": cell}}}}
    )
    assert (known["status"], known["measurements"][0]["value"]) == ("ok", 81.25)
    assert unknown["status"] == "incomplete"
    assert unknown["measurements"][0] == {
        "metric": "throughput", "stage": "whole-run", "per": "sample", "missing": "invalid-in-source",
        "reported_value": str(cell),
    }  # fmt: skip


def test_a_rate_that_is_null_is_not_reported(tmp_path: Path) -> None:
    known, unknown = baseline(
        tmp_path, {"train.compute_ips": {"1": {"2": {"pytorch": 5}, "4": {"pytorch": None}}}}
    )
    assert (known["measurements"][0]["value"], unknown["status"]) == (5, "incomplete")
    assert unknown["measurements"][0]["missing"] == "not-reported"


def test_a_latency_that_cannot_be_has_no_value_and_the_rate_beside_it_stays(tmp_path: Path) -> None:
    data = {
        "val.compute_latency": {"1": {"4": {"dali-cpu": -1}}},
        "val.total_ips": {"1": {"4": {"dali-cpu": 12}}},
    }
    (record,) = baseline(tmp_path, data)
    found = by_metric(record)
    assert (found["throughput"]["value"], found["throughput"]["primary"]) == (12, True)
    assert (found["latency"]["missing"], record["status"]) == ("invalid-in-source", "ok")


@pytest.mark.parametrize(
    "metrics",
    [
        {"train.loss": [[4.5, 6.0], [2.5, 3.25]]},
        {"train.loss": [[4.5, 6.0]], "val.top1": [[10.5, 12.0]], "val.top5": [[30, 40]]},
        {"train.total_ips": [[100, 200]], "val.top1": [[50.5, 60.25]]},
    ],
)
def test_a_baseline_of_curves_is_a_band_and_no_result(
    tmp_path: Path, metrics: dict[str, Any]
) -> None:
    path = tmp_path / "X9_RN50_TF32_curve_baseline.json"
    path.write_text(
        json.dumps(
            {"model": "", "ngpus": [8], "bs": [32], "metric_keys": [*metrics], "metrics": metrics}
        )
    )
    records, account = records_of(path)
    (entry,) = account.to_dict()["entries"]
    assert (records, entry["role"]) == ([], "skipped")
    assert entry["reason"].startswith(
        "a baseline of training curves: a pair [low, high] for each epoch"
    )


def test_an_epoch_without_a_rate_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "x-raport.json"
    metrics = {"train.total_ips": [100.0, -1.0, 110.0], "val.top1": [40.5, 120.0]}
    path.write_text(json.dumps({"model": "resnet50", "metrics": metrics}))
    found = by_metric(only(path))
    assert (found["throughput"]["value"], found["throughput"]["samples"]) == (105, [100, None, 110])
    assert found["accuracy"]["missing"] == "invalid-in-source"


def test_the_baselines_that_went_wrong_once(faults: Path, tmp_path: Path) -> None:
    account = convert(faults / "tables" / "daibench").write(tmp_path / "package")
    assert (account.total("records"), account.count("skipped"), account.ok) == (2, 1, True)
    assert validate(tmp_path / "package").findings == []


STEP = 'DLLL {"type": "LOG", "step": [0, %d], "data": {"train.total_ips": %s, "train.loss": 2.5}}\n'
ASR = 'DLLL {"type": "LOG", "step": [3, 7], "data": {"train_loss": 17.7, "train_throughput": 143.9}}\n'
SQUAD = 'DLLL {"type": "LOG", "step": [], "data": {"exact_match": 81.3, "inference_sequences_per_second": 301.5}}\n'
UNSAID = {
    "a speech recogniser": ("nvlog.json", ASR),
    "a language model": (
        "dllogger.json",
        'DLLL {"type": "LOG", "step": "PARAMETER", "data": {"epochs": 2}}\n' + SQUAD,
    ),
    "the same network by another program": (
        "raport.json",
        STEP % (10, "900.5") + STEP % (20, "1000.5"),
    ),
    "a log by name": ("train.log", STEP % (10, "900.5") + STEP % (20, "1000.5")),
}


@pytest.mark.parametrize("case", UNSAID)
def test_a_log_of_dllogger_is_of_daibench_only_where_that_is_said(
    case: str, tmp_path: Path
) -> None:
    name, content = UNSAID[case]
    (tmp_path / name).write_text(content)
    plan = list(files.plan(Source(tmp_path), {}))
    assert [(item.path.name, item.reason[:27]) for item in plan if isinstance(item, Skipped)] == [
        (name, "a log of NVIDIA's DLLogger,")
    ]
    assert len(plan) == 1
    assert files.detect(Source(tmp_path)), "it is known, and left out for a reason"


@pytest.mark.parametrize("said", ["option", "sidecar", "folder", "name", "content"])
def test_whoever_says_that_it_is_of_daibench_is_believed(said: str, tmp_path: Path) -> None:
    place = tmp_path / "DAIBench-v1" if said == "folder" else tmp_path / "work"
    place.mkdir()
    name = "daibench_raport.json" if said == "name" else "raport.json"
    said_in = '"workspace": "/home/ann/DAIBench/"' if said == "content" else ""
    parameters = f'DLLL {{"type": "LOG", "step": "PARAMETER", "data": {{{said_in}}}}}\n'
    (place / name).write_text(parameters + STEP % (10, "900.5") + STEP % (20, "1000.5"))
    if said == "sidecar":
        (place / f"{name}.aibench.json").write_text('{"suite": "daibench"}')
    options = {"suite": "daibench"} if said == "option" else {}
    [record] = convert(place, "aibench", **options)
    assert record.benchmark.suite == "daibench"
    assert [item.value for item in record.measurements or ()] == [1000.5]


def test_the_real_log_of_a_framework_is_no_result(faults: Path) -> None:
    [item] = files.plan(Source(faults / "mlperf" / "nvlog_as_aibench"), {})
    assert isinstance(item, Skipped) and "DLLogger" in item.reason


def test_nothing_is_made_of_other_texts(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("Epoch 1: loss 0.3\n")
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    (tmp_path / "c.json").write_text('{"metrics": {"x": 1}}')
    assert files.detect(Source(tmp_path)) is None


def test_a_hostile_print_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "c10.log"
    path.write_text(
        "tf_logging.py:115] Benchmark run: {'model_name': 'recommendation', 'dataset': __import__('os').system('true')}\n"
        "tf_logging.py:115] global_step/sec: 100.5\n"
    )
    record = only(path)
    assert "dataset" in record  # that of the component
    assert "system" not in record
    assert by_metric(record)["throughput"]["value"] == 100.5


def test_the_columns_of_the_published_layout_are_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "converters" / "aibench.md").read_text("utf-8")
    for name in (*tables.PUBLISHED, *about.OPTIONS):
        assert f"`{name}`" in page, name


def test_codes_are_found_in_every_spelling() -> None:
    for word in ("C16", "c16", "DC-AI-C16", " dc-ai-c16 "):
        component = rules.component(word)
        assert component is not None
        assert component.name == "DC-AI-C16"
    assert rules.component("C18") is None
    assert rules.micro("DC-AI-M12") == ("DC-AI-M12", "softmax")
    assert rules.micro("M13") is None


def test_every_form_names_a_component() -> None:
    codes = Counter(form.component for form in logs.FORMS)
    assert all(rules.component(code) or code in ("M", "face") for code in codes)
    assert not [form for form in logs.FORMS for sign in form.signs if not re.compile(sign)]


def test_the_interface_holds_for_the_samples_of_aibench(
    samples: Path, two_processes: Executor
) -> None:
    check_converter("aibench", [samples / "aibench"], executor=two_processes)


# --- several runs in one log ---

C1_RUN = (
    "Epoch: [{e}][ 0/9]\tTime 0.1\nEpoch: [{e}][ 8/9]\tTime 0.1\n * Acc@1 {a}.125 Acc@5 9{a}.500\n"
)
C6_RUN = (
    "Training Summary Epoch: [{e}]\tTime taken (s): {a}00\tAverage Loss 55.1\t\n"
    "Validation Summary Epoch: [{e}]\tAverage WER {a}.407\tAverage CER {a}.900\t\n"
)
C9_RUN = (
    "Namespace(dataset='set_{a}', net='net{a}')\nim_detect: 1/3 1.{a}74s 0.0{a}6s   \rim_detect: 2/3 0.{a}74s 0.0{a}6s   \r"
    "im_detect: 3/3 0.{a}70s 0.0{a}0s   \rAP for cat = 0.{a}812\nAP for dog = 0.{a}100\nMean AP = 0.{a}456\n"
    "test time: {a}81.4052s\n"
)
C15_RUN = (
    "loading model\ntest_time_start\n\nTest set: Average loss: 0.0{a}64, Accuracy: {a}885/10000 ({a}9%)\n\n"
    "test_time: {a}.6952288150787354  s\n"
)
C16_RUN = (
    "Namespace(L={a}, batch_size={a}12, l2=1e-06)\nNamespace(L={a}, d={a}00)\ntotal training instances: {a}000\n"
    "Number of params: {a}0000\nEpoch 1 [{a}1.1 s]\tloss=1.95 [0.0 s]\n"
    "Epoch 2 [{a}2.2 s]\tloss=1.90, map=0.0{a}10, precisions=0.{a}6,0.{a}5,0.{a}4, recalls=0.{a}1,0.{a}2,0.{a}3, "
    "ndcgs=0.{a}7,0.{a}8,0.{a}9[12.5 s]\n"
)
C14_RUN = (
    "---MLE Training---\niter: 1000 mle_loss: 4.2 reward: 0.0\n0010000.tar rouge_l: 0.{a}105\n0020000.tar rouge_l: 0.{a}402\n"
    "MLE + RL Validation\n0020000.tar scores: {{'rouge-1': {{'f': 0.{a}6}}, 'rouge-l': {{'f': 0.{a}391}}}}\n"
)
MICRO_RUN = "computings times: {a}.250000 second\n"
FACE_RUN = (
    "Accuracy: 0.{a}75+-0.003\nValidation rate: 0.{a}5533+-0.02 @ FAR=0.0010{a}\nArea Under Curve (AUC): 0.{a}97\n"
    "Equal Error Rate (EER): 0.0{a}5\n"
)
BAR = "\r[Evaluation Loss: 0.{a}3{d} Acc: {a}4.5{d}%]:  40%|##  | {d}/3 [00:01<00:02, 1.00it/s]"
C8_RUN = (
    "(Pdb) " + BAR.replace("{d}", "1") + BAR.replace("{d}", "2") + BAR.replace("{d}", "3") + "\n"
)


def epochs(run: str, a: int) -> str:
    """Return three epochs of a run."""
    return "".join(run.format(e=e, a=a) for e in (1, 2, 3))


COMPONENTS = {
    "C1": lambda a: epochs(C1_RUN, a),
    "C6": lambda a: epochs(C6_RUN, a),
    "C8": lambda a: C8_RUN.format(a=a),
    "C9": lambda a: C9_RUN.format(a=a),
    "C14": lambda a: C14_RUN.format(a=a),
    "C15": lambda a: C15_RUN.format(a=a),
    "C16": lambda a: C16_RUN.format(a=a),
    "M3": lambda a: MICRO_RUN.format(a=a),
    "face": lambda a: FACE_RUN.format(a=a),
}  # fmt: skip


def told(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a record says, without where it stands."""
    return {
        key: value for key, value in record.items() if key not in ("id", "provenance", "system")
    }


def of_text(tmp_path: Path, text: str, component: str) -> tuple[list[dict[str, Any]], Account]:
    path = tmp_path / "x.log"
    path.write_text(text, newline="")
    return records_of(path, component=component)


@pytest.mark.parametrize("component", COMPONENTS)
def test_two_runs_in_one_log_are_two_records(tmp_path: Path, component: str) -> None:
    first, second = COMPONENTS[component](4), COMPONENTS[component](7)
    [one], [two] = (of_text(tmp_path, text, component)[0] for text in (first, second))
    assert told(one) != told(two)
    both, account = of_text(tmp_path, first + second, component)
    assert [told(record) for record in both] == [told(one), told(two)]
    assert [r["provenance"]["sources"][0].get("locator") for r in both] == ["run=1", "run=2"]
    assert "locator" not in one["provenance"]["sources"][0]
    assert account.ok


@pytest.mark.parametrize("component", ["C6", "C8", "C9", "C16"])
def test_a_run_that_broke_off_lends_the_next_nothing(tmp_path: Path, component: str) -> None:
    first, second = COMPONENTS[component](4), COMPONENTS[component](7)
    [two], _ = of_text(tmp_path, second, component)
    for share in (3, 2):
        cut = first[: len(first) * (share - 1) // share].rstrip("0123456789.")
        found, _ = of_text(
            tmp_path,
            cut + "\nTraceback (most recent call last)\nKeyboardInterrupt\n" + second,
            component,
        )
        assert told(found[-1]) == told(two)
        assert len(found) in (1, 2)


def test_logs_of_two_components_in_one_file_have_failed(tmp_path: Path) -> None:
    found, account = of_text(tmp_path, COMPONENTS["C15"](4) + COMPONENTS["C16"](7), "C16")
    assert not found
    assert "two runs in one file: it reads like logs of C15 and C16" in json.dumps(
        account.to_dict()
    )


@pytest.mark.parametrize(
    ("text", "component", "metric"),
    [
        ("Epoch 1 [0.0 s]\tloss=1.95 [0.0 s]\n", "C16", "duration"),
        ("Training Summary Epoch: [1]\tTime taken (s): 0\tAverage Loss 55.1\t\n", "C6", "duration"),
        ("Inference Speed: 0.00 fps\nVal Acc: 0.9, Val loss: 0.1\n", "C8", "throughput"),
        ("Epoch [0/1], Step [0/9], Loss: 0.1, Perplexity: 0.0000\n", "C4", "perplexity"),
    ],
)
def test_a_zero_that_cannot_be_is_missing(
    tmp_path: Path, text: str, component: str, metric: str
) -> None:
    found, account = of_text(tmp_path, text, component)
    measurements = [m for record in found for m in record["measurements"] if m["metric"] == metric]
    assert all("value" not in m and m["missing"] == "below-resolution" for m in measurements)
    assert measurements or not account.ok


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_cut_log_gives_no_number_that_is_not_printed(tmp_path: Path, component: str) -> None:
    text = COMPONENTS[component](4)
    whole, _ = of_text(tmp_path, text, component)
    printed = {
        m["reported_value"] for r in whole for m in r["measurements"] if "reported_value" in m
    }
    numbers = printed | set(re.findall(r"[0-9]+(?:\.[0-9]+)?|[0-9]+/[0-9]+", text))
    for end in range(0, len(text), 3):
        try:
            found, account = of_text(tmp_path, text[:end], component)
        except BenchfmtError:
            continue  # nothing of a component stands there yet
        assert found or account.to_dict()["entries"]
        values = {
            m["reported_value"] for r in found for m in r["measurements"] if "reported_value" in m
        }
        assert values <= numbers, text[:end][-80:]


@pytest.mark.parametrize("second", ["0/2", "1/2", "0/9"])
def test_two_trainings_in_one_table_are_two_records(tmp_path: Path, second: str) -> None:
    row = "{e} 1.{a}G 0.1 0.2 0.3 0.6 {a}0 640 0.{a}1 0.{a}2 0.{a}3 0.{a}4 0.1 0.2 0.3\n"
    first = [row.format(e=f"{e}/2", a=4) for e in range(2)]
    (tmp_path / "results.txt").write_text("".join([*first, row.format(e=second, a=7)]))
    found, _ = records_of(tmp_path / "results.txt")
    values = [
        {m["metric"]: m["value"] for m in r["measurements"] if m["metric"] in ("map", "epochs")}
        for r in found
    ]
    assert values == [{"map": 0.44, "epochs": 2}, {"map": 0.74, "epochs": 1}]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Example GPU 32GB", "gpu"), ("Example NPU", "npu"), ("Example Card 910", None)],
)
def test_the_kind_of_an_accelerator_is_said_by_its_name_or_absent(
    name: str, kind: str | None
) -> None:
    record = only(FIXTURES / "c1_eval.log", component="C1", accelerator=name)
    assert record["system"]["accelerator"].get("kind") == kind
