"""The energy run of one result of MLPerf Tiny: what an inference costs, the power, and the speed that the run had."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchfmt.converters.draft import Key, Number
from benchfmt.converters.mlperf.tiny.files import Result
from benchfmt.converters.mlperf.tiny.layout import Role
from benchfmt.converters.mlperf.tiny.speed import (
    RATE,
    add_stream,
    observe,
    rates_of,
    withdraw_impossible,
)
from benchfmt.readers.energyrunner import Reading, Results, Window
from benchfmt.units import convert

_SCOPE = "run:energy"
_BOARD = "board"
_OF_INFERENCE: Key = {"stage": "inference", "statistic": "median", "per": "sample"}
_OF_STREAM: Key = {"stage": "whole-run", "statistic": "single"}
"""The streaming benchmark's one "inference" is the whole stream."""


def add_energy(result: Result) -> None:
    """Add energy and power of the energy run, and the speed that it had."""
    own: list[Role] = [("energy", "results.txt"), ("energy", "log.txt")]
    for role in [*own, *result.texts]:  # one file may hold the runs of several modes
        text = result.texts.get(role)
        if text and ("energy" in text.numbers or text.energy):
            _add_energy_of(result, text, role)
            return


def _add_energy_of(result: Result, text: Results, role: Role) -> None:
    windows = list(text.energy.values())
    streaming = "duty" in text.numbers
    cost = text.numbers.get("energy")
    if cost and streaming:
        withdraw_impossible(_cost(result, cost, role, _OF_STREAM))
    elif cost:
        number = _cost(result, cost, role, _OF_INFERENCE)
        observe(number, _costs(windows, str(cost.unit)), str(cost.unit))
        withdraw_impossible(number)
    if any(window.power for window in windows):
        number = _power(result, windows)
        number.stage = _OF_INFERENCE["stage"]
        if streaming:
            number.stage = _OF_STREAM["stage"]
        number.scope = _BOARD
        number.source_path = result.draft.root(result.paths[role])
        withdraw_impossible(number)
    if streaming:
        add_stream(result, text, role, _SCOPE)
    elif "rate" in text.numbers:
        number = result.read("throughput", text.numbers["rate"], "/s", role, **RATE)
        number.scope = _SCOPE
        observe(number, rates_of(text.performance.values()), "/s")
        withdraw_impossible(number)


def _cost(result: Result, cost: Reading, role: Role, key: Key) -> Number:
    """Add the energy of an inference, or of the whole stream."""
    number = result.read("energy", cost, str(cost.unit), role, **key)
    number.scope = _BOARD
    return number


def _costs(windows: Sequence[Window], unit: str) -> list[str]:
    """Return the energy of an inference in all windows, nothing where one of them has none in this unit."""
    costs = [window.per_inference for window in windows]
    texts = [cost.text for cost in costs if cost is not None and cost.unit == unit]
    if len(texts) < len(windows):
        return []
    return texts


def _power(result: Result, windows: Sequence[Window]) -> Number:
    """Add the median power of the windows, of which one at least has one."""
    readings = [window.power for window in windows if window.power]
    if len(readings) == 1:
        unit = str(readings[0].unit)
        number = result.draft.measure("power", readings[0].text, unit, statistic="single")
        number.reported_unit = unit
        return number
    powers = [convert(reading.text, str(reading.unit), "W") for reading in readings]
    watts = [power for power in powers if power is not None]
    number = result.draft.derive("power", median(watts), statistic="median")
    number.n = len(watts)
    number.samples = watts
    return number
