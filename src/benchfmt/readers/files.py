"""Files of strangers: walking, hashing and joining paths without leaving the folder that was given."""

from __future__ import annotations

import errno
import hashlib
import os
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import eq
from pathlib import Path, PurePosixPath
from typing import overload

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.json_places import Position

_SHOWN_PATH = 40
_LONG_PATH = 200
"""Paths of so many characters are tried before anybody is given them: some systems take 260, others some thousands."""


class UnsafeError(BenchfmtError):
    """Something that a hostile file could use; `code` is the BF9xx finding that says what."""

    def __init__(self, code: str, message: str, at: Position | None = None) -> None:
        """Keep the code beside the message, and the place in a text where it is known."""
        super().__init__(message)
        self.code = code
        self.at = at


def inner_path(relative: str) -> PurePosixPath:
    """Return a path that stays in whatever folder it is put; raises UnsafeError."""
    pure = PurePosixPath(relative)
    outside = (
        pure.is_absolute()
        or ".." in pure.parts
        or "\\" in relative
        or ":" in relative.partition("/")[0]
    )
    if outside or "\0" in relative or not pure.parts:
        raise UnsafeError("BF901", f"{relative!r} leads out of the folder; name a file inside it")
    return pure


_MAY_BE_HOLLOW = 2**30
"""Files up to here are read to their ends, whatever they hold: it takes seconds."""
_BLOCK = 512
"""In so many bytes the system counts what it keeps of a file (stat(2))."""


def refuse_hollow(path: Path, limits: Limits = LIMITS) -> None:
    """Raise UnsafeError for a file of which the disk holds next to nothing: it costs nobody anything, and reading it hours."""
    status = path.stat()
    blocks = getattr(status, "st_blocks", None)
    if blocks is None or status.st_size <= _MAY_BE_HOLLOW:
        return
    if not blocks and not _has_no_data(path):
        return  # some systems of files, of networks above all, do not count
    if blocks * _BLOCK * limits.archive_ratio < status.st_size:
        raise UnsafeError(
            "BF904",
            f"{path}: {status.st_size:,} bytes, of which the disk holds {blocks * _BLOCK:,}: "
            "the rest are holes, and the file is not read",
        )


def _has_no_data(path: Path) -> bool:
    """Whether a file is one hole from its start to its end, as far as the system tells (lseek(2), SEEK_DATA)."""
    if not hasattr(os, "SEEK_DATA"):
        return False
    with path.open("rb") as file:
        try:
            os.lseek(file.fileno(), 0, os.SEEK_DATA)
        except OSError as error:
            return error.errno == errno.ENXIO
    return False


def safe_path(root: Path, relative: str, real_root: Path | None = None) -> Path:
    """Return the path of a file that a descriptor names, inside `root`; raises UnsafeError.

    Whoever asks for many files resolves the root once.
    """
    if "://" in relative:
        raise UnsafeError(
            "BF903", f"{relative!r} is an address elsewhere; put the file into the package"
        )
    pure = inner_path(relative)
    path = root.joinpath(*pure.parts)
    real_root = real_root or root.resolve()
    try:
        exists = path.exists()
    except OSError as error:
        shown = f"{relative[:_SHOWN_PATH]}..."
        raise UnsafeError("BF907", f"{shown!r}: {error.strerror}") from error
    if exists and not path.resolve().is_relative_to(real_root):
        raise UnsafeError("BF902", f"{relative!r} is a link that leads out of the folder")
    return path


JOURNAL = "benchfmt-journal"
"""How the name of a folder ends in which a conversion keeps what it has read: never a source."""


class Listing(Sequence[Path]):
    """Every file below a root (or the root itself), in path order; links are listed, never followed.

    It is kept as text, each folder once and each name once: a tree of 20,000 results has 200,000 files, and as many
    paths take 100 MB. A path is made where one is asked for.
    """

    def __init__(self, root: Path, limits: Limits = LIMITS) -> None:
        """Walk the tree; raises UnsafeError where it holds too many files."""
        self.links: list[str] = []
        """The paths that are links, as text."""
        self.unreachable: list[tuple[str, str]] = []
        """The paths that cannot be looked at, as text, each with the reason; none of them is one of the files."""
        folders = _folders(root, limits, self.links, self.unreachable)
        prefix = None
        if root.is_dir():
            prefix = _prefix(str(root))
        self._fill(prefix, folders)

    def _fill(self, root: str | None, folders: Iterable[tuple[str, list[str]]]) -> None:
        self._root = root
        self._prefixes: list[str] = []
        self._starts = array("Q")
        self._names: list[str] = []
        self._folders: dict[str, int] = {}
        known: dict[str, str] = {}
        for prefix, names in folders:
            self._folders[prefix] = len(self._prefixes)
            self._prefixes.append(prefix)
            self._starts.append(len(self._names))
            self._names += [known.setdefault(name, name) for name in names]
        self._starts.append(len(self._names))

    def __len__(self) -> int:
        """Return how many files there are."""
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | Sequence[Path]:
        """Return the path of a file, or of several."""
        if isinstance(index, slice):
            return tuple(Path(self._text(i)) for i in range(*index.indices(len(self))))
        return Path(self._text(range(len(self))[index]))

    def __iter__(self) -> Iterator[Path]:
        """Yield the paths in order."""
        # A folder is taken apart once, which is dearer than all else.
        for block, prefix in enumerate(self._prefixes):
            folder = Path(prefix)
            for index in range(self._starts[block], self._starts[block + 1]):
                yield folder / self._names[index]

    def texts(self) -> Iterator[str]:
        """Yield the paths in order, as text."""
        return (prefix + name for prefix, name in self._pairs())

    def __contains__(self, path: object) -> bool:
        """Say whether a path is one of the files."""
        return isinstance(path, Path) and self.find(str(path)) is not None

    def __eq__(self, other: object) -> bool:
        """Say whether another sequence holds the same paths."""
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # as Python says it of what has no hash

    def part(self, keep: Container[int]) -> Listing:
        """Return some of the files, by their numbers here, as a listing of their own."""
        chosen = Listing.__new__(Listing)
        chosen.links = self.links
        chosen.unreachable = self.unreachable
        folders = []
        for block, prefix in enumerate(self._prefixes):
            numbers = range(self._starts[block], self._starts[block + 1])
            names = [self._names[number] for number in numbers if number in keep]
            if names:
                folders.append((prefix, names))
        chosen._fill(self._root, folders)
        return chosen

    def folders(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield what the paths of a folder's files start with, and their names, folder by folder in order."""
        for block, prefix in enumerate(self._prefixes):
            yield prefix, self._names[self._starts[block] : self._starts[block + 1]]

    def within(self, prefix: str) -> str:
        """Return a folder of `folders` within the root, with forward slashes; the root itself is ""."""
        if self._root is None:
            return ""
        return prefix[len(self._root) :].replace(os.sep, "/").rstrip("/")

    def names(self) -> Iterator[str]:
        """Yield the names of the files, without their folders, in order."""
        return iter(self._names)

    def named(self, *suffixes: str) -> Iterator[Path]:
        """Yield the files whose names, compared in lower case, end so."""
        return (
            Path(prefix + name) for prefix, name in self._pairs() if name.lower().endswith(suffixes)
        )

    def find(self, path: str) -> int | None:
        """Return the number of a file, or None where it is not one of them."""
        name = path.rpartition(os.sep)[2]
        prefix = path[: len(path) - len(name)]
        block = self._folders.get(prefix)
        if block is not None:
            end = self._starts[block + 1]
            found = bisect_left(self._names, name, self._starts[block], end)
            if found < end and self._names[found] == name:
                return found
        return None

    def relative(self, index: int) -> str:
        """Return the path of a file within the root, with forward slashes."""
        if self._root is None:
            return self._names[index].replace(os.sep, "/")
        return self.inner(self._text(index))

    def inner(self, path: str) -> str:
        """Return a path below the root within it, with forward slashes."""
        if self._root is None:
            return path
        return path[len(self._root) :].replace(os.sep, "/")

    def unreachable_lines(self) -> list[str]:
        """Return a line for each path that cannot be looked at."""
        return [
            f"{self.inner(path)} is left out: it cannot be read: {reason}"
            for path, reason in self.unreachable
        ]

    def _text(self, index: int) -> str:
        return self._prefixes[bisect_right(self._starts, index) - 1] + self._names[index]

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for block, prefix in enumerate(self._prefixes):
            for index in range(self._starts[block], self._starts[block + 1]):
                yield prefix, self._names[index]


def _folders(
    root: Path, limits: Limits, links: list[str], unreachable: list[tuple[str, str]]
) -> Iterator[tuple[str, list[str]]]:
    """Yield what a file's path starts with and the names of files, folder by folder in path order; none is empty.

    The paths of links are added to `links`: the folder says what is one, so nobody needs to ask for each file. What
    cannot be looked at goes to `unreachable`.
    """
    if not root.is_dir():
        if root.is_symlink():
            links.append(str(root))
        yield str(root)[: len(str(root)) - len(root.name)], [root.name]
        return
    seen = 0
    pending = [str(root)]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
            ordered = sorted((item.name, item.is_dir(follow_symlinks=False)) for item in found)
        except OSError as error:
            if folder == str(root):
                raise
            unreachable.append((folder, str(error.strerror)))
            continue
        prefix = _prefix(folder)
        links += sorted(prefix + item.name for item in found if item.is_symlink())
        if len(prefix) + max(map(len, (name for name, _ in ordered)), default=0) > _LONG_PATH:
            ordered = [pair for pair in ordered if _is_reachable(prefix + pair[0], unreachable)]
        names = [name for name, is_folder in ordered if not is_folder]
        seen += len(names)
        if seen > limits.files:
            raise UnsafeError("BF905", f"{root} holds more than {limits.files} files")
        if names:
            yield prefix, names
        pending += [
            prefix + name
            for name, is_folder in reversed(ordered)
            if is_folder and not name.endswith(f".{JOURNAL}")
        ]


def _is_reachable(path: str, unreachable: list[tuple[str, str]]) -> bool:
    """Whether the system takes a path, however long it is; one that it does not take is added to `unreachable`."""
    try:
        Path(path).lstat()
    except FileNotFoundError:
        return True  # it has gone meanwhile
    except OSError as error:
        unreachable.append((path, str(error.strerror)))
        return False
    return True


def _prefix(folder: str) -> str:
    """Return what the paths of the files in a folder start with, as `pathlib` writes them."""
    if folder == ".":
        return ""
    if folder.endswith(os.sep):
        return folder
    return folder + os.sep


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex, reading it in blocks; raises UnsafeError for a file of holes."""
    refuse_hollow(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_sha256(path: Path) -> str:
    """Return the SHA-256 of a source; each of its results may ask, and a file that is as it was is not read again."""
    status = path.stat()
    return _sha256_of(path, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256_of(path: Path, *_state: int) -> str:
    return file_sha256(path)


def folder_sha256(files: dict[str, str]) -> str:
    """Return the SHA-256 that stands for a folder: of its sorted `sha256  name` lines."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
