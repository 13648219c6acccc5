"""Files that a command writes beside its output."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchfmt.oserrors import naming


def write_text(path: Path, text: str) -> None:
    """Write a file of which no older version is kept; raises OSError that names it."""
    with naming(path):
        path.write_text(text, "utf-8")


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all: where the disk is full, what was there stays. Raises OSError that names it."""
    from benchfmt.package import Target

    if path.exists() and not path.is_file():
        write_text(path, text)  # such as /dev/stdout
        return
    with naming(path), Target(path) as target:
        folder = target.new_folder()
        try:
            new = folder / path.name
            new.write_text(text, "utf-8")
            if path.exists():
                shutil.copymode(path, new)
            target.replace_by(new)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
