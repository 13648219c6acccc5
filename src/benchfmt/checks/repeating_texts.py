"""The columns of a table whose texts repeat: each distinct text, or row of texts, is judged once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from benchfmt.checks.cell_faults import CellFaults, CodedFaults, Words
from benchfmt.checks.column_names import NOUNS
from benchfmt.checks.frames import faults, of_code
from benchfmt.checks.groups import Group, grouped
from benchfmt.checks.typed_cells import typed_cells
from benchfmt.rowhash import row_hashes, text_hashes
from benchfmt.tables import COLUMNS, REPEATING, Column

_REPETITIONS = 4
"""How often a text stands at least, on average, in a column that is judged by its distinct texts."""
_MOST_KNOWN = 100_000
_LONGEST_KNOWN = 100
"""A longer text is not remembered: those that repeat are short."""
_TYPE_HINT = "write the column in its type; a cell that has no value is null"
_CodeAndWords = tuple[str, Words]


class RepeatingTexts:
    """The columns of a table whose texts repeat: each distinct text, or row of texts, is judged once."""

    def __init__(self, table: str) -> None:
        """Take the table; no text is judged yet."""
        self._table = table
        self._items = [
            item for item in COLUMNS[table] if item.kind == "text" and item.name in REPEATING
        ]
        self._mistyped: set[str] = set()
        self._known_rows: set[int] = set()
        """The hashes of all texts of the rows that were judged."""
        self._at_fault: dict[int, list[str]] = {}
        """The columns whose text is at fault, for those of these rows that have some."""
        self._sound_texts: dict[str, set[int]] = {item.name: set() for item in self._items}
        self._judged: dict[str, dict[str, bool]] = {item.name: {} for item in self._items}
        """Whether a text is at fault, by its column."""
        self._told: dict[str, dict[str, _CodeAndWords]] = {item.name: {} for item in self._items}
        """What is told of a text at fault, by its column."""
        self.is_known = False
        """Whether all texts of the last frame stood in earlier ones, which is not always known."""
        self.first: pl.Series | None = None
        """Where the distinct rows of texts of the last frame stand first, where these are few."""
        self._suspects: pl.Series | None = None
        """The places of the rows of the last frame that have a text at fault, where the distinct rows are few."""

    @property
    def has_mistyped(self) -> bool:
        """Whether a column was reported to be of another type, which is told once."""
        return bool(self._mistyped)

    def mistyped(self, item: Column, raw: pl.DataFrame, other: str) -> list[Group]:
        """Return the fault of a column of another type, once: at its first cell, or the first that shows it best."""
        given = raw.filter(pl.col(item.name).is_not_null())
        if item.name in self._mistyped or not given.height:
            return []
        self._mistyped.add(item.name)
        cells = given[item.name].cast(pl.String, strict=False)
        is_number = cells.cast(pl.Float64, strict=False).is_not_null()
        first = given.filter(~is_number).head(1)
        if not first.height:
            first = given.head(1)
        message = f"the column {item.name} is {other}, and not {NOUNS[item.kind]}"
        cell = pl.col(item.name).cast(pl.String, strict=False)
        fault = faults(first, self._table, item.name, message, cell, _TYPE_HINT)
        return list(grouped(of_code("BF103", fault)))

    def hashes(self, raw: pl.DataFrame) -> pl.Series:
        """Return a number for each row that rows share whose texts are equal, and no others."""
        names = [item.name for item in self._present(raw)]
        if not names:
            return pl.repeat(0, raw.height, dtype=pl.UInt64, eager=True)
        return row_hashes(raw, names)

    def faultless(self, raw: pl.DataFrame, hashes: pl.Series) -> set[str]:
        """Return the columns in which no text is at fault; others are not known to be free of faults."""
        items = self._present(raw)
        self.first = self._suspects = None
        self.is_known = False
        if not items:
            return set()
        first_rows = hashes.arg_unique()
        if first_rows.len() * _REPETITIONS > raw.height:
            return self._faultless_columns(items, raw)
        self.first = first_rows
        rows = hashes[first_rows].to_list()
        # The rows of a table that lacks a column are others.
        is_whole = len(items) == len(self._items)
        self.is_known = is_whole and self._known_rows.issuperset(rows)
        if self.is_known:
            faulty = self._at_fault.keys() & rows if self._at_fault else ()
            at_fault = {row: self._at_fault[row] for row in faulty}
        else:
            at_fault = self._new_at_fault(items, raw[first_rows], rows)
            if is_whole and len(self._known_rows) < _MOST_KNOWN:
                self._known_rows.update(rows)
                self._at_fault |= at_fault
        self._suspects = _places_of(at_fault, hashes)
        return {item.name for item in items}.difference(*at_fault.values())

    def _new_at_fault(
        self, items: list[Column], texts: pl.DataFrame, rows: list[int]
    ) -> dict[int, list[str]]:
        """Return the columns in which rows of texts are at fault, by the numbers of the rows."""
        unsound = {}
        for item in items:
            if not self._is_sound(item, texts[item.name]):
                unsound[item.name] = self._are_bad(item, texts[item.name])
        return _by_row(rows, unsound)

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
        """Return the places in which a column has a text that was found to be at fault; None where these are not known."""
        if item.name not in self._judged or item.required or raw[item.name].dtype != pl.String:
            return None
        distinct = self._distinct_texts(raw, item)
        if distinct.len() * _REPETITIONS > raw.height:
            return None
        faulty = set(self._faulty_of(item, distinct))
        if self._suspects is None:
            return raw[item.name].is_in(faulty).fill_null(value=False).arg_true()
        texts = raw[item.name][self._suspects]
        return self._suspects.filter(
            pl.Series([text in faulty for text in texts], dtype=pl.Boolean)
        )

    def faults_of(
        self, cells: pl.Series, places: pl.Series, item: Column, most: int
    ) -> list[CodedFaults]:
        """Return the faults of cells in some places, each text of which is at fault: it is put in words once."""
        texts = cells[places]
        words = self._words_of(texts.unique(maintain_order=True), item)
        by_code: dict[str, list[tuple[int, Words]]] = {}
        for place, text in zip(places, texts, strict=True):
            code, words_of_text = words[text]
            by_code.setdefault(code, []).append((place, words_of_text))
        return [CodedFaults(code, len(found), found[:most]) for code, found in by_code.items()]

    def _words_of(self, texts: pl.Series, item: Column) -> Mapping[str, _CodeAndWords]:
        """Return the code, the message and the hint of distinct texts at fault."""
        told = self._told[item.name]
        new = [text for text in texts if text not in told]
        if not new:
            return told
        cell_faults = CellFaults(pl.Series(item.name, new, dtype=pl.String), most=len(new))
        typed_cells(self._table, item, cell_faults, typed=True)
        words = {
            new[place]: (coded.code, words)
            for coded in cell_faults.by_code()
            for place, words in coded.first
        }
        known = {text: told[text] for text in texts if text in told}
        if len(told) < _MOST_KNOWN:
            told |= {text: words[text] for text in new if _is_short(text)}
        return known | words

    def _distinct_texts(self, raw: pl.DataFrame, item: Column) -> pl.Series:
        """Return the distinct texts of a column, from few rows where these are known to hold all of them."""
        cells = raw[item.name]
        if self.first is not None:
            cells = cells[self.first]
        return cells.unique()

    def _are_bad(self, item: Column, texts: pl.Series) -> pl.Series:
        """Return which of some texts are at fault."""
        bad = texts.is_in(self._faulty_of(item, texts)).fill_null(value=False)
        if item.required:
            bad |= texts.is_null()
        return bad

    def _is_sound(self, item: Column, texts: pl.Series) -> bool:
        if item.required and texts.null_count():
            return False
        return not self._faulty_of(item, texts)

    def _faulty_of(self, item: Column, texts: pl.Series) -> list[str]:
        """Return those of some texts that are at fault; each is judged once."""
        judged = self._judged[item.name]
        given = set(texts.drop_nulls())
        new = [text for text in given if text not in judged]
        cell_faults = CellFaults(pl.Series(item.name, new, dtype=pl.String), most=0)
        if new:
            typed_cells(self._table, item, cell_faults, typed=True)
        verdicts = dict(zip(new, cell_faults.bad, strict=True))
        faulty = [text for text in given if verdicts.get(text, judged.get(text))]
        if len(judged) < _MOST_KNOWN:
            judged |= {text: bad for text, bad in verdicts.items() if _is_short(text)}
        return faulty


def _is_short(text: str) -> bool:
    """Whether a text is remembered."""
    return len(text) <= _LONGEST_KNOWN


def _remember(new: set[int], known: set[int]) -> None:
    if len(known) < _MOST_KNOWN:
        known |= new


def _places_of(numbers: Collection[int], hashes: pl.Series) -> pl.Series:
    """Return where one of some numbers stands."""
    if not numbers:
        return pl.Series(dtype=pl.UInt32)
    return hashes.is_in(pl.Series(list(numbers), dtype=hashes.dtype).implode()).arg_true()


def _by_row(rows: list[int], unsound: dict[str, pl.Series]) -> dict[int, list[str]]:
    """Return the columns in which rows are at fault, for those that are."""
    at_fault: dict[int, list[str]] = {}
    for name, bad in unsound.items():
        for place in bad.arg_true():
            at_fault.setdefault(rows[place], []).append(name)
    return at_fault
