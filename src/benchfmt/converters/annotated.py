"""Annotated tables: any table with a benchfmt descriptor (`datapackage.json`) beside it, or of a layout known here.

A file of a layout (`benchfmt.layouts`) is read as if the descriptor that `benchfmt describe --like` writes for it lay
beside it, but only where no other converter knows the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.flat import read_table
from benchfmt.descriptor import FILE_NAME, Descriptor
from benchfmt.descriptor import about as about_package
from benchfmt.descriptor import acknowledged as acknowledged_of
from benchfmt.finding import BenchfmtError
from benchfmt.layouts import Fit, fit, may_fit
from benchfmt.package import load_descriptor
from benchfmt.readers import heads
from benchfmt.readers.files import safe_path

NAME = "annotated"
VERSION = "1.0"
PATTERNS = (Pattern((FILE_NAME, f"*.{FILE_NAME}")),)
_ABOUT = ("title", "description", "version", "homepage", "licenses", "contributors", "keywords")
"""What is true of a package of the results as it is of the tables: their `id`, `created` and `profile` are not."""


def detect(source: Source) -> Match | None:
    """Say how many annotated tables a source holds, or None."""
    paths = [path for path in _descriptors(source) if _annotates(path)]
    if not paths:
        return None
    # Somebody said what the table is: no converter knows better.
    return Match(1.0, f"{len(paths)} descriptors of annotated tables, first {paths[0].name}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each file of annotated tables: sheets of one workbook are read together."""
    for path in _descriptors(source):
        descriptor = _annotates(path)
        if isinstance(descriptor, str):
            yield Failed(path, descriptor)
            continue
        resources = descriptor.resources if descriptor else []
        tables: dict[str, list[int]] = {}
        for index, resource in enumerate(resources):
            if resource.annotated:
                tables.setdefault(resource.file, []).append(index)
        for name, indices in tables.items():
            try:
                table = safe_path(path.parent, name)
            except BenchfmtError as error:
                yield Failed(path, str(error))
                continue
            if source.root.is_file() and source.root not in (path, table):
                continue  # another table of the folder than the one that was given
            if table.is_file():
                yield Unit(table, (path,), options, (str(path), *indices), source.limits)
            else:
                yield Failed(path, f"the table {name!r} that it describes does not exist")


def plan_rest(source: Source, paths: Iterable[Path]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each file of a known layout among those that no converter took.

    Of several files in which a tool wrote down one run, the one is read in which it wrote the most.
    """
    runs: dict[_Run, Fit] = {}
    for path in paths:
        fitting = _fitting(source, path)
        if fitting is None:
            continue
        if fitting.layout.left_out is not None:
            yield Skipped(path, fitting.layout.left_out)
            continue
        run = _Run(path.parent, fitting.run, fitting.layout.tool)
        other = runs.get(run)
        if other is None or fitting.rank < other.rank:
            runs[run] = fitting
            fitting, other = other, fitting
        if fitting is not None and other is not None:
            yield Skipped(fitting.path, f"the same run as {other.path.name}, which is read")
    for fitting in runs.values():
        copied = _copied(fitting, runs.values())
        if copied is not None:
            yield Skipped(
                fitting.path, f"the runs in {copied.path.name} and others, which are read"
            )
            continue
        note = f"read as {fitting.layout.label}"
        extra = (fitting, 0)
        yield Unit(fitting.path, (), {}, extra, source.limits, note)


@dataclass(frozen=True)
class _Run:
    """What the files have in common in which a tool wrote down one run."""

    folder: Path
    name: str
    tool: str


def _copied(fitting: Fit, others: Iterable[Fit]) -> Fit | None:
    """Return the first of the files beside one whose results the tool has copied into it; None where it has not."""
    gathered = fitting.layout.gathered
    if gathered is None or fitting.path.name != gathered.file:
        return None
    for other in others:
        if other.path.parent == fitting.path.parent and fnmatch(other.path.name, gathered.of):
            return other
    return None


def _fitting(source: Source, path: Path) -> Fit | None:
    """Return the layout of a file, None where it has none or where a descriptor tells of it."""
    if path != source.root and not may_fit(path.name):
        return None
    if not heads.is_regular(path):
        return None
    try:
        fitting = fit(path, source.limits)
    except OSError:
        return None
    if fitting is not None and _is_described(path):
        return None
    return fitting


def _is_described(path: Path) -> bool:
    """Say whether a descriptor beside a file names it, even one that cannot be read."""
    quoted = json.dumps(path.name, ensure_ascii=False).encode()
    for descriptor in path.parent.glob(f"*{FILE_NAME}"):
        if descriptor.is_file() and quoted in heads.whole(descriptor):
            return True
    return False


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of the annotated tables in one file."""
    descriptor = _descriptor_of(unit)
    where, *indices = unit.extra
    for index in indices:
        resource = descriptor.resources[index]
        yield from read_table(
            unit.path,
            resource,
            converter=NAME,
            version=VERSION,
            declared=descriptor.metrics(),
            identity_path=resource.file,
            table=descriptor.table_in_file(resource),
            limits=unit.limits,
            tells_assumptions=not isinstance(where, Fit),
        )


def prefixes(unit: Unit) -> Mapping[str, JsonValue]:
    """Return the prefixes that a unit's descriptor or layout declares, for the package that is written."""
    declared = _descriptor_of(unit).benchfmt.prefixes
    return {name: prefix.model_dump(exclude_none=True) for name, prefix in declared.items()}


def about(unit: Unit) -> Mapping[str, JsonValue]:
    """Return what a unit's descriptor says of its tables as a whole; a layout says nothing of results."""
    if isinstance(unit.extra[0], Fit):
        return {}
    said = about_package(_descriptor_of(unit))
    return {name: said[name] for name in _ABOUT if name in said}


def acknowledged(unit: Unit) -> Sequence[Mapping[str, JsonValue]]:
    """Return the findings that a unit's descriptor acknowledges."""
    return acknowledged_of(_descriptor_of(unit))


def _descriptor_of(unit: Unit) -> Descriptor:
    """Return the descriptor of a unit's table: the one beside it, or that of its layout."""
    where = unit.extra[0]
    if isinstance(where, Fit):
        return where.descriptor()
    return load_descriptor(Path(where), unit.limits)


def _descriptors(source: Source) -> list[Path]:
    """Return the files that may be descriptors: in a folder, or beside a table that is given alone."""
    if source.root.is_dir() or source.root.name.endswith(FILE_NAME):
        found = source.with_suffix(".json")
    else:
        found = sorted(source.root.parent.glob(f"*{FILE_NAME}"))
    named = [
        path for path in found if path.name == FILE_NAME or path.name.endswith(f".{FILE_NAME}")
    ]
    return [path for path in named if path.is_file()]


def _annotates(path: Path) -> Descriptor | str | None:
    """Return the descriptor in a file if it annotates a table, or what is wrong with it."""
    try:
        descriptor = load_descriptor(path)
    except (BenchfmtError, OSError) as error:
        return str(error)
    if not any(resource.annotated for resource in descriptor.resources):
        return None
    return descriptor
