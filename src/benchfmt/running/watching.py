"""A chunk whose reader ends itself where one of its units takes too long, so that nobody waits for as long as all may take."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from benchfmt.converters.base import Failed, Unit
from benchfmt.running.reading import Packet
from benchfmt.running.units import Chunk


@dataclass(frozen=True, slots=True)
class Watched:
    """Reads a chunk in a process that ends where a unit takes longer than so many seconds; then each is read alone.

    One that is alone is watched by whoever asked for it, who can say why it failed.
    """

    read: Callable[[Chunk], Iterable[Packet]]
    seconds: float

    def __call__(self, chunk: Chunk) -> Iterable[Packet]:
        """Return what the units of a chunk hold."""
        if len(chunk) == 1:
            return self.read(chunk)
        watch = _Watch(self.seconds)
        try:
            return self.read(_Told(chunk.first, chunk.planned, watch.begin))
        finally:
            watch.end()


@dataclass(frozen=True, slots=True)
class _Told(Chunk):
    """A chunk that tells whenever its next unit is begun."""

    begin: Callable[[], None]

    def units(self) -> Iterator[tuple[int, str, Unit | Failed]]:
        """Yield each unit with its number and the name of its converter."""
        for unit in Chunk.units(self):
            self.begin()
            yield unit


class _Watch:
    """Ends this process where nothing is begun for too long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_over = threading.Event()
        self._deadline = 0.0
        self.begin()
        threading.Thread(target=self._wait, name="watch", daemon=True).start()

    def begin(self) -> None:
        self._deadline = time.monotonic() + self._seconds

    def end(self) -> None:
        self._is_over.set()

    def _wait(self) -> None:
        while not self._is_over.wait(max(self._deadline - time.monotonic(), 0)):
            if time.monotonic() >= self._deadline:
                # Nothing else ends what waits for a device, or runs in a library.
                os._exit(1)
