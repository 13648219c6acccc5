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
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.ort_perf_test import DEVICES
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.numbers import whole
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.record import given

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
    r'\s*\[?\s*\{\s*"cat"\s*:\s*"(?:Session|Node|Kernel|Api|Memory)"\s*,\s*"pid"\s*:'
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


def detect(source: Source) -> Match | None:
    """Say how many profiles of ONNX Runtime a source holds, or None."""
    found = list(_files(source))
    return (
        Match(0.9, f"{len(found)} profiles of ONNX Runtime, first {source.relative(found[0])}")
        if found
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each profile."""
    for path in _files(source):
        yield Unit(path, options=options, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one profile."""
    try:
        events, lost = _events(unit.path, unit.limits)
        trace = _trace(events)
        yield texts.record(_record(unit, trace, lost))
    except (BenchfmtError, ValueError, ArithmeticError) as error:
        yield Failed(unit.path, str(error))
        return
    if lost:
        words = f"{lost} line{'' if lost == 1 else 's'} cannot be read: the file was cut, or edited"
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


def _events(path: Path, limits: Limits) -> tuple[list[Any], int]:
    """Return the events of a profile, and how many lines of a damaged one say nothing."""
    try:
        data = jsons.read(path, limits)
        if isinstance(data, list):
            return data, 0
    except jsons.JsonError:
        pass
    found, lost = [], 0
    for line in texts.decoded(path.read_bytes()).splitlines():
        text = line.strip().rstrip(",")
        if text.strip("[]") == "":
            continue
        try:
            found.append(jsons.parse(text, limits))
        except jsons.JsonError:
            lost += 1
    return found, lost


def _trace(events: list[Any]) -> Trace:
    trace = Trace()
    for event in events:
        if (
            isinstance(event, Mapping)
            and isinstance(event.get("dur"), int)
            and isinstance(event.get("name"), str)
        ):
            trace.events += 1
            _add(trace, event)
    if not trace.events:
        raise BenchfmtError("no event of a profile is in it")
    return trace


def _add(trace: Trace, event: Mapping[str, Any]) -> None:
    name, took = str(event["name"]), int(event["dur"])
    said = event.get("args")
    args: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    if event.get("cat") == "Session":
        if name in LOADING:
            trace.loading[name] = trace.loading.get(name, 0) + took
        elif name == "model_run":
            trace.runs.append(took)
    elif event.get("cat") == "Node" and name.endswith(KERNEL):  # fences are the runtime's own
        provider = str(args["provider"]) if args.get("provider") else None
        operator = str(args.get("op_name", "unknown"))
        trace.kernels[provider] = trace.kernels.get(provider, 0) + took
        trace.counts[provider] += 1
        tally = trace.operators.setdefault(provider or "unknown", {}).setdefault(operator, [0, 0])
        tally[0] += 1
        tally[1] += took
        peak = whole(str(args.get("mem_in_use_peak", "")))
        if peak is not None:
            trace.arena_peak = max(trace.arena_peak or 0, peak)
    elif event.get("cat") == "Kernel":
        trace.device += took
        trace.device_count += 1


def _record(unit: Unit, trace: Trace, lost: int) -> dict[str, Any]:
    options = unit.options
    model = options.get("model")
    when = _NAMED_TIME.search(unit.path.name)
    providers = sorted(filter(None, trace.kernels), key=lambda name: (-trace.kernels[name], name))
    devices = [DEVICES.get(name.removesuffix("ExecutionProvider")) for name in providers]
    known = list(dict.fromkeys(device for device in devices if device)) if all(devices) else None
    measurements = _measured(trace, providers, cut=bool(lost))
    has_value = any("value" in item for item in measurements)
    return {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=SUITE,
            name=re.sub(r"\.(onnx|ort)$", "", model) if model else None,
            phase="inference",
        ),
        "model": given(name=model),
        "system": given(name=options.get("system")),
        "software": given(engine="onnxruntime", engine_version=options.get("engine_version")),
        "configuration": given(placement=known or None),
        "measurements": measurements,
        "status": "ok" if has_value else "incomplete",
        "status_detail": None if has_value else "no kernel of a run is in the profile",
        "provenance": given(
            submitter=options.get("submitter"),
            url=options.get("url"),
            license=options.get("license"),
            measured_at=f"{when[1]}T{when[2]}:{when[3]}:{when[4]}" if when else None,
            sources=[{"path": unit.path.name, "sha256": file_sha256(unit.path)}],
            converter=NAME,
            converter_version=VERSION,
        ),
        "extensions": {SUITE: _extensions(trace)},
    }


def _measured(trace: Trace, providers: list[str], *, cut: bool) -> list[dict[str, Any]]:
    caveats = ["partial-run", "profiled"] if cut else ["profiled"]
    found = []
    if trace.loading:
        found.append(_seconds(sum(trace.loading.values()), stage="load", caveats=caveats))
    if trace.runs:
        found.append(
            _seconds(
                sum(trace.runs),
                statistic="sum",
                stage="inference",
                n=len(trace.runs),
                caveats=caveats,
            )
        )
    if trace.device_count:
        key = {"statistic": "sum", "stage": "compute", "scope": "gpu", "n": trace.device_count}
        found.append(_seconds(trace.device, caveats=caveats, **key))
    if trace.kernels:
        count = sum(trace.counts.values())
        found.append(
            _seconds(trace.total, statistic="sum", stage="compute", n=count, caveats=caveats)
        )
    for provider in providers:
        name = (
            re.sub("[^a-z0-9.-]", "-", provider.removesuffix("ExecutionProvider").lower()).strip(
                "-."
            )
            or "unknown"
        )
        key = {
            "stage": "compute",
            "scope": f"provider:{name}",
            "n": trace.counts[provider],
            "caveats": caveats,
        }
        found.append(_seconds(trace.kernels[provider], statistic="sum", **key))
        if trace.total:
            found.append(
                texts.derived("time-share", Fraction(trace.kernels[provider], trace.total), **key)
            )
    return found


def _seconds(microseconds: int, **key: Any) -> dict[str, Any]:
    return texts.derived("duration", Fraction(microseconds, 10**6), **key)


def _extensions(trace: Trace) -> dict[str, Any]:
    operators = {
        provider: {
            name: {"count": count, "us": took} for name, (count, took) in sorted(tally.items())
        }
        for provider, tally in sorted(trace.operators.items())
    }
    return given(
        events=trace.events,
        loading_us=trace.loading or None,
        operators=operators or None,
        arena_peak_bytes=trace.arena_peak,
    )
