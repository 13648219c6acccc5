"""InferenceX (SemiAnalysis, before InferenceMAX): rows of its sweeps, and the files of its load generator.

A row is one point of a curve: one model on one kind of GPU at one concurrency. Where the load generator's own file stands
beside an aggregate of one row, both are one record. See docs/converters/inferencex.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import Draft, DraftError, Key
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import kept
from benchfmt.readers import jsons
from benchfmt.readers.files import source_sha256
from benchfmt.readers.objects import Fields, fields_of, read_json
from benchfmt.vocabulary import vocabulary

NAME = "inferencex"
VERSION = "1.0"
SUITE = "inferencex"

AGGREGATE = "agg_"
VALIDATION = "power_validation_"
POWER_VERSION = "2"
"""Only this version of the power fields says that a joule is one of all GPUs."""
MOST_FAILED = Fraction(5, 100)
"""The suite's own job fails where more of the requests failed, and leaves the file all the same."""
AGENTIC = "agentic-coding"

_ROW_MARKS = ('"hw"', '"conc"', '"infmax_model_prefix"', '"framework"', '"tput_per_gpu"')
_RAW_MARKS = ('"tokenizer_id"', '"num_prompts"', '"max_concurrency"', '"request_throughput"')
_OWN_MARKS = ('"benchmark_start_time_unix"', '"median_e2el":')
"""Keys that the load generators it was made from do not write; the second stands in files whose times are seconds."""

_TIME = re.compile(r"(mean|median|p[0-9]+(?:\.[0-9]+)?)_(ttft|tpot|itl|e2el)(_ms)?")
_NOT_KEPT = re.compile(
    r"(?:mean|median|std|p[0-9]+(?:\.[0-9]+)?)_(?:ttft|tpot|itl|e2el|intvty)(?:_ms)?"
)
"""Times are measurements; the interactivity is 1 / tpot, its p99 that of the slowest and its std meaningless."""


@dataclass(frozen=True, slots=True)
class _Time:
    """Which time a word of the file names: the metric, what the timer covered, and of what it is the time."""

    metric: str
    stage: str
    per: str


_TIMES = {
    "ttft": _Time("ttft", "request", "query"),
    "tpot": _Time("tpot", "decode", "token"),
    "itl": _Time("latency", "decode", "token"),
    "e2el": _Time("latency", "request", "query"),
}

_SETTINGS = {
    "conc": "concurrency",
    "isl": "input_length",
    "osl": "output_length",
    "tp": "tensor_parallel",
    "pp": "pipeline_parallel",
    "dcp_size": "decode_context_parallel",
    "pcp_size": "prefill_context_parallel",
    "ep": "expert_parallel",
    "global_batch_size": "global_batch_size",
    "local_batch_size": "local_batch_size",
    "spec_decoding": "speculative_decoding",
    "disagg": "disaggregated",
    "prefill_tp": "prefill_tensor_parallel",
    "prefill_ep": "prefill_expert_parallel",
    "prefill_num_workers": "prefill_workers",
    "num_prefill_gpu": "prefill_gpus",
    "decode_tp": "decode_tensor_parallel",
    "decode_ep": "decode_expert_parallel",
    "decode_num_workers": "decode_workers",
    "num_decode_gpu": "decode_gpus",
}
_FLAGS = {
    "dp_attention": "data_parallel_attention",
    "prefill_dp_attention": "prefill_data_parallel_attention",
    "decode_dp_attention": "decode_data_parallel_attention",
}
_RAW_SETTINGS = {
    "max_concurrency": "concurrency",
    "num_prompts": "prompts",
    "request_rate": "request_rate",
    "burstiness": "burstiness",
}
_PER_GPU = {
    "output_tput_per_gpu": "inferencex:output-throughput-per-gpu",
    "input_tput_per_gpu": "inferencex:input-throughput-per-gpu",
    "tput_per_gpu": "inferencex:total-throughput-per-gpu",
}
_BY_GPUS = Key(stage="whole-run", scope="gpu")
_POWERS: tuple[tuple[str, str, Key], ...] = (
    ("avg_total_gpu_power_w", "power", {**_BY_GPUS, "statistic": "mean"}),
    ("total_gpu_energy_j", "energy", {**_BY_GPUS, "statistic": "sum"}),
    ("joules_per_output_token", "energy", {**_BY_GPUS, "statistic": "mean", "per": "token"}),
    ("joules_per_successful_query", "energy", {**_BY_GPUS, "statistic": "mean", "per": "query"}),
)
"""All four are the same energy, over the time or over another count: they are no parts of a sum."""
_MEAN_RATE = Key(statistic="mean", stage="whole-run")
_TOTALS: tuple[tuple[str, str, str, Key], ...] = (
    ("output_throughput", "throughput", "/s", {**_MEAN_RATE, "per": "token", "primary": True}),
    ("request_throughput", "throughput", "/s", {**_MEAN_RATE, "per": "query"}),
    ("duration", "duration", "s", {"statistic": "single", "stage": "whole-run"}),
    ("total_output_tokens", "output-tokens", "1", {"statistic": "sum"}),
)
_POWER_FIELDS = frozenset(name for name, _, _ in _POWERS)
_ROW_READ = frozenset(
    {*_SETTINGS, *_FLAGS, *_PER_GPU, *_POWER_FIELDS}
    | {"infmax_model_prefix", "model", "precision", "framework", "image", "is_multinode"}
)
_RAW_READ = frozenset(
    {*_RAW_SETTINGS, "date", "model_id", "completed"} | {name for name, _, _, _ in _TOTALS}
)


# --- which files, and what of them belongs together ---
PATTERNS = (Pattern(("*.json",), words=('"tput_per_gpu"', '"tokenizer_id"')),)


def detect(source: Source) -> Match | None:
    """Say how many files of InferenceX a source holds, or None."""
    paths = [path for path, _ in _files(source)]
    if not paths:
        return None
    return Match(0.9, f"{len(paths)} files of InferenceX, first {source.relative(paths[0])}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each aggregate, with the files that it was made from, and for each other load generator's file."""
    files = dict(_files(source))
    taken: set[Path] = set()
    for path, kind in files.items():
        if kind == "rows":
            beside = tuple(_beside(path, files))
            taken.update(beside)
            yield Unit(path, beside, options, kind, source.limits)
    for path, kind in files.items():
        if kind == "raw" and path not in taken:
            yield Unit(path, (), options, kind, source.limits)


def lacks(path: Path) -> str | None:
    """Say what a file of a load generator lacks to be one of InferenceX, or None."""
    if path.suffix.lower() != ".json":
        return None
    start = texts.head(path)
    if not all(mark in start for mark in _RAW_MARKS) or _kind(start) is not None:
        return None
    return "looks like a file of a serving benchmark, but has no key that only InferenceX writes (benchmark_start_time_unix)"


def _files(source: Source) -> Iterator[tuple[Path, str]]:
    raws: list[Path] = []
    for path in source.with_suffix(".json"):
        start = texts.head(path)
        kind = _kind(start)
        if kind:
            yield path, kind
        elif all(mark in start for mark in _RAW_MARKS):
            raws.append(path)
    for path in raws:
        if path.with_name(AGGREGATE + path.name).is_file():
            yield path, "raw"


def _kind(start: str) -> str | None:
    """Return `rows` or `raw`, None for the beginning of a file of something else."""
    if all(mark in start for mark in _ROW_MARKS):
        return "rows"
    is_raw = all(mark in start for mark in _RAW_MARKS)
    if is_raw and any(mark in start for mark in _OWN_MARKS):
        return "raw"
    return None


def _beside(path: Path, files: Mapping[Path, str]) -> Iterator[Path]:
    """Yield the load generator's file and the judgement of the power that an aggregate of one row was made from."""
    if not path.name.startswith(AGGREGATE):
        return
    name = path.name.removeprefix(AGGREGATE)
    raw = path.with_name(name)
    if files.get(raw) == "raw":
        yield raw
    validation = path.with_name(VALIDATION + name)
    if validation.is_file() and not validation.is_symlink():
        yield validation


# --- reading ---


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each row, or for the file of a load generator."""
    try:
        data = jsons.read(unit.path, unit.limits, digits=True)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    beside = _read_beside(unit)
    if unit.extra == "raw":
        yield from _items(unit, beside, None, fields_of(data), None)
        return
    if isinstance(data, Mapping):
        yield from _row_items(unit, beside, Fields(data), None)
        return
    for number, row in enumerate(data, start=1):
        if isinstance(row, Mapping):
            yield from _row_items(unit, beside, Fields(row), number)
        else:
            yield Failed(unit.path, "an object is expected for a row", number)


@dataclass(slots=True)
class _Beside:
    """What the files beside a file say, read once for all of its rows; with a fault no row can be read."""

    raw: Fields | None = None
    validation: Fields = field(default_factory=lambda: Fields({}))
    fault: BenchfmtError | None = None


def _read_beside(unit: Unit) -> _Beside:
    beside = _Beside()
    try:
        for path in unit.supporting:
            fields = read_json(path, unit.limits)
            if path.name.startswith(VALIDATION):
                beside.validation = fields
            else:
                beside.raw = fields
    except BenchfmtError as error:
        beside.fault = error
    return beside


def _row_items(unit: Unit, beside: _Beside, row: Fields, number: int | None) -> Iterator[Item]:
    if row.text("scenario_type") == AGENTIC:
        yield Skipped(unit.path, "a row of an agentic workload: its numbers are others", number)
    elif "tput_per_gpu" not in row and "num_requests_total" not in row:
        yield Skipped(unit.path, "no row of a sweep: it has no tput_per_gpu", number)
    else:
        yield from _items(unit, beside, row, None, number)


def _items(
    unit: Unit, beside: _Beside, row: Fields | None, raw: Fields | None, number: int | None
) -> Iterator[Item]:
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference", task="text-generation")
    draft.source(unit.path.name, source_sha256(unit.path), _locator(number))
    if beside.fault is not None:
        yield Failed(unit.path, str(beside.fault), number)
        return
    try:
        for path in unit.supporting:
            draft.source(path.name, source_sha256(path))
        if beside.raw is not None:
            raw = beside.raw
        if row is not None:
            _add_row(draft, row, raw, beside.validation)
        if raw is not None:
            _add_raw(draft, raw, alone=row is None, path=_path_of_raw(unit))
    except (BenchfmtError, DraftError) as error:
        yield Failed(unit.path, str(error), number)
        return
    yield from draft.items(unit.path, number)


def _locator(number: int | None) -> str | None:
    if number is None:
        return None
    return f"row={number}"


def _path_of_raw(unit: Unit) -> str | None:
    """Return the name of the load generator's file where it is not the primary one."""
    for path in unit.supporting:
        if not path.name.startswith(VALIDATION):
            return path.name
    return None


# --- a row of a sweep ---


def _add_row(draft: Draft, row: Fields, raw: Fields | None, validation: Fields) -> None:
    draft.benchmark(name=row.text("infmax_model_prefix"), scenario=_scenario(row, raw))
    draft.model(name=row.text("model"))
    gpus = _gpus(row)
    _add_system(draft, row, gpus)
    draft.configuration(precision=row.term("precision", "precision", SUITE))
    draft.hyperparameters(_settings(row))
    draft.keep_all(_leftover(row, _ROW_READ))
    if row.whole("num_requests_successful") == 0 and "num_requests_total" in row:
        draft.fail("failed", f"0 of {row.digits('num_requests_total')} requests were successful")
        draft.missing("throughput", "run-failed", statistic="mean", per="token")
        return
    _add_times(draft, row, None if raw is None else raw.count("completed"))
    _add_rates(draft, row, gpus, has_raw=raw is not None)
    _add_power(draft, row, validation)


def _scenario(row: Fields, raw: Fields | None) -> str | None:
    """Return the closed loop, in which the suite's load generator runs; rows of an engine's own loop say no scenario."""
    if "measured_decode_rounds" in row or row.count("conc") is None:
        return None
    if raw is not None and not _is_closed_loop(raw):
        return None
    return "closed-loop"


def _is_closed_loop(raw: Fields) -> bool:
    """Say whether the next request is sent as soon as one of a fixed number is answered."""
    return raw.word("request_rate") == "inf" and raw.count("max_concurrency") is not None


@dataclass(frozen=True, slots=True)
class _Gpus:
    """How many GPUs a row's rates are divided by: all, those that read prompts, and those that write tokens."""

    total: int
    prefill: int
    decode: int
    is_inferred: bool = False


def _gpus(row: Fields) -> _Gpus | None:
    """Return the GPUs that a row used; the row itself does not count them."""
    prefill = row.count("num_prefill_gpu")
    decode = row.count("num_decode_gpu")
    if row.flag("disagg"):
        if prefill is None or decode is None:
            return None
        return _Gpus(prefill + decode, prefill, decode)
    tensor = row.count("tp")
    if tensor is not None and not row.flag("is_multinode"):
        total = tensor * (row.count("pp") or 1) * (row.count("pcp_size") or 1)
        return _Gpus(total, total, total)
    if prefill is not None and prefill == decode:
        return _Gpus(prefill, prefill, prefill, is_inferred=True)
    return None


def _add_system(draft: Draft, row: Fields, gpus: _Gpus | None) -> None:
    hardware = row.text("hw")
    if hardware:
        draft.system(accelerator={"kind": "gpu", "name": hardware.partition("-")[0]})
    if row.flag("is_multinode") is False:
        draft.system(nodes=1)
    if gpus:
        draft.configuration(placement=[f"gpu:{gpus.total}"])
    framework = row.text("framework")
    engine = row.term("framework", "engine", SUITE)
    draft.software(engine=engine)
    image = row.text("image")
    if image:
        draft.software(engine=engine, stack={"container image": image})
    if framework and engine is None:
        draft.keep("framework", framework)


def _settings(row: Fields) -> dict[str, JsonValue]:
    settings = {_SETTINGS[name]: value for name, value in row.only(*_SETTINGS).items()}
    for name, setting in _FLAGS.items():
        value = row.flag(name)
        if value is not None:
            settings[setting] = value
    return dict(kept(settings))


def _leftover(fields: Fields, read_names: frozenset[str]) -> dict[str, JsonValue]:
    leftover = fields.without(read_names)
    return {name: value for name, value in leftover.items() if not _NOT_KEPT.fullmatch(name)}


def _add_times(draft: Draft, fields: Fields, n: int | None) -> None:
    """Add the times: seconds, or milliseconds where the key says so."""
    for name in fields.data:
        match = _TIME.fullmatch(name)
        text = fields.digits(name)
        if match is None or text is None or _is_repeated(match, fields):
            continue
        statistic = vocabulary().match("statistic", match[1])
        if statistic is None:
            draft.keep(name, text)
            continue
        time = _TIMES[match[2]]
        unit = "s"
        if match[3]:
            unit = "ms"
        key: Key = {"statistic": statistic, "stage": time.stage, "per": time.per}
        if match[2] in ("ttft", "e2el"):
            key["n"] = n
        if statistic == "mean":
            key["stddev"] = _deviation(fields, match[2], match[3] or "")
        draft.measure(time.metric, text, unit, **key)


def _is_repeated(match: re.Match[str], fields: Fields) -> bool:
    """Say whether a time is the 50th percentile of times whose median stands beside it."""
    ending = match[3] or ""
    return match[1] == "p50" and f"median_{match[2]}{ending}" in fields


def _deviation(fields: Fields, time: str, ending: str) -> float | None:
    """Return the standard deviation of a time (of the population: numpy's default), in seconds."""
    deviation = fields.exact(f"std_{time}{ending}")
    if deviation is None:
        return None
    if ending:
        deviation /= 1000
    return float(deviation)


def _add_rates(draft: Draft, row: Fields, gpus: _Gpus | None, *, has_raw: bool) -> None:
    """Add the rates for each GPU; that of the system is the load generator's, else it is calculated from them."""
    output = row.digits("output_tput_per_gpu")
    for name, metric in _PER_GPU.items():
        text = row.digits(name)
        if text is None:
            continue
        if name == "tput_per_gpu" and text == output:
            draft.keep(name, row.data[name])  # output only, in rows of an engine's own loop
            continue
        draft.measure(metric, text, statistic="mean", stage="whole-run", per="token")
    per_gpu = row.exact("output_tput_per_gpu")
    if has_raw or gpus is None or per_gpu is None:
        return
    draft.derive(
        "throughput",
        per_gpu * gpus.decode,
        statistic="mean",
        stage="whole-run",
        per="token",
        primary=True,
        caveats=["definition-inferred"] if gpus.is_inferred else None,
    )


def _add_power(draft: Draft, row: Fields, validation: Fields) -> None:
    """Add power and energy where the suite itself calls them valid."""
    if row.digits("power_metric_schema_version") != POWER_VERSION:
        draft.keep_all(row.only(*sorted(_POWER_FIELDS)))
        return
    if row.digits("power_valid") != "1":
        reasons = validation.texts("reasons")
        if reasons:
            draft.keep("power_reasons", reasons)
        draft.missing("energy", _why_no_power(reasons), stage="whole-run", per="token", scope="gpu")
        return
    for name, metric, key in _POWERS:
        text = row.digits(name)
        if text is not None:
            draft.measure(metric, text, **key)


def _why_no_power(reasons: list[str]) -> str:
    if reasons == ["telemetry_file_missing"]:
        return "not-measured"
    return "invalid-in-source"


# --- the load generator's own file ---


def _add_raw(draft: Draft, raw: Fields, *, alone: bool, path: str | None) -> None:
    completed = raw.whole("completed")
    prompts = raw.count("num_prompts")
    draft.provenance(measured_at=_measured_at(raw.text("date")))
    if alone:
        if _is_closed_loop(raw):
            draft.benchmark(scenario="closed-loop")
        draft.model(name=raw.text("model_id"))
        draft.hyperparameters(_raw_settings(raw))
    draft.keep_all(_leftover(raw, _RAW_READ))
    if completed == 0:
        draft.fail("failed", f"0 of {prompts} requests were completed")
        draft.missing("throughput", "run-failed", statistic="mean", per="token")
        return
    if completed is not None and prompts is not None:
        draft.keep("completed", completed)
        if Fraction(prompts - completed, prompts) > MOST_FAILED:
            lost = prompts - completed
            draft.fail("invalid", f"{lost} of {prompts} requests failed, more than 5 %")
    if alone:
        _add_times(draft, raw, completed)
    for name, metric, unit, key in _TOTALS:
        text = raw.digits(name)
        if text is not None:
            number = draft.measure(metric, text, unit, **key)
            number.source_path = path


def _raw_settings(raw: Fields) -> dict[str, JsonValue]:
    settings = raw.only(*_RAW_SETTINGS)
    return dict(kept({_RAW_SETTINGS[name]: value for name, value in settings.items()}))


def _measured_at(date: str | None) -> str | None:
    """Return the local time of `20260213-075258`."""
    match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)", date or "", re.ASCII)
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}"
