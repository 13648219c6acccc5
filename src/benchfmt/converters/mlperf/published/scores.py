"""The scores of a row: its column of accuracies, one number or several with their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.attribution import HELD
from benchfmt.converters.mlperf.published.rows import Told
from benchfmt.converters.mlperf.published.terms import Terms
from benchfmt.suites import mlperf_automotive as rules_of_cars
from benchfmt.suites import mlperf_inference as rules
from benchfmt.suites.mlperf_inference import Quality
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

_NAMED_SCORE = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,100})\s{0,20}:\s*([-+0-9.eE]+)")
_STATISTICS = {"output-tokens": "mean", "generated-length": "sum"}
"""Scores that count something, and are not pooled."""
_SCORED = (
    "resnet50",
    "ssd-large",
    "bert-99",
    "rnnt",
    "whisper",
    "dlrm-99",
    "3d-unet-99",
    "gptj-99",
    "llama2-70b-99",
    "mixtral-8x7b",
    "llama3.1-405b",
    "llama3.1-8b",
    "stable-diffusion-xl",
    "deepseek-r1",
    "wan-2.2-t2v-a14b",
    "qwen3-vl-235b-a22b",
    "dlrm-v3",
    "e2e-rag-qna",
    "gnmt",
)
"""Benchmarks that together have every score."""


def scores(terms: Terms, told: Told) -> tuple[list[Number], bool]:
    """Return every score of the cell, `ROUGE1: 44.45  ROUGE2: …` or one number, and whether all of it was read."""
    row = terms.row
    text = row.text("Accuracy")
    if text is None:
        return [], False
    parts: list[tuple[str | None, str]] = list(_NAMED_SCORE.findall(text))
    if not parts:
        parts = [(None, text)]
    numbers: dict[tuple[str, str | None], Number] = {}
    for name, digits in parts:
        number = _score(name, digits, terms)
        if number is None:
            message = f"{text[:60]!r} says no score that is known; it is kept as text"
            told.report(row.number, "BF201", message, "Accuracy")
            continue
        numbers[number.metric, number.scope] = number
        if number.metric == "dice" and "Accuracy_div_100" in row.cells:
            message = "Accuracy_div_100 divides a DICE score by 100, which is a fraction already"
            told.report(row.number, "BF301", message, "Accuracy_div_100")
    return list(numbers.values()), len(numbers) == len(parts)


def _score(name: str | None, text: str, terms: Terms) -> Number | None:
    """Return one score of a row, or None for a name or a text that says none."""
    quality = _quality(name, terms)
    if quality is None or exact(text) is None:
        return None
    number = Number(
        metric=quality.metric,
        statistic=_STATISTICS.get(quality.metric, "pooled"),
        per=quality.per,
        scope=quality.scope,
        reported_value=text,
    )
    unit = _unit(name, text, quality, terms)
    value = convert(text, unit, "1")
    if value is None or (value > 1 and _is_share(quality.metric)):
        number.missing = "invalid-in-source"
        return number
    number.value = value
    number.unit = "1"
    number.basis = "published"
    number.caveats = _caveats(name, quality)
    if unit != "1":
        number.reported_unit = unit
    if terms.division in HELD:
        number.target_min = quality.least
        number.target_max = quality.most
    return number


def _unit(name: str | None, text: str, quality: Quality, terms: Terms) -> str:
    """Return the unit in which a score is printed: tables of MLPerf Endpoints print some without name as a fraction."""
    printed = exact(text)
    if name is not None or quality.unit != "%" or printed is None or printed > 1:
        return quality.unit
    if _is_share(quality.metric) and rules.at_least(terms.rules_of, "v6.1"):
        return "1"
    return quality.unit


def _is_share(metric: str) -> bool:
    known = vocabulary().metrics.get(metric)
    if known is None:
        return False
    return known.maximum == 1 or metric == "mlperf:vbench-score"


def _caveats(name: str | None, quality: Quality) -> list[str] | None:
    caveats = []
    if name is None:
        caveats.append("definition-inferred")
    if quality.metric not in _STATISTICS:
        caveats.append("unit-inferred")
    return caveats or None


def _quality(name: str | None, terms: Terms) -> Quality | None:
    """Return what a score is: by its name, and the official one of the benchmark where it has none."""
    if terms.automotive:
        return _quality_of_cars(name, terms.benchmark)
    return _quality_of_benchmark(name, terms.benchmark, terms.rules_of, terms.scenario)


@cache
def _quality_of_cars(name: str | None, benchmark: str | None) -> Quality | None:
    own = rules_of_cars.qualities(benchmark or "")
    if own and name in (None, own[0].name):
        return own[0]
    return _named(name, rules_of_cars.qualities())


@cache
def _quality_of_benchmark(
    name: str | None, benchmark: str | None, round_id: str | None, scenario: str | None
) -> Quality | None:
    wanted: tuple[Quality, ...] = ()
    if benchmark:
        wanted = rules.qualities(benchmark, round_id, scenario)
    if name is None:
        return next(iter(wanted), None)
    return _named(name, wanted) or _quality_in_any_benchmark(name)


def _named(name: str | None, qualities: Iterable[Quality]) -> Quality | None:
    return next((quality for quality in qualities if quality.name == name), None)


@cache
def _quality_in_any_benchmark(name: str) -> Quality | None:
    """Return what a score's name means in any benchmark, without targets."""
    for benchmark in _SCORED:
        for round_id in (None, *rules.ROUNDS):
            quality = _named(name, rules.qualities(benchmark, round_id))
            if quality:
                return Quality(
                    name, quality.metric, quality.unit, None, None, quality.scope, quality.per
                )
    return None
