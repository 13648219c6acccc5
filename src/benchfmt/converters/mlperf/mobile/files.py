"""The files of one unit of the MLPerf Mobile app: a result file or a log, and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.layout import Place
from benchfmt.converters.mlperf.mobile.values import NOTHING, Block, as_block
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.readers import mlperf_json
from benchfmt.readers.files import file_sha256

NAME = "mlperf-mobile"
VERSION = "1.1"
SUITE = "mlperf-mobile"


@dataclass(frozen=True, slots=True)
class Part:
    """A file that tells about results: what it is (`performance-summary`, `system`) and of which benchmark."""

    role: str
    path: Path
    benchmark: str


@dataclass(frozen=True, slots=True)
class Task:
    """What one unit needs besides its primary file."""

    place: Place
    parts: tuple[Part, ...]

    @property
    def logged(self) -> list[str]:
        """The benchmarks of which there is a log of the performance run."""
        names = [part.benchmark for part in self.parts if part.role.startswith("performance-")]
        return list(dict.fromkeys(names))


@dataclass
class Files:
    """What stands beside the results of one unit, each description read once."""

    unit: Unit
    task: Task
    system: Block = NOTHING
    system_path: Path | None = None
    findings: list[Item] = field(default_factory=list)
    """What is wrong with descriptions, each of which may be that of several results."""
    claimed: set[str] = field(default_factory=set)
    """The benchmarks whose log is that of a result of the file."""
    strange: dict[str, str] = field(default_factory=dict)
    """The benchmarks whose log is of another run than the result of the file, and how that shows."""
    repeated: set[str] = field(default_factory=set)
    """The benchmarks of which the file has several results: nothing says of which a log of an accuracy run is."""
    _descriptions: dict[Path, Block] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.root(self.unit.path)

    @cached_property
    def sha256(self) -> str:
        """The primary file's hash."""
        return file_sha256(self.unit.path)

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission."""
        return layout.from_root(path, self.task.place)

    def new_draft(self) -> Draft:
        """Return the draft of a record of the unit."""
        return Draft(NAME, VERSION, SUITE, phase="inference")

    def first(self, role: str, benchmark: str) -> Path | None:
        """Return the first file of a role and a benchmark."""
        for part in self.task.parts:
            if part.role == role and part.benchmark == benchmark:
                return part.path
        return None

    def description(self, path: Path) -> Block:
        """Return what a description written by hand says, reporting its faults the first time."""
        if path not in self._descriptions:
            self._descriptions[path] = self._read(path)
        return self._descriptions[path]

    def _read(self, path: Path) -> Block:
        try:
            data, repairs = mlperf_json.read(path, self.unit.limits)
        except (BenchfmtError, OSError) as error:
            self.findings.append(Failed(path, str(error)))
            return NOTHING
        self.findings += mended(self.root(path), repairs)
        return as_block(data)


def files_of(unit: Unit) -> Files:
    """Return what stands beside the results of a unit, with the system that it is about."""
    files = Files(unit, unit.extra)
    for part in files.task.parts:
        if part.role == "system":
            files.system = _flat(files.description(part.path))
            files.system_path = part.path
    return files


def _flat(description: Block) -> Block:
    """Return a description without its sections (`system`, `notes`, `software`)."""
    flat = {}
    for key, value in description.fields.items():
        if isinstance(value, dict):
            flat.update(value)
        else:
            flat[key] = value
    return Block(flat)


def mended(path: str, repairs: list[str]) -> list[Finding]:
    """Return what had to be mended to read a file of JSON."""
    return [warning("BF115", path, repair, "correct the file") for repair in repairs]


def warning(code: str, path: str, message: str, hint: str) -> Finding:
    """Return a fault of a source that costs no result."""
    return Finding(code, Severity.WARNING, path, None, None, None, message, None, hint)
