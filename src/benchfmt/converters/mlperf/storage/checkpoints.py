"""The checkpoints of one result of MLPerf Storage: how fast they are saved and loaded, and what a GB of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from pydantic import JsonValue

from benchfmt.converters.draft import Number, measured
from benchfmt.converters.mlperf.storage.files import Result
from benchfmt.converters.mlperf.storage.values import as_object, digits
from benchfmt.readers.jsons import Digits
from benchfmt.units import convert, exact

_STAGES = (("save", "checkpoint-save"), ("load", "checkpoint-load"))
"""The word of the summaries' keys, and the stage."""


def add_checkpoints(result: Result) -> None:
    """Add rates and times of saving and loading checkpoints; one call may do both, or each one."""
    known = set()
    for path, summary in result.summaries:
        for number in _numbers(as_object(summary["metric"])):
            if number.key in known:
                continue
            known.add(number.key)
            if path != result.unit.path:
                number.source_path = result.draft.root(path)
            result.draft.add(number)


def _numbers(metric: Mapping[str, JsonValue]) -> Iterator[Number]:
    """Yield the numbers that a summary has."""
    unit = _unit(digits(metric.get("checkpoint_size_GB")))
    for word, stage in _STAGES:
        rate = _mean(
            metric, f"{word}_checkpoint_io_{{}}_GB_per_second", "io-throughput", f"{unit}/s"
        )
        time = _mean(metric, f"{word}_checkpoint_duration_{{}}_seconds", "duration", "s")
        if rate and unit == "GiBy":
            rate.caveats = ["unit-corrected"]
        for number in (rate, time):
            if number:
                number.stage = stage
                yield number


def _mean(metric: Mapping[str, JsonValue], keys: str, name: str, unit: str) -> Number | None:
    """Return a mean with its deviation; `keys` is the name of both in the summary, with `{}` for `mean` and `stdev`."""
    text = digits(metric.get(keys.format("mean")))
    if text is None:
        return None
    number = measured(name, str(text), unit, statistic="mean")
    number.reported_unit = unit
    spread = digits(metric.get(keys.format("stdev")))
    if spread:
        number.stddev = convert(spread, unit, number.unit or unit)
    return number


def _unit(size: Digits | None) -> str:
    """Return what GB is in a summary: of the two, that in which the checkpoint is a whole number of bytes."""
    gigabytes = exact(size or "")
    if gigabytes is None:
        return "GBy"
    binary = gigabytes * 2**30
    decimal = gigabytes * 10**9
    # The double has 16 digits, which leaves a thousandth of a byte for sizes up to a terabyte.
    if _is_whole(binary) and not _is_whole(decimal):
        return "GiBy"
    return "GBy"


def _is_whole(size: Fraction) -> bool:
    return abs(size - round(size)) < Fraction(1, 1000)
