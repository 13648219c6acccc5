"""What the index says of a package, and what it can be found by."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from benchfmt.comparing.called import system_names
from benchfmt.package import Package, PackageError
from benchfmt.printable import one_line
from benchfmt.serving.library import Shown
from benchfmt.validation import Report

_MOST = 500
"""So many names of each kind are found by the search; of more a note says so."""
_OF_RECORDS = {"suite": "suites", "task": "tasks", "model": "models", "dataset": "datasets"}


@dataclass
class Facts:
    """What is known of a package; every text can be read, and is no markup yet."""

    id: str
    name: str
    title: str
    ok: bool
    errors: int
    warnings: int
    records: int
    measurements: int
    suites: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    systems: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, object]:
        """Return it as the search index has it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def facts_of(shown: Shown, package: Package, report: Report) -> Facts:
    """Return what is known of a package; what its tables do not give is absent, and its report says why."""
    facts = Facts(
        id=shown.id,
        name=one_line(shown.name),
        title=one_line(package.descriptor.title or ""),
        ok=report.ok,
        errors=report.errors,
        warnings=report.warnings,
        records=report.records,
        measurements=report.measurements,
    )
    try:
        for column, kind in _OF_RECORDS.items():
            _add(facts, kind, _names(package, "records", column))
        _add(facts, "systems", set(names_of_systems(package).values()))
        _add(facts, "metrics", _names(package, "measurements", "metric"))
    except PackageError as error:
        facts.notes.append(f"its tables cannot be read: {shown.reason(error)}")
    return facts


def names_of_systems(package: Package) -> dict[str, str]:
    """Return what each system is called, by its id; raises PackageError."""
    return system_names(pl.DataFrame(pl.from_arrow(package.table("systems"))))


def _names(package: Package, table: str, column: str) -> set[str]:
    """Return the names that stand in a column."""
    names: set[str] = set()
    for batch in package.batches(table, only=(column,)):
        series = pl.Series(column, batch.column(column).to_pylist(), dtype=pl.String)
        names.update(series.drop_nulls().unique().to_list())
    return names


def _add(facts: Facts, kind: str, names: set[str]) -> None:
    ordered = sorted(map(one_line, names))
    getattr(facts, kind).extend(ordered[:_MOST])
    if len(ordered) > _MOST:
        facts.notes.append(
            f"it has {len(ordered):,} {kind}, of which the search knows the first {_MOST}"
        )
