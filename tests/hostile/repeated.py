"""What a small file draws out: cells that stand once and are repeated, and numbers for which room is made."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.hostile.specimens import RECORD, add, annotated, lines, package, repeated, specimen

from fuzz import samples

_LONG = "x" * 900_000
_CELL = b'r="B3"'


def _workbook(changes: dict[bytes, bytes], command: str, folder: Path) -> list[str]:
    """Write a sound workbook with other characters in its parts and their names."""
    sound = zipfile.ZipFile(io.BytesIO(samples.xlsx()))
    annotated(folder, "t.xlsx", format="xlsx")
    with zipfile.ZipFile(folder / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sound.namelist():
            content = sound.read(name)
            for old, new in changes.items():
                content = content.replace(old, new)
                name = name.replace(old.decode(), new.decode())
            archive.writestr(name, content)
    if command == "validate":
        return ["validate", "."]
    (folder / "datapackage.json").unlink()
    return ["describe", "t.xlsx"]


def _uses(count: int) -> bytes:
    rows = (b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(4, count))
    return b"".join(rows) + b"</sheetData>"


_WORKBOOKS: dict[str, tuple[str, Callable[[], dict[bytes, bytes]]]] = {
    "far_row": ("a cell in a row of 300 digits", lambda: {_CELL: b'r="B' + b"9" * 300 + b'"'}),
    "far_column": ("a cell in a column of 40 letters", lambda: {_CELL: b'r="' + b"Z" * 40 + b'3"'}),
    "sheet_of_another_name": (
        "a far cell in a sheet that is not named .xml",
        lambda: {_CELL: b'r="XFD1048576"', b"sheet1.xml": b"sheet1.bin"},
    ),
    "stated_texts": (
        "a list that states 10¹⁴ texts",
        lambda: {b'uniqueCount="2"': b'uniqueCount="99999999999999"'},
    ),
    "repeated_text": (
        "3,000 cells of one shared text of 900 KB",
        lambda: {b"<t>model<": f"<t>{_LONG}<".encode(), b"</sheetData>": _uses(3_000)},
    ),
    "many_texts": (
        "4,000,000 shared texts",
        lambda: {b"</sst>": b"<si><t>x</t></si>" * 4_000_000 + b"</sst>"},
    ),
}


def _add_workbooks() -> None:
    for name, (what, changes) in _WORKBOOKS.items():
        for command in ("validate", "describe"):
            add(
                f"workbook_{name}_{command}",
                f"a workbook with {what}, `{command}`",
                "BF907" if command == "validate" else "t.xlsx",
                lambda folder, changes=changes, command=command: _workbook(
                    changes(), command, folder
                ),
                statuses=(1,) if command == "validate" else (2,),
                is_large=name == "many_texts",
            )


_add_workbooks()


def _document(folder: Path, beside: object) -> list[str]:
    annotated(folder, "t.json", format="json", dialect={"property": "/rows"})
    rows = [{"ms": number + 1} for number in range(100_000)]
    (folder / "t.json").write_text(json.dumps({"note": beside, "rows": rows}), "utf-8")
    return ["validate", "."]


@specimen("a text of 900 KB beside 100,000 rows of a document", "BF907", is_large=True)
def text_beside_rows(folder: Path) -> list[str]:
    return _document(folder, _LONG)


@specimen("a list of 100,000 numbers beside 100,000 rows of a document", "BF907", is_large=True)
def list_beside_rows(folder: Path) -> list[str]:
    return _document(folder, list(range(100_000)))


@specimen("a column whose name has 40 MB", "BF907", is_large=True)
def name_of_40_megabytes(folder: Path) -> list[str]:
    annotated(folder, "t.json", format="json")
    repeated(folder / "t.json", b'[{"ms":1,"', b"x" * 1_000_000, 40, b'":2}]')
    return ["validate", "."]


@specimen("a cell of 900 KB that spans 60,000 rows of a page", "BF907", is_large=True)
def page_of_one_long_cell(folder: Path) -> list[str]:
    annotated(folder, "t.html", format="html")
    start = f"<table><tr><th>ms<th>note</tr><tr><td>1<td rowspan=65000>{_LONG}</tr>".encode()
    repeated(folder / "t.html", start, b"<tr><td>2</tr>" * 1_000, 60, b"</table>")
    return ["validate", "."]


@specimen("lists of 80,000 samples in 50 cells", "conformant", statuses=(0,), is_large=True)
def cells_of_many_samples(folder: Path) -> list[str]:
    lists = ((f"0.5{place}{row}" for place in range(80_000)) for row in range(1, 51))
    rows = (
        f'r{row},latency,0.55,s,measured,"[{",".join(some)}]"' for row, some in enumerate(lists)
    )
    head = "record_id,metric,value,unit,basis,samples"
    package(
        folder,
        records="id,suite,status\n" + "".join(f"r{row},lpdnn,ok\n" for row in range(50)),
        measurements="\n".join([head, *rows]) + "\n",
    )
    return ["validate", "."]


@specimen("lists of 50,000 devices in 20 cells, one of each list at fault", "BF105", is_large=True)
def cells_of_many_devices(folder: Path) -> list[str]:
    rows = []
    for row in range(20):
        devices = ",".join([f'""gpu:{place + row + 1}""' for place in range(50_000)])
        rows.append(f'r{row},lpdnn,ok,"[{devices},""Gpu""]"')
    package(folder, records="\n".join(["id,suite,status,placement", *rows]) + "\n")
    return ["validate", "."]


def _cells(folder: Path, column: str, cell: Callable[[int], object]) -> list[str]:
    """Write a package whose records have large JSON in a column."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["id", "suite", "status", column])
    rows.writerows([f"r{row}", "lpdnn", "ok", json.dumps(cell(row))] for row in range(20))
    package(folder, records=text.getvalue())
    return ["validate", "."]


@specimen("objects of 50,000 nulls in 20 cells", "BF107", is_large=True)
def cells_of_many_nulls(folder: Path) -> list[str]:
    nulls = {f"k{place}": None for place in range(50_000)}
    return _cells(folder, "hyperparameters", lambda row: {f"r{row}": 1, **nulls})


@specimen("40,000 namespaces in 20 cells", "BF112", is_large=True)
def cells_of_many_namespaces(folder: Path) -> list[str]:
    own = {f"a{place}": {"k": 1} for place in range(40_000)}
    return _cells(folder, "extensions", lambda row: {f"r{row}": {"k": 1}, **own})


@specimen("JSON Lines of 20 records of 40,000 sources at fault", "BF102", is_large=True)
def lines_of_faulty_sources(folder: Path) -> list[str]:
    sources = [{"pth": f"a{place}"} for place in range(40_000)]
    records = [{**RECORD, "id": f"r{row}", "provenance": {"sources": sources}} for row in range(20)]
    lines(folder / "r.jsonl", *records)
    return ["validate", "r.jsonl"]


@specimen("JSON Lines of 300 rows of 900 KB", "conformant", statuses=(0,), is_large=True)
def lines_of_long_rows(folder: Path) -> list[str]:
    annotated(folder, "t.jsonl", format="jsonl")
    row = json.dumps({"ms": 1, "note": _LONG}).encode() + b"\n"
    repeated(folder / "t.jsonl", b"", row, 300)
    return ["validate", "."]


_RUN = "&&&& RUNNING TensorRT.trtexec # trtexec --onnx=a.onnx\n"
_EVENT = ':::MLLOG {"key": "eval_accuracy", "value": %s, "time_ms": 1.0}\n'
_LOGS: dict[str, tuple[str, str, Callable[[], str]]] = {
    "distinct_lines": (
        "1,000,000 lines that are not alike",
        "trtexec.log",
        lambda: _RUN + "".join(f"[I] Latency: min = {n} ms\n" for n in range(1_000_000)),
    ),
    "runs": (
        "200,000 runs",
        "trtexec.log",
        lambda: f"{_RUN}[I] Throughput: 5 qps\n&&&& PASSED TensorRT.trtexec # trtexec\n" * 200_000,
    ),
    "carriage_returns": (
        "9,000,000 lines that end with a carriage return",
        "trtexec.log",
        lambda: _RUN + "[I] x\r" * 9_000_000,
    ),
    "broken_events": (
        "3,000,000 events that are cut off",
        "result_0.txt",
        lambda: _EVENT % 1 + ':::MLLOG {"key"\n' * 3_000_000,
    ),
    "nested_events": (
        "200 events of 100,000 lists",
        "result_0.txt",
        lambda: _EVENT % f"[{','.join(['[]'] * 100_000)}]" * 200,
    ),
}


def _log(name: str, text: str, folder: Path) -> list[str]:
    source = folder / "source"
    source.mkdir()
    (source / name).write_text(text, "utf-8", newline="")
    return ["convert", "source", "-o", "out"]


def _add_logs() -> None:
    for name, (what, file, text) in _LOGS.items():
        add(
            f"log_of_{name}",
            f"a log of {what}",
            "(limit ",
            lambda folder, file=file, text=text: _log(file, text(), folder),
            is_large=True,
        )


_add_logs()
