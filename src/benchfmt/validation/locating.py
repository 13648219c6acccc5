"""The line and the character at which findings stand, looked up in the files once all of a package is judged."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path as FilePath
from typing import NamedTuple

from benchfmt.finding import Finding
from benchfmt.limits import Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.json_places import (
    Path,
    Position,
    offsets_of,
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


def locate(
    findings: list[Finding], root: FilePath, tables: Collection[str], limits: Limits
) -> None:
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
    path: FilePath, findings: Sequence[Finding], tables: Collection[str], limits: Limits
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


@dataclass(frozen=True, slots=True, eq=False)
class _Text:
    """A text of JSON, and where it begins in its file."""

    text: str
    line: int = 1
    column: int = 0
    """How many characters stand before it in its line."""

    def places(self, paths: Sequence[Path]) -> list[Position | None]:
        """Return where the values at some paths stand in the file."""
        return [self._place(offset) for offset in offsets_of(self.text, paths)]

    def _place(self, offset: int | None) -> Position | None:
        if offset is None:
            return None
        place = position(self.text, offset)
        column = self.column if place.line == 1 else 0
        return Position(place.line + self.line - 1, place.character + column)


class _Sought(NamedTuple):
    """What a finding is about: a value in a text."""

    text: _Text
    path: Path
    pointer: str


def _with_places(
    findings: Sequence[Finding], sought: Sequence[_Sought | None]
) -> Iterator[Finding]:
    """Yield findings with the places of what is sought for each; a text is looked through once for all that is sought in it."""
    paths: dict[_Text, list[Path]] = {}
    for item in sought:
        if item is not None:
            paths.setdefault(item.text, []).append(item.path)
    places: dict[tuple[_Text, Path], Position | None] = {}
    room = _LARGEST
    for text, some in paths.items():
        room -= len(text.text)
        if room >= 0:
            places.update(zip(((text, path) for path in some), text.places(some), strict=True))
    for finding, item in zip(findings, sought, strict=True):
        if item is None:
            yield finding
        else:
            yield _at(finding, places.get((item.text, item.path)), item.pointer)


def _in_document(path: FilePath, findings: Sequence[Finding], limits: Limits) -> Iterator[Finding]:
    """Yield findings of a JSON file: those that name a member by its pointer, and those of a record."""
    size = path.stat().st_size
    if any((finding.field or "").startswith("/") for finding in findings):
        text = _Text(path.read_text("utf-8-sig") if size <= _LARGEST else "")
        yield from _with_places(findings, [_at_pointer(finding, text) for finding in findings])
        return
    rows = {finding.row for finding in findings}
    if rows == {None} and size > _LARGEST:
        yield from findings
        return
    last = max(finding.row or 0 for finding in findings)
    texts: dict[int | None, _Text] = {}
    is_list = False
    for block in texts_of_file(path, limits):
        for item in block:
            is_list = item.start is not None and item.start != START
            if item.row not in rows or item.start is None or len(item.data) > _LARGEST:
                continue
            characters = item.data.decode("utf-8", "replace")
            texts[item.row] = _Text(characters, item.start.line, item.start.column)
        if block and block[-1].row >= last:
            break
    sought: list[_Sought | None] = []
    for finding in findings:
        row = finding.row or 1
        if row not in texts:
            sought.append(None)
            continue
        parts = _parts(finding.field)
        pointer = pointer_of([row - 1, *parts] if is_list else parts)
        sought.append(_Sought(texts[row], tuple(parts), pointer))
    yield from _with_places(findings, sought)


def _at_pointer(finding: Finding, text: _Text) -> _Sought | None:
    pointer = finding.field or ""
    if not text.text or (pointer and not pointer.startswith("/")):
        return None
    return _Sought(text, tuple(path_of_pointer(pointer)), pointer)


def _in_lines(path: FilePath, findings: Sequence[Finding], limits: Limits) -> Iterator[Finding]:
    """Yield findings of JSON Lines, where a row is a line."""
    rows = {finding.row for finding in findings if finding.row is not None}
    texts: dict[int, _Text] = {}
    last = max(rows, default=0)
    with path.open("rb") as file:
        for number, line in enumerate(lines_of(file, limits), start=1):
            if number in rows:
                texts[number] = _Text(line.decode("utf-8", "replace"), number)
            if number >= last:
                break
    sought: list[_Sought | None] = []
    for finding in findings:
        field = finding.field or ""
        parts = path_of_pointer(field) if field.startswith("/") else _parts(field)
        text = texts.get(finding.row or 0)
        sought.append(_Sought(text, tuple(parts), pointer_of(parts)) if text else None)
    yield from _with_places(findings, sought)


# --- delimited text ---


def _in_table(path: FilePath, findings: Sequence[Finding], limits: Limits) -> Iterator[Finding]:
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
