"""What LoadGen writes: the summary log, and the detail log read at its two ends.

Both are given in one language, the names of the detail log's keys (`result_samples_per_second`), with the characters of
each number kept. A detail log may have hundreds of megabytes, of which only the first and the last kilobytes say
something about the result: the settings stand at the start, the results at the end.

People and scripts join files. LoadGen writes each line of a summary once and in one order, so a line that repeats, or
steps back in that order, is of the next run. A detail log is of several runs where it begins twice, or where its two ends
were written by two processes.

Source of the names: https://github.com/mlcommons/inference/tree/master/loadgen
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from benchfmt import numbers
from benchfmt.readers import encodings, heads, lines, mllog_lines

HEAD_BYTES = TAIL_BYTES = 64 * 1024
SUMMARY_BYTES = 1024 * 1024
"""A summary has some 3 kB; nobody's has a megabyte."""

_ERROR_KEY = re.compile(rb'"is_error": true')
_LEGACY = re.compile(rb'^"pid": \d+, "tid": \d+, "ts": -?\d+ns : (\w+) : (.*)$', re.MULTILINE)
_ESTIMATE = re.compile(r"Early stopping ([0-9.]+)(?:th)? percentile estimate: *([0-9]+)")
_TOO_FEW = re.compile(r"(Not enough queries processed for ([0-9.]+)(?:th)? percentile[^\n*]*)")
_PERCENTILE = re.compile(
    r"([0-9.]+)(?:th)? (percentile|group percentile)( first token| time to output token|)(?: latency)? \(ns\)"
)
_HEADLINE = re.compile(r"([0-9.]+)th( first token|) percentile latency \(ns\)")
_EXTREME = re.compile(
    r"(Min|Max|Mean) (First Token latency|Time to Output Token|group latency|latency) \(ns\)"
)
_SECTIONS = {"Per-query latency": "per-query", "Per-sample latency": "per-sample"}
_STOPPING = {
    "Early Stopping Result": "early_stopping_result",
    "TTFT Early Stopping Result": "early_stopping_ttft_result",
    "TPOT Early Stopping Result": "early_stopping_tpot_result",
}
_NAMES = {
    "SUT name": "sut_name",
    "Scenario": "effective_scenario",
    "Mode": "effective_test_mode",
    "Result is": "result_validity",
    "Performance constraints satisfied": "result_perf_constraints_met",
    "Min duration satisfied": "result_min_duration_met",
    "Min queries satisfied": "result_min_queries_met",
    "Early stopping satisfied": "early_stopping_met",
    "Samples per second": "result_samples_per_second",
    "Tokens per second": "result_tokens_per_second",
    "Tokens per second (inferred)": "result_inferred_tokens_per_second",
    "Scheduled samples per second": "result_scheduled_samples_per_sec",
    "Completed samples per second": "result_completed_samples_per_sec",
    "Completed tokens per second": "result_completed_tokens_per_second",
    "Completed tokens per second (inferred)": "result_inferred_completed_tokens_per_second",
    "Scheduled groups per second": "result_scheduled_groups_per_sec",
    "Completed groups per second": "result_completed_groups_per_sec",
    "Samples per query": "result_samples_per_query",
    "QPS w/ loadgen overhead": "result_qps_with_loadgen_overhead",
    "QPS w/o loadgen overhead": "result_qps_without_loadgen_overhead",
    "TPS w/ loadgen overhead": "result_tps_with_loadgen_overhead",
    "TPS w/o loadgen overhead": "result_tps_without_loadgen_overhead",
    "samples_per_query": "effective_samples_per_query",
    "target_qps": "effective_target_qps",
    "target_latency (ns)": "effective_target_latency_ns",
    "ttft_latency (ns)": "requested_server_ttft_latency",
    "tpot_latency (ns)": "requested_server_tpot_latency",
    "min_duration (ms)": "effective_min_duration_ms",
    "max_duration (ms)": "effective_max_duration_ms",
    "min_query_count": "effective_min_query_count",
    "max_query_count": "effective_max_query_count",
    "accuracy_log_rng_seed": "effective_accuracy_log_rng_seed",
    "accuracy_log_probability": "effective_accuracy_log_probability",
    "accuracy_log_sampling_target": "effective_accuracy_log_sampling_target",
    "performance_issue_unique": "effective_performance_issue_unique",
    "performance_issue_same": "effective_performance_issue_same",
    "qsl_rng_seed": "effective_qsl_rng_seed",
    "sample_index_rng_seed": "effective_sample_index_rng_seed",
    "schedule_rng_seed": "effective_schedule_rng_seed",
    "performance_sample_count": "effective_performance_sample_count",
}
TITLE = "MLPerf Results Summary"
"""With these words a summary begins."""
_ADDITIONAL, _PARAMETERS = "Additional Stats", "Test Parameters Used"
_WARNED, _FAILED, _ACCURACY = "(warnings)", "(errors)", "(accuracy)"
_MARKS = frozenset({TITLE, _ADDITIONAL, _PARAMETERS, _WARNED, _FAILED, _ACCURACY})
"""What is no value of a run, but says where in a summary a line stands."""
_OFFICIAL = "official:"
"""What stands before the name of the percentile that a summary says beside its scenario."""
_RESULT, _NUMBERS, _SETTINGS = 1, 2, 3
_STAGES = {
    TITLE: 0,
    "sut_name": 0,
    "effective_scenario": 0,
    "effective_test_mode": 0,
    _ADDITIONAL: _NUMBERS,
    _PARAMETERS: _SETTINGS,
    _WARNED: 4,
    _FAILED: 5,
}
"""The order of a summary. Numbers stand on both sides of the word whether the result is valid."""
_VERDICT = re.compile(
    r"result_(validity|(perf_constraints|min_duration|min_queries)_met)|early_stopping_.*"
)
_TWICE = ("result_completed_tokens_per_second", "result_inferred_completed_tokens_per_second")
"""What a summary says twice since v4.1: as the result, and among the other numbers."""
_ONCE = (
    "loadgen_version",
    "test_datetime",
    "requested_scenario",
    "effective_scenario",
    "result_validity",
)
"""What the detail log of one run says once."""
_OWN = re.compile(
    r"={20,}|MLPerf Results Summary|Additional Stats|Test Parameters Used|No performance results"
    r"|\s*(?:SUT name|Scenario|Mode|Result is|Performance constraints satisfied|Min (?:duration|queries) satisfied"
    r"|(?:TTFT |TPOT )?Early [Ss]topping (?:satisfied|Result)|Recommendations"
    r"|(?:Samples|Tokens) per (?:second|query)|(?:Scheduled|Completed) (?:samples|tokens|groups) per second"
    r"|[QT]PS w/o? loadgen overhead)[ (:]"
    r"|[0-9.]+(?:th)? (?:first token |group )?percentile[ :]|(?:Min|Max|Mean) (?:First Token |group )?latency \(ns\)"
    r"|(?:Min|Max|Mean) Time to Output Token|Per-(?:query|sample) latency:|Intervals between each IssueQuery"
    r"|(?:samples_per_query|target_qps|(?:target|ttft|tpot)_latency|max_async_queries|m(?:in|ax)_(?:duration|query_count)"
    r"|[a-z_]+_rng_seed|accuracy_log_[a-z_]+|print_timestamps|performance_[a-z_]+|WARNING)[ (:]"
    r"|\s*\* (?:Processed|Would|Early|Not enough|Only|Need|Run |Increase|Decrease|Reduce|The test|TTFT|TPOT)"
    r"|(?:No|[0-9]+) (?:warnings?|errors?|ERRORS?|ERROR\(S\)) encountered"
)
"""How the lines of a summary begin."""
_OWN_DETAIL = re.compile(r':::(?:MLLOG|ENDPTS) |"pid": ')
_PID = re.compile(rb'"pid": ?([0-9]+)')
_SCENARIOS = (
    "SingleStream",
    "MultiStream",
    "MultiStreamFree",
    "Server",
    "Offline",
    "ConstantStream",
)
_TRUTH = {"Yes": "true", "No": "false", "NO": "false"}
_ERRORS = re.compile(r"(?:No errors|[0-9]+ ERRORS?|[0-9]+ ERROR\(S\)) encountered")
_WARNINGS = re.compile(r"(?:No warnings|[0-9]+ warnings?) encountered")
_NO_SPEED = "No performance results in accuracy mode"
_BANNER = "=" * 48
_AUDITED = (b"Found Audit Config file", b"Test05 flag detected")
"""What a detail log says where an audit.config gave the settings."""
_PERMUTED = "sample_concatenate_permutation was set to true"


@dataclass(frozen=True)
class Log:
    """What one log says of one run: its values by the detail log's names, as the source's characters.

    `sha256` is the hash of the file where all of it was read, else None; `read_bytes` is how much was read. `headline`
    names what a summary says before it says whether the result is valid: what LoadGen took for the result in its time.
    `several` says why a detail log is of more than one run, `audited` that LoadGen found the settings of a compliance test.
    """

    path: Path
    values: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None
    read_bytes: int = 0
    errors: str | None = None
    warnings: str | None = None
    accuracy_mode: bool = False
    headline: tuple[str, ...] = ()
    several: str | None = None
    audited: bool = False

    def number(self, name: str) -> float | None:
        """Return a value as a number, or None where the log does not say one."""
        return numbers.double(self.values.get(name, ""))


@dataclass(frozen=True, slots=True)
class Estimate:
    """LoadGen's early-stopping estimate of a percentile in nanoseconds, or the words that say why there is none."""

    percentile: str
    nanoseconds: str | None
    words: str | None = None


def read_summary(path: Path) -> Log:
    """Return what a summary log says of its first run; a cut-off one says less, and never raises for what it holds."""
    return read_summaries(path)[0]


def read_summaries(path: Path) -> list[Log]:
    """Return what a summary log says of each of its runs, in the order of the file; at least one, which may say nothing."""
    start, end = _ends(path, SUMMARY_BYTES, SUMMARY_BYTES)
    data = start if end is None else _joined(start, end)
    digest = hashlib.sha256(data).hexdigest() if end is None else None
    text = _text(data)
    if data and data.rstrip(b"\0")[-1:] not in (b"\n", b"\r"):
        # A last line without its end may be cut in the middle of a number.
        text = text[: text.rstrip("\n").rfind("\n") + 1]
    runs = _runs(text)
    return [
        Log(
            path,
            run.all_values(),
            digest,
            len(data),
            run.counted(_FAILED),
            run.counted(_WARNED),
            run.is_accuracy,
            run.headline,
        )
        for run in runs or [_Run()]
    ]


def _text(data: bytes) -> str:
    """Return a summary as LoadGen wrote it; one that stands as it was written needs no look at each line's start."""
    title = TITLE.encode()
    stands = title in data and data.count(title) == data.count(b"\n" + title)
    if stands and not any(sign in data for sign in (b"\0", b"\x1b", b"<", b"&", b"`")):
        return encodings.plain(encodings.decoded(data))
    return lines.text(data, _OWN)


def is_summary(path: Path) -> bool:
    """Say whether a file holds a summary, whatever it is called and whatever stands around, by a look at its two ends."""
    try:
        start, end = _ends(path, HEAD_BYTES, TAIL_BYTES)
    except OSError:
        return False
    data = start if end is None else _joined(start, end)
    # Most files are told by their bytes alone; those of UTF-16 have a NUL for every other.
    words = TITLE.encode() in data or (b"Scenario" in data and b"Result is" in data)
    if not words and b"\0" not in data[:64]:
        return False
    runs = _runs(lines.text(data, _OWN))
    return any(
        (run.has_result and (TITLE in run.marks or _is_head(run.values)))
        or (run.is_accuracy and TITLE in run.marks)
        for run in runs
    )


def is_part(path: Path) -> bool:
    """Say whether headings of a summary stand in a file, by a look at its two ends."""
    start, end = _ends(path, HEAD_BYTES, TAIL_BYTES)
    text = encodings.decoded(start) + (encodings.decoded(end) if end else "")
    return sum(heading in text for heading in (TITLE, _ADDITIONAL, _PARAMETERS)) > 1


def _is_head(values: Mapping[str, str]) -> bool:
    """Say whether a run without a title is one of LoadGen: its scenario, its mode and its verdict have LoadGen's words."""
    scenario = values.get("effective_scenario", "").replace(" ", "")
    mode = values.get("effective_test_mode", "")
    return (
        scenario in _SCENARIOS
        and mode.startswith(("Performance", "Submission", "FindPeak"))
        and values.get("result_validity") in ("VALID", "INVALID")
    )


def _ends(path: Path, head: int, tail: int) -> tuple[bytes, bytes | None]:
    """Return a whole file and None, or its first and its last bytes."""
    size = path.stat().st_size
    if size <= head + tail:
        return heads.head(path, head + tail), None
    with path.open("rb") as file:
        start = file.read(head)
        file.seek(-tail - size % 2, 2)  # on a character's border in UTF-16 too
        return start, file.read(tail + size % 2)


def _joined(start: bytes, end: bytes) -> bytes:
    """Return the two ends of a file as one; half a line at the cut says nothing."""
    return start[: start.rfind(b"\n") + 1] + end[end.find(b"\n") + 1 :]


@dataclass
class _Run:
    """One run of a summary while its lines are read; `official` is the number that it says beside its scenario."""

    values: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    official: dict[str, str] = field(default_factory=dict)
    stage: int = 0

    @property
    def is_accuracy(self) -> bool:
        """Whether the run was for accuracy: such a summary has its warnings and errors, and no results at all."""
        if _ACCURACY in self.marks or self.values.get("effective_test_mode") == "AccuracyOnly":
            return True
        return (
            not self.values
            and TITLE not in self.marks
            and (_WARNED in self.marks or _FAILED in self.marks)
        )

    @property
    def has_result(self) -> bool:
        """Whether it says a number, or that a result is valid or not."""
        return any(name.startswith("result_") for name in self.values)

    @property
    def headline(self) -> tuple[str, ...]:
        """What stands before the word whether the result is valid; nothing where the head was cut off."""
        if "effective_scenario" not in self.values:
            return ()
        names = list(self.values)
        end = names.index("result_validity") if "result_validity" in names else len(names)
        return (*names[:end], *self.official)

    def counted(self, mark: str) -> str | None:
        """Return the line that counts warnings or errors, None where there were none."""
        line = self.marks.get(mark, "No")
        return None if line.startswith("No") else line

    def is_over(self, name: str, value: str) -> bool:
        """Say whether a line is of the next run."""
        if name == TITLE:
            return bool(self.values or self.marks)
        if name == _ACCURACY:
            return self.has_result
        if name in self.marks or _stage(name) < self.stage:
            return True
        if name.startswith(_OFFICIAL):
            return name.removeprefix(_OFFICIAL) in self.official
        return name in self.values and not (name in _TWICE and self.values[name] == value)

    def take(self, name: str, value: str) -> None:
        """Add what a line says."""
        if name.startswith(_OFFICIAL):
            self.official[name.removeprefix(_OFFICIAL)] = value
        elif name in _MARKS:
            self.marks[name] = value
        else:
            self.values[name] = value
        if _stage(name) != _NUMBERS or name in _MARKS:
            self.stage = max(self.stage, _stage(name))

    def all_values(self) -> dict[str, str]:
        """Return all that it says; the number beside its scenario as a rule stands below too, with the others of its kind."""
        return self.values | {
            name: text for name, text in self.official.items() if name not in self.values
        }


@cache
def _stage(name: str) -> int:
    """Return where in a summary a line stands."""
    if name in _STAGES:
        return _STAGES[name]
    if name.startswith(_OFFICIAL) or _VERDICT.fullmatch(name):
        return _RESULT
    return _SETTINGS if name.startswith(("effective_", "requested_")) else _NUMBERS


def _runs(text: str) -> list[_Run]:
    """Return the runs of a summary; what is said beside titled ones without any result is other output."""
    runs = [_Run()]
    for name, value in _summary_values(text):
        if runs[-1].is_over(name, value):
            runs.append(_Run())
        runs[-1].take(name, value)
    said = [run for run in runs if run.values or run.marks]
    if not any(TITLE in run.marks for run in said):
        return said
    return [run for run in said if TITLE in run.marks or run.has_result or run.is_accuracy]


def _summary_values(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line's value by the name that the detail log gives it, and the marks of a summary's parts."""
    section = scenario = ""
    stopping: str | None = None
    notes: list[str] = []
    before = ""
    for line in text.split("\n"):
        if line == before:
            continue  # who logs twice writes each line twice
        before = line
        if line.find(_BANNER) > 0:
            line = _BANNER  # what stands before the next summary was cut off, as a rule within a number
        key, colon, value = line.partition(":")
        name = key.strip()
        if stopping and line.lstrip().startswith("* "):
            notes.append(f" {line.lstrip()}")
            continue
        if stopping:
            yield stopping, "".join(notes)
            stopping, notes = None, []
        mark = _mark(line)
        if mark:
            section = ""
            yield mark, line.strip()
        elif _PERMUTED in line:
            yield "effective_sample_concatenate_permutation", "true"
        elif not colon:
            section = "" if name.startswith("====") else section
        elif name in _STOPPING:
            stopping = _STOPPING[name]
        elif name in _SECTIONS:
            section = _SECTIONS[name]
        else:
            known = (
                _NAMES.get(name) or _official_name(name, scenario) or _latency_name(name, section)
            )
            if known == "effective_scenario":
                scenario = value.replace(" ", "")
            if known:
                stripped = value.strip()
                yield known, _TRUTH.get(stripped, stripped)
    if stopping:
        yield stopping, "".join(notes)


def _mark(line: str) -> str | None:
    """Return what a line without a value says of the part of a summary that it stands in, or None."""
    words = line.strip()
    if words in (TITLE, _ADDITIONAL, _PARAMETERS):
        return words
    if _WARNINGS.match(words):
        return _WARNED
    if _ERRORS.match(words):
        return _FAILED
    return _ACCURACY if _NO_SPEED in words else None


@cache
def _official_name(name: str, scenario: str) -> str | None:
    """Return the detail log's name of the percentile beside the scenario, which is named as 90th or 90.0th."""
    found = _HEADLINE.fullmatch(name)
    if not found or found[1].count(".") > 1 or found[1].startswith("."):
        return None
    level, of = f"{float(found[1]):.2f}", found[2].strip().replace(" ", "_")
    if of:
        return f"{_OFFICIAL}result_{of}_{level}_percentile_latency_ns"
    return f"{_OFFICIAL}result_{level}_percentile{'_per_query' if scenario == 'MultiStream' else ''}_latency_ns"


@cache
def _latency_name(name: str, section: str) -> str | None:
    """Return the detail log's name of a latency line; in a per-query block it is that of the query."""
    query = "_query" if section == "per-query" else ""
    extreme = _EXTREME.fullmatch(name)
    if extreme:
        end, what = extreme.group(1).lower(), extreme.group(2)
        return {
            "latency": f"result_{end}{query}_latency_ns",
            "group latency": f"result_{end}_group_latency_ns",
            "First Token latency": f"result_first_token_{end}_latency_ns",
            "Time to Output Token": f"result_time_to_output_token_{end}",
        }[what]
    percentile = _PERCENTILE.fullmatch(name)
    if not percentile or "th " in name:
        return None
    level, kind, of = percentile.groups()
    if kind == "group percentile":
        return f"result_{level}_group_percentile_latency_ns"
    if of == " first token":
        return f"result_first_token_{level}_percentile_latency_ns"
    if of == " time to output token":
        return f"result_time_per_output_token_{level}_percentile_ns"
    return f"result_{level}_percentile{'_per_query' if query else ''}_latency_ns"


def read_detail(path: Path, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> Log:
    """Return what a detail log says, reading only its first and its last bytes."""
    start, end = _ends(path, head, tail)
    data = _standing(start, end)
    values: dict[str, str] = {}
    twice: str | None = None
    differ = False
    for name, text in _entries(data):
        said = text.encode("utf-8", "replace").decode()  # \ud800 is half a character
        if name in values and name in _ONCE:
            twice = twice or name
        differ |= values.setdefault(name, said) != said and (
            name in _ONCE or name.startswith("result_")
        )
    count = len(_ERROR_KEY.findall(data))
    return Log(
        path,
        values,
        hashlib.sha256(start).hexdigest() if end is None else None,
        len(start) + len(end or b""),
        f"{count} errors in the detail log" if count else None,
        several=_several(data, twice if differ else None),
        audited=any(words in data for words in _AUDITED),
    )


def _standing(start: bytes, end: bytes | None) -> bytes:
    """Return the ends of a detail log as bytes in which its lines are found by their token."""
    if lines.can_stand(start) and b":::MLLOG {&quot;" not in start:
        return start if end is None else _joined(start, end)
    encoding = encodings.encoding_of(start)
    text = start.decode(encoding, "replace")
    if end is not None:
        last = end.decode(
            encoding.removesuffix("-sig") if encoding != "utf-16" else _byte_order(start), "replace"
        )
        text = text[: text.rfind("\n") + 1] + last[last.find("\n") + 1 :]
    return lines.text(text, _OWN_DETAIL).encode("utf-8", "replace")


def _byte_order(start: bytes) -> str:
    """Return the encoding of the rest of a text that begins with a mark of UTF-16."""
    return "utf-16-le" if start.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"


def _several(data: bytes, twice: str | None) -> str | None:
    """Say why a detail log is of more than one run, or None; one that was copied behind itself is of one."""
    if twice:
        return f"{twice} stands there twice"
    first = _PID.search(data)
    last = data.rfind(b'"pid":')
    at_end = _PID.match(data, last) if last >= 0 else None
    if first and at_end and first[1] != at_end[1]:
        return f"process {first[1].decode()} wrote its start, process {at_end[1].decode()} its end"
    return None


def _entries(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the keys with the characters of their values, in the order of the log; a line that was cut off says nothing."""
    token = next(
        (token for token in (mllog_lines.MLLOG, mllog_lines.ENDPTS) if token in data), None
    )
    if token is None:
        for match in _LEGACY.finditer(data):
            yield match[1].decode(), match[2].decode("utf-8", "replace").strip()
        return
    for _, start, stop in mllog_lines.found(data, token):
        raw = mllog_lines.last(data, token, start, stop)
        with suppress(ValueError, RecursionError):
            yield mllog_lines.entry(raw or b"")


def estimates(words: str) -> list[Estimate]:
    """Return the estimates that an early-stopping result states."""
    found = [Estimate(_plain(level), value) for level, value in _ESTIMATE.findall(words)]
    return found + [
        Estimate(_plain(level), None, said.strip()) for said, level in _TOO_FEW.findall(words)
    ]


def _plain(level: str) -> str:
    return level.rstrip("0").rstrip(".") if "." in level else level


def read_user_conf(path: Path) -> dict[str, str]:
    """Return the settings of a user.conf, `<model>.<scenario>.<key>` each with its characters; a broken line is left out."""
    with path.open("rb") as file:
        text = file.read(SUMMARY_BYTES).decode("utf-8", "replace")
    settings: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("#")[0].partition("=")
        if equals and key.strip() and value.strip():
            settings[key.strip()] = value.strip()
    return settings
