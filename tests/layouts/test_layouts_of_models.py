"""Layouts of what people write down of models: trainings, rankings and tracked runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.layouts.helping import FIXTURES, converted, measurement, missing, values

from benchfmt import Record
from benchfmt.layouts import fit

MODELS = {
    "ultralytics-detect-results.csv": "ultralytics-detect",
    "ultralytics-padded-results.csv": "ultralytics-detect",
    "yolov5-results.csv": "yolov5",
    "ultralytics-segment-results.csv": "ultralytics-segment",
    "ultralytics-pose-results.csv": "ultralytics-pose",
    "ultralytics-classify-results.csv": "ultralytics-classify",
    "ultralytics-semantic-results.csv": "ultralytics-semantic",
    "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090-dynamo.csv": "timm-benchmark-infer",
    "benchmark-train-fp32-nchw-pt221-cpu-i9_10940x.csv": "timm-benchmark-train",
    "results-imagenet-a.csv": "timm-results",
    "open-asr-short.csv": "open-asr-english",
    "open-asr-long.csv": "open-asr-english-long",
    "open-asr-multilingual.csv": "open-asr-multilingual",
    "mlflow-runs.csv": "mlflow-runs",
}
"""Files of ours, each with its layout."""


def only(path: Path, folder: Path) -> Record:
    """Return the one record of a file."""
    (record,), _ = converted(path, folder)
    return record


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore")
def test_frictionless_finds_no_fault_with_what_describe_writes_down(
    name: str, tmp_path: Path
) -> None:
    frictionless = pytest.importorskip("frictionless")
    fitting = fit(FIXTURES / name)
    assert fitting is not None
    shutil.copy(FIXTURES / name, tmp_path)
    descriptor = tmp_path / "datapackage.json"
    descriptor.write_text(json.dumps(fitting.plain()))
    package = frictionless.Package(str(descriptor))
    assert package.validate().flatten(["type", "note"]) == []
    rows = (FIXTURES / name).read_text("utf-8").splitlines()[1:]
    assert len(list(package.resources[0].read_rows())) == len(rows)


# --- Ultralytics ---

TRAINED = {
    "ultralytics-detect-results.csv": {
        ("map", "final"): 0.32,
        ("map", "best"): 0.34,
        ("map-50", "final"): 0.6,
        ("precision", "final"): 0.5,
        ("recall", "final"): 0.56,
        # The run was resumed after 25.25 s.
        ("duration", "single", "training", "run"): 37.0,
    },
    "yolov5-results.csv": {
        ("map", "final"): 0.15,
        ("map", "best"): 0.15,
        ("map-50", "final"): 0.35,
        ("precision", "final"): 0.4,
        ("recall", "final"): 0.3,
    },
    "ultralytics-segment-results.csv": {
        ("mask-map", "final"): 0.36,
        ("mask-map", "best"): 0.36,
        ("box-map", "final"): 0.4,
        ("box-map", "best"): 0.4,
        ("ultralytics:mask-map-50", "final"): 0.55,
        ("ultralytics:box-map-50", "final"): 0.58,
        ("ultralytics:mask-precision", "final"): 0.57,
        ("ultralytics:box-precision", "final"): 0.6,
        ("ultralytics:mask-recall", "final"): 0.48,
        ("ultralytics:box-recall", "final"): 0.5,
        ("duration", "single", "training", "run"): 61.5,
    },
    "ultralytics-pose-results.csv": {
        ("ultralytics:pose-map", "final"): 0.18,
        ("ultralytics:pose-map", "best"): 0.18,
        ("ultralytics:box-map", "final"): 0.2,
        ("ultralytics:pose-map-50", "final"): 0.33,
        ("ultralytics:box-map-50", "final"): 0.35,
        ("ultralytics:pose-precision", "final"): 0.38,
        ("ultralytics:box-precision", "final"): 0.4,
        ("ultralytics:pose-recall", "final"): 0.28,
        ("ultralytics:box-recall", "final"): 0.3,
        ("duration", "single", "training", "run"): 30.0,
    },
    "ultralytics-classify-results.csv": {
        ("accuracy", "final"): 0.61,
        ("accuracy", "best"): 0.61,
        ("top-5-accuracy", "final"): 0.88,
        ("duration", "single", "training", "run"): 16.5,
    },
    "ultralytics-semantic-results.csv": {
        ("miou", "final"): 0.41,
        ("miou", "best"): 0.41,
        ("pixel-accuracy", "final"): 0.8,
        ("duration", "single", "training", "run"): 20.0,
    },
}


@pytest.mark.parametrize("name", TRAINED)
def test_a_training_is_its_last_epoch_and_its_best(name: str, tmp_path: Path) -> None:
    record = only(FIXTURES / name, tmp_path)
    assert values(record) == TRAINED[name]
    assert record.status == "ok"


def test_padded_cells_are_read_and_what_is_no_number_is_undefined(tmp_path: Path) -> None:
    record = only(FIXTURES / "ultralytics-padded-results.csv", tmp_path)
    assert values(record) == {
        ("map", "best"): 0.11,
        ("precision", "final"): 0.55,
        ("recall", "final"): 0.5,
    }
    assert missing(record) == {("map", "final"): "undefined", ("map-50", "final"): "undefined"}


def test_a_training_of_others(samples: Path, tmp_path: Path) -> None:
    record = only(samples / "llm_tools" / "ultralytics" / "excerpt-results.csv", tmp_path)
    assert values(record) == {
        ("map", "final"): 0.45929,
        ("map", "best"): 0.45929,
        ("map-50", "final"): 0.85651,
        ("precision", "final"): 0.82819,
        ("recall", "final"): 0.87778,
    }
    assert record.to_dict()["extensions"]["ultralytics"]["epoch"] == "24"


# --- timm ---

RATE = ("throughput", "mean", "compute", "sample")
STEP = ("latency", "mean", "compute", "batch")


def test_the_name_of_a_file_of_timm_says_how_it_ran(tmp_path: Path) -> None:
    name = "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090-dynamo.csv"
    (first, second), _ = converted(FIXTURES / name, tmp_path)
    assert values(first) == {RATE: 8000.5, STEP: 0.12799}
    assert values(second) == {RATE: 400.0, STEP: 0.64}
    data = first.to_dict()
    assert data["model"] == {"name": "otternet_s.in1k", "parameters": 3750000, "flop": 5e8}
    assert data["system"]["accelerator"] == {"kind": "gpu", "name": "NVIDIA GeForce RTX 4090"}
    assert data["software"] == {
        "engine": "pytorch",
        "engine_version": "2.4.0",
        "stack": {"cuda": "12.4"},
    }
    assert data["configuration"] == {
        "precision": "mixed",
        "batch_size": 1024,
        "hyperparameters": {"compiler": "dynamo", "image_size": 224, "memory_layout": "nhwc"},
    }


def test_an_older_name_of_a_file_of_timm_says_it_too(tmp_path: Path) -> None:
    path = tmp_path / "model_benchmark_amp_nchw_rtx3090.csv"
    path.write_text(
        "model,infer_samples_per_sec,infer_step_time,infer_batch_size\notternet,100,2560,256\n"
    )
    (record,), _ = converted(path, tmp_path)
    data = record.to_dict()
    assert data["configuration"]["precision"] == "mixed"
    assert data["system"]["accelerator"] == {"kind": "gpu", "name": "NVIDIA GeForce RTX 3090"}


def test_a_training_step_of_timm_and_a_model_that_did_not_fit(tmp_path: Path) -> None:
    name = "benchmark-train-fp32-nchw-pt221-cpu-i9_10940x.csv"
    (first, second), _ = converted(FIXTURES / name, tmp_path)
    assert values(first) == {
        ("throughput", "mean", "training-step", "sample"): 12.5,
        ("duration", "mean", "training-step", "step"): 2.5613,
    }
    data = first.to_dict()
    assert data["system"]["processor"] == {"name": "Intel Core i9-10940X"}
    assert data["configuration"]["precision"] == "fp32"
    assert (second.status, second.status_detail, values(second)) == ("failed", "out of memory", {})


def test_accuracies_of_timm(tmp_path: Path) -> None:
    (first, second), _ = converted(FIXTURES / "results-imagenet-a.csv", tmp_path)
    assert values(first) == {("accuracy",): 0.6125, ("top-5-accuracy",): 0.884}
    assert values(second) == {("accuracy",): 0.0051, ("top-5-accuracy",): 0.053}
    data = first.to_dict()
    assert data["model"]["parameters"] == 1013010000
    assert data["dataset"] == {"name": "imagenet-a"}
    assert data["extensions"]["timm"] == {
        "rank_diff": "+2",
        "top1_diff": "-30.1",
        "top5_diff": "-9.8",
    }


def test_timm_of_others(samples: Path, tmp_path: Path) -> None:
    folder = samples / "llm_tools" / "timm"
    name = "benchmark-infer-amp-nchw-pt113-cu117-rtx3090.csv"
    records, _ = converted(folder / name, tmp_path)
    assert len(records) == 932
    assert values(records[0]) == {RATE: 49277.65, STEP: 0.02077}
    data = records[0].to_dict()
    assert data["model"] == {"name": "tinynet_e", "parameters": 2040000, "flop": 6e7}
    assert data["configuration"]["batch_size"] == 1024
    assert data["software"]["engine_version"] == "1.13"
    (first, second, *_), _ = converted(folder / "excerpt-results-imagenet-real.csv", tmp_path)
    assert values(first) == {("accuracy",): 0.91144, ("top-5-accuracy",): 0.98725}
    assert second.to_dict()["model"]["parameters"] == 1013010000
    assert first.to_dict()["dataset"] == {"name": "imagenet-real"}


# --- Open ASR leaderboard ---

AVERAGE = ("word-error-rate", "macro-mean")
RTFX = ("open-asr:rtfx",)


def test_rates_that_are_no_percents_are_of_no_layout(tmp_path: Path) -> None:
    path = tmp_path / "wer.csv"
    path.write_text("model,Avg. WER,RTFx,AMI WER\notter,0.065,300,0.08\n")
    assert fit(path) is None
    path.write_text("model,Avg. WER,RTFx,AMI WER\notter,6.5,300,8\n")
    assert fit(path) is not None


def test_each_data_set_of_speech_is_a_part(tmp_path: Path) -> None:
    (first, second), _ = converted(FIXTURES / "open-asr-short.csv", tmp_path)
    assert values(first) == {
        AVERAGE: 0.065,
        RTFX: 312.25,
        ("word-error-rate", "subset:ami"): 0.114,
        ("word-error-rate", "subset:ls-clean"): 0.016,
    }
    assert measurement(first, *AVERAGE).basis == "derived"
    assert first.to_dict()["model"] == {"name": "lab/otter-large", "parameters": 1550000000}
    assert values(second)["word-error-rate", "subset:ami"] == 2.035
    assert missing(second) == {RTFX: "not-measured"}
    assert second.to_dict()["model"] == {"name": "lab/otter-cloud"}


def test_an_average_over_fewer_data_sets_has_a_caveat(tmp_path: Path) -> None:
    (first, second), _ = converted(FIXTURES / "open-asr-long.csv", tmp_path)
    assert values(first) == {
        AVERAGE: 0.11,
        RTFX: 96.5,
        ("word-error-rate", "subset:earnings21"): 0.09,
        ("word-error-rate", "subset:earnings22"): 0.13,
        ("word-error-rate", "subset:tedlium"): 0.04,
        ("word-error-rate", "subset:coraal"): 0.18,
        ("word-error-rate", "macro-mean", "subset:without-coraal"): 0.08666666667,
    }
    assert measurement(first, *AVERAGE).caveats is None
    assert measurement(second, *AVERAGE).caveats == ["partial-run"]
    assert missing(second)["word-error-rate", "subset:coraal"] == "not-reported"


def test_languages_are_parts_too(tmp_path: Path) -> None:
    (first, second), _ = converted(FIXTURES / "open-asr-multilingual.csv", tmp_path)
    assert values(first) == {
        AVERAGE: 0.05,
        RTFX: 88.5,
        ("word-error-rate", "subset:de-covost"): 0.045,
        ("word-error-rate", "subset:de-fleurs"): 0.035,
        ("word-error-rate", "subset:fr-mls"): 0.07,
    }
    assert missing(second) == {
        RTFX: "not-measured",
        ("word-error-rate", "subset:fr-mls"): "not-measured",
    }


def test_speech_of_others(samples: Path, tmp_path: Path) -> None:
    folder = samples / "llm_tools" / "open_asr"
    records, _ = converted(folder / "en_shortform.csv", tmp_path)
    assert len(records) == 87
    numbers = values(records[0])
    assert (numbers[AVERAGE], numbers[RTFX]) == (0.0542, 524.88)
    assert numbers["word-error-rate", "subset:ami"] == 0.0813
    scribe = next(item for item in records if item.to_dict()["model"]["name"] == "zoom/scribe_v1")
    assert missing(scribe) == {RTFX: "not-measured"}
    assert "parameters" not in scribe.to_dict()["model"]
    records, _ = converted(folder / "multilingual.csv", tmp_path)
    assert values(records[0])["word-error-rate", "subset:de-covost"] == 0.0224


# --- MLflow ---


def test_a_tracked_run_keeps_its_names_and_its_unit_is_unknown(tmp_path: Path) -> None:
    (finished, failed, running), _ = converted(FIXTURES / "mlflow-runs.csv", tmp_path)
    assert values(finished) == {
        ("mlflow:val-accuracy", "final"): 0.75,
        ("mlflow:latency-ms", "final"): 12.5,
        ("power", "final", "accelerator:0"): 95.5,
        ("memory", "final", "node"): 2048500000,
    }
    assert missing(finished) == {("mlflow:loss", "final"): "undefined"}
    assert measurement(finished, "mlflow:latency-ms", "final").unit == "[undocumented]"
    data = finished.to_dict()
    assert data["configuration"]["hyperparameters"] == {"lr": "0.1", "opt_name": "adam"}
    assert data["provenance"]["execution"] == "0a1b"
    assert data["provenance"]["measured_at"] == "2026-05-04T10:20:30.250000+00:00"
    assert "/home/" not in str(data)
    assert "mlflow.user" not in str(data)
    assert (failed.status, values(failed)) == ("failed", {("mlflow:val-accuracy", "final"): 0.5})
    assert (running.status, values(running)) == ("incomplete", {})


def test_tracked_runs_of_others(samples: Path, tmp_path: Path) -> None:
    path = samples / "llm_tools" / "mlflow" / "mlflow-runs.csv"
    (second, first), _ = converted(path, tmp_path)
    assert values(first) == {
        ("mlflow:val-accuracy", "final"): 0.7,
        ("mlflow:latency-ms", "final"): 12.5,
    }
    assert missing(first) == {
        ("mlflow:nan-metric", "final"): "not-reported",
        ("mlflow:inf-metric", "final"): "undefined",
    }
    assert second.status == "failed"
    assert values(second) == {("mlflow:val-accuracy", "final"): 0.8}
