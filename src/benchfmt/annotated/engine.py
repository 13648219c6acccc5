"""Runs a compiled annotation over frames of text and gives the three tables.

Records come out in row order, their measurements in standard order. A cell that cannot be read becomes a measurement
without a value (or a field left out, its text kept in `extensions`) and a finding; the rest of its row is converted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import JsonValue

from benchfmt.annotated.cells import json_characters
from benchfmt.annotated.columns import Order
from benchfmt.annotated.evidence import NO_RECORD, Chosen, Evidence
from benchfmt.annotated.fields import Fields, Flags, Origin, Systems
from benchfmt.annotated.history import Steps
from benchfmt.annotated.measures import Matrix, Places, measurement_table, read_matrix
from benchfmt.annotated.notes import Integers, Notes
from benchfmt.annotated.program import Program
from benchfmt.annotated.stretches import stretches
from benchfmt.annotated.together import keys_of
from benchfmt.arrays import Arrow, array_of, coded_texts, texts_of
from benchfmt.finding import Finding
from benchfmt.identity import record_id_characters, record_id_characters_of_suites
from benchfmt.tables import Batch, complete

Reasons = list[tuple[int, str]]
"""Rows that gave no record or no measurement, each with the reason."""


@dataclass
class Outcome:
    """What a frame gave: its records as tables, the rows that gave none, and what was wrong.

    `record_rows` and `measurement_rows` say in which row of the file each row of the tables stands, `columns` in which
    column the measurements of each kind do, and `measurement_kinds` of which kind each is. `owners` are the numbers of the
    records that the measurements belong to, in ascending order.
    """

    batch: Batch
    owners: Integers
    record_rows: Integers
    measurement_rows: Integers
    measurement_kinds: Integers
    columns: list[str]
    skipped: Reasons = field(default_factory=list)
    failed: Reasons = field(default_factory=list)
    doubled: Reasons = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def in_parts(self, records: int, measurements: int) -> Iterator[Outcome]:
        """Yield the records with their measurements and systems, so many of both at a time, and nothing that was wrong.

        A record is never divided, and may have more measurements by itself.
        """
        height = len(self.record_rows)
        if height <= records and len(self.owners) <= measurements:
            yield self
            return
        sizes = np.bincount(self.owners, minlength=height)
        for start, end in stretches(sizes, records, measurements):
            yield self._records_between(start, end)

    def _records_between(self, start: int, end: int) -> Outcome:
        first, last = np.searchsorted(self.owners, [start, end]).tolist()
        records = self.batch.records.slice(start, end - start)
        systems = self.batch.systems
        used = pc.is_in(systems["id"], records["system_id"].cast(pa.string()))
        measurements = self.batch.measurements.slice(first, last - first)
        return Outcome(
            batch=Batch(systems.filter(used), records, measurements),
            owners=self.owners[first:last] - start,
            record_rows=self.record_rows[start:end],
            measurement_rows=self.measurement_rows[first:last],
            measurement_kinds=self.measurement_kinds[first:last],
            columns=self.columns,
        )


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
    notes = notes or Notes(origin.shown_path)
    fields = Fields(program, frame, rows, origin, notes)
    history = program.annotation.history
    if history is not None and frame.height:
        steps = Steps(frame, fields.numbers, program.is_higher_better)
        results = steps.results(program.annotation, history, program.best_columns)
        fields = Fields(program, results.frame, rows[results.places], origin, notes)
    masks = fields.read()
    matrix = read_matrix(fields, masks)
    outcome = _by_key(fields, matrix) if program.annotation.key else _by_row(fields, matrix)
    outcome.findings = fields.notes.take()
    return outcome


def _by_row(fields: Fields, matrix: Matrix) -> Outcome:
    """Return one record for each row, or for each dimension that its headers say."""
    variants = len(fields.program.variants)
    of_variant = np.array([measure.variant for measure in matrix.measures], dtype=np.int64)
    evidence = Evidence.of(fields, matrix)
    systems = fields.systems()
    clash = systems.clash.to_numpy()
    statuses = np.empty((fields.height, variants), dtype=np.int8)
    for variant in range(variants):
        statuses[:, variant] = evidence.statuses(of_variant == variant)
    keep = (statuses != NO_RECORD) & ~clash[:, None]
    rows, kinds = np.nonzero(keep)
    position = np.zeros(keep.shape, dtype=np.int64)
    position[rows, kinds] = np.arange(len(rows))
    locators = _row_locators(fields, rows, kinds)
    chosen = Chosen(rows, kinds, statuses[rows, kinds], locators)
    records = _records(fields, chosen, systems)
    places = matrix.places(keep[:, of_variant] if variants > 1 else keep)
    owners = position.ravel()[places.rows * variants + of_variant[places.kinds]]
    skipped, failed = _without_record(fields, matrix, ~keep.any(axis=1) & ~clash)
    return Outcome(
        batch=Batch(
            _used_systems(systems, rows),
            records,
            measurement_table(fields, matrix, places, records["id"], owners),
        ),
        owners=owners,
        record_rows=fields.rows[rows],
        measurement_rows=fields.rows[places.rows],
        measurement_kinds=places.kinds,
        columns=_columns(fields, matrix),
        skipped=skipped,
        failed=[*_clashes(fields, systems, clash), *failed],
    )


def _by_key(fields: Fields, matrix: Matrix) -> Outcome:
    """Return one record for each key of a long table, in the order in which the keys first stand."""
    names = fields.program.annotation.key
    codes, first = _key_codes(fields, names)
    fields.join_kept(codes, first)
    evidence = Evidence.of(fields, matrix).together(codes, first)
    systems = fields.systems()
    clash = systems.clash.to_numpy()[first]
    statuses = evidence.statuses(np.ones(1, dtype=bool))
    keep = (statuses != NO_RECORD) & ~clash
    rows = first[keep]
    locators = [_key_locator(fields, names, row) for row in rows.tolist()]
    chosen = Chosen(
        rows,
        np.zeros(len(rows), dtype=np.int64),
        statuses[keep],
        pl.Series(locators, dtype=pl.String),
    )
    records = _records(fields, chosen, systems)
    places = matrix.places(keep[codes][:, None])
    owners = (np.cumsum(keep) - 1)[codes][places.rows]
    order, doubled = _key_order(fields, matrix, places, owners)
    places = places.take(order)
    skipped, failed = _without_record(fields, matrix, ~keep[codes] & ~clash[codes])
    _note_disagreements(fields, first[codes])
    return Outcome(
        batch=Batch(
            _used_systems(systems, rows),
            records,
            measurement_table(fields, matrix, places, records["id"], owners[order]),
        ),
        owners=owners[order],
        record_rows=fields.rows[rows],
        measurement_rows=fields.rows[places.rows],
        measurement_kinds=places.kinds,
        columns=_columns(fields, matrix),
        skipped=skipped,
        failed=[*_clashes(fields, systems, clash[codes]), *failed, *doubled],
        doubled=doubled,
    )


def _key_codes(fields: Fields, names: list[str]) -> tuple[Integers, Integers]:
    """Return the number of each row's key, in the order in which the keys first stand, and where each does."""
    keys = keys_of(fields.frame, names)
    distinct = keys.unique(maintain_order=True)
    places = pl.Series(range(len(distinct)), dtype=pl.Int64)
    codes = keys.replace_strict(distinct, places, return_dtype=pl.Int64).to_numpy()
    first = np.full(len(distinct), fields.height, dtype=np.int64)
    np.minimum.at(first, codes, np.arange(fields.height))
    return codes, first


def _key_locator(fields: Fields, names: list[str], row: int) -> str:
    return "&".join(sorted(f"{name}={_escaped(fields.frame[name][row])}" for name in names))


def _without_record(fields: Fields, matrix: Matrix, gone: Flags) -> tuple[Reasons, Reasons]:
    """Return the rows without a record: those that hold nothing, and those whose numbers could not be read."""
    unreadable = matrix.unreadable()
    unread = fields.unread.to_numpy()
    skipped: Reasons = []
    failed: Reasons = []
    for index in np.flatnonzero(gone).tolist():
        row = int(fields.rows[index])
        places = np.flatnonzero(unreadable[index]).tolist()
        if places:
            column = matrix.measures[places[0]].column
            fault = f"{column} is {fields.frame[column][index]!r}, which is not a number"
            failed.append((row, f"no measurement could be read: {fault}"))
        elif unread[index]:
            fault = "nothing known says what its numbers measure"
            failed.append((row, f"no measurement could be read: {fault}"))
        else:
            skipped.append((row, "no measurement of the row has a value"))
    return skipped, failed


def _clashes(fields: Fields, systems: Systems, clash: Flags) -> Reasons:
    """Return the rows that describe a system in another way than an earlier row, each noted as a finding."""
    hint = "give it an id of its own, or make the rows say the same"
    failed = []
    for index in np.flatnonzero(clash).tolist():
        row = int(fields.rows[index])
        name = systems.ids[index]
        message = f"the system {name!r} is described in another way by an earlier row"
        fields.notes.add("BF508", row, None, message, name, hint)
        failed.append((row, message))
    return failed


def _key_order(
    fields: Fields, matrix: Matrix, places: Places, owners: Integers
) -> tuple[Integers, Reasons]:
    """Return the order of the measurements by record and key, without those that a record says twice."""
    order_of: dict[Order, int] = {}
    for measure in matrix.measures:
        order_of.setdefault(measure.order, len(order_of))
    ranks = np.array([order_of[measure.order] for measure in matrix.measures], dtype=np.int64)
    of_places = ranks[places.kinds]
    order = np.lexsort((np.arange(len(owners)), of_places, owners))
    same = (np.diff(owners[order]) == 0) & (np.diff(of_places[order]) == 0)
    doubled = np.zeros(len(order), dtype=bool)
    doubled[1:] = same
    failed = []
    for index in order[doubled]:
        row = int(fields.rows[places.rows[index]])
        column = matrix.measures[places.kinds[index]].column
        failed.append((row, f"{column}: the record has this measurement already"))
    return order[~doubled], failed


def _note_disagreements(fields: Fields, first: Integers) -> None:
    """Note each field on which the rows of one record disagree; the first row, by row, is taken."""
    for path, values in fields.values.items():
        different = values.ne_missing(values.gather(pl.Series(first))).to_numpy()
        if different.any():
            at = int(np.flatnonzero(different)[0])
            message = f"{path}: rows of one record disagree; the first is taken"
            fields.notes.add("BF103", int(fields.rows[at]), None, message, str(values[at]))


def _records(fields: Fields, chosen: Chosen, systems: Systems) -> pa.Table:
    """Return the table of the records that are made."""
    origin = fields.origin
    frame = chosen.with_statuses(fields.record_frame(chosen.rows, chosen.variants))
    locators = chosen.locators
    if origin.table:
        locators = locators + f"&table={_escaped(origin.table)}"
    system_ids = systems.ids.gather(pl.Series(chosen.rows))
    table = frame.with_columns_seq(
        locators.alias("source_locator"), system_ids.alias("system_id")
    ).to_arrow()
    source = {
        "source_path": origin.path,
        "source_sha256": origin.sha256,
        "converter": origin.converter,
        "converter_version": origin.converter_version,
    }
    same = np.zeros(frame.height, dtype=np.int32)
    for name, text in source.items():
        table = table.append_column(name, coded_texts(same, array_of([text], pa.string())))
    suites = pl.Series([""] * frame.height, dtype=pl.String)
    if "suite" in frame.columns:
        suites = frame["suite"].fill_null("")
    ids = _ids(fields, suites, locators)
    return complete("records", table.append_column("id", ids))


def _used_systems(systems: Systems, rows: Integers) -> pa.Table:
    """Return the systems of the records in `rows`."""
    used = systems.ids.gather(pl.Series(rows)).unique().drop_nulls().sort()
    return systems.table.filter(pc.is_in(systems.table["id"], used.to_arrow().cast(pa.string())))


def _ids(fields: Fields, suites: pl.Series, locators: pl.Series) -> Arrow:
    path, digest = fields.origin.path, fields.origin.sha256
    places = json_characters(locators).cast(pl.Binary).to_list()
    if suites.n_unique() == 1:
        return texts_of(record_id_characters(suites[0], path, digest, places))
    return texts_of(record_id_characters_of_suites(suites, path, digest, places))


def _row_locators(fields: Fields, rows: Integers, variants: Integers) -> pl.Series:
    """Return the locator of each record: the row, with what the header says where it is a dimension."""
    numbers = pl.Series(fields.rows[rows])
    parts = [_variant_parts(variant) for variant in fields.program.variants]
    if parts == [[]]:
        return "row=" + numbers.cast(pl.String)
    locators = [
        "&".join(sorted([f"row={number}", *parts[variant]]))
        for number, variant in zip(numbers.to_list(), variants.tolist(), strict=True)
    ]
    return pl.Series(locators, dtype=pl.String)


def _variant_parts(variant: Mapping[str, JsonValue]) -> list[str]:
    """Return the parts of a locator that a header says, under the last names of the paths where these differ."""
    names = [path.rpartition(".")[2] for path in variant]
    if len({*names, "row"}) <= len(names):
        names = list(variant)
    values = variant.values()
    return [f"{name}={_escaped(str(value))}" for name, value in zip(names, values, strict=True)]


def _columns(fields: Fields, matrix: Matrix) -> list[str]:
    """Return the column of the table that the measurements of each kind are from."""
    added = {own: name for name, own in fields.program.best_columns.items()}
    return [added.get(measure.column, measure.column) for measure in matrix.measures]


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace("&", "%26").replace("=", "%3D")
