"""Members of a descriptor as it is written, whatever else stands in it."""

from __future__ import annotations

from pydantic import JsonValue

Object = dict[str, JsonValue]
"""An object of a descriptor, with members of other programs that nobody here knows."""


def object_in(data: Object, key: str) -> Object:
    """Return the object that a member holds; a new one where it holds none."""
    value = data.get(key)
    if isinstance(value, dict):
        return value
    return {}


def list_in(data: Object, key: str) -> list[JsonValue]:
    """Return the list that a member holds; a new one where it holds none."""
    value = data.get(key)
    if isinstance(value, list):
        return value
    return []


def objects_in(data: Object, key: str) -> list[Object]:
    """Return the objects of the list that a member holds."""
    return [item for item in list_in(data, key) if isinstance(item, dict)]


def text_in(data: Object, key: str) -> str:
    """Return the text that a member holds; an empty one where it holds none."""
    value = data.get(key)
    if isinstance(value, str):
        return value
    return ""
