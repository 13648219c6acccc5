"""stopwatch: the result tables (*.stopwatch.csv) of a small benchmark made up for this example."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters import Draft, DraftError
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import Key
from benchfmt.numbers import whole
from benchfmt.readers.files import file_sha256
from benchfmt.record import Record
from benchfmt.vocabulary import vocabulary

NAME = "stopwatch"
VERSION = "0.1"
PREFIXES = {
    "stopwatch": {
        "title": "The stopwatch benchmark",
        "definition": "Terms of the stopwatch benchmark.",
    }
}
PATTERNS = (Pattern(names=("*.stopwatch.csv",)),)
COLUMNS = ["net", "machine", "dtype", "batch", "median_ms", "note"]
CRASHED = "crash"
MEDIAN: Key = {"statistic": "median", "stage": "inference", "per": "batch", "primary": True}


def detect(source: Source) -> Match | None:
    """Say how many stopwatch tables a source holds, or None."""
    found = _tables(source)
    return Match(0.9, f"{len(found)} stopwatch tables, first {found[0].name}") if found else None


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield one unit for each table."""
    for path in _tables(source):
        yield Unit(path, options=options, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield one record for each row; a row that cannot be read is a Failed of its own."""
    digest = file_sha256(unit.path)
    with unit.path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            try:
                yield _record(row, unit.path.name, digest, number)
            except DraftError as error:
                yield Failed(unit.path, f"not a result: {error}", number)


def _record(row: Mapping[str, str], path: str, digest: str, number: int) -> Record:
    batch_size = whole(row["batch"])
    if batch_size is None:
        raise DraftError(f"batch {row['batch']!r} is not a whole number")
    draft = Draft(NAME, VERSION, suite="stopwatch:inference", phase="inference")
    draft.source(path, digest, f"row={number}")
    draft.model(name=row["net"])
    draft.system(name=row["machine"])
    precision = vocabulary().match("precision", row["dtype"]) or row["dtype"]
    draft.configuration(precision=precision, batch_size=batch_size)
    draft.keep("note", row["note"] or None)  # what the source does not say stays absent
    if row["median_ms"] == CRASHED:
        draft.fail("failed")
        draft.missing("latency", "run-failed", CRASHED, **MEDIAN)
    else:
        draft.measure("latency", row["median_ms"], "ms", **MEDIAN)
    return draft.build()


def _tables(source: Source) -> list[Path]:
    return [path for path in source.with_suffix(".stopwatch.csv") if _header(path) == COLUMNS]


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline(4096).rstrip("\r\n").split(",")
