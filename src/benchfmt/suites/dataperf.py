"""What is known of DataPerf and Dynabench beyond their outputs: what each challenge fixed, and the unit of a score.

The data stand in `data/dataperf.toml`, each with its source. Nothing here reads a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from benchfmt.suites import tables

_data = partial(tables.read, "dataperf")


@dataclass(frozen=True, slots=True)
class Score:
    """A metric of Dynabench: the vocabulary's id, and whether its numbers are percents; None where that varies."""

    metric: str
    percent: bool | None = None
    challenge: str | None = None


@cache
def challenge(name: str) -> Mapping[str, Any]:
    """Return what a challenge fixed: `task`, and what else it says; raises KeyError."""
    return MappingProxyType(_data()["challenges"][name])


def score(name: str) -> Score | None:
    """Return what a metric of Dynabench is, or None where it is none of DataPerf's."""
    entry = _data()["dynabench"]["metrics"].get(name)
    return entry and Score(**entry)


def other_scores() -> tuple[str, ...]:
    """Return the names of what a leaderboard lists besides quality."""
    return tuple(_data()["dynabench"]["other"]["names"])


def acquisition_model(word: str) -> str | None:
    """Return the model of the data acquisition challenge by its word in a configuration, or None."""
    found: str | None = challenge("data-acquisition")["models"].get(word)
    return found
