"""Statistics of exported times, as trtexec calculates them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np


def percentile_rank(count: int, level: str) -> int:
    """Return the index in the sorted times that trtexec takes as a percentile; its arithmetic is in single precision.

    sampleReporting.cpp: `all - 1 - int((1 - percentile / 100) * all)`. It never interpolates. A level above 100, which
    trtexec refuses, is that of the greatest time.
    """
    share = np.float32(1) - np.float32(level) / np.float32(100)
    return min(max(count - 1 - int(share * np.float32(count)), 0), count - 1)


def statistic(ordered: Sequence[str], name: str) -> tuple[Fraction, str | None]:
    """Return a statistic of sorted times in their unit, and the characters where it is one of them."""
    count = len(ordered)
    half = count // 2
    if name == "mean":
        return Fraction(_total(ordered)) / count, None
    if name == "median" and count % 2 == 0:
        return Fraction(_total(ordered[half - 1 : half + 1])) / 2, None
    indices = {"min": 0, "median": half, "max": count - 1}
    if name not in indices:
        indices[name] = percentile_rank(count, name[1:])
    chosen = ordered[indices[name]]
    return Fraction(Decimal(chosen)), chosen


def _total(numbers: Iterable[str]) -> Decimal:
    """Return an exact sum: six digits each, so that fifty hold any number of them."""
    with localcontext(prec=50):
        return sum(map(Decimal, numbers), Decimal(0))
