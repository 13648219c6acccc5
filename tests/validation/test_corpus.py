"""One corpus, all judges: pydantic, two JSON Schema validators, `validate` on records, and on every form of a package."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from pydantic import ValidationError
from tests.forms import ABSENT, INVALID, ROOT, VALID, codes, flatten, load, write

from benchfmt.record import Record
from benchfmt.validation import validate

SCHEMA = load(ROOT / "schema" / "1.0" / "record.schema.json")
PYTHON = jsonschema.Draft202012Validator(SCHEMA)
RUST = jsonschema_rs.Draft202012Validator(SCHEMA)
EMPTY = "an empty cell is absent, and no other cell says null"
NOTHING = "a table has no cell for an empty list or object"
NO_OBJECT = "a table has no cell for the object itself, only for its fields"
FORMS = ("csv", "parquet")
UNTYPED = "a cell of CSV has no type: 4 is a number and a text"
QUOTED = "CSV does not tell an empty text from an absent one"
ONE_TYPE = "a column of Parquet has one type: beside texts a number becomes one"
DEFAULT = "the version of a package stands in its descriptor, where it has a default"
# What a form cannot say, and the codes that it gives instead.
EXCEPTIONS: dict[str, dict[str, tuple[set[str], str]]] = {
    "parquet": {
        "BF101-version-absent": ({"BF134"}, DEFAULT),
        "BF103-measurements-object": ({"BF112"}, NO_OBJECT),
        "BF103-record-of-benchmark-text": ({"BF101"}, NO_OBJECT),
        "BF103-reported-value-number": (set(), ONE_TYPE),
        "BF107-field-null": (set(), EMPTY),
        "BF107-id-null": ({"BF101"}, EMPTY),
        "BF107-measurements-empty": (set(), NOTHING),
        "BF107-object-empty": (set(), NOTHING),
        "BF107-sources-empty": (set(), NOTHING),
        "BF107-value-null": ({"BF108"}, EMPTY),
    },
}
EXCEPTIONS["csv"] = {
    **EXCEPTIONS["parquet"],
    "BF103-batch-size-text": (set(), UNTYPED),
    "BF103-reported-value-number": (set(), UNTYPED),
    "BF103-value-text": (set(), UNTYPED),
    "BF107-reported-value-empty": (set(), QUOTED),
    "BF107-text-empty": (set(), QUOTED),
}


def named(paths: list[Path]) -> Any:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def accepted_by_model(data: Any) -> bool:
    try:
        Record.from_dict(data)
    except ValidationError:
        return False
    return True


@named(VALID + INVALID)
def test_three_judges_agree_on_the_structure(path: Path) -> None:
    data = load(path)
    wanted = not path.name.startswith(("BF10", "BF11", "BF12"))
    verdicts = {
        "pydantic": accepted_by_model(data),
        "jsonschema": PYTHON.is_valid(data),
        "jsonschema-rs": RUST.is_valid(data),
    }
    assert verdicts == dict.fromkeys(verdicts, wanted)


@named(VALID)
def test_a_valid_record_has_no_finding(path: Path) -> None:
    report = validate(path)
    assert report.findings == []
    assert report.records == 1


@named(INVALID)
def test_an_invalid_record_has_its_own_code_and_no_echo(path: Path) -> None:
    assert codes(validate(path)) == {path.name[:5]}


def alternating() -> list[Any]:
    """Return each invalid record with both forms; in `make test` these take turns from record to record and from code to code."""
    cases = []
    for code, (_, paths) in enumerate(groupby(INVALID, key=lambda path: path.name[:5])):
        for number, path in enumerate(paths):
            for place, form in enumerate(FORMS):
                has_its_turn = (code + number) % len(FORMS) == place
                is_usual = has_its_turn or path.stem in EXCEPTIONS[form]
                marks = () if is_usual else (pytest.mark.slow,)
                cases.append(pytest.param(path, form, marks=marks, id=f"{path.stem}-{form}"))
    return cases


@pytest.mark.parametrize(("path", "form"), alternating())
def test_the_column_path_gives_the_same_codes_as_the_record_path(
    path: Path, form: str, tmp_path: Path
) -> None:
    data = load(path)
    found = codes(
        validate(write(tmp_path / "package", flatten([data]), form, data.get("benchfmt", ABSENT)))
    )
    instead, reason = EXCEPTIONS[form].get(path.stem, ({path.name[:5]}, ""))
    assert found == instead, reason
    if reason:
        assert found != {path.name[:5]}, f"{form} can say this after all: take it out of EXCEPTIONS"


def test_every_exception_is_about_a_file_of_the_corpus() -> None:
    stems = {path.stem for path in INVALID}
    assert {name for table in EXCEPTIONS.values() for name in table} <= stems


@pytest.mark.parametrize("form", ["csv", "parquet", "zip"])
def test_all_valid_records_make_a_package_without_findings(form: str, tmp_path: Path) -> None:
    records = [load(path) for path in VALID]
    report = validate(write(tmp_path / "package", flatten(records), form))
    assert report.findings == []
    assert (report.records, report.measurements) == (
        len(VALID),
        sum(len(r.get("measurements", ())) for r in records),
    )


def test_all_valid_records_as_lines_have_no_findings(tmp_path: Path) -> None:
    lines = tmp_path / "all.jsonl"
    lines.write_text("".join(json.dumps(load(path)) + "\n" for path in VALID), "utf-8")
    report = validate(lines)
    assert report.findings == []
    assert report.records == len(VALID)


def test_the_valid_records_use_every_field() -> None:
    known = fields(SCHEMA)
    assert ("measurements", "samples") in known
    assert ("system", "accelerator", "memory_bytes") in known
    assert {place for path in VALID for place in places(load(path), known)} == known


def test_every_code_of_one_record_has_an_invalid_record() -> None:
    from benchfmt.checks.catalogue import BEYOND_CORE, CODES

    # Faults of a text, a file, a table or a package need more than one record; they are in the tests of their topic.
    elsewhere = {
        "BF115",
        "BF116",
        "BF118",
        "BF119",
        "BF121",
        "BF122",
        "BF123",
        "BF124",
        "BF126",
        "BF127",
        "BF128",
        "BF129",
        "BF208",
        "BF209",
        "BF501",
        "BF502",
        "BF503",
        "BF504",
        "BF507",
        "BF508",
    }
    elsewhere |= {"BF130", "BF131", "BF132", "BF133", "BF134", "BF137", "BF140"}  # a package
    elsewhere |= {"BF138", "BF143", "BF144", "BF145", "BF526"}
    elsewhere |= {"BF705"}  # two records of one run
    elsewhere |= BEYOND_CORE | {code for code in CODES if code.startswith("BF9")}
    assert {path.name[:5] for path in INVALID} == set(CODES) - elsewhere


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    return SCHEMA["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def fields(node: dict[str, Any], at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Return the path of every field of the schema, lists and choices left out of the path."""
    node = resolve(node)
    found = set()
    for option in (node, *node.get("anyOf", ())):
        inside = resolve(resolve(option).get("items", option))
        for name, child in inside.get("properties", {}).items():
            found |= {(*at, name)} | fields(child, (*at, name))
    return found


def places(
    data: Any, known: set[tuple[str, ...]], at: tuple[str, ...] = ()
) -> set[tuple[str, ...]]:
    """Return the known fields that a record uses."""
    if isinstance(data, list):
        return set().union(*(places(item, known, at) for item in data))
    if not isinstance(data, dict):
        return set()
    here = {(*at, name): value for name, value in data.items() if (*at, name) in known}
    return set(here).union(*(places(value, known, path) for path, value in here.items()))
