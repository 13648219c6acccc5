"""The scores of a run of AI Benchmark's desktop package: whether they are its own, and what its tests give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from benchfmt.converters.ai_benchmark.run import Damaged, Run
from benchfmt.suites import ai_benchmark as rules

_AGREE = Fraction(1, 100)
"""Printed means are rounded: scores that differ by more belong to another run."""
PARTS = ("Inference", "Training")
"""The scores whose sum is the AI score."""
_KINDS = {"inference": "Inference", "training": "Training", "micro": "Inference"}
"""The score that each kind of sub-test gives."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A score that was calculated anew: from how many of its tests, and how many there are."""

    score: int
    tests: int
    of: int

    def agrees(self, points: int) -> bool:
        """Say whether a printed score is this one, as far as the printed means are exact."""
        return abs(points - self.score) <= _AGREE * max(self.score, points)


def recomputed(run: Run) -> dict[str, Recomputed]:
    """Return the scores that follow from the tests of a run; the package takes those that finished."""
    scores: dict[str, Recomputed] = {}
    for kind, score in _KINDS.items():
        times = _times(run, kind)
        if times:
            points = rules.score(times.values())
            if points is None:
                continue
            scores[score] = Recomputed(points, len(times), len(rules.of_kind(kind)))
    if len(scores) == len(PARTS):
        one, other = scores.values()
        points = one.score + other.score
        scores["AI"] = Recomputed(points, one.tests + other.tests, one.of + other.of)
    return scores


def _times(run: Run, kind: str) -> dict[str, tuple[str, str]]:
    """Return the reference time and the mean of each sub-test of a kind that finished."""
    times = {}
    for result in run.results:
        test = result.test
        time = result.time
        if test and test.kind == kind and time and float(time.mean):
            times[test.id] = (test.ref, time.mean)
    return times


def settled(runs: list[Run], unended: int | None) -> Iterator[Run]:
    """Yield runs of a console with the scores that are theirs; scores of another run make a run of their own.

    `unended` is the line in which the text ends without a line end, where digits may be cut off.
    """
    for each in runs:
        run = _without_contradiction(_without_cut(each, unended))
        if not any(_is_foreign(run, kind) for kind in run.scores):
            yield run
            continue
        yield replace(run, scores={})
        first = min(score.line for score in run.scores.values())
        yield Run(run.number, first, scores=run.scores, strangers=True)


def _is_foreign(run: Run, kind: str) -> bool:
    """Say whether a score cannot be that of the tests of a run."""
    points = run.points[kind]
    if points == 0 or not run.results:
        return False
    again = recomputed(run).get(kind)
    if again:
        return not again.agrees(points)
    return kind in PARTS and kind.lower() not in run.kinds


def _without_cut(run: Run, unended: int | None) -> Run:
    """Return a run without a score that may lack its last digits: nothing else says that it is whole."""
    points = run.points
    if len(points) == 3 and points["Inference"] + points["Training"] == points["AI"]:
        return run
    again = recomputed(run)
    whole = {}
    damaged = list(run.damaged)
    for kind, score in run.scores.items():
        if score.line != unended or (kind in again and again[kind].agrees(points[kind])):
            whole[kind] = score
            continue
        reason = "the file ends in this line: digits of the score may be cut off"
        damaged.append(Damaged(score.line, reason))
    return replace(run, scores=whole, damaged=damaged)


def _without_contradiction(run: Run) -> Run:
    """Return a run without scores that do not add up."""
    points = run.points
    total = points.pop("AI", None)
    parts = sum(points.values())
    if total is None or parts == total or (parts < total and len(points) < 2):
        return run
    shown = " and ".join(map(str, points.values()))
    reason = (
        f"two runs in one file: the scores {shown} do not make the AI score {total}; none is taken"
    )
    damaged = Damaged(run.scores["AI"].line, reason)
    return replace(run, scores={}, damaged=[*run.damaged, damaged])
