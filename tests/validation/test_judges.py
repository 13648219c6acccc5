"""Judges that we did not write: frictionless, pandas, polars, DuckDB and check-jsonschema."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from tests.forms import ROOT, VALID, load

from benchfmt.identity import identified
from benchfmt.package import write_package
from benchfmt.record import Record
from benchfmt.tables import COLUMNS, to_batch

RECORDS = [identified(Record.from_dict(load(path))) for path in VALID]
TABLES = ("systems", "records", "measurements")


def like_lpdnn() -> list[Record]:
    """Return records as of the LPDNN tables: many rows, four latencies, resources, a failure in ten."""
    records = []
    for row in range(1, 301):
        failed = row % 10 == 0
        value = {"missing": "run-failed"} if failed else {"unit": "s", "basis": "measured"}
        stages = {"preprocess": 0.001 * row, "inference": 0.002 * row, "postprocess": 0.0}
        stages = {"end-to-end": sum(stages.values()), **stages}
        measurements = [
            {
                "metric": "latency",
                "stage": stage,
                "per": "sample",
                **value,
                **({} if failed else {"value": seconds}),
            }
            for stage, seconds in sorted(stages.items())
        ]
        number = {} if failed else {"value": row / 7, "unit": "W", "basis": "measured"}
        measurements.append(
            {"metric": "power", "scope": "board", **(number or {"missing": "run-failed"})}
        )
        data = {
            "benchfmt": "1.0",
            "benchmark": {"suite": "lpdnn", "name": "imagenet"},
            "model": {"name": f'net "{row % 9}", a', "size_bytes": 4_000_000 + row},
            "system": {"id": f"board-{row % 3}", "name": "Köln = λ", "memory_bytes": 2**32},
            "configuration": {
                "precision": "fp16",
                "placement": ["gpu:1", "cpu"],
                "input_shape": [3, 224, 224],
            },
            "measurements": measurements,
            "status": "failed" if failed else "ok",
            "provenance": {"sources": [{"path": "imagenet_board.csv", "locator": f"row={row}"}]},
            "extensions": {"lpdnn": {"NOTE": 'a,b;"c"\nd', "row": row}},
        }
        records.append(identified(Record.from_dict(data)))
    return records


SETS: dict[str, Callable[[], list[Record]]] = {"corpus": lambda: RECORDS, "lpdnn": like_lpdnn}


@pytest.fixture(scope="module", params=SETS)
def packages(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    records = SETS[request.param]()
    folder = tmp_path_factory.mktemp(request.param)
    for form in ("csv", "parquet"):
        write_package(folder / form, [to_batch(records)], format=form)
    return {"records": records, "csv": folder / "csv", "parquet": folder / "parquet"}


# --- frictionless ---


def frictionless(package: Path) -> list[str]:
    """Return the faults that frictionless finds, the word of its own each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # frictionless' own imports
        import frictionless as judge

        report = judge.Package(str(package / "datapackage.json")).validate()
    return [kind for (kind,) in report.flatten(["type"])]


def test_frictionless_accepts_the_csv_form_with_types_and_constraints(
    packages: dict[str, Any],
) -> None:
    descriptor = load(packages["csv"] / "datapackage.json")
    for resource in descriptor["resources"]:
        kinds = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        assert set(kinds) == {column.name for column in COLUMNS[resource["name"]]}
        assert "any" not in kinds.values()
    assert frictionless(packages["csv"]) == []


def vouch(package: Path) -> None:
    """Write the sizes and hashes of changed files into the descriptor."""
    data = load(package / "datapackage.json")
    for resource in data["resources"]:
        file = (package / resource["path"]).read_bytes()
        resource |= {"bytes": len(file), "hash": f"sha256:{hashlib.sha256(file).hexdigest()}"}
    (package / "datapackage.json").write_text(json.dumps(data), "utf-8")


FAULTS: dict[str, tuple[str, str, str, str]] = {
    "a status of no list": ("records", "status", "fine", "constraint-error"),
    "text for a number": ("measurements", "value", "fast", "type-error"),
    "a count of zero": ("records", "batch_size", "0", "constraint-error"),
    "a fraction of a sample": ("records", "dataset_samples", "1.5", "type-error"),
    "a term with blanks": ("measurements", "metric", "Latency (ms)", "constraint-error"),
    "a list that is none": ("records", "placement", '{"gpu":1}', "type-error"),
    "an object that is none": ("records", "extensions", "[1]", "type-error"),
    "a hash that is none": ("records", "source_sha256", "abc", "constraint-error"),
    "an unknown caveat list": ("measurements", "caveats", "unstable", "type-error"),
    "a measurement of no record": ("measurements", "record_id", "nobody", "foreign-key"),
    "a system that is not there": ("records", "system_id", "nobody", "foreign-key"),
    "no suite": ("records", "suite", "", "constraint-error"),
    "a reason of no list": ("measurements", "missing", "forgot", "constraint-error"),
    "yes for true": ("measurements", "primary", "yes", "type-error"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_frictionless_finds_a_fault_that_is_put_in(name: str, tmp_path: Path) -> None:
    table, column, cell, kind = FAULTS[name]
    place = tmp_path / "package"
    write_package(place, [to_batch(RECORDS[:5])], format="csv")
    file = place / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text))
    rows[1][rows[0].index(column)] = cell
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows(rows)
    vouch(place)
    assert kind in frictionless(place)


def test_frictionless_finds_ids_that_stand_twice(tmp_path: Path) -> None:
    place = tmp_path / "package"
    write_package(place, [to_batch(RECORDS[:5])], format="csv")
    lines = (place / "systems.csv").read_text("utf-8").splitlines(keepends=True)
    (place / "systems.csv").write_text("".join([*lines, lines[-1]]), "utf-8", newline="")
    vouch(place)
    assert {"primary-key", "unique-error"} & set(frictionless(place))


def test_frictionless_finds_a_file_that_was_changed(
    packages: dict[str, Any], tmp_path: Path
) -> None:
    for file in packages["csv"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    data = load(tmp_path / "datapackage.json")
    data["resources"][0]["hash"] = f"sha256:{'0' * 64}"
    data["resources"][1]["bytes"] += 1
    (tmp_path / "datapackage.json").write_text(json.dumps(data), "utf-8")
    assert sorted(frictionless(tmp_path)) == ["byte-count", "hash-count"]


def test_frictionless_opens_the_parquet_form(packages: dict[str, Any]) -> None:
    # It takes null in Parquet for a fault and does not count the bytes: it judges that tables open, and their rows.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import frictionless as judge

        package = judge.Package(str(packages["parquet"] / "datapackage.json"))
        rows = {name: len(package.get_resource(name).read_rows()) for name in TABLES}
    records = packages["records"]
    assert rows == {
        "systems": len({record.system.id for record in records if record.system}),
        "records": len(records),
        "measurements": sum(len(record.measurements or ()) for record in records),
    }


# --- readers of tables ---


def sums(pairs: Any) -> dict[str, tuple[int, int, float]]:
    """Return for each metric the rows, the values, and their sum in steps of a fixed order."""
    found: dict[str, tuple[int, int, float]] = defaultdict(lambda: (0, 0, 0.0))
    for metric, value in pairs:
        rows, values, total = found[metric]
        lacking = value is None or value != value
        found[metric] = (rows + 1, values + (not lacking), total + (0.0 if lacking else value))
    return dict(found)


def by_pandas(file: Path) -> dict[str, tuple[int, int, float]]:
    frame = pd.read_parquet(file)
    return sums(zip(frame["metric"].tolist(), frame["value"].tolist(), strict=True))


def by_polars(file: Path) -> dict[str, tuple[int, int, float]]:
    frame = pl.read_parquet(file)
    return sums(zip(frame["metric"], frame["value"], strict=True))


def by_duckdb(file: Path) -> dict[str, tuple[int, int, float]]:
    with duckdb.connect() as base:
        return sums(
            base.execute("select metric, value from read_parquet(?)", [str(file)]).fetchall()
        )


@pytest.mark.parametrize("reader", [by_pandas, by_polars, by_duckdb])
def test_readers_see_the_values_that_were_written(
    reader: Callable[[Path], dict[str, Any]], packages: dict[str, Any]
) -> None:
    written = [
        (m.metric, m.value) for record in packages["records"] for m in record.measurements or ()
    ]
    assert reader(packages["parquet"] / "measurements.parquet") == sums(written)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_database_joins_the_tables_of_both_forms(form: str, packages: dict[str, Any]) -> None:
    place = packages[form]
    query = """
        select r.suite, count(*), count(m.value) from measurements m join records r on m.record_id = r.id
        left join systems s on r.system_id = s.id group by r.suite
    """
    with duckdb.connect() as base:
        for table in TABLES:
            base.read_csv(str(place / f"{table}.csv")).create_view(
                table
            ) if form == "csv" else base.read_parquet(str(place / f"{table}.parquet")).create_view(
                table
            )
        found = {suite: (rows, values) for suite, rows, values in base.execute(query).fetchall()}
    wanted: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for record in packages["records"]:
        for m in record.measurements or ():
            rows, values = wanted[record.benchmark.suite]
            wanted[record.benchmark.suite] = (rows + 1, values + (m.value is not None))
    assert found == dict(wanted)


@pytest.mark.parametrize("table", TABLES)
def test_texts_are_plain_strings_for_every_reader(table: str, packages: dict[str, Any]) -> None:
    file = packages["parquet"] / f"{table}.parquet"
    texts = {column.name for column in COLUMNS[table] if column.kind in ("text", "json")}
    arrow = {field.name for field in pq.read_schema(file) if str(field.type) == "string"}
    polars = {name for name, dtype in pl.read_parquet(file).schema.items() if dtype == pl.String}
    with duckdb.connect() as base:
        described = base.execute("describe select * from read_parquet(?)", [str(file)]).fetchall()
    duck = {name for name, kind, *_ in described if kind == "VARCHAR"}
    pandas = pd.read_parquet(file)
    assert arrow == polars == duck == texts
    assert not [name for name in texts if isinstance(pandas[name].dtype, pd.CategoricalDtype)]


def test_json_cells_are_json_for_a_database(packages: dict[str, Any]) -> None:
    file = packages["parquet"] / "records.parquet"
    cells = [cell for cell in pl.read_parquet(file)["extensions"] if cell is not None]
    wanted = [record.extensions for record in packages["records"] if record.extensions is not None]
    assert [json.loads(cell) for cell in cells] == wanted


# --- check-jsonschema ---


def check(files: list[Path]) -> subprocess.CompletedProcess[str]:
    schema = ROOT / "schema" / "1.0" / "record.schema.json"
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--schemafile",
        str(schema),
        *map(str, files),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check_jsonschema_accepts_every_record_of_a_package(
    packages: dict[str, Any], tmp_path: Path
) -> None:
    from benchfmt import open_package

    files = []
    with open_package(packages["parquet"]) as opened:
        for number, record in enumerate(opened.records()):
            files.append(tmp_path / f"{number}.json")
            files[-1].write_text(json.dumps(record.to_dict()), "utf-8")
    assert len(files) == len(packages["records"])
    done = check(files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_check_jsonschema_rejects_a_faulty_record(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(RECORDS[0].to_dict() | {"status": "fine"}), "utf-8")
    assert check([file]).returncode == 1
