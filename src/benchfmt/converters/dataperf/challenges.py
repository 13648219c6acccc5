"""The outputs of the challenges' own evaluators: vision and speech selection, vision debugging, data acquisition, Nibbler."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt import numbers
from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.dataperf.common import (
    draft,
    object_of,
    pointer,
    set_evaluator,
    set_strategy,
    settings,
    stamp,
)
from benchfmt.converters.draft import Draft, DraftError, measured
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.suites import dataperf as rules

QUALITIES = ("f1", "accuracy", "precision", "recall")
SPEECH_NAME = re.compile(r"(?:^|[_.-])(?P<language>en|id|pt)_(?P<size>25|60)(?=[_.-]|$)")
SCORE = re.compile(r"^Score:[ \t]+(?P<score>[0-9.eE+-]{1,40})[ \t]*\r?$", re.MULTILINE)
_LARGEST_CELL = 100_000
NEVER = "-1"
SELLERS = 20
_ROUNDING = Fraction(1, 10**9)
"""How far a share may lie from the one that is counted again."""


def vision_selection(unit: Unit) -> Iterator[Item]:
    """Yield a record for each concept: the fixed classifier trained on what the strategy chose."""
    data = object_of(jsons.read(unit.path, unit.limits, digits=True))
    for row, (concept, values) in enumerate(data.items(), start=1):
        if not isinstance(values, dict) or "f1" not in values:
            yield Failed(unit.path, f"{concept!r} has no f1", row)
            continue
        try:
            made = _selected(unit, concept, values)
        except DraftError as error:
            yield Failed(unit.path, f"{concept}: {error}", row)
            continue
        yield from made.items(unit.path, row)


def _selected(unit: Unit, concept: str, values: Mapping[str, JsonValue]) -> Draft:
    challenge = "vision-selection"
    made = draft(unit, challenge, pointer(concept))
    set_evaluator(made, unit, challenge)
    named = re.match(r"result_for_(?P<method>.+)\.json$", unit.path.name)
    if named:
        set_strategy(made, unit, named["method"])
    else:
        set_strategy(made, unit)
    made.dataset(name=concept, split=rules.challenge(challenge)["split"])
    made.provenance(measured_at=unit.options.get("date") or stamp(unit.path.name))
    dim = _settings_beside(unit).get("dim")
    if dim is not None:
        made.hyperparameters({"dim": dim})
    for name in QUALITIES:
        if name in values:
            made.measure(name, str(values[name]))
    made.numbers[0].primary = True
    return made


def _settings_beside(unit: Unit) -> dict[str, JsonValue]:
    """Return the settings that stand in the first file beside an output."""
    if not unit.supporting:
        return {}
    return settings(unit.supporting[0])


def speech_selection(unit: Unit) -> Iterator[Item]:
    """Yield the score that the evaluation printed; which metric it is depends on the day."""
    challenge = "speech-selection"
    scores = SCORE.findall(texts.text_of(unit.path))
    language, size = _selection(unit)
    seeds = _settings_beside(unit).get("eval_random_seeds")
    for row, score in enumerate(scores, start=1):
        locator = None
        if len(scores) > 1:
            locator = f"run={row}"
        made = draft(unit, challenge, locator)
        set_evaluator(made, unit, challenge)
        set_strategy(made, unit)
        made.dataset(name=language, samples=numbers.count(size or ""))
        if seeds is not None:
            made.hyperparameters({"seeds": seeds})
        if language is None or size is None:
            made.report(
                "BF101",
                "neither the file nor its name says language and size of the selection",
                hint="give them: --option language=en --option size=25",
            )
        try:
            _speech(made, score, unit.options.get("date"), seeds)
        except DraftError as error:
            yield from made.findings
            yield Failed(unit.path, str(error), row)
            continue
        yield from made.items(unit.path, row)


def _selection(unit: Unit) -> tuple[str | None, str | None]:
    """Return language and size of a selection of recordings: as the options say, else the file's name."""
    language = unit.options.get("language")
    size = unit.options.get("size")
    name = SPEECH_NAME.search(unit.path.stem)
    if name is None:
        return language, size
    return language or name["language"], size or name["size"]


def _speech(made: Draft, score: str, date: str | None, seeds: JsonValue) -> None:
    fixed = rules.challenge("speech-selection")
    doubt = ["definition-inferred"]
    if date and date < fixed["macro_f1_since"]:
        made.measure("dataperf:speech-score", score, primary=True, caveats=doubt)
        return
    runs = len(fixed["seeds"])
    if isinstance(seeds, list) and seeds:
        runs = len(seeds)
    number = made.measure("macro-f1", score, statistic="mean", per="run", n=runs, primary=True)
    if not date:
        number.caveats = doubt


def vision_debugging(unit: Unit) -> Iterator[Item]:
    """Yield a record for each method: which share of the fixes reaches 95 % of the clean accuracy."""
    data = object_of(jsons.read(unit.path, unit.limits, digits=True))
    scored = data.get("auc_score")
    evaluations = data.get("submitted_evaluations")
    if not isinstance(scored, dict) or not isinstance(evaluations, list):
        yield Failed(unit.path, "auc_score and submitted_evaluations are expected")
        return
    for row, (method, values) in enumerate(scored.items(), start=1):
        if not isinstance(values, dict) or "fraction_fixes" not in values:
            yield Failed(unit.path, f"{method} has no fraction_fixes", row)
            continue
        try:
            made = _debugged(unit, method, values, _steps(evaluations, method))
        except ValueError as error:
            yield Failed(unit.path, f"{method}: {error}", row)
            continue
        before = data.get("before_acc")
        if before is not None:
            made.keep("before_acc", str(before))
        yield from made.items(unit.path, row)


def _steps(evaluations: list[JsonValue], method: str) -> list[str]:
    """Return the accuracy after each fix of a method, in order."""
    return [
        str(item.get("accuracy"))
        for item in evaluations
        if isinstance(item, dict) and item.get("submission") == method
    ]


def _debugged(unit: Unit, method: str, values: Mapping[str, JsonValue], steps: list[str]) -> Draft:
    challenge = "vision-debugging"
    fixed = rules.challenge(challenge)
    data_id = unit.path.name.split("_")[0]
    times = [path for path in unit.supporting if path.name == f"time_{data_id}_{method}.txt"]
    made = draft(unit, challenge, pointer("auc_score", method), supporting=times)
    set_evaluator(made, unit, challenge)
    made.hyperparameters({"strategy": method})
    made.dataset(name=data_id, split=fixed["split"], samples=fixed["samples"])
    share = str(values["fraction_fixes"])
    if share == NEVER:
        made.fail("failed", "fraction_fixes is -1: the target was never reached")
        made.missing("fraction-of-fixes", "target-not-reached", share)
    else:
        made.measure("fraction-of-fixes", share, primary=True)
    if steps:
        samples = [measured("accuracy", text).value or 0.0 for text in steps]
        made.derive("accuracy", max(samples), statistic="best", n=len(samples), samples=samples)
    if "auc" in values:
        _auc(made, str(values["auc"]))
    for path in times[:1]:
        _time(made, path, path.name)
    _compare_share(made, method, share, steps)
    return made


def _auc(made: Draft, text: str) -> None:
    """Say that the evaluator never computes the key that is named after both its scores."""
    if text == NEVER:
        made.missing("auroc", "invalid-in-source", text)
    else:
        made.missing("auroc", "undefined", text)


def _time(made: Draft, path: Path, source_path: str | None) -> None:
    text = texts.text_of(path).strip()
    made.measure("duration", text, "s", stage="strategy", source_path=source_path)


def _compare_share(made: Draft, method: str, share: str, steps: list[str]) -> None:
    """Report a share of fixes that the accuracies beside it contradict."""
    counted = _fraction(steps)
    if counted is None or share == NEVER:
        return
    if abs(Fraction(share) - counted) > _ROUNDING:
        message = (
            f"{method}: fraction_fixes is {share}, and the accuracies beside it give"
            f" {float(counted)}"
        )
        made.report("BF405", message, value=share)


def _fraction(steps: list[str]) -> Fraction | None:
    """Return the share as the evaluator counts it: from zero, so one step low."""
    if not steps:
        return None
    accuracies = [Fraction(text) for text in steps]
    enough = Fraction(rules.challenge("vision-debugging")["target"]) * accuracies[-1]
    for index, accuracy in enumerate(accuracies):
        if accuracy >= enough:
            return Fraction(index, len(accuracies))
    return None


def strategy_time(unit: Unit) -> Iterator[Item]:
    """Yield what `time_<data>_<method>.txt` says of a submission that was never evaluated here."""
    match = re.match(r"time_(?P<data>[^_]+)_(?P<method>.+)\.txt$", unit.path.name)
    if not match:
        yield Failed(unit.path, "the name is not time_<data>_<method>.txt")
        return
    challenge = "vision-debugging"
    made = draft(unit, challenge)
    set_evaluator(made, unit, challenge)
    made.hyperparameters({"strategy": match["method"]})
    made.dataset(name=match["data"], split=rules.challenge(challenge)["split"])
    made.fail("incomplete", "a submission whose evaluation is not here")
    try:
        _time(made, unit.path, None)
    except DraftError as error:
        yield Failed(unit.path, str(error), 1)
        return
    made.missing("fraction-of-fixes", "not-reported")
    yield from made.items(unit.path, 1)


def data_acquisition(unit: Unit) -> Iterator[Item]:
    """Yield a record for each market: the accuracy of the fixed model, and what the data cost."""
    data = object_of(jsons.read(unit.path, unit.limits, digits=True))
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
            made = _market(unit, config, market, values)
        except DraftError as error:
            yield Failed(unit.path, f"market {market}: {error}", row)
            continue
        yield from made.items(unit.path, row)


def _config(unit: Unit) -> Mapping[str, JsonValue]:
    for path in unit.supporting:
        if not path.name.endswith(".json"):
            continue
        try:
            data: JsonValue = jsons.read(path, unit.limits)
        except BenchfmtError:
            continue
        if isinstance(data, dict):
            return data
        return {}
    return {}


def _market(
    unit: Unit, config: Mapping[str, JsonValue], market: str, values: Mapping[str, JsonValue]
) -> Draft:
    fixed = rules.challenge("data-acquisition")
    used = [path for path in unit.supporting if path.suffix == ".json" or path.stem == market]
    made = draft(unit, "data-acquisition", pointer(market), supporting=used)
    made.dataset(name=f"market-{market}")
    model = str(config.get("model_name") or unit.options.get("model") or "")
    made.model(name=rules.acquisition_model(model) or model or None)
    made.provenance(measured_at=unit.options.get("date") or stamp(unit.path.name))
    submission = config.get("submission_path")
    if submission:
        set_strategy(made, unit, Path(str(submission)).name)
    else:
        set_strategy(made, unit)
    made.hyperparameters({"budget": fixed["budget"]})
    _allocate(made, unit, market)
    made.measure("accuracy", str(values["acc"]), statistic="mean", n=fixed["trials"], primary=True)
    made.measure("objective-value", str(values["cost"]), target_max=float(fixed["budget"]))
    made.keep("save_path", config.get("save_path"))
    return made


def _allocate(made: Draft, unit: Unit, market: str) -> None:
    """Say what was bought from each seller, and report a list that is not of twenty."""
    for path in unit.supporting:
        if path.stem != market or path.suffix not in (".csv", ".txt"):
            continue
        cells = texts.text_of(path).strip().split(",")
        if not all(re.fullmatch(r"\s*[0-9]{1,9}\s*", cell) for cell in cells):
            continue
        made.hyperparameters({"allocation": [int(cell) for cell in cells]})
        if len(cells) != SELLERS:
            made.report("BF103", f"{len(cells)} amounts for {SELLERS} sellers", path=path.name)
        return


def nibbler(unit: Unit) -> Iterator[Item]:
    """Yield one record for a file of submissions: how many pairs most annotators found a safe prompt and an unsafe image.

    The prompts themselves are offensive on purpose and are not taken over.
    """
    data: JsonValue = jsons.read(unit.path, unit.limits, digits=True)
    column: JsonValue = None
    if isinstance(data, dict):
        column = data.get("validation")
    if not isinstance(column, dict) or not column:
        yield Failed(
            unit.path, "there is no column `validation`: these prompts have not been judged"
        )
        return
    fooled = read = 0
    for row, (key, cell) in enumerate(column.items(), start=1):
        votes = _votes(cell)
        if votes is None:
            yield Failed(unit.path, f"row {key}: the validation cannot be read", row)
            continue
        read += 1
        fooled += votes
    yield from _judged(unit, fooled, read).items(unit.path, len(column) + 1)


def _judged(unit: Unit, fooled: int, read: int) -> Draft:
    challenge = "adversarial-nibbler"
    made = draft(unit, challenge)
    set_evaluator(made, unit, challenge)
    set_strategy(made, unit)
    folder = unit.path.parent
    place = f"{folder.parent.name}/{folder.name}/{unit.path.name}"
    round_id = re.search(r"round[0-9]+", place)
    if round_id and "round" not in unit.options:
        made.benchmark(suite_version=round_id[0])
    split = re.search(r"(?:^|[_/])(dev|train|test)(?=[_.])", unit.path.name)
    if split:
        made.dataset(split=split[1])
    made.derive("dataperf:model-fooling-score", fooled, primary=True, n=read or None)
    return made


def _votes(cell: JsonValue) -> bool | None:
    """Say whether most annotators found the text safe and the image unsafe; None where the cell cannot be read."""
    if not isinstance(cell, list) or not cell:
        return None
    safe = unsafe = 0
    for item in cell:
        answers = _answers(item)
        if answers is None:
            return None
        safe += "text_safe" in answers["text"]
        unsafe += "no_image_safe" in answers["image"]
    return 2 * safe > len(cell) and 2 * unsafe > len(cell)


def _answers(item: JsonValue) -> dict[str, list[str]] | None:
    data: JsonValue = item
    try:
        if isinstance(item, str) and len(item) < _LARGEST_CELL:
            data = ast.literal_eval(item)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(data, dict):
        return None
    answers = {}
    for name, key in (("text", "text_safety_validation"), ("image", "image_safety_validation")):
        value = data.get(key)
        if not isinstance(value, list):
            value = [value]
        answers[name] = [str(answer) for answer in value]
    return answers
