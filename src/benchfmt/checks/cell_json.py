"""JSON in the cells of a column, judged by the schema of the column; equal texts are judged once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache

import jsonschema
import polars as pl
from pydantic import JsonValue, ValidationError

from benchfmt.adapters import adapter_of_column
from benchfmt.annotated.cells import map_distinct
from benchfmt.checks.cell_faults import CellFaults
from benchfmt.checks.frames import nulls
from benchfmt.checks.schema_faults import schema_fault
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import is_safe
from benchfmt.readers import jsons
from benchfmt.schema import column_schema, record_schema
from benchfmt.surrogates import IN_TEXT, SURROGATE
from benchfmt.tables import Column

_JSON_HINTS = {
    "BF115": "the cells of this column are JSON: a list or an object, as json.dumps writes it"
}
_LONGEST_KNOWN = 1_000
"""The verdict on a longer text is not remembered."""
_MOST_KNOWN = 2_000
_ITEMS_AT_ONCE = 1_000
"""So many items of a list are judged at once."""


def json_values(table: str, item: Column, cell_faults: CellFaults) -> pl.Series:
    """Return a column of JSON texts after noting its faults."""
    cells = cell_faults.cells
    if cells.dtype not in (pl.String, pl.Null):
        message = f"{item.name} is JSON text, not {cells.dtype}"
        hint = "write the list or object as JSON text"
        cell_faults.report(cells.is_not_null(), "BF103", message, hint)
        return nulls(item.kind, cells.len())
    texts = cells.cast(pl.String)
    # A fault of code, message and hint is JSON itself, so that distinct cells with one fault are noted at once.
    verdicts = map_distinct(texts, lambda text: _verdict(table, item.name, text), pl.String)
    for verdict in set(verdicts.drop_nulls()):
        code, message, hint = json.loads(verdict)
        cell_faults.report(verdicts == verdict, code, message, hint)
    return texts.set(cell_faults.bad, None)


def _verdict(table: str, name: str, text: str) -> str | None:
    """Return code, message and hint of the first fault of a JSON cell, or None."""
    if len(text) > _LONGEST_KNOWN:
        return _new_verdict(table, name, text)
    return _known_verdict(table, name, text)


@lru_cache(maxsize=_MOST_KNOWN)
def _known_verdict(table: str, name: str, text: str) -> str | None:
    """Return what `_new_verdict` does: the same JSON stands in many frames."""
    return _new_verdict(table, name, text)


def _new_verdict(table: str, name: str, text: str) -> str | None:
    if _is_sound_list(table, name, text):
        return None
    try:
        data = jsons.parse(text)
    except BenchfmtError as error:
        code = getattr(error, "code", "BF115")
        if "appears twice" in str(error):
            code = "BF116"
        return json.dumps([code, str(error), _JSON_HINTS.get(code, "")])
    if "\\u" in text and SURROGATE.search(json.dumps(data, ensure_ascii=False)):
        return json.dumps(["BF105", IN_TEXT, ""])
    # A wrong type is the cause of whatever else is wrong there.
    fault = min(
        _faults(table, name, data), key=lambda error: error.validator != "type", default=None
    )
    if fault is None:
        return None
    code, message = schema_fault(fault)
    return json.dumps([code, message, ""])


def _is_sound_list(table: str, name: str, text: str) -> bool:
    """Whether a text is a long list that its model takes as it is written; no key stands twice where there is none."""
    if len(text) <= _LONGEST_KNOWN or "{" in text or "\\" in text:
        return False
    try:
        adapter_of_column(table, name).validate_json(text)
    except ValidationError:
        return False
    return True


def _faults(table: str, name: str, data: JsonValue) -> Iterator[jsonschema.ValidationError]:
    """Yield what the schema of a column says of data; of a long list only of the first of its items that are at fault."""
    if not isinstance(data, list):
        yield from _validator(table, name, is_free=_is_free(data)).iter_errors(data)
        return
    found = False
    # An empty list has no items, and is at fault itself.
    for start in range(0, max(len(data), 1), _ITEMS_AT_ONCE):
        items = data[start : start + _ITEMS_AT_ONCE]
        if not found and not _is_sound(table, name, items):
            judge = _validator(table, name, is_free=_is_free(items))
            for error in judge.iter_errors(items):
                found = True
                yield _within(error, start)


def _is_sound(table: str, name: str, items: list[JsonValue]) -> bool:
    """Whether the model takes some items of a list: a hundred times as fast as their schema says it."""
    try:
        adapter_of_column(table, name).validate_python(items)
    except ValidationError:
        return False
    return True


def _within(error: jsonschema.ValidationError, start: int) -> jsonschema.ValidationError:
    """Return a fault of some items of a list as one of the list, in which they begin at a place."""
    if error.path and isinstance(error.path[0], int):
        error.path[0] += start
    return error


def _is_free(data: JsonValue) -> bool:
    """Say whether data fits wherever any JSON may stand: there is no null in it, and no number beyond 2^53-1."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif value is None or (isinstance(value, int | float) and not is_safe(value)):
            return False
    return True


@cache
def _validator(table: str, name: str, *, is_free: bool) -> jsonschema.Draft202012Validator:
    """Return what judges the data of a column; where it `is_free`, whatever may be any JSON is not looked at again."""
    definitions = record_schema()["$defs"]
    if is_free:
        definitions = {**definitions, "Json": True}
    return jsonschema.Draft202012Validator({**column_schema(table, name), "$defs": definitions})
