"""Rows of delimited text that are looked up by their numbers, with their text and the line where they begin."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import IO, AnyStr

from benchfmt.limits import Limits

_BLOCK = 2**20


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
        texts, lines, line = _parsed(block, others, line)
        yield texts, lines


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
    return "\r" not in block or block.count("\r") == block.count("\r\n")
