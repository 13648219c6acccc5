"""The regular expressions of a table's annotation: what they may cost, and the groups in them."""

from __future__ import annotations

import pytest

from benchfmt.annotated.faults import AnnotationError
from benchfmt.annotated.patterns import check_cost, depth


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a+", 0),
        ("(?P<a>x)(?<b>y)", 1),
        ("(?P<a>x(?:(?<b>y)))", 2),
        (r"(?P<a>\(x)(?<b>y)", 1),
        (r"(?P<a>\\(x))(?<b>y)", 1),
        ("(?P<a>[(]x)(?<b>y)", 1),
        ("(?P<a>[](]x)(?<b>y)", 1),
        (r"(?P<a>[^\](]x)(?<b>y)", 1),
        ("a)(?P<a>x)", 1),
    ],
)
def test_groups_in_each_other_are_counted(pattern: str, expected: int) -> None:
    assert depth(pattern) == expected


def test_the_patterns_of_a_table_may_have_groups_of_the_same_name_and_remarks() -> None:
    patterns = ["(?P<a>x)", "(?P<a>y)", "(?x) (?<a>z) # the last", "(?i)w", "a)|(b"]
    check_cost(patterns)
    check_cost([rf"(?P<part>run{place}_\w+)" for place in range(300)])


def test_each_of_a_few_faulty_patterns_is_left_to_its_column() -> None:
    check_cost(["(", "a", "[b"])


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ([r"(?P<a>\pL{0,500})"], "takes more room than is given to regular expressions"),
        ([rf"\w{{0,{times}}}" for times in range(100)], "its 100 patterns take together"),
        ([*(f"w{place}" for place in range(80)), "w(", "x"], "'w(' is no regular expression"),
        (["(a)" * 501, "(b)" * 500], "1,001 groups"),
        (["a" * 300_000, "b" * 300_000], "600,000 characters"),
    ],
    ids=["one", "together", "faulty", "groups", "long"],
)
def test_patterns_that_cost_too_much_are_refused(patterns: list[str], words: str) -> None:
    with pytest.raises(AnnotationError, match=words.replace("(", r"\(")):
        check_cost(patterns)
