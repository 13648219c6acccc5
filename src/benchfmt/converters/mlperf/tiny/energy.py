"""The energy run of one result of MLPerf Tiny: what an inference costs, the power, and the speed that the run had."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchfmt.converters.mlperf.tiny.files import Result
from benchfmt.converters.mlperf.tiny.layout import Role
from benchfmt.converters.mlperf.tiny.speed import RATE, observed, possible, rates_of, stream
from benchfmt.readers.energyrunner import Number, Results, Window
from benchfmt.units import convert

_SCOPE = "run:energy"


def energy(result: Result) -> list[dict[str, Any]]:
    """Return energy and power of the energy run, and the speed that it had."""
    own: list[Role] = [("energy", "results.txt"), ("energy", "log.txt")]
    for role in [*own, *result.texts]:  # one file may hold the runs of several modes
        text = result.texts.get(role)
        if text and ("energy" in text.numbers or text.energy):
            return _energy_of(result, text, role)
    return []


def _energy_of(result: Result, text: Results, role: Role) -> list[dict[str, Any]]:
    windows = list(text.energy.values())
    number = text.numbers.get("energy")
    streaming = "duty" in text.numbers
    items = [_cost(result, number, windows, role, streaming=streaming)] if number else []
    items += _power(result, windows, role, streaming=streaming)
    if streaming:
        return items + stream(result, text, role, _SCOPE)
    rate = text.numbers.get("rate")
    if rate:
        item = {
            **RATE,
            "scope": _SCOPE,
            "value": float(rate.text),
            "unit": "/s",
            "basis": "measured",
            "reported_value": rate.text,
            "reported_unit": "/s",
            **result.at(role, rate),
        }
        rates = rates_of(text.performance.values())
        items.append(possible({**item, **observed(rates, "1")} if rates else item))
    return items


def _cost(
    result: Result, number: Number, windows: list[Window], role: Role, *, streaming: bool
) -> dict[str, Any]:
    """Return the energy of an inference; the streaming benchmark's one "inference" is the whole stream."""
    unit = str(number.unit)
    item = {
        "metric": "energy",
        "statistic": "single" if streaming else "median",
        "scope": "board",
        **({"stage": "whole-run"} if streaming else {"stage": "inference", "per": "sample"}),
        "value": convert(number.text, unit, "J"),
        "unit": "J",
        "basis": "measured",
        "reported_value": number.text,
        "reported_unit": unit,
        **result.at(role, number),
    }
    costs = [
        w.per_inference.text for w in windows if w.per_inference and w.per_inference.unit == unit
    ]
    if costs and not streaming and len(costs) == len(windows):
        item |= observed(costs, unit)
    return possible(item)


def _power(
    result: Result, windows: list[Window], role: Role, *, streaming: bool
) -> list[dict[str, Any]]:
    """Return the median power of the windows, in a list; empty where none has one."""
    powers = [(window.power.text, str(window.power.unit)) for window in windows if window.power]
    if not powers:
        return []
    values = [value for text, unit in powers if (value := convert(text, unit, "W")) is not None]
    single = {
        "statistic": "single",
        "basis": "measured",
        "reported_value": powers[0][0],
        "reported_unit": powers[0][1],
    }
    several = {"statistic": "median", "basis": "derived", "n": len(values), "samples": values}
    return [
        possible(
            {
                "metric": "power",
                "stage": "whole-run" if streaming else "inference",
                "scope": "board",
                **(single if len(values) == 1 else several),
                "value": float(median(values)),
                "unit": "W",
                "source_path": result.notes.root(result.paths[role]),
            }
        )
    ]
