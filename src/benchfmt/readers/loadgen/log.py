"""What a log of LoadGen says, by the names of the detail log."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt import numbers
from benchfmt.readers import heads

SUMMARY_BYTES = 1024 * 1024
"""A summary has some 3 kB; nobody's has a megabyte."""
_ESTIMATE = re.compile(r"Early stopping ([0-9.]+)(?:th)? percentile estimate: *([0-9]+)")
_TOO_FEW = re.compile(r"(Not enough queries processed for ([0-9.]+)(?:th)? percentile[^\n*]*)")


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


def estimates(words: str) -> list[Estimate]:
    """Return the estimates that an early-stopping result states."""
    stated = [Estimate(_plain(level), value) for level, value in _ESTIMATE.findall(words)]
    too_few = [Estimate(_plain(level), None, why.strip()) for why, level in _TOO_FEW.findall(words)]
    return stated + too_few


def _plain(level: str) -> str:
    if "." in level:
        return level.rstrip("0").rstrip(".")
    return level


def read_user_conf(path: Path) -> dict[str, str]:
    """Return the settings of a user.conf, `<model>.<scenario>.<key>` each with its characters; a broken line is left out."""
    with heads.opened(path) as file:
        text = file.read(SUMMARY_BYTES).decode("utf-8", "replace")
    settings: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("#")[0].partition("=")
        if equals and key.strip() and value.strip():
            settings[key.strip()] = value.strip()
    return settings
