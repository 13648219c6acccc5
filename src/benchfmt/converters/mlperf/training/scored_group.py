"""A scored group of MLPerf Training or HPC: the runs that one record is of, and what is known of them while it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Item, Unit
from benchfmt.converters.mlperf.training.layout import Place, Task
from benchfmt.converters.mlperf.training.runs import Run
from benchfmt.finding import Finding, Severity
from benchfmt.readers.mllog import plain
from benchfmt.record import given
from benchfmt.suites import mlperf_training as rules
from benchfmt.suites.mlperf_training import Benchmark
from benchfmt.vocabulary import vocabulary


@dataclass
class Group:
    """All that is known of a group while its record is made."""

    unit: Unit
    place: Place
    round: str | None
    name: str | None
    benchmark: Benchmark | None
    runs: list[Run]
    findings: list[Item] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    measurements: list[dict[str, Any]] = field(default_factory=list)
    description: dict[str, Any] = field(default_factory=dict)
    scaling: Decimal = Decimal(1)
    broken: str | None = None
    """Why the scaling factor cannot be read, where it cannot."""

    @property
    def division(self) -> str | None:
        """The division, of the system's description, else of the logs."""
        said = (
            self.description.get("division")
            or self.description.get("divison")
            or self.logged("submission_division")
        )
        return vocabulary().match("division", str(said).strip(), rules.TRAINING) if said else None

    @property
    def dropped(self) -> int:
        """How many runs go at each end of the olympic mean."""
        return self.benchmark.dropped if self.benchmark else 1

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission."""
        text = path.absolute().as_posix()
        return (
            text[len(self.place.prefix) + 1 :]
            if text.startswith(f"{self.place.prefix}/")
            else path.name
        )

    def of(self, role: str) -> list[Path]:
        """Return the files of a role; a link is not followed."""
        task: Task = self.unit.extra
        paths = (self.unit.path, *self.unit.supporting)
        return [
            path
            for path, known in zip(paths, task.roles, strict=True)
            if known == role and is_plain(path)
        ]

    def source(self, path: Path, sha256: str | None) -> str:
        """Note that a file was read, and return its path."""
        where = self.root(path)
        self.sources.append(given(path=where, sha256=sha256))
        return where

    def find(
        self, code: str, path: str, message: str, row: int | None = None, hint: str | None = None
    ) -> None:
        """Note a fault of the source."""
        self.findings.append(
            Finding(code, Severity.WARNING, path, row, None, None, message, None, hint)
        )

    def logged(self, key: str) -> Any:
        """Return the first value that a log has for a key."""
        for run in self.runs:
            event = run.log.first(key)
            if event is not None and plain(event.value) is not None:
                return plain(event.value)
        return None

    def add(self, **fields: Any) -> None:
        """Add a measurement."""
        self.measurements.append(given(**fields))


def is_plain(path: Path) -> bool:
    """Say whether a path is a regular file and no link."""
    return path.is_file() and not path.is_symlink()
