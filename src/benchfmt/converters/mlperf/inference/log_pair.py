"""The two logs of a run, its summary and its detail log: whether they are of one run, and what they say together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchfmt.converters.mlperf.inference.run import Run
from benchfmt.readers.loadgen import Log
from benchfmt.suites import mlperf_inference as rules

_TOLERANCE = 2e-3
"""How far summary and detail log of one run may differ: the summary prints two decimals."""
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?")
_VALIDITY = "result_validity"
_INVALID = "INVALID"
_TOGETHER = "keep the logs of one run together"


@dataclass(frozen=True, slots=True)
class Difference:
    """A value in which two logs differ, though those of one run would not."""

    name: str
    summary: str
    detail: str


def merged(summary: Log | None, detail: Log | None) -> dict[str, str]:
    """Return the values of both logs; the detail log's have more digits and win."""
    values: dict[str, str] = {}
    if summary:
        values.update(summary.values)
    if not detail:
        return values
    values |= {name: text for name, text in detail.values.items() if text}
    if summary and summary.values.get(_VALIDITY) == _INVALID:
        # A run that one of its logs calls invalid does not count.
        values[_VALIDITY] = _INVALID
    return values


def of_one_run(run: Run, summary: Log | None, detail: Log | None) -> tuple[Log | None, Log | None]:
    """Return the logs that a record is made of, reporting where they differ.

    Of two runs one is told: published are the numbers of the detail log.
    """
    if not summary or not detail or compare(run, summary, detail):
        return summary, detail
    if _INVALID in (summary.values.get(_VALIDITY), detail.values.get(_VALIDITY)):
        detail = replace(detail, values={**detail.values, _VALIDITY: _INVALID})
    return None, detail


def compare(run: Run, summary: Log, detail: Log) -> bool:
    """Report where the two logs of a run differ by more than their digits allow, and say whether they are of one run."""
    validity = summary.values.get(_VALIDITY)
    other = detail.values.get(_VALIDITY)
    if validity and other and validity != other:
        message = f"the summary says {validity}, the detail log {other}"
        run.report("BF701", run.path, message, _TOGETHER)
    differences = list(_differences(summary, detail))
    for difference in differences:
        run.report(
            "BF701",
            run.path,
            f"{difference.name} is {difference.summary} in the summary and {difference.detail} in the detail log: "
            "they are of two runs, and the record is of the detail log's",
            _TOGETHER,
            difference.summary,
        )
    return not differences


def same_run(summary: Log, detail: Log) -> bool:
    """Say whether two logs are of one run for all that they say: they share a number, and differ in none."""
    for name in summary.values:
        if not name.startswith("result_") or detail.number(name) is None:
            continue
        if summary.number(name) is not None:
            return not any(_differences(summary, detail))
    return False


def _differences(summary: Log, detail: Log) -> Iterator[Difference]:
    """Yield each value that the two logs of one run would not differ in."""
    for name, text in summary.values.items():
        other = detail.values.get(name)
        if other is None or other == text:
            continue
        if _tells_runs_apart(name, summary, detail):
            yield Difference(name, text, other)


def _tells_runs_apart(name: str, summary: Log, detail: Log) -> bool:
    """Say whether two runs, and no one run, give a value of a name in both logs."""
    text = summary.values[name]
    if name == "effective_scenario":
        return rules.scenario(text) != rules.scenario(detail.values[name])
    if name.endswith("_rng_seed"):
        return True
    if not name.startswith("result_"):
        return False
    number = summary.number(name)
    exact = detail.number(name)
    if number is None or exact is None:
        return False
    decimals = len(text.partition(".")[2])
    rounding = 0.5 * 10.0**-decimals
    return abs(number - exact) > _TOLERANCE * abs(exact) + rounding


def time_of(text: str | None) -> str | None:
    """Return a time of a log as the standard writes it, or None for something else."""
    if text and _TIME.fullmatch(text):
        return text
    return None
