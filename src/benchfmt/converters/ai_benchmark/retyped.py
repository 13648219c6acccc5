"""Results of AI Benchmark's desktop package that somebody retyped as a table: model, stage, then a device in each column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchfmt.converters.ai_benchmark.log import (
    BARE_ROW,
    SECTION,
    VALUE,
    Damaged,
    Result,
    Run,
    configuration,
)

_STAGE = re.compile(r"^(?P<kind>inference|training)\b\s*(?P<config>.*)$")
_SCORE = re.compile(r"^Device (?P<kind>Inference|Training|AI) Score$")
_WITH_NOTE = re.compile(rf"^{VALUE}\s*(?P<note>.*)$")
_PIN = re.compile(r"(?P<name>[A-Za-z][\w.-]*)==(?P<version>[0-9][\w.]*)")


_OPEN_CELL = re.compile(r"\|\s*[0-9.,]+\s*$")


def runs(lines: list[tuple[int, str]], unended: int | None) -> Iterator[Run]:
    """Yield a run for each column of the tables among some lines, in order.

    `unended` is the line in which the text ends without a line end: digits of its last cell may be cut off.
    """
    reader = _Reader()
    for number, line in lines:
        cut = number == unended and _OPEN_CELL.search(line)
        yield from reader.see(number, f"{line.rstrip()}..." if cut else line)
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

    columns: dict[int, Run] = field(default_factory=dict)
    number: int = 0
    part: int = 0
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def see(self, line: int, raw: str) -> Iterator[Run]:
        """Take one row, and yield the runs that end before it."""
        row = raw.rstrip().removesuffix("|")
        row = row if BARE_ROW.match(raw) else row.lstrip().removeprefix("|")
        cells = [cell.strip() for cell in row.split("|")]
        if len(cells) > 2 and cells[1].lower() == "stage":
            yield from self.rest()
            self._open({index: name for index, name in enumerate(cells[2:], start=2) if name}, line)
            return
        if not self.columns or len(cells) < 3 or set(raw) <= set("|-: \t"):
            return
        if match := SECTION.search(cells[0]):
            self.number, self.part = int(match["number"]), 0
        stage, score = _STAGE.match(cells[1]), _SCORE.match(cells[1])
        self.part += bool(stage)
        name = self._name(stage, score)
        if name is None:
            return
        if name in self.seen:
            yield from self.rest()
            self._open({index: run.device or "" for index, run in self.columns.items()}, line)
        self.seen.add(name)
        for index, run in self.columns.items():
            cell = cells[index] if index < len(cells) else ""
            if cell and score:
                _score(run, score["kind"], cell, line)
            elif cell and stage:
                _time(run, self.number, self.part, stage, cell, line)

    def rest(self) -> Iterator[Run]:
        """Yield the columns that hold anything."""
        yield from (run for run in self.columns.values() if run.measured)

    def _open(self, devices: dict[int, str], line: int) -> None:
        self.columns = {index: Run(0, line, device=name) for index, name in devices.items()}
        self.seen = set()

    def _name(
        self, stage: re.Match[str] | None, score: re.Match[str] | None
    ) -> tuple[str, ...] | None:
        """Return what makes a row another than those before, or None for a row that is no result."""
        if score:
            return (score["kind"],)
        return (str(self.number), str(self.part), stage["kind"]) if stage else None


def _score(run: Run, kind: str, cell: str, line: int) -> None:
    if cell.isascii() and cell.isdigit():
        run.scores[kind] = (cell, line)
    elif any(character.isdigit() for character in cell):
        run.damaged.append(Damaged(line, f"{cell!r} is not a score"))


def _time(run: Run, number: int, part: int, stage: re.Match[str], cell: str, line: int) -> None:
    batch, size, test, repaired = configuration(number, stage["kind"], stage["config"])
    printed = test.id if test else f"{number}.{part}"
    value = _WITH_NOTE.match(cell)
    if not value and not re.match(r"(?i)^error", cell):
        run.damaged.append(Damaged(line, f"test {printed}: {cell!r} is not a time"))
        return
    run.results.append(
        Result(
            printed=printed,
            kind=stage["kind"],
            line=line,
            mean=value["mean"] if value else None,
            std=value["std"] if value else None,
            batch=batch,
            size=size,
            test=test,
            repaired=repaired,
            note=(value["note"] or None) if value else cell,
        )
    )
