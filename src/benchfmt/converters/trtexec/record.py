"""The record of one run of trtexec: what ran on what, how it ended, and what the log says besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item
from benchfmt.converters.draft import ConfigurationFields, Draft, Number, numbers_with_value
from benchfmt.converters.operator_options import add_options
from benchfmt.converters.trtexec.evidence import Evidence
from benchfmt.converters.trtexec.measurements import measurements
from benchfmt.record import Record, given
from benchfmt.units import exact
from benchfmt.vocabulary import vocabulary

NAME = "trtexec"
VERSION = "1.0"
SUITE = "trtexec"

MOST_LAYERS = 2_000


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
    draft.benchmark(suite_version=run.version, name=_bare(name) if name else None)
    draft.system(accelerator=_accelerators(evidence))
    draft.software(engine="tensorrt", engine_version=run.version, stack=_stack(evidence))
    draft.configuration(**_configuration(evidence))
    draft.provenance(measured_at=run.stamp or None)
    draft.numbers = measurements(evidence)
    draft.fail(*_status(evidence, draft.numbers))
    if draft.status == "failed":
        for number in draft.numbers:
            number.primary = None
    draft.keep_all(_extensions(evidence))
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
        first = f"[E] {texts.one_line(run.errors[0])}\n" if run.errors else ""
        return "failed", first + run.end_line
    if run.summary and run.totals.get("throughput"):
        return "ok", None  # an excerpt: the summary is the last thing that a run prints
    return "incomplete", "the log ends before the run does"


def _stack(evidence: Evidence) -> dict[str, str] | None:
    stack = {"trtexec build": f"b{evidence.run.build}"} if evidence.run.build else {}
    cuda = evidence.device.get("CUDA_VERSION")
    if isinstance(cuda, list) and cuda:
        stack["cuda"] = ".".join(map(str, cuda))
    return stack or None


def _accelerators(evidence: Evidence) -> Any:
    run = evidence.run
    name = texts.one_line(
        run.option("Device Information", "Selected Device")
        or str(evidence.device.get("Name") or "")
    )
    memory = re.fullmatch(r"([0-9]+) MiB", run.option("Device Information", "Device Global Memory"))
    total = evidence.device.get("TotalMemory")
    size = int(total) if isinstance(total, int) else int(memory[1]) * 2**20 if memory else None
    count = run.devices.count(name) or None if len(set(run.devices)) == 1 else None
    found = [given(kind="gpu", name=name, count=count, memory_bytes=size)] if name else []
    found += [{"kind": "gpu", "name": other} for other in sorted({*run.devices} - {name})]
    if "dla" in evidence.settings.placement:
        found.append({"kind": "dla"})
    return found[0] if len(found) == 1 else found or None


def _configuration(evidence: Evidence) -> ConfigurationFields:
    settings = evidence.settings
    shapes, batch = settings.shapes, settings.batch
    shape = shapes[0][1] if len(shapes) == 1 else None
    if (
        shape
        and batch
        and len(shape) > 1
        and shape[0] == batch
        and (not settings.implicit_batch or len(shape) > 3)
    ):
        shape = shape[1:]
    precision = settings.precision_words
    return {
        "precision": _precision(precision) if precision else None,
        "input_shape": shape if shape and all(shape) else None,
        "batch_size": batch,
        "placement": settings.placement or (["gpu"] if evidence.device.get("Name") else None),
        "hyperparameters": settings.hyperparameters(),
    }


def _extensions(evidence: Evidence) -> dict[str, Any]:
    run = evidence.run
    told = {
        label: run.option("Device Information", label)
        for label in run.options.get("Device Information", {})
    }
    device = {
        key: value
        for key, value in told.items()
        if value and key not in ("Selected Device", "TensorRT version", "Available Devices", "Note")
    }
    loaded = run.option("Build Options", "Load engine") or run.flags.get("loadEngine")
    saved = run.option("Build Options", "Save engine") or run.flags.get("saveEngine")
    rate = run.totals.get("throughput")
    found = given(
        command=texts.one_line(run.command) or None,
        precision=evidence.settings.precision_words,
        calibration=run.option("Build Options", "Calibration") or None,
        sparsity=_unless(run.option("Build Options", "Sparsity"), "Disabled"),
        engine=texts.one_line(loaded or saved or "") or None,
        engine_size=run.totals.get("engine_size"),
        context_memory=run.totals.get("context_memory"),
        build_memory_peak=run.totals.get("build_memory"),
        inputs={name: "x".join(map(str, dims)) for name, dims in evidence.settings.shapes} or None,
        device=device or None,
        warnings=[texts.one_line(text) for text in run.warnings[:20]] or None,
        errors=[texts.one_line(text) for text in run.errors[:20]] or None,
        layer_info=evidence.layers,
        samples_left_out=evidence.samples_left_out,
        reported_throughput=f"{rate} qps" if rate and not exact(rate) else None,
    )
    if evidence.profile:
        found["profile"] = {
            "iterations": evidence.profile.count,
            "layers": [_layer(item) for item in evidence.profile.layers[:MOST_LAYERS]],
        }
    return found


def _bare(name: str) -> str:
    """Return a file's name without the endings of models and engines."""
    return (
        re.sub(
            r"\.(?:onnx|engine|plan|trt|uff|prototxt|caffemodel)$", "", name, flags=re.IGNORECASE
        )
        or name
    )


def _precision(words: str) -> str | None:
    """Return the one format that the builder was allowed, `mixed` for several, None where the words name none."""
    parts = [part for part in re.split(r"[+\s]+", words) if part]
    terms = [vocabulary().match("precision", part) for part in parts]
    if None in terms:
        return None  # `Strongly Typed`: the network's own types
    return terms[0] if len(terms) == 1 else "mixed"


def _unless(text: str, otherwise: str) -> str | None:
    return None if text in ("", otherwise) else text


def _layer(item: Mapping[str, str]) -> dict[str, Any]:
    numbers = {
        key: exact(item[key])
        for key in ("timeMs", "averageMs", "medianMs", "percentage")
        if key in item
    }
    return {
        "name": item.get("name", ""),
        **{key: float(number) for key, number in numbers.items() if number is not None},
    }
