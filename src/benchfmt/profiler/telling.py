"""A profile in words, for the person who asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchfmt.profiler.job import SUITE
from benchfmt.record import Measurement, Record

_EVIDENCE = 6
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_ROWS = (
    ("latency", "preprocess", "pre-processing"),
    ("latency", "inference", "inference"),
    ("latency", "postprocess", "post-processing"),
    ("latency", "end-to-end", "end to end"),
    ("latency", "request", "request"),
)
_SINGLE = (
    (("throughput", "mean", "whole-run", "sample", ""), "throughput, observed"),
    (("flop-rate", "mean", "inference", "", ""), "FLOP rate"),
    (("memory", "mean", "", "", "process"), "memory, mean"),
    (("memory", "max", "", "", "process"), "memory, peak of running"),
    (("memory", "max", "load", "", "process"), "memory, peak of loading"),
    (("utilization", "mean", "", "", "process"), "load, this process"),
    (("utilization", "mean", "", "", "cpu"), "load, machine"),
    (("utilization", "mean", "", "", "gpu"), "load, GPU"),
    (("temperature", "mean", "", "", "cpu"), "temperature"),
    (("power", "mean", "", "", "cpu"), "power, processor"),
    (("power", "mean", "", "", "gpu"), "power, GPU"),
    (("power", "mean", "", "", "board"), "power, board"),
    (("energy-efficiency", "mean", "", "sample", "cpu"), "samples per joule"),
    (("energy-efficiency", "mean", "", "sample", "gpu"), "samples per joule, GPU"),
    (("power", "mean", "idle", "", "cpu"), "idle power, processor"),
    (("power", "mean", "idle", "", "gpu"), "idle power, GPU"),
    (("duration", "mean", "build", "", ""), "building the engine"),
    (("memory-bandwidth", "mean", "", "", "memory"), "memory bandwidth"),
    (("lpdnn:dmips", "", "", "", ""), "DMIPS"),
)
_IF_THERE = {
    ("duration", "mean", "build", "", ""),
    ("power", "mean", "idle", "", "gpu"),
    ("power", "mean", "idle", "", "cpu"),
    ("energy-efficiency", "mean", "", "sample", "gpu"),
}
"""Rows that say nothing new where there is no number."""


def shown(value: float, unit: str) -> str:
    """Return a number with three digits that count, in a unit that a person reads."""
    if unit == "s":
        for scale, word in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
            if abs(value) >= scale:
                return f"{value / scale:.4g} {word}"
        return f"{value / 1e-9:.4g} ns"
    if unit == "By":
        return f"{value / 2**20:,.1f} MiB"
    if unit == "1":
        return f"{value:.4g}"
    for scale, prefix in _PREFIXES:
        if abs(value) >= scale and unit in ("/s", "By/s"):
            return f"{value / scale:.4g} {prefix}{unit}"
    return f"{value:.4g} {unit}"


def summary_lines(record: Record) -> Iterator[str]:
    """Yield a summary record line by line; the verdict is the last line."""
    said: dict[str, Any] = (record.extensions or {}).get(SUITE, {})
    found = {item.key: item for item in record.measurements or ()}
    yield _title(record)
    if record.status != "ok":
        yield f"  {record.status}: {record.status_detail}"
        return
    yield from _static(record)
    yield from _latencies(found)
    for key, words in _SINGLE:
        if key in found and (key not in _IF_THERE or found[key].value is not None):
            yield f"  {words:<24} {_one(found[key], said)}"
    yield from _quality(record, said)
    yield from _verdict(said)


def _title(record: Record) -> str:
    configuration = record.configuration
    how = [record.benchmark.scenario or ""]
    if configuration:
        how += [
            f"batch {configuration.batch_size or 1}",
            f"{configuration.threads or '?'} thread(s)",
            *(configuration.placement or []),
        ]
    return f"{record.benchmark.name}: {', '.join(how)}"


def _static(record: Record) -> Iterator[str]:
    model = record.model
    if model:
        parts = [
            f"{model.parameters:,} parameters" if model.parameters else "",
            f"{model.size_bytes:,} bytes" if model.size_bytes else "",
        ]
        parts.append(
            f"{model.flop:.4g} FLOP a sample (2 x MAC)" if model.flop else "FLOP not counted"
        )
        yield f"  {'model':<24} {', '.join(part for part in parts if part)}"


def _latencies(found: Mapping[tuple[str, str, str, str, str], Measurement]) -> Iterator[str]:
    for metric, stage, words in _ROWS:
        cells = []
        interval = ""
        for statistic in ("median", "mean", "p90", "p99", "max"):
            item = next(
                (m for key, m in found.items() if key[:3] == (metric, statistic, stage)), None
            )
            if item is not None and item.value is not None:
                cells.append(f"{statistic} {shown(item.value, 's')}")
                if statistic == "median" and item.ci:
                    interval = f" [{shown(item.ci[0], 's')} .. {shown(item.ci[1], 's')}]"
                    cells[-1] += interval
        if cells:
            yield f"  {words:<24} {', '.join(cells)}"


def _one(item: Measurement, said: dict[str, Any]) -> str:
    if item.value is not None:
        estimate = f" ({item.basis})" if item.basis in ("estimated", "predicted", "nominal") else ""
        return shown(item.value, item.unit or "1") + estimate
    words = said.get("missing", {}).get("/".join(item.key), "")
    return f"- {item.missing}{f': {words}' if words else ''}"


def _quality(record: Record, said: dict[str, Any]) -> Iterator[str]:
    for item in record.measurements or ():
        if item.statistic == "pooled":
            why = said.get("missing", {}).get("/".join(item.key), "")
            lacking = f"- {item.missing}{f': {why}' if item.missing == 'run-failed' else ''}"
            words = (
                f"{item.value:.4f} on {item.n or '?'} items" if item.value is not None else lacking
            )
            yield f"  {item.metric:<24} {words}"


def _verdict(said: dict[str, Any]) -> Iterator[str]:
    share = said.get("observer", {}).get("share_of_a_core")
    if share is not None:
        dear = (
            ""
            if said["observer"].get("within_bound", True)
            else ": more than 2 %, so it may have disturbed the run"
        )
        yield f"  {'observer':<24} {share:.2%} of one core{dear}"
    for words in said.get("not_conformant", []):
        yield f"  not the full protocol: {words}"
    lost = (said.get("placement") or {}).get("lost")
    if lost:
        yield f"  asked for {', '.join(lost)}, which was not used: the work ran elsewhere"
    between = said.get("between_processes", {})
    count, wide = between.get("processes"), between.get("half_width")
    interval = f", medians within {wide:.1%} at 95 %" if wide is not None else ""
    yield f"stability: {said.get('stability')} ({count} process{'es' if count != 1 else ''}{interval})"
    evidence = said.get("stability_evidence", [])
    for words in evidence[:_EVIDENCE]:
        yield f"  {words}"
    if len(evidence) > _EVIDENCE:
        yield f"  ... and {len(evidence) - _EVIDENCE} more, in the record"
