"""The units of a conversion, in order and in chunks, on disk: 20,000 units of ten paths each take 100 MB of memory."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchfmt.converters.base import Failed, Unit
from benchfmt.oserrors import naming

_CHUNKS = ((32, 1), (256, 8), (2_048, 32))
"""How many units make a chunk, up to a number of units: a few may be large tables, thousands are small folders."""
_CHUNK = 128
_IN_MEMORY = 2**20
"""So many bytes of units are kept in memory; from there on they are in a temporary file."""


class Planned(NamedTuple):
    """A unit and the converter that reads it; in place of a unit that cannot be pickled there is why it failed."""

    converter: str
    path: str
    pickled: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some units that follow one another, numbered from `first`, as any other process can take them."""

    first: int
    planned: tuple[Planned, ...]

    def __len__(self) -> int:
        """Return how many units there are."""
        return len(self.planned)

    def alone(self) -> Iterator[Chunk]:
        """Yield each unit as a chunk of its own."""
        for number, planned in enumerate(self.planned, start=self.first):
            yield Chunk(number, (planned,))

    def units(self) -> Iterator[tuple[int, str, Unit | Failed]]:
        """Yield each unit with its number and the name of its converter."""
        for number, planned in enumerate(self.planned, start=self.first):
            yield number, planned.converter, _unpickled(planned)


class _Stored(NamedTuple):
    """Where a chunk is in the file."""

    first: int
    start: int
    size: int


class Units:
    """The units of a conversion in order."""

    def __init__(self) -> None:
        """Begin with none."""
        self.files = array("q")
        """The number of each unit's primary file in the ledger."""
        self.shared: set[int] = set()
        """Files that are read by several converters, each for the results of its program."""
        self.converters: set[str] = set()
        """The names of those that read."""
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - it lives as long as the units
        weakref.finalize(self, self._file.close)
        self._stored: list[_Stored] = []
        self._open: list[Planned] = []

    def __len__(self) -> int:
        """Return how many units there are."""
        return len(self.files)

    def add(self, converter: str, unit: Unit, file: int) -> None:
        """Add a unit and the number of its primary file in the ledger."""
        self.files.append(file)
        self.converters.add(converter)
        self._open.append(_planned(converter, unit))
        if len(self._open) >= _chunk_size(self._first_open):
            self._close()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the units in chunks."""
        if self._open:
            self._close()
        for stored in self._stored:
            self._file.seek(stored.start)
            data = self._file.read(stored.size)
            yield Chunk(stored.first, pickle.loads(data))  # noqa: S301 - written here a moment before

    @property
    def _first_open(self) -> int:
        return len(self) - len(self._open)

    def _close(self) -> None:
        """Write the units that wait as one chunk."""
        data = pickle.dumps(tuple(self._open), 5)
        with naming(tempfile.gettempdir()):
            start = self._file.seek(0, 2)
            self._file.write(data)
        self._stored.append(_Stored(self._first_open, start, len(data)))
        self._open = []


def stopped(converter: str, error: Exception) -> str:
    """Return the words for a converter's own fault."""
    return f"the converter {converter} stopped: {type(error).__name__}: {error}"


def _chunk_size(first: int) -> int:
    for end, size in _CHUNKS:
        if first < end:
            return size
    return _CHUNK


def _planned(converter: str, unit: Unit) -> Planned:
    try:
        data = pickle.dumps(unit, 5)
    except Exception as error:  # noqa: BLE001 - whatever a class raises that cannot be pickled
        data = pickle.dumps(Failed(unit.path, stopped(converter, error)), 5)
    return Planned(converter, str(unit.path), data)


def _unpickled(planned: Planned) -> Unit | Failed:
    try:
        unit: Unit | Failed = pickle.loads(planned.pickled)  # noqa: S301 - made by this program a moment before
    except Exception as error:  # noqa: BLE001 - whatever a converter's own class raises
        return Failed(Path(planned.path), stopped(planned.converter, error))
    return unit
