"""stopwatch: the result tables (*.stopwatch.csv) of a small benchmark made up for this example."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
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
COLUMNS = ["net", "machine", "dtype", "batch", "median_ms", "note"]
CRASHED = "crash"


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
                yield _record(
                    row, {"path": unit.path.name, "sha256": digest, "locator": f"row={number}"}
                )
            except ValueError as error:
                yield Failed(unit.path, f"not a result: {_words(error)}", number)


def _words(error: ValueError) -> str:
    """Say what is wrong in one line, also where pydantic says it in several."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}"


def _record(row: Mapping[str, str], source: Mapping[str, str]) -> Record:
    precision = vocabulary().match("precision", row["dtype"]) or row["dtype"]
    data = {
        "benchfmt": "1.0",
        "benchmark": {"suite": "stopwatch:inference", "phase": "inference"},
        "model": {"name": row["net"]},
        "system": {"name": row["machine"]},
        "configuration": {"precision": precision, "batch_size": int(row["batch"])},
        "measurements": [_latency(row["median_ms"])],
        "status": "failed" if row["median_ms"] == CRASHED else "ok",
        "provenance": {"sources": [dict(source)], "converter": NAME, "converter_version": VERSION},
    }
    if row["note"]:  # what the source does not say stays absent
        data["extensions"] = {NAME: {"note": row["note"]}}
    return Record.from_dict(data)


def _latency(cell: str) -> dict[str, object]:
    key = {
        "metric": "latency",
        "statistic": "median",
        "stage": "inference",
        "per": "batch",
        "primary": True,
    }
    if cell == CRASHED:
        return {**key, "missing": "run-failed", "reported_value": cell}
    try:
        seconds = float(Decimal(cell) / 1000)  # exact in decimal, rounded once
    except InvalidOperation:
        raise ValueError(f"median_ms {cell!r} is no number") from None
    return {
        **key,
        "value": seconds,
        "unit": "s",
        "basis": "measured",
        "reported_value": cell,
        "reported_unit": "ms",
    }


def _tables(source: Source) -> list[Path]:
    return [path for path in source.with_suffix(".stopwatch.csv") if _header(path) == COLUMNS]


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline(4096).rstrip("\r\n").split(",")
