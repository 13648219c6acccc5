"""Annotated tables: any table with a benchfmt descriptor (`datapackage.json`) beside it, or an AI4Europe companion.

The companion of the AI4Europe benchmarking guide is `<asset>_<HW>.json` beside `<asset>_<HW>.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.flat import parse_resource, read_table
from benchfmt.descriptor import FILE_NAME, Descriptor
from benchfmt.drafting import companion_resource, is_companion
from benchfmt.finding import BenchfmtError
from benchfmt.package import load_descriptor
from benchfmt.readers import jsons
from benchfmt.readers.files import safe_path
from benchfmt.readers.tables import TableError, TextTable

NAME = "annotated"
VERSION = "1.0"


def detect(source: Source) -> Match | None:
    """Say how many annotated tables a source holds, or None."""
    found = [path for path in source.with_suffix(".json") if _annotates(path) or _companion_table(path)]
    return Match(0.8, f"{len(found)} descriptors of annotated tables, first {found[0].name}") if found else None


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each annotated table."""
    for path in source.with_suffix(".json"):
        descriptor = _annotates(path)
        for resource in descriptor.resources if descriptor else ():
            if not resource.annotated:
                continue
            try:
                table = safe_path(path.parent, resource.path)
            except BenchfmtError as error:
                yield Failed(path, str(error))
                continue
            if table.is_file():
                yield Unit(table, (path,), options, ("descriptor", str(path), resource.path), source.limits)
            else:
                yield Failed(path, f"the table {resource.path!r} that it describes is not there")
        companion = None if descriptor else _companion_table(path)
        if companion:
            yield Unit(companion, (path,), options, ("companion", str(path), companion.name), source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one annotated table."""
    kind, where, name = unit.extra
    if kind == "companion":
        columns = TextTable(unit.path, limits=unit.limits).header()
        data, findings = companion_resource(jsons.read(Path(where), unit.limits), unit.path.name, columns)
        yield from findings
        yield from read_table(unit.path, parse_resource(data), converter=NAME, version=VERSION, limits=unit.limits)
        return
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


def prefixes(unit: Unit) -> Mapping[str, Any]:
    """Return the prefixes that a unit's descriptor declares, for the package that is written."""
    kind, where, _ = unit.extra
    if kind == "companion":
        return {}
    declared = load_descriptor(Path(where), unit.limits).benchfmt.prefixes
    return {name: prefix.model_dump(exclude_none=True) for name, prefix in declared.items()}


def _annotates(path: Path) -> Descriptor | None:
    """Return the descriptor in a file if it annotates a table."""
    if path.name != FILE_NAME and not path.name.endswith(f".{FILE_NAME}"):
        return None
    try:
        descriptor = load_descriptor(path)
    except (BenchfmtError, OSError):
        return None
    return descriptor if any(resource.annotated for resource in descriptor.resources) else None


def _companion_table(path: Path) -> Path | None:
    """Return the table of an AI4Europe companion: of the same name, beside it or under `../data`."""
    if not re.match(r"^.+_[^_]+\.json$", path.name):
        return None
    name = f"{path.stem}.csv"
    table = next((p for p in (path.with_name(name), path.parent.parent / "data" / name) if p.is_file()), None)
    try:
        return table if table and is_companion(jsons.read(path)) else None
    except (BenchfmtError, OSError, TableError):
        return None
