"""Did a number change? The change with an interval and a p-value, from what two results say of their observations.

- Several runs on a side: each run is one observation. Welch's t; one run against several by Student's t, taken to scatter alike.
- One run on each side: Welch's t on the samples (on their logarithms for what is positive and skewed), or on n, mean and
  deviation; percentiles by order statistics; shares of right answers by Wilson's limits; else the intervals that the source states.
- Where two estimates have limits and no common test, the limits are combined (MOVER: Zou and Donner 2008, Construction of
  confidence limits about effect measures; for two shares this is Newcombe's interval).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchfmt.comparison.distributions import bisected, t_critical, t_two_sided
from benchfmt.comparison.evidence import (
    ONE,
    Estimate,
    Observed,
    Scale,
    Spread,
    UntoldError,
    needed,
    of_interval,
    of_moments,
    of_order,
    of_runs,
    of_samples,
    of_share,
    on_scale,
)

Between = Literal["runs", "observations", "data set"]
"""What a test is between: several runs, the observations of one run on each side, or answers to the samples of a data set."""
_ALL_EQUAL = "all observations are equal, so nothing says how much they vary"
_LEAST_LOG_P = -230.0
"""Smaller p-values than 10^-100 are not told apart."""
_UNBALANCED = 2
"""Where a side has at least so many times the observations of the other, Welch's degrees of freedom are too many: 5.7 % false
alarms at 5 % for 5 against 30. Those of the smaller side are taken."""


@dataclass(frozen=True, slots=True)
class Significance:
    """A change with its interval and p-value: a share (0.05 is 5 % more) where ratios are compared, else a difference."""

    change: float
    lower: float
    upper: float
    p: float
    """How likely a change at least so great is where nothing has changed, on either side."""
    method: str
    between: Between


@dataclass(frozen=True, slots=True)
class Untold:
    """Why the significance of a change cannot be told."""

    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """How numbers are compared, and at which level."""

    scale: Scale
    level: float


def significance_of(
    old: Sequence[Observed], new: Sequence[Observed], scale: Scale, level: float
) -> Significance | Untold:
    """Return how sure it is that a number changed from the results of one side to those of the other."""
    try:
        if len(old) > 1 or len(new) > 1:
            return _of_several(old, new, Asked(scale, level))
        return _of_one(old[0], new[0], Asked(scale, level))
    except UntoldError as error:
        return Untold(str(error))


def _of_several(old: Sequence[Observed], new: Sequence[Observed], asked: Asked) -> Significance:
    values_of_old = [item.value for item in old]
    values_of_new = [item.value for item in new]
    if len(old) == 1:
        many = of_runs(values_of_new, asked.scale)
        return _one_against_many(on_scale(old[0].value, asked.scale), many, asked, sign=1)
    if len(new) == 1:
        many = of_runs(values_of_old, asked.scale)
        return _one_against_many(on_scale(new[0].value, asked.scale), many, asked, sign=-1)
    return _welch(of_runs(values_of_old, asked.scale), of_runs(values_of_new, asked.scale), asked)


def _one_against_many(one: float, many: Estimate, asked: Asked, *, sign: int) -> Significance:
    """Test one run against several: it is taken to scatter as they do. The sign is 1 where the one run is the old one."""
    spread = _spread_of(many)
    runs = spread.independent
    # The error of the mean is that of one run divided by the root of their number.
    error = spread.error * math.sqrt(runs + 1)
    change = sign * (many.centre - one)
    method = f"Student's t of 1 run against {runs:,}, taken to scatter alike"
    return _by_t(change, error, runs - 1, method, "runs", asked)


def _of_one(old: Observed, new: Observed, asked: Asked) -> Significance:
    reasons = []
    for make, test in ((of_share, _by_limits), (of_samples, _welch), (of_moments, _welch)):
        try:
            estimates = make(old, asked.scale), make(new, asked.scale)
        except UntoldError as error:
            reasons.append(str(error))
        else:
            return test(*estimates, asked)
    try:
        estimates = _with_limits(old, asked.scale), _with_limits(new, asked.scale)
    except UntoldError as error:
        reasons.append(str(error))
    else:
        return _by_limits(*estimates, asked)
    specific = [reason for reason in reasons if reason != ONE]
    raise UntoldError((specific or [ONE])[0])


def _with_limits(observed: Observed, scale: Scale) -> Estimate:
    """Return the best estimate of the stated statistic itself that has limits."""
    reasons = []
    for make in (of_order, of_interval, of_moments):
        try:
            return make(observed, scale)
        except UntoldError as error:
            reasons.append(str(error))
    specific = [reason for reason in reasons if reason != ONE]
    raise UntoldError((specific or [ONE])[0])


def _spread_of(estimate: Estimate) -> Spread:
    if estimate.spread is None:
        raise UntoldError(ONE)
    return estimate.spread


def _welch(old: Estimate, new: Estimate, asked: Asked) -> Significance:
    first, second = _spread_of(old), _spread_of(new)
    error = math.hypot(first.error, second.error)
    between: Between = "observations"
    if old.is_of_runs and new.is_of_runs:
        between = "runs"
    logarithms = ""
    if asked.scale == "ratio":
        logarithms = " on logarithms"
    method = f"Welch's t{logarithms}: {old.about} against {new.about}"
    freedom = _freedom(first, second)
    return _by_t(new.centre - old.centre, error, freedom, method, between, asked)


def _freedom(first: Spread, second: Spread) -> float:
    """Return the degrees of freedom of Welch and Satterthwaite, or those of a much smaller side."""
    fewer, more = sorted((first.independent, second.independent))
    if more >= _UNBALANCED * fewer:
        return fewer - 1
    parts = [(item.error**2, item.independent - 1) for item in (first, second)]
    below = sum(square * square / freedom for square, freedom in parts)
    if below == 0:
        return fewer - 1
    return sum(square for square, _ in parts) ** 2 / below


def _by_t(
    change: float,
    error: float,
    freedom: float,
    method: str,
    between: Between,
    asked: Asked,
) -> Significance:
    if error == 0:
        raise UntoldError(_ALL_EQUAL)
    half = t_critical(1 - asked.level, freedom) * error
    p = t_two_sided(change / error, freedom)
    return _told(change, (change - half, change + half), p, method, between, asked.scale)


def _by_limits(old: Estimate, new: Estimate, asked: Asked) -> Significance:
    for estimate in (old, new):
        _check_limits(estimate, 1 - asked.level)
    interval = _combined(old, new, 1 - asked.level)
    if interval[0] == interval[1]:
        raise UntoldError(_ALL_EQUAL)
    p = _p_by_limits(lambda alpha: _combined(old, new, alpha))
    between: Between = "observations"
    how = "limits of both combined"
    if old.percentile is not None and new.percentile is not None:
        how = "order statistics of both combined"
    if old.is_of_data_set and new.is_of_data_set:
        between = "data set"
        how = "Newcombe's interval"
    method = f"{how}: {old.about} against {new.about}"
    change = new.centre - old.centre
    return _told(change, interval, p, method, between, asked.scale)


def _check_limits(estimate: Estimate, alpha: float) -> None:
    """Raise UntoldError for a percentile of which the observations are too few to be its limits."""
    if estimate.percentile is not None and not all(map(math.isfinite, estimate.limits(alpha))):
        least = needed(estimate.percentile, alpha)
        raise UntoldError(f"{estimate.about} are too few for this percentile; it needs {least:,}")


def _combined(old: Estimate, new: Estimate, alpha: float) -> tuple[float, float]:
    """Return the limits of a difference from those of its parts (MOVER)."""
    change = new.centre - old.centre
    old_lower, old_upper = old.limits(alpha)
    new_lower, new_upper = new.limits(alpha)
    below = math.hypot(new.centre - new_lower, old_upper - old.centre)
    above = math.hypot(new_upper - new.centre, old.centre - old_lower)
    return change - below, change + above


def _p_by_limits(limits: Callable[[float], tuple[float, float]]) -> float:
    """Return the least alpha at which the limits leave 0 out."""

    def leave_zero_out(log_alpha: float) -> bool:
        lower, upper = limits(math.exp(log_alpha))
        return lower > 0 or upper < 0

    if not leave_zero_out(0.0):
        return 1.0
    return math.exp(bisected(leave_zero_out, _LEAST_LOG_P, 0.0))


def _told(
    change: float,
    interval: tuple[float, float],
    p: float,
    method: str,
    between: Between,
    scale: Scale,
) -> Significance:
    numbers = (change, *interval)
    if scale == "ratio":
        numbers = (_share(numbers[0]), _share(numbers[1]), _share(numbers[2]))
    return Significance(*numbers, p=p, method=method, between=between)


def _share(logarithm: float) -> float:
    """Return by what share a number with this logarithm of its ratio is more; infinite where no number could be."""
    try:
        return math.expm1(logarithm)
    except OverflowError:
        return math.inf


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number by Holm: all verdicts together keep the level of one."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [1.0] * len(p_values)
    greatest = 0.0
    for rank, place in enumerate(order):
        greatest = max(greatest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = greatest
    return adjusted
