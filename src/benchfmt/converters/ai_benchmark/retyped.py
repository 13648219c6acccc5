"""Results of AI Benchmark's desktop package that somebody retyped as a table: model, stage, then a device in each column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchfmt.converters.ai_benchmark.log import BARE_ROW, SECTION, VALUE
from benchfmt.converters.ai_benchmark.run import Damaged, Result, Run, Score, Time, configuration
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.repeats import refuse_many

_ROW = re.compile(
    r"(?P<kind>inference|training)\b\s*(?P<config>.*)|Device (?P<score>Inference|Training|AI) Score"
)
_WITH_NOTE = re.compile(rf"^{VALUE}\s*(?P<note>.*)$")
_PIN = re.compile(r"(?P<name>[A-Za-z][\w.-]{0,100})==(?P<version>[0-9][\w.]*)")
_OPEN_CELL = re.compile(r"\|\s*[0-9.,]+\s*$")


def runs(
    lines: list[tuple[int, str]], unended: int | None, limits: Limits = LIMITS
) -> Iterator[Run]:
    """Yield a run for each column of the tables among some lines, in order.

    `unended` is the line in which the text ends without a line end: digits of its last cell may be cut off.
    Raises UnsafeError for more cells, or runs, than results are read.
    """
    reader = _Reader(limits)
    for number, line in lines:
        row = line
        if number == unended and _OPEN_CELL.search(line):
            row = f"{line.rstrip()}..."
        yield from reader.see(number, row)
    yield from reader.rest()


def pins(lines: list[tuple[int, str]]) -> dict[str, str]:
    """Return the versions that a text pins (`tensorflow==2.9.3`); a name with two versions has none."""
    found: dict[str, set[str]] = {}
    for _, line in lines:
        for match in _PIN.finditer(line):
            found.setdefault(match["name"], set()).add(match["version"])
    return {name: versions.pop() for name, versions in found.items() if len(versions) == 1}


@dataclass
class _Reader:
    """Takes the rows of tables; the next table, or a row that stands twice, begins other runs."""

    limits: Limits
    taken: int = 0
    """How many cells of a run were taken."""
    heading: list[str] = field(default_factory=list)
    columns: dict[int, Run] = field(default_factory=dict)
    number: int = 0
    part: int = 0
    seen: set[str] = field(default_factory=set)

    def see(self, line: int, raw: str) -> Iterator[Run]:
        """Take one row, and yield the runs that end before it."""
        cells = _cells(raw)
        if len(cells) > 2 and cells[1].lower() == "stage":
            yield from self.rest()
            self._open(cells, line)
            return
        if not self.columns or len(cells) < 3 or set(raw) <= set("|-: \t"):
            return
        yield from self._take_row(cells, line)

    def _take_row(self, cells: list[str], line: int) -> Iterator[Run]:
        section = SECTION.search(cells[0])
        if section:
            self.number = int(section["number"])
            self.part = 0
        row = _ROW.fullmatch(cells[1])
        if row is None:
            return
        name = row["score"]
        if name is None:
            self.part += 1
            name = f"{self.number}.{self.part} {row['kind']}"
        if name in self.seen:
            yield from self.rest()
            self._open(self.heading, line)
        self.seen.add(name)
        for index, cell in enumerate(cells):
            if cell and index in self.columns:
                self._take(self.columns[index], row, cell, line)

    def _take(self, run: Run, row: re.Match[str], cell: str, line: int) -> None:
        """Take the cell of a run: a score, or the time of a test."""
        self.taken += 1
        refuse_many(self.taken, self.limits)
        if row["score"] is None:
            self._add_time(run, row, cell, line)
        elif cell.isascii() and cell.isdigit():
            run.scores[row["score"]] = Score(cell, line)
        elif any(map(str.isdigit, cell)):
            run.damaged.append(Damaged(line, f"{cell!r} is not a score"))

    def _add_time(self, run: Run, row: re.Match[str], cell: str, line: int) -> None:
        kind = row["kind"]
        config = configuration(self.number, kind, row["config"])
        printed = f"{self.number}.{self.part}"
        if config.test:
            printed = config.test.id
        value = _WITH_NOTE.match(cell)
        if value:
            time = Time(value["mean"], value["std"])
            result = Result(printed, kind, line, time, config, note=value["note"] or None)
            run.results.append(result)
        elif cell.lower().startswith("error"):
            run.results.append(Result(printed, kind, line, None, config, note=cell))
        else:
            run.damaged.append(Damaged(line, f"test {printed}: {cell!r} is not a time"))

    def rest(self) -> Iterator[Run]:
        """Yield the columns that hold anything."""
        yield from (run for run in self.columns.values() if run.measured)

    def _open(self, heading: list[str], line: int) -> None:
        """Begin a run for each device that stands in the heading of a table, after model and stage."""
        self.heading = heading
        self.seen = set()
        devices = list(enumerate(heading))[2:]
        refuse_many(len(devices), self.limits)
        self.columns = {index: Run(0, line, device=name) for index, name in devices if name}


def _cells(raw: str) -> list[str]:
    """Return the cells of a row; the bar before the first may be gone with a time that stood before it."""
    row = raw.rstrip().removesuffix("|")
    if not BARE_ROW.match(raw):
        row = row.lstrip().removeprefix("|")
    return [cell.strip() for cell in row.split("|")]
