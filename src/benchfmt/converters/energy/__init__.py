"""Energy domain: ANTICIPATE and CONTINGENCY, and their relatives (maximum flow, transprecision kernels, CodeCarbon).

The layouts are annotated-table descriptors; code is for what only the whole table or a vector shows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters.ai4europe import describes, is_companion_file
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.companions import Pairing, pair
from benchfmt.converters.energy import codecarbon, layouts
from benchfmt.converters.energy.codecarbon.rows import lacking_of_tracker
from benchfmt.converters.energy.codecarbon.runs import RowRoles
from benchfmt.converters.energy.derived import added_columns
from benchfmt.converters.energy.layouts import Layout
from benchfmt.converters.energy.surveys import survey
from benchfmt.converters.energy.tables import described
from benchfmt.converters.flat import read_table
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers.bounded_rows import short_lines
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, encoding_of, first_row

NAME = "energy-domain"
VERSION = "1.0"
OPTIONS = ("version", "system", "country")
"""What the files do not say: the version of the data set (commit or DOI), the platform, and the country."""
_COLUMNS = rb"(?i)emissions|energy_consumed|duration|nscenarios|ntraces|nparameter|nodes|pv|load|prezzo|var_[0-9]"
PATTERNS = (
    Pattern(("*.csv", f"*{codecarbon.BACKUP}"), expression=re.compile(_COLUMNS)),
    Pattern(("*conversion_factors*.json",)),
)


def detect(source: Source) -> Match | None:
    """Say how many tables of the energy domain a source holds, or None."""
    layout_by_path = _layouts(source)
    results = [path for path, layout in layout_by_path.items() if _has_results(layout)]
    tracked, lacking = codecarbon.files(source)
    results += tracked
    if results:
        return Match(0.9, f"{len(results)} tables of the energy domain, first {results[0].name}")
    intensities = filter(_is_intensities, source.with_suffix(".json"))
    for path in (*lacking, *layout_by_path, *intensities):
        return Match(0.3, f"files of the energy domain without results, first {path.name}")
    return None


def lacks(path: Path) -> str | None:
    """Say what a table that looks like one of CodeCarbon's lacks, or None."""
    if path.suffix.lower() != ".csv":
        return None
    return lacking_of_tracker(first_row(path))


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table with results, with its JSON companion."""
    tracked, lacking = codecarbon.files(source)
    planned = {item.path: item for item in codecarbon.units(tracked, options, source)}
    planned |= {path: Failed(path, reason) for path, reason in lacking.items()}
    layout_by_path = _layouts(source)
    tables = [
        path
        for path, layout in layout_by_path.items()
        if _has_results(layout) and path not in planned
    ]
    pairing = pair(source, tables, is_companion_file, describes)
    for path in source.with_suffix(".csv", codecarbon.BACKUP):
        layout = layout_by_path.get(path)
        if path in planned:
            yield planned[path]
        elif layout in layouts.NO_RESULTS:
            yield Skipped(path, f"{_lines(path)} {layouts.NO_RESULTS[layout]}")
        elif layout is not None:
            supporting = tuple(filter(None, [pairing.companions.get(path)]))
            yield Unit(path, supporting, options, layout, source.limits)
    yield from _without_table(source, pairing)


def _without_table(source: Source, pairing: Pairing) -> Iterator[Skipped]:
    """Yield the JSON files of the family that are no companion of a table."""
    for path in source.with_suffix(".json"):
        if pairing.table_of(path) is not None:
            continue
        if _is_intensities(path):
            yield Skipped(path, "carbon intensities of countries, no results")
        elif is_companion_file(path):
            yield Skipped(path, pairing.why_alone(path))


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one table, in parts."""
    if isinstance(unit.extra, RowRoles):
        yield from codecarbon.read(unit, NAME, VERSION)
        return
    text = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    try:
        columns = text.header()
        surveyed = survey(text, columns)
    except TableError as error:
        yield Failed(unit.path, str(error))
        return
    description = described(unit, columns, surveyed)
    yield from description.findings
    yield from read_table(
        unit.path,
        description.resource(),
        converter=NAME,
        version=VERSION,
        limits=unit.limits,
        encoding=SNIFFED,
        added=added_columns(columns, surveyed),
    )


def _layouts(source: Source) -> dict[Path, Layout]:
    """Return the tables of the family, CodeCarbon's left out, by their layouts."""
    layout_by_path: dict[Path, Layout] = {}
    for path in source.with_suffix(".csv"):
        names = first_row(path)
        layout = None
        if any(names):
            layout = layouts.layout_of(names, path)
        if layout is not None:
            layout_by_path[path] = layout
    return layout_by_path


def _has_results(layout: Layout) -> bool:
    return layout not in layouts.NO_RESULTS


def _lines(path: Path) -> int | str:
    """Return the number of data rows of a small file, whatever ends its lines."""
    try:
        with path.open(encoding=encoding_of(path), newline="") as file:
            return sum(1 for row in csv.reader(short_lines(file)) if row) - 1
    except (csv.Error, BenchfmtError):
        return "many"


def _is_intensities(path: Path) -> bool:
    """Say whether a file lists the carbon intensity of countries."""
    if "conversion_factors" not in path.name:
        return False
    try:
        data = jsons.read(path)
    except (BenchfmtError, OSError):
        return False
    if not isinstance(data, dict):
        return False
    return all(isinstance(item, dict) and "carbon_intensity" in item for item in data.values())
