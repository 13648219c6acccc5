"""Packages written beside their place, and moved there when they are whole."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from pydantic import JsonValue

from benchfmt.arrays import places_of
from benchfmt.described import fullest
from benchfmt.descriptor import FILE_NAME, package_descriptor
from benchfmt.identity import PLACED_PREFIX
from benchfmt.oserrors import naming
from benchfmt.package.errors import PackageError
from benchfmt.package.growing import Elsewhere, GrowingTables, Numbers, Stored, TableFile, closed
from benchfmt.package.replacing import check_kept, check_replaceable
from benchfmt.package.targets import Target, held
from benchfmt.sinks import Format, new_sink
from benchfmt.tables import TABLES, Batch, system_from_row, system_row, table_of
from benchfmt.vocabulary import vocabulary

_NOT_IN_NAMES = re.compile("[^a-z0-9._-]")
_MEDIA_TYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}


class PackageWriter:
    """Writes a package beside its place and moves it there when it is whole; an error or a stop leaves what was."""

    def __init__(
        self,
        path: str | Path | Target,
        *,
        format: Format = "parquet",  # noqa: A002 - the word users know
        prefixes: Mapping[str, JsonValue] | None = None,
        extra: Mapping[str, JsonValue] | None = None,
        replace: bool = False,
        part_rows: int | None = None,
    ) -> None:
        """Take where the package goes (a folder, or a `.zip`); `prefixes` declares the prefixed metrics used.

        A package that is there already is replaced where the new one has the records of all its sources, or where
        `replace` says so. With `part_rows`, records and measurements are in parts of at most so many measurements, which
        end where a record does; a record of more is a part of its own. Then batches hold whole records.
        """
        if part_rows is not None and part_rows < 1:
            raise PackageError(f"a part holds at least one measurement, and not {part_rows}")
        self._target = path if isinstance(path, Target) else Target(path)
        self.path = self._target.path
        self.format: Format = format
        self.prefixes: Mapping[str, JsonValue] = prefixes or {}
        self.acknowledged: Sequence[Mapping[str, JsonValue]] = ()
        """The findings that the package acknowledges, as its descriptor says them."""
        self.extra = dict(extra or {})
        self.companions: Sequence[Callable[[Path], None]] = ()
        """Called with the folder in which the whole package stands; each writes a file of ours beside the tables."""
        self.each_file: Callable[[Path, str], None] | None = None
        """Called with the folder and the path in it of each file that is whole, of a table in parts before the others are."""
        self._replace = replace
        self._held = ExitStack()
        self._part_rows = part_rows
        self.records = 0
        self._known: set[str] = set()
        self._dropped = False
        self._placed: dict[str, dict[str, JsonValue]] = {}
        """The systems of submissions as last known: a later source may say more of them."""

    def __enter__(self) -> Self:
        """Make the folder in which the package grows; raises PackageError where its place is taken."""
        check_replaceable(self.path)
        with ExitStack() as stack:
            stack.enter_context(held(self._target))
            self.folder = self._target.new_folder()
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self._systems = new_sink(self.folder, "systems", self.format)
            self._growing = GrowingTables(self.folder, self.format, self._part_rows, self._tell)
            stack.callback(self._abandon)
            self._held = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Move the package to its place, or drop it where something went wrong."""
        with naming(self.path), self._held:
            if kind is None and not self._dropped:
                self._finish()

    @property
    def journal(self) -> Path:
        """The folder beside the package's place in which what was read for it is kept; it need not exist."""
        return self._target.journal

    def spread(self, elsewhere: Elsewhere | None) -> None:
        """Have the parts that are begun from now on written by others, if there are any."""
        self._growing.elsewhere = elsewhere

    def write(
        self, batch: Batch, sizes: Numbers | None = None, stored: Stored | None = None
    ) -> None:
        """Add a batch; its systems join those already there. Raises OSError where the disk is full.

        `sizes` are how many measurements each record has, if that is known, and `stored` is how another process comes by
        the batch.
        """
        with naming(self.path):
            self._write_systems(batch)
            self.records += batch.records.num_rows
            self._growing.write(batch, sizes, stored)

    def _write_systems(self, batch: Batch) -> None:
        fresh = []
        for index, name in enumerate(map(str, batch.systems["id"].to_pylist())):
            if name.startswith(PLACED_PREFIX):
                system = system_from_row(batch.systems.slice(index, 1).to_pylist()[0])
                self._placed[name] = dict(
                    fullest([*filter(None, [self._placed.get(name)]), system])
                )
            elif name not in self._known:
                self._known.add(name)
                fresh.append(index)
        if fresh:
            systems = batch.systems
            if len(fresh) < systems.num_rows:
                systems = systems.take(places_of(np.array(fresh)))
            self._systems.write(systems)

    def end(self) -> None:
        """End the tables: nothing more comes, and whoever else writes parts has written them when this returns."""
        with naming(self.path):
            self._files = self._growing.finish()

    def _tell(self, file: TableFile) -> None:
        """Tell of a file that is whole."""
        if self.each_file is not None:
            self.each_file(self.folder, file.path.relative_to(self.folder).as_posix())

    def _abandon(self) -> None:
        self._growing.abandon()
        self._systems.abandon()

    def drop(self) -> None:
        """Write no package after all; what stands in its place is left alone."""
        self._dropped = True

    def _finish(self) -> None:
        if not self.records:
            raise PackageError(f"{self.path}: a package without records is not written")
        self._systems.write(
            table_of("systems", [system_row(system) for system in self._placed.values()])
        )
        systems = closed("systems", self._systems)
        self._tell(systems)
        self.end()
        facts = {table: self._facts(table, [systems, *self._files]) for table in TABLES}
        descriptor = package_descriptor(
            facts,
            self.prefixes,
            vocabulary().version,
            {"name": self._name(), **self.extra},
            self.acknowledged,
        )
        text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
        (self.folder / FILE_NAME).write_text(text, "utf-8")
        for write_companion in self.companions:
            write_companion(self.folder)
        # A conversion takes long: something may have been laid there meanwhile.
        check_replaceable(self.path)
        if not self._replace:
            check_kept(self.path, self.folder)
        whole = self.folder
        if self.path.suffix == ".zip":
            whole = _zipped(self.folder)
        self._target.replace_by(whole)

    def _facts(self, table: str, files: Iterable[TableFile]) -> dict[str, JsonValue]:
        """Return what the descriptor says of the files of a table."""
        form: dict[str, JsonValue] = {
            "format": self.format,
            "mediatype": _MEDIA_TYPES[self.format],
            "encoding": "utf-8",
        }
        parts: list[dict[str, JsonValue]] = []
        for file in files:
            if file.table == table:
                path = file.path.relative_to(self.folder).as_posix()
                parts.append({"path": path, "bytes": file.size, "hash": f"sha256:{file.sha256}"})
        if self._part_rows is None or table == "systems":
            return {"path": parts[0]["path"], **form, **parts[0]}
        return {"path": [part["path"] for part in parts], **form, "parts": [*parts]}

    def _name(self) -> str:
        plain = _NOT_IN_NAMES.sub("-", self.path.stem.lower())
        return plain.strip("-.") or "package"


def write_package(
    path: str | Path | Target,
    batches: Iterable[Batch],
    *,
    format: Format = "parquet",  # noqa: A002 - the word users know
    prefixes: Mapping[str, JsonValue] | None = None,
    extra: Mapping[str, JsonValue] | None = None,
    replace: bool = False,
    part_rows: int | None = None,
) -> None:
    """Write batches as one package; the options are those of PackageWriter."""
    with PackageWriter(
        path,
        format=format,
        prefixes=prefixes,
        extra=extra,
        replace=replace,
        part_rows=part_rows,
    ) as writer:
        for batch in batches:
            writer.write(batch)


def _zipped(folder: Path) -> Path:
    target = folder / "package.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path == target or path.is_dir():
                continue
            # A fixed date: equal packages are equal zips.
            name = path.relative_to(folder).as_posix()
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
                shutil.copyfileobj(source, member, 2**20)
    return target
