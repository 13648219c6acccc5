"""Power and energy of a run's measured window, where a power meter's log stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.inference.inferred import MULTI_STREAM_SAMPLES
from benchfmt.converters.mlperf.inference.run import Names, Run, count
from benchfmt.finding import BenchfmtError
from benchfmt.readers import mlperf_power
from benchfmt.readers.files import file_sha256
from benchfmt.readers.mlperf_power import Power
from benchfmt.suites import mlperf_inference as rules
from benchfmt.units import convert

_STREAMS = ("single-stream", "multi-stream", "multi-stream-legacy")
_WINDOW = "issue-window"


def add_power(run: Run, log: Mapping[str, str], names: Names, time: str | None) -> None:
    """Add power and energy of the measured window; `time` is the round by whose rules the run counts."""
    path = run.one("power-log")
    if path is None:
        return
    power = _read(run, path, log, time)
    if power is None:
        return
    where = run.read(path, file_sha256(path))
    if not power.samples:
        run.report(
            "BF704",
            where,
            "no reading of the power meter above 0 W lies between power_begin and power_end",
        )
        return
    primary = next((number for number in run.draft.numbers if number.primary), None)
    run.draft.add(
        Number(
            metric="power",
            statistic="mean",
            stage=_WINDOW,
            scope="wall",
            value=power.watts_mean,
            unit="W",
            basis="measured",
            n=power.samples,
            source_path=where,
        )
    )
    _add_window(run, power)
    _add_energy(run, log, names, power)
    if primary:
        _add_efficiency(run, primary, power)


def _read(run: Run, path: Path, log: Mapping[str, str], time: str | None) -> Power | None:
    """Return what the meter read in the run's window, None where either cannot be read."""
    begin = log.get("power_begin")
    end = log.get("power_end")
    if not begin or not end:
        run.report(
            "BF706",
            run.root(path),
            "the detail log says no power_begin and power_end: power is not computed",
        )
        return None
    meter_shift = 0.0
    system_shift = 0.0
    if not rules.at_least(time, "v1.1"):
        # Meter and system wrote local time, each with the offset in its own file.
        meter_shift = _timezone(run, "power-server")
        system_shift = _timezone(run, "power-client")
    try:
        return mlperf_power.read(
            path,
            begin,
            end,
            spl_shift=meter_shift,
            log_shift=system_shift,
            limits=run.unit.limits,
        )
    except BenchfmtError as error:
        run.fail(path, str(error))
        return None


def _timezone(run: Run, role: str) -> float:
    path = run.one(role)
    if path is None:
        return 0.0
    try:
        shift = mlperf_power.timezone(path)
    except (BenchfmtError, OSError) as error:
        run.fail(path, str(error))
        return 0.0
    run.read(path, file_sha256(path))
    return shift


def _add_window(run: Run, power: Power) -> None:
    number = Number(
        metric="duration",
        statistic="single",
        stage=_WINDOW,
        value=power.seconds,
        unit="s",
        basis="measured",
    )
    detail = run.one("detail")
    if detail:
        number.source_path = run.root(detail)
    run.draft.add(number)


def _add_energy(run: Run, log: Mapping[str, str], names: Names, power: Power) -> None:
    """Add joules per query of the streams, as the submission checker computes them; other scenarios have none."""
    if names.scenario not in _STREAMS:
        return
    queries = _queries(log, names, power.seconds)
    if not queries:
        return
    joules = power.watts_mean * power.seconds / queries
    if names.inferred_from == "single-stream":
        joules *= MULTI_STREAM_SAMPLES
    run.draft.derive("energy", joules, statistic="mean", stage=_WINDOW, per="query", scope="wall")


def _queries(log: Mapping[str, str], names: Names, seconds: float) -> float | None:
    """Return how many queries a run of streams had."""
    queries = count(log.get("result_query_count"))
    if queries is not None:
        return queries
    if names.scenario == "single-stream":
        rate = log.get("result_qps_with_loadgen_overhead")
        if not rate:
            return None
        per_second = convert(rate, "/s", "/s")
        if not per_second or per_second < 0:
            return None
        return per_second * seconds
    issued = count(log.get("generated_query_count"))
    samples = count(log.get("generated_samples_per_query"))
    if not issued or not samples:
        return None
    return issued * samples


def _add_efficiency(run: Run, primary: Number, power: Power) -> None:
    if primary.unit != "/s" or primary.value is None or power.watts_mean <= 0:
        return
    run.draft.derive(
        "energy-efficiency",
        primary.value / power.watts_mean,
        statistic="mean",
        stage=_WINDOW,
        per=primary.per,
        scope="wall",
    )
