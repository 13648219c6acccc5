"""What a recommendation holds: rows that meet limits, in rankings of what compares, and all that stands in none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchfmt.comparing.predicting import Predictions
from benchfmt.comparing.wishes import Asked


@dataclass(frozen=True)
class Row:
    """A configuration on a system, with the numbers that are asked for."""

    record: str
    """The record that stands for it: of several runs, the one in the middle."""
    system_id: str | None
    system: str
    fields: dict[str, Any]
    values: dict[str, float]
    caveats: tuple[str, ...]
    runs: int

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "record": self.record,
            "system_id": self.system_id,
            "system": self.system,
            **{name: cell for name, cell in self.fields.items() if cell is not None},
            "values": self.values,
            "caveats": list(self.caveats),
            "runs": self.runs,
        }


@dataclass(frozen=True)
class Ranking:
    """Rows that compare, the best first, and those of them that no other beats in all that is asked."""

    about: dict[str, Any]
    rows: list[Row]
    front: list[Row]
    systems: int

    def to_dict(self) -> dict[str, Any]:
        """Return the ranking as plain data."""
        return {
            "about": self.about,
            "systems": self.systems,
            "rows": [row.to_dict() for row in self.rows],
            "front": [row.record for row in self.front],
        }


@dataclass(frozen=True)
class Apart:
    """Rows that stand in no ranking, and why."""

    reason: str
    rows: list[Row]

    def to_dict(self) -> dict[str, Any]:
        """Return the rows as plain data."""
        return {"reason": self.reason, "rows": [row.to_dict() for row in self.rows]}


@dataclass(frozen=True)
class Recommendation:
    """What meets the limits, what may, and what does not."""

    task: str
    model: str | None
    asked: list[Asked]
    by: Asked
    front: tuple[Asked, ...]
    results: int
    """Results of the task whose status is ok."""
    rankings: list[Ranking]
    """Rows that meet all limits, by what compares: those of most rows first."""
    apart: list[Apart]
    """Rows that meet all limits, and compare with nothing."""
    unknown: list[Apart]
    """Rows that miss no limit, and of which something that is asked is not known."""
    failing: int
    """Configurations that miss a limit."""
    wavering: int
    """Those of them that meet all limits in some of their runs."""
    not_ok: Counter[str]
    """Results of the task with another status."""
    without_task: int
    """Records that state no task."""
    systems: dict[str, str]
    """The names of the systems by id."""
    clashing: int = 0
    """Results left out because another record of other content has the same id."""
    copies: int = 0
    """Results left out because a record of the same id and content stands for them."""
    predictions: Predictions | None = None
    """What was not measured, where it is asked for."""

    @property
    def fitting(self) -> int:
        """How many configurations meet all limits."""
        ranked = sum(len(ranking.rows) for ranking in self.rankings)
        return ranked + sum(len(apart.rows) for apart in self.apart)

    def to_dict(self) -> dict[str, Any]:
        """Return the recommendation as plain data."""
        return {
            "task": self.task,
            "model": self.model,
            "asked": [item.to_dict() for item in self.asked],
            "by": self.by.name,
            "front_of": [item.name for item in self.front],
            "results": self.results,
            "fitting": self.fitting,
            "rankings": [ranking.to_dict() for ranking in self.rankings],
            "not_ranked": [apart.to_dict() for apart in self.apart],
            "may_fit": [apart.to_dict() for apart in self.unknown],
            "not_fitting": self.failing,
            "fitting_in_some_runs": self.wavering,
            "other_status": dict(self.not_ok.most_common()),
            "records_without_task": self.without_task,
            "clashing_ids": self.clashing,
            "copies": self.copies,
            "predictions": None if self.predictions is None else self.predictions.to_dict(),
        }


def pareto(rows: Sequence[Row], front: tuple[Asked, ...]) -> list[Row]:
    """Return the rows that no other beats in one of two numbers without losing in the other, the best in the first one first."""
    if not front:
        return []
    first, second = front
    signs = [-1 if item.higher_is_better else 1 for item in front]
    known = [row for row in rows if first.name in row.values and second.name in row.values]
    places = [
        (signs[0] * row.values[first.name], signs[1] * row.values[second.name], number)
        for number, row in enumerate(known)
    ]
    found: list[Row] = []
    least: tuple[float, float] | None = None
    for one, other, number in sorted(places):
        is_twin = least == (one, other)
        if least is None or other < least[1] or is_twin:
            found.append(known[number])
            least = (one, other)
    return found
