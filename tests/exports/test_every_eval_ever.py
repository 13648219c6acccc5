"""Packages as files of Every Eval Ever, judged by its own `validate` and by its JSON Schema.

The package asks for Python 3.12; its wheel also runs from a path. `BENCHFMT_EVERY_EVAL_EVER` names one where it is not
installed, else the tests that need it are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import polars as pl
import pytest

from benchfmt.converters import every_eval_ever as converter
from benchfmt.converters.base import Item, Source, Unit
from benchfmt.exports import Exported, every_eval_ever, export
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package, write_package
from benchfmt.record import Record
from benchfmt.tables import to_batch
from benchfmt.vocabulary import vocabulary

WHEEL = os.environ.get("BENCHFMT_EVERY_EVAL_EVER", "")
needs_judge = pytest.mark.skipif(
    not WHEEL and find_spec("every_eval_ever") is None,
    reason="every-eval-ever is not here (Python 3.12, or BENCHFMT_EVERY_EVAL_EVER=WHEEL)",
)
MOST = 400
"""So many files the judge looks at of large packages: every n-th, in the order of their names."""
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "r1",
    "benchmark": {"suite": "lm-evaluation-harness", "suite_version": "0.4.2", "name": "arc_easy"},
    "task": "question-answering",
    "dataset": {"name": "arc", "split": "test", "samples": 2376},
    "model": {"name": "acme/small-1", "parameters": 1000},
    "software": {"engine": "vllm", "engine_version": "0.6"},
    "configuration": {"precision": "bf16"},
    "status": "ok",
    "provenance": {"submitter": "Acme", "measured_at": "2026-01-31T10:00:00+02:00"},
    "measurements": [
        {
            "metric": "accuracy",
            "value": 0.445,
            "unit": "1",
            "basis": "measured",
            "primary": True,
            "n": 2376,
            "stddev": 0.01,
            "ci": [0.43, 0.46, 0.95],
            "reported_value": "44.5",
            "reported_unit": "%",
        },
        {"metric": "latency", "value": 2.5, "unit": "s", "basis": "measured"},
    ],
}


def packaged(place: Path, *changes: dict[str, Any]) -> Path:
    records = []
    for number, change in enumerate(changes):
        records.append(Record.from_dict({**RECORD, "id": f"r{number}", **change}))
    write_package(place, [to_batch(records)])
    return place


def written(package: Path, place: Path, **options: str) -> tuple[Exported, list[dict[str, Any]]]:
    done = export(package, "every-eval-ever", place, retrieved="2026-11-30", **options)
    return done, [json.loads((place / name).read_text("utf-8")) for name in done.files]


def verdicts(folder: Path, files: Sequence[str]) -> list[dict[str, Any]]:
    """Return what its own program says of each file."""
    command = [sys.executable, "-m", "every_eval_ever", "validate", "--format", "json", *files]
    environment = {**os.environ, "PYTHONPATH": WHEEL}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.stdout, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(answers) == len(files)
    return answers


def test_a_result_is_one_evaluation_with_its_numbers(tmp_path: Path) -> None:
    done, logs = written(packaged(tmp_path / "package", {}), tmp_path / "out")
    assert (done.records, done.measurements) == (1, 1)
    assert done.measurements_left_out == ((every_eval_ever.NOT_QUALITY, 1),)
    log = logs[0]
    assert done.files[0].startswith("data/lm-evaluation-harness/acme/small-1/")
    assert log["retrieved_timestamp"] == "1795996800"
    assert log["evaluation_timestamp"] == "2026-01-31T10:00:00+02:00"
    assert log["source_metadata"]["source_type"] == "evaluation_run"
    assert log["source_metadata"]["source_organization_name"] == "Acme"
    assert log["model_info"]["id"] == "acme/small-1"
    assert log["model_info"]["inference_engine"] == {"name": "vllm", "version": "0.6"}
    assert log["evaluation_results"] == [
        {
            "evaluation_result_id": "arc_easy/accuracy",
            "evaluation_name": "arc_easy",
            "source_data": {
                "dataset_name": "arc",
                "source_type": "other",
                "additional_details": {
                    "split": "test",
                    "samples": "2376",
                    "task": "question-answering",
                },
            },
            "metric_config": {
                "metric_id": "accuracy",
                "metric_name": "Accuracy",
                "metric_kind": "accuracy",
                "lower_is_better": False,
                "metric_unit": "proportion",
                "score_type": "continuous",
                "min_score": 0,
                "max_score": 1,
            },
            "score_details": {
                "score": 0.445,
                "details": {
                    "reported_value": "44.5",
                    "reported_unit": "%",
                    "basis": "measured",
                },
                "uncertainty": {
                    "standard_deviation": 0.01,
                    "num_samples": 2376,
                    "confidence_interval": {
                        "lower": 0.43,
                        "upper": 0.46,
                        "confidence_level": 0.95,
                    },
                },
            },
        }
    ]


def test_a_published_number_is_of_a_documentation(tmp_path: Path) -> None:
    number = {**RECORD["measurements"][0], "basis": "published"}
    package = packaged(tmp_path / "package", {"measurements": [number]})
    _, logs = written(package, tmp_path / "out")
    assert logs[0]["source_metadata"]["source_type"] == "documentation"


NUMBER = RECORD["measurements"][0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "failed"}, every_eval_ever.NOT_OK),
        ({"model": {"version": "1"}}, every_eval_ever.NO_MODEL),
        ({"model": {"name": "small-1"}}, every_eval_ever.NO_DEVELOPER),
        ({"dataset": {"split": "test"}}, every_eval_ever.NO_DATASET),
        ({"model": {"name": "acme/a/b"}}, every_eval_ever.NO_PATH),
        ({"model": {"name": f"acme/{'x' * 256}"}}, every_eval_ever.NO_PATH),
        ({"provenance": {"license": "MIT"}}, every_eval_ever.NO_ORGANIZATION),
        ({"measurements": RECORD["measurements"][1:]}, every_eval_ever.NO_QUALITY),
        ({"measurements": [{**NUMBER, "scope": "class:cat"}]}, every_eval_ever.NO_QUALITY),
    ],
)
def test_what_has_no_place_is_counted_with_its_reason(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    done, _ = written(packaged(tmp_path / "package", change, {}), tmp_path / "out")
    assert done.records == 1
    assert done.left_out == ((reason, 1),)


def test_ids_follow_from_the_results_alone(tmp_path: Path) -> None:
    package = packaged(tmp_path / "package", {}, {})
    first, one = written(package, tmp_path / "one")
    second, other = written(package, tmp_path / "other")
    assert first.files == second.files
    assert one == other
    assert len({log["evaluation_id"] for log in one}) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "retrieved: Every Eval Ever asks when"),
        ({"retrieved": "yesterday"}, "'yesterday' is not a day such as 2026-11-30"),
        ({"retrieved": "2026-11-30T10:00"}, "has no zone"),
        ({"retrieved": "2026-11-30", "relationship": "friend"}, "'friend' is none of first_party"),
    ],
)
def test_a_wrong_option_is_told(tmp_path: Path, options: dict[str, str], words: str) -> None:
    with pytest.raises(BenchfmtError, match=words):
        export(packaged(tmp_path / "package", {}), "every-eval-ever", tmp_path / "out", **options)


# --- the judge ---


def as_percent(log: dict[str, Any]) -> None:
    log["evaluation_results"][0]["score_details"]["score"] = 44.5


def without_bounds(log: dict[str, Any]) -> None:
    log["evaluation_results"][0]["metric_config"].pop("max_score")


def without_source(log: dict[str, Any]) -> None:
    log["source_metadata"].pop("source_type")


def more_than_text(log: dict[str, Any]) -> None:
    log["source_metadata"]["additional_details"]["records"] = 1


def without_deployment(log: dict[str, Any]) -> None:
    log["model_info"]["additional_details"].pop("deployment_type")


@needs_judge
def test_the_judge_takes_the_file_as_it_is(tmp_path: Path) -> None:
    done, _ = written(packaged(tmp_path / "package", {}), tmp_path / "out")
    verdict = verdicts(tmp_path / "out", done.files)[0]
    assert (verdict["valid"], verdict["errors"], verdict["warnings"]) == (True, [], [])


@needs_judge
@pytest.mark.parametrize(
    "change", [as_percent, without_bounds, without_source, more_than_text, without_deployment]
)
def test_the_judge_refuses_a_broken_copy(
    tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    done, logs = written(packaged(tmp_path / "package", {}), tmp_path / "out")
    change(logs[0])
    (tmp_path / "out" / done.files[0]).write_text(json.dumps(logs[0]))
    assert not verdicts(tmp_path / "out", done.files)[0]["valid"]


def counted(package: Path) -> Counter[str]:
    """Count by hand the quality numbers of a package that are of whole, successful results, by record."""
    quality = [
        name
        for name, term in vocabulary().terms("metric").items()
        if term.get("quantity") == "quality" and term.get("direction") in ("higher", "lower")
    ]
    records = pl.scan_parquet(package / "records.parquet").filter(
        pl.col("status") == "ok",
        pl.col("model").is_not_null(),
        pl.col("dataset").is_not_null(),
        ~pl.col("model").str.contains('[<>:"\\\\|?*]'),
        pl.col("model").str.len_bytes() <= 255,
    )
    numbers = pl.scan_parquet(package / "measurements.parquet").filter(
        pl.col("metric").str.replace("@.*", "").is_in(quality),
        pl.col("value").is_not_null(),
        pl.col("scope").is_null(),
        pl.col("statistic").fill_null("mean").is_in(["mean", "pooled", "macro-mean", "final"]),
    )
    ids = numbers.join(records, left_on="record_id", right_on="id").select("record_id").collect()
    return Counter(ids["record_id"].to_list())


def judge_samples(package: Path, samples: Path, place: Path) -> None:
    options = {"developer": "example", "organization": "Example"}
    done, logs = written(package, place / "out", **options)
    expected = counted(package)
    found = {
        log["source_metadata"]["additional_details"]["benchfmt_id"]: len(log["evaluation_results"])
        for log in logs
    }
    assert found == expected
    assert (done.records, done.measurements) == (len(expected), expected.total())
    schema = json.loads((samples / "every_eval_ever" / "eval.schema.json").read_text("utf-8"))
    judge = jsonschema_rs.validator_for(schema)
    assert [error.message for log in logs for error in judge.iter_errors(log)] == []
    if WHEEL or find_spec("every_eval_ever"):
        some = sorted(done.files)[:: max(1, len(done.files) // MOST)]
        faulty = [item for item in verdicts(place / "out", some) if item["errors"]]
        assert faulty == []


def test_a_few_families_are_accepted(
    few_samples_package: Path, samples: Path, tmp_path: Path
) -> None:
    judge_samples(few_samples_package, samples, tmp_path)


@pytest.mark.slow
def test_all_families_are_accepted(
    all_samples_package: Path, samples: Path, tmp_path: Path
) -> None:
    judge_samples(all_samples_package, samples, tmp_path)


# --- read back ---

KEPT = ("metric", "statistic", "value", "unit", "basis", "n", "stddev", "ci")
"""What of a measurement the format has a place for."""


def read_back(folder: Path) -> Iterator[Item]:
    for unit in converter.plan(Source(folder), {}):
        assert isinstance(unit, Unit)
        yield from converter.read(unit)


def round_trip(package: Path, place: Path) -> int:
    """Return how many numbers of an export come back as they were; fails where one does not."""
    options = {"retrieved": "2026-11-30", "developer": "example", "organization": "Example"}
    export(package, "every-eval-ever", place, **options)
    with open_package(package) as opened:
        originals = {record.id: record for record in opened.records()}
    count = 0
    for item in read_back(place):
        assert isinstance(item, Record)
        said: Any = (item.extensions or {})["every-eval-ever"]
        original = originals[said["source_metadata"]["additional_details"]["benchfmt_id"]]
        assert item.benchmark.suite == original.benchmark.suite
        assert item.benchmark.suite_version == original.benchmark.suite_version
        assert item.task == original.task
        before = {
            (number.metric, number.statistic): number
            for number in original.measurements or ()
            if number.scope is None and number.value is not None
        }
        for number in item.measurements or ():
            if number.metric == "every-eval-ever:error":
                continue  # in the unit of what was predicted, which the original does not say
            earlier = before[number.metric, number.statistic]
            for name in KEPT:
                assert getattr(number, name) == getattr(earlier, name), (original.id, name)
            if earlier.reported_value is not None:
                assert number.reported_value == earlier.reported_value
            count += 1
    return count


def test_an_export_comes_back_with_its_numbers(few_samples_package: Path, tmp_path: Path) -> None:
    assert round_trip(few_samples_package, tmp_path / "out") > 140


@pytest.mark.slow
def test_an_export_of_all_families_comes_back(all_samples_package: Path, tmp_path: Path) -> None:
    assert round_trip(all_samples_package, tmp_path / "out") > 1_600
