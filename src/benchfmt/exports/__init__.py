"""Exports: packages written in the formats of other tools.

A format is one module with `export(package, folder, options)`, `OPTIONS`, and one line in the table below. It writes into
an empty folder of ours, which stands in its place once it is whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from benchfmt.finding import BenchfmtError
from benchfmt.package import Package, Target, open_package
from benchfmt.spelling import no_such

FORMATS = {
    "matchmaking": "benchfmt.exports.matchmaking",
}
"""The formats, each with its module, which is loaded when it is used."""


@dataclass(frozen=True)
class Exported:
    """What was written: the files by their paths in the target, how many records they hold, and what was left out.

    `left_out` counts records by the reason; `notes` are sentences on the rest, such as columns that were dropped.
    """

    files: tuple[str, ...] = ()
    records: int = 0
    left_out: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()


class Exporter(Protocol):
    """A module of this package."""

    OPTIONS: tuple[str, ...]

    def export(self, package: Package, folder: Path, options: Mapping[str, str]) -> Exported:
        """Write a package into an empty folder and say what was written."""


def export(
    package: str | Path, to: str, path: str | Path, *, remote: bool = False, **options: str
) -> Exported:
    """Write a package in another format to a new folder, and return what was written; raises BenchfmtError.

    An error or a stop leaves nothing behind.
    """
    exporter = load(to)
    unknown = sorted(set(options) - set(exporter.OPTIONS))
    if unknown:
        known = f"it takes: {', '.join(exporter.OPTIONS)}" if exporter.OPTIONS else "it takes none"
        raise BenchfmtError(f"there is no option {unknown[0]!r} of {to}; {known}")
    _check_free(Path(path))
    with open_package(package, remote=remote) as opened, Target(path) as target:
        growing = target.new_folder()
        try:
            done = exporter.export(opened, growing, options)
            if not done.files:
                reasons = "; ".join(f"{reason}: {count}" for reason, count in done.left_out)
                raise BenchfmtError(
                    f"nothing of {package} can be written as {to}: {reasons or 'it holds no records'}"
                )
            # An export takes long: something may have been laid there meanwhile.
            _check_free(target.path)
            target.replace_by(growing)
        finally:
            shutil.rmtree(growing, ignore_errors=True)
    return done


def load(name: str) -> Exporter:
    """Return the exporter of a format; raises BenchfmtError where there is none."""
    if name not in FORMATS:
        raise BenchfmtError(no_such("format", name, sorted(FORMATS)))
    return cast("Exporter", import_module(FORMATS[name]))


def _check_free(target: Path) -> None:
    if target.is_symlink() or (
        target.exists() and not (target.is_dir() and not any(target.iterdir()))
    ):
        raise BenchfmtError(f"{target} already exists; name a new folder")
