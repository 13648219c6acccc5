"""The results of a package in groups that compare: which, how many, and why the others are in none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import polars as pl

from benchfmt.comparing.called import settings, system_names
from benchfmt.comparing.seen import FACTS, MEASURE, OF_RECORDS, Seen, seen_results
from benchfmt.comparing.told import HEADING, VARYING
from benchfmt.comparison.fields import plain_json
from benchfmt.comparison.observations import caveats_of, value_of
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import contexts, first_of_ranked, grouped
from benchfmt.package import Package
from benchfmt.processes.spreading import Spread, in_order
from benchfmt.record import KEY_FIELDS
from benchfmt.rowhash import text_hashes
from benchfmt.vocabulary import metric_of, vocabulary

Row = dict[str, Any]
_TOLD_BY = (
    "engine_version",
    "model_version",
    "precision",
    "batch_size",
    "threads",
    "suite_version",
)


@dataclass(frozen=True)
class Line:
    """A system's best result in a group, and how many more of its results are there."""

    record_id: str
    system: str
    value: float
    row: Row
    """The record's own fields, and those of the measurement."""
    caveats: tuple[str, ...] = ()
    others: int = 0


@dataclass(frozen=True)
class Group:
    """Results that compare, those of the best systems first."""

    id: str
    about: Mapping[str, Any]
    """What all the results share, by field."""
    measure: Row
    """Metric, statistic, stage, per, scope and unit."""
    higher_is_better: bool | None
    """None where the vocabulary names no better direction."""
    results: int
    systems: int
    lines: list[Line] = field(default_factory=list)
    settings: tuple[str, ...] = ()
    """What else binds, in words: `fold 3`, `power measured`."""

    def to_dict(self) -> dict[str, Any]:
        """Return the group as plain data."""
        return {
            "group": self.id,
            "about": dict(self.about),
            "settings": list(self.settings),
            "measure": {name: cell for name, cell in self.measure.items() if cell is not None},
            "higher_is_better": self.higher_is_better,
            "results": self.results,
            "systems": self.systems,
            "lines": [_line_dict(line) for line in self.lines],
        }


@dataclass(frozen=True)
class Groups:
    """The groups of a package under one question; everything seen is counted."""

    question: Question
    groups: list[Group]
    """The groups that are shown: those of most systems first."""
    compared: int
    """Groups of two results and more."""
    alone: int
    """Results with which no other compares."""
    compared_results: int
    """The results in these groups."""
    echoes: int
    """Results that are of an execution which another result in the group stands for."""
    copies: int
    """Results of records that are there twice, which count once."""
    obstacles: Counter[str]
    """Why other results are in no group, with how many there are."""

    def to_dict(self) -> dict[str, Any]:
        """Return the groups as plain data."""
        return {
            "question": self.question.name,
            "varies": sorted(self.question.varies),
            "groups": [group.to_dict() for group in self.groups],
            "groups_in_all": self.compared,
            "results_in_groups": self.compared_results,
            "results_alone": self.alone,
            "results_of_one_execution": self.echoes,
            "results_of_copied_records": self.copies,
            "results_without_group": dict(self.obstacles.most_common()),
        }


def groups(
    package: Package,
    question: Question,
    *,
    metric: str | None = None,
    most: int = 3,
    every_result: bool = False,
    spread: Spread = in_order,
) -> Groups:
    """Return the results of a package in groups that compare, the primary ones or those of one metric.

    `most` groups are filled with lines: one for each system, or for each result. `spread` has parts of the package read.
    Raises BenchfmtError for a metric that the package does not measure.
    """
    ranked = rank(package, question, metric, spread)
    return ranked.counted(ranked.filled(range(most), every_result=every_result))


class Ranked:
    """The results of a package by group, in few bytes each: what is in a group is told when it is asked for."""

    def __init__(self, package: Package, question: Question, seen: Seen) -> None:
        """Take a package with what was seen of its results under a question."""
        self._package = package
        self._question = question
        self._seen = seen
        self._results = first_of_ranked(seen.results, "execution")
        self._sizes = self._results.group_by("group", maintain_order=True).agg(
            pl.len(), pl.col("system").n_unique().alias("systems")
        )
        self._several = self._sizes.filter(pl.col("len") > 1).sort(
            ["systems", "len"], descending=True, maintain_order=True
        )

    @property
    def sizes(self) -> list[int]:
        """How many results each group of several has, that of most systems first."""
        return self._several["len"].to_list()

    @property
    def records(self) -> pl.Series:
        """The records of the results in these groups, by the numbers of their ids."""
        several = self._results.join(self._several, on="group", how="semi")
        return several["record"].unique()

    @cached_property
    def unaccompanied(self) -> frozenset[int]:
        """The records of results with which no other compares, by the numbers of their ids."""
        several = self._results.join(self._several, on="group", how="anti")
        return frozenset(several["record"])

    @cached_property
    def represented(self) -> frozenset[int]:
        """The records of results for which another of the same execution stands, by the numbers of their ids."""
        others = self._seen.results.join(self._results, on="record", how="anti")
        return frozenset(others["record"])

    def filled(self, some: range, *, every_result: bool = False) -> list[Group]:
        """Return some of the groups with lines: one for each system, or for each result."""
        shown = self._several[some.start : some.stop]
        if not shown.height:
            return []
        order = shown.select("group").with_row_index("order")
        members = self._results.join(order, on="group", how="inner", maintain_order="right_left")
        found = self._seen.described(members)
        filled = _filled(self._package, found, shown, self._question, every_result=every_result)
        return list(filled)

    def counted(self, filled: list[Group]) -> Groups:
        """Return some groups with the counts of all."""
        return Groups(
            self._question,
            filled,
            self._several.height,
            self._sizes.height - self._several.height,
            int(self._several["len"].sum()),
            self._seen.results.height - self._results.height,
            self._seen.copies,
            self._seen.obstacles,
        )


def rank(
    package: Package, question: Question, metric: str | None = None, spread: Spread = in_order
) -> Ranked:
    """Return the results of a package by group; raises BenchfmtError for a metric that it does not measure."""
    return Ranked(package, question, seen_results(package, question, metric, spread))


def _filled(
    package: Package,
    some: pl.DataFrame,
    shown: pl.DataFrame,
    question: Question,
    *,
    every_result: bool,
) -> Iterator[Group]:
    """Yield the groups that are shown, with their lines; `some` are their results, group after group."""
    rows = _records(package, some)
    names = system_names(pl.DataFrame(pl.from_arrow(package.table("systems"))))
    ends = shown["len"].cum_sum().to_list()
    members_of = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    firsts = []
    for members in members_of:
        first = some.row(members.start, named=True)
        firsts.append((rows[first["record"]], first))
    told = settings(firsts, question, names)
    ids = _ids(firsts, question)
    counts = zip(shown["len"], shown["systems"], strict=True)
    for members, count, words, group_id in zip(members_of, counts, told, ids, strict=True):
        group = _group(
            group_id, some[members], rows, names, count, question, every_result=every_result
        )
        yield replace(group, settings=words)


def _records(package: Package, some: pl.DataFrame) -> dict[int, Row]:
    """Return the records of results, by the number of their ids, with what `with_facts` adds."""
    facts = some.unique("record", keep="first").select("record", *FACTS)
    rows: dict[int, Row] = {}
    for batch in package.frames("records", OF_RECORDS):
        numbered = batch.with_columns(record=text_hashes(batch["id"]))
        chosen = numbered.join(facts, on="record", how="inner", maintain_order="left")
        for row in chosen.iter_rows(named=True):
            rows.setdefault(row.pop("record"), row)
    return rows


def _ids(firsts: list[tuple[Row, Row]], question: Question) -> list[str]:
    """Return the id of each group, of one of its records (with what `with_facts` adds) and measurements."""
    known = pl.DataFrame([record for record, _ in firsts], infer_schema_length=None)
    own = [
        {"record_id": record["id"], **{name: row[name] for name in (*MEASURE, "value")}}
        for record, row in firsts
    ]
    measured = pl.DataFrame(own, infer_schema_length=None)
    found = grouped(measured, contexts(known.unique("id"), question), question)
    return [str(group) for group in found["group"]]


def _group(
    group_id: str,
    members: pl.DataFrame,
    rows: Mapping[int, Row],
    names: Mapping[str, str],
    counts: tuple[int, int],
    question: Question,
    *,
    every_result: bool,
) -> Group:
    first = members.row(0, named=True)
    described = metric_of(first["metric"], vocabulary().metrics)
    direction = None if described is None else described.direction
    ordered = members.sort("value", descending=direction == "higher", maintain_order=True)
    told_by: tuple[str, ...] = ("system_id",)
    if counts[1] < 2:
        # Where one system ran everything, something else is compared.
        varies = (name for name in _TOLD_BY if question.may_differ(VARYING.get(name, name)))
        told_by = tuple(dict.fromkeys(("system_id", "engine", "model", *varies)))
    each = [
        (row, tuple(rows[row["record"]][name] for name in told_by))
        for row in ordered.iter_rows(named=True)
    ]
    numbers = Counter(told for _, told in each)
    seen: set[tuple[Any, ...]] = set()
    lines = []
    for row, told in each:
        # Two unknown systems are not one.
        stands_alone = every_result or told[0] is None
        if stands_alone or told not in seen:
            others = 0 if stands_alone else numbers[told] - 1
            lines.append(_line(row, rows[row["record"]], names, others))
        seen.add(told)
    context = [rows[record] for record in members["record"]]
    return Group(
        group_id,
        _shared(context, HEADING),
        _measure(members),
        None if direction not in ("higher", "lower") else direction == "higher",
        *counts,
        lines,
    )


def _measure(members: pl.DataFrame) -> Row:
    """Return what number the results are; None for what may differ on request, and does."""
    measure = {}
    for name in (*KEY_FIELDS, "unit"):
        cells = members[name].unique()
        measure[name] = cells[0] if cells.len() == 1 else None
    return measure


def _line(row: Row, record: Row, names: Mapping[str, str], others: int) -> Line:
    system_id = record["system_id"]
    system = "system unknown" if system_id is None else names.get(system_id, system_id)
    whole = {**record, **row, "record_id": record["id"]}
    doubts = tuple(caveats_of(whole))
    return Line(record["id"], system, value_of(whole), whole, doubts, others)


def _shared(rows: list[Row], names: Collection[str]) -> Row:
    """Return the fields that all rows state alike."""
    shared = {}
    for name in names:
        cells = {row[name] for row in rows}
        if len(cells) == 1 and None not in cells:
            shared[name] = cells.pop()
    if "input_shape" in shared:
        shared["input_shape"] = plain_json(shared["input_shape"])
    return shared


def _line_dict(line: Line) -> Row:
    told = (
        "engine",
        "engine_version",
        "placement",
        "threads",
        "precision",
        "batch_size",
        "basis",
        "n",
    )
    return {
        "record": line.record_id,
        "system": line.system,
        "value": line.value,
        **{name: line.row[name] for name in told if line.row[name] is not None},
        "caveats": list(line.caveats),
        "more_results": line.others,
    }
