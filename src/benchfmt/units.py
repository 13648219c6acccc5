"""Units: UCUM codes, exact conversion, and the words that files use for them.

Factors are fractions, so a conversion is exact until the last step, where the nearest double is taken. The units of the
vocabulary come with their factors; any other UCUM code is looked up with the ucumvert and pint libraries.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from benchfmt.finding import BenchfmtError
from benchfmt.numbers import exact, rational
from benchfmt.vocabulary import vocabulary

__all__ = [
    "Conversion",
    "Unit",
    "UnitError",
    "conversion",
    "convert",
    "describe",
    "exact",
    "find_unit",
    "is_unit",
    "unit",
]


_LONGEST = 100
"""A longer code is none: reading one takes longer than its length."""
_REMEMBERED = 4_096
"""So many units of strangers, and conversions between them, are remembered."""
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_HUGE_POWER = re.compile(r"[^0-9./(][+-]?[0-9]{3,}")
_FACTOR_BITS = 4_096
"""A factor with more is beyond all doubles, and beyond what Python writes as digits."""


class UnitError(BenchfmtError):
    """A unit that is not known, or two that measure different things."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what it measures and how it converts to the base unit of its dimension."""

    code: str
    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion: `value * factor + offset`, exactly."""

    factor: Fraction
    offset: Fraction

    @property
    def power_of_ten(self) -> int | None:
        """The exponent where the conversion only shifts the decimal point, else None."""
        return None if self.offset else _power_of_ten(self.factor)

    def apply(self, number: Fraction) -> float:
        """Return the double nearest to the exact result; infinity beyond the range of doubles."""
        result = number * self.factor + self.offset
        try:
            return float(result)
        except OverflowError:
            return math.inf if result > 0 else -math.inf


@lru_cache(maxsize=_REMEMBERED)
def unit(code: str) -> Unit:
    """Return the unit with this UCUM or ISO 4217 code; raises UnitError."""
    term = vocabulary().terms("unit").get(code)
    if term is not None:
        return Unit(code, term["dimension"], Fraction(term["factor"]), Fraction(term["offset"]))
    return _from_library(code)


def is_unit(code: str) -> bool:
    """Say whether a text is the code of a unit."""
    try:
        unit(code)
    except UnitError:
        return False
    return True


@lru_cache(maxsize=_REMEMBERED)
def conversion(source: str, target: str) -> Conversion:
    """Return how a number in `source` becomes one in `target`; raises UnitError where it cannot."""
    here, there = unit(source), unit(target)
    if here.dimension != there.dimension:
        raise UnitError(
            f"{source} measures {here.dimension}, {target} measures {there.dimension}: no conversion"
        )
    return Conversion(here.factor / there.factor, (here.offset - there.offset) / there.factor)


def convert(text: str, source: str, target: str) -> float | None:
    """Return the double nearest to a decimal text converted to another unit, or None if no double holds it."""
    number = rational(text)
    value = math.nan if number is None else conversion(source, target).apply(number)
    return value if math.isfinite(value) else None


def find_unit(word: str) -> tuple[str, Fraction] | None:
    """Return the code and factor that a word in a file stands for (`keuro` is 1000 EUR), or None."""
    code = vocabulary().units.get(word)
    if code:
        return code, Fraction(1)
    scaled = _scaled_words().get(word)
    if scaled is not None:
        return scaled
    return (word, Fraction(1)) if is_unit(word) else None


@cache
def _scaled_words() -> dict[str, tuple[str, Fraction]]:
    """Return what words such as `keuro` stand for; of two units that have a word the first one has it."""
    words: dict[str, tuple[str, Fraction]] = {}
    for term_id, term in vocabulary().terms("unit").items():
        for word, factor in term.get("scaled_aliases", {}).items():
            if factor:
                words.setdefault(word, (term_id, Fraction(factor)))
    return words


def describe(code: str) -> Unit:
    """Return a unit as the library knows it, for the vocabulary's build; raises UnitError."""
    return _from_library(code)


def _power_of_ten(factor: Fraction) -> int | None:
    shift = len(str(factor.numerator)) - len(str(factor.denominator))
    return shift if factor == Fraction(10) ** shift else None


def _from_library(code: str) -> Unit:
    if len(code) > _LONGEST or _HUGE_POWER.search(_ANNOTATION.sub("", code)):
        raise UnitError(f"{code[:_LONGEST]!r} is not a UCUM unit code")
    registry = _registry()
    try:
        quantity = _parsed(code)
        dimension = registry.get_dimensionality(quantity.units)
    except Exception as error:
        raise UnitError(f"{code!r} is not a UCUM unit code") from error
    try:
        zero = registry.Quantity(Fraction(0), quantity.units).to_base_units()
        one = registry.Quantity(Fraction(quantity.magnitude), quantity.units).to_base_units()
    except TypeError:  # a level (dB) has no factor: it converts to itself only
        return Unit(code, code, Fraction(1))
    except (
        ValueError,
        ArithmeticError,
    ) as error:  # powers of powers, longer than Python writes a number
        raise UnitError(f"{code!r} is no unit: its factor is beyond all numbers") from error
    if [part for part, _ in one.unit_items()] == ["radian"]:  # nor has an angle an exact one
        return Unit(code, code, Fraction(1))
    name = "·".join(f"{part.strip('[]')}^{power}" for part, power in sorted(dimension.items()))
    factor = Fraction(one.magnitude - zero.magnitude)
    if max(factor.numerator.bit_length(), factor.denominator.bit_length()) > _FACTOR_BITS:
        raise UnitError(f"{code!r} is no unit: its factor is beyond all numbers")
    return Unit(code, name or "1", factor, Fraction(zero.magnitude))


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # heavy: half a second, and rarely needed

    registry = PintUcumRegistry(non_int_type=Fraction)
    # pint takes a bit for a plain number; then bytes would convert to fractions.
    registry.define("bit = [information] = b")
    registry.define("byte = 8 * bit = B")
    registry._build_cache()
    return registry


@cache
def _parser() -> Any:
    from ucumvert import get_ucum_parser  # each call reads the grammar anew: fifty milliseconds

    return get_ucum_parser()


def _parsed(code: str) -> Any:
    from ucumvert import UcumToPintTransformer

    return UcumToPintTransformer(ureg=_registry()).transform(_parser().parse(code))
