"""Columns of a record's fields that stand inside of objects, as columns of these objects in JSON."""

from __future__ import annotations

import json

import polars as pl
from pydantic import JsonValue

from benchfmt.annotated import cells as c
from benchfmt.annotated.columns import constant
from benchfmt.identity import canonical

Nested = dict[tuple[str, ...], pl.Series]
"""Columns of JSON text by the keys under which they stand in an object."""


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


def with_field(frame: pl.DataFrame, path: str, value: JsonValue, mask: pl.Series) -> pl.DataFrame:
    """Return records, those of `mask` with a value of their own for a field."""
    place = constant(path, value)
    name = place.column.name
    before = pl.Series(name, [None] * frame.height, dtype=pl.String)
    if name in frame.columns:
        before = frame[name]
    if place.inside:
        after = c.map_distinct(
            before.fill_null("{}"), lambda text: _merged(text, place.inside, value), pl.String
        )
    else:
        literal = canonical(value) if place.column.kind == "json" else value
        after = pl.Series(name, [literal] * frame.height)
        before = before.cast(after.dtype)
    return frame.with_columns(after.zip_with(mask, before).alias(name))


def _merged(text: str, path: tuple[str, ...], value: JsonValue) -> str:
    """Return an object as JSON text with a value at a path."""
    data = json.loads(text)
    node = data
    for part in path[:-1]:
        node = node.setdefault(part, {})
    node[path[-1]] = value
    return canonical(data)
