"""The systems of a package, which are held whole: how many may be, and each by its id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import polars as pl
import pyarrow as pa

from benchfmt.limits import Limits
from benchfmt.package.columns import held_bytes
from benchfmt.readers.files import UnsafeError
from benchfmt.tables import Row

_RECENT = 1_024


def bounded(systems: Iterable[pa.Table], place: object, limits: Limits) -> Iterator[pa.Table]:
    """Yield the systems of the package at a place; raises UnsafeError where they take more memory than they may."""
    room = limits.systems_bytes
    for some in systems:
        room -= held_bytes(pl.DataFrame(pl.from_arrow(some)))
        if room < 0:
            most = f"{limits.systems_bytes:,} bytes of memory"
            reason = f"{place}: the systems take more than {most} (limit systems_bytes)"
            raise UnsafeError("BF907", f"{reason}; split the package")
        yield some


class SystemsById:
    """Systems as rows by id; as columns they take a fraction of the memory of rows."""

    def __init__(self, systems: pa.Table) -> None:
        """Take all systems; of those with one id the last stands."""
        self._systems = systems
        ids = systems["id"].to_pylist()
        self._places = {system_id: place for place, system_id in enumerate(ids)}
        self._row = lru_cache(_RECENT)(self._at)

    def get(self, system_id: object) -> Row | None:
        """Return a system; None for an id that no system has."""
        place = self._places.get(system_id)
        if place is None:
            return None
        return self._row(place)

    def _at(self, place: int) -> Row:
        [row] = self._systems.slice(place, 1).to_pylist()
        return row
