"""A package's folder on this machine: itself, what is unpacked of a zip, or what is fetched of a remote one."""

from __future__ import annotations

import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from pydantic import JsonValue

from benchfmt.descriptor import FILE_NAME, Descriptor, fault_line, read_descriptor
from benchfmt.limits import LIMITS, Limits
from benchfmt.migrate import advice, readable, refusal
from benchfmt.oserrors import is_of_machine, is_refusal, naming
from benchfmt.package.errors import PackageError
from benchfmt.package.remote import fetch, is_url
from benchfmt.package.tars import Tar
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError, inner_path, safe_path
from benchfmt.readers.names import doubled
from benchfmt.readers.zips import Member

_LINES = (".jsonl", ".ndjson")
ARCHIVES = (".zip", ".tar.gz", ".tgz")
"""What the names of packages in one file end with."""
_SHOWN_FAULTS = 20
_SPARE = 2**20
"""So many bytes, and twice as many as its descriptor says, a remote file may have to be fetched."""
_REFERRING = ("$ref", "schema", "dialect")
"""What of a descriptor may stand elsewhere, by the Data Package standard; `$schema` only says what it is."""
_MODE = 16
"""Where in what a zip says of a file its mode stands, in bits."""


@dataclass(frozen=True)
class Folder:
    """A package's folder on this machine: itself, or a temporary one for a zip or a remote package."""

    root: Path
    file: Path
    holder: TemporaryDirectory[str] | None = None
    names: tuple[str, ...] = ()
    """The files that an archive holds, unpacked or not."""

    def __enter__(self) -> Self:
        """Return the folder."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove a temporary folder."""
        if self.holder is not None:
            self.holder.cleanup()


def open_folder(path: str | Path, *, remote: bool = False, limits: Limits = LIMITS) -> Folder:
    """Open the folder of a package: its folder, its zip or tar.gz, or its `datapackage.json`; a URL only with `remote=True`.

    The descriptor is not judged. Raises PackageError where there is none, UnsafeError where it breaks a safety limit.
    """
    if is_url(path):
        if not remote:
            raise PackageError(f"{path} is remote; pass remote=True (--remote) to fetch it")
        return _open_remote(str(path), limits)
    place = Path(path)
    if is_archive(place.name) and place.is_file():
        return _open_archive(place, limits)
    if place.name.endswith(".json") and place.is_file():
        return Folder(place.parent, place)
    if place.is_file():
        raise PackageError(_no_package(place))
    file = place / FILE_NAME
    if not file.is_file():
        raise PackageError(f"{place} is not a package: there is no {FILE_NAME} in it")
    safe_path(place, FILE_NAME)  # not a link that leads elsewhere
    return Folder(place, file)


def _no_package(file: Path) -> str:
    """Return what a file is that is no package, and what to do."""
    if file.suffix in _LINES:
        return (
            f"{file} holds records and is not a package; "
            f"`benchfmt convert {file} -o PACKAGE` makes a package of it"
        )
    return f"{file} is not a package: that is a folder, a zip, a tar.gz or a {FILE_NAME}"


def is_archive(name: str) -> bool:
    """Whether a file is called as a package in one file is."""
    return name.lower().endswith(ARCHIVES)


def load_descriptor(file: Path, limits: Limits = LIMITS) -> Descriptor:
    """Return the descriptor in a file; raises PackageError or UnsafeError."""
    try:
        data = descriptor_data(file, limits)
    except jsons.JsonError as error:
        raise PackageError(f"{file}: {error}") from error
    if isinstance(data, dict) and "benchmark" in data:
        raise PackageError(
            f"{file} is a record, not a package; `benchfmt convert {file} -o PACKAGE` makes a package of it"
        )
    descriptor, faults = read_descriptor(data)
    if descriptor is None:
        lines = "; ".join(fault_line(fault, data) for fault in faults[:_SHOWN_FAULTS])
        if len(faults) > _SHOWN_FAULTS:
            lines += f"; and {len(faults) - _SHOWN_FAULTS:,} more; run benchfmt validate"
        raise PackageError(f"{file}: {lines}")
    if not readable(descriptor.benchfmt.version):
        version = descriptor.benchfmt.version
        raise PackageError(f"{file}: {refusal(version)}; {advice(version)}")
    return descriptor


def descriptor_data(file: Path, limits: Limits = LIMITS) -> JsonValue:
    """Return the plain data of a descriptor, whose size is bounded; raises JsonError and UnsafeError."""
    if file.stat().st_size > limits.descriptor_bytes:
        message = f"the descriptor has more than {limits.descriptor_bytes:,} bytes"
        raise UnsafeError("BF907", f"{file.name}: {message}")
    data: JsonValue = jsons.read_whole_characters(file, limits)
    _check_members(file, data, limits)
    if not isinstance(data, dict):
        return data
    resources = data.get("resources")
    if not isinstance(resources, list):
        return data
    if len(resources) > limits.resources:
        message = f"the descriptor has {len(resources):,} resources; at most {limits.resources:,} are read"
        raise UnsafeError("BF905", f"{file.name}: {message}")
    files = sum(map(_files_of, resources))
    if files > limits.resources:
        message = f"the descriptor names {files:,} files; at most {limits.resources:,} are read"
        raise UnsafeError("BF905", f"{file.name}: {message}")
    for resource in resources:
        columns = _columns_of(resource)
        if columns > limits.columns:
            message = f"the table has {columns:,} columns; at most {limits.columns:,} are read"
            raise UnsafeError("BF907", f"{file.name}: {message}")
        conditions = _conditions_of(resource)
        if conditions > limits.conditions:
            message = f"the table has {conditions:,} rules, cases, families and patterns"
            raise UnsafeError(
                "BF907", f"{file.name}: {message}; at most {limits.conditions:,} are read"
            )
    return data


def _files_of(resource: JsonValue) -> int:
    """Return of how many files a resource is."""
    path = resource.get("path") if isinstance(resource, dict) else None
    if isinstance(path, list):
        return len(path)
    return 1


def _columns_of(resource: JsonValue) -> int:
    """Return how many columns a resource describes, and how many constants it gives, which are columns of one value."""
    constants = _member(_member(resource, "benchfmt"), "constant")
    count = len(constants) if isinstance(constants, dict) else 0
    return count + len(_list_of(_member(resource, "schema"), "fields"))


def _conditions_of(resource: JsonValue) -> int:
    """Return how many rules, cases, families and different patterns a resource has."""
    annotation = _member(resource, "benchfmt")
    count = sum(len(_list_of(annotation, name)) for name in ("rules", "families", "extract"))
    patterns: set[str] = set()
    for column in _list_of(_member(resource, "schema"), "fields"):
        note = _member(column, "benchfmt")
        count += len(_list_of(note, "cases"))
        of_cells = _member(note, "missing_patterns")
        patterns.update(of_cells if isinstance(of_cells, dict) else ())
    return count + len(patterns)


def _member(data: JsonValue, name: str) -> JsonValue:
    """Return a member of an object; None where there is none, or no object."""
    return data.get(name) if isinstance(data, dict) else None


def _list_of(data: JsonValue, name: str) -> list[JsonValue]:
    """Return a member of an object that is a list; an empty one where there is none."""
    member = _member(data, name)
    return member if isinstance(member, list) else []


def _check_members(file: Path, data: JsonValue, limits: Limits) -> None:
    """Raise UnsafeError for an object of too many members, and for a remote reference to what is not in the file."""
    level = [data]
    while level:
        below: list[JsonValue] = []
        for value in level:
            if isinstance(value, list):
                below += value
            if not isinstance(value, dict):
                continue
            if len(value) > limits.json_members:
                raise UnsafeError("BF907", f"{file.name}: {jsons.too_wide(value, limits)}")
            for name in _REFERRING:
                reference = value.get(name)
                if isinstance(reference, str) and "://" in reference:
                    message = f"{reference!r} is an address elsewhere; put what it leads to into the descriptor"
                    raise UnsafeError(
                        "BF903", f"{file.name}: {message}; write it in the descriptor"
                    )
            below += value.values()
        level = below


def _open_archive(place: Path, limits: Limits) -> Folder:
    """Unpack of a zip or tar.gz what its descriptor names; raises PackageError or UnsafeError."""
    by_kind = _unpack_tar
    if place.suffix.lower() == ".zip":
        by_kind = _unpack_zip
    holder = TemporaryDirectory(prefix="benchfmt-")
    root = Path(holder.name)
    try:
        with _damage_told(place):
            names = by_kind(place, root, limits)
    except BaseException:
        holder.cleanup()
        raise
    return Folder(root, root / FILE_NAME, holder, tuple(names))


def unpack(place: Path, root: Path, limits: Limits = LIMITS) -> list[str]:
    """Unpack all files of a zip or tar.gz into an empty folder, whatever they are, and return their names.

    Raises PackageError or UnsafeError.
    """
    with _damage_told(place):
        if place.suffix.lower() == ".zip":
            return _unpack_whole_zip(place, root, limits)
        return _unpack_whole_tar(place, root, limits)


def _unpack_whole_zip(place: Path, root: Path, limits: Limits) -> list[str]:
    with zipfile.ZipFile(place) as archive:
        members = _members(archive, limits)
        names = [name for name in members if not name.endswith("/")]
        for name in names:
            _extract(archive, members[name], safe_path(root, name), limits.archive_bytes)
    return names


def _unpack_whole_tar(place: Path, root: Path, limits: Limits) -> list[str]:
    with closing(Tar(place, limits)) as archive:
        for name in sorted(archive.members, key=lambda name: archive.members[name].offset):
            archive.extract(name, safe_path(root, name), limits.archive_bytes)
        return list(archive.members)


@contextmanager
def _damage_told(place: Path) -> Iterator[None]:
    """Raise PackageError where an archive is found to be damaged; what the machine lacks is raised as it is."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        OSError,
        OverflowError,
        RuntimeError,
        ValueError,
    ) as error:
        if isinstance(error, OSError) and (is_of_machine(error) or is_refusal(error)):
            raise
        kind = "tar.gz"
        if place.suffix.lower() == ".zip":
            kind = "zip"
        raise PackageError(f"{place}: {_damage_of(kind, error)}") from error


def _damage_of(kind: str, error: Exception) -> str:
    """Return what is wrong with an archive that cannot be unpacked, in words of whoever has it."""
    reason = str(error)
    if reason == "File is not a zip file":
        return "it is no zip, or its end is missing; fetch or pack it again"
    name = reason.partition("Bad CRC-32 for file ")[2]
    if name:
        return f"{name} is damaged in the zip (its checksum is wrong); fetch or pack it again"
    return f"not a {kind} that can be read: {reason}"


def _unpack_zip(place: Path, root: Path, limits: Limits) -> list[str]:
    """Unpack of a zip what its descriptor names; returns the names of all files in it."""
    with zipfile.ZipFile(place) as archive:
        members = _members(archive, limits)
        _refuse_without_descriptor(place, members)
        _extract(archive, members[FILE_NAME], root / FILE_NAME, limits.descriptor_bytes)
        for name in _named_files(root / FILE_NAME, limits):
            if name in members and name != FILE_NAME:
                _extract(archive, members[name], safe_path(root, name), limits.archive_bytes)
        return [name for name in members if not name.endswith("/")]


def _unpack_tar(place: Path, root: Path, limits: Limits) -> list[str]:
    """Unpack of a tar.gz what its descriptor names; returns the names of all files in it."""
    with closing(Tar(place, limits)) as archive:
        members = archive.members
        _refuse_without_descriptor(place, members)
        archive.extract(FILE_NAME, root / FILE_NAME, limits.descriptor_bytes)
        named = [name for name in _named_files(root / FILE_NAME, limits) if name in members]
        # A tar.gz is read from its beginning to its end: to go back costs as much as to read it again.
        for name in sorted(set(named), key=lambda name: members[name].offset):
            if name != FILE_NAME:
                archive.extract(name, safe_path(root, name), limits.archive_bytes)
        return list(members)


def _refuse_without_descriptor(place: Path, names: Collection[str]) -> None:
    """Raise PackageError for an archive without a descriptor at its top."""
    if FILE_NAME in names:
        return
    within = [name for name in sorted(names) if name.endswith(f"/{FILE_NAME}")]
    if within:
        folder = within[0].removesuffix(FILE_NAME)
        raise PackageError(
            f"{place} is not a package: {FILE_NAME} is not at its top, but in {folder}; "
            "pack what is in that folder, and not the folder"
        )
    raise PackageError(f"{place} is not a package: there is no {FILE_NAME} at its top")


def _named_files(file: Path, limits: Limits) -> list[str]:
    """Return the paths that a descriptor names, as far as it can be read; its faults are reported elsewhere."""
    paths: list[JsonValue] = []
    for item in _resources_in(file, limits):
        said = _member(item, "path")
        paths += said if isinstance(said, list) else [said]
    return [path for path in paths if isinstance(path, str)]


def _stated_sizes(file: Path, limits: Limits) -> dict[str, int]:
    """Return how many bytes a descriptor says that its files have, by their paths, as far as it can be read."""
    sizes = {}
    for item in _resources_in(file, limits):
        for part in (item, *_list_of(item, "parts")):
            path, size = _member(part, "path"), _member(part, "bytes")
            if isinstance(path, str) and isinstance(size, int) and size >= 0:
                sizes[path] = size
    return sizes


def _resources_in(file: Path, limits: Limits) -> list[JsonValue]:
    try:
        return _list_of(jsons.read(file, limits), "resources")
    except (jsons.JsonError, UnsafeError):
        return []


def _members(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > limits.archive_members:
        raise UnsafeError(
            "BF905",
            f"the zip holds {len(infos):,} files; at most {limits.archive_members:,} are read",
        )
    total = sum(info.file_size for info in infos)
    if total > limits.archive_bytes:
        raise UnsafeError(
            "BF904",
            f"the zip would grow to {total:,} bytes; at most {limits.archive_bytes:,} are unpacked",
        )
    for info in infos:
        inner_path(info.filename)  # whatever unpacks the zip besides us may write it there
        if stat.S_ISLNK(info.external_attr >> _MODE):
            raise UnsafeError("BF902", f"{info.filename!r} is a link; pack the file itself")
        packed = max(info.compress_size, 1)
        if info.file_size > 2**20 and info.file_size / packed > limits.archive_ratio:
            raise UnsafeError(
                "BF904",
                f"{info.filename} would grow from {packed:,} to {info.file_size:,} bytes; "
                f"at most {limits.archive_ratio:,} times its packed size is unpacked",
            )
        if info.flag_bits & 1:
            raise PackageError(f"{info.filename} is encrypted; pack it without a password")
    for name in sorted(doubled(info.filename for info in infos)):
        raise PackageError(f"the zip holds {name!r} twice, and programs differ in which they take")
    return {info.filename: info for info in infos}


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, most: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with naming(target), Member(archive, info) as source, target.open("wb") as file:
        while block := source.read(2**20):
            written += len(block)
            # The size in the directory of a zip is what its author wrote there.
            if written > most or written > info.file_size:
                raise UnsafeError(
                    "BF904", f"{info.filename} holds more bytes than the zip says; pack it again"
                )
            file.write(block)


def _open_remote(url: str, limits: Limits) -> Folder:
    holder = TemporaryDirectory(prefix="benchfmt-")
    root = Path(holder.name)
    try:
        if is_archive(url):
            file = root / url.rpartition("/")[2]
            fetch(url, file, limits.archive_bytes)
            inner = _open_fetched(file, url, limits)
            holder.cleanup()
            return inner
        base = url.removesuffix(FILE_NAME).rstrip("/")
        fetch(f"{base}/{FILE_NAME}", root / FILE_NAME, limits.descriptor_bytes)
        left = limits.archive_bytes
        sizes = _stated_sizes(root / FILE_NAME, limits)
        for name in dict.fromkeys(_named_files(root / FILE_NAME, limits)):
            file = safe_path(root, name)
            # All files of a package have the room that one archive has; one that differs from its description is told later.
            most = min(left, 2 * sizes.get(name, left) + _SPARE)
            fetch(f"{base}/{name}", file, most)
            left -= file.stat().st_size
    except BaseException:
        holder.cleanup()
        raise
    return Folder(root, root / FILE_NAME, holder)


def _open_fetched(file: Path, url: str, limits: Limits) -> Folder:
    """Open an archive that was fetched; what is wrong with it is told of its URL."""
    try:
        return _open_archive(file, limits)
    except PackageError as error:
        raise PackageError(str(error).replace(str(file), url)) from error
