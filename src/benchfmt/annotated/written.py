"""How tables write numbers: with a spread beside them, with suffixes such as `k`, as a time of a clock.

What an annotation says of the writing of a column (`spread`, `suffixes`, `clock`) turns its cells into plain decimals,
which are then read like any other, exactly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from benchfmt.annotated.cells import map_distinct
from benchfmt.descriptor import FieldAnnotation, TableField
from benchfmt.numbers import PLAIN, NumberForm
from benchfmt.readers.sheets.columns import plain_digits
from benchfmt.units import exact

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


@dataclass(frozen=True)
class Written:
    """Cells as plain numbers, and the spread beside each; both null where the cell is."""

    numbers: pl.Series
    spread: pl.Series | None = None


Affixes = dict[str, tuple[str, str]]
"""What stands around the numbers of each column, by its name: the same in every cell of it."""
_UNREADABLE = "not written as the column's numbers are"


def in_plain_digits(cells: pl.Series, column: TableField, affixes: Affixes) -> pl.Series:
    """Return the cells of a column in plain digits with a point, as its `decimalChar`, `groupChar` and `bareNumber` say.

    A cell that is not written so is no number, and neither is one with other text around its number than the first.
    """
    form = column.numbers
    if form == PLAIN:
        return cells
    note = column.benchfmt
    if note is not None and (note.spread or note.suffixes or note.clock):
        return _with_points(cells, form)
    parts = plain_digits(cells, form)
    fits = parts["number"].is_not_null()
    if not form.bare:
        fits &= _has_same_affix(parts, column.name, affixes)
    plain = parts["number"].set(~fits.fill_null(value=False), _UNREADABLE)
    return plain.set(cells.is_null(), None)


def _has_same_affix(parts: pl.DataFrame, name: str, affixes: Affixes) -> pl.Series:
    """Say in which cells nothing stands around the number, or what stands around the column's first such number."""
    is_bare = (parts["before"] == "") & (parts["after"] == "")
    around = parts.filter(~is_bare).select("before", "after")
    if name not in affixes and around.height:
        affixes[name] = (around["before"][0], around["after"][0])
    before, after = affixes.get(name, ("", ""))
    return is_bare | ((parts["before"] == before) & (parts["after"] == after))


def _with_points(cells: pl.Series, form: NumberForm) -> pl.Series:
    """Return cells that are more than a number, each number in them in plain digits."""
    if form.group_char:
        group = re.escape(form.group_char)
        cells = cells.str.replace_all(f"([0-9]){group}([0-9]{{3}})", "$1$2")
    return cells.str.replace_all(form.decimal_char, ".", literal=True)


def written(cells: pl.Series, note: FieldAnnotation | None) -> Written:
    """Return the cells of a column as plain numbers; what is not written as the annotation says stays as it is."""
    if note is None:
        return Written(cells)
    spread = None
    if note.spread:
        spread = _plain(map_distinct(cells, _spread_of, pl.String), note)
        cells = map_distinct(cells, _without_spread, pl.String)
    return Written(_plain(cells, note), spread)


def _plain(cells: pl.Series, note: FieldAnnotation) -> pl.Series:
    clock = note.clock
    if clock is not None:
        return map_distinct(cells, lambda text: _seconds(text, clock), pl.String)
    if note.suffixes:
        factors = {suffix: Fraction(str(factor)) for suffix, factor in note.suffixes.items()}
        return map_distinct(cells, lambda text: _without_suffix(text, factors), pl.String)
    return cells


def _parts(text: str) -> re.Match[str] | None:
    return next(filter(None, (pattern.fullmatch(text) for pattern in _SPREADS)), None)


def _spread_of(text: str) -> str | None:
    parts = _parts(text)
    return parts["spread"] if parts else None


def _without_spread(text: str) -> str:
    parts = _parts(text)
    return parts["main"] if parts else text


def _seconds(text: str, clock: str) -> str:
    match = _CLOCKS[clock].fullmatch(text)
    if match is None:
        return text
    parts = match.groupdict(default="0")
    total = sum((Fraction(part) * _SECONDS[name] for name, part in parts.items()), Fraction(0))
    return decimal(total) or text


def _without_suffix(text: str, factors: Mapping[str, Fraction]) -> str:
    """Return a number times what its suffix stands for; the longest suffix that fits counts."""
    suffix = max((known for known in factors if text.endswith(known)), key=len, default="")
    number = exact(text.removesuffix(suffix).rstrip()) if suffix else None
    if number is None:
        return text
    return decimal(number * factors[suffix]) or text


def decimal(number: Fraction) -> str | None:
    """Return the decimal notation of a number, or None where it has none of a sensible length."""
    denominator, digits = number.denominator, 0
    while (10**digits) % denominator:
        digits += 1
        if digits > _MOST_DIGITS:
            return None
    return f"{number.numerator * 10**digits // denominator}e-{digits}"
