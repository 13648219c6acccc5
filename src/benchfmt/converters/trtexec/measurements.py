"""The measurements of a run of trtexec: rates, times of the whole run, latencies of every stage, the profiled layers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from benchfmt.converters import texts
from benchfmt.converters.draft import (
    Key,
    Number,
    derived,
    measured,
    numbers_with_value,
    printed,
)
from benchfmt.converters.trtexec.evidence import Evidence
from benchfmt.readers import trtexec as reader
from benchfmt.units import convert, exact

LEAST = {"p90": 10, "p95": 20, "p99": 100}
"""How many queries a percentile needs where nobody asked for it."""
MOST_SAMPLES = 20_000
"""So many times of queries are kept in a record; more would make a cell of a table too long."""
ORDER = ("min", "max", "mean", "median")
_COPIED = ("inference", "transfer-in", "transfer-out")
"""The stages that mean nothing where the data stays on the device."""


def measurements(evidence: Evidence) -> list[Number]:
    """Return what a run measured, one of it the headline; what of it disagrees is noted in the evidence."""
    run = evidence.run
    numbers = [*_rates(evidence), *_totals(evidence), *_latencies(evidence)]
    if evidence.profile or run.profile_total:
        numbers.append(_profiled_sum(evidence))
    reason = _why_no_rate(run)
    if reason:
        numbers.append(_missing_rate(reason, "query", None))
    if not any(number.primary for number in numbers):
        _choose_headline(numbers)
    return numbers


def _why_no_rate(run: reader.Run) -> str | None:
    """Return why a run that prints no summary has no throughput, or None where it does not say so."""
    if run.summary:
        return None
    if run.skipped:
        return "not-measured"
    if run.not_reported:
        return "not-reported"
    if run.end == "FAILED":
        return "run-failed"
    return None


def _missing_rate(reason: str, counted: str, reported: str | None) -> Number:
    return Number(
        metric="throughput",
        statistic="mean",
        stage="whole-run",
        per=counted,
        missing=reason,
        reported_value=reported,
        reported_unit="/s" if reported else None,
    )


def _rates(evidence: Evidence) -> Iterator[Number]:
    """Yield the throughput as it is reported, in queries or samples, and the other of the two."""
    reported = evidence.run.totals.get("throughput")
    number = exact(reported) if reported else None
    if reported and number:
        yield from _reported_rates(evidence, reported, number)
        return
    wall = _wall_seconds(evidence)
    count = evidence.queries
    if wall and count:
        per_query = count / wall
        rate = derived("throughput", per_query, **_rate_key(evidence, "query"))
        rate.primary = True
        rate.n = count
        yield rate
        yield from _sample_rate(evidence, per_query)
    elif reported:
        yield _missing_rate("invalid-in-source", "query", reported)


def _reported_rates(evidence: Evidence, reported: str, number: Fraction) -> Iterator[Number]:
    implicit = evidence.settings.implicit_batch or 1
    counted = "sample" if implicit > 1 else "query"
    rate = measured("throughput", reported, "/s", **_rate_key(evidence, counted))
    rate.primary = True
    yield rate
    _compare_rate(evidence, number)
    if counted == "sample":
        yield derived("throughput", number / implicit, **_rate_key(evidence, "query"))
    else:
        yield from _sample_rate(evidence, number)


def _sample_rate(evidence: Evidence, per_query: Fraction) -> Iterator[Number]:
    batch = evidence.settings.batch
    if batch:
        yield derived("throughput", per_query * batch, **_rate_key(evidence, "sample"))


def _rate_key(evidence: Evidence, counted: str) -> Key:
    caveats = []
    if evidence.settings.profiled:
        caveats.append("profiled")
    if evidence.run.errors and evidence.run.end == "PASSED":
        caveats.append("errors-logged")
    return {
        "statistic": "mean",
        "stage": "whole-run",
        "per": counted,
        "caveats": caveats or None,
    }


def _wall_seconds(evidence: Evidence) -> Fraction | None:
    printed_seconds = exact(evidence.run.totals.get("walltime", ""))
    if printed_seconds:
        return printed_seconds
    if evidence.times and evidence.times.wall_ms > 0:
        return Fraction(evidence.times.wall_ms) / 1000
    return None


def _compare_rate(evidence: Evidence, told: Fraction) -> None:
    times = evidence.times
    if times and times.wall_ms > 0:
        implicit = evidence.settings.implicit_batch or 1
        again = len(times) * implicit / times.wall_ms * 1000
        evidence.agrees("Throughput", float(told), again)


_TOTALS: tuple[tuple[str, str | None, str], ...] = (
    ("built", None, "build"),
    ("loaded", None, "load"),
    ("walltime", None, "whole-run"),
    ("gpu_total", "sum", "compute"),
)
"""The times that a run prints once, in seconds: the reader's name, the statistic, and the stage."""


def _totals(evidence: Evidence) -> Iterator[Number]:
    """Yield the times of building, loading and the whole run."""
    totals = evidence.run.totals
    for name, statistic, stage in _TOTALS:
        text = totals.get(name, "")
        if exact(text) is not None:
            yield measured("duration", text, "s", statistic=statistic, stage=stage)
    unstable = totals.get("unstable", "")
    if exact(unstable) is not None:
        yield measured(
            "coefficient-of-variation", unstable, "%", stage="compute", caveats=["unstable"]
        )
    if evidence.times and totals.get("gpu_total"):
        total = sum(map(float, evidence.times.stages["compute"])) / 1000
        evidence.agrees("Total GPU Compute Time", float(totals["gpu_total"]), total)


def _latencies(evidence: Evidence) -> Iterator[Number]:
    """Yield the statistics of every stage: from the exported times where there are some, else as the log says."""
    stages = list(evidence.run.summary)
    if evidence.times:
        stages += [stage for stage in evidence.times.stages if stage not in stages]
    copied = evidence.copied
    for stage in stages:
        if stage in _COPIED and not copied:
            yield Number(
                metric="latency",
                statistic="mean",
                stage=stage,
                per="query",
                missing="not-measured",
            )
        else:
            yield from _stage(evidence, stage, _stage_caveats(evidence, stage))
    evidence.notes += texts.not_understood(evidence.unit, evidence.run.damaged)


def _stage_caveats(evidence: Evidence, stage: str) -> list[str]:
    settings = evidence.settings
    caveats = []
    if stage == "compute" and "unstable" in evidence.run.totals:
        caveats.append("unstable")
    if settings.profiled:
        caveats.append("profiled")
    if (settings.streams or 1) > 1 or stage == "request":
        caveats.append("overlapping-requests")
    if exact(settings.warm_up) == 0:
        caveats.append("warm-up-included")
    if evidence.cut and not settings.warm_up_known:
        caveats.append("definition-inferred")
    return caveats


def _stage(evidence: Evidence, stage: str, caveats: list[str]) -> Iterator[Number]:
    printed_texts = evidence.run.summary.get(stage, {})
    exported = evidence.times.stages.get(stage) if evidence.times else None
    names = list(printed_texts)
    if exported and not names:
        names = list(evidence.run.summary.get("compute", ())) or _usual(len(exported))
    ordered = sorted(exported or (), key=float)
    for name in names:
        text = printed_texts.get(name)
        if exported:
            number = _from_times(evidence, exported, ordered, (stage, name), text, caveats)
            number.n = evidence.queries
            yield number
        elif text is not None:
            yield _from_log(evidence, text, (stage, name), caveats)


def _from_log(evidence: Evidence, text: str, place: tuple[str, str], caveats: list[str]) -> Number:
    """Return a latency as the log prints it; `place` is its stage and statistic."""
    stage, name = place
    if exact(text) is None:
        return Number(
            metric="latency",
            statistic=name,
            stage=stage,
            per="query",
            missing="invalid-in-source",
            reported_value=text,
        )
    return printed(
        "latency",
        text,
        "ms",
        statistic=name,
        stage=stage,
        per="query",
        n=evidence.queries,
        caveats=caveats or None,
    )


def _from_times(
    evidence: Evidence,
    exported: list[str],
    ordered: list[str],
    place: tuple[str, str],
    reported: str | None,
    caveats: list[str],
) -> Number:
    """Return a latency by the exported times; `place` is its stage and statistic."""
    stage, name = place
    value, chosen = reader.statistic(ordered, name)
    if _disagrees(evidence, place, reported, value):
        caveats = [*caveats, "source-disagrees"]
    key: Key = {
        "statistic": name,
        "stage": stage,
        "per": "query",
        "caveats": caveats or None,
        "source_path": evidence.times_path,
    }
    if chosen is not None:
        number = measured("latency", chosen, "ms", **key)
    else:
        number = derived("latency", value / 1000, **key)
    if name == "mean":
        number.stddev = _deviation(exported)
        if stage == ("inference" if evidence.copied else "compute"):
            _add_samples(evidence, number, exported)
    return number


def _disagrees(
    evidence: Evidence, place: tuple[str, str], reported: str | None, value: Fraction
) -> bool:
    """Say whether the log prints another number than the exported times give; that is noted."""
    number = exact(reported) if reported else None
    if number is None:
        return False
    stage, name = place
    label = {"inference": "Latency", "compute": "GPU Compute Time"}.get(stage, stage)
    return not evidence.agrees(f"{label}, {name},", float(number), float(value))


def _add_samples(evidence: Evidence, number: Number, exported: list[str]) -> None:
    if len(exported) <= MOST_SAMPLES:
        number.samples = [convert(text, "ms", "s") for text in exported]
        return
    count = len(exported)
    evidence.samples_left_out = f"{count} times of queries are in the exported file only"


def _usual(count: int) -> list[str]:
    """Return the statistics that a record has where the log prints none."""
    return [*ORDER, *(name for name, least in LEAST.items() if count >= least)]


def _profiled_sum(evidence: Evidence) -> Number:
    """Return the time of all layers under the profiler, as a part of the result that belongs to no other."""
    key: Key = {
        "statistic": "sum",
        "stage": "compute",
        "scope": "run:profile",
        "caveats": ["profiled"],
    }
    if not evidence.profile:
        run = evidence.run
        number = measured("duration", run.profile_total, "ms", **key)
        number.n = int(run.profile_count)
        return number
    total = Fraction(0)
    for layer in evidence.profile.layers:
        total += exact(layer["timeMs"]) or 0
    number = derived("duration", total / 1000, **key)
    number.n = evidence.profile.count
    return number


def _choose_headline(numbers: list[Number]) -> None:
    """Make the mean time on the device the headline where there is no throughput, else nothing."""
    latencies = [number for number in numbers_with_value(numbers) if number.metric == "latency"]
    for stage in ("compute", "inference"):
        for number in latencies:
            if (number.statistic, number.stage) == ("mean", stage):
                number.primary = True
                return


def _deviation(texts_ms: list[str]) -> float:
    """Return the standard deviation of the population, in seconds."""
    values = [float(text) for text in texts_ms]
    centre = sum(values) / len(values)
    return float((sum((value - centre) ** 2 for value in values) / len(values)) ** 0.5 / 1000)
