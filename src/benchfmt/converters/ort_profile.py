"""ONNX Runtime's own profile (a Chrome trace): which execution provider spent how much of the time.

The profiler slows a session by 5 to 16 %, and the warm-up is in the file. So no time of it is a latency: what comes
out are shares, and sums with the caveat `profiled`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import Draft, Key, numbers_with_value
from benchfmt.converters.operator_options import add_options
from benchfmt.converters.ort_perf_test.record import DEVICES
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.numbers import whole
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.objects import Fields, fields_of
from benchfmt.record import Record

NAME = "onnxruntime-profile"
VERSION = "1.0"
SUITE = "onnxruntime-profile"
OPTIONS = ("model", "system", "submitter", "url", "license", "engine_version")

LOADING = (
    "model_loading_uri",
    "model_loading_array",
    "model_loading_from_saved_proto",
    "session_initialization",
)
KERNEL = "_kernel_time"
MOST_EVENTS = 1_000_000
"""So many events are kept by the profiler; the rest is dropped without a word in the file."""
_HEAD = re.compile(
    r'\s*(?:\[\s*)?\{\s*"cat"\s*:\s*"(?:Session|Node|Kernel|Api|Memory)"\s*,\s*"pid"\s*:'
)
_OURS = re.compile(
    r'"op_name"|"model_loading_|"session_initialization"|"SequentialExecutor::Execute"|"model_run"'
)
_NAMED_TIME = re.compile(
    r"_([0-9]{4}-[0-9]{2}-[0-9]{2})_([0-9]{2})-([0-9]{2})-([0-9]{2})(?:\.[0-9]+)?\.json$"
)


@dataclass
class Trace:
    """What a profile adds up to, in microseconds."""

    loading: dict[str, int] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)
    kernels: dict[str | None, int] = field(default_factory=dict)
    counts: Counter[str | None] = field(default_factory=Counter)
    operators: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    device: int = 0
    device_count: int = 0
    arena_peak: int | None = None
    events: int = 0

    @property
    def total(self) -> int:
        """The time of all kernels."""
        return sum(self.kernels.values())


PATTERNS = (Pattern(("*.json", "*.jsonl"), words=('"cat"',)),)


def detect(source: Source) -> Match | None:
    """Say how many profiles of ONNX Runtime a source holds, or None."""
    profiles = list(_files(source))
    if not profiles:
        return None
    first = source.relative(profiles[0])
    return Match(0.9, f"{len(profiles)} profiles of ONNX Runtime, first {first}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each profile."""
    for path in _files(source):
        yield Unit(path, options=options, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one profile."""
    try:
        events, lost = _events(unit.path, unit.limits)
        trace = _trace(events)
        yield _record(unit, trace, lost)
    except (BenchfmtError, ValueError, ArithmeticError) as error:
        yield Failed(unit.path, str(error))
        return
    if lost:
        words = f"{lost} lines cannot be read: the file was cut, or edited"
        if lost == 1:
            words = words.replace("lines", "line")
        yield texts.finding(
            "BF115", unit.path.name, words, "end the profiling before the process ends"
        )
    if trace.events >= MOST_EVENTS:
        words = f"{trace.events} events: the profiler keeps no more than {MOST_EVENTS} and drops the rest"
        yield texts.finding("BF405", unit.path.name, words, "profile fewer runs")


def _files(source: Source) -> Iterator[Path]:
    for path in source.with_suffix(".json", ".jsonl"):
        head = texts.head(path, 4096)
        if _HEAD.match(head) and _OURS.search(head):
            yield path


def _events(path: Path, limits: Limits) -> tuple[list[JsonValue], int]:
    """Return the events of a profile, and how many lines of a damaged one say nothing."""
    try:
        data = jsons.read(path, limits)
        if isinstance(data, list):
            return data, 0
    except jsons.JsonError:
        pass
    found, lost = [], 0
    for line in texts.decoded(jsons.document(path, limits, "profile")).splitlines():
        text = line.strip().rstrip(",")
        if text.strip("[]") == "":
            continue
        try:
            found.append(jsons.parse(text, limits))
        except jsons.JsonError:
            lost += 1
    return found, lost


def _trace(events: list[JsonValue]) -> Trace:
    trace = Trace()
    for event in map(fields_of, events):
        took = event.data.get("dur")
        name = event.data.get("name")
        if isinstance(took, int) and isinstance(name, str):
            trace.events += 1
            _add(trace, event, name, took)
    if not trace.events:
        raise BenchfmtError("no event of a profile is in it")
    return trace


def _add(trace: Trace, event: Fields, name: str, took: int) -> None:
    category = event.data.get("cat")
    if category == "Session" and name in LOADING:
        trace.loading[name] = trace.loading.get(name, 0) + took
    elif category == "Session" and name == "model_run":
        trace.runs.append(took)
    elif category == "Node" and name.endswith(KERNEL):  # fences are the runtime's own
        _add_kernel(trace, event.part("args").data, took)
    elif category == "Kernel":
        trace.device += took
        trace.device_count += 1


def _add_kernel(trace: Trace, arguments: Mapping[str, JsonValue], took: int) -> None:
    provider = str(arguments.get("provider") or "") or None
    operator = str(arguments.get("op_name", "unknown"))
    trace.kernels[provider] = trace.kernels.get(provider, 0) + took
    trace.counts[provider] += 1
    tally = trace.operators.setdefault(provider or "unknown", {}).setdefault(operator, [0, 0])
    tally[0] += 1
    tally[1] += took
    peak = whole(str(arguments.get("mem_in_use_peak", "")))
    if peak is not None:
        trace.arena_peak = max(trace.arena_peak or 0, peak)


def _record(unit: Unit, trace: Trace, lost: int) -> Record:
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
    draft.source(unit.path.name, file_sha256(unit.path))
    add_options(draft, unit.options)
    model = unit.options.get("model")
    if model:
        draft.benchmark(name=re.sub(r"\.(onnx|ort)$", "", model))
    draft.software(engine="onnxruntime", engine_version=unit.options.get("engine_version"))
    draft.provenance(measured_at=_measured_at(unit.path))
    providers = sorted(filter(None, trace.kernels), key=lambda name: (-trace.kernels[name], name))
    draft.configuration(placement=_placement(providers))
    _add_times(draft, trace, providers, cut=bool(lost))
    if not numbers_with_value(draft.numbers):
        draft.fail("incomplete", "no kernel of a run is in the profile")
    _keep(draft, trace)
    return draft.build()


def _measured_at(path: Path) -> str | None:
    """Return when the profile was begun, as its name says it."""
    when = _NAMED_TIME.search(path.name)
    if when is None:
        return None
    return f"{when[1]}T{when[2]}:{when[3]}:{when[4]}"


def _placement(providers: list[str]) -> list[str] | None:
    """Return the kinds of device that executed, or None where a provider's is not known."""
    kinds: dict[str, None] = {}
    for name in providers:
        kind = DEVICES.get(name.removesuffix("ExecutionProvider"))
        if kind is None:
            return None
        kinds[kind] = None
    return list(kinds) or None


def _add_times(draft: Draft, trace: Trace, providers: list[str], *, cut: bool) -> None:
    caveats = ["profiled"]
    if cut:
        caveats.insert(0, "partial-run")
    if trace.loading:
        loading = _seconds(sum(trace.loading.values()))
        draft.derive("duration", loading, stage="load", caveats=caveats)
    if trace.runs:
        draft.derive(
            "duration",
            _seconds(sum(trace.runs)),
            statistic="sum",
            stage="inference",
            n=len(trace.runs),
            caveats=caveats,
        )
    if trace.device_count:
        draft.derive(
            "duration",
            _seconds(trace.device),
            statistic="sum",
            stage="compute",
            scope="gpu",
            n=trace.device_count,
            caveats=caveats,
        )
    if trace.kernels:
        draft.derive(
            "duration",
            _seconds(trace.total),
            statistic="sum",
            stage="compute",
            n=sum(trace.counts.values()),
            caveats=caveats,
        )
    for provider in providers:
        _add_provider(draft, trace, provider, caveats)


def _add_provider(draft: Draft, trace: Trace, provider: str, caveats: list[str]) -> None:
    """Add the time that a provider's kernels took, and its share of the time of all."""
    took = trace.kernels[provider]
    key: Key = {
        "stage": "compute",
        "scope": f"provider:{_scope_name(provider)}",
        "n": trace.counts[provider],
        "caveats": caveats,
    }
    total = draft.derive("duration", _seconds(took), **key)
    total.statistic = "sum"
    if trace.total:
        draft.derive("time-share", Fraction(took, trace.total), **key)


def _scope_name(provider: str) -> str:
    plain = provider.removesuffix("ExecutionProvider").lower()
    return re.sub("[^a-z0-9.-]", "-", plain).strip("-.") or "unknown"


def _seconds(microseconds: int) -> Fraction:
    return Fraction(microseconds, 10**6)


def _keep(draft: Draft, trace: Trace) -> None:
    draft.keep("events", trace.events)
    draft.keep("loading_us", trace.loading)
    draft.keep("arena_peak_bytes", trace.arena_peak)
    operators = {}
    for provider, tallies in sorted(trace.operators.items()):
        operators[provider] = {
            name: {"count": count, "us": took} for name, (count, took) in sorted(tallies.items())
        }
    draft.keep("operators", operators)
