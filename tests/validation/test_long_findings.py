"""Findings of very long texts are listed as far as there is room, one of each kind in any case, and counted beyond."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hostile.specimens import RECORD, lines

from benchfmt.validation import reporting, validate


@pytest.mark.parametrize(("room", "listed"), [(2**20, 6), (2_500, 2), (0, 1)])
def test_findings_of_long_texts_are_counted_beyond_their_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, listed: int
) -> None:
    monkeypatch.setattr(reporting, "_MOST_TEXT", room)
    records = [{**RECORD, "id": "r" * 1_000 + str(number), "status": "q"} for number in range(6)]
    report = validate(lines(tmp_path / "all.jsonl", *records))
    assert len(report.findings) == listed
    assert report.more["BF104"] == 6 - listed
    assert report.errors == 6
