"""What a column of a table is taken for, each with the reason and with what else it could be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pydantic import JsonValue


@dataclass(frozen=True)
class Column:
    """A column to be read: its header, and some of its cells as text."""

    name: str
    cells: tuple[str, ...] = ()
    """The first different ones that hold something."""
    rows: tuple[str, ...] = ()
    """The first ones, row by row, where they are known."""


@dataclass(frozen=True)
class Measured:
    """A measurement; `unit` is None where nothing says it, and `doubts` are what a person should look at."""

    metric: str
    unit: str | None
    statistic: str | None = None
    stage: str | None = None
    per: str | None = None
    scope: str | None = None
    record: dict[str, JsonValue] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str | None, ...]:
        """What tells the measurement from the others of a record."""
        where = repr(sorted(self.record.items()))
        return (self.metric, self.statistic, self.stage, self.per, self.scope, where)

    def but(self, doubt: str) -> Measured:
        """Return the same with one more doubt."""
        return replace(self, doubts=(*self.doubts, doubt))


@dataclass(frozen=True)
class Beside:
    """A spread or a count of the measurement in another column."""

    column: str
    part: str


@dataclass(frozen=True)
class FieldOf:
    """A field of the record; `unit` is that of its numbers, a power of ten for counts in millions."""

    path: str
    unit: str | None = None


@dataclass(frozen=True)
class Ignored:
    """No result and no field."""

    reason: str


@dataclass(frozen=True)
class Open:
    """A person must say what it is."""

    reason: str
    cell: str | None = None
    """The first of its cells that is why, as it stands there, where one is."""


Meaning: TypeAlias = Measured | Beside | FieldOf | Ignored | Open
