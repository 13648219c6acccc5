"""Findings on described tables: each fault once, and where a spreadsheet shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from benchfmt import Finding, Severity, convert, validate
from benchfmt.reports.text import account_lines, finding_line
from benchfmt.validation.condensing import condensed

FIELDS = [
    {"name": "model", "benchfmt": {"field": "model.name"}},
    {"name": "note", "benchfmt": {"ignore": True}},
    {"name": "latency", "type": "number", "benchfmt": {"metric": "latency", "unit": "ms"}},
]
ROWS = [("model", "note", "latency"), ("a", "", "oops"), ("b", "", "1.5"), ("c", "x", "oops")]


def describe(folder: Path, name: str, **resource: Any) -> Path:
    described = {
        "path": name,
        **resource,
        "schema": {"fields": FIELDS},
        "benchfmt": {"constant": {"benchmark.suite": "lpdnn"}},
    }
    (folder / "datapackage.json").write_text(json.dumps({"resources": [described]}))
    return folder


def as_text(rows: list[tuple[str, ...]]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


def workbook(path: Path, left: int = 0, above: int = 0) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("All runs")
    sheet = book["All runs"]
    for row in [()] * above + ROWS:
        sheet.append([""] * left + list(row))
    book.save(path)


def test_a_fault_of_many_rows_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(as_text(ROWS))
    describe(tmp_path, "t.csv")
    report = validate(tmp_path)
    assert report.findings == [
        Finding(
            "BF103",
            Severity.ERROR,
            "t.csv",
            1,
            "latency",
            None,
            "'oops' is not a number; the measurement has no value",
            "oops",
            cell="C2",
            count=2,
            rows=(1, 3),
        )
    ]
    assert report.errors == 1
    assert finding_line(report.findings[0]) == (
        "error: t.csv row 1 (C2), latency: 'oops' is not a number; the measurement has no value; "
        "in 2 rows: 1, 3 (BF103)"
    )
    data = report.findings[0].to_dict()
    assert (data["cell"], data["count"], data["rows"]) == ("C2", 2, [1, 3])


def test_a_fault_of_every_record_is_one_finding_of_a_submission(tmp_path: Path) -> None:
    rows = [ROWS[0], *((f"m{place}", "", "1.5") for place in range(40))]
    (tmp_path / "t.csv").write_text(as_text(rows))
    report = validate(describe(tmp_path, "t.csv"), "submission")
    codes = [finding.code for finding in report.findings]
    assert len(codes) == len(set(codes))
    assert {finding.count for finding in report.findings} == {40}
    assert all(finding.rows == (1, 2, 3, 4, 5) for finding in report.findings)


def test_an_account_tells_a_fault_of_many_rows_once(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(as_text(ROWS))
    conversion = convert(describe(tmp_path, "t.csv"))
    list(conversion)
    lines = [line for line in account_lines(conversion.account) if "BF103" in line]
    assert len(lines) == 1
    assert lines[0].endswith("in 2 rows: 1, 3 (BF103)")
    assert len(conversion.account.findings) == 2


def test_numbers_of_a_message_do_not_tell_faults_apart_but_words_do() -> None:
    def finding(code: str, row: int, message: str) -> Finding:
        return Finding(code, Severity.ERROR, "t.csv", row, "x", None, message)

    told = [
        finding("BF301", 1, "accuracy 1.5 is above 1"),
        finding("BF301", 2, "accuracy 1.75e3 is above 1"),
        finding("BF301", 3, "recall 1.5 is above 1"),
        finding("BF201", 4, "'fp7' is no precision"),
        finding("BF201", 5, "'fp9' is no precision"),
    ]
    assert [(f.row, f.count) for f in condensed(told)] == [
        (1, 2),
        (3, None),
        (4, None),
        (5, None),
    ]
    assert condensed(told, {"other.csv"}) == told


PLACES: list[tuple[str, dict[str, Any], str, str]] = [
    ("t.csv", {}, "model,note,latency\n\n\na,,oops\n", "C4"),
    (
        "t.csv",
        {"dialect": {"commentChar": "#", "delimiter": ";"}},
        "# a title\nmodel;note;latency\n# more\na;;oops\n",
        "C4",
    ),
    ("t.tsv", {}, 'model\tnote\tlatency\na\t"two\nlines"\toops\n', "C2"),
    ("t.jsonl", {}, '{"model": "a", "note": "", "latency": "oops"}\n', ""),
]


@pytest.mark.parametrize(("name", "resource", "text", "cell"), PLACES)
def test_a_cell_is_named_as_a_spreadsheet_names_it(
    name: str, resource: dict[str, Any], text: str, cell: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    [found] = [f for f in validate(describe(tmp_path, name, **resource)).findings if f.row]
    assert found.cell == (cell or None)


@pytest.mark.parametrize(
    ("left", "above", "words", "cell"),
    [
        (0, 0, {}, "'All runs'!C2"),
        (0, 3, {"headerRows": [4]}, "'All runs'!C5"),
        (27, 2, {"range": "AB3:AD6"}, "'All runs'!AD4"),
    ],
)
def test_a_cell_of_a_sheet_has_the_name_of_the_sheet(
    left: int, above: int, words: dict[str, Any], cell: str, tmp_path: Path
) -> None:
    workbook(tmp_path / "t.xlsx", left, above)
    describe(tmp_path, "t.xlsx", dialect={"sheetName": "All runs", **words})
    [found] = validate(tmp_path).findings
    assert (found.row, found.cell, found.count) == (1, cell, 2)
