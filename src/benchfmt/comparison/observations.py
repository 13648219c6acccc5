"""What the row of a measurement says of its observations."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from pydantic import JsonValue

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


def observed(row: Mapping[str, JsonValue]) -> Observed:
    """Return what a measurement gives of its number; `row` has `suite` and `dataset_samples` of its record beside its own cells."""
    value = value_of(row)
    stddev = _number_in(row, "stddev")
    if stddev is not None and stddev < 0:
        raise _fault(row, "stddev", "a deviation is not below 0")
    interval = _numbers(row, "ci")
    ci = None
    if interval:
        lower, upper, level = interval
        ci = (lower, upper, level)
    return Observed(
        value=value,
        statistic=_text(row, "statistic"),
        n=_count(row, "n"),
        stddev=stddev,
        ci=ci,
        samples=tuple(_numbers(row, "samples")),
        is_share=_is_share(row, value),
        are_runs=row["suite"] == _PROFILER and row["basis"] == "derived",
    )


def value_of(row: Mapping[str, JsonValue]) -> float:
    """Return the value of a measurement; raises BenchfmtError where it has none, or one that is no number."""
    value = _number_in(row, "value")
    if value is None:
        raise _fault(row, "value", "there is no number")
    return value


def _number_in(row: Mapping[str, JsonValue], column: str) -> float | None:
    """Return the number in a cell, None for an empty one; raises BenchfmtError for one that holds anything else."""
    item = row[column]
    if item is None:
        return None
    return _number(row, column, item)


def _text(row: Mapping[str, JsonValue], column: str) -> str | None:
    cell = row[column]
    return None if cell is None else str(cell)


def _count(row: Mapping[str, JsonValue], column: str) -> int | None:
    cell = row[column]
    if cell is None or isinstance(cell, int):
        return cell
    raise _fault(row, column, f"{cell!r} is not a count")


def _numbers(row: Mapping[str, JsonValue], column: str) -> list[float]:
    """Return the numbers of a cell that holds a list of them; raises BenchfmtError for one that holds anything else."""
    items = _items(row, column)
    if column == "ci" and len(items) not in (0, _OF_INTERVAL):
        raise _fault(row, column, "an interval has a lower end, an upper end and a level")
    return [_number(row, column, item) for item in items if item is not None or column != "samples"]


def caveats_of(row: Mapping[str, JsonValue]) -> list[str]:
    """Return the caveats of a measurement; raises BenchfmtError for a cell that holds anything else."""
    words = []
    for word in _items(row, "caveats"):
        if not isinstance(word, str):
            raise _fault(row, "caveats", f"{word!r} is not a caveat")
        words.append(word)
    return words


def _items(row: Mapping[str, JsonValue], column: str) -> list[JsonValue]:
    """Return the items of a cell that holds a list as JSON; of an absent one none."""
    cell = row[column]
    if cell is None:
        return []
    try:
        items: JsonValue = json.loads(str(cell))
    except ValueError as error:
        raise _fault(row, column, "it is not JSON") from error
    if not isinstance(items, list):
        raise _fault(row, column, "it is not a list")
    return items


def _number(row: Mapping[str, JsonValue], column: str, item: JsonValue) -> float:
    if isinstance(item, bool) or not isinstance(item, int | float) or not math.isfinite(item):
        raise _fault(row, column, f"{item!r} is not a finite number")
    return float(item)


def _fault(row: Mapping[str, JsonValue], column: str, reason: str) -> BenchfmtError:
    place = f"{column} of {row['metric']} in record {row['record_id']!r}"
    return BenchfmtError(f"{place}: {reason}; run benchfmt validate")


def scale_of(row: Mapping[str, JsonValue]) -> Scale:
    """Return how two values like this one are compared: as a ratio, but for qualities and units without a zero."""
    if row["unit"] in NO_ZERO or kind_of(str(row["metric"])) == "quality":
        return "difference"
    return "ratio"


def _is_share(row: Mapping[str, JsonValue], value: float) -> bool:
    """Whether a value is the share of right answers to the samples of the record's data set."""
    return (
        row["metric"] in _SHARES
        and row["unit"] == "1"
        and row["statistic"] in _SHARE_STATISTICS
        and row["n"] is not None
        and row["n"] == row["dataset_samples"]
        and 0 <= value <= 1
    )
