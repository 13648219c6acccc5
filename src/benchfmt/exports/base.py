"""What an export is: one object that writes a package in the format of another tool, and accounts for what it left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from benchfmt.package import Package
from benchfmt.plugins import Plugins

GROUP = "benchfmt.exports"
Shape = Literal["file", "folder"]


@dataclass(frozen=True)
class Exported:
    """What was written: the files by their paths in the target, how much they hold, and what was left out.

    `left_out` counts records by the reason, `measurements_left_out` measurements of the records that were written;
    `notes` are sentences on the rest, such as fields for which the format has no place. The one file of a format that
    is a file has the path `.`.
    """

    files: tuple[str, ...] = ()
    records: int = 0
    measurements: int = 0
    left_out: tuple[tuple[str, int], ...] = ()
    measurements_left_out: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class Account:
    """Counts what an export writes and what it leaves out, while it runs."""

    files: list[str] = field(default_factory=list)
    records: int = 0
    measurements: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    measurements_left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Keep a sentence, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def add(self, other: Account) -> None:
        """Add what another account counts, which comes behind this one."""
        self.files += other.files
        self.records += other.records
        self.measurements += other.measurements
        self.left_out.update(other.left_out)
        self.measurements_left_out.update(other.measurements_left_out)
        for sentence in other.notes:
            self.note(sentence)

    def exported(self) -> Exported:
        """Return the account as it stands."""
        return Exported(
            tuple(self.files),
            self.records,
            self.measurements,
            tuple(sorted(self.left_out.items())),
            tuple(sorted(self.measurements_left_out.items())),
            tuple(self.notes),
        )


@runtime_checkable
class Export(Protocol):
    """A format of another tool in which packages are written."""

    @property
    def about(self) -> str:
        """What it is for, in half a sentence."""

    @property
    def shape(self) -> Shape:
        """Whether it is one file or a folder of files."""

    @property
    def options(self) -> Mapping[str, str]:
        """Its options, each with what it is for in half a sentence."""

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write a package and say what was written; raises BenchfmtError.

        `place` is an empty folder, or the path of a file that does not exist yet. It is ours and moves to where it was
        asked for once it is whole.
        """


@runtime_checkable
class InOne(Protocol):
    """An export that only one process can write, and says why."""

    @property
    def why_in_one(self) -> str:
        """Why no other process can write a part of it, in half a sentence."""


OWN = {
    "aiod": "benchfmt.exports.aiod:AIOD",
    "croissant": "benchfmt.exports.croissant:CROISSANT",
    "every-eval-ever": "benchfmt.exports.every_eval_ever:EVERY_EVAL_EVER",
    "hugging-face": "benchfmt.exports.hugging_face:HUGGING_FACE",
    "json-ld": "benchfmt.exports.rdf:JSON_LD",
    "loaders": "benchfmt.exports.loaders:LOADERS",
    "matchmaking": "benchfmt.exports.matchmaking:MATCHMAKING",
    "mldcat-ap": "benchfmt.exports.mldcat:MLDCAT_AP",
    "ntriples": "benchfmt.exports.rdf:NTRIPLES",
    "ro-crate": "benchfmt.exports.ro_crate:RO_CRATE",
    "sqlite": "benchfmt.exports.sqlite:SQLITE",
    "trig": "benchfmt.exports.rdf:TRIG",
    "turtle": "benchfmt.exports.rdf:TURTLE",
}
"""The formats of benchfmt, and where their objects stand."""
FORMATS = Plugins[Export](GROUP, "format", Export, OWN)
