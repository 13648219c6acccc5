"""DAIBench (DiDi): the reports of its ResNet-50 training, which is NVIDIA's code, and NVIDIA's baselines beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from benchfmt.converters import texts
from benchfmt.converters.aibench import about as saying
from benchfmt.converters.aibench.numbers import add_mean, number_of
from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.draft import Draft, Key
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import exact, kept
from benchfmt.readers import jsons
from benchfmt.readers.objects import Fields, fields_of
from benchfmt.suites import aibench as rules

SUITE = "daibench"
PHASES = {"train": "training", "val": "inference"}
RATES = {"total_ips": "whole-run", "compute_ips": "compute"}
"""Images per second, by what the timer covers: loading of the data too, or the device alone."""
_TIMES = {"data_time": "data-loading", "compute_time": "training-step"}
_QUALITIES = {"top1": "accuracy", "top5": "top-5-accuracy"}
_NOT_HYPERPARAMETERS = ("batch_size", "data", "workspace", "raport_file")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?")
_BANDS = "a baseline of training curves: a pair [low, high] for each epoch, between which a run may lie, is not a result"
_UNRESOLVED = (
    "a merge of two versions was never resolved (<<<<<<<): which number holds is not known"
)
_PERCENT = 100
_STEP = 2
_EARLY = 1
"""So many first entries do not count: the program warms up in them."""


def _drafted(unit: Unit, about: Mapping[str, str], locator: str | None = None) -> Draft:
    draft = saying.drafted(unit, SUITE, about, locator)
    draft.task = "image-classification"
    return draft


def _set_phase(draft: Draft, model: str | None, *, is_training: bool) -> None:
    draft.phase = "inference"
    if is_training:
        draft.phase = "training"
    draft.benchmark(name=f"{model or 'unknown'}-{draft.phase}")


# --- the log of a training ---


@dataclass
class _Log:
    """The entries of one training: its parameters, its steps `[epoch, step]`, and what each epoch or the run ends with."""

    started: str = ""
    parameters: Fields | None = None
    last_step: tuple[str, ...] = ()
    steps: list[Fields] = field(default_factory=list)
    ends: list[Fields] = field(default_factory=list)

    def add(self, entry: Fields) -> None:
        """Add an entry; what is not a number of the run says nothing."""
        step = entry.data.get("step")
        values = entry.data.get("data")
        if entry.text("type") != "LOG" or not isinstance(values, dict):
            return
        if step == "PARAMETER" and self.parameters is None:
            self.parameters = Fields(values)
            self.started = (entry.text("datetime") or "").replace(" ", "T")
        elif isinstance(step, list) and len(step) == _STEP:
            self.steps.append(Fields(values))
            self.last_step = tuple(map(str, step))
        elif isinstance(step, list) and len(step) < _STEP:
            self.ends.append(Fields(values))


def logger(unit: Unit) -> Iterator[Item]:
    """Yield what DLLogger's lines (`DLLL {json}`) say of one training."""
    log = _Log()
    has_steps = False
    for number, line in enumerate(texts.text_of(unit.path).splitlines(), start=1):
        if not line.startswith("DLLL "):
            continue
        try:
            entry = fields_of(jsons.parse(line[5:], unit.limits, digits=True))
        except BenchfmtError as error:
            yield Failed(unit.path, f"line {number}: {error}", number)
            continue
        has_steps = has_steps or isinstance(entry.data.get("step"), list)
        log.add(entry)
    if not has_steps:
        yield Failed(unit.path, "no line tells of a step or an epoch")
        return
    try:
        yield _training(unit, log).build()
    except ValueError as error:
        yield Failed(unit.path, f"not a result: {error}")


def _training(unit: Unit, log: _Log) -> Draft:
    about = saying.declared(unit)
    parameters = log.parameters or fields_of(None)
    architecture = parameters.text("arch")
    draft = _drafted(unit, about)
    _set_phase(draft, architecture, is_training=True)
    draft.model(name=saying.matched("model", architecture))
    if _MOMENT.fullmatch(log.started):
        draft.provenance(measured_at=log.started)
    saying.describe(draft, about)
    _configure(draft, parameters)
    for name, stage in RATES.items():
        _add_mean_of_steps(draft, "throughput", log, name, {"stage": stage, "per": "sample"})
    for name, stage in _TIMES.items():
        _add_mean_of_steps(draft, "duration", log, name, {"stage": stage, "per": "step"})
    for name, metric in _QUALITIES.items():
        for text in _series(log.ends, f"val.{name}")[-1:]:
            _add_percent(draft, metric, text)
    for number in draft.numbers[:1]:
        number.primary = True
    _fail_unfinished(draft, log, parameters.count("epochs"))
    for loss in _series(log.steps, "train.loss")[-1:]:
        draft.keep("train_loss", loss, SUITE)
    return draft


def _configure(draft: Draft, parameters: Fields) -> None:
    if parameters.flag("fp16"):
        draft.configuration(precision="fp16")
    elif parameters.flag("amp"):
        draft.configuration(precision="mixed")
    draft.configuration(batch_size=parameters.count("batch_size"))
    for name, value in kept(parameters.data).items():
        if name not in _NOT_HYPERPARAMETERS:
            draft.hyperparameters({name: value})


def _fail_unfinished(draft: Draft, log: _Log, epochs: int | None) -> None:
    is_evaluated = any("val.top1" in values for values in log.ends)
    is_last_epoch = True
    if epochs and log.last_step:
        is_last_epoch = int(log.last_step[0]) + 1 >= epochs
    if is_evaluated and is_last_epoch:
        return
    reason = f"the log ends at step [{', '.join(log.last_step)}] of {epochs} epochs"
    if not log.ends:
        reason += ", and no epoch was evaluated"
    draft.fail("incomplete", reason)


def _series(entries: list[Fields], name: str) -> list[str]:
    return [str(entry.data[name]) for entry in entries if name in entry]


def _add_mean_of_steps(draft: Draft, metric: str, log: _Log, name: str, key: Key) -> None:
    series = _series(log.steps, f"train.{name}")
    if len(series) > _EARLY:
        _add_mean(draft, metric, series, key, _EARLY)


def _add_mean(draft: Draft, metric: str, series: list[str], key: Key, early: int = 0) -> None:
    """Add the mean of the entries that count; the others stand as null among the samples.

    The first `early` entries cover the warm-up, and one that cannot be (-1 images a second) was not measured.
    """
    numbers = [None] * early + [_possible(text) for text in series[early:]]
    if any(number is not None for number in numbers):
        add_mean(draft, metric, numbers, **key)
        return
    draft.missing(metric, "invalid-in-source", **key).statistic = "mean"


def _possible(text: str) -> Fraction | None:
    """Return a rate or a time as a number; DAIBench writes -1 where it has none, and neither can be 0.

    Raises DraftError if the text is not a number.
    """
    number = number_of(text)
    if number > 0:
        return number
    return None


def _add_percent(draft: Draft, metric: str, text: str) -> None:
    """Add a share in percent, without a value where it can be none."""
    number = exact(text)
    if number is None or 0 <= number <= _PERCENT:
        draft.measure(metric, text, "%", statistic="final")
        return
    draft.missing(metric, "invalid-in-source", text, statistic="final")


# --- the report of a run ---


def report(unit: Unit) -> Iterator[Item]:
    """Yield what `*-raport.json` says: a list for each metric, an entry an epoch."""
    data = fields_of(jsons.read(unit.path, unit.limits, digits=True))
    metrics = data.part("metrics")
    if not isinstance(data.data.get("metrics"), dict):
        yield Failed(unit.path, "the object has no `metrics`")
        return
    if _has_bands(metrics):
        yield Skipped(unit.path, _BANDS)
        return
    try:
        yield _reported_run(unit, data, metrics).build()
    except ValueError as error:
        yield Failed(unit.path, f"not a result: {error}")


def _has_bands(metrics: Fields) -> bool:
    """Say whether the entries of an epoch are pairs, as those of `*_curve_baseline.json` are."""
    for name in metrics.data:
        if any(isinstance(entry, list) for entry in metrics.items(name)):
            return True
    return False


def _reported_run(unit: Unit, data: Fields, metrics: Fields) -> Draft:
    about = saying.declared(unit)
    model = data.text("model")
    draft = _drafted(unit, about)
    _set_phase(draft, model, is_training=any(name.startswith("train.") for name in metrics.data))
    draft.model(name=saying.matched("model", model))
    saying.describe(draft, about)
    for name in metrics.data:
        series = [str(item) for item in metrics.items(name)]
        if series:
            _add_epochs(draft, name, series)
    _mark_primary(draft, ", ".join(metrics.data))
    draft.keep("cmd", data.texts("cmd"), SUITE)
    draft.keep("ngpus", data.data.get("ngpus"), SUITE)
    return draft


def _add_epochs(draft: Draft, name: str, series: list[str]) -> None:
    part, _, word = name.partition(".")
    if part not in PHASES:
        return
    if word in RATES:
        key: Key = {"stage": RATES[word], "per": "sample"}
        if part == "val":
            key["scope"] = "run:validation"
        _add_mean(draft, "throughput", series, key)
    elif word in _QUALITIES and part == "val":
        _add_percent(draft, _QUALITIES[word], series[-1])


def _mark_primary(draft: Draft, named: str) -> None:
    """Mark the headline number; a record none of whose numbers has a value is incomplete."""
    for number in draft.numbers:
        if number.value is not None:
            number.primary = True
            return
    if draft.numbers:
        draft.fail("incomplete", f"no number of {named} can be a result")


# --- the baselines ---


@dataclass(frozen=True, slots=True)
class _Setting:
    """What NVIDIA's reference numbers differ in: the number of GPUs, the batch, and the source of the data."""

    gpus: str
    batch: str
    backend: str


def baseline(unit: Unit) -> Iterator[Item]:
    """Yield NVIDIA's reference numbers, metric by GPUs by batch by source of the data: a record for each of the three."""
    if texts.head(unit.path).startswith("<<<<<<<"):
        yield Failed(unit.path, _UNRESOLVED)
        return
    data = fields_of(jsons.read(unit.path, unit.limits, digits=True))
    by_setting: dict[_Setting, dict[str, str]] = {}
    for setting, metric, text in _cells(data):
        by_setting.setdefault(setting, {})[metric] = text
    for number, (setting, values) in enumerate(by_setting.items(), start=1):
        try:
            yield _reference(unit, setting, values).build()
        except ValueError as error:
            where = f"{setting.gpus} GPUs, batch {setting.batch}, {setting.backend}"
            yield Failed(unit.path, f"{where}: {error}", number)


def _cells(data: Fields) -> Iterator[tuple[_Setting, str, str]]:
    """Yield each number of a baseline with its metric, empty where there is null."""
    for metric in data.data:
        by_gpus = data.part(metric)
        for gpus in by_gpus.data:
            by_batch = by_gpus.part(gpus)
            for batch in by_batch.data:
                by_backend = by_batch.part(batch)
                for backend, value in by_backend.data.items():
                    text = str(value)
                    if value is None:
                        text = ""
                    yield _Setting(gpus, batch, backend), metric, text


def _reference(unit: Unit, setting: _Setting, values: Mapping[str, str]) -> Draft:
    about = saying.declared(unit)
    name = re.sub(r"_baseline\.json$", "", unit.path.name)
    locator = f"backend={setting.backend}&batch={setting.batch}&gpus={setting.gpus}"
    draft = _drafted(unit, about, locator)
    is_training = any(metric.startswith("train.") for metric in values)
    _set_phase(draft, "resnet50", is_training=is_training)
    draft.model(name=saying.matched("model", "resnet50"))
    machine = re.search(r"(?P<name>[^_]+)_L[0-9]_RN50_", name)
    if machine is not None:
        draft.system(name=machine["name"])
    saying.describe(draft, about)
    accelerator = saying.accelerator(about) or {"kind": "gpu"}
    draft.system(accelerator={**accelerator, "count": int(setting.gpus)})
    draft.configuration(
        precision=rules.daibench_precision(name),
        batch_size=int(setting.batch),
        placement=[f"gpu:{setting.gpus}"],
        hyperparameters={"data_backend": setting.backend},
    )
    draft.provenance(submitter="NVIDIA")
    for metric, text in values.items():
        _add_published(draft, metric, text)
    _mark_primary(draft, ", ".join(f"{metric} ({text})" for metric, text in values.items()))
    draft.keep("baseline", name, SUITE)
    return draft


def _add_published(draft: Draft, name: str, text: str) -> None:
    word = name.partition(".")[2]
    if word in RATES:
        _add_reported(draft, "throughput", text, "/s", {"stage": RATES[word], "per": "sample"})
    elif word == "compute_latency":
        _add_reported(draft, "latency", text, "s", {"stage": "compute", "per": "batch"})


def _add_reported(draft: Draft, metric: str, text: str, unit: str, key: Key) -> None:
    """Add a number of NVIDIA's, or that it has none."""
    number = exact(text)
    if not text:
        draft.missing(metric, "not-reported", **key)
    elif number is not None and number <= 0:
        draft.missing(metric, "invalid-in-source", text, **key)
    else:
        draft.measure(metric, text, unit, "published", **key)
