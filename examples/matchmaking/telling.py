"""The page of the study: its tables, and the words that follow from their figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from examples.matchmaking.scoring import Interval, differences, over_networks, over_platforms

Numbers = npt.NDArray[np.float64]
Key = tuple[str, str, str]
"""Learner, features, and which rows of other suites."""
SHOTS = (1, 3, 10)
_OF_OTHERS = {
    "none": "",
    "other chips": " + other suites",
    "same chip": " + other suites, the same chip too",
}
_FACTS = {
    "cores x clock": "cpu_cycles",
    "peak of the processor": "cpu_peak",
    "peak of the fastest units": "device_peak",
    "memory bandwidth": "registry_memory_bandwidth",
}


@dataclass(frozen=True)
class Score:
    """What one way of predicting scores: the error on each platform, unseen and after some runs, and its choices."""

    errors: Numbers
    after: Mapping[int, Numbers]
    hits: Sequence[Numbers]


Scores = Mapping[Key, Score]


def page(rows: pl.DataFrame, scores: Scores) -> Iterator[str]:
    """Yield the lines that the study writes."""
    yield from _platforms(rows)
    yield ""
    yield from _table(scores)
    yield ""
    yield from _conclusion(rows, scores)


def _platforms(rows: pl.DataFrame) -> Iterator[str]:
    base = rows.filter(pl.col("suite") == "lpdnn")
    yield f"| platform | runs | networks | {' | '.join(_FACTS)} |"
    yield f"|---|--:|--:|{'---|' * len(_FACTS)}"
    for (platform,), some in sorted(base.group_by("system_id")):
        known = ["known" if some[name].drop_nulls().len() else "" for name in _FACTS.values()]
        networks = some.select("model", "model_version", "input_shape").n_unique()
        yield f"| {platform} | {len(some)} | {networks} | {' | '.join(known)} |"


def _table(scores: Scores) -> Iterator[str]:
    after = " | ".join(f"after {shots} run{'s' if shots > 1 else ''}" for shots in SHOTS)
    yield f"| learner | learns from | error, never seen | {after} | right choice |"
    yield f"|---|---|--:|{'--:|' * len(SHOTS)}--:|"
    for (learner, features, others), score in scores.items():
        cells = [over_platforms(score.errors), *(over_platforms(score.after[n]) for n in SHOTS)]
        told = " | ".join(map(str, cells))
        chosen = over_networks(score.hits)
        yield f"| {learner} | {features}{_OF_OTHERS[others]} | {told} | {chosen} |"


@dataclass(frozen=True)
class Difference:
    """Two ways of predicting, of which one learns from more than the other."""

    learner: str
    about: str
    one: Score
    other: Score

    @property
    def of_errors(self) -> Interval:
        """What the error changes by, platform by platform."""
        return over_platforms(self.other.errors - self.one.errors)

    @property
    def of_choices(self) -> Interval:
        """What the share of right choices changes by, network by network."""
        return over_networks(differences(self.one.hits, self.other.hits))


def _differences(scores: Scores) -> Iterator[Difference]:
    for learner in dict.fromkeys(learner for learner, _, _ in scores if learner != "mean"):
        plain, known = (scores[learner, features, "none"] for features in ("records", "registry"))
        more = scores[learner, "registry", "other chips"]
        yield Difference(learner, "facts of the registry", plain, known)
        yield Difference(learner, "other suites beside the facts", known, more)


def _conclusion(rows: pl.DataFrame, scores: Scores) -> Iterator[str]:
    found = list(_differences(scores))
    for item in found:
        yield (
            f"- **{item.learner}, {item.about}.** The error {_told(item.of_errors)}. "
            f"The share of right choices {_told(item.of_choices)}."
        )
    for learner in dict.fromkeys(item.learner for item in found):
        score = scores[learner, "registry", "none"]
        change = over_platforms(score.after[SHOTS[1]] - score.errors)
        yield f"- **{learner}, {SHOTS[1]} runs of the new platform.** With the facts, the error {_told(change)}."
    yield from _of_others(rows)
    yield from _of_all(scores, found)


def _told(change: Interval) -> str:
    """Return in words what a difference is; whether it is one is decided by its interval alone."""
    if not change.excludes_zero:
        return f"changes by {change}, which chance alone can do"
    return f"changes by {change}, more than chance does"


def _of_others(rows: pl.DataFrame) -> Iterator[str]:
    is_base = pl.col("suite") == "lpdnn"
    others = rows.filter(~is_base)
    shared = others.filter(pl.col("chip").is_in(rows.filter(is_base)["chip"].unique().implode()))
    yield (
        f"- **Overlap.** Of {len(others)} rows of other suites {len(shared)} "
        f"{'is' if len(shared) == 1 else 'are'} of a chip on which LPDNN ran: what they can teach is what they have in "
        "common with it, not the platform itself."
    )


def _of_all(scores: Scores, found: Sequence[Difference]) -> Iterator[str]:
    platforms = len(found[0].one.errors)
    errors = _counted([item.of_errors for item in found])
    choices = _counted([item.of_choices for item in found])
    yield (
        f"- **More than chance.** Of {len(found)} differences, the error {errors}, and the share of right choices {choices}. "
        f"{platforms} platforms are few: what is not more than chance may still be so."
    )
    unseen = {key: over_platforms(score.errors) for key, score in scores.items()}
    learner, features, others = least = min(unseen, key=lambda key: unseen[key].mean)
    yield (
        f"- **In all.** The least error on a platform never seen is {unseen[least]} ({learner}, "
        f"{features}{_OF_OTHERS[others]}): a prediction is off by a factor of {math.exp(unseen[least].mean):.1f}. It is the "
        f"least of {len(unseen)}, which makes it look better than it is."
    )


def _counted(changes: Sequence[Interval]) -> str:
    falls = sum(change.excludes_zero and change.mean < 0 for change in changes)
    rises = sum(change.excludes_zero and change.mean > 0 for change in changes)
    return f"falls by more than chance in {falls} and rises in {rises}"
