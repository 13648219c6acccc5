"""Files of strangers: walking, hashing and joining paths without leaving the folder that was given."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits


class UnsafeError(BenchfmtError):
    """Something that a hostile file could use; `code` is the BF9xx finding that says what."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.code = code


def safe_path(root: Path, relative: str) -> Path:
    """Return the path of a file that a descriptor names, inside `root`; raises UnsafeError."""
    if "://" in relative:
        raise UnsafeError("BF903", f"{relative!r} is a remote reference; nothing is fetched unless asked")
    pure = PurePosixPath(relative)
    outside = pure.is_absolute() or ".." in pure.parts or "\\" in relative or ":" in relative.partition("/")[0]
    if outside or "\0" in relative or not pure.parts:
        raise UnsafeError("BF901", f"{relative!r} leads out of the folder; name a file inside it")
    path = root.joinpath(*pure.parts)
    real_root = root.resolve()
    if path.exists() and not path.resolve().is_relative_to(real_root):
        raise UnsafeError("BF902", f"{relative!r} is a link that leads out of the folder")
    return path


def walk(root: Path, limits: Limits = LIMITS) -> Iterator[Path]:
    """Yield every file below `root` (or `root` itself) in path order; links are yielded, never followed."""
    if not root.is_dir():
        yield root
        return
    seen = 0
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            if folder == root:
                raise
            yield folder  # told by who tries to read it
            continue
        for entry in ordered:
            if not entry.is_dir(follow_symlinks=False):
                seen += 1
                if seen > limits.files:
                    raise UnsafeError("BF905", f"{root} holds more than {limits.files} files")
                yield Path(entry.path)
        pending += [Path(entry.path) for entry in reversed(ordered) if entry.is_dir(follow_symlinks=False)]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex, reading it in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(files: dict[str, str]) -> str:
    """Return the SHA-256 that stands for a folder: of its sorted `sha256  name` lines."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
