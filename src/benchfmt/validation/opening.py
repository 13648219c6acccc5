"""Which forms stand at a path: a package with its tables, or records as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchfmt.descriptor import FILE_NAME
from benchfmt.finding import BenchfmtError
from benchfmt.package import Folder, PackageError, open_folder
from benchfmt.package.opening import is_archive
from benchfmt.readers.files import UnsafeError
from benchfmt.tables import TABLES
from benchfmt.validation.descriptors import judge_files, judged_descriptor
from benchfmt.validation.forms.annotated import AnnotatedTable
from benchfmt.validation.forms.documents import LINES, JsonRecords
from benchfmt.validation.forms.package import PackageTables
from benchfmt.validation.hashing import Hashing
from benchfmt.validation.places import Place
from benchfmt.validation.policies import judge_unlisted
from benchfmt.validation.portion import Form
from benchfmt.validation.reporting import Reporter

_START_BYTES = 4_096
_REQUIRED = ("records", "measurements")


def forms_at(place: str | Path, reporter: Reporter, *, remote: bool, jobs: int) -> Iterator[Form]:
    """Yield the forms of results that stand at a path; raises BenchfmtError where there is nothing to judge.

    Where `jobs` threads may work, one hashes the files of a package while its forms are judged.
    """
    path = Path(place)
    is_remote = "://" in str(place)
    if not is_remote:
        _refuse_nothing(place, path)
        if _holds_records(path):
            yield JsonRecords(path, reporter)
            reporter.locate(path.parent)
            return
        if path.is_file() and path.suffix != ".json" and not is_archive(path.name):
            raise BenchfmtError(
                f"{place} is neither a package nor a record; `benchfmt describe {place}` drafts its descriptor"
            )
    name = reporter.results.source or str(place)
    try:
        with open_folder(place, remote=remote, limits=reporter.limits) as folder:
            tables: set[str] = set()
            with Hashing(reporter, is_beside=jobs > 1) as hashing:
                yield from _forms_of_package(folder, reporter, tables, hashing)
            reporter.locate(folder.root, tables)
    except UnsafeError as error:
        reporter.report(error.code, Place(name), str(error))
    except PackageError as error:
        if is_remote:
            raise
        reporter.report("BF119", Place(name), without_place(str(error), place))


def without_place(message: str, *places: str | Path) -> str:
    """Return a message about a package that stands beside its name, and so need not begin with it."""
    for place in places:
        if message.startswith(f"{place} "):
            return f"it {message.removeprefix(str(place)).strip()}"
        message = message.removeprefix(f"{place}: ")
    return message


def _refuse_nothing(place: str | Path, path: Path) -> None:
    """Raise BenchfmtError where a path leads to nothing that could be judged."""
    if not path.exists():
        raise BenchfmtError(f"{place} does not exist")
    if not path.is_dir() and not path.is_file():
        raise BenchfmtError(f"{place} is not a regular file")
    if path.is_dir() and not (path / FILE_NAME).is_file():
        raise BenchfmtError(
            f"{place} holds no {FILE_NAME}: name a package, a descriptor, or files of records"
        )


def _holds_records(path: Path) -> bool:
    """Whether a path leads to records as JSON."""
    if path.suffix in LINES:
        return True
    return path.suffix == ".json" and not _is_descriptor(path)


def _is_descriptor(path: Path) -> bool:
    """Whether a JSON file is a descriptor: it lists resources."""
    if path.name == FILE_NAME:
        return True
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    return b'"resources"' in start


def _forms_of_package(
    folder: Folder, reporter: Reporter, delimited: set[str], hashing: Hashing
) -> Iterator[Form]:
    """Yield the annotated tables of a package, then its own tables; those of delimited text are entered."""
    descriptor = judged_descriptor(folder.file, reporter)
    if descriptor is None:
        return
    unsafe = judge_files(folder.root, descriptor, folder.file.name, reporter, hashing)
    tables = {}
    annotated = []
    for resource in descriptor.resources:
        if resource.name in TABLES:
            tables[resource.name] = resource
            delimited |= {file.path for file in resource.files if file.path.endswith(".csv")}
        if resource.annotated and resource.file not in unsafe:
            annotated.append(resource)
    for resource in annotated:
        yield AnnotatedTable(folder.root, resource, descriptor, reporter)
    if annotated and not tables:
        return
    absent = [name for name in _REQUIRED if name not in tables]
    for name in absent:
        reporter.report(
            "BF119",
            Place(folder.file.name, field="/resources"),
            f"the descriptor names no table {name!r}",
            hint="a package has records and measurements",
        )
    if folder.file.name == FILE_NAME:
        judge_unlisted(folder, descriptor, reporter)
    is_safe = not any(resource.file in unsafe for resource in tables.values())
    if not absent and is_safe:
        yield PackageTables(folder.root, tables, descriptor, reporter)
