"""Workbooks as tables: XLSX by python-calamine, ODS by its own XML; real dates as ISO 8601, numbers in shortest digits.

Both are zips of XML. What they unpack to, and how far a sheet reaches, is looked at before any of it is read as cells.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import heads
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.merging import MOST, Merged, filled
from benchfmt.readers.sheets.ods import OdsSheets
from benchfmt.readers.sheets.reach import check_reach, column_number
from benchfmt.readers.sheets.sheet_names import check_names
from benchfmt.readers.sheets.storage import DAMAGED_ZIP, Storage, foreign
from benchfmt.readers.sheets.table import Cells, Corner, RowTable
from benchfmt.readers.tables import TableError
from benchfmt.readers.xmls import XmlError

_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)([0-9]*)["']""")
_STATED = re.compile(rb"""\suniqueCount\s*=\s*["']\s*\+?([0-9]+)""")
_MOST_COUNT_DIGITS = 12
_TEXTS = 2_000_000
"""So many shared texts a workbook has at most: each takes some dozens of bytes, however short it is."""
_HELD = 8
"""Of what a table may repeat so small a part may be shared texts: all of them are held at once."""
_SHARED = re.compile(rb"<(?:[A-Za-z0-9_.-]+:)?si[\s/>]")
_USES = re.compile(rb"""\st\s*=\s*["']s["']""")
_USE = re.compile(
    rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:[A-Za-z0-9_.-]+:)?v[^<>]*>\s*([0-9]{1,9})\s*<"""
)
"""A cell whose text stands among the shared ones, with its place there."""
_STYLED = re.compile(rb"<c\s[^<>]*>")
_STYLE = re.compile(rb"""\ss=["']([0-9]{1,6})["']""")
_FORMAT = re.compile(rb"""<numFmt\s+numFmtId="([0-9]+)"\s+formatCode="([^"]*)""")
_FORMAT_USE = re.compile(rb"""<xf\s[^<>]*?numFmtId="([0-9]+)""")
_UNCOMPUTED = re.compile(rb"<f\b[^<>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_LISTS = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")
_LONGEST_LIST = 2**24
_MERGED = re.compile(rb"<(?:[^\s<>/:]*:)?mergeCell[\s/>]")
_CORNERS = re.compile(r"([A-Za-z]+)([0-9]+):([A-Za-z]+)([0-9]+)")
_LOCAL_HEADER = 30
_BLOCK = 2**20
_SHOWN = 20
_SHARE = 3
"""A workbook may be a third as large as a document: what reads it holds the texts a second time, and the rows a third time."""


class Sheets:
    """The sheets of a workbook: their names, and the rows of one of them as text."""

    def __init__(self, path: Path, book: Any) -> None:
        """Take a workbook of python-calamine."""
        self.path = path
        self.book = book
        self.names: list[str] = list(book.sheet_names)
        self._last: tuple[str, Any] | None = None
        """The sheet that was read last: all of them would take too much memory."""

    def rows(self, name: str) -> Iterator[Cells]:
        """Yield the rows of a sheet from its first, each from its first column; raises TableError."""
        return filled(self._rows(name), self.merged(name))

    def merged(self, name: str) -> list[Merged]:
        """Return the cells of a sheet that are merged over several rows."""
        ranges = self._sheet(name).merged_cell_ranges or ()
        return [Merged(top, bottom, left) for (top, left), (bottom, _) in ranges if bottom > top]

    def _rows(self, name: str) -> Iterator[Cells]:
        sheet = self._sheet(name)
        before = [""] * (sheet.start[1] if sheet.start else 0)
        for cells in self._cells(sheet):
            yield before + [_WRITERS.get(type(cell), cell_text)(cell) for cell in cells]

    def _cells(self, sheet: Any) -> Iterator[list[Any]]:
        """Yield the cells of each row; raises TableError for one that cannot be read, as a date beyond all calendars."""
        rows = sheet.iter_rows()
        while True:
            try:
                cells = next(rows, None)
            except BaseException as error:
                raise _panic(self.path, error) from error
            if cells is None:
                return
            yield cells

    def _sheet(self, name: str) -> Any:
        """Return a sheet, which is read once for the names of its columns and for its rows."""
        if self._last is None or self._last[0] != name:
            self._last = None
            self._last = (name, self._read(name))
        return self._last[1]

    def _read(self, name: str) -> Any:
        from python_calamine import CalamineError

        try:
            return self.book.get_sheet_by_name(name)
        except (CalamineError, OSError, ValueError) as error:
            raise _unreadable(self.path, error) from error
        except BaseException as error:
            raise _panic(self.path, error) from error


def open_workbook(
    path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS
) -> RowTable:
    """Return a sheet of a workbook as a table; raises TableError and UnsafeError."""
    if storage.compression is not None:
        raise TableError("BF118", f"{path.name}: unpack it; a workbook is packed inside already")
    sheets = open_sheets(path, storage.format, limits)
    name = _chosen(sheets.names, dialect, path)
    corner = _corner(name, dialect.range)
    return RowTable(
        path,
        dialect,
        lambda: _within(sheets.rows(name), dialect.range),
        pads=True,
        corner=corner,
        limits=limits,
        repeats=True,
    )


def open_sheets(path: Path, form: str, limits: Limits = LIMITS) -> Sheets | OdsSheets:
    """Return the sheets of a workbook; raises TableError for one that cannot be read, UnsafeError for a hostile one."""
    parts = _parts(path, limits)
    try:
        if form == "ods":
            return _ods_sheets(path, parts.get("content.xml", b""), limits)
        _check_shared(path, parts.values(), limits)
        _check_lists(path, parts)
        check_names(path, parts, limits)
        _check_sheets(path, parts)
        # What reads a workbook holds it a second time.
        parts.clear()
        return _xlsx_sheets(path)
    except XmlError as error:
        raise _unreadable(path, error) from error


def _ods_sheets(path: Path, content: bytes, limits: Limits) -> OdsSheets:
    try:
        return OdsSheets(content, limits)
    except UnsafeError as error:
        raise UnsafeError(error.code, f"{path.name}: {error}") from error


def _check_lists(path: Path, parts: dict[str, bytes]) -> None:
    """Raise UnsafeError for lists of sheets, names and formats that are far longer than those of any workbook."""
    for name in _LISTS:
        size = len(parts.get(name, b""))
        if size > _LONGEST_LIST:
            message = f"{name} has {size:,} bytes; at most {_LONGEST_LIST:,} are read"
            raise UnsafeError("BF907", f"{path.name}: {message}")


def _check_sheets(path: Path, parts: dict[str, bytes]) -> None:
    """Raise UnsafeError for a sheet that is too large, and TableError for one whose cells are not known."""
    for name, content in parts.items():
        check_reach(path, content)
        _check_count(path, content)
        merged = sum(1 for _ in islice(_MERGED.finditer(content), MOST + 1))
        if merged > MOST:
            message = f"a sheet of more than {MOST:,} merged cells"
            raise UnsafeError("BF907", f"{path.name} holds {message}")
        if name.startswith("xl/worksheets/") and _UNCOMPUTED.search(content):
            message = "formulas whose results were not saved; open it in a spreadsheet and save it"
            raise TableError("BF103", f"{path.name} holds {message}")


def _xlsx_sheets(path: Path) -> Sheets:
    try:
        from python_calamine import CalamineError, load_workbook
    except ImportError as error:
        message = "reading a workbook needs python-calamine (`pip install benchfmt[sheets]`)"
        raise TableError("BF118", f"{path.name}: {message}; or save it as CSV") from error
    try:
        book = load_workbook(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    except BaseException as error:
        raise _panic(path, error) from error
    return Sheets(path, book)


def _unreadable(path: Path, error: Exception) -> TableError:
    return TableError("BF119", f"{path.name} cannot be read as a workbook: {error}")


def _panic(path: Path, error: BaseException) -> BaseException:
    """Return the error for what Rust code did not expect in a file; anything else as it is."""
    # Its class cannot be imported, and is no Exception.
    if type(error).__name__ == "PanicException":
        return TableError("BF119", f"{path.name} cannot be read as a workbook: it is damaged")
    return error


def _chosen(names: list[str], dialect: Dialect, path: Path) -> str:
    """Return the sheet that a dialect says, the first where it says none; raises TableError."""
    shown = ", ".join(map(repr, names[:10]))
    if dialect.sheet_name is not None:
        if dialect.sheet_name in names:
            return dialect.sheet_name
        message = f"there is no sheet {dialect.sheet_name!r}; it has {shown}"
        raise TableError("BF118", f"{path.name}: {message}")
    number = dialect.sheet_number or 1
    if number > len(names):
        message = f"there is no sheet {number}; it has {len(names)}: {shown}"
        raise TableError("BF118", f"{path.name}: {message}")
    return names[number - 1]


def _corner(name: str, corners: str | None) -> Corner:
    """Return where a table begins on its sheet."""
    match = _CORNERS.fullmatch(corners or "")
    if match is None:
        return Corner(name)
    left = min(column_number(match[1]), column_number(match[3]))
    return Corner(name, min(int(match[2]), int(match[4])), left)


def _within(rows: Iterator[Cells], corners: str | None) -> Iterator[Cells]:
    """Yield the part of a sheet that lies between two corners (`B3:F20`), all of it where none are said."""
    match = _CORNERS.fullmatch(corners or "")
    if match is None:
        yield from rows
        return
    left, right = sorted((column_number(match[1]), column_number(match[3])))
    top, bottom = sorted((int(match[2]), int(match[4])))
    for place, cells in enumerate(rows, 1):
        if place > bottom:
            return
        if place >= top:
            yield cells[left - 1 : right]


def percent_cells(path: Path, limits: Limits = LIMITS) -> list[str]:
    """Return one cell of each column that an XLSX workbook shows as percentages, such as `C2`."""
    parts = _parts(path, limits)
    styles = _percent_styles(parts.get("xl/styles.xml", b""))
    places: dict[str, str] = {}
    for name, content in parts.items():
        if not name.startswith("xl/worksheets/"):
            continue
        for match in _STYLED.finditer(content):
            place = _PLACE.search(match[0])
            style = _STYLE.search(match[0])
            if place is not None and style is not None and int(style[1]) in styles:
                places.setdefault(place[1].decode(), (place[1] + place[2]).decode())
    return list(places.values())


def _percent_styles(content: bytes) -> set[int]:
    """Return the numbers of the cell formats that show a percentage."""
    formats = dict(_FORMAT.findall(content))
    percent = {b"9", b"10"} | {number for number, code in formats.items() if b"%" in code}
    _, _, cell_formats = content.partition(b"<cellXfs")
    cell_formats = cell_formats.partition(b"</cellXfs>")[0]
    numbers = _FORMAT_USE.findall(cell_formats)
    return {place for place, number in enumerate(numbers) if number in percent}


def _check_count(path: Path, content: bytes) -> None:
    """Raise UnsafeError for a list that says that it has far more texts than fit into it: so much room is made at once."""
    for match in _STATED.finditer(content):
        digits = match[1]
        if len(digits) > _MOST_COUNT_DIGITS or int(digits) > len(content):
            message = f"a list of {digits[:_SHOWN].decode()} texts in {len(content):,} bytes"
            raise UnsafeError("BF907", f"{path.name} states {message}")


def _check_shared(path: Path, parts: Collection[bytes], limits: Limits) -> None:
    """Raise UnsafeError for shared texts that are too many, or that cells repeat too often: each cell has one of its own.

    A text is taken to be as long as the characters up to the next one, and a cell whose text is not known to have the
    longest.
    """
    lengths = _lengths_of_shared(parts)
    if len(lengths) > _TEXTS:
        message = f"{len(lengths):,} shared texts; at most {_TEXTS:,} are read"
        raise UnsafeError("BF907", f"{path.name} holds {message}")
    uses = sum(len(_USES.findall(content)) for content in parts)
    longest = int(lengths.max(initial=0))
    most = limits.repeated_bytes // _HELD
    if uses * longest <= most:
        return
    length = 0
    for content in parts:
        for match in _USE.finditer(content):
            place = int(match[1])
            length += int(lengths[place]) if place < len(lengths) else longest
            uses -= 1
    length += uses * longest
    if length > most:
        message = f"its cells repeat more than {most:,} characters of shared texts"
        raise UnsafeError("BF907", f"{path.name}: {message}")


def _lengths_of_shared(parts: Iterable[bytes]) -> npt.NDArray[np.int64]:
    """Return about how many characters each shared text of a workbook has."""
    lengths = [np.zeros(0, np.int64)]
    for content in parts:
        starts = np.fromiter((match.start() for match in _SHARED.finditer(content)), np.int64)
        lengths.append(np.diff(starts, append=len(content)))
    return np.concatenate(lengths)


def _parts(path: Path, limits: Limits) -> dict[str, bytes]:
    """Return the files in a workbook, unpacked; raises TableError and UnsafeError."""
    with heads.opened(path) as file:
        advice = foreign(file.read(16))
        if advice is not None:
            raise TableError("BF103", f"{path.name} is {advice}")
        try:
            with zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
            if len(infos) > limits.archive_members:
                message = f"{path.name} holds {len(infos)} files"
                raise UnsafeError("BF905", f"{message}; at most {limits.archive_members} are read")
            parts: dict[str, bytes] = {}
            most = limits.json_bytes // _SHARE
            room = most
            for info in infos:
                # Looked at before it is held, which takes as much again.
                room -= sum(map(len, _unpacked(file, info, room)))
                if room < 0:
                    message = f"it unpacks to more than {most} bytes"
                    raise UnsafeError("BF904", f"{path.name}: {message}")
                # A sheet may have any name; what is text is known by its own.
                parts[info.filename] = b"".join(_unpacked(file, info, most))
                if info.filename.endswith((".xml", ".rels")):
                    _check_texts(path, parts[info.filename], limits)
        except (*DAMAGED_ZIP, zlib.error) as error:
            message = f"{path.name} cannot be read as a workbook: {error}"
            raise TableError("BF119", message) from error
    return parts


def _check_texts(path: Path, content: bytes, limits: Limits) -> None:
    """Raise UnsafeError for a text, or blanks, that are far longer than a row may be."""
    for start in range(0, len(content) - limits.row_bytes, limits.row_bytes):
        if content.find(b"<", start, start + limits.row_bytes) < 0:
            message = f"a text longer than {limits.row_bytes} bytes"
            raise UnsafeError("BF907", f"{path.name} holds {message}")


def _unpacked(file: BinaryIO, info: zipfile.ZipInfo, room: int) -> Iterator[bytes]:
    """Yield a file of a zip block by block, up to a little more than there is room for.

    The sizes that a zip states are not believed: what the packed bytes unpack to is.
    """
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or info.flag_bits & 1:
        raise zipfile.BadZipFile(f"{info.filename} is cut off, or has a password")
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(lengths, io.SEEK_CUR)
    packed = file.read(info.compress_size)
    if info.compress_type == zipfile.ZIP_STORED:
        yield packed[: room + 1]
        return
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile(f"{info.filename} is packed in an unusual way")
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    given = 0
    while packed and given <= room and not unpacker.eof:
        block = unpacker.decompress(packed, _BLOCK)
        packed = unpacker.unconsumed_tail
        given += len(block)
        yield block


def cell_text(value: Any) -> str:
    """Return a cell of a workbook as text: numbers in shortest digits, dates and times as ISO 8601."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case float():
            return _number_text(value)
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return _clock(value)
        case None:
            return ""
    return repr(value)


def _number_text(number: float) -> str:
    """Return a number in its shortest digits, without a point where it is whole."""
    text = repr(number)
    if text.endswith(".0") and abs(number) < 2**53:
        return str(int(number))
    return text


_WRITERS: dict[type, Callable[[Any], str]] = {str: str, float: _number_text}
"""What writes most cells as text."""


def _clock(span: datetime.timedelta) -> str:
    """Return a span of time as hours, minutes and seconds."""
    sign = "-" if span < datetime.timedelta(0) else ""
    span = abs(span)
    minutes, seconds = divmod(span.days * 86_400 + span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    rest = f".{span.microseconds:06}".rstrip("0") if span.microseconds else ""
    return f"{sign}{hours:02}:{minutes:02}:{seconds:02}{rest}"
