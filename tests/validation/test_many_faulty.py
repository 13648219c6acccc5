"""Of many faulty packages in one call a bounded number of findings is kept, and every one is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchfmt.limits import Limits
from benchfmt.reports.formats import report_format
from benchfmt.validation import validate_all

LINE = json.dumps({"benchfmt": "1.0", "benchmark": {"suite": "Lab X"}, "status": "fine"})


@pytest.fixture
def packages(tmp_path: Path) -> list[str]:
    paths = []
    for name in "abc":
        path = tmp_path / f"{name}.jsonl"
        path.write_text(f"{LINE}\n" * 40)
        paths.append(str(path))
    return paths


def test_the_first_lists_all_and_further_ones_some(packages: list[str]) -> None:
    whole = list(validate_all(packages))
    listed = len(whole[0].findings)
    assert listed > 60
    reports = list(validate_all(packages, limits=Limits(findings_in_all=listed + 50)))
    assert [len(report.findings) for report in reports] == [listed, 50, 20]
    assert [report.errors for report in reports] == [report.errors for report in whole]
    assert {finding.code for finding in reports[2].findings} == {
        finding.code for finding in whole[2].findings
    }
    few = list(validate_all(packages, limits=Limits(findings_in_all=1)))
    assert [len(report.findings) for report in few] == [listed, 20, 20]


def test_what_is_not_listed_is_told(packages: list[str]) -> None:
    reports = validate_all(packages, limits=Limits(findings_in_all=1))
    text = "".join(report_format("text").render(reports))
    first, second = text.split("b.jsonl", 1)
    assert "not listed: " not in first
    assert "not listed: " in second
