"""Faults as they are told: those of one code in one column together, and no more of them than may be listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl


class Fault(NamedTuple):
    """What is told of one fault beside its code and its column."""

    row: int | None
    record: str | None
    message: str
    value: str | None
    hint: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """The faults of one code in one column of a table: the first of them, and how many there are."""

    code: str
    table: str
    column: str | None
    first: Iterable[Fault]
    count: int

    @property
    def is_of_columns(self) -> bool:
        """Whether the faults are those of columns themselves, which stand in no row."""
        return any(fault.row is None for fault in self.first)


@dataclass(frozen=True, slots=True)
class FaultsOfFrame:
    """The faults of a frame, which are made where they are asked for: there may be many."""

    frame: pl.DataFrame

    def __iter__(self) -> Iterator[Fault]:
        """Give the faults in their order."""
        return map(Fault._make, self.frame.select(Fault._fields).iter_rows())


def grouped(faults: pl.DataFrame) -> Iterator[Group]:
    """Yield a frame of faults that have their codes as groups, in the order of the first fault of each."""
    if not faults.height:
        return
    by_column = faults.group_by("code", "table", "column", maintain_order=True)
    for (code, table, column), group in by_column:
        name = None if column is None else str(column)
        yield Group(str(code), str(table), name, FaultsOfFrame(group), group.height)
