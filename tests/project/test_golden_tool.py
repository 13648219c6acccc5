"""`make golden`: what differs between two versions is told by kind, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import golden


def record(name: str, value: float = 1.0, **more: Any) -> dict[str, Any]:
    """A record of a made-up converter."""
    return {
        "id": name,
        "benchmark": {"suite": "toy:suite", "name": "net"},
        "measurements": [
            {"metric": "latency", "statistic": "mean", "value": value},
            {"metric": "power", "value": 3.0},
        ],
        "provenance": {
            "converter": "toy",
            "converter_version": "1.0",
            "sources": [{"path": f"{name}.log"}],
        },
        **more,
    }


def whole(*entries: dict[str, Any], findings: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """What came out of a source as a whole."""
    account = {"entries": list(entries), "findings": list(findings)}
    return {"account": account, "files": {"records.parquet": "abc"}}


def kinds(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[tuple[str, str, str], int]:
    """The kinds of difference between two lists of records."""
    found = golden.compare("toy", [whole(), *old], [whole(), *new])
    return {(kind.converter, kind.place, kind.how): count for kind, count in found.kinds.items()}


def test_equal_snapshots_differ_in_nothing() -> None:
    found = golden.compare(
        "toy", [whole(), record("a"), record("b")], [whole(), record("b"), record("a")]
    )
    assert (found.same, found.packages_equal, found.equal) == (True, True, 2)


def test_a_moved_number_is_counted_under_the_key_of_its_measurement() -> None:
    old = [record("a"), record("b"), record("c")]
    new = [record("a", 2.0), record("b", 5.0), record("c")]
    assert kinds(old, new) == {("toy", "measurements[latency mean]/value", "changed"): 2}


def test_a_field_that_comes_or_goes_is_told_as_such() -> None:
    assert kinds([record("a", task="x")], [record("a", dataset={"name": "y"})]) == {
        ("toy", "task", "removed"): 1,
        ("toy", "dataset/name", "added"): 1,
    }


def test_a_record_whose_id_changed_is_found_by_its_place() -> None:
    renamed = {**record("a", 2.0), "id": "z"}
    assert kinds([record("a")], [renamed]) == {
        ("toy", "id", "changed"): 1,
        ("toy", "measurements[latency mean]/value", "changed"): 1,
    }


def test_records_that_are_gone_or_new_are_counted() -> None:
    assert kinds([record("a")], [record("b")]) == {
        ("toy", "record", "gone"): 1,
        ("toy", "record", "new"): 1,
    }


def test_another_order_of_measurements_is_a_difference() -> None:
    turned = record("a")
    turned["measurements"] = turned["measurements"][::-1]
    assert kinds([record("a")], [turned]) == {("toy", "measurements/order", "changed"): 1}


def test_the_version_of_a_converter_alone_is_no_kind() -> None:
    newer = record("a")
    newer["provenance"] = {**newer["provenance"], "converter_version": "1.1"}
    found = golden.compare("toy", [whole(), record("a")], [whole(), newer])
    assert (found.same, found.equal, found.version_only) == (True, 0, 1)


def test_files_and_findings_of_the_account_are_compared() -> None:
    primary = {"path": "a.log", "role": "primary", "converter": "toy", "records": 1}
    skipped = {"path": "a.log", "role": "skipped", "converter": "toy", "reason": "a compliance log"}
    fault = {"code": "BF701", "path": "a.log", "message": "too few samples"}
    found = golden.compare("toy", [whole(primary, findings=(fault, fault))], [whole(skipped)])
    assert {(kind.place, kind.how): count for kind, count in found.kinds.items()} == {
        ("account/role", "primary -> skipped"): 1,
        ("account/records", "removed"): 1,
        ("account/reason", "added"): 1,
        ("finding/BF701", "gone"): 2,
    }


def test_an_error_and_a_changed_package_are_told() -> None:
    found = golden.compare("toy", [whole()], [{"error": "BenchfmtError: nothing to convert"}])
    assert not found.packages_equal
    assert found.messages == ["error: None -> 'BenchfmtError: nothing to convert'"]


def test_a_checkout_equals_itself(tmp_path: Path, root: Path) -> None:
    """The snapshot runs each version with its own sources and entry points."""
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([("ort", str(root / "tests" / "fixtures" / "ort"))]), "utf-8")
    run = golden.start(root, plan, tmp_path / "new")
    assert run.wait() == 0
    snapshot = golden.load(tmp_path / "new" / "0.jsonl")
    assert snapshot[0]["files"].keys() == {
        "datapackage.json",
        "measurements.parquet",
        "records.parquet",
        "systems.parquet",
    }
    assert len(snapshot) > 1
    assert golden.compare("ort", snapshot, snapshot).same
