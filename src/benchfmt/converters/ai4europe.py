"""Tables with a companion of the AI4Europe benchmarking guide: `<asset>_<HW>.csv` with `<asset>_<HW>.json`.

The guide: https://ai4europe-benchmark-guide.readthedocs.io. The companion lists inputs, hyper-parameters and targets;
what a target means and its unit are read from its name, as `benchfmt describe` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.flat import parse_resource, read_table
from benchfmt.drafting import companion_prefix, companion_resource, is_companion
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.readers import jsons
from benchfmt.readers.tables import TextTable
from benchfmt.vocabulary import read_metric

NAME = "ai4europe"
VERSION = "1.0"
_NAMED = re.compile(r"^.+_[^_]+\.json$")


def detect(source: Source) -> Match | None:
    """Say how many tables with companions a source holds, or None; a suite's own converter is surer."""
    found = [path for path in source.with_suffix(".json") if _table(path)]
    return Match(0.5, f"{len(found)} AI4Europe companions, first {found[0].name}") if found else None


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table that has a companion."""
    for path in source.with_suffix(".json"):
        table = _table(path)
        if table:
            yield Unit(table, (path,), options, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one table."""
    data, findings = _resource(unit)
    yield from findings
    declared = {
        f"{prefix}:{name}": read_metric(f"{prefix}:{name}", metric)
        for prefix, said in companion_prefix(data).items()
        for name, metric in said["metrics"].items()
    }
    resource = parse_resource(data)
    yield from read_table(unit.path, resource, converter=NAME, version=VERSION, declared=declared, limits=unit.limits)


def prefixes(unit: Unit) -> Mapping[str, Any]:
    """Return the prefix under which a companion's own metrics are declared."""
    try:
        return companion_prefix(_resource(unit)[0])
    except (BenchfmtError, OSError):  # told when the unit is read
        return {}


def _resource(unit: Unit) -> tuple[dict[str, Any], list[Finding]]:
    columns = TextTable(unit.path, limits=unit.limits).header()
    return companion_resource(jsons.read(unit.supporting[0], unit.limits), unit.path.name, columns)


def _table(path: Path) -> Path | None:
    """Return the table of a companion: of the same name, beside it or under `../data`."""
    if not _NAMED.match(path.name):
        return None
    name = f"{path.stem}.csv"
    table = next((p for p in (path.with_name(name), path.parent.parent / "data" / name) if p.is_file()), None)
    try:
        return table if table and is_companion(jsons.read(path)) else None
    except (BenchfmtError, OSError):
        return None
