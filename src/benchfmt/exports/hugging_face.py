"""Qualities of models as Hugging Face shows them: a model card with `model-index`, and `.eval_results` of benchmarks.

A folder a model. `README.md` holds the front matter of a card (https://github.com/huggingface/hub-docs, modelcard.md), and
`.eval_results/benchfmt.yaml` what the Hub shows on the page of a benchmark, which is a data set of the Hub
(https://huggingface.co/docs/hub/eval-results).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path

import yaml
from pydantic import JsonValue

from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.every_eval_ever import (
    NO_DATASET,
    NO_MODEL,
    NO_PATH,
    NO_QUALITY,
    NOT_OK,
    is_folder_name,
    quality,
)
from benchfmt.exports.pieces import Job, Of, Share, append_file, in_one, move
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.record import Measurement, Record
from benchfmt.vocabulary import metric_of, vocabulary

__all__ = ["HUGGING_FACE", "OPTIONS"]

OPTIONS = {
    "datasets": "data sets of the Hub by the names that results give them, as `arc=allenai/ai2_arc; gsm8k=openai/gsm8k`",
}
NO_TASK = "the task is not named"
CARD = "README.md"
RESULTS = ".eval_results/benchfmt.yaml"
_METRICS = {
    "auroc": "roc_auc",
    "exact-match": "exact_match",
    "mean-absolute-error": "mae",
    "word-error-rate": "wer",
}
"""Metrics that Hugging Face calls otherwise."""
_BEGIN = "---\nmodel-index:\n"
_END = "---\n"


class HuggingFace:
    """Model cards and results of benchmarks for the Hugging Face Hub."""

    about = "Hugging Face: model cards with model-index, and .eval_results of benchmarks on the Hub"
    shape: Shape = "folder"
    options = OPTIONS

    passes: tuple[Of, ...] = ("results",)

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write a folder for each model with numbers of quality, and count the rest."""
        return in_one(self, package, place, options)

    def begin(self, job: Job) -> None:
        """Look at the options; raises BenchfmtError."""
        _datasets(job.options)

    def once(self, job: Job, share: Share) -> Iterable[str]:
        """Return nothing: a model with results in several pieces has a card in each until these are put together."""
        del job, share
        return ()

    def piece(self, job: Job, share: Share) -> None:
        """Write some results into the folders of their models."""
        datasets = _datasets(job.options)
        for record in share.records():
            _write(record, job.place, datasets, job.met, job.account)

    def add(self, job: Job, piece: Job) -> None:
        """Put the results of a piece behind those that the folders of their models have."""
        for name in piece.met:
            own, other = job.place / name, piece.place / name
            if name in job.met:
                append_file(own / CARD, other / CARD, skip=len(_head(name).encode()))
            else:
                move(other / CARD, own / CARD)
            job.met[name] = None
            if (other / RESULTS).exists():
                (own / RESULTS).parent.mkdir(exist_ok=True)
                append_file(own / RESULTS, other / RESULTS)

    def end(self, job: Job) -> None:
        """Write the end of each card."""
        account = job.account
        for name in job.met:
            _append(job.place / name / CARD, _END)
            account.files.append(f"{name}/{CARD}")
            if (job.place / name / RESULTS).exists():
                account.files.append(f"{name}/{RESULTS}")
        if not any(name.endswith(RESULTS) for name in account.files) and job.met:
            account.note(
                "there are no .eval_results: no headline number is a quality on a named benchmark whose data set is known to be one "
                "of the Hub (datasets=NAME=ORG/ID)"
            )


HUGGING_FACE = HuggingFace()


def _datasets(options: Mapping[str, str]) -> dict[str, str]:
    """Return data sets of the Hub by the names that results give them; raises BenchfmtError."""
    datasets = {}
    text = options.get("datasets", "")
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        name, _, hub_id = pair.partition("=")
        if not name or not _is_hub_id(hub_id):
            raise BenchfmtError(f"datasets: {pair!r} is not NAME=ORG/ID")
        datasets[name.strip()] = hub_id.strip()
    return datasets


def _is_hub_id(text: str) -> bool:
    organization, slash, name = text.strip().partition("/")
    return bool(organization and slash and name) and "/" not in name


def _write(
    record: Record,
    place: Path,
    datasets: Mapping[str, str],
    cards: MutableMapping[str, None],
    account: Account,
) -> None:
    reason = _why_not(record)
    if reason is not None:
        account.left_out[reason] += 1
        return
    numbers = []
    reasons = []
    for measurement in record.measurements or ():
        why = quality(measurement)
        if why is None:
            numbers.append(measurement)
        else:
            reasons.append(why)
    if not numbers:
        account.left_out[NO_QUALITY] += 1
        return
    account.measurements_left_out.update(reasons)
    account.records += 1
    account.measurements += len(numbers)
    name = str(record.model.name if record.model else "")
    if name not in cards:
        cards[name] = None
        _append(place / name / CARD, _head(name))
    card = [_of_card(record, numbers, datasets)]
    _append(place / name / CARD, textwrap.indent(_yaml(card), "  "))
    shown = _of_benchmark(record, numbers, datasets)
    if shown is not None:
        _append(place / name / RESULTS, _yaml([shown]))


def _head(name: str) -> str:
    """Return what a card has before its results."""
    return f"{_BEGIN}{_yaml([{'name': name}])}  results:\n"


def _why_not(record: Record) -> str | None:
    """Return why a result has no place on the Hub, None where it has one."""
    if record.status != "ok":
        return NOT_OK
    name = record.model.name if record.model else None
    if not name:
        return NO_MODEL
    if not all(is_folder_name(part) for part in name.split("/")):
        return NO_PATH
    if not record.task:
        return NO_TASK
    if record.dataset is None or not record.dataset.name:
        return NO_DATASET
    return None


def _append(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as opened:
        opened.write(text)


def _yaml(items: list[dict[str, JsonValue]]) -> str:
    text: str = yaml.safe_dump(items, allow_unicode=True, sort_keys=False)
    return text


def _hub_id(name: str, datasets: Mapping[str, str]) -> str | None:
    if name in datasets:
        return datasets[name]
    if _is_hub_id(name):
        return name
    return None


def _of_card(
    record: Record, numbers: Iterable[Measurement], datasets: Mapping[str, str]
) -> dict[str, JsonValue]:
    """Return a result as an entry of a card's `model-index`."""
    name = str(record.dataset.name if record.dataset else "")
    dataset: dict[str, JsonValue] = {"type": _hub_id(name, datasets) or name, "name": name}
    if record.dataset and record.dataset.split:
        dataset["split"] = record.dataset.split
    entry: dict[str, JsonValue] = {
        "task": {"type": record.task},
        "dataset": dataset,
        "metrics": [_of_metric(number) for number in numbers],
    }
    if record.provenance and record.provenance.url:
        entry["source"] = {"url": record.provenance.url, "name": record.benchmark.suite}
    return entry


def _of_metric(number: Measurement) -> dict[str, JsonValue]:
    known = metric_of(number.metric, vocabulary().metrics)
    metric: dict[str, JsonValue] = {
        "type": _METRICS.get(number.metric, number.metric),
        "value": number.value,
        "name": known.label if known else number.metric,
    }
    if number.statistic:
        metric["args"] = {"statistic": number.statistic}
    return metric


def _of_benchmark(
    record: Record, numbers: list[Measurement], datasets: Mapping[str, str]
) -> dict[str, JsonValue] | None:
    """Return the headline number as the Hub shows it with its benchmark; None where that is no data set of the Hub."""
    hub_id = _hub_id(str(record.dataset.name if record.dataset else ""), datasets)
    headline = next((number for number in numbers if number.primary), None)
    benchmark = record.benchmark.name
    if hub_id is None or headline is None or benchmark is None:
        return None
    entry: dict[str, JsonValue] = {
        "dataset": {"id": hub_id, "task_id": benchmark},
        "value": headline.value,
    }
    provenance = record.provenance
    if provenance and provenance.measured_at:
        entry["date"] = provenance.measured_at
    if provenance and provenance.url:
        entry["source"] = {"url": provenance.url, "name": record.benchmark.suite}
    entry["notes"] = _notes(record, headline)
    return entry


def _notes(record: Record, headline: Measurement) -> str:
    """Return what the entry has no field for: the metric, and how the model was run."""
    said = [headline.metric]
    if record.configuration and record.configuration.precision:
        said.append(record.configuration.precision)
    if record.software and record.software.engine:
        said.append(f"{record.software.engine} {record.software.engine_version or ''}".strip())
    return ", ".join(said)
