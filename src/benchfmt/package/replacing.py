"""Whether a package may be written to a place, and how it takes the place of another: nothing of somebody's is lost."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from benchfmt.descriptor import FILE_NAME
from benchfmt.finding import BenchfmtError
from benchfmt.package.errors import PackageError
from benchfmt.package.reading import open_package
from benchfmt.tables import TABLES


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
    return {FILE_NAME, *(resource.path.removeprefix("./") for resource in resources)}


def _zip_names(place: Path) -> list[str]:
    try:
        with zipfile.ZipFile(place) as archive:
            return [name for name in archive.namelist() if not name.endswith("/")]
    except (zipfile.BadZipFile, OSError) as error:
        raise PackageError(
            f"{place} is a file, and not a package; name a new folder or .zip"
        ) from error


def replace_folder(new: Path, place: Path) -> None:
    """Move a folder to a place, from which what was there goes only when the new one has come."""
    if not place.exists():
        new.rename(place)
        return
    old = new.with_name(f"{new.name}.old")
    place.rename(old)
    try:
        new.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
