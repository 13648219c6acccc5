"""The stdout of AI Benchmark's desktop package as people post it: clean, in markdown, cut off, stitched, or retyped.

What shells and platforms put before the lines is taken off by `readers.lines`. What is left is searched, not matched from its
start: editors damage lines in ways of their own, and noise of TensorFlow stands between them.
Several invocations may stand in one text. A run prints everything once and its tests in rising order, so that what
repeats or goes back begins the next run: no result is ever joined with the scores or the device of another run.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

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
CONFIG = re.compile(r"batch=(?P<batch>[0-9]{1,6}),size=(?P<a>[0-9]{1,6})x(?P<b>[0-9]{1,6})")
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


@dataclass(frozen=True)
class Result:
    """One sub-test of a run; texts are the source's, in milliseconds. `mean` is None for one that failed."""

    printed: str
    kind: str
    line: int
    mean: str | None
    std: str | None
    batch: int | None = None
    size: tuple[int, int] | None = None
    test: rules.Test | None = None
    passes: tuple[str, ...] = ()
    repaired: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Damaged:
    """A line that is a result and cannot be read."""

    line: int
    reason: str


@dataclass
class Run:
    """What one invocation printed, from the line where it begins."""

    number: int
    line: int = 1
    version: str | None = None
    info: dict[str, str] = field(default_factory=dict)
    gpus: list[str] = field(default_factory=list)
    gpu_ram: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    scores: dict[str, tuple[str, int]] = field(default_factory=dict)
    damaged: list[Damaged] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pins: dict[str, str] = field(default_factory=dict)
    started: bool = False
    """Whether the run says that its tests begin."""
    strangers: bool = False
    """Whether these are scores that do not follow from the tests printed before them."""
    device: str | None = None
    """The heading of the column, where results were retyped as a table."""

    @property
    def measured(self) -> bool:
        """Whether the run printed a test or a score, readable or not."""
        return bool(self.results or self.scores or self.damaged)

    @property
    def introduced(self) -> bool:
        """Whether the run printed anything of itself before its first test."""
        return bool(self.version or self.info or self.gpus or self.gpu_ram or self.started)


def plain_letters(line: str) -> str:
    """Return a line whose mathematical letters are plain ones: 0.1.0 prints its banner in them."""
    return _FANCY.sub(lambda match: unicodedata.normalize("NFKC", match[0]), line)


def runs(lines: list[tuple[int, str]]) -> list[Run]:
    """Return what each invocation printed, in order; the last may have broken off before its first test."""
    reader = _Reader()
    last = 0
    for number, line in lines:
        if number < last:  # here begins what another process printed between those lines
            reader.end(number)
        reader.see(number, line.rstrip())
        last = number
    return [*reader.ended, *reader.rest()]


class _Reader:
    """Takes the lines of a console one by one and keeps the runs apart."""

    def __init__(self) -> None:
        self.ended: list[Run] = []
        self._begin(1)

    def rest(self) -> list[Run]:
        """Return the run that was read last, in a list that is empty where it says nothing."""
        return [self._run] if self._run.measured or self._run.introduced else []

    def _begin(self, line: int) -> None:
        self._run = Run(len(self.ended) + 1, line)
        self._rank = (-1, 0)
        """How far the description of the device has come."""
        self._test = (0, 0)
        """Number and part of the last test."""
        self._section: tuple[int, int] | None = None
        """Number of the last heading and how many tests it says there are."""
        self._passes: list[tuple[str, str]] = []

    def _next_run(self, line: int) -> None:
        self.ended += self.rest()
        self._begin(line)

    def end(self, line: int) -> None:
        """End the run that is read, so that what comes is of another."""
        self._next_run(line)

    def see(self, number: int, line: str) -> None:
        """Take one line."""
        if match := BANNER.search(line):
            self._banner(number, match)
        elif match := INFO.search(line):
            self._info(number, match["key"], match["value"])
        elif STARTED.search(line):
            if self._run.measured or self._run.started:
                self._next_run(number)
            self._run.started = True
        elif match := RESULT.search(line):
            self._result(number, match)
        elif match := PASS.search(line):
            self._passes.append((match["kind"].lower(), match["ms"]))
        elif match := SCORE.search(line):
            self._score(number, match["kind"], match["score"])
        elif match := LOOSE.search(line):
            self._place_test(number, match)
            reason = f"no mean and deviation can be read in {line.strip()!r}"
            self._run.damaged.append(Damaged(number, reason))
        elif match := SECTION.search(line):
            self._heading(number, match)
        elif ERROR.search(line):
            self._run.errors = [*self._run.errors, line.strip()][-_ERRORS_TOLD:]

    def _banner(self, number: int, match: re.Match[str]) -> None:
        if self._run.measured or self._run.introduced:
            self._next_run(number)
        self._run.version = match["version"]

    def _info(self, number: int, key: str, value: str) -> None:
        rank = self._rank_of(key)
        if self._run.measured or self._run.started or rank <= self._rank:
            self._next_run(number)
            rank = self._rank_of(key)
        self._rank = rank
        if key.startswith("GPU/"):
            self._run.gpus.append(value)
        elif key == "GPU RAM":
            self._run.gpu_ram.append(value)
        else:
            self._run.info[key] = value

    def _score(self, number: int, kind: str, score: str) -> None:
        """Take a score: that of the inference comes first, then that of the training, then their sum."""
        if self._run.scores.get(kind) == (score, number - 1):
            return  # the same line once more, as of a terminal that echoes
        if any(_SCORE_ORDER.index(other) >= _SCORE_ORDER.index(kind) for other in self._run.scores):
            self._next_run(number)
        self._run.scores[kind] = (score, number)

    def _rank_of(self, key: str) -> tuple[int, int]:
        """Return the place of a line in the description of a device: every GPU has a name, then its memory."""
        gpu = _INFO_ORDER.index("GPU")
        if key.startswith("GPU/"):
            return gpu, 2 * int(key.removeprefix("GPU/")[:6])
        if key == "GPU RAM":
            last = self._rank[1] if self._rank[0] == gpu else 0
            return gpu, last + 1 - last % 2
        return _INFO_ORDER.index(key), 0

    def _heading(self, number: int, match: re.Match[str]) -> None:
        """Take the heading of a test: how many tests a run has does not change while it runs."""
        heading = (int(match["number"]), int(match["of"]))
        if not rules.is_named(heading[0], match["name"]):
            return
        other = self._section is not None and (
            heading[1] != self._section[1] or heading[0] <= self._section[0]
        )
        if other or heading[0] < self._test[0] or self._run.scores:
            self._next_run(number)
        self._section = heading
        self._passes = []

    def _place_test(self, number: int, match: re.Match[str]) -> None:
        """Begin the next run where a test does not come after the last one."""
        test = (int(match["number"]), int(match["sub"]))
        if self._run.scores or test <= self._test:
            passes = self._passes
            self._next_run(number)
            self._passes = passes  # they stand between the last test and this one
        self._test = test

    def _result(self, number: int, match: re.Match[str]) -> None:
        self._place_test(number, match)
        passes: list[str] = []
        for kind, ms in reversed(self._passes):
            if kind != match["kind"]:
                break
            passes.insert(0, ms)
        self._passes = []
        self._run.errors = []
        found = _result(match, number, tuple(passes))
        if number == 1 and found.test is None:
            # Of a text that begins in the middle of a line, 11.1 may be left as 1.1.
            reason = f"the suite has no test {found.printed} like it, and the beginning of a first line may be cut off"
            self._run.damaged.append(Damaged(number, reason))
        else:
            self._run.results.append(found)


def _result(match: re.Match[str], line: int, passes: tuple[str, ...]) -> Result:
    batch, size, test, repaired = configuration(
        int(match["number"]), match["kind"], match["config"]
    )
    return Result(
        printed=f"{match['number']}.{match['sub']}",
        kind=match["kind"],
        line=line,
        mean=match["mean"],
        std=match["std"],
        batch=batch,
        size=size,
        test=test,
        passes=passes,
        repaired=repaired,
    )


def configuration(
    number: int, kind: str, written: str
) -> tuple[int | None, tuple[int, int] | None, rules.Test | None, str | None]:
    """Return batch, size and sub-test that a line's configuration says, and its text where that had to be mended.

    It is mended only where the table of sub-tests leaves one reading.
    """
    config = "".join(written.split())
    match = CONFIG.fullmatch(config)
    if match:
        batch, size = int(match["batch"]), (int(match["a"]), int(match["b"]))
        test = rules.find(number, kind, batch, size)
        if test:
            return batch, size, test, None
    fits = [test for test in rules.of_model(number, kind) if _could_be(test, config)]
    if len(fits) == 1:
        return fits[0].batch, fits[0].size, fits[0], written.strip() or "(not written)"
    if match:  # a configuration of the poster's own
        return batch, size, None, None
    return None, None, None, None


def _could_be(test: rules.Test, config: str) -> bool:
    """Say whether a damaged text could have been this configuration: characters put in, or the end cut off."""
    whole = f"batch={test.batch},size={test.size[0]}x{test.size[1]}"
    if not config:
        return True
    only = re.sub(r"[^a-z0-9=,]", "", config)
    cut = len(config) >= len(whole) - 2 and whole.startswith(config)
    return only == whole or cut
