"""What a judging process does with an upload, or with packages of the folder that is shown.

It runs in a process of its own (`serving.work`), whose current folder is the one with the upload, so that nothing it
says names a path of the server.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchfmt.accounting import Account
from benchfmt.conversion import convert
from benchfmt.descriptor import FILE_NAME
from benchfmt.finding import BenchfmtError
from benchfmt.limits import FOR_PAGES, Limits
from benchfmt.oserrors import in_words
from benchfmt.package import Package, PackageError, open_package
from benchfmt.package.opening import is_archive, unpack
from benchfmt.readers.files import UnsafeError
from benchfmt.serving.excerpts import excerpts
from benchfmt.serving.showing import write_page
from benchfmt.serving.tasks import PACKAGE, REPORT, Answer, Task
from benchfmt.validation import Report, validate

if TYPE_CHECKING:
    import pyarrow as pa

_START_BYTES = 2**16
_SIGNS = (b'"benchfmt"', b'"measurements"')
"""What a file of records has near its beginning, unlike other JSON."""
_RECORDS = (".json", ".jsonl", ".ndjson")
_UNPACKED = Path("unpacked")
"""Beside the upload, so that converters see its files and not the archive."""
_DAMAGED = "BF119"


@dataclass
class Upload:
    """An upload: the file, what kind of thing it is, and what becomes of it."""

    file: Path
    task: Task
    folder: Path
    """Where what is made of it goes."""
    limits: Limits = FOR_PAGES
    kind: str = field(init=False)
    """`package`, `records` or `results`: the last are files of other tools, which are converted."""

    def __post_init__(self) -> None:
        """Say how much of it is read."""
        self.limits = replace(FOR_PAGES, archive_bytes=self.task.disk_bytes // 2)

    @property
    def package(self) -> Path:
        """The place of the package that is made of it."""
        return self.folder / PACKAGE

    @property
    def is_archive(self) -> bool:
        """Whether it is one file of many."""
        return is_archive(self.file.name)


def do(task: Task, folder: Path) -> Answer:
    """Return the answer to a task; what cannot be read at all is told in it, with the code where there is one."""
    try:
        return _VERBS[task.verb](task, folder)
    except UnsafeError as error:
        return {"refused": _told(str(error), task), "code": error.code}
    except PackageError as error:
        return {"refused": _told(str(error), task), "code": _DAMAGED}
    except BenchfmtError as error:
        return {"refused": _told(str(error), task)}
    except OSError as error:
        return {"refused": _told(in_words(error), task)}


def _told(message: str, task: Task) -> str:
    """Return a message that names packages as people know them, not where they lie on the server."""
    for path, name in zip(task.paths, task.names, strict=True):
        message = message.replace(path, name)
    return message


def _judged(task: Task, folder: Path) -> Answer:
    """Validate an upload: what it holds itself, or what is converted of it."""
    upload = _arrived(task, folder)
    answer: Answer = {
        "file": upload.file.name,
        "bytes": upload.file.stat().st_size,
        "sha256": _digest(upload.file),
        "kind": upload.kind,
    }
    if upload.kind == "results":
        account = _converted(upload)
        answer["account"] = account.to_dict()
        if not account.total("records"):
            answer["ok"] = False
            return answer
        with _at(upload.folder):
            report = validate(PACKAGE, task.rules, limits=upload.limits)
        answer["ok"] = report.ok and account.ok
        answer["report"] = _report_data(report)
        answer["excerpts"] = excerpts(Path(), account=account)
        return answer
    report = validate(upload.file, task.rules, limits=upload.limits)
    answer["ok"] = report.ok
    answer["report"] = _report_data(report)
    root = Path()
    if upload.is_archive:
        root = _UNPACKED
    answer["excerpts"] = excerpts(root, report=report)
    return answer


def _report_data(report: Report) -> dict[str, object]:
    return {"rules": report.rules, **report.to_dict()}


def _convert(task: Task, folder: Path) -> Answer:
    """Make a package of an upload."""
    upload = _arrived(task, folder)
    account = _converted(upload)
    return {
        "file": upload.file.name,
        "kind": upload.kind,
        "ok": account.ok and account.total("records") > 0,
        "account": account.to_dict(),
    }


def _report(task: Task, folder: Path) -> Answer:
    """Write the page on an upload."""
    upload = _arrived(task, folder)
    place = upload.file
    if upload.kind != "package" or not _has_tables(place, upload.limits):
        account = _converted(upload, title=upload.file.name)
        if not account.total("records"):
            raise BenchfmtError("no result could be read from it, so there is nothing to report on")
        place = upload.package
    _write_page(place, folder / REPORT, task, upload.limits, upload.file.name)
    return {"file": upload.file.name, "kind": upload.kind, "page": REPORT}


def _show(task: Task, folder: Path) -> Answer:
    """Write the page on a package of the folder that is shown."""
    limits = replace(FOR_PAGES, archive_bytes=task.disk_bytes // 2)
    _write_page(Path(task.paths[0]), folder / REPORT, task, limits, task.names[0])
    return {"page": REPORT}


def _judge(task: Task, _folder: Path) -> Answer:
    """Give the verdict alone on a package of the folder that is shown."""
    limits = replace(FOR_PAGES, archive_bytes=task.disk_bytes // 2)
    report = validate(Path(task.paths[0]), task.rules, limits=limits)
    return {
        "ok": report.ok,
        "report": {"errors": report.errors, "warnings": report.warnings},
    }


def _write_page(place: Path, target: Path, task: Task, limits: Limits, name: str) -> None:
    report = validate(place, task.rules, limits=limits)
    # People know it by this name; the place is one of the server.
    report.source = name
    write_page(place, target, report, limits)


def _compare(task: Task, folder: Path) -> Answer:
    """Write the page on what became of the results of one package in another."""
    from benchfmt.comparing.versions import compare_versions
    from benchfmt.reports.versions import rendered

    limits = replace(FOR_PAGES, archive_bytes=task.disk_bytes // 4)
    versions = compare_versions(*task.paths, limits=limits)
    versions = replace(versions, old=task.names[0], new=task.names[1])
    with (folder / REPORT).open("w", encoding="utf-8") as file:
        file.writelines(rendered("html", versions, ()))
    return {"page": REPORT}


def _query(task: Task, _folder: Path) -> Answer:
    """Answer a query over packages, some rows of it."""
    from benchfmt.package.sql import answer
    from benchfmt.reports.rows import json_pieces

    memory = f"{task.memory_bytes // 2**21}MiB"
    with ExitStack() as stack:
        opened, left_out = _opened(task, stack)
        batches = stack.enter_context(answer(opened, task.sql, memory=memory))
        names = list(batches.schema.names)
        rows: list[list[object]] = []
        for batch in batches:
            plain = batch.slice(0, task.rows + 1 - len(rows))
            renamed = plain.rename_columns([str(place) for place in range(len(names))])
            text = "".join(json_pieces(_reader(renamed)))
            rows += [list(row.values()) for row in json.loads(text)]
            if len(rows) > task.rows:
                break
    return {
        "columns": names,
        "rows": rows[: task.rows],
        "is_cut": len(rows) > task.rows,
        "left_out": left_out,
    }


def _opened(task: Task, stack: ExitStack) -> tuple[dict[str, Package], list[dict[str, str]]]:
    """Return the packages of a query by name, and which of them are left out, with the reason."""
    limits = replace(FOR_PAGES, archive_bytes=task.disk_bytes // 4)
    opened: dict[str, Package] = {}
    left_out: list[dict[str, str]] = []
    for path, name in zip(task.paths, task.names, strict=True):
        try:
            package = stack.enter_context(open_package(path, limits=limits))
            if task.may_leave_out:
                _check_tables(package)
        except BenchfmtError as error:
            if not task.may_leave_out:
                raise
            left_out.append({"package": name, "reason": _told(str(error), task)})
        else:
            opened[name] = package
    if not opened:
        raise BenchfmtError(f"no package can be read: {left_out[0]['reason']}")
    return opened, left_out


def _check_tables(package: Package) -> None:
    """Raise PackageError where a table of a package cannot be read, as far as its beginning tells."""
    for table, column in (("records", "id"), ("measurements", "record_id"), ("systems", "id")):
        next(package.batches(table, only=(column,)), None)


def _reader(batch: pa.RecordBatch) -> pa.RecordBatchReader:
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(batch.schema, [batch])


_VERBS: dict[str, Callable[[Task, Path], Answer]] = {
    "validate": _judged,
    "convert": _convert,
    "report": _report,
    "show": _show,
    "judge": _judge,
    "compare": _compare,
    "query": _query,
}


def _arrived(task: Task, folder: Path) -> Upload:
    """Return an upload with its kind; an archive is unpacked beside it."""
    upload = Upload(Path(task.paths[0]), task, folder)
    if upload.is_archive:
        _UNPACKED.mkdir()
        try:
            names: Sequence[str] = unpack(upload.file, _UNPACKED, upload.limits)
        except PackageError as error:
            message = str(error).removeprefix(f"{upload.file}: ")
            raise PackageError(message) from error
        upload.kind = "results"
        if any(name == FILE_NAME or name.endswith(f"/{FILE_NAME}") for name in names):
            upload.kind = "package"
    elif upload.file.name == FILE_NAME:
        raise BenchfmtError(
            f"{FILE_NAME} alone describes files that are not here; hand in the whole folder, as a zip"
        )
    else:
        upload.kind = "results"
        if _holds_records(upload.file):
            upload.kind = "records"
    return upload


def _holds_records(file: Path) -> bool:
    """Whether a file is JSON that looks like records of the standard."""
    if file.suffix.lower() not in _RECORDS:
        return False
    with file.open("rb") as opened:
        start = opened.read(_START_BYTES)
    return any(sign in start for sign in _SIGNS)


def _has_tables(place: Path, limits: Limits) -> bool:
    """Whether a package has records as tables of its own, and not only tables that are described."""
    with open_package(place, limits=limits) as package:
        return any(resource.name == "records" for resource in package.descriptor.resources)


def _converted(upload: Upload, title: str | None = None) -> Account:
    """Convert an upload to a package, whose place is then that of the upload's package; returns the account."""
    source = upload.file
    if upload.is_archive:
        source = _UNPACKED
    extra = {}
    if title is not None:
        extra["title"] = title
    return convert(source, limits=upload.limits).write(upload.package, extra=extra)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def _at(folder: Path) -> Iterator[None]:
    """Have another current folder while the block runs: a report names files from there."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
