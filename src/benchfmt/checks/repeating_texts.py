"""The columns of a table whose texts repeat: each distinct text, or row of texts, is judged once."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.cell_faults import CellFaults
from benchfmt.checks.column_names import NOUNS
from benchfmt.checks.frames import faults, no_coded_faults, of_code
from benchfmt.checks.typed_cells import typed_cells
from benchfmt.rowhash import row_hashes, text_hashes
from benchfmt.tables import COLUMNS, REPEATING, Column

_REPETITIONS = 4
"""How often a text stands at least, on average, in a column that is judged by its distinct texts."""
_MOST_KNOWN = 100_000
_LONGEST_KNOWN = 100
"""A longer text is not remembered: those that repeat are short."""
_TYPE_HINT = "write the column in its type; a cell that has no value is null"


class RepeatingTexts:
    """The columns of a table whose texts repeat: each distinct text, or row of texts, is judged once."""

    def __init__(self, table: str) -> None:
        """Take the table; no text is judged yet."""
        self._table = table
        self._items = [
            item for item in COLUMNS[table] if item.kind == "text" and item.name in REPEATING
        ]
        self._mistyped: set[str] = set()
        self._sound_rows: set[int] = set()
        self._sound_texts: dict[str, set[int]] = {item.name: set() for item in self._items}
        self._judged: dict[str, dict[str, bool]] = {item.name: {} for item in self._items}
        """Whether a text is at fault, by its column."""
        self.first: pl.Series | None = None
        """Where the distinct rows of texts of the last frame stand first, where these are few."""
        self._distinct: pl.DataFrame | None = None
        """The distinct rows of texts of the last frame, where these are few and were judged."""

    def mistyped(self, item: Column, raw: pl.DataFrame, other: str) -> pl.DataFrame:
        """Return the fault of a column of another type, once: at its first cell, or the first that shows it best."""
        given = raw.filter(pl.col(item.name).is_not_null())
        if item.name in self._mistyped or not given.height:
            return no_coded_faults()
        self._mistyped.add(item.name)
        cells = given[item.name].cast(pl.String, strict=False)
        is_number = cells.cast(pl.Float64, strict=False).is_not_null()
        first = given.filter(~is_number).head(1)
        if not first.height:
            first = given.head(1)
        message = f"the column {item.name} is {other}, and not {NOUNS[item.kind]}"
        cell = pl.col(item.name).cast(pl.String, strict=False)
        fault = faults(first, self._table, item.name, message, cell, _TYPE_HINT)
        return of_code("BF103", fault)

    def hashes(self, raw: pl.DataFrame) -> pl.Series:
        """Return a number for each row that rows share whose texts are equal, and no others."""
        names = [item.name for item in self._present(raw)]
        if not names:
            return pl.repeat(0, raw.height, dtype=pl.UInt64, eager=True)
        return row_hashes(raw, names)

    def faultless(self, raw: pl.DataFrame, hashes: pl.Series) -> set[str]:
        """Return the columns in which no text is at fault; others are not known to be free of faults."""
        items = self._present(raw)
        self._distinct = None
        self.first = None
        if not items:
            return set()
        first_rows = hashes.arg_unique()
        if first_rows.len() * _REPETITIONS > raw.height:
            return self._faultless_columns(items, raw)
        self.first = first_rows
        rows = set(hashes[first_rows].to_list())
        is_whole = len(items) == len(self._items)
        if is_whole and rows <= self._sound_rows:
            return {item.name for item in items}
        distinct = raw[[item.name for item in items]][first_rows]
        self._distinct = distinct
        sound = {item.name for item in items if self._is_sound(item, distinct[item.name])}
        if is_whole and len(sound) == len(items):
            _remember(rows, self._sound_rows)
        return sound

    def _faultless_columns(self, items: list[Column], raw: pl.DataFrame) -> set[str]:
        """Return the columns without a fault where the rows of texts are many: each column is judged by itself."""
        empty = {item.name for item in items if raw[item.name].null_count() == raw.height}
        filled = [item for item in items if item.name not in empty]
        hashes = {item.name: text_hashes(raw[item.name]) for item in filled}
        sound = {item.name for item in items if item.name in empty and not item.required}
        for item in filled:
            first_rows = hashes[item.name].arg_unique()
            if first_rows.len() * _REPETITIONS > raw.height:
                continue
            known = self._sound_texts[item.name]
            texts = set(hashes[item.name][first_rows].to_list())
            if texts <= known or self._is_sound(item, raw[item.name][first_rows]):
                sound.add(item.name)
                _remember(texts, known)
        return sound

    def _present(self, raw: pl.DataFrame) -> list[Column]:
        types = raw.schema
        return [item for item in self._items if types.get(item.name) == pl.String]

    def suspects(self, raw: pl.DataFrame, item: Column) -> pl.Series | None:
        """Return in which rows a column has a text that was found to be at fault; None where that is not known."""
        if item.name not in self._judged or item.required or raw[item.name].dtype != pl.String:
            return None
        distinct = self._distinct_texts(raw, item)
        if distinct.len() * _REPETITIONS > raw.height:
            return None
        faulty = self._faulty_of(item, distinct)
        return raw[item.name].is_in(faulty).fill_null(value=False)

    def _distinct_texts(self, raw: pl.DataFrame, item: Column) -> pl.Series:
        """Return the distinct texts of a column, from few rows where these are known to hold all of them."""
        if self._distinct is not None:
            return self._distinct[item.name].unique()
        return raw[item.name].unique()

    def _is_sound(self, item: Column, texts: pl.Series) -> bool:
        if item.required and texts.null_count():
            return False
        return not self._faulty_of(item, texts)

    def _faulty_of(self, item: Column, texts: pl.Series) -> list[str]:
        """Return those of some texts that are at fault; each is judged once."""
        judged = self._judged[item.name]
        given = set(texts.drop_nulls())
        new = [text for text in given if text not in judged]
        cell_faults = CellFaults(pl.Series(item.name, new, dtype=pl.String), is_told=False)
        if new:
            typed_cells(self._table, item, cell_faults, typed=True)
        verdicts = dict(zip(new, cell_faults.bad, strict=True))
        faulty = [text for text in given if verdicts.get(text, judged.get(text))]
        if len(judged) < _MOST_KNOWN:
            judged |= {text: bad for text, bad in verdicts.items() if len(text) <= _LONGEST_KNOWN}
        return faulty


def _remember(new: set[int], known: set[int]) -> None:
    if len(known) < _MOST_KNOWN:
        known |= new
