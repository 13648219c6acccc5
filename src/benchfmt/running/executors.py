"""Who reads the units: this process, processes of our own, a Dask cluster, or any executor of `concurrent.futures`.

An executor takes a function with its arguments and gives a future of the result. A chunk whose reader is lost, because its
process was killed or took too long, is read once more, unit by unit; a unit that is lost again has failed, and the rest goes on. In this process the packets of a chunk
are read as they are asked for. Elsewhere they are written into a file of our own, so that a large unit is never whole in
memory; so whoever reads for an executor sees the same files as this process, the temporary folder included. Whoever reads writes the
parts of a package too, from these files.
"""

from __future__ import annotations

import math
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from benchfmt.oserrors import NO_ROOM
from benchfmt.package import Elsewhere, PartWork, TableFile, write_part
from benchfmt.processes import LostError, StoppedError, result_of, team
from benchfmt.running.reading import Packet, lost, read_here
from benchfmt.running.spools import Spooling
from benchfmt.running.units import Chunk, Units
from benchfmt.running.watching import Watched

_WAITING = 4
"""So many chunks wait for each process."""
_EXECUTOR = 8
"""So many processes an executor is taken to have of which nobody says how many there are."""

T = TypeVar("T")


class Executor(Protocol):
    """What can be given work: any `concurrent.futures.Executor` can."""

    def submit(self, fn: Callable[..., T], /, *args: object) -> Future[T]:
        """Return the future of what a function returns."""


class InProcess:
    """Does all work in this process, at once."""

    def submit(self, fn: Callable[..., T], /, *args: object) -> Future[T]:
        """Return the future of what a function returned."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)
        return future


def _ignore(_: Iterable[Packet]) -> None:
    return


@dataclass(frozen=True, slots=True)
class Workers:
    """An executor, how a chunk is read by it, and how many chunks may wait."""

    executor: Executor
    read: Callable[[Chunk], Iterable[Packet]]
    number: int = 1
    """How many processes there are."""
    losses: tuple[type[Exception], ...] = (LostError, MemoryError)
    """What an outcome is where nobody has read a chunk to its end, so that it may be read again."""
    sees_files: bool = True
    """Whether whoever reads sees the same folders as this process."""
    note: Callable[[Iterable[Packet]], None] = _ignore
    """Hears of what a chunk holds before it is taken."""
    seconds: float | None = None
    """How long a unit may take in a process that may end itself: another one takes its place."""

    @property
    def waiting(self) -> int:
        """How many chunks may wait."""
        if isinstance(self.executor, InProcess):
            return 0
        return _WAITING * self.number


def packets(units: Units, workers: Workers) -> Iterator[Packet]:
    """Yield what the units hold, in order."""
    if workers.seconds is not None:
        workers = replace(workers, read=Watched(workers.read, workers.seconds))
    waiting: deque[tuple[Chunk, Future[Iterable[Packet]]]] = deque()
    for chunk in units.chunks():
        waiting.append((chunk, workers.executor.submit(workers.read, chunk)))
        if len(waiting) >= workers.waiting:
            yield from _taken(*waiting.popleft(), workers)
    while waiting:
        yield from _taken(*waiting.popleft(), workers)


def _taken(chunk: Chunk, future: Future[Iterable[Packet]], workers: Workers) -> Iterator[Packet]:
    """Yield what a chunk holds, if it must be from a second reading, unit by unit."""
    try:
        found = result_of(future, "read a source")
    except workers.losses:
        for alone in chunk.alone():
            yield from _again(alone, workers)
    else:
        workers.note(found)
        yield from found


def _again(chunk: Chunk, workers: Workers) -> Iterator[Packet]:
    future = workers.executor.submit(workers.read, chunk)
    try:
        found = result_of(future, "read a source")
    except workers.losses as error:
        why = NO_ROOM if isinstance(error, MemoryError) else str(error)
        yield lost(chunk, f"it was given to two processes and read by none: {why}")
    else:
        workers.note(found)
        yield from found


def here() -> Workers:
    """Return this process as the one that reads."""
    return Workers(InProcess(), read_here)


@contextmanager
def processes(number: int, seconds: float | None = None) -> Iterator[Workers]:
    """Start processes that read until the block ends; an error in the block, a stop too, ends them at once.

    A unit may take so many seconds, if any are given.
    """
    with (
        tempfile.TemporaryDirectory(prefix="benchfmt-") as folder,
        team(number, folder, seconds, units_of, _begin) as workers,
    ):
        yield Workers(workers, Spooling(folder), number, seconds=seconds)


def units_of(work: Chunk | PartWork) -> float:
    """Return how many units a piece of work has, each of which may take some time: a part may take for ever."""
    if isinstance(work, PartWork):
        return math.inf
    return len(work)


def _begin() -> None:
    """Do nothing: that this module is loaded is all that a process needs before it reads."""


@contextmanager
def on(executor: Executor, number: int = _EXECUTOR) -> Iterator[Workers]:
    """Read by an executor, of about so many processes, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="benchfmt-") as folder:
        yield Workers(executor, Spooling(folder), number)


def writers(workers: Workers) -> Elsewhere | None:
    """Return workers as those that write parts, too; None for this process, and for those that do not see its files."""
    if isinstance(workers.executor, InProcess) or not workers.sees_files:
        return None
    return Elsewhere(partial(_written, workers), workers.number)


def _written(workers: Workers, work: PartWork) -> list[TableFile]:
    """Return the files of a part that a worker has written; where the worker was lost, this process writes them."""
    future = workers.executor.submit(write_part, work)
    try:
        return result_of(future, "wrote a part")
    except StoppedError:
        raise
    except workers.losses:
        return write_part(work)
