"""What numbers say against a reading: too great for a unit, a fraction above 1, what is installed and not what is used."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from benchfmt.headers.cells import Cells
from benchfmt.headers.meaning import Measured, Open
from benchfmt.units import UnitError, conversion
from benchfmt.vocabulary import Metric

_HOURS = 3_600
_PERCENT_ABOVE = 1.5
"""An error rate of more than 1.5 on the median is taken for percent: more than one and a half errors a word are rare."""
_UNSURE_ABOVE = {
    "word-error-rate": 0.5,
    "character-error-rate": 0.5,
    "equal-error-rate": 0.1,
    "coefficient-of-variation": 0.5,
    "utilization": 0.0,
    "memory-utilization": 0.0,
}
"""Small percents and great fractions look alike: above this a number may be either where nothing is written."""
_MIXED_ABOVE = 20
"""A percent above this does not stand among numbers most of which are at most 1 percent."""
_BITS = frozenset({2.0, 4.0, 8.0, 16.0, 32.0, 64.0})
_SIZES = frozenset(
    {1, 2, 3, 4, 6, 8, 10, 11, 12, 16, 18, 20, 22, 24, 32, 36, 40, 46, 48, 64, 80, 94, 96, 112, 120}
    | {128, 141, 144, 160, 180, 192, 256, 288, 320, 384, 512, 640, 768, 1024, 1536, 2048}
)
"""What memory is sold in, in GB."""
_MEMORY_IN = {"GBy": 1, "GiBy": 1, "MBy": 1024, "MiBy": 1024}
_INSTALLED = frozenset({"memory", "mem", "ram", "vram", "speicher", "mémoire", "显存"})
"""The words for memory that do not say whether it is used."""
_WARM = 2
"""No sensor shows less, and no model samples at more."""
_SLOW = 1_000_000
"""Hertz below which nothing is the clock of a processor."""


def impossible(metric: Metric, code: str | None, cells: Cells) -> str | None:
    """Return why numbers cannot be of a metric in a unit; None where they can."""
    least, middle = cells.least, cells.middle
    if least is None or middle is None:
        return None
    if metric.minimum == 0 and least < 0:
        return f"{least:g} is below what a {metric.id} can be"
    if metric.maximum in (None, 1, 100):
        return None
    amount = _in_unit_of(metric, code, middle)
    if amount is None or amount <= metric.maximum:
        return None
    if metric.unit == "s":
        return "points in time rather than times"
    return f"{middle:g} {code or ''} is more than a {metric.id} can be"


def _in_unit_of(metric: Metric, code: str | None, number: float) -> float | None:
    """Return a number in the unit of its metric; None where the units do not measure the same."""
    if code is None or metric.unit is None:
        return number
    try:
        return conversion(code, metric.unit).apply(Fraction(number))
    except (UnitError, OverflowError):
        return None


def mistaken(found: Measured, code: str | None, phrase: str, cells: Cells) -> str | None:
    """Return what else numbers look like than the measurement that a header names; None for nothing."""
    greatest = cells.greatest
    if greatest is None:
        return None
    is_bare = code is None and found.scope is None
    is_small = code is None and greatest <= 1
    if found.metric == "temperature" and is_bare and greatest <= _WARM:
        return "of a sensor, or of sampling"
    if found.metric == "memory-utilization" and found.scope == "gpu" and is_small:
        return "the share of memory that an engine may take, or that was used"
    if found.metric == "clock-rate" and code == "Hz" and greatest < _SLOW:
        return "how often something ran, or the clock of a processor"
    if found.metric == "precision" and {*cells.numbers} <= _BITS:
        return "bits of a number, or a share of right answers"
    if phrase == "epochs" and all(number % 5 == 0 for number in cells.numbers):
        return "how many epochs were asked for, or needed"
    is_said = found.statistic is not None or found.stage is not None
    if phrase in _INSTALLED and not is_said and _is_capacity(code, cells):
        return "the memory that there is, or all that is used"
    return None


def _is_capacity(code: str | None, cells: Cells) -> bool:
    """Say whether all numbers are sizes that memory is sold in."""
    divisor = _MEMORY_IN.get(code or "")
    if divisor is None:
        return False
    return all(number / divisor in _SIZES for number in cells.numbers)


def share(found: Measured, metric: Metric, code: str | None, cells: Cells) -> Measured | Open:
    """Return a number of unit 1 with its unit: a fraction, or a percent where the header or a cell shows it."""
    greatest = cells.greatest
    if code == "%":
        return _percent(found, metric, greatest)
    if code not in (None, "1"):
        return Open(f"{code} is no unit of a {found.metric}: say a fraction or percent")
    if greatest is None:
        return found
    if code == "1" and metric.maximum == 1 and greatest > 1:
        return Open(f"it says a fraction, and {greatest:g} is more than that")
    if metric.maximum == 1 and greatest > 1:
        return _above_one(found, greatest, cells)
    if metric.maximum == 100 and (cells.middle or 0) > _PERCENT_ABOVE:
        doubt = f"{cells.middle:g} on the median is taken for percent"
        return replace(found, unit="%").but(doubt)
    if metric.maximum in (1, 100) and greatest == 0:
        return found
    unsure = _UNSURE_ABOVE.get(found.metric)
    if code is None and unsure is not None and greatest > unsure:
        return found.but(f"{greatest:g} may be a fraction or a percent")
    return replace(found, unit="1")


def _percent(found: Measured, metric: Metric, greatest: float | None) -> Measured:
    percent = replace(found, unit="%")
    if metric.maximum != 1 or greatest is None or not 0 < greatest <= 1:
        return percent
    return percent.but(f"it says percent, and no number is above 1 (the greatest is {greatest:g})")


def _above_one(found: Measured, greatest: float, cells: Cells) -> Measured | Open:
    """Return a fraction whose numbers are above 1 as a percent, with a doubt."""
    if greatest > 100:
        return Open(f"{greatest:g} is no {found.metric}, neither as a fraction nor in percent")
    small = [number for number in cells.numbers if 0 < number <= 1]
    is_share = found.metric in _UNSURE_ABOVE
    if greatest > _MIXED_ABOVE and 2 * len(small) > len(cells.numbers) and not is_share:
        return Open(f"most numbers are fractions, and {greatest:g} is none")
    return replace(found, unit="%").but(
        f"{greatest:g} is more than a fraction can be: taken for percent"
    )


def doubted(found: Measured, cells: Cells) -> Measured:
    """Return a measurement with a doubt where its numbers are odd for what they are said to be."""
    middle = cells.middle
    if found.metric != "latency" or middle is None:
        return found
    seconds = middle * {"h": 3_600, "min": 60, "s": 1}.get(found.unit or "", 0)
    if seconds <= _HOURS:
        return found
    return found.but(f"a latency of {middle:g} {found.unit} is more than an hour")
