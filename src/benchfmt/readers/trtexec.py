"""trtexec of TensorRT 7 to 11: what its logs and exported JSON say, numbers as the characters that stand there.

Pure functions: text or data in, plain values out. Nothing is judged here; that is the converter's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np

from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons, lines, repeats
from benchfmt.readers.lines import Line
from benchfmt.suites import trtexec as rules

STAGES = {
    "latency": "inference",
    "end-to-end host latency": "request",
    "enqueue time": "enqueue",
    "h2d latency": "transfer-in",
    "gpu compute time": "compute",
    "d2h latency": "transfer-out",
}
"""The words of a performance summary, and the stages that they name."""
TIMES = {
    "inference": ("latencyMs",),
    "request": ("endToEndMs",),
    "transfer-in": ("h2dMs", "inMs"),
    "compute": ("computeMs",),
    "transfer-out": ("d2hMs", "outMs"),
}
"""The members of an exported query for each stage: those of 8.0 and later, then those of 7."""
_BLOCKS = {"host latency": "inference", "enqueue time": "enqueue", "gpu compute": "compute"}
_SECTIONS = {
    "Model Options",
    "Build Options",
    "System Options",
    "Inference Options",
    "Reporting Options",
    "Device Information",
}
MARK = re.compile(
    r"&&&& (?P<word>RUNNING|PASSED|FAILED|WAIVED) TensorRT\.trtexec\S*(?: \[TensorRT v(?P<tag>[0-9.]+)\])?"
    r"(?: \[b(?P<build>[0-9]+)\])?(?: # (?P<command>.*))?"
)
"""A run begins and ends with such a line; TensorRT 7 prints no version in it."""
_LINE = re.compile(
    r".*?(?:\[(?P<month>0[1-9]|1[0-2])/(?P<day>0[1-9]|[12][0-9]|3[01])/(?P<year>[0-9]{4})"
    r"-(?P<time>(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])\] ?)?"
    r"\[(?P<level>[IWEVF])\] ?(?P<text>.*)"
)
_WORDS = (
    r"(?:T|t)hroughput: \S+ qps"
    r"|(?:Latency|End-to-End Host Latency|Enqueue Time|H2D Latency|GPU Compute Time|D2H Latency): min = "
    r"|(?:min|max|mean|median|percentile): \S+ ms\b|(?:Host Latency|Enqueue Time|GPU Compute)\s*$"
    r"|(?:Total Host Walltime|Total GPU Compute Time|walltime|total compute time): \S+ s\b"
    r"|=== (?:Performance summary|Model Options|Build Options|System Options|Inference Options|Reporting Options"
    r"|Device Information) ==="
)
"""How lines of an excerpt begin, where somebody left the level out."""
_BARE = re.compile(_WORDS)
_PROSE = re.compile(r"[Tt]hroughput: \S+ qps,? [a-z]")
"""A sentence about a rate, as `Throughput: 800 qps would be nice`; the tool ends its line with the unit."""
_SHELL = re.compile(r"(?:^|[\s/\\])trtexec(?:\.exe)?\"?\s+(?P<command>--?\w.*)")
_STAMP = r"(?:\[[0-9]{2}/[0-9]{2}/[0-9]{4}-[0-9:]{8}\] ?)?"
OWN = re.compile(
    rf"&&&& \w+ TensorRT|{_STAMP}\[[IWEVF]\](?: |$)|{_STAMP}(?:{_WORDS})|(?:\S*[/\\])?trtexec(?:\.exe)?\"? +--"
)
"""How the tool's lines begin."""
_KEYS = (
    ("model options", "=== Model Options ==="),
    ("build options", "=== Build Options ==="),
    ("system options", "=== System Options ==="),
    ("inference options", "=== Inference Options ==="),
    ("reporting options", "=== Reporting Options ==="),
    ("device", "=== Device Information ==="),
    ("warm-ups", "Warmup completed "),
    ("queries", "Timing trace has "),
    ("summary", "=== Performance summary ==="),
    ("rate", "Throughput: "),
    ("inference", "Latency: min"),
    ("request", "End-to-End Host Latency: min"),
    ("enqueue", "Enqueue Time: min"),
    ("transfer-in", "H2D Latency: min"),
    ("compute", "GPU Compute Time: min"),
    ("transfer-out", "D2H Latency: min"),
    ("walltime", "Total Host Walltime: "),
    ("gpu total", "Total GPU Compute Time: "),
    ("old rate", "throughput: "),
    ("old walltime", "walltime: "),
    ("gpu total", "total compute time: "),
)
_BLOCK_KEYS = {"host latency": "inference", "enqueue time": "enqueue", "gpu compute": "compute"}
_ORDER = (
    "command",
    "running",
    *(key for key, _ in _KEYS[:9]),
    "rate",
    "inference",
    "request",
    "enqueue",
    "transfer-in",
    "compute",
    "transfer-out",
    "walltime",
    "gpu total",
    "end",
)
"""What a run prints, in its order."""
_ANYWHERE = ("old rate", "old walltime")
"""What TensorRT 7 prints in the middle of its stages."""
_PARTS = r"(?P<name>min|max|mean|median|percentile)"
_STATISTIC = re.compile(_PARTS + r"(?:\((?P<level>[0-9.]+)%\))? = (?P<number>\S+) ms")
_OLD = re.compile(
    _PARTS + r": (?P<number>\S+) ms(?: at (?P<level>[0-9.]+)%)?"
    r"(?: \(end to end (?P<whole>\S+) ms(?: at [0-9.]+%)?\))?"
)
_BINDING = re.compile(
    r"(?:Created input binding for (?P<old>.+) with dimensions (?P<odims>[0-9x]+)"
    r"|Input binding for (?P<new>.+) with dimensions (?P<ndims>[0-9x]+)(?: and type (?P<type>\S+))? is created\.?)"
)
_DEVICE = re.compile(r'Device [0-9]+: "(?P<name>.+)" UUID:')
_OLD_RATE = re.compile(r"\bthroughput: \S+ qps")
_TOTALS = {
    "throughput": re.compile(r"throughput: (\S+) qps", re.IGNORECASE),
    "walltime": re.compile(r"(?:Total Host Walltime|walltime): (\S+) s"),
    "gpu_total": re.compile(r"(?:Total GPU Compute Time|total compute time): (\S+) s"),
    "unstable": re.compile(
        r"\* GPU compute time is unstable, with coefficient of variance = ([^%]+)%"
    ),
    "built": re.compile(r"Engine built in (\S+) sec"),
    "loaded": re.compile(r"Engine (?:deserialized|loaded) in (\S+) sec"),
    "warm_ups": re.compile(r"Warmup completed ([0-9]{1,15}) queries"),
    "queries": re.compile(r"Timing trace has ([0-9]{1,15}) queries"),
    "engine_size": re.compile(
        r"(?:Created engine with size|(?:\[TRT\] )?Loaded engine size): (\S+ Mi?B)"
    ),
    "context_memory": re.compile(r"Created execution context with device memory size: (\S+ MiB)"),
    "build_memory": re.compile(r"Peak memory usage of TRT CPU/GPU memory allocators: (.+)"),
}
_PROFILE = re.compile(r"=== Profile \(([0-9]{1,15}) iterations ?\) ===")
_TOTAL_ROW = re.compile(
    r"\s*(?:Total\s+([0-9.]+)\s+[0-9.]+\s+[0-9.]+|([0-9.]+)\s+[0-9.]+(?:\s+[0-9.]+)*\s+Total)\s*"
)
_LAYER = re.compile(
    r'[\s,\[]*\{\s*"name"\s*:\s*"(?P<name>.*)",\s*"timeMs"\s*:\s*(?P<timeMs>[^,\s]+),\s*"averageMs"\s*:\s*(?P<averageMs>[^,\s]+),'
    r'(?:\s*"medianMs"\s*:\s*(?P<medianMs>[^,\s]+),)?\s*"percentage"\s*:\s*(?P<percentage>[^,\s]+)\s*\}'
)
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
        r'\s*\[?\s*\{(?=.*"ComputeCapability"\s*:)(?=.*"TotalMemory"\s*:)', re.DOTALL
    ),
}


@dataclass
class Run:
    """One run of trtexec as its log tells it; an empty text or dict where the log says nothing."""

    number: int = 1
    line: int = 1
    command: str = ""
    """The command line as the run itself says it."""
    shell: str = ""
    """The command line of a shell before the run."""
    tag: str = ""
    build: str = ""
    stamp: str = ""
    end: str = ""
    end_line: str = ""
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    shapes: list[str] = field(default_factory=list)
    bindings: list[tuple[str, str]] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    summary: dict[str, dict[str, str]] = field(default_factory=dict)
    totals: dict[str, str] = field(default_factory=dict)
    engine_sizes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    damaged: list[tuple[int, str]] = field(default_factory=list)
    profile_count: str = ""
    profile_total: str = ""
    not_reported: bool = False
    skipped: bool = False

    @property
    def version(self) -> str | None:
        """The version of TensorRT, or None where the run does not say it."""
        return rules.decoded(
            self.option("Device Information", "TensorRT version")
        ) or rules.decoded(self.tag)

    def option(self, section: str, *labels: str) -> str:
        """Return what an option block says under one of these labels, empty where it says nothing."""
        block = self.options.get(section, {})
        return next((block[label] for label in labels if block.get(label)), "")

    @property
    def flags(self) -> dict[str, str]:
        """The switches of the command line, without their dashes; the value is empty where there is none."""
        words = (
            word[2:].partition("=")
            for word in (self.command or self.shell).split()
            if word.startswith("--")
        )
        return {name: value.strip("\"'") for name, _, value in words}

    @property
    def says_something(self) -> bool:
        """Whether anything of a run was found."""
        return bool(self.command or self.end or self.options or self.summary or self.totals)


def has_mark(text: str) -> bool:
    """Say whether text holds the line with which a run of trtexec begins or ends."""
    return any(
        text[text.rfind("\n", 0, mark.start()) + 1 : mark.start()].strip(" \t>") == ""
        for mark in MARK.finditer(text)
    )


def has_summary(text: str) -> bool:
    """Say whether text holds lines of a performance summary in trtexec's words, also without time and level."""
    return any(_is_statistic(line) for line in text.splitlines()) or (
        re.search(r"\[I\] GPU Compute\s*$|^\s*GPU Compute\s*$", text, re.MULTILINE) is not None
        and _OLD_RATE.search(text) is not None
    )


def _is_statistic(line: str) -> bool:
    """Say whether a line is one of the statistics of a stage; there is no other that says them so."""
    match = _LINE.match(line)
    if match is not None and match["level"] != "I":
        return False
    word, colon, rest = (match["text"] if match else line.strip()).partition(": ")
    return bool(colon) and word.lower() in STAGES and _STATISTIC.match(rest) is not None


def kind_of(head: str) -> str | None:
    """Say by its beginning what a JSON file of trtexec (or of its engine explorer) is, or None."""
    return next((kind for kind, pattern in _HEADS.items() if pattern.match(head)), None)


def runs(source: str | list[Line]) -> list[Run]:
    """Return the runs of a log in their order; lines of anything else are passed over.

    Raises BenchfmtError where runs wrote at once and nothing says whose a line is.
    """
    told = lines.read(source, OWN) if isinstance(source, str) else source
    _check_apart(told)
    reader = _Reader()
    for chunk in repeats.runs(told, _key, _ORDER, _ANYWHERE):
        reader.begin(chunk[0].number)
        for line in chunk:
            reader.take(line.number, line.text)
    return reader.found()


def _check_apart(told: list[Line]) -> None:
    """Refuse a log in which a run ends that began before the run that is going on or has just ended."""
    begun: list[str] = []
    last, origin = "", None
    for line in told:
        mark = MARK.search(line.text) if "&&&&" in line.text else None
        if mark is None or (line.text == last and line.origin == origin):
            continue
        if line.origin != origin:
            begun = []
        last, origin = line.text, line.origin
        command = (mark["command"] or "").strip()
        if mark["word"] == "RUNNING":
            begun.append(command)
        elif command in begun and begun[-1] != command:
            raise repeats.at_once(line.number)
        elif command in begun:
            begun[-1] = ""  # what began before it may have been aborted; then it never ends


def _key(line: str) -> str | None:
    """Return what a line says, by its name in the tool's order."""
    mark = MARK.search(line) if "&&&&" in line else None
    if mark:
        return "running" if mark["word"] == "RUNNING" else "end"
    match = _LINE.match(line)
    if match is None and _SHELL.search(line):
        return repeats.COMMAND
    if match is not None and match["level"] != "I":
        return None
    text = (match["text"] if match else line).strip()
    if match is None and _PROSE.match(text):
        return None
    key = next((key for key, start in _KEYS if text.startswith(start)), None)
    return key or _BLOCK_KEYS.get(text.lower())


class _Reader:
    """Takes a log line by line."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.run = Run()
        self.section = ""
        self.block = ""
        self.in_profile = False

    def found(self) -> list[Run]:
        """Return the runs that say something."""
        self._close()
        return self.runs

    def begin(self, line: int) -> None:
        """Begin a new run, unless the one before is still to say something."""
        if self.run.says_something:
            self._close(line)
        else:
            self.run = Run(line=line)
            self.section, self.block, self.in_profile = "", "", False

    def _close(self, line: int = 1) -> None:
        if self.run.says_something:
            self.run.number = len(self.runs) + 1
            self.runs.append(self.run)
        self.run, self.section, self.block, self.in_profile = Run(line=line), "", "", False

    def take(self, number: int, line: str) -> None:
        """Take one line."""
        mark = MARK.search(line) if "&&&&" in line else None
        if mark:
            self._mark(number, mark)
            return
        match = _LINE.match(line)
        if match is None:
            self._bare(number, line.strip())
            return
        text = match["text"].strip()
        if self.run.end and (
            text in ("=== Model Options ===", "=== Performance summary ===")
            or text.lower() == "host latency"
        ):
            self._close(number)  # the next run of a file that was cut
        if match["year"] and not self.run.stamp and not self.run.end:
            self.run.stamp = f"{match['year']}-{match['month']}-{match['day']}T{match['time']}"
        if match["level"] in "EF":
            self.run.errors.append(text)
        elif match["level"] == "W":
            self.run.warnings.append(text)
        if match["level"] in "IW" and not self.run.end:
            self._text(number, text)

    def _bare(self, number: int, text: str) -> None:
        """Take a line without a level: a command line, or one of an excerpt."""
        shell = _SHELL.search(text)
        if shell and not self.run.command:
            self.run.shell = shell["command"].strip()
        elif _PROSE.match(text):
            self.run.damaged.append((number, text))
        elif not shell and _BARE.match(text) and not self.run.end:
            self._text(number, text)

    def _mark(self, number: int, mark: re.Match[str]) -> None:
        said = (mark["command"] or "").strip()
        another = bool(said and self.run.command and said != self.run.command)
        if another or self.run.end or (mark["word"] == "RUNNING" and self.run.says_something):
            self._close(number)
        run = self.run
        run.tag, run.build = mark["tag"] or run.tag, mark["build"] or run.build
        run.command = (mark["command"] or run.command).strip()
        if mark["word"] != "RUNNING":
            run.end, run.end_line = mark["word"], mark[0].partition(" # ")[0].strip()

    def _text(self, number: int, text: str) -> None:
        run = self.run
        header = re.fullmatch(r"=== (.+) ===", text)
        if header:
            self.section = header[1] if header[1] in _SECTIONS else ""
            self.block = ""
            profile = _PROFILE.fullmatch(text)
            self.in_profile = profile is not None and not run.profile_count
            if profile and self.in_profile:
                run.profile_count = profile[1]
        elif text.lower() in _BLOCKS:
            self.block = _BLOCKS[text.lower()]
        elif text.startswith("The e2e network timing is not reported"):
            run.not_reported = True
        elif text.startswith("Skipped inference phase"):
            run.skipped = True
        elif self.in_profile and (total := _TOTAL_ROW.fullmatch(text)):
            run.profile_total, self.in_profile = total[1] or total[2], False
        elif not self._number(number, text) and not text.startswith("[TRT]"):
            self._label(text)

    def _number(self, number: int, text: str) -> bool:
        run = self.run
        word, _, rest = text.partition(": ")
        if word.lower() in STAGES and "=" in rest:
            found = {_name(m["name"], m["level"]): m["number"] for m in _STATISTIC.finditer(rest)}
            if _STATISTIC.sub("", rest).strip(" ,`"):
                run.damaged.append((number, text))
            if STAGES[word.lower()] not in run.summary:
                run.summary[STAGES[word.lower()]] = found
            return True
        old = _OLD.fullmatch(text) if self.block else None
        if old:
            name = _name(old["name"], old["level"])
            run.summary.setdefault(self.block, {}).setdefault(name, old["number"])
            if old["whole"]:
                run.summary.setdefault("request", {}).setdefault(name, old["whole"])
            return True
        return self._total(text)

    def _total(self, text: str) -> bool:
        for name, pattern in _TOTALS.items():
            match = pattern.match(text)
            if match:
                if name == "engine_size":
                    self.run.engine_sizes.append(match[1])
                self.run.totals.setdefault(name, match[1])
                return True
        return False

    def _label(self, text: str) -> None:
        run = self.run
        if binding := _BINDING.fullmatch(text):
            run.bindings.append(
                (binding["old"] or binding["new"], binding["odims"] or binding["ndims"])
            )
            return
        if device := _DEVICE.match(text):
            run.devices.append(device["name"])
            return
        label, colon, value = text.partition(":")
        label, value = label.strip(), value.strip()
        if not colon or not (self.section or label == "TensorRT version"):
            return
        if label == "TensorRT version":
            run.options.setdefault("Device Information", {})[label] = value
            self.section = ""
        elif label == "Input inference shape":
            run.shapes.append(value)
        else:
            run.options.setdefault(self.section, {}).setdefault(label, value)


def _name(word: str, level: str | None) -> str:
    """Return the statistic that a word names: `percentile` at 99 is p99, at 50 the median."""
    if word != "percentile":
        return word
    plain = (level or "99").rstrip("0").rstrip(".") if "." in (level or "") else level or "99"
    return "median" if plain == "50" else "max" if plain == "100" else f"p{plain}"


def exports(text: str) -> list[tuple[str, str]]:
    """Return what the command lines of a log say that was exported: kind and path, each once, in order."""
    kinds = {"Times": "times", "Profile": "profile", "LayerInfo": "layers", "Output": "output"}
    found: dict[tuple[str, str], None] = {}
    for mark in MARK.finditer(text):
        for kind, path in re.findall(
            r"--export(Times|Profile|LayerInfo|Output)=(\S+)", mark["command"] or ""
        ):
            found[kinds[kind], path.strip("\"'")] = None
    return list(found)


# --- the summary that TensorRT's engine explorer keeps of a log ---


def of_summary(data: Any) -> Run:
    """Return the run that an engine explorer's `profile.metadata.json` describes; raises BenchfmtError.

    Its lists have no names: five numbers are min, max, mean, median and p99, seven have p90 and p95 before the p99.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("performance_summary"), Mapping):
        raise BenchfmtError("no performance_summary")
    run = Run()
    words = {5: ("p99",), 7: ("p90", "p95", "p99")}
    for label, value in data["performance_summary"].items():
        stage = STAGES.get(label.lower())
        if stage and isinstance(value, list):
            levels = words.get(len(value))
            names = ("min", "max", "mean", "median", *(levels or ()))
            run.summary[stage] = dict(zip(names, map(str, value), strict=False))
        elif not isinstance(value, list | Mapping):
            name = {
                "Throughput": "throughput",
                "Total Host Walltime": "walltime",
                "Total GPU Compute Time": "gpu_total",
            }
            if label in name:
                run.totals[name[label]] = str(value)
    for key, section in (
        ("inference_options", "Inference Options"),
        ("device_information", "Device Information"),
    ):
        add_options(run, section, data.get(key))
    return run


def add_options(run: Run, section: str, data: Any) -> None:
    """Add a block of options that stands as JSON."""
    if not isinstance(data, Mapping):
        return
    for label, value in data.items():
        if label == "Input inference shape":
            run.shapes.append(str(value))
        elif not isinstance(value, list | Mapping):
            run.options.setdefault(section, {})[str(label)] = str(value)


# --- exported times ---


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
        first = next(
            (i for i, text in enumerate(self.computes) if float(text) >= warm_up_ms), len(self)
        )
        return Times(
            {stage: texts[first:] for stage, texts in self.stages.items()},
            self.computes[first:],
            self.begins[first:],
            self.ends[first:],
        )


def times(data: Any) -> Times:
    """Return the queries of `--exportTimes`, read with their digits; raises BenchfmtError."""
    if not isinstance(data, list) or not data:
        raise BenchfmtError("no query in the exported times")
    stages: dict[str, list[str]] = {}
    for stage, names in TIMES.items():
        name = next(
            (name for name in names if isinstance(data[0], Mapping) and name in data[0]), None
        )
        if name:
            stages[stage] = [_number_of(item, index, name) for index, item in enumerate(data)]
    if not {"inference", "compute"} <= stages.keys():
        raise BenchfmtError("the first query has no latencyMs and computeMs")
    columns = (("startComputeMs",), ("startH2dMs", "startInMs"), ("endD2hMs", "endOutMs"))
    rest = [
        [_number_of(item, index, *names) for index, item in enumerate(data)] for names in columns
    ]
    return Times(stages, *rest)


def _number_of(item: Any, index: int, *names: str) -> str:
    for name in names:
        found = item.get(name) if isinstance(item, Mapping) else None
        if isinstance(found, jsons.Digits) and _MILLISECONDS.fullmatch(found):
            return str(found)
    raise BenchfmtError(f"query {index} has no number {names[0]}")


def percentile_rank(count: int, level: str) -> int:
    """Return the index in the sorted times that trtexec takes as a percentile; its arithmetic is in single precision.

    sampleReporting.cpp: `all - 1 - int((1 - percentile / 100) * all)`. It never interpolates.
    """
    share = np.float32(1) - np.float32(level) / np.float32(100)
    return max(count - 1 - int(share * np.float32(count)), 0)


def statistic(ordered: Sequence[str], name: str) -> tuple[Fraction, str | None]:
    """Return a statistic of sorted times in their unit, and the characters where it is one of them."""
    half = len(ordered) // 2
    if name == "mean":
        return Fraction(_total(ordered)) / len(ordered), None
    if name == "median" and len(ordered) % 2 == 0:
        return Fraction(_total(ordered[half - 1 : half + 1])) / 2, None
    index = {"min": 0, "median": half, "max": len(ordered) - 1}.get(name)
    chosen = ordered[percentile_rank(len(ordered), name[1:]) if index is None else index]
    return Fraction(Decimal(chosen)), chosen


def _total(numbers: Iterable[str]) -> Decimal:
    """Return an exact sum: six digits each, so that fifty hold any number of them."""
    with localcontext(prec=50):
        return sum(map(Decimal, numbers), Decimal(0))


# --- exported profiles and layers ---


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
        count = _COUNT.search(text)
        matches = (_LAYER.match(line) for line in text.splitlines())
        layers = [{k: v for k, v in match.groupdict().items() if v} for match in matches if match]
        if not count or not layers or not text.rstrip().endswith("]"):
            raise BenchfmtError("neither JSON nor the lines of a profile") from None
        return Profile(int(count[1]), layers)


def _profile_of(data: Any) -> Profile:
    items = data if isinstance(data, list) else []
    count = next(
        (item["count"] for item in items if isinstance(item, Mapping) and "count" in item), None
    )
    layers = [
        {key: str(value) for key, value in item.items() if not isinstance(value, list | Mapping)}
        for item in items
        if isinstance(item, Mapping) and "timeMs" in item
    ]
    if count is None or not str(count).isdecimal() or not layers:
        raise BenchfmtError("no count of iterations, or no layer with timeMs")
    return Profile(int(count), layers)


def layers(data: Any) -> dict[str, Any]:
    """Return what `--exportLayerInfo` says of an engine: how many layers, of which types, weights by their format."""
    items = data.get("Layers") if isinstance(data, Mapping) else None
    if not isinstance(items, list):
        raise BenchfmtError("no list of Layers")
    described = [item for item in items if isinstance(item, Mapping)]
    types = Counter(str(item["LayerType"]) for item in described if "LayerType" in item)
    weights: Counter[str] = Counter()
    for item in described:
        weight = item.get("Weights")
        if isinstance(weight, Mapping) and str(weight.get("Count", "")).isdecimal():
            weights[str(weight.get("Type"))] += int(weight["Count"])
    found: dict[str, Any] = {"layers": len(items)}
    return (
        found
        | ({"types": _sorted(types)} if types else {})
        | ({"weights": _sorted(weights)} if weights else {})
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def dimensions(run: Run) -> list[tuple[str, list[int]]]:
    """Return the shapes of the inputs as the run used them: by name, in order."""
    said = [(name, dims) for text in run.shapes for name, dims in _shapes(text)]
    return [
        (name, [int(part) for part in dims.split("x")])
        for name, dims in said or run.bindings
        if re.fullmatch("[0-9]{1,12}(x[0-9]{1,12})*", dims)
    ]


def _shapes(text: str) -> Iterable[tuple[str, str]]:
    """Split `x=4x1x28x28` (also several with commas); the name may hold any of these characters."""
    for part in re.split(r",(?=[^,]*[=:][0-9x]+(?:,|$))", text):
        name, _, dims = part.rpartition("=")
        if name:
            yield name, dims
