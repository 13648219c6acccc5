"""Tables in the files that people keep them in: found out, described, and read as the same rows."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchfmt import convert
from benchfmt.drafting import draft
from benchfmt.finding import BenchfmtError
from benchfmt.readers.sheets import open_table, sniff

ROWS = [("a", "3.42"), ("b", "13.9")]
CSV = "model,latency (ms)\na,3.42\nb,13.9\n"
Rows = list[tuple[str, ...]]


def rows_of(path: Path) -> tuple[list[str], Rows]:
    """Return the names and the rows of a file as it is found out to be written."""
    found = sniff(path)
    table = open_table(path, found.storage, found.dialect)
    names = table.header()
    rows = [row for frame, _ in table.batches() for row in frame.rows()]
    assert not table.bad_rows
    return names, rows


def parquet(path: Path) -> None:
    pq.write_table(pa.table({"model": ["a", "b"], "latency (ms)": [3.42, 13.9]}), path)


def xlsx(path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["model", "latency (ms)"])
    book.active.append(["a", 3.42])
    book.active.append(["b", 13.9])
    book.save(path)


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="Runs">{rows}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def ods_cell(value: str | float, attributes: str = "") -> str:
    if isinstance(value, float):
        kind = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {kind} {attributes}><text:p>shown</text:p></table:table-cell>"
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{value}</text:p></table:table-cell>'


def write_ods(path: Path, rows: str) -> None:
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", ODS.format(rows=rows))


def xlsx_with_title(path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Results of the camera lab"])
    book.active.append([])
    book.active.append(["model", "latency (ms)"])
    book.active.append(["a", 3.42])
    book.active.append(["b", 13.9])
    book.save(path)


def ods(path: Path) -> None:
    lines: list[tuple[str, str | float]] = [("model", "latency (ms)"), ("a", 3.42), ("b", 13.9)]
    made = (
        f"<table:table-row>{ods_cell(name)}{ods_cell(value)}</table:table-row>"
        for name, value in lines
    )
    write_ods(path, "".join(made))


def packed_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner/results.csv", CSV)


def packed_zst(path: Path) -> None:
    with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as file:
        file.write(CSV.encode())


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content.encode(encoding)) and None


OBJECTS = [{"model": "a", "latency (ms)": 3.42}, {"model": "b", "latency (ms)": 13.9}]
PIPES = "# Results\n\nMean of 100 runs.\n\n| model | latency (ms) |\n|:------|----:|\n| **a** | 3.42 |\n| `b` | 13.9 |\n\nThat is all.\n"
HTML = (
    "<html><body><table><thead><tr><th>model</th><th>latency (ms)</th></tr></thead>"
    "<tbody><tr><td><a href='x'>a</a></td><td>3.42</td></tr><tr><td>b<td>13.9</table></body></html>"
)
FILES: dict[str, Callable[[Path], None]] = {
    "plain.csv": text(CSV),
    "tabs.tsv": text(CSV.replace(",", "\t")),
    "tabs.txt": text(CSV.replace(",", "\t")),
    "semicolons.csv": text(CSV.replace(",", ";")),
    "bars.csv": text(CSV.replace(",", "|")),
    "excel_hint.csv": text("sep=;\n" + CSV.replace(",", ";")),
    "mark.csv": text("\ufeff" + CSV),
    "utf16.csv": text("\ufeff" + CSV, "utf-16-le"),
    "utf16_no_mark.csv": text(CSV, "utf-16-le"),
    "returns.csv": text(CSV.replace("\n", "\r\n")),
    "comment.csv": text("# mean of 100 runs, by hand\n" + CSV),
    "comments_within.csv": text(CSV.replace("b,", "# rebooted here\nb,")),
    "title.csv": text("Results of the camera lab\n\n" + CSV),
    "title_with_separators.csv": text("Results,\n,\n" + CSV),
    "blanks_after.csv": text('model, latency (ms)\n"a", 3.42\n"b", 13.9\n'),
    "quoted_once.csv": text("'model','latency (ms)'\n'a','3.42'\n'b','13.9'\n"),
    "units_below.csv": text("model,latency\n,ms\na,3.42\nb,13.9\n"),
    "groups_above.csv": text(",latency\nmodel,(ms)\na,3.42\nb,13.9\n"),
    "packed.csv.gz": lambda path: path.write_bytes(gzip.compress(CSV.encode())) and None,
    "packed.csv.bz2": lambda path: path.write_bytes(bz2.compress(CSV.encode())) and None,
    "packed.csv.xz": lambda path: path.write_bytes(lzma.compress(CSV.encode())) and None,
    "packed.csv.zst": packed_zst,
    "packed.zip": packed_zip,
    "objects.json": text(json.dumps(OBJECTS)),
    "lists.json": text(json.dumps([["model", "latency (ms)"], ["a", 3.42], ["b", 13.9]])),
    "under_a_key.json": text(json.dumps({"runs": OBJECTS})),
    "lines.jsonl": text("".join(f"{json.dumps(row)}\n" for row in OBJECTS)),
    "lines.json": text("".join(f"{json.dumps(row)}\n" for row in OBJECTS)),
    "table.parquet": parquet,
    "book.xlsx": xlsx,
    "book.ods": ods,
    "page.md": text(PIPES),
    "page.html": text(HTML),
}
NOT_FRICTIONLESS = {
    "page.md": "it reads no Markdown",
    "page.html": "it wants pyquery, and finds another table",
    "packed.csv.zst": "it knows no zst",
    "lines.json": "it takes the name for a JSON document",
}
"""Files of which Frictionless does not see the rows by our descriptor, with the reason."""


@pytest.mark.parametrize("name", FILES)
def test_each_form_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    FILES[name](path)
    names, rows = rows_of(path)
    assert names == ["model", "latency (ms)"] or names == ["model", "latency ms"]
    assert rows == ROWS


@pytest.mark.parametrize("name", FILES)
def test_each_form_is_described_and_converted(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    FILES[name](path)
    described = draft(path, "lab:x").descriptor
    (tmp_path / "datapackage.json").write_text(json.dumps(described))
    values = [
        measurement["value"]
        for record in convert(path, "annotated")
        for measurement in record.to_dict()["measurements"]
    ]
    assert values == [0.00342, 0.0139]


MORE_FILES: dict[str, Callable[[Path], None]] = {
    "decimal_commas.csv": text("model;latency (ms)\na;3,42\nb;13,9\n"),
    "decimal_commas_and_points.csv": text("model;images\na;1.234,5\nb;1.000.000,25\n"),
    "thousands.csv": text('model,images\na,"1,234.5"\nb,"1,000,000.25"\n'),
    "thousands_apart.csv": text("model;images\na;1 234,5\nb;1 000 000,25\n"),
    "apostrophes.csv": text("model,images\na,1'234.5\nb,1'000'000.25\n"),
    "latin_1.csv": text("model,latency (µs)\né,3.42\nb,13.9\n", "latin-1"),
    "utf16_big.csv": text("\ufeff" + CSV, "utf-16-be"),
    "utf16.tsv": text("\ufeff" + CSV.replace(",", "\t"), "utf-16-le"),
    "index.csv": text(",model,latency (ms)\n0,a,3.42\n1,b,13.9\n"),
    "two_rows.csv": text(",latency,\nmodel,mean (ms),p99 (ms)\na,3.42,4\nb,13.9,20.5\n"),
    "comment_and_title.csv": text("# by hand\nCamera lab,\n" + CSV + "# the end\n"),
    "blank_lines.csv": text(CSV.replace("b,", "\nb,")),
    "missing.csv": text("model,latency (ms)\na,3.42\nb,n/a\n"),
    "truths.csv": text("model,latency (ms),quantized\na,3.42,yes\nb,13.9,no\n"),
    "line_breaks.csv": text('model,latency (ms)\n"a\nb",3.42\n"c ""d""",13.9\n'),
    "titled.xlsx": xlsx_with_title,
    "tabs.tsv.gz": lambda path: (
        path.write_bytes(gzip.compress(CSV.replace(",", "\t").encode())) and None
    ),
    "commas.csv.gz": lambda path: (
        path.write_bytes(gzip.compress(b"model;latency (ms)\na;3,42\nb;13,9\n")) and None
    ),
}
"""Files whose rows are compared with those that Frictionless sees, cell by cell."""
OTHER_LABELS = {
    "units_below.csv": {"incorrect-label"},
    "groups_above.csv": {"incorrect-label"},
    "two_rows.csv": {"incorrect-label"},
    "index.csv": {"blank-label"},
}
"""Files whose names Frictionless finds fault with, and reads the same rows: it joins blank cells of a header of two rows
too, and wants no column without a name."""
FOR_FRICTIONLESS = [name for name in [*FILES, *MORE_FILES] if name not in NOT_FRICTIONLESS]


@pytest.mark.parametrize("name", FOR_FRICTIONLESS)
@pytest.mark.filterwarnings("ignore")
def test_frictionless_sees_the_same_rows(tmp_path: Path, name: str) -> None:
    frictionless = pytest.importorskip("frictionless")
    pytest.importorskip("ezodf")
    path = tmp_path / name
    (FILES | MORE_FILES)[name](path)
    described = draft(path, "lab:x").descriptor
    (tmp_path / "datapackage.json").write_text(json.dumps(described))
    package = frictionless.Package(str(tmp_path / "datapackage.json"))
    faults = {kind for [kind] in package.validate().flatten(["type"])}
    assert faults == OTHER_LABELS.get(name, set())
    [resource] = package.resources
    theirs = [row.to_list() for row in resource.read_rows()]
    names, ours = rows_of(path)
    assert resource.schema.field_names == names
    assert theirs == [_typed(row, described) for row in ours]


def _typed(row: tuple[str, ...], described: Any) -> list[Any]:
    """Return the cells of a row as values of the types that a descriptor says."""
    [resource] = described["resources"]
    missing = resource["schema"]["missingValues"]
    return [
        _value(cell, item, missing)
        for cell, item in zip(row, resource["schema"]["fields"], strict=True)
    ]


def _value(cell: str, item: Any, missing: list[str]) -> Any:
    if cell in missing:
        return None
    if item["type"] == "boolean":
        return cell in item.get("trueValues", ["true", "True", "TRUE", "1"])
    if item["type"] not in ("number", "integer"):
        return cell
    digits = cell.replace(item.get("groupChar", ""), "")
    number = Decimal(digits.replace(item.get("decimalChar", "."), "."))
    return number if item["type"] == "number" else int(number)


MERGED = (
    ["Device", "Model", "ms"],
    [["Orin", "a", "1.5"], ["Orin", "b", "2.5"], ["Nano", "a", "3.5"], ["Nano", "b", "4.5"]],
)


def test_merged_cells_of_a_workbook_stand_for_all_of_their_rows(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    lines: list[list[str | float]] = [
        ["", "Device", "Model", "ms"],
        ["", "Orin", "a", 1.5],
        ["", "", "b", 2.5],
        ["", "Nano", "a", 3.5],
        ["", "", "b", 4.5],
    ]
    for line in ([], ["", "Results of the lab"], *lines):
        sheet.append(line)
    sheet.merge_cells("B2:D2")
    sheet.merge_cells("B4:B5")
    sheet.merge_cells("B6:B7")
    path = tmp_path / "m.xlsx"
    book.save(path)
    names, rows = rows_of(path)
    assert (names[-3:], [list(row[-3:]) for row in rows]) == MERGED
    note = "cells of column B are merged over several rows: each row has their text"
    assert note in sniff(path).notes


def test_merged_cells_of_an_ods_sheet_stand_for_all_of_their_rows(tmp_path: Path) -> None:
    spanned = 'table:number-rows-spanned="2"'
    covered = "<table:covered-table-cell/>"
    lines = [
        [ods_cell("Device"), ods_cell("Model"), ods_cell("ms")],
        [ods_cell("Orin", spanned), ods_cell("a"), ods_cell(1.5)],
        [covered, ods_cell("b"), ods_cell(2.5)],
        [ods_cell("Nano", spanned), ods_cell("a"), ods_cell(3.5)],
        [covered, ods_cell("b"), ods_cell(4.5)],
    ]
    path = tmp_path / "m.ods"
    write_ods(
        path, "".join(f"<table:table-row>{''.join(line)}</table:table-row>" for line in lines)
    )
    names, rows = rows_of(path)
    assert (names, [list(row) for row in rows]) == MERGED


def test_a_last_column_that_is_merged_is_filled(tmp_path: Path) -> None:
    spanned = 'table:number-rows-spanned="2"'
    lines = [
        [ods_cell("Model"), ods_cell("Device")],
        [ods_cell("a"), ods_cell("Orin", spanned)],
        [ods_cell("b"), "<table:covered-table-cell/>"],
    ]
    path = tmp_path / "m.ods"
    write_ods(
        path, "".join(f"<table:table-row>{''.join(line)}</table:table-row>" for line in lines)
    )
    assert rows_of(path) == (["Model", "Device"], [("a", "Orin"), ("b", "Orin")])


@pytest.mark.parametrize("name", ["mark.jsonl", "mark.csv", "mark.md"])
@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"])
def test_a_file_of_nothing_but_its_byte_order_mark_is_refused_as_empty(
    tmp_path: Path, name: str, mark: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(mark)
    with pytest.raises(BenchfmtError, match=r"is empty|holds no"):
        draft(path, "lab:x")
