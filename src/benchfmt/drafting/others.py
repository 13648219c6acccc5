"""What else a column could be than what it is taken for."""

from __future__ import annotations

from benchfmt.headers import Column, Measured
from benchfmt.headers.cells import Cells
from benchfmt.headers.grammar import metric_named
from benchfmt.units import UnitError, conversion

_METRICS = {
    "accuracy": ("top-5-accuracy", "balanced-accuracy"),
    "auroc": ("average-precision",),
    "average-precision": ("map", "precision"),
    "duration": ("latency", "time-to-train", "cpu-time"),
    "energy": ("dynamic-energy", "power"),
    "eval-loss": ("log-loss",),
    "f1": ("macro-f1", "micro-f1"),
    "latency": ("duration", "ttft", "tpot"),
    "log-loss": ("eval-loss", "perplexity"),
    "map": ("map-50", "average-precision"),
    "memory": ("model.size_bytes",),
    "power": ("energy",),
    "precision": ("average-precision", "configuration.precision"),
    "throughput": ("request-rate", "flop-rate"),
    "utilization": ("memory-utilization",),
}
"""For each metric those that people write under the same names."""
_UNITS = (
    *("ms", "us", "s", "min", "h", "1", "%", "MBy", "MiBy", "GBy", "GiBy", "W", "mW"),
    *("J", "mJ", "W.h", "kW.h", "kg", "g", "/s", "/min", "10*3/s", "By/s", "MBy/s", "GBy/s"),
    *("Hz", "MHz", "GHz", "Cel", "K", "/J", "dB"),
)
"""The units that tables use, the likeliest of each quantity first."""


_FIELDS = {
    "configuration.placement": ("system.name",),
    "software.engine": ("configuration.placement",),
    "system.name": ("system.accelerator.name", "system.processor.name"),
}
"""For each field those that people write under the same names."""


def other_fields(path: str) -> tuple[str, ...]:
    """Return what a column may be as well that was taken for a field."""
    return _FIELDS.get(path, ())


def other_metrics(metric: str) -> tuple[str, ...]:
    """Return what a column may be as well that was taken for a metric."""
    return _METRICS.get(metric, ())


def other_units(metric: str, unit: str) -> tuple[str, ...]:
    """Return the units in which numbers of a metric may be as well."""
    wanted = metric_named(metric).unit or "1"
    return tuple(code for code in _UNITS if code != unit and _fits(code, wanted))


def others_of_doubt(column: Column, meaning: Measured) -> tuple[str, ...]:
    """Return what else a column could be about which there is a doubt."""
    others = other_metrics(meaning.metric)
    greatest = Cells.of(column).greatest or 0.0
    most = metric_named(meaning.metric).maximum
    if meaning.unit == "%" and (most is None or greatest <= most):
        others = ("fractions, in 1", *others)
    return others


def _fits(code: str, wanted: str) -> bool:
    if wanted in ("target", "currency", "[undocumented]"):
        return False
    try:
        conversion(code, wanted)
    except UnitError:
        return False
    return True
