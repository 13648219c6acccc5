"""What checks look at, and what they give: frames of the three tables, and frames of faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

import polars as pl

from benchfmt import possible
from benchfmt.checks.kinds import (
    KIND,
    NAMING,
    RECORD,
    Answers,
    Kinds,
    Question,
    distinct_pairs,
    distinct_texts,
    gathered,
    record_numbers,
    with_groups,
    with_kinds,
)
from benchfmt.limits import LIMITS
from benchfmt.tables import COLUMNS, TERM_COLUMNS
from benchfmt.vocabulary import Metric, vocabulary

PolarsType = type[pl.DataType]
ROW = "__row"
"""The number of a row in its file."""
OWNER = "__owner"
"""The place of a measurement's record among all records."""
_ROW_MARK = "\x1f"
_LONGEST_WORD = 100
"""What is suggested for a longer one is not remembered."""
FAULT_COLUMNS = ("code", "table", "row", "record", "column", "message", "value", "hint")
_FAULT_TYPES = {
    "table": pl.String,
    "row": pl.Int64,
    "record": pl.String,
    "column": pl.String,
    "message": pl.String,
    "value": pl.String,
    "hint": pl.String,
}
RECORD_IDS = {"records": "id", "measurements": "record_id"}
"""The column of a table that holds the id of a row's record."""
_METRIC_FACTS = ("m_unit", "m_min", "m_max", "m_zero", "m_same_unit", "m_fraction")
_RECORD_FACTS = ("scenario", "status", "batch_size")
_DTYPES: dict[str, PolarsType] = {
    "text": pl.String,
    "json": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
}


@dataclass(frozen=True)
class Frames:
    """Some records, all of their measurements, and all systems; every frame typed, sound and with its row numbers.

    `measurements` have what their metric says (`m_unit`, `m_min`, `m_max`, `m_zero`, ...) and their record's
    `scenario`, `status` and `batch_size`. What all of a kind share (`checks.kinds`) is kept once for each kind, and
    added to the rows that are asked for: `measured`, `columns` and `of_kinds` add it to few rows or columns.
    """

    records: pl.DataFrame
    bare: pl.DataFrame
    """The measurements without the columns of `of_kind`."""
    systems: pl.DataFrame
    metrics: Mapping[str, Metric]
    prefixes: frozenset[str]
    has_new_systems: bool = True
    """Whether the faults of systems are asked for: else they were found with an earlier batch, whose systems are these."""
    of_kind: pl.DataFrame = field(default_factory=pl.DataFrame)
    """What the measurements of each kind share: a row for each kind, by its number."""
    answers: Answers = field(default_factory=lambda: Answers(pl.DataFrame()))
    """What was asked about the kinds."""
    listed: int = LIMITS.findings_per_code
    """So many faults of a code are listed."""
    _distinct: dict[tuple[str, str], list[str]] = field(default_factory=dict, init=False)
    _pairs: dict[tuple[str, str, str], list[tuple[str, str]]] = field(
        default_factory=dict, init=False
    )
    _together: dict[str, Mapping[str, pl.DataFrame]] = field(default_factory=dict, init=False)
    _bare: dict[str, frozenset[str]] = field(default_factory=dict, init=False)
    """The columns of each table in which no cell is filled."""
    _whole: list[pl.DataFrame] = field(default_factory=list, init=False)
    """The measurements with all of their columns, once these were asked for."""
    _none: list[pl.DataFrame] = field(default_factory=list, init=False)
    """No measurement with all of their columns, once it was asked for."""

    @property
    def measurements(self) -> pl.DataFrame:
        """All measurements with all of their columns: for what cannot say which rows or columns it needs."""
        if not self._whole:
            self._whole.append(self._with_shared(self.bare, self.of_kind.columns))
        return self._whole[0]

    @property
    def kinds(self) -> pl.DataFrame:
        """The kinds of measurements: what names them, and how they are numbered."""
        return self.answers.kinds

    def measured(self, where: pl.Expr | pl.Series) -> pl.DataFrame:
        """Return the measurements for which a condition is true, with all of their columns."""
        if isinstance(where, pl.Expr):
            where = self._where(where)
        if not where.any():
            return self.no_measurements()
        return self._with_shared(self.bare.filter(where), self.of_kind.columns)

    def rows(self, table: str, where: pl.Expr | pl.Series) -> pl.DataFrame:
        """Return the rows of a table for which a condition is true, with all of their columns."""
        if table == "measurements":
            return self.measured(where)
        return self.table(table).filter(where)

    def no_measurements(self) -> pl.DataFrame:
        """Return measurements without a row."""
        if not self._none:
            self._none.append(self._with_shared(self.bare.clear(), self.of_kind.columns))
        return self._none[0]

    def columns(self, table: str, names: Sequence[str]) -> pl.DataFrame:
        """Return some columns of a table, in any order; raises ColumnNotFoundError for one that does not exist."""
        if table != "measurements":
            return self.table(table)[list(names)]
        shared = [name for name in names if name in self.of_kind.columns]
        own = [name for name in names if name not in shared]
        if not shared:
            return self.bare[own]
        return self._with_shared(self.bare[list({*own, KIND})], shared)

    def _where(self, condition: pl.Expr) -> pl.Series:
        """Return for which measurements a condition is true."""
        names = condition.meta.root_names()
        looked_at = self.columns("measurements", list(dict.fromkeys(names)))
        return looked_at.select(condition.fill_null(value=False)).to_series()

    def _with_shared(self, rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        """Return measurements with some of what their kinds say."""
        if not names:
            return rows
        return rows.with_columns(gathered(self.of_kind[list(names)], rows[KIND]))

    def table(self, name: str) -> pl.DataFrame:
        """Return the frame of a table; raises KeyError for a name that is none."""
        match name:
            case "records":
                return self.records
            case "measurements":
                return self.measurements
            case "systems":
                return self.systems
        raise KeyError(name)

    def height(self, table: str) -> int:
        """Return how many rows a table has."""
        if table == "measurements":
            return self.bare.height
        return self.table(table).height

    def has_cell(self, table: str, column: str) -> bool:
        """Whether a column of a table has a cell, or does not exist; looked up once for all checks."""
        if table not in self._bare:
            frames = [self.bare, self.of_kind]
            if table != "measurements":
                frames = [self.table(table)]
            empty_columns = []
            for frame in frames:
                for cells in frame.iter_columns():
                    if cells.null_count() == cells.len():
                        empty_columns.append(cells.name)
            self._bare[table] = frozenset(empty_columns)
        return column not in self._bare[table]

    def distinct(self, table: str, column: str) -> list[str]:
        """Return the distinct texts of a column, in order; looked up once for all checks."""
        if self.is_of_kinds(table, column):
            return self.answers.distinct(column)
        key = (table, column)
        if key not in self._distinct and not self.has_cell(table, column):
            self._distinct[key] = []
        if key not in self._distinct:
            asked = {column}
            if column in TERM_COLUMNS[table]:
                # All columns of terms are asked about: one call costs less than one for each.
                terms = TERM_COLUMNS[table]
                asked |= {
                    name
                    for name in terms
                    if self.has_cell(table, name) and not self.is_of_kinds(table, name)
                }
            for name, texts in distinct_texts(self.columns(table, list(asked))).items():
                self._distinct[table, name] = texts
        return self._distinct[key]

    def distinct_pairs(self, table: str, first: str, second: str) -> list[tuple[str, str]]:
        """Return the distinct pairs of texts of two columns, both given, in order; looked up once for all checks."""
        if self.is_of_kinds(table, first, second):
            return self.answers.distinct_pairs(first, second)
        key = (table, first, second)
        if key not in self._pairs:
            self._pairs[key] = distinct_pairs(self.columns(table, [first, second]), first, second)
        return self._pairs[key]

    def together(
        self, name: str, find: Callable[[Frames], Mapping[str, pl.DataFrame]]
    ) -> Mapping[str, pl.DataFrame]:
        """Return the faults, by code, that several checks look for in one pass; `name` says which, and it runs once."""
        if name not in self._together:
            self._together[name] = find(self)
        return self._together[name]

    def of_kinds(
        self, question: Question, only: Sequence[str] = (), where: pl.Expr | None = None
    ) -> pl.DataFrame:
        """Return the measurements whose kind meets the condition of a question, all of their columns or `only` some.

        The further columns of the question are added; all is asked once for each kind. Of the rest, `where` keeps
        the rows for which it is true.
        """
        measurements = self.bare
        shared: Sequence[str] = self.of_kind.columns
        if only:
            own = [name for name in only if name in self.bare.columns]
            measurements = measurements[list(dict.fromkeys([KIND, *own]))]
            shared = [name for name in only if name not in self.bare.columns]
        if not self.answers.meet(question):
            measurements = measurements.clear()
        else:
            kept = self.answers.meeting(question, self.bare[KIND])
            if where is not None:
                kept &= self._where(where)
            if not kept.any():
                measurements = measurements.clear()
            elif not kept.all():
                measurements = measurements.filter(kept)
        measurements = self._with_shared(measurements, shared)
        columns = self.answers.more(question, measurements[KIND])
        if not columns:
            return measurements
        return measurements.with_columns(columns)

    def is_of_kinds(self, table: str, *columns: str) -> bool:
        """Whether the kinds of measurements hold all texts of some columns of a table."""
        return table == "measurements" and self.answers.columns.issuperset(columns)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a word, and what to write instead."""

    message: str
    hint: str | None = None


def in_row(row: int, record_id: str) -> str:
    """Return the id under which the checks see the record of a row of JSON, so that equal ids stay apart."""
    return f"{row}{_ROW_MARK}{record_id}"


def own_id() -> pl.Expr:
    """Return the ids of records as their author gave them, without the rows that `in_row` put before them."""
    return pl.col("id").str.replace(f"^[0-9]+{_ROW_MARK}", "")


def without_row(text: str) -> str:
    """Return the id of a record as its author gave it; any other text stays as it is."""
    row, mark, name = text.partition(_ROW_MARK)
    if mark and row.isdigit():
        return name
    return text


@cache
def number(column: str) -> pl.Expr:
    """Return a number as the text that a message shows."""
    return pl.col(column).cast(pl.String).str.strip_suffix(".0")


WITHIN_BOUNDS = (
    pl.when(pl.col("m_max").is_null())
    .then(pl.format("it is {} or more", number("m_min")))
    .when(pl.col("m_min").is_null())
    .then(pl.format("it is {} or less", number("m_max")))
    .otherwise(pl.format("it lies between {} and {}", number("m_min"), number("m_max")))
)
"""Which values a metric may have, for a hint; one of the bounds is known."""

Text = str | pl.Expr | pl.Series | None
"""A text for each row of a frame: one for all, an expression, or a column as long as the frame."""


def faults(
    frame: pl.DataFrame,
    table: str,
    column: str | None,
    message: Text,
    value: Text = None,
    hint: Text = None,
) -> pl.DataFrame:
    """Return the rows of a frame as faults of a column of a table; the runner adds the code of the check."""
    if not frame.height:
        return no_faults()
    # polars 1.x fails on texts that are put together from columns in several parts.
    return frame.rechunk().select(
        pl.lit(table).alias("table"),
        pl.col(ROW).alias("row"),
        _record_of(table, frame).alias("record"),
        pl.lit(column, dtype=pl.String).alias("column"),
        _expression(message).alias("message"),
        _expression(value).alias("value"),
        _expression(hint).alias("hint"),
    )


def of_code(code: str, found: pl.DataFrame) -> pl.DataFrame:
    """Return faults with the code of their check."""
    if not found.height:
        return no_coded_faults()
    return found.select(pl.lit(code).alias("code"), *FAULT_COLUMNS[1:])


def _expression(text: Text) -> pl.Expr:
    if isinstance(text, pl.Expr):
        return text.cast(pl.String)
    if isinstance(text, pl.Series):
        return pl.lit(text)
    return pl.lit(text, dtype=pl.String)


def _record_of(table: str, frame: pl.DataFrame) -> pl.Expr:
    name = RECORD_IDS.get(table)
    if name is None or name not in frame.columns:
        return pl.lit(None, dtype=pl.String)
    return pl.col(name).cast(pl.String)


@cache
def no_faults() -> pl.DataFrame:
    """Return an empty frame of faults, as `faults` gives them."""
    return pl.DataFrame(schema=_FAULT_TYPES)


@cache
def no_coded_faults() -> pl.DataFrame:
    """Return an empty frame of faults that have their code."""
    return pl.DataFrame(schema={"code": pl.String, **_FAULT_TYPES})


@cache
def empty(table: str) -> pl.DataFrame:
    """Return a frame of a table without rows."""
    types = {item.name: _DTYPES[item.kind] for item in COLUMNS[table]}
    return pl.DataFrame(schema={**types, ROW: pl.Int64})


def dtype(kind: str) -> PolarsType:
    """Return the polars type of a kind of column."""
    return _DTYPES[kind]


def nulls(kind: str, length: int) -> pl.Series:
    """Return a column of a kind without any cell."""
    return pl.Series([None], dtype=dtype(kind)).new_from_index(0, length)


class Shared:
    """What batches of one source share: the kinds of their measurements, and what the metrics of these say."""

    def __init__(self) -> None:
        """Start without any kind."""
        self._known: KindFacts | None = None

    def with_kinds(
        self,
        measurements: pl.DataFrame,
        named: pl.DataFrame | None,
        metrics: Mapping[str, Metric],
    ) -> tuple[pl.DataFrame, KindFacts]:
        """Return measurements with the number of their kind in place of names, and the kinds; `named` as for `kinds.with_kinds`."""
        # Other threads do the same with their batches: the kinds are taken once and put back once.
        known = self._known
        kinds = None
        if known is not None and known.metrics == metrics:
            kinds = known.kinds
        numbered, all_kinds = with_kinds(measurements, named, kinds)
        if known is None or known.kinds is not all_kinds:
            named_kinds = all_kinds.answers.kinds
            facts = possible.with_facts(named_kinds, metrics).select(_METRIC_FACTS)
            known = KindFacts(metrics, all_kinds, named_kinds[list(NAMING)].hstack(facts))
            self._known = known
        return numbered, known


@dataclass(frozen=True, slots=True)
class KindFacts:
    """Kinds of measurements, and what their metrics say."""

    metrics: Mapping[str, Metric]
    kinds: Kinds
    of_kind: pl.DataFrame
    """A row for each kind: its names, and what its metric says."""


def with_records(frames: Frames, records: pl.DataFrame, kinds: Kinds) -> Frames:
    """Return frames whose measurements have the number of their record, and what the record says.

    `records` are all of the batch, those with a fault of structure included.
    """
    numbers, of_record = _records_of(frames.bare, records)
    grouped = with_groups(frames.bare, numbers, kinds)
    columns = gathered(of_record, numbers.cast(pl.UInt32))
    return replace(frames, bare=grouped.with_columns(columns))


def _records_of(
    measurements: pl.DataFrame, records: pl.DataFrame
) -> tuple[pl.Series, pl.DataFrame]:
    """Return the number of each measurement's record, and what the record of each number says."""
    if OWNER in measurements.columns and OWNER in records.columns and records.height:
        return measurements[OWNER] - records[OWNER][0], records.select(_RECORD_FACTS)
    numbers = record_numbers(measurements)
    numbered = pl.DataFrame({RECORD: numbers, "record_id": measurements["record_id"]})
    first = numbered[numbers.arg_unique()]
    if first["record_id"].equals(records["id"]) and first[RECORD].is_sorted():
        # Each record has measurements, in the order of the records: nothing is to be looked up.
        return numbers, records.select(_RECORD_FACTS)
    context = records.select(pl.col("id").alias("record_id"), *_RECORD_FACTS).unique("record_id")
    joined = first.join(context, on="record_id", how="left")
    return numbers, joined.sort(RECORD).select(_RECORD_FACTS)


def suggestion(kind: str, word: str) -> str | None:
    """Return a did-you-mean for a word, or None."""
    if len(word) > _LONGEST_WORD:
        return _suggestion(kind, word)
    return _remembered_suggestion(kind, word)


def _suggestion(kind: str, word: str) -> str | None:
    meant = vocabulary().suggest(kind, word)
    if meant is None:
        return None
    return f"did you mean {meant!r}?"


@lru_cache(maxsize=256)
def _remembered_suggestion(kind: str, word: str) -> str | None:
    """Return what `_suggestion` does: the same wrong word often stands in thousands of rows."""
    return _suggestion(kind, word)
