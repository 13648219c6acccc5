"""Columns whose metric or unit stands in another column, row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchfmt.annotated.columns import Measure, measure
from benchfmt.annotated.faults import AnnotationError
from benchfmt.annotated.program import Program, metric_from, unit_from
from benchfmt.annotation import FieldAnnotation, MetricColumn, MetricUse, UnitColumn
from benchfmt.descriptor import TableField
from benchfmt.finding import BenchfmtError
from benchfmt.units import find_unit
from benchfmt.vocabulary import vocabulary

Named = tuple[str | None, str | None]
"""The words that name the metric and the unit of a number; None where no column names them, or its cell is empty."""


class UnnamedError(BenchfmtError):
    """Words that name no measurement; `column` holds the `word`, which is None for an empty cell."""

    def __init__(self, message: str, column: str, word: str | None) -> None:
        """Keep the place beside the message."""
        super().__init__(message)
        self.column = column
        self.word = word


@dataclass(frozen=True)
class NamedMeasures:
    """A column whose metric, unit or both are named by other columns, row by row."""

    item: TableField
    program: Program

    @property
    def note(self) -> FieldAnnotation:
        """The annotation of the column."""
        return self.program.note(self.item.name)

    @property
    def metric_from(self) -> str | None:
        """The column that names the metric."""
        return metric_from(self.note)

    @property
    def unit_from(self) -> str | None:
        """The column that names the unit."""
        return unit_from(self.note)

    def use(self, word: str | None) -> MetricUse | None:
        """Return what a word says is measured, or None where it is not known."""
        metric = self.note.metric
        if not isinstance(metric, MetricColumn):
            return MetricUse(metric=metric) if metric else None
        use = None
        if word is not None:
            use = metric.terms.get(word)
            use = use or vocabulary().match("metric", word, self.program.namespace)
        return MetricUse(metric=use) if isinstance(use, str) else use

    def measure(self, named: Named, *, has_number: bool) -> Measure:
        """Return the measurement of the rows with these words; raises UnnamedError where one is not known.

        Rows without a number need no unit: their measurement is missing.
        """
        name, note, program = self.item.name, self.note, self.program
        use = self.use(named[0])
        if use is None:
            message = f"{named[0]!r} names no known metric"
            raise UnnamedError(message, self.metric_from or name, named[0])
        if self.unit_from and has_number:
            use = use.model_copy(update={"unit": self._unit(named[1])})
        of_it = program.parts.get(name, ())
        variant = program.variants.index(dict(note.record))
        try:
            made = measure(name, note, use, program.metrics, variant, of_it)
        except AnnotationError as error:
            if self.unit_from is None:
                raise
            raise UnnamedError(str(error), self.unit_from, named[1]) from error
        where = []
        if self.metric_from:
            where.append((self.metric_from, named[0]))
        if self.unit_from:
            where.append((self.unit_from, named[1]) if has_number else (name, None))
        return replace(made, where=tuple(where))

    def _unit(self, word: str | None) -> str:
        """Return the unit that a word names; raises UnnamedError."""
        terms = self.note.unit.terms if isinstance(self.note.unit, UnitColumn) else {}
        column = self.unit_from or ""
        unit = terms.get(word or "", word)
        if unit is None:
            message = f"no unit is named for a number of {self.item.name!r}"
            raise UnnamedError(message, column, "")
        if find_unit(unit) is None:
            raise UnnamedError(f"{unit!r} is not a known unit", column, word or "")
        return unit
