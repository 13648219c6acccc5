"""Did it get slower? The results of two packages, matched one by one, with a verdict on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from benchfmt.comparing.matching import Of, matched
from benchfmt.comparing.pairs import Read, Results, joined, read_results, readings, within
from benchfmt.comparing.told import VARYING
from benchfmt.comparing.verdicts import COMPARED, Change, Result, Verdict, judged
from benchfmt.comparison.questions import Question, question
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.package import Package, open_package
from benchfmt.printable import one_line
from benchfmt.processes.spreading import Spread, Who, spreading
from benchfmt.spelling import no_such

LEVEL = 0.95


@dataclass(frozen=True, repr=False)
class Versions:
    """What became of each result from one package to the next."""

    old: str
    new: str
    question: Question
    level: float
    changes: tuple[Change, ...]
    without_key: tuple[tuple[str, str, int], ...] = ()
    """Results that compare with nothing: in which package (OLD or NEW), why, and how many."""
    varied: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] | None = None
    """What the records of both say of the fields that may differ."""

    def __repr__(self) -> str:
        """Return what a prompt shows: both packages, and how many results have which verdict."""
        counts = ", ".join(
            f"{count:,} {verdict}" for verdict, count in self.counts().items() if count
        )
        return one_line(f"<Versions {self.old} and {self.new}: {counts or 'no results'}>")

    def counts(self) -> dict[Verdict, int]:
        """Return how many results have each verdict."""
        counter = Counter(change.verdict for change in self.changes)
        return {verdict: counter[verdict] for verdict in Verdict}

    @property
    def compared(self) -> int:
        """How many results both packages have."""
        return sum(change.verdict in COMPARED for change in self.changes)

    @property
    def between_observations(self) -> int:
        """How many tests know of one run on each side only."""
        return sum(
            change.test is not None and change.test.between == "observations"
            for change in self.changes
        )

    def nearly(self) -> tuple[str, int] | None:
        """Return the field that keeps most results of one package from those of the other, and how many; None for none."""
        alone = {
            verdict: [change.result for change in self.changes if change.verdict is verdict]
            for verdict in (Verdict.ONLY_OLD, Verdict.ONLY_NEW)
        }
        fields = dict.fromkeys(
            field for result in alone[Verdict.ONLY_OLD] for field in result.context
        )
        counts = {}
        for field in fields:
            old, new = ({_but_for(field, item) for item in results} for results in alone.values())
            counts[field] = len(old & new)
        if not any(counts.values()):
            return None
        field = max(counts, key=lambda name: counts[name])
        return VARYING.get(field, field), counts[field]

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the comparison as plain data (documented in docs/versions.md)."""
        return {**self.heading(), "results": [change.to_dict() for change in self.changes]}

    def heading(self) -> dict[str, JsonValue]:
        """Return what stands before the results in the plain data: what was compared, and how many results came to what."""
        without_key: list[JsonValue] = [
            {"package": package, "reason": reason, "results": count}
            for package, reason, count in self.without_key
        ]
        counts: dict[str, JsonValue] = {
            verdict.value: count for verdict, count in self.counts().items()
        }
        varied: dict[str, JsonValue] = {
            field: {"old": [*old], "new": [*new]}
            for field, (old, new) in (self.varied or {}).items()
        }
        return {
            "old": self.old,
            "new": self.new,
            "question": self.question.asks,
            "may_differ": [*sorted(self.question.varies)],
            "versions": varied,
            "level": self.level,
            "adjustment": "holm",
            "counts": counts,
            "without_key": without_key,
        }


def compare_versions(
    old: str | Path,
    new: str | Path,
    *,
    metrics: Iterable[str] = (),
    vary: Iterable[str] = (),
    level: float = LEVEL,
    remote: bool = False,
    limits: Limits = LIMITS,
    executor: str | Who | None = None,
) -> Versions:
    """Return what became of each result of an older package in a newer one; raises BenchfmtError.

    Results match where all that binds is equal: by default versions of engine, software and suite may differ, and
    further fields that `vary` names. `metrics` are the only ones to compare. An `executor` (`local:2`, `dask:2`,
    `dask:ADDRESS`) says who reads and tests; the result is the same.
    """
    if not 0.5 <= level < 1:
        raise BenchfmtError(f"a level lies between 0.5 and 1, as 0.95; {level:g} does not")
    asked = question("version", vary)
    only = frozenset(metrics)
    with (
        open_package(old, remote=remote, limits=limits, is_short=True) as older,
        open_package(new, remote=remote, limits=limits, is_short=True) as newer,
        spreading(executor) as spread,
    ):
        before, after = _both(older, newer, asked, only, spread)
        wanted = _wanted(only, before, after)
        sides = Of(older, before), Of(newer, after)
        changes = judged(matched(*sides, asked, wanted, level, spread), level)
    return Versions(
        old=str(old),
        new=str(new),
        question=asked,
        level=level,
        changes=tuple(changes),
        without_key=(
            *_without_key("OLD", before, wanted),
            *_without_key("NEW", after, wanted),
        ),
        varied={field: (before.varied[field], after.varied[field]) for field in before.varied},
    )


def _both(
    older: Package, newer: Package, asked: Question, only: frozenset[str], spread: Spread
) -> tuple[Results, Results]:
    """Return the results of both packages; each part is read by whoever is free."""
    of_older, of_newer = (
        readings(package, asked, package.limits, only) for package in (older, newer)
    )
    reads = list(spread([*of_older, *of_newer]))
    count = len(of_older)
    return _joined(older, asked, only, reads[:count]), _joined(newer, asked, only, reads[count:])


def _joined(
    package: Package, asked: Question, only: frozenset[str], reads: Sequence[Read | None]
) -> Results:
    """Return the results of a package; it is read as a whole where its parts do not stand for themselves."""
    found = [read for read in reads if read is not None]
    if len(found) < len(reads):
        found = [read_results(package, asked, only)]
    return joined(list(within(package, found)))


def _but_for(field: str, result: Result) -> tuple[object, ...]:
    """Return what a result is, but for one field of its context."""
    others = (item for item in result.context.items() if item[0] != field)
    key = (result.metric.name, result.metric.unit, *sorted(result.key.items()))
    return (*key, *sorted(others))


def _wanted(only: frozenset[str], before: Results, after: Results) -> frozenset[str]:
    """Return the metrics to compare; raises BenchfmtError for one that neither package has."""
    present = before.metrics | after.metrics
    for metric in sorted(only - present):
        raise BenchfmtError(no_such("metric", metric, sorted(present)))
    return only or present


def _without_key(
    package: str, results: Results, wanted: frozenset[str]
) -> Iterator[tuple[str, str, int]]:
    counter: Counter[str] = Counter()
    for (metric, reason), count in results.without_key.items():
        if metric in wanted:
            counter[reason] += count
    for reason, count in counter.most_common():
        yield package, reason, count
