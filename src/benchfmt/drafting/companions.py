"""AI4Europe companions as annotated tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.drafting.columns import key_of
from benchfmt.drafting.tables import Annotation, DraftedColumn, DraftedTable
from benchfmt.finding import Finding, Severity
from benchfmt.headers import Column, Measured, read_headers
from benchfmt.headers.grammar import metric_named
from benchfmt.vocabulary import vocabulary

COMPANION_PREFIX = "ai4europe"
COMPANION_TYPES = {"int": "integer", "float": "number"}
"""The types of numbers in a companion; a column of any other is text."""


@dataclass(frozen=True)
class CompanionColumn:
    """A column that an AI4Europe companion describes: `role` is one of inputs, hyperparams and targets."""

    role: str
    name: str
    type: str | None = None


@dataclass(frozen=True)
class Companion:
    """What an AI4Europe companion says of its table."""

    name: str
    platform: str
    columns: Sequence[CompanionColumn]


def companion_table(
    companion: Companion, table: str, columns: list[str]
) -> tuple[DraftedTable, list[Finding]]:
    """Return an AI4Europe companion as an annotated table, and where it does not fit its table.

    `inputs` become instance data, `hyperparams` configuration, `targets` measurements. A target whose metric or unit its
    name does not say is a metric of the companion's own (`ai4europe:time`).
    """
    findings: list[Finding] = []
    drafted: list[DraftedColumn] = []
    for column in companion.columns:
        name = column.name
        if name not in columns:
            message = f"the companion describes column {name!r}, which the table does not have"
            findings.append(_misfit(table, name, message))
            continue
        annotation = _of_role(column.role, name)
        if annotation is None:
            annotation = {"metric": own_metric(name)}
            findings.append(_unclear_target(table, name))
        kind = COMPANION_TYPES.get(column.type or "", "string")
        drafted.append(DraftedColumn(name, kind, annotation))
    described = {column.name for column in drafted}
    for name in columns:
        if name not in described:
            message = f"the companion does not describe column {name!r} of the table"
            findings.append(_misfit(table, name, message))
    place = "system.name"
    if companion.platform in vocabulary().terms("system"):
        place = "system.id"
    constant: dict[str, JsonValue] = {
        "benchmark.suite": COMPANION_PREFIX,
        "benchmark.name": companion.name,
        place: companion.platform,
    }
    resource = DraftedTable(table, drafted, constant)
    resource.mark_primary()
    return resource, findings


def _of_role(role: str, name: str) -> Annotation | None:
    """Return what a companion's column is; None for a target whose name does not say its metric and unit."""
    if role == "inputs":
        return {"field": f"inputs.{name}"}
    if role == "hyperparams":
        return {"field": f"configuration.hyperparameters.{name.replace('.', '_')}"}
    meaning = read_headers([Column(name)])[0]
    if isinstance(meaning, Measured):
        unit = meaning.unit or _own_unit(meaning.metric)
        if unit is not None and not meaning.doubts:
            return {**key_of(meaning), "unit": unit}
    return None


def _unclear_target(table: str, name: str) -> Finding:
    own = own_metric(name)
    message = f"target {name!r} does not say its metric and unit: it is kept as {own}, comparable with nothing else"
    hint = "write both in the header, as in time(sec)"
    return Finding("BF102", Severity.WARNING, table, None, name, None, message, None, hint)


def own_metric(name: str) -> str:
    """Return the prefixed metric of a companion's target."""
    slug = re.sub("[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return f"{COMPANION_PREFIX}:{slug or 'target'}"


def _misfit(table: str, name: str, message: str) -> Finding:
    hint = "make both say the same"
    return Finding("BF102", Severity.WARNING, table, None, name, None, message, None, hint)


def _own_unit(metric: str) -> str | None:
    """Return the unit of a metric that has no other: 1."""
    return "1" if metric_named(metric).unit == "1" else None
