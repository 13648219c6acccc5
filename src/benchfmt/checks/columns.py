"""Columns as they stand in a file, in the types of the standard: BF1xx, judged by the schema of each column.

A cell at fault is reported and taken out; its row is left out of the checks that follow, so that a fault has no echo.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from benchfmt.checks.cell_faults import CellFaults, HintOf
from benchfmt.checks.cell_json import json_values
from benchfmt.checks.frames import (
    FAULT_COLUMNS,
    RECORD_IDS,
    ROW,
    faults,
    no_coded_faults,
    nulls,
    of_code,
    suggestion,
)
from benchfmt.checks.kinds import TEXTS
from benchfmt.checks.screens import Rules, has_digits_only, has_sound_numbers, has_sound_texts
from benchfmt.record import CONTROL_BUT_LINES
from benchfmt.rowhash import row_hashes, text_hashes
from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS, REPEATING, TERM_COLUMNS, Column

_TIME = "^[0-9]{4}"
_DIGITS = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
"""What pandas, Arrow and polars read differently is not a number: blanks, signs of infinity, underscores."""
_FORMS = {
    "^[0-9a-f]{64}$": "a SHA-256 in 64 lower-case hex digits",
    "^[!-~]+$": "a unit code: ASCII characters without blanks",
}
_TERM = "a term: lower case, digits and hyphens, with a prefix or without"
_REPETITIONS = 4
"""How often a text stands at least, on average, in a column that is judged by its distinct texts."""
_SAMPLE = 1_000
_MOST_KNOWN = 100_000
_HINTED_COLUMNS = 100
_TRUTHS = ["true", "false"]
_PLAIN_KINDS = ("boolean", "integer", "number")


@dataclass(frozen=True)
class Typed:
    """A table whose cells have the standard's types: what is sound, which rows are not, and the faults."""

    frame: pl.DataFrame
    sound: pl.Series
    faults: pl.DataFrame


_REFERENCES = {("records", "system_id"), ("measurements", "record_id")}
"""Columns whose texts are ids of other tables: their form is judged there, and one that stands nowhere is lost."""


@cache
def _rules(table: str, name: str) -> Rules:
    schema: dict[str, Any] = {}
    if (table, name) not in _REFERENCES:
        schema = column_schema(table, name)
    return Rules(
        allowed=schema.get("enum"),
        pattern=schema.get("pattern"),
        forbidden=schema.get("not", {}).get("pattern"),
        constant=schema.get("const"),
        least=schema.get("minimum"),
        above=schema.get("exclusiveMinimum"),
        most=schema.get("maximum"),
    )


def _is_time(rules: Rules) -> bool:
    """Whether the cells are dates or times."""
    return rules.pattern is not None and rules.pattern.startswith(_TIME)


def type_table(
    table: str,
    raw: pl.DataFrame,
    repeating: RepeatingTexts,
    *,
    newer: bool = False,
    typed: bool = False,
    told: bool = True,
) -> Typed:
    """Return a raw frame in the standard's types, with its faults.

    `repeating` remembers which of its texts were judged with earlier frames. `newer` is true for a later minor version, whose further columns are no fault; `typed` where the columns of `raw`
    have types of their own (Parquet), so that text is not a number. Unless `told`, cells at fault are taken out and not
    put in words.
    """
    items = {item.name: item for item in COLUMNS[table]}
    table_faults = [no_coded_faults()]
    if not newer:
        unknown = [name for name in raw.columns if name not in items and name != ROW]
        table_faults.append(_unknown_columns(table, unknown))
        # What is plainly misspelt is judged as what was meant, so that it is not missing as well.
        raw = raw.rename(_meant_columns(table, unknown, raw.columns))
    # Columns that are dictionaries in Parquet are text.
    if any(kind in (pl.Categorical, pl.Enum) for kind in raw.dtypes):
        raw = raw.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    columns: dict[str, pl.Series] = {}
    sound = pl.repeat(value=True, n=raw.height, dtype=pl.Boolean, eager=True)
    hashes = repeating.hashes(raw)
    faultless = repeating.faultless(raw, hashes)
    for name, item in items.items():
        if name in faultless:
            columns[name] = raw[name]
            continue
        if name not in raw.columns:
            columns[name] = nulls(item.kind, raw.height).alias(name)
            if item.required:
                table_faults.append(_missing_column(table, name))
                sound = pl.repeat(value=False, n=raw.height, dtype=pl.Boolean, eager=True)
            continue
        other = _other_type(item, raw[name], typed=typed)
        if other is not None:
            table_faults.append(repeating.mistyped(item, raw, other))
            columns[name] = nulls(item.kind, raw.height).alias(name)
            sound &= raw[name].is_null()
            continue
        suspects = repeating.suspects(raw, item)
        if suspects is not None:
            sound &= ~suspects
            columns[name] = raw[name].set(suspects, None)
            if told:
                table_faults.append(_faults_of_suspects(table, item, raw, suspects, typed=typed))
            continue
        cell_faults = CellFaults(raw[name], is_told=told)
        columns[name] = _typed_column(table, item, cell_faults, typed=typed).alias(name)
        if cell_faults.bad.any():
            sound &= ~cell_faults.bad
            table_faults.append(_faults_of(table, item, raw, cell_faults))
    if table == "measurements":
        columns[TEXTS] = hashes
    columns[ROW] = raw[ROW]
    return Typed(_frame_of(columns), sound, pl.concat(table_faults))


def _frame_of(columns: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Return columns as a frame, which keeps one cell in place of a column that has none: most have none."""
    kept = []
    for name, cells in columns.items():
        if name != ROW and cells.null_count() == cells.len():
            kept.append(pl.lit(None, dtype=cells.dtype).alias(name))
        else:
            kept.append(pl.lit(cells).alias(name))
    return pl.select(kept)


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
        self._distinct: pl.DataFrame | None = None
        """The distinct rows of texts of the last frame, where these are few."""

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
        message = f"the column {item.name} is {other}, and not {_NOUNS[item.kind]}"
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
        if not items:
            return set()
        first_rows = hashes.arg_unique()
        if first_rows.len() * _REPETITIONS > raw.height:
            return self._faultless_columns(items, raw)
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
            _typed_column(self._table, item, cell_faults, typed=True)
        verdicts = dict(zip(new, cell_faults.bad, strict=True))
        faulty = [text for text in given if verdicts.get(text, judged.get(text))]
        if len(judged) < _MOST_KNOWN:
            judged |= verdicts
        return faulty


def _remember(new: set[int], known: set[int]) -> None:
    if len(known) < _MOST_KNOWN:
        known |= new


_NOUNS = {
    "text": "text",
    "json": "JSON text",
    "integer": "whole numbers",
    "number": "numbers",
    "boolean": "true and false",
}
"""What the cells of a kind of column are."""
_TYPE_HINT = "write the column in its type; a cell that has no value is null"
_SURE = 0.8
"""How alike a name is to the column that it is taken for."""


def _other_type(item: Column, cells: pl.Series, *, typed: bool) -> str | None:
    """Return what a column of Parquet holds in place of its own type; None where it may hold its type."""
    kind = cells.dtype
    if not typed or kind == pl.Null:
        return None
    match item.kind:
        case "text" | "json":
            is_own = kind == pl.String
        case "boolean":
            is_own = kind == pl.Boolean
        case _:
            is_own = kind.is_numeric()
    if is_own:
        return None
    if kind == pl.String:
        return "text"
    return f"of type {kind}"


def _meant_columns(table: str, unknown: list[str], present: list[str]) -> dict[str, str]:
    """Return which columns names are taken for that differ little from them, and that are not there."""
    absent = [item.name for item in COLUMNS[table] if item.name not in present]
    meant: dict[str, str] = {}
    for name in unknown[:_HINTED_COLUMNS]:
        plain = name.strip().lower().replace(" ", "_").replace("-", "_")
        near = difflib.get_close_matches(plain, absent, n=1, cutoff=_SURE)
        if near and near[0] not in meant.values():
            meant[name] = near[0]
    return meant


def _unknown_columns(table: str, names: list[str]) -> pl.DataFrame:
    """Return a fault for each name; the nearest column is looked up for the first ones only, which takes long."""
    if not names:
        return no_coded_faults()
    known = [item.name for item in COLUMNS[table]]
    messages = []
    hints = []
    for number, name in enumerate(names):
        near = (
            difflib.get_close_matches(name.strip().lower(), known, n=1)
            if number < _HINTED_COLUMNS
            else []
        )
        messages.append(f"the standard has no column {name!r} in {table}")
        hint = "put what the standard has no column for into `extensions`"
        hints.append(f"did you mean {near[0]!r}?" if near else hint)
    return _column_faults("BF102", table, names, messages, hints)


def _missing_column(table: str, name: str) -> pl.DataFrame:
    message = f"the column {name!r} is missing"
    return _column_faults("BF101", table, [name], [message], ["every row needs it"])


def _column_faults(
    code: str, table: str, names: list[str], messages: list[str], hints: list[str]
) -> pl.DataFrame:
    """Return a fault for each of some columns as a whole: it stands in no row."""
    types = no_coded_faults().schema
    rows = {"column": names, "message": messages, "hint": hints}
    faults_of_columns = pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))
    absent = [pl.lit(None, dtype=types[name]).alias(name) for name in ("row", "record", "value")]
    whole = faults_of_columns.with_columns(
        *absent, pl.lit(code).alias("code"), pl.lit(table).alias("table")
    )
    return whole.select(FAULT_COLUMNS)


def _faults_of_suspects(
    table: str, item: Column, raw: pl.DataFrame, suspects: pl.Series, *, typed: bool
) -> pl.DataFrame:
    some = _with_places(table, raw, item.name).filter(suspects)
    cell_faults = CellFaults(some[item.name])
    _typed_column(table, item, cell_faults, typed=typed)
    return _faults_of(table, item, some, cell_faults)


def _faults_of(
    table: str, item: Column, raw: pl.DataFrame, cell_faults: CellFaults
) -> pl.DataFrame:
    if not cell_faults.is_told:
        return no_coded_faults()
    wrong = _with_places(table, raw, item.name).filter(cell_faults.bad)
    cells = wrong[item.name].cast(pl.String, strict=False)
    texts = cell_faults.frame()
    without_code = faults(wrong, table, item.name, texts["message"], cells, texts["hint"])
    return without_code.select(texts["code"], *FAULT_COLUMNS[1:])


def _with_places(table: str, raw: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return a column beside the numbers of its rows and the ids of their records."""
    kept = {name, ROW, RECORD_IDS.get(table)}
    # `select` would put together the pieces in which the columns of Parquet lie.
    return raw[[column for column in raw.columns if column in kept]]


def _typed_column(table: str, item: Column, cell_faults: CellFaults, *, typed: bool) -> pl.Series:
    """Return a column in its type after noting its faults."""
    cells = cell_faults.cells
    if cells.null_count() == cells.len() and not item.required:
        return nulls(item.kind, cells.len())
    is_complete = not item.required or not cells.null_count()
    sound = _screened(item, _rules(table, item.name), cells, typed=typed) if is_complete else None
    if sound is not None:
        return sound
    if typed and cells.dtype == pl.String and item.kind in _PLAIN_KINDS:
        cell_faults.report(cells.is_not_null(), "BF103", f"{item.name} is a {item.kind}, not text")
        values = nulls(item.kind, cells.len())
    else:
        values = _values(table, item, cell_faults)
    if item.required:
        cell_faults.report(cells.is_null(), "BF101", f"{item.name} is empty; every row needs it")
    return values


def _screened(item: Column, rules: Rules, cells: pl.Series, *, typed: bool) -> pl.Series | None:
    """Return a column in its type where it is plainly without any fault; None where its cells are to be looked at."""
    is_text = cells.dtype == pl.String
    match item.kind:
        case "text" if is_text and has_sound_texts(cells, rules):
            return cells
        case "integer" if cells.dtype.is_integer() and has_sound_numbers(cells, rules):
            return cells.cast(pl.Int64)
        case "number" if cells.dtype.is_float() and has_sound_numbers(cells, rules):
            return cells.cast(pl.Float64)
        case "integer" | "number" if is_text and not typed:
            return _screened_digits(item, rules, cells)
        case "boolean" if cells.dtype == pl.Boolean:
            return cells
        case "boolean" if is_text and not typed and cells.drop_nulls().is_in(_TRUTHS).all():
            return cells == "true"
    return None


def _screened_digits(item: Column, rules: Rules, cells: pl.Series) -> pl.Series | None:
    """Return texts as numbers where all of them are digits of numbers that the column may have."""
    values = cells.cast(pl.Float64, strict=False)
    if values.null_count() != cells.null_count() or not has_digits_only(cells):
        return None
    if not has_sound_numbers(values, rules):
        return None
    if item.kind == "number":
        return values
    if not (values == values.round()).all():
        return None
    return values.cast(pl.Int64)


def _values(table: str, item: Column, cell_faults: CellFaults) -> pl.Series:
    match item.kind:
        case "boolean":
            return _booleans(cell_faults)
        case "integer" | "number":
            return _numbers(item, _rules(table, item.name), cell_faults)
        case "json":
            return json_values(table, item, cell_faults)
        case "text":
            return _texts(table, item, cell_faults)


# --- text ---


def _texts(table: str, item: Column, cell_faults: CellFaults) -> pl.Series:
    cells = cell_faults.cells
    rules = _rules(table, item.name)
    if cells.dtype != pl.String:
        cell_faults.report(cells.is_not_null(), "BF103", f"{item.name} is text, not {cells.dtype}")
        return nulls(item.kind, cells.len())
    hint = "leave out what the source does not say"
    cell_faults.report(cells == "", "BF107", f"{item.name} is empty text", hint)
    if rules.allowed is not None:
        _report_unlisted(rules.allowed, cell_faults)
    _report_malformed(rules, TERM_COLUMNS[table].get(item.name), cell_faults)
    if rules.constant is not None:
        message = f"'{{cell}}' is not {rules.constant!r}"
        cell_faults.report(cells != rules.constant, "BF117", message)
    return cells.set(cell_faults.bad, None)


def _report_unlisted(allowed: list[str], cell_faults: CellFaults) -> None:
    """Note cells that are not in a closed list."""

    def nearest(word: str) -> str | None:
        near = difflib.get_close_matches(word.strip().lower(), allowed, n=1)
        if not near:
            return None
        return f"did you mean {near[0]!r}?"

    message = f"'{{cell}}' is none of: {', '.join(allowed)}"
    cell_faults.report(~cell_faults.cells.is_in(allowed), "BF104", message, nearest)


def _report_malformed(rules: Rules, kind: str | None, cell_faults: CellFaults) -> None:
    """Note cells whose text does not have the form of their column; `kind` is that of its terms, if it holds any."""
    cells = cell_faults.cells
    wrong = pl.Series([False], dtype=pl.Boolean).new_from_index(0, cells.len())
    if rules.forbidden is not None:
        wrong = _is_found(cells, rules.forbidden)
    if rules.pattern is not None:
        wrong |= ~_is_found(cells, rules.pattern)
    message = f"'{{cell}}' is not {_expected(rules)}"
    cell_faults.report(wrong & cells.is_not_null(), "BF105", message, _form_hint(kind))


def _is_found(cells: pl.Series, pattern: str) -> pl.Series:
    """Return in which cells a pattern is found; texts that repeat, or stand in runs, are asked about once."""
    runs = cells.rle_id()
    heads = runs.arg_unique()
    if heads.len() * _REPETITIONS <= cells.len():
        return cells[heads].str.contains(pattern).gather(runs)
    if cells.head(_SAMPLE).n_unique() * _REPETITIONS <= min(cells.len(), _SAMPLE):
        distinct = cells.unique()
        return cells.is_in(distinct.filter(distinct.str.contains(pattern)).implode())
    return cells.str.contains(pattern)


def _form_hint(kind: str | None) -> HintOf | None:
    """Return what to write in place of a malformed text; for a term, the one that was likely meant."""
    if kind is not None:
        return lambda word: suggestion(kind, word) or f"see `benchfmt vocabulary {kind}`"
    return None


def _expected(rules: Rules) -> str:
    if _is_time(rules):
        return "an ISO 8601 date or time, such as 2026-04-03T10:00:00Z"
    if rules.pattern is not None:
        return _FORMS.get(rules.pattern, _TERM)
    if rules.forbidden == CONTROL_BUT_LINES:
        return "text without control characters"
    return "one line of text without control characters"


# --- numbers, true and false ---


def _numbers(item: Column, rules: Rules, cell_faults: CellFaults) -> pl.Series:
    cells = cell_faults.cells
    if not (cells.dtype.is_numeric() or cells.dtype in (pl.String, pl.Null)):
        cell_faults.report(
            cells.is_not_null(), "BF103", f"{item.name} is a number, not {cells.dtype}"
        )
        return nulls(item.kind, cells.len())
    is_whole = item.kind == "integer"
    values = cells.cast(pl.Float64, strict=False)
    infinite = "BF106"
    if cells.dtype == pl.String:
        infinite = "BF103"
        _report_unreadable(values, cell_faults, is_whole=is_whole)
    hint = "leave the number out and say why in `missing`"
    cell_faults.report(~values.is_finite(), infinite, "{cell} is not finite", hint)
    if is_whole:
        cell_faults.report(values != values.round(), "BF103", "{cell} is not a whole number")
    _report_out_of_bounds(item.name, values, rules, cell_faults)
    sound = values.set(cell_faults.bad, None)
    if is_whole:
        return sound.cast(pl.Int64)
    return sound


def _report_unreadable(values: pl.Series, cell_faults: CellFaults, *, is_whole: bool) -> None:
    """Note texts that are no number."""
    cells = cell_faults.cells
    message = "'{cell}' is not a number"
    if is_whole:
        message = "'{cell}' is not a whole number"
    is_readable = cells.str.contains(_DIGITS) & values.is_not_null()
    hint = "write digits with a decimal point"
    cell_faults.report(~is_readable & cells.is_not_null(), "BF103", message, hint)


def _report_out_of_bounds(
    name: str, values: pl.Series, rules: Rules, cell_faults: CellFaults
) -> None:
    """Note numbers that a column may not have."""
    if rules.least is not None:
        message = f"{{cell}} is below what {name} may be (at least {rules.least:g})"
        cell_faults.report(values < rules.least, "BF106", message, _zero_hint)
    elif rules.above is not None:
        message = f"{{cell}} is below what {name} may be (above {rules.above:g})"
        cell_faults.report(values <= rules.above, "BF106", message, _zero_hint)
    if rules.most is not None:
        message = f"{{cell}} is above what {name} may be (at most {rules.most:.16g})"
        cell_faults.report(values > rules.most, "BF106", message)


def _zero_hint(cell: str) -> str | None:
    """Return what to write in place of a 0 that stands for a number that nobody knows."""
    if cell.strip("0.") != "":
        return None
    return "0 does not mean that nothing is known: leave the cell empty"


def _booleans(cell_faults: CellFaults) -> pl.Series:
    cells = cell_faults.cells
    if cells.dtype in (pl.Boolean, pl.Null):
        return cells.cast(pl.Boolean)
    texts = cells.cast(pl.String, strict=False)
    values = texts.replace_strict(
        {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
    )
    wrong = values.is_null() & cells.is_not_null()
    cell_faults.report(wrong, "BF103", "'{cell}' is neither true nor false", "write true or false")
    return values
