"""Drafts of descriptors: from the header of a table, and from AI4Europe companions.

A draft is a proposal for a person: it says which columns it understood, and never guesses a unit silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from benchfmt.descriptor import SCHEMA_URL
from benchfmt.finding import Finding, Severity
from benchfmt.readers.tables import TextTable
from benchfmt.units import find_unit
from benchfmt.units import unit as unit_of
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
_SCOPE_WORDS = {word: word for word in ("cpu", "gpu", "npu", "dsp")}
_HEADER_UNIT = re.compile(r"^(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]\s*$")
_WORDS = re.compile(r"[pP][0-9]{2}(?:\.[0-9]+)?|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[a-z0-9.]+")
_ROWS = 10_000
COMPANION_TYPES = {"int": "integer", "float": "number"}
"""The types of numbers in a companion; a column of any other is text."""
_FREE_UNITS = {"target": "1", "currency": "EUR"}
"""Metrics whose unit is that of their target, or a currency: what stands in its place until a person says it."""
_LONGEST_UNIT = 4
"""So many letters the last word of a header has at most, to be taken for a unit."""


@dataclass(frozen=True)
class Draft:
    """A drafted descriptor and what a person should look at."""

    descriptor: dict[str, JsonValue]
    notes: list[str]


@dataclass
class DraftedColumn:
    """A column of a drafted table: its type, and what it is where that was understood."""

    name: str
    type: str
    annotation: JsonValue = None

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the column as a field of a table's schema."""
        data: dict[str, JsonValue] = {"name": self.name, "type": self.type}
        if self.annotation is not None:
            data["benchfmt"] = self.annotation
        return data


@dataclass
class DraftedTable:
    """A drafted table: its columns, and what holds for all of its rows."""

    path: str
    columns: list[DraftedColumn]
    constant: dict[str, JsonValue]
    missing_values: list[str] = field(default_factory=lambda: [""])

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the table as a resource of a descriptor."""
        return {
            "path": self.path,
            "schema": {
                "fields": [column.to_dict() for column in self.columns],
                "missingValues": list(self.missing_values),
            },
            "benchfmt": {"constant": self.constant},
        }

    def mark_primary(self) -> None:
        """Mark the first measurement as the headline number."""
        for column in self.columns:
            if isinstance(column.annotation, dict) and "metric" in column.annotation:
                column.annotation["primary"] = True
                return


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


def draft(path: Path, suite: str | None = None) -> Draft:
    """Return a descriptor for a table, made from its header and first rows; raises TableError."""
    text = TextTable(path)
    names = text.header()
    first = pl.DataFrame({name: [] for name in names})
    for frame, _ in text.batches():
        first = frame.head(_ROWS)
        break
    marks = _marks(first)
    headers = _Headers(suite)
    if marks:
        shown = ", ".join(map(repr, marks))
        headers.notes.append(
            f"{shown} among numbers: taken for missing values; add the reason under `missing`"
        )
    columns = [DraftedColumn(name, _type(first, name, marks), headers.read(name)) for name in names]
    slug = re.sub("[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "table"
    chosen = suite or f"local:{slug}"
    if suite is None:
        headers.notes.append(
            f"the suite is unknown: {chosen!r} stands in its place; set benchmark.suite (--suite) to the suite's id"
        )
    table = DraftedTable(path.name, columns, {"benchmark.suite": chosen}, ["", *marks])
    table.mark_primary()
    descriptor: dict[str, JsonValue] = {
        "$schema": SCHEMA_URL,
        "name": slug,
        "benchfmt": _declared(chosen),
        "resources": [{"name": slug, **table.to_dict()}],
    }
    return Draft(descriptor, headers.notes)


def _declared(suite: str) -> dict[str, JsonValue]:
    """Return the declaration of a suite's prefix, empty for a suite of the vocabulary."""
    prefix, colon, _ = suite.partition(":")
    if not colon:
        return {}
    return {"prefixes": {prefix: {"title": "Terms of this package"}}}


def companion_table(
    companion: Companion, table: str, columns: list[str]
) -> tuple[DraftedTable, list[Finding]]:
    """Return an AI4Europe companion as an annotated table, and where it does not fit its table.

    `inputs` become instance data, `hyperparams` configuration, `targets` measurements. A target whose metric or unit its
    name does not say is a metric of the companion's own (`ai4europe:time`).
    """
    findings: list[Finding] = []
    drafted: list[DraftedColumn] = []
    headers = _Headers()
    for column in companion.columns:
        name = column.name
        if name not in columns:
            message = f"the companion describes column {name!r}, which the table does not have"
            findings.append(_misfit(table, name, message))
            continue
        annotation = _of_role(column.role, name, headers)
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


def _of_role(role: str, name: str, headers: _Headers) -> dict[str, JsonValue] | None:
    """Return what a companion's column is; None for a target whose name does not say its metric and unit."""
    if role == "inputs":
        return {"field": f"inputs.{name}"}
    if role == "hyperparams":
        return {"field": f"configuration.hyperparameters.{name.replace('.', '_')}"}
    headers.notes.clear()
    annotation = headers.measured(name)
    if headers.notes:
        return None
    return annotation


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


@dataclass(frozen=True)
class _Header:
    """What a header says: the words of its name, and its unit."""

    base: str
    words: list[str]
    unit: str | None

    @classmethod
    def of(cls, name: str) -> _Header:
        match = _HEADER_UNIT.match(name)
        if match is None:
            return cls(name, _split(name), None)
        return cls(match["name"], _split(match["name"]), match["unit"].strip())

    def first(self, meanings: Mapping[str, str]) -> str | None:
        """Return what the first word that has a meaning stands for."""
        return next((meanings[word] for word in self.words if word in meanings), None)

    def core(self) -> tuple[list[str], str | None]:
        """Return the words that name the metric, and the unit, which may be the last of them."""
        core = [
            word for word in self.words if word not in STATISTIC_WORDS and word not in _SCOPE_WORDS
        ]
        if self.unit is not None or len(core) <= 1 or len(core[-1]) > _LONGEST_UNIT:
            return core, self.unit
        if find_unit(core[-1]) is None:
            return core, None
        return core[:-1], core[-1]


@dataclass
class _Headers:
    """Reads the headers of one table, and says what a person should look at."""

    suite: str | None = None
    notes: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    """The places in the record that a column has already."""
    keys: set[tuple[str | None, ...]] = field(default_factory=set)
    """The measurements that a column is already."""

    def read(self, name: str) -> dict[str, JsonValue] | None:
        """Return what a column is, or None where its header was not understood."""
        path = FIELD_WORDS.get(" ".join(_split(name)))
        if path and path not in self.fields:
            self.fields.add(path)
            return {"field": path}
        annotation = self.measured(name)
        if annotation is None and not any(repr(name) in note for note in self.notes):
            self.notes.append(
                f"column {name!r} was not understood: it is kept as text under extensions"
            )
        return annotation

    def measured(self, name: str) -> dict[str, JsonValue] | None:
        """Return a column as a measurement: the metric, and the statistic, stage, scope and unit that the header says."""
        header = _Header.of(name)
        core, word = header.core()
        without_stage = " ".join(word for word in core if word not in STAGE_WORDS)
        metric = self._metric(name, header.base, " ".join(core), "-".join(core), without_stage)
        if metric is None:
            return None
        stage = header.first(STAGE_WORDS)
        if stage and metric == "duration":
            # A time that is named after a stage is a latency of that stage.
            metric = "latency"
        if metric != "latency":
            stage = None
        said = {
            "statistic": header.first(STATISTIC_WORDS),
            "stage": stage,
            "scope": header.first(_SCOPE_WORDS),
        }
        key = (metric, *said.values())
        if key in self.keys:
            self.notes.append(
                f"column {name!r} looks like another column's measurement; tell them apart by stage or scope"
            )
            return None
        unit = self._unit(name, word, vocabulary().metrics[metric])
        if unit is None:
            return None
        self.keys.add(key)
        parts = {part: value for part, value in said.items() if value}
        return {"metric": metric, **parts, **unit}

    def _metric(self, *texts: str) -> str | None:
        """Return the metric that the first known text stands for."""
        for text in texts:
            metric = vocabulary().match("metric", text, self.suite) if text else None
            if metric:
                return metric
        return None

    def _unit(self, name: str, word: str | None, metric: Metric) -> dict[str, JsonValue] | None:
        """Return the unit of a column, or None where its header names one that cannot be the metric's."""
        wanted = metric.unit or "1"
        if word:
            return self._written_unit(name, word, metric.id, wanted)
        if wanted in _FREE_UNITS:
            self.notes.append(f"column {name!r}: {metric.id} needs the unit of its target")
            return {"unit": _FREE_UNITS[wanted]}
        if wanted == "1":
            return {"unit": wanted}
        self.notes.append(
            f"column {name!r} names no unit: {wanted} is assumed; correct it and take the caveat out"
        )
        return {"unit": wanted, "caveats": ["unit-inferred"]}

    def _written_unit(
        self, name: str, word: str, metric: str, wanted: str
    ) -> dict[str, JsonValue] | None:
        known = find_unit(word)
        if known is None:
            self.notes.append(
                f"column {name!r}: the unit {word!r} is not known; write a UCUM code; until then it is kept as text"
            )
            return None
        code, factor = known
        if wanted not in _FREE_UNITS and unit_of(code).dimension != unit_of(wanted).dimension:
            self.notes.append(
                f"column {name!r}: {word} is no unit of {metric}, which is in {wanted}; it is kept as text"
            )
            return None
        if factor != 1:
            return {"unit": word}
        return {"unit": code}


def _split(name: str) -> list[str]:
    base = _HEADER_UNIT.sub(lambda match: match["name"], name)
    return [word.lower() for word in _WORDS.findall(base)]


def _type(frame: pl.DataFrame, name: str, marks: Iterable[str]) -> str:
    """Return the type of a column by the cells that hold something."""
    if name not in frame.columns:
        return "string"
    cells = frame[name]
    given = cells.filter(~cells.is_in(["", *marks]))
    if not given.len():
        return "string"
    if given.cast(pl.Int64, strict=False).null_count() == 0:
        return "integer"
    return "number" if _are_numbers(given) else "string"


def _are_numbers(cells: pl.Series) -> bool:
    return cells.len() > 0 and cells.cast(pl.Float64, strict=False).null_count() == 0


def _marks(frame: pl.DataFrame) -> list[str]:
    """Return the marks for missing values that stand in columns which are numbers otherwise."""
    marks: set[str] = set()
    for cells in frame.iter_columns():
        if cells.dtype != pl.String:
            continue
        rest = cells.filter(~cells.is_in(["", *MISSING_MARKS]))
        if _are_numbers(rest):
            marks |= set(cells.filter(cells.is_in(MISSING_MARKS)).unique())
    return sorted(marks)
