"""The outputs of the challenges' own evaluators: vision and speech selection, vision debugging, data acquisition, Nibbler."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchfmt import numbers
from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.dataperf.common import frame, made, pointer, settings, stamp
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.record import given
from benchfmt.suites import dataperf as rules

QUALITIES = ("f1", "accuracy", "precision", "recall")
SPEECH_NAME = re.compile(r"(?:^|[_.-])(?P<language>en|id|pt)_(?P<size>25|60)(?=[_.-]|$)")
SCORE = re.compile(r"^Score:[ \t]+(?P<score>[0-9.eE+-]{1,40})[ \t]*\r?$", re.MULTILINE)
_LARGEST_CELL = 100_000
NEVER = "-1"
SELLERS = 20


def vision_selection(unit: Unit) -> Iterator[Item]:
    """Yield a record for each concept: the fixed classifier trained on what the strategy chose."""
    data = jsons.read(unit.path, unit.limits, digits=True)
    setup = next((settings(path) for path in unit.supporting), {})
    named = re.match(r"result_for_(?P<method>.+)\.json$", unit.path.name)
    for row, (concept, values) in enumerate(data.items(), start=1):
        if not isinstance(values, dict) or "f1" not in values:
            yield Failed(unit.path, f"{concept!r} has no f1", row)
            continue
        record = frame(unit, "vision-selection", pointer(concept))
        record["dataset"]["name"] = concept
        more = {"strategy": named["method"]} if named else {}
        record["configuration"]["hyperparameters"] = {
            **more,
            **record["configuration"]["hyperparameters"],
            **given(dim=setup.get("dim")),
        }
        record["provenance"] = {**given(measured_at=stamp(unit.path.name)), **record["provenance"]}
        try:
            record["measurements"] = [
                texts.measurement(name, str(values[name])) for name in QUALITIES if name in values
            ]
        except ValueError as error:
            yield Failed(unit.path, f"{concept}: {error}", row)
            continue
        record["measurements"][0]["primary"] = True
        yield made(unit, record, row)


def speech_selection(unit: Unit) -> Iterator[Item]:
    """Yield the score that the evaluation printed; which metric it is depends on the day."""
    scores = SCORE.findall(texts.text_of(unit.path))
    name = SPEECH_NAME.search(unit.path.stem)
    fixed = rules.challenge("speech-selection")
    seeds = next((settings(path).get("eval_random_seeds") for path in unit.supporting), None)
    for row, score in enumerate(scores, start=1):
        record = frame(unit, "speech-selection", f"run={row}" if len(scores) > 1 else None)
        size = unit.options.get("size") or (name["size"] if name else None)
        language = unit.options.get("language") or (name["language"] if name else None)
        record["dataset"] = given(name=language, samples=numbers.count(size) if size else None)
        record["configuration"]["hyperparameters"] |= given(seeds=seeds)
        if language is None or size is None:
            yield texts.finding(
                "BF101",
                unit.path.name,
                "neither the file nor its name says language and size of the selection",
                "say them: --option language=en --option size=25",
            )
        try:
            record["measurements"] = [_speech(score, unit.options.get("date"), fixed, seeds)]
        except ValueError as error:
            yield Failed(unit.path, str(error), row)
            continue
        yield made(unit, record, row)


def _speech(score: str, date: str | None, fixed: Mapping[str, Any], seeds: Any) -> dict[str, Any]:
    if date and date < fixed["macro_f1_since"]:
        return texts.measurement(
            "dataperf:speech-score", score, primary=True, caveats=["definition-inferred"]
        )
    doubt: dict[str, Any] = {} if date else {"caveats": ["definition-inferred"]}
    runs = len(seeds) if isinstance(seeds, list) and seeds else len(fixed["seeds"])
    return texts.measurement(
        "macro-f1", score, statistic="mean", per="run", n=runs, primary=True, **doubt
    )


def vision_debugging(unit: Unit) -> Iterator[Item]:
    """Yield a record for each method: which share of the fixes reaches 95 % of the clean accuracy."""
    data = jsons.read(unit.path, unit.limits, digits=True)
    scored, rows = data.get("auc_score"), data.get("submitted_evaluations")
    if not isinstance(scored, dict) or not isinstance(rows, list):
        yield Failed(unit.path, "auc_score and submitted_evaluations are expected")
        return
    for row, (method, values) in enumerate(scored.items(), start=1):
        steps = [
            str(item.get("accuracy"))
            for item in rows
            if isinstance(item, dict) and item.get("submission") == method
        ]
        if not isinstance(values, dict) or "fraction_fixes" not in values:
            yield Failed(unit.path, f"{method} has no fraction_fixes", row)
            continue
        try:
            record = _debugged(unit, data, method, values, steps)
        except ValueError as error:
            yield Failed(unit.path, f"{method}: {error}", row)
            continue
        again = _fraction(steps)
        said = str(values["fraction_fixes"])
        if again is not None and said != NEVER and abs(Fraction(said) - again) > Fraction(1, 10**9):
            yield texts.finding(
                "BF405",
                unit.path.name,
                f"{method}: fraction_fixes is {said}, and the accuracies beside it give {float(again)}",
                None,
                said,
            )
        yield made(unit, record, row)


def _debugged(
    unit: Unit, data: Mapping[str, Any], method: str, values: Mapping[str, Any], steps: list[str]
) -> dict[str, Any]:
    record = frame(unit, "vision-debugging", pointer("auc_score", method))
    data_id = unit.path.name.split("_")[0]
    record["dataset"] |= given(name=data_id, samples=rules.challenge("vision-debugging")["samples"])
    record["configuration"]["hyperparameters"]["strategy"] = method
    said = str(values["fraction_fixes"])
    if said == NEVER:
        record["status"], record["status_detail"] = (
            "failed",
            "fraction_fixes is -1: the target was never reached",
        )
        first = {**texts.missing("fraction-of-fixes", "target-not-reached"), "reported_value": said}
    else:
        first = texts.measurement("fraction-of-fixes", said, primary=True)
    record["measurements"] = [
        first,
        *_accuracies(steps),
        *_auc(values),
        *_times(unit, data_id, method),
    ]
    others = {path.name for path in unit.supporting if path.name != f"time_{data_id}_{method}.txt"}
    record["provenance"]["sources"] = [
        s for s in record["provenance"]["sources"] if s["path"] not in others
    ]
    before = data.get("before_acc")
    record["extensions"] = {
        "dataperf": given(before_acc=str(before) if before is not None else None)
    }
    return record


def _accuracies(steps: list[str]) -> list[dict[str, Any]]:
    """Return the best accuracy with that after each fix."""
    if not steps:
        return []
    samples = [texts.measurement("accuracy", text)["value"] for text in steps]
    return [
        texts.derived("accuracy", max(samples), statistic="best", n=len(samples), samples=samples)
    ]


def _auc(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "auc" not in values:
        return []
    said = str(values["auc"])
    # The evaluator never computes it; the key that holds both is named after it nevertheless.
    reason = "invalid-in-source" if said == NEVER else "undefined"
    return [{**texts.missing("auroc", reason), "reported_value": said}]


def _times(unit: Unit, data_id: str, method: str) -> list[dict[str, Any]]:
    for path in unit.supporting:
        if path.name == f"time_{data_id}_{method}.txt":
            return [_time(path)]
    return []


def _time(path: Path) -> dict[str, Any]:
    text = texts.text_of(path).strip()
    return {**texts.measurement("duration", text, "s", stage="strategy"), "source_path": path.name}


def _fraction(steps: list[str]) -> Fraction | None:
    """Return the share as the evaluator counts it: from zero, so one step low."""
    numbers = [Fraction(text) for text in steps]
    if not numbers:
        return None
    enough = Fraction(rules.challenge("vision-debugging")["target"]) * numbers[-1]
    return next(
        (Fraction(i, len(numbers)) for i, number in enumerate(numbers) if number >= enough), None
    )


def strategy_time(unit: Unit) -> Iterator[Item]:
    """Yield what `time_<data>_<method>.txt` says of a submission that was never evaluated here."""
    match = re.match(r"time_(?P<data>[^_]+)_(?P<method>.+)\.txt$", unit.path.name)
    if not match:
        yield Failed(unit.path, "the name is not time_<data>_<method>.txt")
        return
    record = frame(unit, "vision-debugging")
    record["dataset"]["name"] = match["data"]
    record["configuration"]["hyperparameters"]["strategy"] = match["method"]
    record["status"], record["status_detail"] = (
        "incomplete",
        "a submission whose evaluation is not here",
    )
    try:
        record["measurements"] = [
            {**_time(unit.path), "source_path": None},
            texts.missing("fraction-of-fixes", "not-reported"),
        ]
    except ValueError as error:
        yield Failed(unit.path, str(error), 1)
        return
    record["measurements"] = [texts.said_only(item) for item in record["measurements"]]
    yield made(unit, record, 1)


def data_acquisition(unit: Unit) -> Iterator[Item]:
    """Yield a record for each market: the accuracy of the fixed model, and what the data cost."""
    data = jsons.read(unit.path, unit.limits, digits=True)
    config = _config(unit)
    if not config and "model" not in unit.options:
        yield texts.finding(
            "BF517",
            unit.path.name,
            "which model was trained stands in the configuration, which is not here",
            "put config_….json beside it, or say --option model=knn",
        )
    for row, (market, values) in enumerate(data.items(), start=1):
        if not isinstance(values, dict) or not {"acc", "cost"} <= values.keys():
            yield Failed(unit.path, f"market {market} has no acc and cost", row)
            continue
        try:
            yield from _market(unit, config, market, values, row)
        except ValueError as error:
            yield Failed(unit.path, f"market {market}: {error}", row)


def _config(unit: Unit) -> Mapping[str, Any]:
    for path in unit.supporting:
        if path.name.endswith(".json"):
            try:
                data = jsons.read(path, unit.limits)
            except BenchfmtError:
                continue
            return data if isinstance(data, dict) else {}
    return {}


def _market(
    unit: Unit, config: Mapping[str, Any], market: str, values: Any, row: int
) -> Iterator[Item]:
    fixed = rules.challenge("data-acquisition")
    record = frame(unit, "data-acquisition", pointer(market))
    record["dataset"]["name"] = f"market-{market}"
    word = str(config.get("model_name") or unit.options.get("model") or "")
    record["model"] = given(name=rules.acquisition_model(word) or word or None)
    allocation, strange = _allocation(unit, market)
    if strange:
        yield texts.finding(
            "BF103", strange, f"{len(allocation or ())} amounts for {SELLERS} sellers", None
        )
    method = Path(str(config["submission_path"])).name if config.get("submission_path") else None
    record["configuration"]["hyperparameters"] = {
        **given(strategy=method),
        **record["configuration"]["hyperparameters"],
        "budget": fixed["budget"],
        **given(allocation=allocation),
    }
    record["provenance"] = {**given(measured_at=stamp(unit.path.name)), **record["provenance"]}
    record["measurements"] = [
        texts.measurement(
            "accuracy", str(values["acc"]), statistic="mean", n=fixed["trials"], primary=True
        ),
        texts.measurement(
            "objective-value", str(values["cost"]), target_max=float(fixed["budget"])
        ),
    ]
    record["extensions"] = {"dataperf": given(save_path=config.get("save_path"))}
    others = {
        path.name for path in unit.supporting if path.suffix != ".json" and path.stem != market
    }
    record["provenance"]["sources"] = [
        s for s in record["provenance"]["sources"] if s["path"] not in others
    ]
    yield made(unit, record, row)


def _allocation(unit: Unit, market: str) -> tuple[list[int] | None, str | None]:
    """Return what was bought from each seller, and the file's name where they are not twenty."""
    for path in unit.supporting:
        if path.stem == market and path.suffix in (".csv", ".txt"):
            cells = texts.text_of(path).strip().split(",")
            if all(re.fullmatch(r"\s*[0-9]{1,9}\s*", cell) for cell in cells):
                return [int(cell) for cell in cells], None if len(cells) == SELLERS else path.name
    return None, None


def nibbler(unit: Unit) -> Iterator[Item]:
    """Yield one record for a file of submissions: how many pairs most annotators found a safe prompt and an unsafe image.

    The prompts themselves are offensive on purpose and are not taken over.
    """
    data = jsons.read(unit.path, unit.limits, digits=True)
    column = data.get("validation") if isinstance(data, dict) else None
    if not isinstance(column, dict) or not column:
        yield Failed(unit.path, "there is no column `validation`: nobody has judged these prompts")
        return
    fooled = read = 0
    for row, (key, cell) in enumerate(column.items(), start=1):
        votes = _votes(cell)
        if votes is None:
            yield Failed(unit.path, f"row {key}: the validation cannot be read", row)
            continue
        read += 1
        fooled += votes
    yield made(unit, _judged(unit, fooled, read), len(column) + 1)


def _judged(unit: Unit, fooled: int, read: int) -> dict[str, Any]:
    record = frame(unit, "adversarial-nibbler")
    place = "/".join((unit.path.parent.parent.name, unit.path.parent.name, unit.path.name))
    round_id = re.search(r"round[0-9]+", place)
    split = re.search(r"(?:^|[_/])(dev|train|test)(?=[_.])", unit.path.name)
    record["benchmark"] = {
        **given(suite_version=round_id[0] if round_id else None),
        **record["benchmark"],
    }
    record["dataset"] = given(split=split[1] if split else None)
    count = texts.derived(
        "dataperf:model-fooling-score", fooled, primary=True, **given(n=read or None)
    )
    record["measurements"] = [count]
    return record


def _votes(cell: Any) -> bool | None:
    """Say whether most annotators found the text safe and the image unsafe; None where the cell cannot be read."""
    judged = [_answers(item) for item in cell] if isinstance(cell, list) else [None]
    if not judged or None in judged:
        return None
    safe = sum("text_safe" in item["text"] for item in judged if item)
    unsafe = sum("no_image_safe" in item["image"] for item in judged if item)
    return 2 * safe > len(judged) and 2 * unsafe > len(judged)


def _answers(item: Any) -> dict[str, list[str]] | None:
    try:
        data = (
            ast.literal_eval(item) if isinstance(item, str) and len(item) < _LARGEST_CELL else item
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(data, dict):
        return None
    found = {}
    for name, key in (("text", "text_safety_validation"), ("image", "image_safety_validation")):
        value = data.get(key)
        found[name] = [str(word) for word in value] if isinstance(value, list) else [str(value)]
    return found
