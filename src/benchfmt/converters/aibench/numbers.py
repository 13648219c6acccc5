"""Numbers that are calculated from what logs and tables print, no digit lost, and the targets of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Unpack

from benchfmt.converters.draft import Draft, DraftError, Key, Number
from benchfmt.numbers import exact
from benchfmt.vocabulary import vocabulary


def number_of(text: str) -> Fraction:
    """Return the exact number that a text writes; raises DraftError if it is not one."""
    number = exact(text)
    if number is None:
        raise DraftError(f"{text!r} is not a number")
    return number


def add_mean(
    draft: Draft, metric: str, numbers: Sequence[Fraction | None], **key: Unpack[Key]
) -> Number:
    """Add the mean of numbers in the metric's unit; what is None did not count, and stays among the samples."""
    counted = [number for number in numbers if number is not None]
    mean = sum(counted, Fraction(0)) / len(counted)
    number = draft.derive(metric, mean, **key)
    number.statistic = "mean"
    number.n = len(numbers)
    number.samples = [_sample(item) for item in numbers]
    return number


def set_target(number: Number, target: float) -> None:
    """Say what the rules ask of a number: at most this where lower is better, else at least this."""
    metric = vocabulary().metrics.get(number.metric)
    if metric and metric.direction == "lower":
        number.target_max = target
    else:
        number.target_min = target


def _sample(number: Fraction | None) -> float | None:
    if number is None:
        return None
    return float(number)
