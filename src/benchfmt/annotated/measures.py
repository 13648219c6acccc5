"""The measurements of one frame: a matrix of rows and measures, and the table that is made of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchfmt.annotated import cells as c
from benchfmt.annotated.columns import EVERY, Measure
from benchfmt.annotated.fields import Fields, Flags
from benchfmt.annotated.naming import NamedMeasures, UnnamedError
from benchfmt.annotated.notes import Integers
from benchfmt.annotated.parts import Parts, caveats_by_word
from benchfmt.identity import canonical
from benchfmt.record import KEY_FIELDS
from benchfmt.tables import Arrow, arrow_schema

Codes = npt.NDArray[np.int16]
"""Places in a list of texts."""
T = TypeVar("T")
NOT_REPORTED = "not-reported"
NOT_NUMERIC = "not-numeric"
RUN_FAILED = "run-failed"
ABSENT = -1
_VALUE = 0


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
    values = np.empty((fields.height, len(measures)))
    reasons = np.zeros((fields.height, len(measures)), dtype=np.int16)
    caveats = np.zeros((fields.height, len(measures)), dtype=np.int16)
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
    nothing = pl.Series([None] * fields.height, dtype=pl.String)
    metrics = fields.clean[column.metric_from] if column.metric_from else nothing
    # A cell without a number needs no unit.
    units = fields.clean[column.unit_from].set(~has_number, None) if column.unit_from else nothing
    # Where no column names units, cells without a number are the same measurement.
    needs_unit = has_number
    if column.unit_from is None:
        needs_unit = pl.Series([True] * fields.height, dtype=pl.Boolean)
    words = pl.DataFrame({"metric": metrics, "unit": units, "number": needs_unit})
    measures = []
    for metric, unit, number in words.unique().sort(words.columns).rows():
        try:
            measures.append(column.measure((metric, unit), has_number=number))
        except UnnamedError as unnamed:
            rows = words["metric"].eq_missing(metric) & words["unit"].eq_missing(unit)
            rows &= needs_unit == number
            if unnamed.word is not None:
                at = int(fields.rows[rows.arg_max() or 0])
                hint = _hint(unnamed)
                message = f"{unnamed}; the numbers are kept as text"
                fields.notes.once("BF201", at, unnamed.column, message, unnamed.word, hint)
            lost = rows & has_number
            fields.unread |= lost
            for kept in filter(None, (name, column.metric_from, column.unit_from)):
                fields.keep(kept, fields.clean[kept], lost)
    return measures


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
    read = c.numbers(fields.written(measure.column).numbers, measure.conversion)
    reasons = ["", NOT_REPORTED, NOT_NUMERIC]
    states = np.zeros(fields.height, dtype=np.int8)
    states[cells.is_null().to_numpy()] = 1
    bad = read.bad.to_numpy().copy()
    raw = fields.frame[measure.column].str.strip_chars()
    for mask, reason in fields.program.missing_in(measure.column).reasons(raw):
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
    message = "is not a number; the measurement has no value"
    fields.notes.cells("BF103", measure.column, cells, pl.Series(bad), fields.rows, message)
    return read.values.to_numpy(), states, reasons


def _caveats(
    fields: Fields, measure: Measure, masks: list[pl.Series]
) -> tuple[npt.NDArray[np.int8], list[str | None]]:
    """Return for each row which of some caveat lists its measurement has."""
    lists: list[tuple[str, ...]] = [measure.caveats]
    codes = np.zeros(fields.height, dtype=np.int8)

    def add(mask: pl.Series, extra: Collection[str]) -> None:
        if not extra:
            return
        hit = mask.fill_null(value=False).to_numpy()
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
    fields: Fields, matrix: Matrix, flat: Integers, record_ids: Arrow, owner: Integers
) -> pa.Table:
    """Return the measurements in the `flat` cells; `owner` says which of `record_ids` each flat cell belongs to."""
    measures = matrix.measures
    kinds = np.zeros(0, dtype=np.int32)
    if len(flat):
        kinds = (flat % len(measures)).astype(np.int32)
    has_value = matrix.reasons.ravel()[flat] == 0
    with_target = np.array([measure.targets != (None, None) for measure in measures], dtype=bool)
    needs_unit = has_value | with_target[kinds]
    parts = matrix.parts
    flat_parts = {name: parts.flat(name, flat, len(measures)) for name in parts.columns}
    for name in ("target_min", "target_max"):
        if name in flat_parts:
            needs_unit |= flat_parts[name].is_not_null().to_numpy()
    everywhere = np.ones(len(flat), dtype=bool)

    def texts(choices: list[str | None], shown: Flags) -> Arrow:
        return _dictionary(kinds, choices, shown)

    def coded(codes: Codes, choices: list[str | None]) -> Arrow:
        return _dictionary(codes.ravel()[flat].astype(np.int32), choices, everywhere)

    def targets(side: int) -> Arrow:
        bounds: Arrow = pa.array([measure.targets[side] for measure in measures], pa.float64())
        return bounds.take(kinds)

    primary: Arrow = pa.array([measure.primary or None for measure in measures], pa.bool_())
    columns: dict[str, Arrow] = {
        "record_id": record_ids.take(owner[flat]),
        "value": pa.array(matrix.values.ravel()[flat], mask=~has_value),
        "unit": texts([m.unit for m in measures], needs_unit),
        "basis": texts([m.basis for m in measures], has_value),
        "primary": primary.take(kinds),
        "missing": coded(matrix.reasons, matrix.reason_names),
        "caveats": coded(matrix.caveats, matrix.caveat_lists),
        "target_min": targets(0),
        "target_max": targets(1),
        "reported_value": _reported(fields, measures, flat),
        # A missing measurement reports no number, so it reports no unit.
        "reported_unit": texts([m.reported_unit for m in measures], has_value),
    }
    for place, part in enumerate(KEY_FIELDS):
        columns[part] = texts([m.key[place] or None for m in measures], everywhere)
    for name, values in flat_parts.items():
        said = values.to_arrow()
        before = columns.get(name)
        columns[name] = said if before is None else pc.coalesce(said, before)
    schema = arrow_schema("measurements")
    return pa.table({f.name: columns.get(f.name, pa.nulls(len(flat), f.type)) for f in schema})


def _reported(fields: Fields, measures: list[Measure], flat: Integers) -> Arrow:
    """Return the source's own characters of flat cells; null where the cell is empty."""
    if not len(flat):
        return pa.array([], pa.string())
    names = list(dict.fromkeys(measure.column for measure in measures))
    columns = pl.concat([fields.frame[name].alias("text") for name in names])
    places = [names.index(measure.column) * fields.height for measure in measures]
    start = np.array(places, dtype=np.int64)
    gathered = columns.gather(pl.Series(start[flat % len(measures)] + flat // len(measures)))
    return gathered.replace({"": None}).to_arrow().cast(pa.string())


def _index(items: list[T], item: T) -> int:
    """Return the place of an item in a list, to which it is added where it is new."""
    if item not in items:
        items.append(item)
    return items.index(item)


def _dictionary(codes: npt.NDArray[np.int32], choices: list[str | None], shown: Flags) -> Arrow:
    """Return the choices that codes name, null where the choice is None or the cell is not `shown`.

    Each word stands once in the dictionary: the Parquet writer leaves bytes unwritten for those that stand twice.
    """
    distinct = list(dict.fromkeys(choice or "" for choice in choices)) or [""]
    places = np.array([distinct.index(choice or "") for choice in choices], dtype=np.int32)
    is_none = np.array([choice is None for choice in choices], dtype=bool)
    hidden = is_none[codes] | ~shown
    indices = pa.array(places[codes], pa.int32(), mask=hidden)
    return pa.DictionaryArray.from_arrays(indices, pa.array(distinct, pa.string()))
