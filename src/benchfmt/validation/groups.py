"""What portions are held to, and which faults of a frame are told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import islice

import polars as pl

from benchfmt.checks.groups import Group, grouped
from benchfmt.checks.safety import CRASHED


@dataclass(frozen=True, slots=True)
class Judge:
    """What portions are held to: the codes whose checks are run, how many faults of each may be listed, and how many strange units are looked up."""

    codes: frozenset[str]
    most: int
    strange_units: int
    whole: Collection[str]
    """The codes of which every fault is kept: a package may say of each whether it is known."""

    def groups(self, faults: pl.DataFrame) -> list[Group]:
        """Return a frame of faults that have their codes as groups, in the order of the first fault of each."""
        return [self._bounded(group) for group in grouped(faults)]

    def _bounded(self, group: Group) -> Group:
        """Return a group with as many faults as may be listed, by themselves: a part of a frame keeps all of its memory."""
        if group.code in self.whole or group.code == CRASHED:
            return group
        return replace(group, first=list(islice(group.first, self.most)))
