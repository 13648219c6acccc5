"""The measurements of one frame: a matrix of rows and measures, and the table that is made of it."""

from __future__ import annotations

from collections.abc import Collection, Container, Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchfmt.annotated import cells as c
from benchfmt.annotated.columns import EVERY, Measure
from benchfmt.annotated.fields import Fields, Flags
from benchfmt.annotated.masks import settled
from benchfmt.annotated.missing import Reasoned
from benchfmt.annotated.naming import NamedMeasures, UnnamedError
from benchfmt.annotated.notes import Integers
from benchfmt.annotated.parts import Parts, caveats_by_word
from benchfmt.annotated.program import Program
from benchfmt.annotated.stacks import stacked, stacks_of
from benchfmt.annotated.written import is_read_by_cell, way_of_writing, written
from benchfmt.arrays import Arrow, array_of, coded_texts, nulls, numbers_of, places_of
from benchfmt.identity import canonical
from benchfmt.record import KEY_FIELDS
from benchfmt.tables import Texts, arrow_schema

Codes = npt.NDArray[np.signedinteger[Any]]
"""Places in a list of texts."""
T = TypeVar("T")
NOT_REPORTED = "not-reported"
NOT_NUMERIC = "not-numeric"
RUN_FAILED = "run-failed"
_FEWER_HINT = (
    "write each unit in one way; what is no unit of a number goes into a column of its own"
)
ABSENT = -1
_VALUE = 0


@dataclass(frozen=True)
class Places:
    """Where measurements stand in a matrix: the row and the column of each."""

    rows: Integers
    kinds: Integers
    flat: Integers
    """The place of each in the matrix, row after row."""

    def take(self, order: Integers) -> Places:
        """Return the places at some of the numbers of these, in their order."""
        return Places(self.rows[order], self.kinds[order], self.flat[order])


@dataclass(frozen=True)
class Matrix:
    """All measurements of a frame: a row for each row, a column for each measure.

    `reasons` is 0 where there is a value, ABSENT where there is no measurement, else a place in `reason_names`.
    """

    measures: list[Measure]
    values: npt.NDArray[np.float64]
    reasons: Codes
    caveats: Codes
    reason_names: list[str | None]
    caveat_lists: list[str | None]
    parts: Parts

    def places(self, keep: Flags) -> Places:
        """Return where measurements stand, of those in `keep`."""
        rows, kinds = np.nonzero((self.reasons != ABSENT) & keep)
        return Places(rows, kinds, rows * len(self.measures) + kinds)

    def unreadable(self) -> Flags:
        """Return which cells hold something that is no number."""
        return self.missing_as(NOT_NUMERIC)

    def missing_as(self, reason: str) -> Flags:
        """Return which cells have no value for a reason."""
        if reason not in self.reason_names:
            return np.zeros(self.reasons.shape, dtype=bool)
        return np.equal(self.reasons, self.reason_names.index(reason))


def read_matrix(fields: Fields, masks: list[pl.Series]) -> Matrix:
    """Return the measurements of a frame; `masks` say where each rule holds."""
    measures = all_measures(fields)
    # Each measure is filled as a whole: it lies together in memory.
    shape = (len(measures), fields.height)
    values = np.empty(shape)
    reasons = np.zeros(shape, dtype=np.int16)
    caveats = np.zeros(shape, dtype=np.int16)
    all_reasons: list[str | None] = [None]
    all_caveats: dict[str | None, int] = {None: 0}
    bad: dict[int, Flags] = {}
    for alike in _read_alike(fields, measures):
        cells = _measured(fields, [measures[index] for index in alike], masks)
        values[alike] = np.where(cells.states == _VALUE, cells.numbers, np.nan)
        places = [0] + [_index(all_reasons, name) for name in cells.reasons[1:]]
        codes = np.array(places, dtype=np.int16)[np.maximum(cells.states, 0)]
        reasons[alike] = np.where(cells.states == ABSENT, ABSENT, codes)
        for place in np.flatnonzero(cells.bad.any(axis=1)).tolist():
            bad[alike[place]] = cells.bad[place]
    parts = Parts(fields)
    doubted = _doubted(fields.program)
    for index, measure in enumerate(measures):
        if index in bad:
            _note_bad(fields, measure, bad[index])
        by_row, lists = _caveats(fields, measure, masks, doubted)
        places = [all_caveats.setdefault(item, len(all_caveats)) for item in lists]
        caveats[index] = places[0] if by_row is None else np.array(places, np.int16)[by_row]
        if measure.parts or fields.program.note(measure.column).spread:
            parts.read(index, measure, pl.Series(reasons[index] == _VALUE))
    parts.keep_unused()
    _keep_without_case(fields)
    return Matrix(measures, values.T, reasons.T, caveats.T, all_reasons, [*all_caveats], parts)


def _read_alike(fields: Fields, measures: list[Measure]) -> Iterator[list[int]]:
    """Yield the places of measures whose cells are read in the same way, in the order of the first ones."""
    rules = [rule.missing for rule in fields.program.annotation.rules if rule.missing]

    def way_of(index: int) -> Hashable:
        measure = measures[index]
        item = fields.program.fields[measure.column]
        if measure.where or measure.cases or not is_read_by_cell(item):
            return index
        missing = fields.program.missing_in(measure.column)
        ruled = tuple(rule.get(measure.column) or rule.get(EVERY) for rule in rules)
        return (measure.conversion, way_of_writing(item), missing.way, ruled)

    return stacks_of(range(len(measures)), way_of, fields.height)


def _keep_without_case(fields: Fields) -> None:
    """Keep the text of the cells for which no case of their column holds."""
    for name, item in fields.program.fields.items():
        if item.benchfmt is None or not item.benchfmt.cases:
            continue
        cells = fields.clean[name]
        without = cells.is_not_null()
        for case in item.benchfmt.cases:
            without &= ~fields.in_case([case])
        fields.keep(name, cells, without)


def all_measures(fields: Fields) -> list[Measure]:
    """Return the measures of a frame in standard order, those whose metric or unit a column names among them."""
    measures = list(fields.program.measures)
    for item in fields.program.dynamic:
        measures += _named(fields, NamedMeasures(item, fields.program))
    return sorted(measures, key=lambda m: m.order)


def _named(fields: Fields, column: NamedMeasures) -> list[Measure]:
    """Return the measures of a column by the words that name them; a number that no word names is kept as text."""
    name = column.item.name
    has_number = fields.clean[name].is_not_null()
    metrics = _words(fields, column.metric_from)
    # A cell without a number needs no unit.
    units = _words(fields, column.unit_from).set(~has_number, None)
    # Where no column names units, cells without a number are the same measurement.
    needs_unit = has_number
    if column.unit_from is None:
        needs_unit = pl.Series([True] * fields.height, dtype=pl.Boolean)
    words = pl.DataFrame({"metric": metrics, "unit": units, "number": needs_unit})
    numbered = words.with_row_index("row")
    each_once = numbered.group_by(words.columns).agg(pl.col("row").min()).sort(words.columns)
    measures, unnamed = _tried(column, each_once, fields.notes.limits.named_measurements)
    for place, error in unnamed.items():
        if error is not None and error.word is not None:
            hint = _hint(error)
            message = f"{error}; the numbers are kept as text"
            at = int(fields.rows[each_once["row"][place]])
            fields.notes.once("BF201", at, error.column, message, error.word, hint)
    if not unnamed:
        return measures
    beyond = [place for place, error in unnamed.items() if error is None]
    if beyond:
        _report_beyond(fields, name, _rows_of(numbered, each_once[beyond]) & has_number)
    lost = _rows_of(numbered, each_once[list(unnamed)]) & has_number
    fields.unread |= lost
    for kept in (name, column.metric_from, column.unit_from):
        if kept in fields.clean:
            fields.keep(kept, fields.clean[kept], lost)
    return measures


_Unnamed = dict[int, UnnamedError | None]
"""The places of words that name no measurement, each with the reason; None for those that are one too many."""


def _tried(
    column: NamedMeasures, each_once: pl.DataFrame, most: int
) -> tuple[list[Measure], _Unnamed]:
    """Return the measures that words name, and those that name none; of very many the first are taken."""
    measures: dict[int, Measure] = {}
    unnamed: _Unnamed = {}
    for place in each_once["row"].arg_sort():
        if len(measures) == most:
            unnamed[place] = None
            continue
        metric, unit, number, _ = each_once.row(place)
        try:
            measures[place] = column.measure((metric, unit), has_number=number)
        except UnnamedError as error:
            unnamed[place] = error
    return [measures[place] for place in sorted(measures)], dict(sorted(unnamed.items()))


def _rows_of(numbered: pl.DataFrame, words: pl.DataFrame) -> pl.Series:
    """Return which rows have some of the words."""
    names = ["metric", "unit", "number"]
    rows = numbered.join(words, on=names, how="semi", nulls_equal=True)["row"]
    return numbered["row"].is_in(rows.implode())


def _report_beyond(fields: Fields, name: str, lost: pl.Series) -> None:
    """Report numbers whose words would name more measurements than are looked at together."""
    if not lost.any():
        return
    most = fields.notes.limits.named_measurements
    message = (
        f"more than {most:,} different metrics and units are named near each other: "
        f"{lost.sum():,} numbers from here on that have another one are kept as text"
    )
    first = int(fields.rows[lost.arg_max() or 0])
    fields.notes.add("BF907", first, name, message, None, _FEWER_HINT)


def _words(fields: Fields, name: str | None) -> pl.Series:
    """Return the cells of a column that names something, empty ones where the table has no such column."""
    cells = fields.clean.get(name or "")
    if name is None or cells is None:
        return c.nothing(fields.height, pl.String)
    return cells


def _hint(unnamed: UnnamedError) -> str:
    """Return what to say of words that name no measurement."""
    if unnamed.word == "":
        return 'say under `terms` of `unit` what an empty cell stands for: {"": "1"}'
    return "say under `terms` what it stands for"


@dataclass(frozen=True)
class _Cells:
    """What the cells of some measures say, a row for each: numbers, states, which are bad, and the reasons that states count."""

    numbers: npt.NDArray[np.float64]
    states: npt.NDArray[np.int8]
    bad: Flags
    reasons: list[str]


def _measured(fields: Fields, measures: list[Measure], masks: list[pl.Series]) -> _Cells:
    """Read measures that are read alike."""
    first = measures[0]
    names = [measure.column for measure in measures]
    cells = stacked([fields.clean[name] for name in names])
    if len(names) == 1:
        read = fields.converted(first.column, first.conversion)
    else:
        item = fields.program.fields[first.column]
        read = c.numbers(written(cells, item, fields.notes.affixes).numbers, first.conversion)
    reasons = ["", NOT_REPORTED, NOT_NUMERIC]
    states = np.zeros(len(cells), dtype=np.int8)
    states[cells.is_null().to_numpy()] = 1
    bad = read.bad.to_numpy().copy()
    for mask, reason in _reasons(fields, names):
        hit = mask.to_numpy()
        states[hit] = _index(reasons, reason)
        bad &= ~hit
    for rule, mask in zip(fields.program.annotation.rules, masks, strict=True):
        ruled = rule.missing.get(first.column) or rule.missing.get(EVERY)
        if ruled:
            hit = np.tile(mask.to_numpy(), len(names))
            states[hit] = _index(reasons, ruled)
            bad &= ~hit
    states[bad] = 2
    for column, word in first.where:
        states[~fields.clean[column].eq_missing(word).to_numpy()] = ABSENT
        bad &= states != ABSENT
    if first.cases:
        states[~fields.in_case(first.cases).to_numpy()] = ABSENT
        bad &= states != ABSENT
    shape = (len(names), fields.height)
    numbers = read.values.to_numpy()
    return _Cells(numbers.reshape(shape), states.reshape(shape), bad.reshape(shape), reasons)


def _note_bad(fields: Fields, measure: Measure, bad: Flags) -> None:
    cells = fields.clean[measure.column]
    message = "is not a number; the measurement has no value"
    fields.notes.cells("BF103", measure.column, cells, pl.Series(bad), fields.rows, message)


def _reasons(fields: Fields, names: list[str]) -> Reasoned:
    """Return the cells of columns that have no value for a reason that the descriptor gives, the same for all of them."""
    missing = fields.program.missing_in(names[0])
    if not missing.has_reasons:
        return iter(())
    return missing.reasons(stacked([fields.stripped(name) for name in names]))


def _doubted(program: Program) -> set[str]:
    """Return the columns, or EVERY, whose measurements have caveats in some rows only."""
    return {column for rule in program.annotation.rules for column in rule.caveats}


def _caveats(
    fields: Fields, measure: Measure, masks: list[pl.Series], doubted: Container[str]
) -> tuple[npt.NDArray[np.int8] | None, list[str | None]]:
    """Return for each row which of some caveat lists its measurement has; None where all have the first."""
    said = [part for part in measure.parts if part.part == "caveats"]
    if not said and measure.column not in doubted and EVERY not in doubted:
        return None, [_caveat_list(measure.caveats)]
    lists: list[tuple[str, ...]] = [measure.caveats]
    codes = np.zeros(fields.height, dtype=np.int8)

    def add(mask: pl.Series, extra: Collection[str]) -> None:
        if not extra:
            return
        hit = settled(mask).to_numpy()
        for code in np.unique(codes[hit]):
            merged = tuple(sorted({*lists[code], *extra}))
            codes[hit & (codes == code)] = _index(lists, merged)

    for rule, mask in zip(fields.program.annotation.rules, masks, strict=True):
        add(mask, rule.caveats.get(EVERY, ()))
        add(mask, rule.caveats.get(measure.column, ()))
    for part in said:
        caveats_by_word(fields, part, add)
    return codes, [_caveat_list(item) for item in lists]


@lru_cache(maxsize=256)
def _caveat_list(caveats: tuple[str, ...]) -> str | None:
    return canonical(list(caveats)) if caveats else None


def measurement_table(
    fields: Fields, matrix: Matrix, places: Places, record_ids: Texts, owners: Integers
) -> pa.Table:
    """Return the measurements in some places; `owners` says which of `record_ids` each of them belongs to."""
    measures = matrix.measures
    kinds = places.kinds
    reasons = matrix.reasons.ravel()[places.flat]
    has_value = reasons == 0
    with_target = np.array([measure.targets != (None, None) for measure in measures], dtype=bool)
    needs_unit = has_value | with_target[kinds]
    parts = {
        name: matrix.parts.column(name, places.rows, kinds, len(measures))
        for name in matrix.parts.columns
    }
    for name in ("target_min", "target_max"):
        if name in parts:
            needs_unit |= parts[name].is_not_null().to_numpy()

    primary: Arrow = array_of([measure.primary or None for measure in measures], pa.bool_())
    columns: dict[str, Arrow] = {
        "record_id": coded_texts(owners, record_ids.combine_chunks()),
        "value": numbers_of(matrix.values.ravel()[places.flat], has_value),
        "unit": _dictionary(kinds, [m.unit for m in measures], needs_unit),
        "basis": _dictionary(kinds, [m.basis for m in measures], has_value),
        "primary": primary.take(places_of(kinds)),
        "missing": _dictionary(reasons, matrix.reason_names),
        "caveats": _dictionary(matrix.caveats.ravel()[places.flat], matrix.caveat_lists),
        "reported_value": _reported(fields, measures, places),
        # A missing measurement reports no number, so it reports no unit.
        "reported_unit": _dictionary(kinds, [m.reported_unit for m in measures], has_value),
    }
    for place, part in enumerate(KEY_FIELDS):
        columns[part] = _dictionary(kinds, [m.key[place] or None for m in measures])
    if with_target.any():
        for side, name in enumerate(("target_min", "target_max")):
            bounds: Arrow = array_of([measure.targets[side] for measure in measures], pa.float64())
            columns[name] = bounds.take(places_of(kinds))
    for name, values in parts.items():
        said = values.to_arrow()
        before = columns.get(name)
        columns[name] = said if before is None else pc.coalesce(said, before)
    for field in arrow_schema("measurements"):
        if field.name not in columns:
            columns[field.name] = nulls(len(kinds), field.type)
    names = arrow_schema("measurements").names
    return pa.table([columns[name] for name in names], names=names)


def _reported(fields: Fields, measures: list[Measure], places: Places) -> Arrow:
    """Return the source's own characters of some cells; null where the cell is empty."""
    if not measures:
        return nulls(0, pa.string())
    names = list(dict.fromkeys(measure.column for measure in measures))
    columns = pl.concat([fields.frame[name].alias("text") for name in names], rechunk=True)
    place_of = {name: place for place, name in enumerate(names)}
    starts = np.array(
        [place_of[measure.column] * fields.height for measure in measures], dtype=np.int64
    )
    cells = columns.gather(pl.Series(starts[places.kinds] + places.rows))
    return cells.set(cells == "", None).to_arrow().cast(pa.string())


def _index(items: list[T], item: T) -> int:
    """Return the place of an item in a list, to which it is added where it is new."""
    if item not in items:
        items.append(item)
    return items.index(item)


def _dictionary(codes: Codes, choices: list[str | None], shown: Flags | None = None) -> Arrow:
    """Return the choices that codes name, null where the choice is None or the cell is not `shown`.

    Each word stands once in the dictionary: the Parquet writer leaves bytes unwritten for those that stand twice.
    """
    distinct = list(dict.fromkeys(choice for choice in choices if choice is not None))
    numbers = {word: number for number, word in enumerate(distinct)}
    places = np.array([numbers.get(choice or "", 0) for choice in choices], dtype=np.int32)
    codes = codes.astype(np.intp, copy=False)
    if distinct and None in choices:
        is_word = np.array([choice is not None for choice in choices], dtype=bool).take(codes)
        shown = is_word if shown is None else shown & is_word
    return coded_texts(places[codes], array_of(distinct, pa.string()), shown)
