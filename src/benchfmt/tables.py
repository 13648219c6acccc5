"""Records as three flat tables and back, without loss.

`COLUMNS` is the one list of the tables' columns: their names, the place in the record that each holds, and its type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from benchfmt.identity import canonical
from benchfmt.record import Record

Kind = Literal["text", "integer", "number", "boolean", "json"]
Row = dict[str, Any]
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


def _columns(*specs: str) -> tuple[Column, ...]:
    """Read `name path kind`, where `!` after the name means required."""
    columns = []
    for spec in specs:
        name, path, *kind = spec.split()
        columns.append(Column(name.rstrip("!"), path, kind[0] if kind else "text", name.endswith("!")))  # type: ignore[arg-type]
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


TERM_COLUMNS: dict[str, dict[str, str]] = {
    "records": {
        "suite": "suite",
        "division": "division",
        "category": "category",
        "scenario": "scenario",
        "phase": "phase",
        "verification": "verification",
        "task": "task",
        "engine": "engine",
        "precision": "precision",
    },
    "measurements": {"metric": "metric", "statistic": "statistic", "stage": "stage", "per": "per", "scope": "scope"},
    "systems": {"kind": "system-kind", "processor_architecture": "architecture", "accelerator_kind": "device-kind"},
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

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield the three tables by name."""
        for name in TABLES:
            yield name, getattr(self, name)


def to_rows(record: Mapping[str, Any]) -> tuple[Row | None, Row, list[Row]]:
    """Return the system row, the record row and the measurement rows of plain record data that has its ids."""
    system = record.get("system")
    record_row = {item.name: _READ_RECORD[item.name](record) for item in COLUMNS["records"]}
    measurements = [
        {
            "record_id": record["id"],
            **{item.name: _cell(item, m.get(item.path)) for item in COLUMNS["measurements"][1:]},
        }
        for m in record.get("measurements", ())
    ]
    return (system_row(system) if system else None), record_row, measurements


def from_rows(record_row: Row, system_row: Row | None, measurement_rows: Iterable[Row]) -> dict[str, Any]:
    """Return the plain record data that rows hold; the reverse of `to_rows`."""
    record: dict[str, Any] = {"benchfmt": "1.0"}
    sources = []
    for item in COLUMNS["records"]:
        value = _value(item, record_row.get(item.name))
        if value is None or item.path.startswith("provenance.sources.0"):
            continue
        if item.name == "sources":
            sources = value
        else:
            _put(record, item.path, value)
    primary = {k: record_row.get(f"source_{k}") for k in ("path", "sha256", "locator")}
    if primary["path"] is not None:
        _put(record, "provenance.sources", [{k: v for k, v in primary.items() if v is not None}, *sources])
    if system_row:
        record["system"] = system_from_row(system_row)
    measurements = [_measurement(row) for row in measurement_rows]
    if measurements:
        record["measurements"] = measurements
    return record


def to_batch(records: Sequence[Record]) -> Batch:
    """Return records that have their ids as one batch of tables; each system once."""
    systems: dict[str, Row] = {}
    record_rows, measurement_rows = [], []
    for record in records:
        system_row, record_row, rows = to_rows(record.to_dict())
        if system_row:
            systems.setdefault(canonical({k: v for k, v in system_row.items() if v is not None}), system_row)
        record_rows.append(record_row)
        measurement_rows += rows
    return Batch(
        table_of("systems", list(systems.values())),
        table_of("records", record_rows),
        table_of("measurements", measurement_rows),
    )


def table_of(table: str, rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table with all columns."""
    schema = arrow_schema(table)
    arrays = [pa.array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def system_from_row(row: Row) -> dict[str, Any]:
    """Return the plain system data that a row of `systems` holds."""
    system: dict[str, Any] = {}
    for item in COLUMNS["systems"]:
        value = _value(item, row.get(item.name))
        if value is not None:
            _put(system, item.path, value)
    return system


def system_row(system: Mapping[str, Any]) -> Row:
    """Return the row of `systems` that holds plain system data."""
    accelerator = system.get("accelerator")
    flat = {**system, "accelerator": accelerator if isinstance(accelerator, dict) else None}
    row = {item.name: _cell(item, _get(flat, item.path)) for item in COLUMNS["systems"]}
    # One accelerator has columns of its own; several kinds stand in `accelerators`.
    row["accelerators"] = canonical(accelerator) if isinstance(accelerator, list) else None
    return row


def _sources(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(record.get("provenance", {}).get("sources", ()))


def _record_readers() -> dict[str, Callable[[Mapping[str, Any]], Any]]:
    def primary(key: str) -> Callable[[Mapping[str, Any]], Any]:
        return lambda record: next(iter(_sources(record)), {}).get(key)

    def plain(item: Column) -> Callable[[Mapping[str, Any]], Any]:
        return lambda record: _cell(item, _get(record, item.path))

    readers = {item.name: plain(item) for item in COLUMNS["records"]}
    readers |= {f"source_{key}": primary(key) for key in ("path", "sha256", "locator")}
    readers["sources"] = lambda record: canonical(_sources(record)[1:]) if _sources(record)[1:] else None
    return readers


_READ_RECORD = _record_readers()


def _measurement(row: Row) -> dict[str, Any]:
    values = {item.path: _value(item, row.get(item.name)) for item in COLUMNS["measurements"][1:]}
    return {path: value for path, value in values.items() if value is not None}


def _cell(item: Column, value: Any) -> Any:
    return canonical(value) if item.kind == "json" and value is not None else value


def _value(item: Column, cell: Any) -> Any:
    return json.loads(cell) if item.kind == "json" and cell is not None else cell


def _get(data: Any, path: str) -> Any:
    for part in path.split("."):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for part in parents:
        data = data.setdefault(part, {})
    data[name] = value
