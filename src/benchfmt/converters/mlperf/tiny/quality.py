"""The quality of one result of MLPerf Tiny: accuracy and AUC of the accuracy run, and the targets of the closed division."""

from __future__ import annotations

from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.tiny.files import Result
from benchfmt.converters.mlperf.tiny.layout import Role
from benchfmt.readers.energyrunner import Results
from benchfmt.suites.mlperf_tiny import Benchmark, Target
from benchfmt.units import convert

_SCORES = (("top1", "accuracy", "%"), ("auc", "auroc", "1"))
"""The runner's number, the metric and the unit that is written."""
_FILES = ("results.txt", "postproc.txt", "log.txt")


def add_quality(result: Result) -> None:
    """Add accuracy and AUC; the stream's counts are part of its speed."""
    own: list[Role] = [("accuracy", name) for name in _FILES]
    for role in [*own, *result.texts]:  # one file may hold the runs of several modes
        text = result.texts.get(role)
        if text and ("top1" in text.numbers or "auc" in text.numbers):
            _add_scores(result, text, role)
            return
    if result.benchmark and not result.benchmark.is_streaming:
        result.draft.report(
            "BF706",
            "no accuracy run is there: the quality is not known",
            path=result.path,
            hint="add accuracy/results.txt",
        )


def _add_scores(result: Result, text: Results, role: Role) -> None:
    answers = _answers(result)
    for name, metric, unit in _SCORES:
        reading = text.numbers.get(name)
        if reading is not None:
            number = result.read(metric, reading, unit, role, statistic="pooled", n=answers)
            add_target(number, result.benchmark, closed=result.is_closed)


def _answers(result: Result) -> int | None:
    """Return of how many inputs the accuracy run shows an answer."""
    counted = len(result.json_items(("accuracy", "results.json")))
    log = result.texts.get(("accuracy", "log.txt"), Results())
    return counted or log.outputs or None


def add_target(number: Number, benchmark: Benchmark | None, *, closed: bool) -> None:
    """Add the targets of a number's metric in its unit; they bind the closed division only."""
    if not closed or benchmark is None:
        return
    for target in benchmark.targets:
        if target.metric == number.metric:
            number.target_min = _bound(target, target.minimum)
            number.target_max = _bound(target, target.maximum)


def _bound(target: Target, text: str | None) -> float | None:
    if text is None:
        return None
    return convert(text, target.unit, "1")
