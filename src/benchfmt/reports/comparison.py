"""Groups of results that compare, and the verdict on two records, as text for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from benchfmt.printable import one_line
from benchfmt.reports.counting import counted

if TYPE_CHECKING:
    from benchfmt.comparing.groups import Group, Groups, Line
    from benchfmt.comparison.pairs import Answer
    from benchfmt.comparison.questions import Question

_LINES = 12
"""So many systems of a group are shown."""
_BAR = 20
_PLAIN = (
    "suite",
    "suite_version",
    "division",
    "benchmark",
    "scenario",
    "model",
    "model_version",
    "precision",
    "input_shape",
)
_WORDED = {"dataset": "on {}", "batch_size": "batch {}", "threads": "{} threads", "phase": "{}"}
_DIFFERING = {
    "suite_version": "{}",
    "model": "{}",
    "model_version": "{}",
    "precision": "{}",
    "batch_size": "batch {}",
    "threads": "{} threads",
}
"""What a line says, with the words for it, where not all lines share it."""
_IMPLIED = "inference"
"""The phase that needs no word."""
_OBSTACLES = 5
_OF_MEASURE = ("statistic", "stage", "per", "scope")
_SETTING = 120
"""So many characters a heading shows of one setting."""
_LONGEST = 32
"""So many characters a line shows of what its results do not share."""


def group_lines(found: Groups) -> Iterator[str]:
    """Yield the groups, each with one line a system, and what is in none, with the reasons."""
    yield from map(one_line, _all_lines(found))


def _all_lines(found: Groups) -> Iterator[str]:
    if not found.groups:
        yield "no two results may be compared"
    for group in found.groups:
        yield from _lines_of(group)
    rest = found.compared - len(found.groups)
    if rest:
        yield f"... and {counted(rest, 'more group')} (--limit)"
    if found.alone:
        yield f"{counted(found.alone, 'result')} with which no other compares"
    if found.echoes:
        yield f"{counted(found.echoes, 'result')} left out: another result of the same execution stands for it"
    if found.copies:
        yield f"{counted(found.copies, 'result')} left out: a record of the same id and content stands for it"
    for reason, count in found.obstacles.most_common(_OBSTACLES):
        yield f"{counted(count, 'result')} in no group: {reason}"
    others = len(found.obstacles) - _OBSTACLES
    if others > 0:
        rest = sum(found.obstacles.values()) - sum(
            count for _, count in found.obstacles.most_common(_OBSTACLES)
        )
        yield f"{counted(rest, 'result')} in no group for {counted(others, 'other reason')} (--format json)"


def heading(group: Group) -> str:
    """Return what a group's results share, and what is compared."""
    about = " / ".join(
        filter(None, (about_words(group.about), *map(_short_setting, group.settings)))
    )
    return f"{about}: {measure(group.measure)}{_better(group)}"


def _short_setting(text: str) -> str:
    return text if len(text) <= _SETTING else f"{text[: _SETTING - 1]}…"


def about_words(about: Mapping[str, Any]) -> str:
    """Return fields in words: `lpdnn / imagenet / batch 1 / on imagenet`."""
    told = [str(about[name]) for name in _PLAIN if name in about]
    for name, words in _WORDED.items():
        cell = about.get(name)
        if cell is not None and cell != _IMPLIED:
            told.append(words.format(cell))
    return " / ".join(told)


def _better(group: Group) -> str:
    if group.higher_is_better is None:
        return ""
    return ", higher is better" if group.higher_is_better else ", lower is better"


def measure(row: dict[str, Any]) -> str:
    """Return what a number is: `latency p90 inference per sample of node`."""
    parts = (
        row["metric"],
        row.get("statistic"),
        row.get("stage"),
        f"per {row['per']}" if row.get("per") else "",
        f"of {row['scope']}" if row.get("scope") else "",
    )
    return " ".join(part for part in parts if part)


def _lines_of(group: Group) -> Iterator[str]:
    yield heading(group)
    unit = group.measure["unit"] or ""
    largest = max((abs(line.value) for line in group.lines), default=0.0)
    for line in group.lines[:_LINES]:
        told = "  ".join(part for part in _told(line, group) if part)
        yield f"  {line.value:>12.6g} {unit:<4} {_bar(line.value, largest):<{_BAR}} {told}".rstrip()
    rest = len(group.lines) - _LINES
    if rest > 0:
        yield f"  ... and {counted(rest, 'more line')}"


def _told(line: Line, group: Group) -> Iterator[str]:
    row = line.row
    yield line.system
    yield " ".join(str(row[name]) for name in ("engine", "engine_version") if row[name])
    yield _devices(row["placement"])
    for name, words in _DIFFERING.items():
        if row[name] is not None and name not in group.about:
            yield words.format(_shortened(str(row[name])))
    for name in _OF_MEASURE:
        if row[name] is not None and group.measure[name] is None:
            yield str(row[name])
    if line.caveats:
        yield f"[{', '.join(line.caveats)}]"
    if line.others:
        yield f"(+{line.others} more)"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _devices(placement: str | None) -> str:
    if placement is None:
        return ""
    try:
        devices = json.loads(placement)
    except ValueError:
        return placement
    if not isinstance(devices, list):
        return placement
    return "+".join(map(str, devices))


def _bar(value: float, largest: float) -> str:
    if largest <= 0:
        return ""
    return "▇" * max(1, round(_BAR * abs(value) / largest))


def answer_lines(
    names: tuple[str, str], answers: Iterable[Answer], question: Question
) -> Iterator[str]:
    """Yield the verdict on each metric that two records share, with the reasons rule by rule."""
    yield from map(one_line, _of_answers(names, answers, question))


def _of_answers(
    names: tuple[str, str], answers: Iterable[Answer], question: Question
) -> Iterator[str]:
    yield f"{question.asks} May differ: {', '.join(sorted(question.varies))}."
    yield f"A: {names[0]}"
    yield f"B: {names[1]}"
    sources: dict[str, None] = {}
    is_empty = True
    for found in answers:
        is_empty = False
        sources.update(dict.fromkeys(found.sources))
        mine, theirs = measure(found.left), measure(found.right)
        title = mine if mine == theirs else f"{mine} | {theirs}"
        yield f"{title}: {found.verdict.words}"
        yield f"  A {_number(found.left)}   B {_number(found.right)}{_ratio(found)}"
        for reason in found.reasons:
            yield f"  {reason.rule} {reason.verdict.words}: {reason.sentence}"
    if is_empty:
        yield "not comparable: no metric was measured of both"
    for source in sources:
        yield f"rules: {source}"


def _number(row: dict[str, Any]) -> str:
    return f"{row['value']:.6g} {row['unit'] or ''}".rstrip()


def _ratio(found: Answer) -> str:
    """Return how many times the one is the other, where the two may be compared."""
    from benchfmt.comparison.verdict import Verdict

    left, right = found.left["value"], found.right["value"]
    if found.verdict > Verdict.WITH_CAVEATS or left <= 0 or right <= 0:
        return ""
    return f"   B is {right / left:.4g} x A"
