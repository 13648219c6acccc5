"""A package as an SQLite database: typed tables with foreign keys, a view of the headline numbers, and search by words.

Beside the database lies `metadata.json`, by which datasette shows what the columns mean:
`datasette results.db -m metadata.json`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
from pydantic import JsonValue

from benchfmt.descriptor import FILE_NAME
from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.facts import facts_of
from benchfmt.exports.publication import OPTIONS as OF_PUBLICATION
from benchfmt.exports.publication import publication
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS, TABLES, Column, Kind

__all__ = ["DATABASE", "METADATA", "SQLITE"]

DATABASE = "results.db"
METADATA = "metadata.json"
OPTIONS = {name: OF_PUBLICATION[name] for name in ("title", "license", "url")}
_TYPES: Mapping[Kind, str] = {
    "text": "TEXT",
    "json": "TEXT",
    "integer": "INTEGER",
    "number": "REAL",
    "boolean": "INTEGER",
}
_REFERENCES = {("records", "system_id"): "systems", ("measurements", "record_id"): "records"}
_INDEXES = {
    "records": ("suite", "model", "system_id"),
    "measurements": ("record_id", "metric"),
}
_SEARCHED = {
    "systems": ("name", "vendor", "processor_name", "accelerator_name"),
    "records": ("suite", "benchmark", "task", "dataset", "model", "engine", "submitter"),
}
"""Columns of names, in which words are looked for."""
_FACETS = ("suite", "task", "status")
_TITLES = {
    "systems": "The hardware of the results, with its operating system.",
    "records": "The results: what was run, on what data, by what software, in which configuration.",
    "measurements": "The numbers of the results, or the reason why there is none.",
    "results": "One row a result, with its system and its headline number.",
    "package": "The descriptor of the package from which the database was written.",
}
_OF_SYSTEM = {
    "name": "system_name",
    "processor_name": "processor",
    "accelerator_name": "accelerator",
}
_OF_RESULT = (
    "id",
    "suite",
    "suite_version",
    "benchmark",
    "scenario",
    "phase",
    "task",
    "dataset",
    "model",
    "system_id",
    "engine",
    "precision",
    "batch_size",
    "status",
    "submitter",
    "measured_at",
)
_OF_NUMBER = ("metric", "statistic", "stage", "per", "scope", "value", "unit")


class Sqlite:
    """An SQLite database of a package."""

    about = "an SQLite database with types, foreign keys and search by words, and the metadata of datasette"
    why_in_one = "an SQLite database has one writer"
    shape: Shape = "folder"
    options = OPTIONS

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write the database and its metadata; raises BenchfmtError for ids that stand twice or lead nowhere."""
        account = Account(files=[DATABASE, METADATA])
        # Nobody else sees the file before it is whole, so it needs no journal.
        with closing(sqlite3.connect(place / DATABASE, isolation_level=None)) as database:
            try:
                _fill(database, package, account)
            except sqlite3.IntegrityError as error:
                reason = f"{package.root}: {error}; run benchfmt validate"
                raise BenchfmtError(reason) from error
        text = json.dumps(_metadata(package, options), indent=2, ensure_ascii=False)
        (place / METADATA).write_text(text + "\n", "utf-8")
        return account.exported()


SQLITE = Sqlite()


def _fill(database: sqlite3.Connection, package: Package, account: Account) -> None:
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("BEGIN")
    for table in TABLES:
        database.execute(_create(table))
        rows = _insert(database, package, table)
        if table == "records":
            account.records = rows
        elif table == "measurements":
            account.measurements = rows
    for table, columns in _INDEXES.items():
        for column in columns:
            database.execute(f"CREATE INDEX {table}_{column} ON {table} ({column})")
    for table, columns in _SEARCHED.items():
        names = ", ".join(columns)
        # With the quotes, for sqlite-utils and datasette look for them.
        of_table = f'{names}, content="{table}"'
        database.execute(f"CREATE VIRTUAL TABLE {table}_fts USING fts5({of_table})")
        database.execute(f"INSERT INTO {table}_fts({table}_fts) VALUES ('rebuild')")
    database.execute(_view())
    database.execute("CREATE TABLE package (file TEXT PRIMARY KEY NOT NULL, content TEXT) STRICT")
    descriptor = (package.root / FILE_NAME).read_text("utf-8")
    database.execute("INSERT INTO package VALUES (?, ?)", (FILE_NAME, descriptor))
    database.execute("COMMIT")
    astray = database.execute("PRAGMA foreign_key_check").fetchone()
    if astray is not None:
        table, row, parent, _ = astray
        raise BenchfmtError(
            f"{package.root}: row {row} of {table} refers to what is not in {parent}; run benchfmt validate"
        )


def _create(table: str) -> str:
    columns = ", ".join(_column(table, column) for column in COLUMNS[table])
    return f"CREATE TABLE {table} ({columns}) STRICT"


def _column(table: str, column: Column) -> str:
    words = [f'"{column.name}"', _TYPES[column.kind]]
    if column.name == "id":
        words.append("PRIMARY KEY")
    if column.required:
        words.append("NOT NULL")
    parent = _REFERENCES.get((table, column.name))
    if parent:
        words.append(f"REFERENCES {parent}(id)")
    return " ".join(words)


def _insert(database: sqlite3.Connection, package: Package, table: str) -> int:
    """Insert the rows of a table, a batch at a time, and return their number."""
    marks = ", ".join("?" * len(COLUMNS[table]))
    rows = 0
    for batch in package.batches(table):
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", _cells(batch, table))
        rows += batch.num_rows
    return rows


def _cells(batch: pa.Table, table: str) -> Iterator[Sequence[JsonValue]]:
    columns = [batch[column.name].to_pylist() for column in COLUMNS[table]]
    return zip(*columns, strict=True)


def _view() -> str:
    """Return the view of one row a result: its context, its system and its primary measurement."""
    shown = [f"records.{name}" for name in _OF_RESULT]
    shown += [f"systems.{name} AS {alias}" for name, alias in _OF_SYSTEM.items()]
    shown += [f"measurements.{name}" for name in _OF_NUMBER]
    return (
        f"CREATE VIEW results AS SELECT {', '.join(shown)} FROM records "
        "LEFT JOIN systems ON systems.id = records.system_id "
        'LEFT JOIN measurements ON measurements.record_id = records.id AND measurements."primary" = 1'
    )


def _metadata(package: Package, options: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return what datasette shows: what the tables and columns are, and what is said of the package."""
    said = publication(package.descriptor, options)
    tables: dict[str, JsonValue] = {}
    for table in TABLES:
        tables[table] = {"description": _TITLES[table], "columns": _meanings(table)}
    tables["results"] = {"description": _TITLES["results"], "facets": list[JsonValue](_FACETS)}
    tables["package"] = {"description": _TITLES["package"], "hidden": True}
    head: dict[str, JsonValue] = {
        "title": said.title or said.name,
        "description": said.description or facts_of(package).sentence,
        "license": said.license,
        "source_url": said.url,
    }
    metadata = {name: value for name, value in head.items() if value is not None}
    name = DATABASE.removesuffix(".db")
    return {**metadata, "databases": {name: {"tables": tables}}}


def _meanings(table: str) -> dict[str, JsonValue]:
    meanings: dict[str, JsonValue] = {}
    for column in COLUMNS[table]:
        text = column_schema(table, column.name).get("description")
        if text:
            meanings[column.name] = f"{text} JSON." if column.kind == "json" else str(text)
    return meanings
