"""The record of one run of trtexec: what ran on what, how it ended, and what the log says besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item
from benchfmt.converters.draft import Draft, Number, numbers_with_value
from benchfmt.converters.operator_options import add_options
from benchfmt.converters.trtexec.evidence import Evidence
from benchfmt.converters.trtexec.measurements import measurements
from benchfmt.converters.trtexec.settings import Settings
from benchfmt.readers.trtexec import Run
from benchfmt.record import Record
from benchfmt.units import exact
from benchfmt.vocabulary import vocabulary

NAME = "trtexec"
VERSION = "1.0"
SUITE = "trtexec"

MOST_LAYERS = 2_000
_ENDING = re.compile(r"\.(?:onnx|engine|plan|trt|uff|prototxt|caffemodel)$", re.IGNORECASE)
"""The endings of models and engines."""
_NOT_OF_DEVICE = ("Selected Device", "TensorRT version", "Available Devices", "Note")
_MOST_MESSAGES = 20


def items(evidence: Evidence) -> Iterator[Item]:
    """Yield the record of a run, and what is wrong with its files."""
    if not evidence.failed:
        try:
            yield _record(evidence)
        except (ValueError, ArithmeticError) as error:
            number = evidence.run.number if evidence.several else None
            yield Failed(evidence.unit.path, f"not a result: {error}", number)
    yield from evidence.notes


def _record(evidence: Evidence) -> Record:
    run = evidence.run
    options = evidence.unit.options
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
    for origin in evidence.sources:
        draft.source(*origin)
    add_options(draft, options, evidence.settings.model)
    name = options.get("model") or evidence.settings.model
    if name:
        draft.benchmark(name=_ENDING.sub("", name) or name)
    draft.benchmark(suite_version=run.version)
    draft.system(accelerator=_accelerators(evidence))
    draft.software(engine="tensorrt", engine_version=run.version, stack=_stack(evidence))
    _configure(draft, evidence)
    draft.provenance(measured_at=run.stamp or None)
    draft.numbers = measurements(evidence)
    draft.fail(*_status(evidence, draft.numbers))
    if draft.status == "failed":
        for number in draft.numbers:
            number.primary = None
    _keep(draft, evidence)
    return draft.build()


def _status(evidence: Evidence, numbers: list[Number]) -> tuple[str, str | None]:
    run, (kind, _) = evidence.run, evidence.unit.extra
    if kind not in ("log", "summary") or (not run.end and run.number == 1 and kind != "log"):
        return "ok", None
    if run.end == "PASSED":
        if numbers_with_value(numbers):
            return "ok", None
        return "incomplete", f"{run.end_line}: no measurement stands in the log"
    if run.end:
        messages = [f"[E] {texts.one_line(error)}" for error in run.errors[:1]]
        return "failed", "\n".join([*messages, run.end_line])
    if run.summary and run.totals.get("throughput"):
        return "ok", None  # an excerpt: the summary is the last thing that a run prints
    return "incomplete", "the log ends before the run does"


def _stack(evidence: Evidence) -> dict[str, str]:
    stack = {}
    if evidence.run.build:
        stack["trtexec build"] = f"b{evidence.run.build}"
    cuda = evidence.device.get("CUDA_VERSION")
    if isinstance(cuda, list) and cuda:
        stack["cuda"] = ".".join(map(str, cuda))
    return stack


def _accelerators(evidence: Evidence) -> JsonValue:
    """Return the device of the run, and the others that it used; one alone is not a list."""
    run = evidence.run
    selected = run.option("Device Information", "Selected Device")
    name = texts.one_line(selected or str(evidence.device.get("Name") or ""))
    devices: list[JsonValue] = []
    if name:
        device: dict[str, JsonValue] = {"kind": "gpu", "name": name}
        if len(set(run.devices)) == 1 and name in run.devices:
            device["count"] = len(run.devices)
        memory = _memory_bytes(evidence)
        if memory is not None:
            device["memory_bytes"] = memory
        devices.append(device)
    for other in sorted({*run.devices} - {name}):
        devices.append({"kind": "gpu", "name": other})
    if "dla" in evidence.settings.placement:
        devices.append({"kind": "dla"})
    if len(devices) == 1:
        return devices[0]
    return devices


def _memory_bytes(evidence: Evidence) -> int | None:
    total = evidence.device.get("TotalMemory")
    if isinstance(total, int):
        return total
    printed = evidence.run.option("Device Information", "Device Global Memory")
    memory = re.fullmatch(r"([0-9]+) MiB", printed)
    return memory and int(memory[1]) * 2**20


def _configure(draft: Draft, evidence: Evidence) -> None:
    settings = evidence.settings
    placement = settings.placement
    if not placement and evidence.device.get("Name"):
        placement = ["gpu"]
    shape = _shape(settings)
    if all(shape):
        draft.configuration(input_shape=shape)
    draft.configuration(
        precision=_precision(settings.precision_words or ""),
        batch_size=settings.batch,
        placement=placement,
        hyperparameters=settings.hyperparameters(),
    )


def _shape(settings: Settings) -> list[int]:
    """Return the shape of the one input, without its batch where it has one; empty for several inputs."""
    if len(settings.shapes) != 1:
        return []
    [(_, shape)] = settings.shapes
    least = 4 if settings.implicit_batch else 2
    if settings.batch and len(shape) >= least and shape[0] == settings.batch:
        return shape[1:]
    return shape


def _keep(draft: Draft, evidence: Evidence) -> None:
    """Keep what the standard has no field for."""
    run, settings = evidence.run, evidence.settings
    flags = run.flags
    loaded = run.option("Build Options", "Load engine") or flags.get("loadEngine")
    saved = run.option("Build Options", "Save engine") or flags.get("saveEngine")
    draft.keep("command", texts.one_line(run.command) or None)
    draft.keep("precision", settings.precision_words)
    draft.keep("calibration", run.option("Build Options", "Calibration") or None)
    sparsity = run.option("Build Options", "Sparsity")
    if sparsity not in ("", "Disabled"):
        draft.keep("sparsity", sparsity)
    draft.keep("engine", texts.one_line(loaded or saved or "") or None)
    draft.keep("engine_size", run.totals.get("engine_size"))
    draft.keep("context_memory", run.totals.get("context_memory"))
    draft.keep("build_memory_peak", run.totals.get("build_memory"))
    draft.keep("inputs", {name: "x".join(map(str, dims)) for name, dims in settings.shapes})
    draft.keep("device", _device_options(run))
    draft.keep("warnings", list(map(texts.one_line, run.warnings[:_MOST_MESSAGES])))
    draft.keep("errors", list(map(texts.one_line, run.errors[:_MOST_MESSAGES])))
    _keep_exports(draft, evidence)


def _keep_exports(draft: Draft, evidence: Evidence) -> None:
    """Keep what exports say of the engine and its layers, and a rate that is not a number."""
    if evidence.layers:
        made_of = evidence.layers
        counts = {"layers": made_of.count, "types": made_of.types, "weights": made_of.weights}
        draft.keep("layer_info", counts)
    draft.keep("samples_left_out", evidence.samples_left_out)
    rate = evidence.run.totals.get("throughput")
    if rate and not exact(rate):
        draft.keep("reported_throughput", f"{rate} qps")
    if evidence.profile:
        layers = [_layer(item) for item in evidence.profile.layers[:MOST_LAYERS]]
        draft.keep("profile", {"iterations": evidence.profile.count, "layers": layers})


def _device_options(run: Run) -> dict[str, str]:
    options = run.options.get("Device Information", {})
    return {label: text for label, text in options.items() if text and label not in _NOT_OF_DEVICE}


def _precision(words: str) -> str | None:
    """Return the one format that the builder was allowed, `mixed` for several, None where the words name none."""
    terms = []
    for part in re.split(r"[+\s]+", words):
        if part:
            terms.append(vocabulary().match("precision", part))
    if not terms or None in terms:
        return None  # `Strongly Typed`: the network's own types
    if len(terms) == 1:
        return terms[0]
    return "mixed"


def _layer(item: Mapping[str, str]) -> dict[str, JsonValue]:
    layer: dict[str, JsonValue] = {"name": item.get("name", "")}
    for key in ("timeMs", "averageMs", "medianMs", "percentage"):
        number = exact(item.get(key, ""))
        if number is not None:
            layer[key] = float(number)
    return layer
