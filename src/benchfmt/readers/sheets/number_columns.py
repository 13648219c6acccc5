"""How the columns of a table that is drafted write their numbers, and what a person is to decide of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl
from pydantic import JsonValue

from benchfmt.numbers import PLAIN, NumberForm
from benchfmt.readers.cells import stripped_cells
from benchfmt.readers.sheets.columns import (
    COMMA_GROUPS,
    DECIMAL_COMMA,
    NumberColumn,
    in_form,
    may_be_grouped,
    may_be_number,
    number_column,
    plain_digits,
)
from benchfmt.readers.sheets.valueless import Valueless, valueless

_SPREAD = r"^(?P<main>[^±(]+?)\s*(?:±|\+/?-|\()\s*±?\s*(?P<spread>[^±()]+?)\s*\)?$"
_MARK_OF_SPREAD = r"[±+(]"
_SUFFIX = r"\s?[A-Za-z%/µ°]{1,12}$"


class NumberColumns:
    """The columns of numbers in the first rows of a table, the marks for missing values among them, and the doubts.

    A column whose numbers are in doubt is in `left_open`: it must not be read as numbers before a person decided.
    """

    def __init__(
        self,
        frame: pl.DataFrame,
        decimals: Mapping[str, str] | None = None,
        delimiter: str | None = None,
    ) -> None:
        """Look at the first rows of a table, as text; `decimals` are columns whose decimal mark a person says.

        Where semicolons set cells apart, the comma is the decimal mark of whoever wrote the table, or may be.
        """
        self._may_have_commas = delimiter == ";"
        self.marks: list[str] = []
        self.notes: dict[str, str] = {}
        """What is to be said of a column."""
        self.left_open: set[str] = set()
        stripped = stripped_cells(frame)
        self.valueless = {name: _valueless(cells) for name, cells in stripped.items()}
        """The cells without a value among the numbers of each column."""
        self._cells = {name: self._given(name, cells) for name, cells in stripped.items()}
        self._columns: dict[str, NumberColumn] = {}
        self._with_spread: set[str] = set()
        marks: set[str] = set()
        for name, cells in self._cells.items():
            decimal = (decimals or {}).get(name)
            column = number_column(cells, decimal)
            if column is None and not self._look_at_spread(name, cells, decimal):
                self._look_at_suffixed(name, cells, decimal)
            elif column is not None:
                self._columns[name] = column
            marks.update(self.valueless[name].marks)
        self.marks = sorted(marks)
        self._decide(frozenset(decimals or ()))

    def type(self, name: str) -> str:
        """Return the type of a column in a Table Schema."""
        column = self._columns.get(name)
        if column is None or name in self.left_open:
            return "string"
        return column.type

    def words(self, name: str) -> dict[str, JsonValue]:
        """Return what a Table Schema says of the numbers of a column, nothing where they are plain."""
        column = self._columns.get(name)
        if column is None or name in self.left_open:
            return {}
        words: dict[str, JsonValue] = {}
        if column.form.decimal_char != PLAIN.decimal_char and column.type != "integer":
            words["decimalChar"] = column.form.decimal_char
        if column.form.group_char:
            words["groupChar"] = column.form.group_char
        return words

    def plain(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the table with its numbers in plain digits."""
        plain = []
        stripped = stripped_cells(frame)
        for name, column in self._columns.items():
            if name not in self.left_open:
                cells = self._with_values(name, stripped[name])
                if name in self._with_spread:
                    plain.append(_plain_spread(cells, column.form).fill_null(cells).alias(name))
                    continue
                digits = plain_digits(cells.str.replace(_SUFFIX, ""), column.form)["number"]
                suffix = cells.str.extract(f"({_SUFFIX})").fill_null("")
                plain.append((digits + suffix).fill_null(cells).alias(name))
        others = [name for name in stripped if self.valueless[name].cells]
        emptied = [self._with_values(name, stripped[name]).alias(name) for name in others]
        return frame.with_columns(emptied).with_columns(plain)

    def _with_values(self, name: str, cells: pl.Series) -> pl.Series:
        """Return the cells of a column, empty where they hold no value."""
        words = self.valueless[name].cells
        if not words:
            return cells
        return cells.replace(dict.fromkeys(words, ""))

    def _given(self, name: str, cells: pl.Series) -> pl.Series:
        """Return the cells of a column that hold a value."""
        kept = self._with_values(name, cells)
        return kept.filter(kept != "")

    def _look_at_spread(self, name: str, cells: pl.Series, decimal: str | None) -> bool:
        """Look at a column of text whose cells may be numbers with a spread, as `12,3 ± 0,4`; says whether they are."""
        if not cells.str.contains(_MARK_OF_SPREAD).any():
            return False
        parts = _spread_parts(cells)
        if parts["spread"].null_count() == cells.len():
            return False
        numbers = pl.concat([parts["main"].rename(""), parts["spread"].drop_nulls().rename("")])
        column = number_column(numbers, decimal)
        if column is None:
            return False
        self._cells[name] = numbers
        self._columns[name] = replace(column, type="string")
        self._with_spread.add(name)
        return True

    def _look_at_suffixed(self, name: str, cells: pl.Series, decimal: str | None) -> None:
        """Look at a column of text whose cells may be numbers that letters follow, as `1.2k` and `2,400`."""
        if not cells.len() or not may_be_number(re.sub(_SUFFIX, "", cells[0])):
            return
        without = cells.str.replace(_SUFFIX, "")
        column = number_column(without, decimal)
        if column is not None:
            self._cells[name] = without
            self._columns[name] = replace(column, type="string")

    def _decide(self, known: frozenset[str]) -> None:
        """Decide by the other columns of the table whether a comma or a point is a decimal mark or groups thousands."""
        sure = [column.form for column in self._columns.values() if column.other is None]
        has_comma = any(form.decimal_char == "," for form in sure)
        has_point = COMMA_GROUPS in sure or any(map(self._has_plain_point, self._columns))
        is_in_doubt = has_comma or (self._may_have_commas and not has_point)
        for name, column in self._columns.items():
            cells = self._cells[name]
            if name in known:
                continue
            if column.other is None:
                if column.form == PLAIN and is_in_doubt and may_be_grouped(cells):
                    self._leave_open(name, cells, ".")
            elif has_comma == has_point:
                self._leave_open(name, cells, ",")
            else:
                form = DECIMAL_COMMA if has_comma else COMMA_GROUPS
                self._columns[name] = in_form(cells, form)
                self._note_decision(name, cells, form)

    def _has_plain_point(self, name: str) -> bool:
        column = self._columns[name]
        if column.other is not None or column.form != PLAIN or column.type != "number":
            return False
        return not may_be_grouped(self._cells[name])

    def _note_decision(self, name: str, cells: pl.Series, form: NumberForm) -> None:
        shown = cells.filter(cells.str.contains(",", literal=True))[0]
        meaning = "a decimal mark" if form == DECIMAL_COMMA else "a mark of thousands"
        self.notes[name] = (
            f"the comma in {shown!r} is taken for {meaning}, as other columns of the table are written"
        )

    def _leave_open(self, name: str, cells: pl.Series, mark: str) -> None:
        self.left_open.add(name)
        shown = cells.filter(cells.str.contains(mark, literal=True))[0]
        self.notes[name] = (
            f"is the {_MARKS[mark]} in {shown!r} a decimal mark or a mark of thousands? Say which character is the "
            f"decimal mark (--decimal '{name}={mark}'); until then it is kept as text"
        )


_MARKS = {",": "comma", ".": "point"}


def _spread_parts(cells: pl.Series) -> pl.DataFrame:
    """Return what stands before and after the mark of a spread; a cell without one is all `main`."""
    parts = cells.str.extract_groups(_SPREAD).struct.unnest()
    return parts.with_columns(pl.col("main").fill_null(cells))


def _plain_spread(cells: pl.Series, form: NumberForm) -> pl.Series:
    """Return numbers with a spread in plain digits, null where they are not written in the form."""
    parts = _spread_parts(cells)
    mains = plain_digits(parts["main"], form)["number"]
    spreads = plain_digits(parts["spread"], form)["number"]
    return mains + (" ± " + spreads).fill_null("")


def _valueless(cells: pl.Series) -> Valueless:
    distinct = cells.drop_nulls().unique(maintain_order=True)
    return valueless(cell for cell in distinct if cell)


def is_index(cells: Sequence[str]) -> bool:
    """Say whether cells count rows from 0, as an index that pandas wrote."""
    return list(cells) == [str(place) for place in range(len(cells))]
