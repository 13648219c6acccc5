"""The accuracy of a result of the MLPerf Mobile app."""

from __future__ import annotations

import re

from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.values import Block
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_mobile as rules
from benchfmt.units import convert, exact

_METRIC_UNITS = {"psnr": "dB"}
_POOLED = {"psnr": "mean"}
"""The statistic of a metric that is not taken of all samples together."""


def add_accuracies(result: Result, round_id: str | None, samples: int | None) -> None:
    """Add the accuracy with the target of the closed division and the number of samples that were judged.

    The accuracy of a performance run has no truth to compare with: 0 there says nothing and is left out.
    """
    entry = result.entry
    own = _score(result, entry.accuracy.block("accuracy"))
    if own:
        result.draft.add(own)
        if own.value is not None:
            own.n = samples
            own.target_min = _target(result, round_id, own)
    other = _score(result, entry.performance.block("accuracy"))
    if other and other.value is not None:
        other.scope = "run:performance"
        result.draft.add(other)
    result.keep("accuracy", entry.accuracy.kept("accuracy"))
    # What the second accuracy is, no source says.
    result.keep("accuracy2", entry.accuracy.kept("accuracy2"))
    result.keep("performance_accuracy2", entry.performance.kept("accuracy2"))


def _target(result: Result, round_id: str | None, number: Number) -> float | None:
    target = rules.target_min(result.name, round_id)
    if target is None or number.unit is None or result.division != "closed":
        return None
    value, unit = target
    return convert(value, unit, number.unit)


def _score(result: Result, block: Block) -> Number | None:
    """Return an accuracy by its text, the only place of its unit; None where the text says none that is known."""
    if not block:
        return None
    text = block.get("formatted", block.get("string"))
    if not isinstance(text, str) or isinstance(text, Digits):
        message = (
            "an accuracy without the text that alone says its unit: it stays in the extensions"
        )
        result.draft.report("BF706", message, hint="give the app's formatted text")
        return None
    metric = None
    if result.benchmark:
        metric = result.benchmark.metric
    for form in rules.forms(metric):
        match = re.fullmatch(form.pattern, text.strip())
        if match and exact(match["number"]) is not None:
            return _number(result, block, form, match["number"])
    if text.strip().upper() != "N/A":
        message = (
            f"{text!r} has no accuracy that is known for this benchmark: it stays in the extensions"
        )
        result.draft.report("BF706", message)
        return None
    if metric is None:
        return None
    number = _new(metric, text)
    number.missing = "no-dataset"
    return number


def _new(metric: str, reported: str) -> Number:
    statistic = _POOLED.get(metric, "pooled")
    return Number(metric=metric, statistic=statistic, reported_value=reported)


def _number(result: Result, block: Block, form: rules.Form, digits: str) -> Number:
    number = _new(form.metric, digits)
    if form.unit != "1":
        number.reported_unit = form.unit
    unit = _METRIC_UNITS.get(form.metric, "1")
    value = convert(digits, form.unit, unit)
    if value is None or value == 0:
        # The app writes 0 where it did not compute an accuracy.
        number.missing = "invalid-in-source"
        return number
    if value < 0:
        # It writes -1 where it has no truth to compare with.
        number.missing = "no-dataset"
        return number
    number.value = value
    number.unit = unit
    number.basis = "measured"
    number.caveats = _caveats(result, block, form, digits)
    return number


def _caveats(result: Result, block: Block, form: rules.Form, digits: str) -> list[str] | None:
    """Say whether the text of an accuracy leaves its unit open, or another value stands beside it."""
    text = str(block.get("formatted", block.get("string")))
    normalized = block.number("normalized")
    if "normalized" not in block.fields:
        normalized = block.number("value")
    if normalized is None:
        if text.strip() == digits and form.unit != "1":
            return ["unit-inferred"]
        return None
    number = float(digits)
    rounding = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    if abs(number - float(normalized) * float(form.scale)) <= rounding + 1e-5 * abs(number):
        return None
    result.draft.report(
        "BF701",
        f"the accuracy reads {text!r} beside {normalized}",
        value=text,
        hint="keep the text and the number of one run",
    )
    return ["source-disagrees"]
