"""What is said of values that cannot be, beyond the one case that each check has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchfmt import validate


@pytest.mark.parametrize(
    ("reported", "message", "hint"),
    [
        (
            {"reported_value": "718", "reported_unit": "%"},
            "accuracy 7.18 is above 1: 718 % is above 100 %",
            "look at the source: a share of a whole is at most 100 %",
        ),
        (
            {"reported_value": "7.18", "reported_unit": "%"},
            "accuracy 7.18 is above 1; a percent?",
            "0.0718 is the fraction",
        ),
        ({}, "accuracy 7.18 is above 1; a percent?", "0.0718 is the fraction"),
    ],
)
def test_a_percent_that_is_too_large_is_not_taken_for_a_fraction_in_percent(
    tmp_path: Path, reported: dict[str, str], message: str, hint: str
) -> None:
    measured = {"metric": "accuracy", "value": 7.18, "unit": "1", "basis": "measured", **reported}
    record = {
        "benchfmt": "1.0",
        "id": "r1",
        "benchmark": {"suite": "lpdnn"},
        "measurements": [measured],
        "status": "ok",
    }
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(record) + "\n")
    told = {(item.message, item.hint) for item in validate(path).findings if item.code == "BF301"}
    assert told == {(message, hint)}
