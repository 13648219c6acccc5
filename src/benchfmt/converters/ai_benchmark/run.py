"""What one invocation of AI Benchmark's desktop package printed: its device, sub-tests and scores."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from benchfmt.suites import ai_benchmark as rules

_CONFIGURATION = re.compile(
    r"batch=(?P<batch>[0-9]{1,6}),size=(?P<height>[0-9]{1,6})x(?P<width>[0-9]{1,6})"
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Batch and size of a sub-test, and which one it is; `repaired` is the text where that had to be mended."""

    batch: int | None = None
    size: tuple[int, int] | None = None
    test: rules.Test | None = None
    repaired: str | None = None


@dataclass(frozen=True, slots=True)
class Time:
    """The mean time of a batch and its deviation in milliseconds, as the source writes them."""

    mean: str
    std: str


@dataclass(frozen=True, slots=True)
class Result:
    """One sub-test of a run; `time` is None for one that failed, `passes` are whole milliseconds."""

    printed: str
    kind: str
    line: int
    time: Time | None
    configuration: Configuration
    passes: tuple[str, ...] = ()
    note: str | None = None

    @property
    def test(self) -> rules.Test | None:
        """The sub-test, None for a configuration that is not the suite's."""
        return self.configuration.test

    @property
    def known(self) -> rules.Test | None:
        """The sub-test, else the first of its model and kind; None where the suite has none."""
        if self.test:
            return self.test
        number, _, _ = self.printed.partition(".")
        return next(iter(rules.of_model(int(number), self.kind)), None)


@dataclass(frozen=True, slots=True)
class Score:
    """A score as it is printed, a whole number of points, and its line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Damaged:
    """A line that is a result and cannot be read."""

    line: int
    reason: str


@dataclass(slots=True)
class Run:
    """What one invocation printed, from the line where it begins."""

    number: int
    line: int = 1
    version: str | None = None
    info: dict[str, str] = field(default_factory=dict)
    gpus: list[str] = field(default_factory=list)
    gpu_ram: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    scores: dict[str, Score] = field(default_factory=dict)
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

    @property
    def points(self) -> dict[str, int]:
        """The scores as numbers."""
        return {kind: int(score.text) for kind, score in self.scores.items()}

    @property
    def kinds(self) -> set[str]:
        """The kinds of the sub-tests that ran."""
        return {result.kind for result in self.results}


def configuration(number: int, kind: str, written: str) -> Configuration:
    """Return what a line's configuration says of a test with this number and kind.

    It is mended only where the table of sub-tests leaves one reading.
    """
    text = "".join(written.split())
    match = _CONFIGURATION.fullmatch(text)
    own = Configuration()
    if match:
        batch = int(match["batch"])
        size = (int(match["height"]), int(match["width"]))
        own = Configuration(batch, size, rules.find(number, kind, batch, size))
    if own.test:
        return own
    fits = [test for test in rules.of_model(number, kind) if _could_be(test, text)]
    if len(fits) != 1:
        return own
    test = fits[0]
    return Configuration(test.batch, test.size, test, written.strip() or "(not written)")


def _could_be(test: rules.Test, text: str) -> bool:
    """Say whether a damaged text could have been this configuration: characters put in, or the end cut off."""
    whole = f"batch={test.batch},size={test.size[0]}x{test.size[1]}"
    if not text:
        return True
    if re.sub(r"[^a-z0-9=,]", "", text) == whole:
        return True
    return len(text) >= len(whole) - 2 and whole.startswith(text)
