"""The descriptor of a package: its own faults, and whether the files are those that it names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from benchfmt.annotated import AnnotationError, compile_resource
from benchfmt.descriptor import Descriptor, Resource, column_of, read_descriptor, without_faults
from benchfmt.faults import Fault
from benchfmt.migrate import advice, readable, refusal
from benchfmt.package import descriptor_data
from benchfmt.package.parts import Part, parts_of
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError, refuse_hollow
from benchfmt.readers.tables import TableError
from benchfmt.tables import TABLES
from benchfmt.validation.forms.json_texts import json_code
from benchfmt.validation.hashing import AGAIN, Hashing
from benchfmt.validation.personal import report_personal
from benchfmt.validation.places import Place
from benchfmt.validation.policies import judge_policies
from benchfmt.validation.reporting import Reporter

_WRITE_BOTH = (
    "write both (`wc -c FILE`, `sha256sum FILE`): without them nobody sees a file that is cut off"
)
_IN_SCHEMA = 3
"""How deep the schema of a resource lies in a descriptor: /resources/0/schema."""
_POINTER = "a pointer of Git LFS stands in place of the file"
_POINTER_START = b"version https://git-lfs.github.com/spec/"
_FETCH = "fetch the file with `git lfs pull`"


def judged_descriptor(file: Path, reporter: Reporter) -> Descriptor | None:
    """Return the descriptor in a file after reporting its faults; None where it cannot be used."""
    try:
        data = descriptor_data(file, reporter.limits)
    except UnsafeError as error:
        message = str(error).removeprefix(f"{file.name}: ")
        place = Place(file.name)
        if error.at is not None:
            place = replace(place, line=error.at.line, character=error.at.character)
        reporter.report(error.code, place, message)
        return None
    except jsons.JsonError as error:
        place = Place(file.name, error.line)
        if error.at is not None:
            place = replace(place, line=error.at.line, character=error.at.character)
        reporter.report(json_code(error), place, str(error))
        return None
    descriptor, faults = read_descriptor(data)
    for fault in faults:
        message = fault.message
        column = column_of(fault, data)
        if column is not None:
            message = f"column {column!r}: {message}"
        reporter.report("BF118", Place(file.name, field=fault.pointer), message)
    report_personal(data, Place(file.name), reporter)
    if descriptor is not None:
        judge_policies(descriptor, file.name, reporter)
    if faults:
        _judge_rest(file, data, faults, reporter)
    if descriptor and not readable(descriptor.benchfmt.version):
        version = descriptor.benchfmt.version
        place = Place(file.name, field="/benchfmt/version")
        reporter.report("BF117", place, refusal(version), hint=advice(version))
        return None
    if descriptor:
        reporter.acknowledge(descriptor.benchfmt.acknowledged, file.name, None)
    return descriptor


def _judge_rest(file: Path, data: JsonValue, faults: Sequence[Fault], reporter: Reporter) -> None:
    """Report what else is wrong with a descriptor that has faults, so that a person hears of all at once."""
    rest = without_faults(data, faults)
    if rest is None:
        return
    # A size or a hash at fault is not missing as well.
    with Hashing(reporter, is_beside=False) as hashing:
        judge_files(file.parent, rest, file.name, reporter, hashing, is_whole=False)
    names = {column_of(fault, data) for fault in faults}
    # A schema at fault is left out: that a resource has none is told already.
    has_faulty_schema = any("schema" in fault.path[:_IN_SCHEMA] for fault in faults)
    for resource in rest.resources:
        if resource.table is None and has_faulty_schema:
            continue
        if resource.annotated:
            _judge_annotation(file, resource, rest, names, reporter)


def _judge_annotation(
    file: Path,
    resource: Resource,
    descriptor: Descriptor,
    names: Collection[str | None],
    reporter: Reporter,
) -> None:
    """Report what is wrong with an annotation, but for what follows from columns that have faults already."""
    try:
        for part in parts_of(file.parent, resource):
            if part.path.is_file():
                columns = resource.text_table(part.path, reporter.limits).header()
                compile_resource(resource, columns, descriptor.metrics())
    except AnnotationError as error:
        for message in error.faults:
            if not any(repr(name) in message for name in names):
                reporter.report("BF118", Place(file.name), message)
    except (TableError, UnsafeError) as error:
        reporter.report(error.code, Place(resource.file), str(error))


def judge_files(
    root: Path,
    descriptor: Descriptor,
    name: str,
    reporter: Reporter,
    hashing: Hashing,
    *,
    is_whole: bool = True,
) -> set[str]:
    """Report files that the descriptor names and that do not exist, or are not those that it describes.

    Returns the paths that are not safe to open. `hashing` reports the files whose hash is another. `is_whole` is false for what is left of a descriptor with faults.
    """
    unsafe = set()
    for number, resource in enumerate(descriptor.resources):
        place = Place(name)
        if is_whole:
            place = Place(name, field=f"/resources/{number}/path")
        try:
            parts = parts_of(root, resource)
        except UnsafeError as error:
            unsafe.add(resource.file)
            reporter.report(error.code, place, str(error), value=_shown_path(resource))
            continue
        seen: set[Path] = set()
        for part in parts:
            if part.path in seen:
                continue
            seen.add(part.path)
            if part.path.is_file():
                try:
                    refuse_hollow(part.path, reporter.limits)
                    _judge_content(part, resource, reporter, hashing, is_whole=is_whole)
                except UnsafeError as error:
                    unsafe.add(resource.file)
                    reporter.report(error.code, Place(part.name), str(error))
                except OSError as error:
                    reporter.report_unreadable(part.path, error)
            else:
                message = f"{part.name} does not exist"
                if part.path.exists():
                    message = f"{part.name} is not a file"
                reporter.report("BF119", place, message, value=part.name)
    return unsafe


def _shown_path(resource: Resource) -> str:
    return ", ".join(file.path for file in resource.files)


def _is_pointer(path: Path) -> bool:
    """Whether Git LFS has left its pointer in place of a file."""
    with path.open("rb") as file:
        return file.read(len(_POINTER_START)) == _POINTER_START


def _judge_content(
    part: Part, resource: Resource, reporter: Reporter, hashing: Hashing, *, is_whole: bool
) -> None:
    """Report a file whose size is not the one that its resource gives, or a table of ours without size or hash."""
    absent = [name for name in ("bytes", "hash") if getattr(part, name) is None]
    if absent and is_whole and resource.name in TABLES and not resource.annotated:
        message = (
            f"the descriptor gives no {' and no '.join(f'`{name}`' for name in absent)} of the file"
        )
        reporter.report("BF501", Place(part.name), message, hint=_WRITE_BOTH)
    size = part.path.stat().st_size
    if part.bytes is not None and size != part.bytes:
        if _is_pointer(part.path):
            reporter.report("BF501", Place(part.name), _POINTER, hint=_FETCH)
            reporter.cut_files.add(part.name)
            return
        message = f"the file has {size} bytes; the descriptor says {part.bytes}"
        reporter.report("BF501", Place(part.name), message, hint=AGAIN)
        if size < part.bytes:
            reporter.cut_files.add(part.name)
    elif part.hash is not None:
        hashing.add(part)
