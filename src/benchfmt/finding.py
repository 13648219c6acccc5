"""A finding: one fault in somebody's data, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Every command imports this module, and pydantic takes long to load.
    from pydantic import JsonValue


class BenchfmtError(Exception):
    """A wrong call or a file that cannot be used at all; the message says what was tried and what to do."""


_LONGEST = 1_000
_SHOWN_END = 200


def shortened(message: str) -> str:
    """Return a message that can be read, whatever a stranger's cell in it holds: its middle is left out where it is long."""
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST - _SHOWN_END]} ... {message[-_SHOWN_END:]}"


class Severity(StrEnum):
    """How much a finding weighs: an error makes data not conformant, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: what is wrong, where it stands, and how to fix it.

    `row` counts data rows (or lines of JSON Lines) from 1; `column` is the column's name in the file at `path`;
    `field` is the place in the record (`measurements.value`); `record` is the record's id, where it has one.
    """

    code: str
    severity: Severity
    path: str
    row: int | None
    column: str | None
    field: str | None
    message: str
    value: str | None = None
    hint: str | None = None
    record: str | None = None
    cell: str | None = None
    """The cell as a spreadsheet names it, such as `C7` or `Runs!C7`."""
    count: int | None = None
    """How many rows have the fault, where the finding stands for several of them."""
    rows: tuple[int, ...] = ()
    """The first of these rows."""
    line: int | None = dataclass_field(default=None, compare=False)
    """The line of the value in a file of text, counted from 1."""
    character: int | None = dataclass_field(default=None, compare=False)
    """The character of that line at which the value begins, counted from 1."""
    pointer: str | None = dataclass_field(default=None, compare=False)
    """The place in a JSON file, or in a line of JSON Lines, as a JSON Pointer."""

    def __lt__(self, other: Finding) -> bool:
        """Order by file, row, code and the rest, so that output is the same on every run."""
        return self.sort_key() < other.sort_key()

    def sort_key(self) -> tuple[str, int, str, str, str, str, str]:
        """Return the text and numbers by which findings are ordered."""
        return (
            self.path,
            self.row or 0,
            self.code,
            self.column or "",
            self.field or "",
            self.message,
            self.value or "",
        )

    def to_dict(self) -> dict[str, JsonValue]:
        """Return what is known of the finding as a plain dictionary, in the order of the fields."""
        pairs = {name: getattr(self, name) for name in self.__slots__}
        pairs["severity"] = self.severity.value
        pairs["rows"] = list(self.rows) or None
        return {name: value for name, value in pairs.items() if value is not None}
