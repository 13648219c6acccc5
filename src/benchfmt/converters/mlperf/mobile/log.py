"""LoadGen's log of a performance run of the MLPerf Mobile app: its numbers, and whether it is of the same run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Unit
from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.inference import log_numbers, log_pair, log_settings
from benchfmt.converters.mlperf.inference.run import Run as LoggedRun
from benchfmt.converters.mlperf.inference.run import count
from benchfmt.converters.mlperf.mobile.files import Files
from benchfmt.converters.mlperf.mobile.run import Run
from benchfmt.readers import loadgen
from benchfmt.readers.files import file_sha256
from benchfmt.readers.loadgen import Log
from benchfmt.record import given
from benchfmt.suites import mlperf_inference

_SAME = 1e-6
"""How far a rate of the app may be from the log of its run: both come from the same nanoseconds."""
_ONE_RUN = "give each run a folder of its own"


@dataclass
class RunLog:
    """The log of a performance run: its numbers, what else it says, and the files it was read from."""

    values: dict[str, str]
    measurements: list[dict[str, Any]]
    says: dict[str, Any]
    sources: list[dict[str, Any]]
    errors: str | None


def log_of(
    files: Files, run: Run, name: str, scenario: str | None, speeds: list[dict[str, Any]]
) -> RunLog | None:
    """Return the log of a result's performance run; None where there is none, or one of another run."""
    found = read_log(files, run, name)
    if found is None:
        return None
    differ = _other_run(found, scenario, speeds)
    if differ:
        files.strange[name] = (
            f"the log of {name} is of another run, its numbers are left out: {differ}"
        )
        return None
    files.claimed.add(name)
    return found


def read_log(files: Files, run: Run, name: str) -> RunLog | None:
    """Return what the LoadGen logs of a benchmark\'s performance run say, or None where there are none."""
    paths = [files.of(f"performance-{what}", name) for what in ("summary", "detail")]
    if files.unit.path.name == layout.SUMMARY:
        paths[0] = files.unit.path
    elif files.unit.path.name == layout.DETAIL:
        paths[1] = files.unit.path
    summary = _summary(paths[0], run) if paths[0] else None
    detail = _detail(paths[1], run) if paths[1] else None
    first = summary or detail
    if first is None:
        return None
    logged = LoggedRun(Unit(first.path), files.task.place, {})
    if summary and detail and not log_pair.compare(logged, summary, detail):
        summary = None
    values = log_pair.merged(summary, detail)
    scenario = mlperf_inference.scenario(
        values.get("effective_scenario") or values.get("requested_scenario") or ""
    )
    found = _numbers(values, scenario or "", _paths(files, summary, detail))
    log_numbers.take_back_means(found, logged)
    run.findings += logged.findings
    says = log_settings.settings_of(values, summary, scenario)
    measurements = [number.to_dict() for number in found.values()]
    sources = [
        given(path=run.root(log.path), sha256=log.sha256 or file_sha256(log.path))
        for log in (summary, detail)
        if log
    ]
    errors = (summary.errors if summary else None) or (detail.errors if detail else None)
    return RunLog(values, measurements, says, sources, errors)


def _summary(path: Path, run: Run) -> Log | None:
    """Return what a summary says of its run, None where it is of several or of one for accuracy."""
    timed: list[Log] = []
    for log in loadgen.read_summaries(path):
        if not log.accuracy_mode and log not in timed:
            timed.append(log)
    if len(timed) > 1:
        run.find(
            "BF701",
            run.root(path),
            f"the summary is of {len(timed)} runs; it is left out",
            _ONE_RUN,
        )
        return None
    return timed[0] if timed else None


def _detail(path: Path, run: Run) -> Log | None:
    """Return what a detail log says of its run, None where it is of several."""
    detail = loadgen.read_detail(path)
    if detail.several:
        run.find(
            "BF701",
            run.root(path),
            f"the detail log is of more than one run: {detail.several}; it is left out",
            _ONE_RUN,
        )
        return None
    return detail


def _paths(
    files: Files, summary: Log | None, detail: Log | None
) -> list[tuple[str, Mapping[str, str]]]:
    """Return the logs' paths with their values, the one that a number is taken from first."""
    run = files.run()
    return [(run.root(log.path), log.values) for log in (detail, summary) if log]


def _numbers(
    values: Mapping[str, str], scenario: str, logs: list[tuple[str, Mapping[str, str]]]
) -> dict[log_numbers.MeasurementKey, Number]:
    """Return the numbers of a log by their key; a query of a single stream is one sample."""
    found: dict[log_numbers.MeasurementKey, Number] = {}
    queries = count(values.get("result_query_count"))
    one = scenario == "single-stream" and values.get("effective_samples_per_query", "1") == "1"
    for name, text in values.items():
        spec = log_numbers.spec(name, scenario)
        if spec is None:
            continue
        value = log_numbers.value_of(text, spec.unit)
        if value is None:
            continue
        number = Number(
            metric=spec.metric,
            statistic=spec.statistic,
            stage=spec.stage,
            per=spec.per,
            value=value,
            unit=spec.standard_unit,
            basis=spec.basis,
            reported_value=text,
            reported_unit=spec.unit,
            source_path=_source(name, logs),
        )
        if one and spec.unit == "ns":
            number.per = "sample"
            number.n = queries
        log_numbers.withdraw_if_impossible(number)
        found.setdefault(number.key, number)
    for estimate in log_numbers.estimates_of(values, {}, None):
        if one:
            estimate.per = "sample"
        estimate.source_path = _source("early_stopping_result", logs)
        found.setdefault(estimate.key, estimate)
    return found


def _source(name: str, logs: list[tuple[str, Mapping[str, str]]]) -> str | None:
    return next((path for path, values in logs if values.get(name, "") != ""), None)


def key(item: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the key of a measurement."""
    return (item["metric"], item.get("statistic"), item.get("stage"), item.get("per"))


def _other_run(log: RunLog, scenario: str | None, speeds: list[dict[str, Any]]) -> str | None:
    """Say in which number a log and a result file differ that must be the same in one run, or None."""
    rate = next(
        (item for item in speeds if item["metric"] == "throughput" and "value" in item), None
    )
    logged = {key(item): item["value"] for item in log.measurements if "value" in item}
    p90 = logged.get(("latency", "p90", "request", "sample"))
    if rate and scenario == "single-stream" and p90 and abs(rate["value"] * p90 - 1) > _SAME:
        return f"{rate['reported_value']} /s is not 1 over its 90th percentile of {p90} s"
    for item in speeds:
        other = logged.get(key(item)) if item["metric"] in ("latency", "completion-time") else None
        if other is not None and abs(item["value"] - other) > _SAME * other:
            return f"{item['metric']} {item['statistic']} is {item['reported_value']} s here and {other} s there"
    ran = mlperf_inference.scenario(log.values.get("effective_scenario", ""))
    if scenario and ran and ran != scenario:
        return f"it ran {ran}"
    samples = log.values.get("generated_samples_per_query") or log.values.get(
        "effective_samples_per_query", ""
    )
    time = logged.get(("completion-time", "max", "request", "query"))
    if (
        rate
        and scenario == "offline"
        and time
        and count(samples)
        and rate["value"] * time < int(samples) * (1 - _SAME)
    ):
        return f"{rate['reported_value']} /s over {time} s makes less than its {samples} samples"
    return None


def merge(measurements: list[dict[str, Any]], log: RunLog) -> None:
    """Add the numbers of the log that the result file does not have."""
    have = {key(item) for item in measurements}
    measurements += [item for item in log.measurements if key(item) not in have]
    primary = next((item for item in measurements if item.get("primary") and "value" in item), None)
    if log.errors and primary and log.values.get("result_validity") == "VALID":
        primary.setdefault("caveats", []).append("errors-logged")


def computed(log: RunLog, scenario: str | None) -> list[dict[str, Any]]:
    """Return the headline number of a log: that of a single stream as the app computes it."""
    if scenario == "offline":
        for item in log.measurements:
            if key(item) == ("throughput", "mean", "whole-run", "sample"):
                item["primary"] = True
        return []
    p90 = next(
        (
            i
            for i in log.measurements
            if key(i) == ("latency", "p90", "request", "sample") and i.get("value")
        ),
        None,
    )
    if not p90 or scenario != "single-stream":
        return []
    return [
        given(
            metric="throughput",
            statistic="inverse-p90",
            stage="request",
            per="sample",
            value=1 / p90["value"],
            unit="/s",
            basis="derived",
            primary=True,
            source_path=p90.get("source_path"),
        )
    ]
