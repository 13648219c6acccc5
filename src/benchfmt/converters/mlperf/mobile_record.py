"""A result of the MLPerf Mobile app as a record: rates, accuracy, LoadGen's log, system, backend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.mobile_files import (
    NAME,
    VERSION,
    App,
    Files,
    apps,
    described,
    files_of,
    load,
    number,
    time_of,
    warning,
)  # fmt: skip
from benchfmt.converters.mlperf.mobile_log import RunLog, computed, log_of, merge, read_log
from benchfmt.converters.mlperf.mobile_system import SUITE, line, mapping, plain, short, software, system
from benchfmt.converters.mlperf.submission import Run, count, pruned
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons, loadgen
from benchfmt.readers.files import file_sha256
from benchfmt.record import Record, given
from benchfmt.suites import mlperf_inference
from benchfmt.suites import mlperf_mobile as rules
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

_WEIGHTS = (
    "weight_data_types",
    "input_data_types",
    "retraining",
    "weight_transformations",
    "starting_weights_filename",
)
_METRIC_UNITS = {"psnr": "dB"}
_BLOCKS = ("accuracy", "accuracy2", "dataset", "loadgen", "loadgen_info")
_NUMBERS = ("measured_duration", "measured_duration_ms", "measured_samples", "query_count", "latency_mean", "latency90",
            "duration")  # fmt: skip


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
    row = 0
    for app in runs:
        if app.fault:
            row += 1
            yield Failed(unit.path, f"{app.pointer}: not a run of the app: {app.fault}", row)
        for index, entry in enumerate(app.results):
            row += 1
            yield from _told(files, app, entry, f"{app.pointer}/{index}", row)
    # The runs of one device: what the app read of it holds for the log too.
    yield from _logs_left(files, runs[0].environment if len(runs) == 1 else {})
    yield from files.findings


def _logs_left(files: Files, environment: Mapping[str, Any]) -> Iterator[Item]:
    """Yield what the logs hold that no result of the file has claimed."""
    for benchmark in dict.fromkeys(p.benchmark for p in files.task.parts if p.role.startswith("performance-")):
        if benchmark in files.strange and benchmark not in files.claimed:
            told = files.strange[benchmark]
            yield warning("BF701", files.run().path, told, "keep the result file and the logs of one run together")
        elif benchmark not in files.claimed:
            yield from _log_only(files, benchmark, environment)


def _told(files: Files, app: App, entry: Any, pointer: str, row: int) -> Iterator[Item]:
    """Yield the record of one result and the findings on it."""
    path = files.unit.path
    run = files.run()
    try:
        found = _record(files, run, app, entry, pointer)
        yield Record.from_dict(found) if isinstance(found, dict) else Skipped(path, found, row)
    except ValidationError as error:
        yield Failed(path, _why(error), row)
    except ValueError as error:
        yield Failed(path, f"not a result: {error}", row)
    else:
        yield from run.findings


def _why(error: ValidationError) -> str:
    """Return the first thing for which something is not a record."""
    first = error.errors()[0]
    return f"not a result: {'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}"


# --- one result ---


def _record(files: Files, run: Run, app: App, entry: Any, pointer: str) -> dict[str, Any] | str:
    """Return one result as plain data, or the reason why it is none; raises ValueError where it cannot be read."""
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
    speeds = _speeds(performance or {}, scenario, legacy=app.legacy)
    log = log_of(files, run, name, scenario, speeds)
    round_id = _round(run, log, app)
    measurements = [*speeds]
    if log:
        merge(measurements, log)
        run.extensions |= log.says
        run.sources += log.sources
    elif scenario == "single-stream":
        measurements += _inverted(speeds)
    quality = _quality(run, accuracy or {}, performance or {}, benchmark, name, round_id)
    dataset, samples = _dataset(files, run, accuracy or {}, name, scenario)
    for item in quality:
        item |= given(n=samples if "value" in item and item.get("scope") is None else None)
    _keep(run, app, entry, named, name, performance or {}, accuracy or {})
    status, detail = _status(run, performance, log, speeds, legacy=app.legacy, entry=entry)
    record = _frame(files, run, app, entry, name, named, benchmark, scenario, round_id)
    record["dataset"] = dataset
    record["measurements"] = (measurements + quality) or None
    record["status"], record["status_detail"] = status, detail
    record["provenance"] |= given(measured_at=time_of((performance or accuracy or {}).get("start_datetime")))
    return pruned(record, run)


def _of_old_android(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result of an app before 2.0, whose numbers are text, in the shape of the later ones.

    https://github.com/mlcommons/mobile_app_open/issues/247
    """
    run = {
        "throughput": entry.get("score"), "measured_duration_ms": entry.get("duration"),
        "measured_samples": entry.get("num_samples"), "start_datetime": entry.get("datetime"),
    }  # fmt: skip
    accuracy = entry.get("accuracy")
    said = isinstance(accuracy, str) and accuracy.strip() not in ("", "null")
    return {
        "benchmark_id": entry.get("benchmark_id"),
        "performance_run": run if line(entry.get("score")) else None,
        "accuracy_run": {"accuracy": {"formatted": accuracy}} if said else None,
        "min_duration_ms": entry.get("min_duration"), "min_samples": entry.get("min_samples"),
        "mode": entry.get("mode"), "configuration": entry.get("configuration"),
    }  # fmt: skip


def _scenario(entry: Mapping[str, Any], benchmark: rules.Benchmark | None) -> str | None:
    word = entry.get("loadgen_scenario")
    said = mlperf_inference.scenario(word) if isinstance(word, str) else None
    return said or (benchmark.scenario if benchmark and word is None else None)


def _speeds(performance: Mapping[str, Any], scenario: str | None, *, legacy: bool) -> list[dict[str, Any]]:
    """Return what the result file says of the performance run, the headline number first."""
    found: list[dict[str, Any]] = []
    throughput = performance.get("throughput")
    stated = throughput.get("value") if isinstance(throughput, Mapping) else throughput
    text = number(stated)
    if text is not None:
        found.append(_rate(text, scenario, legacy=legacy))
    elif stated is not None:
        found.append(
            {**_rate_key(scenario), "missing": "not-numeric", "primary": True} | given(reported_value=line(stated))
        )
    said = mapping(performance, "loadgen")
    queries = count(str(said.get("query_count", "")))
    for key, statistic in (("latency_mean", "mean"), ("latency90", "p90")):
        latency = number(said.get(key))
        if latency is not None and scenario in ("single-stream", "offline"):
            found.append(_latency(latency, statistic, scenario, queries))
    # The sum of all latencies: mean times queries of the log, to the last digit.
    total = number(mapping(performance, "loadgen_info").get("duration"))
    if total is not None:
        found.append(_timed("duration", "sum", "request", total, "s", "derived"))
    for key, unit in (("measured_duration", "s"), ("measured_duration_ms", "ms")):
        measured = number(performance.get(key))
        if measured is not None and float(measured) > 0:
            # App 2.0 timed something shorter than the run, nobody says what.
            item = _timed("duration", "single", "whole-run" if unit == "s" else None, measured, unit, "measured")
            found.append({**item, "caveats": ["unit-inferred"]} if legacy else item)
    return [item for item in found if item.get("value") is not None or "missing" in item]


def _rate(text: str, scenario: str | None, *, legacy: bool) -> dict[str, Any]:
    """Return the app's throughput: 1 / the 90th percentile of a stream's latency, or the samples issued over their time."""
    value = convert(text, "/s", "/s")
    basis = "derived" if scenario == "single-stream" else "measured"
    doubt = ["definition-inferred"] if legacy or not scenario else None
    said = given(value=value, unit="/s", basis=basis, caveats=doubt)
    if not value or value < 0:
        said = {"missing": "invalid-in-source"}
    return {**_rate_key(scenario), **said, "primary": True, "reported_value": text, "reported_unit": "/s"}


def _rate_key(scenario: str | None) -> dict[str, Any]:
    if scenario == "single-stream":
        return {"metric": "throughput", "statistic": "inverse-p90", "stage": "request", "per": "sample"}
    return {"metric": "throughput", "statistic": "mean", "stage": "whole-run", "per": "issued-sample"}


def _latency(text: str, statistic: str, scenario: str, queries: int | None) -> dict[str, Any]:
    if scenario == "offline":  # the time of the one query
        return _timed("completion-time", statistic, "request", text, "s", "measured", per="query")
    return given(**_timed("latency", statistic, "request", text, "s", "measured", per="sample"), n=queries)


def _timed(
    metric: str, statistic: str, stage: str | None, text: str, unit: str, basis: str, per: str | None = None
) -> dict[str, Any]:
    return given(
        metric=metric, statistic=statistic, stage=stage, per=per, value=convert(text, unit, "s"), unit="s", basis=basis,
        reported_value=text, reported_unit=unit,
    )  # fmt: skip


def _inverted(speeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the 90th percentile that a single-stream rate was computed from, where nothing else says it."""
    rate = next((item for item in speeds if item["metric"] == "throughput" and "value" in item), None)
    if rate is None or any(item["metric"] == "latency" for item in speeds):
        return []
    return [
        given(
            metric="latency", statistic="p90", stage="request", per="sample", value=1 / rate["value"], unit="s",
            basis="derived", caveats=rate.get("caveats"),
        )
    ]  # fmt: skip


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
    round_id = _round(run, log, app)
    measurements = computed(log, scenario) + log.measurements
    record = _frame(files, run, app, {}, name, name, benchmark, scenario, round_id)
    first = {part["path"] for part in log.sources[:1]}
    for item in measurements:
        if item.get("source_path") in first:
            del item["source_path"]
    record["measurements"] = measurements or None
    status = {"VALID": "ok", "INVALID": "invalid"}.get(log.values.get("result_validity", ""), "incomplete")
    record["status"] = status if any("value" in item for item in measurements) else "incomplete"
    record["status_detail"] = log.errors
    record["provenance"] |= given(measured_at=time_of(log.values.get("test_datetime")))
    try:
        found = Record.from_dict(pruned(record, run))
    except ValidationError as error:
        yield Failed(files.of("performance-summary", name) or files.unit.path, _why(error), 1)
        return
    yield found
    yield warning("BF706", log.sources[0]["path"], f"no result file of the app has {name}: its accuracy is not known",
                   "add result.json")  # fmt: skip
    yield from run.findings


# --- quality ---


def _quality(
    run: Run, accuracy: Mapping[str, Any], performance: Mapping[str, Any], benchmark: rules.Benchmark | None, name: str,
    round_id: str | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the accuracy with the target of the closed division.

    The accuracy of a performance run has no truth to compare with: 0 there says nothing and is left out.
    """
    metric = benchmark.metric if benchmark else None
    found = []
    own = mapping(accuracy, "accuracy")
    if own:
        run.extensions["accuracy"] = systems.said(plain(own))
        item = _score(run, own, metric)
        if item:
            target = rules.target_min(name, round_id) if run.place.division == "closed" else None
            if target and "value" in item:
                item["target_min"] = convert(target[0], target[1], item["unit"])
            found.append(item)
    other = mapping(performance, "accuracy")
    item = _score(run, other, metric) if other else None
    if item and "value" in item:
        found.append({**item, "scope": "run:performance"})
    for key, part in (("accuracy2", accuracy), ("performance_accuracy2", performance)):
        second = mapping(part, "accuracy2")
        if second:  # what it is, no source says
            run.extensions[key] = systems.said(plain(second))
    return found


def _score(run: Run, said: Mapping[str, Any], metric: str | None) -> dict[str, Any] | None:
    """Return an accuracy by its text, the only place of its unit; None where the text says none that is known."""
    text = said.get("formatted", said.get("string"))
    normalized = number(said.get("normalized", said.get("value")))
    if not isinstance(text, str) or isinstance(text, jsons.Digits):
        told = "an accuracy without the text that alone says its unit: it stays in the extensions"
        run.find("BF706", run.path, told, "give the app's formatted text")
        return None
    for form in rules.forms(metric):
        match = re.fullmatch(form.pattern, text.strip())
        if match and exact(match["number"]) is not None:
            return _item(run, form, match["number"], text, normalized)
    if text.strip().upper() == "N/A":
        return (
            given(metric=metric, statistic=_pooled(metric), missing="no-dataset", reported_value=text)
            if metric
            else None
        )
    run.find(
        "BF706", run.path, f"{text!r} says no accuracy that is known for this benchmark: it stays in the extensions"
    )
    return None


def _pooled(metric: str | None) -> str:
    return "mean" if metric == "psnr" else "pooled"


def _item(run: Run, form: rules.Form, number: str, text: str, normalized: str | None) -> dict[str, Any]:
    unit = _METRIC_UNITS.get(form.metric, "1")
    value = convert(number, form.unit, unit)
    base = given(
        metric=form.metric, statistic=_pooled(form.metric), reported_value=number,
        reported_unit=form.unit if form.unit != "1" else None,
    )  # fmt: skip
    if value is None or value <= 0:
        # The app writes 0 where it did not compute an accuracy, -1 where it has no truth to compare with.
        return {**base, "missing": "no-dataset" if value is not None and value < 0 else "invalid-in-source"}
    item = {**base, "value": value, "unit": unit, "basis": "measured"}
    half = 0.5 * 10.0 ** -len(number.partition(".")[2])
    if normalized is None:
        return {**item, "caveats": ["unit-inferred"]} if text.strip() == number and form.unit != "1" else item
    if abs(float(number) - float(normalized) * float(form.scale)) > half + 1e-5 * abs(float(number)):
        run.find(
            "BF701",
            run.path,
            f"the accuracy reads {text!r} beside {normalized}",
            "keep the text and the number of one run",
            text,
        )
        return {**item, "caveats": ["source-disagrees"]}
    return item


def _dataset(
    files: Files, run: Run, accuracy: Mapping[str, Any], name: str, scenario: str | None
) -> tuple[dict[str, Any], int | None]:
    """Return the data set of the accuracy run, and how many of its samples were judged."""
    said = mapping(accuracy, "dataset")
    if not said:
        return {}, None
    named, kind = said.get("name"), said.get("type")
    kept = systems.said(plain({key: said[key] for key in ("name", "type", "data_path") if key in said})) or {}
    run.extensions["accuracy_dataset"] = kept
    known = rules.dataset(named) if isinstance(named, str) else None
    logged = _logged_samples(files, run, name)
    # An offline run fills its last batch, so that it has more samples than its data.
    samples = logged or (count(str(accuracy.get("measured_samples", ""))) if scenario == "single-stream" else None)
    samples = samples or (known.samples if known else None)
    if isinstance(named, str) and rules.is_performance_dataset(named):
        full = rules.full_dataset(kind) if isinstance(kind, str) else None
        proven = full if full and full.samples and full.samples == logged else None
        kept["contradicted"] = True
        return _data(proven.name, proven.split, logged) if proven else given(samples=logged), logged
    if known:
        return _data(known.name, known.split, samples), samples
    return _data(named if isinstance(named, str) else None, None, samples), samples


def _data(name: str | None, split: str | None, samples: int | None) -> dict[str, Any]:
    return given(name=name or None, split=split, samples=samples)


def _logged_samples(files: Files, run: Run, name: str) -> int | None:
    """Return how many samples the log of the accuracy run counts."""
    path = files.of("accuracy-detail", name)
    if path is None:
        return None
    log = loadgen.read_detail(path)
    run.read(path, log.sha256 or file_sha256(path))
    return count(log.values.get("qsl_reported_total_count"))


# --- what was run, on what ---


def _round(run: Run, log: RunLog | None, app: App) -> str | None:
    """Return the round: by the seeds of the log, by the app's branch, by the app's version in a submission.

    A result that was not submitted has the app's version instead, as the source writes it.
    """
    seeds: Mapping[str, str] = log.says.get("seeds", {}) if log else {}
    branch = re.fullmatch(r"submission-(v[0-9]+\.[0-9]+)", str(app.build.get("git_branch") or ""))
    version = app.build.get("version")
    version = version if isinstance(version, str) and version.strip() else None
    found = rules.round_of(seeds) if seeds else None
    found = found or (branch[1] if branch and branch[1] in rules.ROUNDS else None)
    if not found and version and run.place.division:
        found = rules.round_of_app(version)
    claimed = run.unit.options.get("round")
    if claimed and found and claimed != found:
        run.find("BF703", run.path, f"seeds and app are those of {found}, not of {claimed}",
                 "name the round that was measured", seeds.get("qsl_rng_seed"))  # fmt: skip
    return found or claimed or version


def _frame(
    files: Files, run: Run, app: App, entry: Mapping[str, Any], name: str, named: str,
    benchmark: rules.Benchmark | None, scenario: str | None, round_id: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Return what is said of a result besides its numbers."""
    settings, backend = mapping(entry, "backend_settings"), mapping(entry, "backend_info")
    words = _measurement(files, run, name)
    if files.system_source:
        run.read(*files.system_source)
    machine = system(files.system, app.environment) or given(name=run.place.system)
    description = short(files.system)
    status = description.get("status")
    category = vocabulary().match("category", status, SUITE) if isinstance(status, str) else None
    if isinstance(status, str) and status.strip():
        run.extensions["status"] = status
    submitter = description.get("submitter")
    return {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=SUITE, suite_version=round_id, name=name, division=run.place.division, category=category,
            scenario=scenario, phase="inference",
        ),
        "task": benchmark.task if benchmark else None,
        "dataset": {},
        "model": given(name=benchmark.model, version=benchmark.model_version) if benchmark else {},
        "system": machine,
        "software": software(settings, backend, description, app.build),
        "configuration": _configuration(settings, named, benchmark, words),
        "measurements": None,
        "status": "incomplete",
        "status_detail": None,
        "provenance": given(
            submitter=run.place.submitter or (submitter if isinstance(submitter, str) else None),
            execution=line(app.meta.get("uuid")), sources=run.sources, converter=NAME, converter_version=VERSION,
        ),
    }  # fmt: skip


def _measurement(files: Files, run: Run, name: str) -> str | None:
    """Return the words on the type of the weights, keeping what else the description of the measurement says."""
    path = files.of("measurement", name)
    if path is None:
        return None
    data = described(files, path)
    run.read(path, file_sha256(path))
    for key in _WEIGHTS:
        said = systems.said(data.get(key))
        if said is not None:
            run.extensions[key] = said
    words = data.get("weight_data_types")
    return words if isinstance(words, str) else None


def _configuration(
    settings: Mapping[str, Any], named: str, benchmark: rules.Benchmark | None, words: str | None
) -> dict[str, Any]:
    """Return how the model was run; a batch size of 0 means that none was set."""
    code, accelerator = settings.get("accelerator_code"), settings.get("accelerator_desc")
    device = rules.placement(accelerator) if isinstance(accelerator, str) else None
    extra = settings.get("extra_settings")
    threads = [
        item.get("value")
        for item in (extra if isinstance(extra, list) else ())
        if isinstance(item, Mapping) and item.get("id") == "num_threads"
    ]
    precision = (rules.precision_of_sentence(words) or systems.precision(words)) if words else None
    precision = precision or (rules.precision_of_accelerator(code) if isinstance(code, str) else None)
    return given(
        precision=precision or rules.precision_of_id(named),
        input_shape=list(benchmark.input_shape) if benchmark and benchmark.input_shape else None,
        batch_size=count(str(settings.get("batch_size", ""))),
        threads=count(str(threads[0])) if threads else None,
        placement=[device] if device else None,
    )


# --- status, and what no field holds ---


def _status(
    run: Run, performance: Mapping[str, Any] | None, log: RunLog | None, speeds: list[dict[str, Any]], *, legacy: bool,
    entry: Mapping[str, Any],
) -> tuple[str, str | None]:  # fmt: skip
    """Return the status by LoadGen's judgement, in the file or in the log, and why it is not ok."""
    detail = log.errors if log else None
    if performance is None:
        return "incomplete", detail or "an accuracy run without its performance run"
    if not any(item.get("primary") and "value" in item for item in speeds):
        return "incomplete", detail or "the performance run has no throughput"
    loadgen_block = mapping(performance, "loadgen")
    stated = [
        performance.get("loadgen_validity"),
        mapping(performance, "loadgen_info").get("validity"),
        loadgen_block.get("is_result_valid"),
    ]
    valid = next((value for value in stated if isinstance(value, bool)), None)
    logged = {"VALID": True, "INVALID": False}.get(log.values.get("result_validity", "")) if log else None
    if valid is not None and logged is not None and valid != logged:
        run.find("BF701", run.path, f"the result file says valid: {str(valid).lower()}, the log {log.values['result_validity']}",  # type: ignore[union-attr]
                 "keep the result file and the logs of one run together")  # fmt: skip
    if legacy:
        valid, detail = _enough(entry, performance)
    if False in (valid, logged):
        unmet = [key for key, value in loadgen_block.items() if key.endswith("_met") and value is False]
        return "invalid", detail or ("LoadGen: " + ", ".join(f"{key} is false" for key in unmet) if unmet else None)
    if valid is None and logged is None:
        return "incomplete", detail or "nothing says whether the run is valid"
    return "ok", detail


def _enough(entry: Mapping[str, Any], performance: Mapping[str, Any]) -> tuple[bool | None, str | None]:
    """Say whether a run of an app before 2.0, which does not say that it is valid, did what it had to do, and what not.

    None where the file states neither samples nor times.
    """
    pairs = (("min_samples", "measured_samples", "samples"), ("min_duration_ms", "measured_duration_ms", "ms"))
    numbers = [(number(entry.get(least)), number(performance.get(done)), word) for least, done, word in pairs]
    known = [(least, done, word) for least, done, word in numbers if least is not None and done is not None]
    short = [f"{done} of at least {least} {word}" for least, done, word in known if float(done) < float(least)]
    return (not short if known else None), "; ".join(short) or None


def _keep(
    run: Run, app: App, entry: Mapping[str, Any], named: str, name: str, performance: Mapping[str, Any],
    accuracy: Mapping[str, Any],
) -> None:  # fmt: skip
    """Keep what the result says and the standard has no field for."""
    if named != name:
        run.extensions["benchmark_id"] = named
    for key in ("benchmark_name", "backend_settings", "backend_info", "min_duration", "min_duration_ms", "min_samples",
                "mode", "configuration"):  # fmt: skip
        said = systems.said(plain(entry.get(key)))
        if said is not None:
            run.extensions[key] = said
    said = systems.said(plain(app.build))
    if said:
        run.extensions["build_info"] = said
    for key in ("creation_date", "upload_date"):
        said = systems.said(plain(app.meta.get(key)))
        if said is not None:
            run.extensions[key] = said
    _keep_unread(run, {"performance_run": performance, "accuracy_run": accuracy})
    block = mapping(performance, "loadgen")
    met = {key.removeprefix("is_").removesuffix("_met"): value for key, value in block.items()
           if key.endswith("_met") and isinstance(value, bool)}  # fmt: skip
    if met:
        run.extensions["app_constraints_met"] = met
    data = systems.said(plain({k: v for k, v in mapping(performance, "dataset").items() if k in ("name", "type")}))
    if data:
        run.extensions["performance_dataset"] = data
    for key, part in (("measured_samples", performance), ("accuracy_measured_samples", accuracy)):
        samples = count(str(part.get("measured_samples", "")))
        if samples:
            run.extensions[key] = samples
    for key, unit in (("measured_duration", "s"), ("measured_duration_ms", "ms")):
        measured = number(accuracy.get(key))
        if measured is not None and float(measured) > 0:
            run.extensions[f"accuracy_duration_{unit}"] = plain(jsons.Digits(measured))


def _keep_unread(run: Run, parts: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what stands where the app writes something else: text for a number, a number for an object."""
    odd: dict[str, Any] = {}
    for place, part in parts.items():
        inner = {f"{place}.{key}.": mapping(part, key) for key in ("loadgen", "loadgen_info")}
        for prefix, block in {f"{place}.": part, **inner}.items():
            odd |= {f"{prefix}{key}": value for key, value in block.items() if not _as_written(key, value)}
    kept = systems.said(plain(odd))
    if kept:
        run.extensions["unread"] = kept
        for place in kept:
            told = f"{place} is not what the app writes there: it stays in the extensions"
            run.find("BF706", run.path, told, value=str(kept[place]))


def _as_written(key: str, value: Any) -> bool:
    """Say whether a value has the type that the app gives it; null and an empty text say nothing."""
    if value in (None, "") or (key not in _BLOCKS and key not in _NUMBERS and key != "start_datetime"):
        return True
    if key in _BLOCKS:
        return isinstance(value, Mapping)
    return bool(time_of(value)) if key == "start_datetime" else number(value) is not None
