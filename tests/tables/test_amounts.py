"""What an annotation says of every record is bounded, however many records there are."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.specimens import annotated, edited

from benchfmt.limits import Limits
from benchfmt.validation import validate


def _table(folder: Path, constant: str, rows: int, key: str | None = None) -> Path:
    annotated(folder, "t.csv")
    (folder / "t.csv").write_text("ms,k\n" + "".join(f"1,{row % 2}\n" for row in range(rows)))

    def change(data: dict) -> None:
        annotation = data["resources"][0]["benchfmt"]
        annotation["constant"]["benchmark.name"] = constant
        if key is not None:
            annotation["key"] = [key]

    return edited(folder, change)


def test_a_long_constant_of_many_records_is_refused(tmp_path: Path) -> None:
    limits = Limits(repeated_bytes=400_000)
    report = validate(_table(tmp_path, "x" * 5_000, 30), limits=limits)
    assert [finding.code for finding in report.findings] == ["BF907"]
    assert "characters of each record" in report.findings[0].message


def test_few_records_may_have_a_long_constant(tmp_path: Path) -> None:
    limits = Limits(repeated_bytes=400_000)
    report = validate(_table(tmp_path, "x" * 5_000, 10), limits=limits)
    assert not report.findings
    assert report.records == 10


def test_many_records_may_have_a_usual_constant(tmp_path: Path) -> None:
    report = validate(_table(tmp_path, "x" * 3_000, 300), limits=Limits(repeated_bytes=400_000))
    assert not report.findings
    assert report.records == 300


def test_of_a_long_table_records_are_counted_and_not_rows(tmp_path: Path) -> None:
    folder = _table(tmp_path, "x" * 5_000, 300, key="k")
    report = validate(folder, limits=Limits(repeated_bytes=400_000))
    assert "BF907" not in {finding.code for finding in report.findings}
