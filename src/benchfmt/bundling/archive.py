"""Zips whose bytes follow from what they hold: order, times and modes are always the same."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip knows."""
_PACKED = (".parquet", ".zip", ".gz")
"""Files that are packed already."""
_BLOCK = 2**20
_MODE = 0o644 << 16


def zipped(folder: Path, target: Path) -> None:
    """Write all files of a folder to a zip."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _FIRST_DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            if path.suffix in _PACKED:
                info.compress_type = zipfile.ZIP_STORED
            info.external_attr = _MODE
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
                shutil.copyfileobj(source, member, _BLOCK)
