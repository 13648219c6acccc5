"""Which cells of a column mean no value, and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from benchfmt.annotated.cells import matches, numbers_of
from benchfmt.annotated.masks import Texts, is_one_of, settled
from benchfmt.annotated.patterns import whole
from benchfmt.descriptor import MissingValue, TableField, TableSchema, labels_of
from benchfmt.vocabulary import vocabulary

Reasoned = Iterator[tuple[pl.Series, str]]


@dataclass(frozen=True, eq=False)
class Meaningless:
    """The texts of `missingValues`, which many columns share and every frame of rows is asked for: there may be 500,000."""

    texts: Texts
    """Texts that are read like an empty cell, and the empty one."""
    labelled: Mapping[str, Texts]
    """Those of them whose label is a reason of the vocabulary, by that reason."""

    @classmethod
    def of(cls, values: Sequence[str | MissingValue]) -> Meaningless:
        """Return what some `missingValues` say."""
        labels = labels_of(values)
        known = vocabulary().terms("missing")
        labelled = by_reason((text, label) for text, label in labels.items() if label in known)
        texts = Texts.of({"": None, **labels})
        return cls(texts, {reason: Texts.of(words) for reason, words in labelled.items()})


@dataclass(frozen=True)
class Missing:
    """The texts of a column that mean no value, and the reasons that a descriptor gives."""

    said: Meaningless
    named: Mapping[str, Sequence[str]]
    """The texts of the column's annotation, by reason."""
    patterns: Mapping[str, str]

    @property
    def texts(self) -> Texts:
        """Texts that are read like an empty cell, and the empty one."""
        return self.said.texts

    @property
    def way(self) -> Hashable:
        """What decides which cells mean no value and why, the same for columns that say the same."""
        named = tuple((reason, tuple(words)) for reason, words in self.named.items())
        return (self.said, named, tuple(self.patterns.items()))

    @property
    def has_reasons(self) -> bool:
        """Whether the descriptor gives a reason at all."""
        return bool(self.said.labelled or self.named or self.patterns)

    def reasons(self, cells: pl.Series) -> Reasoned:
        """Yield the cells of each reason, those of later ones counting; a number is also met in other digits."""
        for reason, words in self.said.labelled.items():
            yield settled(is_one_of(cells, words)), reason
        yield from self.annotated(cells, numeric=True)

    def annotated(self, cells: pl.Series, *, numeric: bool) -> Reasoned:
        """Yield the cells of each reason that the column's annotation gives."""
        for pattern, reason in self.patterns.items():
            yield settled(cells.str.contains(whole(pattern))), reason
        for reason, words in self.named.items():
            yield matches(cells, words, numeric=numeric), reason


def missing_of(schema: TableSchema, columns: Iterable[str]) -> dict[str, Missing]:
    """Return what means no value in each column of a file; what several columns say alike is one object."""
    described = {item.name: item for item in schema.fields}
    everywhere = Meaningless.of(schema.missing_values)
    same: dict[Hashable, Meaningless] = {}

    def said_of(column: TableField | None) -> Meaningless:
        if column is None or column.missing_values is None:
            return everywhere
        way = tuple(labels_of(column.missing_values).items())
        if way not in same:
            same[way] = Meaningless.of(column.missing_values)
        return same[way]

    def missing(column: TableField | None) -> Missing:
        note = column.benchfmt if column else None
        if note is None:
            return Missing(said_of(column), {}, {})
        return Missing(said_of(column), _named(note.missing), note.missing_patterns)

    return {name: missing(described.get(name)) for name in columns}


def by_reason(reasons: Iterable[tuple[str, str | None]]) -> dict[str, list[str]]:
    """Return texts by the reason that each has: of reasons there are few, and each is asked of every row."""
    texts: dict[str, list[str]] = {}
    for text, reason in reasons:
        if reason is not None:
            texts.setdefault(reason, []).append(text)
    return texts


def _named(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the texts of an annotation by reason; of one number in different digits the last reason counts."""
    # NaN does not equal itself, so numbers are told apart as texts, in which -0 is 0.
    numbers = {text: [repr(number + 0.0) for number in numbers_of(text)] for text in reasons}
    of_number = {number: reasons[text] for text, same in numbers.items() for number in same}
    return by_reason(
        (text, next((of_number[number] for number in numbers[text]), reason))
        for text, reason in reasons.items()
    )
