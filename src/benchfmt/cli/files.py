"""Files that a command writes beside its output."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchfmt.oserrors import naming


def write_text(path: Path, text: str) -> None:
    """Write a file of which no older version is kept; raises OSError that names it."""
    with naming(path):
        path.write_text(text, "utf-8")


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Give the place of a new file, which takes its place whole or not at all; raises OSError that names it.

    What is no file, such as /dev/stdout, is given as it is.
    """
    from benchfmt.package import Target

    if path.exists() and not path.is_file():
        with naming(path):
            yield path
        return
    with naming(path), Target(path) as target:
        folder = target.new_folder()
        try:
            new = folder / path.name
            yield new
            if path.exists():
                shutil.copymode(path, new)
            target.replace_by(new)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all: where the disk is full, what was there stays. Raises OSError that names it."""
    with replace_file(path) as new:
        new.write_text(text, "utf-8")
