"""The columns of an asset that are no measurements: inputs and hyper-parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl
from pydantic import JsonValue

from benchfmt.json_cells import cell_data
from benchfmt.suites.energy import mean_and_deviation

INPUTS, HYPERPARAMETERS, TARGETS = "inputs", "hyperparams", "targets"
CONSTANT_FIELDS = {
    "suite": "benchmark.suite",
    "suite_version": "benchmark.suite_version",
    "benchmark": "benchmark.name",
    "division": "benchmark.division",
    "scenario": "benchmark.scenario",
    "phase": "benchmark.phase",
    "task": "task",
    "dataset": "dataset.name",
    "dataset_split": "dataset.split",
}
"""Fields that the companion says for all rows where they are one value."""
PLAIN = {
    "model": "model.name",
    "model_version": "model.version",
    "engine": "software.engine",
    "engine_version": "software.engine_version",
    "precision": "configuration.precision",
    "model_parameters": "model.parameters",
    "model_flop": "model.flop",
    "model_size_bytes": "model.size_bytes",
    "batch_size": "configuration.batch_size",
    "threads": "configuration.threads",
}
"""Texts and numbers of a record, each with its place in it."""
LISTS = {
    "input_shape": ("configuration.input_shape", "x"),
    "placement": ("configuration.placement", "/"),
}
_PATH_PART = re.compile(r"^[^.\s]+$")
Cell = str | int | float | None
Input = tuple[str, str | None]
"""The name and the unit of an input."""


@dataclass
class Column:
    """A column of an asset: its role, what it is for a reader of records, and its cells by record."""

    name: str
    role: str
    note: dict[str, JsonValue]
    cells: Sequence[Cell]
    description: str | None = None
    kind: str = "str"
    headlines: int = 0
    """For how many records it is the headline number."""
    groups: list[str | None] = field(default_factory=list)
    """Within which group each number of a measurement compares; None for one that compares with nothing."""
    obstacles: list[str | None] = field(default_factory=list)
    """Why a number compares with nothing."""


@dataclass
class Asset:
    """What one asset gives: its name, the places of its records, its columns, and what was dropped."""

    name: str
    rows: list[int]
    columns: list[Column] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def constants(here: pl.DataFrame) -> dict[str, str]:
    """Return the fields that are one value in all records of an asset, by record path."""
    values_by_path = {}
    for name, path in CONSTANT_FIELDS.items():
        values = here[name].unique().to_list()
        if len(values) == 1 and values[0] is not None:
            values_by_path[path] = values[0]
    return values_by_path


def inputs(here: pl.DataFrame) -> Iterator[Column]:
    """Yield a column for each number of instance data; a vector gives its mean and its standard deviation."""
    known = {text: _reduced(text) for text in here["inputs"].unique()}
    each = [known[text] for text in here["inputs"]]
    for name, unit in dict.fromkeys(key for item in each for key in item):
        if not _PATH_PART.match(name):
            continue
        label = name
        note: dict[str, JsonValue] = {"field": f"inputs.{name}"}
        if unit:
            label = f"{name}({unit})"
            note["unit"] = unit
        yield Column(label, INPUTS, note, [item.get((name, unit)) for item in each])


def _reduced(text: str | None) -> dict[Input, float]:
    """Return the inputs of a record, vectors by two numbers."""
    reduced: dict[Input, float] = {}
    for item in cell_data("inputs", text or "[]"):
        name, unit, values = item["name"], item.get("unit"), item["values"]
        if len(values) == 1:
            reduced[name, unit] = values[0]
        else:  # as the reduced tables of the energy domain do, and under their names
            mean, deviation = mean_and_deviation(values)
            reduced[f"{name.lower()}_mean", unit] = mean
            reduced[f"{name.lower()}_std", unit] = deviation
    return reduced


def hyperparameters(here: pl.DataFrame) -> Iterator[Column]:
    """Yield a column for each field that says how something was run."""
    for name, path in PLAIN.items():
        yield Column(name, HYPERPARAMETERS, {"field": path}, here[name].to_list())
    yield from _lists(here)
    known = {
        text: cell_data("hyperparameters", text or "{}")
        for text in here["hyperparameters"].unique()
    }
    each = [known[text] for text in here["hyperparameters"]]
    for name in dict.fromkeys(key for item in each for key in item):
        note: dict[str, JsonValue] = {}
        if _PATH_PART.match(name):
            note["field"] = f"configuration.hyperparameters.{name}"
        cells = [_cell(item.get(name)) for item in each]
        yield Column(name, HYPERPARAMETERS, note, cells)


def _lists(here: pl.DataFrame) -> Iterator[Column]:
    for name, (path, separator) in LISTS.items():
        texts: list[str | None] = []
        terms: dict[str, list[str]] = {}
        for text in here[name]:
            if text is None:
                texts.append(None)
                continue
            words = list(map(str, cell_data(name, text)))
            joined = separator.join(words)
            texts.append(joined)
            if separator in joined:
                terms[joined] = joined.split(separator)
        note: dict[str, JsonValue] = {"field": path}
        if name == "input_shape":
            note["list"] = "numbers"
            note["separator"] = separator
        else:
            note["terms"] = {joined: list(terms[joined]) for joined in sorted(terms)}
        yield Column(name, HYPERPARAMETERS, note, texts)


def _cell(value: JsonValue) -> Cell:
    """Return a hyper-parameter as a cell: a list or object as JSON, yes and no as 1 and 0, an empty text as none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if isinstance(value, str) and not value.strip():
        return None
    return value
