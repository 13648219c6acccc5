"""What Dynabench stores and shows of a submission, and what dcbench prints of the tasks that DataPerf only planned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.dataperf.common import frame, made, matched, pointer, printed
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.record import given
from benchfmt.suites import dataperf as rules

_LONGEST_SERIES = 10_000
MODELS = {"logreg": "logistic-regression"}
AROUND = ("perf", "perf_std", "perf_by_tag", "pretty_perf")
"""What stands in a score beside its metric; a `perf_std` is a constant 0, or wrong (it repeats a list)."""


def score(unit: Unit) -> Iterator[Item]:
    """Yield what a row of Dynabench's table `scores`, or its `metadata_json` alone, says: a record for each tag."""
    data = _read(unit)
    rows = data if isinstance(data, list) else [data]
    row = 0
    for index, item in enumerate(rows):
        place: tuple[str | int, ...] = (index,) if isinstance(data, list) else ()
        try:
            for record in _scored(unit, item, place):
                row += 1
                yield made(unit, record, row)
        except (BenchfmtError, ValueError, KeyError, TypeError) as error:
            row += 1
            yield Failed(unit.path, f"score {index}: {error}", row)


def _read(unit: Unit) -> Any:
    if unit.path.suffix == ".json":
        return jsons.read(unit.path, unit.limits, digits=True)
    return printed(texts.text_of(unit.path))


def _scored(
    unit: Unit, item: Mapping[str, Any], place: tuple[str | int, ...]
) -> Iterator[dict[str, Any]]:
    told = item.get("metadata_json")
    inner = jsons.parse(told, unit.limits, digits=True) if isinstance(told, str) else told or item
    metric = next((name for name in inner if name not in AROUND and rules.score(name)), None)
    metric = metric or unit.options.get("metrics")
    if not metric or not rules.score(metric):
        raise BenchfmtError(
            "which metric `perf` is does not stand in it; say --option metrics=dataperf_f1"
        )
    tags = inner.get("perf_by_tag") or []
    if not tags:
        yield _record(unit, item, metric, str(inner.get(metric, inner.get("perf"))), None, place)
    for number, tag in enumerate(tags):
        value = str((tag.get("perf_dict") or {}).get(metric, tag["perf"]))
        yield _record(unit, item, metric, value, str(tag["tag"]), (*place, "perf_by_tag", number))


def _record(
    unit: Unit,
    item: Mapping[str, Any],
    metric: str,
    value: str,
    tag: str | None,
    place: tuple[str | int, ...],
) -> dict[str, Any]:
    known = rules.score(metric)
    challenge = unit.options.get("challenge") or (known.challenge if known else None) or ""
    record = _shown(unit, challenge, pointer(*place) or None)
    record["dataset"] = given(name=tag)
    record["measurements"] = [
        quality(metric, value, primary=True),
        *(texts.missing("memory", "not-measured") for _ in [0] if "memory_utilization" in item),
        *(
            texts.missing("throughput", "not-measured", stage="evaluation", per="sample")
            for _ in [0]
            if "examples_per_second" in item
        ),
    ]
    ids = {
        name: str(item[name]) for name in ("mid", "did", "r_realid") if item.get(name) is not None
    }
    record["extensions"] = {"dataperf": {**ids, "metric": metric}}
    return record


def _shown(unit: Unit, challenge: str, locator: str | None) -> dict[str, Any]:
    """Return the frame of what the platform shows; with which evaluator it was made stands nowhere."""
    record = frame(unit, challenge, locator)
    record["benchmark"]["verification"] = "unverified"
    record["model"], record["software"] = {}, {}
    record["configuration"] = {"hyperparameters": given(strategy=unit.options.get("method"))}
    return record


def quality(metric: str, text: str, **key: Any) -> dict[str, Any]:
    """Return a score as a fraction: what it was printed in is known of some metrics, and told by the value of others."""
    known = rules.score(metric)
    if known is None:
        raise ValueError(f"{metric!r} is no metric of DataPerf")
    percent = known.percent if known.percent is not None else Fraction(text) > 1
    if known.percent is False and Fraction(text) > 1:
        percent = True
    sure = known.percent is not None and known.percent == percent
    doubt = {} if sure else {"caveats": ["unit-inferred"]}
    return texts.measurement(
        known.metric, text, "%" if percent else None, **{**key, "basis": "published"}, **doubt
    )


def leaderboard(unit: Unit) -> Iterator[Item]:
    """Yield a record for each submission and data set; the order of the scores stands in no file."""
    data = jsons.read(unit.path, unit.limits, digits=True)
    rows = data.get("data") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        yield Failed(unit.path, "a list `data` is expected")
        return
    metrics = [name.strip() for name in unit.options.get("metrics", "").split(",") if name.strip()]
    unknown = [
        name for name in metrics if not rules.score(name) and name not in rules.other_scores()
    ]
    if unknown:
        yield Failed(unit.path, f"{unknown[0]!r} is no metric of DataPerf")
        return
    number = 0
    for index, row in enumerate(rows):
        for part, entry in enumerate(row.get("datasets") or [] if isinstance(row, dict) else []):
            number += 1
            yield _entry(unit, metrics, (index, row), (part, entry), number)


def _entry(
    unit: Unit,
    metrics: list[str],
    submission: tuple[int, Mapping[str, Any]],
    part: tuple[int, Any],
    number: int,
) -> Item:
    if not metrics:
        words = "the scores are a list whose order stands in no file; say it: --option metrics=dataperf_f1"
        return Skipped(unit.path, words, number)
    (index, row), (at, entry) = submission, part
    scores = entry.get("scores") if isinstance(entry, dict) else None
    if not isinstance(scores, list) or len(scores) != len(metrics):
        count = len(scores) if isinstance(scores, list) else "no"
        return Failed(unit.path, f"{count} scores for {len(metrics)} metrics", number)
    try:
        record = _placed(
            unit, metrics, scores, row, (pointer("data", index, "datasets", at), entry)
        )
    except ValueError as error:
        return Failed(unit.path, str(error), number)
    return made(unit, record, number)


def _placed(
    unit: Unit,
    metrics: list[str],
    scores: list[Any],
    row: Mapping[str, Any],
    part: tuple[str, Mapping[str, Any]],
) -> dict[str, Any]:
    place, entry = part
    first = next((known for name in metrics if (known := rules.score(name))), None)
    challenge = unit.options.get("challenge") or (first.challenge if first else None) or ""
    record = _shown(unit, challenge, place)
    record["dataset"] = given(name=str(entry["name"]) if entry.get("name") else None)
    record["provenance"] = {**given(submitter=row.get("username")), **record["provenance"]}
    if row.get("model_name") or row.get("model_id"):
        strategy = str(row.get("model_name") or row["model_id"])
        record["configuration"]["hyperparameters"] = {
            "strategy": strategy,
            **record["configuration"]["hyperparameters"],
        }
    found = []
    for name, value in zip(metrics, scores, strict=True):
        known = rules.score(name)
        if known and value is None:
            found.append(texts.missing(known.metric, "withheld"))
        elif known:
            found.append(quality(name, str(value)))
    valued = [item for item in found if "value" in item]
    if valued:
        valued[0]["primary"] = True
    else:
        record["status"], record["status_detail"] = "incomplete", "the scores are withheld"
    record["measurements"] = found
    more = {
        name: str(row[name])
        for name in ("model_id", "uid", "dynascore")
        if row.get(name) is not None
    }
    record["extensions"] = {"dataperf": more}
    return record


def slices(unit: Unit) -> Iterator[Item]:
    """Yield the scores of a slice discovery method of dcbench on one problem."""
    values = printed(texts.text_of(unit.path))
    record = frame(unit, "slice-discovery", suite="dcbench")
    record["task"] = "data-slicing"
    method = re.match(r"result_(?P<method>.+?)\.", unit.path.name)
    problem = next((path for path in unit.supporting if path.name.startswith("problem_")), None)
    attributes = _attributes(texts.text_of(problem)) if problem else {}
    named = re.match(r"problem_(?P<id>.+?)\.", problem.name) if problem else None
    record["dataset"] = given(
        name=named["id"] if named else matched("dataset", attributes.get("dataset"))
    )
    record["configuration"]["hyperparameters"] = {
        **given(strategy=method["method"] if method else None),
        **record["configuration"]["hyperparameters"],
        **{name: texts.native(value) for name, value in attributes.items()},
    }
    names = {"precision_at_10": "precision@10", "precision_at_25": "precision@25", "auroc": "auroc"}
    record["measurements"] = [
        texts.measurement(metric, str(values[name]))
        for name, metric in names.items()
        if name in values
    ]
    record["measurements"][0]["primary"] = True
    yield made(unit, record, 1)


def _attributes(text: str) -> dict[str, Any]:
    """Return the attributes of a printed `SliceDiscoveryProblem(...)`."""
    match = re.search(r"attributes=(?P<inside>\{.*\})\)\s*$", text, re.DOTALL)
    try:
        found = printed(match["inside"]) if match else {}
    except BenchfmtError:
        return {}
    return found if isinstance(found, dict) else {}


def cleaning(unit: Unit) -> Iterator[Item]:
    """Yield the share of the gap between dirty and clean data that dcbench's budgeted cleaning closed."""
    lines = texts.text_of(unit.path)[:_LONGEST_SERIES].split("\n")
    cells = {
        parts[0]: parts[1].strip() for line in lines if len(parts := line.split(maxsplit=1)) > 1
    }
    record = frame(unit, "budgeted-cleaning", suite="dcbench")
    record["task"] = "data-debugging"
    record["dataset"] = given(name=cells.get("dataset"), split="test")
    record["model"] = given(name=MODELS.get(cells.get("model", ""), cells.get("model")))
    method = re.match(r"result_(?P<method>[^_]+)_", unit.path.name)
    budget = cells.get("budget")
    record["configuration"]["hyperparameters"] = {
        **given(strategy=method["method"] if method else None),
        **record["configuration"]["hyperparameters"],
        **given(
            budget=float(budget) if budget else None,
            mode=cells.get("mode"),
            problem_id=cells.get("problem_id"),
        ),
    }
    try:
        record["measurements"] = [
            texts.measurement("gap-closed", cells["acc_test_gapclosed"], primary=True),
            texts.measurement("gap-closed", cells["acc_val_gapclosed"], scope="subset:validation"),
        ]
    except (KeyError, ValueError) as error:
        yield Failed(unit.path, f"not a result: {error}", 1)
        return
    yield made(unit, record, 1)
