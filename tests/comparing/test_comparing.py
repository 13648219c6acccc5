"""What differs between two packages: records by id, and their fields."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from tests.forms import flatten, write
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.comparing import Change, ChangedRecord, Difference, compare

SYSTEM = {"id": "s", "kind": "board", "memory_bytes": 1024}


def records() -> list[dict[str, Any]]:
    made = []
    for number in range(4):
        measurements = [
            {"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured", "primary": True},
            {"metric": "latency", "value": 0.1, "unit": "s", "per": "sample", "basis": "measured"},
        ]
        made.append(
            {
                "benchfmt": "1.0",
                "id": f"r{number}",
                "benchmark": {"suite": "lpdnn"},
                "system": {**SYSTEM, "id": f"s{number}"},
                "measurements": measurements,
                "status": "ok",
            }
        )
    return made


def packages(
    tmp_path: Path, old: list[Any], new: list[Any], forms: tuple[str, str] = ("csv", "parquet")
) -> tuple[Path, Path]:
    return (
        write(tmp_path / "old", flatten(old), forms[0]),
        write(tmp_path / "new", flatten(new), forms[1]),
    )


@pytest.mark.parametrize("forms", [("csv", "parquet"), ("zip", "csv")])
def test_the_same_records_in_another_order_and_form_are_the_same(
    forms: tuple[str, str], tmp_path: Path
) -> None:
    new = records()[::-1]
    for record in new:
        record["measurements"].reverse()
    assert compare(*packages(tmp_path, records(), new, forms)) == Difference()


def test_records_are_added_removed_and_changed(tmp_path: Path) -> None:
    new = records()[1:]
    new.append({**deepcopy(new[0]), "id": "r9"})
    new[0]["measurements"][0]["value"] = 0.6
    del new[1]["measurements"][1]
    new[1]["task"] = "image-classification"
    new[2]["system"]["memory_bytes"] = 2048
    found = compare(*packages(tmp_path, records(), new))
    assert (found.added, found.removed) == (("r9",), ("r0",))
    assert found.changed == (
        ChangedRecord("r1", (Change("measurements[accuracy].value", 0.5, 0.6),)),
        ChangedRecord(
            "r2",
            (
                Change("task", None, "image-classification"),
                Change("measurements[latency sample]", "0.1 s", None),
            ),
        ),
        ChangedRecord("r3", (Change("system.memory_bytes", 1024, 2048),)),
    )
    assert not found.is_same


def test_values_that_two_measurements_exchange_are_a_change(tmp_path: Path) -> None:
    new = records()
    first, second = new[0]["measurements"]
    first["value"], second["value"] = second["value"], first["value"]
    found = compare(*packages(tmp_path, records(), new))
    assert [change.field for change in found.changed[0].changes] == [
        "measurements[accuracy].value",
        "measurements[latency sample].value",
    ]


def test_more_than_was_asked_for_is_counted(tmp_path: Path) -> None:
    new = records()
    for record in new:
        record["measurements"][0]["value"] = 0.7
    found = compare(*packages(tmp_path, records(), new), most=1)
    assert (len(found.changed), found.not_listed) == (1, 3)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["diff", *map(str, arguments)])
    return done.exit_code, done.stdout


def test_the_command_says_it_in_text_and_json_and_by_its_status(tmp_path: Path) -> None:
    new = records()[1:]
    new[0]["measurements"][0]["value"] = 0.6
    places = packages(tmp_path, records(), new)
    status, printed = run(*places)
    assert status == 1
    assert printed.splitlines() == [
        "- r0",
        "~ r1",
        "    measurements[accuracy].value: 0.5 -> 0.6",
        "0 records added, 1 removed, 1 changed",
    ]
    status, printed = run(*places, "--format", "json")
    assert status == 1
    assert json.loads(printed) == {
        "same": False,
        "added": [],
        "removed": ["r0"],
        "changed": [
            {
                "id": "r1",
                "changes": [{"field": "measurements[accuracy].value", "before": 0.5, "after": 0.6}],
            }
        ],
        "not_listed": 0,
    }
    assert run(places[0], places[0]) == (0, "the records are the same\n")
