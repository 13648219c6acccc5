"""The rows of a bench and the table in which they are printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Literal

from bench.process import Taken

Role = Literal["us", "peer", "floor", "other"]
HEAD = (
    "what",
    "",
    "seconds, median (min..max)",
    "CPU s",
    "per second",
    "MiB over imports",
    "benchfmt takes",
)


@dataclass
class Row:
    """One thing measured several times; `against` names the row of ours that is compared with it."""

    name: str
    role: Role
    run: Callable[[], Taken]
    size: int = 0
    unit: str = ""
    against: str | None = None
    runs: list[Taken] = field(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        return [taken.seconds for taken in self.runs]


@dataclass
class Verdict:
    """Whether a target was met; `met` is None where there is only a number to tell."""

    text: str
    met: bool | None = None

    def __str__(self) -> str:
        return f"{ {True: 'met', False: 'MISSED', None: 'note'}[self.met] }: {self.text}"


@dataclass
class Bench:
    """A bench that has run."""

    name: str
    title: str
    rows: list[Row]
    verdicts: list[Verdict] = field(default_factory=list)

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data."""
        return {
            "name": self.name,
            "title": self.title,
            "rows": [
                {
                    "name": r.name,
                    "role": r.role,
                    "size": r.size,
                    "unit": r.unit,
                    "runs": [asdict(t) for t in r.runs],
                }
                for r in self.rows
            ],
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
        }


def interleaved(rows: list[Row], repeat: int, tell: Callable[[str], None]) -> None:
    """Run each row `repeat` times, one after the other in each round, so that a busy minute hits all alike."""
    for turn in range(repeat):
        for row in rows:
            tell(f"{row.name} {turn + 1}/{repeat}")
            row.runs.append(row.run())


def ratios(mine: Row, other: Row) -> list[float]:
    """Return how many times as long `mine` took as `other`, for each round; per unit where the sizes differ.

    A row that was run once is compared with the median of the rounds.
    """
    scale = other.size / mine.size if mine.size and other.size else 1.0
    if len(mine.runs) != len(other.runs):
        return [median(mine.seconds) / median(other.seconds) * scale]
    return [a / b * scale for a, b in zip(mine.seconds, other.seconds, strict=True)]


def spread(numbers: list[float], digits: int) -> str:
    """Return median (min..max)."""
    low, mid, high = min(numbers), median(numbers), max(numbers)
    return f"{mid:.{digits}f} ({low:.{digits}f}..{high:.{digits}f})"


def shown(bench: Bench) -> str:
    """Return a bench as text."""
    lines = [HEAD, *(_cells(bench, row) for row in bench.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join(
        [
            f"== {bench.name}: {bench.title}",
            *text,
            *(f"   {verdict}" for verdict in bench.verdicts),
            "",
        ]
    )


def _cells(bench: Bench, row: Row) -> tuple[str, ...]:
    speed = f"{row.size / median(row.seconds):,.0f} {row.unit}" if row.size else ""
    has_cpu = any(taken.cpu_seconds for taken in row.runs)
    over = (
        f"{median(t.over_mib for t in row.runs):,.0f}" if any(t.peak_mib for t in row.runs) else ""
    )
    ratio = f"{spread(ratios(bench.row(row.against), row), 2)} x this" if row.against else ""
    return (
        row.name,
        row.role if row.role != "other" else "",
        spread(row.seconds, 2 if median(row.seconds) >= 1 else 3),
        f"{median(t.cpu_seconds for t in row.runs):.2f}" if has_cpu else "",
        speed,
        over,
        ratio,
    )
