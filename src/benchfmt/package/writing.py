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

from pydantic import JsonValue

from benchfmt.described import fullest
from benchfmt.descriptor import FILE_NAME, package_descriptor
from benchfmt.identity import PLACED_PREFIX
from benchfmt.oserrors import naming
from benchfmt.package.errors import PackageError
from benchfmt.package.replacing import check_kept, check_replaceable
from benchfmt.package.targets import Target, held
from benchfmt.readers.files import file_sha256
from benchfmt.sinks import Format, Sink, new_sink
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
    ) -> None:
        """Take where the package goes (a folder, or a `.zip`); `prefixes` declares the prefixed metrics used.

        A package that is there already is replaced where the new one has the records of all its sources, or where
        `replace` says so.
        """
        self._target = path if isinstance(path, Target) else Target(path)
        self.path = self._target.path
        self.format: Format = format
        self.prefixes: Mapping[str, JsonValue] = prefixes or {}
        self.acknowledged: Sequence[Mapping[str, JsonValue]] = ()
        """The findings that the package acknowledges, as its descriptor says them."""
        self.extra = dict(extra or {})
        self.companions: Sequence[Callable[[Path], None]] = ()
        """Called with the folder in which the whole package stands; each writes a file of ours beside the tables."""
        self._replace = replace
        self._held = ExitStack()
        self._sinks: dict[str, Sink] = {}
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
            for table in TABLES:
                self._sinks[table] = new_sink(self.folder, table, self.format)
                stack.callback(self._sinks[table].abandon)
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

    def write(self, batch: Batch) -> None:
        """Add a batch; its systems join those already there. Raises OSError where the disk is full."""
        with naming(self.path):
            self._write(batch)

    def _write(self, batch: Batch) -> None:
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
                systems = systems.take(fresh)
            self._sinks["systems"].write(systems)
        self.records += batch.records.num_rows
        self._sinks["records"].write(batch.records)
        self._sinks["measurements"].write(batch.measurements)

    def drop(self) -> None:
        """Write no package after all; what stands in its place is left alone."""
        self._dropped = True

    def _finish(self) -> None:
        if not self.records:
            raise PackageError(f"{self.path}: a package without records is not written")
        self._sinks["systems"].write(
            table_of("systems", [system_row(system) for system in self._placed.values()])
        )
        facts = {}
        for table in TABLES:
            path = self._sinks[table].close()
            facts[table] = {
                "path": path.name,
                "format": self.format,
                "mediatype": _MEDIA_TYPES[self.format],
                "encoding": "utf-8",
                "bytes": path.stat().st_size,
                "hash": f"sha256:{file_sha256(path)}",
            }
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
) -> None:
    """Write batches as one package; the options are those of PackageWriter."""
    with PackageWriter(
        path, format=format, prefixes=prefixes, extra=extra, replace=replace
    ) as writer:
        for batch in batches:
            writer.write(batch)


def _zipped(folder: Path) -> Path:
    target = folder / "package.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.iterdir()):
            if path == target:
                continue
            # A fixed date: equal packages are equal zips.
            info = zipfile.ZipInfo(path.name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
                shutil.copyfileobj(source, member, 2**20)
    return target
