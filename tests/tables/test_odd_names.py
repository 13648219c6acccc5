"""Names of columns that strangers wrote, and that no program writes: patterns of polars, none at all, a NUL."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.tables.test_annotated import LONG_FIELDS, lay, read
from tests.tables.test_history import HISTORY

from benchfmt import convert, open_package, validate
from benchfmt.annotated import together
from benchfmt.annotated.cells import map_distinct
from benchfmt.annotated.together import keys_of
from benchfmt.describing import describe
from benchfmt.readers.tables import TextTable

PATTERNS = ["*", "^.*$", "^l.*$", "["]
"""What polars takes for several columns, or what begins a pattern, where a column is asked for by its name."""
LATENCY = {"metric": "latency", "per": "sample", "unit": "ms"}


def test_a_name_with_a_nul_is_a_name() -> None:
    cells = pl.Series("cpu\0model", ["a", None, "a"])
    changed = map_distinct(cells, str.upper, pl.String)
    assert changed.to_list() == ["A", None, "A"]
    assert changed.name == "cpu\0model"


@pytest.mark.parametrize("name", ["", "column_0", *PATTERNS])
def test_a_frame_has_the_names_of_the_header(tmp_path: Path, name: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{name},column_1,l\n1,2,3\n")
    table = TextTable(path)
    ((frame, _),) = table.batches()
    assert frame.columns == table.header() == [name, "column_1", "l"]
    assert frame.row(0) == ("1", "2", "3")


@pytest.mark.parametrize("name", PATTERNS)
def test_a_key_is_of_its_own_column(name: str) -> None:
    frame = pl.DataFrame({"la": ["1", "2"], name: ["3", None], "lb": ["5", "6"]})
    assert keys_of(frame, [name]).to_list() == ["3", ""]
    assert keys_of(frame, [name, "lb"]).to_list() == ["3\x1f5", "\x1f6"]


@pytest.mark.parametrize("name", PATTERNS)
def test_a_long_table_is_sorted_by_a_key_of_any_name(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit, rows in (("MOST_ROWS", 1), ("RUN_ROWS", 1), ("FRAME_ROWS", 1)):
        monkeypatch.setattr(together, limit, rows)
    text = f"{name},net,name,v\na,x,latency,1\nb,y,latency,2\na,x,power,3\n"
    found, account = read(lay(tmp_path, text, LONG_FIELDS, annotation={"key": [name]}))
    assert [len(record["measurements"]) for record in found] == [2, 1]
    assert account.ok


@pytest.mark.parametrize("name", PATTERNS)
def test_runs_are_told_apart_by_a_key_of_any_name(tmp_path: Path, name: str) -> None:
    fields = {"map": {"metric": "map", "statistic": "final", "primary": True}}
    history = {**HISTORY, "best": [], "totals": []}
    text = f"{name},epoch,map\na,1,0.5\nb,1,0.25\na,2,0.75\n"
    folder = lay(tmp_path, text, fields, annotation={"history": history, "key": [name]})
    found, _ = read(folder)
    assert [record["measurements"][0]["value"] for record in found] == [0.25, 0.75]


@pytest.mark.parametrize("name", PATTERNS)
def test_a_described_column_has_its_own_cells(tmp_path: Path, name: str) -> None:
    fields = {name: LATENCY, "la": {"field": "model.name"}}
    found, account = read(lay(tmp_path, f"la,{name},lb\nnet,1.5,7\n", fields))
    (record,) = found
    assert [item["value"] for item in record["measurements"]] == [0.0015]
    assert record["model"] == {"name": "net"}
    assert record["extensions"] == {"lpdnn": {"lb": "7"}}
    assert account.ok


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("name", PATTERNS)
def test_a_package_may_have_a_column_of_any_name(tmp_path: Path, name: str, form: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    lay(source, "ms\n1.5\n2.5\n", {"ms": LATENCY})
    package = tmp_path / "package"
    convert(source).write(package, format=form)
    path = package / f"records.{form}"
    if form == "csv":
        first, *rest = path.read_text("utf-8").splitlines()
        path.write_text("\n".join([f"{first},{name}", *(f"{row},odd" for row in rest)]), "utf-8")
    else:
        frame = pl.read_parquet(path)
        frame.with_columns(pl.Series(name, ["odd", "odd"])).write_parquet(path)
    report = validate(package)
    assert [item.code for item in report.findings if item.column == name] == ["BF102"]
    assert [item.benchmark.suite for item in open_package(package).records()] == ["lpdnn"] * 2


COLUMNS = {
    "model": ["a", "b"],
    "latency_ms": ["1,5", "2,25"],
    "la": ["3.5 ± 0.1", "n/a"],
    "throughput (fps)": ["1.2k", "2k"],
}


def written(folder: Path, form: str, columns: dict[str, list[str]]) -> Path:
    """Write a table in a form, and return its path."""
    path = folder / f"t.{form}"
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    match form:
        case "csv":
            pl.DataFrame(columns).write_csv(path)
        case "parquet":
            pl.DataFrame(columns).write_parquet(path)
        case "md":
            lines = [columns, ["---"] * len(columns), *(row.values() for row in rows)]
            path.write_text("\n".join(f"| {' | '.join(cells)} |" for cells in lines), "utf-8")
        case "json":
            path.write_text(json.dumps(rows), "utf-8")
        case _:
            path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "parquet", "md"])
@pytest.mark.parametrize("name", ["*", "^l.*$"])
def test_a_table_of_any_form_is_described_and_read_with_any_name(
    tmp_path: Path, form: str, name: str
) -> None:
    columns = {{"la": name}.get(other, other): cells for other, cells in COLUMNS.items()}
    found = {}
    for kind, wanted in (("plain", COLUMNS), ("odd", columns)):
        folder = tmp_path / kind
        folder.mkdir()
        draft = describe(written(folder, form, wanted), "lpdnn").descriptor
        text = json.dumps(draft).replace(json.dumps("la"), json.dumps(name))
        (folder / "datapackage.json").write_text(text, "utf-8")
        records, account = read(folder)
        assert len(records) == 2
        assert account.ok
        found[kind] = json.dumps([text, records]).replace(json.dumps("la"), json.dumps(name))
    assert found["odd"] == found["plain"]


def test_a_column_that_is_called_as_a_constant_is_kept_beside_it(tmp_path: Path) -> None:
    constants = {"benchmark.suite": "lpdnn", "benchmark.name": "x"}
    annotation = {"constant": {**constants, "extensions.lpdnn.note": "said of all rows"}}
    fields = {"v": {"metric": "latency", "per": "batch", "unit": "ms"}}
    folder = lay(tmp_path, "v,note,note_\n1,mine,other\n", fields, annotation=annotation)
    (record,), account = read(folder)
    assert record["extensions"]["lpdnn"] == {
        "note": "said of all rows",
        "note__": "mine",
        "note_": "other",
    }
    assert [(item.code, item.column) for item in account.findings] == [("BF102", "note")]


def test_a_column_is_kept_in_the_rows_of_which_nothing_else_is_said(tmp_path: Path) -> None:
    annotation = {"rules": [{"when": {"v": "2"}, "set": {"extensions.lpdnn.note": "of the rule"}}]}
    fields = {"v": {"metric": "latency", "per": "batch", "unit": "ms"}}
    folder = lay(
        tmp_path, "v,note\n1,one\n2,two\n2,\n2,of the rule\n", fields, annotation=annotation
    )
    records, account = read(folder)
    assert [record["extensions"]["lpdnn"] for record in records] == [
        {"note": "one"},
        {"note": "of the rule", "note_": "two"},
        {"note": "of the rule"},
        {"note": "of the rule"},
    ]
    assert [(item.code, item.column) for item in account.findings] == [("BF102", "note")]


def test_a_column_is_kept_beside_an_object_of_its_name(tmp_path: Path) -> None:
    annotation = {"rules": [{"set": {"extensions.lpdnn.note.by": "a rule"}}]}
    fields = {"v": {"metric": "latency", "per": "batch", "unit": "ms"}}
    folder = lay(tmp_path, "v,note\n1,one\n", fields, annotation=annotation)
    (record,), _ = read(folder)
    assert record["extensions"]["lpdnn"] == {"note": {"by": "a rule"}, "note_": "one"}


def test_a_cell_without_a_value_costs_the_cells_of_other_rows_nothing(tmp_path: Path) -> None:
    fields = {
        "v": {"metric": "latency", "per": "batch", "unit": "ms"},
        "place": {"field": "extensions.lpdnn.place", "missing": {"-": "not-reported"}},
    }
    records, account = read(lay(tmp_path, "v,place\n1,here\n2,-\n3,\n", fields))
    kept = [item.get("extensions", {}).get("lpdnn", {}).get("place") for item in records]
    assert kept == ["here", "-", None]
    assert not account.findings
