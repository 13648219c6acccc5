"""A profile in words, for the person who asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchfmt.profiler.job import SUITE
from benchfmt.record import Measurement, Model, Record

Extension = dict[str, Any]
"""What a summary keeps in its extension: plain data, for it may come from a package."""
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
    ("throughput/mean/whole-run/sample/", "throughput, observed"),
    ("flop-rate/mean/inference//", "FLOP rate"),
    ("memory/mean///process", "memory, mean"),
    ("memory/max///process", "memory, peak of running"),
    ("memory/max/load//process", "memory, peak of loading"),
    ("utilization/mean///process", "load, this process"),
    ("utilization/mean///cpu", "load, machine"),
    ("utilization/mean///gpu", "load, GPU"),
    ("temperature/mean///cpu", "temperature"),
    ("power/mean///cpu", "power, processor"),
    ("power/mean///gpu", "power, GPU"),
    ("power/mean///board", "power, board"),
    ("energy-efficiency/mean//sample/cpu", "samples per joule"),
    ("energy-efficiency/mean//sample/gpu", "samples per joule, GPU"),
    ("power/mean/idle//cpu", "idle power, processor"),
    ("power/mean/idle//gpu", "idle power, GPU"),
    ("duration/mean/build//", "building the engine"),
    ("memory-bandwidth/mean///memory", "memory bandwidth"),
    ("lpdnn:dmips////", "DMIPS"),
)
_IF_THERE = {
    "duration/mean/build//",
    "power/mean/idle//gpu",
    "power/mean/idle//cpu",
    "energy-efficiency/mean//sample/gpu",
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
    extension: Extension = (record.extensions or {}).get(SUITE, {})
    by_key = {"/".join(item.key): item for item in record.measurements or ()}
    yield _title(record)
    if record.status != "ok":
        yield f"  {record.status}: {record.status_detail}"
        return
    if record.model:
        yield _line("model", ", ".join(_model_parts(record.model)))
    yield from _latencies(record.measurements or ())
    for key, title in _SINGLE:
        item = by_key.get(key)
        if item is not None and (item.value is not None or key not in _IF_THERE):
            yield _line(title, _one(item, extension))
    yield from _quality(record, extension)
    yield from _observer(extension.get("observer", {}))
    yield from _verdict(extension)


def _line(title: str, content: str) -> str:
    return f"  {title:<24} {content}"


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


def _model_parts(model: Model) -> Iterator[str]:
    if model.parameters:
        yield f"{model.parameters:,} parameters"
    if model.size_bytes:
        yield f"{model.size_bytes:,} bytes"
    if model.flop:
        yield f"{model.flop:.4g} FLOP a sample (2 x MAC)"
    else:
        yield "FLOP not counted"


def _latencies(measurements: Sequence[Measurement]) -> Iterator[str]:
    first: dict[tuple[str, str, str], Measurement] = {}
    for item in measurements:
        first.setdefault(item.key[:3], item)
    for metric, stage, title in _ROWS:
        cells = []
        for statistic in ("median", "mean", "p90", "p99", "max"):
            found = first.get((metric, statistic, stage))
            if found is not None and found.value is not None:
                cells.append(_cell(statistic, found.value, found))
        if cells:
            yield _line(title, ", ".join(cells))


def _cell(statistic: str, value: float, item: Measurement) -> str:
    """Return a statistic with its number, and the median with its interval."""
    cell = f"{statistic} {shown(value, 's')}"
    if statistic != "median" or not item.ci:
        return cell
    lower, upper, _ = item.ci
    return f"{cell} [{shown(lower, 's')} .. {shown(upper, 's')}]"


def _one(item: Measurement, extension: Extension) -> str:
    if item.value is None:
        return _missing(item, extension)
    number = shown(item.value, item.unit or "1")
    if item.basis in ("estimated", "predicted", "nominal"):
        return f"{number} ({item.basis})"
    return number


def _missing(item: Measurement, extension: Extension) -> str:
    detail = extension.get("missing", {}).get("/".join(item.key), "")
    if not detail:
        return f"- {item.missing}"
    return f"- {item.missing}: {detail}"


def _quality(record: Record, extension: Extension) -> Iterator[str]:
    for item in record.measurements or ():
        if item.statistic != "pooled":
            continue
        if item.value is not None:
            yield _line(item.metric, f"{item.value:.4f} on {item.n or '?'} items")
        elif item.missing == "run-failed":
            why = extension.get("missing", {}).get("/".join(item.key), "")
            yield _line(item.metric, f"- {item.missing}: {why}")
        else:
            yield _line(item.metric, f"- {item.missing}")


def _observer(observer: Extension) -> Iterator[str]:
    share = observer.get("share_of_a_core")
    if share is None:
        return
    cost = f"{share:.2%} of one core"
    if not observer.get("within_bound", True):
        cost += ": more than 2 %, so it may have disturbed the run"
    yield _line("observer", cost)


def _verdict(extension: Extension) -> Iterator[str]:
    for reason in extension.get("not_conformant", []):
        yield f"  not the full protocol: {reason}"
    lost = extension.get("placement", {}).get("lost")
    if lost:
        yield f"  asked for {', '.join(lost)}, which was not used: the work ran elsewhere"
    yield f"stability: {extension.get('stability')} ({_agreement(extension)})"
    evidence = extension.get("stability_evidence", [])
    for sentence in evidence[:_EVIDENCE]:
        yield f"  {sentence}"
    if len(evidence) > _EVIDENCE:
        yield f"  ... and {len(evidence) - _EVIDENCE} more, in the record"


def _agreement(extension: Extension) -> str:
    """Return how many processes there were, and how far their medians agree."""
    between = extension.get("between_processes", {})
    count, half_width = between.get("processes"), between.get("half_width")
    processes = f"{count} processes"
    if count == 1:
        processes = "1 process"
    if half_width is None:
        return processes
    return f"{processes}, medians within {half_width:.1%} at 95 %"
