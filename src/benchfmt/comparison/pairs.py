"""Two records compared, metric by metric: the verdict on each, and its reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from benchfmt.comparison.fields import OF_RESULT, normalised
from benchfmt.comparison.policies import Need, kind_of, strictest
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import Rules, needs_of_metric, rules_for, with_facts
from benchfmt.comparison.rules import Pair, Result, judged, known_of_records
from benchfmt.comparison.verdict import Reason, Verdict, worst
from benchfmt.printable import one_line
from benchfmt.record import KEY_FIELDS

Row = dict[str, Any]
Texts = Mapping[str, str | None]


@dataclass(frozen=True, repr=False, slots=True)
class Answer:
    """Whether the values of one metric compare, with both, and why not."""

    left: Row
    right: Row
    """The rows of the measurements."""
    reasons: Sequence[Reason]
    sources: Sequence[str] = ()
    """Where the rules that bound stand."""

    def __repr__(self) -> str:
        """Return what a prompt shows: the metric, both values and the verdict; `reasons` say why."""
        values = [
            f"{row['value']!r} {row['unit'] or ''}".strip() for row in (self.left, self.right)
        ]
        words = f"{self.left['metric']} {' and '.join(values)}: {self.verdict.words}"
        return one_line(f"<Answer {words}>")

    @property
    def verdict(self) -> Verdict:
        """The verdict that the reasons give together."""
        return worst(self.reasons)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {
            "metric": self.left["metric"],
            "verdict": self.verdict.words,
            "left": _value(self.left),
            "right": _value(self.right),
            "reasons": [reason.to_dict() for reason in self.reasons],
            "sources": list(self.sources),
        }


@dataclass(frozen=True)
class Rows:
    """A record as rows: itself with what comparison takes from its measurements, its system, and its values."""

    record: Row
    system: Row
    values: Sequence[Row]


def rows_of(
    records: pl.DataFrame, measurements: pl.DataFrame, systems: pl.DataFrame
) -> Iterator[Rows]:
    """Yield each record of three tables as rows, in their order."""
    by_id = {row["id"]: row for row in systems.iter_rows(named=True)}
    values: dict[str, list[Row]] = {}
    for row in measurements.iter_rows(named=True):
        if row["value"] is not None and row["metric"] is not None:
            values.setdefault(row["record_id"], []).append(row)
    for record in with_facts(records, measurements).iter_rows(named=True):
        system = by_id.get(record["system_id"], {})
        yield Rows(record, system, values.get(record["id"], []))


def compared(left: Rows, right: Rows, question: Question) -> list[Answer]:
    """Return the verdict on each metric that both records measured: on equal keys first, else on the nearest."""
    return list(answers(left, right, question))


def answers(left: Rows, right: Rows, question: Question) -> Iterator[Answer]:
    """Yield what `compared` returns, one after the other."""
    answering = _Answering(left, right, question)
    for mine, theirs in _matched(left, right):
        yield answering.answer(mine, theirs)


@dataclass(frozen=True)
class _Bound:
    """What binds two measurements of two records, whatever these measurements say beside their metrics."""

    needs: Mapping[str, Need]
    is_quality: bool
    texts: tuple[Texts, Texts]
    """The fields of both records that bind, as text."""
    known: Mapping[str, Sequence[Reason]]
    """What the rules that read the records alone have against comparing them, by code."""
    sources: tuple[str, ...]


class _Answering:
    """Two records and a question; what all of their measurements of a kind share is found once."""

    def __init__(self, left: Rows, right: Rows, question: Question) -> None:
        self._left, self._right = left, right
        self._question = question
        self._bound: dict[tuple[str, str], _Bound] = {}
        self._texts: dict[tuple[object, ...], tuple[Texts, Texts]] = {}
        self._known: dict[tuple[object, ...], Mapping[str, Sequence[Reason]]] = {}

    def answer(self, mine: Row, theirs: Row) -> Answer:
        """Return the verdict on two measurements of the two records."""
        metrics = (mine["metric"], theirs["metric"])
        bound = self._bound.get(metrics)
        if bound is None:
            bound = self._bound[metrics] = self._binding(mine, theirs)
        pair = self._pair(bound, mine, theirs)
        return Answer(mine, theirs, judged(pair, bound.known), bound.sources)

    def _pair(self, bound: _Bound, mine: Row, theirs: Row) -> Pair:
        sides = (self._left, mine, bound.texts[0]), (self._right, theirs, bound.texts[1])
        results = [
            Result(
                side.record, side.system, row, {**texts, **{name: row[name] for name in OF_RESULT}}
            )
            for side, row, texts in sides
        ]
        return Pair(results[0], results[1], bound.needs, bound.is_quality)

    def _binding(self, mine: Row, theirs: Row) -> _Bound:
        """Return what binds measurements of two metrics."""
        both = (self._left, self._right)
        kinds = [kind_of(row["metric"]) for row in (mine, theirs)]
        found = [
            rules_for(self._question, side.record["suite"], side.record["division"], kind)
            for side, kind in zip(both, kinds, strict=True)
        ]
        needs = strictest(
            [
                *(rules.of_records() for rules in found),
                *(_bound(rules, row) for rules, row in zip(found, (mine, theirs), strict=True)),
            ]
        )
        ignored = found[0].ignored | found[1].ignored
        names = tuple(name for name in needs if name not in OF_RESULT)
        of_records = (names, kinds[0], ignored)
        if of_records not in self._texts:
            self._texts[of_records] = _texts(*both, names, kinds[0], ignored)
        texts = self._texts[of_records]
        sources = dict.fromkeys(rules.policy.source for rules in found)
        bound = _Bound(needs, kinds[0] == "quality", texts, {}, tuple(sources))
        # The order of needs is that of what is said.
        said = (*of_records, *needs.items())
        if said not in self._known:
            self._known[said] = known_of_records(self._pair(bound, mine, theirs))
        return replace(bound, known=self._known[said])


def _bound(rules: Rules, measurement: Row) -> dict[str, Need]:
    needs = needs_of_metric(rules, measurement["metric"])
    return {field: need for field, need in needs.items() if need is not Need.FREE}


def _texts(
    left: Rows, right: Rows, names: Sequence[str], kind: str, ignored: Collection[str]
) -> tuple[Texts, Texts]:
    """Return fields of two records as text."""
    both = pl.DataFrame([left.record, right.record], infer_schema_length=None)
    texts = normalised(both, names, kind, ignored)
    mine, theirs = ({name: cells[place] for name, cells in texts.items()} for place in (0, 1))
    return mine, theirs


def _matched(left: Rows, right: Rows) -> Iterator[tuple[Row, Row]]:
    """Yield the measurements of each metric that both have: those of one key, else the first of each."""
    theirs = {_key(row): row for row in right.values}
    first: dict[str, Row] = {}
    for row in right.values:
        first.setdefault(row["metric"], row)
    paired = {row["metric"] for row in left.values if _key(row) in theirs}
    told: set[str] = set()
    for row in left.values:
        metric = row["metric"]
        same = theirs.get(_key(row))
        if same is not None:
            yield row, same
        elif metric in first and metric not in paired and metric not in told:
            told.add(metric)
            yield row, first[metric]


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY_FIELDS)


def _value(row: Row) -> Row:
    return {
        name: row[name] for name in (*KEY_FIELDS, "value", "unit", "basis") if row[name] is not None
    }
