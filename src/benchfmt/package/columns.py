"""The tables of a package in parts, with the standard's columns in their types and order."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa

from benchfmt.descriptor import Resource
from benchfmt.identity import canonical
from benchfmt.limits import LIMITS, Limits
from benchfmt.migrate import NAMESPACE
from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.package.errors import PackageError
from benchfmt.tables import COLUMNS, arrow_schema

_NOT_TEXT = {
    item.name for items in COLUMNS.values() for item in items if item.kind not in ("text", "json")
}
"""Columns whose cells can be faulty by themselves: that is told even where nobody asks for them."""
_BESIDE_TEXT = 16
"""How many bytes a cell of text takes beside it, which polars does not count."""


def held_bytes(rows: pl.DataFrame) -> int:
    """Return about how much memory rows take; many short ones take most of it beside their texts."""
    texts = sum(dtype == pl.String for dtype in rows.dtypes)
    return int(rows.estimated_size()) + _BESIDE_TEXT * texts * rows.height


def csv_batches(
    path: Path,
    resource: Resource,
    to_current: Callable[[pl.DataFrame], pl.DataFrame],
    limits: Limits = LIMITS,
    only: Collection[str] = (),
) -> Iterator[pa.Table]:
    """Yield a CSV file in tables whose columns of the standard have its types; raises PackageError for a faulty cell.

    `to_current` makes rows of this version of rows as they stand. With `only`, other texts are left out.
    """
    text = resource.text_table(path, limits)
    for frame, numbers in text.batches():
        if text.bad_rows:
            raise PackageError(
                f"{path}: row {text.bad_rows[0].row} has the wrong number of cells; run benchfmt validate"
            )
        kept = frame
        if only:
            kept = frame[[name for name in frame.columns if name in only or name in _NOT_TEXT]]
        empty = to_current(kept.with_columns(pl.all().replace("", None)))
        first = int(numbers[0])
        yield pa.table(
            {name: _typed(path, empty[name], first).to_arrow() for name in empty.columns}
        )


def _typed(path: Path, cells: pl.Series, first: int) -> pl.Series:
    kinds = {item.name: item.kind for items in COLUMNS.values() for item in items}
    kind = kinds.get(cells.name, "text")
    if kind == "boolean":
        typed = cells.replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
        )
    elif kind in ("integer", "number"):
        typed = cells.cast(pl.Float64, strict=False)
        typed = typed.set(~typed.is_finite(), None)
        if kind == "integer":
            whole = (typed == typed.round()) & (typed.abs() <= MAX_SAFE_INTEGER)
            typed = typed.set(~whole, None).cast(pl.Int64)
    else:
        return cells
    bad = (typed.is_null() & cells.is_not_null()).arg_max()
    if typed.null_count() != cells.null_count():
        raise PackageError(
            f"{path} row {first + (bad or 0)}, {cells.name}: {cells[bad or 0]!r} is not a {kind}"
        )
    return typed


def conform(
    table: str, part: pa.Table, path: Path, newer: str | None, only: Collection[str] = ()
) -> pa.Table:
    """Return a part with exactly the standard's columns, in their types and order; with `only`, those of them.

    Further columns of a `newer` minor version are carried in the extensions of records and systems.
    """
    unknown = [name for name in part.column_names if name not in arrow_schema(table).names]
    if newer and unknown and table != "measurements":
        part = _carried(part, unknown, newer)
    names, arrays = [], []
    for field, item in zip(arrow_schema(table), COLUMNS[table], strict=True):
        if only and field.name not in only:
            continue
        names.append(field.name)
        if field.name in part.column_names:
            if item.required and part[field.name].null_count:
                raise PackageError(f"{path}, {field.name}: a cell is empty; run benchfmt validate")
            try:
                arrays.append(part[field.name].cast(field.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise PackageError(
                    f"{path}, {field.name}: {error}; run benchfmt validate"
                ) from error
        elif not item.required:
            arrays.append(pa.nulls(part.num_rows, field.type))
        else:
            raise PackageError(
                f"{path}: the column {field.name!r} is missing; run benchfmt validate"
            )
    return pa.Table.from_arrays(arrays, names=names)


def own_types(table: str, frame: pl.DataFrame, only: Collection[str]) -> pl.DataFrame | None:
    """Return some columns of a frame, texts as texts.

    None where one is missing or of another type than the standard's, or has no cell where each has one.
    """
    columns = []
    for item in COLUMNS[table]:
        if item.name not in only:
            continue
        if item.name not in frame.columns:
            return None
        cells = frame[item.name]
        if item.required and cells.null_count():
            return None
        wanted = _OWN_TYPES.get(item.kind, pl.String)
        if wanted == pl.String and cells.dtype in (pl.Categorical, pl.Enum):
            cells = cells.cast(pl.String)
        if cells.dtype != wanted:
            return None
        columns.append(cells)
    return pl.DataFrame(columns)


_OWN_TYPES = {"integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean}


def _carried(part: pa.Table, unknown: list[str], version: str) -> pa.Table:
    """Return a part whose unknown columns stand in the extensions of its rows."""
    extensions = [None] * part.num_rows
    kept = part.drop_columns(unknown)
    if "extensions" in part.column_names:
        extensions = part["extensions"].to_pylist()
        kept = kept.drop_columns(["extensions"])
    carried = []
    for text, row in zip(extensions, part.select(unknown).to_pylist(), strict=True):
        cells = {name: str(value) for name, value in row.items() if value is not None}
        carried.append(_with_columns(text, cells, version))
    return kept.append_column("extensions", pa.array(carried, pa.string()))


def _with_columns(extensions: str | None, cells: dict[str, str], version: str) -> str | None:
    """Return the extensions of a row, to which the cells of unknown columns are added."""
    if not cells:
        return extensions
    own = {NAMESPACE: {"version": version, "columns": cells}}
    if not extensions:
        return canonical(own)
    return canonical({**json.loads(extensions), **own})
