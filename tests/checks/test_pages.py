"""The pages of the checks: each code has one, and its examples do what they say."""

from __future__ import annotations

import pytest
from tests.forms import ROOT

from benchfmt.checks.catalogue import CODES, page
from benchfmt.testing import check_check

FOLDER = ROOT / "src" / "benchfmt" / "checks" / "pages"
# Their example is a piece of a file, a table or a folder; test_checks.py and test_safety.py build it.
IN_TEXT = {
    *(
        "BF115",
        "BF116",
        "BF118",
        "BF119",
        "BF121",
        "BF122",
        "BF126",
        "BF127",
        "BF128",
        "BF129",
        "BF123",
        "BF124",
        "BF208",
        "BF209",
    ),
    *("BF130", "BF131", "BF132", "BF133", "BF134", "BF137", "BF138", "BF140", "BF143"),
    *("BF144", "BF145", "BF526"),
    *("BF520", "BF521", "BF522", "BF523", "BF524"),
    *("BF501", "BF502", "BF503", "BF504", "BF507", "BF508", "BF705"),
    *(code for code in CODES if code.startswith("BF9")),
}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_must_hold_why_and_how_to_mend_it(code: str) -> None:
    """The failing example has this fault alone, and the passing one has none."""
    check_check(CODES[code])


@pytest.mark.parametrize("code", CODES)
def test_examples_are_records_save_where_one_record_cannot_show_the_fault(code: str) -> None:
    assert ("```text" in page(code)) == (code in IN_TEXT)
    assert ("```json" in page(code)) == (code not in IN_TEXT)


def test_an_unknown_code_has_no_page() -> None:
    with pytest.raises(KeyError):
        page("BF999")
