"""A Dask cluster as the one that reads: a local one of processes that is started for it, or one at an address."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from benchfmt._version import __version__
from benchfmt.finding import BenchfmtError
from benchfmt.processes import LostError
from benchfmt.running.executors import Spooling, Workers
from benchfmt.running.reading import Packet, read
from benchfmt.running.units import Chunk

T = TypeVar("T")
_PATIENCE = 0.5
_WAITING = 4
"""So many chunks wait for each thread of a cluster."""


@contextmanager
def cluster(where: str, seconds: float | None, tell: Callable[[str], None]) -> Iterator[Workers]:
    """Read by a cluster until the block ends: of so many local processes, or at an address; raises BenchfmtError.

    `tell` hears where its dashboard is. A unit may take so many seconds, if any are given.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise BenchfmtError(f"dask needs: pip install 'benchfmt[dask]' ({error})") from error
    # It has no types.
    library: Any = distributed
    is_local = where.isdigit()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchfmt-"))
        # A unit that kills its process is given to one other, by us, and not to three.
        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
        address: Any = where
        if is_local:
            address = stack.enter_context(
                library.LocalCluster(
                    n_workers=int(where),
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                    local_directory=folder,
                    silence_logs=logging.CRITICAL,
                )
            )
        try:
            client = stack.enter_context(library.Client(address, timeout="20s"))
        except OSError as error:
            raise BenchfmtError(f"no Dask scheduler answers at {where}: {error}") from error
        _check_versions(client)
        threads = sum(client.nthreads().values())
        tell(f"dask: {threads} threads; dashboard: {client.dashboard_link}")
        waiting = max(_WAITING * threads, 1)
        executor = _Dask(client, seconds, waiting)
        stack.callback(executor.end)
        # Only processes of this machine see the folder.
        reading = Spooling(folder) if is_local else _listed
        yield Workers(executor, reading, waiting, sees_files=is_local)


def _listed(chunk: Chunk) -> list[Packet]:
    """Return what the units of a chunk hold as it travels from one machine to another."""
    return list(read(chunk))


def _check_versions(client: Any) -> None:
    """Raise BenchfmtError where a worker has another version of benchfmt than this process."""
    for worker, version in client.run(_version).items():
        if version != __version__:
            raise BenchfmtError(
                f"the worker {worker} has benchfmt {version}, and this is {__version__}: install one version everywhere"
            )


def _version() -> str:
    try:
        from benchfmt._version import __version__ as version
    except ImportError:
        return "not installed"
    return version


class _Dask:
    """A cluster with the `submit` of `concurrent.futures`."""

    def __init__(self, client: Any, seconds: float | None, waiting: int) -> None:
        self._client = client
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(waiting, thread_name_prefix="dask")

    def submit(self, fn: Callable[..., T], /, *args: Chunk) -> Future[T]:
        """Return the future of what a function returns."""
        task = self._client.submit(fn, *args, pure=False)
        return self._threads.submit(self._outcome, task, sum(map(len, args)))

    def _outcome(self, task: Any, parts: int) -> Any:
        import distributed

        library: Any = distributed
        began = None
        while task.status == "pending":
            try:
                library.wait([task], timeout=_PATIENCE)
            except TimeoutError:
                if began is None and self._is_running(task):
                    began = time.monotonic()
                if self._is_late(began, parts):
                    self._stop(task)
                    raise LostError(f"it took longer than {self._seconds:g} seconds") from None
        try:
            return task.result()
        except library.KilledWorker as error:
            raise LostError("the process that read it was killed (out of memory?)") from error

    def _is_running(self, task: Any) -> bool:
        return self._seconds is not None and bool(self._client.call_stack([task]))

    def _is_late(self, began: float | None, parts: int) -> bool:
        if began is None or self._seconds is None:
            return False
        return time.monotonic() - began > self._seconds * parts

    def _stop(self, task: Any) -> None:
        """Restart the process that reads for too long; where nobody watches over it, let it be."""
        busy = [worker for worker, keys in self._client.processing().items() if task.key in keys]
        task.cancel()
        try:
            self._client.restart_workers(busy, timeout=20, raise_for_error=False)
        except ValueError:
            return  # a worker without a nanny

    def end(self) -> None:
        """Let go of what nobody waits for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
