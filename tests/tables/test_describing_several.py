"""`describe` for several tables, and for tables whose descriptor a person has written in already."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchfmt import BenchfmtError, convert, validate
from benchfmt.describing import Description, describe, describe_like, parts
from benchfmt.descriptor import read_descriptor
from benchfmt.drafting import Said
from benchfmt.limits import Limits

TABLE = "Model,Latency,Note\nresnet50,4.2,a\nyolov8n,8.8,b\n"


def write(folder: Path, **files: str) -> Path:
    """Write files whose names hold `__` for a slash and end with .csv."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def save(made: Description, folder: Path) -> Path:
    """Write a descriptor, which must be sound, into a folder."""
    assert read_descriptor(made.descriptor)[1] == []
    file = folder / "datapackage.json"
    file.write_text(json.dumps(made.descriptor))
    return file


def resources(made: Description) -> dict[str, Any]:
    listed: Any = made.descriptor["resources"]
    return {resource["path"]: resource for resource in listed}


def column(made: Description, name: str, path: str = "t.csv") -> Any:
    fields = resources(made)[path]["schema"]["fields"]
    return next(field for field in fields if field["name"] == name)


# --- a folder of tables ---


def test_equal_tables_of_a_folder_are_described_once_and_alike(tmp_path: Path) -> None:
    write(tmp_path, orin__b1=TABLE, orin__b8=TABLE, nano__b1=TABLE, nano__b8=TABLE)
    made = describe(tmp_path, "lab:x")
    schemas = [resource["schema"] for resource in resources(made).values()]
    assert len(schemas) == 4
    assert all(schema == schemas[0] for schema in schemas)
    assert len([note for note in made.notes if "'Latency'" in note]) == 1


def test_what_the_file_names_differ_in_is_asked_and_read(tmp_path: Path) -> None:
    write(tmp_path, orin__b1=TABLE, orin__b8=TABLE, nano__b1=TABLE, nano__b8=TABLE)
    notes = describe(tmp_path, "lab:x").notes
    assert "part 1 of the names of the files is nano, orin, and nothing says what it is" in notes[0]
    assert "(or configuration.batch_size, system.name" in notes[1]
    said = Said(units={"Latency": "ms"}, parts={1: "system.name", 2: "configuration.batch_size"})
    save(describe(tmp_path, "lab:x", said), tmp_path)
    records = [record.to_dict() for record in convert(tmp_path)]
    read = {(r["system"]["name"], r["configuration"]["batch_size"]) for r in records}
    assert read == {("orin", 1), ("orin", 8), ("nano", 1), ("nano", 8)}
    assert len(records) == 8


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("lat_orin_fp16", "lat_nano_int8"), ["orin, nano", "fp16, int8"]),
        (("mobilenet-v2", "resnet50"), ["mobilenet-v2, resnet50"]),
        (("a_1", "a_2"), ["1, 2"]),
        (("one", "two_three-four"), ["one, two_three-four"]),
    ],
)
def test_parts_of_names_stand_between_separators(
    tmp_path: Path, names: tuple[str, str], words: list[str]
) -> None:
    write(tmp_path, **dict.fromkeys(names, TABLE))
    made = describe([tmp_path / f"{name}.csv" for name in names], "lab:x")
    asked = [note for note in made.notes if note.startswith("part")]
    assert len(asked) == len(words)
    for shown, note in zip(words, asked, strict=True):
        assert f"is {shown}," in note


def test_tables_that_differ_are_named_and_described_each_by_itself(tmp_path: Path) -> None:
    write(tmp_path, a=TABLE, b=TABLE, c="Model,Accuracy (%)\nresnet50,76.1\n")
    (tmp_path / "README.md").write_text("# Nothing\n\nNo table.\n")
    (tmp_path / "setup.json").write_text('{"seed": 3}')
    made = describe(tmp_path, "lab:x")
    assert made.notes[:3] == [
        "2 kinds of tables, each described by itself",
        "a.csv, b.csv: 3 columns",
        "c.csv: 2 columns",
    ]
    assert any(note.startswith("README.md is left out") for note in made.notes)
    assert any(note.startswith("setup.json is left out") for note in made.notes)
    assert any(note.startswith("a.csv: column 'Latency'") for note in made.notes)
    assert list(resources(made)) == ["a.csv", "b.csv", "c.csv"]


def test_a_folder_without_tables_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Nothing\n")
    with pytest.raises(BenchfmtError, match=r"holds no table of results; README\.md is left out"):
        describe(tmp_path)


def test_a_part_is_a_number_that_exists(tmp_path: Path) -> None:
    assert parts(["2=system.name"]) == {2: "system.name"}
    with pytest.raises(BenchfmtError, match="is not the number of a part"):
        parts(["board=system.name"])
    with pytest.raises(BenchfmtError, match="do not differ in a part 3"):
        describe(write(tmp_path, a=TABLE, b=TABLE), "lab:x", Said(parts={3: "system.name"}))


# --- a second run ---


def edited(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the file of a descriptor that a person has edited, and what it says."""
    write(folder, t=TABLE)
    data: Any = describe(folder / "t.csv", "lab:x").descriptor
    data["title"] = "Ours"
    data["x-mine"] = [1]
    resource = data["resources"][0]
    resource["benchfmt"]["constant"]["task"] = "image-classification"
    latency = resource["schema"]["fields"][1]
    latency["title"] = "Median of 100"
    latency["benchfmt"] = {"metric": "latency", "statistic": "median", "unit": "ms"}
    file = folder / "datapackage.json"
    file.write_text(json.dumps(data))
    return file, data


def test_what_a_person_wrote_is_kept(tmp_path: Path) -> None:
    file, data = edited(tmp_path)
    made = describe(tmp_path, older=file)
    assert made.descriptor == data
    assert not any("Latency" in note for note in made.notes)
    assert "kept: t.csv: kept as written: 'Model', 'Latency', 'Note'" in made.review.lines()


def test_a_new_column_is_added_and_one_that_is_gone_is_told(tmp_path: Path) -> None:
    file, data = edited(tmp_path)
    (tmp_path / "t.csv").write_text("Model,Latency,Power (W),Zeit\nresnet50,4.2,9,3\n")
    made = describe(tmp_path, older=file)
    before = data["resources"][0]["schema"]["fields"]
    after = resources(made)["t.csv"]["schema"]["fields"]
    assert after[:3] == before
    assert [field["name"] for field in after[3:]] == ["Power (W)", "Zeit"]
    assert "primary" not in after[3]["benchfmt"]
    assert "column 'Power (W)': is new: power, in W" in made.notes
    assert any("column 'Note': the table does not have it any more" in note for note in made.notes)


def test_a_new_column_that_an_older_one_says_already_is_left_open(tmp_path: Path) -> None:
    file, data = edited(tmp_path)
    data["resources"][0]["schema"]["fields"][2]["benchfmt"] = {"field": "software.engine"}
    file.write_text(json.dumps(data))
    (tmp_path / "t.csv").write_text("Model,Latency,Note,Engine\nresnet50,4.2,a,tflite\n")
    made = describe(tmp_path, older=file)
    assert "benchfmt" not in column(made, "Engine")
    assert any("'Note' says the same already" in note for note in made.notes)


def test_what_is_said_now_is_written_into_what_is_kept(tmp_path: Path) -> None:
    file, _ = edited(tmp_path)
    said = Said(
        {"provenance.submitter": "A lab"},
        {"Note": "software.engine"},
        units={"Latency": "us"},
        confirmed={"Latency": "me"},
        primary="Latency",
    )
    made = describe(tmp_path, None, said, file)
    assert column(made, "Note")["benchfmt"] == {"field": "software.engine"}
    assert column(made, "Latency")["title"] == "Median of 100"
    assert column(made, "Latency")["benchfmt"] == {
        "metric": "latency",
        "statistic": "median",
        "unit": "us",
        "confirmed": "me",
        "primary": True,
    }
    constant = resources(made)["t.csv"]["benchfmt"]["constant"]
    assert constant["task"] == "image-classification"
    assert constant["provenance.submitter"] == "A lab"


def test_a_new_table_of_the_same_columns_is_described_as_the_older_one(tmp_path: Path) -> None:
    file, data = edited(tmp_path)
    write(tmp_path, u=TABLE)
    made = describe(tmp_path, older=file)
    new = resources(made)["u.csv"]
    assert new["schema"] == data["resources"][0]["schema"]
    assert new["benchfmt"] == data["resources"][0]["benchfmt"]
    assert "u.csv is new: it is described as t.csv is" in made.notes
    (tmp_path / "t.csv").unlink()
    gone = describe(tmp_path, older=file)
    assert "t.csv does not exist any more: its description is kept" in gone.notes
    assert list(resources(gone)) == ["t.csv", "u.csv"]


def test_a_new_table_whose_name_does_not_fit_is_told(tmp_path: Path) -> None:
    write(tmp_path, orin__b1=TABLE, nano__b1=TABLE)
    file = save(describe(tmp_path, "lab:x", Said(parts={1: "system.name"})), tmp_path)
    write(tmp_path, xavier__b1=TABLE, tx2_late=TABLE)
    made = describe(tmp_path, older=file)
    assert [note for note in made.notes if "does not fit" in note] == [
        r"the name of tx2_late.csv does not fit the pattern '(?:^|/)(?P<part1>[^/_]+)/b1\\.csv$', so nothing is read of it"
    ]
    save(made, tmp_path)


def test_a_descriptor_is_no_table(tmp_path: Path) -> None:
    file = save(describe(write(tmp_path, t=TABLE), "lab:x"), tmp_path)
    with pytest.raises(BenchfmtError, match="is a descriptor: name the tables"):
        describe(file)


def test_an_assumed_unit_is_asked_until_somebody_confirms_it(tmp_path: Path) -> None:
    write(tmp_path, t=TABLE)
    file = save(describe(tmp_path, "lab:x"), tmp_path)
    assert any("names no unit" in note for note in describe(tmp_path, older=file).notes)
    save(describe(tmp_path, None, Said(confirmed={"Latency": "me"}), file), tmp_path)
    assert not any("names no unit" in note for note in describe(tmp_path, older=file).notes)


def test_a_new_column_of_a_family_is_described_already(tmp_path: Path) -> None:
    file, data = edited(tmp_path)
    family = {
        "pattern": "b(?P<batch>[0-9]+)_ms",
        "type": "number",
        "benchfmt": {"metric": "latency", "unit": "ms", "stage": "inference"},
    }
    data["resources"][0]["benchfmt"]["families"] = [family]
    file.write_text(json.dumps(data))
    (tmp_path / "t.csv").write_text(TABLE.replace("Note", "b8_ms").replace(",a", ",3"))
    made = describe(tmp_path, older=file)
    assert [field["name"] for field in resources(made)["t.csv"]["schema"]["fields"]] == [
        "Model",
        "Latency",
        "Note",
    ]


def test_files_of_a_known_tool_are_described_together(tmp_path: Path) -> None:
    fixture = Path(__file__).parents[1] / "fixtures" / "layouts" / "vllm.json"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(fixture, tmp_path / name)
    write(tmp_path, t=TABLE)
    said = Said({"software.engine": "vllm", "system.name": "bench-3"})
    made = describe_like([tmp_path], "vllm-bench-serve", None, said)
    assert list(resources(made)) == ["a/vllm.json", "b/vllm.json"]
    save(made, tmp_path)
    records = [record.to_dict() for record in convert(tmp_path, "annotated")]
    assert {record["system"]["name"] for record in records} == {"bench-3"}
    assert any("--like vllm-bench-serve" in note for note in describe(tmp_path / "a").notes)
    with pytest.raises(BenchfmtError, match="no file of the layout 'llama-bench'"):
        describe_like([tmp_path], "llama-bench", None, Said())


def test_a_descriptor_of_another_program_is_annotated(tmp_path: Path) -> None:
    write(tmp_path, t=TABLE)
    fields = [{"name": "Model", "type": "string", "title": "Net"}, {"name": "Latency"}]
    file = tmp_path / "datapackage.json"
    other = {"name": "mine", "resources": [{"path": "t.csv", "schema": {"fields": fields}}]}
    file.write_text(json.dumps(other))
    made = describe(tmp_path, "lab:x", older=file)
    assert column(made, "Model") == {
        "name": "Model",
        "type": "string",
        "title": "Net",
        "benchfmt": {"field": "model.name"},
    }
    assert column(made, "Note")["name"] == "Note"
    assert made.descriptor["name"] == "mine"
    save(made, tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "start anew with --force"),
        ("[]", "is not a descriptor"),
        ('{"resources": [{"name": "records", "path": "records.csv"}]}', "is a package of records"),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, t=TABLE)
    (tmp_path / "datapackage.json").write_text(text)
    with pytest.raises(BenchfmtError, match=words):
        describe(tmp_path / "t.csv", older=tmp_path / "datapackage.json")


# --- several tables in one file ---

DOCUMENT = """| Device | Model | Latency (ms) |
|---|---|---|
| Orin | resnet50 | 12.5 |

| Device | Model | Accuracy |
|---|---|---|
| Orin | resnet50 | 0.76 |
"""


def two_tables(folder: Path) -> Path:
    """Write a document of two tables with a descriptor that describes both."""
    (folder / "t.md").write_text(DOCUMENT)
    made = describe(folder / "t.md", "lab:x")
    first: Any = made.descriptor["resources"]
    second = json.loads(json.dumps(first[0]))
    second |= {"name": "quality", "dialect": {"sheetNumber": 2}}
    second["schema"]["fields"][2] = {
        "name": "Accuracy",
        "type": "number",
        "benchfmt": {"metric": "accuracy", "unit": "1", "primary": True},
    }
    first.append(second)
    return save(made, folder)


def test_all_tables_of_a_file_are_converted_and_validated(tmp_path: Path) -> None:
    two_tables(tmp_path)
    conversion = convert(tmp_path)
    records = list(conversion)
    assert [record.measurements[0].metric for record in records if record.measurements] == [
        "latency",
        "accuracy",
    ]
    assert len({record.id for record in records}) == 2
    locators = [
        source.locator
        for record in records
        if record.provenance is not None
        for source in record.provenance.sources or ()
    ]
    assert locators == ["row=1", "row=1&table=quality"]
    report = validate(tmp_path, "core")
    assert (report.records, report.measurements, report.errors) == (2, 2, 0)


def test_a_second_table_of_a_file_is_kept_when_the_first_is_described_again(tmp_path: Path) -> None:
    file = two_tables(tmp_path)
    before: Any = json.loads(file.read_text())
    made = describe(tmp_path / "t.md", "lab:x", older=file)
    assert made.descriptor["resources"] == before["resources"]
    assert "kept: t.md: 'quality', another table of it, is kept" in made.review.lines()


def test_large_tables_are_told_not_to_be_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, t=TABLE)
    monkeypatch.setattr("benchfmt.describing.missing.MOST_BYTES", 10)
    made = describe(tmp_path / "t.csv", "lab:x")
    assert made.asked == []
    assert any("benchfmt validate --rules submission" in note for note in made.notes)


def test_a_folder_of_too_many_files_is_refused_before_they_are_read(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text("ms\n1.5\n")
    with pytest.raises(BenchfmtError, match="has 3 files that may be tables, and a descriptor"):
        describe(tmp_path, limits=Limits(resources=2))
    assert len(describe([tmp_path / "0.csv", tmp_path / "1.csv"]).descriptor["resources"]) == 2


def test_limits_hold_for_a_table_and_for_those_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "narrow.csv").write_text("ms\n1.5\n")
    (tmp_path / "wide.csv").write_text("ms,note\n1.5,x\n")
    with pytest.raises(BenchfmtError, match="2 columns; at most 1 are read"):
        describe(tmp_path / "wide.csv", limits=Limits(columns=1))
    made = describe(tmp_path, limits=Limits(columns=1))
    assert [item["path"] for item in made.descriptor["resources"]] == ["narrow.csv"]
    assert any("wide.csv is left out" in note for note in made.notes)
