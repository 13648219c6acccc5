"""A check: one object that says what must hold, how much a fault weighs, and how faults are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

import polars as pl

from benchfmt.checks.frames import Frames
from benchfmt.checks.kinds import Question
from benchfmt.checks.rule_sets import NAMES
from benchfmt.finding import Severity

Table = Literal["records", "measurements", "systems"]
Run = Callable[[Frames], pl.DataFrame]
"""Finds the faults of sound frames; `faults` makes what it returns."""


class Doubt(StrEnum):
    """Which values a fault casts doubt on. The checks after it do not see them, so that a fault has no echo."""

    VALUE = "value"
    """The value of the measurement at fault."""
    METRIC = "metric"
    """All values of the same metric in the record: they cannot all be right."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of a column that are at fault where an expression is true; all checks of a table are read in one pass."""

    table: Table
    column: str
    fault: pl.Expr
    message: pl.Expr
    hint: pl.Expr | None = None
    value: pl.Expr | None = None
    """What the finding shows; the cell itself where this is None."""
    needs_cell: bool = False
    """Whether a fault needs a cell in the column: where there is none, the rows are not looked at."""
    kinds: Question | None = None
    """Which kinds of measurements alone can be at fault: where there is none, the rows are not looked at."""


class Gatherer(Protocol):
    """Compares records of different batches: it is given batch after batch, and asked at the end.

    One with an attribute `column` names the column of its faults; else they stand at the value, or at the id; rows
    with a `table` and a `column` say it themselves. After `faults`, an attribute `more` says how many there are that it does not give, and `note` what was not looked at.
    """

    def add(self, frames: Frames) -> pl.DataFrame:
        """Take a batch; returns the rows of the check's table at which a fault may stand, in the order of their `spot`."""

    def faults(self) -> pl.DataFrame:
        """Return the faults of all batches; the row of each is its spot, counted over all batches."""


@runtime_checkable
class Divided(Gatherer, Protocol):
    """A gatherer whose batches may be looked at by other processes: `add` of a batch is `merge` of what is taken of it."""

    @property
    def take(self) -> Callable[[Frames], Any]:
        """What takes of a batch all that is needed of it, None for nothing; another process may call it."""

    def merge(self, taken: Any) -> pl.DataFrame:
        """Take what was taken of the next batch; returns what `add` would."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """What must hold, and how a fault is found.

    Without `run`, `cells` and `gather`, the fault is reported by what reads the file.
    """

    code: str
    """Never changes its meaning, and is never used again."""
    severity: Severity
    """How much a fault weighs, where a rule set says nothing else."""
    title: str
    """What must hold, in a sentence without a full stop."""
    table: Table | None = None
    """The table whose rows are judged; None where it is several, or none."""
    needs: tuple[str, ...] = ()
    """Columns of `table` that a fault needs: where one of them has no cell, the check is not run."""
    suppresses: Doubt | None = None
    """What the checks after it do not see of a measurement at fault."""
    follows: tuple[str, ...] = ()
    """Columns of `table` whose faults explain one of this check in the same row, which is then not reported."""
    follows_codes: frozenset[str] = frozenset()
    """Codes whose faults explain one of this check in the same record, which is then not reported."""
    whole_record: bool = False
    """Whether it asks for a whole record: it is not reported for one that has a measurement at fault."""
    rules: tuple[str, ...] = NAMES
    """The rule sets that it belongs to; all of them unless it says otherwise."""
    run: Run | None = None
    cells: tuple[Cells, ...] = ()
    gather: Callable[[], Gatherer] | None = None
    prepare: Callable[[Frames], object] | None = None
    """What `gather` asks of a batch by itself (`Frames.together`), which is done where several batches are judged at once."""
    page: str | None = None
    """The page as Markdown; None where it is the file `pages/CODE.md` beside the checks of benchfmt."""
