"""What the columns of the family's tables are, by their names in lower case without a unit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from benchfmt.annotation import FieldAnnotation

_HEADER = re.compile(r"^(?P<base>.*?)\s*\((?P<unit>[^()]*)\)$")


def _memory(statistic: str, scope: str) -> FieldAnnotation:
    return FieldAnnotation(metric="memory", statistic=statistic, scope=scope, unit="MBy")


def _energy(scope: str, basis: str, zero: str) -> FieldAnnotation:
    return FieldAnnotation(
        metric="energy",
        stage="whole-run",
        unit="kW.h",
        scope=scope,
        basis=basis,
        missing={"0": zero},
    )


MEASURED = {
    "sol": FieldAnnotation(metric="cost", unit="keuro", basis="published"),
    "time": FieldAnnotation(metric="duration", stage="solve", per="instance", unit="s"),
    "memavg": _memory("mean", "process"),
    "mempeak": _memory("max", "process"),
    "gpuavg": _memory("mean", "gpu"),
    "gpupeak": _memory("max", "gpu"),
    # Codecarbon multiplies energy by the carbon intensity of a place that it looks up.
    "co2e": FieldAnnotation(metric="emissions", stage="whole-run", unit="kg", basis="estimated"),
    "co2erate": FieldAnnotation(
        metric="emissions-rate", stage="whole-run", unit="kg/s", basis="estimated"
    ),
    # Of the processor and the memory it knows a rating and a load; only GPUs are read from a sensor.
    "cpuenergy": _energy("cpu", "estimated", "below-resolution"),
    "gpuenergy": _energy("gpu", "measured", "not-measured"),
    "ramenergy": _energy("memory", "estimated", "below-resolution"),
    "totenergy": _energy("node", "estimated", "below-resolution"),
}
"""What the tables measure."""
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


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's name as the family knows it, in lower case, and the unit that it writes."""

    base: str
    unit: str | None


def heading(column: str) -> Heading:
    """Return what a column's name says."""
    match = _HEADER.match(column)
    base, unit = column, None
    if match is not None:
        base, unit = match["base"], match["unit"].strip()
    lower = base.strip().lower()
    return Heading(ALIASES.get(lower, lower), unit)


def by_base(columns: Iterable[str]) -> dict[str, str]:
    """Return columns by their names as the family knows them."""
    return {heading(name).base: name for name in columns}


def vectors(columns: Iterable[str]) -> dict[str, str]:
    """Return the columns that hold vectors of an instance: `PV` and `Load`, each with its column."""
    named = by_base(columns)
    return {VECTORS[base]: name for base, name in named.items() if base in VECTORS}
