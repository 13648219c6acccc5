"""Records as three flat tables and back, without loss.

`COLUMNS` is the one list of the tables' columns: their names, the place in the record that each holds, and its type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from operator import itemgetter
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from benchfmt.identity import canonical
from benchfmt.record import Measurement, Record

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


_PLAIN: dict[pa.DataType, type] = {
    pa.string(): str,
    pa.int64(): int,
    pa.float64(): float,
    pa.bool_(): bool,
}
_LONGEST = 2**31 - 1
"""So many bytes an Arrow array of text can hold."""


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
        chosen: Any = kind[0] if kind else "text"
        columns.append(Column(name.rstrip("!"), path, chosen, name.endswith("!")))
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

    def licensed(self, license: str) -> Batch:  # noqa: A002 - the word of the standard
        """Return the batch with a licence for the records that say none."""
        place = self.records.schema.get_field_index("license")
        cells = (
            self.records.column(place).cast(pa.string()).fill_null(pa.scalar(license, pa.string()))
        )
        return replace(self, records=self.records.set_column(place, "license", cells))

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


def from_rows(
    record_row: Row, system_row: Row | None, measurement_rows: Iterable[Row]
) -> dict[str, Any]:
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
        _put(
            record,
            "provenance.sources",
            [{k: v for k, v in primary.items() if v is not None}, *sources],
        )
    if system_row:
        record["system"] = system_from_row(system_row)
    measurements = [_measurement(row) for row in measurement_rows]
    if measurements:
        record["measurements"] = measurements
    return record


def to_batch(records: Sequence[Record]) -> Batch:
    """Return records that have their ids as one batch of tables; each system once."""
    builder = Builder()
    for record in records:
        builder.add(record)
    return builder.batch()


class Builder:
    """Gathers records that have their ids into one batch of tables; each system stands in it once.

    It holds a batch's rows, not its models, which are ten times as large. Beside them are kept, record by record, what
    is needed to leave some out: the `sizes` in measurements and the number of the system, -1 for none.
    """

    def __init__(self) -> None:
        """Begin with no record."""
        self.sizes: list[int] = []
        self.systems: list[int] = []
        self.forms: list[str] = []
        self.rows = 0
        self._system_rows: list[Row] = []
        self._numbers: dict[str, int] = {}
        self._records: list[tuple[Any, ...]] = []
        self._measurements: list[list[tuple[Any, ...]]] = []

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

    def content(self) -> bytes:
        """Return a digest of what the last record says, its system left out: equal for equal data."""
        text = json.dumps([self._records[-1], self._measurements[-1]])
        if "-0.0" in text:  # equal to 0.0
            text = json.dumps(_without_negative_zero([self._records[-1], self._measurements[-1]]))
        return sha256(text.encode()).digest()

    def batch(self) -> Batch:
        """Return the tables."""
        ids = (row[_ID] for row in self._records)
        owners = [name for name, size in zip(ids, self.sizes, strict=True) for _ in range(size)]
        return Batch(
            table_of("systems", self._system_rows),
            _columnar("records", _RECORD_ORDER, self._records),
            _columnar(
                "measurements",
                _MEASUREMENT_ORDER,
                [row for rows in self._measurements for row in rows],
                owners,
            ),
        )

    def _system(self, record: Record) -> int:
        if record.system is None:
            return -1
        text = record.system.model_dump_json(exclude_none=True)
        number = self._numbers.get(text)
        if number is None:
            data = record.system.to_dict()
            form = canonical(data)
            number = self._numbers[text] = (
                self.forms.index(form) if form in self.forms else len(self.forms)
            )
            if number == len(self.forms):
                self.forms.append(form)
                self._system_rows.append(system_row(data))
        return number


def kept(batch: Batch, keep: Sequence[bool], sizes: Sequence[int], systems: Sequence[int]) -> Batch:
    """Return a batch with some of its records only, with their measurements and systems (see `Builder`)."""
    used = {system for system, stays in zip(systems, keep, strict=True) if stays}
    rows = [stays for stays, size in zip(keep, sizes, strict=True) for _ in range(size)]
    return Batch(
        batch.systems.filter(
            pa.array([number in used for number in range(batch.systems.num_rows)], pa.bool_())
        ),
        batch.records.filter(pa.array(keep, pa.bool_())),
        batch.measurements.filter(pa.array(rows, pa.bool_())),
    )


def _columnar(
    table: str, order: Sequence[str], rows: Sequence[tuple[Any, ...]], owners: Sequence[str] = ()
) -> pa.Table:
    """Return rows, whose cells stand in an order of names, as a table; `owners` are the records of measurements."""
    schema = arrow_schema(table)
    found: dict[str, Sequence[Any]] = {
        "record_id": owners,
        **dict(zip(order, zip(*rows, strict=True), strict=bool(rows))),
    }
    return pa.Table.from_arrays(
        [_array(found.get(f.name, ()), f.type) for f in schema], schema=schema
    )


def _without_negative_zero(data: Any) -> Any:
    if isinstance(data, list | tuple):
        return [_without_negative_zero(item) for item in data]
    return data + 0.0 if isinstance(data, float) else data


def _record_cells(record: Record) -> tuple[Any, ...]:
    """Return the cells of a record's row, in the order of `_RECORD_ORDER`."""
    said = record.__dict__
    cells: list[Any] = list(_TOP(said))
    for part, take, none in _PARTS:
        cells += none if said[part] is None else take(said[part].__dict__)
    sources = record.provenance.sources if record.provenance else None
    first = sources[0] if sources else None
    cells += (first.path, first.sha256, first.locator) if first else (None, None, None)
    cells.append(
        canonical([item.to_dict() for item in sources[1:]])
        if sources and len(sources) > 1
        else None
    )
    cells.append(
        canonical([item.to_dict() for item in record.inputs]) if record.inputs is not None else None
    )
    cells.append(record.system.id if record.system else None)
    for place in _JSON_PLACES:
        if cells[place] is not None:
            cells[place] = canonical(cells[place])
    return tuple(cells)


def _measurement_cells(measurement: Measurement) -> tuple[Any, ...]:
    """Return the cells of a measurement's row, in the order of `_MEASUREMENT_ORDER`."""
    cells = _TAKE_MEASUREMENT(measurement.__dict__)
    if any(cells[place] is not None for place in _JSON_CELLS):
        return tuple(
            _cell(item, cell) for item, cell in zip(COLUMNS["measurements"][1:], cells, strict=True)
        )
    return cells  # type: ignore[no-any-return]


def _placed() -> tuple[list[str], Any, list[tuple[str, Any, tuple[None, ...]]], list[int]]:
    """Return how a record's cells are taken from its models: names in order, the takers, and which are JSON."""
    plain = [
        item
        for item in COLUMNS["records"]
        if not item.path.startswith(("provenance.sources", "system.", "inputs"))
    ]
    top = [item for item in plain if "." not in item.path]
    order, parts = list(top), []
    for part in dict.fromkeys(item.path.partition(".")[0] for item in plain if "." in item.path):
        inside = [item for item in plain if item.path.startswith(f"{part}.")]
        parts.append(
            (
                part,
                itemgetter(*(item.path.partition(".")[2] for item in inside)),
                (None,) * len(inside),
            )
        )
        order += inside
    names = [item.name for item in order]
    last = ["source_path", "source_sha256", "source_locator", "sources", "inputs", "system_id"]
    places = [place for place, item in enumerate(order) if item.kind == "json"]
    return names + last, itemgetter(*(item.path for item in top)), parts, places


def table_of(table: str, rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table with all columns."""
    schema = arrow_schema(table)
    arrays = [_array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


_NUMPY: dict[Any, Any] = {pa.bool_(): np.bool_, pa.int64(): np.int64, pa.float64(): np.float64}
"""Arrow's own translation (`to_pandas_dtype`) needs pandas up to pyarrow 25."""


def _array(cells: Sequence[Any], kind: Any) -> Any:
    """Return cells as an Arrow array.

    `pa.array` loads pandas wherever that is installed: more than a second and 40 MB in each process. So the plain cases
    are laid out here, and whatever is not of the very type is left to it.
    """
    types = set(map(type, cells))
    blank = type(None) in types
    types.discard(type(None))
    if not types:
        return pa.nulls(len(cells), kind)
    if types != {_PLAIN.get(kind)}:
        return pa.array(cells, kind)
    valid = [cell is not None for cell in cells] if blank else []
    mask = _buffer(np.packbits(np.array(valid, bool), bitorder="little")) if blank else None
    if kind != pa.string():
        filled = [0 if cell is None else cell for cell in cells] if blank else cells
        numbers: Any = np.array(filled, _NUMPY[kind])
        laid = np.packbits(numbers, bitorder="little") if kind == pa.bool_() else numbers
        return pa.Array.from_buffers(kind, len(cells), [mask, _buffer(laid)])
    encoded = [b"" if cell is None else cell.encode() for cell in cells]
    ends = np.zeros(len(cells) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=ends[1:])
    if ends[-1] > _LONGEST:
        return pa.array(cells, kind)  # which knows what to say
    return pa.Array.from_buffers(
        kind, len(cells), [mask, _buffer(ends.astype(np.int32)), pa.py_buffer(b"".join(encoded))]
    )


def _buffer(numbers: Any) -> pa.Buffer:
    return pa.py_buffer(memoryview(numbers))


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


_RECORD_ORDER, _TOP, _PARTS, _JSON_PLACES = _placed()
_ID = _RECORD_ORDER.index("id")
_MEASUREMENT_ORDER = [item.name for item in COLUMNS["measurements"][1:]]
_TAKE_MEASUREMENT = itemgetter(*(item.path for item in COLUMNS["measurements"][1:]))
_JSON_CELLS = [
    place for place, item in enumerate(COLUMNS["measurements"][1:]) if item.kind == "json"
]


def _sources(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(record.get("provenance", {}).get("sources", ()))


def _record_readers() -> dict[str, Callable[[Mapping[str, Any]], Any]]:
    def primary(key: str) -> Callable[[Mapping[str, Any]], Any]:
        return lambda record: next(iter(_sources(record)), {}).get(key)

    def plain(item: Column) -> Callable[[Mapping[str, Any]], Any]:
        return lambda record: _cell(item, _get(record, item.path))

    readers = {item.name: plain(item) for item in COLUMNS["records"]}
    readers |= {f"source_{key}": primary(key) for key in ("path", "sha256", "locator")}
    readers["sources"] = lambda record: (
        canonical(_sources(record)[1:]) if _sources(record)[1:] else None
    )
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
