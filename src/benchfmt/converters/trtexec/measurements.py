"""The measurements of a run of trtexec: rates, times of the whole run, latencies of every stage, the profiled layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.trtexec.evidence import Evidence
from benchfmt.readers import trtexec as reader
from benchfmt.record import given
from benchfmt.units import convert, exact

LEAST = {"p90": 10, "p95": 20, "p99": 100}
"""How many queries a percentile needs where nobody asked for it."""
MOST_SAMPLES = 20_000
"""So many times of queries are kept in a record; more would make a cell of a table too long."""
ORDER = ("min", "max", "mean", "median")
_COPIED = ("inference", "transfer-in", "transfer-out")
"""The stages that mean nothing where the data stays on the device."""


def measurements(evidence: Evidence) -> list[dict[str, Any]]:
    """Return what a run measured, one of it the headline; what of it disagrees is noted in the evidence."""
    run = evidence.run
    found = [*_rates(evidence), *_totals(evidence), *_latencies(evidence)]
    if evidence.profile or run.profile_total:
        found += _profiled_sum(evidence)
    if run.skipped and not run.summary:
        found.append(
            texts.missing(
                "throughput", "not-measured", statistic="mean", stage="whole-run", per="query"
            )
        )
    elif run.not_reported and not run.summary:
        found.append(
            texts.missing(
                "throughput", "not-reported", statistic="mean", stage="whole-run", per="query"
            )
        )
    elif run.end == "FAILED" and not run.summary:
        found.append(
            texts.missing(
                "throughput", "run-failed", statistic="mean", stage="whole-run", per="query"
            )
        )
    if not any(item.get("primary") for item in found):
        _head(found)
    return found


def _rates(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield the throughput as it is told, in queries or samples, and the other of the two."""
    told, settings = evidence.run.totals.get("throughput"), evidence.settings
    batch, implicit = settings.batch, settings.implicit_batch
    key = {"statistic": "mean", "stage": "whole-run"}
    counted = "sample" if implicit and implicit > 1 else "query"
    caveats = _rate_caveats(evidence)
    number = exact(told) if told else None
    per_query: Fraction | None = None
    if number:
        measured = texts.measurement(
            "throughput", str(told), "/s", per=counted, primary=True, **key, **caveats
        )
        yield measured
        per_query = number / implicit if counted == "sample" and implicit else number
        _compare_rate(evidence, number)
        if counted == "sample":
            yield texts.derived("throughput", per_query, per="query", **key, **caveats)
            return
    else:
        wall, count = _wall_seconds(evidence), evidence.queries
        if wall and count:
            per_query = count / wall
            yield texts.derived(
                "throughput", per_query, per="query", primary=True, n=count, **key, **caveats
            )
        elif told:
            yield {
                **texts.missing("throughput", "invalid-in-source", per="query", **key),
                "reported_value": told,
                "reported_unit": "/s",
            }
            return
    if per_query and batch:
        yield texts.derived("throughput", per_query * batch, per="sample", **key, **caveats)


def _rate_caveats(evidence: Evidence) -> dict[str, Any]:
    caveats = ["profiled"] if evidence.settings.profiled else []
    caveats += ["errors-logged"] if evidence.run.errors and evidence.run.end == "PASSED" else []
    return {"caveats": caveats} if caveats else {}


def _wall_seconds(evidence: Evidence) -> Fraction | None:
    told = exact(evidence.run.totals.get("walltime", ""))
    if told:
        return told
    return (
        Fraction(evidence.times.wall_ms) / 1000
        if evidence.times and evidence.times.wall_ms > 0
        else None
    )


def _compare_rate(evidence: Evidence, told: Fraction) -> None:
    if evidence.times and evidence.times.wall_ms > 0:
        again = (
            len(evidence.times)
            * (evidence.settings.implicit_batch or 1)
            / evidence.times.wall_ms
            * 1000
        )
        evidence.agrees("Throughput", float(told), again)


def _totals(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield the times of building, loading and the whole run."""
    run = evidence.run
    for name, key in (
        ("built", {"stage": "build"}),
        ("loaded", {"stage": "load"}),
        ("walltime", {"stage": "whole-run"}),
        ("gpu_total", {"statistic": "sum", "stage": "compute"}),
    ):
        told = run.totals.get(name)
        if told and exact(told) is not None:
            yield texts.measurement("duration", told, "s", **key)
    if run.totals.get("unstable") and exact(run.totals["unstable"]) is not None:
        yield texts.measurement(
            "coefficient-of-variation",
            run.totals["unstable"],
            "%",
            stage="compute",
            caveats=["unstable"],
        )
    if evidence.times and run.totals.get("gpu_total"):
        total = sum(map(float, evidence.times.stages["compute"])) / 1000
        evidence.agrees("Total GPU Compute Time", float(run.totals["gpu_total"]), total)


def _latencies(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield the statistics of every stage: from the exported times where there are some, else as the log says."""
    stages = {
        **dict.fromkeys(evidence.run.summary),
        **dict.fromkeys(evidence.times.stages if evidence.times else {}),
    }
    copied = evidence.copied
    for stage in stages:
        if stage in _COPIED and not copied:
            yield texts.missing(
                "latency", "not-measured", statistic="mean", stage=stage, per="query"
            )
            continue
        yield from _stage(evidence, stage, _stage_caveats(evidence, stage))
    for line, text in evidence.run.damaged:
        evidence.notes.append(texts.not_understood(evidence.unit.path.name, line, text))


def _stage_caveats(evidence: Evidence, stage: str) -> list[str]:
    settings = evidence.settings
    caveats = ["unstable"] if stage == "compute" and "unstable" in evidence.run.totals else []
    caveats += ["profiled"] if settings.profiled else []
    caveats += ["overlapping-requests"] if (settings.streams or 1) > 1 or stage == "request" else []
    caveats += ["warm-up-included"] if exact(settings.warm_up or "") == 0 else []
    caveats += ["definition-inferred"] if evidence.cut and not settings.warm_up_known else []
    return caveats


def _stage(evidence: Evidence, stage: str, caveats: list[str]) -> Iterator[dict[str, Any]]:
    told = evidence.run.summary.get(stage, {})
    exported = evidence.times.stages.get(stage) if evidence.times else None
    names = list(told)
    if exported and not names:
        names = list(evidence.run.summary.get("compute", ())) or _usual(len(exported))
    ordered = sorted(exported or (), key=float)
    for name in names:
        key: dict[str, Any] = {"statistic": name, "stage": stage, "per": "query"}
        key |= given(n=evidence.queries, caveats=caveats or None)
        if exported:
            yield _from_times(evidence, exported, ordered, name, told.get(name), key)
        elif exact(told[name]) is None:
            yield {
                **texts.missing("latency", "invalid-in-source", **_bare_key(key)),
                "reported_value": told[name],
            }
        else:
            yield texts.number("latency", told[name], "ms", **key)


def _from_times(
    evidence: Evidence,
    exported: list[str],
    ordered: list[str],
    name: str,
    told: str | None,
    key: dict[str, Any],
) -> dict[str, Any]:
    value, chosen = reader.statistic(ordered, name)
    words = {"inference": "Latency", "compute": "GPU Compute Time"}.get(key["stage"], key["stage"])
    number = exact(told) if told else None
    if number is not None and not evidence.agrees(f"{words}, {name},", float(number), float(value)):
        key["caveats"] = [*key.get("caveats", ()), "source-disagrees"]
    if evidence.times_path:
        key["source_path"] = evidence.times_path
    if name == "mean":
        key["stddev"] = _deviation(exported)
        whole = "inference" if evidence.copied else "compute"
        if key["stage"] == whole and len(exported) <= MOST_SAMPLES:
            key["samples"] = [convert(text, "ms", "s") for text in exported]
        elif key["stage"] == whole:
            evidence.samples_left_out = (
                f"{len(exported)} times of queries are in the exported file only"
            )
    if chosen is not None:
        return texts.measurement("latency", chosen, "ms", **key)
    return texts.derived("latency", value / 1000, **key)


def _usual(count: int) -> list[str]:
    """Return the statistics that a record has where the log prints none."""
    return [*ORDER, *(name for name, least in LEAST.items() if count >= least)]


def _profiled_sum(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield the time of all layers under the profiler, as a part of the result that belongs to no other."""
    key = {"statistic": "sum", "stage": "compute", "scope": "run:profile", "caveats": ["profiled"]}
    if evidence.profile:
        total = sum(
            (exact(item["timeMs"]) or Fraction(0) for item in evidence.profile.layers), Fraction(0)
        )
        yield texts.derived("duration", total / 1000, n=evidence.profile.count, **key)
    else:
        yield texts.measurement(
            "duration", evidence.run.profile_total, "ms", n=int(evidence.run.profile_count), **key
        )


def _head(found: list[dict[str, Any]]) -> None:
    """Make the mean time on the device the headline where there is no throughput, else nothing."""
    for stage in ("compute", "inference"):
        for item in found:
            if (
                "value" in item
                and item["metric"] == "latency"
                and (item["statistic"], item["stage"]) == ("mean", stage)
            ):
                item["primary"] = True
                return


def _bare_key(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in ("statistic", "stage", "per")}


def _deviation(texts_ms: list[str]) -> float:
    """Return the standard deviation of the population, in seconds."""
    values = [float(text) for text in texts_ms]
    centre = sum(values) / len(values)
    return float((sum((value - centre) ** 2 for value in values) / len(values)) ** 0.5 / 1000)
