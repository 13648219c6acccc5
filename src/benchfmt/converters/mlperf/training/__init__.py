"""MLPerf Training: submission trees of v0.5 to v5.1, or any part of one, from the logs of runs to official scores.

One record per scored group (system and benchmark): the olympic mean of its runs times the scaling factor, as the
suite's own summarizer computes it. The rules of the rounds are data: `benchfmt.suites.mlperf_training`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.mlperf.training import groups as training_groups
from benchfmt.suites.mlperf_training import TRAINING

NAME = "mlperf-training"
VERSION = "1.1"
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}
PATTERNS = training_groups.PATTERNS


def detect(source: Source) -> Match | None:
    """Say whether a source holds logs of training runs, or None."""
    return training_groups.detect(source, TRAINING)


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each group with the files that tell about it, then what the others are."""
    return training_groups.plan(source, options, TRAINING)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one group, and what is wrong with its files."""
    return training_groups.read(unit, NAME, VERSION, TRAINING)
