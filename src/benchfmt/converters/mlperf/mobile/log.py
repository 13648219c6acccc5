"""LoadGen's log of a performance run of the MLPerf Mobile app: its numbers, and whether it is of the same run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Unit
from benchfmt.converters.draft import Draft, Number, numbers_with_value
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.inference import log_numbers, log_pair, log_settings
from benchfmt.converters.mlperf.inference.log_numbers import MeasurementKey
from benchfmt.converters.mlperf.inference.run import Run as LoggedRun
from benchfmt.converters.mlperf.inference.run import count
from benchfmt.converters.mlperf.mobile.files import Files
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.speed import rate_key, rate_of
from benchfmt.finding import Finding
from benchfmt.readers import loadgen
from benchfmt.readers.loadgen import Log
from benchfmt.suites import mlperf_inference

_SAME = 1e-6
"""How far a rate of the app may be from the log of its run: both come from the same nanoseconds."""
_P90 = ("latency", "p90", "request", "sample", "")
_LAST_COMPLETION = ("completion-time", "max", "request", "query", "")
_RATE_OF_SAMPLES = ("throughput", "mean", "whole-run", "sample", "")


@dataclass(frozen=True, slots=True)
class RunLog:
    """The log of a performance run: its numbers, what else it says, and the files it was read from."""

    values: dict[str, str]
    numbers: dict[MeasurementKey, Number]
    settings: dict[str, JsonValue]
    logs: list[Log]
    errors: str | None

    @property
    def scenario(self) -> str | None:
        """The scenario that was run."""
        return mlperf_inference.scenario(self.values.get("effective_scenario", ""))

    @property
    def validity(self) -> str:
        """LoadGen's judgement, `VALID` or `INVALID`, empty where there is none."""
        return self.values.get("result_validity", "")

    @property
    def seeds(self) -> dict[str, str]:
        """The seeds of the run."""
        return log_settings.seeds_of(self.values)

    def value(self, key: MeasurementKey) -> float | None:
        """Return the value of a number, or None where the log has none."""
        number = self.numbers.get(key)
        if number is None:
            return None
        return number.value


# --- reading ---


@dataclass(frozen=True, slots=True)
class _Pair:
    """The logs of one run, of which one may be missing."""

    summary: Log | None
    detail: Log | None

    @property
    def logs(self) -> list[Log]:
        return [log for log in (self.summary, self.detail) if log]

    def path_of(self, name: str, files: Files) -> str | None:
        """Return the log that a value is taken from: the detail log's have more digits."""
        for log in reversed(self.logs):
            if log.values.get(name):
                return files.root(log.path)
        return None


def read_log(files: Files, draft: Draft, name: str) -> RunLog | None:
    """Return what the LoadGen logs of a benchmark's performance run say, or None where there are none."""
    pair = _Pair(_summary(files, draft, name), _detail(files, draft, name))
    if not pair.logs:
        return None
    logged = LoggedRun(Unit(pair.logs[0].path), files.task.place, {})
    if pair.summary and pair.detail and not log_pair.compare(logged, pair.summary, pair.detail):
        pair = _Pair(None, pair.detail)
    values = log_pair.merged(pair.summary, pair.detail)
    stated = values.get("effective_scenario") or values.get("requested_scenario") or ""
    scenario = mlperf_inference.scenario(stated)
    numbers = _numbers(values, scenario or "", pair, files)
    log_numbers.take_back_means(numbers, logged)
    draft.findings += [item for item in logged.findings if isinstance(item, Finding)]
    errors = [log.errors for log in pair.logs if log.errors]
    return RunLog(
        values,
        numbers,
        log_settings.settings_of(values, pair.summary, scenario),
        pair.logs,
        next(iter(errors), None),
    )


def _path(files: Files, name: str, role: str, file_name: str) -> Path | None:
    """Return the log of a role; the unit's own file may be it."""
    if files.unit.path.name == file_name:
        return files.unit.path
    return files.first(role, name)


def _summary(files: Files, draft: Draft, name: str) -> Log | None:
    """Return what a summary says of its run, None where it is of several or of one for accuracy."""
    path = _path(files, name, "performance-summary", layout.SUMMARY)
    if path is None:
        return None
    timed: list[Log] = []
    for log in loadgen.read_summaries(path):
        if not log.accuracy_mode and log not in timed:
            timed.append(log)
    if len(timed) > 1:
        _report(files, draft, path, f"the summary is of {len(timed)} runs; it is left out")
        return None
    return next(iter(timed), None)


def _detail(files: Files, draft: Draft, name: str) -> Log | None:
    """Return what a detail log says of its run, None where it is of several."""
    path = _path(files, name, "performance-detail", layout.DETAIL)
    if path is None:
        return None
    detail = loadgen.read_detail(path)
    if detail.several:
        message = f"the detail log is of more than one run: {detail.several}; it is left out"
        _report(files, draft, path, message)
        return None
    return detail


def _report(files: Files, draft: Draft, path: Path, message: str) -> None:
    """Report a log of several runs."""
    hint = "give each run a folder of its own"
    draft.report("BF701", message, path=files.root(path), hint=hint)


def _numbers(
    values: Mapping[str, str], scenario: str, pair: _Pair, files: Files
) -> dict[MeasurementKey, Number]:
    """Return the numbers of a log by their key; a query of a single stream is one sample."""
    numbers: dict[MeasurementKey, Number] = {}
    is_sample = (
        scenario == "single-stream" and values.get("effective_samples_per_query", "1") == "1"
    )
    for name, text in values.items():
        spec = log_numbers.spec(name, scenario)
        if spec is None:
            continue
        value = log_numbers.value_of(text, spec.unit)
        if value is None:
            continue
        number = spec.number(text, value)
        number.source_path = pair.path_of(name, files)
        if is_sample and spec.unit == "ns":
            number.per = "sample"
            number.n = count(values.get("result_query_count"))
        log_numbers.withdraw_if_impossible(number)
        numbers.setdefault(number.key, number)
    for estimate in log_numbers.estimates_of(values, {}, None):
        estimate.source_path = pair.path_of("early_stopping_result", files)
        if is_sample:
            estimate.per = "sample"
        numbers.setdefault(estimate.key, estimate)
    return numbers


# --- beside a result file ---


def add_log(result: Result) -> RunLog | None:
    """Add the numbers of the log of the performance run that the result file does not have.

    Returns the log; None where there is none, or one of another run.
    """
    files = result.files
    log = read_log(files, result.draft, result.name)
    if log is None:
        return None
    difference = _difference(result, log)
    if difference:
        files.strange[result.name] = (
            f"the log of {result.name} is of another run, its numbers are left out: {difference}"
        )
        return None
    files.claimed.add(result.name)
    _merge(result.draft, log)
    return log


def _merge(draft: Draft, log: RunLog) -> None:
    stated = {number.key for number in draft.numbers}
    for key, number in log.numbers.items():
        if key not in stated:
            draft.add(number)
    if not log.errors or log.validity != "VALID":
        return
    for number in numbers_with_value(draft.numbers):
        if number.primary:
            number.caveats = [*(number.caveats or ()), "errors-logged"]


def _difference(result: Result, log: RunLog) -> str | None:
    """Say in which number a log and a result file differ that must be the same in one run, or None."""
    for compare in (_differs_in_rate, _differs_in_times, _differs_in_scenario, _differs_in_samples):
        difference = compare(result, log)
        if difference:
            return difference
    return None


def _differs_in_rate(result: Result, log: RunLog) -> str | None:
    rate = rate_of(result.draft.numbers)
    p90 = log.value(_P90)
    if rate is None or rate.value is None or not p90 or result.scenario != "single-stream":
        return None
    if abs(rate.value * p90 - 1) <= _SAME:
        return None
    return f"{rate.reported_value} /s is not 1 over its 90th percentile of {p90} s"


def _differs_in_times(result: Result, log: RunLog) -> str | None:
    for number in numbers_with_value(result.draft.numbers):
        logged = log.value(number.key)
        if logged is None or number.value is None:
            continue
        if number.metric not in ("latency", "completion-time"):
            continue
        if abs(number.value - logged) > _SAME * logged:
            return f"{number.metric} {number.statistic} is {number.reported_value} s here and {logged} s there"
    return None


def _differs_in_scenario(result: Result, log: RunLog) -> str | None:
    if not result.scenario or not log.scenario or log.scenario == result.scenario:
        return None
    return f"it ran {log.scenario}"


def _differs_in_samples(result: Result, log: RunLog) -> str | None:
    rate = rate_of(result.draft.numbers)
    time = log.value(_LAST_COMPLETION)
    if rate is None or rate.value is None or not time or result.scenario != "offline":
        return None
    names = ("generated_samples_per_query", "effective_samples_per_query")
    texts = [log.values[name] for name in names if log.values.get(name)]
    samples = count(next(iter(texts), None))
    if samples is None or rate.value * time >= samples * (1 - _SAME):
        return None
    return f"{rate.reported_value} /s over {time} s makes less than its {samples} samples"


# --- a log alone ---


def add_numbers(result: Result, log: RunLog) -> None:
    """Add the numbers of a log, and the headline number: that of a single stream as the app computes it."""
    draft = result.draft
    if result.scenario == "offline" and _RATE_OF_SAMPLES in log.numbers:
        log.numbers[_RATE_OF_SAMPLES].primary = True
    p90 = log.numbers.get(_P90)
    if result.scenario == "single-stream" and p90 and p90.value:
        rate = draft.derive("throughput", 1 / p90.value, **rate_key(result.scenario))
        rate.source_path = p90.source_path
    draft.numbers += log.numbers.values()
    primary = result.files.root(log.logs[0].path)
    for number in draft.numbers:
        if number.source_path == primary:
            number.source_path = None
