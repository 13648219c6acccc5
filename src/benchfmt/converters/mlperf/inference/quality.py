"""The quality of a result: the score lines of its accuracy run, as measurements with the benchmark's targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchfmt.converters.draft import DraftError, Number, measured
from benchfmt.converters.mlperf.attribution import HELD, Filled
from benchfmt.converters.mlperf.inference.descriptions import stamp
from benchfmt.converters.mlperf.inference.run import Names, Run, count
from benchfmt.limits import Limits
from benchfmt.readers import mlperf_accuracy
from benchfmt.readers.files import file_sha256
from benchfmt.readers.mlperf_accuracy import Score
from benchfmt.suites import mlperf_automotive as automotive
from benchfmt.suites import mlperf_inference as rules

_JUDGED = ("total", "queries", "gen_num", "num-samples")
"""What score lines call the number of samples that were judged."""
_KEYS = {"output-tokens": ("mean", "sample"), "generated-length": ("sum", None)}
"""Statistic and per of the scores that are not pooled."""
_OF_TOTAL = {"acc", "ACCURACY", "WER", "AUC"}
"""The scores whose line says of how many samples they are."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a score is: its metric, the unit where the line says none, and its scope."""

    metric: str
    unit: str = "%"
    scope: str | None = None


_ALSO = {
    "exact_match": Kind("exact-match"),
    "f1": Kind("f1"),
    "word_error_rate": Kind("word-error-rate"),
    "rouge1": Kind("rouge-1"),
    "rouge2": Kind("rouge-2"),
    "rougeL": Kind("rouge-l"),
    "rougeLsum": Kind("rouge-lsum"),
    "gen_len": Kind("generated-length", "1"),
    "tokens_per_sample": Kind("output-tokens", "1"),
    "kidney": Kind("dice", "1", "class:kidney"),
    "tumor": Kind("dice", "1", "class:tumor"),
    "whole_tumor": Kind("dice", "1", "class:whole-tumor"),
    "tumor_core": Kind("dice", "1", "class:tumor-core"),
    "enhancing_tumor": Kind("dice", "1", "class:enhancing-tumor"),
}
"""What a score line says besides the numbers that the checker asks for."""
_GENERIC = {
    "word_error_rate": Kind("word-error-rate"),
    "accuracy": Kind("accuracy"),
    "mAP": Kind("map"),
    "AUC": Kind("auroc"),
    "mean": Kind("dice", "1"),
}
"""What a line that names its unit says of a benchmark that is not known."""


def scores_of(run: Run) -> Mapping[str, Score]:
    """Return the scores of a run's accuracy.txt by name, which tell what was run before they are measurements."""
    path = accuracy_path(run)
    if path is None:
        return {}
    return _scores(path, *stamp(path), run.unit.limits)


def accuracy_path(run: Run) -> Path | None:
    """Return the file of the score lines, or None."""
    path = run.one("accuracy")
    if path is None and run.unit.path.name == "accuracy.txt":
        return run.unit.path
    return path


@lru_cache(maxsize=16)
def _scores(path: Path, _modified: int, _size: int, limits: Limits) -> Mapping[str, Score]:
    return mlperf_accuracy.scores(path, limits)


def judged_samples(run: Run) -> Filled | None:
    """Return how many samples the score lines say were judged."""
    path = accuracy_path(run)
    if path is None:
        return None
    scores = scores_of(run)
    for name in _JUDGED:
        # The total of an area under a curve is that of the pairs of user and item.
        if name not in scores or (name == "total" and "AUC" in scores):
            continue
        judged = count(scores[name].text)
        if judged:
            return Filled.said(judged, run.root(path))
    return None


def scored_task(run: Run) -> Filled | None:
    """Return the task that the score lines are of: a mean average precision is one of detectors."""
    if "mAP" not in scores_of(run):
        return None
    return Filled.ruled("object-detection", "mAP in the score lines")


def contradicts(run: Run, benchmark: Filled) -> bool:
    """Say whether the score lines contradict a benchmark that was guessed from a name: they score something else."""
    if benchmark.origin.name != rules.GUESSED_NAME:
        return False
    scores = scores_of(run)
    wanted = rules.qualities(benchmark.value, None)
    official = wanted and mlperf_accuracy.of(wanted[0].name, scores)
    return not official and any(name in scores for name in _GENERIC)


def is_held(run: Run, names: Names) -> bool:
    """Say whether a result is held to the targets: of a closed division, or of the benchmark that a file gives to an open one."""
    return run.place.division in HELD or names.mapped


def add_quality(run: Run, names: Names, round_id: str | None) -> None:
    """Add every number that the score lines of accuracy.txt say, with the benchmark's targets."""
    path = accuracy_path(run)
    if path is None:
        run.report(
            "BF706",
            run.path,
            "no accuracy.txt beside the performance run: the quality is not known",
            "add accuracy/accuracy.txt",
        )
        return
    scores = scores_of(run)
    where = run.path
    if path != run.unit.path:
        where = run.read(path, file_sha256(path))
    wanted = _wanted(run, names, round_id)
    official = _official(scores, wanted, where, held=is_held(run, names))
    numbers = [*official, *_others(scores, official, where, known=bool(wanted))]
    if not numbers:
        message = "no line of accuracy.txt has a score that is known for this benchmark"
        run.report("BF706", where, message)
    if "hash" in scores:
        run.keep("accuracy_log_sha256", scores["hash"].text)
    run.draft.numbers += numbers


def _wanted(run: Run, names: Names, round_id: str | None) -> tuple[rules.Quality, ...]:
    if not names.benchmark:
        return ()
    if run.automotive:
        return automotive.qualities(names.benchmark)
    return rules.qualities(names.benchmark, round_id, names.scenario)


def _official(
    scores: Mapping[str, Score], wanted: tuple[rules.Quality, ...], where: str, *, held: bool
) -> list[Number]:
    """Return the scores that the checker asks for."""
    numbers: dict[tuple[str, str | None], Number] = {}
    total = None
    if "total" in scores:
        total = count(scores["total"].text)
    for rule in wanted:
        score = mlperf_accuracy.of(rule.name, scores)
        if score is None:
            continue
        number = quality_number(rule, score.text, where, _line(score), held=held)
        if number is None:
            continue
        if rule.name in _OF_TOTAL:
            number.n = total
        numbers[number.metric, rule.scope] = number
    return list(numbers.values())


def _others(
    scores: Mapping[str, Score], official: list[Number], where: str, *, known: bool
) -> list[Number]:
    """Return what the lines say besides the official scores; `known` is whether the benchmark's rules are."""
    numbers: list[Number] = []
    taken = {(number.metric, number.scope) for number in official}
    used = {(number.source_locator, number.reported_value) for number in official}
    kinds = _ALSO if known else _GENERIC
    for name, kind in kinds.items():
        score = scores.get(name)
        if score is None or (kind.metric, kind.scope) in taken:
            continue
        # Without the benchmark's rules a number without a unit has no meaning that is sure.
        if (_line(score), score.text) in used or not (known or score.unit):
            continue
        number = _number(kind.metric, score.text, score.unit or kind.unit, where, _line(score))
        if number is not None:
            number.scope = kind.scope
            taken.add((kind.metric, kind.scope))
            numbers.append(number)
    return numbers


def _line(score: Score) -> str:
    return f"line={score.line}"


def quality_number(
    rule: rules.Quality, text: str, where: str, locator: str, *, held: bool
) -> Number | None:
    """Return a score as a measurement, with its targets where it is held to them, None where it is not a number."""
    number = _number(rule.metric, text, rule.unit, where, locator)
    if number is None:
        return None
    number.scope = rule.scope
    if held:
        number.target_min = rule.least
        number.target_max = rule.most
    return number


def _number(metric: str, text: str, unit: str, where: str, locator: str) -> Number | None:
    try:
        number = measured(metric, text, unit)
    except DraftError:
        return None
    number.statistic, number.per = _KEYS.get(metric, ("pooled", None))
    number.source_path = where
    number.source_locator = locator
    return number
