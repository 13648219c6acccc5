"""A Dask cluster as the one that reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchfmt.processes import clusters
from benchfmt.running.executors import Workers
from benchfmt.running.reading import Packet, read
from benchfmt.running.spools import Spooling
from benchfmt.running.units import Chunk


@contextmanager
def cluster(where: str, seconds: float | None, tell: Callable[[str], None]) -> Iterator[Workers]:
    """Read by a cluster until the block ends: of so many local processes, or at an address; raises BenchfmtError.

    `tell` hears where its dashboard is. A unit may take so many seconds, if any are given.
    """
    with clusters.cluster(where, seconds, tell, len) as there:
        if there.folder is None:
            yield Workers(there.executor, _listed, there.waiting, sees_files=False)
        else:
            reading = Spooling(there.folder)
            yield Workers(there.executor, reading, there.waiting, seconds=seconds)


def _listed(chunk: Chunk) -> list[Packet]:
    """Return what the units of a chunk hold as it travels from one machine to another."""
    return list(read(chunk))
