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
from benchfmt.converters.draft import Draft, DraftError, Key, Number, numbers_with_value
from benchfmt.converters.file_names import model_of
from benchfmt.converters.operator_options import add_options
from benchfmt.finding import BenchfmtError
from benchfmt.readers import lines, repeats
from benchfmt.readers.files import file_sha256
from benchfmt.readers.lines import Line
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


PATTERNS = (
    Pattern(
        with_endings(*LOGS),
        words=(
            "time cost",
            "inference requests",
            "iterations:",
            "per second",
            "CPU usage",
            "working set size",
            "run time",
            " Latency",
            "Runs:",
        ),
    ),
    Pattern(
        with_endings(*RESULTS),
        expression=re.compile(rb",[0-9]{1,15},[0-9]{1,6},[0-9]{1,12}\s"),
    ),
)


def detect(source: Source) -> Match | None:
    """Say how many outputs of onnxruntime_perf_test a source holds, or None."""
    files = list(_files(source))
    if not files:
        return None
    logs = [path for path, kind in files if kind == "log"]
    if logs:
        first = source.relative(logs[0])
        return Match(0.9, f"{len(logs)} outputs of onnxruntime_perf_test, first {first}")
    first = files[0][0].name
    return Match(
        0.6, f"{len(files)} files like the results of onnxruntime_perf_test, first {first}"
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
        yield from _items_of_log(unit, digest)
    else:
        yield from _items_of_result_file(unit, digest)


def _items_of_log(unit: Unit, digest: str) -> Iterator[Item]:
    try:
        results, unfinished = _printed(texts.whole_lines_of(unit.path, OWN, unit.limits))
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    if not results:
        yield Failed(unit.path, f"it {_LACKING}")
        return
    several = len(results) > 1
    for result in results:
        for line, text in result.damaged:
            yield texts.not_understood(unit.path.name, line, text)
        draft = _draft(unit, digest, result.number, several=several)
        yield _item(unit, draft, partial(_describe_printed, draft, unit, result), result.line)
    for run in unfinished:
        yield _without_result(unit, run)


def _items_of_result_file(unit: Unit, digest: str) -> Iterator[Item]:
    series, broken = rows(texts.text_of(unit.path))
    for line in broken:
        yield Failed(unit.path, f"line {line}: no row of a result file", line)
    several = len(series) > 1
    for one in series:
        draft = _draft(unit, digest, one.number, several=several)
        yield _item(unit, draft, partial(_describe_series, draft, unit, one), one.line)


def _without_result(unit: Unit, run: Printed) -> Failed:
    reason = "the run that begins on this line has no result; it was stopped or failed"
    return Failed(unit.path, reason, run.line)


def _item(unit: Unit, draft: Draft, describe: Callable[[], None], row: int) -> Item:
    try:
        describe()
        return draft.build()
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


def _draft(unit: Unit, digest: str, number: int, *, several: bool) -> Draft:
    """Return the draft of one result of a file; its place is given where the file has several."""
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference")
    locator = f"run={number}" if several else None
    draft.source(unit.path.name, digest, locator)
    draft.software(engine="onnxruntime", engine_version=unit.options.get("engine_version"))
    return draft


def _describe_model(draft: Draft, unit: Unit, printed_name: str | None) -> None:
    name = unit.options.get("model") or printed_name
    if name:
        draft.benchmark(name=re.sub(r"\.(onnx|ort)$", "", name))
    add_options(draft, unit.options, printed_name)


def _describe_printed(draft: Draft, unit: Unit, result: Printed) -> None:
    said = result.said
    _describe_model(draft, unit, _model_of_command(result.command))
    provider = said.get("provider")
    if provider:
        draft.keep("provider", f"{provider}ExecutionProvider")
    device = DEVICES.get(provider or "")
    if device:
        draft.configuration(placement=[device])
    draft.configuration(threads=int(said.get("threads", "0")) or None)
    draft.keep("command", result.command or None)
    if "total cpu" in said:
        draft.keep("total_cpu_usage", f"{said['total cpu']} %")
    _measure_printed(draft, result)
    _check_numbers(draft)


def _model_of_command(command: str) -> str | None:
    """Return the first model that a command names."""
    for argument in re.findall(r'"[^"]+"|\S+', command):
        if not re.search(r"\.(onnx|ort)\"?$", argument):
            continue
        name = model_of(argument.strip('"'))
        if name:
            return name
    return None


def _check_numbers(draft: Draft) -> None:
    """Make a result without any value incomplete; raises DraftError where none of its texts is a number."""
    if all(number.missing == "invalid-in-source" for number in draft.numbers):
        first = draft.numbers[0]
        raise DraftError(f"{first.metric} {first.reported_value!r} is not a number")
    if not numbers_with_value(draft.numbers):
        draft.fail("incomplete", "no number of the result has a value")


def _measure_printed(draft: Draft, result: Printed) -> None:
    said = result.said
    if "average" in said:
        key = _request_key(said, "mean", "inference")
        draft.measure_printed("latency", said["average"], "ms", **key)
    for name, text in result.statistics.items():
        draft.measure_printed("latency", text, "s", **_request_key(said, name, "inference"))
    if "load" in said:
        _measure_load(draft, said["load"])
    if "first" in said:  # whole milliseconds
        draft.measure_printed("duration", said["first"], "ms", stage="first-run")
    if "total" in said:
        caveats = ["unit-inferred"] if result.unit_missing else None
        draft.measure_printed(
            "duration", said["total"], "s", statistic="sum", stage="inference", caveats=caveats
        )
    if "submission" in said:
        key = _request_key(said, "mean", "enqueue")
        draft.measure_printed("latency", said["submission"], "ms", **key)
    if "whole" in said:
        draft.measure_printed("duration", said["whole"], "s", stage="whole-run")
    if "rate" in said:
        draft.measure_printed(
            "throughput", said["rate"], "/s", statistic="mean", stage="whole-run", per="query"
        )
    _choose_headline(draft.numbers)
    _measure_resources(draft, said.get("cpu"), said.get("memory"))


def _request_key(said: Mapping[str, str], statistic: str, stage: str) -> Key:
    """Return the key of a number of single requests, with how many there were."""
    key: Key = {"statistic": statistic, "stage": stage, "per": "query"}
    count = int(said.get("count") or "0")
    if count:
        key["n"] = count
    if _overlaps(said):
        key["caveats"] = ["overlapping-requests"]
    return key


def _choose_headline(numbers: list[Number]) -> None:
    """Make the mean the headline, else the rate, else the first other latency that has a value."""
    candidates = [
        number
        for number in numbers_with_value(numbers)
        if number.stage in ("inference", "whole-run")
    ]
    for metric, statistic in (("latency", "mean"), ("throughput", "mean"), ("latency", None)):
        for number in candidates:
            if number.metric == metric and statistic in (None, number.statistic):
                number.primary = True
                return


def _measure_load(draft: Draft, text: str) -> None:
    """Add the time of loading the model, which may be 0 where it is small."""
    if exact(text) is None:
        draft.measure_printed("duration", text, "s", stage="load")
    else:
        draft.measure("duration", text, "s", stage="load")


def _measure_resources(draft: Draft, cpu: str | None, memory: str | None) -> None:
    """Add the load of the process over all cores, and its peak; the tool reads both when the runs are done."""
    if cpu is not None:
        draft.measure("utilization", cpu, "%", statistic="mean", scope="cpu")
    if memory is not None and int(memory):
        draft.measure("memory", memory, "By", statistic="max", scope="process")


def _overlaps(said: Mapping[str, str]) -> bool:
    """Say whether the times of the requests add up to more than the time of the run: several ran at once."""
    total = exact(said.get("total", ""))
    whole = exact(said.get("whole", ""))
    return bool(total and whole and total > whole * Fraction(101, 100))


def _describe_series(draft: Draft, unit: Unit, series: Series) -> None:
    _describe_model(draft, unit, series.model)
    count = len(series.times)
    mean = draft.derive(
        "latency", _mean(series.times), **_row_key(series, "mean", "inference", count)
    )
    mean.primary = True
    if count <= MOST_SAMPLES:
        mean.samples = [convert(text, "s", "s") for text in series.times]
    ordered = sorted(series.times, key=float)
    percentiles = [name for name, least in LEAST.items() if count >= least]
    for name in ("min", "max", *percentiles):
        text = ordered[_index(count, name)]
        draft.measure("latency", text, "s", **_row_key(series, name, "inference", count))
    if series.submissions:
        key = _row_key(series, "mean", "enqueue", len(series.submissions))
        draft.derive("latency", _mean(series.submissions), **key)
    _measure_resources(draft, series.cpu, series.memory)


def _row_key(series: Series, statistic: str, stage: str, count: int) -> Key:
    caveats = ["partial-run"] if series.first else None
    return {
        "statistic": statistic,
        "stage": stage,
        "per": "query",
        "n": count,
        "caveats": caveats,
    }


def _index(count: int, name: str) -> int:
    """Return the place of a statistic among the sorted times as the tool chooses it: int(n * p), never between two."""
    if name == "min":
        return 0
    if name == "max":
        return count - 1
    share = Fraction(1, 2) if name == "median" else Fraction(name[1:]) / 100
    return min(math.floor(count * share), count - 1)


def _mean(numbers: list[str]) -> Fraction:
    total = Fraction(0)
    for text in numbers:
        total += exact(text) or 0
    return total / len(numbers)
