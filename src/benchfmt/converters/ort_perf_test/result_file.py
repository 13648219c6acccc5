"""The result file of onnxruntime_perf_test: one row for each run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from benchfmt.converters import texts

_ROW = re.compile(
    r"(?P<model>[^,]+),(?P<times>[0-9.e+-]+(?:,[0-9.e+-]+)?),(?P<memory>[0-9]{1,15}),(?P<cpu>[0-9]{1,6}),(?P<run>[0-9]{1,12})"
)


@dataclass
class Series:
    """Consecutive rows of a result file: one row for each run."""

    number: int
    line: int
    model: str
    first: int
    memory: str
    cpu: str
    times: list[str] = field(default_factory=list)
    submissions: list[str] = field(default_factory=list)


def is_result_file(head: str) -> bool:
    """Say whether text is a result file: no header, runs counted up, and one peak and load for all of them."""
    lines = head.splitlines()
    if len(head) >= texts.HEAD // 2:
        lines.pop()  # it may be cut
    rows = []
    for line in filter(None, map(str.strip, lines[:50])):
        row = _ROW.fullmatch(line)
        if row is None:
            return False
        rows.append(row)
    steps = [_follows(before, after) for before, after in pairwise(rows)]
    return None not in steps and any(steps)


def _follows(before: re.Match[str], after: re.Match[str]) -> bool | None:
    """Say whether a row is the next run of a series (True), the first of another (False), or neither."""
    if after["model"] != before["model"] or int(after["run"]) <= int(before["run"]):
        return False
    alike = (after["memory"], after["cpu"]) == (before["memory"], before["cpu"])
    if alike and int(after["run"]) == int(before["run"]) + 1:
        return True
    return None


def rows(text: str) -> tuple[list[Series], list[int]]:
    """Return the series of a result file, and the lines that are no rows."""
    series: list[Series] = []
    broken: list[int] = []
    last = -1
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        row = _ROW.fullmatch(line.strip())
        if row is None:
            broken.append(number)
            continue
        run = int(row["run"])
        if not series or run != last + 1 or series[-1].model != row["model"]:
            one = Series(len(series) + 1, number, row["model"], run, row["memory"], row["cpu"])
            series.append(one)
        last = run
        submission, _, total = row["times"].rpartition(",")
        series[-1].times.append(total)
        if submission:
            series[-1].submissions.append(submission)
    return series, broken
