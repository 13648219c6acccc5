"""A screen never lets a fault pass: what it calls sound, the judge of each cell calls sound too."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import examples

from benchfmt.checks.columns import type_table
from benchfmt.checks.frames import ROW
from benchfmt.checks.repeating_texts import RepeatingTexts
from benchfmt.identity import digits_of, record_digits, record_id
from benchfmt.rowhash import row_hashes
from benchfmt.tables import COLUMNS

_TEXTS = st.lists(st.none() | st.text("ab é\t\n\x07\x7f=1", max_size=14), min_size=1, max_size=12)
_DIGITS = st.lists(
    st.none() | st.text("0123456789+-.eE", min_size=1, max_size=5)
    | st.sampled_from(["nan", "inf", "1_0", " 1", "1e999", "0", "1.0", "9007199254740993"]),
    min_size=1, max_size=8,
)  # fmt: skip


def _faults(column: str, cells: list[str | None], *, typed: bool) -> list[tuple[int, str]]:
    """Return row and code of the faults that a column of measurements has among others that are sound."""
    length = len(cells)
    names = {
        item.name: pl.Series([None] * length, dtype=pl.String) for item in COLUMNS["measurements"]
    }
    names["record_id"] = pl.Series(["r"] * length)
    names["metric"] = pl.Series(["latency"] * length)
    names[column] = pl.Series(cells, dtype=pl.String)
    raw = pl.DataFrame(names).with_columns(pl.int_range(1, length + 1).alias(ROW))
    found = type_table("measurements", raw, RepeatingTexts("measurements"), typed=typed).faults
    return sorted((fault.row or 0, group.code) for group in found for fault in group.first)


def _alone(column: str, cells: list[str | None], *, typed: bool) -> list[tuple[int, str]]:
    """Return the faults of the cells, each judged in a column that a fault of another row keeps from being screened."""
    found = []
    for row, cell in enumerate(cells, 1):
        with_fault = _faults(column, [cell, "\x07"], typed=typed)
        found += [(row, code) for place, code in with_fault if place == 1]
    return found


@examples(20)
@given(_TEXTS)
def test_texts_are_judged_alike_with_and_without_a_screen(cells: list[str | None]) -> None:
    assert _faults("source_locator", cells, typed=True) == _alone(
        "source_locator", cells, typed=True
    )


@pytest.mark.parametrize("column", ["value", "n"])
@examples(20)
@given(cells=_DIGITS)
def test_digits_are_judged_alike_with_and_without_a_screen(
    column: str, cells: list[str | None]
) -> None:
    assert _faults(column, cells, typed=False) == _alone(column, cells, typed=False)


def test_an_empty_text_beside_null_is_a_fault() -> None:
    cells = ["a", None, "", "b" * 40]
    whole = pl.DataFrame({"c": pl.Series(cells)})
    masked = whole.select(pl.when(pl.col("c") != "a").then("c"))["c"].to_list()
    assert _faults("source_locator", cells, typed=True) == [(3, "BF107")]
    assert _faults("source_locator", masked, typed=True) == [(3, "BF107")]


def test_rows_have_one_number_whatever_else_is_in_their_frame() -> None:
    filled = pl.DataFrame({"a": ["x", "y"], "b": ["z", None]})
    empty = pl.DataFrame({"a": ["y", "y"], "b": pl.Series([None, None], dtype=pl.String)})
    hashes, others = row_hashes(filled, ["a", "b"]), row_hashes(empty, ["a", "b"])
    assert others[0] == others[1] == hashes[1]
    assert hashes[0] != hashes[1]
    assert row_hashes(filled, ["b", "a"])[0] != hashes[0]


def test_the_digits_of_an_id_are_those_of_its_text() -> None:
    locators = [f"row={number}" for number in range(50)]
    ids = [record_id("suite", "a.csv", "0" * 64, locator) for locator in locators]
    digits = record_digits("suite", "a.csv", "0" * 64, [locator.encode() for locator in locators])
    assert (digits == digits_of("".join(ids).encode())).all()
    assert digits.shape == (26, 50)
