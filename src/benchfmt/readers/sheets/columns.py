"""How the columns of a table write their numbers: found out from their cells, and read as plain digits."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from benchfmt.numbers import MINUS, PLAIN, NumberForm

_BLANK_GROUPS = (" ", "\u00a0", "\u202f", "\u2009", "'", "\u2019", "_")
DECIMAL_COMMA = NumberForm(",")
COMMA_GROUPS = NumberForm(".", ",")
_POINT_GROUPS = "^[0-9]{1,3}(?:[.][0-9]{3})+$"
_HAS_DIGIT = "[0-9]"


def plain_digits(cells: pl.Series, form: NumberForm) -> pl.DataFrame:
    """Return cells as `number`, in plain digits with a point, and what stands `before` and `after` it.

    All three are null in a cell that is not written so. Cells are without blanks around them, or null.
    """
    parts = cells.str.extract_groups(form.pattern()).struct.unnest()
    number = parts["number"].str.replace(MINUS, "-", literal=True)
    if form.group_char:
        number = number.str.replace_all(form.group_char, "", literal=True)
    if form.decimal_char != ".":
        number = number.str.replace_all(form.decimal_char, ".", literal=True)
    number = number.set(~number.str.contains(_HAS_DIGIT), None)
    return pl.DataFrame(
        {
            "number": number,
            "before": parts["before"].str.strip_chars(),
            "after": parts["after"].str.strip_chars(),
        }
    )


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """How a column of numbers is written: its type and form, or two forms that fit it alike."""

    type: str
    form: NumberForm = PLAIN
    other: NumberForm | None = None
    """The form that it may as well be, where a comma is a decimal mark or groups thousands."""


def in_form(cells: pl.Series, form: NumberForm) -> NumberColumn:
    """Return a column of numbers that are known to be written in a form."""
    return NumberColumn(_number_type(cells, form), form)


def number_column(cells: pl.Series, decimal: str | None = None) -> NumberColumn | None:
    """Return how a column of numbers is written, None for a column of text.

    `cells` are those that hold something, without blanks around them; `decimal` is their decimal mark where it is known.
    """
    if not cells.len() or not may_be_number(cells[0]):
        return None
    if not cells.str.contains(_HAS_DIGIT).all():
        return None
    if decimal is None and _fits(cells, PLAIN):
        return NumberColumn(_number_type(cells, PLAIN))
    fits = [form for form in _forms_of_first(cells) if _fits(cells, form)]
    if decimal is not None:
        known = [form for form in fits if form.decimal_char == decimal]
        if not known:
            return None
        return in_form(cells, known[0])
    if DECIMAL_COMMA in fits and COMMA_GROUPS in fits and not _has_two_groups(cells):
        return NumberColumn("number", DECIMAL_COMMA, COMMA_GROUPS)
    if COMMA_GROUPS in fits:
        return NumberColumn(_number_type(cells, COMMA_GROUPS), COMMA_GROUPS)
    if fits:
        return NumberColumn(_number_type(cells, fits[0]), fits[0])
    return None


def _forms() -> list[NumberForm]:
    forms = [PLAIN, DECIMAL_COMMA, COMMA_GROUPS, NumberForm(",", ".")]
    for group in _BLANK_GROUPS:
        forms += [NumberForm(".", group), NumberForm(",", group)]
    return forms


def _any_form() -> str:
    """Return a regular expression of a cell in any form, without the names of its groups."""
    patterns = (form.pattern() for form in _forms())
    return "|".join(re.sub(r"\?P<[a-z]+>", "?:", pattern) for pattern in patterns)


_ANY_FORM = re.compile(_any_form())


def may_be_number(cell: str) -> bool:
    """Say whether a cell is written in any form: where it is not, a column need not be asked, which takes a hundred times as long."""
    return _ANY_FORM.match(cell) is not None


def _forms_of_first(cells: pl.Series) -> list[NumberForm]:
    """Return the forms in which the first cell may be written, asked for all at once."""
    forms = _forms()
    first = pl.DataFrame({"cell": cells.head(1)})
    asked = [
        pl.col("cell").str.contains(form.pattern()).alias(str(n)) for n, form in enumerate(forms)
    ]
    may_be = first.select(asked).row(0)
    return [form for form, is_one in zip(forms, may_be, strict=True) if is_one is not False]


def _fits(cells: pl.Series, form: NumberForm) -> bool:
    numbers = plain_digits(cells, form)["number"]
    return numbers.null_count() == 0 and numbers.cast(pl.Float64, strict=False).null_count() == 0


def _has_two_groups(cells: pl.Series) -> bool:
    return bool(cells.str.contains(r"[0-9],[0-9]{3},[0-9]{3}").any())


def _number_type(cells: pl.Series, form: NumberForm) -> str:
    numbers = plain_digits(cells, form)["number"]
    if numbers.cast(pl.Int64, strict=False).null_count() == 0:
        return "integer"
    return "number"


def may_be_grouped(cells: pl.Series) -> bool:
    """Say whether every point of numbers may stand between thousands, as where commas are decimal marks."""
    with_point = cells.filter(cells.str.contains(".", literal=True))
    return with_point.len() > 0 and bool(with_point.str.contains(_POINT_GROUPS).all())
