"""The same fault in many places: what is one fault, and which findings are listed where not all are."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from benchfmt import validate
from benchfmt.finding import Finding, Severity
from benchfmt.validation.condensing import by_fault, examples


def finding(
    code: str = "BF301", row: int = 1, message: str = "accuracy 76.1 is above 1", **of: str
) -> Finding:
    severity = Severity(of.get("severity", "error"))
    return Finding(code, severity, of.get("path", "a.csv"), row, "value", of.get("field"), message)


def test_findings_that_differ_in_their_numbers_are_of_one_fault() -> None:
    same = [finding(row=row, message=f"accuracy {70 + row} is above 1") for row in range(1, 4)]
    assert by_fault(same) == [same]


def test_the_place_in_a_list_and_a_generated_id_make_no_other_fault() -> None:
    same = [
        finding(message="bf1-aaaa stands twice", field="measurements.0.value"),
        finding(message="bf1-bbbb stands twice", field="measurements.7.value"),
    ]
    assert by_fault(same) == [same]


def test_another_file_another_text_and_each_unknown_word_are_faults_of_their_own() -> None:
    others = [
        finding(),
        finding(path="b.csv"),
        finding(message="recall 76.1 is above 1"),
        finding(code="BF302"),
        finding(code="BF201", message="no metric 'top1'"),
        finding(code="BF201", message="no metric 'top5'"),
    ]
    assert by_fault(others) == [[other] for other in others]


def test_the_first_of_each_fault_is_listed_before_the_second_of_any() -> None:
    many = [finding(row=row) for row in range(1, 6)]
    rare = finding("BF304", 6, "too hot", severity="warning")
    worse = finding("BF401", 7, "no sum")
    findings = [*many, rare, worse]
    assert examples(findings, 1) == [many[0]]
    assert examples(findings, 2) == [many[0], worse]
    assert examples(findings, 3) == [many[0], rare, worse]
    assert examples(findings, 4) == [many[0], many[1], rare, worse]
    assert examples(findings, 9) == findings
    assert examples(findings, 0) == []


def test_a_limited_report_counts_what_it_does_not_list(tmp_path: Path) -> None:
    place = tmp_path / "records.jsonl"
    record = {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "failed"}
    place.write_text("".join(f"{json.dumps(record | {'id': f'r{i}'})}\n" for i in range(4)))
    report = validate(place, "ingestion")
    short = report.limited(4)
    assert Counter(finding.code for finding in short.findings) == {
        "BF511": 2,
        "BF512": 1,
        "BF514": 1,
    }
    assert short.more == {"BF511": 2, "BF512": 3, "BF514": 3}
    assert (short.errors, short.warnings) == (report.errors, report.warnings) == (8, 4)
