"""What the reports of a comparison say, in words: results by what tells them apart, numbers, changes and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchfmt.comparing.verdicts import SIGNIFICANT, Change, Result, Verdict
from benchfmt.comparing.versions import Versions
from benchfmt.reports.counting import counted, number

_PREFIXES = {"batch_size": "batch ", "threads": "threads ", "input_shape": "shape "}
"""What stands before a value that says nothing alone."""


_FIRST = ("system", "model", "benchmark", "precision", "batch_size", "threads", "engine")
"""What people call a result by, before anything else."""
_LARGE, _TOO_LARGE = 10_000, 1e15
"""Between these numbers are shown whole."""


@dataclass(frozen=True)
class Labels:
    """How results are called: their metric, and what tells them from each other."""

    fields: tuple[str, ...]
    """The fields that differ between the results."""
    doubled: frozenset[str]
    """Labels that several results would have."""

    def metric(self, result: Result) -> str:
        """Return what a result is a number of: `latency mean inference per sample`."""
        key = result.key
        parts = [result.metric.name, key.get("statistic", ""), key.get("stage", "")]
        if "per" in key:
            parts.append(f"per {key['per']}")
        if "scope" in key:
            parts.append(f"of {key['scope']}")
        return " ".join(part for part in parts if part)

    def context(self, result: Result) -> str:
        """Return where a result was measured, and what else tells it from the others."""
        label = _context(result, self.fields)
        if f"{self.metric(result)} {label}" in self.doubled:
            label = f"{label}, group {result.group[-8:]}"
        return label


def _context(result: Result, fields: Sequence[str]) -> str:
    parts = []
    for field in fields:
        if field in result.context:
            value = result.context[field]
            if field == "placement":
                value = value.strip("[]").replace('"', "")
            parts.append(f"{_PREFIXES.get(field, '')}{value}")
    return ", ".join(parts)


def labels(versions: Versions) -> Labels:
    """Return how the results of a comparison are called: by their system, and by what differs between them."""
    results = [change.result for change in versions.changes]
    fields = _telling(results)
    plain = Labels(fields, frozenset())
    seen = Counter(f"{plain.metric(result)} {plain.context(result)}" for result in results)
    return Labels(fields, frozenset(label for label, count in seen.items() if count > 1))


def _telling(results: Sequence[Result]) -> tuple[str, ...]:
    """Return the system, and of the other fields those that tell apart what the ones before leave together."""
    named = dict.fromkeys(name for result in results for name in result.context)
    telling: list[str] = []
    # A number for each result, which those have in common that no field so far tells apart.
    classes, count = [0] * len(results), 1
    for field in dict.fromkeys([*(name for name in _FIRST if name in named), *named]):
        numbers: dict[tuple[int, str | None], int] = {}
        finer = [
            numbers.setdefault((number, result.context.get(field)), len(numbers))
            for number, result in zip(classes, results, strict=True)
        ]
        if field == "system" or len(numbers) > count:
            telling.append(field)
            classes, count = finer, len(numbers)
    return tuple(telling)


def value_text(value: float | None, unit: str) -> str:
    """Return a number with its unit, to four digits or whole: `0.01014 s`, `210,000,000 By`."""
    if value is None:
        return "-"
    shown = f"{value:.4g}"
    if _LARGE <= abs(value) < _TOO_LARGE:
        shown = f"{value:,.0f}"
    if unit == "1":
        return shown
    return f"{shown} {unit}"


def change_text(change: Change) -> str:
    """Return a change as people read it: `+10.2%`, or `+2 Cel` where a share means nothing; empty where there is none."""
    if change.share is not None:
        return percent(change.share)
    if change.difference is None:
        return ""
    return _difference(change.difference, change.result.metric.unit)


def interval_text(change: Change) -> str:
    """Return the interval of a change: `[+8.1%, +12.4%]`; empty where there is none."""
    if change.lower is None or change.upper is None:
        return ""
    if change.share is not None:
        return f"[{percent(change.lower)}, {percent(change.upper)}]"
    unit = change.result.metric.unit
    return f"[{_difference(change.lower, unit)}, {_difference(change.upper, unit)}]"


def remarks(change: Change) -> str:
    """Return what has to be said of one result: why it is not told, and which doubts the records have about its numbers."""
    caveats = dict.fromkeys(
        word for side in (change.old, change.new) if side is not None for word in side.caveats
    )
    parts = []
    if change.reason is not None:
        parts.append(change.reason)
    if caveats:
        parts.append(f"caveats: {', '.join(caveats)}")
    return "; ".join(parts)


def percent(share: float) -> str:
    """Return a share with its sign in percent, to two or three digits."""
    hundredths = share * 100
    digits = 1
    if abs(hundredths) < 1:
        digits = 2
    if abs(hundredths) >= 100:
        digits = 0
    return f"{hundredths:+,.{digits}f}%"


def _difference(difference: float, unit: str) -> str:
    shown = f"{difference:+.3g}"
    if unit == "1":
        return shown
    return f"{shown} {unit}"


def headline(versions: Versions) -> str:
    """Return the verdict on all: `2 regressions, 1 improvement, 14 without significant change`."""
    counts = versions.counts()
    parts = [
        counted(counts[Verdict.REGRESSION], "regression"),
        counted(counts[Verdict.IMPROVEMENT], "improvement"),
    ]
    if counts[Verdict.CHANGED]:
        parts.append(f"{number(counts[Verdict.CHANGED])} changed")
    parts.append(f"{number(counts[Verdict.UNCHANGED])} without significant change")
    named = (Verdict.UNTOLD, Verdict.ONLY_OLD, Verdict.ONLY_NEW)
    parts += [f"{number(counts[verdict])} {verdict.value}" for verdict in named if counts[verdict]]
    return ", ".join(parts)


def notes(versions: Versions) -> Iterator[str]:
    """Yield what has to be said of all verdicts: the level, what the tests do not know, and what was not compared."""
    count = sum(change.test is not None for change in versions.changes)
    if count:
        together = ""
        if count > 1:
            together = f" for {number(count)} tests together (Holm)"
        yield f"significant at {1 - versions.level:.4g}{together}; each interval at {versions.level:.4g}"
    single = versions.between_observations
    if single:
        yield (
            f"between single runs: {number(single)} of {counted(count, 'test')}; how much runs differ is not in "
            "their intervals: repeat the runs, or ask for a threshold above that"
        )
    nearly = versions.nearly()
    if nearly is not None:
        field, results = nearly
        yield f"{counted(results, 'result')} more would match with --vary {field}"
    for package, reason, results in versions.without_key:
        yield f"not compared: {counted(results, 'result')} of {package}: {reason}"


def versions_text(versions: Versions) -> str:
    """Return which versions stand against each other, where each side states one: `engine_version 1.0 -> 1.1`."""
    varied: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = versions.varied or {}
    parts = []
    for field, (old, new) in varied.items():
        if len(old) == 1 and len(new) == 1 and old != new:
            parts.append(f"{field} {old[0]} -> {new[0]}")
    return ", ".join(parts)


def is_of_interest(change: Change) -> bool:
    """Whether a result is told first: it changed, or one package lacks it."""
    return change.verdict in (*SIGNIFICANT, Verdict.ONLY_OLD, Verdict.ONLY_NEW)
