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
from statistics import median

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import encodings, heads, lines

HEAD_BYTES = 4096
MARKS = (
    "ulp-ml",
    "m-session-start-id",
    "Performance results for window",
    "Energy data for ",
    "Power Edition Output",
    "SerialDevice",
    "Average duty cycle",
    "m-infer-start",
    "Logging initialized. Writing output to session",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A number as it stands in the file, with its line."""

    text: str
    line: int
    unit: str | None = None


@dataclass(slots=True)
class Window:
    """One of the repeated measurements of a run; `met` says whether it was long enough, None where nothing says so."""

    name: str
    inferences: Reading | None = None
    seconds: Reading | None = None
    rate: Reading | None = None
    energy: Reading | None = None
    power: Reading | None = None
    per_inference: Reading | None = None
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
    """What a run in a results.txt, log.txt or postproc.txt says; `line` is where it begins."""

    line: int = 1
    performance: dict[str, Window] = field(default_factory=dict)
    energy: dict[str, Window] = field(default_factory=dict)
    timed: list[Timed] = field(default_factory=list)
    numbers: dict[str, Reading] = field(default_factory=dict)
    """Of the whole run: rate, energy, top1, auc, true-positives, false-negatives, false-positives, duty, period, stream-rate."""
    said: dict[str, str] = field(default_factory=dict)
    """The first of each: session (its start), model, runner, firmware, warm-ups."""
    outputs: int = 0
    """How many answers of the model the log shows."""
    faults: list[tuple[int, str]] = field(default_factory=list)
    """Lines that begin as a number of the run and hold none, or may lack digits of it, with what is wrong."""

    @property
    def empty(self) -> bool:
        """Whether nothing was measured."""
        return not (self.performance or self.energy or self.timed or self.numbers)

    @property
    def modes(self) -> frozenset[str]:
        """Which of the runner's modes this is a run of, none where only its clock was read; a file may hold a run of each."""
        if self.energy or "energy" in self.numbers:
            return frozenset({"energy"})
        scored = bool({"top1", "auc"} & self.numbers.keys())
        timed = bool(self.performance) and not scored
        fast = timed or bool({"rate", "duty"} & self.numbers.keys())
        return frozenset(mode for mode, ran in (("performance", fast), ("accuracy", scored)) if ran)

    def is_run_of(self, other: Results) -> bool:
        """Say whether two files tell of the same run: what both print is the same, and they print some of it."""
        both = self.numbers.keys() & other.numbers.keys()
        if both:
            return all(self.numbers[name].text == other.numbers[name].text for name in both)
        rate = other.numbers.get("rate")
        if rate is None or not self.timed:
            return False
        clocked = median(timed.rate for timed in self.timed)
        return abs(Fraction(rate.text) - clocked) <= _CLOCK * clocked


_CLOCK = Fraction(2, 1000)
"""How far the clock in a log may be from the rate that the runner prints for the same run."""
# With two digits of an exponent every number is one of a double.
_N = r"([-+]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,2})?)"
_PREFIX = re.compile(r"^\s{0,20}(?:[0-9]{1,9}\.[0-9]{1,9} [\w-]{1,30}:)?\s{0,20}")
_OWN = re.compile(
    r"\s{0,20}(?:[0-9]{1,9}\.[0-9]{1,9} [\w-]{1,30}:|(?:# )?Inferences {0,20}:|Runtime|Elapsed time|Throughput|(?:Total )?Energy|Power"
    r"|Performance results for window|Median |Top[- ]1|AUC|Average (?:duty|period)|Estimated throughput|Accuracy:|e-\[|m-[a-z]"
    r"|Logging initialized\.|Device (?:model|profile) retrieved)"
)
"""How the runner's lines begin; what shells and platforms put before them is no part of them."""
_WINDOW = re.compile(
    r"(Performance results for window|Energy data for window|Energy data for trial) ([0-9]{1,9})\b:?"
)
_SESSION = re.compile(r"m-session-start-id\[|^Logging initialized\. Writing output to session")
_COMMAND = re.compile(r"m-sequencing-i\[([0-9]{1,9})\]")
_MODEL = re.compile(r"m-model-\[([^\]]{1,80})\]|Device model retrieved: (\S{1,80})")
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
    (
        "energy",
        "Median energy cost",
        re.compile(rf"Median energy cost is {{1,20}}{_N} ([um]J)/inf\.$"),
    ),
    ("top1", "Top-1:", re.compile(rf"Top-1: {{0,20}}{_N}(%)$")),
    ("top1", "Top 1% =", re.compile(rf"Top 1(%) = {{0,20}}{_N}$")),
    ("auc", "AUC", re.compile(rf"AUC {{0,3}}[:=] {{0,20}}{_N}$")),
    ("duty", "Average duty cycle", re.compile(rf"Average duty cycle: {{1,20}}{_N}$")),
    ("period", "Average period", re.compile(rf"Average period: {{1,20}}{_N} (s)$")),
    (
        "stream-rate",
        "Estimated throughput",
        re.compile(rf"Estimated throughput: {{1,20}}{_N} (inf\./sec\.)$"),
    ),
)
_WHOLE = re.compile(
    r"AUC: [01]\.[0-9]{2}|AUC = [01]\.[0-9]{3}|Average duty cycle: {1,20}[01]\.[0-9]{5}"
)
"""Numbers without a unit of which the runner always prints so many digits."""
_WAKE_WORDS = re.compile(
    r"Accuracy: ([0-9]{1,9}) True positives, ([0-9]{1,9}) False negatives, ([0-9]{1,9}) False positives$"
)
_WAKE_NAMES = ("true-positives", "false-negatives", "false-positives")
_STREAM = frozenset({_WAKE_NAMES[0], "duty", "period", "stream-rate"})
"""What only the streaming benchmark prints."""
_ORDERS = (
    ("rate",),
    ("energy",),
    ("top1", "auc"),
    (_WAKE_NAMES[0], "duty", "period", "stream-rate"),
)
"""The numbers of a run in the order in which they are printed: what comes before one that stands already is another run's."""
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
    head = encodings.decoded(heads.head(path, HEAD_BYTES))
    # A short results.txt begins with a number and nothing else that is the runner's own.
    return any(mark in head for mark in MARKS)


def runs(path: Path, limits: Limits = LIMITS) -> list[Results]:
    """Return what each run in a file of the EnergyRunner says, in order; one that says nothing where there is none.

    A run measures each of its windows once, prints each of its medians once, and gives its commands in rising order.
    """
    reader = _Reader()
    for number, text, ended in _lines(path, limits):
        reader.see(number, text, ended=ended)
    return reader.found


def _lines(path: Path, limits: Limits) -> Iterator[tuple[int, str, bool]]:
    """Yield the lines with their numbers, and whether they end, without what stands before them; too long ones are cut."""
    with heads.opened(path) as file:
        file.seek(max(path.stat().st_size - 4, 0))
        ended = file.read().replace(b"\0", b"").endswith((b"\n", b"\r"))
    found = lines.read(path, _OWN, limits)
    last = max((line.number for line in found), default=0)
    for line in found:
        yield line.number, _PREFIX.sub("", line.text, count=1), ended or line.number < last


class _Reader:
    """Takes the lines of a file one by one and keeps its runs apart."""

    def __init__(self) -> None:
        self.found = [Results()]
        self._reset()

    @property
    def _run(self) -> Results:
        return self.found[-1]

    def _reset(self) -> None:
        self._window: Window | None = None
        self._laps = _Laps(self._run)
        self._opened: set[str] = set()
        self._command = -1

    def _next_run(self, line: int, *, same_session: bool) -> None:
        said = dict(self._run.said) if same_session else {}
        self.found.append(Results(line=line, said=said))
        self._reset()

    def see(self, line: int, text: str, *, ended: bool) -> None:
        """Take one line without its prefix; of one that does not end, the last digits may be cut off."""
        self._separate(line, text)
        self._run.outputs += "m-results" in text
        _note(self._run, text)
        self._laps.see(text, line)
        opened = _WINDOW.match(text)
        if opened:
            windows = self._run.performance if opened[1].startswith("Perf") else self._run.energy
            self._opened.add(opened[0])
            self._window = windows[opened[2]] = Window(opened[2])
        elif not ended and text[-1:].isdigit() and _is_number(text) and not _WHOLE.fullmatch(text):
            self._run.faults.append(
                (line, f"{text[:80]!r}: the file ends here, and digits may be cut off")
            )
        elif self._window is None or not _into(self._window, text, line):
            _of_run(self._run, text, line)

    def _separate(self, line: int, text: str) -> None:
        """Begin the next run where a line cannot be of this one."""
        run = self._run
        if _SESSION.search(text):
            if run.said or not run.empty:
                self._next_run(line, same_session=False)
            return
        model = _MODEL.search(text)
        if model and run.said.get("model", model[1] or model[2]) != (model[1] or model[2]):
            self._next_run(line, same_session=False)
            return
        if self._repeats(text):
            self._next_run(line, same_session=True)
        if command := _COMMAND.search(text):
            self._command = int(command[1])

    def _repeats(self, text: str) -> bool:
        """Say whether a line begins something that this run has printed already."""
        run = self._run
        command = _COMMAND.search(text)
        if command:
            return int(command[1]) <= self._command
        opened = _WINDOW.match(text)
        if opened:
            # The second generation prints each window while it runs, with a colon, and again at the end.
            return opened[0] in self._opened or self._is_of_other_mode(opened[1])
        if _BEGIN.search(text):
            return bool(run.numbers)
        name = _name_of(text)
        if name is None:
            return False
        for order in _ORDERS:
            if name in order and set(order[order.index(name) :]) & run.numbers.keys():
                return True
        return self._is_of_other_benchmark(name)

    def _is_of_other_benchmark(self, name: str) -> bool:
        """Say whether a number is one of the stream in a run of single inferences, or the other way round."""
        run = self._run
        if name in _STREAM:
            return bool(run.performance) or "rate" in run.numbers
        return name == "rate" and bool(_STREAM & run.numbers.keys())

    def _is_of_other_mode(self, words: str) -> bool:
        """Say whether windows of this kind are no part of the run so far: their median stands behind them.

        An energy run prints first what it cost, and the first generation then how fast it was; the second does not.
        """
        run = self._run
        printed = "rate" if words.startswith("Perf") else "energy"
        if printed in run.numbers or _STREAM & run.numbers.keys():
            return True
        if words.startswith("Perf"):
            return "energy" in run.numbers and any("trial" in opened for opened in self._opened)
        return not run.energy and bool(run.performance or run.numbers)


def _name_of(text: str) -> str | None:
    """Return the name of the number of a run that a line says."""
    for name, words, _ in _OF_RUN:
        if text.startswith(words):
            return name
    if text.startswith("Accuracy:"):
        return _WAKE_NAMES[0]
    return None


def _is_number(text: str) -> bool:
    """Say whether a line is one that holds a number of a run or of a window."""
    patterns = [pattern for _, pattern in _IN_WINDOW] + [pattern for _, _, pattern in _OF_RUN]
    return any(pattern.match(text) for pattern in patterns)


def _into(window: Window, text: str, line: int) -> bool:
    """Put a line into its window and say whether it belongs there."""
    if text.startswith("Runtime requirements have been met"):
        window.met = True
        return True
    if text.startswith("e-["):
        window.met, window.complaint = False, text[3:].rstrip("]")
        return True
    for name, pattern in _IN_WINDOW:
        match = pattern.match(text)
        if match:
            setattr(window, name, _reading(match, line))
            return True
    return False


def _of_run(results: Results, text: str, line: int) -> None:
    for name, words, pattern in _OF_RUN:
        if not text.startswith(words):
            continue
        match = pattern.match(text)
        if match is None:
            results.faults.append((line, f"{text[:80]!r} has no number"))
        else:
            results.numbers[name] = _reading(match, line)
        return
    if text.startswith("Accuracy:"):
        _of_wake_words(results, text, line)


def _reading(match: re.Match[str], line: int) -> Reading:
    """Return a number with its unit, in whichever order the line has them."""
    groups = [group for group in match.groups() if group is not None]
    value = next(group for group in groups if group[-1].isdigit())
    groups.remove(value)
    return Reading(value, line, next(iter(groups), None))


def _of_wake_words(results: Results, text: str, line: int) -> None:
    counted = _WAKE_WORDS.match(text)
    if counted is None:
        results.faults.append((line, f"{text[:80]!r} has no number"))
        return
    for name, count in zip(_WAKE_NAMES, counted.groups(), strict=True):
        results.numbers[name] = Reading(count, line)


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
