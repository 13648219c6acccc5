"""Pieces of one piece of work, done by processes of this machine or by a cluster, whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

from benchfmt.finding import BenchfmtError
from benchfmt.processes import Crew, Lost, LostError, result_of
from benchfmt.processes.clusters import Cluster, cluster, named

T = TypeVar("T")


class Spread(Protocol):
    """Has pieces of work done at the same time."""

    def __call__(self, works: Sequence[Callable[[], T]]) -> Iterator[T]:
        """Yield what each piece returns, in their order; raises BenchfmtError for one that was lost twice."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who is to work, by a name such as `local:2`, `dask:2` or `dask:ADDRESS`."""

    name: str
    tell: Callable[[str], None] = lambda _: None
    """Hears where the dashboard of a cluster is."""

    @contextmanager
    def spreading(self) -> Iterator[Spread]:
        """Give them until the block ends; raises BenchfmtError for a name of nobody."""
        found = named(self.name, 1)
        if found.is_dask:
            with cluster(found.where, None, self.tell) as there:
                yield partial(_by_cluster, there)
            return
        with TemporaryDirectory(prefix="benchfmt-") as folder:
            yield partial(_by_crew, found.number, folder)


def _by_crew(number: int, folder: str, works: Sequence[Callable[[], T]]) -> Iterator[T]:
    crew: Crew[T] = Crew(number, None, folder, _be_ready)
    with closing(crew.results(works)) as results:
        for work, result in zip(works, results, strict=True):
            if isinstance(result, Lost):
                yield _again(folder, work)
            else:
                yield result


def _again(folder: str, work: Callable[[], T]) -> T:
    crew: Crew[T] = Crew(1, None, folder, _be_ready)
    (result,) = crew.results([work])
    if isinstance(result, Lost):
        raise BenchfmtError(f"a part of the work was lost twice: {result.reason}")
    return result


def _by_cluster(there: Cluster, works: Sequence[Callable[[], T]]) -> Iterator[T]:
    waiting: deque[tuple[Callable[[], T], Future[T]]] = deque()
    for work in works:
        waiting.append((work, there.executor.submit(_done, work)))
        if len(waiting) >= there.waiting:
            yield _outcome(there, *waiting.popleft())
    while waiting:
        yield _outcome(there, *waiting.popleft())


def _outcome(there: Cluster, work: Callable[[], T], future: Future[T]) -> T:
    try:
        return result_of(future, "had a part of the work")
    except LostError:
        again = there.executor.submit(_done, work)
    try:
        result: T = result_of(again, "had a part of the work")
    except LostError as error:
        raise BenchfmtError(f"a part of the work was lost twice: {error}") from error
    return result


def _done(work: Callable[[], T]) -> T:
    return work()


def _be_ready() -> None:
    """Do nothing: a process that runs this is there."""
