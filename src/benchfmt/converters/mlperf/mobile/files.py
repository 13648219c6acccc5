"""The files of a result of the MLPerf Mobile app: what tells about it, and what the result file itself holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.mlperf.inference import log_pair
from benchfmt.converters.mlperf.layout import Place
from benchfmt.converters.mlperf.mobile.run import Run
from benchfmt.converters.mlperf.mobile.system import mapping
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import Limits
from benchfmt.readers import jsons, mlperf_json
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_mobile as rules
from benchfmt.units import exact

NAME = "mlperf-mobile"
VERSION = "1.1"


@dataclass(frozen=True)
class Part:
    """A file that tells about results: what it is (`performance-summary`, `system`) and of which benchmark."""

    role: str
    path: Path
    benchmark: str


@dataclass(frozen=True)
class Task:
    """What one unit needs besides its primary file."""

    place: Place
    parts: tuple[Part, ...]


@dataclass
class App:
    """One run of the app: the benchmarks it ran, and where and with what it ran them."""

    results: list[Any]
    pointer: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    build: Mapping[str, Any] = field(default_factory=dict)
    legacy: bool = False
    fault: str | None = None


@dataclass
class Files:
    """What stands beside the results of one unit, read once."""

    unit: Unit
    task: Task
    sha256: str
    findings: list[Item] = field(default_factory=list)
    system: dict[str, Any] = field(default_factory=dict)
    system_source: tuple[Path, str] | None = None
    claimed: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)
    """The benchmarks of which the file has several results: nothing says of which a log of an accuracy run is."""
    strange: dict[str, str] = field(default_factory=dict)
    described: dict[Path, dict[str, Any]] = field(default_factory=dict)

    def run(self) -> Run:
        """Return what gathers the sources and the extensions of one record."""
        return Run(self.unit, self.task.place, {})

    def of(self, role: str, benchmark: str) -> Path | None:
        """Return the first file of a role and a benchmark."""
        parts = self.task.parts
        return next(
            (part.path for part in parts if part.role == role and part.benchmark == benchmark), None
        )


def files_of(unit: Unit) -> Files:
    """Return what stands beside the results of a unit, with the system that it is about."""
    task: Task = unit.extra
    files = Files(unit, task, file_sha256(unit.path))
    for part in task.parts:
        if part.role == "system":
            said = described(files, part.path)
            files.system = _flat(said)
            files.system_source = (part.path, file_sha256(part.path))
    return files


def described(files: Files, path: Path) -> dict[str, Any]:
    """Return what a description written by hand says, telling its faults once."""
    if path in files.described:
        return files.described[path]
    files.described[path] = {}
    try:
        data, repaired = mlperf_json.read(path, files.unit.limits)
    except (BenchfmtError, OSError) as error:
        files.findings.append(Failed(path, str(error)))
        return {}
    where = files.run().root(path)
    files.findings += [warning("BF115", where, words, "correct the file") for words in repaired]
    files.described[path] = data if isinstance(data, dict) else {}
    return files.described[path]


def _flat(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description without its sections (`system`, `notes`, `software`)."""
    flat: dict[str, Any] = {}
    for key, value in description.items():
        flat |= dict(value) if isinstance(value, Mapping) else {key: value}
    return flat


_OF_A_RUN = re.compile(
    r"the key '(benchmark_id|performance_run|accuracy_run|accuracy|loadgen|loadgen_info|results)' stands twice;"
)


def load(path: Path, limits: Limits) -> tuple[Any, list[str]]:
    """Return the data of a result file with the characters of its numbers, and what had to be mended.

    Raises JsonError where one object holds two runs: a key of a run stands in it twice, with two values.
    """
    try:
        return jsons.read(path, limits, digits=True), []
    except jsons.JsonError:
        # Mended by hand-made rules; the numbers are then the shortest text of their double.
        data, mended = mlperf_json.read(path, limits)
    twice = next((match[1] for words in mended if (match := _OF_A_RUN.match(words))), None)
    if twice:
        raise jsons.JsonError(
            f"two runs in one file: the key {twice!r} stands twice in one object, with two values"
        )
    return data, mended


def apps(data: Any) -> Iterator[App]:
    """Yield the runs of the app that a file holds: one, a list of runs, or the bare list of apps before 2.0.

    What stands among runs and is none has a fault.
    """
    if isinstance(data, list):
        entries = [item for item in data if isinstance(item, Mapping)]
        if any("benchmark_id" in item for item in entries):
            yield App(data, "", legacy=True)
            return
        for index, item in enumerate(data):
            yield _app(item, f"/{index}")
    else:
        yield _app(data, "")


def _app(data: Any, pointer: str) -> App:
    results = data.get("results") if isinstance(data, Mapping) else None
    if not isinstance(results, list):
        return App([], pointer, fault="no list of results")
    said = [mapping(data, key) for key in ("meta", "environment_info", "build_info")]
    return App(results, f"{pointer}/results", said[0], said[1], said[2])


def repeated(runs: list[App]) -> set[str]:
    """Return the benchmarks of which runs of the app have several results."""
    names = [
        entry.get("benchmark_id")
        for app in runs
        for entry in app.results
        if isinstance(entry, Mapping)
    ]
    known = [rules.canonical(name) or name for name in names if isinstance(name, str)]
    return {name for name in known if known.count(name) > 1}


def number(value: Any) -> str | None:
    """Return the characters of a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    return text if exact(text) is not None else None


def time_of(value: Any) -> str | None:
    """Return a time of the app as the standard writes it, or None for something else."""
    return log_pair.time_of(value) if isinstance(value, str) else None


def warning(code: str, path: str, message: str, hint: str | None = None) -> Finding:
    """Return a fault of a source that costs no result."""
    return Finding(code, Severity.WARNING, path, None, None, None, message, None, hint)
