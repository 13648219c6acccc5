"""Places in files as people see them: the lines around a fault, with what is at fault marked; of a table the row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from benchfmt.accounting import Account
from benchfmt.finding import Finding
from benchfmt.readers.files import UnsafeError, safe_path
from benchfmt.validation import Report

_MOST = 40
"""So many places are shown; the others are named in the findings."""
_AROUND = 2
_WIDEST = 240
_BEFORE = 60
"""So many characters stand before what is marked, which is to be seen without scrolling."""
_LINES = (".jsonl", ".ndjson")
_TEXTS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".log", ".yaml", ".yml", ".xml")
_FAR = 2_000_000
"""Lines beyond this are not looked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, cut to what can be shown; `before`, `marked` and `after` are its text."""

    number: int
    before: str
    marked: str
    after: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row of a table."""

    column: str
    text: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A place: which finding it belongs to, and the lines around it or the cells of its row."""

    index: int
    """The finding, counted from 0 among those of the report; or what became of a row, among those of the account."""
    file: str
    message: str
    lines: tuple[Line, ...] = ()
    cells: tuple[Cell, ...] = ()


def excerpts(
    root: Path, *, report: Report | None = None, account: Account | None = None
) -> list[dict[str, object]]:
    """Return the places of the first findings of a report, or of the first rows that an account gives reasons for."""
    if report is not None:
        places = _of_report(root, report)
    elif account is not None:
        places = _of_account(root, account)
    else:
        return []
    return [asdict(place) for place in islice(places, _MOST)]


def _of_report(root: Path, report: Report) -> Iterator[Excerpt]:
    for index, finding in enumerate(report.findings):
        file = _file(root, finding.path)
        if file is None:
            continue
        lines: tuple[Line, ...] = ()
        cells: tuple[Cell, ...] = ()
        number = _line_of(file, finding)
        if number is not None:
            column = finding.character or 0
            lines = _lines(file, number, column, finding.value or "")
        elif finding.row is not None and file.suffix == ".parquet":
            cells = _cells(file, finding.row, finding.column)
        if lines or cells:
            message = f"{finding.code}: {finding.message}"
            yield Excerpt(index, finding.path, message, lines, cells)


def _of_account(root: Path, account: Account) -> Iterator[Excerpt]:
    index = -1
    for entry in account.files:
        for detail in entry.details:
            index += 1
            file = _file(root, entry.path) or _file(root / "unpacked", entry.path)
            row = detail.get("row")
            if file is None or not isinstance(row, int):
                continue
            number = _line_of_row(file, row)
            if number is not None:
                message = f"{detail['what']}: {detail['reason']}"
                yield Excerpt(index, entry.path, message, _lines(file, number, 0, ""))


def _file(root: Path, name: str) -> Path | None:
    """Return a file that a finding names, where it is there."""
    try:
        file = safe_path(root, name)
    except UnsafeError:
        return None
    if file.is_file() and not file.is_symlink():
        return file
    return None


def _line_of(file: Path, finding: Finding) -> int | None:
    """Return the line of a finding in a file of text."""
    if file.suffix.lower() not in _TEXTS:
        return None
    if finding.line is not None:
        return finding.line
    if finding.row is not None:
        return _line_of_row(file, finding.row)
    return None


def _line_of_row(file: Path, row: int) -> int | None:
    """Return the line in which a row begins; a cell of CSV may hold several lines."""
    suffix = file.suffix.lower()
    if suffix in _LINES:
        return row
    if suffix != ".csv" or row > _FAR:
        return None
    with file.open(encoding="utf-8", errors="replace", newline="") as text:
        rows = csv.reader(text)
        try:
            for _ in range(row):
                next(rows)
            line: int = rows.line_num + 1
        except (StopIteration, csv.Error):
            return None
    return line


def _lines(file: Path, number: int, character: int, value: str) -> tuple[Line, ...]:
    """Return a line of a file with some around it."""
    if number > _FAR:
        return ()
    start = max(number - _AROUND, 1)
    with file.open(encoding="utf-8", errors="replace") as text:
        found = list(islice(text, start - 1, number + _AROUND))
    lines = []
    for at, line in enumerate(found, start):
        bare = line.rstrip("\r\n")
        if at == number:
            lines.append(_marked(at, bare, character, value))
        else:
            lines.append(Line(at, _cut(bare), "", "", is_here=False))
    if not any(line.is_here for line in lines):
        return ()
    return tuple(lines)


def _marked(number: int, text: str, character: int, value: str) -> Line:
    """Return the line at fault, with the value marked where it stands at the place that is told."""
    if character < 1 or character > len(text):
        return Line(number, _cut(text), "", "", is_here=True)
    begin = character - 1
    width = 1
    for spelled in (f'"{value}"', value):
        if value and text.startswith(spelled, begin):
            width = len(spelled)
            break
    before = text[:begin]
    if len(before) > _BEFORE:
        before = f"…{before[-_BEFORE:]}"
    marked = text[begin : begin + width]
    return Line(number, before, _cut(marked), _cut(text[begin + width :]), is_here=True)


def _cut(text: str) -> str:
    if len(text) <= _WIDEST:
        return text
    return f"{text[:_WIDEST]}…"


def _cells(file: Path, row: int, column: str | None) -> tuple[Cell, ...]:
    """Return what a row of Parquet holds, counted from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as table:
            left = row - 1
            for group in range(table.num_row_groups):
                number = table.metadata.row_group(group).num_rows
                if left < number:
                    cells = table.read_row_group(group).slice(left, 1).to_pylist()[0]
                    return tuple(
                        Cell(name, _cut(str(value)), is_here=name == column)
                        for name, value in cells.items()
                        if value is not None or name == column
                    )
                left -= number
    except (pa.ArrowException, OSError, IndexError, ValueError):
        # The finding says what is wrong with the file.
        return ()
    return ()
