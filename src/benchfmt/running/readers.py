"""Who is to read, as a person or a program says it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from benchfmt.processes.clusters import named
from benchfmt.running.executors import Executor, Workers, here, on, processes


def _to_nobody(_: str) -> None:
    return


@dataclass(frozen=True)
class Readers:
    """So many processes, an executor, or a name of one: `local:2`, `dask:2`, `dask:tcp://HOST:8786`."""

    jobs: int = 1
    executor: Executor | str | None = None
    seconds: float | None = None
    """How long a unit of work may take; it needs processes that can be ended."""
    tell: Callable[[str], None] = _to_nobody
    """Hears what whoever watches a cluster wants to know."""

    @property
    def are_here(self) -> bool:
        """Whether who reads sees the temporary folders of this machine, as far as a name says."""
        if not isinstance(self.executor, str):
            return True
        found = named(self.executor, self.jobs)
        return not found.is_dask or found.where.isdecimal()

    def workers(self, units: int) -> AbstractContextManager[Workers]:
        """Return who reads so many units, until the block ends; raises BenchfmtError for a name of nobody."""
        if isinstance(self.executor, str):
            return self._named(self.executor, units)
        if self.executor is not None:
            return on(self.executor)
        return self._here(self.jobs, units)

    def _here(self, jobs: int, units: int) -> AbstractContextManager[Workers]:
        if self.seconds is None and (jobs == 1 or units < 2):
            return nullcontext(here())
        return processes(jobs, self.seconds)

    def _named(self, name: str, units: int) -> AbstractContextManager[Workers]:
        found = named(name, self.jobs)
        if not found.is_dask:
            return self._here(found.number, units)
        from benchfmt.running.clusters import cluster

        return cluster(found.where, self.seconds, self.tell)
