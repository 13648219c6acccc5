"""A scored group of MLPerf Training or HPC: the runs that one record is of, and what is known of them while it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Skipped, Unit
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf.training.layout import Place, Task
from benchfmt.converters.mlperf.training.runs import Run
from benchfmt.readers.mllog import plain
from benchfmt.suites import mlperf_training as rules
from benchfmt.suites.mlperf_training import Benchmark
from benchfmt.vocabulary import vocabulary

_NAMESPACE = "mlperf"
_DIVISION_KEYS = ("division", "divison")
"""Some descriptions misspell it."""


@dataclass
class Group:
    """All that is known of a group while its record is drafted."""

    unit: Unit
    place: Place
    round: str | None
    name: str | None
    benchmark: Benchmark | None
    runs: list[Run]
    draft: Draft
    failures: list[Failed | Skipped] = field(default_factory=list)
    """The files that cannot be read."""
    description: dict[str, JsonValue] = field(default_factory=dict)
    """What a file says of the system, as it stands there."""
    scaling: Decimal = Decimal(1)
    broken: str | None = None
    """Why the scaling factor cannot be read, where it cannot."""

    @property
    def task(self) -> Task:
        """What the unit holds besides its files."""
        task: Task = self.unit.extra
        return task

    @property
    def division(self) -> str | None:
        """The division, of the system's description, else of the logs."""
        described = [self.description.get(key) for key in _DIVISION_KEYS]
        stated = next(filter(None, described), None) or self.logged("submission_division")
        if not stated:
            return None
        return vocabulary().match("division", str(stated).strip(), rules.TRAINING)

    @property
    def dropped(self) -> int:
        """How many runs go at each end of the olympic mean."""
        if self.benchmark is None:
            return 1
        return self.benchmark.dropped

    @property
    def is_weak(self) -> bool:
        """Whether models are trained side by side (weak scaling)."""
        return self.place.level == "weak"

    @property
    def is_scored(self) -> bool:
        """Whether the logs alone give the score of the benchmark."""
        return self.benchmark is None or self.benchmark.scored

    @property
    def counted(self) -> list[Run]:
        """The runs that count."""
        return [run for run in self.runs if run.counts]

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission."""
        text = path.absolute().as_posix()
        prefix = f"{self.place.prefix}/"
        if text.startswith(prefix):
            return text.removeprefix(prefix)
        return path.name

    def of(self, role: str) -> list[Path]:
        """Return the files of a role; a link is not followed."""
        paths = (self.unit.path, *self.unit.supporting)
        with_role = zip(paths, self.task.roles, strict=True)
        return [path for path, own in with_role if own == role and is_plain(path)]

    def source(self, path: Path, sha256: str | None) -> str:
        """Add a file that was read, and return its path."""
        where = self.root(path)
        self.draft.source(where, sha256)
        return where

    def keep(self, name: str, value: object) -> None:
        """Keep what the standard has no field for."""
        self.draft.keep(name, value, _NAMESPACE)

    def logged(self, key: str) -> JsonValue:
        """Return the first value that a log has for a key."""
        for run in self.runs:
            value = run.logged(key)
            if value is not None:
                return value
        return None


def seed(run: Run) -> JsonValue:
    """Return the seed of a run as plain JSON data, or None where the log has none."""
    event = run.log.first("seed") or run.log.first("run_set_random_seed")
    if event is None:
        return None
    value: JsonValue = plain(event.value)
    return value


def is_plain(path: Path) -> bool:
    """Say whether a path is a regular file and no link."""
    return path.is_file() and not path.is_symlink()
