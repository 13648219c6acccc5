"""What was read, kept in a folder until the package is whole, so that a conversion that was stopped goes on from there.

Each chunk of units is a file of its own: a heading with the SHA-256 of every source that was read for it, its packets, and
the SHA-256 of all that. It is taken up only where all of these are the same, and it holds JSON, numbers and Arrow, never
what Python would run: somebody else may have laid it there. A file that is cut off or damaged is read anew from the sources.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from benchfmt.converters.base import Unit
from benchfmt.oserrors import naming
from benchfmt.readers.files import file_sha256, folder_sha256
from benchfmt.running.executors import Executor, Workers
from benchfmt.running.packing import pack, unpack
from benchfmt.running.reading import Packet, read
from benchfmt.running.units import Chunk

_FACTS = "journal.json"
_DIGEST = 32
"""Bytes of a SHA-256."""
_BLOCK = 2**20
_LENGTH = 8
"""Bytes of the length that stands before a heading and a packet."""
_REMEMBERED = 4_096
"""The hashes of so many files are remembered: one file may support thousands of units."""
Hashes = Mapping[str, str | None]
"""The SHA-256 of each source by its path, None where it cannot be read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A chunk that was read, in a file of the journal."""

    path: Path
    first: int
    was_there: bool = False
    """Whether an earlier run has read it."""
    changed: tuple[str, ...] = ()
    """The sources for which what an earlier run has read is of no use."""

    def __iter__(self) -> Iterator[Packet]:
        """Yield the packets."""
        with self.path.open("rb") as file:
            _frame(file)
            end = self.path.stat().st_size - _DIGEST
            while file.tell() < end:
                place = _Framed(self.path, file.tell(), self.first)
                yield replace(unpack(_frame(file), self.first), place=place)


@dataclass(frozen=True, slots=True)
class _Framed:
    """Where a packet is in a file of the journal, and the number of the chunk's first unit."""

    path: Path
    start: int
    first: int

    def packet(self) -> Packet:
        with self.path.open("rb") as file:
            file.seek(self.start)
            return unpack(_frame(file), self.first)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Reads a chunk into a file of a journal, unless it is there; any process that sees the folder can."""

    folder: str

    def __call__(self, chunk: Chunk) -> Kept:
        """Return what the units of a chunk hold, in a file."""
        found = self.found(chunk)
        if found.was_there:
            return found
        # Before they are read: a source that changes meanwhile then has another hash than its file of the journal says.
        return self.keep(chunk, sources_of(chunk), read(chunk), found.changed)

    def found(self, chunk: Chunk) -> Kept:
        """Return the file of a chunk, and whether it is there and of these sources."""
        path = self.place(chunk)
        heading = _heading(path)
        if heading is None:
            return Kept(path, chunk.first)
        now = sources_of(chunk)
        changed = [
            name for name, digest in now.items() if digest is None or heading.get(name) != digest
        ]
        if heading.keys() != now.keys():
            changed = list(now)
        return Kept(path, chunk.first, not changed, tuple(changed))

    def keep(
        self,
        chunk: Chunk,
        sources: Hashes,
        packets: Iterable[Packet],
        changed: tuple[str, ...] = (),
    ) -> Kept:
        """Write the packets of a chunk into its file."""
        path = self.place(chunk)
        growing = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            with naming(path), growing.open("wb") as file:
                writer = _Writer(file)
                writer.frame(json.dumps(sources).encode())
                for packet in packets:
                    writer.frame(pack(packet, chunk.first))
                file.write(writer.digest)
            growing.replace(path)
        finally:
            growing.unlink(missing_ok=True)
        return Kept(path, chunk.first, changed=changed)

    def place(self, chunk: Chunk) -> Path:
        """Return the file of a chunk, named by all that is said of its units; it need not exist."""
        digest = hashlib.sha256()
        for planned in chunk.planned:
            for part in (planned.converter.encode(), os.fsencode(planned.path), planned.pickled):
                digest.update(len(part).to_bytes(_LENGTH, "little") + part)
        return Path(self.folder, f"{digest.hexdigest()}.chunk")


class Journal:
    """The journal of a conversion in a folder, begun anew where an earlier one is of no use."""

    def __init__(self, folder: Path, facts: Mapping[str, Any], tell: Callable[[str], None]) -> None:
        """Take the folder, what must be the same for what is there to be of use, and whom to tell."""
        self._keeping = Keeping(str(folder))
        self._tell = tell
        self._changed: set[str] = set()
        facts = json.loads(json.dumps(facts))
        reason = _difference(folder, facts)
        self._is_new = not folder.exists() or reason is not None
        if reason is not None:
            tell(f"resume: starts anew: {reason}")
            shutil.rmtree(folder)
        with naming(folder):
            folder.mkdir(exist_ok=True)
            for path in folder.iterdir():
                if path.suffix != ".chunk" and path.name != _FACTS:
                    path.unlink()  # a process that was ended has left it
            _write_whole(folder / _FACTS, json.dumps(facts, indent=2))

    def announce(self, chunks: Iterable[Chunk]) -> None:
        """Tell how much is there of what is to be read."""
        if self._is_new:
            self._tell("resume: nothing is there to go on from; what is read is kept")
            return
        units = kept = 0
        for chunk in chunks:
            units += len(chunk)
            if self._keeping.place(chunk).exists():
                kept += len(chunk)
        self._tell(f"resume: goes on; {kept:,} of {units:,} sources were read before")

    def over(self, workers: Workers) -> Workers:
        """Return workers that read what is not there, and keep it."""
        if workers.sees_files:
            return replace(workers, read=self._keeping, note=self._note)
        keeper = _Keeper(workers.executor, self._keeping)
        return replace(workers, executor=keeper, note=self._note)

    def _note(self, found: Iterable[Packet]) -> None:
        """Remember which sources had changed."""
        if isinstance(found, Kept):
            self._changed.update(found.changed)

    def tell_changes(self) -> None:
        """Tell which sources were not as an earlier run has read them."""
        if self._changed:
            count = len(self._changed)
            noun = "source has" if count == 1 else "sources have"
            self._tell(f"resume: {count:,} {noun} changed since: {_shown(self._changed)}")


class _Keeper:
    """An executor whose workers do not see the folder: what they send is kept as it comes."""

    def __init__(self, executor: Executor, keeping: Keeping) -> None:
        self._executor = executor
        self._keeping = keeping

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Return the future of what a function returns, kept in a file."""
        (chunk,) = args  # it writes no part: who sees no files is given none
        kept: Future[Any] = Future()
        found = self._keeping.found(chunk)
        if found.was_there:
            kept.set_result(found)
            return kept
        sources = sources_of(chunk)

        def keep(reading: Future[Iterable[Packet]]) -> None:
            try:
                done = self._keeping.keep(chunk, sources, reading.result(), found.changed)
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
                kept.set_exception(error)
            else:
                kept.set_result(done)

        self._executor.submit(fn, chunk).add_done_callback(keep)
        return kept


class _Writer:
    """Writes frames, each behind its length, and knows the hash of them all."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def frame(self, data: bytes) -> None:
        for part in (len(data).to_bytes(_LENGTH, "little"), data):
            self._digest.update(part)
            self._file.write(part)

    @property
    def digest(self) -> bytes:
        return self._digest.digest()


def _frame(file: IO[bytes]) -> bytes:
    length = int.from_bytes(file.read(_LENGTH), "little")
    return file.read(length)


def _heading(path: Path) -> Hashes | None:
    """Return the hashes of the sources of a file of the journal; None where it is not there, cut off or damaged."""
    try:
        rest = path.stat().st_size - _DIGEST
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while rest > 0:
                block = file.read(min(rest, _BLOCK))
                rest -= len(block)
                digest.update(block)
                if not block:
                    return None
            if rest < 0 or file.read() != digest.digest():
                return None
            file.seek(0)
            heading: Hashes = json.loads(_frame(file))
    except FileNotFoundError:
        return None
    return heading


def sources_of(chunk: Chunk) -> Hashes:
    """Return the SHA-256 of every file that the units of a chunk are read from."""
    hashes: dict[str, str | None] = {}
    for _, _, unit in chunk.units():
        if isinstance(unit, Unit):
            for path in (unit.path, *unit.supporting):
                if str(path) not in hashes:
                    hashes[str(path)] = _sha256(path)
    return hashes


def _sha256(path: Path) -> str | None:
    """Return the SHA-256 of a file, or of all files of a folder; None where it cannot be read."""
    try:
        if path.is_dir():
            files = [inner for inner in sorted(path.rglob("*")) if inner.is_file()]
            return folder_sha256(
                {inner.relative_to(path).as_posix(): file_sha256(inner) for inner in files}
            )
        stat = path.stat()
        # Whoever writes a file may set its time of writing, but not the last one.
        state = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        return _remembered(str(path), state)
    except OSError:
        return None


@lru_cache(maxsize=_REMEMBERED)
def _remembered(path: str, _state: tuple[int, int, int, int]) -> str:
    return file_sha256(Path(path))


def _difference(folder: Path, facts: Mapping[str, Any]) -> str | None:
    """Return why what is in a folder is of no use, or None: nothing is there, or it is of use."""
    if not folder.exists():
        return None
    before = None
    with suppress(OSError, ValueError):
        before = json.loads((folder / _FACTS).read_text("utf-8"))
    if not isinstance(before, dict):
        return "what an earlier run has kept is damaged"
    for name in sorted({*facts, *before}):
        if facts.get(name) != before.get(name):
            return f"{name}: {_said(before.get(name))} before, {_said(facts.get(name))} now"
    return None


def _said(value: Any) -> str:
    if value is None:
        return "none"
    return str(value)


def _shown(names: set[str]) -> str:
    first = sorted(names)[:3]
    more = "" if len(names) <= len(first) else f" and {len(names) - len(first):,} more"
    return ", ".join(first) + more


def _write_whole(path: Path, text: str) -> None:
    growing = path.with_suffix(".new")
    growing.write_text(text, "utf-8")
    growing.replace(path)
