"""The files of one result of MLPerf Tiny: the texts of its runs, what they say, and where a number stands in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Unit
from benchfmt.converters.mlperf.result_notes import Notes
from benchfmt.converters.mlperf.tiny.layout import Place, Role, Task
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
    unclear: list[str] = field(default_factory=list)
    """The files that hold two runs of a kind, of which none is taken."""

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.notes.root(self.unit.path)

    @property
    def name(self) -> str | None:
        """The name of the benchmark: that of a folder, else of the model that was loaded."""
        return (
            self.place.benchmark or re.sub(r"[0-9]+$", "", self.said("model") or "").lower() or None
        )

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
    """Return the result of a unit with its texts, noting the lines that hold no number and the files of several runs."""
    task: Task = unit.extra
    paths = dict(zip(task.roles, (unit.path, *unit.supporting), strict=True))
    result = Result(unit, task.place, paths, Notes(task.place.prefix), {})
    elsewhere: dict[Role, tuple[Path, Results]] = {}
    for role, path in list(paths.items()):
        if path.suffix != ".txt":
            continue
        runs = energyrunner.runs(path, unit.limits)
        result.notes.source(path)
        for run in runs:
            for line, words in run.faults:
                result.notes.fail(path, f"line {line}: {words}")
        for mode, run in _by_mode(result, role, runs).items():
            if mode == role[0]:
                result.texts[role] = run
            else:
                elsewhere.setdefault((mode, role[1]), (path, run))
    for role, (path, run) in elsewhere.items():
        _take_from_other(result, role, path, run)
    return result


def _by_mode(result: Result, role: Role, runs: list[Results]) -> dict[str, Results]:
    """Return the runs of a file by their mode, the first being the mode of its folder; nothing where two are alike.

    A file may hold a run of each mode. Two of one mode are two results, and of a log the one is taken that the file
    of the results tells of.
    """
    measured = [run for run in runs if not run.empty]
    if len(measured) < 2:
        return {role[0]: measured[0] if measured else runs[0]}
    pairs = [(mode, run) for run in measured for mode in run.modes or {role[0]}]
    by_mode = dict(pairs)
    if len(by_mode) == len(pairs):
        return by_mode
    printed = result.texts.get((role[0], "results.txt"))
    same = [
        run for run in measured if printed and role[1] != "results.txt" and run.is_run_of(printed)
    ]
    path = result.paths[role]
    if len(same) == 1:
        words = f"holds {len(measured)} runs; that of line {same[0].line} is the one of results.txt, and the others are left out"
        result.notes.find(
            "BF701", result.notes.root(path), words, "keep the files of one run together"
        )
        return {role[0]: same[0]}
    lines = ", ".join(str(run.line) for run in measured)
    result.notes.fail(
        path,
        f"two runs in one file: they begin in lines {lines}; keep the files of each run in a folder of its own",
    )
    result.unclear.append(path.name)
    return {}


def _take_from_other(result: Result, role: Role, path: Path, run: Results) -> None:
    """Take a run that stands in the file of another mode, unless its mode has files of its own."""
    if any(mode == role[0] for mode, _ in result.texts):
        words = f"holds {role[0]} numbers too; those of the folder {role[0]} are taken"
        result.notes.find(
            "BF701", result.notes.root(path), words, "keep the files of one run together"
        )
    else:
        result.texts[role] = run
        result.paths[role] = path
