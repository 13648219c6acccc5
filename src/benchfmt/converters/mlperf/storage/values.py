"""Values as the files of MLPerf Storage write them: objects, numbers with their digits, counts, and means of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.readers import mlperf_json
from benchfmt.readers.jsons import Digits
from benchfmt.units import conversion, convert, exact

EXACT = Fraction(1, 10**9)
"""How far numbers that are made from each other may differ, relatively: the files have all digits of a double."""


def as_object(data: Any) -> Mapping[str, Any]:
    """Return an object of a file, empty where something else stands."""
    return data if isinstance(data, Mapping) else {}


def as_list(data: Any) -> list[Any]:
    """Return a list of a file, empty where something else stands."""
    return data if isinstance(data, list) else []


def digits(value: Any) -> Digits | None:
    """Return a finite number as it stands in the file, or None."""
    return value if isinstance(value, Digits) and exact(value) is not None else None


def positive(value: Any) -> int | None:
    """Return a positive count, written as a number or as text."""
    return (
        mlperf_json.count(str(value))
        if isinstance(value, str | int) and not isinstance(value, bool)
        else None
    )


def number(value: Fraction | None) -> float | int | None:
    """Return a size as a number of JSON that every reader keeps."""
    if value is None or value > MAX_SAFE_INTEGER:
        return None
    return int(value) if value.denominator == 1 else float(value)


def plain_number(value: Any) -> float | None:
    """Return the number that a text of YAML writes, or None."""
    return convert(value, "1", "1") if isinstance(value, str) else None


def mean(numbers: list[Fraction]) -> tuple[Fraction, float]:
    """Return mean and population standard deviation."""
    average = sum(numbers, Fraction(0)) / len(numbers)
    return average, math.sqrt(sum((item - average) ** 2 for item in numbers) / len(numbers))


def convert_exactly(value: Fraction, source: str, target: str) -> float:
    """Return a fraction in another unit as the nearest double."""
    return conversion(source, target).apply(value)
