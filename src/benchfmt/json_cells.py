"""JSON in the cells of a package, as the standard has it; what a cell holds otherwise is told, and stops who reads it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from benchfmt.finding import BenchfmtError

_SHOWN = 60
"""So many characters of a cell are shown."""
_Holds = Callable[[Any], bool]


class CellError(BenchfmtError):
    """A cell whose JSON is not what its column holds."""


def _is_text(data: Any) -> bool:
    return isinstance(data, str)


def _is_number(data: Any) -> bool:
    if isinstance(data, bool) or not isinstance(data, int | float):
        return False
    try:
        return math.isfinite(data)
    except OverflowError:
        return False


def _is_whole(data: Any) -> bool:
    # In JSON Schema, 1.0 is an integer.
    return _is_number(data) and data == int(data)


def _is_object(data: Any) -> bool:
    return isinstance(data, dict)


def _is_object_of_texts(data: Any) -> bool:
    return isinstance(data, dict) and all(map(_is_text, data.values()))


def _is_accelerator(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    return all(_is_text(value) or _is_whole(value) for value in data.values()) and _is_text(
        data.get("kind", "")
    )


def _is_input(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    named = _is_text(data.get("name")) and _is_text(data.get("unit", ""))
    return named and _list_of(_is_number)(data.get("values"))


def _list_of(holds: _Holds) -> _Holds:
    def is_list(data: Any) -> bool:
        return isinstance(data, list) and all(map(holds, data))

    return is_list


def _are_accelerators(data: Any) -> bool:
    """Say whether data is a list of accelerators, or one kind of them, which may stand as itself."""
    return _is_accelerator(data) or _list_of(_is_accelerator)(data)


_COLUMNS: dict[str, tuple[str, _Holds]] = {
    "accelerators": ("a list of accelerators", _are_accelerators),
    "caveats": ("a list of caveats", _list_of(_is_text)),
    "ci": ("a list of numbers", _list_of(_is_number)),
    "hyperparameters": ("an object", _is_object),
    "input_shape": ("a list of whole numbers", _list_of(_is_whole)),
    "inputs": ("a list of names with numbers", _list_of(_is_input)),
    "placement": ("a list of devices", _list_of(_is_text)),
    "software": ("an object of versions", _is_object_of_texts),
    "sources": ("a list of files", _list_of(_is_object_of_texts)),
}
"""What the cells of a column hold, in words, and what says whether data is that."""


def cell_data(column: str, text: str) -> Any:
    """Return what the JSON cell of a column holds; raises CellError where it is not what the standard has there."""
    words, holds = _COLUMNS[column]
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _fault(column, text, words) from error
    if not holds(data):
        raise _fault(column, text, words)
    return data


def _fault(column: str, text: str, words: str) -> CellError:
    shown = text
    if len(text) > _SHOWN:
        shown = f"{text[:_SHOWN]}…"
    return CellError(f"{column}: {shown!r} is not {words}; run benchfmt validate")
