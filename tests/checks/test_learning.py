"""What a program needs that learns which model suits which hardware: what is asked, and of which records."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchfmt.finding import Finding, Severity
from benchfmt.validation import validate

FILE = "record.json"
DROP = object()
CONFIGURATION = {
    "precision": "fp16",
    "batch_size": 1,
    "input_shape": [3, 224, 224],
    "threads": 4,
    "placement": ["cpu"],
}
KNOWN: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "r1",
    "benchmark": {"suite": "lpdnn"},
    "task": "image-classification",
    "model": {"name": "mobilenet-v1", "parameters": 4231976},
    "system": {
        "id": "s1",
        "name": "board",
        "processor": {"name": "Cortex-A57"},
        "accelerator": {"kind": "gpu"},
    },
    "software": {"engine": "onnxruntime"},
    "configuration": CONFIGURATION,
    "measurements": [
        {
            "metric": "latency",
            "stage": "end-to-end",
            "per": "sample",
            "value": 0.0089,
            "unit": "s",
            "basis": "measured",
            "primary": True,
        }
    ],
    "status": "ok",
    "provenance": {"sources": [{"path": "a.csv"}]},
}
"""A record that says all."""


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    record = copy.deepcopy(KNOWN)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = record
        for part in parents:
            node = node[part]
        if value is DROP:
            del node[last]
        else:
            node[last] = value
    return record


def found_in(record: dict[str, Any], folder: Path, rules: str) -> list[Finding]:
    (folder / FILE).write_text(json.dumps(record), "utf-8")
    return validate(folder / FILE, rules).findings


def test_a_record_that_says_what_a_learner_needs(tmp_path: Path) -> None:
    assert found_in(KNOWN, tmp_path, "matchmaking") == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"system": {"id": "s1", "name": "board"}}, "BF540"),
        ({"model.parameters": DROP}, "BF541"),
        ({"configuration.precision": DROP}, "BF542"),
        ({"configuration.batch_size": DROP}, "BF543"),
        ({"configuration.input_shape": DROP}, "BF544"),
        ({"configuration.threads": DROP}, "BF545"),
        ({"configuration.placement": DROP}, "BF546"),
    ],
)
def test_what_a_learner_lacks(changes: dict[str, Any], code: str, tmp_path: Path) -> None:
    record = changed(changes)
    (found,) = found_in(record, tmp_path, "matchmaking")
    assert (found.code, found.severity, found.row) == (code, Severity.WARNING, 1)
    assert found_in(record, tmp_path, "core") == []


def bare(**changes: Any) -> dict[str, Any]:
    """Return the changes that make a record without what only networks have."""
    phase = changes.pop("phase", None)
    made = {
        "model": {"name": "m"},
        "configuration": {"threads": 4, "placement": ["cpu"]},
        **changes,
    }
    if phase is not None:
        made["benchmark.phase"] = phase
    return made


OF_NETWORKS = {"BF541", "BF542", "BF543", "BF544"}
OF_KERNELS = {"threads": 4, "placement": ["cpu"], "precision": "fp16"}
CHIP = {"id": "s1", "processor": {"name": "Cortex-M4"}}
MICROCONTROLLER = {**CHIP, "kind": "microcontroller"}
NO_THREADS = {"configuration.threads": DROP}
NOWHERE = {"configuration.placement": DROP}
ASKED = [
    (bare(), OF_NETWORKS),
    (bare(task="mixed"), OF_NETWORKS),
    (bare(phase="evaluation"), OF_NETWORKS),
    (bare(task=DROP, model=DROP, phase="inference"), {"BF516", "BF517"} | OF_NETWORKS - {"BF541"}),
    (bare(model=DROP), OF_NETWORKS - {"BF541"} | {"BF517"}),
    (bare(task="numerical-kernel"), {"BF542"}),
    (bare(task=DROP), OF_NETWORKS | {"BF516"}),
    ({"benchmark.scenario": "server", "configuration.batch_size": DROP}, {"BF543"}),
    ({"configuration.placement": ["gpu", "cpu"], **NO_THREADS}, {"BF545"}),
    ({**NOWHERE, **NO_THREADS}, {"BF546"}),
    ({"system": CHIP, **NO_THREADS}, {"BF545"}),
    ({"system": CHIP, **NOWHERE, **NO_THREADS}, {"BF545"}),
    ({"system": DROP, **NOWHERE, **NO_THREADS}, {"BF515"}),
    ({"software": DROP}, {"BF518"}),
]
NOT_ASKED = [
    bare(task="tabular-regression"),
    bare(task="max-flow", phase="solving"),
    bare(task="data-selection", phase="data-preparation"),
    bare(task="checkpointing", phase="storage", software=DROP),
    bare(task="mixed", model=DROP),
    bare(task="numerical-kernel", configuration=OF_KERNELS),
    {"benchmark.scenario": "single-stream", "configuration.batch_size": DROP},
    {"configuration.placement": ["gpu"], **NO_THREADS},
    {"system": MICROCONTROLLER, **NO_THREADS},
    {"system": MICROCONTROLLER, **NOWHERE, **NO_THREADS},
    {"benchmark.phase": "storage", **NOWHERE, **NO_THREADS},
    {"benchmark.phase": "data-preparation", **NOWHERE, **NO_THREADS},
    {"benchmark.phase": "storage", "system": {"id": "s1", "name": "array"}},
]


@pytest.mark.parametrize(("changes", "codes"), ASKED)
def test_a_record_is_asked_what_it_can_say(
    changes: dict[str, Any], codes: set[str], tmp_path: Path
) -> None:
    found = found_in(changed(changes), tmp_path, "matchmaking")
    assert {finding.code for finding in found} == codes


@pytest.mark.parametrize("changes", NOT_ASKED)
def test_a_record_is_not_asked_what_it_cannot_say(changes: dict[str, Any], tmp_path: Path) -> None:
    assert found_in(changed(changes), tmp_path, "matchmaking") == []


def test_an_evaluation_without_its_task_may_be_one_on_tables(tmp_path: Path) -> None:
    (found,) = found_in(changed(bare(task=DROP, phase="evaluation")), tmp_path, "matchmaking")
    assert found.code == "BF516"


def test_a_program_of_which_nothing_is_known_is_asked_what_it_is(tmp_path: Path) -> None:
    found = found_in(changed(bare(task=DROP, model=DROP)), tmp_path, "matchmaking")
    assert {finding.code for finding in found} == {"BF516", "BF517"}


def test_the_engine_of_storage_is_not_asked_before_a_hand_over(tmp_path: Path) -> None:
    def codes(phase: str) -> set[str]:
        record = changed({"software": DROP, "benchmark.phase": phase})
        return {finding.code for finding in found_in(record, tmp_path, "submission")}

    assert codes("inference") - codes("storage") == {"BF518"}


def test_a_system_of_many_records_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchfmt.validation.forms.json_portion._RECORDS", 2)
    boards = [{"id": "s1", "name": "board"}, {"id": "s2", "name": "another board"}]
    lines = []
    for number in range(8):
        record = changed({"system": boards[number // 4], "id": f"r{number}"})
        lines.append(json.dumps(record))
    (tmp_path / "all.jsonl").write_text("\n".join(lines), "utf-8")
    found = validate(tmp_path / "all.jsonl", "matchmaking").findings
    assert [(finding.code, finding.row, finding.field) for finding in found] == [
        ("BF540", 1, "system.id"),
        ("BF540", 5, "system.id"),
    ]
