"""The checkpoints of one result of MLPerf Storage: how fast they are saved and loaded, and what a GB of them is."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from benchfmt.converters.mlperf.storage.files import Result
from benchfmt.converters.mlperf.storage.values import digits
from benchfmt.readers.jsons import Digits
from benchfmt.record import given
from benchfmt.units import convert, exact

_STAGES = (("save", "checkpoint-save"), ("load", "checkpoint-load"))
"""The word of the summaries' keys, and the stage."""


def checkpoints(result: Result) -> list[dict[str, Any]]:
    """Return rates and times of saving and loading checkpoints; one call may do both, or each one."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path, data in result.summaries:
        metric = data["metric"]
        name = result.notes.root(path)
        where = {} if name == result.path else {"source_path": name}
        for word, stage in _STAGES:
            for item in (_rate(metric, word), _time(metric, word)):
                if item:
                    found.setdefault(
                        (stage, item["metric"]),
                        {**item, "statistic": "mean", "stage": stage, **where},
                    )
    return list(found.values())


def _rate(metric: Mapping[str, Any], word: str) -> dict[str, Any] | None:
    unit = _unit(digits(metric.get("checkpoint_size_GB")))
    rate = digits(metric.get(f"{word}_checkpoint_io_mean_GB_per_second"))
    spread = digits(metric.get(f"{word}_checkpoint_io_stdev_GB_per_second"))
    value = convert(rate, f"{unit}/s", "By/s") if rate else None
    if value is None:
        return None
    return given(
        metric="io-throughput",
        value=value,
        unit="By/s",
        basis="measured",
        stddev=convert(spread, f"{unit}/s", "By/s") if spread else None,
        reported_value=str(rate),
        reported_unit=f"{unit}/s",
        caveats=["unit-corrected"] if unit == "GiBy" else None,
    )


def _time(metric: Mapping[str, Any], word: str) -> dict[str, Any] | None:
    time = digits(metric.get(f"{word}_checkpoint_duration_mean_seconds"))
    spread = digits(metric.get(f"{word}_checkpoint_duration_stdev_seconds"))
    seconds = convert(time, "s", "s") if time else None
    if seconds is None:
        return None
    return given(
        metric="duration",
        value=seconds,
        unit="s",
        basis="measured",
        stddev=convert(spread, "s", "s") if spread else None,
        reported_value=str(time),
        reported_unit="s",
    )


def _unit(size: Digits | None) -> str:
    """Return what GB is in a summary: of the two, that in which the checkpoint is a whole number of bytes."""
    number = exact(size) if size else None
    if number is None:
        return "GBy"
    binary, decimal = number * 2**30, number * 10**9
    # The double has 16 digits, which leaves a thousandth of a byte for sizes up to a terabyte.
    near = abs(binary - round(binary)) < Fraction(1, 1000) <= abs(decimal - round(decimal))
    return "GiBy" if near else "GBy"
