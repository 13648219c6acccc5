"""Values as the files of MLPerf Storage write them: objects, numbers with their digits, counts, and means of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pydantic import JsonValue

from benchfmt.converters.draft import DraftError
from benchfmt.numbers import MAX_SAFE_INTEGER, double
from benchfmt.readers import mlperf_json
from benchfmt.readers.jsons import Digits
from benchfmt.units import conversion, convert, exact

EXACT = Fraction(1, 10**9)
"""How far numbers that are made from each other may differ, relatively: the files have all digits of a double."""


def as_object(data: JsonValue) -> Mapping[str, JsonValue]:
    """Return an object of a file, empty where something else stands."""
    if isinstance(data, Mapping):
        return data
    return {}


def as_list(data: JsonValue) -> list[JsonValue]:
    """Return a list of a file, empty where something else stands."""
    if isinstance(data, list):
        return data
    return []


def digits(value: JsonValue) -> Digits | None:
    """Return a number as it stands in the file, or None for what no double holds."""
    if isinstance(value, Digits) and double(value) is not None:
        return value
    return None


def positive(value: JsonValue) -> int | None:
    """Return a positive count, written as a number or as text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return mlperf_json.count(str(value))


def number(value: Fraction | None) -> float | int | None:
    """Return a size as a number of JSON that every reader keeps."""
    if value is None or value > MAX_SAFE_INTEGER:
        return None
    if value.denominator == 1:
        return int(value)
    return float(value)


def plain_number(value: JsonValue) -> float | None:
    """Return the number that a text of YAML writes, or None."""
    if not isinstance(value, str):
        return None
    return convert(value, "1", "1")


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and the population standard deviation."""

    average: Fraction
    deviation: float


def mean(texts: Sequence[Digits]) -> Mean:
    """Return the mean of numbers as they stand in a file; raises DraftError where no double holds how they differ."""
    numbers = [exact(text) for text in texts]
    known = [each for each in numbers if each is not None]
    average = sum(known, Fraction(0)) / len(known)
    squares = sum((each - average) ** 2 for each in known)
    try:
        return Mean(average, math.sqrt(squares / len(known)))
    except OverflowError as error:
        raise DraftError("the runs differ by more than a number of JSON can say") from error


def convert_exactly(value: Fraction, source: str, target: str) -> float:
    """Return a fraction in another unit as the nearest double."""
    return conversion(source, target).apply(value)
