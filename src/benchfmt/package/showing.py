"""What Jupyter shows of a package: what it holds, and its first results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from benchfmt import notebook

if TYPE_CHECKING:
    from benchfmt.package.reading import Package

__all__ = ["html_of"]

_COUNTED = ("suite", "task", "system_id", "engine", "status")
_FIRST = ("id", "suite", "benchmark", "model", "system_id", "precision")
_HEADLINE = ("metric", "value", "unit", "missing")
_RESULTS = 8
_NAMES = 6
"""So many first results, and names of a column, are shown; the rest is counted."""


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
