"""How tables write numbers: with a spread beside them, with suffixes such as `k`, as a time of a clock.

What an annotation says of the writing of a column (`spread`, `suffixes`, `clock`) turns its cells into plain decimals,
which are then read like any other, exactly.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import polars as pl

from benchfmt.annotated.cells import map_distinct
from benchfmt.descriptor import TableField
from benchfmt.numbers import PLAIN, NumberForm, rational
from benchfmt.readers.sheets.columns import plain_digits

_SPREADS = (
    re.compile(r"(?P<main>[^±(]+?)\s*(?:±|\+/?-|\\pm)\s*(?P<spread>[^±]+)"),
    re.compile(r"(?P<main>[^±(]+?)\s*\(\s*(?:±|\+/?-)?\s*(?P<spread>[^()]+?)\s*\)"),
)
_CLOCKS = {
    "h:m:s": re.compile(
        r"(?:(?P<days>[0-9]+) days?,? )?(?P<hours>[0-9]+):(?P<minutes>[0-5]?[0-9]):(?P<seconds>[0-5]?[0-9](?:\.[0-9]+)?)"
    ),
    "m:s": re.compile(r"(?P<minutes>[0-9]+):(?P<seconds>[0-5]?[0-9](?:\.[0-9]+)?)"),
}
_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_MOST_DIGITS = 400
_LONGEST = 1_000
"""A longer cell is no number with a spread, and would be looked at again from each blank in it."""
_PAIR = "\x1f"


@dataclass(frozen=True)
class Written:
    """Cells as plain numbers, and the spread beside each; both null where the cell is."""

    numbers: pl.Series
    spread: pl.Series | None = None


Affixes = dict[str, tuple[str, str]]
"""What stands around the numbers of each column, by its name: the same in every cell of it."""
_UNREADABLE = "not written as the column's numbers are"


def is_read_by_cell(column: TableField) -> bool:
    """Whether a column gives one number for each cell, whatever stands in the other cells."""
    return column.numbers.bare and not (column.benchfmt and column.benchfmt.spread)


def way_of_writing(column: TableField) -> Hashable:
    """Return what decides how a column that is read by the cell writes its numbers, the same for those that write alike."""
    note = column.benchfmt
    if note is None:
        return (column.numbers,)
    return (column.numbers, note.clock, tuple(note.suffixes.items()))


def written(cells: pl.Series, column: TableField | None, affixes: Affixes) -> Written:
    """Return the cells of a column as plain numbers; what is not written as its field says is no number."""
    if column is None:
        return Written(cells)
    if column.benchfmt is None or not column.benchfmt.spread:
        return Written(_plain(cells, column, affixes))
    spread = _plain(map_distinct(cells, _spread_of, pl.String), column, affixes)
    mains = _plain(map_distinct(cells, _without_spread, pl.String), column, affixes)
    return Written(mains, spread)


def _plain(cells: pl.Series, column: TableField, affixes: Affixes) -> pl.Series:
    """Return numbers, times or numbers with suffixes as plain numbers."""
    note = column.benchfmt
    form = column.numbers
    if note is not None and note.clock:
        clock = _CLOCKS[note.clock]
        points = cells.str.replace_all(form.decimal_char, ".", literal=True)
        return map_distinct(points, lambda text: _seconds(text, clock), pl.String)
    if note is not None and note.suffixes:
        factors = {suffix: Fraction(str(factor)) for suffix, factor in note.suffixes.items()}
        return _without_suffixes(cells, form, factors)
    return in_plain_digits(cells, column, affixes)


def in_plain_digits(cells: pl.Series, column: TableField, affixes: Affixes) -> pl.Series:
    """Return the cells of a column in plain digits with a point, as its `decimalChar`, `groupChar` and `bareNumber` say.

    A cell that is not written so is no number, and neither is one with other text around its number than the first.
    """
    form = column.numbers
    if form == PLAIN:
        return cells
    parts = plain_digits(cells, form)
    fits = parts["number"].is_not_null()
    if not form.bare:
        fits &= _has_same_affix(parts, column.name, affixes)
    return _marked(parts["number"].set(~fits.fill_null(value=False), None), cells)


def _marked(numbers: pl.Series, cells: pl.Series) -> pl.Series:
    """Return numbers, and a text that is none where a cell holds something else."""
    is_unreadable = numbers.is_null() & cells.is_not_null()
    return numbers.set(is_unreadable, _UNREADABLE)


def _has_same_affix(parts: pl.DataFrame, name: str, affixes: Affixes) -> pl.Series:
    """Say in which cells nothing stands around the number, or what stands around the column's first such number."""
    is_bare = (parts["before"] == "") & (parts["after"] == "")
    around = parts.filter(~is_bare).select("before", "after")
    if name not in affixes and around.height:
        affixes[name] = (around["before"][0], around["after"][0])
    before, after = affixes.get(name, ("", ""))
    return is_bare | ((parts["before"] == before) & (parts["after"] == after))


def _without_suffixes(
    cells: pl.Series, form: NumberForm, factors: Mapping[str, Fraction]
) -> pl.Series:
    """Return numbers times what their suffixes stand for."""

    def without_suffix(text: str) -> str:
        return text.removesuffix(_suffix(text, factors)).rstrip()

    bare = map_distinct(cells, without_suffix, pl.String)
    numbers = plain_digits(bare, replace(form, bare=True))["number"]
    suffixes = map_distinct(cells, lambda text: _suffix(text, factors), pl.String)

    def multiplied(text: str) -> str | None:
        number, _, suffix = text.partition(_PAIR)
        return _times(number, factors.get(suffix, Fraction(1)))

    return _marked(map_distinct(numbers + _PAIR + suffixes, multiplied, pl.String), cells)


def _suffix(text: str, factors: Mapping[str, Fraction]) -> str:
    """Return the longest of the suffixes that a text has, empty where it has none."""
    return max((known for known in factors if text.endswith(known)), key=len, default="")


def _times(text: str, factor: Fraction) -> str | None:
    number = rational(text)
    if number is None:
        return None
    return decimal(number * factor)


def _parts(text: str) -> re.Match[str] | None:
    if len(text) > _LONGEST:
        return None
    return next(filter(None, (pattern.fullmatch(text) for pattern in _SPREADS)), None)


def _spread_of(text: str) -> str | None:
    parts = _parts(text)
    return parts["spread"] if parts else None


def _without_spread(text: str) -> str:
    parts = _parts(text)
    return parts["main"] if parts else text


def _seconds(text: str, clock: re.Pattern[str]) -> str:
    match = clock.fullmatch(text)
    if match is None:
        return text
    parts = match.groupdict(default="0")
    total = sum((Fraction(part) * _SECONDS[name] for name, part in parts.items()), Fraction(0))
    return decimal(total) or text


def decimal(number: Fraction) -> str | None:
    """Return the decimal notation of a number, or None where it has none of a sensible length."""
    denominator, digits = number.denominator, 0
    while (10**digits) % denominator:
        digits += 1
        if digits > _MOST_DIGITS:
            return None
    return f"{number.numerator * 10**digits // denominator}e-{digits}"
