"""The packages of the folder that is shown: each has an id, and no path that a browser sends is ever opened."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchfmt.descriptor import FILE_NAME
from benchfmt.package.opening import ARCHIVES

_MOST = 10_000
"""So many entries of folders are looked at for packages."""
_SIGNS = {FILE_NAME} | {
    f"{table}.{kind}" for table in ("records", "measurements") for kind in ("parquet", "csv")
}
"""What a package holds: one that lost its descriptor is not left out without a word."""
_DEEPEST = 6
_ID_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """A package of the folder."""

    id: str
    name: str
    """Its path below the folder."""
    path: Path
    bytes: int
    stamp: str = ""
    """Another one where a file of it is another, as far as names, sizes and times tell."""

    def reason(self, error: Exception) -> str:
        """Return what an error says, with the name of the package in place of where it lies on this machine."""
        return str(error).replace(str(self.path), self.name)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is found in the folder."""

    packages: tuple[Shown, ...]
    is_whole: bool
    """Whether all of the folder was looked at."""

    def find(self, identifier: str) -> Shown | None:
        """Return a package by its id, or None."""
        for package in self.packages:
            if package.id == identifier:
                return package
        return None


def shelf(folder: Path | None) -> Shelf:
    """Return the packages below a folder as they are now, in the order of their names; links are not followed."""
    if folder is None:
        return Shelf((), is_whole=True)
    found: list[Shown] = []
    seen = 0
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        entries = _entries(place)
        seen += len(entries)
        if seen > _MOST:
            return Shelf(_ordered(found), is_whole=False)
        if any(entry.name in _SIGNS and _is_file(entry) for entry in entries):
            found.append(_shown(folder, place))
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False) and depth < _DEEPEST:
                waiting.append((path, depth + 1))
            elif _is_file(entry) and entry.name.lower().endswith(ARCHIVES):
                found.append(_shown(folder, path))
    return Shelf(_ordered(found), is_whole=True)


def _ordered(found: list[Shown]) -> tuple[Shown, ...]:
    return tuple(sorted(found, key=lambda package: package.name))


def _entries(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return list(entries)
    except OSError:
        # Somebody removed it meanwhile, or hides it from us: there is nothing to show.
        return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _shown(folder: Path, path: Path) -> Shown:
    name = path.relative_to(folder).as_posix()
    if name == ".":
        name = folder.resolve().name
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    size, stamp = _size_and_stamp(path)
    return Shown(digest[:_ID_LENGTH], name, path.absolute(), size, stamp)


def _size_and_stamp(path: Path) -> tuple[int, str]:
    """Return the size of a package, which is a file or the files of a folder, and what changes where one of them does."""
    try:
        if path.is_file():
            found = path.stat()
            return found.st_size, _digest([(path.name, found)])
        files = [(entry.path, entry.stat(follow_symlinks=False)) for entry in _entries_below(path)]
    except OSError:
        return 0, ""
    return sum(found.st_size for _, found in files), _digest(files)


def _entries_below(place: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the files below a folder; tables may be in parts, in folders of their own."""
    seen = 0
    waiting = [place]
    while waiting and seen <= _MOST:
        for entry in _entries(waiting.pop()):
            seen += 1
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                yield entry


def _digest(files: Iterable[tuple[str, os.stat_result]]) -> str:
    told = sorted((name, found.st_size, found.st_mtime_ns) for name, found in files)
    return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()
