"""The cells of one column in its type: the whole column at once where it is plainly sound, else cell by cell."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl

from benchfmt.checks.cell_faults import CellFaults
from benchfmt.checks.cell_json import json_values
from benchfmt.checks.cell_numbers import number_values, truth_values
from benchfmt.checks.cell_texts import text_values
from benchfmt.checks.frames import nulls
from benchfmt.checks.screens import Rules, has_digits_only, has_sound_numbers, has_sound_texts
from benchfmt.schema import column_schema
from benchfmt.tables import Column

_TRUTHS = ["true", "false"]
_PLAIN_KINDS = ("boolean", "integer", "number")
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


def typed_cells(table: str, item: Column, cell_faults: CellFaults, *, typed: bool) -> pl.Series:
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
            return truth_values(cell_faults)
        case "integer" | "number":
            return number_values(item, _rules(table, item.name), cell_faults)
        case "json":
            return json_values(table, item, cell_faults)
        case "text":
            return text_values(table, item, _rules(table, item.name), cell_faults)
