"""Hostile packages: each trick is a finding, never a traceback, and nothing outside of the package is touched."""

from __future__ import annotations

import json
import os
import stat
import struct
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.checks.test_checks import RECORDS, SYSTEMS, edit, package
from tests.forms import CORPUS, codes, describe, flatten, load, write

from benchfmt.conversion import convert
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import Limits
from benchfmt.package import open_package
from benchfmt.readers.files import Listing, UnsafeError, file_sha256, refuse_hollow, safe_path
from benchfmt.readers.jsons import JsonError, parse
from benchfmt.validation import validate

DESCRIPTOR = "datapackage.json"


def at(path: Path, name: str) -> Path:
    """Let a package name another file as its records."""
    return edit(path, lambda data: data["resources"][1].update(path=name, bytes=None, hash=None))


def unsafe(code: str, path: str, message: str, value: str | None = None) -> Finding:
    # What a path in a descriptor leads to stands at that path.
    field = "/resources/1/path" if value is not None else None
    return Finding(code, Severity.ERROR, path, None, None, field, message, value)


def test_bf901_a_path_that_leads_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("id,suite,status\nsecret,lpdnn,ok\n", "utf-8")
    place = at(package(tmp_path / "package"), "../secret.csv")
    words = "'../secret.csv' leads out of the folder; name a file inside it"
    found = validate(place).findings
    assert unsafe("BF901", DESCRIPTOR, words, "../secret.csv") in found
    assert {finding.code for finding in found} == {"BF901"}
    assert "secret'" not in str([finding.message for finding in found if finding.code != "BF901"])
    with open_package(place) as opened, pytest.raises(UnsafeError):
        opened.table("records")


@pytest.mark.parametrize(
    "name",
    ["/etc/hostname", "a/../../b.csv", "C:/b.csv", "..\\b.csv", "c:b.csv", ".", "a\0.csv"],
)
def test_bf901_every_way_out_is_closed(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafeError) as caught:
        safe_path(tmp_path, name)
    assert caught.value.code == "BF901"
    assert codes(validate(at(package(tmp_path / "package"), name))) == {"BF901"}


def test_a_path_inside_is_taken(tmp_path: Path) -> None:
    assert safe_path(tmp_path, "a/b.csv") == tmp_path / "a" / "b.csv"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_bf902_a_link_that_leads_out(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("id,suite,status\nsecret,lpdnn,ok\n", "utf-8")
    place = package(tmp_path / "package")
    (place / "records.csv").unlink()
    (place / "records.csv").symlink_to(tmp_path / "secret.csv")
    words = "'records.csv' is a link that leads out of the folder"
    found = validate(place).findings
    assert unsafe("BF902", DESCRIPTOR, words, "records.csv") in found
    assert {finding.code for finding in found} == {"BF902"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_bf902_folders_and_descriptors_that_are_links(tmp_path: Path) -> None:
    outside = package(tmp_path / "outside")
    place = package(tmp_path / "package")
    (place / "sub").symlink_to(outside)
    assert codes(validate(at(place, "sub/records.csv"))) == {"BF902"}
    (place / DESCRIPTOR).unlink()
    (place / DESCRIPTOR).symlink_to(outside / DESCRIPTOR)
    assert codes(validate(place)) == {"BF902"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_within_the_package_is_followed(tmp_path: Path) -> None:
    place = package(tmp_path)
    (place / "records.csv").rename(place / "kept.csv")
    (place / "records.csv").symlink_to(place / "kept.csv")
    assert validate(place).findings == []
    assert place / "records.csv" in Listing(place)


def test_bf903_a_remote_reference(tmp_path: Path) -> None:
    name = "https://example.org/records.csv"
    words = f"{name!r} is an address elsewhere; put the file into the package"
    found = validate(at(package(tmp_path), name)).findings
    assert unsafe("BF903", DESCRIPTOR, words, name) in found
    assert {finding.code for finding in found} == {"BF903"}


def test_a_remote_package_is_fetched_only_when_asked() -> None:
    with pytest.raises(BenchfmtError, match="remote=True"):
        validate("https://example.org/package")
    with pytest.raises(BenchfmtError, match="remote=True"):
        open_package("https://example.org/package.zip")


def zipped(folder: Path, **more: str) -> Path:
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
        for name, text in more.items():
            archive.writestr(name, text)
    return target


def test_bf904_a_zip_that_grows_beyond_all_measure(tmp_path: Path) -> None:
    place = zipped(package(tmp_path / "package"), bomb="0" * 2_000_000)
    assert codes(validate(place, limits=Limits(archive_ratio=10_000))) == {"BF130"}
    report = validate(place)
    assert [(f.code, f.path) for f in report.findings] == [("BF904", str(place))]
    assert report.findings[0].message.startswith("bomb would grow from ")
    total = sum(info.file_size for info in zipfile.ZipFile(place).infolist())
    words = f"the zip would grow to {total:,} bytes; at most 1,000,000 are unpacked"
    assert validate(place, limits=Limits(archive_bytes=1_000_000)).findings == [
        unsafe("BF904", str(place), words)
    ]


def test_bf904_a_zip_that_lies_about_its_sizes(tmp_path: Path) -> None:
    place = zipped(
        package(tmp_path / "package", systems=SYSTEMS + "".join(f"s{i},x\n" for i in range(99)))
    )
    data = place.read_bytes()
    with zipfile.ZipFile(place) as archive:
        real = archive.getinfo("systems.csv").file_size
    place.write_bytes(data.replace(struct.pack("<L", real), struct.pack("<L", 10)))
    assert codes(validate(place)) <= {"BF904", "BF119"}
    assert not validate(place).ok


@pytest.mark.parametrize("cut", [10, 200, 500])
def test_bf119_a_zip_that_is_cut_off(cut: int, tmp_path: Path) -> None:
    place = zipped(package(tmp_path / "package"))
    place.write_bytes(place.read_bytes()[:-cut])
    assert codes(validate(place)) == {"BF119"}


def test_bf119_a_zip_whose_content_is_damaged(tmp_path: Path) -> None:
    place = write(
        tmp_path / "package", flatten([load(CORPUS / "valid" / "lpdnn-failed-run.json")]), "zip"
    )
    data = bytearray(place.read_bytes())
    at = data.index(b"bodypose")
    data[at : at + 4] = b"XXXX"
    place.write_bytes(bytes(data))
    assert codes(validate(place)) == {"BF119"}


def test_bf119_an_encrypted_zip(tmp_path: Path) -> None:
    place = zipped(package(tmp_path / "package"))
    data = bytearray(place.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1
    place.write_bytes(bytes(data))
    (found,) = validate(place).findings
    assert (found.code, found.path) == ("BF119", str(place))
    assert found.message.endswith("is encrypted; pack it without a password")


def test_bf119_a_zip_without_a_descriptor_at_its_top(tmp_path: Path) -> None:
    place = tmp_path / "package.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("inner/datapackage.json", "{}")
    assert codes(validate(place)) == {"BF119"}


def test_bf901_a_zip_that_writes_outside_of_its_folder(tmp_path: Path) -> None:
    place = zipped(
        at(package(tmp_path / "package"), "../../evil.csv"), **{"../../evil.csv": RECORDS}
    )
    before = set(tmp_path.parent.rglob("*evil*"))
    words = "'../../evil.csv' leads out of the folder; name a file inside it"
    assert validate(place).findings == [unsafe("BF901", str(place), words)]
    assert set(tmp_path.parent.rglob("*evil*")) == before


def test_members_that_the_descriptor_does_not_name_are_never_written(tmp_path: Path) -> None:
    place = zipped(package(tmp_path / "package"), **{"evil.csv": "x", "sub/evil.csv": "x"})
    with open_package(place) as opened:
        names = {path.name for path in opened.root.rglob("*")}
        assert names == {DESCRIPTOR, "systems.csv", "records.csv", "measurements.csv"}


@pytest.mark.parametrize("name", ["../evil.csv", "/abs.csv", "C:/evil.csv", "..\\evil.csv"])
def test_bf901_an_entry_of_a_zip_that_leads_out_though_nobody_names_it(
    name: str, tmp_path: Path
) -> None:
    place = zipped(package(tmp_path / "package"), **{name: "x"})
    assert codes(validate(place)) == {"BF901"}
    with pytest.raises(UnsafeError, match="leads out"):
        open_package(place)


def test_bf902_an_entry_of_a_zip_that_is_a_link(tmp_path: Path) -> None:
    place = zipped(package(tmp_path / "package"))
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert codes(validate(place)) == {"BF902"}


@pytest.mark.parametrize(
    "member", [{"schema": "https://example.org/s.json"}, {"x": {"$ref": "https://example.org/x"}}]
)
def test_bf903_a_descriptor_that_refers_to_something_remote(
    member: dict[str, Any], tmp_path: Path
) -> None:
    place = edit(package(tmp_path), lambda data: data["resources"][1].update(member))
    assert codes(validate(place)) == {"BF903"}
    with pytest.raises(UnsafeError, match="an address elsewhere"):
        open_package(place)


def test_bf907_an_object_of_a_descriptor_has_a_bounded_number_of_members(tmp_path: Path) -> None:
    place = edit(package(tmp_path), lambda data: data.update({f"k{n}": 1 for n in range(30)}))
    assert codes(validate(place, limits=Limits(json_members=20))) == {"BF907"}
    assert validate(place).findings == []


def test_bf907_a_record_above_a_mebibyte_has_a_bounded_number_of_members(tmp_path: Path) -> None:
    record = json.loads((CORPUS / "valid" / "ai-benchmark-aborted.json").read_text("utf-8"))
    place = tmp_path / "record.json"
    keys = {f"key {number:08}": "x" * 10 for number in range(50_000)}
    place.write_text(json.dumps({**record, "extensions": {"example": keys}}))
    assert codes(validate(place)) == set()
    assert codes(validate(place, limits=Limits(json_members=49_999))) == {"BF907"}


def test_bf907_a_text_of_a_record_has_a_bounded_length(tmp_path: Path) -> None:
    record = json.loads((CORPUS / "valid" / "ai-benchmark-aborted.json").read_text("utf-8"))
    place = tmp_path / "record.json"
    place.write_text(json.dumps({**record, "extensions": {"example": "x" * (2**20 + 1)}}))
    found = validate(place).findings
    assert [(item.code, item.message) for item in found] == [
        ("BF907", "a text of 1,048,577 characters; at most 1,048,576 are read")
    ]


@pytest.mark.parametrize("item", ["{}", "7", '{"benchfmt": "1.0"}'])
def test_bf907_a_file_with_many_faulty_records_is_not_judged_to_its_end(
    tmp_path: Path, item: str
) -> None:
    place = tmp_path / "records.json"
    place.write_text(f"[{','.join([item] * 50_000)}]")
    report = validate(place, limits=Limits(faulty_records=1_000))
    assert codes(report) >= {"BF907"}
    assert 1_000 <= max(report.more.values(), default=0) + 1_000 < 40_000


def test_bf907_lines_that_are_no_json_are_not_looked_at_without_end(tmp_path: Path) -> None:
    place = tmp_path / "records.jsonl"
    place.write_text("x\n" * 300_000)
    report = validate(place, limits=Limits(faulty_records=1_000))
    assert codes(report) == {"BF115", "BF907"}
    assert report.errors < 200_000


def test_what_is_read_of_a_package_keeps_to_the_limits_that_validation_has(tmp_path: Path) -> None:
    words = ["ms", "m" * 2_000, "ms"]
    table = _repeated(tmp_path, 3, reported_unit=pa.array(words))
    place = _with_measurements(tmp_path, table)
    message = r"measurements\.parquet row 2, reported_unit: a cell longer than 1000 bytes"
    with (
        open_package(place, limits=Limits(row_bytes=1_000)) as opened,
        pytest.raises(BenchfmtError, match=message),
    ):
        opened.table("measurements")
    with (
        open_package(place, limits=Limits(page_bytes=1_000)) as opened,
        pytest.raises(UnsafeError, match=r"measurements\.parquet: pages of .* at most 1,000"),
    ):
        opened.table("measurements")


def test_bf905_a_zip_of_too_many_files(tmp_path: Path) -> None:
    place = zipped(package(tmp_path / "package"), **{f"logs/{i}": "" for i in range(20)})
    words = "the zip holds 24 files; at most 23 are read"
    report = validate(place, limits=Limits(archive_members=23))
    assert report.findings == [unsafe("BF905", str(place), words)]
    first, *others = validate(place, limits=Limits(archive_members=24)).findings
    assert [finding.path for finding in others] == [f"logs/{name}" for name in (0, 1, 10, 11, 12)]
    assert {finding.code for finding in (first, *others)} == {"BF130"}
    assert first.message == "15 further files of the package are not listed in the descriptor"


def test_bf905_a_folder_of_too_many_files(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).touch()
    assert len(Listing(tmp_path, Limits(files=3))) == 3
    with pytest.raises(UnsafeError) as caught:
        Listing(tmp_path, Limits(files=2))
    assert caught.value.code == "BF905"


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_bf906_json_that_is_nested_too_deep(tmp_path: Path) -> None:
    record = load(CORPUS / "valid" / "minimal-value-only.json")
    path = tmp_path / "record.json"
    path.write_text(
        json.dumps(record | {"extensions": {"x": "DEEP"}}).replace('"DEEP"', nested(100)), "utf-8"
    )
    assert validate(path).findings == [
        unsafe("BF906", "record.json", "JSON is nested deeper than 64 levels")
    ]
    path.write_text(
        json.dumps(record | {"extensions": {"x": "DEEP"}}).replace('"DEEP"', '["a"]'), "utf-8"
    )
    assert validate(path).findings == []


@pytest.mark.parametrize("depth", [65, 1_000, 100_000, 1_000_000])
def test_bf906_no_depth_is_too_much_for_the_reader(depth: int) -> None:
    with pytest.raises(UnsafeError) as caught:
        parse(nested(depth))
    assert caught.value.code == "BF906"


def test_bf906_depth_is_bounded_in_cells_lines_and_descriptors(tmp_path: Path) -> None:
    cell = f'"{{""x"":{nested(99)}}}"'
    place = package(tmp_path / "cell", records=f"id,suite,status,extensions\nr1,lpdnn,ok,{cell}\n")
    assert codes(validate(place)) == {"BF906"}
    lines = tmp_path / "all.jsonl"
    lines.write_text(nested(5_000) + "\n", "utf-8")
    assert [(f.code, f.row) for f in validate(lines).findings] == [("BF906", 1)]
    place = package(tmp_path / "descriptor")
    (place / DESCRIPTOR).write_text(nested(5_000), "utf-8")
    assert codes(validate(place)) == {"BF906"}


def test_bf907_a_row_that_is_too_long(tmp_path: Path) -> None:
    place = package(tmp_path, systems=f"id,name\nrpi4,{'x' * 5_000}\n")
    (found,) = validate(place, limits=Limits(row_bytes=1_000)).findings
    assert found == unsafe(
        "BF907",
        "systems.csv",
        "a row is longer than 1000 bytes, or a quote is never closed",
    )
    assert validate(place).findings == []


def test_bf907_a_line_a_text_and_a_descriptor_that_are_too_long(tmp_path: Path) -> None:
    lines = tmp_path / "all.jsonl"
    lines.write_text("{}" * 1_000 + "\n", "utf-8")
    wanted = Finding(
        "BF907", Severity.ERROR, "all.jsonl", 1, None, None, "the line is longer than 100 bytes"
    )
    assert validate(lines, limits=Limits(row_bytes=100)).findings == [wanted]
    record = tmp_path / "record.json"
    record.write_text("{}" * 1_000, "utf-8")
    words = "record.json has 2000 bytes; at most 100 are read as one JSON text"
    assert validate(record, limits=Limits(json_bytes=100)).findings == [
        unsafe("BF907", "record.json", words)
    ]
    place = package(tmp_path / "package")
    words = "the descriptor has more than 10 bytes"
    report = validate(place, limits=Limits(descriptor_bytes=10))
    assert report.findings == [unsafe("BF907", DESCRIPTOR, words)]
    with pytest.raises(UnsafeError):
        open_package(place, limits=Limits(descriptor_bytes=10))


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx"])
def test_bf908_a_cell_that_a_spreadsheet_would_run(cell: str, tmp_path: Path) -> None:
    place = package(tmp_path, systems=f"id,vendor\nrpi4,{cell}\n")
    found = {finding.code: finding for finding in validate(place).findings}
    assert found["BF908"] == Finding(
        "BF908", Severity.WARNING, "systems.csv", 1, "vendor", "system.vendor",
        f"a spreadsheet would take {cell} for a formula", cell,
        "nothing is wrong for benchfmt; open the file in a spreadsheet with care",
    )  # fmt: skip
    assert set(found) == ({"BF908", "BF105"} if cell == "\tx" else {"BF908"})
    if cell != "\tx":
        with open_package(place) as opened:
            assert opened.systems["rpi4"]["vendor"] == cell


def test_bf908_a_negative_number_is_no_formula(tmp_path: Path) -> None:
    assert validate(package(tmp_path, systems="id,vendor\nrpi4,-12.5e3\n")).findings == []


def test_bf105_text_that_is_not_utf_8(tmp_path: Path) -> None:
    place = package(tmp_path)
    (place / "systems.csv").write_bytes(b"id,name\nrpi4,K\xf6ln\n")
    resources = [
        {"name": name, "path": f"{name}.csv"} for name in ("systems", "records", "measurements")
    ]
    words = "not UTF-8 text; save it as UTF-8, or name the encoding of a table of your own in its descriptor"
    assert validate(describe(place, resources)).findings == [unsafe("BF105", "systems.csv", words)]
    resources[0]["encoding"] = "latin-1"
    assert codes(validate(describe(place, resources))) == {"BF131"}
    resources[0]["encoding"] = "klingon"
    assert codes(validate(describe(place, resources))) == {"BF118"}


def test_bf115_json_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(b'{"benchfmt": "1.0\xff"}')
    assert codes(validate(path)) == {"BF115"}
    place = package(tmp_path / "package")
    (place / DESCRIPTOR).write_bytes(b"\xff\xfe")
    assert codes(validate(place)) == {"BF115"}


def test_json_is_read_strictly() -> None:
    for text in (
        '{"a": 1, "a": 2}',
        "[NaN]",
        "[Infinity]",
        "[1e999]",
        "[1,]",
        "",
        "\ufeff[]",
        "9" * 5_000,
    ):
        with pytest.raises(JsonError):
            parse(text)
    assert parse(b"[1e308, 12345678901234567890]") == [1e308, 12345678901234567890]


HEADER = "id,suite,status\n"
SOUND = [
    HEADER.strip() + "\r\nr1,lpdnn,ok",
    "\ufeff" + HEADER + "r1,lpdnn,ok\n",
    HEADER + "\n\nr1,lpdnn,ok\n",
]
FAULTY = [
    "",
    "\n",
    "\0\0\0",
    '"id\n',
    HEADER + '"' * 7,
    "PAR1",
    ",,\n,,\n",
    "suite,status\nlpdnn,ok\n",
]


@pytest.mark.parametrize("text", FAULTY)
@pytest.mark.parametrize("table", ["systems", "records", "measurements"])
def test_no_text_in_the_place_of_a_table_raises(table: str, text: str, tmp_path: Path) -> None:
    assert not validate(package(tmp_path, **{table: text})).ok


@pytest.mark.parametrize("text", SOUND)
def test_line_ends_empty_lines_and_a_byte_order_mark_are_no_fault(
    text: str, tmp_path: Path
) -> None:
    place = package(tmp_path, records=text)
    assert validate(place).findings == []
    with open_package(place) as opened:
        assert [record.id for record in opened.records()] == ["r1"]


@pytest.mark.parametrize(
    "data", [None, 3, [], {"resources": 3}, {"resources": [3]}, {"resources": [{}]}, "text"]
)
def test_no_json_in_the_place_of_a_descriptor_raises(data: object, tmp_path: Path) -> None:
    place = package(tmp_path)
    (place / DESCRIPTOR).write_text(json.dumps(data), "utf-8")
    assert codes(validate(place)) == {"BF118"}
    assert codes(validate(zipped(place))) == {"BF118"}


@pytest.mark.parametrize("data", [None, 3, [], [[]], ["x"], {}, "text", [None]])
def test_no_json_in_the_place_of_a_record_raises(data: object, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(data), "utf-8")
    assert not validate(path).ok
    assert codes(validate(path)) <= ({"BF122"} if data == [] else {"BF101", "BF103", "BF107"})


# --- what a hostile or careless package does to readers and writers ---


def _annotated(
    folder: Path, *, dialect: dict[str, Any] | None = None, field: dict[str, Any] | None = None
) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "t.csv").write_text("ms\n1.5\n")
    item = {
        "name": "ms",
        "benchfmt": {"metric": "latency", "per": "sample", "unit": "ms"},
        **(field or {}),
    }
    resource = {
        "path": "t.csv",
        "schema": {"fields": [item]},
        "benchfmt": {"constant": {"benchmark.suite": "lpdnn"}},
    }
    if dialect is not None:
        resource["dialect"] = dialect
    (folder / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    return folder


def test_a_package_is_never_written_over_its_own_source(tmp_path: Path) -> None:
    source = _annotated(tmp_path / "s")
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    with pytest.raises(BenchfmtError):
        convert(source).write(source)
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before


def test_a_package_folder_that_holds_a_file_of_the_user_is_not_replaced(tmp_path: Path) -> None:
    source = _annotated(tmp_path / "s")
    convert(source).write(tmp_path / "p")
    convert(source).write(tmp_path / "p")
    (tmp_path / "p" / "NOTES.md").write_text("mine")
    with pytest.raises(BenchfmtError, match=r"NOTES\.md"):
        convert(source).write(tmp_path / "p")
    assert (tmp_path / "p" / "NOTES.md").read_text() == "mine"


def test_two_resources_of_one_name_are_refused_by_judge_and_reader_alike(tmp_path: Path) -> None:
    convert(_annotated(tmp_path / "s")).write(tmp_path / "p")
    descriptor = tmp_path / "p" / "datapackage.json"
    data = json.loads(descriptor.read_text())
    data["resources"].insert(0, {**data["resources"][1]})
    descriptor.write_text(json.dumps(data))
    assert "BF118" in {finding.code for finding in validate(tmp_path / "p").findings}
    with pytest.raises(BenchfmtError):
        open_package(tmp_path / "p")


def test_a_package_without_systems_opens_as_it_validates(tmp_path: Path) -> None:
    convert(_annotated(tmp_path / "s")).write(tmp_path / "p")
    descriptor = tmp_path / "p" / "datapackage.json"
    data = json.loads(descriptor.read_text())
    data["resources"] = [
        resource for resource in data["resources"] if resource["name"] != "systems"
    ]
    descriptor.write_text(json.dumps(data))
    assert validate(tmp_path / "p").ok
    with open_package(tmp_path / "p") as package:
        assert len(list(package.records())) == package.wide().num_rows == 1


@pytest.mark.parametrize(
    ("dialect", "field"),
    [
        ({"delimiter": ";;"}, None),
        ({"delimiter": ""}, None),
        ({"delimiter": 5}, None),
        ({"headerRows": []}, None),
        ({"nullSequence": "-"}, None),
        ({"quoteChar": "''"}, None),
        (None, {"groupChar": ".."}),
        (None, {"decimalChar": ""}),
    ],
)
def test_a_property_that_would_change_the_numbers_is_refused(
    dialect: dict[str, Any] | None, field: dict[str, Any] | None, tmp_path: Path
) -> None:
    folder = _annotated(tmp_path / "s", dialect=dialect, field=field)
    assert [finding.code for finding in validate(folder).findings] == ["BF118"]


@pytest.mark.parametrize("encoding", ["undefined", "idna", "ascii", "no-such-encoding"])
def test_an_encoding_that_does_not_fit_is_a_finding(encoding: str, tmp_path: Path) -> None:
    folder = _annotated(tmp_path / "s")
    (folder / "t.csv").write_text("ms,é\n1.5,ü\n", "utf-8")
    data = json.loads((folder / "datapackage.json").read_text())
    data["resources"][0]["encoding"] = encoding
    (folder / "datapackage.json").write_text(json.dumps(data))
    assert {finding.code for finding in validate(folder).findings} <= {"BF105", "BF118", "BF103"}
    assert not validate(folder).ok


def test_a_pipe_among_the_sources_is_never_opened(tmp_path: Path) -> None:
    folder = _annotated(tmp_path / "s")
    os.mkfifo(folder / "x.csv")
    os.mkfifo(folder / "y.json")
    account = convert(folder).write(tmp_path / "p")
    assert account.total("records") == 1
    assert {
        entry.path: entry.role for entry in account.files if entry.path in ("x.csv", "y.json")
    } == {
        "x.csv": "skipped",
        "y.json": "skipped",
    }


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([["cpu"]]),
        pa.array([b"\xff\xfe"]),
        pa.array([3], pa.duration("s")),
        pa.StructArray.from_arrays([pa.array([1])], ["a"]),
        pa.array([1], pa.decimal256(40, 2)),
    ],
    ids=lambda cells: str(cells.type),
)
def test_a_parquet_column_of_a_strange_type_is_a_finding(cells: Any, tmp_path: Path) -> None:
    convert(_annotated(tmp_path / "s")).write(tmp_path / "p")
    table = pq.read_table(tmp_path / "p" / "records.parquet")
    place = table.column_names.index("placement")
    pq.write_table(table.set_column(place, "placement", cells), tmp_path / "p" / "records.parquet")
    report = validate(tmp_path / "p")
    assert {finding.code for finding in report.findings} == {"BF103", "BF501"}


def test_parquet_text_that_is_not_utf_8_is_a_finding(tmp_path: Path) -> None:
    convert(_annotated(tmp_path / "s")).write(tmp_path / "p")
    table = pq.read_table(tmp_path / "p" / "records.parquet")
    binary = pa.array([b"\xff\xfe"])
    text = pa.Array.from_buffers(pa.string(), 1, binary.buffers())
    place = table.column_names.index("model")
    pq.write_table(table.set_column(place, "model", text), tmp_path / "p" / "records.parquet")
    assert "BF105" in {finding.code for finding in validate(tmp_path / "p").findings}
    with pytest.raises(BenchfmtError), open_package(tmp_path / "p") as package:
        list(package.records())


def _with_measurements(tmp_path: Path, table: pa.Table, **options: Any) -> Path:
    """Return a package whose measurements are replaced; its row groups are as large as they can be."""
    convert(_annotated(tmp_path / "s")).write(tmp_path / "p")
    pq.write_table(table, tmp_path / "p" / "measurements.parquet", row_group_size=2**26, **options)
    return tmp_path / "p"


def _repeated(tmp_path: Path, times: int, **columns: Any) -> pa.Table:
    """Return the first measurement of the package many times, some columns replaced."""
    convert(_annotated(tmp_path / "t")).write(tmp_path / "q")
    first = pq.read_table(tmp_path / "q" / "measurements.parquet").slice(0, 1)
    table = first.take(pa.array([0] * times))
    for name, cells in columns.items():
        table = table.set_column(table.column_names.index(name), name, cells)
    return table


def found_in(path: Path, limits: Limits) -> dict[tuple[str, int | None, str | None], str]:
    report = validate(path, limits=limits)
    return {
        (finding.code, finding.row, finding.column): finding.message
        for finding in report.findings
        if finding.code.startswith("BF9")
    }


@pytest.mark.parametrize("is_dictionary", [True, False])
def test_bf907_a_cell_of_parquet_that_is_too_long_costs_its_row(
    is_dictionary: bool, tmp_path: Path
) -> None:
    words = ["ms", "m" * 2_000, "ms"]
    table = _repeated(tmp_path, 3, reported_unit=pa.array(words))
    package = _with_measurements(tmp_path, table, use_dictionary=is_dictionary)
    limits = Limits(row_bytes=1_000)
    assert found_in(package, limits) == {
        ("BF907", 2, "reported_unit"): (
            "reported_unit has a cell longer than 1000 bytes; the row is left out"
        )
    }
    assert validate(package, limits=limits).measurements == 2


def test_bf907_a_record_has_a_bounded_number_of_measurements(tmp_path: Path) -> None:
    package = _with_measurements(tmp_path, _repeated(tmp_path, 30))
    message = "the record has more than 20 measurements; the others are not judged"
    found = found_in(package, Limits(record_measurements=20))
    assert found == {("BF907", 21, "record_id"): message}


def test_bf904_parquet_that_unpacks_to_far_more_than_it_is(tmp_path: Path) -> None:
    word = pa.DictionaryArray.from_arrays(pa.array([0] * 70_000, pa.int32()), pa.array(["m" * 999]))
    table = _repeated(tmp_path, 70_000, reported_unit=word.cast(pa.string()))
    package = _with_measurements(tmp_path, table)
    (message,) = found_in(package, Limits(archive_ratio=2)).values()
    size = (package / "measurements.parquet").stat().st_size
    assert message.endswith(f": {size:,} bytes hold more than 67,108,864 bytes of cells")
    assert found_in(package, Limits(archive_ratio=10**6)) == {}


def test_row_groups_that_polars_does_not_read_whole_are_read_by_arrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = _with_measurements(tmp_path, _repeated(tmp_path, 40_000))
    by_polars = validate(package)
    monkeypatch.setattr("benchfmt.package.parquet._LARGEST_GROUP", 1_000)
    by_arrow = validate(package)
    assert by_arrow.findings == by_polars.findings
    assert by_arrow.measurements == by_polars.measurements == 40_000


def test_bf907_a_record_of_json_has_a_bounded_number_of_measurements(tmp_path: Path) -> None:
    record = {"benchfmt": "1.0", "status": "ok", "benchmark": {"suite": "lpdnn"}}
    path = tmp_path / "record.json"
    measurement = {"metric": "latency", "value": 0.5, "unit": "s", "basis": "measured"}
    path.write_text(json.dumps({**record, "measurements": [measurement] * 21}), "utf-8")
    message = "the record has more than 20 measurements; it is not judged"
    found = found_in(path, Limits(record_measurements=20))
    assert found == {("BF907", 1, None): message}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_bf907_a_table_has_a_bounded_number_of_columns(form: str, tmp_path: Path) -> None:
    convert(_annotated(tmp_path / "s")).write(tmp_path / "p", format=form)
    found = found_in(tmp_path / "p", Limits(columns=20))
    messages = set(found.values())
    assert {message.rpartition(": ")[2] for message in messages} == {
        "the table has 45 columns; at most 20 are read"
    }


def test_bf905_a_descriptor_has_a_bounded_number_of_resources(tmp_path: Path) -> None:
    convert(_annotated(tmp_path / "s")).write(tmp_path / "p")
    assert found_in(tmp_path / "p", Limits(resources=2)) == {
        ("BF905", None, None): "the descriptor has 3 resources; at most 2 are read"
    }


def test_a_column_that_appears_twice_is_found_among_very_many(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(200_000)]
    with pytest.raises(JsonError, match="'c7' appears twice"):
        parse("{" + ",".join(f'"{name}":1' for name in [*names, "c7"]) + "}")


@pytest.mark.skipif(not hasattr(os.stat_result, "st_blocks"), reason="holes are not told")
def test_a_file_of_holes_is_not_read_to_its_end(tmp_path: Path) -> None:
    hollow = tmp_path / "hollow.bin"
    with hollow.open("wb") as out:
        out.truncate(2**40)
    with pytest.raises(UnsafeError, match="1,099,511,627,776 bytes, of which the disk holds"):
        file_sha256(hollow)


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="holes are not told")
def test_a_file_is_read_where_the_system_does_not_count_what_it_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full.bin"
    full.write_bytes(b"x")
    os.truncate(full, 2**31)
    hollow = tmp_path / "hollow.bin"
    hollow.touch()
    os.truncate(hollow, 2**31)
    uncounted = SimpleNamespace(st_size=2**31, st_blocks=0)
    monkeypatch.setattr(Path, "stat", lambda _path: uncounted)
    refuse_hollow(full)
    with pytest.raises(UnsafeError, match="holes"):
        refuse_hollow(hollow)
