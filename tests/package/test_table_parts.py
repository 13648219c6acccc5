"""Tables in parts: written at borders of records, read and judged as one table, by us and by others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchfmt import Record, convert, open_package, validate
from benchfmt.finding import BenchfmtError
from benchfmt.package import PackageError, growing, write_package
from benchfmt.tables import TABLES, to_batch
from benchfmt.validation.forms import small_parts

FORMS = ("parquet", "csv")


def record(number: int, measurements: int) -> Record:
    values = [
        {"metric": "latency", "scope": f"node:{n}", "value": 0.5, "unit": "s", "basis": "measured"}
        for n in range(measurements)
    ]
    plain: dict[str, Any] = {
        "benchfmt": "1.0",
        "id": f"r{number:03}",
        "benchmark": {"suite": "lpdnn"},
        "system": {"id": "rpi4", "name": "Raspberry Pi 4"},
        "status": "ok" if values else "failed",
    }
    if values:
        plain["measurements"] = values
    return Record.from_dict(plain)


RECORDS = [record(number, count) for number, count in enumerate([3, 1, 0, 7, 2, 2, 0, 1])]


def written(folder: Path, form: Any = "parquet", rows: int | None = 4, batch: int = 3) -> Path:
    groups = [RECORDS[first : first + batch] for first in range(0, len(RECORDS), batch)]
    write_package(folder, map(to_batch, groups), format=form, part_rows=rows)
    return folder


def described(package: Path) -> dict[str, Any]:
    return json.loads((package / "datapackage.json").read_text())


def change(package: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    descriptor = described(package)
    edit({item["name"]: item for item in descriptor["resources"]})
    (package / "datapackage.json").write_text(json.dumps(descriptor))


@pytest.mark.parametrize("form", FORMS)
def test_parts_end_where_records_do(tmp_path: Path, form: str) -> None:
    with open_package(written(tmp_path / "p", form)) as package:
        records, measurements = (
            [
                [row for rows in batches for row in rows.to_pylist()]
                for _, batches in package.by_part(table)
            ]
            for table in ("records", "measurements")
        )
    # 3 + 1 + 0, then a record of 7 by itself, then 2 + 2 + 0, and the rest.
    assert [[row["id"] for row in part] for part in records] == [
        ["r000", "r001", "r002"], ["r003"], ["r004", "r005", "r006"], ["r007"],
    ]  # fmt: skip
    assert [len(part) for part in measurements] == [4, 7, 4, 1]
    for ids, owners in zip(records, measurements, strict=True):
        assert {row["record_id"] for row in owners} <= {row["id"] for row in ids}


@pytest.mark.parametrize("form", FORMS)
def test_a_table_in_parts_is_the_table(tmp_path: Path, form: str) -> None:
    whole, parts = written(tmp_path / "whole", form, rows=None), written(tmp_path / "parts", form)
    with open_package(whole) as one, open_package(parts) as several:
        for table in TABLES:
            assert one.table(table).equals(several.table(table))
        assert list(one.records()) == list(several.records())
        assert one.wide().equals(several.wide())
        count = "SELECT count(*) AS n FROM measurements"
        assert one.sql(count) == several.sql(count)
    assert validate(parts).ok
    assert len(validate(parts).findings) == len(validate(whole).findings)


@pytest.mark.slow
@given(st.integers(1, 20), st.integers(1, 8))
def test_files_do_not_depend_on_the_batches_they_came_in(
    tmp_path_factory: pytest.TempPathFactory, rows: int, batch: int
) -> None:
    folder = tmp_path_factory.mktemp("p")
    one = written(folder / "p", rows=rows, batch=len(RECORDS))
    content = {path.relative_to(one): path.read_bytes() for path in one.rglob("*.parquet")}
    other = written(folder / "q", rows=rows, batch=batch)
    assert content == {
        path.relative_to(other): path.read_bytes() for path in other.rglob("*.parquet")
    }


def test_a_zip_holds_parts(tmp_path: Path) -> None:
    whole = written(tmp_path / "p.zip")
    assert validate(whole).ok
    with open_package(whole) as package:
        assert [part.name for part in package.parts("records")][1] == "records/part-00001.parquet"
    # It may be replaced, as any package that benchfmt wrote.
    written(tmp_path / "p.zip", rows=None)
    assert validate(whole).ok


def test_others_read_the_parts(tmp_path: Path) -> None:
    csv = written(tmp_path / "csv", "csv")
    report = frictionless.validate(str(csv / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    assert {task.name: task.stats.get("rows") for task in report.tasks} == {
        "systems": 1, "records": 8, "measurements": 16,
    }  # fmt: skip
    parquet = written(tmp_path / "parquet")
    pattern = parquet / "measurements" / "*.parquet"
    assert duckdb.sql(f"FROM '{pattern}' SELECT count(*)").fetchall() == [(16,)]
    assert pl.scan_parquet(pattern).collect().height == 16
    assert ds.dataset(parquet / "measurements").count_rows() == 16
    assert len(pd.read_parquet(parquet / "measurements")) == 16
    # What docs/scaling.md warns of: of the parts of Parquet it reads the first.
    told = frictionless.Package(str(parquet / "datapackage.json"))
    rows = {name: len(told.get_resource(name).read_rows()) for name in ("records", "measurements")}
    assert rows == {"records": 3, "measurements": 4}


def codes(package: Path) -> list[tuple[str, str]]:
    return [
        (finding.code, finding.path)
        for finding in validate(package).findings
        if finding.severity == "error"
    ]


def test_each_part_has_its_size_and_hash(tmp_path: Path) -> None:
    package = written(tmp_path / "p", "csv")
    part = package / "measurements" / "part-00001.csv"
    part.write_text(part.read_text().replace("0.5", "0.6"))
    assert ("BF501", "measurements/part-00001.csv") in codes(package)
    change(package, lambda tables: tables["measurements"].pop("parts"))
    assert [code for code, _ in codes(package)] == ["BF501"] * 4


@pytest.mark.parametrize("form", FORMS)
def test_a_fault_is_told_with_the_part_and_its_row(tmp_path: Path, form: str) -> None:
    write_package(
        tmp_path / "p", [to_batch([*RECORDS, record(0, 1)][:8])], format=form, part_rows=4
    )
    package = tmp_path / "p"
    with open_package(package) as opened:
        names = [part.name for part in opened.parts("records")]
    if form == "csv":
        last = package / names[-1]
        last.write_text(last.read_text().replace("r007", "r000"))
        told = [finding for finding in validate(package).findings if finding.code == "BF507"]
        assert [(finding.path, finding.row) for finding in told] == [(names[-1], 1)]


def test_a_part_that_is_not_there_is_told(tmp_path: Path) -> None:
    package = written(tmp_path / "p")
    (package / "records" / "part-00002.parquet").unlink()
    assert any(code == "BF119" for code, _ in codes(package))
    with open_package(package) as opened, pytest.raises(PackageError, match="part-00002"):
        list(opened.records())


def twice(tables: dict[str, Any]) -> None:
    item = tables["measurements"]
    item["path"].append(item["path"][0])
    item["parts"].append(item["parts"][0])


def systems_in_parts(tables: dict[str, Any]) -> None:
    item = tables["systems"]
    item["path"] = ["systems.parquet", "more.parquet"]
    del item["bytes"], item["hash"]


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "twice": (twice, "BF144", "names the file measurements/part-00000.parquet twice"),
    "systems": (systems_in_parts, "BF144", "the table 'systems' is in 2 parts"),
    "order": (lambda t: t["records"]["parts"].reverse(), "BF118", "in the same order"),
    "short": (lambda t: t["records"]["parts"].pop(), "BF118", "an object for each file"),
    "whole": (
        lambda t: t["records"].update(hash="sha256:" + 64 * "0"),
        "BF118",
        "stand in `parts`",
    ),
    "single": (lambda t: t["systems"].update(parts=[]), "BF118", "beside a `path` that is a list"),
    "empty": (lambda t: t["records"].update(path=[]), "BF118", "path"),
    "outside": (lambda t: t["records"]["path"].__setitem__(1, "../x.parquet"), "BF118", "parts"),
    "annotated": (
        lambda t: t["records"].update(benchfmt={}),
        "BF118",
        "an annotated table is one file",
    ),
}


@pytest.mark.parametrize(("edit", "code", "words"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_list_of_parts_is_told(
    tmp_path: Path, edit: Callable[[dict[str, Any]], object], code: str, words: str
) -> None:
    package = written(tmp_path / "p")
    change(package, edit)
    found = [finding for finding in validate(package).findings if finding.code == code]
    assert any(words in finding.message for finding in found), validate(package).findings


def test_no_part_leads_out_of_the_package(tmp_path: Path) -> None:
    package = written(tmp_path / "p")
    (tmp_path / "x.parquet").write_bytes((package / "records" / "part-00001.parquet").read_bytes())

    def outside(tables: dict[str, Any]) -> None:
        for place in (tables["records"]["path"], tables["records"]["parts"]):
            if isinstance(place[1], str):
                place[1] = "../x.parquet"
            else:
                place[1]["path"] = "../x.parquet"

    change(package, outside)
    assert any(code == "BF901" for code, _ in codes(package))
    with open_package(package) as opened, pytest.raises(BenchfmtError):
        list(opened.records())


def test_the_command_writes_parts(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "examples" / "lpdnn"
    command = [
        sys.executable,
        "-m",
        "benchfmt",
        "convert",
        source,
        "-o",
        tmp_path / "p",
        "--part-rows",
        "700",
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(described(tmp_path / "p")["resources"][2]["path"]) == 3
    convert(source).write(tmp_path / "whole")
    with open_package(tmp_path / "p") as parts, open_package(tmp_path / "whole") as whole:
        assert list(parts.records()) == list(whole.records())


def test_a_part_holds_at_least_one_measurement(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="at least one measurement, and not 0"):
        written(tmp_path / "p", rows=0)
    batch = to_batch(RECORDS)
    with pytest.raises(PackageError, match="parts are of whole records"):
        write_package(
            tmp_path / "q",
            [type(batch)(batch.systems, batch.records.slice(0, 1), batch.measurements)],
            part_rows=4,
        )


def test_ends_of_records_do_not_depend_on_how_owners_are_kept() -> None:
    sizes = [2, 0, 3, 1]
    plain = to_batch([record(number, size) for number, size in enumerate(sizes)])
    rows = pa.array([0, 0, 2, 2, 2, 3], pa.int32())
    owners = pa.DictionaryArray.from_arrays(rows, plain.records["id"].combine_chunks())
    place = plain.measurements.schema.get_field_index("record_id")
    measurements = plain.measurements.set_column(place, "record_id", owners)
    coded = replace(plain, measurements=measurements)
    assert growing._coded_owners(coded) is not None
    assert growing._coded_owners(plain) is None
    assert growing.ends_of_records(coded).tolist() == [2, 2, 5, 6]
    assert growing.ends_of_records(plain).tolist() == [2, 2, 5, 6]
    # The codes are places in their own dictionary, and in no other.
    assert growing._coded_owners(replace(coded, records=coded.records.slice(1))) is None


def _faulty_parts(folder: Path, form: str) -> Path:
    """Write a package of small parts, most with faults of their own."""
    rows = {
        "records": [{"id": f"r{number}", "suite": "lpdnn", "status": "ok"} for number in range(12)],
        "measurements": [
            {"record_id": f"r{number}", "metric": "latency", "stage": "end-to-end", "per": "sample"}
            | {"value": "0.5", "unit": "s", "basis": "measured"}
            for number in range(12)
        ],
    }
    rows["records"][1]["status"] = "fine"
    rows["records"][4]["id"] = "r0"
    rows["records"][7]["suite"] = "=1+1"
    rows["measurements"][2]["value"] = "fast"
    rows["measurements"][3]["unit"] = "ms"
    rows["measurements"][8]["metric"] = "latenci"
    rows["measurements"][9]["record_id"] = "nobody"
    folder.mkdir()
    resources = []
    for table, lines in rows.items():
        paths = []
        for number in range(6):
            frame = pl.DataFrame(lines[2 * number : 2 * number + 2])
            if number in (2, 3):
                frame = frame.with_columns(pl.lit("x").alias("colour")).drop("status", strict=False)
            if table == "measurements" and form == "parquet":
                # One part has a column of another type, and is judged by itself.
                kind = pl.Float32 if number == 4 else pl.Float64
                frame = frame.with_columns(pl.col("value").cast(kind, strict=False))
            name = f"{table}-{number}.{form}"
            if form == "csv":
                frame.write_csv(folder / name)
            else:
                frame.write_parquet(folder / name)
            paths.append(name)
        resources.append({"name": table, "path": paths, "format": form})
    descriptor = {"benchfmt": {"version": "1.0"}, "resources": resources}
    (folder / "datapackage.json").write_text(json.dumps(descriptor))
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_small_parts_that_are_judged_together_have_the_findings_of_each(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = _faulty_parts(tmp_path / "p", form)
    together = validate(package)
    monkeypatch.setattr(small_parts, "_FEW", -1)
    apart = validate(package)
    assert list(map(str, together.findings)) == list(map(str, apart.findings))
    found = {(finding.code, finding.path, finding.row) for finding in together.findings}
    assert ("BF103", "measurements-1.csv", 1) in found or form == "parquet"
    for number in (2, 3):
        assert {("BF101", f"records-{number}.{form}", None)} <= found
        assert {("BF102", f"records-{number}.{form}", None)} <= found
        assert {("BF102", f"measurements-{number}.{form}", None)} <= found
    assert ("BF502", f"measurements-4.{form}", 2) in found
