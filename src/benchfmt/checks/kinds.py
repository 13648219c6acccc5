"""Kinds of measurements: the rows of a batch that share metric, statistic, stage, per, scope and units.

Batches hold hundreds of thousands of measurements of a few dozen kinds. What follows from these columns alone is judged
once for each kind, and a check that needs several measurements of a record looks only at kinds that can be at fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import polars as pl

from benchfmt.checks.screens import Look, looked_at
from benchfmt.record import KEY_FIELDS
from benchfmt.rowhash import row_hashes

T = TypeVar("T")
KIND = "__kind"
"""The number of a measurement's kind."""
KEY = "__key"
"""The place of a kind among all, ordered by key; kinds of one key have one."""
RECORD = "__record"
"""A number, from 0, that the measurements of one record share, and no others."""
GROUP = "__group"
"""A number that measurements of one record share which differ in their statistic alone, and no others."""
_WITHOUT_STATISTIC = tuple(name for name in KEY_FIELDS if name != "statistic")
NAMING = (*KEY_FIELDS, "unit", "basis", "missing", "reported_unit")
"""The columns that are equal in all rows of a kind."""
_MOST_PLACES = 64
"""Numbers are marked off, a byte each, where they are not more than so many times as far as they are many."""
TEXTS = "__texts"
"""A number that rows share whose texts in `NAMING` are equal, and no others; frames that were typed bring it."""


_SLOTS = 2**16
_LAST_DIGITS = np.uint64(_SLOTS - 1)
"""A kind is looked up in the slot that the last digits of its hash name."""
_MOST_KINDS = 2**13
"""So many kinds are remembered: each question is asked about all of them. A batch may have more of its own."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of each kind: whether it meets a condition, and further columns by their names."""

    condition: pl.Expr
    more: Mapping[str, pl.Expr] = field(default_factory=dict)


class Answers:
    """What is known of some kinds; the next batch mostly has the same ones, and is not asked again."""

    def __init__(self, kinds: pl.DataFrame) -> None:
        """Take the kinds, of which nothing was asked yet."""
        self.kinds = kinds
        self.columns = frozenset(kinds.columns)
        self.keys = kinds[KEY].cast(pl.Int64) if KEY in self.columns else pl.Series(dtype=pl.Int64)
        self._answers: dict[Question, pl.DataFrame] = {}
        self._meet: dict[Question, bool] = {}
        self._made: dict[Callable[[pl.DataFrame], Any], Any] = {}
        self._looks: dict[str, Look] = {}
        self._distinct: dict[str, list[str]] = {}
        self._pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def to(self, question: Question) -> pl.DataFrame:
        """Return a row for each kind: `meets`, and the further columns."""
        answer = self._answers.get(question)
        if answer is None:
            meets = question.condition.fill_null(value=False).alias("meets")
            answer = self.kinds.select(meets, **question.more)
            self._answers[question] = answer
        return answer

    def meeting(self, question: Question, numbers: pl.Series) -> pl.Series:
        """Return which of some kinds, by their numbers, meet the condition of a question."""
        return self.to(question)["meets"][numbers]

    def more(self, question: Question, numbers: pl.Series) -> list[pl.Series]:
        """Return the further columns of a question for some kinds, by their numbers."""
        if not question.more:
            return []
        return self.to(question)[list(question.more)][numbers].get_columns()

    def meet(self, question: Question) -> bool:
        """Return whether any kind meets the condition of a question."""
        if question not in self._meet:
            self._meet[question] = bool(self.to(question)["meets"].any())
        return self._meet[question]

    def made(self, make: Callable[[pl.DataFrame], T]) -> T:
        """Return what a function makes of the kinds; it is called once."""
        if make not in self._made:
            self._made[make] = make(self.kinds)
        made: T = self._made[make]
        return made

    def look(self, column: str) -> Look:
        """Return what a look at all texts of a column of the kinds says."""
        if column not in self._looks:
            texts = pl.Series(self.distinct(column), dtype=pl.String)
            self._looks[column] = looked_at(texts)
        return self._looks[column]

    def distinct(self, column: str) -> list[str]:
        """Return the distinct texts of a column of the kinds, in order."""
        if column not in self._distinct:
            self._distinct |= distinct_texts(self.kinds[[column]])
        return self._distinct[column]

    def distinct_pairs(self, first: str, second: str) -> list[tuple[str, str]]:
        """Return the distinct pairs of texts of two columns of the kinds, both given, in order."""
        key = (first, second)
        if key not in self._pairs:
            self._pairs[key] = distinct_pairs(self.kinds, first, second)
        return self._pairs[key]


def distinct_texts(columns: pl.DataFrame) -> dict[str, list[str]]:
    """Return the distinct texts of each of some columns, in order."""
    if not columns.height:
        return {name: [] for name in columns.columns}
    lists = columns.select_seq(pl.all().unique().implode()).row(0, named=True)
    # Texts have one order in Python and in polars, where a call costs more than to sort a few.
    return {
        name: sorted(text for text in texts if text is not None) for name, texts in lists.items()
    }


def distinct_pairs(frame: pl.DataFrame, first: str, second: str) -> list[tuple[str, str]]:
    """Return the distinct pairs of texts of two columns, both given, in order."""
    pairs = frame.select(first, second).drop_nulls().unique()
    return pairs.sort(first, second).rows()


class Kinds:
    """The kinds of the batches up to now: a row each, with `KIND`, `KEY` and `NAMING`, and what was asked about them.

    A batch need not have all of them: that none of its rows is of a kind is seen where rows are looked at.
    """

    def __init__(self, named: pl.DataFrame) -> None:
        """Take `NAMING` and `TEXTS` of each kind, in the order in which they were met."""
        self._named = named
        ordered = named.with_columns(key_order().alias(KEY)).sort(KEY, maintain_order=True)
        numbered = ordered.with_columns(
            pl.col(KEY).rle_id(),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias(KIND),
            pl.struct(_WITHOUT_STATISTIC).rank("dense").cast(pl.Int64).alias(GROUP),
        )
        by_hash = numbered.sort(TEXTS)
        self._hashes = by_hash[TEXTS].to_numpy()
        self._numbers = by_hash[KIND].to_numpy()
        self._places = np.zeros(_SLOTS, dtype=np.int64)
        self._places[self._hashes & _LAST_DIGITS] = np.arange(named.height)
        self.groups = numbered[GROUP]
        self.answers = Answers(numbered.drop(TEXTS, GROUP))

    @property
    def height(self) -> int:
        """How many kinds there are."""
        return self._named.height

    def numbers_of(self, hashes: pl.Series) -> pl.Series:
        """Return the number of the kind of each row; raises KeyError for a row of another kind than these."""
        if not hashes.len():
            return pl.Series([], dtype=pl.UInt32)
        if not self.height:
            raise KeyError("a kind")
        wanted = hashes.to_numpy()
        places = self._places[wanted & _LAST_DIGITS]
        others = np.flatnonzero(self._hashes[places] != wanted)
        if len(others):
            # A search takes longer: only kinds are looked for that share their slot with another.
            searched = np.searchsorted(self._hashes, wanted[others])
            places[others] = np.minimum(searched, self.height - 1)
            if not (self._hashes[places[others]] == wanted[others]).all():
                raise KeyError("a kind")
        return pl.Series(self._numbers[places])

    def extended(self, named: pl.DataFrame) -> Kinds:
        """Return these kinds and new ones of others; the others alone where that would be too many to be asked about."""
        known = pl.Series(self._hashes).implode()
        new = named.filter(~pl.col(TEXTS).is_in(known))
        if self.height + new.height > max(_MOST_KINDS, named.height):
            return Kinds(named)
        return Kinds(pl.concat([self._named, new]))


class Names:
    """What `TEXTS` of the measurements of one table stands for, so that these need not hold their names.

    The nine columns of `NAMING` take more memory than all others together.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._known: set[int] = set()
        self._named: pl.DataFrame | None = None

    def of(self, measurements: pl.DataFrame, first: pl.Series) -> pl.DataFrame:
        """Return `NAMING` and `TEXTS` of the kinds of measurements, and perhaps of others; `first` says where each stands first."""
        kinds = set(measurements[TEXTS][first].to_list())
        if self._named is not None and kinds <= self._known:
            return self._named
        # A gather of a column in pieces would put it together; `NAMING` of all rows is seldom asked for.
        new = measurements[[*NAMING, TEXTS]][first]
        if self._named is not None and len(self._known) + len(kinds) <= _MOST_KINDS:
            new = pl.concat([self._named, new]).unique(TEXTS, maintain_order=True)
        self._named = new
        self._known = set(new[TEXTS].to_list())
        return new


def with_kinds(
    measurements: pl.DataFrame, named: pl.DataFrame | None = None, known: Kinds | None = None
) -> tuple[pl.DataFrame, Kinds]:
    """Return measurements with `KIND` in place of `NAMING`, and the kinds: theirs, and those of earlier batches.

    `named` has `NAMING` and `TEXTS` of each kind where the measurements are without them already (`Names`); `known` are
    the kinds of earlier batches, whose texts have the same hashes.
    """
    if TEXTS not in measurements.columns:
        measurements = measurements.with_columns(row_hashes(measurements, NAMING).alias(TEXTS))
    kinds, numbers = _numbered(measurements, named, known)
    bare = measurements.drop(TEXTS, *NAMING, strict=False)
    return bare.with_columns(numbers.alias(KIND)), kinds


def with_groups(measurements: pl.DataFrame, records: pl.Series, kinds: Kinds) -> pl.DataFrame:
    """Return measurements of kinds with `RECORD`, the numbers that those of one record share, and `GROUP`."""
    groups = records * (kinds.height + 1) + kinds.groups[measurements[KIND]]
    return measurements.with_columns(records.alias(RECORD), groups.alias(GROUP))


def gathered(facts: pl.DataFrame, numbers: pl.Series) -> list[pl.Series | pl.Expr]:
    """Return what each row of facts says, for the rows that have its number; what all say alike is kept once."""
    columns: list[pl.Series | pl.Expr] = []
    for cells in facts.iter_columns():
        if cells.n_unique() == 1:
            columns.append(pl.lit(cells[0], dtype=cells.dtype).alias(cells.name))
        else:
            columns.append(cells[numbers])
    return columns


def _numbered(
    measurements: pl.DataFrame, named: pl.DataFrame | None, known: Kinds | None
) -> tuple[Kinds, pl.Series]:
    """Return kinds that hold those of measurements, and the number of each measurement's kind."""
    hashes = measurements[TEXTS]
    if known is not None:
        with suppress(KeyError):
            return known, known.numbers_of(hashes)
    if named is None:
        named = measurements[[*NAMING, TEXTS]][hashes.arg_unique()]
    kinds = Kinds(named) if known is None else known.extended(named)
    return kinds, kinds.numbers_of(hashes)


def key_order() -> pl.Expr:
    """Return texts that are ordered as the keys of measurements are."""
    parts = [pl.col(name).fill_null("") for name in KEY_FIELDS]
    return pl.concat_str(parts, separator="\x00")


def may_fall_in_record(measurements: pl.DataFrame, numbers: pl.Series) -> bool:
    """Whether a number may be below the one before it in its record; where records stand together, whether one is."""
    records = measurements[RECORD]
    if not records.is_sorted():
        return True
    of_rows, owners = numbers.to_numpy(), records.to_numpy()
    falls = of_rows[1:] < of_rows[:-1]
    return bool((falls & (owners[1:] == owners[:-1])).any())


def before_in_record(measurements: pl.DataFrame, numbers: pl.Series) -> pl.Series:
    """Return for each row the number of the row before it in its record; null for the first one."""
    records = measurements[RECORD]
    if records.is_sorted():
        return numbers.shift(1).set(records != records.shift(1), None)
    return pl.select(numbers.alias("number"), records.alias(RECORD)).select(
        pl.col("number").shift(1).over(RECORD)
    )["number"]


def are_distinct(numbers: pl.Series, end: int) -> bool:
    """Whether no two of some numbers from 0 to before `end` are equal."""
    if end > _MOST_PLACES * numbers.len():
        return bool(numbers.n_unique() == numbers.len())
    is_seen = np.zeros(end, dtype=np.bool_)
    is_seen[numbers.to_numpy()] = True
    return int(np.count_nonzero(is_seen)) == numbers.len()


def record_numbers(measurements: pl.DataFrame) -> pl.Series:
    """Return a number for each row, from 0, that the rows of one record share; they mostly stand together."""
    ids = measurements["record_id"]
    runs = ids.rle_id()
    first_rows = ids[runs.arg_unique()]
    if first_rows.n_unique() < first_rows.len():
        runs = ids.rank("dense") - 1
    return runs.cast(pl.Int64)
