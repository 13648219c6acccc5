"""MLPerf Client 0.5 to 2.0: `results.json`, one JSON object a line, appended over the runs of the app.

An array of the same objects is read too. See docs/converters/mlperf-client.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import Draft, DraftError, Key, filled
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.numbers import Digits, exact
from benchfmt.readers import heads, jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.objects import Fields

NAME = "mlperf-client"
VERSION = "1.0"
SUITE = "mlperf-client"

NOT_TESTED = "NOT tested"
"""What `Config` says of a configuration that MLCommons did not test: its runs have no overall result."""
_TASKS = {False: "text-generation", True: "text-to-image"}
_HEAD = re.compile(r"\s*(?:\[\s*)?\{\s*\"BuildVer\"\s*:")
_OURS = re.compile(r'"Config"\s*:\s*"Configuration (?:NOT )?tested by MLCommons"')
_START = re.compile(
    r"([0-9]{2})-([0-9]{2})-([0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?) UTC"
)
_CLOCK = re.compile(r"([0-9]{1,9}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,20})?)")
_NOT_IN_A_SCOPE = re.compile("[^a-z0-9]+")

_TTFT = "Time to First Token"
_RATE = "2nd+ Token Generation Rate"
_INPUT = "Avg Input Tokens"
_OUTPUT = "Avg Generated Tokens"

_IMAGE_TIMES: tuple[tuple[str, str, Key], ...] = (
    ("Avg End-to-End Seconds", "latency", Key(statistic="mean", stage="end-to-end", per="sample")),
    ("Min End-to-End Seconds", "latency", Key(statistic="min", stage="end-to-end", per="sample")),
    ("Max End-to-End Seconds", "latency", Key(statistic="max", stage="end-to-end", per="sample")),
    ("First Step Seconds", "duration", Key(statistic="single", stage="first-run", per="step")),
    ("Setup Load Seconds", "duration", Key(statistic="single", stage="load")),
    ("Setup Warmup Seconds", "duration", Key(statistic="single", stage="warm-up")),
)
_SETTINGS = {
    "Iterations": "iterations",
    "WarmUp": "warm_up",
    "Image Width": "image_width",
    "Image Height": "image_height",
    "Num Inference Steps": "inference_steps",
}
_KEPT = {
    "Config": "config",
    "Config Category": "config_category",
    "Config Is Experimental": "config_is_experimental",
    "ConfigFile": "config_file",
    "ConfigComment": "config_comment",
    "ConfigHash": "config_hash",
    "Scenario Name": "scenario",
    "Model File Name": "model_file",
    "Execution Provider Name": "execution_provider",
    "EP Configuration": "execution_provider_configuration",
    "Results Verified": "results_verified",
    "Has Non-base Prompts": "has_non_base_prompts",
    "Submodule Timings Ms": "submodule_timings_ms",
    "SysInfo_GPUDriverVersions": "gpu_drivers",
    "SysInfo_CPULogicalCores": "logical_cores",
    "SysInfo_RAMAvailable": "memory_available_bytes",
}
"""What has no field; the prompts and the model's answers, which stand in the file too, are left out."""
PATTERNS = (Pattern(("*.json", "*.jsonl"), words=('"BuildVer"',)),)


def detect(source: Source) -> Match | None:
    """Say how many files of MLPerf Client a source holds, or None."""
    paths = list(_files(source))
    if not paths:
        return None
    return Match(
        0.9, f"{len(paths)} files of MLPerf Client's results, first {source.relative(paths[0])}"
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each file of results."""
    for path in _files(source):
        yield Unit(path, options=options, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each run; a line that cannot be read is a Failed of its own."""
    digest = file_sha256(unit.path)
    for number, run in _runs(unit.path, unit.limits):
        if isinstance(run, str):
            yield Failed(unit.path, run, number)
            continue
        draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
        draft.source(unit.path.name, digest, f"row={number}")
        try:
            _fill(draft, run)
        except DraftError as error:
            yield Failed(unit.path, f"not a result: {error}", number)
            continue
        yield from draft.items(unit.path, number)


def _files(source: Source) -> Iterator[Path]:
    for path in source.with_suffix(".json", ".jsonl"):
        start = texts.head(path, texts.START)
        if _HEAD.match(start) and _OURS.search(start):
            yield path


def _runs(path: Path, limits: Limits) -> Iterator[tuple[int, Fields | str]]:
    """Yield the number of each run, from 1, and its fields, or what is wrong with it."""
    with heads.opened(path) as file:
        is_array = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    if is_array:
        yield from _runs_of_array(path, limits)
        return
    number = 0
    with heads.opened(path) as file:
        while line := file.readline(limits.row_bytes + 1):
            text = line.removeprefix(b"\xef\xbb\xbf").strip()
            if not text:
                continue
            number += 1
            if len(line) > limits.row_bytes:
                yield number, f"a line is longer than {limits.row_bytes} bytes"
                return
            yield number, _run_of(text, limits)


def _runs_of_array(path: Path, limits: Limits) -> Iterator[tuple[int, Fields | str]]:
    try:
        runs = jsons.read(path, limits, digits=True)
    except BenchfmtError as error:
        yield 1, str(error)
        return
    for number, run in enumerate(runs, start=1):
        yield number, _fields(run)


def _run_of(text: bytes, limits: Limits) -> Fields | str:
    try:
        run = jsons.parse(text, limits, digits=True)
    except BenchfmtError as error:
        return str(error)
    return _fields(run)


def _fields(run: JsonValue) -> Fields | str:
    if not isinstance(run, dict):
        return "no JSON object"
    return Fields(run)


# --- one run ---


def _fill(draft: Draft, run: Fields) -> None:
    is_image = run.flag("Is Image Benchmark") is True
    draft.task = _TASKS[is_image]
    if NOT_TESTED in (run.text("Config") or ""):
        draft.benchmark(verification="self-reported")
    draft.benchmark(
        name=run.text("Model Base Name") or run.text("Scenario Name"),
        suite_version=run.text("BuildVer"),
    )
    draft.model(name=run.text("Model Name"))
    draft.provenance(measured_at=_measured_at(run.text("Benchmark Start Time")))
    _add_software(draft, run)
    _add_system(draft, run)
    draft.hyperparameters(filled({name: run.count(key) for key, name in _SETTINGS.items()}))
    draft.keep_all({_KEPT[key]: value for key, value in run.only(*_KEPT).items()})
    if run.flag("Benchmark Success") is False:
        _fail(draft, run, is_image=is_image)
    elif is_image:
        _add_images(draft, run)
    else:
        _add_tokens(draft, run)
    _add_benchmark_duration(draft, run)


def _fail(draft: Draft, run: Fields, *, is_image: bool) -> None:
    messages = run.texts("EP Error Messages")
    draft.fail("failed", run.text("Error Message") or "; ".join(messages) or None)
    if is_image:
        draft.missing("throughput", "run-failed", statistic="mean", per="sample")
        return
    draft.missing("ttft", "run-failed", statistic="geometric-mean", stage="request", per="query")
    draft.missing(
        "throughput", "run-failed", statistic="geometric-mean", stage="decode", per="token"
    )


def _add_software(draft: Draft, run: Fields) -> None:
    draft.software(engine=run.term("Execution Provider Name", "engine", SUITE))
    kind = run.term("Device Type", "device-kind", SUITE)
    if run.text("Device Type") is None:
        kind = run.part("EP Configuration").term("device_type", "device-kind", SUITE)
    if kind:
        draft.configuration(placement=[kind])


def _add_system(draft: Draft, run: Fields) -> None:
    """Add what is installed: the app lists every GPU, used or not."""
    system = run.text("SysInfo_OSName")
    version = run.text("SysInfo_OSVersion")
    processor = {
        "name": run.text("SysInfo_CPUModel"),
        "architecture": run.term("SysInfo_CPUArchitecture", "architecture", SUITE),
        "cores": run.count("SysInfo_CPUCores"),
        "clock_hz": _hertz(run),
    }
    draft.system(
        processor=filled(processor),
        accelerator=_accelerators(run),
        memory_bytes=run.count("SysInfo_RAMTotal"),
        operating_system=" ".join(filter(None, (system, version))) or None,
    )


def _hertz(run: Fields) -> float | None:
    hertz = run.count("SysInfo_CPUClockSpeed")
    if hertz is None:
        return None
    return float(hertz)


def _accelerators(run: Fields) -> list[JsonValue]:
    accelerators: list[JsonValue] = []
    sizes = run.items("SysInfo_GPUMemorySizes")
    for name, size in zip_longest(run.texts("SysInfo_GPUNames"), sizes):
        if name is None:
            break
        memory = Fields({"size": size}).count("size")
        accelerators.append(
            filled({"kind": "gpu", "name": texts.one_line(name), "memory_bytes": memory})
        )
    return accelerators


# --- the numbers ---


def _add_tokens(draft: Draft, run: Fields) -> None:
    overall = run.part("overall_results")
    skipped = any(isinstance(prompts, list) and prompts for prompts in run.items("Skipped Prompts"))
    caveats = None
    if skipped:
        caveats = ["partial-run"]
    if overall.data:
        key: Key = {"statistic": "geometric-mean", "caveats": caveats}
        _add_group(draft, overall, "Geomean", key, is_primary=True)
    input_tokens: dict[str, Digits] = {}
    _keep_input_tokens(input_tokens, "overall", overall)
    categories = run.part("category_results")
    for category in categories.data:
        numbers = categories.part(category)
        word = _NOT_IN_A_SCOPE.sub("-", category.lower()).strip("-")
        key = {"statistic": "mean", "scope": f"subset:{word}", "caveats": caveats}
        _add_group(draft, numbers, "Avg", key, is_primary=False)
        _add_agentic(draft, numbers, key)
        _keep_input_tokens(input_tokens, category, numbers)
    if input_tokens:
        draft.keep("input_tokens", input_tokens)
    duration = run.digits("Avg Inference Duration")
    if duration is not None and exact(duration):
        draft.measure(
            "latency",
            duration,
            "s",
            statistic="mean",
            stage="request",
            per="query",
            caveats=caveats,
        )


def _add_group(draft: Draft, numbers: Fields, word: str, key: Key, *, is_primary: bool) -> None:
    """Add the time to the first token, the rate of those after it, and their number."""
    ttft: Key = {**key, "stage": "request", "per": "query"}
    _add_positive(draft, "ttft", numbers.digits(f"{word} {_TTFT}"), "s", ttft)
    rate: Key = {**key, "stage": "decode", "per": "token"}
    if is_primary:
        rate["primary"] = True
    _add_positive(draft, "throughput", numbers.digits(f"{word} {_RATE}"), "/s", rate)
    tokens = numbers.digits(_OUTPUT)
    if tokens is not None:
        count: Key = {"statistic": "mean", "per": "query", "scope": key.get("scope")}
        draft.measure("output-tokens", tokens, **count)


def _add_positive(draft: Draft, metric: str, text: str | None, unit: str, key: Key) -> None:
    """Add a number; the app writes 0 where a prompt of the scenario gave fewer than two tokens."""
    if text is None:
        return
    if exact(text):
        draft.measure(metric, text, unit, **key)
        return
    draft.missing(
        metric,
        "too-few-samples",
        text,
        statistic=key.get("statistic"),
        stage=key.get("stage"),
        per=key.get("per"),
        scope=key.get("scope"),
    )


def _add_agentic(draft: Draft, numbers: Fields, key: Key) -> None:
    """Add the sums over the turns of an agent, which the app calls averages; the expected one is a model."""
    if numbers.flag("Is Agentic") is not True:
        return
    for name, metric, basis in (
        ("Avg Expected Duration", "mlperf:agentic-expected-duration", "estimated"),
        ("Avg Tools Duration", "mlperf:agentic-tools-duration", "measured"),
    ):
        text = numbers.digits(name)
        if text is not None:
            draft.measure(metric, text, "s", basis, statistic="sum", scope=key.get("scope"))


def _keep_input_tokens(input_tokens: dict[str, Digits], name: str, numbers: Fields) -> None:
    text = numbers.digits(_INPUT)
    if text is not None:
        input_tokens[name] = Digits(text)


def _add_images(draft: Draft, run: Fields) -> None:
    rate = run.digits("Images Per Minute")
    if rate is not None:
        key: Key = {"statistic": "mean", "stage": "end-to-end", "per": "sample", "primary": True}
        draft.measure("throughput", rate, "/min", **key)
    steps = run.digits("Steps Per Second")
    if steps is not None:
        draft.measure("throughput", steps, statistic="mean", stage="inference", per="step")
    deviation = run.digits("Stdev End-to-End Seconds")
    for name, metric, key in _IMAGE_TIMES:
        text = run.digits(name)
        if text is None:
            continue
        number = draft.measure(metric, text, "s", **key)
        if deviation is not None and key.get("statistic") == "mean":
            number.stddev = float(deviation)


def _add_benchmark_duration(draft: Draft, run: Fields) -> None:
    """Add the time of the whole scenario, loading included, which is written as a clock."""
    text = run.text("Benchmark Duration")
    match = _CLOCK.fullmatch(text or "")
    if match is None:
        return
    seconds = exact(match[3]) or Fraction(0)
    total = int(match[1]) * 3600 + int(match[2]) * 60 + seconds
    number = draft.derive("duration", total, statistic="single", stage="whole-run")
    number.basis = "measured"
    number.reported_value = text


def _measured_at(text: str | None) -> str | None:
    """Return the time of `09-25-2026 10:00:00.000 UTC`, the month first."""
    match = _START.fullmatch(text or "")
    if match is None:
        return None
    month, day, year, clock = match.groups()
    return f"{year}-{month}-{day}T{clock}Z"
