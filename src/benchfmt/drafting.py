"""Drafts of descriptors: from the header of a table, and from AI4Europe companions.

A draft is a proposal for a person: it says which columns it understood, and never guesses a unit silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from benchfmt.descriptor import SCHEMA_URL
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.readers.tables import TextTable
from benchfmt.units import find_unit, unit
from benchfmt.vocabulary import Metric, vocabulary

FIELD_WORDS = {
    "model": "model.name",
    "model name": "model.name",
    "network": "model.name",
    "algorithm": "model.name",
    "implementation": "model.name",
    "version": "model.version",
    "model version": "model.version",
    "params": "model.parameters",
    "parameters": "model.parameters",
    "task": "task",
    "ai task": "task",
    "dataset": "dataset.name",
    "data set": "dataset.name",
    "engine": "software.engine",
    "framework": "software.engine",
    "runtime engine": "software.engine",
    "backend": "software.engine",
    "engine version": "software.engine_version",
    "framework version": "software.engine_version",
    "precision": "configuration.precision",
    "dtype": "configuration.precision",
    "batch": "configuration.batch_size",
    "batch size": "configuration.batch_size",
    "batchsize": "configuration.batch_size",
    "threads": "configuration.threads",
    "num threads": "configuration.threads",
    "device": "system.name",
    "platform": "system.name",
    "hardware": "system.name",
    "system": "system.name",
    "machine": "system.name",
    "cpu": "system.processor.name",
    "processor": "system.processor.name",
    "gpu": "system.accelerator.name",
    "accelerator": "system.accelerator.name",
    "os": "system.operating_system",
    "date": "provenance.measured_at",
    "timestamp": "provenance.measured_at",
    "submitter": "provenance.submitter",
    "scenario": "benchmark.scenario",
    "benchmark": "benchmark.name",
}
STATISTIC_WORDS = {
    "avg": "mean",
    "average": "mean",
    "mean": "mean",
    "median": "median",
    "p50": "median",
    "min": "min",
    "max": "max",
    "peak": "max",
    "p90": "p90",
    "p95": "p95",
    "p99": "p99",
    "p99.9": "p99.9",
    "total": "sum",
    "sum": "sum",
}
STAGE_WORDS = {
    "preprocess": "preprocess",
    "preprocessing": "preprocess",
    "inference": "inference",
    "infer": "inference",
    "postprocess": "postprocess",
    "postprocessing": "postprocess",
    "e2e": "end-to-end",
}
MISSING_MARKS = (
    "-",
    "--",
    "/",
    "?",
    "n/a",
    "N/A",
    "na",
    "NA",
    "nan",
    "NaN",
    "null",
    "NULL",
    "none",
    "None",
)
"""What tables write where they have no number."""
COMPANION_PREFIX = "ai4europe"
_SCOPE_WORDS = ("cpu", "gpu", "npu", "dsp")
_HEADER_UNIT = re.compile(r"^(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]\s*$")
_WORDS = re.compile(r"[pP][0-9]{2}(?:\.[0-9]+)?|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[a-z0-9.]+")
_ROWS = 10_000


@dataclass(frozen=True)
class Draft:
    """A drafted descriptor and what a person should look at."""

    descriptor: dict[str, Any]
    notes: list[str]


def draft(path: Path, suite: str | None = None) -> Draft:
    """Return a descriptor for a table, made from its header and first rows; raises TableError."""
    text = TextTable(path)
    columns = text.header()
    first = next(
        (frame.head(_ROWS) for frame, _ in text.batches()),
        pl.DataFrame({name: [] for name in columns}),
    )
    notes: list[str] = []
    taken: set[Any] = set()
    fields = []
    marks = _marks(first)
    if marks:
        notes.append(
            f"{', '.join(map(repr, marks))} among numbers: taken for missing values; add the reason under `missing`"
        )
    for name in columns:
        annotation = _annotation(name, taken, notes, suite)
        field = {"name": name, "type": _type(first[name] if name in first.columns else None, marks)}
        fields.append({**field, "benchfmt": annotation} if annotation else field)
        if annotation is None and not any(f"{name!r}" in note for note in notes):
            notes.append(f"column {name!r} was not understood: it is kept as text under extensions")
    _mark_primary(fields)
    slug = re.sub("[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "table"
    chosen = suite or f"local:{slug}"
    if suite is None:
        notes.append(
            f"the suite is unknown: {chosen!r} stands in its place; set benchmark.suite (--suite) to the suite's id"
        )
    info = (
        {}
        if ":" not in chosen
        else {"prefixes": {chosen.partition(":")[0]: {"title": "Terms of this package"}}}
    )
    resource = {
        "name": slug,
        "path": path.name,
        "schema": {"fields": fields, "missingValues": ["", *marks]},
        "benchfmt": {"constant": {"benchmark.suite": chosen}},
    }
    return Draft(
        {"$schema": SCHEMA_URL, "name": slug, "benchfmt": info, "resources": [resource]}, notes
    )


def is_companion(data: Any) -> bool:
    """Say whether plain data is a descriptor of the vertical matchmaking (AI4Europe benchmarking guide)."""
    return (
        isinstance(data, dict)
        and "HW_ID" in data
        and isinstance(data.get("targets"), list)
        and "name" in data
    )


def companion_resource(
    data: Any, table: str, columns: list[str]
) -> tuple[dict[str, Any], list[Finding]]:
    """Return an AI4Europe companion as an annotated resource, and where it does not fit its table.

    `inputs` become instance data, `hyperparams` configuration, `targets` measurements. A target whose metric or unit its
    name does not say is a metric of the companion's own (`ai4europe:time`, see `companion_prefix`).
    """
    findings: list[Finding] = []
    fields = []
    taken: set[Any] = set()
    roles = {role: data.get(role) or [] for role in ("inputs", "hyperparams", "targets")}
    for role, items in roles.items():
        if not isinstance(items, list):
            raise BenchfmtError(f"the companion of {table}: {role} is to be a list of columns")
    entries = [(role, item) for role, items in roles.items() for item in items]
    for role, item in entries:
        name = str(item.get("ID") if isinstance(item, dict) else item)
        if name not in columns:
            findings.append(
                _misfit(
                    table,
                    name,
                    f"the companion describes column {name!r}, which the table does not have",
                )
            )
            continue
        annotation = _of_role(role, name, taken, findings, table)
        kind = (
            {"int": "integer", "float": "number"}.get(str(item.get("type")), "string")
            if isinstance(item, dict)
            else "string"
        )
        fields.append(
            {"name": name, "type": kind, **({"benchfmt": annotation} if annotation else {})}
        )
    described = {field["name"] for field in fields}
    findings += [
        _misfit(table, name, f"the companion does not describe column {name!r} of the table")
        for name in columns
        if name not in described
    ]
    _mark_primary(fields)
    platform = str(data["HW_ID"])
    known = platform in vocabulary().terms("system")
    constant = {
        "benchmark.suite": "ai4europe",
        "benchmark.name": str(data["name"]),
        ("system.id" if known else "system.name"): platform,
    }
    resource = {
        "path": table,
        "schema": {"fields": fields, "missingValues": [""]},
        "benchfmt": {"constant": constant},
    }
    return resource, findings


def _of_role(
    role: str, name: str, taken: set[Any], findings: list[Finding], table: str
) -> dict[str, Any] | None:
    if role == "inputs":
        return {"field": f"inputs.{name}"}
    if role == "hyperparams":
        return {"field": f"configuration.hyperparameters.{name.replace('.', '_')}"}
    notes: list[str] = []
    found = _measured(name, taken, notes)
    if found is not None and not notes:
        return found
    own = own_metric(name)
    words = f"target {name!r} does not say its metric and unit: it is kept as {own}, comparable with nothing else"
    hint = "write both in the header, as in time(sec)"
    findings.append(Finding("BF102", Severity.WARNING, table, None, name, None, words, None, hint))
    return {"metric": own}


def own_metric(name: str) -> str:
    """Return the prefixed metric of a companion's target."""
    return f"{COMPANION_PREFIX}:{re.sub('[^a-z0-9.]+', '-', name.lower()).strip('-.') or 'target'}"


def companion_prefix(resource: dict[str, Any]) -> dict[str, Any]:
    """Return the declaration of the metrics that are a companion's own."""
    fields = resource["schema"]["fields"]
    own = [
        field
        for field in fields
        if str(field.get("benchfmt", {}).get("metric", "")).startswith(f"{COMPANION_PREFIX}:")
    ]
    metrics = {
        field["benchfmt"]["metric"].partition(":")[2]: {
            "label": field["name"],
            "definition": f"The target {field['name']!r} of an AI4Europe companion, which says neither meaning nor unit.",
            "unit": "[undocumented]",
            "direction": "target",
        }
        for field in own
    }
    return (
        {COMPANION_PREFIX: {"title": "Targets of AI4Europe companions", "metrics": metrics}}
        if metrics
        else {}
    )


def _misfit(table: str, name: str, message: str) -> Finding:
    return Finding(
        "BF102", Severity.WARNING, table, None, name, None, message, None, "make both say the same"
    )


def _annotation(
    name: str, taken: set[Any], notes: list[str], suite: str | None
) -> dict[str, Any] | None:
    words = " ".join(_split(name))
    path = FIELD_WORDS.get(words)
    if path and path not in taken:
        taken.add(path)
        return {"field": path}
    return _measured(name, taken, notes, suite)


def _measured(
    name: str, taken: set[Any], notes: list[str], suite: str | None = None
) -> dict[str, Any] | None:
    """Return a column as a measurement: the metric, and the statistic, stage, scope and unit that the header says."""
    match = _HEADER_UNIT.match(name)
    base, word = (match["name"], match["unit"].strip()) if match else (name, None)
    words = _split(base)
    statistic = next((STATISTIC_WORDS[w] for w in words if w in STATISTIC_WORDS), None)
    scope = next((w for w in words if w in _SCOPE_WORDS), None)
    stage = next((STAGE_WORDS[w] for w in words if w in STAGE_WORDS), None)
    core = [w for w in words if w not in STATISTIC_WORDS and w not in _SCOPE_WORDS]
    trailing = find_unit(core[-1]) if word is None and len(core) > 1 else None
    if trailing and len(core[-1]) <= 4:
        word, core = core[-1], core[:-1]
    rest = [w for w in core if w not in STAGE_WORDS]
    metric_id = _metric(suite, name, base, " ".join(core), "-".join(core), " ".join(rest))
    if metric_id is None:
        return None
    # A time that is named after a stage is a latency of that stage.
    metric_id = "latency" if stage and metric_id == "duration" else metric_id
    stage = stage if metric_id == "latency" else None
    key = (metric_id, statistic, stage, scope)
    if key in taken:
        notes.append(
            f"column {name!r} looks like another column's measurement; tell them apart by stage or scope"
        )
        return None
    said = _unit_of(name, word, vocabulary().metrics[metric_id], notes)
    if said is None:
        return None
    taken.add(key)
    annotation = {
        "metric": metric_id,
        **({"statistic": statistic} if statistic else {}),
        **({"stage": stage} if stage else {}),
        **({"scope": scope} if scope else {}),
    }
    return {**annotation, **said}


def _metric(suite: str | None, *words: str) -> str | None:
    """Return the metric that the first known word stands for."""
    return next(
        (found for word in words if word and (found := vocabulary().match("metric", word, suite))),
        None,
    )


def _unit_of(
    name: str, word: str | None, metric: Metric, notes: list[str]
) -> dict[str, Any] | None:
    """Return the unit of a column, or None where its header names one that cannot be the metric's."""
    found = find_unit(word) if word else None
    wanted = metric.unit or "1"
    if (
        found
        and word
        and (wanted in ("target", "currency") or unit(found[0]).dimension == unit(wanted).dimension)
    ):
        return {"unit": found[0] if found[1] == 1 else word}
    if word and not found:
        notes.append(
            f"column {name!r}: the unit {word!r} is not known; write a UCUM code; until then it is kept as text"
        )
        return None
    if word:
        notes.append(
            f"column {name!r}: {word} is no unit of {metric.id}, which is in {wanted}; it is kept as text"
        )
        return None
    if wanted not in ("1", "target", "currency"):
        notes.append(
            f"column {name!r} names no unit: {wanted} is assumed; correct it and take the caveat out"
        )
        return {"unit": wanted, "caveats": ["unit-inferred"]}
    if wanted in ("target", "currency"):
        notes.append(f"column {name!r}: {metric.id} needs the unit of its target")
        return {"unit": "1" if wanted == "target" else "EUR"}
    return {"unit": wanted}


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(_HEADER_UNIT.sub(lambda m: m["name"], name))]


def _type(cells: pl.Series | None, marks: list[str]) -> str:
    if cells is None or not cells.len():
        return "string"
    given = cells.filter(~cells.is_in(["", *marks]))
    if given.len() and given.cast(pl.Int64, strict=False).null_count() == 0:
        return "integer"
    return (
        "number"
        if given.len() and given.cast(pl.Float64, strict=False).null_count() == 0
        else "string"
    )


def _marks(frame: pl.DataFrame) -> list[str]:
    """Return the marks for missing values that stand in columns which are numbers otherwise."""
    found: set[str] = set()
    for cells in frame.iter_columns():
        rest = cells.filter(~cells.is_in(["", *MISSING_MARKS]))
        if (
            cells.dtype == pl.String
            and rest.len()
            and rest.cast(pl.Float64, strict=False).null_count() == 0
        ):
            found |= set(cells.filter(cells.is_in(MISSING_MARKS)).unique())
    return sorted(found)


def _mark_primary(fields: list[dict[str, Any]]) -> None:
    """Mark the first measurement as the headline number."""
    measured = [field["benchfmt"] for field in fields if "metric" in field.get("benchfmt", {})]
    if measured:
        measured[0]["primary"] = True
