"""ARFF: the table format of Weka and OpenML, read as text: names of attributes, and rows of cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ATTRIBUTE = re.compile(
    r"""@attribute\s+('(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+"|\S+)\s+\S""", re.IGNORECASE
)
_CELL = re.compile(r"""\s*('(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+"|[^,'"]*)\s*(,|$)""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_MISSING = "?"


def names(lines: Iterable[str]) -> list[str]:
    """Return the names of the attributes, none where a text is no ARFF; of an iterator what is left are the data."""
    found = []
    for line in lines:
        words = line.strip()
        match = _ATTRIBUTE.match(words)
        if match:
            found.append(_plain(match[1]))
        elif words.lower().startswith("@data"):
            break
    return found


def rows(lines: Iterable[str]) -> Iterator[list[str] | None]:
    """Yield the cells of each row of the data, a missing one empty; None for a row that is none."""
    for line in lines:
        words = line.strip("\0\r\n\t ")
        if words and not words.startswith("%"):
            yield _cells(words)


def _cells(words: str) -> list[str] | None:
    """Return the cells of a row; None where quotes do not end, or where only some cells are named (sparse)."""
    if words.startswith("{"):
        return None
    found, place = [], 0
    while True:
        match = _CELL.match(words, place)
        if match is None:
            return None
        raw = match[1].strip()
        found.append("" if raw == _MISSING else _plain(raw))
        place = match.end()
        if not match[2]:
            return found


def _plain(word: str) -> str:
    """Return a word without its quotes and the escapes in them."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
        return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), word[1:-1])
    return word
