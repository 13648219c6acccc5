"""A list of records whose brackets or quotes do not fit: what is wrong is told where it is, and what stands before it is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchfmt.validation import validate

RECORD = {
    "benchfmt": "1.0",
    "benchmark": {"suite": "lpdnn"},
    "measurements": [
        {"metric": "accuracy", "value": 0.7, "unit": "1", "basis": "measured"},
    ],
    "status": "ok",
}
FIRST = {**RECORD, "id": "a", "status": "passed"}
"""A record with a fault of its own."""
TEXT = json.dumps([FIRST, {**RECORD, "id": "b"}, {**RECORD, "id": "c"}], indent=1)


def line_of(text: str) -> int:
    """Return the line in which a text stands in the second record."""
    begin = TEXT.index('"id": "a"')
    return TEXT.count("\n", 0, TEXT.index(text, begin)) + 1


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"suite": "', '"suite": ', line_of('"suite": "')),
        ('"benchmark": {', '"benchmark": ', line_of('"suite"')),
        ('"measurements": [', '"measurements": ', line_of('"status"') - 1),
        ('"measurements": [', '"measurements": [[', line_of('"status"')),
        ('"value": 0.7', '"value": ]', line_of('"value"')),
    ],
)
def test_what_does_not_fit_is_told_in_its_line(
    old: str, new: str, line: int, tmp_path: Path
) -> None:
    begin = TEXT.index('"id": "a"')
    place = tmp_path / "results.json"
    place.write_text(TEXT[:begin] + TEXT[begin:].replace(old, new, 1), "utf-8")
    report = validate(place)
    assert [(finding.code, finding.line) for finding in report.findings] == [
        ("BF104", report.findings[0].line),
        ("BF115", line),
    ]
    assert report.findings[0].record == "a"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT.rstrip().removesuffix("]"), "does not end"),
        (TEXT.rstrip().removesuffix("]") + "}", "no list"),
        (TEXT + "[]", "two JSON documents"),
    ],
)
def test_a_list_that_does_not_end_well_has_all_of_its_records_judged(
    text: str, words: str, tmp_path: Path
) -> None:
    place = tmp_path / "results.json"
    place.write_text(text, "utf-8")
    report = validate(place)
    assert [finding.code for finding in report.findings] == ["BF104", "BF115"]
    assert words in report.findings[1].message
    assert report.records == 3
