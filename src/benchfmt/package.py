"""Packages: three tables and a descriptor, in a folder or a zip, written whole or not at all."""

from __future__ import annotations

import json
import lzma
import secrets
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from benchfmt.descriptor import FILE_NAME, Descriptor, Resource, package_descriptor, read_descriptor
from benchfmt.finding import BenchfmtError
from benchfmt.identity import canonical
from benchfmt.limits import LIMITS, Limits
from benchfmt.migrate import NAMESPACE, readable
from benchfmt.readers.files import UnsafeError, file_sha256, safe_path
from benchfmt.readers.jsons import JsonError
from benchfmt.readers.jsons import read as read_json
from benchfmt.readers.tables import TextTable
from benchfmt.record import MAX_SAFE_INTEGER, SCHEMA_VERSION, Record
from benchfmt.sinks import ROW_GROUP, Format, Sink, new_sink
from benchfmt.tables import COLUMNS, TABLES, Batch, Row, arrow_schema, from_rows, system_from_row, table_of
from benchfmt.vocabulary import vocabulary
from benchfmt.wide import widen

if TYPE_CHECKING:
    import pandas as pd

_MEDIA_TYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}


_NAMES = {item.name for items in COLUMNS.values() for item in items}


class PackageError(BenchfmtError):
    """A package that cannot be opened, read or written; the message says why."""


class ParquetError(PackageError):
    """A Parquet file that cannot be read as a table; `code` is the finding that says why."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.code = code


class Package:
    """A package opened for reading; a zip or a remote one lies in a temporary folder until it is closed."""

    def __init__(self, root: Path, descriptor: Descriptor, holder: AbstractContextManager[Any] | None = None) -> None:
        """Take the folder that holds the tables and its descriptor, already read."""
        self.root = root
        self.descriptor = descriptor
        self._holder = holder

    def __enter__(self) -> Self:
        """Return the package."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the temporary folder, if there is one."""
        self.close()

    def close(self) -> None:
        """Let go of the temporary folder, if there is one."""
        if self._holder is not None:
            self._holder.__exit__(None, None, None)
            self._holder = None

    def resource(self, table: str) -> Resource:
        """Return what the descriptor says of a table; raises PackageError where it has none."""
        for resource in self.descriptor.resources:
            if resource.name == table:
                return resource
        raise PackageError(f"{self.root}: the descriptor has no resource named {table!r}")

    def path(self, table: str) -> Path:
        """Return the file of a table; raises PackageError or UnsafeError."""
        path = safe_path(self.root, self.resource(table).path)
        if not path.is_file():
            raise PackageError(f"{path}: the table {table!r} is not there")
        return path

    def batches(self, table: str) -> Iterator[pa.Table]:
        """Yield a table in parts, in order, with all columns of the standard; raises PackageError for a faulty cell."""
        if table == "systems" and all(resource.name != table for resource in self.descriptor.resources):
            return  # records need not name systems
        path = self.path(table)
        resource = self.resource(table)
        parquet = path.suffix == ".parquet" or resource.format == "parquet"
        newer = self.descriptor.benchfmt.version if self.descriptor.benchfmt.version != SCHEMA_VERSION else None
        for part in parquet_batches(path) if parquet else _csv_batches(path, resource):
            try:
                yield _conform(table, part, path, newer)
            except (ValueError, TypeError, RecursionError) as error:  # such as extensions that are no JSON object
                raise PackageError(f"{path}: {error}; run benchfmt validate") from error

    def table(self, name: str) -> pa.Table:
        """Return a whole table."""
        return pa.concat_tables([table_of(name, []), *self.batches(name)])

    @property
    def systems(self) -> dict[str, dict[str, Any]]:
        """The systems by id, as plain data."""
        found = {}
        for row in self.table("systems").to_pylist():
            try:
                found[row["id"]] = system_from_row(row)
            except (ValueError, TypeError, RecursionError) as error:
                words = f"system {row['id']!r}: {error}; run benchfmt validate"
                raise PackageError(f"{self.root}: {words}") from error
        return found

    def records(self) -> Iterator[Record]:
        """Yield the records in order, one batch of rows in memory at a time; raises PackageError."""
        systems = {row["id"]: row for row in self.table("systems").to_pylist()}
        grouped = groupby(self._rows("measurements"), key=lambda row: row["record_id"])
        waiting = next(grouped, None)
        for row in self._rows("records"):
            rows: list[Row] = []
            if waiting and waiting[0] == row["id"]:
                rows = list(waiting[1])
                waiting = next(grouped, None)
            yield self._record(row, systems.get(row["system_id"] or ""), rows)
        if waiting:
            raise PackageError(
                f"{self.root}: measurements of {waiting[0]!r} do not stand in the order of the records; run benchfmt validate"
            )

    def _record(self, row: Row, system: Row | None, rows: list[Row]) -> Record:
        try:
            return Record.from_dict(from_rows(row, system, rows))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            words = f"record {row['id']!r}: {where}{': ' if where else ''}{first['msg']}; run benchfmt validate"
            raise PackageError(f"{self.root}: {words}") from error
        except (ValueError, TypeError, RecursionError) as error:
            words = f"record {row['id']!r}: {error}; run benchfmt validate"
            raise PackageError(f"{self.root}: {words}") from error

    def _rows(self, table: str) -> Iterator[Row]:
        for batch in self.batches(table):
            yield from batch.to_pylist()

    def wide(self, *, qualified: bool = False) -> pa.Table:
        """Return one row a record with one column a measurement key (see `benchfmt.wide.widen`)."""
        frames = [pl.DataFrame(pl.from_arrow(self.table(name))) for name in ("records", "measurements", "systems")]
        return widen(*frames, qualified=qualified).to_arrow()

    def to_pandas(self, *, qualified: bool = False) -> pd.DataFrame:
        """Return `wide()` as a pandas frame (needs the `pandas` extra)."""
        return self.wide(qualified=qualified).to_pandas()


@dataclass(frozen=True)
class Folder:
    """A package's folder on this machine: itself, or a temporary one for a zip or a remote package."""

    root: Path
    file: Path
    holder: AbstractContextManager[Any] | None = None

    def __enter__(self) -> Self:
        """Return the folder."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove a temporary folder."""
        if self.holder is not None:
            self.holder.__exit__(None, None, None)


def open_folder(path: str | Path, *, remote: bool = False, limits: Limits = LIMITS) -> Folder:
    """Open the folder of a package: its folder, its zip or its `datapackage.json`; a URL only with `remote=True`.

    The descriptor is not judged. Raises PackageError where there is none, UnsafeError where it breaks a safety limit.
    """
    if "://" in str(path):
        if not remote:
            raise PackageError(f"{path} is remote; pass remote=True (--remote) to fetch it")
        return _open_remote(str(path), limits)
    place = Path(path)
    if place.suffix == ".zip" and place.is_file():
        return _open_zip(place, limits)
    file = place if place.name.endswith(".json") and place.is_file() else place / FILE_NAME
    if not file.is_file():
        raise PackageError(f"{place} is no package: there is no {FILE_NAME} in it")
    if file != place:
        safe_path(place, FILE_NAME)  # not a link that leads elsewhere
    return Folder(file.parent, file)


def open_package(path: str | Path, *, remote: bool = False, limits: Limits = LIMITS) -> Package:
    """Open a package: its folder, its zip or its `datapackage.json`; a URL only with `remote=True`.

    Raises PackageError where there is none or its descriptor is faulty, UnsafeError where it breaks a safety limit.
    """
    folder = open_folder(path, remote=remote, limits=limits)
    try:
        return Package(folder.root, load_descriptor(folder.file, limits), folder.holder)
    except BaseException:
        folder.__exit__()
        raise


def load_descriptor(file: Path, limits: Limits = LIMITS) -> Descriptor:
    """Return the descriptor in a file; raises PackageError or UnsafeError."""
    if file.stat().st_size > limits.descriptor_bytes:
        raise UnsafeError("BF907", f"{file.name} has more than {limits.descriptor_bytes} bytes")
    try:
        data = read_json(file, limits)
    except JsonError as error:
        raise PackageError(f"{file}: {error}") from error
    descriptor, faults = read_descriptor(data)
    if descriptor is None:
        pointer, message = faults[0]
        raise PackageError(f"{file}: {pointer}: {message}")
    if not readable(descriptor.benchfmt.version):
        raise PackageError(
            f"{file}: version {descriptor.benchfmt.version!r} is not one of 1.x, which this program reads"
        )
    return descriptor


def parquet_batches(path: Path, rows: int = ROW_GROUP, odd: dict[str, str] | None = None) -> Iterator[pa.Table]:
    """Yield a Parquet file row group by row group, in tables of at most `rows` rows; raises ParquetError.

    Columns of types that no column of the standard has (lists, bytes, ...) are left out and noted in `odd`, name and
    type; without it one that bears a name of the standard is an error.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False, memory_map=False) as file:
            kept = _sound_columns(path, file.schema_arrow, odd)
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(batch_size=rows, row_groups=[group]):
                    batch.validate(full=True)
                    yield pa.Table.from_batches([batch]).select(kept)
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise ParquetError("BF105", f"{path}: not UTF-8 text: {error}") from error
        raise ParquetError("BF119", f"{path}: not a Parquet file that can be read: {error}") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ParquetError("BF119", f"{path}: not a Parquet file that can be read: {error}") from error


def _sound_columns(path: Path, schema: pa.Schema, odd: dict[str, str] | None) -> list[str]:
    """Return the names of the columns whose types can be read."""
    names = list(schema.names)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ParquetError("BF116", f"{path}: column {doubled[0]!r} stands twice; rename or remove one")
    strange = {field.name: str(field.type) for field in schema if _is_odd(field.type)}
    if odd is None:
        for name in sorted(strange.keys() & _NAMES):
            raise ParquetError("BF103", f"{path}, {name}: a column of type {strange[name]} cannot be read")
        return names
    odd.update(strange)
    return [name for name in names if name not in strange]


def _is_odd(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_odd(kind.value_type)
    plain = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_boolean)
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal128, pa.types.is_null)
    dated = (pa.types.is_date, pa.types.is_time, pa.types.is_timestamp)
    return not any(test(kind) for test in (*plain, *numeric, *dated))


def _csv_batches(path: Path, resource: Resource) -> Iterator[pa.Table]:
    dialect = resource.dialect or {}
    text = TextTable(path, delimiter=dialect.get("delimiter", ","), encoding=resource.encoding or "utf-8")
    for frame, numbers in text.batches():
        if text.bad_rows:
            raise PackageError(
                f"{path}: row {text.bad_rows[0].row} has the wrong number of cells; run benchfmt validate"
            )
        empty = frame.with_columns(pl.all().replace("", None))
        yield pa.table({name: _typed(path, empty[name], int(numbers[0])) for name in empty.columns})


def _typed(path: Path, cells: pl.Series, first: int) -> pa.Array[Any]:
    kinds = {item.name: item.kind for items in COLUMNS.values() for item in items}
    kind = kinds.get(cells.name, "text")
    if kind == "boolean":
        typed = cells.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    elif kind in ("integer", "number"):
        typed = cells.cast(pl.Float64, strict=False)
        typed = typed.set(~typed.is_finite(), None)
        if kind == "integer":
            whole = (typed == typed.round()) & (typed.abs() <= MAX_SAFE_INTEGER)
            typed = typed.set(~whole, None).cast(pl.Int64)
    else:
        return cells.to_arrow()
    bad = (typed.is_null() & cells.is_not_null()).arg_max()
    if typed.null_count() != cells.null_count():
        raise PackageError(f"{path} row {first + (bad or 0)}, {cells.name}: {cells[bad or 0]!r} is not a {kind}")
    return typed.to_arrow()


def _conform(table: str, part: pa.Table, path: Path, newer: str | None) -> pa.Table:
    """Return a part with exactly the standard's columns, in their types and order.

    Further columns of a `newer` minor version are carried in the extensions of records and systems.
    """
    unknown = [name for name in part.column_names if name not in arrow_schema(table).names]
    if newer and unknown and table != "measurements":
        part = _carried(part, unknown, newer)
    arrays = []
    for field, item in zip(arrow_schema(table), COLUMNS[table], strict=True):
        if field.name in part.column_names:
            try:
                arrays.append(part[field.name].cast(field.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise PackageError(f"{path}, {field.name}: {error}; run benchfmt validate") from error
        elif not item.required:
            arrays.append(pa.nulls(part.num_rows, field.type))
        else:
            raise PackageError(f"{path}: the column {field.name!r} is missing; run benchfmt validate")
    return pa.Table.from_arrays(arrays, names=arrow_schema(table).names)


def _carried(part: pa.Table, unknown: list[str], version: str) -> pa.Table:
    rows = part.select(unknown).to_pylist()
    before = part["extensions"].to_pylist() if "extensions" in part.column_names else [None] * part.num_rows
    after = []
    for text, row in zip(before, rows, strict=True):
        said = {name: str(value) for name, value in row.items() if value is not None}
        data = json.loads(text) if text else {}
        after.append(canonical({**data, NAMESPACE: {"version": version, "columns": said}}) if said else text)
    kept = part.drop_columns([name for name in (*unknown, "extensions") if name in part.column_names])
    return kept.append_column("extensions", pa.array(after, pa.string()))


def _open_zip(place: Path, limits: Limits) -> Folder:
    holder = tempfile.TemporaryDirectory(prefix="benchfmt-")
    root = Path(holder.name)
    try:
        with zipfile.ZipFile(place) as archive:
            members = _members(archive, limits)
            if FILE_NAME not in members:
                raise PackageError(f"{place} is no package: there is no {FILE_NAME} at its top")
            _extract(archive, members[FILE_NAME], root / FILE_NAME, limits.descriptor_bytes)
            for name in _named_files(root / FILE_NAME, limits):
                if name in members and name != FILE_NAME:
                    _extract(archive, members[name], safe_path(root, name), limits.archive_bytes)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        holder.cleanup()
        raise PackageError(f"{place}: not a zip that can be read: {error}") from error
    except BaseException:
        holder.cleanup()
        raise
    return Folder(root, root / FILE_NAME, holder)


def _named_files(file: Path, limits: Limits) -> list[str]:
    """Return the paths that a descriptor names, as far as it can be read; its faults are told elsewhere."""
    try:
        data = read_json(file, limits)
    except JsonError:
        return []
    resources = data.get("resources") if isinstance(data, dict) else None
    found = (
        [item.get("path") for item in resources or () if isinstance(item, dict)] if isinstance(resources, list) else []
    )
    return [name for name in found if isinstance(name, str)]


def _members(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > limits.archive_members:
        raise UnsafeError("BF905", f"the zip holds {len(infos)} files; at most {limits.archive_members} are read")
    total = sum(info.file_size for info in infos)
    if total > limits.archive_bytes:
        raise UnsafeError("BF904", f"the zip would grow to {total} bytes; at most {limits.archive_bytes} are unpacked")
    for info in infos:
        packed = max(info.compress_size, 1)
        if info.file_size > 2**20 and info.file_size / packed > limits.archive_ratio:
            raise UnsafeError("BF904", f"{info.filename} would grow from {packed} to {info.file_size} bytes")
        if info.flag_bits & 1:
            raise PackageError(f"{info.filename} is encrypted")
    return {info.filename: info for info in infos}


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, most: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(info) as source, target.open("wb") as file:
        while block := source.read(2**20):
            written += len(block)
            # The size in the directory of a zip is what its author wrote there.
            if written > most or written > info.file_size:
                raise UnsafeError("BF904", f"{info.filename} holds more than it says")
            file.write(block)


def _open_remote(url: str, limits: Limits) -> Folder:
    try:
        import fsspec
    except ImportError as error:
        raise PackageError("reading remote packages needs: pip install 'benchfmt[remote]'") from error
    holder = tempfile.TemporaryDirectory(prefix="benchfmt-")
    root = Path(holder.name)
    try:
        if url.endswith(".zip"):
            _download(fsspec, url, root / "package.zip", limits.archive_bytes)
            inner = _open_zip(root / "package.zip", limits)
            holder.cleanup()
            return inner
        base = url.removesuffix(FILE_NAME).rstrip("/")
        _download(fsspec, f"{base}/{FILE_NAME}", root / FILE_NAME, limits.descriptor_bytes)
        for name in _named_files(root / FILE_NAME, limits):
            _download(fsspec, f"{base}/{name}", safe_path(root, name), limits.archive_bytes)
    except BaseException:
        holder.cleanup()
        raise
    return Folder(root, root / FILE_NAME, holder)


def _download(fsspec: Any, url: str, target: Path, most: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    try:
        with fsspec.open(url, "rb") as source, target.open("wb") as file:
            while block := source.read(2**20):
                written += len(block)
                if written > most:
                    raise UnsafeError("BF904", f"{url} has more than {most} bytes")
                file.write(block)
    except (OSError, ValueError) as error:
        raise PackageError(f"{url}: {error}") from error


class PackageWriter:
    """Writes a package beside its place and moves it there when it is whole; an error or a stop leaves what was."""

    def __init__(
        self,
        path: str | Path,
        *,
        format: Format = "parquet",  # noqa: A002 - the word users know
        prefixes: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Take where the package goes (a folder, or a `.zip`); `prefixes` declares the prefixed metrics used."""
        self.path = Path(path)
        self.format: Format = format
        self.prefixes = dict(prefixes or {})
        self.extra = dict(extra or {})
        self.folder = self.path.parent / f".{self.path.name}.partial-{secrets.token_hex(4)}"
        self._sinks: dict[str, Sink] = {}
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        """Make the folder in which the package grows; raises PackageError where its place is taken."""
        check_replaceable(self.path)
        self.folder.mkdir(parents=True)
        for table in TABLES:
            self._sinks[table] = new_sink(self.folder, table, self.format)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Move the package to its place, or drop it where something went wrong."""
        try:
            if kind is None:
                self._finish()
        finally:
            for sink in self._sinks.values():
                sink.abandon()
            shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, batch: Batch) -> None:
        """Add a batch; its systems join those already there."""
        fresh = []
        for index, name in enumerate(map(str, batch.systems["id"].to_pylist())):
            if name not in self._known:
                self._known.add(name)
                fresh.append(index)
        if fresh:
            whole = len(fresh) == batch.systems.num_rows
            self._sinks["systems"].write(batch.systems if whole else batch.systems.take(fresh))
        self._sinks["records"].write(batch.records)
        self._sinks["measurements"].write(batch.measurements)

    def _finish(self) -> None:
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
            facts, self.prefixes, vocabulary().version, {"name": self._name(), **self.extra}
        )
        text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
        (self.folder / FILE_NAME).write_text(text, "utf-8")
        check_replaceable(self.path)  # a conversion takes long: something may have been laid there meanwhile
        if self.path.suffix == ".zip":
            _replace_file(_zipped(self.folder), self.path)
        else:
            _replace_folder(self.folder, self.path)

    def _name(self) -> str:
        kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in self.path.stem.lower())
        return kept.strip("-.") or "package"


def write_package(path: str | Path, batches: Iterable[Batch], **options: Any) -> None:
    """Write batches as one package; the options are those of PackageWriter."""
    with PackageWriter(path, **options) as writer:
        for batch in batches:
            writer.write(batch)


def check_replaceable(place: Path) -> None:
    """Raise PackageError unless a package may be written to a place: a file that is not ours is never removed.

    A folder or a zip that is there may be replaced if it holds nothing but a package as benchfmt writes it.
    """
    if place.is_dir():
        files = [
            path.relative_to(place).as_posix()
            for path in sorted(place.rglob("*"))
            if path.is_symlink() or not path.is_dir() or not any(path.iterdir())
        ]
    elif not place.exists() and not place.is_symlink():
        return
    elif place.is_file() and place.suffix == ".zip":
        files = _zip_names(place)
    else:
        raise PackageError(f"{place} is a file and no package; name a new folder or .zip")
    if not files:
        return
    named = _own_files(place)
    other = [name for name in files if name not in named]
    if other:
        more = f" (and {len(other) - 1} more)" if len(other) > 1 else ""
        raise PackageError(
            f"{place} holds other files than a package that benchfmt wrote: {other[0]}{more} would be lost; "
            "name a new folder, or an existing package to replace"
        )


def _own_files(place: Path) -> set[str]:
    """Return the names of the files of a package of the standard's tables; none for anything else."""
    try:
        with open_package(place) as package:
            resources = package.descriptor.resources
    except (BenchfmtError, OSError):
        return set()
    names = {resource.name for resource in resources}
    if not {"records", "measurements"} <= names <= set(TABLES) or any(resource.annotated for resource in resources):
        return set()
    return {FILE_NAME, *(resource.path.removeprefix("./") for resource in resources)}


def _zip_names(place: Path) -> list[str]:
    try:
        with zipfile.ZipFile(place) as archive:
            return [name for name in archive.namelist() if not name.endswith("/")]
    except (zipfile.BadZipFile, OSError) as error:
        raise PackageError(f"{place} is a file and no package; name a new folder or .zip") from error


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


def _replace_file(new: Path, place: Path) -> None:
    new.replace(place)


def _replace_folder(new: Path, place: Path) -> None:
    if not place.exists():
        new.rename(place)
        return
    old = new.with_name(f"{new.name}.old")
    place.rename(old)
    try:
        new.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
