"""JSON in the cells of a column, judged by the schema of the column; equal texts are judged once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import Any

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
_ITEMS_AT_ONCE = 200
"""So many items of a list, or members of an object, are judged at once."""
_FEW = 20
"""So many items of free JSON that do not fit are enough to tell one."""


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
    """Yield what the schema of a column says of data; of a large list or object only of the first of its items at fault."""
    parts = _parts(data)
    for start, part in parts:
        if len(parts) > 1 and _is_sound(table, name, part):
            continue
        errors = _errors(table, name, part)
        yield from (_within(error, start) for error in errors)
        if errors:
            return


def _parts(data: JsonValue) -> list[tuple[int, JsonValue]]:
    """Return data in parts with the place at which each begins: a list or an object of many items as several smaller ones."""
    if isinstance(data, list) and len(data) > _ITEMS_AT_ONCE:
        starts = range(0, len(data), _ITEMS_AT_ONCE)
        return [(start, data[start : start + _ITEMS_AT_ONCE]) for start in starts]
    if isinstance(data, dict) and len(data) > _ITEMS_AT_ONCE:
        starts = range(0, len(data), _ITEMS_AT_ONCE)
        items = iter(data.items())
        return [(start, dict(islice(items, _ITEMS_AT_ONCE))) for start in starts]
    return [(0, data)]


def _is_sound(table: str, name: str, data: JsonValue) -> bool:
    """Whether the model takes data: it says so a hundred times as fast as the schema."""
    try:
        adapter_of_column(table, name).validate_python(data)
    except ValidationError:
        return False
    return True


def _within(error: jsonschema.ValidationError, start: int) -> jsonschema.ValidationError:
    """Return a fault of some items of a list as one of the list, in which they begin at a place."""
    if error.path and isinstance(error.path[0], int):
        error.path[0] += start
    return error


def _errors(table: str, name: str, data: JsonValue) -> list[jsonschema.ValidationError]:
    """Return what the schema says of data that has not many items itself."""
    is_free = _is_free(data)
    judge = _validator(table, name, is_free=is_free)
    if is_free:
        return list(judge.iter_errors(data))
    few = _with_few(data, _ITEMS_AT_ONCE)
    errors = [_at_its_place(error, few) for error in judge.iter_errors(few)]
    # Where the fault is another one, what is left out may have it.
    return errors or list(judge.iter_errors(data))


class _Few(list[JsonValue]):
    """Some items of a list, which know where they stood."""

    places: Sequence[int] = ()


def _at_its_place(error: jsonschema.ValidationError, few: JsonValue) -> jsonschema.ValidationError:
    """Return a fault of data with few items as one of the data itself."""
    node: Any = few
    for level, part in enumerate(list(error.path)):
        if isinstance(node, _Few) and isinstance(part, int):
            error.path[level] = node.places[part]
        node = node[part]
    return error


def _with_few(data: JsonValue, most: int = _FEW) -> JsonValue:
    """Return data in which a list or an object of more items than `most` has only the first that do not fit where any JSON may stand.

    Within it, a few are enough: the schema takes long to say which of all that JSON may be one item is not.
    """
    if isinstance(data, dict):
        members = data
        if len(data) > most:
            wrong = ((key, item) for key, item in data.items() if not _is_free(item))
            members = dict(islice(wrong, most))
        return {key: _with_few(item) for key, item in members.items()}
    if isinstance(data, list):
        if len(data) <= most:
            return [_with_few(item) for item in data]
        wrong_ones = ((place, item) for place, item in enumerate(data) if not _is_free(item))
        kept = list(islice(wrong_ones, most))
        items = _Few(_with_few(item) for _, item in kept)
        items.places = [place for place, _ in kept]
        return items
    return data


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
