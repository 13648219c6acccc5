"""What a result of the MLPerf Mobile app says and the standard has no field for."""

from __future__ import annotations

from pydantic import JsonValue

from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.values import Block, kept, number, plain, time_of
from benchfmt.readers.jsons import Digits

_OF_THE_RESULT = (
    "benchmark_name",
    "backend_settings",
    "backend_info",
    "min_duration",
    "min_duration_ms",
    "min_samples",
    "mode",
    "configuration",
)
_OF_THE_APP = ("creation_date", "upload_date")
_BLOCKS = ("accuracy", "accuracy2", "dataset", "loadgen", "loadgen_info")
_NUMBERS = (
    "measured_duration",
    "measured_duration_ms",
    "measured_samples",
    "query_count",
    "latency_mean",
    "latency90",
    "duration",
)
_TIME = "start_datetime"


def add_extensions(result: Result) -> None:
    """Keep what the result says and the standard has no field for."""
    entry = result.entry
    performance = entry.performance
    accuracy = entry.accuracy
    if entry.benchmark_id != result.name:
        result.keep("benchmark_id", entry.benchmark_id)
    for key in _OF_THE_RESULT:
        result.keep(key, entry.block.kept(key))
    result.keep("build_info", kept(dict(result.app.build.fields)))
    for key in _OF_THE_APP:
        result.keep(key, result.app.meta.kept(key))
    _keep_unread(result)
    result.keep("app_constraints_met", _constraints_met(performance.block("loadgen")))
    result.keep("performance_dataset", performance.block("dataset").part("name", "type"))
    result.keep("measured_samples", performance.count("measured_samples"))
    result.keep("accuracy_measured_samples", accuracy.count("measured_samples"))
    for key, unit in (("measured_duration", "s"), ("measured_duration_ms", "ms")):
        duration = accuracy.positive(key)
        if duration is not None:
            result.keep(f"accuracy_duration_{unit}", plain(Digits(duration)))


def _constraints_met(block: Block) -> dict[str, bool]:
    met = {}
    for key, value in block.fields.items():
        if key.endswith("_met") and isinstance(value, bool):
            met[key.removeprefix("is_").removesuffix("_met")] = value
    return met


def _keep_unread(result: Result) -> None:
    """Keep what stands where the app writes something else: text for a number, a number for an object."""
    runs = {
        "performance_run": result.entry.performance,
        "accuracy_run": result.entry.accuracy,
    }
    odd: dict[str, JsonValue] = {}
    for place, run in runs.items():
        odd |= _odd(place, run)
        for key in ("loadgen", "loadgen_info"):
            odd |= _odd(f"{place}.{key}", run.block(key))
    unread = kept(odd)
    if not isinstance(unread, dict):
        return
    result.keep("unread", unread)
    for place, value in unread.items():
        message = f"{place} is not what the app writes there: it stays in the extensions"
        result.draft.report("BF706", message, value=str(value))


def _odd(place: str, block: Block) -> dict[str, JsonValue]:
    """Return the values of an object that have another type than the app gives them, by their place."""
    odd: dict[str, JsonValue] = {}
    for key, value in block.fields.items():
        if value not in (None, "") and not _is_as_written(key, value):
            odd[f"{place}.{key}"] = value
    return odd


def _is_as_written(key: str, value: JsonValue) -> bool:
    """Say whether a value has the type that the app gives it."""
    if key in _BLOCKS:
        return isinstance(value, dict)
    if key in _NUMBERS:
        return number(value) is not None
    return key != _TIME or time_of(value) is not None
