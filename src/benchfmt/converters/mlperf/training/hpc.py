"""MLPerf HPC: submission trees of v0.7 to v3.0, or any part of one, from the logs of runs to official scores.

One record per scored group (system, scaling and benchmark): the time to solution of strong scaling, an olympic mean as in
MLPerf Training, or the throughput of weak scaling in models. The rules of the rounds are data:
`benchfmt.suites.mlperf_training`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.mlperf.training import groups as training_groups
from benchfmt.suites.mlperf_training import HPC

NAME = "mlperf-hpc"
VERSION = "1.0"
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}
PATTERNS = training_groups.PATTERNS


def detect(source: Source) -> Match | None:
    """Say whether a source holds logs of HPC runs, or None."""
    return training_groups.detect(source, HPC)


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each group with the files that tell about it, then what the others are."""
    return training_groups.plan(source, options, HPC)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one group, and what is wrong with its files."""
    return training_groups.read(unit, NAME, VERSION, HPC)
