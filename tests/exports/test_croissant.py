"""Packages as Croissant 1.1, judged by mlcroissant: it validates the description and loads the rows by it."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import mlcroissant
import polars as pl
import pyarrow.parquet as pq
import pytest
import rdflib

from benchfmt.conversion import convert
from benchfmt.exports import Exported, export
from benchfmt.package import PackageError

pytestmark = pytest.mark.filterwarnings("ignore")  # the judge and its libraries have some
EXAMPLE = Path(__file__).parents[2] / "examples" / "lpdnn"
TABLES = ("systems", "records", "measurements")
SAID = {
    "url": "https://example.org/results",
    "date": "2026-11-30",
    "cite_as": "@misc{results, title={Results}}",
    "license": "cc-by-4.0",
    "authors": "Example, Ada <0000-0002-1825-0097>; Example Lab",
    "version": "1.0.0",
    "title": "Results of the lab",
    "doi": "10.5281/zenodo.1234",
}
CR = "http://mlcommons.org/croissant/"
FIRST = 300
"""So many rows of each table are loaded of large packages: from the first one on, for the judge reads 2,500 a second."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("croissant") / "package"
    convert(EXAMPLE).write(target)
    export(target, "croissant", target / "croissant.json", **SAID)
    return target


def described(package: Path, target: Path) -> Exported:
    """Describe a package beside a copy of it, for a package that tests share stays as it is."""
    shutil.copytree(package, target)
    return export(target, "croissant", target / "croissant.json")


def issues_of(file: Path) -> tuple[set[str], set[str]]:
    """Return errors and warnings of the judge."""
    try:
        dataset = mlcroissant.Dataset(file)
    except mlcroissant.ValidationError as error:
        return {str(error)}, set()
    issues = dataset.metadata.ctx.issues
    return set(issues.errors), set(issues.warnings)


def differences(folder: Path, table: str, most: int | None = None) -> list[str]:
    """Return in which cells the judge's rows differ from those that polars reads of the Parquet file."""
    loaded = mlcroissant.Dataset(folder / "croissant.json").records(table)
    frame = pl.read_parquet(folder / f"{table}.parquet")
    different = []
    rows = 0
    for number, (row, record) in enumerate(
        zip(frame.iter_rows(named=True), islice(loaded, most), strict=most is None)
    ):
        rows += 1
        for name, value in row.items():
            cell = record[f"{table}/{name}"]
            if isinstance(cell, bytes):  # its way with text
                cell = cell.decode()
            if type(cell) is not type(value) or cell != value:
                different.append(f"{table} {number} {name}: {value!r} is {cell!r}")
    assert rows == min(frame.height, most or frame.height)
    return different


def test_the_judge_has_nothing_to_say_where_all_is_said(package: Path) -> None:
    assert issues_of(package / "croissant.json") == (set(), set())


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_is_loaded_with_its_value_and_type(package: Path, table: str) -> None:
    assert differences(package, table) == []


def test_files_rows_and_columns_are_what_other_readers_count(package: Path) -> None:
    graph = rdflib.Graph().parse(package / "croissant.json", format="json-ld")
    sets = rdflib.URIRef(f"{CR}RecordSet")
    assert len(set(graph.subjects(rdflib.RDF.type, sets))) == len(TABLES)
    data = json.loads((package / "croissant.json").read_text("utf-8"))
    for node in data["recordSet"]:
        parquet = pq.ParquetFile(package / f"{node['name']}.parquet")
        assert node["annotation"]["value"] == parquet.metadata.num_rows
        names = [field["name"] for field in node["field"]]
        assert names == parquet.schema_arrow.names
    assert {node["name"] for node in data["distribution"]} == {
        path.name for path in package.iterdir() if path.name != "croissant.json"
    }
    for node in data["distribution"]:
        content = (package / node["contentUrl"]).read_bytes()
        assert node["sha256"] == hashlib.sha256(content).hexdigest()
        assert node["contentSize"] == f"{len(content)} B"


def test_what_is_said_of_the_publication_arrives(package: Path) -> None:
    said = mlcroissant.Dataset(package / "croissant.json").metadata
    assert said.url == SAID["url"]
    assert said.date_published.strftime("%Y-%m-%d") == SAID["date"]
    assert said.cite_as == SAID["cite_as"]
    assert said.license == ["https://spdx.org/licenses/CC-BY-4.0"]
    people = [(type(creator).__name__, creator.name) for creator in said.creators]
    assert people == [("Person", "Ada Example"), ("Organization", "Example Lab")]
    assert said.same_as == ["https://doi.org/10.5281/zenodo.1234"]
    assert said.data_collection_missing_data.startswith("451 of 2,059 measurements")


def test_units_and_references_are_said(package: Path) -> None:
    data = json.loads((package / "croissant.json").read_text("utf-8"))
    fields = {field["@id"]: field for node in data["recordSet"] for field in node["field"]}
    assert fields["systems/processor_clock_hz"]["annotation"]["value"] == "Hz"
    value = fields["measurements/value"]["annotation"]
    assert value["source"]["extract"] == {"column": "unit"}
    assert value["equivalentProperty"] == ["sc:unitText", "qudt:ucumCode"]
    referring = {name for name, field in fields.items() if "references" in field}
    assert referring == {"records/system_id", "measurements/record_id"}


def test_what_nobody_says_is_left_out_and_told(package: Path, tmp_path: Path) -> None:
    done = described_without(package, tmp_path / "copy")
    asked = "url, license, creator, datePublished, citeAs, version"
    assert done.notes[0] == (
        f"Croissant asks for {asked}, which neither the package nor an option says: left out"
    )
    data = json.loads((tmp_path / "copy" / "croissant.json").read_text("utf-8"))
    assert not set(asked.split(", ")) & data.keys()
    errors, warnings = issues_of(tmp_path / "copy" / "croissant.json")
    assert not errors
    assert len(warnings) == 4


def described_without(package: Path, target: Path) -> Exported:
    shutil.copytree(package, target, ignore=shutil.ignore_patterns("croissant.json"))
    return export(target, "croissant", target / "croissant.json")


def broken(package: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    shutil.copytree(package, target)
    file = target / "croissant.json"
    data = json.loads(file.read_text("utf-8"))
    change(data)
    file.write_text(json.dumps(data))
    return file


def without_hash(data: dict[str, Any]) -> None:
    for node in data["distribution"]:
        node.pop("sha256")


def without_format(data: dict[str, Any]) -> None:
    data["distribution"][0].pop("encodingFormat")


def unknown_file(data: dict[str, Any]) -> None:
    data["recordSet"][0]["field"][0]["source"]["fileObject"]["@id"] = "elsewhere.parquet"


def without_type(data: dict[str, Any]) -> None:
    for field in data["recordSet"][0]["field"]:
        field.pop("dataType")


def old_context(data: dict[str, Any]) -> None:
    data["@context"]["cr"] = "http://mlcommons.org/croissant/1.1/"


@pytest.mark.parametrize(
    "change", [without_hash, without_format, unknown_file, without_type, old_context]
)
def test_the_judge_refuses_a_broken_copy(
    package: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    errors, _ = issues_of(broken(package, tmp_path / "copy", change))
    assert errors


def lost_column(data: dict[str, Any]) -> None:
    data["recordSet"][0]["field"][1]["source"]["extract"]["column"] = "no_such"


def lost_file(data: dict[str, Any]) -> None:
    for node in data["distribution"]:
        node["contentUrl"] = "no-such.parquet"


@pytest.mark.parametrize("change", [lost_column, lost_file])
def test_the_judge_loads_nothing_by_a_broken_copy(
    package: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    file = broken(package, tmp_path / "copy", change)
    with pytest.raises(mlcroissant.GenerationError):
        list(mlcroissant.Dataset(file).records("systems"))


def test_a_number_that_is_said_to_be_text_is_seen(package: Path, tmp_path: Path) -> None:
    def as_text(data: dict[str, Any]) -> None:
        for field in data["recordSet"][0]["field"]:
            field["dataType"] = "sc:Text"

    file = broken(package, tmp_path / "copy", as_text)
    assert any("processor_count: 1 is '1" in text for text in differences(file.parent, "systems"))


def test_of_csv_it_says_what_readers_make_of_it(tmp_path: Path) -> None:
    convert(EXAMPLE).write(tmp_path / "package", format="csv")
    done = export(tmp_path / "package", "croissant", tmp_path / "package" / "croissant.json")
    assert any("the text 1 becomes 1.0" in note for note in done.notes)
    data = json.loads((tmp_path / "package" / "croissant.json").read_text("utf-8"))
    tables = [node for node in data["distribution"] if node["encodingFormat"] == "text/csv"]
    assert len(tables) == len(TABLES)
    assert all("guesses" in node["description"] for node in tables)
    loaded = mlcroissant.Dataset(tmp_path / "package" / "croissant.json").records("records")
    assert sum(1 for _ in loaded) == 103


def test_the_tables_of_a_zip_are_files_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert(EXAMPLE).write(tmp_path / "package.zip")
    export(tmp_path / "package.zip", "croissant", tmp_path / "croissant.json")
    data = json.loads((tmp_path / "croissant.json").read_text("utf-8"))
    archive, *files = data["distribution"]
    packed = (tmp_path / "package.zip").read_bytes()
    assert archive["contentUrl"] == "package.zip"
    assert archive["sha256"] == hashlib.sha256(packed).hexdigest()
    assert [node["containedIn"] for node in files] == [{"@id": "package.zip"}] * 4
    assert not issues_of(tmp_path / "croissant.json")[0]


def test_the_parts_of_a_table_are_one_set_of_rows(tmp_path: Path) -> None:
    convert(EXAMPLE).write(tmp_path / "package", part_rows=500)
    export(tmp_path / "package", "croissant", tmp_path / "package" / "croissant.json")
    assert not issues_of(tmp_path / "package" / "croissant.json")[0]
    for table in ("records", "measurements"):
        loaded = mlcroissant.Dataset(tmp_path / "package" / "croissant.json").records(table)
        column = f"{table}/{'id' if table == 'records' else 'record_id'}"
        ids = sorted(row[column].decode() for row in loaded)
        parts = pl.read_parquet(tmp_path / "package" / table / "*.parquet")
        assert ids == sorted(parts[column.rpartition("/")[2]])
        assert len(list((tmp_path / "package" / table).iterdir())) > 1


def test_files_elsewhere_have_their_addresses(package: Path, tmp_path: Path) -> None:
    done = export(package, "croissant", tmp_path / "c.json", files="https://example.org/1/")
    data = json.loads((tmp_path / "c.json").read_text("utf-8"))
    urls = {node["contentUrl"] for node in data["distribution"]}
    assert "https://example.org/1/measurements.parquet" in urls
    assert not any("beside" in note for note in done.notes)


# --- beside the tables of a conversion ---


@pytest.mark.slow
@pytest.mark.parametrize("name", ["package", "package.zip"])
def test_a_conversion_writes_it_beside_the_tables_and_replaces_it(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "benchfmt.toml").write_text(
        '[publication]\nurl = "https://example.org"\ndate = 2026-11-30\n'
        'cite_as = "us"\nlicense = "MIT"\nauthors = "Example, Ada"\nversion = "1.0.0"\n'
    )
    for _ in range(2):
        command = [
            sys.executable,
            "-m",
            "benchfmt",
            "convert",
            str(EXAMPLE),
            "-o",
            name,
            "--croissant",
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0
        assert "note:" not in done.stderr
    if name == "package":
        assert issues_of(tmp_path / name / "croissant.json") == (set(), set())
        assert differences(tmp_path / name, "records") == []


def test_a_description_that_somebody_changed_is_not_replaced(tmp_path: Path) -> None:
    convert(EXAMPLE).write(tmp_path / "package")
    file = tmp_path / "package" / "croissant.json"
    export(tmp_path / "package", "croissant", file)
    convert(EXAMPLE).write(tmp_path / "package")
    assert not file.exists()
    export(tmp_path / "package", "croissant", file)
    data = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**data, "citeAs": "us"}))
    with pytest.raises(PackageError, match=r"croissant.json would be lost"):
        convert(EXAMPLE).write(tmp_path / "package")


def test_a_name_alone_is_neither_a_person_nor_an_organisation(tmp_path: Path) -> None:
    extra = {"contributors": [{"title": "Ada"}, {"givenName": "Ben", "familyName": "Example"}]}
    convert(EXAMPLE).write(tmp_path / "package", extra=extra)
    done = export(tmp_path / "package", "croissant", tmp_path / "croissant.json")
    data = json.loads((tmp_path / "croissant.json").read_text("utf-8"))
    assert data["creator"] == [{"@type": "sc:Person", "name": "Ben Example"}]
    assert done.notes[0].startswith("Ada may be a person or an organisation")


# --- real samples ---


def test_a_few_families_are_loaded_whole(few_samples_package: Path, tmp_path: Path) -> None:
    described(few_samples_package, tmp_path / "copy")
    assert not issues_of(tmp_path / "copy" / "croissant.json")[0]
    for table in ("systems", "records"):
        assert differences(tmp_path / "copy", table) == []
    assert differences(tmp_path / "copy", "measurements", FIRST) == []


@pytest.mark.slow
def test_all_families_are_described_and_loaded(all_samples_package: Path, tmp_path: Path) -> None:
    done = described(all_samples_package, tmp_path / "copy")
    counts = [
        pq.ParquetFile(all_samples_package / f"{table}.parquet").metadata.num_rows
        for table in TABLES[1:]
    ]
    assert [done.records, done.measurements] == counts
    assert math.prod(counts) > 0
    assert not issues_of(tmp_path / "copy" / "croissant.json")[0]
    for table in TABLES:
        assert differences(tmp_path / "copy", table, FIRST) == []
