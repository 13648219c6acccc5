"""Records as three flat tables and back, without loss.

`COLUMNS` is the one list of the tables' columns: their names, the place in the record that each holds, and its type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import JsonValue

from benchfmt.arrays import TEXT_CODES, Chunked, array_of, nulls
from benchfmt.identity import canonical
from benchfmt.record import Measurement, Part, Record

Kind = Literal["text", "integer", "number", "boolean", "json"]
Row = dict[str, JsonValue]
Cells = tuple[JsonValue, ...]
Texts: TypeAlias = Chunked
TABLES = ("systems", "records", "measurements")
_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "json": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table and the place in the record whose value it holds."""

    name: str
    path: str
    kind: Kind = "text"
    required: bool = False


_KINDS: dict[str, Kind] = {kind: kind for kind in _ARROW}


def _columns(*specs: str) -> tuple[Column, ...]:
    """Read `name path kind`, where `!` after the name means required."""
    columns = []
    for spec in specs:
        name, path, kind, *_ = [*spec.split(), "text"]
        columns.append(Column(name.rstrip("!"), path, _KINDS[kind], name.endswith("!")))
    return tuple(columns)


COLUMNS: dict[str, tuple[Column, ...]] = {
    "systems": _columns(
        "id! id",
        "name name",
        "kind kind",
        "vendor vendor",
        "nodes nodes integer",
        "processor_name processor.name",
        "processor_architecture processor.architecture",
        "processor_count processor.count integer",
        "processor_cores processor.cores integer",
        "processor_clock_hz processor.clock_hz number",
        "memory_bytes memory_bytes integer",
        "accelerator_kind accelerator.kind",
        "accelerator_name accelerator.name",
        "accelerator_count accelerator.count integer",
        "accelerator_memory_bytes accelerator.memory_bytes integer",
        "accelerators accelerator json",
        "operating_system operating_system",
        "extensions extensions json",
    ),
    "records": _columns(
        "id! id",
        "suite! benchmark.suite",
        "suite_version benchmark.suite_version",
        "benchmark benchmark.name",
        "division benchmark.division",
        "category benchmark.category",
        "system_type benchmark.system_type",
        "scenario benchmark.scenario",
        "phase benchmark.phase",
        "verification benchmark.verification",
        "task task",
        "dataset dataset.name",
        "dataset_split dataset.split",
        "dataset_samples dataset.samples integer",
        "dataset_sha256 dataset.sha256",
        "model model.name",
        "model_version model.version",
        "model_parameters model.parameters integer",
        "model_flop model.flop number",
        "model_size_bytes model.size_bytes integer",
        "system_id system.id",
        "engine software.engine",
        "engine_version software.engine_version",
        "software software.stack json",
        "precision configuration.precision",
        "input_shape configuration.input_shape json",
        "batch_size configuration.batch_size integer",
        "threads configuration.threads integer",
        "placement configuration.placement json",
        "hyperparameters configuration.hyperparameters json",
        "inputs inputs json",
        "status! status",
        "status_detail status_detail",
        "submitter provenance.submitter",
        "measured_at provenance.measured_at",
        "license provenance.license",
        "url provenance.url",
        "execution provenance.execution",
        "source_path provenance.sources.0.path",
        "source_sha256 provenance.sources.0.sha256",
        "source_locator provenance.sources.0.locator",
        "sources provenance.sources json",
        "converter provenance.converter",
        "converter_version provenance.converter_version",
        "extensions extensions json",
    ),
    "measurements": _columns(
        "record_id! -",
        "metric! metric",
        "statistic statistic",
        "stage stage",
        "per per",
        "scope scope",
        "value value number",
        "unit unit",
        "basis basis",
        "primary primary boolean",
        "missing missing",
        "caveats caveats json",
        "n n integer",
        "stddev stddev number",
        "ci ci json",
        "samples samples json",
        "target_min target_min number",
        "target_max target_max number",
        "reported_value reported_value",
        "reported_unit reported_unit",
        "source_path source_path",
        "source_locator source_locator",
    ),
}


REPEATING = frozenset(
    {
        "metric",
        "statistic",
        "stage",
        "per",
        "scope",
        "unit",
        "basis",
        "missing",
        "caveats",
        "reported_unit",
        "suite",
        "suite_version",
        "benchmark",
        "division",
        "category",
        "system_type",
        "scenario",
        "phase",
        "verification",
        "task",
        "dataset",
        "dataset_split",
        "model",
        "system_id",
        "engine",
        "engine_version",
        "software",
        "precision",
        "input_shape",
        "placement",
        "status",
        "submitter",
        "license",
        "converter",
        "converter_version",
        "source_path",
        "source_sha256",
    }
)
"""Columns of few distinct texts: dictionaries in Parquet, and judged once for each text."""
TERM_COLUMNS: dict[str, dict[str, str]] = {
    "records": {
        "suite": "suite",
        "division": "division",
        "category": "category",
        "system_type": "system-type",
        "scenario": "scenario",
        "phase": "phase",
        "verification": "verification",
        "task": "task",
        "engine": "engine",
        "precision": "precision",
    },
    "measurements": {
        "metric": "metric",
        "statistic": "statistic",
        "stage": "stage",
        "per": "per",
        "scope": "scope",
    },
    "systems": {
        "kind": "system-kind",
        "processor_architecture": "architecture",
        "accelerator_kind": "device-kind",
    },
}
"""The columns that hold open terms, each with the kind of its terms in the vocabulary."""


def column(table: str, name: str) -> Column:
    """Return a column of a table by name; raises KeyError."""
    return _BY_NAME[table][name]


_BY_NAME = {table: {item.name: item for item in items} for table, items in COLUMNS.items()}


def arrow_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table with all its columns."""
    return pa.schema([pa.field(item.name, _ARROW[item.kind]) for item in COLUMNS[table]])


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records as three Arrow tables; systems may repeat from batch to batch."""

    systems: pa.Table
    records: pa.Table
    measurements: pa.Table

    def stated(self, said: Mapping[str, str | None]) -> Batch:
        """Return the batch with what is said by column, for the records that say nothing there; None says nothing."""
        records = self.records
        for name, text in said.items():
            if text is not None:
                place = records.schema.get_field_index(name)
                cells = (
                    records.column(place).cast(pa.string()).fill_null(pa.scalar(text, pa.string()))
                )
                records = records.set_column(place, name, cells)
        return replace(self, records=records)

    def located(self, addresses: Sequence[str | None]) -> Batch:
        """Return the batch with an address (`provenance.url`) for the records that say none; one of each, or None."""
        place = self.records.schema.get_field_index("url")
        said = self.records.column(place).cast(pa.string())
        cells: Any = pc.coalesce(said, array_of(addresses, pa.string()))
        return replace(self, records=self.records.set_column(place, "url", cells))

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield the three tables by name."""
        for name in TABLES:
            yield name, getattr(self, name)


def from_rows(
    record_row: Row, system_row: Row | None, measurement_rows: Iterable[Row]
) -> dict[str, JsonValue]:
    """Return the plain record data that rows hold; the reverse of `to_batch`."""
    record: dict[str, JsonValue] = {"benchfmt": "1.0"}
    for item in COLUMNS["records"]:
        value = _value(item, record_row.get(item.name))
        if value is not None and not item.path.startswith("provenance.sources"):
            _put(record, item.path, value)
    sources = _sources(record_row)
    if sources:
        _put(record, "provenance.sources", sources)
    if system_row:
        record["system"] = system_from_row(system_row)
    measurements: list[JsonValue] = [_measurement(row) for row in measurement_rows]
    if measurements:
        record["measurements"] = measurements
    return record


def _sources(row: Row) -> list[JsonValue]:
    """Return the sources that a record's row names, the primary one first; none where it names no primary one."""
    if row.get("source_path") is None:
        return []
    primary = {key: row.get(f"source_{key}") for key in ("path", "sha256", "locator")}
    others = _value(column("records", "sources"), row.get("sources"))
    return [
        {key: value for key, value in primary.items() if value is not None},
        *(others if isinstance(others, list) else []),
    ]


def to_batch(records: Sequence[Record]) -> Batch:
    """Return records that have their ids as one batch of tables; each system once."""
    builder = Builder()
    for record in records:
        builder.add(record)
    return builder.batch()


class Builder:
    """Gathers records that have their ids into one batch of tables; each system stands in it once.

    It holds a batch's rows, not its models, which are ten times as large. Beside them are kept, record by record, the
    `sizes` in measurements and the row of the system, -1 for none.
    """

    def __init__(self) -> None:
        """Begin with no record."""
        self.sizes: list[int] = []
        self.systems: list[int] = []
        self.rows = 0
        self._system_rows: list[Row] = []
        self._numbers: dict[str, int] = {}
        self._forms: dict[str, int] = {}
        self._records: list[Cells] = []
        self._measurements: list[list[Cells]] = []

    def __len__(self) -> int:
        """Return how many records are gathered."""
        return len(self._records)

    def add(self, record: Record) -> None:
        """Add a record at the end."""
        row = _record_cells(record)
        measurements = [_measurement_cells(item) for item in record.measurements or ()]
        self.systems.append(self._system(record))
        self._records.append(row)
        self._measurements.append(measurements)
        self.sizes.append(len(measurements))
        self.rows += len(measurements)

    def batch(self) -> Batch:
        """Return the tables."""
        place = _LAYOUT.names.index("id")
        ids = [str(row[place]) for row in self._records]
        owners = [name for name, size in zip(ids, self.sizes, strict=True) for _ in range(size)]
        measurements = [row for rows in self._measurements for row in rows]
        return Batch(
            table_of("systems", self._system_rows),
            _columnar("records", _LAYOUT.names, self._records),
            _columnar("measurements", _MEASUREMENT_ORDER, measurements, owners),
        )

    def _system(self, record: Record) -> int:
        if record.system is None:
            return -1
        text = record.system.model_dump_json(exclude_none=True)
        known = self._numbers.get(text)
        if known is not None:
            return known
        system = record.system.to_dict()
        number = self._forms.setdefault(canonical(system), len(self._system_rows))
        if number == len(self._system_rows):
            self._system_rows.append(system_row(system))
        self._numbers[text] = number
        return number


def _columnar(
    table: str, order: Sequence[str], rows: Sequence[Cells], owners: Sequence[str] = ()
) -> pa.Table:
    """Return rows, whose cells stand in an order of names, as a table; `owners` are the records of measurements."""
    schema = arrow_schema(table)
    columns: dict[str, Sequence[JsonValue]] = {"record_id": owners}
    columns.update(zip(order, zip(*rows, strict=True), strict=bool(rows)))
    arrays = [array_of(columns.get(field.name, ()), field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a record that is an object: how its cells are taken, and its cells where it is absent."""

    name: str
    take: Callable[[Mapping[str, JsonValue]], Cells]
    absent: Cells


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a record's cells are taken from its models: their names in order, the takers, and which are JSON."""

    names: list[str]
    take: Callable[[Mapping[str, JsonValue]], Cells]
    parts: list[_Part]
    json_places: list[int]


_BUILT = ("provenance.sources", "system.", "inputs")
"""Where the columns of a record begin that are not taken from its models as they stand."""


def _layout() -> _Layout:
    plain = [item for item in COLUMNS["records"] if not item.path.startswith(_BUILT)]
    top = [item for item in plain if "." not in item.path]
    order = list(top)
    parts = []
    nested = [item for item in plain if "." in item.path]
    for name, items in groupby(nested, lambda item: item.path.partition(".")[0]):
        inside = list(items)
        take = itemgetter(*(item.path.partition(".")[2] for item in inside))
        parts.append(_Part(name, take, (None,) * len(inside)))
        order += inside
    built = ["source_path", "source_sha256", "source_locator", "sources", "inputs", "system_id"]
    return _Layout(
        names=[item.name for item in order] + built,
        take=itemgetter(*(item.path for item in top)),
        parts=parts,
        json_places=[place for place, item in enumerate(order) if item.kind == "json"],
    )


def _record_cells(record: Record) -> Cells:
    """Return the cells of a record's row, in the order of the layout's names."""
    attributes = record.__dict__
    cells: list[JsonValue] = list(_LAYOUT.take(attributes))
    for part in _LAYOUT.parts:
        value = attributes[part.name]
        cells += part.absent if value is None else part.take(value.__dict__)
    cells += _source_cells(record)
    cells.append(_json_of(record.inputs))
    cells.append(record.system.id if record.system else None)
    for place in _LAYOUT.json_places:
        if cells[place] is not None:
            cells[place] = canonical(cells[place])
    return tuple(cells)


def _source_cells(record: Record) -> Cells:
    """Return path, hash and locator of a record's primary source, and its others."""
    sources = record.provenance.sources if record.provenance else None
    if not sources:
        return (None, None, None, None)
    first = sources[0]
    return (first.path, first.sha256, first.locator, _json_of(sources[1:] or None))


def _json_of(parts: Sequence[Part] | None) -> str | None:
    if parts is None:
        return None
    return canonical([part.to_dict() for part in parts])


def _measurement_cells(measurement: Measurement) -> Cells:
    """Return the cells of a measurement's row, in the order of `_MEASUREMENT_ORDER`."""
    cells: Cells = _TAKE_MEASUREMENT(measurement.__dict__)
    if all(cells[place] is None for place in _JSON_CELLS):
        return cells
    items = COLUMNS["measurements"][1:]
    return tuple(_cell(item, cell) for item, cell in zip(items, cells, strict=True))


def table_of(table: str, rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table with all columns."""
    schema = arrow_schema(table)
    arrays = [array_of([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def complete(table: str, given: pa.Table) -> pa.Table:
    """Return some columns of a table as one with all columns, in order and of their types; a dictionary of texts stays."""
    schema = arrow_schema(table)
    columns: dict[str, Any] = {}
    for field in schema:
        if field.name not in given.column_names:
            columns[field.name] = nulls(given.num_rows, field.type)
        elif given[field.name].type == TEXT_CODES:
            columns[field.name] = given[field.name]
        else:
            columns[field.name] = given[field.name].cast(field.type)
    return pa.table(columns)


def system_from_row(row: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the plain system data that a row of `systems` holds."""
    system: dict[str, JsonValue] = {}
    for item in COLUMNS["systems"]:
        value = _value(item, row.get(item.name))
        if value is not None:
            _put(system, item.path, value)
    return system


def system_row(system: Mapping[str, JsonValue]) -> Row:
    """Return the row of `systems` that holds plain system data."""
    accelerator = system.get("accelerator")
    flat = dict(system)
    if not isinstance(accelerator, dict):
        flat["accelerator"] = None
    row = {item.name: _cell(item, _get(flat, item.path)) for item in COLUMNS["systems"]}
    # One accelerator has columns of its own; several kinds stand in `accelerators`.
    row["accelerators"] = None
    if isinstance(accelerator, list):
        row["accelerators"] = canonical(accelerator)
    return row


_LAYOUT = _layout()
_MEASUREMENT_ORDER = [item.name for item in COLUMNS["measurements"][1:]]
_TAKE_MEASUREMENT = itemgetter(*(item.path for item in COLUMNS["measurements"][1:]))
_JSON_CELLS = [
    place for place, item in enumerate(COLUMNS["measurements"][1:]) if item.kind == "json"
]


def _measurement(row: Row) -> dict[str, JsonValue]:
    values = {item.path: _value(item, row.get(item.name)) for item in COLUMNS["measurements"][1:]}
    return {path: value for path, value in values.items() if value is not None}


def _cell(item: Column, value: JsonValue) -> JsonValue:
    """Return a value of a record as the cell of a column."""
    if item.kind != "json" or value is None:
        return value
    return canonical(value)


def _value(item: Column, cell: JsonValue) -> JsonValue:
    """Return the value of a record that a cell of a column holds."""
    if item.kind != "json" or not isinstance(cell, str):
        return cell
    value: JsonValue = json.loads(cell)
    return value


def _get(data: Mapping[str, JsonValue], path: str) -> JsonValue:
    value: JsonValue = dict(data)
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _put(data: dict[str, JsonValue], path: str, value: JsonValue) -> None:
    *parents, name = path.split(".")
    for part in parents:
        inner = data.setdefault(part, {})
        assert isinstance(inner, dict)  # noqa: S101 - no column of a table is a part of another one's value
        data = inner
    data[name] = value
