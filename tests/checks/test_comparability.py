"""BF601: a group that a record claims, against the one that its fields give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.comparison.making import PROFILE, changed
from tests.forms import flatten, write

from benchfmt.finding import Finding, Severity
from benchfmt.package import open_package
from benchfmt.validation import validate

FORMS = ("parquet", "csv", "zip", "jsonl")
HINT = "leave the claim out: groups are made from the fields whenever results are compared"


def claiming(group: str | None, **more: Any) -> dict[str, Any]:
    record = changed(PROFILE, "r1", **more)
    if group is None:
        return record
    return record | {"extensions": {"benchfmt": {"comparability_group": group}}}


def found(tmp_path: Path, record: dict[str, Any], form: str = "parquet") -> list[Finding]:
    if form == "jsonl":
        place = tmp_path / "records.jsonl"
        place.write_text(json.dumps(record) + "\n", "utf-8")
    else:
        place = write(tmp_path / form, flatten([record]), form)
    report = validate(place)
    return [finding for finding in report.findings if finding.code == "BF601"]


def test_a_claim_that_the_fields_do_not_give_is_told(tmp_path: Path) -> None:
    (own,) = (
        open_package(write(tmp_path / "own", flatten([claiming(None)]), "parquet"))
        .wide()["comparability_group"]
        .to_pylist()
    )
    wrong = claiming("0123456789abcdef-01234567")
    (finding,) = found(tmp_path, wrong)
    assert finding == Finding(
        "BF601",
        Severity.WARNING,
        "records.parquet",
        1,
        "extensions",
        "extensions",
        f"the record claims the group 0123456789abcdef-01234567; its fields give {own}",
        "0123456789abcdef-01234567",
        HINT,
        "r1",
    )
    assert found(tmp_path / "right", claiming(own)) == []
    assert found(tmp_path / "none", claiming(None)) == []


@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_it(form: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, claiming("a-b", configuration__threads=None), form)
    assert finding.message == (
        "the record claims the group a-b; its fields give none (cannot be told: threads unknown)"
    )


def test_without_a_primary_value_there_is_no_group(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, claiming("a-b", measurements__first__primary=None))
    assert finding.message.endswith("it has no primary measurement with a value")
