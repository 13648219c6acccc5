"""How the lines of a log of trtexec look, and which text is one."""

from __future__ import annotations

import re

from benchfmt.readers import repeats
from benchfmt.readers.trtexec.run import STAGES

MARK = re.compile(
    r"&&&& (?P<word>RUNNING|PASSED|FAILED|WAIVED) TensorRT\.trtexec\S*(?: \[TensorRT v(?P<tag>[0-9.]+)\])?"
    r"(?: \[b(?P<build>[0-9]+)\])?(?: # (?P<command>.*))?"
)
"""A run begins and ends with such a line; TensorRT 7 prints no version in it."""
LINE = re.compile(
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
BARE = re.compile(_WORDS)
PROSE = re.compile(r"[Tt]hroughput: \S+ qps,? [a-z]")
"""A sentence about a rate, as `Throughput: 800 qps would be nice`; the tool ends its line with the unit."""
SHELL = re.compile(r"(?:^|[\s/\\])trtexec(?:\.exe)?\"?\s+(?P<command>--?\w.*)")
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
BLOCKS = {"host latency": "inference", "enqueue time": "enqueue", "gpu compute": "compute"}
ORDER = (
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
ANYWHERE = ("old rate", "old walltime")
"""What TensorRT 7 prints in the middle of its stages."""
PARTS = r"(?P<name>min|max|mean|median|percentile)"
STATISTIC = re.compile(PARTS + r"(?:\((?P<level>[0-9.]+)%\))? = (?P<number>\S+) ms")
_OLD_HEADING = re.compile(r"\[I\] GPU Compute\s*$|^\s*GPU Compute\s*$", re.MULTILINE)
_OLD_RATE = re.compile(r"\bthroughput: \S+ qps")


def has_mark(text: str) -> bool:
    """Say whether text holds the line with which a run of trtexec begins or ends."""
    for mark in MARK.finditer(text):
        before = text[text.rfind("\n", 0, mark.start()) + 1 : mark.start()]
        if not before.strip(" \t>"):
            return True
    return False


def has_summary(text: str) -> bool:
    """Say whether text holds lines of a performance summary in trtexec's words, also without time and level."""
    if any(_is_statistic(line) for line in text.splitlines()):
        return True
    return _OLD_HEADING.search(text) is not None and _OLD_RATE.search(text) is not None


def _is_statistic(line: str) -> bool:
    """Say whether a line is one of the statistics of a stage; there is no other that says them so."""
    text = _information(line)
    if text is None:
        return False
    word, colon, rest = text.partition(": ")
    return bool(colon) and word.lower() in STAGES and STATISTIC.match(rest) is not None


def _information(line: str) -> str | None:
    """Return the text of a line of level I, or of one without a level; None for one of another level."""
    match = LINE.match(line)
    if match is None:
        return line.strip()
    if match["level"] == "I":
        return match["text"]
    return None


def mark_of(line: str) -> re.Match[str] | None:
    """Return the mark with which a run begins or ends."""
    if "&&&&" in line:
        return MARK.search(line)
    return None


def key_of(line: str) -> str | None:
    """Return what a line says, by its name in the tool's order."""
    mark = mark_of(line)
    if mark:
        return "running" if mark["word"] == "RUNNING" else "end"
    match = LINE.match(line)
    if match is None:
        return _key_of_bare(line)
    if match["level"] == "I":
        return _key_of_text(match["text"].strip())
    return None


def _key_of_bare(line: str) -> str | None:
    """Return what a line without a level says: it is a command, or of an excerpt."""
    if SHELL.search(line):
        return repeats.COMMAND
    text = line.strip()
    if PROSE.match(text):
        return None
    return _key_of_text(text)


def _key_of_text(text: str) -> str | None:
    for key, start in _KEYS:
        if text.startswith(start):
            return key
    return BLOCKS.get(text.lower())
