"""The speed of one result of MLPerf Tiny: the rate of the performance run, and the counts of the streaming benchmark."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from statistics import median
from typing import Any

from benchfmt.converters.mlperf.tiny.files import Result
from benchfmt.converters.mlperf.tiny.layout import Role
from benchfmt.numbers import whole
from benchfmt.readers.energyrunner import Number, Results, Timed, Window
from benchfmt.readers.jsons import Digits
from benchfmt.record import given
from benchfmt.units import convert, exact

RATE = {"metric": "throughput", "statistic": "median", "stage": "inference", "per": "sample"}
_PRINTED: Role = ("performance", "results.txt")
_LOG: Role = ("performance", "log.txt")
_DISAGREE = Fraction(2, 1000)
"""How far the log's clock may be from the printed rate besides rounding; the same as between LoadGen's two logs."""


def speed(result: Result) -> list[dict[str, Any]]:
    """Return the rate of the performance run, or what the streaming benchmark has in its place."""
    found = [(role, result.texts[role]) for role in (_PRINTED, _LOG) if role in result.texts]
    for role, text in found:
        if "duty" in text.numbers:
            return stream(result, text, role, None)
    for role, text in found:
        if "rate" in text.numbers:
            return [_official_rate(result, text, role)]
    log = result.texts.get(_LOG)
    if log and log.timed:
        return [_timed_rate(result, log.timed)]
    windows = [window for _, text in found for window in text.performance.values() if window.rate]
    return [_window_rate(result, windows)] if windows else []


def _official_rate(result: Result, text: Results, role: Role) -> dict[str, Any]:
    """Return the median that the runner prints, with the rates of its windows."""
    number, log = text.numbers["rate"], result.texts.get(_LOG)
    windows = list(text.performance.values())
    logged = list(log.performance.values()) if log else []
    item = {
        **RATE,
        "value": float(number.text),
        "unit": "/s",
        "basis": "measured",
        "primary": True,
        "reported_value": number.text,
        "reported_unit": "/s",
        **result.at(role, number),
    }
    rates = rates_of(windows) or _json_rates(result) or rates_of(logged)
    if rates:
        item |= observed(rates, "1")
    _note_inferences(result, windows or logged)
    if any(window.met is False for window in windows):
        item["caveats"] = ["short-run"]
    if log and log.timed and not _agrees(number.text, median(timed.rate for timed in log.timed)):
        rate = float(median(timed.rate for timed in log.timed))
        result.notes.find(
            "BF701",
            result.notes.root(result.paths[role]),
            f"the median rate is {number.text} /s; the log's clock gives {rate:g} /s",
            "keep the files of one run together",
        )
        item["caveats"] = [*item.get("caveats", ()), "source-disagrees"]
    return possible(item)


def _timed_rate(result: Result, timed: list[Timed]) -> dict[str, Any]:
    """Return the rate by the log's clock, where nothing prints it."""
    rates = [float(each.rate) for each in timed]
    result.notes.extensions["inferences_per_window"] = _one_or_all(
        [each.inferences for each in timed]
    )
    return {
        **RATE,
        "value": float(median(each.rate for each in timed)),
        "unit": "/s",
        "basis": "derived",
        "primary": True,
        "n": len(rates),
        "samples": rates,
        **result.at(_LOG, Number("", timed[0].line)),
    }


def _window_rate(result: Result, windows: list[Window]) -> dict[str, Any]:
    """Return the median of printed windows, where the median itself is not printed."""
    _note_inferences(result, windows)
    rates = [float(text) for text in rates_of(windows)]
    item = {
        **RATE,
        "value": float(median(rates)),
        "unit": "/s",
        "basis": "derived",
        "primary": True,
    }
    return possible({**item, "n": len(rates), "samples": rates})


def _note_inferences(result: Result, windows: list[Window]) -> None:
    numbers = [window.inferences.text for window in windows if window.inferences]
    counts = [found for text in numbers if (found := whole(text)) is not None]
    if counts:
        result.notes.extensions["inferences_per_window"] = _one_or_all(counts)


def _one_or_all(counts: list[int]) -> int | list[int]:
    return counts[0] if len(set(counts)) == 1 else counts


def _json_rates(result: Result) -> list[str]:
    """Return the rates that results.json of v1.3 holds."""
    data = result.json(("performance", "results.json"))
    inferred = [item.get("infer") for item in data if isinstance(item, dict)]
    rates = [infer.get("throughput") for infer in inferred if isinstance(infer, dict)]
    return (
        [str(rate) for rate in rates]
        if rates and all(isinstance(rate, Digits) for rate in rates)
        else []
    )


def _agrees(official: str, other: Fraction) -> bool:
    """Say whether a printed rate is that of the log's clock, but for its rounding and the clock's resolution."""
    number = exact(official) or Fraction(0)
    half = Fraction(1, 2 * 10 ** len(official.partition(".")[2]))
    return abs(number - other) <= half + _DISAGREE * abs(other)


def rates_of(windows: Iterable[Window]) -> list[str]:
    """Return the rates of all windows, nothing where one of them has none."""
    numbers = [window.rate for window in windows]
    return [number.text for number in numbers if number] if all(numbers) else []


def observed(texts: list[str], unit: str) -> dict[str, Any]:
    """Return n and samples of the windows, of which the printed median is rounded."""
    return {
        "n": len(texts),
        "samples": [convert(text, unit, "J" if unit != "1" else "1") for text in texts],
    }


def possible(item: dict[str, Any]) -> dict[str, Any]:
    """Return a measurement, or why its number is none: nothing runs at no rate and on no energy, or on less.

    A zero is below the resolution of the source; less than that is a reading of a meter which cannot be an energy.
    """
    value = item.get("value")
    if value is None or value > 0:
        return item
    of_a_number = ("value", "unit", "basis", "n", "samples", "caveats")
    left = {key: kept for key, kept in item.items() if key not in of_a_number}
    return {**left, "missing": "below-resolution" if value == 0 else "invalid-in-source"}


def stream(result: Result, text: Results, role: Role, scope: str | None) -> list[dict[str, Any]]:
    """Return duty cycle, estimated rate and counts of a run of the streaming wake word over the whole stream."""
    items = []
    duty, rate = text.numbers["duty"], text.numbers.get("stream-rate")
    items.append(
        possible(
            given(
                metric="mlperf:duty-cycle",
                scope=scope,
                value=float(duty.text),
                unit="1",
                basis="measured",
                primary=True if scope is None else None,
                reported_value=duty.text,
                **result.at(role, duty),
            )
        )
    )
    if rate:
        items.append(
            possible(
                given(
                    metric="throughput",
                    stage="inference",
                    per="sample",
                    scope=scope,
                    value=float(rate.text),
                    unit="/s",
                    basis="derived",
                    reported_value=rate.text,
                    reported_unit="/s",
                    **result.at(role, rate),
                )
            )
        )
    if "period" in text.numbers:
        key = "period_seconds" if scope is None else "energy_run_period_seconds"
        result.notes.extensions[key] = text.numbers["period"].text
    for name in ("true-positives", "false-negatives", "false-positives"):
        count = text.numbers.get(name)
        if count:
            items.append(
                given(
                    metric=name,
                    scope=scope,
                    value=float(count.text),
                    unit="1",
                    basis="measured",
                    reported_value=count.text,
                    **result.at(role, count),
                )
            )
    return items
