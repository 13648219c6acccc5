"""The runs of one result of MLPerf Storage: the report's, each with what its own summary adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from benchfmt.converters.mlperf.storage.files import Result
from benchfmt.converters.mlperf.storage.layout import run_name
from benchfmt.converters.mlperf.storage.values import EXACT, as_object, digits
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_storage as rules
from benchfmt.units import exact


@dataclass(slots=True)
class OneRun:
    """What one run says: its name or folder, and its numbers as they stand in the file."""

    name: str
    samples: Digits | None = None
    megabytes: Digits | None = None
    utilization: Digits | None = None
    met: str | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a result in order; where the first only warms up, it counts in no mean."""

    each: list[OneRun]
    warm_up: bool

    def counted(self, texts: list[Digits | None]) -> list[Digits]:
        """Return the numbers that count, of one number for each run."""
        return [text for text in texts[1 if self.warm_up else 0 :] if text]


def runs_of(result: Result) -> Runs:
    """Return the runs of a training, noting their names and whether one of them may have read from a cache."""
    measured = [_of_summary(run_name(path), data) for path, data in result.summaries]
    runs = _reported(result, measured) if result.report else measured
    if any(run.cached for run in measured):
        result.caveats.append("cached")
    warm_up = not result.report and len(runs) == rules.WITH_WARM_UP
    if warm_up:
        result.notes.extensions["warm_up_run"] = runs[0].name
    if len(runs) > 1:
        result.notes.extensions["runs"] = [run.name for run in runs]
    return Runs(runs, warm_up)


def _of_summary(name: str, data: Mapping[str, Any]) -> OneRun:
    metric = data["metric"]
    caching = data.get("potential_caching")
    return OneRun(
        name,
        digits(metric.get("train_throughput_mean_samples_per_second")),
        digits(metric.get("train_io_mean_MB_per_second")),
        digits(metric.get("train_au_mean_percentage")),
        metric.get("train_au_meet_expectation"),
        isinstance(caching, list) and any(flag not in ("0", False) for flag in caching),
    )


def _reported(result: Result, measured: list[OneRun]) -> list[OneRun]:
    """Return the report's runs in its order, each with the utilisation of the summary that has the same rate."""
    rest = list(measured)
    runs = []
    for name, data in as_object(result.report.get("runs")).items():
        said = as_object(data)
        run = OneRun(
            str(name),
            digits(said.get("train_throughput_samples_per_second")),
            digits(said.get("train_throughput_MB_per_second")),
        )
        same = next((other for other in rest if other.samples == run.samples and run.samples), None)
        if same:
            rest.remove(same)
            run.utilization, run.met, run.cached = same.utilization, same.met, same.cached
        runs.append(run)
    if rest and runs:
        result.notes.find(
            "BF701",
            result.path,
            f"the report has no run with the rate that the summary of {rest[0].name} says ({rest[0].samples} /s)",
            "make the report anew from the runs",
        )
        result.caveats.append("source-disagrees")
    return runs or measured


def unit_of_bytes(result: Result, runs: Runs) -> str:
    """Return the unit of the numbers called MB: what the size of a sample proves, else what is written."""
    rule = result.rule
    length = result.record_length or (
        exact(rule.record_length) if rule and rule.record_length else None
    )
    pairs = [
        (exact(run.megabytes), exact(run.samples))
        for run in runs.each
        if run.megabytes and run.samples
    ]
    if length and pairs:
        for unit, factor in (("MiBy/s", 2**20), ("MBy/s", 10**6)):
            if all(_is_product(m, s, length, factor) for m, s in pairs):
                if unit == "MiBy/s":
                    result.notes.extensions["unit_written"] = "MB_per_second"
                return unit
    return "MBy/s"


def _is_product(
    megabytes: Fraction | None, samples: Fraction | None, length: Fraction, factor: int
) -> bool:
    """Say whether a rate in bytes is that of the samples times their length."""
    if not megabytes or not samples:
        return False
    return abs(megabytes * factor - samples * length) <= EXACT * samples * length
