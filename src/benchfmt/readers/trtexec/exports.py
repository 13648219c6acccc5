"""What trtexec exports as JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from benchfmt.finding import BenchfmtError
from benchfmt.numbers import count
from benchfmt.readers import jsons
from benchfmt.readers.trtexec.log_lines import MARK
from benchfmt.readers.trtexec.run import STAGES, Run

TIMES = {
    "inference": ("latencyMs",),
    "request": ("endToEndMs",),
    "transfer-in": ("h2dMs", "inMs"),
    "compute": ("computeMs",),
    "transfer-out": ("d2hMs", "outMs"),
}
"""The members of an exported query for each stage: those of 8.0 and later, then those of 7."""
_LAYER = re.compile(
    r'[\s,\[]*\{\s*"name"\s*:\s*"(?P<name>.*)",\s*"timeMs"\s*:\s*(?P<timeMs>[^,\s]+),\s*"averageMs"\s*:\s*(?P<averageMs>[^,\s]+),'
    r'(?:\s*"medianMs"\s*:\s*(?P<medianMs>[^,\s]+),)?\s*"percentage"\s*:\s*(?P<percentage>[^,\s]+)\s*\}'
)
_EXPORT = re.compile(r"--export(Times|Profile|LayerInfo|Output)=(\S+)")
_EXPORT_KINDS = {
    "Times": "times",
    "Profile": "profile",
    "LayerInfo": "layers",
    "Output": "output",
}
_SUMMARY_LEVELS = {5: ("p99",), 7: ("p90", "p95", "p99")}
_SUMMARY_TOTALS = {
    "Throughput": "throughput",
    "Total Host Walltime": "walltime",
    "Total GPU Compute Time": "gpu_total",
}
_COUNT = re.compile(r'\{\s*"count"\s*:\s*([0-9]+)\s*\}')
_MILLISECONDS = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?")
"""A time as the tool can write it; others would make exact arithmetic endless."""
_HEADS = {
    "times": re.compile(r'\s*\[\s*\{\s*"start(?:Enq|In|H2d|Compute)Ms"\s*:'),
    "profile": re.compile(
        r'\s*\[\s*\{\s*"count"\s*:\s*[0-9]+\s*\}\s*,\s*\{\s*"name"\s*:\s*".*?",\s*"timeMs"\s*:',
        re.DOTALL,
    ),
    "output": re.compile(
        r'\s*\[\s*\{\s*"name"\s*:\s*".*?"\s*,\s*"dimensions"\s*:\s*"[0-9x]*"\s*,\s*"values"'
    ),
    "layers": re.compile(r'\s*\{\s*"Layers"\s*:\s*\['),
    "summary": re.compile(
        r'\s*\{(?=.*"performance_summary"\s*:)(?=.*"GPU Compute Time"\s*:)', re.DOTALL
    ),
    "build": re.compile(r'\s*\{(?=.*"model_options"\s*:)(?=.*"build_options"\s*:)', re.DOTALL),
    "device": re.compile(
        r'\s*(?:\[\s*)?\{(?=.*"ComputeCapability"\s*:)(?=.*"TotalMemory"\s*:)', re.DOTALL
    ),
}


def kind_of(head: str) -> str | None:
    """Say by its beginning what a JSON file of trtexec (or of its engine explorer) is, or None."""
    for kind, pattern in _HEADS.items():
        if pattern.match(head):
            return kind
    return None


def exports(text: str) -> list[tuple[str, str]]:
    """Return what the command lines of a log say that was exported: kind and path, each once, in order."""
    files: dict[tuple[str, str], None] = {}
    for mark in MARK.finditer(text):
        for kind, path in _EXPORT.findall(mark["command"] or ""):
            files[_EXPORT_KINDS[kind], path.strip("\"'")] = None
    return list(files)


def of_summary(data: JsonValue) -> Run:
    """Return the run that an engine explorer's `profile.metadata.json` describes; raises BenchfmtError.

    Its lists have no names: five numbers are min, max, mean, median and p99, seven have p90 and p95 before the p99.
    """
    summary = data.get("performance_summary") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(summary, dict):
        raise BenchfmtError("no performance_summary")
    run = Run()
    for label, value in summary.items():
        stage = STAGES.get(label.lower())
        if stage and isinstance(value, list):
            names = ("min", "max", "mean", "median", *_SUMMARY_LEVELS.get(len(value), ()))
            run.summary[stage] = dict(zip(names, map(str, value), strict=False))
        elif label in _SUMMARY_TOTALS and not isinstance(value, list | dict):
            run.totals[_SUMMARY_TOTALS[label]] = str(value)
    add_options(run, "Inference Options", data.get("inference_options"))
    add_options(run, "Device Information", data.get("device_information"))
    return run


def add_options(run: Run, section: str, data: JsonValue) -> None:
    """Add a block of options that stands as JSON."""
    if not isinstance(data, dict):
        return
    for label, value in data.items():
        if label == "Input inference shape":
            run.shapes.append(str(value))
        elif not isinstance(value, list | dict):
            run.options.setdefault(section, {})[label] = str(value)


@dataclass(frozen=True)
class Times:
    """The queries of an export, in order: the milliseconds of each stage, and when work began and ended."""

    stages: dict[str, list[str]]
    computes: list[str]
    begins: list[str]
    ends: list[str]

    def __len__(self) -> int:
        """Return how many queries there are."""
        return len(self.computes)

    @property
    def wall_ms(self) -> float:
        """Milliseconds from the first transfer to the end of the last one, as trtexec counts them."""
        return float(self.ends[-1]) - float(self.begins[0])

    def after(self, warm_up_ms: float) -> Times:
        """Return the queries that belong to the measurement: all from the first that began to compute after the warm-up."""
        first = 0
        while first < len(self) and float(self.computes[first]) < warm_up_ms:
            first += 1
        stages = {stage: texts[first:] for stage, texts in self.stages.items()}
        return Times(stages, self.computes[first:], self.begins[first:], self.ends[first:])


def times(data: JsonValue) -> Times:
    """Return the queries of `--exportTimes`, read with their digits; raises BenchfmtError."""
    if not isinstance(data, list) or not data:
        raise BenchfmtError("no query in the exported times")
    first = data[0] if isinstance(data[0], dict) else {}
    stages: dict[str, list[str]] = {}
    for stage, names in TIMES.items():
        for name in names:
            if name in first and stage not in stages:
                stages[stage] = _column(data, name)
    if not {"inference", "compute"} <= stages.keys():
        raise BenchfmtError("the first query has no latencyMs and computeMs")
    return Times(
        stages,
        computes=_column(data, "startComputeMs"),
        begins=_column(data, "startH2dMs", "startInMs"),
        ends=_column(data, "endD2hMs", "endOutMs"),
    )


def _column(queries: list[JsonValue], *names: str) -> list[str]:
    """Return one number of every query, under the first of several names that it has; raises BenchfmtError."""
    return [_number_of(query, index, names) for index, query in enumerate(queries)]


def _number_of(query: JsonValue, index: int, names: tuple[str, ...]) -> str:
    if isinstance(query, dict):
        for name in names:
            number = query.get(name)
            if isinstance(number, jsons.Digits) and _MILLISECONDS.fullmatch(number):
                return str(number)
    raise BenchfmtError(f"query {index} has no number {names[0]}")


@dataclass(frozen=True, slots=True)
class Profile:
    """The time of each layer while the profiler was on: never that of an ordinary run, for it waits after each layer."""

    count: int
    layers: list[dict[str, str]]


def profile(text: str) -> Profile:
    """Return what `--exportProfile` wrote; raises BenchfmtError.

    trtexec does not escape the names of layers, so a line that is no JSON is read by its shape.
    """
    try:
        return _profile_of(jsons.parse(text, digits=True))
    except jsons.JsonError:
        found = _COUNT.search(text)
        iterations = found and count(found[1])
        layers = []
        for line in text.splitlines():
            match = _LAYER.match(line)
            if match:
                layers.append({name: value for name, value in match.groupdict().items() if value})
        if not iterations or not layers or not text.rstrip().endswith("]"):
            raise BenchfmtError("neither JSON nor the lines of a profile") from None
        return Profile(iterations, layers)


def _profile_of(data: JsonValue) -> Profile:
    iterations = None
    layers = []
    for item in _objects(data):
        if iterations is None and "count" in item:
            iterations = count(str(item["count"]))
        if "timeMs" in item:
            layers.append(_plain_values(item))
    if not iterations or not layers:
        raise BenchfmtError("no count of iterations, or no layer with timeMs")
    return Profile(iterations, layers)


def _objects(data: JsonValue) -> list[dict[str, JsonValue]]:
    if not isinstance(data, list):
        return []
    return [item for item in data if isinstance(item, dict)]


def _plain_values(item: Mapping[str, JsonValue]) -> dict[str, str]:
    return {key: str(value) for key, value in item.items() if not isinstance(value, list | dict)}


@dataclass(frozen=True, slots=True)
class Layers:
    """What an engine is made of: how many layers, of which types, and how many weights in which format."""

    count: int
    types: dict[str, int] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)


def layers(data: JsonValue) -> Layers:
    """Return what `--exportLayerInfo` says of an engine; raises BenchfmtError."""
    items = data.get("Layers") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise BenchfmtError("no list of Layers")
    types: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    for item in _objects(items):
        if "LayerType" in item:
            types[str(item["LayerType"])] += 1
        weight = item.get("Weights")
        if isinstance(weight, dict):
            weights[str(weight.get("Type"))] += count(str(weight.get("Count"))) or 0
    return Layers(len(items), dict(sorted(types.items())), dict(sorted(weights.items())))
