"""What a hostile table states, repeats or draws out is bounded before it costs memory."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import refuse_heavy_document
from benchfmt.readers.sheets import Dialect, Storage, open_table
from benchfmt.readers.tables import TableError
from fuzz import samples


def read(path: Path, storage: Storage, dialect: Dialect | None = None, **limits: int) -> Any:
    table = open_table(path, storage, dialect or Dialect(), Limits(**limits))
    rows = [row for frame, _ in table.batches() for row in frame.rows()]
    return table.header(), rows, list(table.bad_rows)


@pytest.mark.parametrize("place", [f"B{'9' * 300}", "B4294967295", "ZZZZ3", f"{'Z' * 40}3"])
def test_a_cell_beyond_any_sheet_is_refused_before_its_number_is_counted(
    tmp_path: Path, place: str
) -> None:
    _damaged_workbook(tmp_path / "t.xlsx", {b'r="B3"': f'r="{place}"'.encode()})
    with pytest.raises(UnsafeError, match="at most XFD1048576"):
        read(tmp_path / "t.xlsx", Storage("xlsx"))


def test_a_sheet_is_looked_at_whatever_its_name(tmp_path: Path) -> None:
    changes = {b'r="B3"': b'r="XFD1048576"', b"sheet1.xml": b"sheet1.bin"}
    _damaged_workbook(tmp_path / "t.xlsx", changes)
    with pytest.raises(UnsafeError, match="1048576 rows and 16384 columns"):
        read(tmp_path / "t.xlsx", Storage("xlsx"))


@pytest.mark.parametrize("count", ["999999999", "9" * 40])
def test_a_workbook_that_states_more_texts_than_it_holds_is_refused(
    tmp_path: Path, count: str
) -> None:
    _damaged_workbook(tmp_path / "t.xlsx", {b'uniqueCount="2"': f'uniqueCount="{count}"'.encode()})
    with pytest.raises(UnsafeError, match=f"states a list of {count[:20]} texts"):
        read(tmp_path / "t.xlsx", Storage("xlsx"))


def test_a_date_beyond_all_calendars_is_told(tmp_path: Path) -> None:
    _damaged_workbook(tmp_path / "t.xlsx", {b"45000.5": b"-1e18"})
    with pytest.raises(TableError, match="cannot be read as a workbook"):
        read(tmp_path / "t.xlsx", Storage("xlsx"))


@pytest.mark.parametrize(
    ("form", "text"),
    {
        "csv": "a,b,c\n1,2,3\n",
        "jsonl": '{"a": 1, "b": 2}\n{"c": 3}\n',
        "json": '[{"a": 1, "b": 2}, {"c": 3}]',
        "html": "<table><tr><th>a<th>b<th>c</tr><tr><td>1<td>2<td>3</tr></table>",
        "markdown": "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n",
    }.items(),
)
def test_a_table_of_any_form_has_a_bounded_number_of_columns(
    tmp_path: Path, form: str, text: str
) -> None:
    (tmp_path / "t").write_text(text)
    assert len(read(tmp_path / "t", Storage(form), columns=3)[0]) == 3
    with pytest.raises(TableError, match="t: the table has 3 columns; at most 2 are read"):
        read(tmp_path / "t", Storage(form), columns=2)


def test_a_name_far_to_the_right_of_a_sheet_makes_no_columns_up_to_it(tmp_path: Path) -> None:
    _damaged_workbook(tmp_path / "t.xlsx", {b'r="B1"': b'r="RID1"'})
    with pytest.raises(TableError, match="the table has 12,406 columns; at most 10,000 are read"):
        read(tmp_path / "t.xlsx", Storage("xlsx"))


def _damaged_workbook(path: Path, changes: Mapping[bytes, bytes]) -> None:
    """Write a sound workbook with other characters in its parts and their names."""
    sound = zipfile.ZipFile(io.BytesIO(samples.xlsx()))
    assert any(old in sound.read(name) for name in sound.namelist() for old in changes)
    with zipfile.ZipFile(path, "w") as archive:
        for name in sound.namelist():
            content = sound.read(name)
            for old, new in changes.items():
                content = content.replace(old, new)
                name = name.replace(old.decode(), new.decode())
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("name", "form", "text"),
    [
        ("t.json", "json", '[{"a": 1, "b": "%s"}]'),
        ("t.jsonl", "jsonl", '{"a": 1, "b": ["%s"]}\n'),
        ("t.md", "markdown", "|a|b|\n|-|-|\n|1|%s|\n"),
        ("t.html", "html", "<table><tr><th>a<th>b</tr><tr><td>1<td>%s</tr></table>"),
    ],
)
def test_a_row_is_bounded_in_every_form(tmp_path: Path, name: str, form: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text % ("x" * 500))
    assert len(read(path, Storage(form), row_bytes=600)[1]) == 1
    with pytest.raises((TableError, UnsafeError)) as told:
        read(path, Storage(form), row_bytes=400)
    assert told.value.code == "BF907"


@pytest.mark.parametrize(
    ("name", "form", "text"),
    [
        ("t.json", "json", '[{"a": 1, "%s": 2}]'),
        ("t.jsonl", "jsonl", '{"a": 1, "%s": 2}\n'),
        ("t.md", "markdown", "|a|%s|\n|-|-|\n|1|2|\n"),
    ],
)
def test_the_names_of_columns_are_bounded(tmp_path: Path, name: str, form: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text % ("x" * 500))
    with pytest.raises((TableError, UnsafeError)) as told:
        read(path, Storage(form), row_bytes=400)
    assert told.value.code == "BF907"


def test_what_stands_beside_many_rows_is_counted_for_each(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    rows = [{"a": number} for number in range(100)]
    path.write_text(json.dumps({"note": "x" * 500, "list": [1, "1"], "rows": rows}))
    dialect = Dialect(property="/rows")
    names, cells, _ = read(path, Storage("json"), dialect)
    assert names == ["/note", "/list", "a"]
    assert cells[99][names.index("/list")] == '[1, "1"]'
    with pytest.raises(UnsafeError, match="more than 20,000 characters"):
        read(path, Storage("json"), dialect, repeated_bytes=20_000)


def test_tables_in_tables_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.html"
    path.write_text("<table><tr><td>" * 100 + "a<tr><td>1")
    assert read(path, Storage("html"), Dialect(sheet_number=100))[1] == [("1",)]
    path.write_text("<table><tr><td>" * 101 + "a<tr><td>1")
    with pytest.raises(UnsafeError, match="more than 100 deep"):
        read(path, Storage("html"))


def test_cells_that_are_merged_are_counted_for_each_row(tmp_path: Path) -> None:
    path = tmp_path / "t.html"
    span = f"<tr><td>1<td rowspan=100>{'x' * 500}</tr>"
    rows = "<tr><td>2</tr>" * 99
    path.write_text(f"<table><tr><th>a<th>b</tr>{span}{rows}</table>")
    assert len(read(path, Storage("html"))[1]) == 100
    with pytest.raises(UnsafeError, match="more than 20,000 characters"):
        read(path, Storage("html"), repeated_bytes=20_000)


def test_a_document_of_too_much_data_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{"a": 1, "b": [1] * 400_000}]))
    with pytest.raises(UnsafeError, match="JSON Lines"):
        read(path, Storage("json"), json_data_bytes=50_000_000)


def _of_shared_texts(path: Path, texts: int, length: int, rows: int) -> None:
    """Write a workbook with more shared texts, the first of them long, and rows of one cell that has it."""
    more = b"<si><t>x</t></si>" * (texts - 2) + b"</sst>"
    cells = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (row, row)
        for row in range(4, rows + 4)
    )
    changes = {
        b"<t>model</t>": b"<t>" + b"m" * length + b"</t>",
        b"</sst>": more,
        b"</sheetData>": cells + b"</sheetData>",
    }
    _damaged_workbook(path, changes)


def test_a_shared_text_counts_for_each_cell_that_has_it(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    _of_shared_texts(path, texts=100, length=1_000, rows=50)
    assert len(read(path, Storage("xlsx"), repeated_bytes=500_000)[1]) == 52
    with pytest.raises(UnsafeError, match="cells repeat more than 12,500 characters"):
        read(path, Storage("xlsx"), repeated_bytes=100_000)


def test_a_long_shared_text_that_few_cells_have_costs_little(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    _of_shared_texts(path, texts=100, length=10_000, rows=1)
    # Of the cells two have the long text, and others a short one.
    assert len(read(path, Storage("xlsx"), repeated_bytes=200_000)[1]) == 3


def test_shared_texts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.xlsx"
    _of_shared_texts(path, texts=100, length=5, rows=1)
    monkeypatch.setattr("benchfmt.readers.sheets.workbook._TEXTS", 100)
    assert read(path, Storage("xlsx"))[1]
    monkeypatch.setattr("benchfmt.readers.sheets.workbook._TEXTS", 99)
    with pytest.raises(UnsafeError, match="100 shared texts; at most 99 are read"):
        read(path, Storage("xlsx"))


def _rows_of_ten(count: int) -> bytes:
    row = {f"col {place}": place for place in range(10)}
    return json.dumps([row] * count).encode()


def test_a_document_of_140_000_rows_of_ten_columns_is_read() -> None:
    refuse_heavy_document(_rows_of_ten(140_000), LIMITS)
    with pytest.raises(UnsafeError, match="JSON Lines"):
        refuse_heavy_document(_rows_of_ten(200_000), LIMITS)


@pytest.mark.parametrize("text", [":" * 2_000_000, '":' * 1_000_000])
def test_no_text_hides_the_items_of_a_list(text: str) -> None:
    items = [1] * 2_000_000
    heavy = json.dumps([items, [text]]).encode()
    most = Limits(json_data_bytes=2_000_000 * 300)
    with pytest.raises(UnsafeError):
        refuse_heavy_document(heavy, most)
