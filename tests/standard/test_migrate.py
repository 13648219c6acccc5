"""Versions: every 1.x is read, nothing of a newer one is lost, and every other version is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.forms import VALID, codes, flatten, load, write

from benchfmt.migrate import VersionError, readable, to_current, to_original
from benchfmt.package import open_package
from benchfmt.record import Record
from benchfmt.validation import validate

NEWER: dict[str, Any] = {
    "benchfmt": "1.3",
    "id": "r1",
    "benchmark": {"suite": "lpdnn", "track": "edge"},
    "system": {
        "accelerator": [{"kind": "gpu"}, {"kind": "npu", "tops": 4}],
        "cooling": {"kind": "fan"},
    },
    "measurements": [
        {"metric": "latency", "value": 0.1, "unit": "s", "basis": "measured"},
        {"metric": "power", "missing": "no-sensor", "channel/~": ["a"]},
    ],
    "status": "ok",
    "weather": None,
}


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.27"])
def test_every_minor_version_is_readable(version: str) -> None:
    assert readable(version)


@pytest.mark.parametrize(
    "version", ["0.9", "2.0", "1", "1.", "1.01", "1.0.0", "1.0\n", "", 1.0, None, ["1.0"]]
)
def test_no_other_version_is(version: Any) -> None:
    assert not readable(version)
    with pytest.raises(VersionError):
        to_current({"benchfmt": version})


def test_a_record_of_this_version_stays_as_it_is() -> None:
    for path in VALID:
        data = load(path)
        assert to_current(data) == data
        assert to_original(data) == data


def test_a_newer_record_becomes_one_of_this_version_and_comes_back_whole() -> None:
    before = json.dumps(NEWER)
    current = to_current(NEWER)
    assert json.dumps(NEWER) == before
    assert current["benchfmt"] == "1.0"
    assert current["extensions"]["benchfmt"] == {
        "version": "1.3",
        "fields": {
            "/benchmark/track": "edge",
            "/system/accelerator/1/tops": 4,
            "/system/cooling": {"kind": "fan"},
            "/measurements/1/channel~1~0": ["a"],
            "/weather": None,
        },
    }
    assert to_original(current) == NEWER


def test_a_newer_record_that_uses_nothing_new_comes_back_too() -> None:
    plain = {
        "benchfmt": "1.1",
        "benchmark": {"suite": "lpdnn"},
        "status": "failed",
        "extensions": {"lpdnn": {"a": 1}},
    }
    assert Record.from_dict(to_current(plain)).extensions == {
        "lpdnn": {"a": 1},
        "benchfmt": {"version": "1.1"},
    }
    assert to_original(to_current(plain)) == plain


def test_a_newer_record_is_judged_by_what_is_known_of_it(tmp_path: Path) -> None:
    newer = {key: value for key, value in NEWER.items() if key != "weather"}
    path = tmp_path / "record.json"
    path.write_text(json.dumps(newer), "utf-8")
    assert validate(path).findings == []
    newer["measurements"][0]["unit"] = "ms"
    path.write_text(json.dumps(newer), "utf-8")
    assert codes(validate(path)) == {"BF203"}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_columns_of_a_newer_package_are_no_fault_and_are_kept(form: str, tmp_path: Path) -> None:
    record = {
        "benchfmt": "1.3",
        "id": "r1",
        "benchmark": {"suite": "lpdnn", "track": "edge"},
        "status": "failed",
    }
    record["extensions"] = {"lpdnn": {"a": 1}}
    place = write(tmp_path / "new", flatten([record]), form, version="1.3")
    assert validate(place).findings == []
    with open_package(place) as package:
        (kept,) = package.records()
    assert kept.extensions == {
        "lpdnn": {"a": 1},
        "benchfmt": {"version": "1.3", "columns": {"benchmark.track": "edge"}},
    }
    assert codes(validate(write(tmp_path / "old", flatten([record]), form, version="1.0"))) == {
        "BF102"
    }
