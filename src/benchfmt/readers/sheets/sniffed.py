"""What was found out about how a table is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.storage import Storage


@dataclass
class Sniffed:
    """How a table is written, and what a person should know of it or answer."""

    storage: Storage
    dialect: Dialect = field(default_factory=Dialect)
    notes: list[str] = field(default_factory=list)
