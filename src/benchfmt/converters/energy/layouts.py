"""The layouts of the family, known by their columns, and what each column is: descriptors of annotated tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfmt.suites import energy as rules
from benchfmt.units import find_unit, unit
from benchfmt.vocabulary import vocabulary

DISPATCH, BASELINE, MAX_FLOW, KERNEL, KERNEL_QUALITY, TRACKER = (
    "dispatch",
    "baseline",
    "max-flow",
    "kernel",
    "kernel-quality",
    "tracker",
)
RESULTS = (DISPATCH, BASELINE, MAX_FLOW, KERNEL, KERNEL_QUALITY)
"""The layouts of tables whose rows each stand for themselves; CodeCarbon's are read by a module of its own."""
NO_RESULTS = {
    "instances": "problem instances (PV and load), no results",
    "prices": "hourly prices, an input of the algorithms, no results",
}
SUITES = {KERNEL: "transprecision", KERNEL_QUALITY: "transprecision", TRACKER: "codecarbon"}
"""The suite of a layout that is not `energy-domain`."""

_HEADER = re.compile(r"^(?P<base>.*?)\s*\((?P<unit>[^()]*)\)$")
_NAMES = re.compile(r"^(?P<asset>.+)_(?P<platform>[^_]+)$")
_INFERRED = {"caveats": ["unit-inferred"]}

_MEMORY = {"metric": "memory", "unit": "MBy"}
_ENERGY = {
    "metric": "energy",
    "stage": "whole-run",
    "unit": "kW.h",
    "missing": {"0": "below-resolution"},
}
MEASURED: dict[str, dict[str, Any]] = {
    "sol": {"metric": "cost", "unit": "keuro", "basis": "published"},
    "time": {"metric": "duration", "stage": "solve", "per": "instance", "unit": "s"},
    "memavg": {**_MEMORY, "statistic": "mean", "scope": "process"},
    "mempeak": {**_MEMORY, "statistic": "max", "scope": "process"},
    "gpuavg": {**_MEMORY, "statistic": "mean", "scope": "gpu"},
    "gpupeak": {**_MEMORY, "statistic": "max", "scope": "gpu"},
    # Codecarbon multiplies energy by the carbon intensity of a place that it looks up.
    "co2e": {"metric": "emissions", "stage": "whole-run", "unit": "kg", "basis": "estimated"},
    "co2erate": {
        "metric": "emissions-rate",
        "stage": "whole-run",
        "unit": "kg/s",
        "basis": "estimated",
    },
    # Of the processor and the memory it knows a rating and a load; only GPUs are read from a sensor.
    "cpuenergy": {**_ENERGY, "scope": "cpu", "basis": "estimated"},
    "gpuenergy": {**_ENERGY, "scope": "gpu", "missing": {"0": "not-measured"}},
    "ramenergy": {**_ENERGY, "scope": "memory", "basis": "estimated"},
    "totenergy": {**_ENERGY, "scope": "node", "basis": "estimated"},
}
"""What the tables measure, by the column's name in lower case without its unit."""
ALIASES = {
    "solution quality": "sol",
    "runtime": "time",
    "mem": "memavg",
    "memory": "memavg",
    "memory consumption": "memavg",
    "memmax": "mempeak",
    "co2eq": "co2e",
    "co2eqrate": "co2erate",
}
VECTORS = {"pv": "PV", "res": "PV", "load": "Load"}
STATISTICS = {
    "pv_mean": "kW",
    "pv_std": "kW",
    "pv_var": "kW2",
    "load_mean": "kW",
    "load_std": "kW",
    "load_var": "kW2",
}
TRACKED: dict[str, dict[str, Any]] = {
    "timestamp": {"field": "provenance.measured_at"},
    "project_name": {"field": "benchmark.name"},
    "run_id": {"field": "provenance.execution"},
    "os": {"field": "system.operating_system"},
    "cpu_model": {"field": "system.processor.name"},
    "gpu_model": {"field": "system.accelerator.name"},
    "python_version": {"field": "software.stack.python"},
    "codecarbon_version": {"field": "software.stack.codecarbon"},
    "duration": {"metric": "duration", "stage": "whole-run", "unit": "s"},
    "emissions": {**MEASURED["co2e"], "missing": {"0": "below-resolution"}},
    "emissions_rate": MEASURED["co2erate"],
    "cpu_power": {
        "metric": "power",
        "stage": "whole-run",
        "scope": "cpu",
        "unit": "W",
        "basis": "estimated",
    },
    "gpu_power": {"metric": "power", "stage": "whole-run", "scope": "gpu", "unit": "W"},
    "ram_power": {
        "metric": "power",
        "stage": "whole-run",
        "scope": "memory",
        "unit": "W",
        "basis": "estimated",
    },
    "cpu_energy": MEASURED["cpuenergy"],
    "gpu_energy": MEASURED["gpuenergy"],
    "ram_energy": MEASURED["ramenergy"],
    "energy_consumed": MEASURED["totenergy"],
}
for _name in ("cpu_power", "gpu_power", "ram_power"):
    TRACKED[_name]["missing"] = {"0": "not-measured"}


_TRACKER_OWN = {
    "project_name",
    "task_name",
    "run_id",
    "emissions_rate",
    "codecarbon_version",
    "country_iso_code",
    "on_cloud",
    "tracking_mode",
    "cloud_provider",
    "ram_total_size",
}
_ENOUGH = 3


_TOTALS = {"emissions", "energy_consumed"}


def is_tracker(columns: Sequence[str]) -> bool:
    """Say whether columns are those of CodeCarbon, of any version, or of a table that keeps some of them."""
    return not _TOTALS.isdisjoint(columns) and len(_TRACKER_OWN.intersection(columns)) >= _ENOUGH


def is_like_tracker(columns: Sequence[str]) -> bool:
    """Say whether columns are CodeCarbon's but for the totals that it counts."""
    unmistakable = len(_TRACKER_OWN.intersection(columns)) > _ENOUGH and "duration" in columns
    return _TOTALS.isdisjoint(columns) and unmistakable


def lacking_of_tracker(columns: Sequence[str]) -> str | None:
    """Return what columns lack that look like some of CodeCarbon's, or None."""
    there = _TRACKER_OWN.intersection(columns)
    if _TOTALS.isdisjoint(columns) or "duration" not in columns or not 0 < len(there) < _ENOUGH:
        return None
    known = ", ".join(sorted(_TRACKER_OWN))
    return f"looks like rows of CodeCarbon, but of the columns {known} it has {', '.join(sorted(there))}; {_ENOUGH} tell one"


@dataclass(frozen=True)
class Name:
    """What a file's name says: what ran and where, as written; None where it does not."""

    asset: str
    platform: str | None


def name_of(path: Path) -> Name:
    """Return what a file's name says, divided at the last underscore."""
    match = _NAMES.match(path.stem)
    if not match:
        return Name(path.stem, None)
    platform = match["platform"]
    return Name(match["asset"], None if platform.lower() in rules.NO_PLATFORM else platform)


def split(column: str) -> tuple[str, str | None]:
    """Return a column's name in lower case as the family knows it, and the unit that it writes."""
    match = _HEADER.match(column)
    base, word = (match["base"], match["unit"].strip()) if match else (column, None)
    lower = base.strip().lower()
    return ALIASES.get(lower, lower), word


def layout_of(columns: list[str], path: Path) -> str | None:
    """Return the layout that columns are of, one of no results included, or None."""
    bases = {split(name)[0] for name in columns}
    instance = bases & {*VECTORS, *STATISTICS}
    if _parameter(columns) and not bases & {"nodes", "arcs"}:
        return (
            DISPATCH
            if len(bases & {"sol", "time", "memavg"}) >= 2 or (instance and bases & {"sol", "time"})
            else None
        )
    if {"nodes", "arcs", "time"} <= bases and bases & {"algorithm", "implementation"}:
        return MAX_FLOW
    if {"instanceid", "sol", "time", "pv", "load"} <= bases:
        return BASELINE
    if {"pv", "load"} <= bases and not bases & set(MEASURED):
        return "instances"
    if bases == {"ora", "prezzo"}:
        return "prices"
    return _kernel(columns, path)


def _kernel(columns: list[str], path: Path) -> str | None:
    bits = [name for name in columns if re.fullmatch("var_[0-9]+", name)]
    if name_of(path).asset.lower() not in rules.KERNELS or not bits:
        return None
    rest = set(columns) - set(bits)
    return KERNEL if rest == {"time", "memory"} else KERNEL_QUALITY if rest == {"quality"} else None


def _parameter(columns: list[str]) -> str | None:
    return next(
        (name for name in columns if name in rules.ALGORITHMS or name == "nParameter"), None
    )


def vectors(columns: list[str]) -> dict[str, str]:
    """Return the columns that hold vectors of an instance: `PV` and `Load`, each with its column."""
    return {VECTORS[base]: name for name in columns if (base := split(name)[0]) in VECTORS}


def algorithm(layout: str, columns: list[str], asset: str) -> str | None:
    """Return the algorithm that solved, or None where neither columns nor name say it."""
    if layout == BASELINE:
        return "greedy" if "greedy" in asset.lower() else "baseline"
    found = rules.ALGORITHMS.get(_parameter(columns) or "")
    return found or rules.NAMED.get(asset.lower().split("_")[0])


def fields_of(layout: str, columns: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the annotated fields of a table, and the columns whose unit is none of their metric's."""
    if layout in (KERNEL, KERNEL_QUALITY):
        return [_kernel_field(name) for name in columns], []
    odd: list[str] = []
    found = [_field(layout, name, odd) for name in columns]
    fields = [field for field in found if field is not None]
    _mark_primary(layout, fields)
    return fields, odd


def _field(layout: str, name: str, odd: list[str]) -> dict[str, Any] | None:
    base, word = split(name)
    if name in rules.ALGORITHMS or name == "nParameter":
        return {
            "name": name,
            "type": "integer",
            "benchfmt": {"field": f"configuration.hyperparameters.{name}"},
        }
    if layout == MAX_FLOW and base in ("algorithm", "implementation"):
        return {
            "name": name,
            "type": "string",
            "benchfmt": {"field": "model.name", "terms": _models()},
        }
    if layout == MAX_FLOW and base in ("nodes", "arcs"):
        return {"name": name, "type": "number", "benchfmt": {"field": f"inputs.{base}"}}
    if base in VECTORS:
        vector = {"field": f"inputs.{VECTORS[base]}", "unit": word or "kW", "list": "numbers"}
        return {"name": name, "type": "string", "benchfmt": vector}
    if base in STATISTICS:
        return {
            "name": name,
            "type": "number",
            "benchfmt": {"field": f"inputs.{base}", "unit": STATISTICS[base]},
        }
    if base not in MEASURED:
        return None
    said = _unit(MEASURED[base], word)
    if said is None:
        odd.append(name)
        return None
    note = {**MEASURED[base], **said}
    if layout != MAX_FLOW and base in ("memavg", "mempeak"):
        note["stage"] = "solve"
    return {"name": name, "type": "number", "benchfmt": note}


def _unit(note: dict[str, Any], word: str | None) -> dict[str, Any] | None:
    """Return the unit of a column with its doubt, or None for one that its metric cannot have."""
    if word is None:
        return _INFERRED
    if note["metric"] == "energy" and word == "kW":
        # Codecarbon counts kWh: emissions divided by these numbers give the carbon intensity of a country in kg/kWh.
        return {"unit": "kW.h", "caveats": ["unit-corrected"]}
    known = find_unit(word)
    wanted = find_unit(note["unit"])
    if known is None or wanted is None or unit(known[0]).dimension != unit(wanted[0]).dimension:
        return None
    return {"unit": word}


def _mark_primary(layout: str, fields: list[dict[str, Any]]) -> None:
    """Mark the cost as the headline number, the time of what has no cost."""
    wanted = ("duration",) if layout == MAX_FLOW else ("cost", "duration")
    for metric in wanted:
        for field in fields:
            if field["benchfmt"].get("metric") == metric:
                field["benchfmt"]["primary"] = True
                return


def _models() -> dict[str, str]:
    return vocabulary().words("model", "energy-domain")


def _kernel_field(name: str) -> dict[str, Any]:
    notes: dict[str, dict[str, Any]] = {
        "time": {
            "metric": "duration",
            "unit": "s",
            "basis": "published",
            "primary": True,
            **_INFERRED,
        },
        "memory": {**_MEMORY, "basis": "published", **_INFERRED},
        "quality": {"metric": "transprecision:quality", "primary": True},
    }
    if name in notes:
        return {"name": name, "type": "number", "benchfmt": notes[name]}
    return {
        "name": name,
        "type": "integer",
        "benchfmt": {"field": f"configuration.hyperparameters.{name}"},
    }


def constants_of(
    layout: str, columns: list[str], name: Name, options: dict[str, str]
) -> dict[str, Any]:
    """Return what holds for every row of a table."""
    suite = SUITES.get(layout, "energy-domain")
    said: dict[str, Any] = {"benchmark.suite": suite}
    if options.get("version"):
        said["benchmark.suite_version"] = options["version"]
    if options.get("country"):
        said[f"extensions.{suite}.country"] = options["country"]
    if layout in (KERNEL, KERNEL_QUALITY):
        kernel = name.asset.lower()
        said |= {"benchmark.name": kernel, "model.name": kernel, "task": "numerical-kernel"}
        return {**said, "configuration.precision": "mixed"}
    if layout == MAX_FLOW:
        said |= {"benchmark.name": "max-flow", "task": "max-flow", "benchmark.phase": "solving"}
        return {**said, f"extensions.{suite}.asset": name.asset}
    if layout in (DISPATCH, BASELINE):
        solver = algorithm(layout, columns, name.asset)
        said |= {"task": "stochastic-optimisation", "benchmark.phase": "solving"}
        said |= {"model.name": solver} if solver else {}
        said |= {"benchmark.name": solver} if solver and layout == DISPATCH else {}
    return said


def system_of(platform: str | None) -> dict[str, str]:
    """Return the system that a word names: the vocabulary's where it is one, else its name."""
    if not platform:
        return {}
    known = {
        **vocabulary().words("system", "transprecision"),
        **vocabulary().words("system", "energy-domain"),
    }
    found = known.get(platform, platform)
    return (
        {"system.id": found} if found in vocabulary().terms("system") else {"system.name": platform}
    )
