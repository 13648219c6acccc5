"""Typed values as plain data for JSON. Only the standard library is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic import JsonValue

Value: TypeAlias = (
    "str | float | bool | DataclassInstance | Mapping[str, Value] | Sequence[Value] | None"
)
"""What can be made plain: JSON data in which dataclasses stand."""


def hyphenated(name: str) -> str:
    """Return the key of a field whose names are words of the standard, as in `end-to-end`."""
    return name.replace("_", "-")


def plain(value: Value) -> JsonValue:
    """Return a value as JSON takes it: dataclasses as objects without what is None, everything else as it is."""
    if is_dataclass(value):
        return plain_object(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    # A list of numbers may be long: one that holds no dataclass is not copied.
    if isinstance(value, list) and value and is_dataclass(value[0]):
        return [plain(item) for item in value]
    return cast("JsonValue", value)


def plain_object(value: DataclassInstance) -> dict[str, JsonValue]:
    """Return a dataclass as a JSON object without what is None."""
    spell = getattr(value, "__pydantic_config__", {}).get("alias_generator", str)
    content = {}
    for item in fields(value):
        part = getattr(value, item.name)
        if part is not None:
            content[spell(item.name)] = plain(part)
    return content
