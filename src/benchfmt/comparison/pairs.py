"""Two records compared, metric by metric: the verdict on each, and its reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from benchfmt.comparison.fields import OF_RESULT, normalised
from benchfmt.comparison.policies import Need, kind_of, strictest
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import Rules, needs_of_metric, rules_for, with_facts
from benchfmt.comparison.rules import Pair, Result, judged
from benchfmt.comparison.verdict import Reason, Verdict, worst
from benchfmt.printable import one_line
from benchfmt.record import KEY_FIELDS

Row = dict[str, Any]


@dataclass(frozen=True, repr=False)
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
    return [answer(left, right, mine, theirs, question) for mine, theirs in _matched(left, right)]


def answer(left: Rows, right: Rows, mine: Row, theirs: Row, question: Question) -> Answer:
    """Return the verdict on two measurements of two records."""
    kinds = [kind_of(row["metric"]) for row in (mine, theirs)]
    found = [
        rules_for(question, side.record["suite"], side.record["division"], kind)
        for side, kind in zip((left, right), kinds, strict=True)
    ]
    needs = strictest(
        [
            *(rules.of_records() for rules in found),
            *(_bound(rules, row) for rules, row in zip(found, (mine, theirs), strict=True)),
        ]
    )
    ignored = found[0].ignored | found[1].ignored
    results = _results((left, mine), (right, theirs), needs, kinds[0], ignored)
    pair = Pair(*results, needs, is_quality=kinds[0] == "quality")
    sources = dict.fromkeys(rules.policy.source for rules in found)
    return Answer(mine, theirs, judged(pair), tuple(sources))


def _bound(rules: Rules, measurement: Row) -> dict[str, Need]:
    needs = needs_of_metric(rules, measurement["metric"])
    return {field: need for field, need in needs.items() if need is not Need.FREE}


def _results(
    left: tuple[Rows, Row],
    right: tuple[Rows, Row],
    needs: dict[str, Need],
    kind: str,
    ignored: Collection[str],
) -> tuple[Result, Result]:
    """Return two measurements, each beside its record, with the fields that bind as text."""
    both = pl.DataFrame([left[0].record, right[0].record], infer_schema_length=None)
    names = (name for name in needs if name not in OF_RESULT)
    texts = normalised(both, names, kind, ignored)
    sides = []
    for place, (side, row) in enumerate((left, right)):
        own = {name: cells[place] for name, cells in texts.items()}
        own |= {name: row[name] for name in OF_RESULT}
        sides.append(Result(side.record, side.system, row, own))
    return sides[0], sides[1]


def _matched(left: Rows, right: Rows) -> Iterator[tuple[Row, Row]]:
    """Yield the measurements of each metric that both have: those of one key, else the first of each."""
    theirs = {_key(row): row for row in right.values}
    paired = {row["metric"] for row in left.values if _key(row) in theirs}
    told: set[str] = set()
    for row in left.values:
        metric = row["metric"]
        if _key(row) in theirs:
            yield row, theirs[_key(row)]
        elif metric not in paired and metric not in told:
            other = next((item for item in right.values if item["metric"] == metric), None)
            if other is not None:
                told.add(metric)
                yield row, other


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY_FIELDS)


def _value(row: Row) -> Row:
    return {
        name: row[name] for name in (*KEY_FIELDS, "value", "unit", "basis") if row[name] is not None
    }
