"""Results that a round allows to be inferred from another scenario's run.

Source: mlcommons/inference, submission checker, `get_inferred_result`.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.inference.log_numbers import FASTEST
from benchfmt.converters.mlperf.inference.run import Names, Run, count
from benchfmt.readers import loadgen
from benchfmt.units import convert

MULTI_STREAM_SAMPLES = 8
"""Samples in a query of the multi-stream scenario since v2.0."""


def add_inferred(run: Run, log: Mapping[str, str], names: Names) -> None:
    """Add the one number of an inferred result."""
    run.keep("inferred_from", names.inferred_from)
    infer = INFERENCES[names.scenario or "", names.inferred_from or ""]
    number = infer(log)
    if number:
        number.primary = True
        run.draft.add(number)


def _offline_rate(value: float, reported: str | None = None) -> Number:
    number = Number(
        metric="throughput",
        statistic="mean",
        stage="request",
        per="sample",
        value=value,
        unit="/s",
        basis="derived",
    )
    if reported is not None:
        number.reported_value = reported
        number.reported_unit = "/s"
    return number


def _offline_from_single(log: Mapping[str, str]) -> Number | None:
    """Offline from single-stream: the harness's rate without overhead."""
    text = log.get("result_qps_without_loadgen_overhead")
    if not text:
        return None
    value = convert(text, "/s", "/s")
    if value is None or not 0 < value <= FASTEST:
        return None
    return _offline_rate(value, text)


def _offline_from_multi(log: Mapping[str, str]) -> Number | None:
    """Offline from multi-stream (v2.0 on): samples per query over the mean latency of a query."""
    nanoseconds = count(log.get("result_mean_query_latency_ns"))
    samples = count(log.get("effective_samples_per_query"))
    if nanoseconds is None or samples is None:
        return None
    return _offline_rate(samples * 1e9 / nanoseconds)


def _multi_from_single(log: Mapping[str, str]) -> Number | None:
    """Multi-stream from single-stream (v2.0 on): eight times the 99th percentile's estimate."""
    statistic = "p99-es"
    text = _estimate_of_99(log)
    if text is None:
        statistic = "p99"
        text = log.get("result_99.00_percentile_latency_ns")
    nanoseconds = count(text)
    if nanoseconds is None:
        return None
    return Number(
        metric="latency",
        statistic=statistic,
        stage="request",
        per="query",
        value=float(f"{MULTI_STREAM_SAMPLES * nanoseconds}e-9"),
        unit="s",
        basis="derived",
    )


def _estimate_of_99(log: Mapping[str, str]) -> str | None:
    for estimate in loadgen.estimates(log.get("early_stopping_result", "")):
        if estimate.percentile == "99" and estimate.nanoseconds:
            return estimate.nanoseconds
    return None


INFERENCES = {
    ("offline", "single-stream"): _offline_from_single,
    ("offline", "multi-stream"): _offline_from_multi,
    ("multi-stream", "single-stream"): _multi_from_single,
}
"""By the scenario that is asked for, and the one that was run."""
