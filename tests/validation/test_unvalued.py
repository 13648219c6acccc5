"""Records without a value are told in full as far as there is room, and counted beyond."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hostile.specimens import package

from benchfmt.validation import unvalued, validate

_HEADER = "record_id,metric,stage,per,value,unit,basis\n"


def _records(count: int) -> str:
    return "id,suite,status\n" + "".join(f"r{number},lpdnn,ok\n" for number in range(count))


def _measurement(record: str) -> str:
    return f"{record},latency,end-to-end,sample,0.5,s,measured\n"


@pytest.mark.parametrize("room", [2**20, 0])
def test_what_there_is_no_room_for_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(unvalued.Unvalued.__init__, "__defaults__", (room,))
    package(tmp_path, records=_records(50), measurements=_HEADER + _measurement("r7"))
    report = validate(tmp_path)
    listed = [finding.record for finding in report.findings if finding.code == "BF112"]
    assert len(listed) + report.more["BF112"] == 49
    assert len(listed) == (49 if room else 0)


@pytest.mark.parametrize("room", [2**20, 0])
def test_measurements_out_of_order_leave_their_records_unsettled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(unvalued.Unvalued.__init__, "__defaults__", (room,))
    rows = _HEADER + "".join(_measurement(f"r{number}") for number in (9, 3, 9, 4))
    package(tmp_path, records=_records(10), measurements=rows)
    report = validate(tmp_path)
    late = {finding.record for finding in report.findings if finding.code == "BF504"}
    assert late == {"r3", "r4"}
    without_value = {finding.record for finding in report.findings if finding.code == "BF112"}
    assert not without_value & late
    assert len(without_value) + report.more["BF112"] == 7
