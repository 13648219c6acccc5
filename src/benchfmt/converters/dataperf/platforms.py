"""What Dynabench stores and shows of a submission, and what dcbench prints of the tasks that DataPerf only planned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.dataperf.common import (
    draft,
    matched,
    object_of,
    pointer,
    printed,
    set_evaluator,
    set_strategy,
)
from benchfmt.converters.draft import Draft, Number, measured
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import kept
from benchfmt.readers import jsons
from benchfmt.suites import dataperf as rules

_LONGEST_SERIES = 10_000
MODELS = {"logreg": "logistic-regression"}
AROUND = ("perf", "perf_std", "perf_by_tag", "pretty_perf")
"""What stands in a score beside its metric; a `perf_std` is a constant 0, or wrong (it repeats a list)."""
SLICES = {"precision_at_10": "precision@10", "precision_at_25": "precision@25", "auroc": "auroc"}
"""The metrics of a slice discovery method, by the names that dcbench prints."""


@dataclass(frozen=True, slots=True)
class _Tag:
    """A value of a score: the part of the data that it is for (None for all), and where it stands."""

    name: str | None
    value: str
    place: tuple[str | int, ...]


def score(unit: Unit) -> Iterator[Item]:
    """Yield what a row of Dynabench's table `scores`, or its `metadata_json` alone, says: a record for each tag."""
    data = _read(unit)
    rows: list[tuple[tuple[str | int, ...], JsonValue]] = [((), data)]
    if isinstance(data, list):
        rows = [((index,), item) for index, item in enumerate(data)]
    row = 0
    for index, (place, item) in enumerate(rows):
        try:
            for made in _scored(unit, object_of(item), place):
                row += 1
                yield from made.items(unit.path, row)
        except (BenchfmtError, ValueError, KeyError, TypeError) as error:
            row += 1
            yield Failed(unit.path, f"score {index}: {error}", row)


def _read(unit: Unit) -> JsonValue:
    if unit.path.suffix != ".json":
        return printed(texts.text_of(unit.path))
    data: JsonValue = jsons.read(unit.path, unit.limits, digits=True)
    return data


def _scored(
    unit: Unit, item: dict[str, JsonValue], place: tuple[str | int, ...]
) -> Iterator[Draft]:
    metadata = item.get("metadata_json")
    if isinstance(metadata, str):
        metadata = jsons.parse(metadata, unit.limits, digits=True)
    inner = object_of(metadata or item)
    metric = _metric_of(unit, inner)
    for tag in _tags(inner, metric, place):
        yield _tagged(unit, item, metric, tag)


def _metric_of(unit: Unit, inner: Mapping[str, JsonValue]) -> str:
    """Return the name of the metric that a score is of; raises BenchfmtError where nothing says it."""
    for name in inner:
        if name not in AROUND and rules.score(name):
            return name
    metric = unit.options.get("metrics")
    if not metric or not rules.score(metric):
        message = "which metric `perf` is does not stand in it; say --option metrics=dataperf_f1"
        raise BenchfmtError(message)
    return metric


def _tags(
    inner: Mapping[str, JsonValue], metric: str, place: tuple[str | int, ...]
) -> Iterator[_Tag]:
    tags = inner.get("perf_by_tag") or []
    if not tags:
        yield _Tag(None, str(inner.get(metric, inner.get("perf"))), place)
        return
    if not isinstance(tags, list):
        raise TypeError("perf_by_tag is not a list")
    for number, entry in enumerate(tags):
        tag = object_of(entry)
        values = object_of(tag.get("perf_dict") or {})
        value = values.get(metric)
        if value is None:
            value = tag["perf"]
        yield _Tag(str(tag["tag"]), str(value), (*place, "perf_by_tag", number))


def _tagged(unit: Unit, item: Mapping[str, JsonValue], metric: str, tag: _Tag) -> Draft:
    made = _shown(unit, _challenge_of(unit, metric), pointer(*tag.place) or None)
    set_strategy(made, unit)
    made.dataset(name=tag.name)
    made.add(quality(metric, tag.value)).primary = True
    if "memory_utilization" in item:
        made.missing("memory", "not-measured")
    if "examples_per_second" in item:
        made.missing("throughput", "not-measured", stage="evaluation", per="sample")
    _keep_texts(made, item, ("mid", "did", "r_realid"))
    made.keep("metric", metric)
    return made


def _challenge_of(unit: Unit, metric: str | None) -> str:
    """Return the challenge of a score: as the option says, else as its metric does; empty where neither does."""
    named = unit.options.get("challenge")
    if named:
        return named
    known = rules.score(metric or "")
    if known is None:
        return ""
    return known.challenge or ""


def _shown(unit: Unit, challenge: str, locator: str | None) -> Draft:
    """Return the draft of what the platform shows; with which evaluator it was made stands nowhere."""
    made = draft(unit, challenge, locator)
    made.benchmark(verification="unverified")
    return made


def _keep_texts(made: Draft, item: Mapping[str, JsonValue], names: tuple[str, ...]) -> None:
    for name in names:
        if item.get(name) is not None:
            made.keep(name, str(item[name]))


def quality(metric: str, text: str) -> Number:
    """Return a score as a fraction: what it was printed in is known of some metrics, and told by the value of others."""
    known = rules.score(metric)
    if known is None:
        raise ValueError(f"{metric!r} is not a metric of DataPerf")
    percent = bool(known.percent) or Fraction(text) > 1
    unit = None
    if percent:
        unit = "%"
    number = measured(known.metric, text, unit, "published")
    if known.percent is not percent:
        number.caveats = ["unit-inferred"]
    return number


def leaderboard(unit: Unit) -> Iterator[Item]:
    """Yield a record for each submission and data set; the order of the scores stands in no file."""
    data: JsonValue = jsons.read(unit.path, unit.limits, digits=True)
    rows: JsonValue = None
    if isinstance(data, dict):
        rows = data.get("data")
    if not isinstance(rows, list):
        yield Failed(unit.path, "a list `data` is expected")
        return
    names = [name.strip() for name in unit.options.get("metrics", "").split(",")]
    metrics = [name for name in names if name]
    for name in metrics:
        if not rules.score(name) and name not in rules.other_scores():
            yield Failed(unit.path, f"{name!r} is not a metric of DataPerf")
            return
    number = 0
    for index, row in enumerate(rows):
        for place, entry in _entries(index, row):
            number += 1
            yield from _entry(unit, metrics, object_of(row), entry, place, number)


def _entries(index: int, row: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield the data sets of a submission, each with its place."""
    if not isinstance(row, dict):
        return
    datasets = row.get("datasets") or []
    if not isinstance(datasets, list):
        raise TypeError("datasets is not a list")
    for part, entry in enumerate(datasets):
        yield pointer("data", index, "datasets", part), entry


def _entry(
    unit: Unit,
    metrics: list[str],
    row: Mapping[str, JsonValue],
    entry: JsonValue,
    place: str,
    number: int,
) -> Iterator[Item]:
    if not metrics:
        reason = "the scores are a list whose order stands in no file; give it: --option metrics=dataperf_f1"
        yield Skipped(unit.path, reason, number)
        return
    scores: JsonValue = None
    if isinstance(entry, dict):
        scores = entry.get("scores")
    if not isinstance(scores, list):
        yield Failed(unit.path, f"no scores for {len(metrics)} metrics", number)
        return
    if len(scores) != len(metrics):
        yield Failed(unit.path, f"{len(scores)} scores for {len(metrics)} metrics", number)
        return
    first = next((name for name in metrics if rules.score(name)), None)
    made = _shown(unit, _challenge_of(unit, first), place)
    try:
        _rank(made, metrics, scores)
    except ValueError as error:
        yield Failed(unit.path, str(error), number)
        return
    _describe(made, unit, row, object_of(entry))
    yield from made.items(unit.path, number)


def _describe(
    made: Draft, unit: Unit, row: Mapping[str, JsonValue], entry: Mapping[str, JsonValue]
) -> None:
    """Say who submitted what, and on which data it was judged."""
    if entry.get("name"):
        made.dataset(name=str(entry["name"]))
    username = row.get("username")
    if username is not None and "submitter" not in unit.options:
        made.provenance(submitter=str(username))
    model = row.get("model_name") or row.get("model_id")
    if model:
        set_strategy(made, unit, str(model))
    else:
        set_strategy(made, unit)
    _keep_texts(made, row, ("model_id", "uid", "dynascore"))


def _rank(made: Draft, metrics: list[str], scores: list[JsonValue]) -> None:
    """Add the scores of a row, the first that is not withheld as the primary one."""
    for name, value in zip(metrics, scores, strict=True):
        known = rules.score(name)
        if known and value is None:
            made.missing(known.metric, "withheld")
        elif known:
            made.add(quality(name, str(value)))
    for number in made.numbers:
        if number.value is not None:
            number.primary = True
            return
    made.fail("incomplete", "the scores are withheld")


def slices(unit: Unit) -> Iterator[Item]:
    """Yield the scores of a slice discovery method of dcbench on one problem."""
    values = object_of(printed(texts.text_of(unit.path)))
    made = draft(unit, "slice-discovery", suite="dcbench")
    made.task = "data-slicing"
    set_evaluator(made, unit, "slice-discovery")
    method = re.match(r"result_(?P<method>.+?)\.", unit.path.name)
    if method:
        set_strategy(made, unit, method["method"])
    else:
        set_strategy(made, unit)
    for path in unit.supporting:
        if path.name.startswith("problem_"):
            _set_problem(made, path)
            break
    for name, metric in SLICES.items():
        if name in values:
            made.measure(metric, str(values[name]))
    made.numbers[0].primary = True
    yield from made.items(unit.path, 1)


def _set_problem(made: Draft, path: Path) -> None:
    """Say which problem a method solved, and how it was made."""
    attributes = _attributes(texts.text_of(path))
    named = re.match(r"problem_(?P<id>.+?)\.", path.name)
    dataset = attributes.get("dataset")
    if named:
        made.dataset(name=named["id"])
    elif dataset:
        made.dataset(name=matched("dataset", str(dataset)))
    made.hyperparameters({name: kept(value) for name, value in attributes.items()})


def _attributes(text: str) -> dict[str, JsonValue]:
    """Return the attributes of a printed `SliceDiscoveryProblem(...)`."""
    match = re.search(r"attributes=(?P<inside>\{.*\})\)\s*$", text, re.DOTALL)
    if match is None:
        return {}
    try:
        attributes = printed(match["inside"])
    except BenchfmtError:
        return {}
    if not isinstance(attributes, dict):
        return {}
    return attributes


def cleaning(unit: Unit) -> Iterator[Item]:
    """Yield the share of the gap between dirty and clean data that dcbench's budgeted cleaning closed."""
    cells = _cells(texts.text_of(unit.path)[:_LONGEST_SERIES])
    made = draft(unit, "budgeted-cleaning", suite="dcbench")
    made.task = "data-debugging"
    made.dataset(name=cells.get("dataset"), split="test")
    model = cells.get("model")
    if model:
        made.model(name=MODELS.get(model, model))
    method = re.match(r"result_(?P<method>[^_]+)_", unit.path.name)
    if method:
        set_strategy(made, unit, method["method"])
    else:
        set_strategy(made, unit)
    try:
        if cells.get("budget"):
            made.hyperparameters({"budget": float(cells["budget"])})
        for name in ("mode", "problem_id"):
            if name in cells:
                made.hyperparameters({name: cells[name]})
        made.measure("gap-closed", cells["acc_test_gapclosed"], primary=True)
        made.measure("gap-closed", cells["acc_val_gapclosed"], scope="subset:validation")
    except (KeyError, ValueError) as error:
        yield Failed(unit.path, f"not a result: {error}", 1)
        return
    yield from made.items(unit.path, 1)


def _cells(series: str) -> dict[str, str]:
    """Return the values of a printed series by name."""
    cells = {}
    for line in series.split("\n"):
        name, *value = line.split(maxsplit=1) or [""]
        if value:
            cells[name] = value[0].strip()
    return cells
