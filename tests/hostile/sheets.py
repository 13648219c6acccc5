"""Workbooks, pages and tars whose small parts make far more work than they hold: places, spans, tags and headers."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.hostile.archives import _CELL, _ODS, _ods, _sheet, _xlsx
from tests.hostile.specimens import add, annotated, package, specimen

_ONE = b'<row r="2"><c r="A2"><v>1</v></c></row>'
_UNPLACED = b"<c><v>1</v></c>"
_BOOK, _PART = "xl/workbook.xml", "xl/worksheets/sheet1.xml"
Parts = dict[str, bytes]


def _with(part: str, old: bytes, new: bytes) -> Parts:
    """Return a sound workbook with other characters in one of its parts."""
    parts = _sheet(_CELL + _ONE)
    return {**parts, part: parts[part].replace(old, new)}


def _one_sheet_often() -> Parts:
    sheet = b'<sheet name="S%d" sheetId="%d" r:id="r1"/>'
    names = b"".join(sheet % (number, number) for number in range(20_000))
    return _with(_BOOK, b'<sheet name="S" sheetId="1" r:id="r1"/>', names)


def _merged() -> Parts:
    cells = (b'<mergeCell ref="A%d:A%d"/>' % (n, n + 1) for n in range(1, 400_000))
    return _with(
        _PART, b"</worksheet>", b"<mergeCells>" + b"".join(cells) + b"</mergeCells></worksheet>"
    )


def _names() -> Parts:
    names = (b'<definedName name="n%d">S!$A$1</definedName>' % n for n in range(600_000))
    return _with(_BOOK, b"</workbook>", b"".join(names) + b"</workbook>")


def _formats() -> Parts:
    formats = b'<xf numFmtId="9"/>' * 1_500_000
    styles = b"<styleSheet><cellXfs>" + formats + b"</cellXfs></styleSheet>"
    return {**_sheet(_CELL + _ONE), "xl/styles.xml": styles}


_WORKBOOKS: dict[str, tuple[str, Callable[[], Parts], str, bool]] = {
    "wide_row_without_places": (
        "16,000 cells that do not say where they are, and a row 1,048,576",
        lambda: _sheet(b"<row>" + _UNPLACED * 16_000 + b'</row><row r="1048576">' + _UNPLACED),
        "BF907",
        False,
    ),
    "rows_without_places": (
        "900,000 rows that do not say where they are, and a cell in column T",
        lambda: _sheet(b'<row><c r="T1"><v>1</v></c></row>' + b"<row/>" * 900_000),
        "BF907",
        True,
    ),
    "cells_without_places": (
        "3,000,000 cells that do not say where they are",
        lambda: _sheet((b"<row>" + _UNPLACED * 20 + b"</row>") * 150_000),
        "BF907",
        True,
    ),
    "place_behind_an_attribute": (
        "a far place right behind another attribute",
        lambda: _sheet(_CELL + b'<row r="2"><c r="A2"r="XFD1048576"><v>1</v></c></row>'),
        "BF907",
        False,
    ),
    "last_row_of_column_t": (
        "a cell T999999, short of 20,000,000 cells",
        lambda: _sheet(_CELL + b'<row r="999999"><c r="T999999"><v>1</v></c></row>'),
        "BF907",
        False,
    ),
    "unclosed_formulas": (
        "10,000,000 formulas of which no tag ends",
        lambda: _sheet(_CELL + b"<f " * 10_000_000),
        "BF119",
        True,
    ),
    "sheets_that_are_one_part": (
        "20,000 sheets that are one and the same part",
        _one_sheet_often,
        "BF904",
        False,
    ),
    "merged_cells": ("400,000 merged cells", _merged, "BF907", True),
    "names": ("600,000 names of cells", _names, "BF907", True),
    "formats": ("1,500,000 formats of cells", _formats, "BF907", True),
}


def _add_workbooks() -> None:
    for name, (what, parts, code, is_large) in _WORKBOOKS.items():
        for command in ("validate", "describe"):
            add(
                f"xlsx_of_{name}_{command}",
                f"a workbook of {what}, `{command}`",
                code if command == "validate" else "",
                lambda folder, parts=parts, command=command: _xlsx(parts(), command, folder),
                statuses=(1,) if command == "validate" else (2,),
                is_large=is_large,
            )


_add_workbooks()

_ROW = b'<table:table-row><table:table-cell office:value-type="float" office:value="1"/></table:table-row>'
_PARAGRAPHS = (
    b'<table:table-row><table:table-cell office:value-type="string">'
    + b"<text:p>" * 50
    + b"x" * 900_000
    + b"</text:p>" * 50
    + b"</table:table-cell></table:table-row>"
)


def _spanning() -> bytes:
    cell = b'<table:table-cell office:value-type="string" table:number-rows-spanned="1048576"><text:p>x</text:p></table:table-cell>'
    cells = cell * 1_500
    return _ODS % (b"<table:table-row>" + cells + b"</table:table-row>" + _ROW * 100_000)


_DOCUMENTS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "spanning_cells": ("1,500 cells that each span 1,048,576 rows", _spanning),
    "elements": ("1,900,000 empty rows", lambda: _ODS % (b"<table:table-row/>" * 1_900_000)),
    "row_of_elements": (
        "a row of 400,000 elements",
        lambda: (
            _ODS % (b"<table:table-row>" + b'<table:a b="1"/>' * 400_000 + b"</table:table-row>")
        ),
    ),
    "nested_paragraphs": ("paragraphs 50 deep in 80 cells", lambda: _ODS % (_PARAGRAPHS * 80)),
}


def _many_sheets() -> bytes:
    sheets = b"".join(b'<table:table table:name="x%d"/>' % number for number in range(400_000))
    end = b"</office:spreadsheet>"
    return (_ODS % _ROW).replace(end, sheets + end)


_DOCUMENTS["sheets"] = ("400,000 sheets", _many_sheets)


def _add_documents() -> None:
    for name, (what, content) in _DOCUMENTS.items():
        for command in ("validate", "describe"):
            add(
                f"ods_of_{name}_{command}",
                f"an OpenDocument table of {what}, `{command}`",
                "BF" if command == "validate" else "",
                lambda folder, content=content, command=command: _ods(content(), command, folder),
                statuses=(0, 1, 2),
                is_large=True,
            )


_add_documents()

_TABLE = "<table><tr><th>ms</th></tr><tr><td>1</td></tr></table>"
_PAGE = 50_000_000
_PAGES: dict[str, tuple[str, str, str]] = {
    "tables": ("html", "<table></table>", "1,000,000 tags"),
    "unclosed_tags": ("html", "<p>", "1,000,000 tags"),
    "bare_brackets": ("html", "<", "1,000,000 tags"),
    "references": ("html", "&a", "1,000,000 tags"),
    "attributes": ("html", "<a b=c d=e f=g h=i j=k l=m n=o p=q r=s t=u v=w x=y>", "1,000,000 tags"),
    "line_ends": ("markdown", "\n", "2,000,000 lines"),
    "headers": ("markdown", "|a|\n|-|\n\n", "2,000,000 lines"),
    "bars": ("markdown", "|", "characters"),
}


def _page(form: str, text: str, command: str, folder: Path) -> list[str]:
    source = folder / "source"
    annotated(source, f"t.{form}", format=form)
    head = _TABLE if form == "html" else "|ms|\n|-|\n|1|\n\n"
    (source / f"t.{form}").write_text(head + text * (_PAGE // len(text)) + ">", "utf-8")
    if command == "validate":
        return ["validate", "source"]
    (source / "datapackage.json").unlink()
    return ["describe", f"source/t.{form}"]


def _add_pages() -> None:
    for name, (form, text, says) in _PAGES.items():
        for command in ("validate", "describe"):
            add(
                f"{form}_of_{name}_{command}",
                f"50 MB of {name.replace('_', ' ')} in a table as {form}, `{command}`",
                says,
                lambda folder, form=form, text=text, command=command: _page(
                    form, text, command, folder
                ),
                statuses=(1,) if command == "validate" else (2,),
                is_large=True,
            )


_add_pages()


@specimen(
    "a tag of 20,000,000 attributes in a page", "1,000,000 tags", statuses=(2,), is_large=True
)
def html_of_a_long_tag(folder: Path) -> list[str]:
    (folder / "t.html").write_text(f"{_TABLE}<td {'a ' * 20_000_000}>", "utf-8")
    return ["describe", "t.html"]


def _header(name: str, kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _tar(folder: Path, *more: bytes) -> list[str]:
    """Pack a sound package as tar.gz, with more blocks behind its files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path in sorted(package(folder / "inner").iterdir()):
            archive.add(path, path.name)
            path.unlink()
    (folder / "inner").rmdir()
    # The blocks of zeros at its end are left out.
    members = out.getvalue().rstrip(b"\0")
    members += b"\0" * (-len(members) % 512)
    with gzip.open(folder / "package.tar.gz", "wb", 6) as file:
        for block in (members, *more, b"\0" * 1_024):
            file.write(block)
    return ["validate", "package.tar.gz"]


@specimen("a tar of 60 headers of 120,000 keys each", "BF907", is_large=True)
def tar_of_many_keys(folder: Path) -> list[str]:
    keys = b"".join(b"%d k%06d=v\n" % (13, number) for number in range(120_000))
    keys += b"\0" * (-len(keys) % 512)
    member = _header("pax", b"x", len(keys)) + keys
    return _tar(folder, *((member + _header(f"x{number}", b"0", 0)) for number in range(60)))


@specimen("a tar with a damaged header in its midst", "BF119")
def tar_with_a_damaged_header(folder: Path) -> list[str]:
    damaged = _header("x", b"0", 0).replace(b"0000644", b"0000777")
    return _tar(folder, damaged, _header("y", b"0", 0))


@specimen("a gzip with a name of 60 MB", "BF907")
def tar_of_a_long_gzip_name(folder: Path) -> list[str]:
    arguments = _tar(folder)
    file = folder / "package.tar.gz"
    packed = gzip.compress(gzip.decompress(file.read_bytes()))
    named = packed[:3] + b"\x08" + packed[4:10] + b"n" * 60_000_000 + b"\0" + packed[10:]
    file.write_bytes(named)
    return arguments
