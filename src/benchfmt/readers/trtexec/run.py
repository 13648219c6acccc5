"""One run of trtexec, as its log or its exports say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchfmt.suites import trtexec as rules

STAGES = {
    "latency": "inference",
    "end-to-end host latency": "request",
    "enqueue time": "enqueue",
    "h2d latency": "transfer-in",
    "gpu compute time": "compute",
    "d2h latency": "transfer-out",
}
"""The words of a performance summary, and the stages that they name."""


@dataclass
class Run:
    """One run of trtexec as its log tells it; an empty text or dict where the log says nothing."""

    number: int = 1
    line: int = 1
    command: str = ""
    """The command line as the run itself says it."""
    shell: str = ""
    """The command line of a shell before the run."""
    tag: str = ""
    build: str = ""
    stamp: str = ""
    end: str = ""
    end_line: str = ""
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    shapes: list[str] = field(default_factory=list)
    bindings: list[tuple[str, str]] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    summary: dict[str, dict[str, str]] = field(default_factory=dict)
    totals: dict[str, str] = field(default_factory=dict)
    engine_sizes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    damaged: list[tuple[int, str]] = field(default_factory=list)
    profile_count: str = ""
    profile_total: str = ""
    not_reported: bool = False
    skipped: bool = False

    @property
    def version(self) -> str | None:
        """The version of TensorRT, or None where the run does not say it."""
        printed = self.option("Device Information", "TensorRT version")
        return rules.decoded(printed) or rules.decoded(self.tag)

    def option(self, section: str, *labels: str) -> str:
        """Return what an option block says under one of these labels, empty where it says nothing."""
        block = self.options.get(section, {})
        for label in labels:
            if block.get(label):
                return block[label]
        return ""

    @property
    def flags(self) -> dict[str, str]:
        """The switches of the command line, without their dashes; the value is empty where there is none."""
        flags = {}
        for word in (self.command or self.shell).split():
            if word.startswith("--"):
                name, _, value = word[2:].partition("=")
                flags[name] = value.strip("\"'")
        return flags

    @property
    def says_something(self) -> bool:
        """Whether anything of a run was found."""
        return bool(self.command or self.end or self.options or self.summary or self.totals)


def dimensions(run: Run) -> list[tuple[str, list[int]]]:
    """Return the shapes of the inputs as the run used them: by name, in order."""
    inputs = [pair for text in run.shapes for pair in _shapes(text)]
    shapes = []
    for name, dims in inputs or run.bindings:
        if re.fullmatch("[0-9]{1,12}(x[0-9]{1,12})*", dims):
            shapes.append((name, [int(size) for size in dims.split("x")]))
    return shapes


def _shapes(text: str) -> Iterator[tuple[str, str]]:
    """Split `x=4x1x28x28` (also several with commas); the name may hold any of these characters."""
    for part in re.split(r",(?=[^,]*[=:][0-9x]+(?:,|$))", text):
        name, _, dims = part.rpartition("=")
        if name:
            yield name, dims
