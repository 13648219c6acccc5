"""Small tables in every form, made here: the project keeps no binary files of its own."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

CSV = 'model,device,latency (ms),accuracy,n\n"a ""x""",pc,3.42,76.1%,1\nb,pi 4,13.9 ± 0.2,0.761,"1,000"\n,,n/a,-,\n'
ROWS = [
    {
        "model": "a",
        "latency (ms)": 3.42,
        "batch": 8,
        "tags": ["x", 1],
        "run": {"at": "2026-02-03T04:05:06Z", "ok": True},
    },
    {"model": "b", "latency (ms)": 13.9, "batch": None, "run": {"at": "", "ok": False}},
]
DOCUMENT = {
    "model": "net",
    "config": {"batch": 8},
    "results": {"pc": {"latency_ms": 3.42, "runs": ROWS}, "pi": {"latency_ms": 13.9}},
}
MARKDOWN = "# Results\n\n| model | latency (ms) |\n|:------|----:|\n| **a** | 3.42 |\n| `b` | 13.9 |\n\nAs [told](x).\n\na | b\n--|--\n1 | 2\n"
HTML = (
    "<html><body><p>x</p><table><thead><tr><th colspan=2>model</th><th>latency (ms)</th></tr></thead>"
    "<tbody><tr><td rowspan='2'><a href='x'>a</a></td><td>1</td><td>3.42&nbsp;&plusmn;</td></tr><tr><td>b<td>13.9</table></body></html>"
)
_NAMESPACES = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_XLSX = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": f'<workbook {_NAMESPACES}><sheets><sheet name="Runs" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
        '<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    ),
    "xl/styles.xml": (
        f'<styleSheet {_NAMESPACES}><numFmts count="1"><numFmt numFmtId="164" formatCode="0.0%"/></numFmts>'
        '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/></cellXfs></styleSheet>'
    ),
    "xl/sharedStrings.xml": f'<sst {_NAMESPACES} count="2" uniqueCount="2"><si><t>model</t></si><si><t>latency (ms)</t></si></sst>',
    "xl/worksheets/sheet1.xml": (
        f'<worksheet {_NAMESPACES}><dimension ref="A1:C3"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
        '<c r="C1" t="inlineStr"><is><t>top1</t></is></c></row><row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2"><v>3.42</v></c>'
        '<c r="C2" s="1"><v>0.761</v></c></row><row r="3"><c r="A3" t="b"><v>1</v></c><c r="B3"><f>1+1</f><v>13.9</v></c>'
        '<c r="C3" s="2"><v>45000.5</v></c><c r="D3" t="e"><v>#N/A</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A1"/></mergeCells></worksheet>'
    ),
}
_ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    '<office:body><office:spreadsheet><table:table table:name="Runs"><table:table-row table:number-rows-repeated="2">'
    '<table:table-cell office:value-type="string"><text:p>model</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string" table:number-columns-repeated="2"><text:p>latency (ms)</text:p></table:table-cell></table:table-row>'
    '<table:table-row><table:table-cell office:value-type="string"><text:p>a<text:s text:c="2"/>b</text:p></table:table-cell>'
    '<table:table-cell office:value-type="float" office:value="3.42"><text:p>3,42</text:p></table:table-cell>'
    '<table:table-cell office:value-type="percentage" office:value="0.5"/><table:table-cell office:value-type="date" office:date-value="2026-02-03"/>'
    '<table:table-cell office:value-type="boolean" office:boolean-value="true"/></table:table-row></table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)
_ODS_FILES = {
    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
    "META-INF/manifest.xml": (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
    ),
    "content.xml": _ODS,
}


def zipped(members: dict[str, str] | dict[str, bytes]) -> bytes:
    """Return a zip of some files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return target.getvalue()


def xlsx() -> bytes:
    """Return a workbook of Excel."""
    return zipped(_XLSX)


def ods() -> bytes:
    """Return a workbook of LibreOffice."""
    return zipped(_ODS_FILES)


def parquet(table: pa.Table, **options: object) -> bytes:
    """Return a table as Parquet."""
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def parquets() -> list[bytes]:
    """Return tables of many types, packed in several ways."""
    plain = pa.table(
        {
            "model": ["a", "b", None],
            "latency (ms)": [3.42, 13.9, float("nan")],
            "n": [1, 2**62, None],
        }
    )
    typed = pa.table({
        "b": pa.array([True, None]),
        "i8": pa.array([1, None], pa.int8()),
        "u64": pa.array([2**64 - 1, 0], pa.uint64()),
        "f16": pa.array([1.5, None], pa.float32()),
        "d": pa.array([Decimal("1.50"), None], pa.decimal128(20, 2)),
        "t": pa.array([0, None], pa.timestamp("ns", "UTC")),
        "day": pa.array([0, 2**31 - 1], pa.date32()),
        "time": pa.array([0, None], pa.time64("us")),
        "span": pa.array([10, None], pa.duration("ms")),
        "bytes": pa.array([b"\xff\x00", None], pa.binary()),
        "list": pa.array([[1.0, None], None], pa.list_(pa.float64())),
        "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        "in": pa.array([{"x": 1, "y": "z"}, None]),
        "word": pa.array(["x", "x"]).dictionary_encode(),
        "nothing": pa.nulls(2),
    })  # fmt: skip
    return [
        parquet(plain),
        parquet(plain, compression="zstd", use_dictionary=False),
        parquet(plain, row_group_size=1, compression="gzip"),
        parquet(typed),
        parquet(plain.slice(0, 0)),
        parquet(pa.table({})),
    ]


def packed() -> dict[str, bytes]:
    """Return the same table packed in several ways, by the names of files."""
    data = CSV.encode()
    zst = pa.BufferOutputStream()
    with pa.CompressedOutputStream(zst, "zstd") as file:
        file.write(data)
    return {
        "t.csv.gz": gzip.compress(data),
        "t.csv.bz2": bz2.compress(data),
        "t.csv.xz": lzma.compress(data),
        "t.csv.zst": zst.getvalue().to_pybytes(),
        "t.csv.zip": zipped({"inner/t.csv": data}),
    }


def json_lines() -> str:
    """Return rows as JSON Lines."""
    return "".join(f"{json.dumps(row)}\n" for row in ROWS)
