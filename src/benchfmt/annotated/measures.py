"""The measurements of one frame: a matrix of rows and measures, and the table that is made of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
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
    values = np.empty((len(measures), fields.height)).T
    reasons = np.zeros((len(measures), fields.height), dtype=np.int16).T
    caveats = np.zeros((len(measures), fields.height), dtype=np.int16).T
    all_reasons: list[str | None] = [None]
    all_caveats: list[str | None] = [None]
    parts = Parts(fields)
    for index, measure in enumerate(measures):
        numbers, states, names = _measured(fields, measure, masks)
        values[:, index] = np.where(states == _VALUE, numbers, np.nan)
        places = np.array([0] + [_index(all_reasons, name) for name in names[1:]], dtype=np.int16)
        reasons[:, index] = np.where(states == ABSENT, ABSENT, places[np.maximum(states, 0)])
        codes, lists = _caveats(fields, measure, masks)
        places = np.array([_index(all_caveats, item) for item in lists], dtype=np.int16)
        caveats[:, index] = places[codes]
        if measure.parts or fields.program.note(measure.column).spread:
            parts.read(index, measure, pl.Series(states == _VALUE))
    parts.keep_unused()
    _keep_without_case(fields)
    return Matrix(measures, values, reasons, caveats, all_reasons, all_caveats, parts)


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


def _measured(
    fields: Fields, measure: Measure, masks: list[pl.Series]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8], list[str]]:
    """Return a measure's values, the state of each cell and the reasons that the states count."""
    cells = fields.clean[measure.column]
    read = fields.converted(measure.column, measure.conversion)
    reasons = ["", NOT_REPORTED, NOT_NUMERIC]
    states = np.zeros(fields.height, dtype=np.int8)
    states[cells.is_null().to_numpy()] = 1
    bad = read.bad.to_numpy().copy()
    for mask, reason in _reasons(fields, measure.column):
        hit = mask.to_numpy()
        states[hit] = _index(reasons, reason)
        bad &= ~hit
    for rule, mask in zip(fields.program.annotation.rules, masks, strict=True):
        ruled = rule.missing.get(measure.column) or rule.missing.get(EVERY)
        if ruled:
            hit = mask.to_numpy()
            states[hit] = _index(reasons, ruled)
            bad &= ~hit
    states[bad] = 2
    for column, word in measure.where:
        states[~fields.clean[column].eq_missing(word).to_numpy()] = ABSENT
        bad &= states != ABSENT
    if measure.cases:
        states[~fields.in_case(measure.cases).to_numpy()] = ABSENT
        bad &= states != ABSENT
    if bad.any():
        message = "is not a number; the measurement has no value"
        fields.notes.cells("BF103", measure.column, cells, pl.Series(bad), fields.rows, message)
    return read.values.to_numpy(), states, reasons


def _reasons(fields: Fields, name: str) -> Reasoned:
    """Return the cells of a column that have no value for a reason that the descriptor gives."""
    missing = fields.program.missing_in(name)
    if not missing.has_reasons:
        return iter(())
    return missing.reasons(fields.stripped(name))


def _caveats(
    fields: Fields, measure: Measure, masks: list[pl.Series]
) -> tuple[npt.NDArray[np.int8], list[str | None]]:
    """Return for each row which of some caveat lists its measurement has."""
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
    for part in measure.parts:
        if part.part == "caveats":
            caveats_by_word(fields, part, add)
    return codes, [canonical(list(item)) if item else None for item in lists]


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
    starts = np.array(
        [names.index(measure.column) * fields.height for measure in measures], dtype=np.int64
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
