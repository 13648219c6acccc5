"""What is wrong with a descriptor is said all at once, in words of people who write it by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from benchfmt import convert, validate
from benchfmt import descriptor as descriptors
from benchfmt.descriptor import read_descriptor, without_faults

LATENCY = {"metric": "latency", "unit": "ms"}
OF_LIBRARIES = ("Input should", "Field required", "Extra inputs", "is not of type", "str]", "dict")


def column(annotation: Any, name: str = "lat", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "number", **more, "benchfmt": annotation}


def descriptor(*fields: Any, **resource: Any) -> dict[str, Any]:
    annotation = {"constant": {"benchmark.suite": "lpdnn"}}
    return {
        "resources": [
            {"path": "t.csv", "schema": {"fields": [*fields]}, "benchfmt": annotation, **resource}
        ]
    }


CASES: list[tuple[Any, str, str]] = [
    ([], "", "is not an object"),
    ({"resources": {}}, "/resources", "{} is not a list"),
    ({"resources": []}, "/resources", "`resources` is empty"),
    ({"resources": [{}]}, "/resources/0/path", "`path` is missing"),
    (
        {**descriptor(column(LATENCY)), "benchfmt": {"vesion": "1.0"}},
        "/benchfmt/vesion",
        "there is no member 'vesion'; did you mean 'version'?",
    ),
    (
        descriptor(column({"feild": "model.name"})),
        "/resources/0/schema/fields/0/benchfmt/feild",
        "there is no member 'feild'; did you mean 'field'?",
    ),
    (
        descriptor(column({**LATENCY, "basis": "guess"})),
        "/resources/0/schema/fields/0/benchfmt/basis",
        "\"guess\" is none of 'measured', 'derived', 'estimated', 'predicted', 'nominal' or 'published'",
    ),
    (
        descriptor(column({"metric": "latency", "unit": 3})),
        "/resources/0/schema/fields/0/benchfmt/unit",
        "3 is neither a text nor an object",
    ),
    (
        descriptor(column({"metric": "latency", "unit": {"colum": "u"}})),
        "/resources/0/schema/fields/0/benchfmt/unit/colum",
        "there is no member 'colum'; did you mean 'column'?",
    ),
    (
        descriptor(column({**LATENCY, "scale": "x"})),
        "/resources/0/schema/fields/0/benchfmt/scale",
        '"x" is not a number',
    ),
    (
        descriptor(column({"field": "Model"})),
        "/resources/0/schema/fields/0/benchfmt/field",
        '"Model" is not the path of a field, such as model.name',
    ),
    (
        descriptor(column(LATENCY), benchfmt={"constant": {"Task": "x"}}),
        "/resources/0/benchfmt/constant/Task",
        '"Task" is not the path of a field, such as model.name',
    ),
    (
        descriptor(column(LATENCY), dialect={"headerRows": [0]}),
        "/resources/0/dialect/headerRows/0",
        "0 is not above 0",
    ),
    (
        descriptor(column(LATENCY), dialect={"delimiter": ";;"}),
        "/resources/0/dialect",
        "`delimiter` ';;' is not one ASCII character (and no quote)",
    ),
]


@pytest.mark.parametrize(("data", "pointer", "message"), CASES)
def test_a_fault_is_said_in_words(data: Any, pointer: str, message: str) -> None:
    faults = {fault.pointer: fault.message for fault in read_descriptor(data)[1]}
    assert faults[pointer].endswith(message)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text("Model,lat,acc,power,sys\na,1,2,3,b\n")
    return tmp_path


FAULTY = descriptor(
    column({"feild": "model.name"}, "Model"),
    column({"metric": "latencyy", "unit": "ms"}),
    column({"metric": "accuracy", "statistic": "avg"}, "acc"),
    column({"metric": "power", "unit": "parsec"}, "power"),
    column({"field": "system.nam"}, "sys"),
    benchfmt={
        "constant": {"benchmark.suite": "lpdnn", "task": 3, "provenance.measured_at": "today"},
        "rules": [{"when": {"Foo": "x"}}],
    },
)
EXPECTED = [
    "there is no member 'feild'; did you mean 'field'?",
    "'latencyy' is no metric; did you mean 'latency'?",
    "'avg' is no statistic; did you mean 'mean'?",
    "'parsec' is not a unit",
    "column 'sys': 'system.nam' is no field of a record; did you mean 'system.name'?",
    "task: 3 is not a text",
    'provenance.measured_at: "today" is not a date, such as 2026-01-12',
    "the annotation names column 'Foo', which the table does not have",
    "absent.csv does not exist",
]


def test_all_faults_of_a_descriptor_come_in_one_run(folder: Path) -> None:
    data = {**FAULTY, "resources": [*FAULTY["resources"], {"path": "absent.csv"}]}
    (folder / "datapackage.json").write_text(json.dumps(data))
    messages = [finding.message for finding in validate(folder).findings]
    for words in EXPECTED:
        assert [message for message in messages if words in message], words
    assert not [text for text in messages if any(word in text for word in OF_LIBRARIES)]


def test_what_follows_from_a_fault_is_no_fault_of_its_own(folder: Path) -> None:
    data = descriptor(column({"metirc": "latency"}), column({"of": "lat", "part": "stddev"}, "acc"))
    (folder / "datapackage.json").write_text(json.dumps(data))
    [finding] = validate(folder).findings
    assert finding.message == "column 'lat': there is no member 'metirc'; did you mean 'metric'?"


def test_a_schema_at_fault_is_told_once(folder: Path) -> None:
    data = descriptor()
    data["resources"][0]["schema"] = []
    (folder / "datapackage.json").write_text(json.dumps(data))
    told = [(found.field, found.message) for found in validate(folder).findings]
    assert told == [("/resources/0/schema", "[] is not an object")]


def test_a_conversion_names_all_faults_too(folder: Path) -> None:
    data = descriptor(column({**LATENCY, "basis": "guess"}), column({"feild": "x"}, "acc"))
    (folder / "datapackage.json").write_text(json.dumps(data))
    conversion = convert(folder, "annotated")
    assert list(conversion) == []
    [reason] = [entry.reason for entry in conversion.account.files if entry.role == "failed"]
    assert reason is not None
    assert "column 'lat': benchfmt.basis:" in reason
    assert "column 'acc': benchfmt.feild:" in reason


def test_an_annotation_error_holds_all_of_its_faults(folder: Path) -> None:
    data = descriptor(column({**LATENCY, "stage": "warm"}), column({"field": "model.nam"}, "acc"))
    (folder / "datapackage.json").write_text(json.dumps(data))
    conversion = convert(folder)
    assert list(conversion) == []
    [reason] = [entry.reason for entry in conversion.account.files if entry.role == "failed"]
    assert reason is not None
    assert "'warm' is no stage" in reason
    assert "'model.nam' is no field of a record; did you mean 'model.name'?" in reason


def test_a_descriptor_that_is_of_no_use_fails(folder: Path) -> None:
    (folder / "datapackage.json").write_text('{"resources": 3}')
    conversion = convert(folder, "annotated")
    [reason] = [entry.reason for entry in conversion.account.files if entry.role == "failed"]
    assert str(reason).endswith("datapackage.json: /resources: 3 is not a list")


def test_of_too_many_faults_those_where_lists_begin_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(descriptors, "_MOST_FAULTS", 20)
    fields: list[JsonValue] = [{"name": 5}] * 30
    data: JsonValue = {"resources": [{"name": "t", "path": "t.csv", "schema": {"fields": fields}}]}
    read, [too_many, *faults] = read_descriptor(data)
    assert read is None
    assert "more than 20 faults; those among the first 10 items of each list" in too_many.message
    assert {fault.path[4] for fault in faults} == set(range(10))
    assert without_faults(data, [too_many, *faults]) is not None


def test_too_many_faults_of_one_object_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "_MOST_FAULTS", 20)
    prefixes: dict[str, JsonValue] = {f"p{number}": 5 for number in range(30)}
    data: JsonValue = {"benchfmt": {"prefixes": prefixes}, "resources": []}
    _, [fault] = read_descriptor(data)
    assert fault.message == "it has more than 20 faults, which are not told one by one"
