"""Packages as JSON Lines and back: the same tables, prefixes and licences; headings in all their kinds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchfmt import convert, open_package, validate
from benchfmt.package import write_package
from benchfmt.record import Record
from benchfmt.tables import TABLES, to_batch

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEED = {"definition": "Speed of the wheel.", "unit": "m/s", "direction": "higher", "max": 100}
LAB = {"title": "Our lab", "metrics": {"wheel-speed": SPEED}}
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "r1",
    "benchmark": {"suite": "lab:wheels"},
    "status": "ok",
    "measurements": [
        {
            "metric": "lab:wheel-speed",
            "value": 3.5,
            "unit": "m/s",
            "basis": "measured",
            "primary": True,
        }
    ],
}
HEADING: dict[str, Any] = {
    "benchfmt": {"version": "1.0", "prefixes": {"lab": LAB}},
    "licenses": [{"name": "MIT"}],
}

LONGEST = ("layouts",)
"""Families whose fixtures take longest: every layout, each of which tests of its own convert."""


def lines_of(package: Path, target: Path) -> list[dict[str, Any]]:
    with open_package(package) as opened:
        found = list(opened.lines())
    target.write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in found), "utf-8"
    )
    return found


def descriptor(package: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((package / "datapackage.json").read_text("utf-8"))
    return {key: value for key, value in data.items() if key not in ("name", "resources")}


def hold_round_trip(package: Path, folder: Path) -> None:
    """Assert that a package as JSON Lines, converted, is the same package, and that both forms are judged alike."""
    lines_of(package, folder / "records.jsonl")
    form = "csv" if (package / "records.csv").is_file() else "parquet"
    account = convert(folder / "records.jsonl").write(folder / "again", format=form)  # type: ignore[arg-type]
    assert account.ok
    for table in TABLES:
        name = f"{table}.{form}"
        assert (package / name).read_bytes() == (folder / "again" / name).read_bytes(), name
    assert descriptor(package) == descriptor(folder / "again")
    for form_of_it in (folder / "again", folder / "records.jsonl"):
        assert not [finding for finding in validate(form_of_it).findings if finding.code == "BF202"]


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(path.name, marks=[pytest.mark.slow] if path.name in LONGEST else [])
        for path in sorted(FIXTURES.iterdir())
    ],
)
def test_a_package_of_each_family_comes_back_as_it_was(tmp_path: Path, family: str) -> None:
    convert(FIXTURES / family).write(
        tmp_path / "package", extra={"title": "Ours"}, license="CC-BY-4.0"
    )
    hold_round_trip(tmp_path / "package", tmp_path)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_own_prefixes_come_back(tmp_path: Path, form: Any) -> None:
    options = {
        "format": form,
        "prefixes": {"lab": LAB},
        "extra": {"title": "Wheels", "licenses": [{"name": "MIT"}]},
    }
    write_package(tmp_path / "package", [to_batch([Record.from_dict(RECORD)])], **options)
    assert validate(tmp_path / "package").ok
    hold_round_trip(tmp_path / "package", tmp_path)


def test_a_package_of_a_package_keeps_what_it_declares(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(f"{json.dumps(HEADING)}\n{json.dumps(RECORD)}\n")
    convert(tmp_path / "r.jsonl").write(tmp_path / "one")
    convert(tmp_path / "one").write(tmp_path / "two")
    assert descriptor(tmp_path / "one") == descriptor(tmp_path / "two")
    assert descriptor(tmp_path / "one")["licenses"] == [{"name": "MIT"}]
    assert validate(tmp_path / "two").ok


def test_records_that_declare_nothing_have_no_heading(tmp_path: Path) -> None:
    plain = {
        **RECORD,
        "benchmark": {"suite": "lpdnn"},
        "measurements": [{"metric": "duration", "value": 1.0, "unit": "s", "basis": "measured"}],
    }
    write_package(tmp_path / "package", [to_batch([Record.from_dict(plain)])])
    assert [line.get("id") for line in lines_of(tmp_path / "package", tmp_path / "r.jsonl")] == [
        "r1"
    ]


def test_the_heading_is_no_record_and_no_row(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f"{json.dumps(HEADING)}\n{json.dumps(RECORD)}\n")
    report = validate(path)
    assert (report.ok, report.records) == (True, 1)
    account = convert(path).write(tmp_path / "p")
    assert (account.total("rows"), account.total("records")) == (1, 1)
    # Whoever wants records alone leaves out the line whose `benchfmt` is an object.
    data = [json.loads(line) for line in path.read_text().splitlines()]
    assert [Record.from_dict(item).id for item in data if isinstance(item["benchfmt"], str)] == [
        "r1"
    ]


FAULTY: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no heading": ({}, {"BF202"}),
    "another prefix": ({"benchfmt": {"version": "1.0", "prefixes": {"other": LAB}}}, {"BF202"}),
    "a metric without a definition": (
        {
            "benchfmt": {
                "version": "1.0",
                "prefixes": {"lab": {"metrics": {"wheel-speed": {"unit": "m/s"}}}},
            }
        },
        {"BF118", "BF202"},
    ),
    "a version of tomorrow": (
        {"benchfmt": {"version": "2.0", "prefixes": {"lab": LAB}}},
        {"BF117"},
    ),
    "a value beyond the declared bound": (
        {
            "benchfmt": {
                "version": "1.0",
                "prefixes": {"lab": {"metrics": {"wheel-speed": {**SPEED, "max": 3}}}},
            }
        },
        {"BF302"},
    ),
}


@pytest.mark.parametrize(("heading", "codes"), FAULTY.values(), ids=FAULTY)
def test_faults_of_a_heading_are_told(
    tmp_path: Path, heading: dict[str, Any], codes: set[str]
) -> None:
    first = f"{json.dumps(heading)}\n" if heading else ""
    (tmp_path / "r.jsonl").write_text(f"{first}{json.dumps(RECORD)}\n")
    assert {
        finding.code
        for finding in validate(tmp_path / "r.jsonl").findings
        if finding.severity == "error"
    } == codes


def test_a_heading_in_the_middle_is_a_faulty_record(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(f"{json.dumps(RECORD)}\n{json.dumps(HEADING)}\n")
    assert not validate(tmp_path / "r.jsonl").ok
    assert not convert(tmp_path / "r.jsonl").write(tmp_path / "p").ok


@pytest.mark.parametrize(
    "lines",
    [
        [RECORD, HEADING],
        [HEADING, RECORD, HEADING, {**RECORD, "id": "r2"}],
        [HEADING, HEADING, RECORD],
    ],
)
def test_a_heading_elsewhere_is_told_as_one(tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    account = convert(tmp_path / "r.jsonl").write(tmp_path / "p")
    reasons = [detail["reason"] for detail in account.files[0].details]
    assert len(reasons) == 1
    assert reasons[0].startswith("a heading, which is the first line of JSON Lines or none")
    told = [
        finding
        for finding in validate(tmp_path / "r.jsonl").findings
        if finding.message == reasons[0]
    ]
    assert [finding.code for finding in told] == ["BF117"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"[{json.dumps(RECORD)}]", "a list where a record"),
        ("3", "no JSON object"),
        ('"x"', "no JSON object"),
    ],
)
def test_a_line_that_is_no_object_is_a_faulty_row(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "r.jsonl").write_text(f"{json.dumps(RECORD)}\n{line}\n")
    account = convert(tmp_path / "r.jsonl").write(tmp_path / "p")
    assert (account.total("converted"), account.total("failed")) == (1, 1)
    assert words in account.files[0].details[0]["reason"]


def declaring(path: Path, name: str, **other: Any) -> Path:
    heading = {
        "benchfmt": {
            "version": "1.0",
            "prefixes": {"lab": {"metrics": {"wheel-speed": {**SPEED, **other}}}},
        }
    }
    measured = [{**RECORD["measurements"][0], "unit": other.get("unit", "m/s")}]
    file = path / f"{name}.jsonl"
    file.write_text(
        f"{json.dumps(heading)}\n{json.dumps({**RECORD, 'id': name, 'measurements': measured})}\n"
    )
    return file


@pytest.mark.parametrize("other", [{"unit": "km/h"}, {"direction": "lower"}, {"max": 50}])
def test_a_prefix_that_is_declared_in_two_ways_is_not_merged(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    files = [declaring(tmp_path, "a"), declaring(tmp_path, "b", **other)]
    account = convert(files).write(tmp_path / "p")
    assert [(entry.path, entry.role) for entry in account.files] == [
        ("a.jsonl", "primary"),
        ("b.jsonl", "failed"),
    ]
    (part,) = other
    assert (
        f"the {part} of lab:wheel-speed is {other[part]}, and {SPEED[part]} in an earlier source"
        in str(account.files[1].reason)
    )
    assert validate(tmp_path / "p").ok


def test_two_wordings_of_a_definition_are_no_contradiction(tmp_path: Path) -> None:
    files = [
        declaring(tmp_path, "a"),
        declaring(tmp_path, "b", definition="How fast the wheel turns."),
    ]
    assert convert(files).write(tmp_path / "p").ok
    said = descriptor(tmp_path / "p")["benchfmt"]["prefixes"]["lab"]["metrics"]["wheel-speed"]
    assert said["definition"] == SPEED["definition"]


@pytest.mark.parametrize("other", [{"licenses": [{"name": "CC0-1.0"}]}, {}])
def test_licences_that_a_package_cannot_say_for_all_are_told(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    bare = {"benchfmt": HEADING["benchfmt"], **other}
    for name, heading in (("a", HEADING), ("b", bare)):
        (tmp_path / f"{name}.jsonl").write_text(
            f"{json.dumps(heading)}\n{json.dumps({**RECORD, 'id': name})}\n"
        )
    sources = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    (finding,) = convert(sources).write(tmp_path / "p").findings
    assert (finding.code, "MIT" in finding.message) == ("BF511", True)
    assert not convert(sources).write(tmp_path / "q", license="MIT").findings


def test_a_heading_alone_is_a_file_of_no_records(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(f"{json.dumps(HEADING)}\n")
    assert {finding.code for finding in validate(tmp_path / "r.jsonl").findings} == {"BF122"}
    assert not convert(tmp_path / "r.jsonl").write(tmp_path / "p").ok


def test_of_several_packages_what_they_say_alike_is_said(tmp_path: Path) -> None:
    for name, title in (("a", "Ours"), ("b", "Theirs")):
        heading = {**HEADING, "title": title}
        (tmp_path / f"{name}.jsonl").write_text(
            f"{json.dumps(heading)}\n{json.dumps({**RECORD, 'id': name})}\n"
        )
    convert([tmp_path / "a.jsonl", tmp_path / "b.jsonl"]).write(tmp_path / "p")
    said = descriptor(tmp_path / "p")
    assert said["licenses"] == [{"name": "MIT"}]
    assert "title" not in said
    assert said["benchfmt"]["prefixes"] == {"lab": LAB}


@pytest.mark.slow
def test_every_sample_package_comes_back_as_it_was(samples: Path, tmp_path: Path) -> None:
    from benchfmt.finding import BenchfmtError

    for family in sorted(path for path in samples.iterdir() if path.is_dir()):
        folder = tmp_path / family.name
        folder.mkdir()
        try:
            convert(family).write(folder / "package")
        except BenchfmtError:
            continue
        hold_round_trip(folder / "package", folder)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"x": {"\ud800": 1}}, "/x"),
        ({"x": ["a", "\udfff"]}, "/x/1"),
        ({"benchfmt": {"version": "1.0", "prefixes": {"lab": 5}}}, "/benchfmt/prefixes/lab"),
    ],
)
def test_a_heading_that_is_not_taken_is_told_when_it_is_converted_and_validated(
    said: dict[str, Any], pointer: str, tmp_path: Path
) -> None:
    path = tmp_path / "lab.jsonl"
    lines = [json.dumps({**HEADING, **said}), json.dumps(RECORD)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    faults = [(finding.code, finding.field) for finding in validate(path).findings]
    assert ("BF118", pointer) in faults
    account = convert(path).write(tmp_path / "package")
    told = [str(detail["reason"]) for entry in account.files for detail in entry.details]
    assert len(told) == 1
    assert told[0].startswith(f"the heading is not taken: {pointer}: ")
    assert (account.total("converted"), account.total("failed")) == (1, 1)
