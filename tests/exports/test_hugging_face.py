"""Packages as model cards and results of benchmarks, judged by huggingface_hub where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchfmt.exports import export, hugging_face
from benchfmt.exports.every_eval_ever import NO_MODEL, NO_PATH, NO_QUALITY, NOT_OK
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package, write_package
from benchfmt.record import Record
from benchfmt.tables import to_batch

pytestmark = pytest.mark.filterwarnings("ignore")  # the judge and its libraries have some
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "benchmark": {"suite": "lm-evaluation-harness", "name": "arc_easy"},
    "task": "question-answering",
    "dataset": {"name": "arc", "split": "test"},
    "model": {"name": "acme/small-1"},
    "software": {"engine": "vllm", "engine_version": "0.6"},
    "configuration": {"precision": "bf16"},
    "status": "ok",
    "provenance": {"url": "https://example.org/1", "measured_at": "2026-01-31"},
    "measurements": [
        {
            "metric": "exact-match",
            "value": 0.445,
            "unit": "1",
            "basis": "measured",
            "primary": True,
        },
        {
            "metric": "accuracy",
            "statistic": "mean",
            "value": 1 / 3,
            "unit": "1",
            "basis": "measured",
        },
        {"metric": "latency", "value": 2.5, "unit": "s", "basis": "measured"},
    ],
}


def packaged(place: Path, *changes: dict[str, Any]) -> Path:
    records = [
        Record.from_dict({**RECORD, "id": f"r{number}", **change})
        for number, change in enumerate(changes)
    ]
    write_package(place, [to_batch(records)])
    return place


def front_matter(card: Path) -> dict[str, Any]:
    empty, text, rest = card.read_text("utf-8").split("---\n")
    assert (empty, rest) == ("", "")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def test_a_model_has_a_card_with_its_results(tmp_path: Path) -> None:
    other = {"dataset": {"name": "openai/gsm8k"}, "provenance": {"license": "MIT"}}
    package = packaged(tmp_path / "package", {}, other)
    done = export(package, "hugging-face", tmp_path / "out", datasets="arc=allenai/ai2_arc")
    assert done.files == ("acme/small-1/README.md", "acme/small-1/.eval_results/benchfmt.yaml")
    assert (done.records, done.measurements) == (2, 4)
    metrics = [
        {"type": "exact_match", "value": 0.445, "name": "Exact match"},
        {"type": "accuracy", "value": 1 / 3, "name": "Accuracy", "args": {"statistic": "mean"}},
    ]
    assert front_matter(tmp_path / "out" / done.files[0]) == {
        "model-index": [
            {
                "name": "acme/small-1",
                "results": [
                    {
                        "task": {"type": "question-answering"},
                        "dataset": {"type": "allenai/ai2_arc", "name": "arc", "split": "test"},
                        "metrics": metrics,
                        "source": {
                            "url": "https://example.org/1",
                            "name": "lm-evaluation-harness",
                        },
                    },
                    {
                        "task": {"type": "question-answering"},
                        "dataset": {"type": "openai/gsm8k", "name": "openai/gsm8k"},
                        "metrics": metrics,
                    },
                ],
            }
        ]
    }
    assert yaml.safe_load((tmp_path / "out" / done.files[1]).read_text("utf-8")) == [
        {
            "dataset": {"id": "allenai/ai2_arc", "task_id": "arc_easy"},
            "value": 0.445,
            "date": "2026-01-31",
            "source": {"url": "https://example.org/1", "name": "lm-evaluation-harness"},
            "notes": "exact-match, bf16, vllm 0.6",
        },
        {
            "dataset": {"id": "openai/gsm8k", "task_id": "arc_easy"},
            "value": 0.445,
            "notes": "exact-match, bf16, vllm 0.6",
        },
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "failed"}, NOT_OK),
        ({"model": {"version": "1"}}, NO_MODEL),
        ({"model": {"name": "acme/../small"}}, NO_PATH),
        ({"task": None}, hugging_face.NO_TASK),
        ({"dataset": {"split": "test"}}, hugging_face.NO_DATASET),
        ({"measurements": RECORD["measurements"][2:]}, NO_QUALITY),
    ],
)
def test_what_has_no_place_is_counted_with_its_reason(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    data = {**RECORD, "id": "r1", **change}
    record = Record.from_dict({name: value for name, value in data.items() if value is not None})
    write_package(
        tmp_path / "package", [to_batch([record, Record.from_dict({**RECORD, "id": "r2"})])]
    )
    done = export(tmp_path / "package", "hugging-face", tmp_path / "out")
    assert done.records == 1
    assert done.left_out == ((reason, 1),)


def test_what_is_no_data_set_of_the_hub_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="'arc=ai2_arc' is not NAME=ORG/ID"):
        export(
            packaged(tmp_path / "package", {}),
            "hugging-face",
            tmp_path / "out",
            datasets="arc=ai2_arc",
        )


# --- the judge ---


def without_task(entry: dict[str, Any]) -> None:
    entry.pop("task")


def without_value(entry: dict[str, Any]) -> None:
    entry["metrics"][0].pop("value")


def test_the_judge_reads_the_values(tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    export(packaged(tmp_path / "package", {}), "hugging-face", tmp_path / "out")
    card = hub.ModelCard.load(tmp_path / "out" / "acme" / "small-1" / "README.md")
    assert [(item.metric_type, item.metric_value) for item in card.data.eval_results] == [
        ("exact_match", 0.445),
        ("accuracy", 1 / 3),
    ]


@pytest.mark.parametrize("change", [without_task, without_value])
def test_the_judge_refuses_a_broken_copy(
    tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    export(packaged(tmp_path / "package", {}), "hugging-face", tmp_path / "out")
    card = tmp_path / "out" / "acme" / "small-1" / "README.md"
    data = front_matter(card)
    change(data["model-index"][0]["results"][0])
    card.write_text(f"---\n{yaml.safe_dump(data)}---\n")
    with pytest.raises((ValueError, KeyError)):
        hub.ModelCard.load(card)


def values_of(package: Path) -> dict[str, list[float]]:
    """Return the numbers of quality by model, read from the records and not from the export."""
    from benchfmt.exports.every_eval_ever import quality

    values: dict[str, list[float]] = {}
    with open_package(package) as opened:
        for record in opened.records():
            named = record.task and record.dataset and record.dataset.name
            if record.status != "ok" or not named or not record.model or not record.model.name:
                continue
            for number in record.measurements or ():
                if quality(number) is None and number.value is not None:
                    values.setdefault(record.model.name, []).append(number.value)
    return values


def compare(package: Path, place: Path, load: Callable[[Path], list[float]]) -> None:
    done = export(package, "hugging-face", place)
    expected = values_of(package)
    found = {}
    for name in done.files:
        if name.endswith("README.md"):
            found[name.removesuffix("/README.md")] = load(place / name)
    assert found == {name: values for name, values in expected.items() if name in found}
    unwritten = expected.keys() - found.keys()
    assert len(unwritten) <= 1  # a name that is no folder's
    assert done.measurements == sum(len(values) for values in found.values()) > 0


def by_yaml(card: Path) -> list[float]:
    (index,) = front_matter(card)["model-index"]
    return [metric["value"] for item in index["results"] for metric in item["metrics"]]


def test_a_few_families_are_read_by_yaml(few_samples_package: Path, tmp_path: Path) -> None:
    compare(few_samples_package, tmp_path / "out", by_yaml)


@pytest.mark.slow
def test_all_families_are_read_by_the_judge(all_samples_package: Path, tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def by_hub(card: Path) -> list[float]:
        results = hub.ModelCard.load(card).data.eval_results
        assert sorted(item.metric_value for item in results) == sorted(by_yaml(card))
        return by_yaml(card)

    compare(all_samples_package, tmp_path / "out", by_hub)
