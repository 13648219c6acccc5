"""The layouts of the family, known by their columns, and what each column of a table is in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import JsonValue

from benchfmt.annotation import FieldAnnotation
from benchfmt.converters.energy.columns import (
    MEASURED,
    STATISTICS,
    VECTORS,
    Heading,
    by_base,
    heading,
)
from benchfmt.suites import energy as rules
from benchfmt.units import find_unit, unit
from benchfmt.vocabulary import vocabulary


class Layout(StrEnum):
    """What a table is; the rows of the first five each stand for themselves."""

    DISPATCH = "dispatch"
    BASELINE = "baseline"
    MAX_FLOW = "max-flow"
    KERNEL = "kernel"
    KERNEL_QUALITY = "kernel-quality"
    INSTANCES = "instances"
    PRICES = "prices"


NO_RESULTS = {
    Layout.INSTANCES: "problem instances (PV and load), no results",
    Layout.PRICES: "hourly prices, an input of the algorithms, no results",
}
KERNELS = (Layout.KERNEL, Layout.KERNEL_QUALITY)
_ENOUGH_MEASURED = 2
_NAMES = re.compile(r"^(?P<asset>.+)_(?P<platform>[^_]+)$")
_INFERRED = ["unit-inferred"]
_KERNEL_FIELDS = {
    "time": FieldAnnotation(
        metric="duration", unit="s", basis="published", primary=True, caveats=_INFERRED
    ),
    "memory": FieldAnnotation(metric="memory", unit="MBy", basis="published", caveats=_INFERRED),
    "quality": FieldAnnotation(metric="transprecision:quality", primary=True),
}


@dataclass(frozen=True)
class Name:
    """What a file's name says: what ran and where, as written; None where it does not."""

    asset: str
    platform: str | None


def name_of(path: Path) -> Name:
    """Return what a file's name says, divided at the last underscore."""
    match = _NAMES.match(path.stem)
    if match is None:
        return Name(path.stem, None)
    if match["platform"].lower() in rules.NO_PLATFORM:
        return Name(match["asset"], None)
    return Name(match["asset"], match["platform"])


# --- which layout a table has ---


def layout_of(columns: list[str], path: Path) -> Layout | None:
    """Return the layout that columns are of, one of no results included, or None."""
    bases = set(by_base(columns))
    if _parameter(columns) and bases.isdisjoint({"nodes", "arcs"}):
        return _dispatch(bases)
    if {"nodes", "arcs", "time"} <= bases and bases & {"algorithm", "implementation"}:
        return Layout.MAX_FLOW
    if {"instanceid", "sol", "time", "pv", "load"} <= bases:
        return Layout.BASELINE
    if {"pv", "load"} <= bases and bases.isdisjoint(MEASURED):
        return Layout.INSTANCES
    if bases == {"ora", "prezzo"}:
        return Layout.PRICES
    return _kernel(columns, path)


def _dispatch(bases: set[str]) -> Layout | None:
    is_of_instance = not bases.isdisjoint({*VECTORS, *STATISTICS})
    if is_of_instance and bases & {"sol", "time"}:
        return Layout.DISPATCH
    if len(bases & {"sol", "time", "memavg"}) >= _ENOUGH_MEASURED:
        return Layout.DISPATCH
    return None


def _kernel(columns: list[str], path: Path) -> Layout | None:
    bits = {name for name in columns if re.fullmatch("var_[0-9]+", name)}
    if name_of(path).asset.lower() not in rules.KERNELS or not bits:
        return None
    rest = set(columns) - bits
    if rest == {"time", "memory"}:
        return Layout.KERNEL
    if rest == {"quality"}:
        return Layout.KERNEL_QUALITY
    return None


def _is_parameter(column: str) -> bool:
    return column in rules.ALGORITHMS or column == "nParameter"


def _parameter(columns: Iterable[str]) -> str | None:
    return next(filter(_is_parameter, columns), None)


# --- what its columns are ---


@dataclass(frozen=True)
class Annotated:
    """What the columns of a table are, by name, and those whose unit is none of their metric's."""

    fields: dict[str, FieldAnnotation]
    odd_units: list[str]


def annotated(layout: Layout, columns: list[str]) -> Annotated:
    """Return what the columns of a table are."""
    fields: dict[str, FieldAnnotation] = {}
    odd_units: list[str] = []
    for name in columns:
        if layout in KERNELS:
            fields[name] = _KERNEL_FIELDS.get(name) or _hyperparameter(name)
            continue
        column = heading(name)
        field = _context(layout, name, column)
        if field is None and column.base in MEASURED:
            field = _measured(layout, column)
            if field is None:
                odd_units.append(name)
        if field is not None:
            fields[name] = field
    if layout not in KERNELS:
        _mark_primary(layout, fields)
    return Annotated(fields, odd_units)


def _hyperparameter(name: str) -> FieldAnnotation:
    return FieldAnnotation(field=f"configuration.hyperparameters.{name}")


def _context(layout: Layout, name: str, column: Heading) -> FieldAnnotation | None:
    """Return what a column is that holds no measurement."""
    base = column.base
    if _is_parameter(name):
        return _hyperparameter(name)
    if layout == Layout.MAX_FLOW and base in ("algorithm", "implementation"):
        models: dict[str, str | list[str]] = {**vocabulary().words("model", "energy-domain")}
        return FieldAnnotation(field="model.name", terms=models)
    if layout == Layout.MAX_FLOW and base in ("nodes", "arcs"):
        return FieldAnnotation(field=f"inputs.{base}")
    if base in VECTORS:
        written = column.unit or "kW"
        return FieldAnnotation(field=f"inputs.{VECTORS[base]}", unit=written, list_="numbers")
    if base in STATISTICS:
        return FieldAnnotation(field=f"inputs.{base}", unit=STATISTICS[base])
    return None


def _measured(layout: Layout, column: Heading) -> FieldAnnotation | None:
    """Return what a column measures, or None where it writes a unit that its metric cannot have."""
    field = MEASURED[column.base]
    changes: dict[str, JsonValue] = {}
    if layout != Layout.MAX_FLOW and column.base in ("memavg", "mempeak"):
        changes["stage"] = "solve"
    if column.unit is None:
        changes["caveats"] = [*_INFERRED]
    elif field.metric == "energy" and column.unit == "kW":
        # Codecarbon counts kWh: emissions divided by these numbers give the carbon intensity of a country in kg/kWh.
        changes["caveats"] = ["unit-corrected"]
    elif isinstance(field.unit, str) and _is_alike(column.unit, field.unit):
        changes["unit"] = column.unit
    else:
        return None
    return field.model_copy(update=changes)


def _is_alike(word: str, other: str) -> bool:
    """Say whether two units measure the same."""
    known = find_unit(word)
    wanted = find_unit(other)
    if known is None or wanted is None:
        return False
    return unit(known[0]).dimension == unit(wanted[0]).dimension


def _mark_primary(layout: Layout, fields: dict[str, FieldAnnotation]) -> None:
    """Mark the cost as the headline number, the time of what has no cost."""
    by_metric = {field.metric: name for name, field in reversed(fields.items())}
    name = by_metric.get("cost") or by_metric.get("duration")
    if layout == Layout.MAX_FLOW:
        name = by_metric.get("duration")
    if name is not None:
        fields[name] = fields[name].model_copy(update={"primary": True})


def type_of(field: FieldAnnotation) -> str:
    """Return the type of a column's cells as Table Schema names it."""
    path = field.field or ""
    if path.startswith("configuration.hyperparameters."):
        return "integer"
    if path.startswith("inputs.") and field.list_ is None:
        return "number"
    return "string"


# --- what holds for all of its rows ---


def constants_of(suite: str, options: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return what the user says of a whole table."""
    constants: dict[str, JsonValue] = {"benchmark.suite": suite}
    if options.get("version"):
        constants["benchmark.suite_version"] = options["version"]
    if options.get("country"):
        constants[f"extensions.{suite}.country"] = options["country"]
    return constants


def suite_of(layout: Layout) -> str:
    """Return the suite that a table is of."""
    if layout in KERNELS:
        return "transprecision"
    return "energy-domain"


def solved(layout: Layout, columns: Collection[str], asset: str) -> dict[str, JsonValue]:
    """Return what was solved by what, for every row of a table."""
    if layout in KERNELS:
        kernel = asset.lower()
        return {
            "benchmark.name": kernel,
            "model.name": kernel,
            "task": "numerical-kernel",
            "configuration.precision": "mixed",
        }
    if layout == Layout.MAX_FLOW:
        return {
            "benchmark.name": "max-flow",
            "task": "max-flow",
            "benchmark.phase": "solving",
            f"extensions.{suite_of(layout)}.asset": asset,
        }
    solution: dict[str, JsonValue] = {
        "task": "stochastic-optimisation",
        "benchmark.phase": "solving",
    }
    solver = _solver(layout, columns, asset)
    if solver is not None:
        solution["model.name"] = solver
    if solver is not None and layout == Layout.DISPATCH:
        solution["benchmark.name"] = solver
    return solution


def _solver(layout: Layout, columns: Collection[str], asset: str) -> str | None:
    """Return the algorithm that solved, or None where neither columns nor name say it."""
    if layout == Layout.BASELINE and "greedy" in asset.lower():
        return "greedy"
    if layout == Layout.BASELINE:
        return "baseline"
    named = rules.NAMED.get(asset.lower().split("_")[0])
    return rules.ALGORITHMS.get(_parameter(columns) or "") or named


def system_of(platform: str | None) -> dict[str, JsonValue]:
    """Return the system that a word names: the vocabulary's where it is one, else its name."""
    if not platform:
        return {}
    terms = vocabulary()
    known = {**terms.words("system", "transprecision"), **terms.words("system", "energy-domain")}
    system = known.get(platform, platform)
    if system in terms.terms("system"):
        return {"system.id": system}
    return {"system.name": platform}
