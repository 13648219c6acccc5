"""The files of one result of MLPerf Tiny: the texts of its runs, what they say, and where a number stands in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Unit
from benchfmt.converters.mlperf.result_notes import Notes
from benchfmt.converters.mlperf.tiny_layout import Place, Role, Task
from benchfmt.finding import BenchfmtError
from benchfmt.readers import energyrunner, jsons
from benchfmt.readers.energyrunner import Number, Results
from benchfmt.suites import mlperf_tiny as rules


@dataclass
class Result:
    """One result while its record is made: its place, what its files say, and what is noted of them."""

    unit: Unit
    place: Place
    paths: dict[Role, Path]
    notes: Notes
    texts: dict[Role, Results]

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.notes.root(self.unit.path)

    @property
    def name(self) -> str | None:
        """The name of the benchmark: that of a folder, else of the model that was loaded."""
        return self.place.benchmark or re.sub(r"[0-9]+$", "", self.said("model") or "").lower() or None

    @property
    def benchmark(self) -> rules.Benchmark | None:
        """What the suite says of the benchmark."""
        return rules.benchmark(self.name) if self.name else None

    @property
    def closed(self) -> bool:
        """Whether the result is of the closed division, whose model and targets are fixed."""
        return self.place.division == "closed"

    def said(self, key: str) -> str | None:
        """Return the first word of the files on something, the performance run's before the others'."""
        return next((text.said[key] for text in self.texts.values() if key in text.said), None)

    def at(self, role: Role, number: Number) -> dict[str, Any]:
        """Return where a number stands; the path only of a file that is not the primary one."""
        path = self.paths[role]
        where = {} if path == self.unit.path else {"source_path": self.notes.root(path)}
        return {**where, "source_locator": f"line={number.line}"}

    def json(self, role: Role) -> list[Any]:
        """Return the list that a results.json of v1.3 holds, empty where there is none."""
        path = self.paths.get(role)
        if path is None:
            return []
        try:
            data = jsons.read(path, self.unit.limits, digits=True)
        except (BenchfmtError, OSError) as error:
            self.notes.fail(path, str(error))
            return []
        if all(source["path"] != self.notes.root(path) for source in self.notes.sources):
            self.notes.source(path)
        return data if isinstance(data, list) else []


def read_texts(unit: Unit) -> Result:
    """Return the result of a unit with its texts, noting the lines that hold no number."""
    task: Task = unit.extra
    paths = dict(zip(task.roles, (unit.path, *unit.supporting), strict=True))
    result = Result(unit, task.place, paths, Notes(task.place.prefix), {})
    for role, path in paths.items():
        if path.suffix == ".txt":
            text = energyrunner.read(path, unit.limits)
            result.texts[role] = text
            result.notes.source(path)
            for line, words in text.faults:
                result.notes.fail(path, f"line {line}: {words!r} has no number")
    return result
