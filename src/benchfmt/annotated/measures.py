"""The measurements of one frame: a matrix of rows and measures, and the table that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from benchfmt.annotated import cells as c
from benchfmt.annotated.fields import Fields, matches
from benchfmt.annotated.program import Measure, named_measures
from benchfmt.identity import canonical
from benchfmt.record import KEY_FIELDS
from benchfmt.tables import arrow_schema

Arrow = Any  # pyarrow's stubs want the type of every element
NOT_REPORTED = "not-reported"
NOT_NUMERIC = "not-numeric"
ABSENT = -1
_VALUE = 0


@dataclass(frozen=True)
class Matrix:
    """All measurements of a frame: a row for each row, a column for each measure.

    `reasons` is 0 where there is a value, ABSENT where there is no measurement, else a place in `reason_names`.
    """

    measures: list[Measure]
    values: Any
    reasons: Any
    caveats: Any
    reason_names: list[str | None]
    caveat_lists: list[str | None]

    def unreadable(self) -> Any:
        """Return which cells hold something that is no number."""
        if NOT_NUMERIC not in self.reason_names:
            return np.zeros(self.reasons.shape, dtype=bool)
        return self.reasons == self.reason_names.index(NOT_NUMERIC)


def read_matrix(fields: Fields, masks: list[pl.Series]) -> Matrix:
    """Return the measurements of a frame; `masks` say where each rule holds."""
    measures = all_measures(fields)
    values = np.empty((fields.height, len(measures)))
    reasons = np.zeros((fields.height, len(measures)), dtype=np.int16)
    caveats = np.zeros((fields.height, len(measures)), dtype=np.int16)
    all_reasons: list[str | None] = [None]
    all_caveats: list[str | None] = [None]
    for index, measure in enumerate(measures):
        numbers, states, names = _measured(fields, measure, masks)
        values[:, index] = np.where(states == _VALUE, numbers, np.nan)
        table = np.array([0] + [_index(all_reasons, name) for name in names[1:]], dtype=np.int16)
        reasons[:, index] = np.where(states == ABSENT, ABSENT, table[np.maximum(states, 0)])
        codes, lists = _caveats(fields, measure, masks)
        caveats[:, index] = np.array([_index(all_caveats, item) for item in lists], dtype=np.int16)[
            codes
        ]
    return Matrix(measures, values, reasons, caveats, all_reasons, all_caveats)


def all_measures(fields: Fields) -> list[Measure]:
    """Return the measures of a frame in standard order, those whose metric a column names among them."""
    measures = list(fields.program.measures)
    for item in fields.program.dynamic:
        assert item.benchfmt is not None  # noqa: S101 - dynamic columns are annotated
        named_by: Any = item.benchfmt.metric
        naming = fields.clean[named_by.column]
        found, unknown = named_measures(
            item, naming.drop_nulls().unique().sort().to_list(), fields.program
        )
        measures += found
        for word in unknown:
            at = int(fields.rows[(naming == word).arg_max() or 0])
            fields.notes.once(
                "BF201",
                at,
                named_by.column,
                f"{word!r} names no known metric; the numbers are kept as text",
                word,
            )
        lost = naming.is_null() | naming.is_in(unknown)
        lost = lost & fields.clean[item.name].is_not_null()
        fields.unread |= lost.fill_null(value=False)
        fields.keep(item.name, fields.clean[item.name], lost)
    return sorted(measures, key=lambda m: m.order)


def _measured(
    fields: Fields, measure: Measure, masks: list[pl.Series]
) -> tuple[Any, Any, list[str]]:
    """Return a measure's values, the state of each cell and the reasons that the states count."""
    cells = fields.clean[measure.column]
    note = fields.program.note(measure.column)
    read = c.numbers(cells, measure.conversion)
    reasons = ["", NOT_REPORTED, NOT_NUMERIC]
    states = np.zeros(fields.height, dtype=np.int8)
    states[cells.is_null().to_numpy()] = 1
    bad = read.bad.to_numpy().copy()
    raw = fields.frame[measure.column].str.strip_chars()
    for token, reason in note.missing.items():
        hit = matches(raw, [token], numeric=True).to_numpy()
        states[hit] = _index(reasons, reason)
        bad &= ~hit
    for rule, mask in zip(fields.program.annotation.rules, masks, strict=True):
        ruled = rule.missing.get(measure.column)
        if ruled:
            hit = mask.to_numpy()
            states[hit] = _index(reasons, ruled)
            bad &= ~hit
    states[bad] = 2
    if measure.named_by:
        column, word = measure.named_by
        states[~(fields.clean[column] == word).fill_null(value=False).to_numpy()] = ABSENT
        bad &= states != ABSENT
    fields.notes.cells(
        "BF103",
        measure.column,
        cells,
        pl.Series(bad),
        fields.rows,
        "is not a number; the measurement has no value",
    )
    return read.values.to_numpy(), states, reasons


def _caveats(
    fields: Fields, measure: Measure, masks: list[pl.Series]
) -> tuple[Any, list[str | None]]:
    """Return for each row which of some caveat lists its measurement has."""
    lists: list[tuple[str, ...]] = [measure.caveats]
    codes = np.zeros(fields.height, dtype=np.int8)
    for rule, mask in zip(fields.program.annotation.rules, masks, strict=True):
        extra = rule.caveats.get(measure.column)
        if not extra:
            continue
        hit = mask.to_numpy()
        for code in np.unique(codes[hit]):
            merged = tuple(sorted({*lists[code], *extra}))
            codes[hit & (codes == code)] = _index(lists, merged)
    return codes, [canonical(list(item)) if item else None for item in lists]


def measurement_table(
    fields: Fields, matrix: Matrix, present: Any, record_ids: Arrow, owner: Any
) -> pa.Table:
    """Return the measurements where `present`; `owner` says which of `record_ids` each flat cell belongs to."""
    flat = np.flatnonzero(present)
    kinds = (flat % len(matrix.measures)).astype(np.int32)
    has_value = (matrix.reasons.ravel()[flat] == 0) if len(flat) else np.zeros(0, dtype=bool)
    texts = _reported(fields, matrix.measures, flat)

    def static(get: Any, shown: Any = None) -> Arrow:
        return _dictionary(kinds, [get(m) for m in matrix.measures], shown)

    def coded(codes: Any, choices: list[str | None]) -> Arrow:
        return _dictionary(codes.ravel()[flat].astype(np.int32), choices, None)

    def number(get: Any, dtype: pa.DataType) -> Arrow:
        choices: Arrow = pa.array([get(m) for m in matrix.measures], dtype)
        return choices.take(pa.array(kinds))

    with_target = np.array([m.targets != (None, None) for m in matrix.measures], dtype=bool)
    show_unit = has_value | with_target[kinds] if len(flat) else has_value
    columns = {
        "record_id": record_ids.take(pa.array(owner[flat])),
        **{part: static(lambda m, i=i: m.key[i] or None) for i, part in enumerate(KEY_FIELDS)},
        "value": pa.array(matrix.values.ravel()[flat], mask=~has_value),
        "unit": static(lambda m: m.unit, show_unit),
        "basis": static(lambda m: m.basis, has_value),
        "primary": number(lambda m: True if m.primary else None, pa.bool_()),
        "missing": coded(matrix.reasons, matrix.reason_names),
        "caveats": coded(matrix.caveats, matrix.caveat_lists),
        "target_min": number(lambda m: m.targets[0], pa.float64()),
        "target_max": number(lambda m: m.targets[1], pa.float64()),
        "reported_value": texts,
        # A missing measurement reports no number, so it reports no unit.
        "reported_unit": static(lambda m: m.reported_unit, has_value),
    }
    rows = len(flat)
    schema = arrow_schema("measurements")
    return pa.table({f.name: columns.get(f.name, pa.nulls(rows, f.type)) for f in schema})


def _reported(fields: Fields, measures: list[Measure], flat: Any) -> Arrow:
    """Return the source's own characters of flat cells; null where the cell is empty."""
    if not len(flat):
        return pa.array([], pa.string())
    names = list(dict.fromkeys(m.column for m in measures))
    columns = pl.concat([fields.frame[name].alias("text") for name in names])
    place = np.array([names.index(m.column) * fields.height for m in measures], dtype=np.int64)
    gathered = columns.gather(pl.Series(place[flat % len(measures)] + flat // len(measures)))
    return gathered.replace({"": None}).to_arrow().cast(pa.string())


def _index(items: list[Any], item: Any) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)


def _dictionary(codes: Any, choices: list[str | None], shown: Any) -> Arrow:
    """Return the choices that codes name, null where the choice is None or the cell is not `shown`.

    Each word stands once in the dictionary: the Parquet writer leaves bytes unwritten for those that stand twice.
    """
    distinct = list(dict.fromkeys(choice or "" for choice in choices)) or [""]
    places = np.array([distinct.index(choice or "") for choice in choices], dtype=np.int32)
    hidden = (
        np.array([choice is None for choice in choices], dtype=bool)[codes]
        if len(codes)
        else np.zeros(0, dtype=bool)
    )
    if shown is not None:
        hidden = hidden | ~shown
    return pa.DictionaryArray.from_arrays(
        pa.array(places[codes] if len(codes) else codes, pa.int32(), mask=hidden),
        pa.array(distinct, pa.string()),
    )
