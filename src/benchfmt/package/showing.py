"""What a prompt and Jupyter show of a package: what it holds, and its first results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from benchfmt import notebook
from benchfmt.finding import BenchfmtError
from benchfmt.package.parts import Part
from benchfmt.printable import one_line

if TYPE_CHECKING:
    from benchfmt.package.reading import Package

__all__ = ["html_of", "line_of"]

_COUNTED = ("suite", "task", "system_id", "engine", "status")
_FIRST = ("id", "suite", "benchmark", "model", "system_id", "precision")
_HEADLINE = ("metric", "value", "unit", "missing")
_RESULTS = 8
_TABLES = ("records", "measurements", "systems")
_FEW_PARTS = 16
"""So many files are asked for their rows, which the end of each says."""
_NAMES = 6
"""So many first results, and names of a column, are shown; the rest is counted."""


def line_of(package: Package) -> str:
    """Return what a package is in one line, with the counts that are known without reading its tables."""
    descriptor = package.descriptor
    version = getattr(descriptor, "version", None)
    words = " ".join(str(word) for word in (descriptor.name or package.root.name, version) if word)
    counts = [f"{count:,} {name}" for name, count in _counts(package).items()]
    told = f": {', '.join(counts)}" if counts else ""
    return one_line(f"<Package {words} in {package.origin or package.root}{told}>")


def _counts(package: Package) -> dict[str, int]:
    """Return how many rows each table says to have; nothing of tables that would have to be read, or cannot be."""
    counts = {}
    for table in _TABLES:
        try:
            parts = package.parts(table)
            if _is_quick(parts):
                counts[table] = sum(package.rows_of_parts(table))
        except (BenchfmtError, OSError):
            continue
    return counts


def _is_quick(parts: Sequence[Part]) -> bool:
    return len(parts) <= _FEW_PARTS and all(part.is_parquet for part in parts)


def html_of(package: Package) -> str:
    """Return the view of a package; raises PackageError for a faulty one."""
    title = package.descriptor.title or package.descriptor.name or package.root.name
    counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
    records = 0
    first = pl.DataFrame()
    for frame in package.frames("records", {*_COUNTED, *_FIRST}):
        records += frame.height
        if first.is_empty():
            first = frame.head(_RESULTS).select(_FIRST)
        for name in _COUNTED:
            for cell, count in frame[name].drop_nulls().value_counts().iter_rows():
                counts[name][cell] += count
    parts = [notebook.heading(title), notebook.paragraph(f"{records:,} records")]
    parts.append(
        notebook.table(["", "records"], [(name, _most(counts[name])) for name in _COUNTED])
    )
    if records:
        rows = _first_rows(package, first)
        parts.append(notebook.table([*_FIRST, "headline", "value", "unit"], rows))
    if records > _RESULTS:
        parts.append(notebook.paragraph(f"... and {records - _RESULTS:,} more"))
    return "".join(parts)


def _most(counts: Counter[str]) -> str:
    """Return the most frequent names with their counts, and how many more there are."""
    if not counts:
        return "not stated"
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {count:,}" for name, count in ranked[:_NAMES])
    more = len(counts) - _NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


def _first_rows(package: Package, first: pl.DataFrame) -> list[tuple[object, ...]]:
    """Return the first results with their headline numbers, which stand in the order of the records."""
    headlines: dict[str, tuple[object, ...]] = {}
    ids = first["id"]
    for frame in package.frames("measurements", {"record_id", "primary", *_HEADLINE}):
        own = frame.filter(pl.col("record_id").is_in(ids.implode()))
        for row in own.filter(pl.col("primary")).iter_rows(named=True):
            headlines[row["record_id"]] = _headline(row)
        if frame.height > own.height:
            break
    return [(*row, *headlines.get(row[0], ("", "", ""))) for row in first.iter_rows()]


def _headline(row: dict[str, object]) -> tuple[object, ...]:
    if row["value"] is None:
        return row["metric"], row["missing"], ""
    return row["metric"], row["value"], row["unit"]
