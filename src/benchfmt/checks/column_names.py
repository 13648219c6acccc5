"""Columns by their names and types: those that the standard does not have (BF102), and those that are missing (BF101)."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.groups import Fault, Group
from benchfmt.spelling import nearest
from benchfmt.tables import COLUMNS, Column

_HINTED_COLUMNS = 100
NOUNS = {
    "text": "text",
    "json": "JSON text",
    "integer": "whole numbers",
    "number": "numbers",
    "boolean": "true and false",
}
"""What the cells of a kind of column are."""
_SURE = 0.8
"""How alike a name is to the column that it is taken for."""


def other_type(item: Column, cells: pl.Series, *, typed: bool) -> str | None:
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


def meant_columns(table: str, unknown: list[str], present: list[str]) -> dict[str, str]:
    """Return which columns names are taken for that differ little from them, and that are not there."""
    absent = [item.name for item in COLUMNS[table] if item.name not in present]
    meant: dict[str, str] = {}
    for name in unknown[:_HINTED_COLUMNS]:
        plain = name.strip().lower().replace(" ", "_").replace("-", "_")
        near = nearest(plain, absent, _SURE)
        if near is not None and near not in meant.values():
            meant[name] = near
    return meant


def unknown_columns(table: str, names: list[str]) -> list[Group]:
    """Return a fault for each name; the nearest column is looked up for the first ones only, which takes long."""
    known = [item.name for item in COLUMNS[table]]
    found = []
    for number, name in enumerate(names):
        near = None
        if number < _HINTED_COLUMNS:
            near = nearest(name.strip().lower(), known)
        hint = "put what the standard has no column for into `extensions`"
        if near is not None:
            hint = f"did you mean {near!r}?"
        message = f"the standard has no column {name!r} in {table}"
        found.append(_of_column("BF102", table, name, message, hint))
    return found


def missing_column(table: str, name: str) -> Group:
    """Return the fault of a column that every row needs, and that is not there."""
    message = f"the column {name!r} is missing"
    return _of_column("BF101", table, name, message, "every row needs it")


def _of_column(code: str, table: str, name: str, message: str, hint: str) -> Group:
    """Return the fault of a column as a whole: it stands in no row."""
    return Group(code, table, name, [Fault(None, None, message, None, hint)], 1)
