"""Packages written beside their place, and moved there when they are whole."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import JsonValue

from benchfmt.arrays import TEXT_CODES
from benchfmt.described import fullest
from benchfmt.descriptor import FILE_NAME, package_descriptor
from benchfmt.identity import PLACED_PREFIX
from benchfmt.oserrors import naming
from benchfmt.package.errors import PackageError
from benchfmt.package.replacing import check_kept, check_replaceable
from benchfmt.package.targets import Target, held
from benchfmt.readers.files import file_sha256
from benchfmt.sinks import Format, Sink, new_sink
from benchfmt.tables import TABLES, Batch, Texts, system_from_row, system_row, table_of
from benchfmt.vocabulary import vocabulary

_NOT_IN_NAMES = re.compile("[^a-z0-9._-]")
_ENDING = 4
"""So many files are closed at the same time, two of each part: each may have some groups that wait to be written."""
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
        self._ending: deque[Future[None]] = deque()
        """The parts that are being closed, in a thread of their own, while the next one grows."""
        self._closer = ThreadPoolExecutor(_ENDING, thread_name_prefix="close")
        self._closing: list[Sink] = []
        """Those that are not closed yet, though nothing more comes for them."""
        self._held = ExitStack()
        self._sinks: dict[str, Sink] = {}
        self._part_rows = part_rows
        self._in_part = 0
        """Measurements in the part that grows."""
        self._files: dict[str, list[Path]] = {table: [] for table in TABLES}
        """The files that are whole, by table."""
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
            stack.callback(self._abandon)
            self._sinks["systems"] = new_sink(self.folder, "systems", self.format)
            self._begin_part()
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
        if self._part_rows is None:
            self._sinks["records"].write(batch.records)
            self._sinks["measurements"].write(batch.measurements)
        else:
            self._write_in_parts(batch, self._part_rows)

    def _write_in_parts(self, batch: Batch, part_rows: int) -> None:
        """Write records with their measurements, and begin a part where one is full."""
        ends = _ends_of_records(batch)
        first = row = 0
        while first < len(ends):
            room = row + part_rows - self._in_part
            last = int(np.searchsorted(ends, room, side="right"))
            if last == first and not self._in_part:
                last += 1  # a record of more measurements than a part has is one by itself
            if last > first:
                end = int(ends[last - 1])
                self._sinks["records"].write(batch.records.slice(first, last - first))
                self._sinks["measurements"].write(batch.measurements.slice(row, end - row))
                self._in_part += end - row
                first, row = last, end
            if first < len(ends):
                self._end_part()
                self._begin_part()

    def _begin_part(self) -> None:
        number = None
        if self._part_rows is not None:
            number = len(self._files["records"])
        for table in ("records", "measurements"):
            self._sinks[table] = new_sink(self.folder, table, self.format, number)
        self._in_part = 0

    def _end_part(self) -> None:
        for table in ("records", "measurements"):
            self._end(table)

    def _end(self, table: str) -> None:
        """Have the file of a table closed; a few may be at the same time."""
        sink = self._sinks.pop(table)
        self._closing.append(sink)
        self._files[table].append(sink.path)
        self._ending.append(self._closer.submit(self._close, sink))
        self._await(_ENDING)

    def _close(self, sink: Sink) -> None:
        path = sink.close()
        self._closing.remove(sink)
        if self.each_file is not None:
            self.each_file(self.folder, path.relative_to(self.folder).as_posix())

    def _await(self, most: int) -> None:
        """Wait until so many files are left to close; raises what closing one raised."""
        while len(self._ending) > most:
            self._ending.popleft().result()

    def _abandon(self) -> None:
        self._closer.shutdown(cancel_futures=True)
        for sink in (*self._closing, *self._sinks.values()):
            sink.abandon()

    def drop(self) -> None:
        """Write no package after all; what stands in its place is left alone."""
        self._dropped = True

    def _finish(self) -> None:
        if not self.records:
            raise PackageError(f"{self.path}: a package without records is not written")
        self._sinks["systems"].write(
            table_of("systems", [system_row(system) for system in self._placed.values()])
        )
        self._end("systems")
        self._end_part()
        self._await(0)
        facts = {table: self._facts(table) for table in TABLES}
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

    def _facts(self, table: str) -> dict[str, JsonValue]:
        """Return what the descriptor says of the files of a table."""
        form: dict[str, JsonValue] = {
            "format": self.format,
            "mediatype": _MEDIA_TYPES[self.format],
            "encoding": "utf-8",
        }
        parts: list[dict[str, JsonValue]] = []
        for file in self._files[table]:
            parts.append(
                {
                    "path": file.relative_to(self.folder).as_posix(),
                    "bytes": file.stat().st_size,
                    "hash": f"sha256:{file_sha256(file)}",
                }
            )
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


def _ends_of_records(batch: Batch) -> npt.NDArray[np.int64]:
    """Return, for each record of a batch, how many of its measurements stand before the end of the record's own."""
    rows = _coded_owners(batch)
    if rows is not None:
        return np.cumsum(np.bincount(rows, minlength=batch.records.num_rows))
    records = pl.DataFrame({"id": _texts(batch.records["id"])})
    owners = pl.DataFrame({"id": _texts(batch.measurements["record_id"])})
    counts = owners.group_by("id").len("count")
    joined = records.join(counts, on="id", how="left", maintain_order="left")
    ends = joined["count"].fill_null(0).cast(pl.Int64).cum_sum().to_numpy()
    if int(ends[-1] if len(ends) else 0) != owners.height:
        raise PackageError(
            "parts are of whole records: a batch has measurements of records that it does not hold"
        )
    return ends


def _coded_owners(batch: Batch) -> npt.NDArray[np.int32] | None:
    """Return the row of the record of each measurement where they are coded as the records stand, else None."""
    owners = batch.measurements["record_id"]
    ids = batch.records["id"]
    if owners.type != TEXT_CODES or owners.num_chunks != 1 or ids.num_chunks != 1:
        return None
    chunk: Any = owners.chunk(0)
    if owners.null_count or not chunk.dictionary.equals(ids.chunk(0)):
        return None
    rows: npt.NDArray[np.int32] = chunk.indices.to_numpy()
    return rows


def _texts(cells: Texts) -> pl.Series:
    return pl.Series(pl.from_arrow(cells)).cast(pl.String)


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
