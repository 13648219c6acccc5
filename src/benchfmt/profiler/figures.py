"""Statistics of repeated observations, each with the rule by which it is computed.

Percentiles are nearest-rank: an observation that occurred, never a mixture of two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
_T95 = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
    2.120,
    2.110,
    2.101,
    2.093,
    2.086,
    2.080,
    2.074,
    2.069,
    2.064,
    2.060,
    2.056,
    2.052,
    2.048,
    2.045,
    2.042,
)
LEVEL = 0.95
LEAST = {"median": 1, "p90": 10, "p95": 20, "p99": 100, "p99.9": 1000}
"""How many observations a percentile needs at least to differ from the maximum."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of independent values and its 95 % interval."""

    mean: float
    lower: float
    upper: float

    @property
    def half_width(self) -> float:
        """Half the interval as a share of the mean."""
        return (self.upper - self.lower) / 2 / abs(self.mean) if self.mean else math.inf


def t95(freedom: int) -> float:
    """Return the two-sided 95 % quantile of Student's t."""
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    # The first terms of the Cornish-Fisher expansion: right to 1e-4 from 31 on.
    return 1.959964 + 2.372271 / freedom + 2.822500 / freedom**2


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return math.fsum(values) / len(values)


def median(values: Sequence[float]) -> float:
    """Return the middle of the sorted values, or the mean of the two middle ones."""
    found = percentile(values, "median")
    if found is None:
        raise ValueError("a median needs at least one observation")
    return found


def stddev(values: Sequence[float]) -> float:
    """Return the standard deviation of the population."""
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / len(values))


def interval(values: Sequence[float]) -> Interval | None:
    """Return the mean of independent values with its t-interval, or None for fewer than two."""
    count = len(values)
    if count < 2:
        return None
    centre = mean(values)
    spread = math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (count - 1))
    half = t95(count - 1) * spread / math.sqrt(count)
    return Interval(centre, centre - half, centre + half)


def percentile(values: Sequence[float], name: str) -> float | None:
    """Return a percentile by nearest rank (`p90`, `median`), or None where there are too few values for it."""
    return _ranked(sorted(values), name)


def _ranked(ordered: Sequence[float], name: str) -> float | None:
    if len(ordered) < LEAST.get(name, 1):
        return None
    if name == "median":
        half = len(ordered) // 2
        return float(ordered[half]) if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    # The small step keeps 0.99 * 100 from becoming 99.00000000000001 and the rank 100.
    rank = math.ceil(float(name[1:]) / 100 * len(ordered) - 1e-9)
    return float(ordered[max(rank, 1) - 1])


def summary(values: Sequence[float]) -> dict[str, float | None]:
    """Return all statistics that the profiler states of a list of observations; None for too few of them."""
    ordered = sorted(values)
    return {
        "min": float(ordered[0]),
        "mean": mean(ordered),
        **{name: _ranked(ordered, name) for name in LEAST},
        "max": float(ordered[-1]),
    }


def block_means(values: Sequence[float], sizes: Sequence[int]) -> list[float]:
    """Return the means of consecutive blocks: neighbours are alike, so blocks are what may be called independent."""
    means, start = [], 0
    for size in sizes:
        means.append(mean(values[start : start + size]))
        start += size
    return means
