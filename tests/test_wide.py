"""The flat view: names, order, groups, and what it leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchfmt.package import Package, open_package
from benchfmt.wide import column_name
from forms import flatten, write

UNIT = {"unit": "s", "basis": "measured"}


def record(number: int, *measurements: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"benchfmt": "1.0", "id": f"r{number}", "benchmark": {"suite": "lpdnn"}, "status": "ok"}
    return base | {"measurements": list(measurements)} | more


def latency(value: float, **key: Any) -> dict[str, Any]:
    return {"metric": "latency", "value": value, **UNIT, **key}


def opened(tmp_path: Path, *records: dict[str, Any]) -> Package:
    return open_package(write(tmp_path / "package", flatten(list(records)), "parquet"))


def rows(tmp_path: Path, *records: dict[str, Any], qualified: bool = False) -> list[dict[str, Any]]:
    return opened(tmp_path, *records).wide(qualified=qualified).to_pylist()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (("latency", "p90", "inference", "sample", ""), "latency__p90__inference__sample"),
        (("power", "", "", "", "psu-dc"), "power__psu_dc"),
        (("precision@10", "p99.9-es", "", "", "class:kidney"), "precision_10__p99_9_es__class_kidney"),
    ],
)
def test_a_column_is_named_by_its_key(key: tuple[str, ...], name: str) -> None:
    assert column_name(key) == name


def test_a_row_is_a_record_and_a_column_a_key(tmp_path: Path) -> None:
    first = record(
        1, latency(0.1, primary=True, per="sample"), latency(0.2, statistic="p90"), task="image-classification"
    )
    second = record(2, latency(0.3, statistic="p90"), {"metric": "power", "missing": "no-sensor"})
    system = {"id": "rpi4", "name": "Raspberry Pi 4", "memory_bytes": 4294967296, "kind": "board", "vendor": "RPi"}
    table = opened(tmp_path, first | {"system": system}, second).wide()
    data = table.to_pylist()
    assert [row["id"] for row in data] == ["r1", "r2"]
    assert [(r["latency__sample"], r["latency__p90"]) for r in data] == [(0.1, 0.2), (None, 0.3)]
    assert [(r["primary_metric"], r["primary_value"], r["primary_unit"]) for r in data] == [
        ("latency", 0.1, "s"), (None, None, None),
    ]  # fmt: skip
    named = {
        name: data[0][name]
        for name in ("system_id", "system_name", "system_kind", "system_vendor", "system_memory_bytes")
    }
    assert list(named.values()) == ["rpi4", "Raspberry Pi 4", "board", "RPi", 4294967296]
    assert data[1]["system_name"] is None
    assert "power" not in table.column_names


def test_context_comes_first_then_the_primary_then_keys_in_order(tmp_path: Path) -> None:
    measurements = [
        latency(0.1, primary=True, stage="inference"),
        {"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"},
    ]
    names = opened(tmp_path, record(1, *measurements, latency(0.2))).wide().column_names
    assert names[:2] == ["id", "suite"]
    assert names[names.index("primary_metric") :] == [
        "primary_metric", "primary_value", "primary_unit", "accuracy", "latency", "latency__inference",
    ]  # fmt: skip
    assert {"extensions", "sources", "inputs", "converter"} & set(names) == set()
    assert len(set(names)) == len(names)


def test_parts_of_a_result_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    whole = record(1, latency(0.1, scope="node"), latency(0.2, scope="node:1"), latency(0.3, scope="run:energy"))
    assert [name for name in rows(tmp_path, whole)[0] if name.startswith("latency")] == ["latency__node"]
    asked = rows(tmp_path, whole, qualified=True)[0]
    assert (asked["latency__node_1"], asked["latency__run_energy"]) == (0.2, 0.3)


def test_two_keys_that_would_share_a_name_get_columns_of_their_own(tmp_path: Path) -> None:
    score = {"metric": "acme:a.b", "value": 1.0, "unit": "1", "basis": "measured"}
    (row,) = rows(tmp_path, record(1, score, score | {"metric": "acme:a-b", "value": 2.0}))
    assert {name: value for name, value in row.items() if name.startswith("acme")} == {
        "acme_a_b": 2.0,
        "acme_a_b__2": 1.0,
    }


GROUPED = record(1, latency(0.1), task="image-classification", configuration={"precision": "fp16", "batch_size": 1})


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({"system": {"id": "rpi4"}}, True),
        ({"software": {"engine": "onnxruntime"}}, True),
        ({"provenance": {"submitter": "somebody"}}, True),
        ({"task": "object-detection"}, False),
        ({"configuration": {"precision": "fp32", "batch_size": 1}}, False),
        ({"configuration": {"precision": "fp16", "batch_size": 2}}, False),
        ({"benchmark": {"suite": "lpdnn", "suite_version": "2"}}, False),
        ({"model": {"name": "resnet50"}}, False),
        ({"inputs": [{"name": "x", "values": [1.0]}]}, False),
    ],
)
def test_a_group_holds_what_may_be_compared(more: dict[str, Any], same: bool, tmp_path: Path) -> None:
    first, second = rows(tmp_path, GROUPED, GROUPED | {"id": "r2"} | more)
    assert first["comparability_group"]
    assert (first["comparability_group"] == second["comparability_group"]) == same


@pytest.mark.parametrize("more", [{"status": "invalid"}, {"configuration": {"precision": "mixed", "batch_size": 1}}])
def test_what_compares_with_nothing_has_no_group(more: dict[str, Any], tmp_path: Path) -> None:
    assert rows(tmp_path, GROUPED | more)[0]["comparability_group"] is None


def test_a_group_is_the_same_in_every_package(tmp_path: Path) -> None:
    alone = rows(tmp_path / "a", GROUPED)[0]["comparability_group"]
    among = rows(tmp_path / "b", record(0, latency(1.0)), GROUPED)[1]["comparability_group"]
    assert alone == among


def test_a_package_without_numbers_is_wide_too(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, record(1, status="failed"))
    assert (row["id"], row["primary_value"]) == ("r1", None)


def test_pandas_gets_the_same_frame(tmp_path: Path) -> None:
    frame = opened(tmp_path, record(1, latency(0.1)), record(2, latency(0.2))).to_pandas()
    assert frame["latency"].tolist() == [0.1, 0.2]
