"""A result of the MLPerf Mobile app as a record, or a log that no result file tells of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.draft import Draft, DraftError, Number
from benchfmt.converters.mlperf.mobile.accuracy import accuracies, dataset
from benchfmt.converters.mlperf.mobile.configuration import configuration, round_of, weight_types
from benchfmt.converters.mlperf.mobile.extensions import keep
from benchfmt.converters.mlperf.mobile.files import (
    NAME,
    VERSION,
    App,
    Files,
    apps,
    files_of,
    load,
    repeated,
    time_of,
    warning,
)
from benchfmt.converters.mlperf.mobile.log import computed, log_of, merge, read_log
from benchfmt.converters.mlperf.mobile.run import Run
from benchfmt.converters.mlperf.mobile.speed import inverted, speeds
from benchfmt.converters.mlperf.mobile.status import status_of
from benchfmt.converters.mlperf.mobile.system import SUITE, line, mapping, short, software, system
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.record import Record, given
from benchfmt.suites import mlperf_inference
from benchfmt.suites import mlperf_mobile as rules
from benchfmt.vocabulary import vocabulary

_STATUS = {"VALID": "ok", "INVALID": "invalid"}
"""What LoadGen's judgement of a run means."""

# --- a result file ---


def of_file(unit: Unit) -> Iterator[Item]:
    """Yield the records of a result file; a result that cannot be read is a Failed of its own."""
    files = files_of(unit)
    try:
        data, repaired = load(unit.path, unit.limits)
    except (BenchfmtError, OSError) as error:
        # The file is lost, the logs beside it are not.
        yield Failed(unit.path, str(error))
        yield from _logs_left(files, {})
        yield from files.findings
        return
    where = files.run().path
    yield from (warning("BF115", where, words, "correct the file") for words in repaired)
    runs = list(apps(data))
    if all(app.fault for app in runs):
        yield Failed(unit.path, "not a result file of the MLPerf Mobile app: no list of results")
        yield from _logs_left(files, {})
        yield from files.findings
        return
    files.repeated |= repeated(runs)
    row = 0
    for app in runs:
        if app.fault:
            row += 1
            yield Failed(unit.path, f"{app.pointer}: not a run of the app: {app.fault}", row)
        for index, entry in enumerate(app.results):
            row += 1
            yield from _told(files, app, entry, f"{app.pointer}/{index}", row)
    if row == 0:
        yield Failed(unit.path, "the list of results is empty")
    # The runs of one device: what the app read of it holds for the log too.
    yield from _logs_left(files, runs[0].environment if len(runs) == 1 else {})
    yield from files.findings


def _logs_left(files: Files, environment: Mapping[str, Any]) -> Iterator[Item]:
    """Yield what the logs hold that no result of the file has claimed."""
    for benchmark in dict.fromkeys(
        p.benchmark for p in files.task.parts if p.role.startswith("performance-")
    ):
        if benchmark in files.strange and benchmark not in files.claimed:
            told = files.strange[benchmark]
            yield warning(
                "BF701",
                files.run().path,
                told,
                "keep the result file and the logs of one run together",
            )
        elif benchmark not in files.claimed:
            yield from _log_only(files, benchmark, environment)


def _told(files: Files, app: App, entry: Any, pointer: str, row: int) -> Iterator[Item]:
    """Yield the record of one result and the findings on it."""
    path = files.unit.path
    run = files.run()
    try:
        outcome = _record(files, run, app, entry, pointer)
    except ValueError as error:
        yield Failed(path, f"not a result: {error}", row)
        return
    if isinstance(outcome, str):
        yield Skipped(path, outcome, row)
    else:
        yield outcome
    yield from run.findings


# --- one result ---


def _record(files: Files, run: Run, app: App, entry: Any, pointer: str) -> Record | str:
    """Return the record of one result, or the reason why it is none; raises ValueError where it cannot be read."""
    if not isinstance(entry, Mapping):
        raise ValueError("an object was expected")
    named = entry.get("benchmark_id")
    if not isinstance(named, str) or isinstance(named, jsons.Digits) or not named:
        raise ValueError("no benchmark_id")
    if app.legacy:
        entry = _of_old_android(entry)
    performance, accuracy = entry.get("performance_run"), entry.get("accuracy_run")
    for key, part in (("performance_run", performance), ("accuracy_run", accuracy)):
        if part is not None and not isinstance(part, Mapping):
            raise ValueError(f"{key}: an object was expected")
    if performance is None and accuracy is None:
        return "neither a performance nor an accuracy run"
    run.sources.append(given(path=run.path, sha256=files.sha256, locator=pointer))
    name = rules.canonical(named) or named
    benchmark = rules.benchmark(name)
    scenario = _scenario(entry, benchmark)
    rates = speeds(performance or {}, scenario, legacy=app.legacy)
    log = log_of(files, run, name, scenario, rates)
    round_id = round_of(run, log, app)
    measurements = [*rates]
    if log:
        merge(measurements, log)
        run.extensions |= log.says
        run.sources += log.sources
    elif scenario == "single-stream":
        measurements += inverted(rates)
    quality = accuracies(run, accuracy or {}, performance or {}, benchmark, name, round_id)
    data, samples = dataset(files, run, accuracy or {}, name, scenario)
    for item in quality:
        item |= given(n=samples if "value" in item and item.get("scope") is None else None)
    keep(run, app, entry, named, name, performance or {}, accuracy or {})
    status, detail = status_of(run, performance, log, rates, legacy=app.legacy, entry=entry)
    draft = _draft(files, run, app, entry, name, named, benchmark, scenario, round_id)
    draft.dataset(**data)
    draft.status = status
    draft.status_detail = detail
    begun = (performance or accuracy or {}).get("start_datetime")
    draft.provenance(measured_at=time_of(begun))
    return _built(draft, run, measurements + quality)


def _of_old_android(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result of an app before 2.0, whose numbers are text, in the shape of the later ones.

    https://github.com/mlcommons/mobile_app_open/issues/247
    """
    run = {
        "throughput": entry.get("score"),
        "measured_duration_ms": entry.get("duration"),
        "measured_samples": entry.get("num_samples"),
        "start_datetime": entry.get("datetime"),
    }
    accuracy = entry.get("accuracy")
    said = isinstance(accuracy, str) and accuracy.strip() not in ("", "null")
    return {
        "benchmark_id": entry.get("benchmark_id"),
        "performance_run": run if line(entry.get("score")) else None,
        "accuracy_run": {"accuracy": {"formatted": accuracy}} if said else None,
        "min_duration_ms": entry.get("min_duration"),
        "min_samples": entry.get("min_samples"),
        "mode": entry.get("mode"),
        "configuration": entry.get("configuration"),
    }


def _scenario(entry: Mapping[str, Any], benchmark: rules.Benchmark | None) -> str | None:
    word = entry.get("loadgen_scenario")
    said = mlperf_inference.scenario(word) if isinstance(word, str) else None
    return said or (benchmark.scenario if benchmark and word is None else None)


# --- a log alone ---


def of_log(unit: Unit) -> Iterator[Item]:
    """Yield the record of a performance run of which there is no result file."""
    files = files_of(unit)
    folder = unit.path.absolute().parent
    parts = [part.benchmark for part in files.task.parts if part.role.startswith("performance-")]
    name = parts[0] if parts else _benchmark_of(folder)
    yield from _log_only(files, name, {})
    yield from files.findings


def _benchmark_of(folder: Path) -> str:
    """Return the benchmark that a folder of logs names."""
    if folder.name.endswith("-performance"):
        named = folder.name.removesuffix("-performance")
        return rules.canonical(named) or named
    model = folder.parent.parent.name
    return rules.of_folder(model, mlperf_inference.scenario(folder.parent.name) or "") or model


def _log_only(files: Files, name: str, environment: Mapping[str, Any]) -> Iterator[Item]:
    """Yield the record that a log gives alone: the app's rate is computed from it as the app does."""
    run = files.run()
    log = read_log(files, run, name)
    if log is None:
        path = files.of("performance-summary", name) or files.unit.path
        yield Skipped(path, "log of an accuracy run, which has no speed")
        return
    benchmark = rules.benchmark(name)
    scenario = mlperf_inference.scenario(log.values.get("effective_scenario", "")) or (
        benchmark.scenario if benchmark else None
    )
    app = App([], "", environment=environment)
    run.sources += log.sources
    run.extensions |= log.says
    round_id = round_of(run, log, app)
    measurements = computed(log, scenario) + log.measurements
    draft = _draft(files, run, app, {}, name, name, benchmark, scenario, round_id)
    first = {part["path"] for part in log.sources[:1]}
    for item in measurements:
        if item.get("source_path") in first:
            del item["source_path"]
    validity = log.values.get("result_validity", "")
    draft.status = "incomplete"
    if any("value" in item for item in measurements):
        draft.status = _STATUS.get(validity, "incomplete")
    draft.status_detail = log.errors
    draft.provenance(measured_at=time_of(log.values.get("test_datetime")))
    try:
        record = _built(draft, run, measurements)
    except DraftError as error:
        path = files.of("performance-summary", name) or files.unit.path
        yield Failed(path, f"not a result: {error}", 1)
        return
    yield record
    yield warning(
        "BF706",
        log.sources[0]["path"],
        f"no result file of the app has {name}: its accuracy is not known",
        "add result.json",
    )
    yield from run.findings


# --- both ---


def _draft(
    files: Files,
    run: Run,
    app: App,
    entry: Mapping[str, Any],
    name: str,
    named: str,
    benchmark: rules.Benchmark | None,
    scenario: str | None,
    round_id: str | None,
) -> Draft:
    """Return the draft of a record with what is said of a result besides its numbers."""
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
    settings = mapping(entry, "backend_settings")
    backend = mapping(entry, "backend_info")
    weights = weight_types(files, run, name)
    if files.system_source:
        run.read(*files.system_source)
    description = short(files.system)
    draft.benchmark(
        suite_version=round_id,
        name=name,
        division=run.place.division,
        category=_category(run, description.get("status")),
        scenario=scenario,
    )
    # What is known of the benchmark's own model holds for it alone; the open division may run another.
    own = None
    if benchmark is not None:
        draft.task = benchmark.task
        if run.place.division != "open":
            own = benchmark
            draft.model(name=own.model, version=own.model_version)
    draft.system(system(files.system, app.environment) or {"name": run.place.system})
    draft.software(**software(settings, backend, description, app.build))
    draft.configuration(**configuration(settings, named, own, weights))
    submitter = run.place.submitter or description.get("submitter")
    if isinstance(submitter, str):
        draft.provenance(submitter=submitter)
    draft.provenance(execution=line(app.meta.get("uuid")))
    return draft


def _category(run: Run, status: Any) -> str | None:
    """Return the availability of the system as a category, keeping its word."""
    if not isinstance(status, str):
        return None
    if status.strip():
        run.extensions["status"] = status
    return vocabulary().match("category", status, SUITE)


def _built(draft: Draft, run: Run, measurements: list[dict[str, Any]]) -> Record:
    """Return the record with the run's numbers, sources and extensions; raises DraftError."""
    for item in measurements:
        draft.add(Number(**item))
    for source in run.sources:
        draft.source(**source)
    draft.keep_all(run.extensions, "mlperf")
    return draft.build()
