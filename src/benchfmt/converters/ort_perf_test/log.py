"""What onnxruntime_perf_test prints."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from benchfmt.converters import texts
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import lines, repeats
from benchfmt.readers.lines import Line
from benchfmt.readers.patterns import compiled

LOGS = lines.ENDINGS
_STATISTICS = {
    "Min": "min",
    "Max": "max",
    "P50": "median",
    "P90": "p90",
    "P95": "p95",
    "P99": "p99",
    "P999": "p99.9",
}
_NUMBER = r"[ \t]?((?:[^\s(*`|,;]|,(?=[0-9]))+)"
"""What stands where a number does; a comma within belongs to it, so that 10,104 never becomes 10."""
_LINES = compiled(
    {
        "statistic": rf"(Min|Max|P50|P90|P95|P99|P999) Latency(?::| is){_NUMBER} s(?:ec)?",
        "load": rf"Session creation time cost:{_NUMBER} s",
        "first": rf"First inference time cost:{_NUMBER} ms",
        "total": rf"Total (?:inference )?time cost:{_NUMBER}( s)?",
        "count": r"Total (?:inference requests|iterations): ?([0-9]{1,15})",
        "average": rf"Average (?:inference )?time cost(?: total)?:{_NUMBER} ms",
        "submission": rf"Average (?:inference )?time cost submission:{_NUMBER} ms",
        "whole": rf"Total (?:inference )?run time:{_NUMBER} s",
        "rate": rf"Number of inferences per second:{_NUMBER}",
        "cpu": r"Avg CPU usage: ([0-9.]+)(?: %)?",
        "memory": r"Peak working set size: ([0-9]{1,15})(?: bytes)?",
        "cpu again": r"Avg CPU usage:([0-9.]+)",
        "memory again": r"Peak working set size:([0-9]{1,15})",
        "total cpu": r"Total CPU usage: ?([0-9.]+)(?: %)?",
        "runs": r"Runs: ?([0-9]+)",
        "provider": r"[Uu]sing (\S+)ExecutionProvider",
        "threads": r"Setting intra_op_num_threads to ([0-9]{1,9})",
    }
)
_END = re.compile(r"(?=$|[\s(;|*`]|[,.](?![0-9]))")
"""What may stand behind a number and its unit: notes, and marks of the page that it stands on."""
_SAYS_NUMBER = re.compile(
    r"(?:Session creation time cost|First inference time cost|Total (?:inference )?(?:time cost|run time|requests)"
    r"|Average (?:inference )?time cost(?: total| submission)?|Number of inferences per second|(?:Avg|Total) CPU usage"
    r"|Peak working set size|(?:Min|Max|P50|P90|P95|P99|P999) Latency):? [0-9]"
)
"""How a line begins that says a number of the result, also where it says it in other words or units."""
_ORDER = (
    "command",
    ("provider", "threads"),
    "load",
    "first",
    "total",
    "count",
    "average",
    "submission",
    "whole",
    "rate",
    "runs",
    "Min",
    "Max",
    "P50",
    "P90",
    "P95",
    "P99",
    "P999",
)
"""What a run prints, in its order."""
_BEGINNING = {"provider", "load", "first"}
"""What a run prints before it has a result."""
_ANYWHERE = ("cpu", "memory", "total cpu", "cpu again", "memory again")
OWN = re.compile(
    r"Session creation time cost:|First inference time cost:|Total (?:inference )?time cost:"
    r"|Total (?:inference requests|iterations):|Average (?:inference )?time cost|Total (?:inference )?run time:"
    r"|Number of inferences per second:|(?:Avg|Total) CPU usage:|Peak working set size:|Runs: ?[0-9]"
    r"|(?:Min|Max|P50|P90|P95|P99|P999) Latency(?:: | is )|[Uu]sing \S+ExecutionProvider|Setting intra_op_num_threads"
    r"|(?:\S*[/\\])?onnxruntime_perf_test(?:\.exe)?\"?\s"
)
"""How the tool's lines begin."""
_COMMAND = re.compile(r"(?:^|[\s/\\])onnxruntime_perf_test(?:\.exe)?\"?\s+(?=\S)(?P<rest>.*)")


@dataclass
class Printed:
    """One result as it was printed: the characters of each number, and the line it began on."""

    number: int = 1
    line: int = 1
    said: dict[str, str] = field(default_factory=dict)
    statistics: dict[str, str] = field(default_factory=dict)
    command: str = ""
    unit_missing: bool = False
    damaged: list[tuple[int, str]] = field(default_factory=list)
    """Lines with a number that is written in another way than the tool does, with their numbers in the file."""


def is_printed(text: str) -> bool:
    """Say whether text holds two different lines that the tool alone prints."""
    keys = set(map(key_of, text.splitlines()))
    return len(keys - {None, repeats.COMMAND}) > 1


def results(output: list[Line], limits: Limits = LIMITS) -> tuple[list[Printed], list[Printed]]:
    """Return the results of an output, and the runs that began and have none; a warning between them is passed over."""
    finished: list[Printed] = []
    unfinished: list[Printed] = []
    for lines_of_run in repeats.runs(output, key_of, _ORDER, _ANYWHERE, limits):
        run = Printed(len(finished) + 1, lines_of_run[0].number)
        for line in lines_of_run:
            _take(run, line.text)
            if _SAYS_NUMBER.match(line.text.strip()) and key_of(line.text) is None:
                run.damaged.append((line.number, line.text))
        if "average" in run.said or "rate" in run.said or run.statistics:
            finished.append(run)
        elif run.said.keys() & _BEGINNING:
            unfinished.append(run)
    return finished, unfinished


def key_of(text: str) -> str | None:
    """Return what a line says, by its name in the tool's order."""
    name, match = _match(text)
    if match is None:
        return None
    if name == "statistic":
        return match[1]
    return name


def _match(line: str) -> tuple[str, re.Match[str] | None]:
    stripped = line.strip().lstrip("$> ").strip()
    for name, pattern in _LINES.items():
        match = pattern.match(stripped)
        if match and _END.match(stripped, match.end()):
            return name, match
    return repeats.COMMAND, _COMMAND.search(line)


def _take(now: Printed, text: str) -> None:
    name, match = _match(text)
    if match is None:
        return
    if name == "statistic":
        now.statistics.setdefault(_STATISTICS[match[1]], match[2])
    elif name == repeats.COMMAND:
        now.command = texts.one_line(match["rest"])
    else:
        now.unit_missing |= name == "total" and not match[2]
        now.said.setdefault(name.removesuffix(" again"), match[1])
