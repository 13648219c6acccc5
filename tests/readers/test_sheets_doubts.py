"""What is in doubt is asked, what is hostile or foreign is refused in one line, and odd rows cost themselves."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.readers.test_sheets import FILES, ods_cell, write_ods

from benchfmt import convert, validate
from benchfmt.drafting import draft
from benchfmt.limits import Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets import Dialect, Storage, open_table, sniff
from benchfmt.readers.sheets.columns import number_column
from benchfmt.readers.sheets.markup import html_tables, markdown_tables
from benchfmt.readers.tables import TableError

FAULTS = Path(__file__).parents[1].parent.parent / "shared/faults"


def notes_on(path: Path, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    return "\n".join(draft(path, "lab:x").notes)


def values_of(folder: Path, name: str) -> list[float | None]:
    """Return the values that a described table gives."""
    (folder / "datapackage.json").write_text(json.dumps(draft(folder / name, "lab:x").descriptor))
    return [
        measurement.get("value")
        for record in convert(folder, "annotated")
        for measurement in record.to_dict()["measurements"]
    ]


def read(path: Path, storage: Storage, dialect: Dialect | None = None, **limits: int) -> Any:
    table = open_table(path, storage, dialect or Dialect(), Limits(**limits))
    rows = [row for frame, _ in table.batches() for row in frame.rows()]
    return table.header(), rows, list(table.bad_rows)


# --- what is asked ---


@pytest.mark.parametrize(
    ("content", "question"),
    [
        ("a;b,c\n1;2,3\n4;5,6\n", "or by"),
        ("# model,latency (ms)\na,3.4\n", "the name of the first column?"),
        ("model,1,8\na,3.4,5\n", "the first row holds the number '1'"),
        ("model,latency (ms)\nwarm,cold\na,3.4\nb,4\n", "is row 2 part of the names?"),
        ("a b\nc d\n", "single blanks"),
        ("model;latency (ms)\na;1,234\nb;5,678\n", "a decimal mark or a mark of thousands?"),
        (
            "model;latency (ms);power (W)\na;1.234;1,5\nb;5.678;2,5\n",
            "is the point in '1.234' a decimal mark",
        ),
    ],
)
def test_a_doubt_is_a_question(tmp_path: Path, content: str, question: str) -> None:
    assert question in notes_on(tmp_path / "t.csv", content)


@pytest.mark.parametrize("cell", ["1.2k", "<0.1", "12.3 ± 0.4", "76 %", "n/a"])
def test_a_first_row_of_values_is_no_question(tmp_path: Path, cell: str) -> None:
    content = f"model,latency (ms)\na,{cell}\nb,4\nc,5\nd,6\n"
    assert "part of the names" not in notes_on(tmp_path / "t.csv", content)


def test_a_number_in_doubt_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("model;latency (ms);power (W)\na;1,234;3\nb;5,678;4\n")
    assert values_of(tmp_path, "t.csv") == [3, 4]


def test_a_comma_is_read_as_the_other_columns_write_theirs(tmp_path: Path) -> None:
    notes = notes_on(tmp_path / "t.csv", "model;latency (ms);power (W)\na;1,234;3,5\nb;5,678;4\n")
    assert "taken for a decimal mark" in notes
    assert values_of(tmp_path, "t.csv") == [0.001234, 3.5, 0.005678, 4]


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["1,013.01", "5"], (".", ",")),
        (["1.013,01", "5"], (",", ".")),
        (["1 013,5", "12"], (",", " ")),
        (["1'013.5", "12"], (".", "'")),
        (["1,234,567", "8"], (".", ",")),
        (["12,50", "1"], (",", "")),
        (["1e-3", ".5"], (".", "")),
    ],
)
def test_the_form_of_numbers_is_found(cells: list[str], form: tuple[str, str]) -> None:
    column = number_column(pl.Series(cells))
    assert column is not None
    assert (column.form.decimal_char, column.form.group_char) == form
    assert column.other is None


@pytest.mark.parametrize("cells", [["a", "1"], ["1,23,4", "1"], ["12 ms"], ["1.2.3"], [""]])
def test_text_is_no_number(cells: list[str]) -> None:
    assert number_column(pl.Series(cells)) is None


# --- the words of a Table Schema ---

SUITE = {"constant": {"benchmark.suite": "lpdnn"}}
NUMBER_WORDS: list[tuple[dict[str, Any], str, float | None]] = [
    ({"decimalChar": ","}, "12,5", 0.0125),
    ({"decimalChar": ","}, "12.5", None),
    ({"groupChar": ","}, "1,013.5", 1.0135),
    ({"groupChar": ","}, "1,5", None),
    ({"groupChar": ".", "decimalChar": ","}, "1.013,5", 1.0135),
    ({"bareNumber": False}, "~ 12.5 ms", 0.0125),
    ({"bareNumber": False}, "12.5 (3)", None),
]


@pytest.mark.parametrize(("words", "cell", "value"), NUMBER_WORDS)
def test_numbers_are_read_as_the_schema_says(
    tmp_path: Path, words: dict[str, Any], cell: str, value: float | None
) -> None:
    (tmp_path / "t.csv").write_text(f"m\tlatency\nx\t{cell}\ny\t7\n")
    fields = [
        {"name": "m", "benchfmt": {"field": "model.name"}},
        {
            "name": "latency",
            "type": "number",
            **words,
            "benchfmt": {"metric": "latency", "unit": "ms"},
        },
    ]
    resource = {
        "path": "t.csv",
        "dialect": {"delimiter": "\t"},
        "schema": {"fields": fields},
        "benchfmt": SUITE,
    }
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    found = [
        (record.to_dict()["model"]["name"], record.to_dict()["measurements"][0].get("value"))
        for record in convert(tmp_path, "annotated")
    ]
    expected = [("x", value), ("y", 0.007)]
    assert found == expected
    assert {finding.code for finding in validate(tmp_path).findings} >= (
        {"BF103"} if value is None else set()
    )


def test_truths_are_read_by_the_words_of_their_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("latency,warm\n1,ja\n2,nein\n")
    path = "configuration.hyperparameters.warm"
    fields = [
        {"name": "latency", "type": "number", "benchfmt": {"metric": "latency"}},
        {
            "name": "warm",
            "type": "boolean",
            "trueValues": ["ja"],
            "falseValues": ["nein"],
            "benchfmt": {"field": path},
        },
    ]
    resource = {"path": "t.csv", "schema": {"fields": fields}, "benchfmt": SUITE}
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    read = [r.to_dict()["configuration"]["hyperparameters"] for r in convert(tmp_path, "annotated")]
    assert read == [{"warm": True}, {"warm": False}]


def test_other_text_around_a_number_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("latency\n12.5 ms\n3 s\n4\n")
    note = {"metric": "latency", "unit": "ms"}
    fields = [{"name": "latency", "type": "number", "bareNumber": False, "benchfmt": note}]
    resource = {"path": "t.csv", "schema": {"fields": fields}, "benchfmt": SUITE}
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    values = [r.to_dict()["measurements"][0].get("value") for r in convert(tmp_path, "annotated")]
    assert values == [0.0125, None, 0.004]


# --- JSON ---

REPORT = {
    "model": "a",
    "latency": {"mean": 3.40, "p99": 5.1},
    "itl": [1, 2.50],
    "ok": True,
    "nothing": None,
}


def test_a_document_is_one_row_of_paths(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(REPORT).replace("3.4", "3.40"))
    found = sniff(path)
    assert found.notes == ["the document is read as one row"]
    names, rows, _ = read(path, found.storage, found.dialect)
    assert names == ["model", "latency/mean", "latency/p99", "itl", "ok", "nothing"]
    assert rows == [("a", "3.40", "5.1", "[1, 2.5]", "true", "")]


def test_rows_inside_a_document_have_what_stands_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    runs = [{"batch": 1, "t": {"s": 1.5}}, {"batch": 8, "t": {"s": 9}}]
    path.write_text(json.dumps({"host": {"name": "h"}, "runs": runs}))
    found = sniff(path)
    assert "/runs is a list of 2 objects" in found.notes[0]
    names, rows, _ = read(path, found.storage, found.dialect)
    assert names == ["/host/name", "batch", "t/s"]
    assert rows == [("h", "1", "1.5"), ("h", "8", "9")]


def test_members_of_an_object_are_rows_where_the_pointer_says_any(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": {"arc": {"acc": 0.5}, "qa": {"acc": 0.25}}, "n": 3}))
    assert any("`property` '/results/*'" in note for note in sniff(path).notes)
    names, rows, _ = read(path, Storage("json"), Dialect(rows_at="/results/*"))
    assert names == ["/n", "/results/*", "acc"]
    assert rows == [("3", "arc", "0.5"), ("3", "qa", "0.25")]


def test_a_pointer_to_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("{}")
    with pytest.raises(TableError, match=r"has nothing at '/runs'"):
        read(path, Storage("json"), Dialect(rows_at="/runs"))


def test_a_bad_line_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"a": 1}\n{"a": \n[1]\n{"a": 12345678901234567890.10, "b": "x"}\n')
    names, rows, bad = read(path, Storage("jsonl"))
    assert names == ["a", "b"]
    assert rows == [("1", ""), ("12345678901234567890.10", "x")]
    assert [(item.row, bool(item.reason)) for item in bad] == [(2, True), (3, True)]


# --- workbooks and markup ---


def test_a_sheet_a_range_and_real_dates(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    datetime = pytest.importorskip("datetime")
    path = tmp_path / "b.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Runs")
    sheet["B3"], sheet["C3"], sheet["D3"] = "model", "date", "accuracy"
    sheet["B4"], sheet["C4"], sheet["D4"] = "a", datetime.date(2024, 3, 12), 0.761
    sheet["D4"].number_format = "0.0%"
    sheet["F9"] = "a remark"
    book.save(path)
    found = sniff(path)
    assert found.dialect.sheet_name == "Runs"
    assert any("cell D4 is shown as a percentage" in note for note in found.notes)
    names, rows, _ = read(path, Storage("xlsx"), Dialect(sheet_name="Runs", range="B3:D4"))
    assert names == ["model", "date", "accuracy"]
    assert rows == [("a", "2024-03-12", "0.761")]
    with pytest.raises(TableError, match="no sheet 'Run'"):
        read(path, Storage("xlsx"), Dialect(sheet_name="Run"))


def test_formulas_without_results_are_refused(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = tmp_path / "b.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append(["=1+1"])
    book.save(path)
    with pytest.raises(TableError, match="formulas whose results were not saved"):
        sniff(path)


def test_cells_that_span_fill_what_they_span() -> None:
    text = (
        "<table><thead><tr><th rowspan=2>model<th colspan=2>latency</tr><tr><th>mean<th>p99</tr></thead>"
        "<tr><td rowspan=2>a<td>1<td>2<sup>1</sup></tr><tr><td>3<td>4</tr></table>"
    )
    (table,) = html_tables(text)
    assert table.header_rows == 2
    assert table.rows == [
        ["model", "latency", "latency"],
        ["model", "mean", "p99"],
        ["a", "1", "2^1"],
        ["a", "3", "4"],
    ]


def test_pipes_in_cells_and_several_tables() -> None:
    text = (
        "| a | b |\n|---|---|\n| x\\|y | `c` |\n\ntext | more\n\nm | n\n--- | ---\n1 | [two](u)\n"
    )
    first, second = markdown_tables(text)
    assert first.rows == [["a", "b"], ["x|y", "c"]]
    assert second.rows == [["m", "n"], ["1", "two"]]


# --- what is refused, in one line ---


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1junk", "save it as .xlsx without a password"),
        (b"%PDF-1.7", "save the table as CSV"),
        (b"SQLite format 3\0", "save the table as CSV"),
        (bytes(range(1, 32)) * 40, "is a binary file; save the table as CSV"),
        (b"\n\n", "is empty"),
        (b"mo\0del,latency\na,1\n", "holds a NUL"),
        (b"PK\x03\x04junk", "cannot be unpacked"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "cannot be unpacked"),
        (gzip.compress(gzip.compress(b"a,b\n", mtime=0), mtime=0), "packed twice"),
        (b"model   latency\nresnet   3\nvgg   4\n", "set apart by several blanks"),
        ("gr\u00f6\u00dfe,b\n".encode() + "\u00e4,1\n".encode("latin-1"), "partly UTF-8"),
        (b"[1, 2]", "a list of objects"),
        (b'{"a": 1, "b"\n', "not JSON"),
        (
            b"To whom, it may concern,\nwe grant\nnothing at all, and\nthat, is, it\n",
            "holds no table",
        ),
    ],
)
def test_what_is_not_read_says_what_to_do(tmp_path: Path, content: bytes, advice: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=advice):
        draft(path, "lab:x")


def test_a_packed_file_that_is_said_to_be_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(TableError, match="say `compression` gz"):
        read(path, Storage("csv"))


# --- hostile files ---


def test_what_unpacks_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 2_000_000))
    with pytest.raises(UnsafeError, match="would grow"):
        read(path, Storage("csv", compression="gz"), archive_ratio=10)


def test_a_workbook_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>" + b" " * 10_000_000)
    with pytest.raises(UnsafeError, match="unpacks to more than"):
        read(path, Storage("xlsx"), json_bytes=1_000_000)


@pytest.mark.parametrize("seed", range(2))
def test_damaged_files_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - which bytes are damaged is no secret
    for name, make in FILES.items():
        path = tmp_path / name
        make(path)
        sound = path.read_bytes()
        for _ in range(2):
            data = bytearray(sound)
            for _ in range(chance.randrange(1, 5)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            path.write_bytes(data)
            with contextlib.suppress(TableError, UnsafeError):
                draft(path, "lab:x")


def test_a_sheet_that_reaches_too_far_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    cells = (
        b'<sheetData><row r="1"><c r="A1"/></row><row r="9"><c r="XFD1048576"/></row></sheetData>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", cells)
    with pytest.raises(UnsafeError, match="1048576 rows and 16384 columns"):
        read(path, Storage("xlsx"))


@pytest.mark.parametrize(
    "rows",
    [
        f"<table:table-row>{ods_cell('x', 'table:number-columns-repeated=' + repr('99999999').replace(chr(39), chr(34)))}</table:table-row>",
        f'<table:table-row table:number-rows-repeated="1048576">{ods_cell("x", "table:number-columns-repeated=" + chr(34) + "16384" + chr(34))}</table:table-row>',
    ],
)
def test_repeated_cells_are_bounded(tmp_path: Path, rows: str) -> None:
    write_ods(tmp_path / "t.ods", rows)
    with pytest.raises(UnsafeError):
        read(tmp_path / "t.ods", Storage("ods"))


def test_nesting_and_rows_are_bounded(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text('{"a":' * 100 + "1" + "}" * 100)
    with pytest.raises(UnsafeError, match="nested"):
        read(deep, Storage("json"))
    wide = tmp_path / "wide.csv"
    wide.write_text('a,b\n"' + "x\n" * 3_000_000)
    with pytest.raises(TableError):
        read(wide, Storage("csv"), Dialect(comment_char="#"))


@pytest.mark.parametrize("junk", ["<!--", "</", "<a ", "<![", "[", "`", "**", "|", "&#"])
def test_markup_takes_linear_time(tmp_path: Path, junk: str) -> None:
    path = tmp_path / "t.html"
    path.write_text("<table><tr><td>a</td></tr><tr><td>" + junk * 200_000)
    read(path, Storage("html"))
    page = tmp_path / "t.md"
    page.write_text("|a|b|\n|-|-|\n|" + junk * 200_000 + "|\n" + " " * 400_000 + "|\n")
    read(page, Storage("markdown"))


# --- small inputs that were got wrong once ---

RIGHT = {
    "tables/describe-text-formats/array.json": [0.0034, 0.0041],
    "tables/describe-text-formats/rows.jsonl": [0.0034],
    "tables/describe-text-formats/latin1.csv": [3.4e-6],
    "tables/describe-text-formats/results.csv.gz": [0.0034],
    "tables/describe-text-formats/results.parquet": [0.0034],
    "tables/describe-text-formats/semicolon_decimal_comma.csv": [0.00342, 0.0139],
    "tables/unnamed-column/results.csv": [0.0034, 0.0041],
    "tables/conformant-empty/results.tsv": [0.0034],
    "users/a_semicolon_decimal_comma/t.csv": [0.0125, 6.1, 0.03125, 5.0],
}


@pytest.mark.parametrize("name", RIGHT)
def test_small_inputs_give_their_right_values(tmp_path: Path, name: str) -> None:
    source = FAULTS / name
    if not source.is_file():
        pytest.skip("the inputs are not here")
    (tmp_path / source.name).write_bytes(source.read_bytes())
    assert values_of(tmp_path, source.name) == RIGHT[name]


@pytest.mark.parametrize(
    ("name", "records"), [("users/a_decimal_comma_described", 2), ("users/a_dialect_ignored", 40)]
)
def test_described_inputs_are_read(tmp_path: Path, name: str, records: int) -> None:
    source = FAULTS / name
    if not source.is_dir():
        pytest.skip("the inputs are not here")
    described = json.loads((source / "datapackage.json").read_text())
    table = described["resources"][0]
    if "dialect_ignored" in name:
        table["dialect"] = {"commentChar": "#"}
    (tmp_path / table["path"]).write_bytes((source / table["path"]).read_bytes())
    (tmp_path / "datapackage.json").write_text(json.dumps(described))
    assert len(list(convert(tmp_path, "annotated"))) == records
    assert not [f for f in validate(tmp_path).findings if f.code == "BF118"]


def test_comments_above_the_names_are_found(tmp_path: Path) -> None:
    source = FAULTS / "users/a_results_with_comment.csv"
    if not source.is_file():
        pytest.skip("the inputs are not here")
    path = tmp_path / "r.csv"
    path.write_bytes(source.read_bytes())
    resource: Any = draft(path, "lab:x").descriptor["resources"]
    assert resource[0]["dialect"] == {"headerRows": [2], "commentChar": "#"}
    assert values_of(tmp_path, "r.csv")[:2] == [0.02358, 0.374]


# --- JSON ---


def test_a_number_in_a_list_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1.50, "b": [1.50, "1.50"]}\n {"a": "x", "c": {"d/e": true}}\n')
    names, rows, bad = read(path, Storage("jsonl"))
    assert names == ["a", "b", "c/d~1e"]
    assert rows == [("1.50", '[1.50, "1.50"]', ""), ("x", "", "true")]
    assert bad == []
    document = tmp_path / "t.json"
    document.write_text('{"a": 1.50, "b": [1.50, "1.50"]}')
    assert read(document, Storage("json"))[1] == [("1.50", '[1.50, "1.50"]')]


def test_a_line_that_cannot_be_read_adds_no_column(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n{"a": 1, "b": 2, "b": 3}\n{"a": 1, "c": NaN}\n{"a": 1, "d": 2} x\n')
    names, rows, bad = read(path, Storage("jsonl"))
    assert names == ["a", "c"]
    assert rows == [("1", ""), ("1", "NaN")]
    assert [row.row for row in bad] == [2, 4]


@pytest.mark.parametrize("place", ["r = 'A20000001'", "r='a20000001'", 'r="XFD99999"'])
def test_a_place_that_is_written_in_another_way_is_bounded(tmp_path: Path, place: str) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        sheet = f"<worksheet><sheetData><row><c {place}><v>1</v></c></row></sheetData></worksheet>"
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    with pytest.raises(UnsafeError, match="at most"):
        open_table(path, Storage("xlsx"), Dialect())


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_rows_of_different_keys_are_no_table(form: str, tmp_path: Path) -> None:
    rows = [f'{{"k{number % 5_000}":1}}' for number in range(10_000)]
    text = "\n".join(rows)
    if form == "json":
        text = f"[{','.join(rows)}]"
    place = tmp_path / f"rows.{form}"
    place.write_text(text)
    with pytest.raises(TableError, match="the rows have different keys, and make no table"):
        read(place, Storage(format=form))
