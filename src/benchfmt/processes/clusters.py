"""A Dask cluster as an executor: a local one of processes that is started for it, or one at an address."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from benchfmt.finding import BenchfmtError
from benchfmt.processes import LostError

T = TypeVar("T")
_PATIENCE = 0.5
_WAITING = 4
"""So many pieces of work wait for each thread of a cluster."""
_NAMED = re.compile(r"(local|dask)(?::(.+))?")
_WORDS = "write local, local:2, dask:2 or dask:tcp://HOST:8786"
_SHORTLY = 0.1
"""So many seconds a process of a cluster has to end by itself, once nobody wants what it does."""
_SETTINGS: dict[str, Any] = {
    # What kills its process is given to one other, by us, and not to three.
    "distributed.scheduler.allowed-failures": 0,
    # Dask has workers give each 64 KiB back to the system that are free, and asks for them again: three times the page faults.
    "distributed.nanny.pre-spawn-environ": {},
    # What a piece of work needs is handed over with it, and wanted once.
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # Nobody looks at what Dask samples of the stacks of workers, a hundred times a second.
    "distributed.worker.profile.enabled": False,
}
_ALIKE = ("benchfmt", "dask", "distributed", "polars", "pyarrow")
"""What has to be of one version everywhere, and Python: what is sent is made of it, and so are the bytes of the tables."""
_SHOWN = 5
"""So many differences of versions are told."""
KILLED = "the process that worked on it was killed (out of memory?)"


@dataclass(frozen=True, slots=True)
class Named:
    """Who is to work, as a person or a program says it: processes of this machine, or a Dask cluster."""

    is_dask: bool
    where: str
    """How many processes, or the address of a scheduler."""

    @property
    def number(self) -> int:
        """How many processes of this machine."""
        return int(self.where)


def named(name: str, jobs: int) -> Named:
    """Return whom a name such as `local:2`, `dask:2` or `dask:ADDRESS` means; raises BenchfmtError for nobody.

    One that says no number means `jobs` processes.
    """
    match = _NAMED.fullmatch(name)
    if match is None:
        raise BenchfmtError(f"{name!r} is no executor; {_WORDS}")
    kind, where = match.groups()
    if where is None:
        where = str(max(jobs, 1))
    is_dask = kind == "dask"
    if where == "0" or not (is_dask or where.isdecimal()):
        raise BenchfmtError(f"{name!r} says no number of processes; {_WORDS}")
    return Named(is_dask, where)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that works: its executor, a folder that its processes see (None elsewhere), and its threads."""

    executor: DaskExecutor
    folder: str | None
    threads: int

    @property
    def waiting(self) -> int:
        """How many pieces of work may wait."""
        return _WAITING * self.threads


@contextmanager
def cluster(
    where: str,
    seconds: float | None,
    tell: Callable[[str], None],
    parts: Callable[..., float] = lambda *_: 1,
    module: str = __name__,
) -> Iterator[Cluster]:
    """Give a cluster until the block ends: of so many local processes, or at an address; raises BenchfmtError.

    `tell` hears where its dashboard is. Each of the parts of a piece of work, of which `parts` says how many there are, may
    take so many seconds, if any are given. Processes of this machine load a module before they get work, which costs
    that no time.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise BenchfmtError(f"dask needs: pip install 'benchfmt[dask]' ({error})") from error
    # It has no types.
    library: Any = distributed
    is_local = where.isdecimal()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchfmt-"))
        settings = {"temporary-directory": folder, "distributed.worker.preload": [module, __name__]}
        stack.enter_context(dask.config.set({**_SETTINGS, **settings}))
        address: Any = where
        if is_local:
            address = stack.enter_context(_local(library, int(where), folder))
        try:
            client = stack.enter_context(library.Client(address, timeout="20s"))
        except (OSError, ValueError) as error:
            raise BenchfmtError(f"no Dask scheduler answers at {where}: {error}") from error
        _check_versions(client)
        threads = sum(client.nthreads().values())
        there = f"{threads} threads" if threads else "no worker is there yet"
        tell(f"dask: {there}; dashboard: {client.dashboard_link}")
        # Each piece of work that waits, and each part of a package that is written, has a thread here.
        known = max(threads, 1)
        executor = DaskExecutor(client, seconds, (_WAITING + 1) * known, parts)
        stack.callback(executor.end)
        # Only processes of this machine see the folder.
        yield Cluster(executor, folder if is_local else None, known)


def dask_setup(_: Any) -> None:
    """Be ready for work; a process of a local cluster calls it, which loads this module last.

    What is loaded by now stays to the end: no search for garbage need look through it again.
    """
    gc.freeze()


@contextmanager
def _local(library: Any, number: int, folder: str) -> Iterator[Any]:
    """Give a cluster of so many processes of this machine until the block ends; an error in it ends them at once.

    Raises BenchfmtError where it cannot be started.
    """
    try:
        there = library.LocalCluster(
            n_workers=number,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        )
    except (RuntimeError, OSError) as error:
        raise BenchfmtError(
            f"no Dask cluster can be started here: {error}; try local:{number}"
        ) from error
    is_whole = False
    try:
        yield there
        is_whole = True
    finally:
        if not is_whole:
            # By itself it waits four seconds for what they are about.
            there.sync(_end_now, list(there.workers.values()))
        there.close()


async def _end_now(nannies: list[Any]) -> None:
    """Have each of those that watch over a process end it, whatever it does."""
    await asyncio.gather(*(nanny.close(timeout=_SHORTLY) for nanny in nannies))


def _check_versions(client: Any) -> None:
    """Raise BenchfmtError where the scheduler or a worker has other versions than this process."""
    found = client.get_versions(packages=_ALIKE)
    here = _versions(found["client"])
    others = {"the scheduler": found["scheduler"]}
    others |= {f"the worker {name}": told for name, told in sorted(found["workers"].items())}
    unlike = [
        words for who, told in others.items() for words in _unlike(who, _versions(told), here)
    ]
    if unlike:
        more = len(unlike) - _SHOWN
        shown = "; ".join(unlike[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise BenchfmtError(f"{shown}: install the same versions everywhere")


def _versions(told: Any) -> dict[str, str]:
    """Return the versions that count, of what a process of a cluster tells; of Python what decides what it can read."""
    if not isinstance(told, Mapping):
        return {}
    packages = told["packages"]
    versions = {name: packages.get(name) or "not installed" for name in _ALIKE}
    versions["python"] = ".".join(str(packages["python"]).split(".")[:2])
    return versions


def _unlike(who: str, versions: Mapping[str, str], here: Mapping[str, str]) -> Iterator[str]:
    """Yield in what the versions of a process are not those of this one."""
    if not versions:
        yield f"{who} does not tell its versions"
        return
    for name, version in versions.items():
        if version != here[name]:
            yield f"{who} has {name} {version}, and here it is {here[name]}"


class DaskExecutor:
    """A cluster with the `submit` of `concurrent.futures`; work whose process ended or took too long raises LostError."""

    def __init__(
        self, client: Any, seconds: float | None, waiting: int, parts: Callable[..., float]
    ) -> None:
        """Take a client, how long a part of some work may take, how much may wait, and how many parts some work has."""
        self._client = client
        self._seconds = seconds
        self._parts = parts
        self._threads = ThreadPoolExecutor(waiting, thread_name_prefix="dask")

    def submit(self, fn: Callable[..., T], /, *args: object) -> Future[T]:
        """Return the future of what a function returns."""
        task = self._client.submit(fn, *args, pure=False)
        return self._threads.submit(self._outcome, task, self._parts(*args))

    def _outcome(self, task: Any, parts: float) -> Any:
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
            raise LostError(KILLED) from error

    def _is_running(self, task: Any) -> bool:
        if self._seconds is None:
            return False
        try:
            return bool(self._client.call_stack([task]))
        except OSError:
            # Its process may end while it is asked, or be too busy to answer.
            return False

    def _is_late(self, began: float | None, parts: float) -> bool:
        if began is None or self._seconds is None:
            return False
        return time.monotonic() - began > self._seconds * parts

    def _stop(self, task: Any) -> None:
        """Restart the process that works for too long; where nobody watches over it, let it be."""
        busy = [worker for worker, keys in self._client.processing().items() if task.key in keys]
        task.cancel()
        try:
            self._client.restart_workers(busy, timeout=20, raise_for_error=False)
        except ValueError:
            return  # a worker without a nanny

    def end(self) -> None:
        """Let go of what nobody waits for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
