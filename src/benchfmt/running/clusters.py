"""A Dask cluster as the one that reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchfmt.processes import clusters
from benchfmt.running.executors import Workers, units_of
from benchfmt.running.reading import Packet, read
from benchfmt.running.spools import Lean, Spooling
from benchfmt.running.units import Chunk


@contextmanager
def cluster(where: str, seconds: float | None, tell: Callable[[str], None]) -> Iterator[Workers]:
    """Read by a cluster until the block ends: of so many local processes, or at an address; raises BenchfmtError.

    `tell` hears where its dashboard is. A unit may take so many seconds, if any are given.
    """
    with clusters.cluster(where, seconds, tell, units_of, __name__) as there:
        if there.folder is None:
            yield Workers(there.executor, _listed, there.threads, sees_files=False)
        else:
            reading = Spooling(there.folder)
            yield Workers(there.executor, reading, there.threads, seconds=seconds)


@dataclass(frozen=True, slots=True)
class _Sent:
    """Packets as they travel from one machine to another."""

    lean: tuple[Lean, ...]

    def __iter__(self) -> Iterator[Packet]:
        """Yield the packets."""
        return (item.whole() for item in self.lean)


def _listed(chunk: Chunk) -> _Sent:
    """Return what the units of a chunk hold."""
    return _Sent(tuple(map(Lean.of, read(chunk))))
