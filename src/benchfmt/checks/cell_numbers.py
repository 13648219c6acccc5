"""Numbers, and true and false, in the cells of a column, judged by the schema of the column: BF103 and BF106."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.cell_faults import CellFaults
from benchfmt.checks.frames import nulls
from benchfmt.checks.screens import Rules
from benchfmt.tables import Column

_DIGITS = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
"""What pandas, Arrow and polars read differently is not a number: blanks, signs of infinity, underscores."""


def number_values(item: Column, rules: Rules, cell_faults: CellFaults) -> pl.Series:
    """Return the cells of a column as numbers without those at fault, which are noted."""
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


def truth_values(cell_faults: CellFaults) -> pl.Series:
    """Return the cells of a column as true and false without those that are neither, which are noted."""
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
