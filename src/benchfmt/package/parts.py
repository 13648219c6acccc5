"""The files of a table: a table of a package is a list of parts, of which there mostly is one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchfmt.descriptor import Resource
from benchfmt.readers.files import safe_path


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a table."""

    name: str
    """The path as the descriptor has it, which findings show."""
    path: Path
    """Where the file lies on this machine; it need not exist."""
    resource: Resource
    bytes: int | None = None
    """Its size, as the descriptor has it."""
    hash: str | None = None
    """Its SHA-256, as the descriptor has it: `sha256:` and hexadecimal digits."""

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet; every other one is delimited text."""
        return is_parquet(self.name, self.resource)


def is_parquet(name: str, resource: Resource) -> bool:
    """Whether a file of a resource is Parquet, by its path in the descriptor."""
    return name.endswith(".parquet") or resource.format == "parquet"


def parts_of(root: Path, resource: Resource) -> list[Part]:
    """Return the files of a resource, in their order; raises UnsafeError for one that leads out of the package."""
    real_root = root.resolve()
    return [
        Part(file.path, safe_path(root, file.path, real_root), resource, file.bytes, file.hash)
        for file in resource.files
    ]
