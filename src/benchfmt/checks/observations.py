"""The samples of a measurement as numbers: a cell may hold a hundred thousand of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import numpy as np
import polars as pl
from pydantic_core import from_json

_FEW = 32
"""So many numbers are looked at sooner one by one."""
_AT_ONCE = 2**22
"""So many bytes of cells are taken apart at once."""
_POSITIONAL = 1e16
"""From here on Python writes a number with an exponent."""


@dataclass(frozen=True)
class Observations:
    """The observations of a measurement, of which those that did not count are left out."""

    numbers: list[float]
    given: int
    """How many the list has, with those that did not count."""

    @cached_property
    def greatest_size(self) -> float:
        """The greatest of the numbers without their signs."""
        return max(max(self.numbers), -min(self.numbers))

    @cached_property
    def half(self) -> float:
        """Half a unit of the last digit to which all are rounded; 0 where that is not known.

        Zeros at the end are not written: the longest number tells to how many digits all are rounded.
        """
        numbers = [number for number in self.numbers if number]
        if len(numbers) <= _FEW:
            return min(map(half_of, numbers), default=0.0)
        texts = pl.Series(numbers, dtype=pl.Float64).cast(pl.String)
        has_exponent = texts.str.contains("e", literal=True)
        is_large = pl.Series(np.abs(np.array(numbers)) >= _POSITIONAL)
        by_itself = pl.Series(numbers).filter(has_exponent | is_large)
        fractions = texts.filter(~(has_exponent | is_large)).str.extract(r"\.(\d*?)0*$")
        halves = [half_of(number) for number in by_itself]
        if fractions.len():
            decimals = fractions.str.len_bytes().fill_null(0).to_numpy().max()
            halves.append(0.5 * 10.0 ** -int(decimals))
        return min(halves)

    def deviations(self) -> tuple[float, float]:
        """Return the standard deviations by the divisors n and n - 1; raises OverflowError where no double holds one."""
        n = len(self.numbers)
        with np.errstate(over="raise"):
            try:
                squares = np.square(np.array(self.numbers) - fmean(self.numbers))
            except FloatingPointError as error:
                raise OverflowError(str(error)) from error
        total = math.fsum(squares.tolist())
        return math.sqrt(total / n), math.sqrt(total / max(n - 1, 1))


def observations(text: str) -> Observations:
    """Return the samples of a cell, which is a list of numbers and nulls."""
    given = from_json(text)
    return Observations([float(number) for number in given if number is not None], len(given))


def extremes(texts: pl.Series) -> list[pl.Series]:
    """Return the `least` and the `greatest` of the samples of each cell, of which only some are in memory at once."""
    lists = pl.List(pl.Float64)
    least = [pl.Series(dtype=pl.Float64)]
    greatest = [pl.Series(dtype=pl.Float64)]
    portions = (texts.str.len_bytes().cast(pl.UInt64).cum_sum() // _AT_ONCE).rle_id()
    for portion in range(portions.n_unique()):
        numbers = texts.filter(portions == portion).str.json_decode(lists)
        least.append(numbers.list.min())
        greatest.append(numbers.list.max())
    return [pl.concat(least).alias("least"), pl.concat(greatest).alias("greatest")]


def half_of(number: float) -> float:
    """Return half a unit of the last digit with which a number is written; 0 for 0, whose digits are not known."""
    if number == 0:
        return 0.0
    digits, _, exponent = repr(float(number)).partition("e")
    decimals = len(digits.partition(".")[2].rstrip("0"))
    return 0.5 * 10.0 ** (int(exponent or 0) - decimals)
