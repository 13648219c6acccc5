"""Which of other measurements stands beside one in its record."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchfmt.checks import beside
from benchfmt.checks.kinds import RECORD

Rows = list[tuple[int, int]]
_ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), max_size=30)


def _frame(rows: Rows, pair: str) -> pl.DataFrame:
    records = [record for record, _ in rows]
    pairs = [number for _, number in rows]
    return pl.DataFrame({RECORD: records, pair: pairs}, schema={RECORD: pl.Int64, pair: pl.Int64})


def _expected(firsts: Rows, others: Rows) -> list[int]:
    return [others.index(row) if row in others else -1 for row in firsts]


@pytest.mark.parametrize("most_places", [0, beside._MOST_PLACES])
@given(firsts=_ROWS, others=_ROWS)
def test_the_first_of_the_others_with_the_same_record_and_pair_is_taken(
    most_places: int, firsts: Rows, others: Rows
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beside, "_MOST_PLACES", most_places)
        places = beside._places_beside(_frame(firsts, "pair"), "pair", _frame(others, beside._PAIR))
    assert places.tolist() == _expected(firsts, others)


def test_keys_that_lie_far_apart_are_looked_for_in_order() -> None:
    firsts = [(10**9, 3), (0, 0), (10**9, 4)]
    others = [(10**9, 4), (10**9, 3), (5, 3), (10**9, 3)]
    places = beside._places_beside(_frame(firsts, "pair"), "pair", _frame(others, beside._PAIR))
    assert places.tolist() == [1, -1, 0]
