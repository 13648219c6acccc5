"""Text in the cells of a column, judged by the schema of the column: BF103, BF104, BF105, BF107 and BF117."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.cell_faults import CellFaults, HintOf
from benchfmt.checks.frames import nulls, suggestion
from benchfmt.checks.screens import Rules
from benchfmt.record import CONTROL_BUT_LINES
from benchfmt.spelling import nearest
from benchfmt.tables import TERM_COLUMNS, Column

_TIME = "^[0-9]{4}"
_FORMS = {
    "^[0-9a-f]{64}$": "a SHA-256 in 64 lower-case hex digits",
    "^[!-~]+$": "a unit code: ASCII characters without blanks",
}
_TERM = "a term: lower case, digits and hyphens, with a prefix or without"
_REPETITIONS = 4
"""How often a text stands at least, on average, in a column that is judged by its distinct texts."""
_SAMPLE = 1_000


def _is_time(rules: Rules) -> bool:
    """Whether the cells are dates or times."""
    return rules.pattern is not None and rules.pattern.startswith(_TIME)


def text_values(table: str, item: Column, rules: Rules, cell_faults: CellFaults) -> pl.Series:
    """Return the cells of a column of text without those at fault, which are noted."""
    cells = cell_faults.cells
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

    def hint(word: str) -> str | None:
        near = nearest(word.strip().lower(), allowed)
        if near is None:
            return None
        return f"did you mean {near!r}?"

    message = f"'{{cell}}' is none of: {', '.join(allowed)}"
    cell_faults.report(~cell_faults.cells.is_in(allowed), "BF104", message, hint)


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
