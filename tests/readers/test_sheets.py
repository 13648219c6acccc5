"""Tables in the files that people keep them in: found out, described, and read as the same rows."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchfmt import convert
from benchfmt.drafting import draft
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


@pytest.mark.parametrize("name", [name for name in FILES if name not in NOT_FRICTIONLESS])
@pytest.mark.filterwarnings("ignore")
def test_frictionless_sees_the_same_rows(tmp_path: Path, name: str) -> None:
    frictionless = pytest.importorskip("frictionless")
    pytest.importorskip("ezodf")
    path = tmp_path / name
    FILES[name](path)
    (tmp_path / "datapackage.json").write_text(json.dumps(draft(path, "lab:x").descriptor))
    package = frictionless.Package(str(tmp_path / "datapackage.json"))
    rows = package.resources[0].read_rows()
    assert [(row.to_list()[0], float(row.to_list()[1])) for row in rows] == [
        ("a", 3.42),
        ("b", 13.9),
    ]
