"""A result of the MLPerf Mobile app as a record, or a log that no result file tells of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.draft import Draft, DraftError
from benchfmt.converters.mlperf.mobile import (
    accuracy,
    configuration,
    extensions,
    software,
    speed,
    status,
    system,
)
from benchfmt.converters.mlperf.mobile.dataset import add_dataset
from benchfmt.converters.mlperf.mobile.files import SUITE, Files, files_of, mended, warning
from benchfmt.converters.mlperf.mobile.log import RunLog, add_log, add_numbers, read_log
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.result_file import App, Entry, apps, entry_of, load, repeated
from benchfmt.converters.mlperf.mobile.values import NOTHING, Block, time_of
from benchfmt.finding import BenchfmtError
from benchfmt.suites import mlperf_inference
from benchfmt.suites import mlperf_mobile as rules
from benchfmt.vocabulary import vocabulary

# --- a result file ---


def of_file(unit: Unit) -> Iterator[Item]:
    """Yield the records of a result file; a result that cannot be read is a Failed of its own."""
    files = files_of(unit)
    environment = NOTHING
    try:
        document = load(unit.path, unit.limits)
    except (BenchfmtError, OSError) as error:
        # The file is lost, the logs beside it are not.
        yield Failed(unit.path, str(error))
    else:
        yield from mended(files.path, document.repairs)
        runs = list(apps(document.data))
        yield from _of_runs(files, runs)
        if len(runs) == 1:
            # What the app read of the device holds for the logs too.
            environment = runs[0].environment
    yield from _logs_left(files, environment)
    yield from files.findings


def _of_runs(files: Files, runs: list[App]) -> Iterator[Item]:
    """Yield the records of the app's runs; a row is a result, or what stands in the place of a run."""
    path = files.unit.path
    if all(app.fault for app in runs):
        yield Failed(path, "not a result file of the MLPerf Mobile app: no list of results")
        return
    files.repeated |= repeated(runs)
    row = 0
    for app in runs:
        if app.fault:
            row += 1
            yield Failed(path, f"{app.pointer}: not a run of the app: {app.fault}", row)
        for index, value in enumerate(app.results):
            row += 1
            yield from _of_value(files, app, value, f"{app.pointer}/{index}", row)
    if row == 0:
        yield Failed(path, "the list of results is empty")


def _of_value(files: Files, app: App, value: JsonValue, pointer: str, row: int) -> Iterator[Item]:
    """Yield the record of one result and the findings on it."""
    path = files.unit.path
    draft = files.new_draft()
    draft.source(files.path, files.sha256, pointer)
    try:
        entry = entry_of(value, legacy=app.legacy)
        if entry.is_empty:
            yield Skipped(path, "neither a performance nor an accuracy run", row)
            return
        _fill(_result(files, draft, app, entry))
        record = draft.build()
    except ValueError as error:
        yield Failed(path, f"not a result: {error}", row)
        return
    yield record
    yield from draft.findings


def _result(files: Files, draft: Draft, app: App, entry: Entry) -> Result:
    name = rules.canonical(entry.benchmark_id) or entry.benchmark_id
    benchmark = rules.benchmark(name)
    stated = entry.block.get("loadgen_scenario")
    scenario = None
    if isinstance(stated, str):
        scenario = mlperf_inference.scenario(stated)
    elif stated is None and benchmark:
        scenario = benchmark.scenario
    return Result(files, draft, app, entry, name, benchmark, scenario)


def _fill(result: Result) -> None:
    """Draft the record of one result."""
    speed.add_speeds(result)
    log = add_log(result)
    round_id = configuration.round_of(result, log)
    if log:
        _add_what_it_says(result, log)
    else:
        speed.add_inverse(result)
    samples = add_dataset(result)
    accuracy.add_accuracies(result, round_id, samples)
    extensions.add_extensions(result)
    status.add_status(result, log)
    _describe(result, round_id)
    run = result.entry.performance or result.entry.accuracy
    result.draft.provenance(measured_at=time_of(run.get("start_datetime")))


# --- a log alone ---


def of_log(unit: Unit) -> Iterator[Item]:
    """Yield the record of a performance run of which there is no result file."""
    files = files_of(unit)
    names = [*files.task.logged, _benchmark_of(unit.path.absolute().parent)]
    yield from _of_log(files, names[0], NOTHING)
    yield from files.findings


def _benchmark_of(folder: Path) -> str:
    """Return the benchmark that a folder of logs names."""
    if folder.name.endswith("-performance"):
        named = folder.name.removesuffix("-performance")
        return rules.canonical(named) or named
    model = folder.parent.parent.name
    return rules.of_folder(model, mlperf_inference.scenario(folder.parent.name) or "") or model


def _logs_left(files: Files, environment: Block) -> Iterator[Item]:
    """Yield what the logs hold that no result of the file has claimed."""
    for name in files.task.logged:
        if name in files.claimed:
            continue
        if name in files.strange:
            hint = "keep the result file and the logs of one run together"
            yield warning("BF701", files.path, files.strange[name], hint)
        else:
            yield from _of_log(files, name, environment)


def _of_log(files: Files, name: str, environment: Block) -> Iterator[Item]:
    """Yield the record that a log gives alone: the app's rate is computed from it as the app does."""
    draft = files.new_draft()
    log = read_log(files, draft, name)
    path = files.first("performance-summary", name) or files.unit.path
    if log is None:
        yield Skipped(path, "log of an accuracy run, which has no speed")
        return
    benchmark = rules.benchmark(name)
    scenario = log.scenario
    if scenario is None and benchmark:
        scenario = benchmark.scenario
    app = App(environment=environment)
    result = Result(files, draft, app, Entry(name), name, benchmark, scenario)
    _add_what_it_says(result, log)
    add_numbers(result, log)
    _describe(result, configuration.round_of(result, log))
    status.add_status_of_log(result, log)
    draft.provenance(measured_at=time_of(log.values.get("test_datetime")))
    try:
        record = draft.build()
    except DraftError as error:
        yield Failed(path, f"not a result: {error}", 1)
        return
    yield record
    message = f"no result file of the app has {name}: its accuracy is not known"
    yield warning("BF706", files.root(log.logs[0].path), message, "add result.json")
    yield from draft.findings


# --- both ---


def _add_what_it_says(result: Result, log: RunLog) -> None:
    """Keep what a log says besides its numbers, and add its files."""
    for key, value in log.settings.items():
        result.keep(key, value)
    for each in log.logs:
        result.read(each.path, each.sha256)


def _describe(result: Result, round_id: str | None) -> None:
    """Add what is said of a result besides its numbers."""
    files = result.files
    place = files.task.place
    draft = result.draft
    weights = configuration.read_weights(result)
    if files.system_path:
        result.read(files.system_path)
    description = system.short(files.system)
    draft.benchmark(
        suite_version=round_id,
        name=result.name,
        division=place.division,
        category=_category(result, description),
        scenario=result.scenario,
    )
    if result.benchmark:
        draft.task = result.benchmark.task
    # What is known of the benchmark's own model holds for it alone.
    own = result.own_benchmark
    if own:
        draft.model(name=own.model, version=own.model_version)
    system.add_system(result, description)
    software.add_software(result, description)
    configuration.add_configuration(result, weights)
    draft.provenance(
        submitter=place.submitter or description.text("submitter"),
        execution=result.app.meta.line("uuid"),
    )


def _category(result: Result, description: Block) -> str | None:
    """Return the availability of the system as a category, keeping its word."""
    availability = description.text("status")
    if availability is None:
        return None
    if availability.strip():
        result.keep("status", availability)
    return vocabulary().match("category", availability, SUITE)
