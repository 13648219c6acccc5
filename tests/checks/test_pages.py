"""The pages of the checks: each code has one, and its examples do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.forms import ROOT

from benchfmt.checks.catalogue import CODES, RULE_SETS, SUBMISSION_ONLY, page
from benchfmt.finding import Severity
from benchfmt.validation import validate

FOLDER = ROOT / "src" / "benchfmt" / "checks" / "pages"
EXAMPLE = re.compile(r"^## (Fails|Passes)\n+```json\n(.*?)```", re.DOTALL | re.MULTILINE)
# Their example is a piece of a file, a table or a folder; test_checks.py and test_safety.py build it.
IN_TEXT = {
    *("BF115", "BF116", "BF118", "BF119", "BF121", "BF122", "BF208", "BF209"),
    *("BF501", "BF502", "BF503", "BF504", "BF507", "BF508", "BF705"),
    *(code for code in CODES if code.startswith("BF9")),
}


def examples(code: str) -> dict[str, str]:
    return dict(EXAMPLE.findall(page(code)))


def found(code: str, which: str, tmp_path: Path) -> set[str]:
    record = tmp_path / "record.json"
    record.write_text(examples(code)[which], "utf-8")
    rules = "submission" if code in SUBMISSION_ONLY else "core"
    return {finding.code for finding in validate(record, rules).findings}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_must_hold_why_and_how_to_mend_it(code: str) -> None:
    text = page(code)
    assert text.startswith(f"# {code}: {CODES[code].title}\n")
    assert re.findall("^## (.*)$", text, re.MULTILINE) == [
        "Why",
        "Fails",
        "Passes",
        "How to mend it",
    ]


@pytest.mark.parametrize("code", CODES)
def test_examples_are_records_save_where_one_record_cannot_show_the_fault(code: str) -> None:
    assert set(examples(code)) == (set() if code in IN_TEXT else {"Fails", "Passes"})
    assert ("```text" in page(code)) == (code in IN_TEXT)


@pytest.mark.parametrize("code", [code for code in CODES if code not in IN_TEXT])
def test_the_failing_example_has_this_fault_alone(code: str, tmp_path: Path) -> None:
    assert found(code, "Fails", tmp_path) == {code}


@pytest.mark.parametrize("code", [code for code in CODES if code not in IN_TEXT])
def test_the_passing_example_has_no_fault(code: str, tmp_path: Path) -> None:
    assert found(code, "Passes", tmp_path) == set()


def test_an_unknown_code_has_no_page() -> None:
    with pytest.raises(KeyError):
        page("BF999")


def test_a_rule_set_is_a_table_of_codes() -> None:
    assert RULE_SETS["submission"] - RULE_SETS["core"] == SUBMISSION_ONLY
    assert {CODES[code].severity for code in SUBMISSION_ONLY} == {Severity.ERROR, Severity.WARNING}
