"""Tests of the example check: `check_check` for all that a check promises, and what is known of this one."""

# ruff: noqa: D103, S101 - tests assert, and say what they do in their names

import json
from pathlib import Path

import acme_checks

from benchfmt import validate
from benchfmt.testing import check_check


def test_keeps_what_a_check_promises() -> None:
    check_check(acme_checks.POWER_IS_SUPPLIED)


def test_the_most_that_a_rack_supplies_is_no_fault(tmp_path: Path) -> None:
    power = {"metric": "power", "scope": "wall", "value": 3000, "unit": "W", "basis": "measured"}
    record = {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "ok"}
    place = tmp_path / "record.json"
    place.write_text(json.dumps(record | {"measurements": [power]}), "utf-8")
    assert validate(place).findings == []
