"""Rows of delimited text that are looked up by their numbers, with their text and the line where they begin."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import IO, AnyStr

import numpy as np

from benchfmt.limits import Limits

_BLOCK = 2**20
_QUOTE, _LINE_FEED = b'"\n'
_BEFORE_CELL = list(b",\n")
_AFTER_CELL = list(b',"\r\n')


@dataclass(frozen=True, slots=True)
class RowText:
    """A row as it stands in a file; the header has the number 0."""

    number: int
    text: str
    line: int


def rows_at(path: Path, wanted: Collection[int], limits: Limits) -> Iterator[RowText]:
    """Yield the rows of some numbers; raises ValueError for a line that is too long, csv.Error for what is no table."""
    ordered = sorted(wanted)
    number = 0
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        for texts, lines in _batches(file, limits):
            end = number + len(texts)
            while ordered and ordered[0] < end:
                place = ordered.pop(0) - number
                yield RowText(number + place, texts[place], lines[place])
            if not ordered:
                return
            number = end


def lines_of(file: IO[AnyStr], limits: Limits) -> Iterator[AnyStr]:
    """Yield the lines of a file; raises ValueError for one that is too long to be read."""
    most = limits.row_bytes
    while line := file.readline(most + 1):
        if len(line) > most:
            raise ValueError("a line is too long")
        yield line


def _batches(file: IO[str], limits: Limits) -> Iterator[tuple[Sequence[str], Sequence[int]]]:
    """Yield the texts of the rows, and the lines where they begin, block by block."""
    others = lines_of(file, limits)
    line = 1
    while block := file.read(_BLOCK):
        block += next(others, "")
        if _is_plain(block):
            # Each line is a row: no parser need look at it.
            texts = block.removesuffix("\n").split("\n")
            yield texts, range(line, line + len(texts))
            line += len(texts)
            continue
        plain = _rows_of(block)
        if plain is not None:
            texts, places = plain
            yield texts, [line + place for place in places]
            line += block.count("\n")
            continue
        texts, lines, line = _parsed(block, others, line)
        yield texts, lines


def _rows_of(block: str) -> tuple[list[str], list[int]] | None:
    """Return the rows of a text, some of whose cells stand in quotes, and how many lines are before each.

    None where it takes a parser to say. A quote begins a cell or ends it, or two of them stand for one within a cell:
    where their number is even, no cell is open.
    """
    if not block.isascii() or block[-1] != "\n" or _has_lone_return(block):
        return None
    characters = np.frombuffer(block.encode("ascii"), dtype=np.uint8)
    quotes = np.flatnonzero(characters == _QUOTE)
    if len(quotes) % 2:
        return None
    opening, closing = quotes[::2], quotes[1::2]
    # Before the first character stands the end of another row, as it does at the end.
    is_opening = np.isin(characters[opening - 1], _BEFORE_CELL)
    is_opening[1:] |= opening[1:] == closing[:-1] + 1
    if not is_opening.all() or not np.isin(characters[closing + 1], _AFTER_CELL).all():
        return None
    line_ends = np.flatnonzero(characters == _LINE_FEED)
    ends = line_ends[np.searchsorted(quotes, line_ends) % 2 == 0]
    sizes = np.diff(ends, prepend=-1)
    # A row without a cell is none, and the parser takes no cell that is very long.
    if sizes.min() <= len("\r\n") or sizes.max() > csv.field_size_limit():
        return None
    starts = [0, *(ends[:-1] + 1).tolist()]
    texts = [block[start:end] for start, end in zip(starts, ends.tolist(), strict=True)]
    return texts, np.searchsorted(line_ends, starts).tolist()


def _parsed(block: str, others: Iterator[str], line: int) -> tuple[list[str], list[int], int]:
    """Return the rows that begin in a block with their lines, and the line after them; `line` is that of the block."""
    own = StringIO(block, newline="")
    read: list[str] = []
    reader = csv.reader(_noted(chain(own, others), read))
    texts, lines = [], []
    lines_before = 0
    for cells in reader:
        if cells:
            texts.append("".join(read))
            lines.append(line + lines_before)
        read.clear()
        lines_before = reader.line_num
        if own.tell() == len(block):
            break
    return texts, lines, line + lines_before


def _noted(lines: Iterable[str], read: list[str]) -> Iterator[str]:
    """Yield lines, and keep them in a list."""
    for line in lines:
        read.append(line)
        yield line


def _is_plain(block: str) -> bool:
    """Whether a text has no cell in quotes, no row without cells, and no other ends of lines than LF and CRLF."""
    if '"' in block or block[0] in "\r\n" or "\n\n" in block or "\n\r" in block:
        return False
    return not _has_lone_return(block)


def _has_lone_return(block: str) -> bool:
    """Whether a line of a text ends with a CR alone."""
    return "\r" in block and block.count("\r") != block.count("\r\n")
