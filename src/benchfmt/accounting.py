"""The account of a conversion: what became of every file and every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchfmt.finding import Finding


@dataclass
class FileEntry:
    """What became of one file: its role, and how many of its rows went where."""

    path: str
    role: str = "skipped"
    converter: str | None = None
    reason: str | None = None
    rows: int = 0
    converted: int = 0
    skipped: int = 0
    failed: int = 0
    records: int = 0
    measurements: int = 0
    duplicates: int = 0
    details: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known, without zeros that mean nothing."""
        always = ("path", "role")
        return {k: v for k, v in self.__dict__.items() if k in always or v not in (0, None, [])}


@dataclass
class Account:
    """Where everything went; complete once the conversion has run."""

    files: list[FileEntry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def total(self, name: str) -> int:
        """Return the sum of one count over all files."""
        return sum(getattr(entry, name) for entry in self.files)

    def count(self, role: str) -> int:
        """Return how many files had a role."""
        return sum(entry.role == role for entry in self.files)

    @property
    def ok(self) -> bool:
        """Whether no source and no row failed."""
        return not self.count("failed") and not self.total("failed")

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data (documented in docs/conversion.md)."""
        roles = ("primary", "supporting", "skipped", "failed")
        rows = {"seen": "rows", "converted": "converted", "skipped": "skipped", "failed": "failed"}
        return {
            "files": {"seen": len(self.files), **{role: self.count(role) for role in roles}},
            "rows": {name: self.total(of) for name, of in rows.items()},
            "records": self.total("records"),
            "measurements": self.total("measurements"),
            "duplicates": self.total("duplicates"),
            "entries": [entry.to_dict() for entry in self.files],
            "findings": [finding.to_dict() for finding in self.findings],
        }
