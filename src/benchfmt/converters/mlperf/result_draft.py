"""The draft of one result of MLPerf Storage or MLPerf Tiny: a record with the files that it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item
from benchfmt.converters.draft import Draft
from benchfmt.limits import Limits
from benchfmt.readers.files import file_sha256

NAMESPACE = "mlperf"


@dataclass(frozen=True, slots=True)
class Description:
    """What a system's file says, as it stands there, what had to be mended, and why it cannot be read."""

    data: dict[str, JsonValue]
    repairs: tuple[str, ...] = ()
    error: str | None = None


@dataclass
class ResultDraft(Draft):
    """A draft whose sources are files of a submission; `prefix` is the folder above it, empty where it is not known."""

    prefix: str = ""
    failures: list[Failed] = field(default_factory=list)
    """The files, or parts of them, that cannot be read."""

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission, or its name."""
        text = path.absolute().as_posix()
        prefix = f"{self.prefix}/"
        if self.prefix and text.startswith(prefix):
            return text.removeprefix(prefix)
        return path.name

    def read(self, path: Path) -> str:
        """Add a file that was read, and return its path."""
        where = self.root(path)
        self.source(where, file_sha256(path))
        return where

    def fail_file(self, path: Path, error: str) -> None:
        """Add that a file, or a part of it, cannot be read."""
        self.failures.append(Failed(path, error))

    def keep(self, name: str, value: object, namespace: str | None = None) -> None:
        """Keep what the standard has no field for, under `mlperf`."""
        super().keep(name, value, namespace or NAMESPACE)

    def describe(
        self, path: Path, limits: Limits, read: Callable[[str, int, int, Limits], Description]
    ) -> dict[str, JsonValue]:
        """Return the data of a system's file, reporting its faults; `read` may keep what it gave by the file's time and size."""
        status = path.stat()
        description = read(str(path), status.st_mtime_ns, status.st_size, limits)
        where = self.read(path)
        if description.error:
            self.fail_file(path, description.error)
            return {}
        for repair in description.repairs:
            self.report("BF115", repair, path=where, hint="correct the file")
        return description.data

    def items(self, path: Path, row: int | None = None) -> Iterator[Item]:
        """Yield the record, and what is wrong with its files."""
        yield from super().items(path, row)
        yield from self.failures

    def failed(self, path: Path, error: str) -> Iterator[Item]:
        """Yield why there is no record, and what else is wrong with its files."""
        yield Failed(path, error)
        yield from self.findings
        yield from self.failures
