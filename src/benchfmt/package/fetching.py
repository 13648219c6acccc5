"""Sources elsewhere: a file of the web, or all that lies below an address of an object store, copied to this machine.

Converters look at names and beginnings of files, and at files beside others, so they get a folder like any other. How much
is fetched is limited before anything is; a file that cannot be had is one that cannot be read.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from benchfmt.limits import Limits
from benchfmt.oserrors import naming
from benchfmt.package.errors import PackageError
from benchfmt.package.remote import RemoteTree, fetch, is_web, remote_tree
from benchfmt.readers.files import UnsafeError, inner_path

_AT_ONCE = 8
"""So many files are fetched at the same time: of small ones, most of the time goes by waiting."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched from an address."""

    root: Path
    """A file, or a folder, called as the last part of the address is."""
    address: str
    """Where it was, without names of users, passwords and what follows a question mark, which may be a secret."""
    files: int
    size: int
    unreachable: tuple[tuple[str, str], ...] = ()
    """The files that could not be had, by where they would lie, each with the reason."""


class Downloads:
    """A temporary folder for what is fetched, of bounded size; whoever made it removes it."""

    def __init__(self, limits: Limits) -> None:
        """Make the folder. All that comes into it has the room that one archive has."""
        self._folder = Path(tempfile.mkdtemp(prefix="benchfmt-"))
        self._limits = limits
        self._left = limits.archive_bytes
        self._sources = 0

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._folder

    def remove(self) -> None:
        """Remove the folder with all that was fetched."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def fetch(self, url: str) -> Fetched:
        """Fetch what is at an address; raises PackageError where nothing is, UnsafeError where it is too much."""
        root = self._folder / str(self._sources) / _name(url)
        self._sources += 1
        if is_web(url):
            fetch(url, root, self._left)
            done = Fetched(root, _public(url), 1, root.stat().st_size)
        else:
            done = self._fetch_tree(remote_tree(url), root)
        self._left -= done.size
        return done

    def _fetch_tree(self, tree: RemoteTree, root: Path) -> Fetched:
        size = sum(tree.sizes.values())
        if len(tree.sizes) > self._limits.files:
            raise UnsafeError("BF905", f"{tree.url} holds more than {self._limits.files} files")
        if size > self._left:
            raise UnsafeError("BF904", f"{tree.url} has {size} bytes, more than {self._left}")
        places = _places(tree, root)
        if list(places.values()) == [root]:
            tree.fetch("", root)
            return Fetched(root, _public(tree.url), 1, size)
        root.mkdir(parents=True)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as threads:
            outcomes = threads.map(lambda name: _outcome(tree, name, places[name]), places)
            reasons = dict(zip(places, outcomes, strict=True))
        unreachable = [
            (str(places[name]), reason) for name, reason in reasons.items() if reason is not None
        ]
        return Fetched(root, _public(tree.url), len(places), size, tuple(unreachable))


def _places(tree: RemoteTree, root: Path) -> dict[str, Path]:
    """Return where each file of a tree goes; raises UnsafeError for one that would leave the folder."""
    places: dict[str, Path] = {}
    for name in sorted(tree.sizes):
        places[name] = root
        if name:
            places[name] = root.joinpath(*inner_path(name).parts)
    if len(set(places.values())) < len(places):
        raise PackageError(f"{tree.url}: several of its names are one path, as a//b and a/b are")
    return places


def _outcome(tree: RemoteTree, name: str, place: Path) -> str | None:
    """Fetch a file of a tree; return why it could not be had, or None."""
    try:
        with naming(place):
            tree.fetch(name, place)
    except PackageError as error:
        place.unlink(missing_ok=True)
        return str(error)
    return None


def _name(url: str) -> str:
    """Return what a source is called: the last part of its address."""
    path = urlsplit(url).path
    name = path.rstrip("/").rpartition("/")[2] or urlsplit(url).netloc
    if is_web(url):
        name = unquote(name)
    try:
        return inner_path(name).name
    except UnsafeError as error:
        raise PackageError(f"{url} names no file") from error


def _public(url: str) -> str:
    """Return an address without what may be a secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
