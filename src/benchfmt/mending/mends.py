"""Mends of tables: which cells are certainly meant otherwise, and what they become."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import polars as pl
from pydantic import JsonValue

from benchfmt.tables import TERM_COLUMNS, Row
from benchfmt.units import UnitError, convert, find_unit, is_unit
from benchfmt.vocabulary import metric_of, vocabulary

_CLOSED = {
    "records": {"status": "status"},
    "measurements": {"basis": "basis", "missing": "missing"},
}
"""The columns of closed lists, each with the kind of its terms."""
_PERCENT = "%"
_FRACTION = "1"
_SCALED = ("value", "stddev", "target_min", "target_max")
_SCALED_LISTS = ("ci", "samples")
_LEVEL = 2
"""The place of the level in a confidence interval."""


@dataclass(frozen=True, slots=True)
class Mend:
    """A place that was mended: `before` and `after` as text, None for nothing; `row` counts data rows from 1."""

    path: str
    row: int | None
    column: str
    before: str | None
    after: str
    record: str | None = None


Tell = Callable[[int, str, str | None, str], None]
"""Is told of a mend: the number of the row in its frame, the column, before and after."""


def mended_terms(table: str, rows: pl.DataFrame, tell: Tell) -> pl.DataFrame:
    """Return rows in which terms that differ from one of the vocabulary in case alone, or in blanks around, are that one."""
    columns = TERM_COLUMNS[table] | _CLOSED.get(table, {})
    for column, kind in columns.items():
        terms = {}
        for written in rows[column].drop_nulls().unique():
            meant = same_but_case(kind, written)
            if meant is not None:
                terms[written] = meant
        rows = _replaced(rows, column, terms, tell)
    return rows


def mended_units(rows: pl.DataFrame, tell: Tell) -> pl.DataFrame:
    """Return measurements in which each unit that is another spelling of its metric's unit is spelt as that one."""
    spellings: dict[tuple[str, str], str] = {}
    for metric, written in _units_written(rows):
        wanted = _unit_of(metric)
        if wanted is not None and written != wanted and _is_spelling(written, wanted):
            spellings[metric, written] = wanted
    for (metric, written), wanted in spellings.items():
        same = (pl.col("metric") == metric) & (pl.col("unit") == written)
        for row in _numbers(rows, same):
            tell(row, "unit", written, wanted)
        mended = pl.when(same.fill_null(value=False)).then(pl.lit(wanted)).otherwise(pl.col("unit"))
        rows = rows.with_columns(mended.alias("unit"))
    return rows


def mended_percents(rows: pl.DataFrame, tell: Tell) -> pl.DataFrame:
    """Return measurements in which percents of metrics that are fractions, declared by their unit, are fractions.

    A number of at most 1 may be a fraction already, whatever its unit says: it is left as it is.
    """
    declared = [
        (metric, written)
        for metric, written in _units_written(rows)
        if _unit_of(metric) == _FRACTION and _is_spelling(written, _PERCENT)
    ]
    if not declared:
        return rows
    cells = rows.to_dicts()
    changed = False
    for number, row in enumerate(cells):
        is_percent = (row["metric"], row["unit"]) in declared
        if is_percent and row["value"] is not None and row["value"] > 1 and _has_sound_lists(row):
            _scale(row, lambda column, *sides, number=number: tell(number, column, *sides))
            changed = True
    if not changed:
        return rows
    return pl.DataFrame(cells, schema=rows.schema)


def _scale(row: Row, tell: Callable[[str, str | None, str], None]) -> None:
    """Turn the numbers of a measurement from percents to fractions; what the source said is kept beside."""
    said = {"reported_value": repr(row["value"]), "reported_unit": _PERCENT}
    for column in _SCALED:
        percent = row[column]
        if isinstance(percent, float):
            row[column] = _fraction(percent)
            tell(column, repr(percent), repr(row[column]))
    for column in _SCALED_LISTS:
        if row[column] is not None:
            before = str(row[column])
            after = _scaled_list(column, before)
            row[column] = after
            tell(column, before, after)
    tell("unit", str(row["unit"]), _FRACTION)
    row["unit"] = _FRACTION
    if row["reported_value"] is None and row["reported_unit"] is None:
        for column, text in said.items():
            row[column] = text
            tell(column, None, text)


def _scaled_list(column: str, text: str) -> str:
    """Return a list of percents as fractions; the third number of an interval is its level, which is none of them."""
    numbers = json.loads(text)
    scaled = []
    for place, number in enumerate(numbers):
        is_level = column == "ci" and place == _LEVEL
        if number is None or is_level:
            scaled.append(number)
        else:
            scaled.append(_fraction(number))
    return json.dumps(scaled)


def _has_sound_lists(row: Row) -> bool:
    """Whether what stands in the lists of a measurement can be scaled: numbers, and nulls among the samples."""
    for column in _SCALED_LISTS:
        try:
            numbers = json.loads(str(row[column] or "[]"))
        except ValueError:
            return False
        if not isinstance(numbers, list) or not all(map(_is_number_or_null, numbers)):
            return False
    return True


def _is_number_or_null(value: JsonValue) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _fraction(percent: float) -> float:
    """Return a percent as the fraction nearest to what its digits say."""
    fraction = convert(repr(percent), _PERCENT, _FRACTION)
    if fraction is None:
        return percent / 100
    return fraction


@cache
def same_but_case(kind: str, written: str) -> str | None:
    """Return the one term that a text is in another case, or with blanks around; None where it is a term, or of none."""
    known = vocabulary()
    if ":" in written or known.holds(kind, written):
        return None
    plain = written.strip()
    if known.holds(kind, plain.lower()):
        return plain.lower()
    same = [term for term in known.terms(kind) if term.lower() == plain.lower()]
    if len(same) != 1:
        return None
    return same[0]


def _units_written(rows: pl.DataFrame) -> Iterator[tuple[str, str]]:
    pairs = rows.select("metric", "unit").drop_nulls().unique(maintain_order=True)
    yield from pairs.iter_rows()


@cache
def _unit_of(metric: str) -> str | None:
    known = metric_of(metric, vocabulary().metrics)
    if known is None:
        return None
    return known.unit


@cache
def _is_spelling(written: str, wanted: str) -> bool:
    """Whether a text stands for a unit itself, and not for a multiple of it."""
    if written == wanted:
        return True
    if is_unit(written):
        return False
    try:
        meant = find_unit(written.strip())
    except UnitError:
        return False
    return meant == (wanted, Fraction(1))


def _replaced(rows: pl.DataFrame, column: str, terms: dict[str, str], tell: Tell) -> pl.DataFrame:
    """Return rows with cells of a column replaced."""
    if not terms:
        return rows
    is_written = pl.col(column).is_in(list(terms))
    for row in _numbers(rows, is_written):
        before = rows[column][row]
        tell(row, column, before, terms[before])
    return rows.with_columns(pl.col(column).replace(terms))


def _numbers(rows: pl.DataFrame, condition: pl.Expr) -> list[int]:
    """Return the numbers of the rows that meet a condition, from 0."""
    return rows.select(condition.fill_null(value=False).arg_true()).to_series().to_list()
