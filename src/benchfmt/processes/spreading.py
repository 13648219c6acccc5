"""Pieces of one piece of work, done by processes of this machine or by a cluster, whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

from benchfmt.finding import BenchfmtError
from benchfmt.processes import LostError, Team, result_of, team
from benchfmt.processes.clusters import DaskExecutor, cluster, named

T = TypeVar("T")
_WAITING = 4
"""So many pieces of work wait for each process."""


class LostTwiceError(BenchfmtError):
    """Two processes were lost over a piece of work, one after the other."""


class Spread(Protocol):
    """Has pieces of work done at the same time."""

    def __call__(self, works: Sequence[Callable[[], T]]) -> Iterator[T]:
        """Yield what each piece returns, in their order; raises LostTwiceError for one that was lost twice."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who is to work, by a name such as `local:2`, `dask:2` or `dask:ADDRESS`."""

    name: str
    tell: Callable[[str], None] = lambda _: None
    """Hears where the dashboard of a cluster is."""
    watch: Callable[[int, int], None] = lambda *_: None
    """Hears how many pieces of the work at hand are done, and how many there are."""

    waiting: int = _WAITING
    """So many pieces of work are done or wait for each process: what they return is in memory until it is its turn."""

    @contextmanager
    def spreading(self) -> Iterator[Spread]:
        """Give them until the block ends; raises BenchfmtError for a name of nobody."""
        found = named(self.name, 1)
        if found.is_dask:
            with cluster(found.where, None, self.tell) as there:
                most = self.waiting * there.threads
                yield _Spread(there.executor, most, self.watch, there.folder)
            return
        with (
            TemporaryDirectory(prefix="benchfmt-") as folder,
            team(found.number, folder, None, _one, _be_ready) as workers,
        ):
            yield _Spread(workers, self.waiting * found.number, self.watch, folder)


def spreading(executor: str | Who | None) -> AbstractContextManager[Spread]:
    """Give whom a name means until the block ends; this process where nobody is named."""
    if executor is None:
        return nullcontext(in_order)
    if isinstance(executor, str):
        return Who(executor).spreading()
    return executor.spreading()


def in_order(works: Sequence[Callable[[], T]]) -> Iterator[T]:
    """Yield what each piece returns, done by this process."""
    for work in works:
        yield work()


def folder_of(spread: Spread) -> str | None:
    """Return a folder that goes with the processes, which see it; None where there is none."""
    if isinstance(spread, _Spread):
        return spread.folder
    return None


@dataclass(frozen=True, slots=True)
class _Spread:
    """Has an executor do pieces of work, of which at most so many wait."""

    executor: Team | DaskExecutor
    most: int
    watch: Callable[[int, int], None]
    folder: str | None

    def __call__(self, works: Sequence[Callable[[], T]]) -> Iterator[T]:
        """Yield what each piece returns."""
        results = _in_turn(self.executor, self.most, works)
        self.watch(0, len(works))
        for done, result in enumerate(results, start=1):
            self.watch(done, len(works))
            yield result


def _in_turn(
    executor: Team | DaskExecutor, most: int, works: Sequence[Callable[[], T]]
) -> Iterator[T]:
    waiting: deque[tuple[Callable[[], T], Future[T]]] = deque()
    for work in works:
        waiting.append((work, executor.submit(_done, work)))
        if len(waiting) >= most:
            yield _outcome(executor, *waiting.popleft())
    while waiting:
        yield _outcome(executor, *waiting.popleft())


def _outcome(executor: Team | DaskExecutor, work: Callable[[], T], future: Future[T]) -> T:
    try:
        return result_of(future, "had a part of the work")
    except (LostError, MemoryError):
        again = executor.submit(_done, work)
    try:
        result: T = result_of(again, "had a part of the work")
    except LostError as error:
        raise LostTwiceError(f"a part of the work was lost twice: {error}") from error
    except MemoryError as error:
        raise LostTwiceError(
            "two processes had not enough memory for a part of the work"
        ) from error
    return result


def _done(work: Callable[[], T]) -> T:
    return work()


def _one(_work: object) -> int:
    return 1


def _be_ready() -> None:
    """Do nothing: a process that runs this is there."""
