"""What is kept from portion to portion is bounded, and what was left out is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchfmt import validate
from benchfmt.checks import gathered, keeping, learning, once, texts
from benchfmt.reports.formats import report_format
from benchfmt.validation import Report, Reports

MEASUREMENT: dict[str, Any] = {
    "metric": "latency",
    "value": 0.01,
    "unit": "s",
    "stage": "end-to-end",
    "per": "sample",
    "basis": "measured",
}
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "benchmark": {"suite": "lpdnn"},
    "status": "ok",
    "measurements": [MEASUREMENT],
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (keeping, texts):
        monkeypatch.setattr(module, "MOST_KEPT", 3)
    for module in (gathered, once, learning, texts):
        monkeypatch.setattr(module, "MOST_KNOWN", 4)
    monkeypatch.setattr("benchfmt.validation.forms.json_portion._RECORDS", 2)
    monkeypatch.setattr("benchfmt.validation.forms.documents._AT_ONCE", 2)


def judged(tmp_path: Path, records: Sequence[dict[str, Any]], rules: str = "core") -> Report:
    path = tmp_path / "all.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return validate(path, rules)


def kept_and_more(report: Report, code: str) -> tuple[int, int]:
    listed = [finding for finding in report.findings if finding.code == code]
    return len(listed), report.more[code]


def repeated(number: int, **changes: Any) -> dict[str, Any]:
    """Return a record of the one execution, whose latency is another each time."""
    measurement = {**MEASUREMENT, "value": 0.01 * (number + 1), **changes}
    run = {"execution": "run-17"}
    return {**RECORD, "id": f"r{number}", "provenance": run, "measurements": [measurement]}


def described(number: int, **system: Any) -> dict[str, Any]:
    """Return a record on a system of its own."""
    return {**RECORD, "id": f"r{number}", "system": {"id": f"s{number}", **system}}


def concluded(number: int) -> dict[str, Any]:
    """Return a record with a measurement of a kind of its own, whose unit somebody concluded."""
    own = {**MEASUREMENT, "scope": f"class:c{number}", "caveats": ["unit-inferred"]}
    return {**RECORD, "id": f"r{number}", "measurements": [own]}


def named(number: int) -> dict[str, Any]:
    """Return a record of a model whose name holds what nobody sees, another for each."""
    return {**RECORD, "id": f"r{number}", "model": {"name": f"net\u200b{number}"}}


def blank(number: int) -> dict[str, Any]:
    """Return a record of a model whose name is white space, more for each."""
    return {**RECORD, "id": f"r{number}", "model": {"name": " " * (number + 1)}}


def same_board(number: int) -> dict[str, Any]:
    return described(number, name="Pi 4", processor={"name": "Cortex-A72"})


def no_chip(number: int) -> dict[str, Any]:
    return described(number, kind="phone")


@pytest.mark.parametrize(
    ("code", "made", "rules", "first"),
    [
        ("BF135", blank, "core", 0),
        ("BF136", named, "core", 0),
        ("BF138", same_board, "core", 1),
        ("BF213", concluded, "core", 0),
        ("BF526", repeated, "core", 1),
        ("BF540", no_chip, "matchmaking", 0),
    ],
)
def test_so_many_faults_are_kept_and_the_others_counted(
    code: str,
    made: Callable[[int], dict[str, Any]],
    rules: str,
    first: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (gathered, once, learning, texts):
        monkeypatch.setattr(module, "MOST_KNOWN", 100)
    few = judged(tmp_path, [made(number) for number in range(first + 3)], rules)
    assert (kept_and_more(few, code), few.notes) == ((3, 0), [])
    many = judged(tmp_path, [made(number) for number in range(first + 9)], rules)
    assert (kept_and_more(many, code), many.notes) == ((3, 6), [])


def test_repeats_with_a_summary_are_no_fault_wherever_the_summary_stands(tmp_path: Path) -> None:
    records = [repeated(number) for number in range(9)]
    records.append(repeated(9, basis="derived"))
    assert kept_and_more(judged(tmp_path, records), "BF526") == (0, 0)


@pytest.mark.parametrize(
    ("code", "made", "rules"),
    [
        ("BF135", blank, "core"),
        ("BF136", named, "core"),
        ("BF138", same_board, "core"),
        ("BF213", concluded, "core"),
        ("BF540", no_chip, "matchmaking"),
    ],
)
def test_what_is_not_remembered_is_told(
    code: str, made: Callable[[int], dict[str, Any]], rules: str, tmp_path: Path
) -> None:
    report = judged(tmp_path, [made(number) for number in range(12)], rules)
    (note,) = [note for note in report.notes if note.startswith(code)]
    assert note.startswith(f"{code}: only the first ")
    assert judged(tmp_path, [made(number) for number in range(3)], rules).notes == []


def test_numbers_that_are_not_remembered_are_told(tmp_path: Path) -> None:
    records = []
    for number in range(8):
        record = repeated(number)
        records.append({**record, "provenance": {"execution": f"run-{number}"}})
    report = judged(tmp_path, records)
    (note,) = report.notes
    assert note == (
        "BF526: only the first 1,048,576 numbers of executions are remembered; "
        "later ones were compared with these alone"
    )
    assert report.to_dict()["notes"] == [note]
    shown = "".join(report_format("text").render(Reports(report.rule_set, [report], 1)))
    assert f"  note: {note}\n" in shown


@pytest.mark.parametrize(("code", "made"), [("BF135", blank), ("BF136", named)])
def test_a_text_at_fault_is_told_once_however_many_portions_have_it(
    code: str, made: Callable[[int], dict[str, Any]], tmp_path: Path
) -> None:
    records = [{**made(number % 2), "id": f"r{number}"} for number in range(9)]
    report = judged(tmp_path, records)
    assert [(finding.code, finding.row) for finding in report.findings] == [(code, 1), (code, 2)]
    assert (report.more[code], report.notes) == (0, [])


def test_texts_at_fault_are_kept_up_to_some_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (keeping, texts):
        monkeypatch.setattr(module, "MOST_KEPT", 100)
        monkeypatch.setattr(texts, "MOST_KNOWN", 100)
    monkeypatch.setattr(texts, "MOST_BYTES", 1)
    report = judged(tmp_path, [named(number) for number in range(9)])
    assert kept_and_more(report, "BF136") == (2, 7)  # those of the first portion
