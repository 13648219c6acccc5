"""Packages as SQLite, judged by SQLite itself and by sqlite-utils."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlite_utils

from benchfmt.conversion import convert
from benchfmt.exports import export
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package, write_package
from benchfmt.tables import TABLES, Batch

EXAMPLE = Path(__file__).parents[2] / "examples" / "lpdnn"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sqlite")
    convert(EXAMPLE).write(place / "package")
    export(place / "package", "sqlite", place / "out", license="CC-BY-4.0")
    return place


@pytest.fixture
def database(folder: Path) -> Iterator[sqlite_utils.Database]:
    with closing(sqlite3.connect(folder / "out" / "results.db")) as connection:
        yield sqlite_utils.Database(connection)


def rows_of(database: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        rows = sqlite_utils.Database(connection)[table].rows_where(order_by="rowid")
        return [tuple(row.values()) for row in rows]


def plain(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.cast({pl.Boolean: pl.Int64}).rows()


def typed(rows: list[tuple[Any, ...]]) -> list[tuple[tuple[type, Any], ...]]:
    return [tuple((type(cell), cell) for cell in row) for row in rows]


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_has_its_value_and_type(folder: Path, table: str) -> None:
    frame = pl.read_parquet(folder / "package" / f"{table}.parquet")
    assert typed(rows_of(folder / "out" / "results.db", table)) == typed(plain(frame))


def test_sqlite_finds_no_fault(database: sqlite_utils.Database) -> None:
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert {table.name: table.strict for table in database.tables if table.name in TABLES} == (
        dict.fromkeys(TABLES, True)
    )


def test_sqlite_utils_sees_keys_and_references(database: sqlite_utils.Database) -> None:
    assert database["systems"].pks == ["id"]
    assert database["records"].pks == ["id"]
    references = {
        (table.name, key.column, key.other_table, key.other_column)
        for table in database.tables
        for key in table.foreign_keys
    }
    assert references == {
        ("records", "system_id", "systems", "id"),
        ("measurements", "record_id", "records", "id"),
    }


def test_words_are_found(database: sqlite_utils.Database) -> None:
    found = [row["model"] for row in database["records"].search("alexnet")]
    expected = database.execute("SELECT count(*) FROM records WHERE model LIKE '%alexnet%'")
    assert len(found) == expected.fetchone()[0] > 0
    assert [row["id"] for row in database["systems"].search("jetson")] == ["jetson-nano2"]


def test_the_view_has_a_row_for_each_result_with_its_headline(
    database: sqlite_utils.Database, folder: Path
) -> None:
    with open_package(folder / "package") as package:
        wide = package.wide().to_pylist()
    expected = {row["id"]: (row["primary_metric"], row["primary_value"]) for row in wide}
    rows = database.execute("SELECT id, metric, value FROM results").fetchall()
    assert {key: (metric, value) for key, metric, value in rows} == expected
    assert len(rows) == len(wide)


def test_metadata_names_what_is_there(database: sqlite_utils.Database, folder: Path) -> None:
    metadata = json.loads((folder / "out" / "metadata.json").read_text("utf-8"))
    tables = metadata["databases"]["results"]["tables"]
    assert metadata["license"] == "CC-BY-4.0"
    for name, said in tables.items():
        columns = {row[1] for row in database.execute(f"PRAGMA table_info({name})")}
        assert said.get("columns", {}).keys() <= columns
        assert set(said.get("facets", ())) <= columns
        assert columns


def test_the_descriptor_is_in_it(database: sqlite_utils.Database, folder: Path) -> None:
    content = database.execute("SELECT content FROM package").fetchone()[0]
    assert content == (folder / "package" / "datapackage.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "INSERT INTO measurements (record_id, metric, value) VALUES ('x', 'm', 'a')",
            "cannot store TEXT",
        ),
        ("INSERT INTO records (id, suite, status) SELECT id, suite, status FROM records", "UNIQUE"),
        ("INSERT INTO measurements (record_id, metric) VALUES ('no-such', 'm')", "FOREIGN KEY"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_sqlite(
    folder: Path, tmp_path: Path, statement: str, words: str
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes((folder / "out" / "results.db").read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError, match=words):
            connection.execute(statement)


def test_a_record_twice_and_a_system_that_is_not_there_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    with open_package(folder / "package") as package:
        systems, records, measurements = (package.table(table) for table in TABLES)
    twice = Batch(systems, records, measurements), Batch(systems[:0], records, measurements[:0])
    write_package(tmp_path / "twice", twice)
    with pytest.raises(BenchfmtError, match=r"UNIQUE .*records.id.*; run benchfmt validate"):
        export(tmp_path / "twice", "sqlite", tmp_path / "out")
    write_package(tmp_path / "astray", [Batch(systems[:0], records, measurements)])
    with pytest.raises(BenchfmtError, match="of records refers to what is not in systems"):
        export(tmp_path / "astray", "sqlite", tmp_path / "out")


def test_a_few_families_are_whole(few_samples_package: Path, tmp_path: Path) -> None:
    compare_whole(few_samples_package, tmp_path)


@pytest.mark.slow
def test_all_families_are_whole(all_samples_package: Path, tmp_path: Path) -> None:
    compare_whole(all_samples_package, tmp_path)


def compare_whole(package: Path, place: Path) -> None:
    done = export(package, "sqlite", place / "out")
    heights = []
    for table in TABLES:
        frame = pl.read_parquet(package / f"{table}.parquet")
        assert rows_of(place / "out" / "results.db", table) == plain(frame)
        heights.append(frame.height)
    assert [done.records, done.measurements] == heights[1:]
    assert min(heights) > 0
