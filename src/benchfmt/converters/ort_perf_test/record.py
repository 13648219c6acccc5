"""The records of onnxruntime_perf_test."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.draft import Draft, DraftError, Key, Number, numbers_with_value
from benchfmt.converters.file_names import model_of
from benchfmt.converters.operator_options import add_options
from benchfmt.converters.ort_perf_test.log import Printed
from benchfmt.converters.ort_perf_test.result_file import Series
from benchfmt.units import convert, exact

NAME = "onnxruntime-perf-test"
VERSION = "1.0"
SUITE = "onnxruntime-perf-test"
LEAST = {"median": 1, "p90": 10, "p95": 20, "p99": 100, "p99.9": 1000}
"""How many runs a percentile needs where the tool did not print it."""
MOST_SAMPLES = 20_000
DEVICES = {
    "CPU": "cpu",
    "CUDA": "gpu",
    "Tensorrt": "gpu",
    "NvTensorRTRTX": "gpu",
    "ROCM": "gpu",
    "MIGraphX": "gpu",
    "Dml": "gpu",
    "WebGPU": "gpu",
}
"""Execution providers that stand for one kind of device."""


def of_output(unit: Unit, digest: str, locator: str | None, result: Printed) -> Item:
    """Return the record of a result that was printed."""
    draft = _draft(unit, digest, locator)
    try:
        _describe_printed(draft, unit, result)
        return draft.build()
    except (ValueError, ArithmeticError) as error:
        return Failed(unit.path, f"not a result: {error}", result.line)


def of_series(unit: Unit, digest: str, locator: str | None, series: Series) -> Item:
    """Return the record of consecutive rows of a result file."""
    draft = _draft(unit, digest, locator)
    try:
        _describe_series(draft, unit, series)
        return draft.build()
    except (ValueError, ArithmeticError) as error:
        return Failed(unit.path, f"not a result: {error}", series.line)


def _draft(unit: Unit, digest: str, locator: str | None) -> Draft:
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
    draft.source(unit.path.name, digest, locator)
    draft.software(engine="onnxruntime", engine_version=unit.options.get("engine_version"))
    return draft


def _describe_model(draft: Draft, unit: Unit, printed_name: str | None) -> None:
    name = unit.options.get("model") or printed_name
    if name:
        draft.benchmark(name=re.sub(r"\.(onnx|ort)$", "", name))
    add_options(draft, unit.options, printed_name)


def _describe_printed(draft: Draft, unit: Unit, result: Printed) -> None:
    said = result.said
    _describe_model(draft, unit, _model_of_command(result.command))
    provider = said.get("provider")
    if provider:
        draft.keep("provider", f"{provider}ExecutionProvider")
    device = DEVICES.get(provider or "")
    if device:
        draft.configuration(placement=[device])
    draft.configuration(threads=int(said.get("threads", "0")) or None)
    draft.keep("command", result.command or None)
    if "total cpu" in said:
        draft.keep("total_cpu_usage", f"{said['total cpu']} %")
    _measure_printed(draft, result)
    _check_numbers(draft)


def _model_of_command(command: str) -> str | None:
    """Return the first model that a command names."""
    for argument in re.findall(r'"[^"]+"|\S+', command):
        if not re.search(r"\.(onnx|ort)\"?$", argument):
            continue
        name = model_of(argument.strip('"'))
        if name:
            return name
    return None


def _check_numbers(draft: Draft) -> None:
    """Make a result without any value incomplete; raises DraftError where none of its texts is a number."""
    if all(number.missing == "invalid-in-source" for number in draft.numbers):
        first = draft.numbers[0]
        raise DraftError(f"{first.metric} {first.reported_value!r} is not a number")
    if not numbers_with_value(draft.numbers):
        draft.fail("incomplete", "no number of the result has a value")


def _measure_printed(draft: Draft, result: Printed) -> None:
    said = result.said
    if "average" in said:
        key = _request_key(said, "mean", "inference")
        draft.measure_printed("latency", said["average"], "ms", **key)
    for name, text in result.statistics.items():
        draft.measure_printed("latency", text, "s", **_request_key(said, name, "inference"))
    if "load" in said:
        _measure_load(draft, said["load"])
    if "first" in said:  # whole milliseconds
        draft.measure_printed("duration", said["first"], "ms", stage="first-run")
    if "total" in said:
        total = draft.measure_printed(
            "duration", said["total"], "s", statistic="sum", stage="inference"
        )
        if result.unit_missing:
            total.caveats = ["unit-inferred"]
    if "submission" in said:
        key = _request_key(said, "mean", "enqueue")
        draft.measure_printed("latency", said["submission"], "ms", **key)
    if "whole" in said:
        draft.measure_printed("duration", said["whole"], "s", stage="whole-run")
    if "rate" in said:
        draft.measure_printed(
            "throughput", said["rate"], "/s", statistic="mean", stage="whole-run", per="query"
        )
    _choose_headline(draft.numbers)
    _measure_resources(draft, said.get("cpu"), said.get("memory"))


def _request_key(said: Mapping[str, str], statistic: str, stage: str) -> Key:
    """Return the key of a number of single requests, with how many there were."""
    key: Key = {"statistic": statistic, "stage": stage, "per": "query"}
    count = int(said.get("count") or "0")
    if count:
        key["n"] = count
    if _overlaps(said):
        key["caveats"] = ["overlapping-requests"]
    return key


def _choose_headline(numbers: list[Number]) -> None:
    """Make the mean the headline, else the rate, else the first other latency that has a value."""
    candidates = [
        number
        for number in numbers_with_value(numbers)
        if number.stage in ("inference", "whole-run")
    ]
    for metric, statistic in (("latency", "mean"), ("throughput", "mean"), ("latency", None)):
        for number in candidates:
            if number.metric == metric and statistic in (None, number.statistic):
                number.primary = True
                return


def _measure_load(draft: Draft, text: str) -> None:
    """Add the time of loading the model, which may be 0 where it is small."""
    if exact(text) is None:
        draft.measure_printed("duration", text, "s", stage="load")
    else:
        draft.measure("duration", text, "s", stage="load")


def _measure_resources(draft: Draft, cpu: str | None, memory: str | None) -> None:
    """Add the load of the process over all cores, and its peak; the tool reads both when the runs are done."""
    if cpu is not None:
        draft.measure("utilization", cpu, "%", statistic="mean", scope="cpu")
    if memory is not None and int(memory):
        draft.measure("memory", memory, "By", statistic="max", scope="process")


def _overlaps(said: Mapping[str, str]) -> bool:
    """Say whether the times of the requests add up to more than the time of the run: several ran at once."""
    total = exact(said.get("total", ""))
    whole = exact(said.get("whole", ""))
    return bool(total and whole and total > whole * Fraction(101, 100))


def _describe_series(draft: Draft, unit: Unit, series: Series) -> None:
    _describe_model(draft, unit, series.model)
    count = len(series.times)
    mean = draft.derive(
        "latency", _mean(series.times), **_row_key(series, "mean", "inference", count)
    )
    mean.primary = True
    if count <= MOST_SAMPLES:
        mean.samples = [convert(text, "s", "s") for text in series.times]
    ordered = sorted(series.times, key=float)
    percentiles = [name for name, least in LEAST.items() if count >= least]
    for name in ("min", "max", *percentiles):
        text = ordered[_index(count, name)]
        draft.measure("latency", text, "s", **_row_key(series, name, "inference", count))
    if series.submissions:
        key = _row_key(series, "mean", "enqueue", len(series.submissions))
        draft.derive("latency", _mean(series.submissions), **key)
    _measure_resources(draft, series.cpu, series.memory)


def _row_key(series: Series, statistic: str, stage: str, count: int) -> Key:
    key: Key = {"statistic": statistic, "stage": stage, "per": "query", "n": count}
    if series.first:
        key["caveats"] = ["partial-run"]
    return key


def _index(count: int, name: str) -> int:
    """Return the place of a statistic among the sorted times as the tool chooses it: int(n * p), never between two."""
    if name == "min":
        return 0
    if name == "max":
        return count - 1
    share = Fraction(1, 2)
    if name != "median":
        share = Fraction(name[1:]) / 100
    return min(math.floor(count * share), count - 1)


def _mean(numbers: list[str]) -> Fraction:
    total = Fraction(0)
    for text in numbers:
        total += exact(text) or 0
    return total / len(numbers)
