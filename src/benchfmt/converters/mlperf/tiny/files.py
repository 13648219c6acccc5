"""The files of one result of MLPerf Tiny: the texts of its runs, what they say, and where a number stands in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Unpack

from pydantic import JsonValue

from benchfmt.converters.base import Unit
from benchfmt.converters.draft import Key, Number
from benchfmt.converters.mlperf.result_draft import ResultDraft
from benchfmt.converters.mlperf.tiny.layout import Place, Role, Task
from benchfmt.finding import BenchfmtError
from benchfmt.readers import energyrunner, jsons
from benchfmt.readers.energyrunner import Reading, Results
from benchfmt.suites import mlperf_tiny as rules

_KEEP_TOGETHER = "keep the files of one run together"


@dataclass
class Result:
    """One result while its record is drafted: its place, and what its files say."""

    unit: Unit
    place: Place
    paths: dict[Role, Path]
    draft: ResultDraft
    texts: dict[Role, Results] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)
    """The files that hold two runs of a kind, of which none is taken."""

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.draft.root(self.unit.path)

    @property
    def name(self) -> str | None:
        """The name of the benchmark: that of a folder, else of the model that was loaded."""
        model = self.first("model") or ""
        return self.place.benchmark or re.sub(r"[0-9]+$", "", model).lower() or None

    @property
    def benchmark(self) -> rules.Benchmark | None:
        """What the suite says of the benchmark."""
        return rules.benchmark(self.name or "")

    @property
    def is_closed(self) -> bool:
        """Whether the result is of the closed division, whose model and targets are fixed."""
        return self.place.division == "closed"

    def first(self, key: str) -> str | None:
        """Return the first text of the files for a key, the performance run's before the others'."""
        for text in self.texts.values():
            if key in text.said:
                return text.said[key]
        return None

    def read(
        self, metric: str, reading: Reading, unit: str, role: Role, **key: Unpack[Key]
    ) -> Number:
        """Add a number as a file prints it, with its unit and its line; the path only of another file than the primary."""
        number = self.draft.measure(metric, reading.text, unit, **key)
        if unit != "1":
            number.reported_unit = unit
        self.locate(number, role, reading.line)
        return number

    def locate(self, number: Number, role: Role, line: int) -> None:
        """Say where a number stands."""
        path = self.paths[role]
        if path != self.unit.path:
            number.source_path = self.draft.root(path)
        number.source_locator = f"line={line}"

    def report_mixed(self, path: Path, message: str) -> None:
        """Report that a file does not belong to one run."""
        where = self.draft.root(path)
        self.draft.report("BF701", message, path=where, hint=_KEEP_TOGETHER)

    def json_items(self, role: Role) -> list[JsonValue]:
        """Return the list that a results.json of v1.3 holds, empty where there is none."""
        path = self.paths.get(role)
        if path is None:
            return []
        try:
            data = jsons.read(path, self.unit.limits, digits=True)
        except (BenchfmtError, OSError) as error:
            self.draft.fail_file(path, str(error))
            return []
        self.draft.read(path)
        if not isinstance(data, list):
            return []
        return data


def read_texts(unit: Unit, name: str, version: str) -> Result:
    """Return the result of a unit with its texts, noting the lines that hold no number and the files of several runs."""
    task: Task = unit.extra
    paths = dict(zip(task.roles, (unit.path, *unit.supporting), strict=True))
    draft = ResultDraft(name, version, suite="mlperf-tiny", prefix=task.place.prefix)
    result = Result(unit, task.place, paths, draft)
    elsewhere: dict[Role, tuple[Path, Results]] = {}
    for role, path in list(paths.items()):
        if path.suffix != ".txt":
            continue
        mode, file = role
        for own_mode, run in _runs_by_mode(result, role, path).items():
            if own_mode == mode:
                result.texts[role] = run
            else:
                elsewhere.setdefault((own_mode, file), (path, run))
    for role, (path, run) in elsewhere.items():
        _take_from_other(result, role, path, run)
    return result


def _runs_by_mode(result: Result, role: Role, path: Path) -> dict[str, Results]:
    """Return the runs of a file by their mode, the first being the mode of its folder; nothing where two are alike.

    A file may hold a run of each mode. Two of one mode are two results, and of a log the one is taken that the file
    of the results tells of.
    """
    runs = energyrunner.runs(path, result.unit.limits)
    result.draft.read(path)
    for run in runs:
        for line, reason in run.faults:
            result.draft.fail_file(path, f"line {line}: {reason}")
    measured = [run for run in runs if not run.empty]
    if len(measured) < 2:
        return {role[0]: [*measured, *runs][0]}
    pairs = [(mode, run) for run in measured for mode in run.modes or {role[0]}]
    by_mode = dict(pairs)
    if len(by_mode) == len(pairs):
        return by_mode
    run_of_results = _run_of_results(result, role, measured)
    if run_of_results is not None:
        result.report_mixed(
            path,
            f"holds {len(measured)} runs; that of line {run_of_results.line} is the one of results.txt,"
            " and the others are left out",
        )
        return {role[0]: run_of_results}
    lines = ", ".join(str(run.line) for run in measured)
    result.draft.fail_file(
        path,
        f"two runs in one file: they begin in lines {lines}; keep the files of each run in a folder of its own",
    )
    result.unclear.append(path.name)
    return {}


def _run_of_results(result: Result, role: Role, runs: list[Results]) -> Results | None:
    """Return the run of a log that the file of the results tells of, or None where it is not clear which."""
    mode, file = role
    printed = result.texts.get((mode, "results.txt"))
    if printed is None or file == "results.txt":
        return None
    same = [run for run in runs if run.is_run_of(printed)]
    if len(same) != 1:
        return None
    return same[0]


def _take_from_other(result: Result, role: Role, path: Path, run: Results) -> None:
    """Take a run that stands in the file of another mode, unless its mode has files of its own."""
    mode = role[0]
    if any(own_mode == mode for own_mode, _ in result.texts):
        result.report_mixed(path, f"holds {mode} numbers too; those of the folder {mode} are taken")
        return
    result.texts[role] = run
    result.paths[role] = path
