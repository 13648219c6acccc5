"""What the results of a package cover: the matrix of systems, benchmarks and metrics, what is missing, and whether it is fair."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, TypedDict

import polars as pl

from benchfmt.comparing.called import system_names
from benchfmt.comparing.groups import groups
from benchfmt.comparing.tallies import COULD_BE_STATED, Tallies, tallies
from benchfmt.comparison.fields import data_set_ids
from benchfmt.comparison.questions import question
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.registry import facts_of_systems, model_ids, one_of, spelled
from benchfmt.spelling import no_such

Benchmark = tuple[str, str | None]
"""A suite, and a benchmark of it."""
_CHIPS = ("processor_name", "accelerator_name")


@dataclass
class Cell:
    """The results of one system on one benchmark."""

    suite: str
    benchmark: str | None
    system: str | None
    """The id of the system; None where no record says on what it was measured."""
    records: int = 0
    ok: int = 0
    """Records whose status is `ok`."""
    metrics: dict[str, Metric] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the cell as plain data."""
        return {
            "suite": self.suite,
            "benchmark": self.benchmark,
            "system": self.system,
            "records": self.records,
            "ok": self.ok,
            "metrics": {name: metric.to_dict() for name, metric in self.metrics.items()},
        }


@dataclass
class Metric:
    """The values of one metric, and why others are missing."""

    values: int = 0
    missing: Counter[str] = field(default_factory=Counter)

    def add(self, reason: str | None, count: int) -> None:
        """Count values, or measurements that say why they have none."""
        if reason is None:
            self.values += count
        else:
            self.missing[reason] += count

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        return {"values": self.values, "missing": dict(self.missing.most_common())}


class Pairs(TypedDict):
    """How many pairs of system and benchmark a suite could have, and has."""

    suite: str
    systems: int
    benchmarks: int
    pairs: int
    measured: int


class Overlap(TypedDict):
    """Something that the registry or the vocabulary knows, which the package has under several suites or names."""

    known_as: str
    suites: dict[str, int]
    """Records by suite."""
    names: list[str]
    """Ids of systems, or names of models or data sets, in the package."""


@dataclass(frozen=True)
class Coverage:
    """What a package covers; every count is of records unless its name says otherwise."""

    records: int
    systems: dict[str, str]
    """The names of the systems by id, those of most records first."""
    benchmarks: list[Benchmark]
    """The benchmarks, those of most records first."""
    cells: list[Cell]
    metrics: dict[str, Metric]
    """All values by metric, those of most values first."""
    status: Counter[str]
    pairs: list[Pairs]
    measured_by: Counter[str]
    verification: Counter[str]
    one_system: list[tuple[Benchmark, str]]
    """Benchmarks whose results are all of one system."""
    repeats: dict[int, int]
    """How many configurations were run so many times."""
    shared_executions: int
    spread: dict[str, int]
    """Values beside which a count, a deviation, an interval or samples stand."""
    unstated: dict[str, int]
    compared: dict[str, int]
    """Primary results: in how many groups of several, alone, left out for another of one execution, and copies."""
    obstacles: Counter[str]
    """Why primary results are in no group."""
    same_systems: list[Overlap]
    same_models: list[Overlap]
    same_datasets: list[Overlap]

    @property
    def values(self) -> int:
        """The number of values."""
        return sum(metric.values for metric in self.metrics.values())

    @property
    def missing(self) -> Counter[str]:
        """Measurements without a value, by reason."""
        total: Counter[str] = Counter()
        for metric in self.metrics.values():
            total += metric.missing
        return total

    def to_dict(self) -> dict[str, Any]:
        """Return the coverage as plain data."""
        return {
            "records": self.records,
            "values": self.values,
            "missing": dict(self.missing.most_common()),
            "status": dict(self.status.most_common()),
            "systems": [{"id": key, "name": name} for key, name in self.systems.items()],
            "benchmarks": [{"suite": suite, "benchmark": name} for suite, name in self.benchmarks],
            "metrics": {name: metric.to_dict() for name, metric in self.metrics.items()},
            "cells": [cell.to_dict() for cell in self.cells],
            "pairs": self.pairs,
            "measured_by": dict(self.measured_by.most_common()),
            "verification": dict(self.verification.most_common()),
            "one_system": [
                {"suite": suite, "benchmark": name, "system": system}
                for (suite, name), system in self.one_system
            ],
            "configurations_by_runs": {str(runs): n for runs, n in self.repeats.items()},
            "executions_of_several_records": self.shared_executions,
            "values_with": self.spread,
            "records_without": self.unstated,
            "comparable": self.compared,
            "results_without_group": dict(self.obstacles.most_common()),
            "same_systems": self.same_systems,
            "same_models": self.same_models,
            "same_datasets": self.same_datasets,
        }


def coverage(package: Package) -> Coverage:
    """Return what the results of a package cover. Memory is bounded by a batch, and by the ids of all records."""
    counts = tallies(package)
    systems = pl.DataFrame(pl.from_arrow(package.table("systems")))
    cells = _cells(counts)
    metrics = _metrics(cells)
    compared, obstacles = _compared(package, has_values=bool(metrics))
    return Coverage(
        records=sum(cell.records for cell in cells),
        systems=_named(cells, systems),
        benchmarks=_by_records(cells),
        cells=cells,
        metrics=metrics,
        status=_counter(counts.records, "status"),
        pairs=_pairs(cells),
        measured_by=_measured_by(counts.people, systems),
        verification=_counter(counts.verified, "verification"),
        one_system=_one_system(cells),
        repeats=dict(counts.runs.iter_rows()),
        shared_executions=counts.shared_executions,
        spread={name: int(counts.values[name].sum()) for name in ("n", "stddev", "ci", "samples")},
        unstated={name: counts.unstated[name] for name in COULD_BE_STATED},
        compared=compared,
        obstacles=obstacles,
        same_systems=_same_systems(counts, systems),
        same_models=_same_models(counts.models),
        same_datasets=_same_datasets(counts.datasets),
    )


def check_metric(found: Coverage, metric: str) -> None:
    """Raise BenchfmtError for a metric that the package does not name."""
    if metric not in found.metrics:
        raise BenchfmtError(no_such("metric", metric, sorted(found.metrics)))


def _cells(counts: Tallies) -> list[Cell]:
    cells: dict[tuple[str, str | None, str | None], Cell] = {}
    for suite, benchmark, system, status, count in counts.records.iter_rows():
        cell = cells.setdefault((suite, benchmark, system), Cell(suite, benchmark, system))
        cell.records += count
        if status == "ok":
            cell.ok += count
    for row in counts.values.sort("metric", "missing", nulls_last=True).iter_rows(named=True):
        key = (row["suite"], row["benchmark"], row["system_id"])
        # A measurement without a record is a fault, which `validate` reports.
        if key in cells:
            measured = cells[key].metrics.setdefault(row["metric"], Metric())
            measured.add(row["missing"], row["count"])
    return list(cells.values())


def _metrics(cells: list[Cell]) -> dict[str, Metric]:
    found: dict[str, Metric] = defaultdict(Metric)
    for cell in cells:
        for name, metric in cell.metrics.items():
            found[name].values += metric.values
            found[name].missing += metric.missing
    return dict(sorted(found.items(), key=lambda item: (-item[1].values, item[0])))


def _named(cells: list[Cell], systems: pl.DataFrame) -> dict[str, str]:
    """Return the systems of results, those of most records first, as they are called everywhere."""
    names = system_names(systems)
    totals: Counter[str] = Counter()
    for cell in cells:
        if cell.system is not None:
            totals[cell.system] += cell.records
    ordered = sorted(totals, key=lambda key: (-totals[key], key))
    return {key: names.get(key, key) for key in ordered}


def _by_records(cells: list[Cell]) -> list[Benchmark]:
    totals: Counter[Benchmark] = Counter()
    for cell in cells:
        totals[cell.suite, cell.benchmark] += cell.records
    return sorted(totals, key=lambda key: (-totals[key], key[0], key[1] or ""))


def _counter(counts: pl.DataFrame, name: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for word, count in counts.select(pl.col(name).fill_null("not stated"), "count").iter_rows():
        total[word] += count
    return total


def _pairs(cells: list[Cell]) -> list[Pairs]:
    systems: dict[str, set[str]] = defaultdict(set)
    benchmarks: dict[str, set[str | None]] = defaultdict(set)
    measured: Counter[str] = Counter()
    for cell in cells:
        if cell.system is not None:
            systems[cell.suite].add(cell.system)
            benchmarks[cell.suite].add(cell.benchmark)
            measured[cell.suite] += cell.ok > 0
    return [
        Pairs(
            suite=suite,
            systems=len(systems[suite]),
            benchmarks=len(benchmarks[suite]),
            pairs=len(systems[suite]) * len(benchmarks[suite]),
            measured=measured[suite],
        )
        for suite in sorted(systems)
    ]


def _one_system(cells: list[Cell]) -> list[tuple[Benchmark, str]]:
    """Return the benchmarks with results of one known system, and of no unknown one."""
    systems: dict[Benchmark, set[str | None]] = defaultdict(set)
    for cell in cells:
        if cell.ok:
            systems[cell.suite, cell.benchmark].add(cell.system)
    found = []
    for benchmark in sorted(systems, key=lambda key: (key[0], key[1] or "")):
        only = next(iter(systems[benchmark]))
        if len(systems[benchmark]) == 1 and only is not None:
            found.append((benchmark, only))
    return found


def _measured_by(people: pl.DataFrame, systems: pl.DataFrame) -> Counter[str]:
    described = systems.select("id", "vendor", *_CHIPS)
    total: Counter[str] = Counter()
    joined = people.join(described, left_on="system_id", right_on="id", how="left")
    for row in joined.iter_rows(named=True):
        total[_relation(row["submitter"], row["vendor"], [row[name] for name in _CHIPS])] += row[
            "count"
        ]
    return total


def _relation(submitter: str | None, vendor: str | None, chips: list[str | None]) -> str:
    """Return what whoever submitted a result is to its system, as far as the fields say it."""
    if submitter is None:
        return "unknown: submitter not stated"
    if vendor is not None and _is_of(submitter, vendor):
        return "vendor of the system"
    # The name of a chip begins with who makes it: "NVIDIA H100".
    if any(chip is not None and _begins(chip, submitter) for chip in chips):
        return "maker of a chip of the system"
    if vendor is None:
        return "unknown: vendor not stated"
    return "somebody else"


def _is_of(submitter: str, vendor: str) -> bool:
    return _begins(submitter, vendor) or _begins(vendor, submitter)


def _begins(text: str, words: str) -> bool:
    """Say whether a text begins with words, whatever their case and joints."""
    return f"{spelled(text)}-".startswith(f"{spelled(words)}-")


def _compared(package: Package, *, has_values: bool) -> tuple[dict[str, int], Counter[str]]:
    if not has_values:
        nothing = dict.fromkeys(("groups", "alone", "of_one_execution", "copies", "in_groups"), 0)
        return nothing, Counter()
    found = groups(package, question(), most=0)
    return {
        "groups": found.compared,
        "alone": found.alone,
        "of_one_execution": found.echoes,
        "copies": found.copies,
        "in_groups": found.compared_results,
    }, found.obstacles


def _same_systems(counts: Tallies, systems: pl.DataFrame) -> list[Overlap]:
    facts = facts_of_systems(systems).select(system_id="id", known_as="registry_device")
    some = counts.records.filter(pl.col("system_id").is_not_null())
    return _overlaps(_as_one(some.join(facts, on="system_id", how="left")), "system_id")


def _same_models(counts: pl.DataFrame) -> list[Overlap]:
    known = model_ids(counts["model"], counts["suite"], counts["model_version"])
    return _overlaps(_as_one(counts.with_columns(known_as=known)), "model")


def _same_datasets(counts: pl.DataFrame) -> list[Overlap]:
    known = data_set_ids(counts["dataset"], counts["suite"])
    return _overlaps(counts.with_columns(known_as=known), "dataset")


def _as_one(counts: pl.DataFrame) -> pl.DataFrame:
    """Return counts with one id of the registry for all that are the same."""
    known = counts["known_as"].drop_nulls().unique().to_list()
    return counts.with_columns(
        pl.col("known_as").replace({entry_id: one_of(entry_id) for entry_id in known})
    )


def _overlaps(counts: pl.DataFrame, name: str) -> list[Overlap]:
    """Return what is known under one id, and the package has under several suites or names."""
    known = counts.filter(pl.col("known_as").is_not_null())
    suites: dict[str, Counter[str]] = defaultdict(Counter)
    names: dict[str, set[str]] = defaultdict(set)
    rows = known.select("known_as", "suite", name, "count").sort("known_as", "suite", name)
    for known_as, suite, own_name, count in rows.iter_rows():
        suites[known_as][suite] += count
        names[known_as].add(own_name)
    found = [
        Overlap(known_as=key, suites=dict(suites[key].most_common()), names=sorted(names[key]))
        for key in suites
        if len(suites[key]) > 1 or len(names[key]) > 1
    ]
    return sorted(found, key=lambda item: (-len(item["suites"]), -sum(item["suites"].values())))
