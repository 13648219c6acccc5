"""Everything known of one run of the MLPerf Mobile app while its record is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Item, Unit
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.layout import Place
from benchfmt.finding import Finding, Severity
from benchfmt.record import given


@dataclass
class Run:
    """Everything known of one run while its record is made."""

    unit: Unit
    place: Place
    files: dict[str, list[Path]]
    findings: list[Item] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.root(self.unit.path)

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission."""
        return layout.from_root(path, self.place)

    def one(self, role: str) -> Path | None:
        """Return the first file of a role, or None."""
        return next(iter(self.files.get(role, ())), None)

    def read(self, path: Path, sha256: str | None) -> str:
        """Note that a file was read, and return its path."""
        where = self.root(path)
        self.sources.append(given(path=where, sha256=sha256))
        return where

    def find(
        self, code: str, path: str, message: str, hint: str | None = None, value: str | None = None
    ) -> None:
        """Note a fault of the source."""
        self.findings.append(
            Finding(code, Severity.WARNING, path, None, None, None, message, value, hint)
        )
