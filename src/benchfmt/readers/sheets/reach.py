"""How far the cells of a workbook reach: what reads it fills the whole rectangle around them, whatever it holds."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import numpy as np

from benchfmt.readers.files import UnsafeError

CELLS = 3_000_000
"""So many cells a sheet has at most, the empty ones of the rectangle that it fills included."""
_ROWS = 1_048_576
_UNPLACED = 2_000_000
"""So many cells that do not say where they are may follow each other: to count them takes as long as to read them."""
_PLACE = re.compile(rb"""(?<=["'\s])r\s*=\s*["']([A-Za-z]*)([0-9]*)["']""")
_MOST_LETTERS, _MOST_DIGITS = 3, 7
"""The last cell of a sheet is XFD1048576; what reads workbooks counts on beyond what its numbers hold."""
_MAY_REACH_FAR = re.compile(
    rb"""(?<=["'\s])r(?:\s+=|=\s|='|="(?:[A-Za-z]{2,}[0-9]|[U-Zu-z][0-9]|[A-Za-z]?(?:[2-9][0-9]{5}|[0-9]{7})))"""
)
"""A place beyond column T or row 199,999, or one that is written in an unusual way: without any, no sheet is too large."""
_NAME = rb"""[^\s<>/="']+"""
_ATTRIBUTE = rb"\s*" + _NAME + rb"""\s*=\s*(?:"[^"<]*"|'[^'<]*')"""
_START = rb"<(?:[^\s<>/:]*:)?%s(?=[\s/>])"
_WITHOUT_PLACE = rb"(?!(?:" + _ATTRIBUTE + rb""")*?\s*r\s*=\s*["'])"""
_ANY_UNPLACED = re.compile(_START % b"(?:c|row)" + _WITHOUT_PLACE)
"""A row or a cell that does not say where it is: it follows the one before it."""
_UNPLACED_ROW = re.compile(_START % b"row" + _WITHOUT_PLACE)
_UNPLACED_CELL = re.compile(_START % b"c" + _WITHOUT_PLACE)
_ROW = re.compile(_START % b"row")
_SHOWN = 20


def check_reach(path: Path, content: bytes) -> None:
    """Raise UnsafeError for a sheet whose cells lie so far apart that the rectangle around them is too large."""
    is_unplaced = _ANY_UNPLACED.search(content) is not None
    if not is_unplaced and not _MAY_REACH_FAR.search(content):
        return
    rows, columns = _stated(path, content)
    if is_unplaced:
        rows += _unplaced_rows(path, content)
        columns += _unplaced_columns(path, content)
    if rows * columns > CELLS:
        raise _too_many(path, f"a sheet of {rows} rows and {columns} columns")


def column_number(letters: str) -> int:
    """Return the number of a column, from 1, by its letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _stated(path: Path, content: bytes) -> tuple[int, int]:
    """Return the last row and the last column that places name; raises UnsafeError for one beyond any sheet."""
    rows = columns = 0
    for match in _PLACE.finditer(content):
        letters, digits = match.groups()
        if len(letters) > _MOST_LETTERS or len(digits) > _MOST_DIGITS:
            place = (letters + digits)[:_SHOWN].decode()
            message = f"a cell stands at {place}; cells up to at most XFD1048576 are read"
            raise UnsafeError("BF907", f"{path.name}: {message}")
        rows = max(rows, int(digits or 0))
        columns = max(columns, column_number(letters.decode()))
    return rows, columns


def _unplaced_rows(path: Path, content: bytes) -> int:
    """Return how many rows do not say their number."""
    count = sum(1 for _ in islice(_UNPLACED_ROW.finditer(content), _ROWS + 1))
    if count > _ROWS:
        raise _too_many(path, f"a sheet of more than {_ROWS} rows")
    return count


def _unplaced_columns(path: Path, content: bytes) -> int:
    """Return how many cells of one row do not say where they are."""
    found = islice(_UNPLACED_CELL.finditer(content), _UNPLACED + 1)
    cells = np.fromiter((match.start() for match in found), np.int64)
    if len(cells) > _UNPLACED:
        message = f"more than {_UNPLACED} cells that do not say where they are"
        raise UnsafeError("BF907", f"{path.name}: {message}; save it again in a spreadsheet")
    rows = np.fromiter((match.start() for match in _ROW.finditer(content)), np.int64)
    counts = np.bincount(np.searchsorted(rows, cells)) if len(cells) else np.zeros(1, np.int64)
    return int(counts.max())


def _too_many(path: Path, what: str) -> UnsafeError:
    return UnsafeError("BF907", f"{path.name}: {what}; at most {CELLS} cells are read")
