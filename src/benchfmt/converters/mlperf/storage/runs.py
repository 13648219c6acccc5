"""The runs of one result of MLPerf Storage: the report's, each with what its own summary adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pydantic import JsonValue

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
        first = int(self.warm_up)
        return [text for text in texts[first:] if text]


def runs_of(result: Result) -> Runs:
    """Return the runs of a training, noting their names and whether one of them may have read from a cache."""
    measured = [_of_summary(run_name(path), data) for path, data in result.summaries]
    runs = measured
    if result.report:
        runs = _reported(result, measured)
    if any(run.cached for run in measured):
        result.caveats.append("cached")
    warm_up = not result.report and len(runs) == rules.WITH_WARM_UP
    if warm_up:
        result.warm_up = runs[0].name
        result.draft.keep("warm_up_run", runs[0].name)
    if len(runs) > 1:
        result.draft.keep("runs", [run.name for run in runs])
    return Runs(runs, warm_up)


def _of_summary(name: str, data: Mapping[str, JsonValue]) -> OneRun:
    metric = as_object(data["metric"])
    met = metric.get("train_au_meet_expectation")
    caching = data.get("potential_caching")
    return OneRun(
        name,
        digits(metric.get("train_throughput_mean_samples_per_second")),
        digits(metric.get("train_io_mean_MB_per_second")),
        digits(metric.get("train_au_mean_percentage")),
        met if isinstance(met, str) else None,
        isinstance(caching, list) and any(flag not in ("0", False) for flag in caching),
    )


def _reported(result: Result, measured: list[OneRun]) -> list[OneRun]:
    """Return the report's runs in its order, each with the utilisation of the summary that has the same rate."""
    rest = list(measured)
    runs = []
    for name, data in as_object(result.report.get("runs")).items():
        reported = as_object(data)
        run = OneRun(
            str(name),
            digits(reported.get("train_throughput_samples_per_second")),
            digits(reported.get("train_throughput_MB_per_second")),
        )
        _take_summary(run, rest)
        runs.append(run)
    if rest and runs:
        result.draft.report(
            "BF701",
            f"the report has no run with the rate that the summary of {rest[0].name} says ({rest[0].samples} /s)",
            path=result.path,
            hint="make the report again from the runs",
        )
        result.caveats.append("source-disagrees")
    return runs or measured


def _take_summary(run: OneRun, summaries: list[OneRun]) -> None:
    """Take the utilisation of the summary that has the rate of a run, and the summary out of the list."""
    if not run.samples:
        return
    for summary in summaries:
        if summary.samples == run.samples:
            run.utilization = summary.utilization
            run.met = summary.met
            run.cached = summary.cached
            summaries.remove(summary)
            return


def unit_of_bytes(result: Result, runs: Runs) -> str:
    """Return the unit of the numbers called MB: what the size of a sample proves, else what is written."""
    length = _length_of_sample(result)
    both = [run for run in runs.each if run.megabytes and run.samples]
    if not length or not both:
        return "MBy/s"
    if all(_is_product(run, length, 2**20) for run in both):
        result.draft.keep("unit_written", "MB_per_second")
        return "MiBy/s"
    return "MBy/s"


def _length_of_sample(result: Result) -> Fraction | None:
    """Return the bytes of a sample: those of the settings, else those of the suite's workload."""
    if result.record_length:
        return result.record_length
    if result.rule is None or not result.rule.record_length:
        return None
    return exact(result.rule.record_length)


def _is_product(run: OneRun, length: Fraction, factor: int) -> bool:
    """Say whether the rate in bytes of a run is that of its samples times their length."""
    megabytes = exact(run.megabytes or "")
    samples = exact(run.samples or "")
    if not megabytes or not samples:
        return False
    size = samples * length
    return abs(megabytes * factor - size) <= EXACT * size
