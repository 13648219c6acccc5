"""The samples of a measurement as numbers: what is found in columns is what each number says by itself."""

from __future__ import annotations

import json
import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import examples

from benchfmt.checks import observations as observation_module
from benchfmt.checks.observations import extremes, half_of, observations

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ROUNDED = st.integers(-(10**6), 10**6).map(lambda number: number / 1000)


def test_all_are_rounded_to_the_digits_of_the_longest() -> None:
    @examples(60)
    @given(
        st.lists(FLOATS | ROUNDED | st.sampled_from([0.0, 1e15, 1e16, 1e22, 5e-324]), min_size=33)
    )
    def hold(numbers: list[float]) -> None:
        told = observations(json.dumps(numbers)).half
        assert told == min((half_of(number) for number in numbers if number), default=0.0)

    hold()


def test_those_that_did_not_count_are_no_numbers() -> None:
    found = observations("[1, null, 2.5]")
    assert found.numbers == [1.0, 2.5]
    assert found.given == 3


def test_deviations_are_those_of_the_textbook() -> None:
    of_all, of_some = observations("[2, 4, 4, 4, 5, 5, 7, 9]").deviations()
    assert of_all == 2
    assert of_some == pytest.approx(math.sqrt(32 / 7))


@pytest.mark.parametrize("text", ["[1e200, -1e200]", "[1e308, 1e308, 1e308]"])
def test_sums_that_no_double_holds_are_told_apart(text: str) -> None:
    with pytest.raises(OverflowError):
        observations(text).deviations()


def test_the_extremes_of_a_column_are_those_of_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = pl.Series(["[1, 2]", "[3]", "[null]", "[-4, null, 5.5]", "[6, 7, 8, 9]"])
    whole = [cells.to_list() for cells in extremes(cells)]
    assert whole == [[1, 3, None, -4, 6], [2, 3, None, 5.5, 9]]
    monkeypatch.setattr(observation_module, "_AT_ONCE", 10)
    assert [cells.to_list() for cells in extremes(cells)] == whole
    assert [cells.len() for cells in extremes(cells.clear())] == [0, 0]
