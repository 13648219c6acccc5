"""The rules of MLPerf Storage v0.5 to v3.0: rounds, workloads, the least utilisation, and which runs count.

The data stand in `data/mlperf_storage.toml`, every block with its source. Nothing here reads a submission.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

from benchfmt.suites import tables

_data = partial(tables.read, "mlperf_storage")


@dataclass(frozen=True, slots=True)
class Workload:
    """What a workload asks for; None where no source states it."""

    name: str
    task: str
    au: str | None = None
    """The least accelerator utilisation, a fraction as decimal text."""
    record_length: str | None = None
    """The mean size of a sample in bytes, as decimal text."""


ROUNDS: tuple[str, ...] = tuple(_data()["rounds"]["names"])
"""The rounds, oldest first."""

WITH_WARM_UP: int = _data()["runs"]["with_warm_up"]
"""How many runs a result has of which the first is the warm-up; since v2.0."""

UNREAD_PHASES: tuple[str, ...] = tuple(_data()["phases"]["other"])
"""Folders of benchmarks whose result files nobody has described."""


@cache
def workload(name: str) -> Workload | None:
    """What is known of a workload by its name, or None."""
    entry = _data()["workloads"].get(name)
    if entry is None:
        return None
    return Workload(name, entry["task"], entry.get("au"), entry.get("record_length"))


@cache
def headline(round_id: str | None) -> str:
    """The metric that a round ranks by; an unknown round counts as the newest."""
    rules = _data()["headline"]
    for rule in rules:
        if round_id in rule["rounds"]:
            return str(rule["metric"])
    return str(rules[-1]["metric"])
