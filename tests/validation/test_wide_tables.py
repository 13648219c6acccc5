"""Of a table of thousands of columns each is told, and those that the standard knows are judged."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.specimens import package

from benchfmt.validation import validate

_UNKNOWN = [f"c{number}" for number in range(1_500)]


def test_columns_beyond_the_first_thousand_are_told_and_known_ones_judged(tmp_path: Path) -> None:
    header = ",".join(["id", "name", *_UNKNOWN, "vendor"])
    row = ",".join(["s1", "Box", *("x" for _ in _UNKNOWN), "=1+1"])
    report = validate(package(tmp_path / "package", systems=f"{header}\n{row}\n"))
    told = {item.column for item in report.findings if item.code == "BF102"}
    told_or_counted = len(told) + report.more.get("BF102", 0)
    assert told_or_counted == len(_UNKNOWN)
    assert [(item.row, item.column) for item in report.findings if item.code == "BF908"] == [
        (1, "vendor")
    ]


def test_a_column_is_told_once_however_many_frames_a_wide_table_has(tmp_path: Path) -> None:
    header = ",".join(["id", *_UNKNOWN])
    rows = "".join(f"s{number}{',x' * len(_UNKNOWN)}\n" for number in range(2_500))
    report = validate(package(tmp_path / "package", systems=f"{header}\n{rows}"))
    counts = [item.column for item in report.findings if item.code == "BF102"]
    assert len(counts) + report.more.get("BF102", 0) == len(_UNKNOWN)
