"""What is said of a result besides its numbers: benchmark, system, software, what was run, and who submitted it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.attribution import (
    Attribution,
    Filled,
    Said,
    attribute,
    benchmark_of,
)
from benchfmt.converters.mlperf.inference import descriptions, quality
from benchfmt.converters.mlperf.inference.inferred import INFERENCES
from benchfmt.converters.mlperf.inference.run import SUITE, Names, Run
from benchfmt.suites import mlperf_automotive as automotive
from benchfmt.suites import mlperf_inference as rules
from benchfmt.vocabulary import vocabulary

_NOT_RETRAINED = ("no", "n", "none", "0", "false")
_KEPT_OF_SYSTEM = ("framework", "other_software_stack", "sw_notes")
_KEPT_OF_MEASUREMENT = (
    "weight_data_types",
    "input_data_types",
    "retraining",
    "weight_transformations",
    "starting_weights_filename",
)
_FIRST_RUN = "run_1"

Description = Mapping[str, JsonValue]
"""The data of a system's or a measurement's file."""


def describe(run: Run, names: Names, round_id: str | None, locator: str | None = None) -> None:
    """Add what is said of a result besides its numbers; `locator` tells it from others of its folder."""
    system = descriptions.system_of(run)
    measurement, measurement_path = descriptions.measurement_of(run)
    _keep(run, system, _KEPT_OF_SYSTEM)
    _keep(run, measurement, _KEPT_OF_MEASUREMENT)
    _keep_beside(run, names)
    _add_benchmark(run, names, round_id, system)
    _add_system(run, system)
    run.attribution = _attribution(run, names, round_id, measurement, measurement_path)
    run.attribution.fill(run.draft)
    run.draft.provenance(
        submitter=run.place.submitter or systems.said(system.get("submitter")),
        execution=_execution(run, round_id, locator),
    )


def _keep(run: Run, description: Description, keys: tuple[str, ...]) -> None:
    for key in keys:
        run.keep(key, systems.said(description.get(key)))


def _keep_beside(run: Run, names: Names) -> None:
    run.keep("user_conf", dict(descriptions.user_settings(run)))
    run.keep("compliance", descriptions.compliance(run))
    if names.benchmark != run.place.benchmark:
        run.keep("benchmark_directory", run.place.benchmark or None)


def _add_benchmark(run: Run, names: Names, round_id: str | None, system: Description) -> None:
    if run.place.division is None:
        # What is in no submission is in no division.
        run.keep("division", systems.said(system.get("division")))
    if run.automotive:
        run.draft.suite = automotive.SUITE
    run.draft.benchmark(
        suite_version=round_id,
        name=names.benchmark,
        division=run.place.division,
        category=_category(run, system),
        system_type=systems.system_type(system.get("system_type")),
        scenario=names.scenario,
    )


def _category(run: Run, system: Description) -> str | None:
    status = systems.said(system.get("status"))
    if not isinstance(status, str):
        return None
    category = vocabulary().match("category", status, SUITE)
    if not category:
        run.keep("status", status)
    return category


def _add_system(run: Run, system: Description) -> None:
    machine = systems.system(system)
    run.draft.system(machine or {"name": run.place.system})
    software = systems.software(system.get("framework"), system.get("other_software_stack"))
    run.draft.software(**software)


def _execution(run: Run, round_id: str | None, locator: str | None) -> str | None:
    """Return the result's folder with its round, as the published tables name it."""
    where = run.place.location
    if not where:
        return None
    if run.place.run not in (None, _FIRST_RUN):
        where = f"{where}/performance/{run.place.run}"
    if round_id:
        where = f"{round_id}/{where}"
    if locator:
        where = f"{where}#{locator}"
    return where


def _attribution(
    run: Run, names: Names, round_id: str | None, measurement: Description, path: str
) -> Attribution:
    """Return what was run, by what the folder, the descriptions and the score lines say."""
    own = None
    if run.automotive:
        own = automotive.benchmark(names.benchmark)
    said = Said(
        name=run.place.benchmark,
        # What a system is for does not tell in which division a run outside of one was.
        division=run.place.division,
        round_id=round_id,
        benchmark=names.known,
        weights=Filled.said(_weights(measurement), path),
        samples=quality.judged_samples(run),
        scored=quality.scored_task(run),
        precision=Filled.said(systems.precision(measurement.get("weight_data_types")), path),
        automotive=own,
    )
    return attribute(said)


def _weights(measurement: Description) -> str | None:
    """Return the file of the weights that were run: the one file that they started from, unless they were trained on."""
    weights = measurement.get("starting_weights_filename")
    retraining = measurement.get("retraining")
    if not isinstance(retraining, str) or retraining.strip().lower() not in _NOT_RETRAINED:
        return None
    if not isinstance(weights, str) or "," in weights:
        return None
    return weights


def benchmark_named(run: Run, round_id: str | None) -> Filled | None:
    """Return the benchmark that was run with what says it: the folder's name, the submitter's file, or a rule of names."""
    named = run.place.benchmark
    if run.automotive or not named:
        return None
    mapped = descriptions.mapped_benchmark(run, named)
    benchmark = benchmark_of(named, round_id, run.place.division, mapped)
    if benchmark is None or quality.contradicts(run, benchmark):
        return None
    return benchmark


def is_automotive(run: Run, scenario: str | None) -> bool:
    """Say whether a run is one of MLPerf Automotive: by its scenario, or by what its system is for."""
    if scenario == "constant-stream":
        return True
    path = run.one("system")
    if path is None:
        return False
    data = descriptions.document(path, run.unit.limits).data
    return isinstance(data, dict) and automotive.is_system(data.get("system_type"))


def names_of(run: Run, log_scenario: str | None, round_id: str | None, time: str | None) -> Names:
    """Return what was run, by the folder's names and the log's: benchmarks as the round calls them, scenarios as its time."""
    known = benchmark_named(run, round_id)
    benchmark = run.place.benchmark
    if known:
        benchmark = known.value
    ran = _scenario(log_scenario, time)
    asked = _scenario(run.place.scenario, time)
    if asked is None or ran is None or asked == ran or (asked, ran) == ("interactive", "server"):
        return Names(benchmark, asked or ran, ran or asked, None, known)
    if (asked, ran) in INFERENCES:
        return Names(benchmark, asked, ran, ran, known)
    run.report(
        "BF701",
        run.path,
        f"the log ran {ran}, its folder says {asked}; the record says what was run",
        "put the log into the folder of its scenario",
    )
    return Names(benchmark, ran, ran, None, known)


def _scenario(word: str | None, time: str | None) -> str | None:
    """Return the scenario that a word means in its time: that of many streams changed its meaning with v2.0."""
    if not word:
        return None
    scenario = rules.scenario(word)
    if scenario == "multi-stream" and not rules.at_least(time, "v2.0"):
        return "multi-stream-legacy"
    return scenario
