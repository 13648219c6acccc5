"""What a result says of how sure its number is: an estimate with limits, from samples, count and deviation, or an interval.

Numbers that are positive and skewed (times, rates) are compared as ratios, so their estimates are logarithms; others as
differences.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median
from typing import Literal

import numpy as np
import numpy.typing as npt

from benchfmt.comparison.distributions import binomial, t_critical

Scale = Literal["ratio", "difference"]
"""How two numbers are compared: new / old, or new - old."""
Limits = Callable[[float], tuple[float, float]]
"""Between which numbers the true one lies but for a probability alpha."""
Numbers = npt.NDArray[np.float64]

_NORMAL = NormalDist()
_PERCENTILE = re.compile("p([0-9]{1,2}(?:[.][0-9]+)?)")
_ORDERED = 20
"""From so many observations on their order tells how alike neighbours are; of fewer it tells nothing."""
_LEAST_INDEPENDENT = 10
"""How alike neighbours are is not known well enough where they are worth fewer."""
_MOST_SKEWED = 0.5
_NEEDED_BY_SKEW = 200
"""The logarithm of a mean is normal enough where the deviation is at most half of the mean, and n is at least so many times the
square of their ratio: `make bench-verdicts` shows more false alarms beyond."""
ONE = "one observation"
"""Why most numbers tell nothing of how sure they are."""
_ROUNDED = 0.01
"""A source may round its value, and give samples with all digits."""
_SAME = 1e-9
"""A value that differs from the mean of its samples by a smaller share is that mean."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one result gives of a number."""

    value: float
    statistic: str | None = None
    n: int | None = None
    """How many observations there were, before trimming."""
    stddev: float | None = None
    """Their standard deviation, of the population."""
    ci: tuple[float, float, float] | None = None
    """An interval that the source states: lower, upper, level."""
    samples: tuple[float, ...] = ()
    """The observations that count, in the order of the source."""
    are_runs: bool = False
    """Whether the samples are known to be of runs, one of each."""
    is_share: bool = False
    """Whether the value is the share of the n samples of a data set that were right."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard error of an estimate, and from how many independent observations it is."""

    error: float
    independent: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number on its scale, with limits."""

    centre: float
    limits: Limits
    about: str
    """What it was made from, in words."""
    spread: Spread | None = None
    is_of_runs: bool = False
    """Whether its observations are runs, each with a start of its own."""
    is_of_data_set: bool = False
    """Whether it is a share of the samples of a data set."""
    percentile: float | None = None
    """The share of observations at or below it, where order statistics are its limits."""


class UntoldError(Exception):
    """Why nothing can be said of how sure a number is."""


def on_scale(value: float, scale: Scale) -> float:
    """Return a number as it is compared; raises UntoldError for one that has no ratio."""
    if scale == "difference":
        return value
    if value <= 0:
        raise UntoldError(f"{value:g} has no ratio to another number")
    return math.log(value)


def by_spread(values: Numbers, independent: int, about: str, *, is_of_runs: bool) -> Estimate:
    """Return the mean of values as an estimate, with the limits of Student's t."""
    error = float(values.std(ddof=1)) / math.sqrt(independent)
    return _with_error(
        float(values.mean()), Spread(error, independent), about, is_of_runs=is_of_runs
    )


def _with_error(centre: float, spread: Spread, about: str, *, is_of_runs: bool = False) -> Estimate:
    def limits(alpha: float) -> tuple[float, float]:
        half = t_critical(alpha, spread.independent - 1) * spread.error
        return centre - half, centre + half

    return Estimate(centre, limits, about, spread, is_of_runs)


def of_samples(observed: Observed, scale: Scale) -> Estimate:
    """Return the mean of the samples (of their logarithms, where ratios are compared); raises UntoldError."""
    samples = observed.samples
    if len(samples) < 2:
        raise UntoldError(ONE)
    is_of_runs = are_repeats(observed)
    if not is_of_runs and quantile_of(observed.statistic) is not None:
        raise UntoldError(ONE)
    if not (is_of_runs or _is_mean(observed)):
        raise UntoldError(_no_test(observed))
    _check_within(observed)
    values = np.array([on_scale(sample, scale) for sample in samples])
    if is_of_runs:
        about = f"{len(samples):,} runs"
        return by_spread(values, len(samples), about, is_of_runs=True)
    independent = _known_independent(values)
    about = _observations(len(samples), independent)
    return by_spread(values, independent, about, is_of_runs=False)


def _check_within(observed: Observed) -> None:
    """Raise UntoldError for a value that is no statistic of its samples."""
    slack = _ROUNDED * abs(observed.value)
    least, most = min(observed.samples), max(observed.samples)
    if not least - slack <= observed.value <= most + slack:
        raise UntoldError("a value lies outside of its samples")


def _known_independent(values: Numbers) -> int:
    """Return how many independent observations some are worth; raises UntoldError where that is too few to be known."""
    independent = independent_of(values)
    if independent < min(len(values), _LEAST_INDEPENDENT):
        about = _observations(len(values), independent)
        raise UntoldError(f"{about} are too much alike; measure longer, or repeat the run")
    return independent


def are_repeats(observed: Observed) -> bool:
    """Whether samples are themselves of the statistic, one of each run: then the value is their mean, and not their p90."""
    samples = observed.samples
    if observed.are_runs:
        return len(samples) > 1
    if observed.statistic in (None, "single", "mean", "geometric-mean") or len(samples) < 2:
        return False
    has_limits = observed.statistic == "median" and len(samples) >= needed(0.5, 0.05)
    if has_limits and _is_close(observed.value, median(samples)):
        # Of observations that lie evenly the mean is the median.
        return False
    return _is_close(observed.value, fmean(samples))


def _is_mean(observed: Observed) -> bool:
    if observed.statistic in ("mean", "geometric-mean"):
        return True
    is_unstated = observed.statistic in (None, "single")
    return is_unstated and _is_close(observed.value, fmean(observed.samples))


def _is_close(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=_SAME)


def _no_test(observed: Observed) -> str:
    if observed.statistic in (None, "single"):
        return "the statistic is not stated, and the value is not the mean of its samples"
    return f"the observations of one run say not how sure their {observed.statistic} is; repeat the run"


def _observations(count: int, independent: int) -> str:
    if independent == count:
        return f"{count:,} observations"
    return f"{count:,} observations (worth {independent:,} independent ones)"


def independent_of(values: Numbers) -> int:
    """Return how many independent observations some in their order are worth, where neighbours are alike.

    n / (1 + 2 × the sum of the autocorrelations), summed in pairs until one is not positive (Geyer 1992, Practical Markov
    Chain Monte Carlo, initial positive sequence).
    """
    n = len(values)
    away = values - values.mean()
    if n < _ORDERED or not away.any():
        return n
    length = 1 << (2 * n - 1).bit_length()
    transformed = np.fft.rfft(away, length)
    covariances = np.fft.irfft(transformed * transformed.conj(), length)[:n]
    correlations = covariances / covariances[0]
    pairs = correlations[: n - n % 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    last = len(pairs)
    if len(ends):
        last = int(ends[0])
    time = 2 * float(pairs[:last].sum()) - 1
    return max(2, min(n, int(n / max(time, 1.0))))


def of_moments(observed: Observed, scale: Scale) -> Estimate:
    """Return a mean by its n and standard deviation (for ratios its logarithm, by the delta method); raises UntoldError."""
    n, mean, deviation = _moments(observed)
    error = deviation / math.sqrt(n)
    if scale == "ratio":
        share = deviation / mean
        if share > _MOST_SKEWED or n < _NEEDED_BY_SKEW * share**2:
            raise UntoldError(
                f"n ({n:,}) and a deviation of {share:.0%} of the mean are not enough without samples"
            )
        error /= mean
    about = f"n ({n:,}), mean and deviation"
    return _with_error(on_scale(mean, scale), Spread(error, n), about)


def _moments(observed: Observed) -> tuple[int, float, float]:
    """Return the number of observations, their mean, and the standard deviation of what they were drawn from."""
    if observed.statistic != "mean":
        if observed.n is None or observed.stddev is None:
            raise UntoldError(ONE)
        statistic = observed.statistic or "number whose statistic is not stated"
        raise UntoldError(f"n and stddev say not how sure a {statistic} is")
    if len(observed.samples) > 1:
        _check_within(observed)
        values = np.array(observed.samples)
        return _known_independent(values), float(values.mean()), float(values.std(ddof=1))
    if observed.n is None or observed.stddev is None or observed.n < 2:
        raise UntoldError(ONE)
    # The standard deviation of a record is that of the population.
    return observed.n, observed.value, observed.stddev * math.sqrt(observed.n / (observed.n - 1))


def quantile_of(statistic: str | None) -> float | None:
    """Return the share of observations at or below a statistic; None for one that is no percentile."""
    if statistic == "median":
        return 0.5
    found = _PERCENTILE.fullmatch(statistic or "")
    if found is None:
        return None
    share = float(found[1]) / 100
    if not 0 < share < 1:
        return None
    return share


def of_order(observed: Observed, scale: Scale) -> Estimate:
    """Return a percentile with limits that are observations themselves (the binomial decides which); raises UntoldError.

    Nothing is assumed of how the observations are distributed. A bootstrap of a p99 would give more false alarms than it
    states; see docs/versions.md.
    """
    share = quantile_of(observed.statistic)
    if share is None or len(observed.samples) < 2 or are_repeats(observed):
        raise UntoldError(ONE)
    _check_within(observed)
    values = np.array([on_scale(sample, scale) for sample in observed.samples])
    centre = on_scale(observed.value, scale)
    # What counts for a percentile is whether an observation lies at or below it.
    independent = independent_of((values <= centre).astype(np.float64))
    ascending = np.sort(values)
    tails = binomial(independent, share)

    def limits(alpha: float) -> tuple[float, float]:
        lower, upper = tails.ranks(alpha)
        least = -math.inf
        if lower >= 1:
            least = min(centre, float(ascending[(lower - 1) * len(values) // independent]))
        most = math.inf
        if upper <= independent:
            most = max(centre, float(ascending[-(-upper * len(values) // independent) - 1]))
        return least, most

    return Estimate(centre, limits, _observations(len(values), independent), percentile=share)


def needed(share: float, alpha: float) -> int:
    """Return how many observations a percentile needs to have limits."""
    return math.ceil(math.log(alpha / 2) / math.log(max(share, 1 - share)))


def of_interval(observed: Observed, scale: Scale) -> Estimate:
    """Return a value by the interval that its source states, taken to be normal; raises UntoldError."""
    if observed.ci is None or not 0 < observed.ci[2] < 1:
        raise UntoldError(ONE)
    lower, upper, level = observed.ci
    if not lower <= observed.value <= upper:
        raise UntoldError("a value lies outside of its stated interval")
    centre = on_scale(observed.value, scale)
    below = centre - on_scale(lower, scale)
    above = on_scale(upper, scale) - centre
    stated = _z(1 - level)

    def limits(alpha: float) -> tuple[float, float]:
        factor = _z(alpha) / stated
        return centre - factor * below, centre + factor * above

    return Estimate(centre, limits, f"the stated interval at {level:.4g}")


def _z(alpha: float) -> float:
    """Return beyond how many standard deviations a normal number lies, on either side, with probability alpha."""
    return -_NORMAL.inv_cdf(max(alpha / 2, 1e-300))


def of_share(observed: Observed, scale: Scale) -> Estimate:
    """Return a share of n samples with Wilson's limits; raises UntoldError."""
    if not observed.is_share or not observed.n or scale != "difference":
        raise UntoldError(ONE)
    n, share = observed.n, observed.value

    def limits(alpha: float) -> tuple[float, float]:
        square = _z(alpha) ** 2
        middle = (share + square / (2 * n)) / (1 + square / n)
        half = math.sqrt(square * (share * (1 - share) / n + square / (4 * n * n)))
        half /= 1 + square / n
        return max(0.0, middle - half), min(1.0, middle + half)

    return Estimate(share, limits, f"{n:,} samples of the data set", is_of_data_set=True)


def of_runs(values: Sequence[float], scale: Scale) -> Estimate:
    """Return several runs as an estimate, each of them one observation; raises UntoldError."""
    numbers = np.array([on_scale(value, scale) for value in values])
    return by_spread(numbers, len(numbers), f"{len(numbers):,} runs", is_of_runs=True)
