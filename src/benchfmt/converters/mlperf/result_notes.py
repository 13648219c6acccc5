"""What is noted while a record of MLPerf Storage or MLPerf Tiny is made: the files read, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item
from benchfmt.finding import Finding, Severity
from benchfmt.limits import Limits
from benchfmt.readers.files import file_sha256
from benchfmt.record import Record

Description = tuple[dict[str, Any], tuple[str, ...], str | None]
"""Data, repairs and error of a system's file."""


@dataclass
class Notes:
    """The files that a record is made from, the faults of the source, and the record's extensions.

    `prefix` is the folder above the submission, empty where it is not known.
    """

    prefix: str
    items: list[Item] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission, or its name."""
        text = path.absolute().as_posix()
        prefix = f"{self.prefix}/"
        return text[len(prefix) :] if self.prefix and text.startswith(prefix) else path.name

    def source(self, path: Path) -> str:
        """Note that a file was read, and return its path."""
        where = self.root(path)
        self.sources.append({"path": where, "sha256": file_sha256(path)})
        return where

    def find(self, code: str, path: str, message: str, hint: str | None = None) -> None:
        """Note a fault of the source."""
        self.items.append(
            Finding(code, Severity.WARNING, path, None, None, None, message, None, hint)
        )

    def fail(self, path: Path, error: str) -> None:
        """Note that a file, or a part of it, cannot be read."""
        self.items.append(Failed(path, error))

    def described(
        self, path: Path, limits: Limits, read: Callable[[str, int, int, Limits], Description]
    ) -> dict[str, Any]:
        """Return the data of a system's file, telling its faults; `read` may keep what it gave by the file's time and size."""
        status = path.stat()
        data, repaired, error = read(str(path), status.st_mtime_ns, status.st_size, limits)
        where = self.source(path)
        if error:
            self.fail(path, error)
            return {}
        for words in repaired:
            self.find("BF115", where, words, "correct the file")
        return data


def as_record(data: dict[str, Any] | Failed, path: Path) -> Record | Failed:
    """Return the record of plain data; a Failed in one line where the source's words make none."""
    if isinstance(data, Failed):
        return data
    try:
        return Record.from_dict(data)
    except ValidationError as error:
        first = error.errors()[0]
        return Failed(path, f"{'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}")
