"""One result of an MLPerf submission while its record is made: its files, its place, and the draft of its record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.attribution import Attribution, Filled
from benchfmt.converters.mlperf.layout import Place
from benchfmt.finding import Finding, Severity

NAME = "mlperf-inference"
VERSION = "1.1"
SUITE = "mlperf-inference"
"""The suite whose scenario is the constant stream; its logs and folders are those of Inference."""
NAMESPACE = "mlperf"
"""The namespace of what the standard has no field for."""
_COUNT = re.compile("[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Task:
    """What one unit needs besides its primary file: its place, and what each supporting file is."""

    place: Place
    roles: tuple[str, ...]


def _new_draft() -> Draft:
    return Draft(NAME, VERSION, SUITE, phase="inference")


@dataclass
class Run:
    """Everything known of one run while its record is made.

    `findings` are those of the unit: several runs of one file share them, and each has a draft of its own.
    """

    unit: Unit
    place: Place
    files: Mapping[str, Sequence[Path]]
    findings: list[Item] = field(default_factory=list)
    draft: Draft = field(default_factory=_new_draft)
    automotive: bool = False
    """Whether it is one of MLPerf Automotive, whose rules are its own."""
    attribution: Attribution | None = None
    """What was run, each value with its origin, once the record is made."""

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.root(self.unit.path)

    @property
    def round(self) -> str | None:
        """The round that the user names."""
        return self.unit.options.get("round")

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission."""
        return layout.from_root(path, self.place)

    def one(self, role: str) -> Path | None:
        """Return the first file of a role, or None."""
        return next(iter(self.files.get(role, ())), None)

    def read(self, path: Path, sha256: str | None, locator: str | None = None) -> str:
        """Add a file to the sources of the record, and return its path."""
        where = self.root(path)
        self.draft.source(where, sha256, locator)
        return where

    def keep(self, name: str, value: JsonValue) -> None:
        """Keep what the standard has no field for."""
        self.draft.keep(name, value, NAMESPACE)

    def report(
        self,
        code: str,
        path: str,
        message: str,
        hint: str | None = None,
        value: str | None = None,
    ) -> None:
        """Report a fault of the source."""
        finding = Finding(code, Severity.WARNING, path, None, None, None, message, value, hint)
        self.findings.append(finding)

    def fail(self, path: Path, error: str) -> None:
        """Report a file beside the run that cannot be read."""
        self.findings.append(Failed(path, error))


@dataclass(frozen=True, slots=True)
class Names:
    """What was run: the official benchmark, the scenario asked for, the one the log ran, and from which it is inferred."""

    benchmark: str | None
    scenario: str | None
    ran: str | None
    inferred_from: str | None
    known: Filled | None = None
    """The benchmark with the file or the rule that says it; None for a folder's name that none knows."""

    @property
    def mapped(self) -> bool:
        """Whether the submitter's own file says the benchmark."""
        return self.known is not None and self.known.origin.kind == "file"


def count(text: str | None) -> int | None:
    """Return a positive count that a text writes and JSON keeps exactly, or None."""
    if not text or not _COUNT.fullmatch(text):
        return None
    return int(text) or None
