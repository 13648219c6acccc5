"""Which systems are first in the groups of a page, task by task: what somebody who decides asks first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchfmt.comparing.groups import Group
from benchfmt.printable import one_line
from benchfmt.reports.counting import number

_NAMED = 3
"""So many systems are named; the others are counted."""
_ROWS = 20


@dataclass(frozen=True)
class Lead:
    """Who is first where one task is measured by one metric."""

    task: str
    metric: str
    better: str
    first: str
    """The systems that are first, each with the number of groups."""
    ahead: str
    """How far the first is ahead of the next other system, from the closest group to the farthest."""
    group: int
    """The place of the first of these groups on the page."""
    groups: int


@dataclass
class _Tally:
    higher: bool
    group: int
    groups: int = 0
    first: Counter[str] = field(default_factory=Counter)
    factors: list[float] = field(default_factory=list)


def leads(groups: Sequence[tuple[str, Group]]) -> tuple[list[Lead], int]:
    """Return who is first by task and metric, and how many rows more there would be; groups come with their tasks.

    A group of one system, or without a better direction, has nobody who is first.
    """
    tallies: dict[tuple[str, str], _Tally] = {}
    for place, (task, group) in enumerate(groups):
        best = _best_of_systems(group)
        if group.higher_is_better is None or len(best) < 2:
            continue
        key = (task, str(group.measure["metric"]))
        tally = tallies.setdefault(key, _Tally(group.higher_is_better, place))
        tally.groups += 1
        (_, first), *others = best.items()
        tally.first.update(system for system, value in best.items() if value == first)
        factor = times_better(first, others[0][1], higher=group.higher_is_better)
        if factor is not None:
            tally.factors.append(factor)
    ordered = sorted(tallies.items(), key=lambda item: (-item[1].groups, item[0]))
    shown = [_lead(*key, tally) for key, tally in ordered[:_ROWS]]
    return shown, len(ordered) - len(shown)


def _best_of_systems(group: Group) -> dict[str, float]:
    """Return the best value of each system, the best first."""
    best: dict[str, float] = {}
    for line in group.lines:
        best.setdefault(line.system, line.value)
    return best


def times_better(value: float, other: float, *, higher: bool) -> float | None:
    """Return how many times as good a value is as another; None where they are not both above zero."""
    if value <= 0 or other <= 0:
        return None
    return value / other if higher else other / value


def _lead(task: str, metric: str, tally: _Tally) -> Lead:
    named = tally.first.most_common(_NAMED)
    words = [f"{system}: {number(count)} of {number(tally.groups)}" for system, count in named]
    left = len(tally.first) - len(named)
    if left:
        words.append(f"{number(left)} more {'system' if left == 1 else 'systems'}")
    return Lead(
        task=one_line(task),
        metric=one_line(metric),
        better="higher is better" if tally.higher else "lower is better",
        first=one_line(", ".join(words)),
        ahead=_span(tally.factors),
        group=tally.group,
        groups=tally.groups,
    )


def _span(factors: Sequence[float]) -> str:
    if not factors:
        return ""
    low, high = f"{min(factors):.3g}", f"{max(factors):.3g}"
    return f"{low} times" if low == high else f"{low} to {high} times"
