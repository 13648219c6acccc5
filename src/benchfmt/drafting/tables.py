"""Drafted tables: the columns with what they are, as a resource of a descriptor."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from pydantic import JsonValue

Annotation = dict[str, JsonValue]
"""The member `benchfmt` of a field."""


@dataclass
class DraftedColumn:
    """A column of a drafted table: its type, and what it is where that was understood."""

    name: str
    type: str
    annotation: JsonValue = None
    numbers: dict[str, JsonValue] = field(default_factory=dict)
    """How its numbers are written, in the words of a Table Schema."""

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the column as a field of a table's schema."""
        data: dict[str, JsonValue] = {"name": self.name, "type": self.type, **self.numbers}
        if self.annotation is not None:
            # Tables of equal columns share these; each resource has its own.
            data["benchfmt"] = copy.deepcopy(self.annotation)
        return data


@dataclass
class DraftedTable:
    """A drafted table: its columns, and what holds for all of its rows."""

    path: str
    columns: list[DraftedColumn]
    constant: dict[str, JsonValue]
    missing_values: list[str] = field(default_factory=lambda: [""])
    key: list[str] = field(default_factory=list)
    written: dict[str, JsonValue] = field(default_factory=dict)
    """How the file is written, in the words of a resource."""
    extract: list[JsonValue] = field(default_factory=list)
    """What stands in the file's name."""

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the table as a resource of a descriptor."""
        annotation: dict[str, JsonValue] = {"constant": self.constant}
        if self.extract:
            annotation["extract"] = list(self.extract)
        if self.key:
            annotation["key"] = list(self.key)
        return {
            "path": self.path,
            **self.written,
            "schema": {
                "fields": [column.to_dict() for column in self.columns],
                "missingValues": list(self.missing_values),
            },
            "benchfmt": annotation,
        }

    def mark_primary(self, wanted: str | None = None) -> list[str]:
        """Mark one measurement as the headline number, the first if none is wanted; returns all, that one first."""
        measured: list[tuple[str, Annotation]] = []
        for column in self.columns:
            note = column.annotation
            if isinstance(note, dict) and "metric" in note:
                measured.append((column.name, note))
        measured.sort(key=lambda pair: pair[0] != wanted)
        if measured:
            measured[0][1]["primary"] = True
        return [name for name, _ in measured]
