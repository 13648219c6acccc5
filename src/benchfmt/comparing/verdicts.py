"""What became of a result from one version to the next: the change, how sure it is, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import JsonValue

from benchfmt.comparison.evidence import Scale
from benchfmt.comparison.significance import Significance, Untold, holm


class Verdict(StrEnum):
    """What became of a result, in the order in which reports list it."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    CHANGED = "changed"
    UNTOLD = "cannot be told"
    ONLY_OLD = "only in OLD"
    ONLY_NEW = "only in NEW"
    UNCHANGED = "no significant change"


COMPARED = (
    Verdict.REGRESSION,
    Verdict.IMPROVEMENT,
    Verdict.CHANGED,
    Verdict.UNTOLD,
    Verdict.UNCHANGED,
)
"""The verdicts on results that both packages have."""
SIGNIFICANT = (Verdict.REGRESSION, Verdict.IMPROVEMENT, Verdict.CHANGED)


@dataclass(frozen=True, slots=True)
class Metric:
    """What a result is a number of, and how such numbers are compared."""

    name: str
    unit: str
    direction: str | None
    """`lower` or `higher` where that is better."""
    is_ratio: bool
    """Whether such numbers are compared as ratios, and not as differences."""
    has_zero: bool
    """Whether the unit begins at nothing, so that a share of a number means something."""


@dataclass(frozen=True, slots=True)
class Result:
    """A result: its metric, its key, and the context that tells it from others."""

    metric: Metric
    key: Mapping[str, str]
    """The statistic, stage, per and scope that are stated."""
    context: Mapping[str, str]
    """The fields of its record that are stated and that the question holds fast."""
    group: str
    """The key of its group."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one package says of a result: one run, or several repeats of it."""

    records: tuple[str, ...]
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """A result, what the two packages say of it, and what its observations tell of the change."""

    result: Result
    old: Side | None
    new: Side | None
    old_value: float | None
    new_value: float | None
    scale: Scale
    told: Significance | Untold | None
    """None for a result that only one package has."""


@dataclass(frozen=True, slots=True)
class Change:
    """A result of two packages: its numbers, the change between them, and the verdict."""

    result: Result
    old: Side | None
    new: Side | None
    verdict: Verdict
    old_value: float | None = None
    new_value: float | None = None
    difference: float | None = None
    """How much more the new value is, in the unit of the metric."""
    share: float | None = None
    """How much more it is as a share of the old one: 0.05 is 5 % more."""
    lower: float | None = None
    """The lower end of the interval of the share, of the difference where there is no share."""
    upper: float | None = None
    test: Significance | None = None
    p_adjusted: float | None = None
    """The p-value, adjusted by Holm for all tests of the call."""
    reason: str | None = None
    """Why nothing can be told, or what has to be said of the verdict."""

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the change as plain data (documented in docs/versions.md)."""
        result = self.result
        data: dict[str, JsonValue] = {
            "metric": result.metric.name,
            **result.key,
            "unit": result.metric.unit,
            "direction": result.metric.direction,
            "context": dict(result.context),
            "group": result.group,
            "old": _side_data(self.old, self.old_value),
            "new": _side_data(self.new, self.new_value),
            "difference": _finite(self.difference),
            "change": _finite(self.share),
            "interval": None,
            "p": None,
            "p_adjusted": self.p_adjusted,
            "test": None,
            "between": None,
            "verdict": self.verdict.value,
            "reason": self.reason,
        }
        if self.test is not None and self.lower is not None and self.upper is not None:
            data["interval"] = [_finite(self.lower), _finite(self.upper)]
            data["p"] = self.test.p
            data["test"] = self.test.method
            data["between"] = self.test.between
        return data


def _finite(number: float | None) -> float | None:
    """Return a number that JSON can say; None for an infinite one."""
    if number is None or not math.isfinite(number):
        return None
    return number


def _side_data(side: Side | None, value: float | None) -> JsonValue:
    if side is None:
        return None
    data: dict[str, JsonValue] = {"value": value, "records": [*side.records]}
    if side.caveats:
        data["caveats"] = [*side.caveats]
    return data


def judged(results: Iterable[Matched], level: float) -> list[Change]:
    """Return the verdict on each result; the p-values of all are adjusted together."""
    every = list(results)
    tests = [item.told for item in every if isinstance(item.told, Significance)]
    adjusted = iter(holm([test.p for test in tests]))
    changes = []
    for item in every:
        if isinstance(item.told, Significance):
            changes.append(_of_test(item, item.told, next(adjusted), level))
        elif item.told is not None:
            changes.append(_untold(_change(item), item.told.reason))
        else:
            changes.append(_alone(item))
    order = {verdict: place for place, verdict in enumerate(Verdict)}
    return sorted(changes, key=lambda change: (order[change.verdict], -abs(change.share or 0)))


def _alone(item: Matched) -> Change:
    verdict = Verdict.ONLY_OLD
    if item.old is None:
        verdict = Verdict.ONLY_NEW
    return Change(item.result, item.old, item.new, verdict, item.old_value, item.new_value)


def _change(item: Matched) -> Change:
    """Return a result that both packages have, not yet judged."""
    before, after = item.old_value, item.new_value
    if before is None or after is None:
        raise ValueError("a result of both packages has a number in each")
    share = None
    if item.result.metric.has_zero and before != 0:
        share = (after - before) / abs(before)
    return Change(
        item.result,
        item.old,
        item.new,
        Verdict.UNTOLD,
        old_value=before,
        new_value=after,
        difference=after - before,
        share=share,
    )


def _of_test(item: Matched, test: Significance, adjusted: float, level: float) -> Change:
    change = _change(item)
    lower, upper = _interval(change, test, item.scale)
    change = replace(change, test=test, p_adjusted=adjusted, lower=lower, upper=upper)
    # 1 - 0.95 is a little more than 0.05.
    alpha = round(1 - level, 12)
    if adjusted > alpha:
        return _not_significant(change, is_significant_alone=test.p <= alpha)
    if (change.difference or 0) * test.change <= 0:
        reason = "the number and what its observations typically are did not move alike"
        return replace(change, verdict=Verdict.UNTOLD, reason=reason)
    return replace(change, verdict=_direction(change))


def _not_significant(change: Change, *, is_significant_alone: bool) -> Change:
    if _is_outside(change):
        reason = (
            "the mean moved farther than most of its observations: a few are much slower or faster"
        )
        return replace(change, verdict=Verdict.UNTOLD, reason=reason)
    if is_significant_alone:
        reason = "not after all tests of the call are counted (Holm)"
        return replace(change, verdict=Verdict.UNCHANGED, reason=reason)
    return replace(change, verdict=Verdict.UNCHANGED)


def _is_outside(change: Change) -> bool:
    """Whether a change is not in its own interval, which is of the typical (geometric mean) observation."""
    moved = change.share
    if moved is None:
        moved = change.difference
    if moved is None or change.lower is None or change.upper is None:
        return False
    return not change.lower <= moved <= change.upper


def _interval(change: Change, test: Significance, scale: Scale) -> tuple[float, float]:
    """Return the interval of the share, or of the difference where there is no share."""
    if scale == "ratio" or change.share is None or not change.old_value:
        return test.lower, test.upper
    return test.lower / abs(change.old_value), test.upper / abs(change.old_value)


def _direction(change: Change) -> Verdict:
    direction = change.result.metric.direction
    if direction not in ("lower", "higher"):
        return Verdict.CHANGED
    is_more = (change.difference or 0) > 0
    if is_more == (direction == "higher"):
        return Verdict.IMPROVEMENT
    return Verdict.REGRESSION


def _untold(change: Change, reason: str) -> Change:
    if change.difference == 0:
        return replace(change, verdict=Verdict.UNCHANGED, reason="the numbers are equal")
    return replace(change, reason=reason)
