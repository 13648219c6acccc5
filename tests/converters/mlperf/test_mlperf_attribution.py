"""What a result of MLPerf Inference is attributed to: benchmark, task, data set, model, input and precision.

Every value is said by a file or comes from a rule that has a name. What the rules fix for a benchmark's own model is
never written onto another one.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.mlperf_trees import (
    MEASURED,
    NAMES,
    SYSTEM,
    Submission,
    detail,
    offline,
    put,
    server,
    single_stream,
    tokens,
)

from benchfmt import convert
from benchfmt.accounting import Account
from benchfmt.converters.base import Source, Unit
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf import inference, published, systems
from benchfmt.converters.mlperf.attribution import Attribution, Filled
from benchfmt.converters.mlperf.published.records import Maker
from benchfmt.converters.mlperf.published.rows import Told, joined, rows_of
from benchfmt.record import Measurement, Record
from benchfmt.suites import mlperf_inference as rules

ROUGE = "{'rouge1': 45.5, 'rouge2': 22.5, 'rougeL': 29.5, 'tokens_per_sample': 290.5, 'gen_num': 24576}\n"
MAP = "Evaluate annotation type *bbox*\nmAP=31.250%\n"
IMAGES = "accuracy=61.500%, good=30750, total=50000\n"
SMALL = "accuracy=61.500%, good=615, total=1000\n"


def opened(root: Path) -> Submission:
    return Submission(root, division="open")


def converted(root: Path) -> tuple[list[Record], Account]:
    conversion = convert(root, "mlperf-inference")
    return list(conversion), conversion.account


def one(root: Path) -> Record:
    [record] = converted(root)[0]
    return record


def primary(record: Record) -> Measurement:
    [found] = [item for item in record.measurements or () if item.primary]
    return found


def scores(record: Record) -> dict[str, Measurement]:
    return {
        item.metric: item
        for item in record.measurements or ()
        if item.source_locator and "line=" in item.source_locator
    }


def said(record: Record) -> dict[str, Any]:
    """Return what a record is attributed to, as plain data without what is absent."""
    data = record.to_dict()
    found = {
        "benchmark": data["benchmark"].get("name"), "task": data.get("task"), "dataset": data.get("dataset"), "model": data.get("model"),
        **{key: data.get("configuration", {}).get(key) for key in ("input_shape", "precision", "batch_size")},
    }  # fmt: skip
    return {key: value for key, value in found.items() if value is not None}


# --- model_mapping.json ---

LEVELS = [
    "model_mapping.json",
    "open/model_mapping.json",
    "open/Acme/model_mapping.json",
    "open/Acme/results/box9/model_mapping.json",
    "open/Acme/measurements/box9/model_mapping.json",
    "open/Acme/systems/model_mapping.json",
]


@pytest.mark.parametrize("place", LEVELS)
@pytest.mark.parametrize(
    ("name", "target", "round_id", "run", "per", "value"),
    [
        ("parrot-9b-w4", "llama2-70b-99.9", "v5.1", tokens, "token", 24000.5),
        ("owl_7x2b_dyn", "mixtral-8x7b", "v4.1", tokens, "token", 24000.5),
        ("Crane-2", "llama3_1-405b", "v5.1", tokens, "token", 24000.5),
        ("finch-s", "resnet", "v5.1", server, "sample", 1230.98),
    ],
)
def test_the_mapping_decides_the_benchmark(
    tmp_path: Path,
    place: str,
    name: str,
    target: str,
    round_id: str,
    run: Any,
    per: str,
    value: float,
) -> None:
    tree = opened(tmp_path)
    tree.add(name, "Server", run(round_id), accuracy=ROUGE if per == "token" else IMAGES, measured={**MEASURED, "weight_data_types": "UNSET"})  # fmt: skip
    put(tmp_path / place, json.dumps({name: target, "another": "bert-99"}))
    record, account = one(tmp_path), converted(tmp_path)[1]
    facts = rules.benchmark(rules.canonical(target, round_id) or "", round_id)
    assert facts
    assert (record.benchmark.name, record.task) == (facts.name, facts.task)
    assert (record.dataset.name if record.dataset else None) == facts.dataset
    assert (primary(record).per, primary(record).value) == (per, value)
    # The model is the submitter's: nothing of the benchmark's own is written onto it.
    assert record.model
    assert record.model.to_dict() == {"name": name}
    assert record.configuration is None
    [first, *_] = rules.qualities(facts.name, round_id)
    assert scores(record)[first.metric].target_min is not None
    assert [entry.role for entry in account.files if entry.path.endswith("model_mapping.json")] == [
        "supporting"
    ]
    assert account.findings == []


def test_the_nearest_mapping_counts(tmp_path: Path) -> None:
    tree = opened(tmp_path)
    tree.add("parrot-9b-w4", "Server", tokens(), accuracy=ROUGE)
    for place, target in zip(
        LEVELS[:4], ("bert-99", "bert-99.9", "gptj-99", "llama2-70b-99"), strict=True
    ):
        put(tmp_path / place, json.dumps({"parrot-9b-w4": target}))
    assert one(tmp_path).benchmark.name == "llama2-70b-99"


def test_a_mapping_comes_before_a_guess_and_after_an_official_name(tmp_path: Path) -> None:
    tree = opened(tmp_path)
    tree.add("parrot-resnet50-detector", "Offline", offline("v5.1"), accuracy=MAP)
    tree.add("resnet50", "Offline", offline("v5.1"))
    put(
        tree.top / "model_mapping.json",
        json.dumps({"parrot-resnet50-detector": "retinanet", "resnet50": "bert-99"}),
    )
    assert sorted(str(record.benchmark.name) for record in converted(tmp_path)[0]) == [
        "resnet50",
        "retinanet",
    ]


def test_a_mapping_says_nothing_of_closed_results(tmp_path: Path) -> None:
    tree = Submission(tmp_path)
    tree.add("parrot-9b-w4", "Server", tokens(), accuracy=ROUGE)
    put(tree.top / "model_mapping.json", json.dumps({"parrot-9b-w4": "llama2-70b-99"}))
    records, account = converted(tmp_path)
    assert records[0].benchmark.name == "parrot-9b-w4"
    [entry] = [entry for entry in account.files if entry.path.endswith("model_mapping.json")]
    assert entry.role == "skipped"
    assert "open submission" in (entry.reason or "")


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ('["parrot"]', "failed"),
        ("{", "failed"),
        ('{"parrot-9b-w4": 7}', "failed"),
        ('{"v5.1": {"parrot-9b-w4": "bert-99"}}', "failed"),
        ('{"parrot-9b-w4": 7, "x": "bert-99"}', "supporting"),
        ("{}", "supporting"),
        ('{"x": "bert-99"}', "supporting"),
    ],
)
def test_a_mapping_that_says_nothing_of_the_model(tmp_path: Path, text: str, role: str) -> None:
    tree = opened(tmp_path)
    tree.add("parrot-9b-w4", "Server", tokens(), accuracy=ROUGE)
    put(tree.top / "model_mapping.json", text)
    records, account = converted(tmp_path)
    assert (records[0].benchmark.name, records[0].task, records[0].dataset) == (
        "parrot-9b-w4",
        None,
        None,
    )
    assert [entry.role for entry in account.files if entry.path.endswith("model_mapping.json")] == [
        role
    ]


def test_a_benchmark_that_is_newer_than_the_rules(tmp_path: Path) -> None:
    tree = opened(tmp_path)
    tree.add("parrot-9b-w4", "Offline", offline("v5.1"))
    put(tree.top / "model_mapping.json", json.dumps({"PARROT-9B-W4 ": "parrot-large-99"}))
    record = one(tmp_path)
    assert (record.benchmark.name, record.model.name if record.model else None) == (
        "parrot-large-99",
        "parrot-9b-w4",
    )


# --- another model's input ---


@pytest.mark.parametrize(
    ("name", "weights", "shape"),
    [
        ("mobilenet-v1-precision_uint8-0.75-128", "", [128, 128]),
        ("mobilenet-v2-1.4-224", "", [224, 224]),
        ("mobilenet-v2-0.35-96-quant", "", [96, 96]),
        ("mobilenet-v3-precision_float-small-minimalistic-224", "", [224, 224]),
        ("mobilenet-x", "https://models.example/m/mobilenet_v1_0.25_192.tgz", [192, 192]),
        ("mobilenet-v1-0.25-192", "https://models.example/m/mobilenet_v1_0.25_128.tgz", None),
        ("mobilenet-tuned-160", "", None),
        ("efficientnet-lite0", "", [224, 224]),
        ("efficientnet-lite0-precision_int8-224", "", [224, 224]),
        ("efficientnet-lite4", "", None),
        ("efficientnet-b7-600", "", [600, 600]),
        ("resnet50-pruned", "", None),
        ("resnet50", "resnet50_v1.onnx", None),
        # A description that was copied from another measurement says nothing of this one.
        ("resnet50", "mobilenet_v1_1.0_224.tgz", None),
        ("heron_ssd-mobilenet-v1", "mobilenet_v1_1.0_224.tgz", None),
        ("heron-maskrcnn-mobilenet", "mobilenet_v1_1.0_224.tgz", None),
        ("vit-b16-384", "https://models.example/m/mobilenet_v1_1.0_224.tgz", None),
        ("mobilenet-v3-x", "mobilenet_v1_0.25_192.tgz", None),
        ("mobilenet-v1-x", "mobilenet_v1_0.25_192.tgz", [192, 192]),
        ("finch-s", "mobilenet_v1_0.25_192.tgz", [192, 192]),
        ("obert-bert-99", "", None),
    ],
)
def test_an_input_is_only_written_where_it_is_said(
    tmp_path: Path, name: str, weights: str, shape: list[int] | None
) -> None:
    tree = opened(tmp_path)
    tree.add(
        name,
        "Offline",
        offline("v5.1"),
        accuracy=IMAGES,
        measured={**MEASURED, "starting_weights_filename": weights},
    )
    record = one(tmp_path)
    assert record.configuration
    assert record.configuration.to_dict() == {
        "precision": "int8",
        **({"input_shape": shape} if shape else {}),
    }
    assert record.model
    assert (record.model.parameters, record.model.flop) == (None, None)


SEEDLESS = {f"effective_{name}": "12345" for name in NAMES}


@pytest.mark.parametrize(
    ("benchmark", "accuracy", "targets", "dataset"),
    [
        (
            "resnet50",
            IMAGES,
            {"accuracy": 0.756954},
            {"name": "imagenet-2012", "split": "validation", "samples": 50000},
        ),
        (
            "ssd-small",
            MAP,
            {"map": 0.2178},
            {"name": "coco-2017", "split": "validation", "samples": 5000},
        ),
        ("mixtral-8x7b", ROUGE, {}, {"samples": 15000}),
        ("3d-unet-99", "mean = 0.8612\n", {}, None),
    ],
)
@pytest.mark.parametrize("logs", ["both", "summary"])
def test_a_closed_result_without_a_round_has_what_was_so_in_every_round(
    tmp_path: Path,
    logs: str,
    benchmark: str,
    accuracy: str,
    targets: dict[str, float],
    dataset: dict[str, Any] | None,
) -> None:
    Submission(tmp_path).add(
        benchmark, "Offline", offline(**SEEDLESS), accuracy=accuracy, logs=logs
    )
    record = one(tmp_path)
    assert record.benchmark.suite_version is None
    found = {
        metric: item.target_min
        for metric, item in scores(record).items()
        if item.target_min is not None
    }
    assert found == pytest.approx(targets)
    assert (record.dataset.to_dict() if record.dataset else None) == dataset


@pytest.mark.parametrize(
    ("division", "name", "accuracy", "benchmark", "target"),
    [
        (
            "closed",
            "mobilenet",
            IMAGES,
            "mobilenet",
            0.702464,
        ),  # in later rounds a model of resnet50's, so an open one
        ("closed", "ssd-resnet34", MAP, "ssd-large", 0.198),
        ("open", "mobilenet", IMAGES, "mobilenet", None),
        ("open", "ssd-resnet34", MAP, "ssd-resnet34", None),
    ],
)
@pytest.mark.parametrize("logs", ["both", "summary"])
def test_the_time_of_a_log_is_no_round_that_names_a_benchmark(
    tmp_path: Path,
    logs: str,
    division: str,
    name: str,
    accuracy: str,
    benchmark: str,
    target: float | None,
) -> None:
    tree = Submission(tmp_path, division=division)
    folder = tree.add(
        name, "SingleStream", single_stream("v0.7", **SEEDLESS), accuracy=accuracy, logs=logs
    )
    if logs == "both":
        old = (folder / "mlperf_log_detail.txt").read_text().replace('"4.1 @', '".5a1 @')
        put(folder / "mlperf_log_detail.txt", old)
    record = one(tmp_path)
    assert (record.benchmark.name, record.benchmark.suite_version) == (benchmark, None)
    [score] = scores(record).values()
    assert score.target_min == (None if target is None else pytest.approx(target))
    assert (record.model.to_dict() if record.model else {}).get("parameters") is None
    assert record.task in ("object-detection" if accuracy is MAP else "image-classification", None)


@pytest.mark.parametrize(
    ("name", "accuracy", "benchmark", "task"),
    [
        ("mobilenet-v2-0.5-96", IMAGES, "resnet50", "image-classification"),
        ("ssd-resnet34", MAP, "retinanet", "object-detection"),
    ],
)
def test_a_version_of_the_time_since_which_names_are_settled_names_the_benchmark(
    tmp_path: Path, name: str, accuracy: str, benchmark: str, task: str
) -> None:
    opened(tmp_path).add(name, "Offline", offline(**SEEDLESS), accuracy=accuracy)
    record = one(tmp_path)
    assert (record.benchmark.name, record.benchmark.suite_version, record.task) == (
        benchmark,
        None,
        task,
    )


def test_names_are_settled_since_the_round_that_is_said() -> None:
    data = rules._data()
    words = {
        *data["benchmarks"],
        *(name for alias in data["aliases"] for name in alias["names"]),
        "mobilenet-v1-a",
        "yolo-b",
    }
    later = rules.ROUNDS[rules.ROUNDS.index("v2.1") :]
    for word in words:
        assert len({found for each in later if (found := rules.canonical(word, each))}) <= 1, word


@pytest.mark.parametrize("place", ["results", "run_of_monday/results", "Acme/results"])
def test_a_division_that_only_the_system_names_fills_nothing(tmp_path: Path, place: str) -> None:
    """The record says no division, so nothing that holds in the closed one alone is written."""
    tree = Submission(tmp_path / "made")
    tree.add("resnet50", "Offline", offline())
    assert SYSTEM["division"] == "closed"
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    for name in ("results", "systems", "measurements"):
        (tree.top / name).rename((tmp_path / place).with_name(name))
    record = one(tmp_path)
    assert record.benchmark.division is None
    assert said(record)["model"] == {"name": "resnet50-v1.5"}
    assert "input_shape" not in said(record)
    assert [item.target_min for item in scores(record).values()] == [None]


@pytest.mark.parametrize("retraining", ["yes", "see README.md", None])
def test_weights_that_were_trained_on_prove_no_input(
    tmp_path: Path, retraining: str | None
) -> None:
    tree = opened(tmp_path)
    said_of = {
        **MEASURED,
        "starting_weights_filename": "mobilenet_v1_0.25_192.tgz",
        "retraining": retraining,
    }
    tree.add("mobilenet-x", "Offline", offline("v5.1"), accuracy=IMAGES, measured=said_of)
    tree.add("mobilenet-v1-0.25-128", "Offline", offline("v5.1"), accuracy=IMAGES, measured=said_of)
    shapes = {
        r.model.name if r.model else None: r.configuration.input_shape
        for r in converted(tmp_path)[0]
        if r.configuration
    }
    assert shapes == {"mobilenet-x": None, "mobilenet-v1-0.25-128": [128, 128]}


@pytest.mark.parametrize(
    ("benchmark", "shape", "parameters"), [("resnet50", [224, 224], 25600000), ("bert-99.9", [384], 340000000), ("retinanet", [800, 800], None)]
)  # fmt: skip
@pytest.mark.parametrize("division", ["closed", "network"])
def test_the_closed_divisions_run_the_benchmarks_own_model(
    tmp_path: Path, division: str, benchmark: str, shape: list[int], parameters: int | None
) -> None:
    tree = Submission(tmp_path, division=division)
    tree.add(benchmark, "Offline", offline("v4.1"))
    record = one(tmp_path)
    facts = rules.benchmark(benchmark, "v4.1")
    assert facts and record.configuration and record.model and record.dataset
    assert record.configuration.input_shape == shape
    assert (record.model.name, record.model.parameters) == (facts.model, parameters)
    assert record.dataset.samples == facts.samples


@pytest.mark.parametrize(
    ("accuracy", "samples"),
    [(IMAGES, 50000), (SMALL, 1000), (None, None), ("accuracy=61.500%\n", None)],
)
def test_the_samples_of_an_open_result_are_those_that_were_judged(
    tmp_path: Path, accuracy: str | None, samples: int | None
) -> None:
    tree = opened(tmp_path)
    tree.add("resnet50", "Offline", offline("v5.1"), accuracy=accuracy)
    record = one(tmp_path)
    assert record.dataset
    assert record.dataset.to_dict() == {
        "name": "imagenet-2012", "split": "validation", **({"samples": samples} if samples else {}),
    }  # fmt: skip


def test_pairs_of_user_and_item_are_no_samples(tmp_path: Path) -> None:
    tree = opened(tmp_path)
    tree.add(
        "dlrm-v2-99",
        "Offline",
        offline("v4.1"),
        accuracy="AUC=80.1%, accuracy=96%, good=960, total=1000, queries=50\n",
    )
    record = one(tmp_path)
    assert record.dataset
    assert record.dataset.samples == 50


def test_a_run_without_the_folders_of_a_submission_is_of_no_division(tmp_path: Path) -> None:
    put(
        tmp_path / "resnet50/Offline/performance/run_1/mlperf_log_detail.txt",
        detail(offline("v5.1")),
    )
    assert said(one(tmp_path)) == {
        "benchmark": "resnet50", "task": "image-classification", "dataset": {"name": "imagenet-2012", "split": "validation"},
        "model": {"name": "resnet50-v1.5"},
    }  # fmt: skip


# --- detectors ---


@pytest.mark.parametrize(
    ("name", "round_id", "benchmark", "dataset"),
    [
        ("ssd-mobilenet-v2-ppn-coco", "v2.0", "ssd-small", "coco-2017"),
        ("ssd_resnet50_v1_fpn_sbp_640x640_coco", "v2.0", "ssd-small", "coco-2017"),
        ("ssd-resnet50-fpn-1024x1024", "v2.0", "ssd-large", "coco-2017"),
        ("ssdlite-mobilenet-v3-large-coco", "v2.1", "ssdlite-mobilenet-v3-large-coco", "coco"),
        ("faster-rcnn-resnet50-coco", "v3.0", "faster-rcnn-resnet50-coco", "coco"),
        ("yolo-v4-mobilenet", "v5.1", "yolo-v4-mobilenet", None),
        ("ssd-resnet101-v1-fpn-coco17-tpu-8", "v2.0", "ssd-resnet101-v1-fpn-coco17-tpu-8", "coco"),
        ("mobilenet-ssd-v2", "v2.0", "ssd-small", "coco-2017"),
        (
            "efficientdet-d0-efficientnet-b0-coco2017",
            "v5.1",
            "efficientdet-d0-efficientnet-b0-coco2017",
            "coco-2017",
        ),
        ("retinanet-resnet50-fpn", "v2.0", "retinanet-resnet50-fpn", None),
    ],
)
def test_a_detector_is_no_classifier(
    tmp_path: Path, name: str, round_id: str, benchmark: str, dataset: str | None
) -> None:
    tree = opened(tmp_path)
    tree.add(name, "SingleStream", single_stream("v2.1") | _seeds(round_id), accuracy=MAP)
    record = one(tmp_path)
    assert (record.benchmark.suite_version, record.benchmark.name) == (round_id, benchmark)
    assert record.task == "object-detection"
    assert (record.dataset.name if record.dataset else None) == dataset
    assert scores(record)["map"].value == 0.3125
    assert "accuracy" not in scores(record)
    assert record.model
    assert record.model.to_dict() == {"name": name}


def _seeds(round_id: str) -> dict[str, str]:
    return {f"effective_{name}": seed for name, seed in rules.seeds_of(round_id).items()}


@pytest.mark.parametrize(
    "name", ["kestrel-mobilenet-v2", "resnet50-spotter", "efficientnet-b3-finder"]
)
def test_scores_contradict_a_guess_from_a_name(tmp_path: Path, name: str) -> None:
    tree = opened(tmp_path)
    tree.add(name, "Offline", offline("v5.1"), accuracy=MAP)
    record = one(tmp_path)
    assert (record.benchmark.name, record.task, record.dataset) == (name, "object-detection", None)
    assert scores(record)["map"].value == 0.3125


def test_a_segmenter_is_no_classifier(tmp_path: Path) -> None:
    tree = opened(tmp_path)
    tree.add("deeplab-v3-mobilenet", "Offline", offline("v5.1"), accuracy=None)
    assert (one(tmp_path).benchmark.name, one(tmp_path).task) == (
        "deeplab-v3-mobilenet",
        "semantic-segmentation",
    )


# --- published tables ---

COLUMNS = ("Organization", "Division", "Platform", "Model", "MlperfModel", "Scenario", "Result", "Accuracy", "Location",
           "version", "Units", "weight_data_types")  # fmt: skip


def table(folder: Path, *rows: tuple[str, ...], name: str = "summary.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows((COLUMNS, *rows))
    return folder


def of_table(folder: Path) -> tuple[list[Record], Account]:
    conversion = convert(folder, "mlperf-published")
    return list(conversion), conversion.account


def row(division: str, model: str, official: str, accuracy: str, units: str = "Samples/s", version: str = "v5.1", types: str = "int8") -> tuple[str, ...]:  # fmt: skip
    return ("Acme", division, "box9", model, official, "Offline", "65770.5", accuracy,
            f"{division}/Acme/results/box9/{model}/Offline", version, units, types)  # fmt: skip


def test_a_row_says_what_its_table_says(tmp_path: Path) -> None:
    records, _ = of_table(table(
        tmp_path,
        row("open", "parrot-9b-w4", "llama2-70b-99.9", "ROUGE1: 45.5", "Tokens/s"),
        row("open", "mobilenet-v1-precision_float-0.5-160", "resnet", "acc: 61.5"),
        row("open", "finch-s", "", "61.5"),
        row("closed", "resnet50", "resnet", "acc: 76.5"),
        row("network", "bert-99", "bert-99", "F1: 90.5"),
        row("open", "resnet50", "resnet", "acc: 76.5"),
    ))  # fmt: skip
    images = {"name": "imagenet-2012", "split": "validation"}
    assert [said(record) for record in records] == [
        {"benchmark": "llama2-70b-99.9", "task": "question-answering", "dataset": {"name": "openorca"}, "model": {"name": "parrot-9b-w4"},
         "precision": "int8"},
        {"benchmark": "resnet50", "task": "image-classification", "dataset": images, "input_shape": [160, 160], "precision": "int8",
         "model": {"name": "mobilenet-v1-precision_float-0.5-160"}},
        {"benchmark": "finch-s", "model": {"name": "finch-s"}, "precision": "int8"},
        {"benchmark": "resnet50", "task": "image-classification", "dataset": {**images, "samples": 50000}, "precision": "int8",
         "input_shape": [224, 224], "model": {"name": "resnet50-v1.5", "parameters": 25600000}},
        {"benchmark": "bert-99", "task": "question-answering", "dataset": {"name": "squad-1.1", "split": "dev", "samples": 10833},
         "precision": "int8", "input_shape": [384], "model": {"name": "bert-large", "parameters": 340000000}},
        {"benchmark": "resnet50", "task": "image-classification", "dataset": images, "model": {"name": "resnet50-v1.5"}, "precision": "int8"},
    ]  # fmt: skip
    assert (primary(records[0]).per, primary(records[0]).value) == ("token", 65770.5)


@pytest.mark.parametrize(
    "model",
    ["ssd-mobilenet-v2-ppn-coco", "faster_rcnn_resnet50_coco", "tiny-yolo-efficientnet-b0-coco"],
)
def test_a_table_that_calls_a_detector_a_classifier(tmp_path: Path, model: str) -> None:
    records, account = of_table(
        table(tmp_path, row("open", model, "resnet", "31.25", version="v2.0"))
    )
    assert (records[0].task, records[0].dataset.name if records[0].dataset else None) in (
        ("object-detection", "coco"), ("object-detection", "coco-2017"),
    )  # fmt: skip
    assert records[0].benchmark.name != "resnet50"
    assert "accuracy" not in {item.metric for item in records[0].measurements or ()}
    assert any(
        finding.code == "BF705" and "object-detection" in finding.message
        for finding in account.findings
    )


@pytest.mark.parametrize(
    "place",
    [
        "model_mapping.json",
        "open/Acme/model_mapping.json",
        "open/Acme/results/box9/model_mapping.json",
    ],
)
@pytest.mark.parametrize("official", ["", "parrot-9b-w4"])
def test_a_mapping_beside_a_table_that_does_not_say_the_benchmark(
    tmp_path: Path, place: str, official: str
) -> None:
    table(tmp_path, row("open", "parrot-9b-w4", official, "ROUGE1: 45.5", "Tokens/s"))
    put(tmp_path / place, json.dumps({"parrot-9b-w4": "llama2-70b-99.9"}))
    records, account = of_table(tmp_path)
    assert (records[0].benchmark.name, records[0].task) == ("llama2-70b-99.9", "question-answering")
    assert [entry.role for entry in account.files if entry.path.endswith("mapping.json")] == [
        "supporting"
    ]


def test_a_mapping_of_another_submitter_says_nothing(tmp_path: Path) -> None:
    table(tmp_path, row("open", "parrot-9b-w4", "", "45.5", "Tokens/s"))
    put(tmp_path / "open/Other/model_mapping.json", json.dumps({"parrot-9b-w4": "llama2-70b-99.9"}))
    assert of_table(tmp_path)[0][0].benchmark.name == "parrot-9b-w4"


def test_a_table_and_its_log_say_the_same(tmp_path: Path) -> None:
    tree = opened(tmp_path)
    tree.add(
        "parrot-9b-w4",
        "Offline",
        offline("v5.1", result_tokens_per_second="65770.5"),
        accuracy=ROUGE,
    )
    put(tree.top / "model_mapping.json", json.dumps({"parrot-9b-w4": "llama2-70b-99.9"}))
    table(tmp_path, row("open", "parrot-9b-w4", "llama2-70b-99.9", "ROUGE1: 45.5", "Tokens/s"))
    records = list(convert(tmp_path))
    assert len(records) == 2
    assert (
        len({(r.benchmark.name, r.task, r.model.name if r.model else None) for r in records}) == 1
    )
    assert {(primary(r).per, primary(r).value) for r in records} == {("token", 65770.5)}
    assert len({r.provenance.execution for r in records if r.provenance}) == 1


# --- said by a file, or by a rule that has a name ---

FIELDS = ("input_shape", "task", "dataset", "precision")
ROUNDS: dict[str, Any] = {
    "automotive-v0.5": {"tables": {"task": {"rule": 7}, "dataset": {"rule": 7}, "precision": {"file": 7}}},
    "cm4mlperf": {},
    "published": {"tables": {"input_shape": {"rule": 3}, "task": {"file": 24}, "dataset": {"file": 17}, "precision": {"file": 24}}},
    "v0.5": {},
    "v0.7": {
        "logs": {"task": {"rule": 5}, "dataset": {"rule": 5}, "precision": {"file": 5}},
        "tables": {"task": {"file": 4}, "dataset": {"file": 4}},
    },
    "v1.0": {},
    "v1.1": {},
    "v2.0": {},
    "v2.1": {},
    "v3.0": {
        "logs": {"task": {"rule": 3}, "dataset": {"rule": 3}, "precision": {"file": 3}},
        "tables": {"task": {"file": 3}, "dataset": {"file": 3}},
    },
    "v4.1": {"logs": {"task": {"rule": 1}, "dataset": {"rule": 1}, "precision": {"file": 1}}},
    "v5.1": {"logs": {"input_shape": {"file": 3}, "task": {"rule": 8}, "dataset": {"rule": 8}, "precision": {"file": 8}}},
    "v6.0-layout": {"logs": {"task": {"rule": 1}, "dataset": {"rule": 1}, "precision": {"file": 1}}},
    "v6.1-endpoints": {},
}  # fmt: skip


def units(folder: Path, converter: Any) -> Iterator[Unit]:
    yield from (item for item in converter.plan(Source(folder), {}) if isinstance(item, Unit))


def logs(folder: Path) -> Iterator[tuple[dict[str, Any], Attribution]]:
    """Yield the records of open logs as plain data, each with where its values come from."""
    for unit in units(folder, inference):
        run = inference.run_of(unit)
        for record in inference.records_of(run):
            if run.place.division == "open" and isinstance(record, Draft):
                assert run.attribution
                yield record.to_dict(), run.attribution


def open_rows(folder: Path) -> Iterator[tuple[dict[str, Any], Attribution]]:
    """Yield the records of open rows of tables as plain data, each with where its values come from."""
    for unit in units(folder, published):
        told = Told(unit.extra.path)
        maker = Maker(unit, unit.extra, "0" * 64, told)
        for result in joined(rows_of(unit.path, unit.extra.kind, unit)[0], told)[0]:
            terms = maker.terms(result.row)
            if terms.division == "open":
                yield maker.record(result).to_dict(), terms.attribution


def counted(found: Iterator[tuple[dict[str, Any], Attribution]]) -> dict[str, dict[str, int]]:
    """Count for each field how many values a file and how many a rule gives; every value of a record is one of them."""
    counts: dict[str, Counter[str]] = {field: Counter() for field in FIELDS}
    for record, attribution in found:
        written = {
            "input_shape": record.get("configuration", {}).get("input_shape"), "task": record.get("task"),
            "dataset": record.get("dataset", {}).get("name"), "precision": record.get("configuration", {}).get("precision"),
        }  # fmt: skip
        for field in FIELDS:
            filled: Filled | None = getattr(attribution, field)
            assert written[field] == (filled.value if filled else None), field
            if filled:
                assert filled.origin.name
                counts[field][filled.origin.kind] += 1
    return {field: dict(sorted(count.items())) for field, count in counts.items() if count}


@pytest.mark.parametrize("round_id", ROUNDS)
def test_each_value_of_the_open_division_is_said_by_a_file_or_by_a_named_rule(
    samples: Path, round_id: str
) -> None:
    folder = samples / "mlperf_inference" / round_id
    found = {"logs": counted(logs(folder)), "tables": counted(open_rows(folder))}
    assert {key: value for key, value in found.items() if value} == ROUNDS[round_id]


def test_rules_have_names(tmp_path: Path) -> None:
    tree = opened(tmp_path)
    tree.add("mobilenet-v1-0.5-160", "Offline", offline("v5.1"), accuracy=IMAGES)
    tree.add("yolo-v4-coco", "Offline", offline("v5.1"), accuracy=MAP)
    tree.add("parrot-9b-w4", "Offline", offline("v5.1"), accuracy=ROUGE)
    put(tree.top / "model_mapping.json", json.dumps({"parrot-9b-w4": "llama2-70b-99.9"}))
    found = {str(a.model.value): a for _, a in logs(tmp_path) if a.model}
    origins = {
        name: {
            field: (filled.origin.kind, filled.origin.name)
            for field in FIELDS
            if (filled := getattr(a, field))
        }
        for name, a in found.items()
    }
    measured = "open/Acme/measurements/box9/{}/Offline/box9_trt_Offline.json"
    guess, mapping = ("rule", rules.GUESSED_NAME), ("file", "open/Acme/model_mapping.json")
    assert origins == {
        "mobilenet-v1-0.5-160": {
            "input_shape": ("rule", "width and resolution in a MobileNet's name"), "task": guess, "dataset": guess,
            "precision": ("file", measured.format("mobilenet-v1-0.5-160")),
        },
        "yolo-v4-coco": {
            "task": ("rule", "family of models in the name"), "dataset": ("rule", "data set in the name"),
            "precision": ("file", measured.format("yolo-v4-coco")),
        },
        "parrot-9b-w4": {"task": mapping, "dataset": mapping, "precision": ("file", measured.format("parrot-9b-w4"))},
    }  # fmt: skip


# --- engines and precisions ---


@pytest.mark.parametrize(
    ("framework", "engine", "version"),
    [
        ("tflite vmaster", "tflite", "master"),
        ("TFLite v2.14", "tflite", "2.14"),
        ("TensorFlow-Lite main (XNNPACK)", "tflite", "main"),
        ("tflite_vnightly", "tflite", "nightly"),
        ("onnxruntime 0a1b2c3d4e5f", "onnxruntime", "0a1b2c3d4e5f"),
        ("ONNX Runtime, commit 0a1b2c3d4e5f", "onnxruntime", "0a1b2c3d4e5f"),
        ("openvino_2020.4.287", "openvino", "2020.4.287"),
        ("PyTorch v2.2.2", "pytorch", "2.2.2"),
        ("NeMo 24.09", "nemo", "24.09"),
        ("Megatron-LM", "megatron-lm", None),
        ("parrot vmaster", None, None),
        ("PyTorch feeds", None, None),
    ],
)
def test_a_version_may_be_a_branch_or_a_commit(
    framework: str, engine: str | None, version: str | None
) -> None:
    found = systems.software(framework)
    assert (found.get("engine"), found.get("engine_version")) == (engine, version)


def test_the_table_and_the_log_name_one_engine(tmp_path: Path) -> None:
    tree = opened(tmp_path)
    tree.described = {**SYSTEM, "framework": "tflite vmaster"}
    tree.add("mobilenet-v1-0.5-160", "Offline", offline("v5.1"))
    [log] = converted(tmp_path)[0]
    folder = tmp_path / "tables"
    folder.mkdir()
    with (folder / "summary.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [
                (*COLUMNS, "framework"),
                (*row("open", "mobilenet-v1-0.5-160", "resnet", "61.5"), "tflite vmaster"),
            ]
        )
    [listed] = of_table(folder)[0]
    assert log.software and listed.software
    assert (log.software.engine, log.software.engine_version) == ("tflite", "master")
    assert (listed.software.engine, listed.software.engine_version) == ("tflite", "master")


@pytest.mark.parametrize(
    ("words", "precision"),
    [
        ("UINT4", "uint4"), ("uint4", "uint4"), ("u4", "uint4"), ("INT4", "int4"), ("FP4", "fp4"), ("MXFP4", "mxfp4"), ("NVFP4", "nvfp4"),
        ("UINT4 weights", "uint4"), ("uint4,fp16", "mixed"), ("UNSET", None),
    ],
)  # fmt: skip
def test_precisions_of_four_bits(tmp_path: Path, words: str, precision: str | None) -> None:
    tree = opened(tmp_path)
    tree.add(
        "parrot-9b-w4",
        "Server",
        tokens(),
        accuracy=ROUGE,
        measured={**MEASURED, "weight_data_types": words},
    )
    assert said(one(tmp_path)).get("precision") == precision


# --- inputs that went wrong once ---


def test_a_mapped_model(faults: Path) -> None:
    record = one(faults / "mlperf" / "model_mapping" / "v5.1")
    assert (primary(record).per, primary(record).value) == ("token", 65770.1)
    assert record.configuration is None
    assert said(record) == {
        "benchmark": "llama2-70b-99.9", "task": "question-answering", "dataset": {"name": "openorca", "samples": 24576},
        "model": {"name": "llama3_1-70b-fp8_trtllm"},
    }  # fmt: skip
    assert {name: item.target_min for name, item in scores(record).items() if item.target_min} == {
        "rouge-1": 0.443867688, "rouge-2": 0.220131648, "rouge-l": 0.285875838, "output-tokens": 265.005,
    }  # fmt: skip


def test_another_models_input(faults: Path) -> None:
    record = one(faults / "mlperf" / "input_shape" / "v5.1")
    assert record.configuration
    assert record.configuration.input_shape == [160, 160]


def test_a_detector(faults: Path) -> None:
    record = one(faults / "mlperf" / "ssd_as_resnet50" / "inference_results_v2.0")
    assert (record.task, record.dataset.name if record.dataset else None) == (
        "object-detection",
        "coco-2017",
    )
    assert scores(record)["map"].value == 0.35333
    assert "resnet" not in f"{record.benchmark.name}{record.model.name if record.model else ''}"
