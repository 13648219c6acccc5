"""Results and logs of the EnergyRunner, the test harness of MLPerf Tiny, in the wordings of its two generations.

The first (v0.5 to v1.2) writes `00461.755 ulp-mlperf:   Throughput   :        1.420 inf./sec.`, the second (v1.3)
`Throughput: 6.035914206895101 inf./sec.` and `Top 1% = 87.0`, which is a top-1 percentage. Both write the same words in
results.txt and log.txt, so one reader takes both. Numbers keep their characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from benchfmt.limits import LIMITS, Limits

HEAD_BYTES = 4096
_MARKS = (
    b"ulp-ml", b"m-session-start-id", b"Performance results for window", b"Energy data for ", b"Power Edition Output",
    b"SerialDevice", b"Average duty cycle", b"m-infer-start", b"Logging initialized. Writing output to session",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in the file, with its line."""

    text: str
    line: int
    unit: str | None = None


@dataclass(slots=True)
class Window:
    """One of the repeated measurements of a run; `met` says whether it was long enough, None where nothing says so."""

    name: str
    inferences: Number | None = None
    seconds: Number | None = None
    rate: Number | None = None
    energy: Number | None = None
    power: Number | None = None
    per_inference: Number | None = None
    met: bool | None = None
    complaint: str | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """Inferences between two readings of the device's clock, in microseconds."""

    inferences: int
    begin: int
    end: int
    line: int

    @property
    def rate(self) -> Fraction:
        """Inferences per second, exactly."""
        return Fraction(self.inferences * 1_000_000, self.end - self.begin)


@dataclass(slots=True)
class Results:
    """What a results.txt, log.txt or postproc.txt says."""

    performance: dict[str, Window] = field(default_factory=dict)
    energy: dict[str, Window] = field(default_factory=dict)
    timed: list[Timed] = field(default_factory=list)
    numbers: dict[str, Number] = field(default_factory=dict)
    """Of the whole run: rate, energy, top1, auc, true-positives, false-negatives, false-positives, duty, period, stream-rate."""
    said: dict[str, str] = field(default_factory=dict)
    """The first of each: session (its start), model, runner, firmware, warm-ups."""
    outputs: int = 0
    """How many answers of the model the log shows."""
    faults: list[tuple[int, str]] = field(default_factory=list)
    """Lines that begin as a number of the run, and hold none."""

    @property
    def empty(self) -> bool:
        """Whether nothing was measured."""
        return not (self.performance or self.energy or self.timed or self.numbers)


# With two digits of an exponent every number is one of a double.
_N = r"([-+]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,2})?)"
_PREFIX = re.compile(r"^\s{0,20}(?:[0-9]{1,9}\.[0-9]{1,9} [\w-]{1,30}:)?\s{0,20}")
_WINDOW = re.compile(r"(Performance results for window|Energy data for window|Energy data for trial) ([0-9]{1,9})\b")
_IN_WINDOW: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("inferences", re.compile(rf"(?:# )?Inferences {{0,20}}: {{0,20}}{_N}$")),
    ("seconds", re.compile(rf"(?:Runtime|Elapsed time) {{0,20}}: {{0,20}}{_N}(?: sec\.)?$")),
    ("rate", re.compile(rf"Throughput {{0,20}}: {{0,20}}{_N} (inf\./sec\.)$")),
    ("per_inference", re.compile(rf"Energy/Inf\.? {{0,20}}: {{0,20}}{_N} ([um]J)/inf\.?$")),
    ("energy", re.compile(rf"(?:Total )?Energy {{0,20}}: {{0,20}}{_N} ([um]J)$")),
    ("power", re.compile(rf"Power {{0,20}}: {{0,20}}{_N} ([um]W)\.?$")),
)
_OF_RUN: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("rate", "Median throughput", re.compile(rf"Median throughput is {{1,20}}{_N} (inf\./sec\.)$")),
    ("energy", "Median energy cost", re.compile(rf"Median energy cost is {{1,20}}{_N} ([um]J)/inf\.$")),
    ("top1", "Top-1:", re.compile(rf"Top-1: {{0,20}}{_N}(%)$")),
    ("top1", "Top 1% =", re.compile(rf"Top 1(%) = {{0,20}}{_N}$")),
    ("auc", "AUC", re.compile(rf"AUC {{0,3}}[:=] {{0,20}}{_N}$")),
    ("duty", "Average duty cycle", re.compile(rf"Average duty cycle: {{1,20}}{_N}$")),
    ("period", "Average period", re.compile(rf"Average period: {{1,20}}{_N} (s)$")),
    ("stream-rate", "Estimated throughput", re.compile(rf"Estimated throughput: {{1,20}}{_N} (inf\./sec\.)$")),
)
_WAKE_WORDS = re.compile(
    r"Accuracy: ([0-9]{1,9}) True positives, ([0-9]{1,9}) False negatives, ([0-9]{1,9}) False positives$"
)
_WAKE_NAMES = ("true-positives", "false-negatives", "false-positives")
_SAID: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("session", re.compile(r"m-session-start-id\[([0-9]{14})\]")),
    ("session", re.compile(r"sessions[\\/]([0-9]{8}_[0-9]{6})\b")),
    ("model", re.compile(r"m-model-\[([^\]]{1,80})\]")),
    ("model", re.compile(r"Device model retrieved: (\S{1,80})")),
    ("runner", re.compile(r"m-bmark-run-name\[([^\]]{1,80})\]")),
    ("firmware", re.compile(r"m-profile-\[([^\]]{1,80})\]")),
    ("firmware", re.compile(r"Device profile retrieved: (.{1,80})$")),
)
_BEGIN = re.compile(r"m-infer-start-([0-9]{1,15})")
_LAP = re.compile(r"m-lap-us-([0-9]{1,20})")


def is_of_runner(path: Path) -> bool:
    """Say whether a file begins as the EnergyRunner writes."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    # A short results.txt begins with a number and nothing else that is the runner's own.
    return any(mark in head for mark in _MARKS)


def read(path: Path, limits: Limits = LIMITS) -> Results:
    """Return what a file of the EnergyRunner says; a window that stands twice counts as it stands last."""
    results = Results()
    window: Window | None = None
    laps = _Laps(results)
    for number, line in _lines(path, limits):
        text = _PREFIX.sub("", line, count=1)
        results.outputs += "m-results" in text
        _note(results, text)
        laps.see(text, number)
        opened = _WINDOW.match(text)
        if opened:
            kind = results.performance if opened[1].startswith("Perf") else results.energy
            window = kind[opened[2]] = Window(opened[2])
        elif window is None or not _into(window, text, number):
            _of_run(results, text, number)
    return results


def _lines(path: Path, limits: Limits) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers; what is beyond the longest line allowed is left away."""
    with path.open("rb") as file:
        number, whole = 0, True
        while line := file.readline(limits.row_bytes):
            if whole:
                number += 1
                yield number, line.decode("utf-8", "replace").rstrip()
            whole = line.endswith(b"\n")


def _into(window: Window, text: str, line: int) -> bool:
    """Put a line into its window and say whether it belongs there."""
    if text.startswith("Runtime requirements have been met"):
        window.met = True
        return True
    if text.startswith("e-["):
        window.met, window.complaint = False, text[3:].rstrip("]")
        return True
    for name, pattern in _IN_WINDOW:
        found = pattern.match(text)
        if found:
            setattr(window, name, Number(found[1], line, found[2] if found.re.groups > 1 else None))
            return True
    return False


def _of_run(results: Results, text: str, line: int) -> None:
    for name, words, pattern in _OF_RUN:
        if not text.startswith(words):
            continue
        found = pattern.match(text)
        if found is None:
            results.faults.append((line, text[:80]))
            return
        groups = [group for group in found.groups() if group is not None]
        value = next(group for group in groups if group[-1].isdigit())
        results.numbers[name] = Number(value, line, next((group for group in groups if group != value), None))
        return
    if text.startswith("Accuracy:"):
        counted = _WAKE_WORDS.match(text)
        if counted is None:
            results.faults.append((line, text[:80]))
        else:
            results.numbers |= {
                name: Number(found, line) for name, found in zip(_WAKE_NAMES, counted.groups(), strict=True)
            }


def _note(results: Results, text: str) -> None:
    for name, pattern in _SAID:
        if name not in results.said and (found := pattern.search(text)):
            results.said[name] = found[1].strip()


class _Laps:
    """The readings of the device's clock around inferences: start, reading, reading, done."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._open: tuple[int, list[int]] | None = None

    def see(self, text: str, line: int) -> None:
        begun = _BEGIN.search(text)
        if begun:
            self._open = (int(begun[1]), [])
        elif self._open and (lap := _LAP.search(text)):
            self._open[1].append(int(lap[1]))
        elif self._open and "m-infer-done" in text:
            count, laps = self._open
            self._open = None
            if count > 0 and len(laps) == 2 and laps[1] > laps[0]:
                self._results.timed.append(Timed(count, laps[0], laps[1], line))
