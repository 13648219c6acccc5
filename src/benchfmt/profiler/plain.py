"""Typed values as plain data for JSON. Only the standard library is imported."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any


def hyphenated(name: str) -> str:
    """Return the key of a field whose names are words of the standard, as in `end-to-end`."""
    return name.replace("_", "-")


def plain(value: Any) -> Any:
    """Return a value as JSON takes it: dataclasses as objects without what is None, everything else as it is."""
    if is_dataclass(value):
        return _object(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    # A list of numbers may be long: one that holds no dataclass is not copied.
    if isinstance(value, list) and value and is_dataclass(value[0]):
        return [plain(item) for item in value]
    return value


def _object(value: Any) -> dict[str, Any]:
    spell = getattr(value, "__pydantic_config__", {}).get("alias_generator", str)
    content = {}
    for item in fields(value):
        part = getattr(value, item.name)
        if part is not None:
            content[spell(item.name)] = plain(part)
    return content
