"""Which source tables of one described system were measured on one box: those whose times agree where they can be compared.

Descriptions of hardware are short: two boards of one name, or one board with two versions of its software, are often
described alike. What tells them apart is their numbers. Where two source tables hold the same configurations, a box that
is faster or slower as a whole shifts all of them by about one factor; noise of single runs does not.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

TOLERANCE = 1.1
"""Two tables agree where the median of their ratios lies between its inverse and this."""
ENOUGH = 2
"""From so many configurations that both hold: one number alone may differ by chance."""


@dataclass(frozen=True)
class Observation:
    """One time or rate: of which system and source table, and of which configuration of which asset."""

    system: str
    source: str | None
    configuration: Hashable
    number: float


@dataclass
class _Table:
    """The times or rates of a source table on a system, by configuration."""

    numbers: dict[Hashable, list[float]] = field(default_factory=dict)

    def add(self, configuration: Hashable, number: float) -> None:
        self.numbers.setdefault(configuration, []).append(number)

    def shift(self, other: _Table) -> float | None:
        """Return the median ratio of the numbers of both, or None where they share too few configurations."""
        ratios = []
        for configuration, numbers in self.numbers.items():
            other_number = median(other.numbers.get(configuration, [0.0]))
            if other_number:
                ratios.append(median(numbers) / other_number)
        return median(ratios) if len(ratios) >= ENOUGH else None

    def include(self, other: _Table) -> None:
        for configuration, numbers in other.numbers.items():
            self.numbers.setdefault(configuration, []).extend(numbers)


def boxes(observations: Iterable[Observation]) -> Mapping[tuple[str, str | None], int]:
    """Return the number of the box, from 1, for each system and source table.

    A table joins the first box with which it agrees, else the first with which it cannot be compared. So without evidence
    there is one box.
    """
    tables: dict[str, dict[str | None, _Table]] = {}
    for seen in observations:
        of_system = tables.setdefault(seen.system, {})
        of_system.setdefault(seen.source, _Table()).add(seen.configuration, seen.number)
    numbers: dict[tuple[str, str | None], int] = {}
    for system, by_source in tables.items():
        apart: list[_Table] = []
        for source, table in by_source.items():
            numbers[system, source] = _place(table, apart)
    return numbers


def _place(table: _Table, apart: list[_Table]) -> int:
    """Put a table into the box it belongs to, a new one where it belongs to none, and return the box's number."""
    shifts = [box.shift(table) for box in apart]
    agreeing = [place for place, shift in enumerate(shifts) if shift is not None and _agrees(shift)]
    silent = [place for place, shift in enumerate(shifts) if shift is None]
    candidates = agreeing or silent
    if not candidates:
        apart.append(_Table())
        candidates = [len(apart) - 1]
    apart[candidates[0]].include(table)
    return candidates[0] + 1


def _agrees(shift: float) -> bool:
    return 1 / TOLERANCE <= shift <= TOLERANCE
