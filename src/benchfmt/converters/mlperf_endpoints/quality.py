"""The scores of a point of MLPerf Endpoints, with the targets of the suite."""

from __future__ import annotations

import re
from fractions import Fraction

from benchfmt.converters.draft import Draft, Number, measured
from benchfmt.converters.mlperf_endpoints.files import Files
from benchfmt.numbers import exact
from benchfmt.readers.objects import Fields

_PERCENT = "%"
_QUALITY = {
    "exact_match": ("exact-match", _PERCENT),
    "rouge1": ("rouge-1", _PERCENT),
    "rouge2": ("rouge-2", _PERCENT),
    "rougel": ("rouge-l", _PERCENT),
    "rougelsum": ("rouge-lsum", _PERCENT),
    "gen_len": ("generated-length", "1"),
}
_ONLY_METRIC = {"gpt-oss-120b": "exact_match", "deepseek-r1": "exact_match"}
"""What a score without a name is, where the model has one metric only."""
_LEAST = Fraction(99, 100)
_TARGETS = {
    ("gpt-oss-120b", "exact-match"): _LEAST * Fraction("0.8313"),
    ("deepseek-r1", "exact-match"): _LEAST * Fraction("0.813582"),
    ("llama3_1-8b", "rouge-1"): _LEAST * Fraction("0.387792"),
    ("llama3_1-8b", "rouge-2"): _LEAST * Fraction("0.159075"),
    ("llama3_1-8b", "rouge-l"): _LEAST * Fraction("0.244957"),
}
_LENGTH_HELD = ("llama3_1-8b", "generated-length")
_LENGTH_LIMITS = (7350879.6, 8984408.4)
"""8167644 characters, 10 % more or less."""


def add_accuracy(draft: Draft, files: Files) -> None:
    """Add the scores of the accuracy run; those of the performance run are another quantity."""
    entries = _accuracy_entries(files.accuracy)
    own = [entry for entry in entries if not _is_of_performance(entry)]
    for entry in entries:
        scope = None
        if entry not in own:
            scope = "run:performance"
        elif len(own) > 1:
            word = re.sub("[^a-z0-9]+", "-", (entry.text("dataset_name") or "").lower())
            scope = f"subset:{word.strip('-') or 'unnamed'}"
        _add_scores(draft, files, entry, scope)
    if len(own) == 1:
        draft.dataset(
            name=own[0].text("dataset_name"),
            samples=own[0].count("num_samples") or own[0].count("unit_samples"),
        )


def _accuracy_entries(accuracy: Fields) -> list[Fields]:
    if "accuracy_scores" in accuracy:
        return accuracy.parts("accuracy_scores")
    entries = []
    for name in accuracy.data:
        entry = accuracy.part(name)
        if entry.data:
            entries.append(Fields({"dataset_name": name, **entry.data}))
    return entries


def _is_of_performance(entry: Fields) -> bool:
    return "performance" in (entry.text("dataset_type"), entry.text("dataset_name"))


def _add_scores(draft: Draft, files: Files, entry: Fields, scope: str | None) -> None:
    scores = entry.part("score")
    if not scores.data:
        scores = entry
    for name in scores.data:
        text = scores.printed(name)
        if text is None:
            continue
        number = _score(files.model or "", name, text)
        if number is None:
            continue
        if entry.flag("complete") is False:
            number.caveats = ["partial-run", *(number.caveats or ())]
        number.scope = scope
        number.source_path = files.accuracy_path
        if scope is None:
            _add_target(number, files.model or "")
        draft.add(number)


def _score(model: str, name: str, text: str) -> Number | None:
    """Return a score; None for what is no score that is known."""
    doubts = []
    word = name.lower()
    if name == "score":
        word = _ONLY_METRIC.get(model, "")
        doubts.append("definition-inferred")
    if word not in _QUALITY:
        return None
    metric, unit = _QUALITY[word]
    if unit == _PERCENT and (exact(text) or 0) <= 1:
        unit = "1"  # the scorer's own scale is not written
        doubts.append("unit-inferred")
    statistic = "pooled"
    if metric == "generated-length":
        statistic = "sum"
    return measured(metric, text, unit, statistic=statistic, caveats=doubts or None)


def _add_target(number: Number, model: str) -> None:
    target = _TARGETS.get((model, number.metric))
    if target is not None:
        number.target_min = float(target)
    if (model, number.metric) == _LENGTH_HELD:
        number.target_min, number.target_max = _LENGTH_LIMITS
