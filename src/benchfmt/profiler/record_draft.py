"""What every record of a profile says: the benchmark, the model, the machine, the engine and the configuration."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from benchfmt._version import __version__
from benchfmt.converters.draft import DatasetFields, Draft, record_of
from benchfmt.identity import identified
from benchfmt.profiler.document import FAILED, Document, Quality
from benchfmt.profiler.job import SUITE, devices
from benchfmt.profiler.material import Material
from benchfmt.profiler.measuring import Key, Numbers
from benchfmt.profiler.plain import Value, plain
from benchfmt.profiler.running import Run
from benchfmt.record import Record

NAME = "profiler"
PROTOCOL_VERSION = "1.0"
_DATASET = ("name", "split", "samples", "sha256")
_FORMATS = {
    "fp16",
    "bf16",
    "int8",
    "fp8",
    "best",
    "trt_fp16_enable",
    "trt_bf16_enable",
    "trt_int8_enable",
}
"""Options that let TensorRT, trtexec and ONNX Runtime's provider of it compute in other formats than the model's."""
Extension = Mapping[str, Value]
"""What a record of a profile keeps that the standard has no field for."""


def failed_record(
    material: Material, document: Document, key: Key, detail: str, sources: Sequence[Run]
) -> Record:
    """Return a record of what has failed: its headline number is missing."""
    numbers = Numbers()
    numbers.missing(key, "run-failed", detail)
    return finished(material, document, numbers, key, sources, {}, detail)


def finished(
    material: Material,
    document: Document,
    numbers: Numbers,
    primary: Key | None,
    sources: Sequence[Run],
    extension: Extension,
    failed: str | None = None,
) -> Record:
    """Return a record of a process or of the summary; `failed` is why there are no numbers."""
    about, facts = material.about, material.facts
    draft = Draft(NAME, __version__, suite=SUITE, phase="inference", task=about.task)
    for run in sources:
        draft.source(run.path, run.sha256)
    for path, digest in [log for run in sources for log in run.logs]:
        draft.source(path, digest)
    draft.benchmark(suite_version=PROTOCOL_VERSION, name=about.name, scenario=document.job.scenario)
    if about.submitter:
        draft.benchmark(verification="self-reported")
    if material.evaluated.quality:
        _describe_dataset(draft, material, material.evaluated.quality)
    draft.model(
        name=about.model,
        version=about.model_version,
        parameters=facts.parameters,
        flop=facts.flop_per_sample,
        size_bytes=facts.size_bytes,
    )
    draft.system({**material.system, **about.system})
    draft.software(
        engine=about.engine,
        engine_version=_engine_version(document),
        stack=_stack(document, material),
    )
    _configure(draft, document, material)
    draft.provenance(
        submitter=about.submitter,
        license=about.license,
        url=about.url,
        measured_at=sources[0].began,
        execution=material.execution,
    )
    draft.numbers = numbers.measurements(primary)
    if failed is not None:
        draft.fail(FAILED, without_controls(failed) or None)
    content = {**extension, **_of_any(material, document, numbers)}
    # What is empty is kept: no doubt, or no lost provider, is a result too.
    return identified(record_of({**draft.to_dict(), "extensions": {SUITE: clean(content)}}))


def _of_any(material: Material, document: Document, numbers: Numbers) -> Extension:
    """Return what the extension of every record of a profile holds."""
    return {
        "missing": numbers.details or None,
        "percentile_estimator": "nearest-rank",
        "protocol": material.protocol,
        "placement": document.placement,
        "inputs": document.inputs,
    }


def _engine_version(document: Document) -> str | None:
    if document.engine is None:
        return None
    return document.engine.version


def _describe_dataset(draft: Draft, material: Material, quality: Quality) -> None:
    """Say on which data the quality was measured; what the user says of it replaces what the evaluator says."""
    if isinstance(quality.dataset, dict):
        named = {name: quality.dataset[name] for name in _DATASET if name in quality.dataset}
        draft.dataset(
            **cast("DatasetFields", named)
        )  # an evaluator's words: the record judges them
    elif quality.dataset:
        draft.dataset(name=str(quality.dataset))
    draft.dataset(
        name=material.about.dataset,
        split=material.about.split,
        samples=quality.n,
        sha256=material.dataset_sha256,
    )


def _configure(draft: Draft, document: Document, material: Material) -> None:
    job = document.job
    hyperparameters: dict[str, JsonValue] = {
        "providers": cast("JsonValue", job.providers),
        "intra_op_spinning": job.spinning,
        "graph_optimisation": job.optimisation,
        "io_binding": job.io_binding,
        "seed": job.seed,
        "workers": None,
        "rate": document.rate,
        "engine_options": cast("JsonValue", _options(document)),
        "tf32": _tf32(document),
    }
    if job.scenario == "server":
        hyperparameters["workers"] = job.workers
    if document.trtexec:
        settings = document.trtexec.settings
        hyperparameters["data_transfers"] = settings.data_transfers
        hyperparameters["cuda_graph"] = settings.cuda_graph
        hyperparameters["spin_wait"] = settings.spin_wait
        hyperparameters["streams"] = settings.streams
    draft.configuration(
        precision=_precision(document, material),
        input_shape=_input_shape(document),
        batch_size=document.batch,
        threads=job.threads,
        placement=_placement(document, material),
        hyperparameters=hyperparameters,
    )


def _input_shape(document: Document) -> list[int]:
    """Return the shape of one sample of the first input."""
    if not document.inputs:
        return []
    first = document.inputs[0]
    shape = first.shape
    if first.batched and len(shape) > 1:
        shape = shape[1:]
    return [size for size in shape if size >= 1]


def _precision(document: Document, material: Material) -> str | None:
    """Return the format of the model's weights, or `mixed` where the engine was allowed others (`engine_options` names them)."""
    for name, value in _options(document).items():
        if name in _FORMATS and value in ("", "1", "true", "True"):
            return "mixed"
    return material.facts.precision


def _options(document: Document) -> dict[str, str]:
    """Return the options that the engine took: none where the provider that they were for is not in use."""
    placement = document.placement
    if placement and placement.asked and placement.asked[0] in placement.lost:
        return {}
    return document.job.engine_options or {}


def _tf32(document: Document) -> bool | None:
    """Say whether the matrix units of a GPU may compute fp32 in TF32, where the provider tells it."""
    if document.placement is None:
        return None
    for options in (document.placement.options or {}).values():
        if "use_tf32" in options:
            return options["use_tf32"] == "1"
    return None


def _stack(document: Document, material: Material) -> dict[str, str]:
    """Return the versions without those of another ONNX Runtime that is installed too, under its other name."""
    ran = _engine_version(document)
    if ran is None or material.about.engine != "onnxruntime":
        return dict(material.stack)
    others = {name for name in material.stack if name.startswith("onnxruntime")}
    items = material.stack.items()
    return {name: version for name, version in items if version == ran or name not in others}


def _placement(document: Document, material: Material) -> list[str]:
    """Return the devices that the run used: by its nodes where a profile tells them, else by the providers that were loaded."""
    if document.placement is None:
        return []
    nodes = material.evaluated.nodes
    used = document.placement.used
    if nodes:
        used = [name for name in used if name in nodes]
    return devices(used)


def clean(value: Value) -> JsonValue:
    """Return plain data without what is absent, as extensions take it."""
    data = plain(value)
    if isinstance(data, dict):
        return {str(key): clean(part) for key, part in data.items() if part is not None}
    if isinstance(data, list | tuple):
        return [clean(part) for part in data if part is not None]
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    return data


def without_controls(text: str) -> str:
    """Return text without the control characters that a record does not take."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", text).strip()
