"""Evaluations of models in the format of Every Eval Ever 0.3.0 (https://github.com/evaleval/every_eval_ever).

A result with numbers of quality is one file, `data/<collection>/<developer>/<model>/<uuid>.json`, as its datastore has
them; the judge is the package's own `every_eval_ever validate`. Times, energy and sizes have no place there, nor have
results of which nobody knows who made the model or who published them.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pydantic import JsonValue

from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.pieces import Job, Of, Share, in_one, move
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.record import Measurement, Record
from benchfmt.vocabulary import Metric, metric_of, vocabulary

__all__ = ["EVERY_EVAL_EVER", "OPTIONS", "VERSION", "is_folder_name", "quality"]

VERSION = "0.3.0"
OPTIONS = {
    "retrieved": "when the results were taken from their source, as 2026-11-30; the format asks for it",
    "developer": "who made the models whose names do not say it (`developer/model`)",
    "organization": "who published results that name no submitter",
    "relationship": "of whoever evaluated to the models: first_party, third_party, collaborative or other",
}
NO_MODEL = "the model is not named"
NO_DEVELOPER = "nobody says who made the model (developer=…)"
NO_ORGANIZATION = "nobody says who published the result (organization=…)"
NO_DATASET = "the data set is not named"
NO_PATH = "the name of the model cannot be a folder's"
NOT_OK = "not successful (status other than ok)"
NO_QUALITY = "no number for the quality of the whole"
NOT_QUALITY = "not a quality: a time, an energy, a size or the like"
NO_VALUE = "no value"
A_TARGET = "neither higher nor lower is better"
OF_A_PART = "of a part of the result, or of a statistic other than the mean"
_RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]$|^\.{1,2}$')
_AGGREGATES = (None, "mean", "pooled", "macro-mean", "final")
"""Statistics of which a number is the score of the model."""
_UNKNOWN = "unknown"
_LONGEST_NAME = 255
"""So many bytes has the name of a folder at most."""


class EveryEvalEver:
    """Files of Every Eval Ever."""

    about = "Every Eval Ever 0.3.0: one JSON file for each evaluation of a model, in the folders of its datastore"
    shape: Shape = "folder"
    options = OPTIONS

    passes: tuple[Of, ...] = ("results",)

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write a file for each result that is an evaluation of a model, and count the others."""
        return in_one(self, package, place, options)

    def begin(self, job: Job) -> None:
        """Look at the options; raises BenchfmtError."""
        _asked(job.options)

    def once(self, job: Job, share: Share) -> Iterable[str]:
        """Return nothing: each result has a file of its own."""
        del job, share
        return ()

    def piece(self, job: Job, share: Share) -> None:
        """Write the files of some results."""
        asked = _asked(job.options)
        for record in share.records():
            _write(record, job.place, asked, job.account)

    def add(self, job: Job, piece: Job) -> None:
        """Move the files of a piece to the others."""
        for name in dict.fromkeys(piece.account.files):
            move(piece.place / name, job.place / name)

    def end(self, job: Job) -> None:
        """Say what no result says."""
        if job.account.records and "relationship" not in job.options:
            job.account.note(
                "evaluator_relationship is `other`: no result says what its evaluator has to do with the model "
                "(relationship=third_party)"
            )


EVERY_EVAL_EVER = EveryEvalEver()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the options say."""

    retrieved: str
    developer: str | None
    organization: str | None
    relationship: str


def _asked(options: Mapping[str, str]) -> _Asked:
    relationship = options.get("relationship", "other")
    if relationship not in _RELATIONSHIPS:
        raise BenchfmtError(
            f"relationship: {relationship!r} is none of {', '.join(_RELATIONSHIPS)}"
        )
    return _Asked(
        _epoch(options.get("retrieved")),
        options.get("developer"),
        options.get("organization"),
        relationship,
    )


def _epoch(text: str | None) -> str:
    """Return a day or a time with its zone in seconds since 1970; raises BenchfmtError for anything else."""
    if text is None:
        raise BenchfmtError(
            "retrieved: Every Eval Ever asks when the results were taken from their source; say it, as "
            "retrieved=2026-11-30"
        )
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise BenchfmtError(f"retrieved: {text!r} is not a day such as 2026-11-30") from None
    if time.tzinfo is None:
        if "T" in text or " " in text:
            raise BenchfmtError(f"retrieved: {text!r} has no zone; write Z or an offset behind it")
        time = time.replace(tzinfo=UTC)
    return str(int(time.timestamp()))


def _write(record: Record, place: Path, asked: _Asked, account: Account) -> None:
    home = _home(record, asked)
    if isinstance(home, str):
        account.left_out[home] += 1
        return
    results = []
    reasons = []
    bases: set[str | None] = set()
    for measurement in record.measurements or ():
        result = _result(record, measurement)
        if isinstance(result, str):
            reasons.append(result)
        else:
            results.append(result)
            bases.add(measurement.basis)
    if not results:
        account.left_out[NO_QUALITY] += 1
        return
    account.measurements_left_out.update(reasons)
    account.records += 1
    account.measurements += len(results)
    name = f"data/{home.collection}/{home.developer}/{home.model}/{_uuid(str(record.id))}.json"
    file = place / name
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_log(record, home, results, bases, asked), indent=2, ensure_ascii=False)
    file.write_text(text + "\n", "utf-8")
    account.files.append(name)


@dataclass(frozen=True, slots=True)
class _Home:
    """Where an evaluation belongs: the folders of its file, and what these are of."""

    collection: str
    developer: str
    model: str
    organization: str

    @property
    def model_id(self) -> str:
        """The model as Hugging Face writes it."""
        return f"{self.developer}/{self.model}"


def _home(record: Record, asked: _Asked) -> _Home | str:
    """Return where a result belongs, or why it has no place."""
    if record.status != "ok":
        return NOT_OK
    name = record.model.name if record.model else None
    if not name:
        return NO_MODEL
    developer, slash, model = name.partition("/")
    if not slash:
        developer, model = asked.developer or "", name
    if not developer:
        return NO_DEVELOPER
    organization = asked.organization
    if record.provenance and record.provenance.submitter:
        organization = record.provenance.submitter
    if not organization:
        return NO_ORGANIZATION
    if record.dataset is None or not record.dataset.name:
        return NO_DATASET
    if not (is_folder_name(developer) and is_folder_name(model)):
        return NO_PATH
    collection = record.benchmark.suite.removeprefix("every-eval-ever:").replace(":", "-")
    return _Home(collection, developer, model, organization)


def is_folder_name(name: str) -> bool:
    """Whether every system takes a name for a folder."""
    return not _UNSAFE.search(name) and len(name.encode()) <= _LONGEST_NAME


def _uuid(record_id: str) -> UUID:
    """Return a UUID that follows from the id of the record: the datastore wants version 4, whose digits are free."""
    digest = hashlib.sha256(record_id.encode()).digest()
    return UUID(bytes=digest[:16], version=4)


def _log(
    record: Record,
    home: _Home,
    results: list[dict[str, JsonValue]],
    bases: set[str | None],
    asked: _Asked,
) -> dict[str, JsonValue]:
    """Return the evaluation of a result; it is documentation where all of its numbers are published ones."""
    provenance = record.provenance
    source: dict[str, JsonValue] = {
        "source_name": record.benchmark.suite,
        "source_type": "documentation" if bases == {"published"} else "evaluation_run",
        "source_organization_name": home.organization,
        "evaluator_relationship": asked.relationship,
        "additional_details": _texts(
            {
                "benchfmt_id": record.id,
                "suite": record.benchmark.suite,
                "suite_version": record.benchmark.suite_version,
                "url": provenance.url if provenance else None,
                "license": provenance.license if provenance else None,
            }
        ),
    }
    flat_id = home.model_id.replace("/", "_")
    log: dict[str, JsonValue] = {
        "schema_version": VERSION,
        "evaluation_id": f"{home.collection}/{flat_id}/{record.id}",
        "retrieved_timestamp": asked.retrieved,
        "source_metadata": source,
        "eval_library": {
            "name": record.benchmark.suite,
            "version": record.benchmark.suite_version or _UNKNOWN,
        },
        "model_info": _model(record, home),
        "evaluation_results": list[JsonValue](results),
    }
    if provenance and provenance.measured_at:
        log["evaluation_timestamp"] = provenance.measured_at
    return log


def _model(record: Record, home: _Home) -> dict[str, JsonValue]:
    details: dict[str, JsonValue] = {
        "deployment_type": _UNKNOWN,
        "model_availability": _UNKNOWN,
    }
    if record.model:
        details |= _texts({"version": record.model.version, "parameters": record.model.parameters})
    if record.configuration:
        details |= _texts({"precision": record.configuration.precision})
    model: dict[str, JsonValue] = {
        "name": home.model,
        "id": home.model_id,
        "developer": home.developer,
        "additional_details": details,
    }
    if record.software and record.software.engine:
        engine = {"name": record.software.engine, "version": record.software.engine_version}
        model["inference_engine"] = {key: text for key, text in engine.items() if text}
    return model


def quality(measurement: Measurement) -> str | None:
    """Return why a measurement is no number for the quality of a whole result, None where it is one."""
    base = measurement.metric.partition("@")[0]
    if vocabulary().terms("metric").get(base, {}).get("quantity") != "quality":
        return NOT_QUALITY
    if measurement.value is None:
        return NO_VALUE
    metric = metric_of(measurement.metric, vocabulary().metrics)
    if metric is None or metric.direction not in ("higher", "lower"):
        return A_TARGET
    if measurement.scope or measurement.statistic not in _AGGREGATES:
        return OF_A_PART
    return None


def _result(record: Record, measurement: Measurement) -> dict[str, JsonValue] | str:
    """Return a number of quality as the format has it, or why it has no place there."""
    why = quality(measurement)
    metric = metric_of(measurement.metric, vocabulary().metrics)
    if why is not None or metric is None:
        return why or NOT_QUALITY
    name = _evaluation_name(record)
    details = _texts(
        {
            "reported_value": measurement.reported_value,
            "reported_unit": measurement.reported_unit,
            "statistic": measurement.statistic,
            "basis": measurement.basis,
        }
    )
    score: dict[str, JsonValue] = {"score": measurement.value}
    if details:
        score["details"] = details
    uncertainty = dict(_uncertainty(measurement))
    if uncertainty:
        score["uncertainty"] = uncertainty
    result_id = f"{name}/{measurement.metric}"
    if measurement.statistic:
        result_id += f"/{measurement.statistic}"
    return {
        "evaluation_result_id": result_id,
        "evaluation_name": name,
        "source_data": _data(record),
        "metric_config": _config(measurement, metric),
        "score_details": score,
    }


def _evaluation_name(record: Record) -> str:
    dataset = record.dataset.name if record.dataset else None
    return record.benchmark.name or dataset or record.benchmark.suite


def _data(record: Record) -> dict[str, JsonValue]:
    said: dict[str, JsonValue] = {"task": record.task}
    data: dict[str, JsonValue] = {"source_type": "other"}
    if record.dataset is not None:
        data["dataset_name"] = record.dataset.name
        said |= {"split": record.dataset.split, "samples": record.dataset.samples}
    details = _texts(said)
    if details:
        data["additional_details"] = details
    return data


def _config(measurement: Measurement, metric: Metric) -> dict[str, JsonValue]:
    """Return what is known of a metric; it is continuous where both of its bounds are known, as the format asks."""
    unit = measurement.unit
    config: dict[str, JsonValue] = {
        "metric_id": measurement.metric,
        "metric_name": metric.label,
        "metric_kind": measurement.metric.partition("@")[0],
        "lower_is_better": metric.direction == "lower",
    }
    is_fraction = unit == "1" and metric.minimum == 0 and metric.maximum == 1
    if is_fraction:
        config["metric_unit"] = "proportion"
    elif unit and unit != "1":
        config["metric_unit"] = unit
    if metric.minimum is not None and metric.maximum is not None:
        config["score_type"] = "continuous"
        config["min_score"] = _bound(metric.minimum)
        config["max_score"] = _bound(metric.maximum)
    return config


def _bound(number: float) -> JsonValue:
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _uncertainty(measurement: Measurement) -> Iterator[tuple[str, JsonValue]]:
    if measurement.stddev is not None:
        yield "standard_deviation", measurement.stddev
    if measurement.n is not None:
        yield "num_samples", measurement.n
    if measurement.ci is not None:
        lower, upper, level = measurement.ci
        yield "confidence_interval", {"lower": lower, "upper": upper, "confidence_level": level}


def _texts(details: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return details as texts, which is all that the format takes, without those that are not known."""
    return {name: str(value) for name, value in details.items() if value is not None}
