"""DAIBench (DiDi): the reports of its ResNet-50 training, which is NVIDIA's code, and NVIDIA's baselines beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.aibench import about as saying
from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.record import given
from benchfmt.suites import aibench as rules
from benchfmt.units import exact

SUITE = {"suite": "daibench"}
PHASES = {"train": "training", "val": "inference"}
RATES = {"total_ips": "whole-run", "compute_ips": "compute"}
"""Images per second, by what the timer covers: loading of the data too, or the device alone."""
_PERCENT = 100
_STEP = 2
_EARLY = 1
"""So many first entries do not count: the program warms up in them."""


def logger(unit: Unit) -> Iterator[Item]:
    """Yield what DLLogger's lines (`DLLL {json}`) tell of one training."""
    entries: list[dict[str, Any]] = []
    for number, line in enumerate(texts.text_of(unit.path).splitlines(), start=1):
        if not line.startswith("DLLL "):
            continue
        try:
            entry = jsons.parse(line[5:], unit.limits, digits=True)
        except BenchfmtError as error:
            yield Failed(unit.path, f"line {number}: {error}", number)
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    if not any(isinstance(entry.get("step"), list) for entry in entries):
        yield Failed(unit.path, "no line tells of a step or an epoch")
        return
    try:
        yield texts.record(_training(unit, entries))
    except ValueError as error:
        yield Failed(unit.path, f"not a result: {error}")


def _training(unit: Unit, entries: list[dict[str, Any]]) -> dict[str, Any]:
    logs = [
        entry
        for entry in entries
        if entry.get("type") == "LOG" and isinstance(entry.get("data"), dict)
    ]
    parameters: dict[str, Any] = next(
        (entry for entry in logs if entry.get("step") == "PARAMETER"), {"data": {}}
    )
    chosen = texts.native(parameters["data"])
    steps = [
        entry
        for entry in logs
        if isinstance(entry.get("step"), list) and len(entry["step"]) == _STEP
    ]
    ends = [
        entry
        for entry in logs
        if isinstance(entry.get("step"), list) and len(entry["step"]) < _STEP
    ]
    data = _frame(unit, {**given(model=chosen.get("arch")), **SUITE, **saying.said(unit)})
    data["benchmark"] |= {"name": f"{chosen.get('arch', 'unknown')}-training", "phase": "training"}
    data["configuration"] = given(
        precision="fp16" if chosen.get("fp16") else "mixed" if chosen.get("amp") else None,
        batch_size=chosen.get("batch_size"),
        hyperparameters={
            k: v
            for k, v in chosen.items()
            if k not in ("batch_size", "data", "workspace", "raport_file")
        },
    )
    moment = str(parameters.get("datetime", "")).replace(" ", "T")
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?", moment):
        data["provenance"]["measured_at"] = moment
    data["measurements"] = [*_rates(steps), *_qualities(ends)]
    if data["measurements"]:
        data["measurements"][0]["primary"] = True
    last = steps[-1]["step"] if steps else []
    epochs = chosen.get("epochs")
    if not any("val.top1" in entry["data"] for entry in ends) or (
        epochs and last and int(last[0]) + 1 < epochs
    ):
        data["status"] = "incomplete"
        data["status_detail"] = f"the log ends at step [{', '.join(last)}] of {epochs} epochs" + (
            "" if ends else ", and no epoch was evaluated"
        )
    loss = [entry["data"]["train.loss"] for entry in steps if "train.loss" in entry["data"]]
    data["extensions"] = {"daibench": given(train_loss=str(loss[-1]) if loss else None)}
    return data


def _rates(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for name, stage in RATES.items():
        series = _series(steps, f"train.{name}")
        if len(series) > _EARLY:
            found.append(_mean("throughput", series, _EARLY, stage=stage, per="sample"))
    for name, stage in (("data_time", "data-loading"), ("compute_time", "training-step")):
        series = _series(steps, f"train.{name}")
        if len(series) > _EARLY:
            found.append(_mean("duration", series, _EARLY, stage=stage, per="step"))
    return found


def _series(steps: list[dict[str, Any]], name: str) -> list[str]:
    return [str(entry["data"][name]) for entry in steps if name in entry["data"]]


def _mean(metric: str, series: list[str], early: int = 0, **key: Any) -> dict[str, Any]:
    """Return the mean of the entries that count; the others stand as null among the samples.

    The first `early` entries cover the warm-up, and one that cannot be (-1 images a second) was not measured.
    """
    numbers = [None] * early + [_possible(text) for text in series[early:]]
    counted = [number for number in numbers if number is not None]
    if not counted:
        return texts.missing(metric, "invalid-in-source", statistic="mean", **key)
    mean = sum(counted, Fraction(0)) / len(counted)
    samples = [None if number is None else float(number) for number in numbers]
    return texts.derived(metric, mean, statistic="mean", n=len(series), samples=samples, **key)


def _possible(text: str) -> Fraction | None:
    """Return a rate or a time as a number; DAIBench writes -1 where it has none, and neither can be 0.

    Raises ValueError where the text is no number.
    """
    number = exact(text)
    if number is None:
        raise ValueError(f"{text!r} is no number")
    return number if number > 0 else None


def _qualities(ends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for name, metric in (("val.top1", "accuracy"), ("val.top5", "top-5-accuracy")):
        series = _series(ends, name)
        if series:
            found.append(_percent(metric, series[-1]))
    return found


def _percent(metric: str, text: str) -> dict[str, Any]:
    """Return a share in percent, without a value where it can be none."""
    number = exact(text)
    if number is not None and not 0 <= number <= _PERCENT:
        return {
            **texts.missing(metric, "invalid-in-source", statistic="final"),
            "reported_value": text,
        }
    return texts.measurement(metric, text, "%", statistic="final")


def report(unit: Unit) -> Iterator[Item]:
    """Yield what `*-raport.json` tells: a list for each metric, an entry an epoch."""
    data = jsons.read(unit.path, unit.limits, digits=True)
    metrics = data.get("metrics") if isinstance(data, dict) else None
    if not isinstance(metrics, dict):
        yield Failed(unit.path, "the object has no `metrics`")
        return
    if _has_bands(metrics):
        words = "a baseline of training curves: a pair [low, high] for each epoch, between which a run may lie, is no result"
        yield Skipped(unit.path, words)
        return
    record = _frame(unit, {**given(model=data.get("model")), **SUITE, **saying.said(unit)})
    trained = any(name.startswith("train.") for name in metrics)
    record["benchmark"] |= {
        "name": f"{data.get('model', 'unknown')}-{'training' if trained else 'inference'}"
    }
    record["benchmark"]["phase"] = "training" if trained else "inference"
    try:
        record["measurements"] = [
            item for name, series in metrics.items() for item in _of_epochs(name, series)
        ]
    except ValueError as error:
        yield Failed(unit.path, f"not a result: {error}")
        return
    _complete(record, ", ".join(metrics))
    command = [str(word) for word in data.get("cmd") or () if isinstance(word, str)]
    record["extensions"] = {
        "daibench": given(cmd=command or None, ngpus=texts.native(data.get("ngpus")))
    }
    try:
        yield texts.record(record)
    except ValueError as error:
        yield Failed(unit.path, f"not a result: {error}")


def _has_bands(metrics: Mapping[str, Any]) -> bool:
    """Say whether the entries of an epoch are pairs, as those of `*_curve_baseline.json` are."""
    return any(
        isinstance(entry, list)
        for series in metrics.values()
        if isinstance(series, list)
        for entry in series
    )


def _complete(record: dict[str, Any], named: str) -> None:
    """Mark the headline number; a record none of whose numbers has a value is incomplete."""
    valued = next((item for item in record["measurements"] if "value" in item), None)
    if valued is not None:
        valued["primary"] = True
    elif record["measurements"]:
        record["status"] = "incomplete"
        record["status_detail"] = f"no number of {named} can be a result"


def _of_epochs(name: str, series: Any) -> Iterator[dict[str, Any]]:
    part, _, word = name.partition(".")
    texts_of = [str(item) for item in series] if isinstance(series, list) and series else []
    if not texts_of or part not in PHASES:
        return
    if word in RATES:
        scope: dict[str, Any] = {} if part == "train" else {"scope": "run:validation"}
        yield _mean("throughput", texts_of, stage=RATES[word], per="sample", **scope)
    elif word in ("top1", "top5") and part == "val":
        metric = "accuracy" if word == "top1" else "top-5-accuracy"
        yield _percent(metric, texts_of[-1])


def baseline(unit: Unit) -> Iterator[Item]:
    """Yield NVIDIA's reference numbers, metric by GPUs by batch by source of the data: a record for each of the three."""
    if texts.head(unit.path).startswith("<<<<<<<"):
        yield Failed(
            unit.path,
            "a merge of two versions was never resolved (<<<<<<<): which number holds is not known",
        )
        return
    data = jsons.read(unit.path, unit.limits, digits=True)
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for metric, by_gpus in _items(data):
        for gpus, by_batch in _items(by_gpus):
            for batch, by_backend in _items(by_batch):
                for backend, value in _items(by_backend):
                    found.setdefault((gpus, batch, backend), {})[metric] = (
                        "" if value is None else str(value)
                    )
    for number, ((gpus, batch, backend), values) in enumerate(found.items(), start=1):
        try:
            yield texts.record(_reference(unit, gpus, batch, backend, values))
        except ValueError as error:
            yield Failed(unit.path, f"{gpus} GPUs, batch {batch}, {backend}: {error}", number)


def _items(data: Any) -> list[tuple[str, Any]]:
    return list(data.items()) if isinstance(data, dict) else []


def _reference(
    unit: Unit, gpus: str, batch: str, backend: str, values: Mapping[str, str]
) -> dict[str, Any]:
    name = re.sub(r"_baseline\.json$", "", unit.path.name)
    machine = re.search(r"(?P<name>[^_]+)_L[0-9]_RN50_", name)
    data = _frame(
        unit,
        {
            "model": "resnet50",
            **given(system=machine["name"] if machine else None),
            **SUITE,
            **saying.said(unit),
        },
        f"backend={backend}&batch={batch}&gpus={gpus}",
    )
    training = any(metric.startswith("train.") for metric in values)
    data["benchmark"] |= {"name": f"resnet50-{'training' if training else 'inference'}"}
    data["benchmark"]["phase"] = "training" if training else "inference"
    accelerator = data["system"]["accelerator"] or {"kind": "gpu"}
    data["system"]["accelerator"] = {**accelerator, "count": int(gpus)}
    precision = rules.daibench_precision(name)
    data["configuration"] = given(
        precision=precision,
        batch_size=int(batch),
        placement=[f"gpu:{gpus}"],
        hyperparameters={"data_backend": backend},
    )
    data["measurements"] = [
        item for metric, text in values.items() for item in _published(metric, text)
    ]
    _complete(data, ", ".join(f"{metric} ({text})" for metric, text in values.items()))
    data["provenance"]["submitter"] = "NVIDIA"
    data["extensions"] = {"daibench": {"baseline": name}}
    return data


def _published(metric: str, text: str) -> Iterator[dict[str, Any]]:
    word = metric.partition(".")[2]
    if word in RATES:
        yield _reported("throughput", text, "/s", stage=RATES[word], per="sample")
    elif word == "compute_latency":
        yield _reported("latency", text, "s", stage="compute", per="batch")


def _reported(metric: str, text: str, unit: str, **key: Any) -> dict[str, Any]:
    """Return a number of NVIDIA's, or that it has none."""
    if not text:
        return texts.missing(metric, "not-reported", **key)
    if exact(text) is not None and _possible(text) is None:
        return {**texts.missing(metric, "invalid-in-source", **key), "reported_value": text}
    return texts.measurement(metric, text, unit, **key, basis="published")


def _frame(unit: Unit, about: Mapping[str, str], locator: str | None = None) -> dict[str, Any]:
    data = saying.frame(unit, about, locator)
    data["task"] = "image-classification"
    return data
