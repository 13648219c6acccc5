"""The forms of a package, written without the code under test: raw records as CSV and Parquet, faults included.

`flatten` puts each value where `tables.COLUMNS` says that it stands, whatever its type is; so a fault of a record becomes
the fault of a cell wherever a cell can say it.
"""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchfmt.identity import canonical
from benchfmt.tables import COLUMNS
from benchfmt.validation import Report

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus"
VALID = sorted((CORPUS / "valid").glob("*.json"))
INVALID = sorted((CORPUS / "invalid").glob("*.json"))
Tables = dict[str, list[dict[str, Any]]]
ABSENT = object()
PRIMARY = ("path", "sha256", "locator")


def taking_turns(cases: Iterable[Any], forms: Sequence[str], ids: Iterable[str] = ()) -> list[Any]:
    """Return each case with each form for `parametrize`; in `make test` the forms take turns from case to case."""
    names = iter(ids)
    found = []
    for number, case in enumerate(cases):
        name = next(names, str(case))
        for place, form in enumerate(forms):
            marks = () if number % len(forms) == place else (pytest.mark.slow,)
            found.append(pytest.param(case, form, marks=marks, id=f"{name}-{form}"))
    return found


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def to_rows(
    record: dict[str, Any],
) -> tuple[dict[str, Any] | None, dict[str, Any], list[dict[str, Any]]]:
    """Return the system row, the record row and the measurement rows of a record with ids, the long way."""
    tables = flatten([record])
    whole = {name: [_whole_row(name, row) for row in rows] for name, rows in tables.items()}
    return next(iter(whole["systems"]), None), whole["records"][0], whole["measurements"]


def _whole_row(table: str, row: dict[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for item in COLUMNS[table]:
        cell = row.get(item.name, ABSENT)
        if cell is ABSENT:
            cells[item.name] = None
        else:
            cells[item.name] = canonical(cell) if item.kind == "json" else cell
    return cells


def flatten(records: list[Any]) -> Tables:
    """Return raw records as rows of the three tables; a record or system without id gets one."""
    tables: Tables = {"systems": [], "records": [], "measurements": []}
    system_ids: dict[str, str] = {}
    for number, record in enumerate(records, start=1):
        record_id = record.get("id", f"record-{number}")
        system = record.get("system", ABSENT)
        row: dict[str, Any] = {"id": record_id}
        for column in COLUMNS["records"][1:]:
            row[column.name] = _record_value(record, column.path)
        if isinstance(system, dict):
            facts = json.dumps(system, sort_keys=True)
            system = {"id": system_ids.setdefault(facts, f"system-{number}"), **system}
            row["system_id"] = system["id"]
            tables["systems"].append(_system(system))
        else:
            row["system_id"] = ABSENT if system in (ABSENT, None, "") else system
        row |= _unknown(record, "", {"benchfmt", "inputs", "measurements", "system", "extensions"})
        primary = _get(record, "provenance.sources.0")
        row |= {
            k: v
            for k, v in (primary if isinstance(primary, dict) else {}).items()
            if k not in PRIMARY
        }
        tables["records"].append(row)
        measurements = record.get("measurements", [])
        for measurement in measurements if isinstance(measurements, list) else []:
            if isinstance(measurement, dict):
                names = {column.path for column in COLUMNS["measurements"]}
                extra = {name: value for name, value in measurement.items() if name not in names}
                cells = {
                    c.name: measurement.get(c.path, ABSENT) for c in COLUMNS["measurements"][1:]
                }
                tables["measurements"].append({"record_id": record_id, **cells, **extra})
    rows = [json.dumps(_shown(row), sort_keys=True) for row in tables["systems"]]
    tables["systems"] = [row for i, row in enumerate(tables["systems"]) if rows[i] not in rows[:i]]
    return tables


def _record_value(record: Any, path: str) -> Any:
    if path == "provenance.sources":
        sources = _get(record, path)
        return sources[1:] if isinstance(sources, list) and len(sources) > 1 else ABSENT
    return _get(record, path)


def _get(data: Any, path: str) -> Any:
    for part in path.split("."):
        if part.isdigit() and isinstance(data, list) and len(data) > int(part):
            data = data[int(part)]
        elif isinstance(data, dict) and part in data:
            data = data[part]
        else:
            return ABSENT
    return data


def _system(system: dict[str, Any]) -> dict[str, Any]:
    accelerator = system.get("accelerator", ABSENT)
    row = {column.name: _get(system, column.path) for column in COLUMNS["systems"]}
    row["accelerators"] = ABSENT if isinstance(accelerator, dict) else accelerator
    return row | _unknown(system, "", {"extensions"}, COLUMNS["systems"])


def _unknown(
    data: dict[str, Any], prefix: str, free: set[str], columns: Any = COLUMNS["records"]
) -> dict[str, Any]:
    """Return the plain values under names that the standard does not have, each as a column of its own."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        path = f"{prefix}{name}"
        known = [c for c in columns if c.path == path or c.path.startswith(f"{path}.")]
        if name in free or path == "id":
            continue
        if not known:
            found[path] = value
        elif isinstance(value, dict) and any(c.path.startswith(f"{path}.") for c in known):
            found |= _unknown(value, f"{path}.", set(), columns)
    return found


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not ABSENT}


def write(
    folder: Path,
    tables: Tables,
    form: str,
    version: Any = "1.0",
    prefixes: dict[str, Any] | None = None,
) -> Path:
    """Write rows as a package (`csv`, `parquet` or `zip`, which holds CSV) with its descriptor; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = "csv" if form == "zip" else form
    resources = []
    for table, rows in tables.items():
        names = [column.name for column in COLUMNS[table]]
        names += sorted({name for row in rows for name in row} - set(names))
        path = folder / f"{table}.{kind}"
        (_write_csv if kind == "csv" else _write_parquet)(path, table, names, rows)
        resources.append({"name": table, "path": path.name, "format": kind})
    return describe(folder, resources, form, version, prefixes)


def describe(
    folder: Path,
    resources: list[dict[str, Any]],
    form: str = "csv",
    version: Any = "1.0",
    prefixes: Any = None,
) -> Path:
    for resource in resources:
        data = (folder / resource["path"]).read_bytes()
        resource |= {"bytes": len(data), "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    own: dict[str, Any] = {"prefixes": prefixes or {}}
    if version is not ABSENT:
        own["version"] = version
    (folder / "datapackage.json").write_text(
        json.dumps({"benchfmt": own, "resources": resources}), "utf-8"
    )
    if form != "zip":
        return folder
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return target


def _text(kind: str, value: Any) -> str:
    """Return a cell of CSV: text as it is, everything else as JSON; absent and null are empty."""
    if value is ABSENT:
        return ""
    if kind == "json" or isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _kinds(table: str) -> dict[str, str]:
    return {column.name: column.kind for column in COLUMNS[table]}


def _write_csv(path: Path, table: str, names: list[str], rows: list[dict[str, Any]]) -> None:
    kinds = _kinds(table)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in rows:
            writer.writerow(
                [_text(kinds.get(name, "text"), row.get(name, ABSENT)) for name in names]
            )


_ARROW = {
    "text": pa.string(),
    "json": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}


def _write_parquet(path: Path, table: str, names: list[str], rows: list[dict[str, Any]]) -> None:
    kinds = _kinds(table)
    arrays = [
        _array(kinds.get(name, "text"), [row.get(name, ABSENT) for row in rows]) for name in names
    ]
    pq.write_table(pa.table(dict(zip(names, arrays, strict=True))), path)


def _array(kind: str, values: list[Any]) -> pa.Array[Any]:
    """Return a column in its own type, or in that of its values where one of them has another."""
    if kind == "json":
        return pa.array(
            [None if v is ABSENT else json.dumps(v, ensure_ascii=False) for v in values],
            pa.string(),
        )
    cells = [None if v is ABSENT else v for v in values]
    if kind == "integer" and all(
        isinstance(v, int | float) and float(v).is_integer() for v in cells if v is not None
    ):
        cells = [v if v is None or isinstance(v, bool) else int(v) for v in cells]
    types = {_kind(v) for v in cells if v is not None}
    if not types or types == {kind} or (kind == "number" and types == {"integer"}):
        try:
            return pa.array(cells, _ARROW[kind])
        except (OverflowError, pa.ArrowInvalid):  # beyond 64 bits
            return pa.array([None if v is None else float(v) for v in cells], pa.float64())
    if len(types) == 1 and types != {"integer"}:
        return pa.array(cells, _ARROW[types.pop()])
    if types <= {"integer", "number"}:
        return pa.array([None if v is None else float(v) for v in cells], pa.float64())
    # A column has one type: cells of several are text.
    return pa.array([None if v is None else _text("text", v) for v in cells], pa.string())


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "text"}
    return kinds.get(type(value), "other")


def faults(report: Report) -> set[tuple[str, str | None]]:
    """Return code and column of every finding: `measurements.3.value` and `measurements.value` are one column."""
    return {(finding.code, _column(finding.field)) for finding in report.findings}


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


_PATHS = {
    *(c.path for c in COLUMNS["records"] if not c.path.startswith("provenance.sources.")),
    *(f"system.{c.path}" for c in COLUMNS["systems"]),
    *(f"measurements.{c.path}" for c in COLUMNS["measurements"]),
}


def _column(field: str | None) -> str | None:
    """Return the path of the column that holds a place in a record."""
    if field is None:
        return None
    parts = [part for part in field.split(".") if not part.isdigit()]
    while parts and ".".join(parts) not in _PATHS:
        parts.pop()
    return ".".join(parts) or None
