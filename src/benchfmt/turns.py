"""Work that threads do while this one goes on; the results are taken in the order in which the work was given."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
_PATIENCE = 0.5
"""So many seconds are waited at once: Ctrl-C does not end a wait where polars, which handles it too, has been loaded."""
MOST_THREADS = 2
"""One thread reads in about the time in which another judges; each that judges has a portion more in memory."""


def threads_at_once() -> int:
    """Return how many threads judge a package where nobody says it."""
    return min(_processors(), MOST_THREADS)


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Turns(Generic[T]):
    """Some threads, each of which does one piece of work at a time; without any, this one does it."""

    def __init__(self, threads: int, name: str = "benchfmt-judge") -> None:
        """Take how many threads work beside this one, and what they are called; they are started when there is work."""
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        if threads:
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._given: deque[Future[T]] = deque()

    def __len__(self) -> int:
        """Return how many results are still to be taken."""
        return len(self._given)

    @property
    def is_full(self) -> bool:
        """Whether there is no thread for further work before a result was taken."""
        return len(self._given) >= max(self._threads, 1)

    def give(self, work: Callable[[], T]) -> None:
        """Have a thread do some work; what it raises is raised where its result is taken."""
        if self._pool is not None:
            self._given.append(self._pool.submit(work))
            return
        done: Future[T] = Future()
        done.set_result(work())
        self._given.append(done)

    def take(self) -> T:
        """Return the result of the work that was given first, and wait for it."""
        future = self._given.popleft()
        while not future.done():
            wait([future], _PATIENCE)
        return future.result()

    def close(self) -> None:
        """End the threads; work that was not begun is not done."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def made_ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items of which a thread makes the next one while this one is used, and no further one."""
    item = next(items, None)
    with closing(Turns[T | None](1, "benchfmt-read")) as turns:
        while item is not None:
            turns.give(partial(next, items, None))
            yield item
            # It is not kept while the next one is waited for.
            item = None
            item = turns.take()
