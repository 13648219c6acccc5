"""What an annotation assumes of a table and nobody confirms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchfmt.annotated.program import Program

_OR_CONFIRM = 'or say who or what confirms it: "confirmed": "..."'


@dataclass(frozen=True)
class Assumption:
    """One thing that is assumed of a column: the code of its finding, what is assumed, and what to do."""

    code: str
    column: str
    message: str
    hint: str


def assumptions(program: Program) -> Iterator[Assumption]:
    """Yield what an annotation assumes: first the units, then what the numbers are."""
    for column in program.unconfirmed("unit-inferred"):
        unit = program.note(column).unit_word
        message = f"the unit {unit} is assumed: nothing in the table says it"
        hint = f"correct `unit`, {_OR_CONFIRM}"
        if program.note(column).unit is None:
            message = "the units of its numbers are assumed: nothing in the table says them"
            hint = f"say `unit`, under `terms` where another column names the metric, {_OR_CONFIRM}"
        yield Assumption("BF208", column, message, hint)
    for column in program.unconfirmed("definition-inferred"):
        message = "what its numbers are is assumed: nothing in the table says it"
        yield Assumption("BF209", column, message, f"correct its annotation, {_OR_CONFIRM}")
