"""Packages: written whole or not at all, the same bytes each time, read back without loss, local or remote."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.checks.test_checks import MEASUREMENTS, RECORDS, edit, package
from tests.forms import VALID, flatten, load, write

from benchfmt import sinks
from benchfmt.finding import BenchfmtError
from benchfmt.identity import identified
from benchfmt.limits import Limits
from benchfmt.package import PackageError, PackageWriter, open_package, write_package
from benchfmt.readers.files import UnsafeError
from benchfmt.record import Record
from benchfmt.tables import arrow_schema, to_batch
from benchfmt.validation import validate

RECORDS_OF_CORPUS = [identified(Record.from_dict(load(path))) for path in VALID]
FORMS = ["parquet", "csv"]


def save(
    path: Path, records: list[Record] = RECORDS_OF_CORPUS, size: int = 20, **options: Any
) -> Path:
    write_package(
        path, (to_batch(records[i : i + size]) for i in range(0, len(records), size)), **options
    )
    return path


def sign(place: Path, descriptor: dict[str, Any]) -> None:
    """Write the size and the hash of each file into a descriptor."""
    for resource in descriptor["resources"]:
        data = (place / resource["path"]).read_bytes()
        resource["bytes"] = len(data)
        resource["hash"] = f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("absent", [["bytes"], ["hash"], ["bytes", "hash"]])
def test_bf501_a_table_without_size_or_hash_is_a_fault(absent: list[str], tmp_path: Path) -> None:
    place = save(tmp_path / "package", RECORDS_OF_CORPUS[:1])
    edit(place, lambda data: [data["resources"][1].pop(name) for name in absent])
    (finding,) = validate(place).findings
    assert (finding.code, finding.path) == ("BF501", "records.parquet")
    listed = " and no ".join(f"`{name}`" for name in absent)
    assert finding.message == f"the descriptor gives no {listed} of the file"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_bf501_a_pointer_of_git_lfs_is_told_as_one(form: str, tmp_path: Path) -> None:
    place = write(tmp_path / "package", flatten([load(path) for path in VALID[:3]]), form)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    (place / f"measurements.{form}").write_text(pointer, "utf-8")
    (finding,) = validate(place).findings
    assert (finding.code, finding.path) == ("BF501", f"measurements.{form}")
    assert finding.message == "a pointer of Git LFS stands in place of the file"
    assert finding.hint == "fetch the file with `git lfs pull`"


def content(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


def read(path: Path | str, **options: Any) -> list[Record]:
    with open_package(path, **options) as opened:
        return list(opened.records())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["package", "package.zip"])
def test_what_is_read_is_what_was_written(name: str, form: str, tmp_path: Path) -> None:
    place = save(tmp_path / name, format=form)
    assert read(place) == RECORDS_OF_CORPUS
    assert validate(place).findings == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["package", "package.zip"])
def test_equal_records_are_equal_bytes(name: str, form: str, tmp_path: Path) -> None:
    first = save(tmp_path / "a" / name, format=form)
    second = save(tmp_path / "b" / name, format=form, size=7)
    if name.endswith("zip"):
        assert first.read_bytes() == second.read_bytes()
    else:
        assert content(first) == content(second)


@pytest.mark.parametrize("form", FORMS)
def test_every_file_carries_its_size_and_hash(form: str, tmp_path: Path) -> None:
    place = save(tmp_path / "package", format=form, extra={"title": "Ours"})
    descriptor = load(place / "datapackage.json")
    assert descriptor["title"] == "Ours"
    assert descriptor["$schema"] == "https://w3id.org/benchfmt/1.0/package.schema.json"
    assert "profile" not in descriptor
    assert [resource["name"] for resource in descriptor["resources"]] == [
        "systems",
        "records",
        "measurements",
    ]
    for resource in descriptor["resources"]:
        data = (place / resource["path"]).read_bytes()
        assert (resource["bytes"], resource["hash"]) == (
            len(data),
            f"sha256:{hashlib.sha256(data).hexdigest()}",
        )
    assert set(content(place)) == {
        "datapackage.json",
        *(f"{t}.{form}" for t in ("systems", "records", "measurements")),
    }


def test_a_package_is_replaced_whole(tmp_path: Path) -> None:
    place = save(tmp_path / "package", format="csv")
    save(place, RECORDS_OF_CORPUS[:3], replace=True)
    assert read(place) == RECORDS_OF_CORPUS[:3]
    assert not (place / "records.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


@pytest.mark.parametrize("name", ["package", "package.zip"])
def test_a_failed_write_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    place = save(tmp_path / name, RECORDS_OF_CORPUS[:3])

    def failing() -> Iterator[Any]:
        yield to_batch(RECORDS_OF_CORPUS[:5])
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        write_package(place, failing())
    assert read(place) == RECORDS_OF_CORPUS[:3]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_failed_first_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), PackageWriter(tmp_path / "package") as writer:
        writer.write(to_batch(RECORDS_OF_CORPUS[:5]))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_failed_move_puts_the_old_package_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = save(tmp_path / "package", RECORDS_OF_CORPUS[:3])
    rename = Path.rename

    def broken(self: Path, target: Path) -> Path:
        if target == place and ".old" not in self.name:
            raise OSError("the disk is gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(OSError, match="the disk is gone"):
        save(place, RECORDS_OF_CORPUS[:5])
    monkeypatch.undo()
    assert read(place) == RECORDS_OF_CORPUS[:3]


@pytest.mark.parametrize("name", ["folder", "file.txt", "file.zip"])
def test_other_peoples_files_are_not_overwritten(name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    if name == "folder":
        place.mkdir()
        (place / "thesis.tex").write_text("years of work", "utf-8")
    else:
        place.write_text("years of work", "utf-8")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(PackageError):
        save(place)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_package_of_no_records_is_not_written(tmp_path: Path) -> None:
    for form in FORMS:
        with pytest.raises(PackageError, match="a package without records is not written"):
            save(tmp_path / form, [], format=form)
    assert not list(tmp_path.iterdir())


def test_tables_are_written_in_groups_of_fixed_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "ROW_GROUP", 50)
    place = save(tmp_path / "package")
    with pq.ParquetFile(place / "measurements.parquet") as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert len(sizes) > 3
    assert set(sizes[:-1]) == {50}
    assert read(place) == RECORDS_OF_CORPUS


def test_a_system_is_described_once(tmp_path: Path) -> None:
    with open_package(save(tmp_path / "package")) as opened:
        systems = {r.system.id: r.system.to_dict() for r in RECORDS_OF_CORPUS if r.system}
        assert opened.systems == systems
        assert opened.table("systems").num_rows == len(systems)


def test_a_table_has_all_columns_whatever_the_file_has(tmp_path: Path) -> None:
    with open_package(package(tmp_path)) as opened:
        for name in ("systems", "records", "measurements"):
            assert opened.table(name).schema == arrow_schema(name)


# --- reading what others wrote ---


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("batch_size", "8.0", 8),
        ("batch_size", "1e2", 100),
        ("dataset_samples", "9007199254740991", 9007199254740991),
        ("model_flop", "8.2e9", 8.2e9),
        ("model_flop", "1", 1.0),
        ("task", "", None),
        ("batch_size", "", None),
    ],
)
def test_a_cell_is_read_in_the_type_of_its_column(
    column: str, cell: str, value: Any, tmp_path: Path
) -> None:
    place = package(tmp_path, records=f"id,suite,{column},status\nr1,lpdnn,{cell},ok\n")
    with open_package(place) as opened:
        assert opened.table("records")[column].to_pylist() == [value]


@pytest.mark.parametrize("cell", ["nan", "inf", "-inf", "1e999", "x", "1,5", "true"])
@pytest.mark.parametrize("column", ["model_flop", "batch_size"])
def test_a_cell_that_is_no_number_is_named(column: str, cell: str, tmp_path: Path) -> None:
    place = package(
        tmp_path, records=f'id,suite,{column},status\nr1,lpdnn,,ok\nr2,lpdnn,"{cell}",ok\n'
    )
    with (
        open_package(place) as opened,
        pytest.raises(PackageError, match=f"records.csv row 2, {column}: '{cell}'"),
    ):
        opened.table("records")


@pytest.mark.parametrize("cell", ["8.5", "1e30"])
def test_a_count_that_is_not_whole_is_named(cell: str, tmp_path: Path) -> None:
    place = package(tmp_path, records=f"id,suite,batch_size,status\nr1,lpdnn,{cell},ok\n")
    with open_package(place) as opened, pytest.raises(PackageError, match="row 1, batch_size"):
        opened.table("records")


@pytest.mark.parametrize(("cell", "value"), [("true", True), ("false", False), ("", None)])
def test_a_boolean_is_true_or_false(cell: str, value: bool | None, tmp_path: Path) -> None:
    table = MEASUREMENTS.replace("basis\n", "basis,primary\n").replace(
        "measured\n", f"measured,{cell}\n"
    )
    with open_package(package(tmp_path, measurements=table)) as opened:
        assert opened.table("measurements")["primary"].to_pylist() == [value]


def test_no_other_word_is_a_boolean(tmp_path: Path) -> None:
    table = MEASUREMENTS.replace("basis\n", "basis,primary\n").replace(
        "measured\n", "measured,True\n"
    )
    with (
        open_package(package(tmp_path, measurements=table)) as opened,
        pytest.raises(PackageError, match="primary"),
    ):
        opened.table("measurements")


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"records": "id,suite\nr1,lpdnn\n"}, "the column 'status' is missing"),
        ({"records": RECORDS + "r2,lpdnn\n"}, "row 2 has the wrong number of cells"),
        (
            {"measurements": MEASUREMENTS + "r0,power,,,1,W,measured\n"},
            "do not stand in the order of the records",
        ),
        (
            {"measurements": MEASUREMENTS.replace("\nr1", "\nr0")},
            "record 'r1': status is ok, yet no measurement has",
        ),
        (
            {"measurements": MEASUREMENTS.replace("latency", "Latency")},
            "record 'r1': measurements.0.metric: 'Latency'",
        ),
    ],
)
def test_a_faulty_package_says_what_to_do(
    tables: dict[str, str], words: str, tmp_path: Path
) -> None:
    with (
        open_package(package(tmp_path, **tables)) as opened,
        pytest.raises(BenchfmtError, match=words),
    ):
        list(opened.records())


def test_another_delimiter_and_encoding_are_read(tmp_path: Path) -> None:
    place = package(tmp_path, systems="id;name\nrpi4;Köln\n")
    (place / "systems.csv").write_bytes("id;name\nrpi4;Köln\n".encode("latin-1"))
    facts = {"encoding": "latin-1", "dialect": {"delimiter": ";"}}
    edit(place, lambda data: data["resources"][0].update(facts))
    edit(place, lambda data: sign(place, data))
    report = validate(place)
    assert ([finding.code for finding in report.findings], report.ok) == (["BF131", "BF132"], True)
    with open_package(place) as opened:
        assert opened.systems == {"rpi4": {"id": "rpi4", "name": "Köln"}}


def test_parquet_of_other_writers_is_read(tmp_path: Path) -> None:
    place = save(tmp_path / "package", RECORDS_OF_CORPUS[:5])
    for table in ("systems", "records", "measurements"):
        file = place / f"{table}.parquet"
        data = pq.read_table(file)
        words = [
            pa.field(f.name, pa.large_string() if f.type == pa.string() else f.type)
            for f in data.schema
        ]
        changed = data.cast(pa.schema(words))
        index = changed.column_names.index("id" if "id" in changed.column_names else "metric")
        encoded = changed.column(index).cast(pa.string()).dictionary_encode()
        pq.write_table(changed.set_column(index, changed.column_names[index], encoded), file)
    edit(place, lambda data: sign(place, data))
    assert validate(place).findings == []
    assert read(place) == RECORDS_OF_CORPUS[:5]


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_what_is_no_package_is_not_opened(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackageError, match="is not a package"):
        open_package(tmp_path / name)


def test_a_record_is_told_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text(
        json.dumps({"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}}), "utf-8"
    )
    with pytest.raises(
        PackageError,
        match=r"record\.json is a record, not a package; `benchfmt convert .*record\.json -o PACKAGE`",
    ):
        open_package(tmp_path / "record.json")


def test_a_package_is_opened_by_its_descriptor_too(tmp_path: Path) -> None:
    place = save(tmp_path / "package", RECORDS_OF_CORPUS[:2])
    assert read(place / "datapackage.json") == RECORDS_OF_CORPUS[:2]


def test_a_version_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    place = edit(package(tmp_path), lambda data: data["benchfmt"].update(version="2.0"))
    with pytest.raises(PackageError, match=r"version '2\.0'"):
        open_package(place)


def test_the_temporary_folder_of_a_zip_goes_with_it(tmp_path: Path) -> None:
    opened = open_package(save(tmp_path / "package.zip", RECORDS_OF_CORPUS[:2]))
    root = opened.root
    assert root.is_dir()
    opened.close()
    opened.close()
    assert not root.exists()


# --- remote ---


@pytest.fixture
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()


def upload(files: Any, path: Path, target: str) -> None:
    for file in [path] if path.is_file() else path.iterdir():
        files.pipe(target if path.is_file() else f"{target}/{file.name}", file.read_bytes())


@pytest.mark.parametrize("name", ["package", "package.zip"])
def test_a_remote_package_is_read_when_asked_for(name: str, tmp_path: Path, memory: Any) -> None:
    upload(memory, save(tmp_path / name, RECORDS_OF_CORPUS[:4]), f"/store/{name}")
    url = f"memory://store/{name}"
    with pytest.raises(PackageError, match="remote=True"):
        open_package(url)
    assert read(url, remote=True) == RECORDS_OF_CORPUS[:4]
    assert validate(url, remote=True).findings == []
    if name == "package":
        assert read(f"{url}/datapackage.json", remote=True) == RECORDS_OF_CORPUS[:4]


def test_a_remote_package_that_is_not_there_is_an_error(memory: Any) -> None:
    with pytest.raises(BenchfmtError, match="memory://store/nothing"):
        validate("memory://store/nothing", remote=True)


def test_a_remote_package_keeps_within_its_size(tmp_path: Path, memory: Any) -> None:
    upload(memory, save(tmp_path / "package", RECORDS_OF_CORPUS[:4]), "/store/package")
    with pytest.raises(UnsafeError) as caught:
        open_package("memory://store/package", remote=True, limits=Limits(archive_bytes=100))
    assert caught.value.code == "BF904"


def test_a_remote_package_cannot_lead_elsewhere(tmp_path: Path, memory: Any) -> None:
    memory.pipe("/secret.csv", RECORDS.encode())
    place = edit(
        package(tmp_path / "package"),
        lambda data: data["resources"][1].update(path="../secret.csv"),
    )
    upload(memory, place, "/store/package")
    with pytest.raises(UnsafeError) as caught:
        open_package("memory://store/package", remote=True)
    assert caught.value.code == "BF901"


def test_a_zip_holds_the_descriptor_at_its_top_and_dates_that_never_change(tmp_path: Path) -> None:
    with zipfile.ZipFile(save(tmp_path / "package.zip", RECORDS_OF_CORPUS[:2])) as archive:
        infos = archive.infolist()
        assert json.loads(archive.read("datapackage.json"))["name"] == "package"
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)
