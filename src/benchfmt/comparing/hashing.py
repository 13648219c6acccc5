"""Numbers for texts that are the same in several processes."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from benchfmt.finding import BenchfmtError
from benchfmt.rowhash import SEED, text_hashes


@dataclass(frozen=True, slots=True)
class Hashing:
    """Has another process give texts the numbers that they have in the one that made it."""

    seed: int = SEED
    sample: int = field(default_factory=lambda: _sample(SEED))

    def check(self) -> None:
        """Raise BenchfmtError where they would be others."""
        if _sample(self.seed) != self.sample:
            raise BenchfmtError(
                "a worker has another version of polars than the process that asked: install one version everywhere"
            )


def _sample(seed: int) -> int:
    (number,) = text_hashes(pl.Series(["benchfmt"]), seed)
    return int(number)
