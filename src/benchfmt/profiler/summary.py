"""The summary of a profile, derived from the records of its processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from benchfmt.converters.draft import Key as NumberFields
from benchfmt.profiler import figures, judging, wording
from benchfmt.profiler.document import Measured, Quality
from benchfmt.profiler.facts import ModelFacts
from benchfmt.profiler.job import Protocol
from benchfmt.profiler.judging import NANO, Doubt
from benchfmt.profiler.material import Material, Part
from benchfmt.profiler.measuring import (
    Key,
    Numbers,
    primary_key,
    spelled,
    unit_of_work,
)
from benchfmt.profiler.plain import plain_object
from benchfmt.profiler.record_draft import Extension, failed_record, finished
from benchfmt.record import Record
from benchfmt.vocabulary import vocabulary

_OF_RECORD = ("flop", "parameters", "size_bytes", "precision")
"""Facts of the model that a record has fields for."""
_REDUCERS: dict[str, Callable[[Sequence[float]], float]] = {"min": min, "max": max}
_MERGED_BASES = {name: name for name in ("estimated", "predicted", "nominal", "published")}
"""What a mean of such numbers is; of measured ones it is derived."""
_TIMED = (
    "latency",
    "throughput",
    "cpu-time",
    "flop-rate",
    "energy",
    "dynamic-energy",
    "energy-efficiency",
    "completion-time",
)
"""Metrics that follow from the timing, and so have its caveats."""


def summary(parts: Sequence[Part], material: Material) -> Record:
    """Return the record derived from all processes, the failed ones counted."""
    if not parts:
        return _failed_summary(material)
    first = parts[0].document
    medians = [part.run.median / NANO for part in parts]
    between = judging.between_processes(medians, material.protocol)
    within = _within_processes(parts, material.protocol)
    caveats = _summary_caveats(parts, unstable=bool(between or within))
    numbers = Numbers(caveats)
    for key in dict.fromkeys(key for part in parts for key in part.numbers.by_key):
        _merge(numbers, key, [part.numbers for part in parts])
    _inverse(numbers, unit_of_work(first))
    _quality(numbers, material)
    contaminated = [doubt for part in parts for doubt in part.of_summary(part.contaminated)]
    unstable = between + within
    extension: Extension = {
        "stability": judging.stability(contaminated, unstable),
        "stability_evidence": wording.evidence([*contaminated, *unstable]),
        "between_processes": _between_processes(parts, material),
        "mlperf_conformant": all(judging.mlperf_conformant(part.document) for part in parts),
        "harness": first.harness,
        "observer": _observers(parts),
        "static": _without(material.facts, _OF_RECORD),
        "quality": _without(material.evaluated.quality, ("metrics", "answers")),
        "nodes_by_provider": material.evaluated.nodes,
        "state": material.state,
        "not_conformant": _not_conformant(material, parts, caveats) or None,
    }
    # Of all processes the one number that each of them has.
    primary: Key | None = primary_key(first, numbers)
    if primary not in numbers.by_key:
        primary = None
    sources = [run for run in (material.summary, *material.runs, material.quality) if run]
    return finished(material, first, numbers, primary, sources, extension)


def _observers(parts: Sequence[Part]) -> Extension:
    """Return what the dearest observer cost."""
    share = _dearest(parts)
    return {"share_of_a_core": share or None, "within_bound": judging.within_bound(share)}


def _dearest(parts: Sequence[Part]) -> float:
    return max((judging.observer_share(part.document) or 0.0 for part in parts), default=0.0)


def _without(value: ModelFacts | Quality | None, names: Sequence[str]) -> Extension | None:
    """Return a value as plain data without some of its fields; None where there is none."""
    if value is None:
        return None
    return {name: part for name, part in plain_object(value).items() if name not in names}


def _between_processes(parts: Sequence[Part], material: Material) -> Extension:
    between = figures.interval([part.run.median / NANO for part in parts])
    half_width = None
    if between:
        half_width = between.half_width
    return {
        "processes": len(material.runs),
        "failed": len(material.runs) - len(parts),
        "half_width": half_width,
        "wanted": material.protocol.half_width,
        "formula": "Student's t at 95 % over the medians of the processes; values are means over the processes, "
        "minima and maxima those of all",
    }


def _within_processes(parts: Sequence[Part], protocol: Protocol) -> list[Doubt]:
    """Return what had not settled within a process.

    One process alone has nothing but its own blocks to be judged by; of several, what lies between them counts.
    """
    half_width = math.inf
    if len(parts) == 1:
        half_width = protocol.half_width
    doubts = []
    for part in parts:
        doubts += part.of_summary(judging.instabilities(part.document, half_width))
    return doubts


def _summary_caveats(parts: Sequence[Part], *, unstable: bool) -> list[str]:
    """Return the caveats of any process, but `unstable` only where the processes differ or had not warmed up."""
    caveats = [caveat for part in parts for caveat in part.caveats if caveat != "unstable"]
    if unstable:
        caveats.append("unstable")
    if len(parts) == 1:
        caveats.append("single-observation")
    return list(dict.fromkeys(caveats))


def _not_conformant(material: Material, parts: Sequence[Part], caveats: Sequence[str]) -> list[str]:
    """Return in words where a profile does not follow the full protocol."""
    plan, full = material.protocol, Protocol()
    reasons = []
    if plan.quick:
        reasons.append(
            "a quick profile: one process of a second shows that everything works, not how fast it is"
        )
    elif len(parts) < full.processes:
        reasons.append(
            f"{len(parts)} processes that have finished, instead of at least {full.processes}"
        )
    for number, run in enumerate(material.runs, 1):
        if not run.ok:
            reasons.append(f"process {number} failed: {run.document.detail}")
    if "short-run" in caveats and not plan.quick:
        reasons.append(
            f"a process measured for less than {full.seconds:g} s or {full.queries} queries"
        )
    reasons += _disturbed(parts, len(material.runs))
    if "partial-run" in caveats:
        reasons.append("some queries were not begun when the time was over")
    return reasons


def _disturbed(parts: Sequence[Part], runs: int) -> Iterator[str]:
    """Yield in words what may have disturbed the runs, and what LoadGen calls invalid."""
    share = _dearest(parts)
    if share > judging.OBSERVER:
        yield f"the observer used {share:.1%} of a core, more than {judging.OBSERVER:.0%}: it may have disturbed the run"
    invalid = [part for part in parts if _is_invalid(part.document)]
    if invalid:
        yield f"LoadGen calls {len(invalid)} of {runs} runs invalid; its summary logs say why"


def _is_invalid(document: Measured) -> bool:
    return document.loadgen is not None and document.loadgen.result == "INVALID"


def _merge(numbers: Numbers, key: Key, parts: Sequence[Numbers]) -> None:
    """Add to the summary what the processes have under one key; a number only where all of them have one."""
    values = list(_values(key, parts))
    metric, statistic = key[0], key[1] or ""
    of_gate = statistic.startswith("gated-")
    of_first = key[2] == "build"  # by the first process, for all
    enough = len(values) == len(parts) or of_gate or of_first
    if not values or not enough:
        _merge_missing(numbers, key, parts)
        return
    first = next(part.by_key[key] for part in parts if part.value(key) is not None)
    caveats = list(_merged_caveats(numbers, metric, of_gate=of_gate))
    if len(values) == 1 and "single-observation" in (first.caveats or ()):
        caveats.append("single-observation")
    fields: NumberFields = {
        "n": len(values),
        "samples": values,
        "caveats": list(dict.fromkeys(caveats)),
    }
    reduce = _REDUCERS.get(statistic.removeprefix("gated-"), figures.mean)
    between = figures.interval(values)
    if between and reduce is figures.mean:
        fields["ci"] = [between.lower, between.upper, figures.LEVEL]
        fields["stddev"] = figures.stddev(values)
    basis = _MERGED_BASES.get(first.basis or "", "derived")
    numbers.add(_merged_key(key), reduce(values), first.unit or "1", basis, **fields)


def _values(key: Key, parts: Sequence[Numbers]) -> Iterator[float]:
    for part in parts:
        value = part.value(key)
        if value is not None:
            yield value


def _merged_caveats(numbers: Numbers, metric: str, *, of_gate: bool) -> Iterator[str]:
    """Yield the caveats of the timing, for a metric that follows from it; what the gate kept is not contaminated."""
    if metric not in _TIMED:
        return
    for caveat in numbers.caveats:
        if caveat != "contaminated" or not of_gate:
            yield caveat


def _merged_key(key: Key) -> Key:
    """Return the key of the summary: what is single in a process is a mean of several."""
    if key[1] == "single":
        return (key[0], "mean", *key[2:])
    return key


def _merge_missing(numbers: Numbers, key: Key, parts: Sequence[Numbers]) -> None:
    """Add the reason of the first process that has no number."""
    lacking = next(part for part in parts if part.value(key) is None)
    reason = "too-few-samples"
    item = lacking.by_key.get(key)
    if item is not None and item.missing:
        reason = item.missing
    words = lacking.details.get(spelled(key), "not every process has this number")
    numbers.missing(_merged_key(key), reason, words)


def _inverse(numbers: Numbers, per: str) -> None:
    """Make the inverse-latency throughput of the summary that of its own latency, not a mean of inverses."""
    for stage in ("inference", "end-to-end"):
        key: Key = ("throughput", "mean", stage, "sample", None)
        latency = numbers.by_key.get(("latency", "mean", stage, per, None))
        if numbers.value(key) is None or latency is None or latency.value is None:
            continue
        numbers.add(key, 1 / latency.value, "/s", "derived", caveats=latency.caveats)


def _quality(numbers: Numbers, material: Material) -> None:
    evaluated = material.evaluated
    key: Key = ("accuracy", "pooled", None, None, None)
    if evaluated.quality_failed:
        numbers.missing(key, "run-failed", evaluated.quality_failed)
    elif evaluated.quality is not None:
        _metrics(numbers, evaluated.quality)
    elif material.quality is not None and not material.quality.ok:
        numbers.missing(key, "run-failed", str(material.quality.document.detail))
    else:
        words = "no evaluator and no labels were given (--evaluate, or --labels)"
        numbers.missing(key, "no-dataset", words)


def _metrics(numbers: Numbers, quality: Quality) -> None:
    units = quality.unit or {}
    for metric, value in quality.metrics.items():
        unit = units.get(metric) or _unit(metric)
        numbers.add((metric, "pooled", None, None, None), value, unit, n=quality.n)


def _unit(metric: str) -> str:
    unit = vocabulary().terms("metric").get(metric.partition("@")[0], {}).get("unit", "1")
    if unit in ("target", "currency"):
        return "1"
    return str(unit)


def _failed_summary(material: Material) -> Record:
    first = material.runs[0].document
    sources = [run for run in (material.summary, *material.runs) if run]
    detail = first.detail or "no process has finished"
    return failed_record(material, first, primary_key(first), detail, sources)
