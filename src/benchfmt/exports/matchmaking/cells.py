"""The types of columns for the engine, and cells that it reads as they are meant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from benchfmt.exports.matchmaking.columns import Cell, Column
from benchfmt.numbers import MAX_SAFE_INTEGER

PANDAS_MISSING = frozenset(
    (
        "",
        " ",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    )
)
"""Words that pandas takes for a missing cell unless it is told not to, which the engine does not do."""
PANDAS_NOTE = "word:"
"""Such a word gets this before it, so that it stays a word."""


def decide_kind(column: Column, platforms: Sequence[str]) -> None:
    """Give a column its type and cells of it: `int`, `float`, `bin` (0 and 1 on every platform) or `str`."""
    if any(isinstance(cell, str) for cell in column.cells):
        _make_words(column)
        return
    numbers = [cell for cell in column.cells if isinstance(cell, int | float)]
    if "metric" in column.note or not _are_whole(numbers):
        column.cells = [float(number) for number in numbers]
        column.kind = "float"
        return
    whole = [int(number) for number in numbers]
    column.cells = whole
    column.kind = "int"
    by_platform: dict[str, set[int]] = {}
    for platform, number in zip(platforms, whole, strict=True):
        by_platform.setdefault(platform, set()).add(number)
    # The engine checks each platform's table by itself: one that has only seen 0 would be refused.
    if all(values == {0, 1} for values in by_platform.values()):
        column.kind = "bin"


def _are_whole(numbers: Iterable[float]) -> bool:
    return all(float(n).is_integer() and abs(n) <= MAX_SAFE_INTEGER for n in numbers)


def _make_words(column: Column) -> None:
    """Write every cell as a word, and note those that were changed, so that they are read back as they were."""
    words = [_word(cell) for cell in column.cells]
    column.cells = [_readable(word) for word in words]
    column.kind = "str"
    changed = {}
    for word in sorted(set(words)):
        if _readable(word) != word:
            changed[_readable(word)] = word
    terms = column.note.get("terms")
    if changed and "field" in column.note:
        column.note["terms"] = {**(terms if isinstance(terms, dict) else {}), **changed}


def _word(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return json.dumps(cell)


def _readable(word: str) -> str:
    """Return a word as pandas takes for a word: `NA` would be a missing cell."""
    if word.strip() in PANDAS_MISSING:
        return f"{PANDAS_NOTE}{word}"
    return word
