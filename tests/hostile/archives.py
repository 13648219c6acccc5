"""Zips, tars and packed files that grow without end, lie about what they hold, or lead out of their folder."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from tests.hostile.specimens import RECORDS, add, annotated, edited, package, specimen

_MEASURED = "record_id,metric,stage,per,value,unit,basis\n"
_ROW = "r1,latency,end-to-end,sample,0.0089,s,measured\n"


def _zip(folder: Path, more: dict[str, bytes] | None = None, *, method: int = 8) -> Path:
    """Pack a package, and more files with it."""
    inner = folder / "inner"
    if not inner.exists():
        package(inner)
    target = folder / "package.zip"
    with zipfile.ZipFile(target, "w", method) as archive:
        for path in sorted(inner.iterdir()):
            archive.write(path, path.name)
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    _remove(inner)
    return target


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@specimen("a zip with 2,000,000 rows of one record", "BF907", is_large=True)
def zip_of_one_record(folder: Path) -> list[str]:
    package(folder / "inner", measurements=_MEASURED + _ROW * 2_000_000)
    _zip(folder)
    return ["validate", "package.zip"]


@specimen("a zip whose table grows from 1 MB to 1 GB", "BF90", is_large=True)
def zip_of_one_gigabyte(folder: Path) -> list[str]:
    package(folder / "inner", measurements=_MEASURED)
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = b"0" * 1_000_000
    parts = [packed.compress(zeros) for _ in range(1_000)]
    content = b"".join([*parts, packed.flush()])
    _zip(folder, {"bomb.csv": content}, method=0)
    _restated(folder / "package.zip", "bomb.csv", 8, len(content), 1_000_000_000)
    return ["validate", "package.zip"]


def _restated(file: Path, name: str, method: int, packed: int, unpacked: int) -> None:
    """Let a stored entry say that it is packed, and what it unpacks to."""
    data = bytearray(file.read_bytes())
    for magic, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = -1
        while True:
            place = data.index(magic, place + 1)
            start = place + (30 if at == 8 else 46)
            if data[start : start + len(name)] == name.encode():
                break
        struct.pack_into("<H", data, place + at, method)
        struct.pack_into("<LL", data, place + at + 10, packed, min(unpacked, 2**32 - 1))
    file.write_bytes(data)


@specimen("a zip entry that is 500 MB and says 10 bytes", "BF")
def zip_that_says_a_small_size(folder: Path) -> list[str]:
    content = _deflated(b"0" * 1_000_000, 500)
    package(folder / "inner")
    edited(folder / "inner", lambda data: data["resources"][1].update(path="bomb.csv"))
    _zip(folder, {"bomb.csv": content}, method=0)
    _restated(folder / "package.zip", "bomb.csv", 8, len(content), 10)
    return ["validate", "package.zip"]


def _deflated(block: bytes, times: int) -> bytes:
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join([*(packed.compress(block) for _ in range(times)), packed.flush()])


@specimen("a zip that nests zips ten deep", "BF", statuses=(1, 2))
def zip_of_zips(folder: Path) -> list[str]:
    content = b"0" * 1_000_000
    for depth in range(10):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", 8) as archive:
            for number in range(4):
                archive.writestr(f"{depth}-{number}.zip", content)
        content = out.getvalue()
    (folder / "package.zip").write_bytes(content)
    return ["validate", "package.zip"]


@specimen("a zip whose table is a zip", "BF")
def zip_whose_table_is_a_zip(folder: Path) -> list[str]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", 8) as archive:
        archive.writestr("records.csv", RECORDS)
    package(folder / "inner", records=out.getvalue())
    _zip(folder)
    return ["validate", "package.zip"]


@specimen("a zip that holds itself", "BF")
def zip_that_holds_itself(folder: Path) -> list[str]:
    file = _zip(folder)
    inner = file.read_bytes()
    package(folder / "inner", records=inner)
    _zip(folder)
    return ["validate", "package.zip"]


@specimen("a zip of 5,000 entries that are one and the same 4 MB", "BF90", is_large=True)
def zip_of_overlapping_entries(folder: Path) -> list[str]:
    file = _zip(folder, {"bomb.csv": b"0" * 4_000_000})
    data = file.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<L", data, end + 16)[0]
    entry = data[data.rindex(b"PK\x01\x02", start) : end]
    directory = data[start:end] + entry * 5_000
    entries = data[start:end].count(b"PK\x01\x02") + 5_000
    tail = struct.pack("<LHHHHLLH", 0x06054B50, 0, 0, entries, entries, len(directory), start, 0)
    file.write_bytes(data[:start] + directory + tail)
    return ["validate", "package.zip"]


@specimen("a zip of 300,000 entries", "BF905", is_large=True)
def zip_of_many_entries(folder: Path) -> list[str]:
    with zipfile.ZipFile(folder / "package.zip", "w") as archive:
        for number in range(300_000):
            archive.writestr(f"{number}", b"")
    return ["validate", "package.zip"]


@specimen(
    "a zip of 300,000 entries as a source", "nothing to convert", statuses=(1, 2), is_large=True
)
def zip_of_many_entries_converted(folder: Path) -> list[str]:
    zip_of_many_entries(folder)
    return ["convert", "package.zip", "-o", "out"]


@specimen("a zip with one name twice", "BF")
def zip_of_a_name_twice(folder: Path) -> list[str]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _zip(folder, {"records.csv": b"id,suite,status\nr2,lpdnn,ok\n"})
    return ["validate", "package.zip"]


@specimen("a zip that is encrypted", "BF119")
def zip_encrypted(folder: Path) -> list[str]:
    file = _zip(folder)
    data = bytearray(file.read_bytes())
    place = -1
    while (place := data.find(b"PK\x01\x02", place + 1)) >= 0:
        data[place + 8] |= 1
    file.write_bytes(data)
    return ["validate", "package.zip"]


@specimen("a zip packed in a way that nobody knows", "BF119")
def zip_of_unknown_compression(folder: Path) -> list[str]:
    file = _zip(folder)
    data = bytearray(file.read_bytes())
    for magic, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = -1
        while (place := data.find(magic, place + 1)) >= 0:
            struct.pack_into("<H", data, place + at, 97)
    file.write_bytes(data)
    return ["validate", "package.zip"]


@specimen("a zip packed by LZMA with a dictionary of 4 GB", "conformant", statuses=(0, 1))
def zip_of_lzma(folder: Path) -> list[str]:
    file = _zip(folder, method=zipfile.ZIP_LZMA)
    data = bytearray(file.read_bytes())
    place = -1
    while (place := data.find(b"\x09\x04\x05\x00", place + 1)) >= 0:
        data[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    file.write_bytes(data)
    return ["validate", "package.zip"]


@specimen("a zip that is cut off", "BF119")
def zip_cut_off(folder: Path) -> list[str]:
    file = _zip(folder)
    file.write_bytes(file.read_bytes()[:-100])
    return ["validate", "package.zip"]


@specimen("a zip whose comment holds another zip", "BF")
def zip_in_a_comment(folder: Path) -> list[str]:
    file = _zip(folder)
    content = file.read_bytes()
    package(folder / "inner", records="id,suite,status\nr9,nothing,bad\n")
    file = _zip(folder)
    data = file.read_bytes()
    if len(content) < 65_000:
        end = data.rindex(b"PK\x05\x06")
        data = data[: end + 20] + struct.pack("<H", len(content)) + content
        file.write_bytes(data[:-3])
    return ["validate", "package.zip"]


@specimen("a zip whose table is a link to /etc/passwd", "BF")
def zip_of_a_link(folder: Path) -> list[str]:
    package(folder / "inner")
    (folder / "inner" / "records.csv").unlink()
    info = zipfile.ZipInfo("records.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = _zip(folder)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    return ["validate", "package.zip"]


_NAMES = {
    "parent": "../../evil.csv",
    "absolute": "/evil/evil.csv",
    "drive": "C:\\evil.csv",
    "backslash": "..\\..\\evil.csv",
}


def _unlisted(name: str, folder: Path) -> list[str]:
    _zip(folder, {name: b"x"})
    return ["validate", "package.zip"]


def _listed(name: str, folder: Path) -> list[str]:
    package(folder / "inner")
    edited(folder / "inner", lambda data: data["resources"][1].update(path=name))
    _zip(folder, {name: RECORDS.encode()})
    return ["validate", "package.zip"]


def _add_names() -> None:
    for name, path in _NAMES.items():
        add(
            f"zip_with_an_unlisted_{name}_path",
            f"a zip entry {path!r} that the descriptor does not list",
            "BF901",
            lambda folder, path=path: _unlisted(path, folder),
        )
        add(
            f"zip_with_a_listed_{name}_path",
            f"a zip entry {path!r} that the descriptor lists",
            "BF901",
            lambda folder, path=path: _listed(path, folder),
        )


_add_names()


@specimen("a tar that leads out of its folder", "BF901")
def tar_that_leads_out(folder: Path) -> list[str]:
    with tarfile.open(folder / "package.tar.gz", "w:gz") as archive:
        for name in ("../../evil.csv", "/evil/evil.csv"):
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"evil"))
        link = tarfile.TarInfo("datapackage.json")
        link.type = tarfile.SYMTYPE
        link.linkname = "/etc/passwd"
        archive.addfile(link)
    return ["validate", "package.tar.gz"]


@specimen("a tar of 1 GB of zeros as a source", "tar", statuses=(1, 2), is_large=True)
def tar_of_zeros(folder: Path) -> list[str]:
    with gzip.open(folder / "package.tar.gz", "wb", 6) as file:
        info = tarfile.TarInfo("t.csv")
        info.size = 1_000_000_000
        file.write(info.tobuf())
        for _ in range(1_000):
            file.write(b"\0" * 1_000_000)
    return ["convert", "package.tar.gz", "-o", "out"]


def _blanks(times: int) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as file:
        file.write(b"ms\n")
        for _ in range(times):
            file.write(b" " * 1_000_000)
    return out.getvalue()


_PACKERS = {
    "gz": lambda block, times: gzip.compress(b"") + _blanks(times),
    "bz2": lambda block, times: bz2.compress(block * times),
    "xz": lambda block, times: lzma.compress(block * times),
    "zst": lambda block, times: pa.compress(block * times, "zstd", asbytes=True),
}


def _packed(suffix: str, times: int, command: str, folder: Path) -> list[str]:
    """Write a described table of so many megabytes of blanks, packed."""
    source = folder / "source"
    annotated(source, f"t.csv.{suffix}", compression=suffix)
    content = _PACKERS[suffix](b"ms\n" + b" " * 999_997, times)
    (source / f"t.csv.{suffix}").write_bytes(content)
    if command == "validate":
        return ["validate", "source"]
    if command == "describe":
        (source / "datapackage.json").unlink()
        return ["describe", f"source/t.csv.{suffix}"]
    return ["convert", "source", "-o", "out"]


def _add_packed() -> None:
    for suffix in _PACKERS:
        for command in ("validate", "convert", "describe"):
            add(
                f"{suffix}_of_blanks_{command}",
                f"300 MB of blanks in a table packed as {suffix}, `{command}`",
                "" if command != "validate" else "BF90",
                lambda folder, suffix=suffix, command=command: _packed(
                    suffix, 300, command, folder
                ),
                statuses=(1,) if command == "validate" else (1, 2),
                is_large=True,
            )


_add_packed()


@specimen("a gzip of 1,000,000 rows that are all alike", "BF904", is_large=True)
def gz_of_rows(folder: Path) -> list[str]:
    annotated(folder, "t.csv.gz", compression="gz")
    with gzip.open(folder / "t.csv.gz", "wb", 9) as file:
        file.write(b"ms\n")
        file.write(b"1.5\n" * 1_000_000)
    return ["validate", "."]


@specimen("a gzip in a gzip in a gzip", "BF")
def gz_in_gz(folder: Path) -> list[str]:
    annotated(folder, "t.csv.gz", compression="gz")
    content = b"ms\n" + b"1.5\n" * 100_000
    for _ in range(3):
        content = gzip.compress(content)
    (folder / "t.csv.gz").write_bytes(content)
    return ["validate", "."]


@specimen(
    "a gzip log of 300 MB of blanks in a folder of results", "", statuses=(1, 2), is_large=True
)
def gz_log_in_a_source(folder: Path) -> list[str]:
    source = folder / "source"
    source.mkdir()
    (source / "mlperf_log_detail.txt.gz").write_bytes(_blanks(300))
    (source / "results.json.gz").write_bytes(_blanks(300))
    return ["convert", "source", "-o", "out"]


_XML_BOMB = b'<?xml version="1.0"?>\n<worksheet><sheetData>'


def _workbook(folder: Path, parts: dict[str, bytes], name: str = "t.xlsx") -> Path:
    with zipfile.ZipFile(folder / name, "w", 8) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return folder / name


_WORKBOOK = {
    "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType='
    b'"application/vnd.openxmlformats-package.relationships+xml"/></Types>',
    "_rels/.rels": b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    b'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": b'<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    b'<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b'<?xml version="1.0"?><Relationships '
    b'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    b'Target="worksheets/sheet1.xml"/></Relationships>',
}
_SHEET = (
    b'<?xml version="1.0"?>\n<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b"<sheetData>%s</sheetData></worksheet>"
)
_LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(
        b'<!ENTITY a%d "&a%s;&a%s;">'
        % (n, str(n - 1).encode() if n > 1 else b"", str(n - 1).encode() if n > 1 else b"")
        for n in range(1, 30)
    )
    + b"]>"
)
_EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
_CELL = b'<row r="1"><c r="A1" t="inlineStr"><is><t>ms</t></is></c></row>'


def _sheet(content: bytes) -> dict[str, bytes]:
    return {**_WORKBOOK, "xl/worksheets/sheet1.xml": _SHEET % content}


def _xlsx(parts: dict[str, bytes], command: str, folder: Path) -> list[str]:
    source = folder / "source"
    annotated(source, "t.xlsx", format="xlsx")
    _workbook(source, parts)
    if command == "convert":
        return ["convert", "source", "-o", "out"]
    if command == "describe":
        (source / "datapackage.json").unlink()
        return ["describe", "source/t.xlsx"]
    return ["validate", "source"]


def _row(number: int, cells: bytes) -> bytes:
    return b'<row r="%d">%s</row>' % (number, cells)


_HUGE = 300_000_000
_SHEETS: dict[str, tuple[Callable[[], dict[str, bytes]], str, bool]] = {
    "far_cell": (
        lambda: _sheet(_CELL + _row(1_048_576, b'<c r="XFD1048576"><v>1</v></c>')),
        "BF907",
        False,
    ),
    "cell_beyond_the_sheet": (
        lambda: _sheet(_CELL + _row(4_000_000_000, b'<c r="ZZZZZZ4000000000"><v>1</v></c>')),
        "BF",
        False,
    ),
    "blanks": (lambda: _sheet(_CELL + b" " * _HUGE), "BF90", True),
    "one_text": (lambda: _sheet(_CELL.replace(b"ms", b"ms" * 60_000_000)), "BF90", True),
    "billion_laughs": (lambda: _entity(_LAUGHS, b"&a29;"), "BF119", False),
    "external_entity": (lambda: _entity(_EXTERNAL, b"&a;"), "BF119", False),
    "many_empty_rows": (lambda: _sheet(_CELL + b"<row/>" * 5_000_000), "BF", True),
    "a_million_attributes": (
        lambda: _sheet(b"<row %s/>" % b" ".join(b'a%d="1"' % n for n in range(1_000_000))),
        "BF",
        True,
    ),
}


def _entity(declared: bytes, used: bytes) -> dict[str, bytes]:
    sheet = declared + _SHEET % _CELL.replace(b"ms", used)
    return {**_WORKBOOK, "xl/worksheets/sheet1.xml": sheet}


def _add_sheets() -> None:
    for name, (parts, code, is_large) in _SHEETS.items():
        for command in ("validate", "convert", "describe"):
            add(
                f"xlsx_{name}_{command}",
                f"a workbook with {name.replace('_', ' ')}, `{command}`",
                code if command == "validate" else "",
                lambda folder, parts=parts, command=command: _xlsx(parts(), command, folder),
                statuses=(1,) if command == "validate" else (0, 1, 2),
                is_large=is_large,
            )


_ODS = (
    b'<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    b'<office:body><office:spreadsheet><table:table table:name="S">%s</table:table></office:spreadsheet></office:body>'
    b"</office:document-content>"
)
_ODS_ROW = b'<table:table-row%s><table:table-cell office:value-type="string"%s><text:p>ms</text:p></table:table-cell></table:table-row>'
_ODS_SHEETS: dict[str, tuple[Callable[[], bytes], str, bool]] = {
    "repeated_rows": (
        lambda: _ODS % (_ODS_ROW % (b' table:number-rows-repeated="1048576"', b"") * 20),
        "BF907",
        False,
    ),
    "repeated_columns": (
        lambda: _ODS % (_ODS_ROW % (b"", b' table:number-columns-repeated="16384"') * 5_000),
        "BF907",
        False,
    ),
    "repeated_without_end": (
        lambda: _ODS % (_ODS_ROW % (b' table:number-rows-repeated="99999999999999999999"', b"")),
        "BF907",
        False,
    ),
    "billion_laughs": (
        lambda: _LAUGHS + (_ODS % (_ODS_ROW % (b"", b""))).replace(b"ms", b"&a29;"),
        "BF",
        False,
    ),
    "blanks": (lambda: _ODS % (b" " * _HUGE), "BF90", True),
    "deep": (lambda: _ODS % (b"<table:a>" * 100_000 + b"</table:a>" * 100_000), "BF906", False),
}


def _ods(content: bytes, command: str, folder: Path) -> list[str]:
    source = folder / "source"
    annotated(source, "t.ods", format="ods")
    _workbook(
        source,
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content},
        "t.ods",
    )
    if command == "describe":
        (source / "datapackage.json").unlink()
        return ["describe", "source/t.ods"]
    if command == "convert":
        return ["convert", "source", "-o", "out"]
    return ["validate", "source"]


def _add_ods() -> None:
    for name, (content, code, is_large) in _ODS_SHEETS.items():
        for command in ("validate", "describe"):
            add(
                f"ods_{name}_{command}",
                f"an OpenDocument table with {name.replace('_', ' ')}, `{command}`",
                code if command == "validate" else "",
                lambda folder, content=content, command=command: _ods(content(), command, folder),
                statuses=(1,) if command == "validate" else (0, 1, 2),
                is_large=is_large,
            )


_add_sheets()
_add_ods()


@specimen("a workbook of 20,000 parts", "BF905", is_large=True)
def xlsx_of_many_parts(folder: Path) -> list[str]:
    parts = {f"xl/worksheets/sheet{number}.xml": b"" for number in range(2, 20_000)}
    return _xlsx({**_sheet(_CELL), **parts}, "validate", folder)


@specimen("a workbook that is an encrypted zip", "BF119")
def xlsx_encrypted(folder: Path) -> list[str]:
    arguments = _xlsx(_sheet(_CELL), "validate", folder)
    file = folder / "source" / "t.xlsx"
    data = bytearray(file.read_bytes())
    place = -1
    while (place := data.find(b"PK\x01\x02", place + 1)) >= 0:
        data[place + 8] |= 1
    file.write_bytes(data)
    return arguments
