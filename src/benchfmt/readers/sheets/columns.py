"""How the columns of a table write their numbers: found out from their cells, and read as plain digits."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from benchfmt.numbers import PLAIN, NumberForm

_BLANK_GROUPS = (" ", "\u00a0", "\u202f", "\u2009", "'", "\u2019", "_")
_MULTIPLIERS = ("k", "K", "M", "G", "B", "T", "m", "bn", "Mio", "Mrd")
"""What stands after a number and changes it: it is no unit that may be left out."""
_HAS_DIGIT = "[0-9]"
_SHOWN = 3


def plain_digits(cells: pl.Series, form: NumberForm) -> pl.DataFrame:
    """Return cells as `number`, in plain digits with a point, and what stands `before` and `after` it.

    All three are null in a cell that is not written so. Cells are without blanks around them, or null.
    """
    parts = cells.str.extract_groups(form.pattern()).struct.unnest()
    number = parts["number"]
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
class Written:
    """How a column is written: its type, the form of its numbers, what stands around them, and what is in doubt."""

    type: str = "string"
    form: NumberForm = PLAIN
    before: str = ""
    after: str = ""
    doubt: str = ""
    """Why the numbers are left to a person; empty where they are sure."""
    fits: tuple[NumberForm, ...] = ()
    """The forms that fit, where there are several."""


def written(cells: pl.Series) -> Written:
    """Return how a column is written; `cells` are those that hold something, without blanks around them."""
    if not cells.len():
        return Written()
    fits = tuple(form for form in _forms() if _fits(cells, form))
    if PLAIN in fits:
        return Written(_number_type(cells, PLAIN))
    comma, grouped = NumberForm(","), NumberForm(".", ",")
    if comma in fits and grouped in fits and not _has_two_groups(cells):
        shown = repr(cells.filter(cells.str.contains(",", literal=True))[0])
        doubt = f"{shown} may be a decimal comma or a thousands mark"
        return Written("number", comma, doubt=doubt, fits=(comma, grouped))
    if grouped in fits:
        return Written(_number_type(cells, grouped), grouped)
    if fits:
        return Written(_number_type(cells, fits[0]), fits[0])
    return _with_affix(cells)


def _forms() -> list[NumberForm]:
    forms = [PLAIN, NumberForm(","), NumberForm(".", ","), NumberForm(",", ".")]
    for group in _BLANK_GROUPS:
        forms += [NumberForm(".", group), NumberForm(",", group)]
    return forms


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


def _with_affix(cells: pl.Series) -> Written:
    """Return a column of numbers that all have one and the same text around them, else a column of text."""
    for decimal in (".", ","):
        form = NumberForm(decimal, "", bare=False)
        parts = plain_digits(cells, form)
        if parts["number"].null_count() or not _fits(parts["number"], PLAIN):
            continue
        around = parts.select("before", "after").unique(maintain_order=True)
        kinds = [pair for pair in around.rows() if pair != ("", "")]
        if len(kinds) > 1:
            shown = ", ".join(repr(f"{before}…{after}") for before, after in kinds[:_SHOWN])
            doubt = f"different things stand around its numbers ({shown})"
            return Written(doubt=doubt)
        before, after = kinds[0]
        if before or after in _MULTIPLIERS:
            return Written(doubt=f"{cells[0]!r} is more than a number")
        kind = _number_type(parts["number"], PLAIN)
        return Written(kind, form, before, after)
    return Written()
