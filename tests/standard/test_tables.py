"""Records as tables and back: nothing is lost, and both paths find the same faults, on generated records."""

from __future__ import annotations

import copy
import json
import math
import re
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.checks.test_checks import RECORD
from tests.drawing import examples
from tests.forms import ROOT, VALID, _column, faults, flatten, load, to_rows, write

from benchfmt.identity import identified
from benchfmt.limits import Limits
from benchfmt.package import open_package, write_package
from benchfmt.record import Record
from benchfmt.tables import (
    COLUMNS,
    arrow_schema,
    column,
    from_rows,
    system_from_row,
    to_batch,
)
from benchfmt.validation import validate

SCHEMA = load(ROOT / "schema" / "1.0" / "record.schema.json")
Found = set[tuple[str, str | None]]


def few(usual: int) -> settings:
    return examples(usual, suppress_health_check=list(HealthCheck))


# --- records from the schema ---

ODD = [
    "a,b",
    'say "x"',
    "one\ntwo",
    "\ttab",
    " ",
    "0",
    "1.0",
    "true",
    "null",
    "NaN",
    "-",
    "=1+1",
    "Ω≈ç",
    "😀",
    "\u2028",
    "\ufeffx",
    "'",
    "\\",
    "[]",
]
# An alphabet, and odd texts: what is not well-formed for a field is filtered out by its own pattern.
TEXTS = st.one_of(
    st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
)
NUMBERS = st.one_of(
    st.sampled_from(
        [
            0.0,
            -0.0,
            1.0,
            0.1,
            5e-324,
            1.7976931348623157e308,
            -1.7976931348623157e308,
            1e23,
            2.0**53,
        ]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53), 2**53),
)


def of(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for the values that a schema allows."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return FREE if name == "Json" else DEFINED[name]
    if "anyOf" in node:
        return st.one_of(*map(of, node["anyOf"]))
    if "const" in node or "enum" in node:
        return st.sampled_from([node["const"]] if "const" in node else node["enum"])
    kind = node["type"]
    if isinstance(kind, list):
        return st.one_of(NUMBERS, st.none())
    if kind == "object":
        return objects(node) if "properties" in node else named(node)
    return {
        "string": texts,
        "array": arrays,
        "integer": integers,
        "number": floats,
        "boolean": booleans,
    }[kind](node)


def texts(node: dict[str, Any]) -> st.SearchStrategy[str]:
    strategy = (
        st.from_regex(node["pattern"], fullmatch=True).map(lambda text: text[:40])
        if "pattern" in node
        else TEXTS
    )
    wanted, unwanted = re.compile(node.get("pattern", "")), re.compile(node["not"]["pattern"])
    return strategy.filter(lambda text: wanted.search(text) and not unwanted.search(text))


def arrays(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    low = node.get("minItems", 0)
    return st.lists(of(node["items"]), min_size=low, max_size=node.get("maxItems", low + 2))


def integers(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    whole = st.one_of(st.integers(1, 9), st.integers(node["minimum"], node["maximum"]))
    return st.one_of(whole, st.integers(1, 2**50).map(float))


def floats(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    low, above = node.get("minimum", -math.inf), node.get("exclusiveMinimum", -math.inf)
    return NUMBERS.filter(lambda number: number >= low and number > above)


def booleans(node: dict[str, Any]) -> st.SearchStrategy[bool]:
    return st.booleans()


def named(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    key = node.get("propertyNames")
    names = st.from_regex(key["pattern"], fullmatch=True).filter(str.isascii) if key else TEXTS
    names = names.filter(lambda text: "\n" not in text) if key else names
    return st.dictionaries(names, of(node["additionalProperties"]), max_size=2)


def objects(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    required = set(node.get("required", ()))
    properties = {name: of(child) for name, child in node["properties"].items()}
    drawn = st.fixed_dictionaries(
        {name: properties[name] for name in properties if name in required},
        optional={name: properties[name] for name in properties if name not in required},
    )
    return drawn.filter(bool)


FREE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        TEXTS,
        st.just(""),
        st.booleans(),
        st.integers(-(2**53 - 1), 2**53 - 1),
        st.floats(-1e15, 1e15),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
DEFINED: dict[str, st.SearchStrategy[Any]] = {}
for _name in (
    "Processor",
    "Accelerator",
    "System",
    "Benchmark",
    "Dataset",
    "Model",
    "Software",
    "Configuration",
):
    DEFINED[_name] = of(SCHEMA["$defs"][_name])
for _name in ("Input", "Source", "Provenance", "Measurement"):
    DEFINED[_name] = of(SCHEMA["$defs"][_name])


def lawful(record: dict[str, Any]) -> dict[str, Any]:
    """Make a drawn record keep the rules between fields."""
    for measurement in record.get("measurements", ()):
        if "value" in measurement:
            measurement.pop("missing", None)
            measurement.setdefault("basis", "measured")
        else:
            measurement.setdefault("missing", "not-measured")
        measurement.setdefault("unit", "s")
    if not any("value" in m for m in record.get("measurements", ())) and record["status"] == "ok":
        record["status"] = "invalid"
    return record


RECORDS = st.lists(of({**SCHEMA, "type": "object"}).map(lawful), min_size=1, max_size=3)


def distinct(drawn: list[dict[str, Any]]) -> list[Record]:
    """Return drawn records with ids that tell them and their systems apart."""
    records = []
    for number, data in enumerate(copy.deepcopy(drawn)):
        data["id"] = f"{number}-{data.get('id', '')}"
        if "system" in data:
            data["system"]["id"] = f"{number}-{data['system'].get('id', '')}"
        records.append(Record.from_dict(data))
    return records


@few(15)
@given(RECORDS)
def test_rows_give_back_the_record(drawn: list[dict[str, Any]]) -> None:
    for record in distinct(drawn):
        system, row, measurements = to_rows(record.to_dict())
        assert Record.from_dict(from_rows(row, system, measurements)).to_dict() == record.to_dict()


@few(8)
@pytest.mark.parametrize("name", ["package.parquet", "package.csv", "package.zip"])
@given(drawn=RECORDS)
def test_a_package_gives_back_the_records(name: str, drawn: list[dict[str, Any]]) -> None:
    records = distinct(drawn)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / name
        write_package(
            place, [to_batch(records)], format="parquet" if name.endswith("parquet") else "csv"
        )
        with open_package(place) as opened:
            found = [record.to_dict() for record in opened.records()]
    assert found == [record.to_dict() for record in records]


@few(8)
@given(RECORDS)
def test_generated_records_have_the_same_faults_in_every_form(drawn: list[dict[str, Any]]) -> None:
    records = distinct(drawn)
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "all.jsonl"
        lines.write_text("".join(json.dumps(r.to_dict()) + "\n" for r in records), "utf-8")
        wanted = faults(validate(lines, "submission"))
        for form in ("csv", "parquet"):
            place = Path(folder) / form
            write_package(place, [to_batch(records)], format=form)
            found = {
                fault for fault in faults(validate(place, "submission")) if fault[0] != "BF908"
            }
            assert found == wanted, form


# --- one fault in each place ---

DROP = "(left out)"
VALUES: list[Any] = [
    True, False, 0, -1, 1, 1.0, 1.5, 2**53, 10**30, 1e300, -1e300, "", " ", "x\n", "1", "true", "1e400", "NaN", "ä,\"\n",
    "cafe", "a:b", "a_b", None, [], {}, [None], [1], ["x"], {"a": None}, {"A": 1}, {"a": 2**60}, DROP,
]  # fmt: skip
NULL = "an empty cell is absent, and so is null"
QUOTED = "CSV does not tell an empty text from an absent one"
UNTYPED = "a cell of CSV has no type: 1 is a number and a text"
NO_OBJECT = "a cell that is not JSON holds no list and no object"
GIVEN_ID = "a table has ids where a record has none"


def paths() -> list[tuple[str, str]]:
    """Return every field of a record by its path, with the kind of its column."""
    found = [(c.path, c.kind) for c in COLUMNS["records"]]
    found += [(f"system.{c.path}", c.kind) for c in COLUMNS["systems"]]
    found += [
        (f"measurements.0.{c.path}", c.kind) for c in COLUMNS["measurements"] if c.path != "-"
    ]
    return sorted(set(found))


def mutated(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    record = copy.deepcopy(record)
    *parents, last = path.split(".")
    node: Any = record
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    if value is DROP:
        node.pop(last, None)
        # An object that says nothing is a fault of its own, for which a table has no cell.
        while parents and not node:
            *parents, last = parents
            node = record
            for part in parents:
                node = node[int(part)] if isinstance(node, list) else node[part]
            del node[last]
    else:
        node[last] = value
    return record


def not_expressible(form: str, path: str, kind: str, value: Any) -> str | None:
    """Return why a form cannot say a value in a place, or None."""
    if path in ("id", "system.id") and value is DROP:
        return GIVEN_ID
    if kind == "json":
        return None
    if value is None:
        return NULL
    if isinstance(value, list | dict):
        return NO_OBJECT
    if form == "csv":
        if value == "":
            return QUOTED
        if kind == "text" and value is not DROP and not isinstance(value, str):
            return UNTYPED
        if isinstance(value, str) and value in {
            "1": ("integer", "number"),
            "true": ("boolean",),
        }.get(value, ()):
            return UNTYPED
        if (value, kind) in (("1", "integer"), ("1", "number"), ("true", "boolean")):
            return UNTYPED
    return None


# The first source and a single accelerator have columns of their own: an object in their place is no cell.
CASES = [
    (path, kind, value)
    for path, kind in paths()
    for value in VALUES
    if path != "provenance.sources"
    and not (path == "system.accelerator" and isinstance(value, dict))
]
MANY = Limits(findings_per_code=10**6)


def numbered(number: int, path: str, value: Any) -> dict[str, Any]:
    """Return the base record with a fault, its ids made its own."""
    base = copy.deepcopy(RECORD)
    base["id"] = f"r{number}"
    # Systems that say the same would be one under several ids.
    own = {"id": f"s{number}", "name": f"Board {number}", "memory_bytes": 2**30 + number}
    base["system"] |= own
    base["benchmark"]["name"] = "imagenet"
    return mutated(base, path, value)


def by_document(records: list[dict[str, Any]], folder: Path) -> dict[int, Found]:
    lines = folder / "all.jsonl"
    lines.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    found: dict[int, Found] = defaultdict(set)
    for finding in validate(lines, limits=MANY).findings:
        found[(finding.row or 0) - 1].add((finding.code, _column(finding.field)))
    return found


def by_row(records: list[dict[str, Any]], folder: Path) -> dict[int, Found]:
    """Return the faults of a package of records with one system and one measurement each."""
    found: dict[int, Found] = defaultdict(set)
    for finding in validate(
        write(folder / "package", flatten(records), "csv"), limits=MANY
    ).findings:
        assert finding.row is not None, finding
        if finding.code != "BF908":
            found[finding.row - 1].add((finding.code, _column(finding.field)))
    return found


def test_a_fault_in_any_place_is_found_alike_in_records_and_in_csv(tmp_path: Path) -> None:
    # Ids that are at fault tear rows apart; they have a test of their own.
    cases = [case for case in CASES if case[0] not in ("id", "system.id")]
    records = [numbered(number, path, value) for number, (path, _, value) in enumerate(cases)]
    wanted, found = by_document(records, tmp_path), by_row(records, tmp_path)
    differing = {
        (path, repr(value)): (not_expressible("csv", path, kind, value), wanted[i], found[i])
        for i, (path, kind, value) in enumerate(cases)
        if wanted[i] != found[i]
    }
    assert {case: sets for case, (reason, *sets) in differing.items() if reason is None} == {}
    # Each reason is one that something fails for.
    reasons = {not_expressible("csv", path, kind, value) for path, kind, value in cases} - {None}
    assert {reason for reason, *_ in differing.values()} == reasons
    assert len({code for faults_of_one in wanted.values() for code, _ in faults_of_one}) > 10


@few(15)
@given(case=st.sampled_from(CASES))
def test_a_fault_in_any_place_is_found_alike_in_records_and_in_parquet(
    case: tuple[str, str, Any],
) -> None:
    path, kind, value = case
    if not_expressible("parquet", path, kind, value):
        return
    with tempfile.TemporaryDirectory() as folder:
        record = numbered(0, path, value)
        wanted = by_document([record], Path(folder))[0]
        assert (
            faults(validate(write(Path(folder) / "package", flatten([record]), "parquet")))
            == wanted
        )


@pytest.mark.parametrize("value", ["x\n", "\x00", 5, True, " "])
@pytest.mark.parametrize("path", ["id", "system.id"])
def test_an_id_at_fault_is_found_alike(path: str, value: Any, tmp_path: Path) -> None:
    record = mutated(RECORD, path, value)
    wanted = by_document([record], tmp_path)[0]
    if not isinstance(value, str):
        assert wanted == {("BF103", path)}
        return
    assert faults(validate(write(tmp_path / "package", flatten([record]), "csv"))) == wanted


@pytest.mark.parametrize(
    ("value", "text", "codes"),
    [
        (math.nan, "NaN", {"json": "BF115", "csv": "BF103", "parquet": "BF106"}),
        (math.inf, "Infinity", {"json": "BF115", "csv": "BF103", "parquet": "BF106"}),
        (-math.inf, "-inf", {"json": "BF115", "csv": "BF103", "parquet": "BF106"}),
        (math.inf, "1e999", {"json": "BF115", "csv": "BF103", "parquet": "BF106"}),
    ],
)
def test_a_number_that_is_none_is_a_fault_of_each_form(
    value: float, text: str, codes: dict[str, str], tmp_path: Path
) -> None:
    # JSON cannot write it, CSV writes a word, and Parquet holds it: three ways to be wrong.
    record = tmp_path / "record.json"
    record.write_text(json.dumps(RECORD).replace("0.0089", text), "utf-8")
    tables = flatten([mutated(RECORD, "measurements.0.value", text)])
    numbers = flatten([mutated(RECORD, "measurements.0.value", value)])
    found = {
        "json": {f.code for f in validate(record).findings},
        "csv": {f.code for f in validate(write(tmp_path / "csv", tables, "csv")).findings},
        "parquet": {
            f.code for f in validate(write(tmp_path / "parquet", numbers, "parquet")).findings
        },
    }
    assert found == {form: {code} for form, code in codes.items()}


@pytest.mark.parametrize("table", COLUMNS)
def test_optional_columns_may_be_left_out(table: str, tmp_path: Path) -> None:
    tables = flatten([load(path) for path in VALID[:8]])
    for dropped in [c.name for c in COLUMNS[table] if not c.required]:
        records = [{k: v for k, v in row.items() if k != dropped} for row in tables[table]]
        place = tmp_path / dropped
        place.mkdir()
        write(place, {**tables, table: records}, "csv")
        file = place / f"{table}.csv"
        import pyarrow.csv as pa_csv

        pa_csv.write_csv(pa_csv.read_csv(file).drop_columns([dropped]), file)
        with open_package(place) as opened:
            assert opened.table(table)[dropped].null_count == len(records)


# --- the columns themselves ---


def test_columns_are_looked_up_by_name() -> None:
    assert column("records", "suite").path == "benchmark.suite"
    with pytest.raises(KeyError):
        column("records", "speed")
    assert arrow_schema("measurements").field("value").type == "double"


def test_a_batch_holds_each_system_once() -> None:
    record = Record.from_dict(RECORD)
    batch = to_batch([record, record.model_copy(update={"id": "r2"})])
    assert {name: table.num_rows for name, table in batch.tables()} == {
        "systems": 1,
        "records": 2,
        "measurements": 2,
    }
    assert record.system is not None
    assert system_from_row(batch.systems.to_pylist()[0]) == record.system.to_dict()


def test_a_system_with_several_accelerators_comes_back_as_it_was() -> None:
    for accelerator in (
        {"kind": "gpu", "count": 2},
        [{"kind": "gpu"}],
        [{"kind": "gpu"}, {"name": "NPU"}],
    ):
        record = identified(Record.from_dict(mutated(RECORD, "system.accelerator", accelerator)))
        system, row, measurements = to_rows(record.to_dict())
        assert from_rows(row, system, measurements)["system"]["accelerator"] == accelerator
