"""What trtexec does by default, version by version, and how its version is written.

The data stand in `data/trtexec.toml`, with their sources. TensorRT 11 turned three defaults around, so a time of one
version compares with that of another only where the settings are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from benchfmt.suites import tables

OLDEST = "7.0"
"""What is assumed of a log that does not say its version: only TensorRT 7 prints none."""
_HUNDREDS = 6
"""From TensorRT 10 on the tag has six digits."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """The settings of a version; `flags` are the names of its switches, empty where it has none."""

    iterations: int
    warm_up_ms: int
    duration_s: int
    average_runs: int
    streams: int
    percentiles: tuple[str, ...]
    data_transfers: bool
    cuda_graph: bool
    spin_wait: bool
    separate_profile: bool
    export_has_warm_up: bool
    builder_picks_types: bool
    flags: dict[str, str]


@cache
def defaults(version: str | None) -> Defaults:
    """Return the settings of a version of TensorRT (`8.6.1`); of the oldest one where it is not known."""
    number = max(_number(version or OLDEST), _number(OLDEST))
    settings: dict[str, Any] = {}
    flags: dict[str, str] = {}
    for table in tables.read("trtexec")["defaults"]:
        if _number(table["since"]) <= number:
            flags |= table["flags"]
            settings |= table
    for name in ("since", "source"):
        settings.pop(name, None)
    settings["flags"] = {name: flag for name, flag in flags.items() if flag}
    settings["percentiles"] = tuple(settings["percentiles"])
    return Defaults(**settings)


def decoded(tag: str) -> str | None:
    """Return the version that a tag of a log stands for: `8401` is 8.4.1, `101601` is 10.16.1; None if it is none."""
    if "." in tag:
        parts = tag.split(".")
        if all(part.isdecimal() and len(part) < 6 for part in parts):
            return ".".join(parts[:3])
        return None
    if not tag.isdecimal() or not 4 <= len(tag) <= 8:
        return None
    of_major = 1_000
    if len(tag) >= _HUNDREDS:
        of_major = 10_000
    major, rest = divmod(int(tag), of_major)
    minor, patch = divmod(rest, 100)
    return f"{major}.{minor}.{patch}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3])
