"""Processes that work for this one: they leave its signals to it, and end with it however it ends."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from benchfmt.finding import BenchfmtError

T = TypeVar("T")
P = ParamSpec("P")
_PATIENCE = 0.5
"""So many seconds are waited at once: Ctrl-C does not end a wait where polars, which handles it too, has been loaded."""


class Pool(ProcessPoolExecutor):
    """Processes that leave Ctrl-C and the end of the terminal to this one, and can be stopped."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return the future of what a function returns."""
        with _deaf_children():
            return super().submit(fn, *args, **kwargs)

    def stop(self) -> None:
        """End all processes, whatever they do."""
        for process in list((self._processes or {}).values()):
            process.terminate()


def _new_pool(number: int, folder: str | None) -> Pool:
    # Fresh processes: forked ones would inherit the locks of running threads.
    context = multiprocessing.get_context("spawn")
    return Pool(number, context, initializer=_begin, initargs=(folder,))


def _begin(folder: str | None) -> None:
    """Have this process end with its parent, and load what it needs without a search for garbage, until it is prepared."""
    gc.disable()
    _end_with_parent(folder)


def _prepared(prepare: Callable[[], None]) -> None:
    """Prepare this process: what is loaded now stays to the end, and no search for garbage looks through it."""
    prepare()
    gc.freeze()
    gc.enable()


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands in place of a result where the process that worked on it ended without one."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Task:
    """A piece of work: its place in the order, the pool of one process that does it, and when that is ended."""

    place: int
    worker: Pool
    deadline: float


class LostError(Exception):
    """A piece of work has no result: the process that did it ended, or took too long. The message says which."""


class StoppedError(LostError):
    """A piece of work has no result, and nobody wants one: the run was stopped."""


class Team:
    """An executor of processes that each do one piece of work at a time: one that ends or takes too long is replaced.

    What it did then has a LostError as its outcome; the others go on. `seconds` is how long a piece of work may take for
    each of its parts, of which `parts` says how many there are.
    """

    def __init__(
        self,
        number: int,
        folder: str | None,
        seconds: float | None,
        parts: Callable[..., float],
        prepare: Callable[[], None],
    ) -> None:
        """Take how many processes there are, a folder for their temporary files, and how long work may take.

        Every process first runs `prepare`, which costs no work any time: to load a module of it loads all of its imports.
        """
        self._folder = folder
        self._prepare = prepare
        self._seconds = seconds
        self._parts = parts
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="team")
        self._local = threading.local()
        self._pools: set[Pool] = set()
        self._is_over = False

    def submit(self, fn: Callable[..., T], /, *args: object) -> Future[T]:
        """Return the future of what a function returns, called in a process."""
        return self._threads.submit(self._run, fn, args)

    def _run(self, fn: Callable[..., T], args: tuple[object, ...]) -> T:
        if self._is_over:
            raise StoppedError(_STOPPED)
        worker = getattr(self._local, "pool", None) or self._start()
        deadline = float("inf")
        if self._seconds is not None:
            deadline = time.monotonic() + self._seconds * self._parts(*args)
        future = worker.submit(fn, *args)
        while not future.done():
            if time.monotonic() > deadline:
                self._replace(worker)
                raise LostError(f"it took longer than {self._seconds:g} seconds")
            wait([future], min(_PATIENCE, max(deadline - time.monotonic(), 0)))
        try:
            return future.result()
        except BrokenExecutor as error:
            self._replace(worker)
            if self._is_over:
                raise StoppedError(_STOPPED) from error
            raise LostError(_KILLED) from error

    def _start(self) -> Pool:
        """Start the process of this thread."""
        worker = _new_pool(1, self._folder)
        self._pools.add(worker)
        result_of(worker.submit(_prepared, self._prepare), "was started")
        self._local.pool = worker
        return worker

    def _replace(self, worker: Pool) -> None:
        """End a process; the next piece of work of this thread starts another."""
        self._local.pool = None
        self._pools.discard(worker)
        _end_now(worker)

    def end(self, *, now: bool) -> None:
        """End all processes: when they are done with what was given to them, or at once."""
        self._is_over = now
        if now:
            for worker in list(self._pools):
                worker.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in list(self._pools):
            worker.shutdown(wait=True, cancel_futures=True)


@contextmanager
def team(
    number: int,
    folder: str | None,
    seconds: float | None,
    parts: Callable[..., float],
    prepare: Callable[[], None],
) -> Iterator[Team]:
    """Start a team that works until the block ends; an error in the block, a stop too, ends its processes at once.

    Where this process is killed, they end by themselves and take the folder along.
    """
    workers = Team(number, folder, seconds, parts, prepare)
    is_whole = False
    try:
        yield workers
        is_whole = True
    finally:
        # Where something went wrong nobody waits for what is being done: a stop is a stop.
        workers.end(now=not is_whole)


_KILLED = "the process that read it was killed (out of memory?)"
_STOPPED = "the run was stopped"


class Crew(Generic[T]):
    """Processes that each do one piece of work at a time: one that dies or takes too long is replaced, the others go on."""

    def __init__(
        self, number: int, seconds: float | None, folder: str, prepare: Callable[[], None]
    ) -> None:
        """Take how many processes work at once, how long one piece of work may take, and a folder for temporary files.

        Every process first runs `prepare`, which costs no piece of work any time: to load a module of it loads all of its
        imports.
        """
        self._number = number
        self._seconds = seconds or float("inf")
        self._folder = folder
        self._prepare = prepare
        self._starting: dict[Future[None], Pool] = {}
        self._free: list[Pool] = []
        self._tasks: dict[Future[T], _Task] = {}

    def results(self, works: Sequence[Callable[[], T]]) -> Generator[T | Lost]:
        """Yield the result of each piece of work, in their order; when the iteration is left, all processes end.

        Raises BenchfmtError where no process can be started.
        """
        waiting = deque(enumerate(works))
        finished: dict[int, T | Lost] = {}
        place = 0
        try:
            while place < len(works):
                self._give(waiting)
                finished |= self._some_results()
                while place in finished:
                    yield finished.pop(place)
                    place += 1
        finally:
            self._end()

    def _give(self, waiting: deque[tuple[int, Callable[[], T]]]) -> None:
        """Give work to every process that has none, and start processes for the rest as far as they may be."""
        while self._free and waiting:
            place, work = waiting.popleft()
            worker = self._free.pop()
            task = _Task(place, worker, time.monotonic() + self._seconds)
            self._tasks[worker.submit(work)] = task
        room = self._number - len(self._tasks) - len(self._starting)
        for _ in range(min(room, len(waiting) - len(self._starting))):
            worker = _new_pool(1, self._folder)
            self._starting[worker.submit(_prepared, self._prepare)] = worker

    def _some_results(self) -> dict[int, T | Lost]:
        """Wait until something happens; return the results, each with its place, those included that will not come."""
        nearest = min((task.deadline for task in self._tasks.values()), default=float("inf"))
        seconds = min(max(nearest - time.monotonic(), 0), _PATIENCE)
        awaited: list[Future[Any]] = [*self._starting, *self._tasks]
        done = wait(awaited, seconds, FIRST_COMPLETED).done
        for started in self._starting.keys() & done:
            worker = self._starting.pop(started)
            result_of(started, "was started")
            self._free.append(worker)
        results: dict[int, T | Lost] = {}
        for future in self._tasks.keys() & done:
            task = self._tasks.pop(future)
            results[task.place] = self._result(future, task)
        now = time.monotonic()
        late = [future for future, task in self._tasks.items() if task.deadline <= now]
        for future in late:
            task = self._tasks.pop(future)
            _end_now(task.worker)
            results[task.place] = Lost(f"it took longer than {self._seconds:g} seconds")
        return results

    def _result(self, future: Future[T], task: _Task) -> T | Lost:
        try:
            result = future.result()
        except BrokenExecutor:
            task.worker.shutdown()
            return Lost("the process that worked on it was killed (out of memory?)")
        self._free.append(task.worker)
        return result

    def _end(self) -> None:
        for worker in (*self._starting.values(), *(task.worker for task in self._tasks.values())):
            _end_now(worker)
        for worker in self._free:
            worker.shutdown()


def _end_now(worker: Pool) -> None:
    worker.stop()
    worker.shutdown(cancel_futures=True)


def result_of(future: Future[T], work: str) -> T:
    """Return the result of some work; raises BenchfmtError where the process that did it was killed."""
    while not future.done():
        wait([future], _PATIENCE)
    try:
        return future.result()
    except BrokenExecutor as error:
        raise BenchfmtError(
            f"a process that {work} was killed (out of memory?); try --jobs 1"
        ) from error


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Keep Ctrl-C and the end of the terminal from processes started here (they inherit the mask): this one stops them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent(folder: str | None) -> None:
    """Have this process end when the one that started it has ended, however that was."""
    if folder is not None:
        # What it leaves behind where it is killed is removed with the folder.
        tempfile.tempdir = folder
    threading.Thread(target=_outlive, args=(folder,), daemon=True).start()


def _outlive(folder: str | None) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
