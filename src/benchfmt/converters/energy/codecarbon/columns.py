"""What CodeCarbon's columns mean, in every version: read in all releases of mlco2/codecarbon up to 3.3.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.annotation import FieldAnnotation, Rule
from benchfmt.converters.energy.columns import MEASURED
from benchfmt.descriptor import TableField
from benchfmt.readers.cells import free_name

ODD = "odd"
IS_SUM = "sum"
MAYBE = "maybe"
_MEANS = "cpu_utilization_percent"
"""A column of 3.2.1 and later, since when the powers are means; before they are the last that was read."""
_UNMEASURED = {"0": "not-measured"}


@dataclass(frozen=True, slots=True)
class Marks:
    """Columns that are worked out: rows whose rate is in another unit, that sum up tasks, and that may be a part of a run."""

    rate: str
    sum: str
    doubt: str

    @classmethod
    def beside(cls, header: Sequence[str]) -> Marks:
        """Return their names, which are none of the header's."""
        return cls(*(free_name(name, header) for name in ("#rate", "#sum", "#doubt")))

    @property
    def names(self) -> tuple[str, str, str]:
        """Their names, in order."""
        return (self.rate, self.sum, self.doubt)


def _power(scope: str, basis: str) -> FieldAnnotation:
    return FieldAnnotation(
        metric="power",
        stage="whole-run",
        scope=scope,
        unit="W",
        basis=basis,
        missing=_UNMEASURED,
    )


def _utilization(metric: str, scope: str, missing: dict[str, str]) -> FieldAnnotation:
    return FieldAnnotation(
        metric=metric,
        statistic="mean",
        stage="whole-run",
        scope=scope,
        unit="%",
        missing=missing,
    )


_POWERS = {
    "cpu_power": _power("cpu", "estimated"),
    "gpu_power": _power("gpu", "measured"),
    "ram_power": _power("memory", "estimated"),
}
_FIELDS = {
    "timestamp": FieldAnnotation(field="provenance.measured_at"),
    "project_name": FieldAnnotation(field="benchmark.name"),
    "run_id": FieldAnnotation(field="provenance.execution"),
    "task_name": FieldAnnotation(field="configuration.hyperparameters.task_name"),
    "os": FieldAnnotation(field="system.operating_system"),
    "cpu_model": FieldAnnotation(field="system.processor.name"),
    "gpu_model": FieldAnnotation(field="system.accelerator.name"),
    "python_version": FieldAnnotation(field="software.stack.python"),
    "codecarbon_version": FieldAnnotation(field="software.stack.codecarbon"),
    "duration": FieldAnnotation(metric="duration", stage="whole-run", unit="s"),
    "emissions": MEASURED["co2e"].model_copy(update={"missing": {"0": "below-resolution"}}),
    "emissions_rate": MEASURED["co2erate"],
    **_POWERS,
    "cpu_energy": MEASURED["cpuenergy"],
    "gpu_energy": MEASURED["gpuenergy"],
    "ram_energy": MEASURED["ramenergy"],
    "energy_consumed": MEASURED["totenergy"],
    # The first reading of a processor is 0, and files of tasks say 0 of everything: a program that runs uses some of both.
    "cpu_utilization_percent": _utilization("utilization", "cpu", _UNMEASURED),
    "gpu_utilization_percent": _utilization("utilization", "gpu", {}),
    "ram_utilization_percent": _utilization("memory-utilization", "node", _UNMEASURED),
}


def fields_of(header: Sequence[str], rate_unit: str) -> list[TableField]:
    """Return what the columns under a header are; `rate_unit` is that of `emissions_rate`."""
    fields = [
        TableField(name=name, benchfmt=_field(name, header, rate_unit))
        for name in header
        if name in _FIELDS
    ]
    ignored = FieldAnnotation(ignore=True)
    marks = [TableField(name=name, benchfmt=ignored) for name in Marks.beside(header).names]
    return fields + marks


def _field(name: str, header: Sequence[str], rate_unit: str) -> FieldAnnotation:
    changes: dict[str, JsonValue] = {}
    if name in _POWERS:
        changes["statistic"] = "single"
        if _MEANS in header:
            changes["statistic"] = "mean"
    if name == "emissions_rate":
        changes["unit"] = rate_unit
    if name == _primary(header):
        changes["primary"] = True
    return _FIELDS[name].model_copy(update=changes)


def _primary(header: Sequence[str]) -> str:
    if "emissions" in header:
        return "emissions"
    return "energy_consumed"


def rules_of(header: Sequence[str]) -> list[Rule]:
    """Return what holds for the rows under a header that are marked."""
    measured = [name for name in header if name in _FIELDS and _FIELDS[name].metric]
    wrong = [name for name in ("duration", "emissions_rate", *_POWERS) if name in header]
    marks = Marks.beside(header)
    detail = "no run_id: it may be a running total of a later row"
    rules = [
        Rule(when={marks.sum: IS_SUM}, missing=dict.fromkeys(wrong, "invalid-in-source")),
        Rule(
            when={marks.doubt: MAYBE},
            set={"status": "incomplete", "status_detail": detail},
            caveats={name: ["partial-run"] for name in measured},
        ),
    ]
    if "emissions_rate" in header:
        rules.append(Rule(when={marks.rate: ODD}, missing={"emissions_rate": "invalid-in-source"}))
    utilization = "gpu_utilization_percent"
    if {"gpu_count", utilization} <= set(header):
        without = Rule(
            when={"gpu_count": ["", "0", "0.0"], utilization: 0},
            missing={utilization: "not-measured"},
        )
        rules.append(without)
    return rules
