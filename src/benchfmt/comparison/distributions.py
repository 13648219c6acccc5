"""The distributions that tests of significance need: Student's t and the binomial.

SciPy has them among much else, in 140 MB; a test holds these to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

_NORMAL = NormalDist()
_LIKE_NORMAL = 1e7
"""From so many degrees of freedom on Student's t is the normal distribution, to six digits."""
_MOST_STEPS = 100
_CLOSE_ENOUGH = 1e-13
_SMALLEST = 1e-300
_CLOSE = 1e-15
_MOST_TERMS = 10_000


def t_two_sided(t: float, freedom: float) -> float:
    """Return how likely Student's t is at least so far from 0, on either side."""
    if freedom > _LIKE_NORMAL:
        return math.erfc(abs(t) / math.sqrt(2))
    square = t * t
    return _incomplete_beta(
        freedom / 2, 0.5, freedom / (freedom + square), square / (freedom + square)
    )


def t_critical(alpha: float, freedom: float) -> float:
    """Return the value beyond which Student's t lies, on either side, with probability alpha."""
    if alpha >= 1:
        return 0.0
    # Newton's method on logarithms, from the normal distribution's value, which is smaller.
    t = -_NORMAL.inv_cdf(alpha / 2)
    if freedom > _LIKE_NORMAL:
        return t
    for _ in range(_MOST_STEPS):
        likely = t_two_sided(t, freedom)
        step = math.log(likely / alpha) * likely / (2 * t * _t_density(t, freedom))
        t *= math.exp(step)
        if abs(step) < _CLOSE_ENOUGH:
            break
    return t


def _t_density(t: float, freedom: float) -> float:
    front = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    power = (freedom + 1) / 2 * math.log1p(t * t / freedom)
    return math.exp(front - power) / math.sqrt(freedom * math.pi)


def bisected(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Return where a condition that holds from some number upwards begins to hold; `high` where it never does."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """Return the regularised incomplete beta function of x and 1 - x (https://dlmf.nist.gov/8.17)."""
    if x <= 0:
        return 0.0
    if rest <= 0:
        return 1.0
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(logarithm + a * math.log(x) + b * math.log(rest))
    # The fraction is quick on this side of the mean only; on the other one the complement is taken.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method (https://dlmf.nist.gov/8.17.E22)."""
    c = 1.0
    d = 1 / _not_zero(1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            total *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return total


def _not_zero(number: float) -> float:
    if abs(number) < _SMALLEST:
        return _SMALLEST
    return number


@dataclass(frozen=True)
class Binomial:
    """How many of n independent observations lie at or below a quantile: tails of the binomial distribution."""

    at_most: npt.NDArray[np.float64]
    """For each number how likely it, or a smaller one, is."""
    at_least: npt.NDArray[np.float64]
    """For each number how likely it, or a greater one, is."""

    def ranks(self, alpha: float) -> tuple[int, int]:
        """Return between which observations, counted from 1 in ascending order, the quantile lies but for alpha.

        0, or one more than there are, where no observation is a limit.
        """
        lower = int(np.searchsorted(self.at_most, alpha / 2, side="left"))
        # Descending, so it is searched from its end.
        upper = len(self.at_least) - int(
            np.searchsorted(self.at_least[::-1], alpha / 2, side="right")
        )
        return lower, upper


@lru_cache(maxsize=16)
def binomial(n: int, p: float) -> Binomial:
    """Return the tails of the binomial distribution of n trials with probability p."""
    k = np.arange(n, dtype=np.float64)
    steps = np.log((n - k) / (k + 1)) + math.log(p / (1 - p))
    logarithms = n * math.log1p(-p) + np.concatenate(([0.0], np.cumsum(steps)))
    likely = np.exp(logarithms)
    return Binomial(np.cumsum(likely), np.cumsum(likely[::-1])[::-1])
