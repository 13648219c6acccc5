"""The line and the character at which findings stand, looked up in the files once all of a package is judged."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

from benchfmt.finding import Finding
from benchfmt.limits import Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.json_places import (
    Position,
    offset_of,
    path_of_pointer,
    pointer_of,
    position,
)
from benchfmt.readers.jsons import START, JsonError
from benchfmt.validation.forms.json_texts import texts_of_file
from benchfmt.validation.table_rows import lines_of, rows_at

LINES = (".jsonl", ".ndjson")
_MOST = 100
"""So many findings of a code in a file are looked up: a person reads no more of them, and it takes as long as reading."""
_LARGEST = 2**25
"""So large may a text be that is looked through as a whole."""
_CELL = re.compile(r'"(?:[^"]++|"")*+"[^,]*|[^,]*')


def locate(findings: list[Finding], root: Path, tables: Collection[str], limits: Limits) -> None:
    """Give the findings in files below a folder their line and character, in place; `tables` are delimited text."""
    counts: Counter[tuple[str, str]] = Counter()
    wanted: dict[str, list[int]] = {}
    for place, finding in enumerate(findings):
        counts[finding.code, finding.path] += 1
        if finding.line is None and counts[finding.code, finding.path] <= _MOST:
            wanted.setdefault(finding.path, []).append(place)
    for name, places in wanted.items():
        some = [findings[place] for place in places]
        for place, located in zip(places, _located(root / name, some, tables, limits), strict=True):
            findings[place] = located


def _located(
    path: Path, findings: Sequence[Finding], tables: Collection[str], limits: Limits
) -> list[Finding]:
    """Return findings of one file with what can be told of their places."""
    try:
        if not path.is_file():
            return list(findings)
        if path.name in tables or str(findings[0].path) in tables:
            return list(_in_table(path, findings, limits))
        if path.suffix in LINES:
            return list(_in_lines(path, findings, limits))
        if path.suffix == ".json":
            return list(_in_document(path, findings, limits))
    except (OSError, ValueError, csv.Error, JsonError, UnsafeError):
        # What cannot be read was reported; it has no lines.
        pass
    return list(findings)


def _at(finding: Finding, place: Position | None, pointer: str | None = None) -> Finding:
    if place is None:
        return replace(finding, pointer=pointer)
    return replace(finding, line=place.line, character=place.character, pointer=pointer)


def _parts(field: str | None) -> list[str | int]:
    """Return the members that lead to a field of a record, such as `measurements.3.value`."""
    if not field:
        return []
    return [int(part) if part.isdigit() else part for part in field.split(".")]


# --- JSON ---


def _in_document(path: Path, findings: Sequence[Finding], limits: Limits) -> Iterator[Finding]:
    """Yield findings of a JSON file: those that name a member by its pointer, and those of a record."""
    if any((finding.field or "").startswith("/") for finding in findings):
        if path.stat().st_size > _LARGEST:
            yield from findings
            return
        text = path.read_text("utf-8-sig")
        for finding in findings:
            yield _at_pointer(finding, text)
        return
    rows = {finding.row for finding in findings}
    if rows == {None} and path.stat().st_size > _LARGEST:
        yield from findings
        return
    last = max(finding.row or 0 for finding in findings)
    texts: dict[int | None, tuple[str, int, int]] = {}
    is_list = False
    for block in texts_of_file(path, limits):
        for item in block:
            is_list = item.start is not None and item.start != START
            if item.row not in rows or item.start is None or len(item.data) > _LARGEST:
                continue
            text = item.data.decode("utf-8", "replace")
            texts[item.row] = (text, item.start.line, item.start.column)
        if block and block[-1].row >= last:
            break
    for finding in findings:
        row = finding.row or 1
        if row not in texts:
            yield finding
            continue
        text, line, column = texts[row]
        parts = _parts(finding.field)
        place = _from(text, parts, line, column)
        whole = [row - 1, *parts] if is_list else parts
        yield _at(finding, place, pointer_of(whole))


def _from(text: str, parts: Sequence[str | int], line: int, column: int) -> Position | None:
    """Return where a member stands whose record begins at a line, after some characters."""
    offset = offset_of(text, parts)
    if offset is None:
        return None
    place = position(text, offset)
    if place.line > 1:
        column = 0
    return Position(place.line + line - 1, place.character + column)


def _at_pointer(finding: Finding, text: str) -> Finding:
    pointer = finding.field or ""
    if pointer and not pointer.startswith("/"):
        return finding
    offset = offset_of(text, path_of_pointer(pointer))
    if offset is None:
        return finding
    return _at(finding, position(text, offset), pointer)


def _in_lines(path: Path, findings: Sequence[Finding], limits: Limits) -> Iterator[Finding]:
    """Yield findings of JSON Lines, where a row is a line."""
    rows = {finding.row for finding in findings if finding.row is not None}
    texts: dict[int, str] = {}
    last = max(rows, default=0)
    with path.open("rb") as file:
        for number, line in enumerate(lines_of(file, limits), start=1):
            if number in rows:
                texts[number] = line.decode("utf-8", "replace")
            if number >= last:
                break
    for finding in findings:
        text = texts.get(finding.row or 0)
        if text is None:
            yield finding
            continue
        parts = _parts(finding.field)
        if (finding.field or "").startswith("/"):
            parts = path_of_pointer(finding.field or "")
        place = _from(text, parts, finding.row or 1, 0)
        yield _at(finding, place, pointer_of(parts))


# --- delimited text ---


def _in_table(path: Path, findings: Sequence[Finding], limits: Limits) -> Iterator[Finding]:
    """Yield findings of a table of the package as delimited text."""
    rows = {finding.row or 0 for finding in findings}
    found = {row.number: row for row in rows_at(path, {0, *rows}, limits)}
    names = []
    if 0 in found:
        names = next(csv.reader(StringIO(found[0].text, newline="")), [])
    for finding in findings:
        row = found.get(finding.row or 0)
        if row is None or (row.number == 0 and finding.column is None):
            yield finding
            continue
        yield _at(finding, _of_cell(row.text, row.line, names, finding.column))


def _of_cell(text: str, line: int, names: Sequence[str], column: str | None) -> Position:
    """Return where a cell begins in the text of its row; the row where the cell is not known."""
    if column not in names:
        return Position(line, 1)
    offset = 0
    for _ in range(names.index(column)):
        match = _CELL.match(text, offset)
        if match is None or match.end() >= len(text):
            return Position(line, 1)
        offset = match.end() + 1
    place = position(text, offset)
    return Position(line + place.line - 1, place.character)
