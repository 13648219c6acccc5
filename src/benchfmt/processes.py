"""Processes that work for this one: they leave its signals to it, and end with it however it ends."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from benchfmt.finding import BenchfmtError

T = TypeVar("T")
P = ParamSpec("P")


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


@contextmanager
def pool(number: int, folder: str | None = None) -> Iterator[Pool]:
    """Start processes that work until the block ends; an error in the block, a stop too, ends them at once.

    Where this process is killed, they end by themselves and take a temporary folder along.
    """
    # Fresh processes: forked ones would inherit the locks of running threads.
    context = multiprocessing.get_context("spawn")
    with Pool(number, context, initializer=_end_with_parent, initargs=(folder,)) as workers:
        try:
            yield workers
        except BaseException:
            # Nobody waits for what is being done: a stop is a stop.
            workers.stop()
            raise
        finally:
            workers.shutdown(wait=True, cancel_futures=True)


def result_of(future: Future[T], work: str) -> T:
    """Return the result of some work; raises BenchfmtError where the process that did it was killed."""
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
    threading.Thread(target=_outlive, args=(folder,), daemon=True).start()


def _outlive(folder: str | None) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
