"""Annotated tables: any table with a benchfmt descriptor (`datapackage.json`) beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.flat import read_table
from benchfmt.descriptor import FILE_NAME, Descriptor
from benchfmt.finding import BenchfmtError
from benchfmt.package import load_descriptor
from benchfmt.readers.files import safe_path

NAME = "annotated"
VERSION = "1.0"
PATTERNS = (Pattern((FILE_NAME, f"*.{FILE_NAME}")),)


def detect(source: Source) -> Match | None:
    """Say how many annotated tables a source holds, or None."""
    paths = [path for path in _descriptors(source) if _annotates(path)]
    if not paths:
        return None
    # Somebody said what the table is: no converter knows better.
    return Match(1.0, f"{len(paths)} descriptors of annotated tables, first {paths[0].name}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each annotated table."""
    for path in _descriptors(source):
        descriptor = _annotates(path)
        if isinstance(descriptor, str):
            yield Failed(path, descriptor)
            continue
        for resource in descriptor.resources if descriptor else ():
            if not resource.annotated:
                continue
            try:
                table = safe_path(path.parent, resource.path)
            except BenchfmtError as error:
                yield Failed(path, str(error))
                continue
            if source.root.is_file() and source.root not in (path, table):
                continue  # another table of the folder than the one that was given
            if table.is_file():
                yield Unit(table, (path,), options, (str(path), resource.path), source.limits)
            else:
                yield Failed(path, f"the table {resource.path!r} that it describes is not there")


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one annotated table."""
    where, name = unit.extra
    descriptor = load_descriptor(Path(where), unit.limits)
    resource = next(item for item in descriptor.resources if item.path == name)
    yield from read_table(
        unit.path,
        resource,
        converter=NAME,
        version=VERSION,
        declared=descriptor.metrics(),
        identity_path=resource.path,
        limits=unit.limits,
    )


def prefixes(unit: Unit) -> Mapping[str, JsonValue]:
    """Return the prefixes that a unit's descriptor declares, for the package that is written."""
    where, _ = unit.extra
    declared = load_descriptor(Path(where), unit.limits).benchfmt.prefixes
    return {name: prefix.model_dump(exclude_none=True) for name, prefix in declared.items()}


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
