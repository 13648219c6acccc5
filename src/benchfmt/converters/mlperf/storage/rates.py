"""The rates of one result of MLPerf Storage that feeds a training, and the utilisation of the emulated accelerators."""

from __future__ import annotations

from dataclasses import dataclass

from benchfmt.converters.draft import Key, Number, derived, measured
from benchfmt.converters.mlperf.storage.files import Result
from benchfmt.converters.mlperf.storage.runs import OneRun, Runs, runs_of, unit_of_bytes
from benchfmt.converters.mlperf.storage.values import (
    EXACT,
    as_object,
    convert_exactly,
    digits,
    mean,
    positive,
)
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_storage as rules
from benchfmt.units import convert, exact

_EMULATED = "emulated-accelerator"
_UTILIZATION: Key = {"statistic": "mean", "stage": "data-loading", "scope": "accelerator"}


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate: its metric, the word of it in the report's keys, the unit that is written and that of the record."""

    metric: str
    word: str
    written: str
    unit: str
    per: str | None = None

    def of(self, run: OneRun) -> Digits | None:
        """Return the rate of one run as it stands in the file."""
        if self.word == "MB":
            return run.megabytes
        return run.samples


def add_training(result: Result) -> None:
    """Add the rates in bytes and in samples, how many accelerators are fed, and how well."""
    runs = runs_of(result)
    megabytes = Rate("io-throughput", "MB", unit_of_bytes(result, runs), "By/s")
    samples = Rate("throughput", "samples", "/s", "/s", per="sample")
    drafted = [_rate(result, rate, runs) for rate in (megabytes, samples)]
    rates = [number for number in drafted if number is not None]
    if not rates:
        return
    headline = rules.headline(result.round)
    ranked = [number for number in rates if number.metric == headline]
    primary = [*ranked, *rates][0]
    primary.primary = True
    for number in rates:
        result.draft.add(number)
    _add_supported(result)
    _add_utilization(result, runs)


def _add_supported(result: Result) -> None:
    """Add how many accelerators were emulated, where it is told."""
    written = result.overall.get("train_num_accelerators")
    if written is None:
        written = result.first_summary.get("num_accelerators")
    count = positive(written)
    if count is not None:
        number = result.draft.measure("mlperf:accelerators-supported", str(count))
        number.reported_value = str(written).strip()


def _rate(result: Result, rate: Rate, runs: Runs) -> Number | None:
    """Return the mean of a rate over the runs: the report's own, else made from the summaries."""
    texts = [rate.of(run) for run in runs.each]
    counted = runs.counted(texts)
    stated = digits(result.overall.get(f"train_throughput_mean_{rate.word}_per_second"))
    caveats = {_EMULATED, *result.caveats}
    if stated:
        number = _mean_stated(result, rate, stated)
        if not _agrees(result, rate, stated, counted):
            caveats.add("source-disagrees")
    elif counted:
        number = _mean_made(rate, counted)
    else:
        return None
    number.statistic = "mean"
    number.stage = "data-loading"
    number.per = rate.per
    if number.value == 0:  # DLIO writes 0.0 of a run in which nothing was read
        missing = Number(metric=rate.metric, missing="invalid-in-source")
        missing.statistic = number.statistic
        missing.stage = number.stage
        missing.per = number.per
        missing.reported_value = stated
        return missing
    if rate.written == "MiBy/s":
        caveats.add("unit-corrected")
    number.caveats = sorted(caveats)
    if texts and all(texts):
        _add_samples(number, runs, texts, rate.written)
    return number


def _mean_stated(result: Result, rate: Rate, stated: Digits) -> Number:
    """Return the mean that the report states."""
    number = measured(rate.metric, str(stated), rate.written)
    number.reported_unit = rate.written
    spread = digits(result.overall.get(f"train_throughput_stdev_{rate.word}_per_second"))
    if spread:
        number.stddev = convert(spread, rate.written, rate.unit)
    return number


def _mean_made(rate: Rate, counted: list[Digits]) -> Number:
    """Return the mean of the runs, which is measured where there is only one."""
    if len(counted) == 1:
        number = measured(rate.metric, str(counted[0]), rate.written)
        number.reported_unit = rate.written
        return number
    mean_of_runs = mean(counted)
    value = convert_exactly(mean_of_runs.average, rate.written, rate.unit)
    factor = convert("1", rate.written, rate.unit) or 1.0
    return derived(rate.metric, value, stddev=mean_of_runs.deviation * factor)


def _add_samples(number: Number, runs: Runs, texts: list[Digits | None], unit: str) -> None:
    """Add the number of each run, None for one that only warms up."""
    samples = [convert(text or "", unit, number.unit or unit) for text in texts]
    if runs.warm_up:
        samples[0] = None
    number.n = len(samples)
    number.samples = samples


def _agrees(result: Result, rate: Rate, stated: Digits, counted: list[Digits]) -> bool:
    """Say whether the report's mean is that of its runs, and report where it is not."""
    number = exact(stated)
    if not counted or number is None:
        return True
    average = mean(counted).average
    if abs(average - number) <= EXACT * abs(number):
        return True
    result.draft.report(
        "BF701",
        f"the mean {rate.metric} is {stated}; its runs give {float(average)!r}",
        path=result.path,
        hint="make the report again from the runs",
    )
    return False


def _add_utilization(result: Result, runs: Runs) -> None:
    """Add the mean utilisation of the emulated accelerators with the least that the workload asks for."""
    texts = [run.utilization for run in runs.each]
    known = runs.counted(texts)
    if not known:
        result.draft.missing("utilization", "not-reported", **_UTILIZATION)
        return
    caveats = [_EMULATED]
    if len(known) == 1:
        number = result.draft.measure("utilization", str(known[0]), "%", **_UTILIZATION)
        if len(runs.each) > 1:
            caveats.append("single-observation")
    else:
        mean_of_runs = mean(known)
        value = convert_exactly(mean_of_runs.average, "%", "1")
        number = result.draft.derive("utilization", value, **_UTILIZATION)
        number.stddev = mean_of_runs.deviation / 100
    if "cached" in result.caveats:
        caveats.append("cached")
    number.caveats = sorted(caveats)
    number.n = len(known)
    if len(known) == len(texts) - runs.warm_up:
        _add_samples(number, runs, texts, "%")
    number.target_min = _least(result)


def _least(result: Result) -> float | None:
    """Return the utilisation that must be kept: the suite's, else that of the settings."""
    least = as_object(result.config.get("metric")).get("au")
    if result.rule is not None and result.rule.au is not None:
        least = result.rule.au
    if not isinstance(least, str):
        return None
    return convert(least, "1", "1")
