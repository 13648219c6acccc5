"""What the paths of a call lead to: packages and files of records, those that folders hold among them."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchfmt.descriptor import FILE_NAME
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.oserrors import naming
from benchfmt.package.opening import ARCHIVES
from benchfmt.readers.files import UnsafeError
from benchfmt.validation.forms.documents import LINES

STANDARD_INPUT = "-"
_MARKS = ("*", "?", "[")
"""What a pattern of paths has that its shell did not write out."""
_START_BYTES = 2**16
_SIGNS = (b'"benchfmt"', b'"measurements"')
"""What a file of records or a descriptor has near its beginning, unlike other JSON in a folder."""
_ZIP = b"PK"
_GZIP = b"\x1f\x8b"
_BLANK = b"\xef\xbb\xbf \t\r\n"
_GOES_ON = (b"{", b"[", b",")
"""What the first line of JSON ends with whose record takes several."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A package to be judged; or a path that leads to none, with the code and the words that say why."""

    name: str
    """The path as whoever named it knows it."""
    path: str | Path
    """Where it stands."""
    fault: str | None = None
    code: str = "BF123"
    exists: bool = True


@dataclass
class Sources:
    """The packages of a call in its order, each of them once, and what is to be said of the search for them."""

    packages: list[Source] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def add(self, source: Source) -> None:
        """Add a package unless it stands here under another name."""
        key = source.name
        if source.exists and "://" not in source.name and source.name != STANDARD_INPUT:
            key = os.path.realpath(source.path).removesuffix(os.sep + FILE_NAME)
        if key in self._known:
            self.notes.append(f"{source.name} is named twice; it is judged once")
            return
        self._known.add(key)
        self.packages.append(source)


def find_sources(paths: Iterable[str | Path], limits: Limits, *, remote: bool) -> Sources:
    """Return what paths lead to; raises BenchfmtError for a call that names nothing: none that exists, or a URL unasked."""
    sources = Sources()
    for path in paths:
        for named in _written_out(str(path)):
            if "://" in named and not remote:
                raise BenchfmtError(f"{named} is remote; pass remote=True (--remote) to fetch it")
            for source in _at(named, limits, sources.notes):
                sources.add(source)
    if not sources.packages:
        raise BenchfmtError("no path is named")
    if not any(source.exists for source in sources.packages):
        raise BenchfmtError(
            "; ".join(
                f"{source.name} {(source.fault or '').removeprefix('it ')}"
                for source in sources.packages
            )
        )
    return sources


def _written_out(path: str) -> Sequence[str]:
    """Return the paths that a pattern stands for, in order; the path itself where it is none, or stands for nothing."""
    is_pattern = any(mark in path for mark in _MARKS) and "://" not in path
    if not is_pattern or Path(path).exists():
        return [path]
    return sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207 - it may begin with any folder


def _at(name: str, limits: Limits, notes: list[str]) -> Iterator[Source]:
    """Yield what stands at one path: itself, or what is found in a folder that is no package."""
    path = Path(name)
    if "://" in name or name == STANDARD_INPUT:
        yield Source(name, name)
    elif not _exists(path):
        fault = "it does not exist"
        if any(mark in name for mark in _MARKS):
            fault = "it does not exist, and as a pattern it stands for no path"
        yield Source(name, path, fault, exists=False)
    elif path.is_dir() and not (path / FILE_NAME).exists():
        yield from _Search(path, limits, notes).sources()
    else:
        yield Source(name, path)


def _exists(path: Path) -> bool:
    """Whether there is something at a path; a link that leads nowhere is something, and what is hidden from us too."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


class _Search:
    """The search for packages below a folder: what lies in a package belongs to it, and links are not followed."""

    def __init__(self, root: Path, limits: Limits, notes: list[str]) -> None:
        self._root = root
        self._limits = limits
        self._notes = notes
        self._passed_over: list[str] = []
        self._links: list[str] = []
        self._seen = 0

    def sources(self) -> Iterator[Source]:
        """Yield what is found, the files of a folder before its folders; one source with a fault where that is nothing."""
        number = 0
        waiting = [self._root]
        try:
            while waiting:
                folder = waiting.pop()
                below: list[Path] = []
                for source in self._in(folder, below):
                    number += 1
                    yield source
                waiting += reversed(below)
        except UnsafeError as error:
            yield Source(str(self._root), self._root, str(error), error.code)
            return
        if not number:
            fault = "the folder holds no package, no zip or tar.gz of one, and no file of records"
            yield Source(str(self._root), self._root, fault)
        self._note(number)

    def _in(self, folder: Path, below: list[Path]) -> Iterator[Source]:
        """Yield what stands in a folder; its own folders, where it is no package, are added to `below`."""
        try:
            with os.scandir(folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Source(str(folder), folder, f"it cannot be read: {error.strerror}")
            return
        self._seen += len(ordered)
        if self._seen > self._limits.files:
            raise UnsafeError("BF905", f"the folder holds more than {self._limits.files:,} files")
        names = [entry.name for entry in ordered]
        if FILE_NAME in names and folder != self._root:
            yield Source(str(folder), folder)
            return
        if _are_tables(names):
            fault = f"it holds the tables of a package and no {FILE_NAME}, which says what they are; copy it too"
            yield Source(str(folder), folder, fault)
            return
        if not names:
            self._passed_over.append(f"{folder}{os.sep}")
        for entry in ordered:
            if not entry.name.startswith("."):
                yield from self._of_entry(entry, folder / entry.name, below)

    def _of_entry(self, entry: os.DirEntry[str], path: Path, below: list[Path]) -> Iterator[Source]:
        """Yield a file that is judged; a folder is added to `below`, and the rest to what is passed over."""
        if entry.is_symlink():
            self._links.append(str(path))
        elif entry.is_dir(follow_symlinks=False):
            below.append(path)
        elif entry.is_file(follow_symlinks=False) and _may_be_judged(path):
            yield Source(str(path), path)
        else:
            self._passed_over.append(str(path))

    def _note(self, number: int) -> None:
        """Say how many packages were found, and what was not looked into."""
        self._notes.append(f"{self._root}: {_counted(number, 'package')} found")
        for paths, reason in (
            (self._passed_over, "neither packages nor archives nor files of records"),
            (self._links, "links are not followed"),
        ):
            if paths:
                shown = ", ".join(paths[:_SHOWN])
                if len(paths) > _SHOWN:
                    shown += ", ..."
                self._notes.append(
                    f"{self._root}: {_counted(len(paths), 'path')} passed over ({reason}): {shown}"
                )


def _counted(count: int, word: str) -> str:
    if count == 1:
        return f"1 {word}"
    return f"{count:,} {word}s"


def _are_tables(names: Sequence[str]) -> bool:
    """Whether files are called as the tables of a package mostly are."""
    stems = {name.partition(".")[0] for name in names}
    return {"records", "measurements"} <= stems


def _may_be_judged(path: Path) -> bool:
    """Whether a file that nobody named is judged: an archive, lines of JSON, and JSON that looks like records."""
    if path.name.lower().endswith((*ARCHIVES, *LINES)):
        return True
    if path.suffix.lower() != ".json":
        return False
    try:
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except OSError:
        # What cannot be read is told as such.
        return True
    return any(sign in start for sign in _SIGNS)


@contextmanager
def standing_in_files(sources: Sequence[Source], limits: Limits) -> Iterator[list[Source]]:
    """Give sources that all stand in files: what comes by standard input is written to one, as long as the block lasts."""
    if all(source.name != STANDARD_INPUT for source in sources):
        yield list(sources)
        return
    with TemporaryDirectory(prefix="benchfmt-") as folder:
        yield [_in_file(source, Path(folder), limits) for source in sources]


def _in_file(source: Source, folder: Path, limits: Limits) -> Source:
    """Return a source whose standard input, if it is that, stands in a file."""
    if source.name != STANDARD_INPUT:
        return source
    raw = folder / "stdin"
    with naming(raw), raw.open("wb") as file:
        while block := sys.stdin.buffer.read(2**20):
            if file.tell() > limits.archive_bytes:
                message = f"it holds more than {limits.archive_bytes:,} bytes"
                return replace(source, fault=message, code="BF907")
            file.write(block)
    return replace(source, path=raw.rename(raw.with_suffix(_suffix_of(raw, limits))))


def _suffix_of(file: Path, limits: Limits) -> str:
    """Return what the name of a file would end with that holds such content."""
    with file.open("rb") as opened:
        start = opened.read(limits.row_bytes)
    if start.startswith(_ZIP):
        return ".zip"
    if start.startswith(_GZIP):
        return ".tar.gz"
    first = start.lstrip(_BLANK).partition(b"\n")[0].rstrip()
    if first.startswith(b"[") or first.endswith(_GOES_ON):
        return ".json"
    return ".jsonl"
