"""The quality of one result of MLPerf Tiny: accuracy and AUC of the accuracy run, and the targets of the closed division."""

from __future__ import annotations

from typing import Any

from benchfmt.converters.mlperf.tiny.files import Result
from benchfmt.converters.mlperf.tiny.layout import Role
from benchfmt.readers.energyrunner import Results
from benchfmt.record import given
from benchfmt.suites import mlperf_tiny as rules
from benchfmt.units import convert

_SCORES = (("top1", "accuracy", "%"), ("auc", "auroc", "1"))
"""The runner's number, the metric and the unit that is written."""


def quality(result: Result) -> list[dict[str, Any]]:
    """Return accuracy and AUC, with the targets of the closed division; the stream's counts get theirs later."""
    for name in ("results.txt", "postproc.txt", "log.txt"):
        text = result.texts.get(("accuracy", name))
        if text and ("top1" in text.numbers or "auc" in text.numbers):
            return _scores(result, text, ("accuracy", name))
    for role, text in result.texts.items():  # one file may hold the runs of several modes
        if "top1" in text.numbers or "auc" in text.numbers:
            return _scores(result, text, role)
    if result.benchmark and result.benchmark.scenario != "streaming":
        words = "no accuracy run is there: the quality is not known"
        result.notes.find("BF706", result.path, words, "add accuracy/results.txt")
    return []


def _scores(result: Result, text: Results, role: Role) -> list[dict[str, Any]]:
    items = []
    n = _answers(result)
    for name, metric, unit in _SCORES:
        number = text.numbers.get(name)
        value = convert(number.text, unit, "1") if number else None
        if number is None or value is None:
            continue
        items.append(
            given(
                metric=metric,
                statistic="pooled",
                value=value,
                unit="1",
                basis="measured",
                n=n,
                **targets(result.benchmark, metric, closed=result.closed),
                reported_value=number.text,
                reported_unit=unit if unit != "1" else None,
                **result.at(role, number),
            )
        )
    return items


def _answers(result: Result) -> int | None:
    """Return of how many inputs the accuracy run shows an answer."""
    counted = len(result.json(("accuracy", "results.json")))
    log = result.texts.get(("accuracy", "log.txt"))
    return counted or (log.outputs if log else 0) or None


def targets(benchmark: rules.Benchmark | None, metric: str, *, closed: bool) -> dict[str, float]:
    """Return the targets of a metric in its unit; they bind the closed division only."""
    if not closed or benchmark is None:
        return {}
    found: dict[str, Any] = {}
    for target in benchmark.targets:
        if target.metric == metric:
            sides = (("target_min", target.minimum), ("target_max", target.maximum))
            found |= {
                side: convert(bound, target.unit, "1") for side, bound in sides if bound is not None
            }
    return found
