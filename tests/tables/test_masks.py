"""Masks without a query of polars hold where those with one do."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchfmt.annotated import masks
from benchfmt.annotated.cells import known

TEXTS = st.lists(st.none() | st.sampled_from(["", "a", "b", " a", "1", "1.0", "*", "^a$", "n/a"]))
WORDS = st.lists(st.sampled_from(["", "a", "b", "c", "1", "^a$", "n/a"]), unique=True, max_size=7)


@given(TEXTS, WORDS)
def test_few_and_many_words_are_found_alike(texts: list[str | None], words: list[str]) -> None:
    cells = pl.Series(texts, dtype=pl.String)
    mask = masks.settled(masks.is_one_of(cells, masks.Texts.of(words)))
    assert mask.to_list() == [text in words for text in texts]


@given(TEXTS, WORDS)
def test_cells_that_mean_nothing_are_null(texts: list[str | None], words: list[str]) -> None:
    cells = pl.Series(texts, dtype=pl.String)
    expected = [None if text == "" or text in words else text for text in texts]
    assert known(cells, masks.Texts.of({"": None, **dict.fromkeys(words)})).to_list() == expected


@given(TEXTS)
def test_a_cell_without_its_value_is_lost(texts: list[str | None]) -> None:
    cells = pl.Series(texts, dtype=pl.String)
    values = cells.cast(pl.Float64, strict=False)
    expected = [text is not None and text not in ("1", "1.0") for text in texts]
    assert masks.lost(values, cells).to_list() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], True),
        ([None], True),
        ([1.0, None], True),
        ([1.7e308, 1.7e308], True),
        ([math.inf], False),
        ([math.inf, -math.inf], False),
        ([1.0, math.nan], False),
    ],
)
def test_finite_numbers_are_told_from_others(values: list[float | None], expected: bool) -> None:
    assert masks.is_finite(pl.Series(values, dtype=pl.Float64)) is expected
