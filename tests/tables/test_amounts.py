"""What an annotation says of every record is bounded, however many records there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hostile.specimens import annotated, edited

from benchfmt.annotated import together
from benchfmt.limits import Limits
from benchfmt.validation import validate
from benchfmt.validation.forms import annotated as described_tables


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


def _wide(folder: Path, note: str, rows: int) -> Path:
    """Describe a table whose rows give three records each, of which all repeat a note."""
    fields = [
        {"name": f"b{size}", "benchfmt": {"metric": "latency", "unit": "ms", "record": record}}
        for size in (1, 2, 4)
        for record in [{"configuration.batch_size": size, "extensions.lpdnn.size": {"of": size}}]
    ]
    annotated(folder, "t.csv", schema={"fields": fields})
    row = f"1,-2,3,{note}\n"
    (folder / "t.csv").write_text(f"b1,b2,b4,note\n{row * rows}")
    return folder


def test_long_cells_that_many_records_of_a_row_repeat_are_refused(tmp_path: Path) -> None:
    limits = Limits(repeated_bytes=60_000)
    report = validate(_wide(tmp_path, "x" * 5_000, 10), limits=limits)
    assert [finding.code for finding in report.findings if finding.code != "BF301"] == ["BF907"]
    assert "each with all that stands beside its numbers" in report.findings[-1].message


def test_usual_cells_may_be_repeated_by_any_number_of_records(tmp_path: Path) -> None:
    report = validate(_wide(tmp_path, "x" * 1_000, 60), limits=Limits(repeated_bytes=60_000))
    assert report.records == 180


def test_records_that_are_judged_in_parts_have_the_findings_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _wide(tmp_path, "x", 7)
    whole = validate(folder)
    monkeypatch.setattr(described_tables, "_RECORDS_AT_ONCE", 4)
    in_parts = validate(folder)
    assert whole.findings
    assert in_parts.findings == whole.findings
    assert (in_parts.records, in_parts.measurements) == (whole.records, whole.measurements)


def test_more_rows_of_one_key_than_a_record_has_measurements_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST_ROWS", 10)
    report = validate(_table(tmp_path, "x", 40, key="k"), limits=Limits(record_measurements=15))
    assert [finding.code for finding in report.findings] == ["BF907"]
    assert "20 or more rows of the table have one key" in report.findings[0].message


def test_a_table_of_too_many_columns_of_numbers_is_refused(tmp_path: Path) -> None:
    folder = _wide(tmp_path, "x", 60)
    limits = [Limits(measured_columns=most) for most in (3, 2)]
    found = [validate(folder, limits=some).findings for some in limits]
    assert "BF907" not in {finding.code for finding in found[0]}
    [finding] = found[1]
    assert finding.code == "BF907"
    assert "3 of its columns are numbers" in finding.message
