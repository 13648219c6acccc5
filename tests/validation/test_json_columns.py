"""Records as JSON are judged by columns first: nothing that the record model refuses may pass them."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.forms import INVALID, VALID, load

from benchfmt import validate
from benchfmt.checks.schema_faults import record_faults
from benchfmt.limits import Limits
from benchfmt.record import Record
from benchfmt.validation import Report

RECORDS = [load(path) for path in VALID]
PLAIN = load(next(path for path in VALID if path.stem == "minimal-value-only"))
ODD: list[Any] = [
    None, "", " ", "x", "a\u0007b", "\u00e9", "p50", "latency", "=1+1", 0, 1, -1, 1.0, 1.5, 2**53,
    2**53 + 1, 10**30, -0.0, 1e300, True, False, [], {}, [None], [1], ["x"], {"a": 1}, {"a": None},
    {"": {}}, [[]], "2026-13-01", "ok", "measured", "1.0", 'a "q": b', "a\\", "\u2028", "lab:x", "a\n",
]  # fmt: skip


def spots(node: Any) -> Iterator[tuple[Any, Any]]:
    pairs: list[tuple[Any, Any]] = []
    if isinstance(node, dict):
        pairs = list(node.items())
    elif isinstance(node, list):
        pairs = list(enumerate(node))
    for key, value in pairs:
        yield node, key
        yield from spots(value)


def damaged(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    data = copy.deepcopy(record)
    node, key = chance.choice(list(spots(data)))
    match chance.randrange(5):
        case 0 | 1:
            node[key] = chance.choice(ODD)
        case 2:
            del node[key]
        case 3 if isinstance(node, dict):
            node[chance.choice(["bogus", "metric", "value", "unit", "id"])] = chance.choice(ODD)
        case _:
            node[key] = [node[key]]
    return data


def write(path: Path, lines: list[str]) -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"))
    return path


def structure(report: Report) -> set[tuple[int | None, str, str]]:
    found = set()
    for finding in report.findings:
        if finding.code < "BF113" or finding.code == "BF120":
            found.add((finding.row, finding.code, finding.field or ""))
    return found


def of_model(records: list[Any]) -> set[tuple[int | None, str, str]]:
    wanted = set()
    for row, record in enumerate(records, start=1):
        try:
            Record.model_validate(record)
        except ValidationError as error:
            for fault in record_faults(error.errors(include_url=False)):
                if fault.code != "BF117":
                    wanted.add((row, fault.code, fault.field))
    return wanted


@pytest.mark.parametrize("seed", range(6))
def test_damaged_lines_have_the_faults_that_the_model_finds(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same damage on every run
    records = [damaged(chance.choice(RECORDS), chance) for _ in range(150)]
    records = [record for record in records if record.get("benchfmt") == "1.0"]
    report = validate(write(tmp_path / "r.jsonl", [json.dumps(record) for record in records]))
    assert structure(report) == of_model(records)


@pytest.mark.parametrize("seed", range(3))
def test_a_list_is_judged_as_its_items_on_lines(seed: int, tmp_path: Path) -> None:
    chance = random.Random(100 + seed)  # noqa: S311 - the same damage on every run
    records = [damaged(chance.choice(RECORDS), chance) for _ in range(40)]
    lines = write(tmp_path / "r.jsonl", [json.dumps(record) for record in records])
    listed = tmp_path / "r.json"
    listed.write_text(json.dumps(records, indent=chance.choice([None, 1])))
    by_line, by_item = validate(lines), validate(listed)
    assert (by_line.records, by_line.measurements) == (by_item.records, by_item.measurements)
    for one, other in zip(by_line.findings, by_item.findings, strict=True):
        assert (one.code, one.row, one.field, one.message) == (
            other.code, other.row, other.field, other.message
        )  # fmt: skip


def test_the_corpus_on_lines_has_the_faults_of_each_file(tmp_path: Path) -> None:
    paths = [path for path in INVALID if path.stem != "BF117-version-2"]
    lines = [json.dumps(load(path)) for path in paths]
    report = validate(write(tmp_path / "r.jsonl", lines))
    by_row: dict[int | None, set[str]] = {}
    for finding in report.findings:
        if finding.code not in ("BF507", "BF508"):
            by_row.setdefault(finding.row, set()).add(finding.code)
    for row, path in enumerate(paths, start=1):
        assert path.name[:5] in by_row[row], path.stem


TEXT = json.dumps(PLAIN, separators=(",", ":"))
TWICE = {
    "of the record": TEXT.replace('"status":', '"status":"ok","status":'),
    "of a measurement": TEXT.replace('"metric":', '"metric":"power","metric":'),
    "of the suite": TEXT.replace('"suite":', '"suite":"lab:x","suite":'),
    "of free JSON": TEXT[:-1] + ',"extensions":{"lab":{"a":1,"a":2}}}',
    "of a list in free JSON": TEXT[:-1] + ',"extensions":{"lab":[{"a":1,"a":2}]}}',
    "of a system": TEXT[:-1] + ',"system":{"id":"s","kind":"board","kind":"server"}}',
    "with blanks": TEXT[:-1] + ' , "task" : "x" , "task"\t: "image-classification"}',
    "whose blank hides the other": TEXT.replace('"status":', '"status" :"ok","status":'),
    "beside quotes in a text": TEXT[:-1] + ',"status_detail":"\\":\\":","id":"a","id":"b"}',
    "of another version": TEXT.replace('"1.0"', '"1.1"')[:-1] + ',"id":"a","id":"b"}',
}


@pytest.mark.parametrize("length", [10, 5_000])
def test_rows_are_counted_over_empty_lines_wherever_these_begin(
    length: int, tmp_path: Path
) -> None:
    first = f'{TEXT[:-1]},"status_detail":"{"x" * length}"}}'
    lines = [first, "", "", TEXT, "", "nothing", "", TEXT]
    report = validate(write(tmp_path / "r.jsonl", lines))
    assert [(finding.code, finding.row) for finding in report.findings] == [("BF115", 6)]
    assert report.records == 3


@pytest.mark.parametrize("name", TWICE)
def test_bf116_a_member_that_stands_twice(name: str, tmp_path: Path) -> None:
    report = validate(write(tmp_path / "r.jsonl", [TEXT, TWICE[name], TEXT]))
    assert [(finding.code, finding.row) for finding in report.findings] == [("BF116", 2)]
    assert report.records == 2


UNUSUAL = {
    "quotes before colons in a text": TEXT[:-1] + ',"status_detail":"a \\": b"}',
    "blanks before colons": TEXT.replace(":", " \t: "),
    "a blank before a colon in a text": TEXT[:-1] + ',"status_detail":"note : x"}',
    "a whole number as a fraction": TEXT[:-1] + ',"configuration":{"batch_size":4.0}}',
    "a newer minor version": TEXT.replace('"1.0"', '"1.7"')[:-1] + ',"tomorrow":{"a":1}}',
    "an escaped character": TEXT[:-1] + ',"status_detail":"\\u0041\\ud83d\\ude00"}',
    "a return at the end": TEXT + "\r",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_written_in_an_unusual_way_is_sound(name: str, tmp_path: Path) -> None:
    report = validate(write(tmp_path / "r.jsonl", [TEXT, UNUSUAL[name]]))
    assert report.findings == []
    assert (report.records, report.measurements) == (2, 2 * len(PLAIN["measurements"]))


NO_JSON = {
    "NaN": ('"x":NaN', "BF115"),
    "beyond a double": ('"x":1e999', "BF115"),
    "an integer beyond a double": (f'"x":1{"0" * 500}', "BF115"),
    "half a character": ('"id":"\\ud800"', "BF105"),
    "a tab in a text": ('"id":"a\tb"', "BF115"),
    "too deep": (f'"extensions":{{"lab":{"[" * 80}{"]" * 80}}}', "BF906"),
    "far too deep": (f'"extensions":{{"lab":{"[" * 2000}{"]" * 2000}}}', "BF906"),
}


@pytest.mark.parametrize("name", NO_JSON)
def test_what_one_parser_takes_and_the_standard_does_not(name: str, tmp_path: Path) -> None:
    member, code = NO_JSON[name]
    report = validate(write(tmp_path / "r.jsonl", [TEXT, f"{TEXT[:-1]},{member}}}", TEXT]))
    assert {(finding.code, finding.row) for finding in report.findings} == {(code, 2)}


@pytest.mark.parametrize("name", NO_JSON)
def test_what_one_parser_takes_in_a_measurement_of_a_sound_record(
    name: str, tmp_path: Path
) -> None:
    member, code = NO_JSON[name]
    if code == "BF105":
        code = "BF102"
    line = TEXT.replace('"metric":', f'{member},"metric":')
    report = validate(write(tmp_path / "r.jsonl", [TEXT, line, TEXT]))
    assert {(finding.code, finding.row) for finding in report.findings} == {(code, 2)}


def test_the_rest_of_a_faulty_record_is_checked(tmp_path: Path) -> None:
    record = copy.deepcopy(PLAIN)
    sound = {"metric": "accuracy", "value": 7.0, "unit": "1", "basis": "measured"}
    record["measurements"] = [sound, {**sound, "unit": 5}, {**sound, "metric": "nonsense"}]
    report = validate(write(tmp_path / "r.jsonl", [json.dumps(record)]))
    found = {(finding.code, finding.field) for finding in report.findings}
    assert ("BF103", "measurements.1.unit") in found
    assert ("BF201", "measurements.2.metric") in found
    assert ("BF301", "measurements.0.value") in found
    assert report.measurements == 2


@pytest.mark.parametrize("data", ["[]", "[ ]", " [\n]\n"])
def test_an_empty_list_holds_no_record(data: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(data)
    assert [finding.code for finding in validate(tmp_path / "r.json").findings] == ["BF122"]


BROKEN = {
    "a list without an end": (f"[{TEXT},\n{TEXT}", 2),
    "a comma before the end": (f"[{TEXT},\n]", 2),
    "two lists": (f"[{TEXT}]\n[{TEXT}]", 2),
    "no comma": (f"[{TEXT}\n{TEXT}]", 2),
    "a bracket of another kind": (f"[{TEXT}\n}}", 2),
    "an item that is no JSON": (f"[{TEXT},\n{{'a':1}}]", 2),
    "an item before many others": (f"[{{'a':1}}{f',{TEXT}' * 50},\n{{'a':1}}]", 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_bf115_a_list_that_is_no_json(name: str, tmp_path: Path) -> None:
    data, line = BROKEN[name]
    (tmp_path / "r.json").write_text(data)
    findings = validate(tmp_path / "r.json").findings
    assert [(finding.code, finding.row) for finding in findings] == [("BF115", line)]


def test_items_are_told_apart_whatever_stands_in_their_texts(tmp_path: Path) -> None:
    odd = [*PLAIN["measurements"]]
    record = {**PLAIN, "measurements": odd, "status_detail": 'a],[b"},{"\\\\"'}
    (tmp_path / "r.json").write_text(json.dumps([record] * 3, indent=1))
    assert validate(tmp_path / "r.json").records == 3


def test_a_list_of_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_bytes(f"[{TEXT},{TEXT}]".encode("utf-16"))
    assert validate(tmp_path / "r.json").records == 2


def test_bf907_data_that_takes_too_much_memory(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(f'[{TEXT[:-1]},"x":[{"[]," * 500_000}1]}},{TEXT}]')
    limits = Limits(json_data_bytes=10 * 2**20)
    report = validate(tmp_path / "r.json", limits=limits)
    assert [(finding.code, finding.row) for finding in report.findings] == [("BF907", 1)]
    assert report.records == 1


def test_faults_beyond_the_listed_ones_are_counted(tmp_path: Path) -> None:
    lines = [TEXT.replace('"ok"', '"fine"')] * 30
    report = validate(write(tmp_path / "r.jsonl", lines), limits=Limits(findings_per_code=10))
    listed = [finding for finding in report.findings if finding.code == "BF104"]
    assert (len(listed), report.more["BF104"]) == (10, 20)


def test_systems_and_ids_that_stand_twice_in_different_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchfmt.validation.forms.json_portion._RECORDS", 32)
    records = []
    for number in range(100):
        system = {"id": "s", "name": "one" if number < 90 else "other"}
        records.append({**PLAIN, "id": f"r{number % 70}", "system": system})
    report = validate(write(tmp_path / "r.jsonl", [json.dumps(record) for record in records]))
    rows: dict[str, list[int | None]] = {"BF507": [], "BF508": []}
    for finding in report.findings:
        if finding.code in rows:
            rows[finding.code].append(finding.row)
    assert rows == {"BF507": [*range(71, 101)], "BF508": [*range(91, 101)]}


@pytest.mark.parametrize("items", [["x"], [None], [[]], [5, "x"]])
def test_a_list_in_which_nothing_is_a_measurement_has_its_faults(
    items: list[object], tmp_path: Path
) -> None:
    place = tmp_path / "record.json"
    record = {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "ok"}
    place.write_text(json.dumps({**record, "measurements": items}), "utf-8")
    findings = validate(place).findings
    assert [finding.field for finding in findings] == [
        f"measurements.{number}" for number in range(len(items))
    ]
