"""Which rows of CodeCarbon's files are results: rows of one run are running totals, of which the last is the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from benchfmt.converters.energy.codecarbon.rows import NEAR, Row

_SAME_START = 2.0
"""Seconds between the starts of rows that may be of one run: their times are of whole seconds."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a row to tell what it is."""

    path: Path
    number: int
    run: str
    task: str
    project: str
    time: datetime | None
    duration: float | None
    total: float | None
    cells: int


@dataclass
class RowRoles:
    """What all files together say of the rows of one file, by their numbers."""

    running: dict[int, str] = field(default_factory=dict)
    """Rows that are no results, and why."""
    sums: set[int] = field(default_factory=set)
    """Rows that hold the energy of all tasks and the duration of the last."""
    doubtful: dict[int, int] = field(default_factory=dict)
    """Rows without run_id that may be a running total, with the row that would be the run's last."""


def entry(path: Path, row: Row) -> Entry:
    """Return what is kept of a row; its total is its energy, else its emissions."""
    total = row.number_of("energy_consumed")
    if total is None:
        total = row.number_of("emissions")
    return Entry(
        path=path,
        number=row.number,
        run=row.cell("run_id"),
        task=row.cell("task_name"),
        project=row.cell("project_name"),
        time=_time(row.cell("timestamp")),
        duration=row.number_of("duration"),
        total=total,
        cells=hash(row.cells),
    )


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def roles_by_file(entries: Iterable[Entry]) -> dict[Path, RowRoles]:
    """Return what all rows together say of each file's."""
    runs: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    tasks: defaultdict[str, list[Entry]] = defaultdict(list)
    nameless: defaultdict[tuple[Path, str], list[Entry]] = defaultdict(list)
    for item in entries:
        if not item.run:
            nameless[item.path, item.project].append(item)
        elif item.task:
            tasks[item.run].append(item)
        else:
            runs[item.run, item.project].append(item)
    roles: defaultdict[Path, RowRoles] = defaultdict(RowRoles)
    reasons: dict[Entry, str] = {}
    for group in tasks.values():
        reasons |= _repeated(group)
    for (run, _), group in runs.items():
        finals, running = _finals(group)
        reasons |= running
        for final in finals:
            if _is_sum(final, tasks.get(run, [])):
                reasons[final] = _sum_of(tasks[run])
            elif run in tasks:
                roles[final.path].sums.add(final.number)
    for item, reason in reasons.items():
        roles[item.path].running[item.number] = reason
    for (path, _), group in nameless.items():
        roles[path].doubtful |= _maybe_running(group)
    return roles


def _finals(entries: Sequence[Entry]) -> tuple[list[Entry], dict[Entry, str]]:
    """Return the rows of a run that are its result, and why the others are none.

    It is one row, the last. Where the total is smaller than before, the counter began anew: the last row of each count is
    a result.
    """
    with_total = [item for item in entries if item.total is not None]
    is_timed = all(item.time is not None for item in entries)
    counts = _counts(with_total or entries, is_timed=is_timed)
    finals = [count[-1] for count in counts]
    reasons: dict[Entry, str] = {}
    for count, final in zip(counts, finals, strict=True):
        for item in count[:-1]:
            reasons[item] = f"a running total of the run that {_place(item, final)} ends"
    if with_total:
        for item in set(entries) - set(with_total):
            last = _place(item, finals[-1])
            reasons[item] = f"neither energy nor emissions of the run, whose last total is {last}"
    return finals, reasons


def _counts(entries: Sequence[Entry], *, is_timed: bool) -> list[list[Entry]]:
    """Return the rows of a run in their order, divided where the counter began anew."""
    ordered = sorted(entries, key=lambda item: item.total or 0.0)
    if not is_timed:  # without times the order of the rows proves nothing; a total only grows
        return [ordered]
    ordered.sort(key=lambda item: item.time or datetime.min)
    counts = [ordered[:1]]
    for before, after in pairwise(ordered):
        if (after.total or 0.0) < (before.total or 0.0) * (1 - _ROUNDING):
            counts.append([])
        counts[-1].append(after)
    return counts


def _repeated(entries: Sequence[Entry]) -> dict[Entry, str]:
    """Return the rows of a run's tasks that stand again, each with where; those of one task that differ all count."""
    last = {(item.task, item.cells): item for item in entries}
    reasons: dict[Entry, str] = {}
    for item in entries:
        again = last[item.task, item.cells]
        if again is not item:
            reasons[item] = f"the task is repeated: {_place(item, again)}"
    return reasons


def _place(item: Entry, other: Entry) -> str:
    place = f"row {other.number}"
    if other.path != item.path:
        place += f" of {other.path.name}"
    return place


def _is_sum(item: Entry, tasks: Sequence[Entry]) -> bool:
    """Say whether a row is the sum of tasks."""
    if not tasks or item.total is None:
        return False
    distinct = {(task.task, task.cells): task.total or 0.0 for task in tasks}
    return abs(sum(distinct.values()) - item.total) <= NEAR * abs(item.total)


def _sum_of(tasks: Sequence[Entry]) -> str:
    place = tasks[0].path.name
    return f"the sum of the run's tasks, which stand one by one in {place}; its duration is that of the last task"


def _maybe_running(entries: Sequence[Entry]) -> dict[int, int]:
    """Return the rows that began when a later one of the same project did, with that one: of one run, or at its side."""
    started: list[tuple[float, int, Entry]] = []
    for item in entries:
        if item.time is not None and item.duration is not None:
            started.append((item.time.timestamp() - item.duration, item.number, item))
    started.sort(key=lambda place: place[:2])
    groups: list[list[Entry]] = []
    last_start = float("-inf")
    for start, _, item in started:
        if start - last_start > _SAME_START:
            groups.append([])
        groups[-1].append(item)
        last_start = start
    doubtful: dict[int, int] = {}
    for group in groups:
        last = max(group, key=_progress)
        for item in group:
            if item is not last:
                doubtful[item.number] = last.number
    return doubtful


def _progress(item: Entry) -> tuple[bool, float, int]:
    """Return how far a row is: later rows of some releases have neither energy nor emissions."""
    return item.total is not None, item.duration or 0.0, item.number
