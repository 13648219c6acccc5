"""Of very many units that no list has, the first ones are looked up, and the others are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.checks.test_checks import RECORD
from tests.forms import flatten, write

from benchfmt.limits import Limits
from benchfmt.validation import validate

CODES = ["s", "m/s2", "J/s3", "W/s4", "g/s5", "Hz/s6"]


def _record() -> dict[str, object]:
    record: dict[str, object] = json.loads(json.dumps(RECORD))
    first = {"metric": "latency", "statistic": "mean", "value": 1.0, "basis": "measured"}
    record["measurements"] = [
        {**first, "unit": code, "stage": f"x:stage-{number}"} for number, code in enumerate(CODES)
    ]
    return record


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_rows_with_further_units_are_told_and_not_judged(form: str, tmp_path: Path) -> None:
    if form == "jsonl":
        path = tmp_path / "records.jsonl"
        path.write_text(json.dumps(_record()) + "\n", "utf-8")
    else:
        path = write(tmp_path / "package", flatten([_record()]), form)
    report = validate(path, limits=Limits(strange_units=3))
    told = [finding for finding in report.findings if finding.code == "BF907"]
    assert [finding.value for finding in told] == ["g/s5"]
    assert "2 measurements from here on" in told[0].message
    wrong = [finding.value for finding in report.findings if finding.code == "BF203"]
    assert wrong == ["m/s2", "J/s3", "W/s4"]


def test_units_of_the_standard_are_not_counted(tmp_path: Path) -> None:
    package = write(tmp_path, flatten([_record()]), "csv")
    report = validate(package, limits=Limits(strange_units=5))
    assert "BF907" not in {finding.code for finding in report.findings}
