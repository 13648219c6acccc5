"""What a person says of a table, in options or in answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue


@dataclass(frozen=True)
class Said:
    """What a person says of a table: record paths with values, and columns with what they are."""

    constants: Mapping[str, JsonValue] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    """Columns, each with its record path."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    confirmed: Mapping[str, str] = field(default_factory=dict)
    """Columns, each with who or what confirms its unit."""
    decimals: Mapping[str, str] = field(default_factory=dict)
    """Columns, each with its decimal mark, where another mark groups thousands."""
    ignored: frozenset[str] = frozenset()
    primary: str | None = None
    """The column of the headline number."""
    dates: Mapping[str, str] = field(default_factory=dict)
    """Columns of dates, each with the pattern in which they are written."""
    parts: Mapping[int, str] = field(default_factory=dict)
    """Parts of the file names, from 1, each with its record path."""

    def described(self) -> set[str]:
        """Return the columns of which a person says what they are, or in which unit."""
        return {*self.fields, *self.metrics, *self.units, *self.ignored}

    def columns(self) -> set[str]:
        """Return the columns of which anything is said."""
        names = self.described() | {*self.confirmed, *self.decimals, *self.dates}
        if self.primary is not None:
            names.add(self.primary)
        return names
