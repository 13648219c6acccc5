"""Runs a compiled annotation over frames of text and gives the three tables.

Records come out in row order, their measurements in standard order. A cell that cannot be read becomes a measurement
without a value (or a field left out, its text kept in `extensions`) and a finding; the rest of its row is converted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchfmt.annotated.fields import Fields, Origin
from benchfmt.annotated.measures import ABSENT, Matrix, measurement_table, read_matrix
from benchfmt.annotated.notes import Integers, Notes
from benchfmt.annotated.program import Program
from benchfmt.finding import Finding
from benchfmt.identity import record_id, record_ids
from benchfmt.tables import Batch, arrow_schema

Described = tuple[pa.Table, pl.Series, pl.Series]
"""The systems of a frame, the system id of each row, and the rows that clash (`Fields.systems`)."""


@dataclass
class Outcome:
    """What a frame gave: its records as tables, the rows that gave none, and what was wrong.

    `record_rows`, `measurement_rows` and `measurement_columns` say where each row of the tables stands in the file.
    """

    batch: Batch
    record_rows: Integers
    measurement_rows: Integers
    measurement_columns: pl.Series
    skipped: list[tuple[int, str]] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)
    doubled: list[tuple[int, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def run(
    program: Program,
    frame: pl.DataFrame,
    rows: Integers,
    origin: Origin,
    notes: Notes | None = None,
) -> Outcome:
    """Return what a frame of text gives; `rows` are the numbers of its rows in the file.

    `notes` counts faults over all frames of a file, so that a column that is wrong throughout is told in measure.
    """
    fields = Fields(program, frame, rows, origin, notes or Notes(origin.shown_path))
    masks = fields.read()
    matrix = read_matrix(fields, masks)
    outcome = _by_key(fields, matrix) if program.annotation.key else _by_row(fields, matrix)
    outcome.findings = fields.notes.take()
    return outcome


def _by_row(fields: Fields, matrix: Matrix) -> Outcome:
    """Return one record for each row, or for each dimension that its headers say."""
    variants = len(fields.program.variants)
    of_variant = np.array([m.variant for m in matrix.measures], dtype=np.int64)
    has_value = matrix.reasons == 0
    status = fields.status()
    described = fields.systems()
    clash = described[2].to_numpy()
    keep = np.empty((fields.height, variants), dtype=bool)
    for variant in range(variants):
        keep[:, variant] = (
            has_value[:, of_variant == variant].any(axis=1) | (status != "ok")
        ) & ~clash
    rows, kinds = np.nonzero(keep)
    position = np.zeros(keep.shape, dtype=np.int64)
    position[rows, kinds] = np.arange(len(rows))
    systems, records = _tables(fields, rows, kinds, _row_locators(fields, rows, kinds), described)
    present = (matrix.reasons != ABSENT) & keep[:, of_variant]
    owner = position[:, of_variant].ravel()
    flat = np.flatnonzero(present)
    return Outcome(
        batch=Batch(
            systems,
            records,
            measurement_table(fields, matrix, present, records["id"].combine_chunks(), owner),
        ),
        record_rows=fields.rows[rows],
        measurement_rows=fields.rows[flat // max(len(matrix.measures), 1)],
        measurement_columns=_columns(matrix, flat),
        skipped=_lost(fields, matrix, ~keep.any(axis=1) & ~clash)[0],
        failed=[
            *_clashes(fields, described),
            *_lost(fields, matrix, ~keep.any(axis=1) & ~clash)[1],
        ],
    )


def _by_key(fields: Fields, matrix: Matrix) -> Outcome:
    """Return one record for each key of a long table, in the order in which the keys first stand."""
    names = fields.program.annotation.key
    keys = fields.frame.select(
        pl.concat_str([pl.col(n).fill_null("") for n in names], separator="\x1f")
    ).to_series()
    distinct = keys.unique(maintain_order=True)
    places = pl.Series(range(len(distinct)), dtype=pl.Int64)
    codes = keys.replace_strict(distinct, places, return_dtype=pl.Int64).to_numpy()
    first = np.full(len(distinct), fields.height, dtype=np.int64)
    np.minimum.at(first, codes, np.arange(fields.height))
    has_value = np.zeros(len(distinct), dtype=bool)
    np.logical_or.at(has_value, codes, (matrix.reasons == 0).any(axis=1))
    described = fields.systems()
    clash = described[2].to_numpy()
    keep = (has_value | (fields.status()[first] != "ok")) & ~clash[first]
    rows = first[keep]
    locators = [
        "&".join(sorted(f"{n}={_escaped(fields.frame[n][int(i)])}" for n in names)) for i in rows
    ]
    systems, records = _tables(
        fields, rows, np.zeros(len(rows), dtype=np.int64), locators, described
    )
    present = (matrix.reasons != ABSENT) & keep[codes][:, None]
    owner = np.repeat((np.cumsum(keep) - 1)[codes], len(matrix.measures))
    table = measurement_table(fields, matrix, present, records["id"].combine_chunks(), owner)
    flat = np.flatnonzero(present)
    order, doubled = _key_order(fields, matrix, flat, owner)
    lost = _lost(fields, matrix, ~keep[codes] & ~clash[first][codes])
    _note_disagreements(fields, codes, first)
    return Outcome(
        batch=Batch(systems, records, table.take(pa.array(order))),
        record_rows=fields.rows[rows],
        measurement_rows=fields.rows[flat[order] // len(matrix.measures)],
        measurement_columns=_columns(matrix, flat[order]),
        skipped=lost[0],
        failed=[*_clashes(fields, described, codes, first), *lost[1], *doubled],
        doubled=doubled,
    )


def _lost(
    fields: Fields, matrix: Matrix, gone: Any
) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the rows without a record: those that hold nothing, and those whose numbers could not be read."""
    unreadable = matrix.unreadable()
    unread = fields.unread.to_numpy()
    skipped, failed = [], []
    for index in np.flatnonzero(gone).tolist():
        row = int(fields.rows[index])
        columns = [matrix.measures[i].column for i in np.flatnonzero(unreadable[index]).tolist()]
        if columns:
            cell = fields.frame[columns[0]][index]
            failed.append(
                (row, f"no measurement could be read: {columns[0]} is {cell!r}, which is no number")
            )
        elif unread[index]:
            failed.append(
                (row, "no measurement could be read: nothing known says what its numbers measure")
            )
        else:
            skipped.append((row, "no measurement of the row has a value"))
    return skipped, failed


def _clashes(
    fields: Fields, described: Described, codes: Any = None, first: Any = None
) -> list[tuple[int, str]]:
    """Return the rows that describe a system in another way than an earlier row, each noted as a finding."""
    ids, clash = described[1], described[2].to_numpy()
    failed = []
    for index in np.flatnonzero(clash if codes is None else clash[first][codes]).tolist():
        row = int(fields.rows[index])
        words = f"the system {ids[index]!r} is described in another way by an earlier row"
        fields.notes.add(
            "BF508",
            row,
            None,
            words,
            ids[index],
            "give it an id of its own, or make the rows say the same",
        )
        failed.append((row, words))
    return failed


def _key_order(
    fields: Fields, matrix: Matrix, flat: Any, owner: Any
) -> tuple[Any, list[tuple[int, str]]]:
    """Return the order of the measurements by record and key, without those that a record says twice."""
    kinds = flat % len(matrix.measures)
    places: dict[Any, int] = {}
    ranks = np.array(
        [places.setdefault(item.order, len(places)) for item in matrix.measures], dtype=np.int64
    )
    order = np.lexsort((np.arange(len(flat)), ranks[kinds], owner[flat]))
    same = (np.diff(owner[flat][order]) == 0) & (np.diff(ranks[kinds][order]) == 0)
    doubled = np.concatenate([[False], same]) if len(order) else np.zeros(0, dtype=bool)
    failed = [
        (
            int(fields.rows[flat[i] // len(matrix.measures)]),
            f"{matrix.measures[kinds[i]].column}: the record has this measurement already",
        )
        for i in order[doubled]
    ]
    return order[~doubled], failed


def _note_disagreements(fields: Fields, codes: Any, first: Any) -> None:
    """Note each field on which the rows of one record disagree; the first row is taken."""
    for path, values in fields.values.items():
        different = values.ne_missing(values.gather(pl.Series(first[codes]))).to_numpy()
        if different.any():
            at = int(np.flatnonzero(different)[0])
            words = f"{path}: rows of one record disagree; the first is taken"
            fields.notes.add("BF103", int(fields.rows[at]), None, words, str(values[at]))


def _tables(
    fields: Fields, rows: Any, variants: Any, locators: list[str], described: Described
) -> tuple[pa.Table, pa.Table]:
    """Return the systems and the records tables of the records in `rows`."""
    frame = fields.record_frame(rows, variants)
    systems, all_ids, _ = described
    system_ids = all_ids.gather(pl.Series(rows))
    origin, size = fields.origin, len(locators)
    source = {
        "id": _ids(fields, frame["suite"] if "suite" in frame.columns else None, locators),
        "source_path": [origin.path] * size,
        "source_sha256": [origin.sha256] * size,
        "source_locator": locators,
        "converter": [origin.converter] * size,
        "converter_version": [origin.converter_version] * size,
    }
    frame = frame.with_columns(
        pl.Series(name, cells, dtype=pl.String) for name, cells in source.items()
    )
    frame = frame.with_columns(system_ids.alias("system_id"))
    used = pa.array(sorted(set(system_ids.drop_nulls())), pa.string())
    return systems.filter(pc.is_in(systems["id"], used)), _complete(frame)


def _ids(fields: Fields, suites: pl.Series | None, locators: list[str]) -> list[str]:
    distinct = suites.unique().to_list() if suites is not None else [""]
    path, digest = fields.origin.path, fields.origin.sha256
    by_row = not fields.program.annotation.key and fields.program.variants == ({},)
    if by_row and len(distinct) == 1:
        return record_ids(str(distinct[0]), path, digest, locators)
    names = suites.to_list() if suites is not None else [""] * len(locators)
    return [
        record_id(str(suite), path, digest, where)
        for suite, where in zip(names, locators, strict=True)
    ]


def _row_locators(fields: Fields, rows: Any, variants: Any) -> list[str]:
    """Return the locator of each record: the row, with what the header says where it is a dimension."""
    numbers = fields.rows[rows].tolist()
    parts = [_variant_parts(variant) for variant in fields.program.variants]
    if parts == [[]]:
        return [f"row={number}" for number in numbers]
    return [
        "&".join(sorted([f"row={n}", *parts[v]]))
        for n, v in zip(numbers, variants.tolist(), strict=True)
    ]


def _variant_parts(variant: dict[str, Any]) -> list[str]:
    """Return the parts of a locator that a header says, under the last names of the paths where these differ."""
    short = [path.rpartition(".")[2] for path in variant]
    names = short if len({*short, "row"}) == len(short) + 1 else list(variant)
    return [
        f"{name}={_escaped(str(value))}"
        for name, value in zip(names, variant.values(), strict=True)
    ]


def _columns(matrix: Matrix, flat: Any) -> pl.Series:
    names = pl.Series([m.column for m in matrix.measures], dtype=pl.String)
    return names.gather(pl.Series(flat % max(len(matrix.measures), 1)))


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace("&", "%26").replace("=", "%3D")


def _complete(frame: pl.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table with all columns of `records`."""
    arrow = frame.to_arrow()
    columns: dict[str, Any] = {name: arrow[name] for name in arrow.column_names}
    return pa.table(
        {
            f.name: columns[f.name].cast(f.type)
            if f.name in columns
            else pa.nulls(frame.height, f.type)
            for f in arrow_schema("records")
        }
    )
