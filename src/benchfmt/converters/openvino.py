"""OpenVINO benchmark_app: what it prints, and its report as CSV or JSON, of the Python and the C++ tool.

A request is one batch. In a synchronous run its latency is that of the inference; with several requests in flight it
contains waiting for the others, and latency times throughput is not 1. Frames per second count samples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import (
    Failed,
    Item,
    Match,
    Pattern,
    Skipped,
    Source,
    Unit,
    with_endings,
)
from benchfmt.converters.draft import Draft, numbers_with_value
from benchfmt.converters.file_names import model_of
from benchfmt.converters.operator_options import add_options
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS
from benchfmt.readers import jsons, lines, repeats
from benchfmt.readers.files import file_sha256
from benchfmt.readers.lines import Line
from benchfmt.units import exact

NAME = "openvino-benchmark-app"
VERSION = "1.0"
SUITE = "openvino-benchmark-app"
OPTIONS = ("model", "system", "submitter", "url", "license")
SHARES_LOGS = True

LOGS = lines.ENDINGS
DEVICES = {
    "CPU": "cpu",
    "GPU": "gpu",
    "NPU": "npu",
    "VPUX": "npu",
    "MYRIAD": "vpu",
    "HDDL": "vpu",
    "VPU": "vpu",
    "FPGA": "fpga",
    "NVIDIA": "gpu",
}
_VIRTUAL = ("AUTO", "MULTI", "HETERO", "BATCH")
"""Names that stand for a choice of devices, which follow behind a colon."""
_SECTIONS = {
    "command line parameters": "command",
    "configuration setup": "configuration",
    "execution results": "results",
    "cmd_options": "command",
    "configuration_setup": "configuration",
    "execution_results": "results",
}
_RESULTS = {
    "read model time": "read",
    "read network time": "read",
    "read_model_time": "read",
    "read_network_time": "read",
    "compile model time": "compile",
    "load model time": "compile",
    "load network time": "compile",
    "compile_model_time": "compile",
    "load_model_time": "compile",
    "load_network_time": "compile",
    "first inference time": "first",
    "first_inference_time": "first",
    "first_inf_time": "first",
    "total execution time": "duration",
    "execution_time": "duration",
    "total_execution_time": "duration",
    "total number of iterations": "count",
    "iterations_num": "count",
    "total_num_of_iterations": "count",
    "percentile boundary": "boundary",
    "percentile_boundary": "boundary",
    "throughput": "throughput",
}
"""The names of numbers in a report, without `(ms)`: spaced in CSV and the Python tool's JSON, joined in that of C++."""
_WORDS = {"median": "median", "average": "mean", "avg": "mean", "min": "min", "max": "max"}
_NUMBER = r"((?:[^\s(*`|,;]|,(?=[0-9]))+)"
"""What stands where a number does; a comma within belongs to it, so that 1,349.62 never becomes 1."""
_LATENCY = re.compile(
    r"(?:(?P<word>Median|Average|AVG|Avg|Min|MIN|Max|MAX)|(?P<level>[0-9]+)(?:th)? percentile):\s*"
    rf"(?P<number>{_NUMBER[1:-1]}) (?P<unit>ms|us)"
)
_PRINTED = {
    "count": re.compile(r"Count:\s+([0-9]+) iterations"),
    "duration": re.compile(rf"Duration:\s+{_NUMBER} ms"),
    "throughput": re.compile(rf"Throughput:\s+{_NUMBER} FPS"),
    "read": re.compile(rf"Read (?:model|network) took {_NUMBER} ms"),
    "compile": re.compile(rf"(?:Compile model|Load network|Load model) took {_NUMBER} ms"),
    "first": re.compile(rf"First inference took {_NUMBER} ms"),
}
_SINGLE = re.compile(rf"Latency:\s+{_NUMBER} (ms|us)")
_END = re.compile(r"(?=$|[\s(;|*`]|[,.](?![0-9]))")
"""What may stand behind a number and its unit: notes, and marks of the page that it stands on."""
_SAYS_NUMBER = re.compile(
    r"(?:Count|Duration|Throughput|Latency|Median|Average|AVG|Avg|Min|MIN|Max|MAX|[0-9]+(?:th)? percentile):\s+[0-9](?!\S* qps)"
)
"""How a line begins that says a number of the result, also where it says it in other words or units."""
_PREFIX = re.compile(r"^\s*(?:[>|]\s*)?(?:\[ ?(?:INFO|WARNING|ERROR) ?\]\s*)?")
_STEP = re.compile(r"\[Step ([0-9]{1,2})/([0-9]{1,2})\]")
_LACKING = (
    "looks like an output of benchmark_app, and no `Count`, `Latency` or `Throughput` is in it"
)
_BENCHMARK = re.compile(r"(?:^|[\s/\\])benchmark_app(?:\.exe|\.py)?\"?\s+(-.*)$")
_ORDER = (
    "command",
    "step 1",
    "step 2",
    "step 3",
    "step 4",
    "read",
    "step 5",
    "step 6",
    "step 7",
    "compile",
    "step 8",
    "step 9",
    "step 10",
    "first",
    "step 11",
    "count",
    "duration",
    ("latency", "median", "mean", "min", "max", "level"),
    "throughput",
)
"""What a run prints, in its order."""
_ENDS = ("count", "duration", "throughput")
_GROUPS = "Latency for each data shape group"
"""Behind these words statistics follow for each shape, which are parts of the run's."""
OWN = re.compile(
    r"\[Step [0-9]{1,2}/[0-9]{1,2}\]|\[ (?:INFO|WARNING|ERROR|DEBUG) \]|(?:\S*[/\\])?benchmark_app(?:\.exe|\.py)?\"?\s"
    r"|Count:\s+[0-9]+ iterations|Duration:\s+\S+ ms|Throughput:\s+\S+ FPS|Latency:(?:\s+\S+ [mu]s|\s*$)"
    r"|(?:Median|Average|AVG|Avg|Min|MIN|Max|MAX|[0-9]+(?:th)? percentile):\s+\S+ [mu]s"
    r"|(?:Read (?:model|network)|Compile model|Load network|Load model|First inference) took "
    r"|Measuring performance \(|Execution Devices:|EXECUTION_DEVICES:|(?:Model|Network) batch size: "
)
"""How the tool's lines begin."""
_INPUT = re.compile(
    r"(?P<name>\S+) (?:\(node: .*\) )?: (?P<type>\w+) / \[(?P<layout>[^\]]*)\] / [\[{](?P<dims>[0-9,]+)[\]}]"
)
_MEASURING = re.compile(
    r"Measuring performance \(Start inference (?P<api>a?synchronously)(?:, (?P<requests>[0-9]+) inference requests)?"
)
_CSV_HEAD = re.compile(
    r"\s*(?:Command line parameters|Configuration setup|Execution results)\s*$", re.MULTILINE
)
_COUNTERS = re.compile(
    r'\s*layerName;execStatus;layerType|\s*\{\s*"(?:report_type|detailed_performance|avg_performance)"'
)


@dataclass
class Run:
    """One run as the tool tells it: numbers with the characters and units that stand there."""

    number: int = 1
    line: int = 1
    said: dict[str, str] = field(default_factory=dict)
    latency: dict[str, tuple[str, str]] = field(default_factory=dict)
    command: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    build: str = ""
    api: str = ""
    requests: str = ""
    batch: str = ""
    devices: list[str] = field(default_factory=list)
    device: str = ""
    """What was asked for as device (`-d`), where nothing says which devices executed."""
    fills_inputs: bool = False
    counters: bool = False
    one_line: bool = False
    ended: bool = False
    error: str = ""
    damaged: list[tuple[int, str]] = field(default_factory=list)
    """Lines with a number that is written in another way than the tool does, with their numbers in the file."""

    @property
    def fingerprint(self) -> tuple[str, ...]:
        """What a run's output and its report have in common, to the last digit."""
        return tuple(
            _short(self.said.get(name, "")) for name in ("count", "duration", "throughput")
        )

    @property
    def says_something(self) -> bool:
        """Whether anything of a run was found."""
        return bool(self.said or self.build or self.error)


PATTERNS = (
    Pattern(
        with_endings(*LOGS),
        words=(
            "Throughput:",
            "Duration:",
            "Measuring performance",
            "Loading OpenVINO",
            "Loading the model",
        ),
    ),
    Pattern(("*.csv",), words=("throughput;", "target device;")),
    Pattern(("*.json",), words=('"execution_results"', '"configuration_setup"')),
)


def detect(source: Source) -> Match | None:
    """Say how many outputs and reports of benchmark_app a source holds, or None."""
    found = [path for path, kind in _files(source) if kind != "counters"]
    return (
        Match(0.9, f"{len(found)} files of benchmark_app, first {source.relative(found[0])}")
        if found
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each output with the report of the same run, and for each report without."""
    found = list(_files(source))
    reports: dict[tuple[str, ...], list[Path]] = {}
    for path, kind in found:
        if kind == "report":
            reports.setdefault(_fingerprint(path, source), []).append(path)
    taken: set[Path] = set()
    for path, kind in found:
        if kind == "counters":
            yield Skipped(
                path, "times of layers under performance counters, which slow the run; not read"
            )
        elif kind == "log":
            mine = [p for p in _matching(path, reports) if p not in taken]
            taken.update(mine)
            yield Unit(path, tuple(mine), options, "log", source.limits)
    for path, kind in found:
        if kind == "report" and path not in taken:
            yield Unit(path, (), options, "report", source.limits)


def lacks(path: Path) -> str | None:
    """Say what a text that looks like an output of benchmark_app lacks, or None."""
    if path.suffix.lower() not in lines.ENDINGS:
        return None
    beginning = texts.head(path, own=OWN).splitlines()
    if any(_STEP.match(line) for line in beginning):
        return _LACKING
    return None


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file."""
    try:
        runs = _runs(unit)
    except (BenchfmtError, ValueError, ArithmeticError) as error:
        yield Failed(unit.path, str(error))
        return
    if not runs:
        yield Failed(unit.path, f"it {_LACKING}")
        return
    digest = file_sha256(unit.path)
    reports = [(path, _report(path)) for path in unit.supporting]
    for run in runs:
        for line, text in run.damaged:
            yield texts.not_understood(unit.path.name, line, text)
        draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
        locator = f"run={run.number}" if len(runs) > 1 else None
        draft.source(unit.path.name, digest, locator)
        for path, report in reports:
            if report.fingerprint == run.fingerprint:
                draft.source(path.name, file_sha256(path))
                _join(run, report)
        try:
            _describe(draft, unit.options, run)
            yield draft.build()
        except (ValueError, ArithmeticError) as error:
            yield Failed(unit.path, f"not a result: {error}", run.number)


def _runs(unit: Unit) -> list[Run]:
    if unit.extra == "report":
        report = _report(unit.path)
        if not report.said.get("throughput") and not report.latency:
            raise BenchfmtError("the report has no execution results")
        return [report]
    return _printed(texts.whole_lines_of(unit.path, OWN, unit.limits))


# --- which files ---


def _files(source: Source) -> Iterator[tuple[Path, str]]:
    for name in source.files.texts():
        last = name.replace("\\", "/").rpartition("/")[2].lower()
        ending = "." + last.rpartition(".")[2] if "." in last else ""
        alone = source.root == Path(name)
        if last.startswith("mlperf_log_") or not (alone or ending in (*LOGS, ".csv", ".json")):
            continue
        path = Path(name)
        if path.is_symlink() or not path.is_file():
            continue
        kind = _kind(path, ending)
        if kind:
            yield path, kind


def _kind(path: Path, ending: str) -> str | None:
    if ending in (".csv", ".json"):
        head = texts.head(path, 4096)
        if _COUNTERS.match(head):
            return "counters" if '"node_type"' in head or ending == ".csv" else None
        if ending == ".json":
            return (
                "report"
                if head.lstrip()[:1] == "{"
                and re.search(r'"(?:execution_results|configuration_setup)"\s*:', head)
                else None
            )
        return (
            "report"
            if _CSV_HEAD.match(head)
            and re.search(r"^(?:throughput|target device);", head, re.MULTILINE)
            else None
        )
    return "log" if is_printed(texts.head(path, own=OWN)) else None


def is_printed(text: str) -> bool:
    """Say whether text holds the end of a run as benchmark_app prints it, or its beginning."""
    ends = sum(
        pattern.search(text) is not None for name, pattern in _PRINTED.items() if name in _ENDS
    )
    began = (
        r"^\s*\[Step [0-9]+/1[01]\] (?:Measuring performance|Loading OpenVINO|Loading the model)"
    )
    return ends >= 2 or re.search(began, text, re.MULTILINE) is not None


def _fingerprint(path: Path, source: Source) -> tuple[str, ...]:
    try:
        return (str(path.parent), *_report(path).fingerprint) if source.files else ()
    except (BenchfmtError, OSError):
        return (str(path),)


def _matching(log: Path, reports: Mapping[tuple[str, ...], list[Path]]) -> Iterator[Path]:
    """Yield the reports whose count, duration and throughput are those of a run of this output."""
    try:
        runs = _printed(texts.whole_lines_of(log, OWN, LIMITS))
    except (BenchfmtError, OSError):  # told when it is read
        return
    for run in runs:
        same = [
            (key, paths)
            for key, paths in reports.items()
            if key[1:] == run.fingerprint and all(run.fingerprint)
        ]
        near = [paths for key, paths in same if key[0] == str(log.parent)] or [
            paths for _, paths in same
        ]
        if len(near) == 1 and len(near[0]) == 1:
            yield near[0][0]


# --- the output ---


def printed(text: str) -> list[Run]:
    """Return the runs that an output holds, in their order."""
    return _printed(lines.read(text, OWN))


def _printed(told: list[Line]) -> list[Run]:
    found: list[Run] = []
    for part in repeats.runs(list(_without_groups(told)), _key, _ORDER):
        run, inputs = Run(len(found) + 1, part[0].number), False
        for line in part:
            step = _STEP.search(line.text)
            if step:
                inputs = step[1] == "6"
            text = _PREFIX.sub("", line.text).strip()
            _take(run, line.text, text, inputs=inputs)
            if _SAYS_NUMBER.match(text) and not _is_understood(text):
                run.damaged.append((line.number, text))
        if run.says_something:
            found.append(run)
    return found


def _is_understood(text: str) -> bool:
    """Say whether the number of a line is read."""
    matches = (pattern.match(text) for pattern in (*_PRINTED.values(), _LATENCY, _SINGLE))
    return any(match is not None and _END.match(text, match.end()) for match in matches)


def _without_groups(told: list[Line]) -> Iterator[Line]:
    """Yield lines without the statistics of the groups of shapes."""
    inside = False
    for line in told:
        text = _PREFIX.sub("", line.text).strip()
        inside = text.startswith(_GROUPS) or (inside and _key(line.text) in (None, *_ORDER[-2]))
        if not inside:
            yield line


def _key(line: str) -> str | None:
    """Return what a line says, by its name in the tool's order."""
    if step := _STEP.search(line):
        return f"step {step[1]}" if step[2] == "11" or step[1] == "1" else None
    text = _PREFIX.sub("", line).strip()
    name = next((name for name, pattern in _PRINTED.items() if pattern.match(text)), None)
    if name is None and (match := _LATENCY.match(text)):
        name = _WORDS[match["word"].lower()] if match["word"] else "level"
    if name is None and _SINGLE.match(text):
        name = "latency"
    if name is None and _BENCHMARK.search(text) and not text.startswith("Command line:"):
        name = repeats.COMMAND
    return name


def _take(run: Run, line: str, text: str, *, inputs: bool) -> None:
    for name, pattern in _PRINTED.items():
        if (match := pattern.match(text)) and _END.match(text, match.end()):
            run.said.setdefault(name, match[1])
            run.ended |= name == "throughput"
            return
    if (match := _LATENCY.match(text)) and _END.match(text, match.end()):
        name = _WORDS[match["word"].lower()] if match["word"] else _percentile(match["level"])
        run.latency.setdefault(name, (match["number"], match["unit"]))
    elif (match := _SINGLE.match(text)) and _END.match(text, match.end()):
        # Releases before 2021.4 print one number, which is the median (getMedianValue of samples/benchmark_app/main.cpp).
        run.latency.setdefault("median", (match[1], match[2]))
        run.one_line = True
    elif match := _MEASURING.search(text):
        run.api = "sync" if match["api"] == "synchronously" else "async"
        run.requests = match["requests"] or ""
    elif match := re.fullmatch(r"(?:Model|Network) batch size: ([0-9]+)", text):
        run.batch = match[1]
    elif match := re.match(r"(?:Execution Devices|EXECUTION_DEVICES): ?(.*)", text):
        run.devices = run.devices or _devices(match[1])
    elif match := re.fullmatch(r"Build \.+ ?(\S+)", text):
        run.build = run.build or match[1]
    elif inputs and (match := _INPUT.fullmatch(text)):
        if "output" not in run.properties.get("block", ""):
            run.inputs.setdefault(match["name"], (match["type"], match["layout"], match["dims"]))
    elif text in ("Model inputs:", "Model outputs:", "Network inputs:", "Network outputs:"):
        run.properties["block"] = text.lower()
    elif match := re.fullmatch(r"([A-Z][A-Z_]+): (.+)", text):
        run.properties.setdefault(match[1], match[2])
        run.counters |= match[1] == "PERF_COUNT" and match[2] in ("YES", "True")
    elif text.startswith("Turn on performance counters"):
        run.counters = True
    elif "inputs filling are included" in text:
        run.fills_inputs = True
    elif re.match(r"\s*\[ ?ERROR ?\]", line) and not run.error:
        run.error = texts.one_line(text)
    elif match := _BENCHMARK.search(text):
        run.command |= _switches(match[1])
        run.device = run.command.get("-d", run.command.get("--target_device", run.device))


def _switches(line: str) -> dict[str, str]:
    words = re.findall(r'"[^"]*"|\S+', line)
    pairs = zip(words, [*words[1:], ""], strict=True)
    return {
        word: "" if after.startswith("-") else after.strip('"')
        for word, after in pairs
        if re.match(r"-[a-z]", word)
    }


def _percentile(level: str) -> str:
    return {"50": "median", "100": "max"}.get(level, f"p{level}")


# --- the report ---


def _report(path: Path) -> Run:
    blocks: dict[str, dict[str, str]] = {}
    if path.suffix.lower() == ".json":
        data = jsons.read(path, digits=True)
        for key, block in data.items() if isinstance(data, Mapping) else ():
            if key in _SECTIONS and isinstance(block, Mapping):
                blocks[_SECTIONS[key]] = {
                    str(k): str(v) for k, v in block.items() if not isinstance(v, list | Mapping)
                }
    else:
        section = ""
        for line in texts.text_of(path).splitlines():
            name, semicolon, value = line.strip().partition(";")
            if not semicolon and name:
                section = _SECTIONS.get(name.lower(), "")
            elif section and name:
                blocks.setdefault(section, {})[name] = value.strip()
    return _of_blocks(blocks)


def _of_blocks(blocks: Mapping[str, Mapping[str, str]]) -> Run:
    run = Run(ended=True)
    run.command = {
        k if k.startswith("-") else f"-{k}": v for k, v in blocks.get("command", {}).items()
    }
    run.configuration = {
        k.replace("_", " ").removesuffix(" (ms)"): v
        for k, v in blocks.get("configuration", {}).items()
    }
    for label, value in blocks.get("results", {}).items():
        plain = re.sub(r" ?\(ms\)$", "", label).strip().lower()
        if plain in _RESULTS:
            run.said[_RESULTS[plain]] = value
        elif name := _latency_name(plain):
            run.latency[name] = (value, "ms")
    boundary = run.said.get("boundary", "50")
    if boundary != "50" and "median" in run.latency:
        run.latency[_percentile(boundary)] = run.latency.pop("median")
    run.batch = run.configuration.get("batch size", "")
    run.api = run.configuration.get("API", run.configuration.get("api", "")).lower()
    run.requests = run.configuration.get(
        "number of parallel infer requests", run.configuration.get("nireq", "")
    )
    run.device = run.configuration.get("target device", "")
    run.fills_inputs = (
        run.configuration.get("inference only", run.configuration.get("inference_only", "")).lower()
        == "false"
    )
    run.counters = (
        run.command.get("-report_type", "").endswith("counters")
        and run.command["-report_type"] != "no_counters"
    )
    run.counters |= (
        run.command.get("-pc", "false").lower() not in ("false", "0")
        or "-exec_graph_path" in run.command
    )
    return run


def _latency_name(plain: str) -> str | None:
    """Return the statistic that a label of a report means, or None: `latency` alone is the median."""
    words = plain.replace("_", " ")
    if level := re.fullmatch(r"latency \(([0-9]+) percentile\)", words):
        return _percentile(level[1])
    if "latency" not in words.split():
        return None
    rest = words.replace("latency", "").strip()
    return "median" if not rest else _WORDS.get(rest)


def _join(run: Run, report: Run) -> None:
    """Add to a run what its report says besides."""
    run.command = {**report.command, **run.command}
    run.configuration = report.configuration
    run.said = {**report.said, **run.said}
    run.latency = {**report.latency, **run.latency}
    run.api, run.requests = run.api or report.api, run.requests or report.requests
    run.batch = run.batch or report.batch
    run.devices = run.devices or report.devices
    run.device = run.device or report.device
    run.counters |= report.counters
    run.fills_inputs |= report.fills_inputs


# --- the record ---


def _describe(draft: Draft, options: Mapping[str, str], run: Run) -> None:
    model = model_of(_model_path(run))
    add_options(draft, options, model)
    name = options.get("model") or model
    if name:
        draft.benchmark(name=re.sub(r"\.(onnx|xml|pb|pdmodel|tflite)$", "", name))
    version = _version(run)
    draft.benchmark(suite_version=version, scenario=_scenario(run))
    draft.software(engine="openvino", engine_version=version)
    draft.configuration(
        input_shape=_shape(run),
        batch_size=_batch(run),
        threads=_whole(run.properties.get("INFERENCE_NUM_THREADS", "")),
        placement=_placement(run),
        hyperparameters=_settings(run),
    )
    _measure(draft, run)
    _judge_end(draft, run)
    _keep(draft, run)


def _model_path(run: Run) -> str:
    for option in ("-m", "--path_to_model", "-model"):
        path = run.command.get(option)
        if path:
            return path
    return ""


def _version(run: Run) -> str | None:
    """Return the release of OpenVINO that a build belongs to."""
    release = re.match(r"(20[0-9]{2}\.[0-9]+(?:\.[0-9]+)?)", run.build)
    return release[1] if release else None


def _judge_end(draft: Draft, run: Run) -> None:
    """Say how the run ended: with a throughput, with an error, or not at all."""
    if run.said.get("throughput") and numbers_with_value(draft.numbers):
        return
    if run.error:
        draft.fail("failed", run.error)
    else:
        draft.fail("incomplete", "the output ends before the run does")


def _batch(run: Run) -> int | None:
    return _whole(run.batch)


def _whole(text: str) -> int | None:
    return int(text) or None if re.fullmatch("[0-9]{1,12}", text) else None


def _requests(run: Run) -> int | None:
    return _whole(run.requests) or (1 if run.api == "sync" else None)


def _overlaps(run: Run) -> bool:
    """Say whether several requests were in flight: as the run says, else by what the times of the requests add up to.

    An asynchronous run that does not say how many has as many as fit.
    """
    if run.api:
        return run.api == "async" and _requests(run) != 1
    middle = run.latency.get("mean") or run.latency.get("median")
    count, whole = exact(run.said.get("count", "")), exact(run.said.get("duration", ""))
    each = exact(middle[0]) if middle else None
    if not middle or not each or not count or not whole:
        return False
    return each * count > whole * (1100 if middle[1] == "us" else Fraction(11, 10))


def _scenario(run: Run) -> str | None:
    if run.api == "async":
        return "closed-loop"
    return "single-stream" if run.api == "sync" and _batch(run) == 1 else None


def _shape(run: Run) -> list[int] | None:
    """Return the shape of the one input without its batch, where the layout says which dimension that is."""
    if len(run.inputs) != 1:
        return None
    (_, layout, dims), *_ = run.inputs.values()
    sizes, names = (
        [int(part) for part in dims.split(",")],
        [part.strip() for part in layout.split(",")],
    )
    if len(names) == len(sizes) and "N" in names:
        del sizes[names.index("N")]
    return sizes if sizes and all(sizes) else None


def _devices(text: str) -> list[str]:
    """Return the names of devices in a list of them (`['GPU.0', 'CPU']`, `NPU.3720`, `MULTI:CPU,GPU.1`), in order."""
    return [
        name for name in re.findall(r"-?[A-Z][A-Z_]*(?:\.[0-9A-Z]+)*", text) if name not in _VIRTUAL
    ]


def _placement(run: Run) -> list[str] | None:
    """Return the kinds of device that executed, else those that were asked for; what was ruled out (`AUTO:-CPU`) is none."""
    names = run.devices or _devices(run.device)
    kinds = [DEVICES.get(name.partition(".")[0]) for name in names]
    return list(dict.fromkeys(kind for kind in kinds if kind)) if kinds and all(kinds) else None


def _settings(run: Run) -> dict[str, JsonValue]:
    hint = run.properties.get("PERFORMANCE_HINT", "").rpartition(".")[2].lower()
    return {
        "api": run.api or None,
        "hint": hint or run.command.get("-hint") or None,
        "requests": _requests(run),
        "streams": _whole(run.properties.get("NUM_STREAMS", "")),
        "inference_only": False if run.fills_inputs else None,
    }


def _keep(draft: Draft, run: Run) -> None:
    inputs = {}
    for name, (kind, layout, dims) in run.inputs.items():
        inputs[name] = f"{kind} [{layout}] {dims.replace(',', 'x')}"
    draft.keep("build", run.build or None)
    draft.keep("inputs", inputs)
    draft.keep("precision_hint", run.properties.get("INFERENCE_PRECISION_HINT"))
    draft.keep("reported_precision", run.configuration.get("precision"))
    topology = run.configuration.get("topology") or run.properties.get("NETWORK_NAME")
    draft.keep("topology", topology)
    target = run.configuration.get("target device") or run.command.get("-d")
    draft.keep("target_device", target)
    draft.keep("performance_counters", run.counters or None)
    draft.keep("command", run.command)


_STAGES = {"read": "load", "compile": "build", "first": "first-run", "duration": "whole-run"}
"""The stages of the times that a run prints once."""


def _measure(draft: Draft, run: Run) -> None:
    said = run.said
    if said.get("throughput"):
        rate = draft.measure_printed(
            "throughput",
            said["throughput"],
            "/s",
            statistic="mean",
            stage="whole-run",
            per="sample",
            caveats=["profiled"] if run.counters else None,
        )
        if rate.value is not None:
            rate.primary = True
    overlaps = _overlaps(run)
    caveats = _latency_caveats(run, overlaps=overlaps)
    for name, (text, unit) in run.latency.items():
        draft.measure_printed(
            "latency",
            text,
            unit,
            statistic=name,
            stage="request" if overlaps else "inference",
            per="query",
            n=_whole(said.get("count", "")),
            caveats=caveats or None,
        )
    for word, stage in _STAGES.items():
        if said.get(word):
            draft.measure_printed("duration", said[word], "ms", stage=stage)


def _latency_caveats(run: Run, *, overlaps: bool) -> list[str]:
    caveats = []
    if overlaps:
        caveats.append("overlapping-requests")
    if run.counters:
        caveats.append("profiled")
    if run.one_line or run.fills_inputs:
        caveats.append("definition-inferred")
    return caveats


def _short(text: str) -> str:
    """Return a number as the output prints it: two decimals; the C++ report has more."""
    number = exact(text)
    return "" if number is None else f"{float(number):.2f}"
