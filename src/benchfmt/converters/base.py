"""What a converter is: three functions, and the plain values that they take and give.

    NAME, VERSION                                        its id and version
    PATTERNS                                             optional: the names and words of files for which `detect` is asked
    OPTIONS, PREFIXES, prefixes(unit)                    optional: the options it takes, the prefixes it declares
    about(unit)                                          optional: what a unit says of the package, such as its title
    acknowledged(unit)                                   optional: findings that a unit says to be no faults
    SHARES_LOGS = True                                   optional: it reads logs that may hold results of other programs too
    HAS_MANY_RESULTS = True                              optional: a file may give more results than `file_results`
    lacks(path) -> str | None                            optional: what a file that looks like its own lacks to be read
    plan_rest(source, paths) -> Iterator[Unit | Skipped | Failed]    optional: units among the files that no converter took
    detect(source) -> Match | None                       why it fits, and how surely
    plan(source, options) -> Iterator[Unit | Skipped | Failed]    the units of work, in a stable order
    read(unit) -> Iterator[Record | Part | Skipped | Failed | Finding]

A unit is read alone, perhaps in another process. This interface is public: see CONTRIBUTING.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from benchfmt.finding import BenchfmtError, Finding
from benchfmt.limits import LIMITS, Limits
from benchfmt.plugins import distribution_of
from benchfmt.readers import heads
from benchfmt.readers.files import Listing
from benchfmt.record import Record
from benchfmt.spelling import no_such
from benchfmt.tables import Batch

GROUP = "benchfmt.converters"


@dataclass(frozen=True)
class Source:
    """Something to convert: a file, or a folder with all that is in it."""

    root: Path
    limits: Limits = LIMITS

    @cached_property
    def files(self) -> Listing:
        """Every file, in path order, as a sequence of paths; links are listed, never followed."""
        return Listing(self.root, self.limits)

    def part(self, keep: Container[int]) -> Source:
        """Return the source with some of its files only, by their numbers in `files`."""
        part = Source(self.root, self.limits)
        part.__dict__["files"] = self.files.part(keep)  # where the cached property keeps it
        return part

    def with_suffix(self, *suffixes: str) -> list[Path]:
        """Return the files whose name ends so (lower-case compared); links, pipes and the like left out."""
        return list(filter(heads.is_regular, self.files.named(*suffixes)))

    def relative(self, path: Path) -> str:
        """Return a file's path within the source, with forward slashes."""
        text, root = path.as_posix(), self.root.as_posix().rstrip("/") + "/"
        if text.startswith(
            root
        ):  # many times as fast as `relative_to`, and every file of a source is asked for
            return text[len(root) :]
        return path.name if path == self.root else path.relative_to(self.root).as_posix()


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which files may be of a family: how they are called, and what stands in the first or the last 64 KiB of one.

    `names` are globs, compared in lower case with the name alone; "" means names without an ending. A file fits by its
    name alone where neither `words` nor `expression` is given; else one of the words stands in it, or the expression
    is found. Both are compared with the bytes, less the NULs that UTF-16 has: so words are plain ASCII, and short
    enough that colours and markup never stand in the middle of one.

    A pattern decides only whether `detect` is asked, so it may fit too much, and must never fit too little.
    """

    names: tuple[str, ...]
    words: tuple[str, ...] = ()
    expression: re.Pattern[bytes] | None = None


def with_endings(*endings: str) -> tuple[str, ...]:
    """Return globs for names with these endings; "" stays "", which means names without one."""
    return tuple(f"*{ending}" if ending else "" for ending in endings)


@dataclass(frozen=True, slots=True)
class Match:
    """A converter fits a source: how surely (0 to 1) and why."""

    sureness: float
    reason: str


@dataclass(frozen=True)
class Unit:
    """A piece of work that can be read alone: one primary file (or folder) and the files that support it.

    `extra` is the converter's own; it must survive pickling.
    """

    path: Path
    supporting: tuple[Path, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    extra: Any = None
    limits: Limits = LIMITS
    note: str | None = None
    """What the account says of how the file is read, where that is not the converter's name alone."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is no result, and why; `row` counts data rows from 1."""

    path: Path
    reason: str
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A result that could not be read, and the error; `row` counts data rows from 1."""

    path: Path
    error: str
    row: int | None = None


@dataclass(frozen=True)
class Part:
    """Some rows of a table as records: the column form of what `read` gives."""

    path: Path
    batch: Batch
    rows: int
    converted: int
    skipped: tuple[tuple[int, str], ...] = ()
    failed: tuple[tuple[int, str], ...] = ()
    findings: tuple[Finding, ...] = ()


Item = Record | Part | Skipped | Failed | Finding


@runtime_checkable
class Converter(Protocol):
    """A module (or object) with the three functions."""

    NAME: str
    VERSION: str

    def detect(self, source: Source) -> Match | None:
        """Say why `source` is of this family, or None."""

    def plan(self, source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
        """Yield the units of work in a stable order."""

    def read(self, unit: Unit) -> Iterator[Item]:
        """Yield what one unit holds."""


def names() -> list[str]:
    """Return the names of all installed converters, in order."""
    return sorted({point.name for point in _points(tuple(sys.path))})


@lru_cache(maxsize=4)
def _points(_path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points that stand on a path of modules; reading them all takes milliseconds."""
    return tuple(entry_points(group=GROUP))


_LOADED: dict[str, Converter] = {}


class LoadError(BenchfmtError):
    """An installed converter cannot be loaded; `distribution` is the installed package that brought it."""

    def __init__(self, point: EntryPoint, error: Exception) -> None:
        """Take the entry point of the converter, and what its import raised."""
        self.distribution = distribution_of(point)
        super().__init__(
            f"the converter {point.name!r} cannot be loaded from {point.value!r} "
            f"of {self.distribution}: {type(error).__name__}: {error}"
        )


def load(name: str) -> Converter:
    """Return a converter by name; raises BenchfmtError where there is none, LoadError where it cannot be loaded."""
    if name in _LOADED:
        return _LOADED[name]
    for point in _points(tuple(sys.path)):
        if point.name == name:
            try:
                _LOADED[name] = point.load()
            except Exception as error:
                raise LoadError(point, error) from error
            return _LOADED[name]
    raise BenchfmtError(no_such("converter", name, names()))
