"""What a result of the MLPerf Mobile app says and the standard has no field for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.inference.run import count
from benchfmt.converters.mlperf.mobile.files import App, number, time_of
from benchfmt.converters.mlperf.mobile.run import Run
from benchfmt.converters.mlperf.mobile.system import mapping, plain
from benchfmt.readers import jsons

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


def keep(
    run: Run,
    app: App,
    entry: Mapping[str, Any],
    named: str,
    name: str,
    performance: Mapping[str, Any],
    accuracy: Mapping[str, Any],
) -> None:
    """Keep what the result says and the standard has no field for."""
    if named != name:
        run.extensions["benchmark_id"] = named
    for key in (
        "benchmark_name",
        "backend_settings",
        "backend_info",
        "min_duration",
        "min_duration_ms",
        "min_samples",
        "mode",
        "configuration",
    ):
        said = systems.said(plain(entry.get(key)))
        if said is not None:
            run.extensions[key] = said
    said = systems.said(plain(app.build))
    if said:
        run.extensions["build_info"] = said
    for key in ("creation_date", "upload_date"):
        said = systems.said(plain(app.meta.get(key)))
        if said is not None:
            run.extensions[key] = said
    _keep_unread(run, {"performance_run": performance, "accuracy_run": accuracy})
    block = mapping(performance, "loadgen")
    met = {
        key.removeprefix("is_").removesuffix("_met"): value
        for key, value in block.items()
        if key.endswith("_met") and isinstance(value, bool)
    }
    if met:
        run.extensions["app_constraints_met"] = met
    data = systems.said(
        plain({k: v for k, v in mapping(performance, "dataset").items() if k in ("name", "type")})
    )
    if data:
        run.extensions["performance_dataset"] = data
    for key, part in (("measured_samples", performance), ("accuracy_measured_samples", accuracy)):
        samples = count(str(part.get("measured_samples", "")))
        if samples:
            run.extensions[key] = samples
    for key, unit in (("measured_duration", "s"), ("measured_duration_ms", "ms")):
        measured = number(accuracy.get(key))
        if measured is not None and float(measured) > 0:
            run.extensions[f"accuracy_duration_{unit}"] = plain(jsons.Digits(measured))


def _keep_unread(run: Run, parts: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what stands where the app writes something else: text for a number, a number for an object."""
    odd: dict[str, Any] = {}
    for place, part in parts.items():
        inner = {f"{place}.{key}.": mapping(part, key) for key in ("loadgen", "loadgen_info")}
        for prefix, block in {f"{place}.": part, **inner}.items():
            odd |= {
                f"{prefix}{key}": value
                for key, value in block.items()
                if not _as_written(key, value)
            }
    kept = systems.said(plain(odd))
    if kept:
        run.extensions["unread"] = kept
        for place in kept:
            told = f"{place} is not what the app writes there: it stays in the extensions"
            run.find("BF706", run.path, told, value=str(kept[place]))


def _as_written(key: str, value: Any) -> bool:
    """Say whether a value has the type that the app gives it; null and an empty text say nothing."""
    if value in (None, "") or (
        key not in _BLOCKS and key not in _NUMBERS and key != "start_datetime"
    ):
        return True
    if key in _BLOCKS:
        return isinstance(value, Mapping)
    return bool(time_of(value)) if key == "start_datetime" else number(value) is not None
