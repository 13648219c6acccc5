"""How often an address may ask for work: a bucket that fills slowly, for each of the last addresses."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_MINUTE = 60.0
_MOST_ADDRESSES = 10_000
"""So many addresses are kept in mind; the one that was heard of longest ago is forgotten."""


@dataclass
class Rates:
    """How many requests each address has left."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, init=False)
    """What was left of each address, and when."""

    def take(self, address: str) -> float:
        """Take one request; returns 0, or after how many seconds there is one again."""
        now = self.clock()
        left, then = self._left.pop(address, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - then) * self.per_minute / _MINUTE)
        wait = 0.0
        if left >= 1:
            left -= 1
        else:
            wait = (1 - left) * _MINUTE / self.per_minute
        self._left[address] = (left, now)
        if len(self._left) > _MOST_ADDRESSES:
            self._left.popitem(last=False)
        return wait
