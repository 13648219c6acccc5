"""What exports say of a package as a whole: its files, and what its tables hold, read a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from benchfmt.descriptor import FILE_NAME
from benchfmt.finding import BenchfmtError
from benchfmt.migrate import is_older
from benchfmt.package import Package
from benchfmt.readers.files import file_sha256, inner_path

_COUNTED = ("suite", "suite_version", "task", "phase", "submitter", "license")
_OF_ORIGINS = ("submitter", "url", "license")
_MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_ABOUT = {
    "systems": "The systems that results were measured on, one a row.",
    "records": "The results, one a row.",
    "measurements": "The numbers of the results, one a row.",
}


@dataclass(frozen=True)
class PackageFile:
    """A file of a package: its path there, where it lies, and what it is."""

    name: str
    path: Path
    bytes: int
    sha256: str
    media_type: str
    about: str


@dataclass(frozen=True)
class Origin:
    """Whose results some records are, as they say it; None where they do not."""

    submitter: str | None
    url: str | None
    license: str | None

    @property
    def is_known(self) -> bool:
        """Whether they say of whom, or from where, they are."""
        return bool(self.submitter or self.url)

    @property
    def said(self) -> tuple[str, ...]:
        """What they say, nothing where they do not."""
        return (self.submitter or "", self.url or "", self.license or "")


@dataclass
class Facts:
    """How much a package holds, and of what."""

    records: int = 0
    measurements: int = 0
    systems: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """The values of some columns of the records, each with its number of records."""
    origins: Counter[Origin] = field(default_factory=Counter)
    """Whose results they are, with the number of records of each."""
    first: str | None = None
    last: str | None = None
    """The days of the earliest and the latest measurement, as far as records say when they were measured."""

    @property
    def ranked_origins(self) -> list[tuple[Origin, int]]:
        """Whose results they are, most results first, in the same order for the same data."""
        return sorted(self.origins.items(), key=lambda item: (-item[1], item[0].said))

    def values(self, column: str) -> list[str]:
        """Return the values of a column, in order of the alphabet."""
        return sorted(self.counts[column])

    @property
    def sentence(self) -> str:
        """What the package holds, in a sentence."""
        suites = ", ".join(self.values("suite"))
        return (
            f"{self.records:,} results of AI benchmarks with {self.measurements:,} measurements on {self.systems:,} "
            f"systems, in the format benchfmt. Suites: {suites}."
        )


def package_files(package: Package) -> Iterator[PackageFile]:
    """Yield the descriptor and the files of the tables of a package, in order; raises PackageError."""
    yield _file(package.root / FILE_NAME, FILE_NAME, "application/json", _DESCRIPTOR)
    for resource in package.descriptor.resources:
        table = resource.name or ""
        for part in package.parts(table):
            kind = "parquet" if part.is_parquet else "csv"
            about = _ABOUT.get(table, f"The table {table}.")
            yield _file(part.path, str(inner_path(part.name)), _MEDIA_TYPES[kind], about)


def archive_of(package: Package) -> PackageFile | None:
    """Return the one file that a package is, None for a folder and for what was fetched."""
    if package.origin is None or "://" in str(package.origin):
        return None
    path = Path(package.origin)
    kind = next((kind for kind in _ARCHIVES if path.name.lower().endswith(kind)), None)
    if kind is None or not path.is_file():
        return None
    return _file(path, path.name, _ARCHIVES[kind], _WHOLE)


_WHOLE = "The whole package: a Frictionless Data Package in one file."
_ARCHIVES = {".zip": "application/zip", ".tar.gz": "application/gzip", ".tgz": "application/gzip"}
_DESCRIPTOR = "What the tables are: a Frictionless Data Package, with the hash of each."


def _file(path: Path, name: str, media_type: str, about: str) -> PackageFile:
    return PackageFile(name, path, path.stat().st_size, file_sha256(path), media_type, about)


def refuse_older(package: Package) -> None:
    """Raise BenchfmtError for a package of an older version: its files do not have the columns that would be described."""
    version = package.descriptor.benchfmt.version
    if is_older(version):
        raise BenchfmtError(
            f"the package is of the older version {version}, and its files are described as they lie: "
            "benchfmt convert makes one of this version of it"
        )


def facts_of(package: Package) -> Facts:
    """Return how much a package holds, and of what; raises PackageError."""
    facts = Facts(counts={column: Counter() for column in _COUNTED})
    for frame in package.frames("records", only=(*_COUNTED, "url", "measured_at")):
        facts.records += frame.height
        for *said, count in frame.group_by(_OF_ORIGINS).len().iter_rows():
            facts.origins[Origin(*said)] += count
        for column in _COUNTED:
            _count(facts.counts[column], frame[column])
        _date(facts, frame["measured_at"])
    for frame in package.frames("measurements", only=("record_id",)):
        facts.measurements += frame.height
    named = [resource.name for resource in package.descriptor.resources]
    if "systems" in named:
        facts.systems = sum(frame.height for frame in package.frames("systems", only=("id",)))
    return facts


def _count(counter: Counter[str], column: pl.Series) -> None:
    counted = column.drop_nulls().value_counts(name="count")
    for value, count in counted.iter_rows():
        counter[value] += count


def _date(facts: Facts, times: pl.Series) -> None:
    """Widen the span of days; a time is of the precision that its source has, a year at least."""
    days = times.drop_nulls().str.slice(0, len("2026-01-31"))
    if days.is_empty():
        return
    earliest, latest = str(days.min()), str(days.max())
    facts.first = min(filter(None, (facts.first, earliest)))
    facts.last = max(filter(None, (facts.last, latest)))
