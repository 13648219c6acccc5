"""What was found out about how a table is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.storage import Storage


@dataclass
class Sniffed:
    """How a table is written, and what a person should know of it or answer."""

    storage: Storage
    dialect: Dialect = field(default_factory=Dialect)
    notes: list[str] = field(default_factory=list)

    def words(self, path: Path) -> dict[str, JsonValue]:
        """Return how the file is written, as a resource says it; nothing for a plain CSV file."""
        storage = self.storage
        words: dict[str, JsonValue] = {}
        if (storage.format, path.suffix.lower()) != ("csv", ".csv"):
            words["format"] = storage.format
        if storage.format == "json":
            # Frictionless takes a JSON file for no table otherwise.
            words["type"] = "table"
        if storage.encoding != "utf-8":
            words["encoding"] = storage.encoding
        if storage.compression is not None:
            words["compression"] = storage.compression
        if storage.inner_path is not None:
            words["innerpath"] = storage.inner_path
        dialect = self.dialect.words()
        if dialect:
            words["dialect"] = dialect
        return words
