"""The results of a package in groups that compare: which, how many, and why the others are in none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from benchfmt.comparing.called import settings, system_names
from benchfmt.comparison.fields import FIELDS, plain_json
from benchfmt.comparison.observations import caveats_of, check_number
from benchfmt.comparison.policies import KINDS, Kind, kind_of
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import (
    contexts,
    first_of_executions,
    grouped,
    quick_hash,
    rules_for,
    with_facts,
)
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.record import KEY_FIELDS
from benchfmt.spelling import no_such
from benchfmt.vocabulary import metric_of, vocabulary

Row = dict[str, Any]
_OF_RECORDS = tuple(
    dict.fromkeys(
        [
            "id",
            "status",
            "execution",
            "suite_version",
            *(name for item in FIELDS.values() if not item.of_measurement for name in item.columns),
        ]
    )
)
"""The columns of records that comparison reads."""
_OF_MEASUREMENTS = (
    "record_id",
    *KEY_FIELDS,
    "value",
    "unit",
    "basis",
    "caveats",
    "n",
    "target_min",
    "target_max",
)
_HEADING = (
    "suite",
    "suite_version",
    "division",
    "benchmark",
    "scenario",
    "phase",
    "dataset",
    "model",
    "model_version",
    "precision",
    "input_shape",
    "batch_size",
    "threads",
)
"""What stands above a group, where all its results share it; what its rules do not bind may differ."""
_TOLD_BY = (
    "engine_version",
    "model_version",
    "precision",
    "batch_size",
    "threads",
    "suite_version",
)
_QUESTIONED = {"suite_version": "round"}
_POWER = ("power", "energy")
_TARGETS = ("target_min", "target_max")


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
            "results_without_group": dict(self.obstacles.most_common()),
        }


def groups(
    package: Package,
    question: Question,
    *,
    metric: str | None = None,
    most: int = 3,
    every_result: bool = False,
) -> Groups:
    """Return the results of a package in groups that compare, the primary ones or those of one metric.

    `most` groups are filled with lines: one for each system, or for each result. Raises BenchfmtError for a metric
    that the package does not measure.
    """
    values, facts = _values(package, metric, with_power=_is_power_asked(package, question))
    kinds = {kind_of(name) for name in values["metric"].drop_nulls().unique()}
    known = _contexts(package, facts, question, kinds)
    found = grouped(values, known, question)
    counts = (
        found["obstacle"]
        .drop_nulls()
        .value_counts()
        .sort("count", "obstacle", descending=[True, False])
    )
    obstacles = Counter(dict(counts.iter_rows()))
    in_groups = found.filter(pl.col("group").is_not_null())
    one_each = first_of_executions(in_groups)
    sizes = one_each.group_by("group", maintain_order=True).agg(
        pl.len(), pl.col("system_id").n_unique().alias("systems")
    )
    several = sizes.filter(pl.col("len") > 1).sort(
        ["systems", "len"], descending=True, maintain_order=True
    )
    shown = several.head(most)
    filled: list[Group] = []
    if shown.height:
        filled += _filled(package, (one_each, facts), shown, question, every_result=every_result)
    return Groups(
        question,
        filled,
        several.height,
        sizes.height - several.height,
        int(several["len"].sum()),
        in_groups.height - one_each.height,
        obstacles,
    )


def _is_power_asked(package: Package, question: Question) -> bool:
    """Say whether the rules of one of the suites ask if power was measured in the run."""
    of_suites = set()
    for batch in package.frames("records", ["suite", "division"]):
        of_suites.update(batch.unique().rows())
    return any(
        "power_run" in rules_for(question, str(suite), division, kind).needs
        for suite, division in of_suites
        for kind in KINDS
    )


def _values(
    package: Package, metric: str | None, *, with_power: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the values that are asked for, and the measurements of which the contexts depend."""
    values, facts = [], []
    measured: set[str] = set()
    asked = pl.col("primary").fill_null(value=False)
    if metric is not None:
        asked = pl.col("metric") == metric
    of_context = pl.any_horizontal(pl.col(name).is_not_null() for name in _TARGETS)
    if with_power:
        of_context |= pl.col("metric").is_in(_POWER)
    for batch in package.frames("measurements", [*_OF_MEASUREMENTS, "primary"]):
        if metric is not None:
            measured.update(batch["metric"].unique().drop_nulls())
        values.append(batch.filter(asked).select(_OF_MEASUREMENTS))
        if with_power or any(batch[name].null_count() < batch.height for name in _TARGETS):
            facts.append(batch.filter(of_context).select(_OF_MEASUREMENTS))
    if metric is not None and metric not in measured:
        raise BenchfmtError(no_such("metric", metric, sorted(measured)))
    if not values:
        raise BenchfmtError(f"{package.root} has no measurements to compare")
    return pl.concat(values), pl.concat([values[0].clear(), *facts])


def _contexts(
    package: Package, facts: pl.DataFrame, question: Question, kinds: Collection[Kind]
) -> pl.DataFrame:
    parts = []
    for batch in _records(package):
        own = facts
        if facts.height:
            own = facts.join(batch.select(record_id="id"), on="record_id", how="semi")
        parts.append(contexts(with_facts(batch, own), question, kinds, quick_hash))
    if not parts:
        raise BenchfmtError(f"{package.root} has no records to compare")
    return pl.concat(parts)


def _records(package: Package) -> Iterator[pl.DataFrame]:
    yield from package.frames("records", _OF_RECORDS)


def _filled(
    package: Package,
    tables: tuple[pl.DataFrame, pl.DataFrame],
    shown: pl.DataFrame,
    question: Question,
    *,
    every_result: bool,
) -> Iterator[Group]:
    """Yield the groups that are shown, with their lines; `tables` are the results and the facts of `_values`."""
    results, facts = tables
    some = results.join(shown.select("group"), on="group", how="semi")
    wanted = some.select(id="record_id").unique()
    rows: dict[str, Row] = {}
    for batch in _records(package):
        chosen = batch.join(wanted, on="id", how="semi")
        if not chosen.height:
            continue
        own = facts.join(chosen.select(record_id="id"), on="record_id", how="semi")
        chosen = with_facts(chosen, own)
        rows |= {row["id"]: row for row in chosen.iter_rows(named=True)}
    names = system_names(pl.DataFrame(pl.from_arrow(package.table("systems"))))
    members_of = some.partition_by("group", as_dict=True)
    firsts = []
    for group_id in shown["group"]:
        first = members_of[(group_id,)].row(0, named=True)
        firsts.append((rows[first["record_id"]], first))
    told = settings(firsts, question, names)
    ids = _ids(firsts, question)
    for (key, count, systems), words, group_id in zip(shown.iter_rows(), told, ids, strict=True):
        members = members_of[(key,)]
        group = _group(
            group_id, members, rows, names, (count, systems), question, every_result=every_result
        )
        yield replace(group, settings=words)


def _ids(firsts: list[tuple[Row, Row]], question: Question) -> list[str]:
    """Return the id of each group, of one of its records (with what `with_facts` adds) and measurements."""
    known = pl.DataFrame([record for record, _ in firsts], infer_schema_length=None)
    own = [{name: row[name] for name in _OF_MEASUREMENTS} for _, row in firsts]
    measured = pl.DataFrame(own, infer_schema_length=None)
    found = grouped(measured, contexts(known.unique("id"), question), question)
    return [str(group) for group in found["group"]]


def _group(
    group_id: str,
    members: pl.DataFrame,
    rows: Mapping[str, Row],
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
        varies = (name for name in _TOLD_BY if question.may_differ(_QUESTIONED.get(name, name)))
        told_by = tuple(dict.fromkeys(("system_id", "engine", "model", *varies)))
    each = [
        (row, tuple(rows[row["record_id"]][name] for name in told_by))
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
            lines.append(_line(row, rows[row["record_id"]], names, others))
        seen.add(told)
    context = [rows[record_id] for record_id in members["record_id"]]
    return Group(
        group_id,
        _shared(context, _HEADING),
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
    system_id = row["system_id"]
    system = "system unknown" if system_id is None else names.get(system_id, system_id)
    check_number(row, "value")
    doubts = tuple(caveats_of(row))
    return Line(row["record_id"], system, row["value"], {**record, **row}, doubts, others)


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
