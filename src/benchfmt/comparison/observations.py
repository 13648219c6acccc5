"""What the row of a measurement says of its observations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from benchfmt.comparison.evidence import Observed, Scale
from benchfmt.comparison.policies import kind_of

_SHARES = ("accuracy", "top-5-accuracy", "exact-match")
"""Metrics that are the share of samples whose answer is right."""
_SHARE_STATISTICS = (None, "mean", "pooled", "single")
_PROFILER = "benchfmt-profiler"
"""The summary of a profile is derived from its processes: each sample is what one of them gave."""
NO_ZERO = ("Cel", "dB")
"""Units that do not begin at nothing: a share of such a number means nothing."""


def observed(row: Mapping[str, Any]) -> Observed:
    """Return what a measurement gives of its number; `row` has `suite` and `dataset_samples` of its record beside its own cells."""
    interval = listed(row["ci"])
    ci = None
    if interval:
        lower, upper, level = map(float, interval)
        ci = (lower, upper, level)
    return Observed(
        value=row["value"],
        statistic=row["statistic"],
        n=row["n"],
        stddev=row["stddev"],
        ci=ci,
        samples=tuple(float(item) for item in listed(row["samples"]) if item is not None),
        is_share=_is_share(row),
        are_runs=row["suite"] == _PROFILER and row["basis"] == "derived",
    )


def scale_of(row: Mapping[str, Any]) -> Scale:
    """Return how two values like this one are compared: as a ratio, but for qualities and units without a zero."""
    if row["unit"] in NO_ZERO or kind_of(str(row["metric"])) == "quality":
        return "difference"
    return "ratio"


def listed(cell: Any) -> list[Any]:
    """Return the items of a cell that holds a list as JSON; of an absent one none."""
    if cell is None:
        return []
    return list(json.loads(cell))


def _is_share(row: Mapping[str, Any]) -> bool:
    """Whether a value is the share of right answers to the samples of the record's data set."""
    return (
        row["metric"] in _SHARES
        and row["unit"] == "1"
        and row["statistic"] in _SHARE_STATISTICS
        and row["n"] is not None
        and row["n"] == row["dataset_samples"]
        and 0 <= row["value"] <= 1
    )
