"""Where findings stand in the text of a file: line, character, and JSON Pointer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.checks.test_checks import RECORD
from tests.forms import flatten, write

from benchfmt.readers import json_places
from benchfmt.validation import validate

TEXT = '{\n "a": [1, {"b c": NaN}],\n "d": {"e": 1, "e": 2},\n "f/g": "x\\"{",\n "h": 3}'


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        (["a", 1, "b c"], "NaN"),
        (["f/g"], '"x'),
        (["h"], "3}"),
        (["a", 1, "absent"], '{"b c"'),
        ([], "{"),
    ],
)
def test_a_value_is_found_by_its_path_or_else_what_is_around_it(path: Any, rest: str) -> None:
    [offset] = json_places.offsets_of(TEXT, [path])
    assert offset is not None
    assert TEXT[offset:].startswith(rest)


def test_many_values_are_found_at_once_and_what_lies_beside_them_is_passed_over() -> None:
    items = [{"b": [number, {"c": ']}"'}], "d": number} for number in range(50)]
    text = json.dumps({"x": [[["{"]]], "a": items, "last": 1})
    paths: list[list[str | int]] = [["a", number, "d"] for number in (49, 3)]
    offsets = json_places.offsets_of(text, [*paths, ["a", 7, "b", 1, "c"], ["last"], ["x", 0, 9]])
    found = [text[offset or 0 :] for offset in offsets]
    starts = ["49}", "3}", '"]}', "1}", '[["{"]]']
    assert [rest.startswith(start) for rest, start in zip(found, starts, strict=True)] == [True] * 5
    assert json_places.offsets_of('{"a": [1, [2', [["b"]]) == [0]


def test_words_second_keys_and_depth_are_found() -> None:
    offsets = [
        json_places.offset_of_word(TEXT, "NaN"),
        json_places.offset_of_second(TEXT, "e"),
        json_places.offset_of_depth(TEXT, 2),
    ]
    places = [json_places.position(TEXT, offset or 0) for offset in offsets]
    assert places == [(2, 19), (3, 16), (2, 11)]
    assert json_places.offset_of_word(TEXT, "Infinity") is None
    assert json_places.offset_of_second(TEXT, "a") is None
    assert json_places.offset_of_depth(TEXT, 9) is None


def test_pointers_are_written_and_read() -> None:
    path = ["a/b", 3, "c~d"]
    assert json_places.pointer_of(path) == "/a~1b/3/c~0d"
    assert json_places.path_of_pointer("/a~1b/3/c~0d") == path


def faulty() -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(RECORD))
    record["system"]["name"] = 'a "quoted",\nname'
    record["measurements"][0]["unit"] = "sec"
    return record


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ("json", "/0/measurements/0/unit"),
        ("one.json", "/measurements/0/unit"),
        ("jsonl", "/measurements/0/unit"),
        ("csv", None),
        ("zip", None),
    ],
)
def test_a_finding_has_the_line_and_the_character_of_its_value(
    form: str, pointer: str | None, tmp_path: Path
) -> None:
    record = faulty()
    del record["system"]["name"]
    texts = {
        "json": json.dumps([record], indent=2),
        "jsonl": json.dumps(record),
        "one.json": json.dumps(record, indent=1),
    }
    if form in texts:
        path = file = tmp_path / f"results.{form}"
        path.write_text(texts[form], "utf-8")
    else:
        path = write(tmp_path / "package", flatten([record]), form)
        file = tmp_path / "package" / "measurements.csv"
    (finding,) = validate(path).findings
    assert finding.code == "BF204"
    assert finding.pointer == pointer
    line = file.read_text("utf-8").split("\n")[(finding.line or 0) - 1]
    assert line[(finding.character or 0) - 1 :].strip('"').startswith("sec")


def test_a_cell_after_one_of_two_lines_is_found(tmp_path: Path) -> None:
    record = faulty()
    record["measurements"][0]["unit"] = "s"
    record["system"]["kind"] = "servr"
    report = validate(write(tmp_path / "package", flatten([record]), "csv"))
    finding = next(item for item in report.findings if item.code == "BF201")
    assert (finding.path, finding.row) == ("systems.csv", 1)
    assert (finding.line, finding.character) == (3, len('name",') + 1)


def test_a_finding_of_a_descriptor_has_its_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "package", flatten([RECORD]), "csv")
    file = folder / "datapackage.json"
    data = json.loads(file.read_text("utf-8"))
    data["resources"][1]["path"] = 5
    file.write_text(json.dumps(data, indent=1), "utf-8")
    finding = validate(folder).findings[0]
    assert (finding.code, finding.pointer) == ("BF118", "/resources/1/path")
    line = file.read_text("utf-8").split("\n")[(finding.line or 0) - 1]
    assert line[(finding.character or 0) - 1 :].startswith("5")
