"""What the app's result file says of the speed: the rate, latencies and times of a performance run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchfmt.converters.mlperf.inference.run import count
from benchfmt.converters.mlperf.mobile.files import number
from benchfmt.converters.mlperf.mobile.system import line, mapping
from benchfmt.converters.texts import possible
from benchfmt.record import given
from benchfmt.units import convert


def speeds(
    performance: Mapping[str, Any], scenario: str | None, *, legacy: bool
) -> list[dict[str, Any]]:
    """Return what the result file says of the performance run, the headline number first."""
    found: list[dict[str, Any]] = []
    throughput = performance.get("throughput")
    stated = throughput.get("value") if isinstance(throughput, Mapping) else throughput
    text = number(stated)
    if text is not None:
        found.append(_rate(text, scenario, legacy=legacy))
    elif stated is not None:
        found.append(
            {**_rate_key(scenario), "missing": "not-numeric", "primary": True}
            | given(reported_value=line(stated))
        )
    said = mapping(performance, "loadgen")
    queries = count(str(said.get("query_count", "")))
    for key, statistic in (("latency_mean", "mean"), ("latency90", "p90")):
        latency = number(said.get(key))
        if latency is not None and scenario in ("single-stream", "offline"):
            found.append(_latency(latency, statistic, scenario, queries))
    # The sum of all latencies: mean times queries of the log, to the last digit.
    total = number(mapping(performance, "loadgen_info").get("duration"))
    if total is not None:
        found.append(_timed("duration", "sum", "request", total, "s", "derived"))
    for key, unit in (("measured_duration", "s"), ("measured_duration_ms", "ms")):
        measured = number(performance.get(key))
        if measured is not None and float(measured) > 0:
            # App 2.0 timed something shorter than the run, nobody says what.
            item = _timed(
                "duration",
                "single",
                "whole-run" if unit == "s" else None,
                measured,
                unit,
                "measured",
            )
            found.append({**item, "caveats": ["unit-inferred"]} if legacy else item)
    return [possible(item) for item in found if item.get("value") is not None or "missing" in item]


def _rate(text: str, scenario: str | None, *, legacy: bool) -> dict[str, Any]:
    """Return the app's throughput: 1 / the 90th percentile of a stream's latency, or the samples issued over their time."""
    value = convert(text, "/s", "/s")
    basis = "derived" if scenario == "single-stream" else "measured"
    doubt = ["definition-inferred"] if legacy or not scenario else None
    said = given(value=value, unit="/s", basis=basis, caveats=doubt)
    if not value or value < 0:
        said = {"missing": "invalid-in-source"}
    return {
        **_rate_key(scenario),
        **said,
        "primary": True,
        "reported_value": text,
        "reported_unit": "/s",
    }


def _rate_key(scenario: str | None) -> dict[str, Any]:
    if scenario == "single-stream":
        return {
            "metric": "throughput",
            "statistic": "inverse-p90",
            "stage": "request",
            "per": "sample",
        }
    return {
        "metric": "throughput",
        "statistic": "mean",
        "stage": "whole-run",
        "per": "issued-sample",
    }


def _latency(text: str, statistic: str, scenario: str, queries: int | None) -> dict[str, Any]:
    if scenario == "offline":  # the time of the one query
        return _timed("completion-time", statistic, "request", text, "s", "measured", per="query")
    return given(
        **_timed("latency", statistic, "request", text, "s", "measured", per="sample"), n=queries
    )


def _timed(
    metric: str,
    statistic: str,
    stage: str | None,
    text: str,
    unit: str,
    basis: str,
    per: str | None = None,
) -> dict[str, Any]:
    return given(
        metric=metric,
        statistic=statistic,
        stage=stage,
        per=per,
        value=convert(text, unit, "s"),
        unit="s",
        basis=basis,
        reported_value=text,
        reported_unit=unit,
    )


def inverted(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the 90th percentile that a single-stream rate was computed from, where nothing else says it."""
    rate = next(
        (item for item in found if item["metric"] == "throughput" and "value" in item), None
    )
    if rate is None or any(item["metric"] == "latency" for item in found):
        return []
    return [
        given(
            metric="latency",
            statistic="p90",
            stage="request",
            per="sample",
            value=1 / rate["value"],
            unit="s",
            basis="derived",
            caveats=rate.get("caveats"),
        )
    ]
