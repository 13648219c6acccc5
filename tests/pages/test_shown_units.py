"""Numbers as a page shows them: the decimal point moves, and no digit is made up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchfmt.pages.units import shown_as
from benchfmt.reports.figures import Scale


@pytest.mark.parametrize(
    ("unit", "values", "words"),
    [
        ("s", [0.0136, 1.3402], ["13.6 ms", "1340.2 ms"]),
        ("s", [329.5], ["329.5 s"]),
        ("s", [2.5e-7], ["250 ns"]),
        ("s", [0.0], ["0 s"]),
        # One outlier far below does not move all others.
        ("s", [1e-9, 2.0, 3.0], ["1e-09 s", "2 s", "3 s"]),
        ("By", [500000000.0, 1.4e9], ["500 MB", "1400 MB"]),
        ("By", [512.0], ["512 B"]),
        ("J", [0.0727], ["72.7 mJ"]),
        ("W", [-0.002], ["-2 mW"]),
        ("/s", [1126854.4, 9994.92], ["1,126,850 /s", "9994.92 /s"]),
        ("1", [0.71803], ["0.71803"]),
        (None, [23905.7], ["23,905.7"]),
        ("Cel", [45.25], ["45.25 °C"]),
        ("10*9/J", [1.5], ["1.5 10*9/J"]),
        ("/s", [1e20], ["1e+20 /s"]),
        ("1", [123456.5], ["123,456"]),
    ],
)
def test_numbers_have_the_prefix_that_suits_them(
    unit: str | None, values: list[float], words: list[str]
) -> None:
    shown = shown_as(unit, values)
    assert [shown.words(value) for value in values] == words


_VALUES = st.floats(1e-12, 1e12)


@given(st.sampled_from(["s", "By", "W", "J", "Hz", "/s", "1", None]), st.lists(_VALUES, min_size=1))
def test_a_shown_number_is_its_own_in_six_digits(unit: str | None, values: list[float]) -> None:
    shown = shown_as(unit, values)
    for value in values:
        text = shown.number(value).replace(",", "")
        back = Decimal(text).scaleb(shown.power)
        exact = Decimal(repr(value))
        assert abs(back - exact) <= exact * Decimal("5e-6")
        assert len(Decimal(text).normalize().as_tuple().digits) <= 6


@given(st.lists(_VALUES, min_size=2, max_size=8))
def test_the_marks_of_an_axis_are_round_and_lie_on_it(values: list[float]) -> None:
    scale = Scale(values, 0.0, 100.0)
    assert scale.marks
    assert len(scale.marks) <= 8
    if len(set(values)) > 1:
        for mark in scale.marks:
            assert -1 <= scale.place(mark) <= 101
    assert scale.marks == sorted(set(scale.marks))


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        ([13.6, 178.5], [20, 50, 100, 200]),
        ([3.4, 3.8], [3.4, 3.5, 3.6, 3.7, 3.8]),
        ([0.0, 10.0], [0, 2, 4, 6, 8, 10]),
        ([1e-3, 1e6], [1e-3, 0.1, 10, 1000, 1e5]),
        ([5.0, 5.0], [5.0]),
    ],
)
def test_marks_are_numbers_that_people_count_in(values: list[float], marks: list[float]) -> None:
    assert Scale(values, 0.0, 100.0).marks == marks
