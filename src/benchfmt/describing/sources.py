"""The tables that a person names: files, or what a folder holds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.descriptor import FILE_NAME
from benchfmt.drafting import Head, read_head
from benchfmt.finding import BenchfmtError
from benchfmt.headers import Column, Measured, read_headers
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.cells import cells_of
from benchfmt.readers.files import Listing, UnsafeError
from benchfmt.readers.sheets.opening import FORMATS
from benchfmt.readers.sheets.storage import SUFFIXES
from benchfmt.readers.tables import TableError

_DOCUMENTS = ("json", "markdown", "html")
"""Forms that hold many things besides tables of results."""
_SHOWN = 3


@dataclass
class Sources:
    """The tables to describe, in groups of equal columns, and why other files are left out."""

    root: Path
    groups: list[list[Head]]
    left_out: list[str] = field(default_factory=list)
    limits: Limits = LIMITS

    @property
    def name(self) -> str:
        """What they are called together: the file's name, or that of the folder."""
        if len(self.heads) == 1:
            return self.heads[0].path.stem
        return self.root.name

    @property
    def heads(self) -> list[Head]:
        """All tables."""
        return [head for group in self.groups for head in group]

    @property
    def files(self) -> dict[str, Path]:
        """The files of all tables, by their names."""
        return {head.name: head.path for head in self.heads}

    def group_lines(self) -> Iterator[str]:
        """Yield a line for each group, where there are several."""
        if len(self.groups) < 2:
            return
        yield f"{len(self.groups)} kinds of tables, each described by itself"
        for group in self.groups:
            names = ", ".join(head.name for head in group[:_SHOWN])
            if len(group) > _SHOWN:
                names = f"{names} and {len(group) - _SHOWN} more"
            yield f"{names}: {len(group[0].names)} columns"


def tables_at(
    paths: Sequence[Path], folder: Path | None = None, limits: Limits = LIMITS
) -> Sources:
    """Return the tables at paths, files or folders; their names are relative to `folder` where they lie in it.

    Raises TableError for a file that is no table, UnsafeError for one beyond the limits, and BenchfmtError where there is none.
    """
    for path in paths:
        if not path.exists():
            raise BenchfmtError(f"{path} does not exist")
        if path.name.endswith(FILE_NAME):
            raise BenchfmtError(f"{path} is a descriptor: name the tables, or their folder")
    root = root_of(paths, folder)
    sources = Sources(root, [], limits=limits)
    heads: list[Head] = []
    for path in paths:
        if path.is_dir():
            heads += _of_folder(path, sources)
            continue
        try:
            heads.append(read_head(path, inside(path, root), limits))
        except OSError as error:
            sources.left_out.append(unreadable_line(inside(path, root), error))
    sources.groups = _grouped(heads)
    if not heads:
        reasons = "".join(f"; {reason}" for reason in sources.left_out[:_SHOWN])
        raise BenchfmtError(f"{paths[0]} holds no table of results{reasons}")
    return sources


def root_of(paths: Sequence[Path], folder: Path | None) -> Path:
    """Return the folder to which the names of tables are relative: a folder in which all of them lie."""
    folders = [_folder_of(path).absolute() for path in paths]
    common = Path(os.path.commonpath(folders))
    if folder is not None and common.is_relative_to(folder.absolute()):
        return folder.absolute()
    return common


def _folder_of(path: Path) -> Path:
    if path.is_dir():
        return path
    return path.parent


def inside(path: Path, root: Path) -> str:
    """Return the name of a file in a folder, as a descriptor has it."""
    return path.absolute().relative_to(root).as_posix()


def _of_folder(folder: Path, sources: Sources) -> list[Head]:
    """Return the tables of a folder; a file that is none is left out with the reason."""
    heads = []
    others = []
    files = Listing(folder, sources.limits)
    sources.left_out += files.unreachable_lines()
    candidates = [path for path in sorted(files) if _may_be_table(path, folder)]
    most = sources.limits.resources
    if len(candidates) > most:
        raise BenchfmtError(
            f"{folder} has {len(candidates):,} files that may be tables, and a descriptor describes at most {most:,}; "
            "name some of its files or folders"
        )
    for path in candidates:
        name = inside(path, sources.root)
        try:
            head = read_head(path, name, sources.limits)
        except (TableError, UnsafeError) as error:
            sources.left_out.append(f"{name} is left out: {error}")
            continue
        except OSError as error:
            sources.left_out.append(unreadable_line(name, error))
            continue
        if head.sniffed.storage.format in _DOCUMENTS and not _has_measurement(head):
            others.append(head)
        else:
            heads.append(head)
    if not heads:
        return others
    for head in others:
        reason = "no measurement is understood in it; describe it by itself if it holds results"
        sources.left_out.append(f"{head.name} is left out: {reason}")
    return heads


def unreadable_line(name: str, error: OSError) -> str:
    """Return that a file is left out, and why the system does not let us read it."""
    return f"{name} is left out: it cannot be read: {error.strerror}"


def _may_be_table(path: Path, folder: Path) -> bool:
    """Say whether a file of a folder has the name of a table."""
    is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    if is_hidden or path.is_symlink() or not path.is_file() or path.name.endswith(FILE_NAME):
        return False
    suffix = path.suffix.lower()
    return suffix in FORMATS or suffix in SUFFIXES


def _has_measurement(head: Head) -> bool:
    columns = [Column(name, tuple(cells_of(head.rows, name).drop_nulls())) for name in head.names]
    return any(isinstance(meaning, Measured) for meaning in read_headers(columns))


def _grouped(heads: Sequence[Head]) -> list[list[Head]]:
    """Return tables in groups that have the same columns and are written alike."""
    groups: dict[str, list[Head]] = {}
    for head in heads:
        form = head.sniffed.dialect.model_dump_json()
        groups.setdefault(f"{head.names!r} {form}", []).append(head)
    return list(groups.values())
