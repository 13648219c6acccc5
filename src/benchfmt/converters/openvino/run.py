"""One run of benchmark_app, as its output or its report says it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from benchfmt.units import exact

STATISTICS = {"median": "median", "average": "mean", "avg": "mean", "min": "min", "max": "max"}
"""The words for a statistic, and its name in the standard."""
_VIRTUAL = ("AUTO", "MULTI", "HETERO", "BATCH")
"""Names that stand for a choice of devices, which follow behind a colon."""


class Time(NamedTuple):
    """A time with the characters that stand there and its unit, `ms` or `us`."""

    text: str
    unit: str


class Input(NamedTuple):
    """An input of the model: its type, its layout (`N,C,H,W`) and its dimensions (`1,3,224,224`)."""

    type: str
    layout: str
    dims: str


@dataclass
class Run:
    """One run as the tool tells it: numbers with the characters and units that stand there."""

    number: int = 1
    printed: dict[str, str] = field(default_factory=dict)
    """The numbers that a run prints once, by name: `count`, `duration`, `throughput` and so on."""
    latency: dict[str, Time] = field(default_factory=dict)
    command: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    build: str = ""
    api: str = ""
    requests: str = ""
    batch: str = ""
    devices: list[str] = field(default_factory=list)
    device: str = ""
    """What was asked for as device (`-d`), where nothing says which devices executed."""
    fills_inputs: bool = False
    counters: bool = False
    one_line: bool = False
    error: str = ""
    damaged: list[tuple[int, str]] = field(default_factory=list)
    """Lines with a number that is written in another way than the tool does, with their numbers in the file."""

    @property
    def fingerprint(self) -> tuple[str, ...]:
        """What a run's output and its report have in common, to two decimals; the C++ report has more."""
        names = ("count", "duration", "throughput")
        return tuple(_short(self.printed.get(name, "")) for name in names)

    @property
    def says_something(self) -> bool:
        """Whether anything of a run was found."""
        return bool(self.printed or self.build or self.error)

    def join(self, report: Run) -> None:
        """Add what the run's report says besides."""
        self.command = {**report.command, **self.command}
        self.configuration = report.configuration
        self.printed = {**report.printed, **self.printed}
        self.latency = {**report.latency, **self.latency}
        self.api = self.api or report.api
        self.requests = self.requests or report.requests
        self.batch = self.batch or report.batch
        self.devices = self.devices or report.devices
        self.device = self.device or report.device
        self.counters |= report.counters
        self.fills_inputs |= report.fills_inputs


def percentile(level: str) -> str:
    """Return the name of a percentile in the standard."""
    return {"50": "median", "100": "max"}.get(level, f"p{level}")


def device_names(text: str) -> list[str]:
    """Return the names of devices in a list of them (`['GPU.0', 'CPU']`, `NPU.3720`, `MULTI:CPU,GPU.1`), in order."""
    names = re.findall(r"-?[A-Z][A-Z_]*(?:\.[0-9A-Z]+)*", text)
    return [name for name in names if name not in _VIRTUAL]


def _short(text: str) -> str:
    number = exact(text)
    if number is None:
        return ""
    return f"{float(number):.2f}"
