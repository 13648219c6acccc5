"""The rates of one result of MLPerf Storage that feeds a training, and the utilisation of the emulated accelerators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
from benchfmt.record import given
from benchfmt.suites import mlperf_storage as rules
from benchfmt.units import convert, exact

_EMULATED = "emulated-accelerator"


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate: its metric, the word of it in the report's keys, the unit that is written and that of the record."""

    metric: str
    word: str
    written: str
    unit: str
    per: str | None = None

    def key(self) -> dict[str, Any]:
        """Return what tells the measurement from others."""
        return given(metric=self.metric, statistic="mean", stage="data-loading", per=self.per)

    def of(self, run: OneRun) -> Digits | None:
        """Return the rate of one run as it stands in the file."""
        return run.megabytes if self.word == "MB" else run.samples


def training(result: Result) -> list[dict[str, Any]]:
    """Return the rates in bytes and in samples, how many accelerators are fed, and how well."""
    runs = runs_of(result)
    rates = (
        Rate("io-throughput", "MB", unit_of_bytes(result, runs), "By/s"),
        Rate("throughput", "samples", "/s", "/s", per="sample"),
    )
    items = [_rate(result, rate, runs) for rate in rates]
    found = [item for item in items if item]
    if not found:
        return []
    headline = rules.headline(result.round)
    next((item for item in found if item["metric"] == headline), found[0])["primary"] = True
    return [*found, *_supported(result), _utilization(result, runs)]


def _supported(result: Result) -> list[dict[str, Any]]:
    """Return how many accelerators were emulated, in a list; empty where it is not told."""
    said = result.overall.get("train_num_accelerators")
    if said is None and result.summaries:
        said = result.summaries[0][1].get("num_accelerators")
    count = positive(said)
    if count is None:
        return []
    return [
        {
            "metric": "mlperf:accelerators-supported",
            "value": float(count),
            "unit": "1",
            "basis": "measured",
            "reported_value": str(said).strip(),
        }
    ]


def _rate(result: Result, rate: Rate, runs: Runs) -> dict[str, Any] | None:
    """Return the mean of a rate over the runs: the report's own, else made from the summaries."""
    texts = [rate.of(run) for run in runs.each]
    counted = runs.counted(texts)
    said = digits(result.overall.get(f"train_throughput_mean_{rate.word}_per_second"))
    value = convert(said, rate.written, rate.unit) if said else None
    agrees = True
    if value is not None and said:
        found = _mean_said(result, rate, said, value)
        agrees = _agrees(result, rate, said, counted)
    elif counted:
        found = _mean_made(rate, counted)
    else:
        return None
    if found["value"] == 0:  # DLIO writes 0.0 of a run in which nothing was read
        return {
            **rate.key(),
            "missing": "invalid-in-source",
            **given(reported_value=str(said) if said else None),
        }
    caveats = {
        _EMULATED,
        *result.caveats,
        *(("unit-corrected",) if rate.written == "MiBy/s" else ()),
    }
    caveats |= set() if agrees else {"source-disagrees"}
    return {**rate.key(), **found, **_samples(rate, runs, texts), "caveats": sorted(caveats)}


def _mean_said(result: Result, rate: Rate, said: Digits, value: float) -> dict[str, Any]:
    """Return the mean that the report states."""
    spread = digits(result.overall.get(f"train_throughput_stdev_{rate.word}_per_second"))
    return given(
        value=value,
        unit=rate.unit,
        basis="measured",
        stddev=convert(spread, rate.written, rate.unit) if spread else None,
        reported_value=str(said),
        reported_unit=rate.written,
    )


def _mean_made(rate: Rate, counted: list[Digits]) -> dict[str, Any]:
    """Return the mean of the runs, which is measured where there is only one."""
    average, deviation = mean([number for text in counted if (number := exact(text)) is not None])
    found = {"value": convert_exactly(average, rate.written, rate.unit), "unit": rate.unit}
    if len(counted) == 1:
        return {
            **found,
            "basis": "measured",
            "reported_value": str(counted[0]),
            "reported_unit": rate.written,
        }
    return {
        **found,
        "basis": "derived",
        "stddev": deviation * (convert("1", rate.written, rate.unit) or 1.0),
    }


def _samples(rate: Rate, runs: Runs, texts: list[Digits | None]) -> dict[str, Any]:
    """Return the rate of each run, nothing where one of them is not known."""
    if not texts or any(text is None for text in texts):
        return {}
    samples = [convert(text, rate.written, rate.unit) if text else None for text in texts]
    if runs.warm_up:
        samples[0] = None
    return {"n": len(samples), "samples": samples}


def _agrees(result: Result, rate: Rate, said: Digits, counted: list[Digits]) -> bool:
    """Say whether the report's mean is that of its runs, and tell where it is not."""
    numbers = [number for text in counted if (number := exact(text)) is not None]
    stated = exact(said)
    if not numbers or stated is None:
        return True
    average, _ = mean(numbers)
    if abs(average - stated) <= EXACT * abs(stated):
        return True
    result.notes.find(
        "BF701",
        result.path,
        f"the mean {rate.metric} is {said}; its runs give {float(average)!r}",
        "make the report anew from the runs",
    )
    return False


def _utilization(result: Result, runs: Runs) -> dict[str, Any]:
    """Return the mean utilisation of the emulated accelerators with the least that the workload asks for."""
    key = {
        "metric": "utilization",
        "statistic": "mean",
        "stage": "data-loading",
        "scope": "accelerator",
    }
    texts = [run.utilization for run in runs.each]
    known = runs.counted(texts)
    if not known:
        return {**key, "missing": "not-reported"}
    average, deviation = mean([number for text in known if (number := exact(text)) is not None])
    item: dict[str, Any] = {
        **key,
        "value": convert_exactly(average, "%", "1"),
        "unit": "1",
        "basis": "measured" if len(known) == 1 else "derived",
    }
    caveats = {_EMULATED, *(caveat for caveat in result.caveats if caveat == "cached")}
    if len(known) == 1:
        item |= {"reported_value": str(known[0]), "reported_unit": "%"}
        if len(runs.each) > 1:
            caveats.add("single-observation")
    else:
        item["stddev"] = deviation / 100
    if len(known) == len(texts) - (1 if runs.warm_up else 0):
        samples = [convert(text, "%", "1") if text else None for text in texts]
        if runs.warm_up:
            samples[0] = None
        item |= {"n": len(samples), "samples": samples}
    else:
        item["n"] = len(known)
    return {**item, **given(target_min=_least(result)), "caveats": sorted(caveats)}


def _least(result: Result) -> float | None:
    """Return the utilisation that must be kept: the suite's, else that of the settings."""
    rule = result.rule
    least = rule.au if rule else None
    configured = as_object(result.config.get("metric")).get("au")
    if least is None and isinstance(configured, str):
        least = configured
    return convert(least, "1", "1") if least else None
