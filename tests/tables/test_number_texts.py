"""Numbers as people write them: what is read is the number that was written, never one that is a factor off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import examples

from benchfmt.annotated.cells import numbers
from benchfmt.annotated.columns import IDENTITY
from benchfmt.annotated.written import written
from benchfmt.annotation import FieldAnnotation
from benchfmt.descriptor import TableField
from benchfmt.readers.sheets.number_columns import NumberColumns

GROUPS = ["", " ", "\u00a0", "\u202f", "\u2009", "'", "\u2019", "_", ",", "."]
SIGNS = ["", "-", "\u2212", "+"]


@st.composite
def number_texts(draw: st.DrawFn) -> tuple[str, str, str, Decimal]:
    """Draw a number as text, with its decimal mark and group mark, and its value."""
    point = draw(st.sampled_from([".", ","]))
    group = draw(st.sampled_from([mark for mark in GROUPS if mark != point]))
    whole = draw(st.integers(0, 10**12))
    fraction = draw(st.text("0123456789", max_size=6))
    sign = draw(st.sampled_from(SIGNS))
    exponent = draw(st.sampled_from(["", "e3", "E-05", "e+2"]))
    digits = f"{whole:,}".replace(",", group)
    text = f"{sign}{digits}{point}{fraction}{exponent}" if fraction else f"{sign}{digits}{exponent}"
    plain = f"{sign}{whole}.{fraction or 0}{exponent}".replace("\u2212", "-")
    return text, point, group, Decimal(plain)


def column(point: str, group: str, **note: Any) -> TableField:
    return TableField(
        name="x",
        type="number",
        decimalChar=point,
        groupChar=group,
        benchfmt=FieldAnnotation(metric="duration", **note),
    )


def read(text: str, item: TableField) -> float | None:
    """Return the number that a column reads in a cell."""
    cells = written(pl.Series([text]), item, {}).numbers
    value = numbers(cells, IDENTITY).values[0]
    return None if value is None else float(value)


@given(number_texts())
@examples(50)
def test_a_number_in_the_form_of_its_column_is_read_exactly(
    case: tuple[str, str, str, Decimal],
) -> None:
    text, point, group, value = case
    assert read(text, column(point, group)) == float(value)


@given(number_texts(), st.sampled_from([".", ","]), st.sampled_from(GROUPS))
@examples(50)
def test_a_number_in_another_form_is_that_number_or_none(
    case: tuple[str, str, str, Decimal], point: str, group: str
) -> None:
    """One exception is the mark of three digits, which is a decimal mark in one form and groups digits in another."""
    text, own_point, _, value = case
    if group == point or {own_point, point} == {".", ","}:
        return
    assert read(text, column(point, group)) in (None, float(value))


@given(number_texts(), st.sampled_from(["k", "M", "G"]))
@examples(40)
def test_a_suffix_is_its_factor(case: tuple[str, str, str, Decimal], suffix: str) -> None:
    text, point, group, value = case
    factors = {"k": 1_000, "M": "1e6", "G": "1e9"}
    expected = value * Decimal(factors[suffix])
    assert read(f"{text}{suffix}", column(point, group, suffixes=factors)) == float(expected)


@given(number_texts(), st.sampled_from([" ± ", "±", " +/- ", " ("]))
@examples(40)
def test_the_number_before_a_spread_is_read(case: tuple[str, str, str, Decimal], mark: str) -> None:
    text, point, group, value = case
    end = ")" if mark == " (" else ""
    cell = f"{text}{mark}0{point}5{end}"
    assert read(cell, column(point, group, spread="stddev")) == float(value)


Column = tuple[list[str], list[Decimal]]
"""The cells of a column, and their values."""


@st.composite
def tables(draw: st.DrawFn) -> tuple[Column, Column]:
    """Draw two columns of a table, which writes its numbers in one form."""
    point = draw(st.sampled_from([".", ","]))
    group = draw(st.sampled_from([mark for mark in GROUPS if mark != point]))
    columns = []
    for _ in range(2):
        texts = []
        values = []
        for _ in range(draw(st.integers(1, 5))):
            whole = draw(st.integers(0, 10**7))
            fraction = draw(st.text("0123456789", max_size=4))
            digits = f"{whole:,}".replace(",", group)
            texts.append(f"{digits}{point}{fraction}" if fraction else digits)
            values.append(Decimal(f"{whole}.{fraction or 0}"))
        columns.append((texts, values))
    return columns[0], columns[1]


@given(tables())
@examples(20)
def test_the_form_of_a_column_is_found_out_or_left_open(table: tuple[Column, Column]) -> None:
    """A column is read right or not at all, beside any other column, where semicolons stand between cells."""
    (texts, values), (others, _) = table
    beside = (others * len(texts))[: len(texts)]
    frame = pl.DataFrame({"x": texts, "y": beside})
    found = NumberColumns(frame, delimiter=";")
    if "x" in found.left_open or found.type("x") == "string":
        return
    item = TableField.model_validate({"name": "x", "type": "number", **found.words("x")})
    assert [read(text, item) for text in texts] == [float(value) for value in values]


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
@examples(50)
def test_a_clock_is_seconds(hours: int, minutes: int, seconds: int, thousandths: int) -> None:
    text = f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"
    total = Decimal(hours * 3600 + minutes * 60 + seconds) + Decimal(thousandths) / 1000
    assert read(text, column(".", "", clock="h:m:s")) == float(total)
