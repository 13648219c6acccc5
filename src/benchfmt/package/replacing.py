"""Whether a package may take the place of what is there: nothing of somebody's is lost, and no result in silence."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from benchfmt.descriptor import FILE_NAME
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS
from benchfmt.migrate import is_older
from benchfmt.package.companions import CROISSANT, is_untouched
from benchfmt.package.errors import PackageError
from benchfmt.package.parquet import parquet_frames
from benchfmt.package.reading import Package, open_package
from benchfmt.sinks import ROW_GROUP
from benchfmt.tables import TABLES

_ADVICE = "name another target, or pass replace=True (--replace)"
_SOURCE = ("key", "source_path", "source_sha256")
_SHOWN = 3
"""So many sources are named."""


def check_replaceable(place: Path) -> None:
    """Raise PackageError unless a package may be written to a place: a file that is not ours is never removed.

    A folder or a zip that is there may be replaced if it holds nothing but a package as benchfmt writes it.
    """
    if place.is_dir():
        files = [
            path.relative_to(place).as_posix()
            for path in sorted(place.rglob("*"))
            if path.is_symlink() or not path.is_dir() or not any(path.iterdir())
        ]
    elif not place.exists() and not place.is_symlink():
        return
    elif place.is_file() and place.suffix == ".zip":
        files = _zip_names(place)
    else:
        raise PackageError(f"{place} is a file, and not a package; name a new folder or .zip")
    if not files:
        return
    named = _own_files(place)
    other = [name for name in files if name not in named]
    if other:
        more = ""
        if len(other) > 1:
            more = f" (and {len(other) - 1} more)"
        raise PackageError(
            f"{place} holds other files than a package that benchfmt wrote: {other[0]}{more} would be lost; "
            "name a new folder, or an existing package to replace"
        )


def _own_files(place: Path) -> set[str]:
    """Return the names of the files of a package of the standard's tables; none for anything else."""
    try:
        with open_package(place) as package:
            resources = package.descriptor.resources
    except (BenchfmtError, OSError):
        return set()
    names = {resource.name for resource in resources}
    if not {"records", "measurements"} <= names <= set(TABLES) or any(
        resource.annotated for resource in resources
    ):
        return set()
    files = [file.path for resource in resources for file in resource.files]
    own = {FILE_NAME, *(path.removeprefix("./") for path in files)}
    if is_untouched(_content(place, CROISSANT)):
        own.add(CROISSANT)
    return own


def _content(place: Path, name: str) -> bytes:
    """Return what a file of a package holds; nothing for one that is not there or is too large to be ours."""
    try:
        if place.is_dir():
            with (place / name).open("rb") as file:
                return file.read(LIMITS.descriptor_bytes)
        with zipfile.ZipFile(place) as archive, archive.open(name) as member:
            return member.read(LIMITS.descriptor_bytes)
    except (OSError, KeyError, zipfile.BadZipFile):
        return b""


def _zip_names(place: Path) -> list[str]:
    try:
        with zipfile.ZipFile(place) as archive:
            return [name for name in archive.namelist() if not name.endswith("/")]
    except (zipfile.BadZipFile, OSError) as error:
        raise PackageError(
            f"{place} is a file, and not a package; name a new folder or .zip"
        ) from error


def check_kept(place: Path, new: Path) -> None:
    """Raise PackageError where a package at a place has records of sources that the new package, in a folder, lacks.

    A source is the same where its SHA-256 is, whatever it is called; a record without one is known by its id.
    """
    if _is_free(place):
        return
    name, old = _standing(place)
    _, fresh = _name_and_sources(new)
    lost = old.join(fresh, on="key", how="anti")
    if lost.height:
        raise PackageError(f"{_of_package(place, name, old)}; {_of_lost(lost)}; {_ADVICE}")


def check_unrelated(place: Path, names: Collection[str]) -> None:
    """Raise PackageError where no source of a package at a place has one of some names: all of it would be lost.

    It spares whoever names a wrong target a long conversion; `check_kept` judges what came of it.
    """
    check_replaceable(place)
    if _is_free(place):
        return
    name, old = _standing(place)
    paths = old["source_path"].drop_nulls()
    if not paths.len() or any(path.rpartition("/")[2] in names for path in paths):
        return
    raise PackageError(f"{_of_package(place, name, old)}; {_of_lost(old)}; {_ADVICE}")


def check_new(place: Path) -> None:
    """Raise PackageError where a package is at a place, which results that are measured anew would replace."""
    if not _is_free(place):
        name, old = _standing(place)
        raise PackageError(f"{_of_package(place, name, old)}, which would be lost; {_ADVICE}")


def _standing(place: Path) -> tuple[str, pl.DataFrame]:
    """Return what the package at a place is called, and its sources; raises PackageError where it cannot be read."""
    try:
        return _name_and_sources(place)
    except (BenchfmtError, OSError) as error:
        raise PackageError(
            f"{place} holds a package that cannot be read and would be lost ({error}); {_ADVICE}"
        ) from error


def _is_free(place: Path) -> bool:
    """Whether nothing is at a place, or an empty folder."""
    return not place.exists() or (place.is_dir() and not any(place.iterdir()))


def _name_and_sources(place: Path) -> tuple[str, pl.DataFrame]:
    """Return what a package is called, and its sources: their keys, paths, hashes and numbers of records."""
    rows = pl.DataFrame(schema={**dict.fromkeys(_SOURCE, pl.String), "records": pl.UInt32})
    with open_package(place) as package:
        for part in _origins(package):
            key = pl.coalesce("source_sha256", "id").alias("key")
            counted = part.group_by(key, *_SOURCE[1:], maintain_order=True).len("records")
            rows = pl.concat([rows, counted]).group_by(_SOURCE, maintain_order=True).sum()
        name = package.descriptor.title or package.descriptor.name
    return str(name), rows


def _origins(package: Package) -> Iterator[pl.DataFrame]:
    """Yield the ids, paths and hashes of the records of a package in parts; of Parquet no other columns are read."""
    names = ("id", *_SOURCE[1:])
    parts = package.parts("records")
    is_older_one = is_older(package.descriptor.benchfmt.version)
    if is_older_one or not all(part.is_parquet for part in parts):
        for batch in package.batches("records"):
            yield pl.DataFrame(pl.from_arrow(batch.select(names)))
        return
    for part in parts:
        for frame, _ in parquet_frames(part.path, ROW_GROUP, {}, names):
            absent = [
                pl.lit(None, pl.String).alias(name) for name in names if name not in frame.columns
            ]
            yield frame.with_columns(absent).select(pl.col(names).cast(pl.String))


def _of_package(place: Path, name: str, sources: pl.DataFrame) -> str:
    """Return what a place holds already."""
    records = _counted(int(sources["records"].sum()), "record")
    files = sources.select(_SOURCE[1:]).unique().drop_nulls("source_path").height
    if not files:
        return f"{place} already holds the package {name!r} ({records})"
    return f"{place} already holds the package {name!r} ({records} of {_counted(files, 'source')})"


def _of_lost(lost: pl.DataFrame) -> str:
    """Return how many records would be lost, and of which sources."""
    records = _counted(int(lost["records"].sum()), "record")
    paths = lost["source_path"].drop_nulls().unique(maintain_order=True).to_list()
    if not paths:
        return f"{records} would be lost"
    return f"{records} of {_listed(paths)} would be lost"


def _counted(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}s"


def _listed(paths: list[str]) -> str:
    if len(paths) <= _SHOWN:
        return ", ".join(paths)
    return f"{', '.join(paths[:_SHOWN])} and {len(paths) - _SHOWN} more"
