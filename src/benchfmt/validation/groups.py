"""Faults as they are reported: those of one code in one column together, and no more of them than may be listed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from benchfmt.checks.safety import CRASHED


@dataclass(frozen=True, slots=True)
class Group:
    """The faults of one code in one column of a table: the first of them, and how many there are."""

    code: str
    table: str
    first: pl.DataFrame
    count: int


@dataclass(frozen=True, slots=True)
class Judge:
    """What portions are held to: the codes whose checks are run, and how many faults of each may be listed."""

    codes: frozenset[str]
    most: int
    whole: Collection[str]
    """The codes of which every fault is kept: a package may say of each whether it is known."""

    def groups(self, faults: pl.DataFrame) -> list[Group]:
        """Return a frame of faults that have their codes as groups, in the order of the first fault of each."""
        groups: list[Group] = []
        if not faults.height:
            return groups
        by_column = faults.group_by("code", "table", "column", maintain_order=True)
        for (code, table, _), group in by_column:
            first = group
            if code not in self.whole and code != CRASHED:
                first = _copied(group.head(self.most))
            groups.append(Group(str(code), str(table), first, group.height))
        return groups


def _copied(faults: pl.DataFrame) -> pl.DataFrame:
    """Return faults without the memory of others, which a part of a frame keeps."""
    return pl.DataFrame(faults.rows(), schema=faults.schema, orient="row")
