"""Columns of a record's fields that stand inside of objects, as columns of these objects in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from pydantic import JsonValue

from benchfmt.annotated import cells as c
from benchfmt.annotated.columns import constant
from benchfmt.annotated.notes import Integers
from benchfmt.identity import canonical
from benchfmt.tables import Column, Kind

Nested = dict[tuple[str, ...], pl.Series]
"""Columns of JSON text by the keys under which they stand in an object."""
Change = list[tuple[tuple[str, ...], JsonValue]]
"""What a variant says of a column: values, each at a path inside of its object, or without one as the whole."""
Changes = dict[int, Change]
"""What variants say of a column, in their order."""
_TYPES: Mapping[Kind, type[pl.DataType]] = {
    "text": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "json": pl.String,
}


def nested_json(nested: Nested, height: int) -> pl.Series:
    """Return columns of JSON text, by where they stand in an object, as a column of these objects."""
    parts: dict[str, pl.Series] = {}
    inner: dict[str, Nested] = {}
    for path, cells in nested.items():
        if len(path) == 1:
            parts[path[0]] = cells
        else:
            inner.setdefault(path[0], {})[path[1:]] = cells
    for name, below in inner.items():
        parts[name] = nested_json(below, height)
    return c.json_object(parts, height)


def with_variants(
    frame: pl.DataFrame, variants: Sequence[Mapping[str, JsonValue]], codes: Integers
) -> pl.DataFrame:
    """Return records with the fields that their variants say; `codes` are the places of these, one for each record.

    A column is made once for all variants, of which a table may have as many as columns.
    """
    changes: dict[Column, Changes] = {}
    for variant, fields in enumerate(variants):
        for path, value in fields.items():
            place = constant(path, value)
            by_variant = changes.setdefault(place.column, {})
            by_variant.setdefault(variant, []).append((place.inside, value))
    columns = []
    for column, by_variant in changes.items():
        dtype = _TYPES[column.kind]
        before = c.nothing(frame.height, dtype)
        if column.name in frame.columns:
            before = frame[column.name].cast(dtype)
        if column.kind == "json":
            cells = _changed_json(before, by_variant, codes)
        else:
            cells = _changed(before, by_variant, codes)
        columns.append(cells.alias(column.name))
    return frame.with_columns_seq(columns)


def _changed(before: pl.Series, changes: Changes, codes: Integers) -> pl.Series:
    """Return cells, those of some variants with the value that these say."""
    said = np.array(list(changes), dtype=np.int64)
    places = np.searchsorted(said, codes).clip(max=len(said) - 1)
    values = [change[-1][1] for change in changes.values()]
    after = pl.Series(values, dtype=before.dtype).gather(pl.Series(places))
    return after.zip_with(pl.Series(said[places] == codes), before)


def _changed_json(before: pl.Series, changes: Changes, codes: Integers) -> pl.Series:
    """Return cells of JSON, those of some variants with what these say; what is alike is made once."""
    known: dict[tuple[int, str | None], str] = {}
    texts = before.to_list()
    for place, variant in enumerate(codes.tolist()):
        change = changes.get(variant)
        if change is None:
            continue
        key = (variant, texts[place])
        text = known.get(key)
        if text is None:
            text = known[key] = _changed_text(texts[place], change)
        texts[place] = text
    return pl.Series(texts, dtype=pl.String)


def _changed_text(text: str | None, change: Change) -> str:
    """Return JSON text with values at some paths; one without a path is the whole."""
    data: JsonValue = json.loads(text) if text else {}
    for path, value in change:
        if path:
            _put(data, path, value)
        else:
            data = value
    return canonical(data)


def _put(data: JsonValue, path: tuple[str, ...], value: JsonValue) -> None:
    """Put a value at a path inside of an object."""
    node: Any = data
    for part in path[:-1]:
        node = node.setdefault(part, {})
    node[path[-1]] = value
