"""The record of one run of benchmark_app."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Unit
from benchfmt.converters.draft import Draft, numbers_with_value
from benchfmt.converters.file_names import model_of
from benchfmt.converters.openvino.run import Run, device_names
from benchfmt.converters.operator_options import add_options
from benchfmt.readers.files import source_sha256
from benchfmt.record import Record
from benchfmt.units import exact

NAME = "openvino-benchmark-app"
VERSION = "1.0"
SUITE = "openvino-benchmark-app"
OPTIONS = ("model", "system", "submitter", "url", "license")
DEVICES = {
    "CPU": "cpu",
    "GPU": "gpu",
    "NPU": "npu",
    "VPUX": "npu",
    "MYRIAD": "vpu",
    "HDDL": "vpu",
    "VPU": "vpu",
    "FPGA": "fpga",
    "NVIDIA": "gpu",
}
_STAGES = {"read": "load", "compile": "build", "first": "first-run", "duration": "whole-run"}
"""The stages of the times that a run prints once."""


def described(
    unit: Unit, digest: str, locator: str | None, run: Run, reports: Mapping[Path, Run]
) -> Record:
    """Return the record of a run with what its reports add; raises ValueError or ArithmeticError."""
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
    draft.source(unit.path.name, digest, locator)
    for path, report in reports.items():
        draft.source(path.name, source_sha256(path))
        run.join(report)
    model = model_of(_model_path(run))
    add_options(draft, unit.options, model)
    name = unit.options.get("model") or model
    if name:
        draft.benchmark(name=re.sub(r"\.(onnx|xml|pb|pdmodel|tflite)$", "", name))
    version = _version(run)
    draft.benchmark(suite_version=version, scenario=_scenario(run))
    draft.software(engine="openvino", engine_version=version)
    draft.configuration(
        input_shape=_shape(run),
        batch_size=_whole(run.batch),
        threads=_whole(run.properties.get("INFERENCE_NUM_THREADS", "")),
        placement=_placement(run),
        hyperparameters=_settings(run),
    )
    _measure(draft, run)
    _judge_end(draft, run)
    _keep(draft, run)
    return draft.build()


def _model_path(run: Run) -> str:
    for option in ("-m", "--path_to_model", "-model"):
        path = run.command.get(option)
        if path:
            return path
    return ""


def _version(run: Run) -> str | None:
    """Return the release of OpenVINO that a build belongs to."""
    release = re.match(r"(20[0-9]{2}\.[0-9]+(?:\.[0-9]+)?)", run.build)
    return release and release[1]


def _judge_end(draft: Draft, run: Run) -> None:
    """Say how the run ended: with a throughput, with an error, or not at all."""
    if run.printed.get("throughput") and numbers_with_value(draft.numbers):
        return
    if run.error:
        draft.fail("failed", run.error)
    else:
        draft.fail("incomplete", "the output ends before the run does")


def _whole(text: str) -> int | None:
    """Return a count, None where the text is not one or is 0."""
    if re.fullmatch("[0-9]{1,12}", text):
        return int(text) or None
    return None


def _requests(run: Run) -> int | None:
    requests = _whole(run.requests)
    if requests is None and run.api == "sync":
        return 1
    return requests


def _overlaps(run: Run) -> bool:
    """Say whether several requests were in flight: as the run says, else by what the times of the requests add up to.

    An asynchronous run that does not say how many has as many as fit.
    """
    if run.api:
        return run.api == "async" and _requests(run) != 1
    middle = run.latency.get("mean") or run.latency.get("median")
    count = exact(run.printed.get("count", ""))
    duration_ms = exact(run.printed.get("duration", ""))
    if not middle or not count or not duration_ms:
        return False
    each_ms = exact(middle.text) or Fraction(0)
    if middle.unit == "us":
        each_ms /= 1000
    return each_ms * count > duration_ms * Fraction(11, 10)


def _scenario(run: Run) -> str | None:
    if run.api == "async":
        return "closed-loop"
    if run.api == "sync" and _whole(run.batch) == 1:
        return "single-stream"
    return None


def _shape(run: Run) -> list[int] | None:
    """Return the shape of the one input without its batch, where the layout says which dimension that is."""
    if len(run.inputs) != 1:
        return None
    [only] = run.inputs.values()
    sizes = [int(part) for part in only.dims.split(",")]
    axes = [part.strip() for part in only.layout.split(",")]
    if len(axes) == len(sizes) and "N" in axes:
        del sizes[axes.index("N")]
    if sizes and all(sizes):
        return sizes
    return None


def _placement(run: Run) -> list[str] | None:
    """Return the kinds of device that executed, else those that were asked for; what was ruled out (`AUTO:-CPU`) is none."""
    kinds = []
    for name in run.devices or device_names(run.device):
        kind = DEVICES.get(name.partition(".")[0])
        if kind is None:
            return None
        kinds.append(kind)
    return list(dict.fromkeys(kinds))


def _settings(run: Run) -> dict[str, JsonValue]:
    hint = run.properties.get("PERFORMANCE_HINT", "").rpartition(".")[2].lower()
    settings: dict[str, JsonValue] = {
        "api": run.api or None,
        "hint": hint or run.command.get("-hint") or None,
        "requests": _requests(run),
        "streams": _whole(run.properties.get("NUM_STREAMS", "")),
    }
    if run.fills_inputs:
        settings["inference_only"] = False
    return settings


def _keep(draft: Draft, run: Run) -> None:
    inputs = {}
    for name, given in run.inputs.items():
        inputs[name] = f"{given.type} [{given.layout}] {given.dims.replace(',', 'x')}"
    draft.keep("build", run.build or None)
    draft.keep("inputs", inputs)
    draft.keep("precision_hint", run.properties.get("INFERENCE_PRECISION_HINT"))
    draft.keep("reported_precision", run.configuration.get("precision"))
    topology = run.configuration.get("topology") or run.properties.get("NETWORK_NAME")
    draft.keep("topology", topology)
    target = run.configuration.get("target device") or run.command.get("-d")
    draft.keep("target_device", target)
    draft.keep("performance_counters", run.counters or None)
    draft.keep("command", run.command)


def _measure(draft: Draft, run: Run) -> None:
    _measure_throughput(draft, run)
    _measure_latency(draft, run)
    for name, stage in _STAGES.items():
        text = run.printed.get(name)
        if text:
            draft.measure_printed("duration", text, "ms", stage=stage)


def _measure_throughput(draft: Draft, run: Run) -> None:
    text = run.printed.get("throughput")
    if not text:
        return
    rate = draft.measure_printed(
        "throughput", text, "/s", statistic="mean", stage="whole-run", per="sample"
    )
    if run.counters:
        rate.caveats = ["profiled"]
    if rate.value is not None:
        rate.primary = True


def _measure_latency(draft: Draft, run: Run) -> None:
    stage = "inference"
    caveats = []
    if _overlaps(run):
        stage = "request"
        caveats.append("overlapping-requests")
    if run.counters:
        caveats.append("profiled")
    if run.one_line or run.fills_inputs:
        caveats.append("definition-inferred")
    count = _whole(run.printed.get("count", ""))
    for name, time in run.latency.items():
        draft.measure_printed(
            "latency",
            time.text,
            time.unit,
            statistic=name,
            stage=stage,
            per="query",
            n=count,
            caveats=caveats or None,
        )
