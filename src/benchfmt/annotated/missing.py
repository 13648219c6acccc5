"""Which cells of a column mean no value, and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from benchfmt.annotated.cells import matches
from benchfmt.annotated.masks import settled
from benchfmt.annotated.patterns import whole
from benchfmt.descriptor import TableField, TableSchema
from benchfmt.vocabulary import vocabulary

Reasoned = Iterator[tuple[pl.Series, str]]


@dataclass(frozen=True)
class Missing:
    """The texts of a column that mean no value, and the reasons that a descriptor gives."""

    texts: tuple[str, ...]
    """`missingValues`: texts that are read like an empty cell."""
    labelled: Mapping[str, str]
    """Those of them whose label is a reason of the vocabulary."""
    named: Mapping[str, str]
    patterns: Mapping[str, str]

    @classmethod
    def of(cls, schema: TableSchema, column: TableField | None) -> Missing:
        """Return what means no value in a column, or in one that no field describes."""
        labels = schema.missing_in(column)
        reasons = {text: label for text, label in labels.items() if label is not None}
        known = vocabulary().terms("missing")
        note = column.benchfmt if column else None
        return cls(
            texts=tuple(labels),
            labelled={text: label for text, label in reasons.items() if label in known},
            named=note.missing if note else {},
            patterns=note.missing_patterns if note else {},
        )

    @property
    def way(self) -> Hashable:
        """What decides which cells mean no value and why, the same for columns that say the same."""
        said = (self.labelled, self.named, self.patterns)
        return (self.texts, *(tuple(reasons.items()) for reasons in said))

    @property
    def has_reasons(self) -> bool:
        """Whether the descriptor gives a reason at all."""
        return bool(self.labelled or self.named or self.patterns)

    def reasons(self, cells: pl.Series) -> Reasoned:
        """Yield the cells of each reason, those of later ones counting; a number is also met in other digits."""
        for text, reason in self.labelled.items():
            yield matches(cells, [text], numeric=False), reason
        yield from self.annotated(cells, numeric=True)

    def annotated(self, cells: pl.Series, *, numeric: bool) -> Reasoned:
        """Yield the cells of each reason that the column's annotation gives."""
        for pattern, reason in self.patterns.items():
            yield settled(cells.str.contains(whole(pattern))), reason
        for text, reason in self.named.items():
            yield matches(cells, [text], numeric=numeric), reason
