"""The columns of a table whose texts repeat: each distinct text, or row of texts, is judged once."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.cell_faults import CellFaults
from benchfmt.checks.column_names import NOUNS
from benchfmt.checks.frames import FAULT_COLUMNS, faults, no_coded_faults, of_code
from benchfmt.checks.typed_cells import typed_cells
from benchfmt.rowhash import row_hashes, text_hashes
from benchfmt.tables import COLUMNS, REPEATING, Column

_REPETITIONS = 4
"""How often a text stands at least, on average, in a column that is judged by its distinct texts."""
_MOST_KNOWN = 100_000
_LONGEST_KNOWN = 100
"""A longer text is not remembered: those that repeat are short."""
_TEXTS_OF_FAULT = ("code", "message", "hint")
_TYPE_HINT = "write the column in its type; a cell that has no value is null"
_TextsOfFault = tuple[str, str, str | None]


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
        self._told: dict[str, dict[str, _TextsOfFault]] = {item.name: {} for item in self._items}
        """What is told of a text at fault, by its column."""
        self.is_known = False
        """Whether all texts of the last frame stood in earlier ones, which is not always known."""
        self.first: pl.Series | None = None
        """Where the distinct rows of texts of the last frame stand first, where these are few."""

    @property
    def has_mistyped(self) -> bool:
        """Whether a column was reported to be of another type, which is told once."""
        return bool(self._mistyped)

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
        self.first = None
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
            at_fault = {name for row in faulty for name in self._at_fault[row]}
            return {item.name for item in items} - at_fault
        unsound = {}
        for item in items:
            texts = raw[item.name][first_rows]
            if not self._is_sound(item, texts):
                unsound[item.name] = self._are_bad(item, texts)
        if is_whole and len(self._known_rows) < _MOST_KNOWN:
            self._known_rows.update(rows)
            self._at_fault |= _by_row(rows, unsound)
        return {item.name for item in items} - set(unsound)

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

    def faults_of(self, suspects: pl.DataFrame, item: Column) -> pl.DataFrame:
        """Return the faults of rows in which a column has a text at fault: each text is put in words once."""
        told = self._told[item.name]
        texts = suspects[item.name]
        given = texts.unique(maintain_order=True)
        new = [text for text in given if text not in told]
        new_words: dict[str, _TextsOfFault] = {}
        if new:
            cell_faults = CellFaults(pl.Series(item.name, new, dtype=pl.String))
            typed_cells(self._table, item, cell_faults, typed=True)
            in_words = cell_faults.frame().select(_TEXTS_OF_FAULT).rows()
            new_words = dict(zip(new, in_words, strict=True))
        rows = [told.get(text) or new_words[text] for text in given]
        if len(told) < _MOST_KNOWN:
            told |= {text: words for text, words in new_words.items() if _is_short(text)}
        words = pl.DataFrame(rows, dict.fromkeys(_TEXTS_OF_FAULT, pl.String), orient="row")
        words = words.with_columns(given.alias("text"))
        words = pl.DataFrame({"text": texts}).join(
            words, on="text", how="left", maintain_order="left"
        )
        uncoded = faults(suspects, self._table, item.name, words["message"], texts, words["hint"])
        return uncoded.select(words["code"], *FAULT_COLUMNS[1:])

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
        cell_faults = CellFaults(pl.Series(item.name, new, dtype=pl.String), is_told=False)
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


def _by_row(rows: list[int], unsound: dict[str, pl.Series]) -> dict[int, list[str]]:
    """Return the columns in which rows are at fault, for those that are."""
    at_fault: dict[int, list[str]] = {}
    for name, bad in unsound.items():
        for place in bad.arg_true():
            at_fault.setdefault(rows[place], []).append(name)
    return at_fault
