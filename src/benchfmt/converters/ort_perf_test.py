"""onnxruntime_perf_test: what it prints, in the wordings of ONNX Runtime 0.4 to 1.23, and its result file.

A request is one call of `Run`; the tool does not say what batch it holds. Averages are printed in milliseconds and
percentiles in seconds; the oldest wording has no unit for the total.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.file_names import model_of
from benchfmt.finding import BenchfmtError
from benchfmt.readers import lines, repeats
from benchfmt.readers.files import file_sha256
from benchfmt.readers.lines import Line
from benchfmt.record import given
from benchfmt.units import convert, exact

NAME = "onnxruntime-perf-test"
VERSION = "1.0"
SUITE = "onnxruntime-perf-test"
OPTIONS = ("model", "system", "submitter", "url", "license", "engine_version")
SHARES_LOGS = True

LOGS = lines.ENDINGS
RESULTS = (".csv", ".txt", ".out", ".res", "")
_LACKING = (
    "looks like an output of onnxruntime_perf_test and has no result: neither `Average inference time cost`, nor "
    "`Number of inferences per second`, nor a percentile such as `P50 Latency` is in it"
)
LEAST = {"median": 1, "p90": 10, "p95": 20, "p99": 100, "p99.9": 1000}
"""How many runs a percentile needs where the tool did not print it."""
MOST_SAMPLES = 20_000
_STATISTICS = {
    "Min": "min",
    "Max": "max",
    "P50": "median",
    "P90": "p90",
    "P95": "p95",
    "P99": "p99",
    "P999": "p99.9",
}
DEVICES = {
    "CPU": "cpu",
    "CUDA": "gpu",
    "Tensorrt": "gpu",
    "NvTensorRTRTX": "gpu",
    "ROCM": "gpu",
    "MIGraphX": "gpu",
    "Dml": "gpu",
    "WebGPU": "gpu",
}
"""Execution providers that stand for one kind of device."""
_NUMBER = r"[ \t]?((?:[^\s(*`|,;]|,(?=[0-9]))+)"
"""What stands where a number does; a comma within belongs to it, so that 10,104 never becomes 10."""
_LINES = {
    "load": re.compile(rf"Session creation time cost:{_NUMBER} s"),
    "first": re.compile(rf"First inference time cost:{_NUMBER} ms"),
    "total": re.compile(rf"Total (?:inference )?time cost:{_NUMBER}( s)?"),
    "count": re.compile(r"Total (?:inference requests|iterations): ?([0-9]{1,15})"),
    "average": re.compile(rf"Average (?:inference )?time cost(?: total)?:{_NUMBER} ms"),
    "submission": re.compile(rf"Average (?:inference )?time cost submission:{_NUMBER} ms"),
    "whole": re.compile(rf"Total (?:inference )?run time:{_NUMBER} s"),
    "rate": re.compile(rf"Number of inferences per second:{_NUMBER}"),
    "cpu": re.compile(r"Avg CPU usage: ([0-9.]+)(?: %)?"),
    "memory": re.compile(r"Peak working set size: ([0-9]{1,15})(?: bytes)?"),
    "cpu again": re.compile(r"Avg CPU usage:([0-9.]+)"),
    "memory again": re.compile(r"Peak working set size:([0-9]{1,15})"),
    "total cpu": re.compile(r"Total CPU usage: ?([0-9.]+)(?: %)?"),
    "runs": re.compile(r"Runs: ?([0-9]+)"),
    "provider": re.compile(r"[Uu]sing (\S+)ExecutionProvider"),
    "threads": re.compile(r"Setting intra_op_num_threads to ([0-9]{1,9})"),
}
_STATISTIC = re.compile(rf"(Min|Max|P50|P90|P95|P99|P999) Latency(?::| is){_NUMBER} s(?:ec)?")
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
_ROW = re.compile(
    r"(?P<model>[^,]+),(?P<times>[0-9.e+-]+(?:,[0-9.e+-]+)?),(?P<memory>[0-9]{1,15}),(?P<cpu>[0-9]{1,6}),(?P<run>[0-9]{1,12})"
)


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


@dataclass
class Series:
    """Consecutive rows of a result file: one row for each run."""

    number: int
    line: int
    model: str
    first: int
    memory: str
    cpu: str
    times: list[str] = field(default_factory=list)
    submissions: list[str] = field(default_factory=list)


def detect(source: Source) -> Match | None:
    """Say how many outputs of onnxruntime_perf_test a source holds, or None."""
    found = list(_files(source))
    logs = [path for path, kind in found if kind == "log"]
    if logs:
        return Match(
            0.9, f"{len(logs)} outputs of onnxruntime_perf_test, first {source.relative(logs[0])}"
        )
    return (
        Match(
            0.6,
            f"{len(found)} files like the results of onnxruntime_perf_test, first {found[0][0].name}",
        )
        if found
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each output and each result file."""
    for path, kind in _files(source):
        yield Unit(path, options=options, extra=kind, limits=source.limits)


def lacks(path: Path) -> str | None:
    """Say what a text that looks like an output of onnxruntime_perf_test lacks, or None."""
    if path.suffix.lower() not in LOGS:
        return None
    printed_by_it = any(_key(line) for line in texts.head(path, own=OWN).splitlines())
    return _LACKING if printed_by_it else None


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file: one for each result."""
    digest = file_sha256(unit.path)
    if unit.extra == "log":
        try:
            found, unfinished = _printed(texts.whole_lines_of(unit.path, OWN, unit.limits))
        except BenchfmtError as error:
            yield Failed(unit.path, str(error))
            return
        for result in found:
            locator = f"run={result.number}" if len(found) > 1 else None
            yield from (
                texts.not_understood(unit.path.name, line, text) for line, text in result.damaged
            )
            yield _item(unit, partial(_of_printed, unit, result, digest, locator), result.line)
        yield from (_without_result(unit, run) for run in unfinished if found)
        if not found:
            yield Failed(unit.path, f"it {_LACKING}")
    else:
        series, broken = rows(texts.text_of(unit.path))
        yield from (
            Failed(unit.path, f"line {line}: no row of a result file", line) for line in broken
        )
        for one in series:
            locator = f"run={one.number}" if len(series) > 1 else None
            yield _item(unit, partial(_of_series, unit, one, digest, locator), one.line)


def _without_result(unit: Unit, run: Printed) -> Failed:
    return Failed(
        unit.path,
        "the run that begins on this line has no result; it was stopped or failed",
        run.line,
    )


def _item(unit: Unit, make: Callable[[], dict[str, Any]], row: int) -> Item:
    try:
        return texts.record(make())
    except (ValueError, ArithmeticError) as error:
        return Failed(unit.path, f"not a result: {error}", row)


def _files(source: Source) -> Iterator[tuple[Path, str]]:
    for name in source.files.texts():
        last = name.replace("\\", "/").rpartition("/")[2].lower()
        ending = "." + last.rpartition(".")[2] if "." in last else ""
        alone = source.root == Path(name)
        if last.startswith("mlperf_log_") or not (alone or ending in LOGS or ending in RESULTS):
            continue
        path = Path(name)
        if path.is_symlink() or not path.is_file():
            continue
        if (alone or ending in LOGS) and is_printed(texts.head(path, own=OWN)):
            yield path, "log"
        elif (alone or ending in RESULTS) and is_result_file(texts.head(path)):
            yield path, "rows"


def is_printed(text: str) -> bool:
    """Say whether text holds two different lines that the tool alone prints."""
    return len({key for line in text.splitlines() if (key := _key(line)) and key != "command"}) > 1


def is_result_file(head: str) -> bool:
    """Say whether text is a result file: no header, runs counted up, and one peak and load for all of them."""
    lines = head.splitlines()
    lines = lines[:-1] if len(head) >= texts.HEAD // 2 else lines  # the last one may be cut
    matches = [_ROW.fullmatch(line.strip()) for line in lines[:50] if line.strip()]
    found = [match for match in matches if match]
    if len(found) < 2 or len(found) < len(matches):
        return False
    steps = [_follows(before, after) for before, after in pairwise(found)]
    return None not in steps and any(steps)


def _follows(before: re.Match[str], after: re.Match[str]) -> bool | None:
    """Say whether a row is the next run of a series (True), the first of another (False), or neither."""
    if after["model"] != before["model"] or int(after["run"]) <= int(before["run"]):
        return False
    alike = (after["memory"], after["cpu"]) == (before["memory"], before["cpu"])
    return True if alike and int(after["run"]) == int(before["run"]) + 1 else None


def printed(source: str | list[Line]) -> list[Printed]:
    """Return the results that an output holds, in their order; a warning of the runtime between them is passed over."""
    return _printed(lines.read(source, OWN) if isinstance(source, str) else source)[0]


def _printed(told: list[Line]) -> tuple[list[Printed], list[Printed]]:
    """Return the results of an output, and the runs that began and have none."""
    found: list[Printed] = []
    unfinished: list[Printed] = []
    for run in repeats.runs(told, _key, _ORDER, _ANYWHERE):
        now = Printed(len(found) + 1, run[0].number)
        for line in run:
            _take(now, line.text)
            if _SAYS_NUMBER.match(line.text.strip()) and _key(line.text) is None:
                now.damaged.append((line.number, line.text))
        if "average" in now.said or "rate" in now.said or now.statistics:
            found.append(now)
        elif now.said.keys() & _BEGINNING:
            unfinished.append(now)
    return found, unfinished


def _key(text: str) -> str | None:
    """Return what a line says, by its name in the tool's order."""
    name, match = _told(text)
    return None if match is None else match[1] if name == "statistic" else name


def _told(line: str) -> tuple[str, re.Match[str] | None]:
    stripped = line.strip().lstrip("$> ").strip()
    if (match := _STATISTIC.match(stripped)) and _END.match(stripped, match.end()):
        return "statistic", match
    for name, pattern in _LINES.items():
        if (match := pattern.match(stripped)) and _END.match(stripped, match.end()):
            return name, match
    return "command", _COMMAND.search(line)


def _take(now: Printed, text: str) -> None:
    name, match = _told(text)
    if match is None:
        return
    if name == "statistic":
        now.statistics.setdefault(_STATISTICS[match[1]], match[2])
    elif name == "command":
        now.command = texts.one_line(match["rest"])
    else:
        now.unit_missing |= name == "total" and not match[2]
        now.said.setdefault(name.removesuffix(" again"), match[1])


def rows(text: str) -> tuple[list[Series], list[int]]:
    """Return the series of a result file, and the lines that are no rows."""
    found: list[Series] = []
    broken: list[int] = []
    last = -1
    for number, line in enumerate(text.splitlines(), start=1):
        match = _ROW.fullmatch(line.strip())
        if match is None:
            broken += [number] if line.strip() else []
            continue
        run = int(match["run"])
        if not found or run != last + 1 or found[-1].model != match["model"]:
            found.append(
                Series(len(found) + 1, number, match["model"], run, match["memory"], match["cpu"])
            )
        last = run
        submission, _, total = match["times"].rpartition(",")
        found[-1].times.append(total)
        found[-1].submissions += [submission] if submission else []
    return found, broken


# --- the records ---


def _frame(
    unit: Unit, digest: str, locator: str | None, model: str | None, **configuration: Any
) -> dict[str, Any]:
    options = unit.options
    name = options.get("model") or model
    return {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=SUITE,
            name=re.sub(r"\.(onnx|ort)$", "", name) if name else None,
            phase="inference",
        ),
        "model": given(name=name),
        "system": given(name=options.get("system")),
        "software": given(engine="onnxruntime", engine_version=options.get("engine_version")),
        "configuration": given(**configuration),
        "status": "ok",
        "provenance": given(
            submitter=options.get("submitter"),
            url=options.get("url"),
            license=options.get("license"),
            sources=[given(path=unit.path.name, sha256=digest, locator=locator)],
            converter=NAME,
            converter_version=VERSION,
        ),
    }


def _of_printed(unit: Unit, result: Printed, digest: str, locator: str | None) -> dict[str, Any]:
    said = result.said
    words = re.findall(r'"[^"]+"|\S+', result.command)
    model = next(
        (
            name
            for w in words
            if re.search(r"\.(onnx|ort)\"?$", w) and (name := model_of(w.strip('"')))
        ),
        None,
    )
    provider = said.get("provider")
    threads = int(said.get("threads", "0")) or None
    device = DEVICES.get(provider or "")
    data = _frame(
        unit, digest, locator, model, threads=threads, placement=[device] if device else None
    )
    data["measurements"] = _measured(result)
    data["extensions"] = {
        SUITE: given(
            provider=f"{provider}ExecutionProvider" if provider else None,
            command=result.command or None,
            total_cpu_usage=f"{said['total cpu']} %" if "total cpu" in said else None,
        )
    }
    if all(item.get("missing") == "invalid-in-source" for item in data["measurements"]):
        first = data["measurements"][0]
        raise ValueError(f"{first['metric']} {first['reported_value']!r} is no number")
    if not any("value" in item for item in data["measurements"]):
        data["status"], data["status_detail"] = "incomplete", "no number of the result has a value"
    return data


def _measured(result: Printed) -> list[dict[str, Any]]:
    said = result.said
    count = int(said["count"]) if said.get("count") else None
    overlap = _overlaps(said)
    per_query = {
        "stage": "inference",
        "per": "query",
        **given(n=count or None, caveats=["overlapping-requests"] if overlap else None),
    }
    found = []
    if "average" in said:
        found.append(texts.number("latency", said["average"], "ms", statistic="mean", **per_query))
    for name, text in result.statistics.items():
        found.append(texts.number("latency", text, "s", statistic=name, **per_query))
    if "load" in said:
        found.append(_seconds("load", said["load"], "s"))
    if "first" in said:
        found.append(
            texts.number("duration", said["first"], "ms", stage="first-run")
        )  # whole milliseconds
    if "total" in said:
        more: dict[str, Any] = {"caveats": ["unit-inferred"]} if result.unit_missing else {}
        found.append(
            texts.number("duration", said["total"], "s", statistic="sum", stage="inference", **more)
        )
    if "submission" in said:
        enqueue = {name: value for name, value in per_query.items() if name != "stage"}
        found.append(
            texts.number(
                "latency", said["submission"], "ms", statistic="mean", stage="enqueue", **enqueue
            )
        )
    if "whole" in said:
        found.append(texts.number("duration", said["whole"], "s", stage="whole-run"))
    if "rate" in said:
        found.append(
            texts.number(
                "throughput", said["rate"], "/s", statistic="mean", stage="whole-run", per="query"
            )
        )
    _head(found)
    return found + _resources(said.get("cpu"), said.get("memory"))


def _head(found: list[dict[str, Any]]) -> None:
    """Make the mean the headline, else the rate, else the first other latency that has a value."""
    valued = [
        item
        for item in found
        if "value" in item and item.get("stage") in ("inference", "whole-run")
    ]
    for metric, statistic in (("latency", "mean"), ("throughput", "mean"), ("latency", None)):
        chosen = [
            item
            for item in valued
            if item["metric"] == metric and statistic in (None, item.get("statistic"))
        ]
        if chosen:
            chosen[0]["primary"] = True
            return


def _seconds(stage: str, text: str, unit: str) -> dict[str, Any]:
    """Return a time that may be 0, as that of loading a small model."""
    if exact(text) is None:
        return texts.number("duration", text, unit, stage=stage)
    return texts.measurement("duration", text, unit, stage=stage)


def _resources(cpu: str | None, memory: str | None) -> list[dict[str, Any]]:
    """Return the load of the process over all cores, and its peak; the tool reads both when the runs are done."""
    found = []
    if cpu is not None:
        found.append(texts.measurement("utilization", cpu, "%", statistic="mean", scope="cpu"))
    if memory is not None and int(memory):
        found.append(texts.measurement("memory", memory, "By", statistic="max", scope="process"))
    return found


def _overlaps(said: Mapping[str, str]) -> bool:
    """Say whether the times of the requests add up to more than the time of the run: several ran at once."""
    total, whole = exact(said.get("total", "")), exact(said.get("whole", ""))
    return bool(total and whole and total > whole * Fraction(101, 100))


def _of_series(unit: Unit, series: Series, digest: str, locator: str | None) -> dict[str, Any]:
    data = _frame(unit, digest, locator, series.model)
    caveats = {"caveats": ["partial-run"]} if series.first else {}
    key = {"stage": "inference", "per": "query", "n": len(series.times), **caveats}
    mean = texts.derived("latency", _mean(series.times), statistic="mean", primary=True, **key)
    if len(series.times) <= MOST_SAMPLES:
        mean["samples"] = [convert(text, "s", "s") for text in series.times]
    found = [mean]
    ordered = sorted(series.times, key=float)
    names = ("min", "max", *(name for name, least in LEAST.items() if len(ordered) >= least))
    chosen = ((name, ordered[_index(len(ordered), name)]) for name in names)
    found += [
        texts.measurement("latency", text, "s", statistic=name, **key) for name, text in chosen
    ]
    if series.submissions:
        enqueue = {**key, "stage": "enqueue", "n": len(series.submissions)}
        found.append(
            texts.derived("latency", _mean(series.submissions), statistic="mean", **enqueue)
        )
    data["measurements"] = found + _resources(series.cpu, series.memory)
    return data


def _index(count: int, name: str) -> int:
    """Return the place of a statistic among the sorted times as the tool chooses it: int(n * p), never between two."""
    if name in ("min", "max"):
        return 0 if name == "min" else count - 1
    share = Fraction(1, 2) if name == "median" else Fraction(name[1:]) / 100
    return min(math.floor(count * share), count - 1)


def _mean(numbers: list[str]) -> Fraction:
    return sum((exact(text) or Fraction(0) for text in numbers), Fraction(0)) / len(numbers)
