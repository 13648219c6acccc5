"""The accuracy of an Endpoints run: `accuracy_results.json` with a score for each data set and subset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.mlperf.inference.endpoints_json import mapping, sequence, slug
from benchfmt.converters.mlperf.inference.quality import is_held, quality_number
from benchfmt.converters.mlperf.inference.run import Names, Run, count
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_inference as rules
from benchfmt.suites.mlperf_inference import Quality

Entry = Mapping[str, JsonValue]
"""The score of one data set."""


def add_accuracy(run: Run, names: Names, round_id: str | None) -> None:
    """Add the score, those of the subsets, and the tokens of the accuracy run."""
    path = run.one("endpoints-accuracy")
    if path is None:
        run.report(
            "BF706",
            run.path,
            "no accuracy_results.json beside the performance run: the quality is not known",
            "add accuracy/accuracy_results.json",
        )
        return
    entries = _entries(run, path)
    if entries is None:
        return
    where = run.read(path, file_sha256(path))
    wanted: Sequence[Quality] = ()
    if names.benchmark:
        wanted = rules.qualities(names.benchmark, round_id, names.scenario)
    if not wanted:
        message = "the metric of this benchmark's score is not known: the score is left out"
        run.report("BF706", where, message)
        return
    if not any(isinstance(entry.get("score"), Digits) for entry in entries):
        message = "accuracy_scores has no score that is a number: the quality is not known"
        run.report("BF706", where, message)
    held = is_held(run, names)
    for index, entry in enumerate(entries):
        locator = f"/accuracy_scores/{index}"
        if len(entries) == 1:
            _add_score(run, wanted[0], entry, where, locator, held=held)
            _add_subsets(run, wanted[0], entry, where, locator)
            _add_tokens(run, wanted, entry, where, locator, held=held)
        else:
            scope = f"subset:{slug(str(entry.get('dataset_name', index)))}"
            _add_score(run, wanted[0], entry, where, locator, held=False, scope=scope)
            _add_subsets(run, wanted[0], entry, where, locator)


def _entries(run: Run, path: Path) -> list[Entry] | None:
    """Return the scores of a file, None for a file that cannot be read."""
    try:
        data = jsons.read(path, run.unit.limits, digits=True)
    except BenchfmtError as error:
        run.fail(path, str(error))
        return None
    entries = sequence(mapping(data).get("accuracy_scores"))
    return [entry for entry in entries if isinstance(entry, dict)]


def _add_score(
    run: Run,
    rule: Quality,
    entry: Entry,
    where: str,
    locator: str,
    *,
    held: bool,
    scope: str | None = None,
) -> None:
    """Add the score of a data set; `scope` tells it from those of others."""
    text = str(entry.get("score", ""))
    number = quality_number(rule, text, where, f"{locator}/score", held=held)
    if number is None:
        return
    number.scope = scope or number.scope
    number.n = count(str(entry.get("total_samples", "")))
    run.draft.add(number)


def _add_subsets(run: Run, rule: Quality, entry: Entry, where: str, locator: str) -> None:
    scores = mapping(mapping(entry.get("breakdown")).get("subset_scores"))
    for subset, value in scores.items():
        place = f"{locator}/breakdown/subset_scores/{subset}"
        number = quality_number(rule, str(value), where, place, held=False)
        if number is not None:
            number.scope = f"subset:{slug(subset)}"
            run.draft.add(number)


def _add_tokens(
    run: Run, wanted: Sequence[Quality], entry: Entry, where: str, locator: str, *, held: bool
) -> None:
    """Add the mean number of tokens of an answer, where the benchmark asks for it."""
    average = mapping(entry.get("output_sequence_lengths")).get("avg")
    rule = next((quality for quality in wanted if quality.metric == "output-tokens"), None)
    if rule is None or average is None:
        return
    place = f"{locator}/output_sequence_lengths/avg"
    number = quality_number(rule, str(average), where, place, held=held)
    if number is not None:
        run.draft.add(number)
