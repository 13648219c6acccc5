"""What follows from a fault has no finding of its own."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.forms import flatten, write

from benchfmt.identity import record_id
from benchfmt.validation import validate

SHA = "5" * 64
FORMS = ("json", "csv", "parquet")
TEMPERATURE = {
    "metric": "temperature",
    "scope": "gpu",
    "value": 35.7,
    "unit": "Cel",
    "basis": "measured",
    "reported_value": "35.7",
    "reported_unit": "Cel",
}


def record(locator: str) -> dict[str, Any]:
    return {
        "benchfmt": "1.0",
        "id": record_id("lpdnn", "a.csv", SHA, locator),
        "benchmark": {"suite": "lpdnn"},
        "measurements": [copy.deepcopy(TEMPERATURE)],
        "status": "ok",
        "provenance": {"sources": [{"path": "a.csv", "sha256": SHA, "locator": locator}]},
    }


def found(records: list[dict[str, Any]], form: str, folder: Path, rules: str) -> list[str]:
    path = folder / "records.json"
    if form == "json":
        path.write_text(json.dumps(records), "utf-8")
    else:
        path = write(folder / "package", flatten(records), form)
    return [finding.code for finding in validate(path, rules).findings]


@pytest.mark.parametrize("form", FORMS)
def test_an_id_of_another_record_is_told_as_one_that_stands_twice(
    form: str, tmp_path: Path
) -> None:
    records = [record("row=1"), record("row=2")]
    assert found(records, form, tmp_path, "core") == []
    records[1]["id"] = records[0]["id"]
    assert found(records, form, tmp_path, "core") == ["BF507"]


@pytest.mark.parametrize("form", FORMS)
def test_an_id_that_stands_once_and_does_not_follow_is_told(form: str, tmp_path: Path) -> None:
    records = [record("row=1"), record("row=2")]
    records[1]["id"] = record("row=3")["id"]
    assert found(records, form, tmp_path, "core") == ["BF506"]


@pytest.mark.parametrize("form", FORMS)
def test_an_id_cannot_follow_from_a_hash_that_is_asked_for_and_missing(
    form: str, tmp_path: Path
) -> None:
    records = [record("row=1")]
    del records[0]["provenance"]["sources"][0]["sha256"]
    assert found(records, form, tmp_path, "core") == ["BF506"]
    asked = found(records, form, tmp_path, "ingestion")
    assert "BF514" in asked and "BF506" not in asked


@pytest.mark.parametrize("form", FORMS)
def test_a_temperature_of_a_broken_sensor_is_told_once(form: str, tmp_path: Path) -> None:
    records = [record("row=1")]
    records[0]["measurements"][0]["value"] = 850
    assert found(records, form, tmp_path, "core") == ["BF304"]


@pytest.mark.parametrize(
    ("converter", "code", "field"),
    [
        (None, "BF213", "measurements.0.caveats"),
        ("annotated", "BF208", "measurements.0.unit"),
    ],
)
def test_a_unit_that_somebody_concluded_is_told_once_for_all_portions(
    converter: str | None,
    code: str,
    field: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchfmt.validation.forms.json_portion._RECORDS", 2)
    lines = []
    for number in range(70):
        made = record(f"row={number}")
        made["measurements"][0]["caveats"] = ["unit-inferred"]
        if converter is not None:
            made["provenance"]["converter"] = converter
        lines.append(json.dumps(made))
    (tmp_path / "all.jsonl").write_text("\n".join(lines), "utf-8")
    findings = validate(tmp_path / "all.jsonl").findings
    assert [(item.code, item.row, item.field) for item in findings] == [(code, 1, field)]
