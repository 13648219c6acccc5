"""A system that is described twice is told, whether there was room to keep the first description whole or not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hostile.specimens import RECORD, lines

from benchfmt.validation import validate
from benchfmt.validation.forms import json_ids

_SYSTEMS = (
    {"id": "a", "name": "Box"},
    {"id": "a", "name": "Box"},
    {"id": "a", "name": "Crate"},
    {"id": "b", "extensions": {"x": {"one": 1, "two": 2.0}}},
    {"id": "b", "extensions": {"x": {"two": 2, "one": 1}}},
    {"id": "b", "extensions": {"x": {"one": 1, "two": 3}}},
)


def _records(*systems: dict[str, object]) -> list[dict[str, object]]:
    return [
        {**RECORD, "id": f"r{number}", "system": system} for number, system in enumerate(systems)
    ]


@pytest.mark.parametrize("room", [2**20, 0])
def test_a_system_that_is_described_twice_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(json_ids, "_MOST_BYTES", room)
    report = validate(lines(tmp_path / "all.jsonl", *_records(*_SYSTEMS)))
    assert [(item.code, item.row) for item in report.findings] == [("BF508", 3), ("BF508", 6)]
    assert not report.notes


def test_systems_of_submissions_for_which_there_is_no_room_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_ids, "_MOST_BYTES", 0)
    place = {"id": "sys1-place-a"}
    records = _records({**place, "name": "Box"}, {**place, "name": "Crate"})
    report = validate(lines(tmp_path / "all.jsonl", *records))
    assert not report.findings
    assert len(report.notes) == 1
    assert "not compared" in report.notes[0]
