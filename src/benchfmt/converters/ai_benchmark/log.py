"""The stdout of AI Benchmark's desktop package as people post it: clean, in markdown, cut off, stitched, or retyped.

What shells and platforms put before the lines is taken off by `readers.lines`. What is left is searched, not matched from its
start: editors damage lines in ways of their own, and noise of TensorFlow stands between them.
Several invocations may stand in one text. A run prints everything once and its tests in rising order, so that what
repeats or goes back begins the next run: no result is ever joined with the scores or the device of another run.
"""

from __future__ import annotations

import re
import unicodedata

from benchfmt.converters.ai_benchmark.run import Damaged, Result, Run, Score, Time, configuration
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.repeats import refuse_many
from benchfmt.suites import ai_benchmark as rules

SPREAD = r"(?:±|Â±|\+/-|\+-|ms,\s*std:|[ñ\ufffd])"
"""What stands between mean and deviation: consoles without ± print words, and others spoil it."""
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
VALUE = rf"(?P<mean>{_NUMBER})\s*{SPREAD}\s*(?P<std>{_NUMBER})\s*ms"
BANNER = re.compile(r">>\s+AI-Benchmark(?:-v\.|\s+-\s+)(?P<version>[0-9][^\s*`]*)")
INFO = re.compile(
    r"\*\s+(?P<key>TF Version|Platform|CPU|CPU RAM|GPU/[0-9]+|GPU RAM|CUDA Version|CUDA Build):\s*(?P<value>.*?)\s*$"
)
STARTED = re.compile(r"\bThe benchmark is running\b")
SECTION = re.compile(r"(?P<number>[0-9]{1,2})/(?P<of>[0-9]{1,2})\.\s+(?P<name>[A-Z].*?)\s*$")
RESULT = re.compile(
    rf"(?P<number>[0-9]{{1,2}})\.(?P<sub>[0-9])\s*-\s*(?P<kind>inference|training)\s*\|(?P<config>.*?):\s*{VALUE}"
)
LOOSE = re.compile(
    r"(?P<number>[0-9]{1,2})\.(?P<sub>[0-9])\s*-\s*(?P<kind>inference|training)\s*\|"
)
SCORE = re.compile(r"Device (?P<kind>Inference|Training|AI) Score:\s*(?P<score>[0-9]+)")
PASS = re.compile(r"(?P<kind>Inference|Training) Time:\s*(?P<ms>[0-9]+)\s*ms")
ERROR = re.compile(
    r"Traceback \(most recent|^\s*[\w.]*(?:Error|Exception)\b|: F tensorflow/|^\s*Aborted|Segmentation fault|^\s*Killed|core dumped"
    r"|KeyboardInterrupt|\bOOM when"
)
_STAGE_CELL = r"[^|]*\|\s*(?:(?:stage|Device (?:Inference|Training|AI) Score)\s*\||(?:inference|training)\b[^|:]*\|)"
OWN = re.compile(
    r"\s*(?:>>\s{2,}\S|\*\s+(?:TF Version|Platform|CPU|CPU RAM|GPU/[0-9]+|GPU RAM|CUDA Version|CUDA Build):|The benchmark is running"
    r"|[0-9]{1,2}/[0-9]{1,2}\.\s+[A-Z]|[0-9]{1,2}\.[0-9]\s*-\s*(?:inference|training)\s*\||Device (?:Inference|Training|AI) Score:"
    rf"|(?:Inference|Training) Time:|\|?{_STAGE_CELL})"
)
"""How the lines of the package begin, and the rows of retyped tables; what stands before them is no part of them."""
BARE_ROW = re.compile(_STAGE_CELL)
ROW = re.compile(rf"\s*\||{_STAGE_CELL}")
"""How a row of a retyped table begins; the bar at its start may be gone with a time that stood before it."""
_INFO_ORDER = ("TF Version", "Platform", "CPU", "CPU RAM", "GPU", "CUDA Version", "CUDA Build")
"""The package prints the device once, in this order; a GPU has two lines, and there may be several."""
_SCORE_ORDER = ("Inference", "Training", "AI")
_ERRORS_TOLD = 5
_FANCY = re.compile("[\U0001d400-\U0001d7ff]+")


def plain_letters(line: str) -> str:
    """Return a line whose mathematical letters are plain ones: 0.1.0 prints its banner in them."""
    return _FANCY.sub(lambda match: unicodedata.normalize("NFKC", match[0]), line)


def runs(lines: list[tuple[int, str]], limits: Limits = LIMITS) -> list[Run]:
    """Return what each invocation printed, in order; the last may have broken off before its first test.

    Raises UnsafeError for more tests, or runs, than are read.
    """
    reader = _Reader(limits)
    last = 0
    for number, line in lines:
        if number < last:  # here begins what another process printed between those lines
            reader.end(number)
        reader.see(number, line.rstrip())
        last = number
    return [*reader.ended, *reader.rest()]


class _Reader:
    """Takes the lines of a console one by one and keeps the runs apart."""

    def __init__(self, limits: Limits) -> None:
        self.ended: list[Run] = []
        self._limits = limits
        self._tests = 0
        self._line = 0
        self._takers = (
            (BANNER, self._banner),
            (INFO, self._info),
            (STARTED, self._started),
            (RESULT, self._result),
            (PASS, self._pass),
            (SCORE, self._score),
            (LOOSE, self._unread_result),
            (SECTION, self._heading),
            (ERROR, self._error),
        )
        self._begin(1)

    def _begin(self, line: int) -> None:
        self._run = Run(len(self.ended) + 1, line)
        self._rank = (-1, 0)
        """How far the description of the device has come."""
        self._test = (0, 0)
        """Number and part of the last test."""
        self._section = (0, 0)
        """Number of the last heading and how many tests it says there are."""
        self._passes: list[re.Match[str]] = []

    def rest(self) -> list[Run]:
        """Return the run that was read last, in a list that is empty where it says nothing."""
        if self._run.measured or self._run.introduced:
            return [self._run]
        return []

    def end(self, line: int) -> None:
        """End the run that is read, so that what comes is of another."""
        self.ended += self.rest()
        refuse_many(len(self.ended), self._limits)
        self._begin(line)

    def _next_run(self) -> None:
        self.end(self._line)

    def see(self, number: int, line: str) -> None:
        """Take one line: the first pattern that is in it says what it is."""
        self._line = number
        for pattern, take in self._takers:
            match = pattern.search(line)
            if match:
                take(match)
                return

    def _banner(self, match: re.Match[str]) -> None:
        if self._run.measured or self._run.introduced:
            self._next_run()
        self._run.version = match["version"]

    def _info(self, match: re.Match[str]) -> None:
        key = match["key"]
        rank = self._rank_of(key)
        if self._run.measured or self._run.started or rank <= self._rank:
            self._next_run()
            rank = self._rank_of(key)
        self._rank = rank
        if key.startswith("GPU/"):
            self._run.gpus.append(match["value"])
        elif key == "GPU RAM":
            self._run.gpu_ram.append(match["value"])
        else:
            self._run.info[key] = match["value"]

    def _rank_of(self, key: str) -> tuple[int, int]:
        """Return the place of a line in the description of a device: every GPU has a name, then its memory."""
        gpu = _INFO_ORDER.index("GPU")
        if key.startswith("GPU/"):
            return gpu, 2 * int(key.removeprefix("GPU/")[:6])
        if key != "GPU RAM":
            return _INFO_ORDER.index(key), 0
        place, last = self._rank
        if place != gpu:
            last = 0
        return gpu, last + 1 - last % 2

    def _started(self, _match: re.Match[str]) -> None:
        if self._run.measured or self._run.started:
            self._next_run()
        self._run.started = True

    def _pass(self, match: re.Match[str]) -> None:
        self._passes.append(match)

    def _error(self, match: re.Match[str]) -> None:
        self._run.errors = [*self._run.errors, match.string.strip()][-_ERRORS_TOLD:]

    def _score(self, match: re.Match[str]) -> None:
        """Take a score: that of the inference comes first, then that of the training, then their sum."""
        kind = match["kind"]
        scores = self._run.scores
        if scores.get(kind) == Score(match["score"], self._line - 1):
            return  # the same line once more, as of a terminal that echoes
        later = _SCORE_ORDER[_SCORE_ORDER.index(kind) :]
        if scores.keys() & set(later):
            self._next_run()
        self._run.scores[kind] = Score(match["score"], self._line)

    def _heading(self, match: re.Match[str]) -> None:
        """Take the heading of a test: how many tests a run has does not change while it runs."""
        number = int(match["number"])
        of = int(match["of"])
        if not rules.is_named(number, match["name"]):
            return
        last, known = self._section
        goes_back = number <= last or number < self._test[0]
        if goes_back or known not in (0, of) or self._run.scores:
            self._next_run()
        self._section = (number, of)
        self._passes = []

    def _place_test(self, match: re.Match[str]) -> None:
        """Begin the next run where a test does not come after the last one."""
        test = (int(match["number"]), int(match["sub"]))
        if self._run.scores or test <= self._test:
            passes = self._passes
            self._next_run()
            self._passes = passes  # they stand between the last test and this one
        self._test = test
        self._tests += 1
        refuse_many(self._tests, self._limits)

    def _unread_result(self, match: re.Match[str]) -> None:
        self._place_test(match)
        reason = f"no mean and deviation can be read in {match.string.strip()!r}"
        self._run.damaged.append(Damaged(self._line, reason))

    def _result(self, match: re.Match[str]) -> None:
        self._place_test(match)
        number, _ = self._test
        kind = match["kind"]
        printed = f"{match['number']}.{match['sub']}"
        config = configuration(number, kind, match["config"])
        passes = self._passes_of(kind)
        self._passes = []
        self._run.errors = []
        if self._line == 1 and config.test is None:
            # Of a text that begins in the middle of a line, 11.1 may be left as 1.1.
            reason = f"the suite has no test {printed} like it, and the beginning of a first line may be cut off"
            self._run.damaged.append(Damaged(self._line, reason))
            return
        time = Time(match["mean"], match["std"])
        result = Result(printed, kind, self._line, time, config, passes)
        self._run.results.append(result)

    def _passes_of(self, kind: str) -> tuple[str, ...]:
        """Return the times of the passes that were printed last, all of one kind."""
        passes: list[str] = []
        for match in reversed(self._passes):
            if match["kind"].lower() != kind:
                break
            passes.append(match["ms"])
        return tuple(reversed(passes))
