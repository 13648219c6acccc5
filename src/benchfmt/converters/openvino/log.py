"""The output of benchmark_app, of the Python and the C++ tool."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from benchfmt.converters import texts
from benchfmt.converters.openvino.run import (
    STATISTICS,
    Input,
    Run,
    Time,
    device_names,
    percentile,
)
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import lines, repeats
from benchfmt.readers.lines import Line
from benchfmt.readers.patterns import compiled

LOGS = lines.ENDINGS
_NUMBER = r"((?:[^\s(*`|,;]|,(?=[0-9]))+)"
"""What stands where a number does; a comma within belongs to it, so that 1,349.62 never becomes 1."""
_LATENCY = re.compile(
    r"(?:(?P<word>Median|Average|AVG|Avg|Min|MIN|Max|MAX)|(?P<level>[0-9]{1,9})(?:th)? percentile):\s*"
    rf"(?P<number>{_NUMBER[1:-1]}) (?P<unit>ms|us)"
)
_PRINTED = compiled(
    {
        "count": r"Count:\s+([0-9]+) iterations",
        "duration": rf"Duration:\s+{_NUMBER} ms",
        "throughput": rf"Throughput:\s+{_NUMBER} FPS",
        "read": rf"Read (?:model|network) took {_NUMBER} ms",
        "compile": rf"(?:Compile model|Load network|Load model) took {_NUMBER} ms",
        "first": rf"First inference took {_NUMBER} ms",
    }
)
_SINGLE = re.compile(rf"Latency:\s+{_NUMBER} (ms|us)")
_END = re.compile(r"(?=$|[\s(;|*`]|[,.](?![0-9]))")
"""What may stand behind a number and its unit: notes, and marks of the page that it stands on."""
_SAYS_NUMBER = re.compile(
    r"(?:Count|Duration|Throughput|Latency|Median|Average|AVG|Avg|Min|MIN|Max|MAX|[0-9]{1,9}(?:th)? percentile):\s+[0-9](?!\S* qps)"
)
"""How a line begins that says a number of the result, also where it says it in other words or units."""
_PREFIX = re.compile(r"^\s*(?:[>|]\s*)?(?:\[ ?(?:INFO|WARNING|ERROR) ?\]\s*)?")
_ERROR = re.compile(r"\s*\[ ?ERROR ?\]")
_STEP = re.compile(r"\[Step ([0-9]{1,2})/([0-9]{1,2})\]")
_BEGAN = re.compile(
    r"^\s*\[Step [0-9]+/1[01]\] (?:Measuring performance|Loading OpenVINO|Loading the model)",
    re.MULTILINE,
)
_BENCHMARK = re.compile(r"(?:^|[\s/\\])benchmark_app(?:\.exe|\.py)?\"?\s+(-.*)$")
_STATISTICS = ("latency", "median", "mean", "min", "max", "level")
_STEPS = 11
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
    _STATISTICS,
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


def has_steps(text: str) -> bool:
    """Say whether a line of text begins with one of the tool's steps."""
    return any(_STEP.match(line) for line in text.splitlines())


def is_printed(text: str) -> bool:
    """Say whether text holds the end of a run as benchmark_app prints it, or its beginning."""
    ends = [name for name in _ENDS if _PRINTED[name].search(text)]
    return len(ends) >= 2 or _BEGAN.search(text) is not None


def runs(output: list[Line], limits: Limits = LIMITS) -> list[Run]:
    """Return the runs that an output holds, in their order."""
    result: list[Run] = []
    for part in repeats.runs(list(_without_groups(output)), _key, _ORDER, limits=limits):
        reader = _Reader(Run(len(result) + 1))
        for line in part:
            reader.take(line)
        if reader.run.says_something:
            result.append(reader.run)
    return result


def _plain(line: str) -> str:
    return _PREFIX.sub("", line).strip()


def _without_groups(output: list[Line]) -> Iterator[Line]:
    """Yield lines without the statistics of the groups of shapes."""
    inside = False
    for line in output:
        if _plain(line.text).startswith(_GROUPS):
            inside = True
        elif inside:
            inside = _key(line.text) in (None, *_STATISTICS)
        if not inside:
            yield line


def _number_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the match of a line that ends behind its number and unit."""
    match = pattern.match(text)
    if match and _END.match(text, match.end()):
        return match
    return None


def _key(line: str) -> str | None:
    """Return what a line says, by its name in the tool's order."""
    step = _STEP.search(line)
    if step:
        return _step_key(step)
    text = _plain(line)
    for name, pattern in _PRINTED.items():
        if pattern.match(text):
            return name
    latency = _LATENCY.match(text)
    if latency:
        return STATISTICS.get((latency["word"] or "").lower(), "level")
    if _SINGLE.match(text):
        return "latency"
    if _BENCHMARK.search(text) and not text.startswith("Command line:"):
        return repeats.COMMAND
    return None


def _step_key(step: re.Match[str]) -> str | None:
    """Return the name of a step; those of tools with fewer than eleven have another order, but for the first."""
    number, of = int(step[1]), int(step[2])
    if number == 1 or (of == _STEPS and 1 < number <= _STEPS):
        return f"step {number}"
    return None


class _Reader:
    """Takes the lines of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.step = ""
        self.lists_outputs = False

    def take(self, line: Line) -> None:
        """Take one line."""
        step = _STEP.search(line.text)
        if step:
            self.step = step[1]
        text = _plain(line.text)
        if self._printed(text) or self._latency(text):
            return
        if _SAYS_NUMBER.match(text):
            self.run.damaged.append((line.number, text))
        if self.step == "6" and self._input(text):
            return
        for pattern, take in _SETTINGS:
            match = pattern.search(text)
            if match:
                take(self, match)
                return
        if _ERROR.match(line.text) and not self.run.error:
            self.run.error = texts.one_line(text)
            return
        command = _BENCHMARK.search(text)
        if command:
            self._command(command[1])

    def _printed(self, text: str) -> bool:
        for name, pattern in _PRINTED.items():
            match = _number_match(pattern, text)
            if match:
                self.run.printed.setdefault(name, match[1])
                return True
        return False

    def _latency(self, text: str) -> bool:
        match = _number_match(_LATENCY, text)
        if match:
            name = percentile(match["level"])
            if match["word"]:
                name = STATISTICS[match["word"].lower()]
            self.run.latency.setdefault(name, Time(match["number"], match["unit"]))
            return True
        match = _number_match(_SINGLE, text)
        if match:
            # Releases before 2021.4 print one number, which is the median (getMedianValue of samples/benchmark_app/main.cpp).
            self.run.latency.setdefault("median", Time(match[1], match[2]))
            self.run.one_line = True
        return match is not None

    def _input(self, text: str) -> bool:
        match = _INPUT.fullmatch(text)
        if match and not self.lists_outputs:
            given = Input(match["type"], match["layout"], match["dims"])
            self.run.inputs.setdefault(match["name"], given)
        return match is not None

    def _block(self, match: re.Match[str]) -> None:
        self.lists_outputs = match[1] == "outputs"

    def _measuring(self, match: re.Match[str]) -> None:
        self.run.api = match["api"].removesuffix("hronously")
        self.run.requests = match["requests"] or ""

    def _batch(self, match: re.Match[str]) -> None:
        self.run.batch = match[1]

    def _devices(self, match: re.Match[str]) -> None:
        self.run.devices = self.run.devices or device_names(match[1])

    def _build(self, match: re.Match[str]) -> None:
        self.run.build = self.run.build or match[1]

    def _property(self, match: re.Match[str]) -> None:
        self.run.properties.setdefault(match[1], match[2])
        if match[1] == "PERF_COUNT" and match[2] in ("YES", "True"):
            self.run.counters = True

    def _counters(self, _: re.Match[str]) -> None:
        self.run.counters = True

    def _fills_inputs(self, _: re.Match[str]) -> None:
        self.run.fills_inputs = True

    def _command(self, command: str) -> None:
        self.run.command |= _switches(command)
        given = self.run.command
        self.run.device = given.get("-d", given.get("--target_device", self.run.device))


_SETTINGS: tuple[tuple[re.Pattern[str], Callable[[_Reader, re.Match[str]], None]], ...] = (
    (_MEASURING, _Reader._measuring),
    (re.compile(r"^(?:Model|Network) batch size: ([0-9]+)$"), _Reader._batch),
    (re.compile(r"^(?:Execution Devices|EXECUTION_DEVICES): ?(.*)"), _Reader._devices),
    (re.compile(r"^Build \.+ ?(\S+)$"), _Reader._build),
    (re.compile(r"^(?:Model|Network) (inputs|outputs):$"), _Reader._block),
    (re.compile(r"^([A-Z][A-Z_]+): (.+)$"), _Reader._property),
    (re.compile(r"^Turn on performance counters"), _Reader._counters),
    (re.compile(r"inputs filling are included"), _Reader._fills_inputs),
)
"""What lines say besides numbers, and what takes them; the first that matches does."""


def _switches(command: str) -> dict[str, str]:
    """Return the switches of a command line with their values, empty where a switch has none."""
    words = re.findall(r'"[^"]*"|\S+', command)
    switches: dict[str, str] = {}
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if not re.match(r"-[a-z]", word):
            continue
        switches[word] = ""
        if not after.startswith("-"):
            switches[word] = after.strip('"')
    return switches
