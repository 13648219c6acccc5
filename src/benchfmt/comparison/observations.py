"""What the row of a measurement says of its observations."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from benchfmt.comparison.evidence import Observed, Scale
from benchfmt.comparison.policies import kind_of
from benchfmt.finding import BenchfmtError

_SHARES = ("accuracy", "top-5-accuracy", "exact-match")
"""Metrics that are the share of samples whose answer is right."""
_SHARE_STATISTICS = (None, "mean", "pooled", "single")
_OF_INTERVAL = 3
_PROFILER = "benchfmt-profiler"
"""The summary of a profile is derived from its processes: each sample is what one of them gave."""
NO_ZERO = ("Cel", "dB")
"""Units that do not begin at nothing: a share of such a number means nothing."""


def observed(row: Mapping[str, Any]) -> Observed:
    """Return what a measurement gives of its number; `row` has `suite` and `dataset_samples` of its record beside its own cells."""
    check_number(row, "value")
    check_number(row, "stddev")
    if row["stddev"] is not None and row["stddev"] < 0:
        raise _fault(row, "stddev", "a deviation is not below 0")
    interval = _numbers(row, "ci")
    ci = None
    if interval:
        lower, upper, level = interval
        ci = (lower, upper, level)
    return Observed(
        value=row["value"],
        statistic=row["statistic"],
        n=row["n"],
        stddev=row["stddev"],
        ci=ci,
        samples=tuple(_numbers(row, "samples")),
        is_share=_is_share(row),
        are_runs=row["suite"] == _PROFILER and row["basis"] == "derived",
    )


def check_number(row: Mapping[str, Any], column: str) -> None:
    """Raise BenchfmtError for a cell that holds a number which is none."""
    if row[column] is not None and not math.isfinite(row[column]):
        raise _fault(row, column, f"{row[column]} is not a finite number")


def _numbers(row: Mapping[str, Any], column: str) -> list[float]:
    """Return the numbers of a cell that holds a list of them; raises BenchfmtError for one that holds anything else."""
    items = _items(row, column)
    if column == "ci" and len(items) not in (0, _OF_INTERVAL):
        raise _fault(row, column, "an interval has a lower end, an upper end and a level")
    return [_number(row, column, item) for item in items if item is not None or column != "samples"]


def caveats_of(row: Mapping[str, Any]) -> list[str]:
    """Return the caveats of a measurement; raises BenchfmtError for a cell that holds anything else."""
    words = _items(row, "caveats")
    for word in words:
        if not isinstance(word, str):
            raise _fault(row, "caveats", f"{word!r} is not a caveat")
    return words


def _items(row: Mapping[str, Any], column: str) -> list[Any]:
    """Return the items of a cell that holds a list as JSON; of an absent one none."""
    if row[column] is None:
        return []
    try:
        items = json.loads(row[column])
    except ValueError as error:
        raise _fault(row, column, "it is not JSON") from error
    if not isinstance(items, list):
        raise _fault(row, column, "it is not a list")
    return items


def _number(row: Mapping[str, Any], column: str, item: Any) -> float:
    if isinstance(item, bool) or not isinstance(item, int | float) or not math.isfinite(item):
        raise _fault(row, column, f"{item!r} is not a finite number")
    return float(item)


def _fault(row: Mapping[str, Any], column: str, reason: str) -> BenchfmtError:
    place = f"{column} of {row['metric']} in record {row['record_id']!r}"
    return BenchfmtError(f"{place}: {reason}; run benchfmt validate")


def scale_of(row: Mapping[str, Any]) -> Scale:
    """Return how two values like this one are compared: as a ratio, but for qualities and units without a zero."""
    if row["unit"] in NO_ZERO or kind_of(str(row["metric"])) == "quality":
        return "difference"
    return "ratio"


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
