"""Exports: packages written in the formats of other tools.

A format is one module with one object (`benchfmt.exports.base.Export`) and a line in `OWN`, or an entry point of another
distribution in the group `benchfmt.exports`. It writes into a place of ours, which moves to the target once it is whole.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchfmt.exports.base import FORMATS, Account, Export, Exported, InOne, Shape
from benchfmt.exports.pieces import InPieces, spread_over
from benchfmt.finding import BenchfmtError
from benchfmt.package import Target, open_package
from benchfmt.processes.spreading import Who, spreading
from benchfmt.spelling import meant

__all__ = ["FORMATS", "Account", "Export", "Exported", "Shape", "Who", "export"]


def export(
    package: str | Path,
    to: str,
    path: str | Path,
    *,
    remote: bool = False,
    executor: str | Who | None = None,
    **options: str,
) -> Exported:
    """Write a package in another format to a new file or folder, and return what was written; raises BenchfmtError.

    An error or a stop leaves nothing behind. An `executor` (`local:2`, `dask:2`, `dask:ADDRESS`) says who writes parts of
    it at the same time, of a format for which that can be; the result is the same.
    """
    form = FORMATS.load(to)
    if executor is not None:
        _check_pieces(form, to)
    _check_options(form, to, options)
    _check_free(Path(path), form.shape)
    with open_package(package, remote=remote) as opened, Target(path) as target:
        folder = target.new_folder()
        try:
            growing = folder / Path(path).name
            if form.shape == "folder":
                growing.mkdir()
            if executor is not None and isinstance(form, InPieces):
                with spreading(executor) as spread:
                    done = spread_over(form, opened, growing, options, spread)
            else:
                done = form.write(opened, growing, options)
            if not done.files:
                reasons = "; ".join(f"{reason}: {count}" for reason, count in done.left_out)
                raise BenchfmtError(
                    f"nothing of {package} can be written as {to}: {reasons or 'it holds no records'}"
                )
            # An export takes long: something may have been laid there meanwhile.
            _check_free(target.path, form.shape)
            target.replace_by(growing)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return done


def _check_pieces(form: Export, name: str) -> None:
    """Raise BenchfmtError for a format of which no pieces can be made."""
    if isinstance(form, InPieces):
        return
    reason = ""
    if isinstance(form, InOne):
        reason = f": {form.why_in_one}"
    raise BenchfmtError(f"{name} is written by one process{reason}; leave out the executor")


def _check_options(form: Export, name: str, options: dict[str, str]) -> None:
    for option in sorted(set(options) - set(form.options)):
        known = f"it takes: {', '.join(form.options)}" if form.options else "it takes none"
        near = meant(option, tuple(form.options))
        hint = f"did you mean {near!r}?" if near else known
        raise BenchfmtError(f"there is no option {option!r} of {name}; {hint}")


def _check_free(target: Path, shape: Shape) -> None:
    """Refuse a target that is there; an empty folder may be filled."""
    if shape == "folder" and target.is_dir() and not target.is_symlink():
        if not any(target.iterdir()):
            return
    elif not target.is_symlink() and not target.exists():
        return
    raise BenchfmtError(f"{target} already exists; name a new {shape}")
