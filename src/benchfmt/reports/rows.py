"""Rows of a table as text, CSV and JSON."""

from __future__ import annotations

import csv
import datetime
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import pyarrow as pa
from pydantic import JsonValue

from benchfmt.printable import json_text, one_line, printable

_WIDEST = 60
"""Characters of a cell of a table for people; the rest is cut, and said to be."""
_PLAN = ["explain_key", "explain_value"]
"""What EXPLAIN gives: drawings of several lines."""
_NUMBERS = (int, float, Decimal)


def table_pieces(batches: pa.RecordBatchReader, most: int) -> Iterator[str]:
    """Yield a table for people: at most so many rows, numbers to the right, and how many rows there are."""
    names = batches.schema.names
    if names == _PLAN:
        yield from _plans(batches)
        return
    shown: list[list[object]] = []
    count = 0
    for batch in batches:
        if len(shown) < most:
            shown += _rows(batch.slice(0, most - len(shown)))
        count += batch.num_rows
    cells = [[_cell(value) for value in row] for row in shown]
    widths = [max(map(len, column)) for column in zip(map(one_line, names), *cells, strict=True)]
    right = [_is_numeric(column) for column in zip(*shown, strict=True)] or [False] * len(names)
    yield _line(map(one_line, names), widths, right)
    yield _line(("-" * width for width in widths), widths, right)
    for row in cells:
        yield _line(row, widths, right)
    more = "" if count <= most else f", of which {most:,} are shown"
    yield f"{count:,} row{'' if count == 1 else 's'}{more}\n"


def csv_pieces(batches: pa.RecordBatchReader) -> Iterator[str]:
    """Yield CSV with a heading; what is absent is empty."""
    yield _csv([batches.schema.names])
    for batch in batches:
        yield _csv([[_plain(value) for value in row] for row in _rows(batch)])


def json_pieces(batches: pa.RecordBatchReader) -> Iterator[str]:
    """Yield a JSON list with an object for each row; a number that JSON has no characters for is null."""
    names = batches.schema.names
    before = "[\n"
    for batch in batches:
        for row in _rows(batch):
            yield before + json_text(dict(zip(names, map(_json, row), strict=True)))
            before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _rows(batch: pa.RecordBatch) -> list[list[object]]:
    columns = [column.to_pylist() for column in batch.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _plans(batches: pa.RecordBatchReader) -> Iterator[str]:
    for batch in batches:
        for _, drawing in _rows(batch):
            yield f"{printable(str(drawing))}\n"


def _is_numeric(column: Iterable[object]) -> bool:
    there = [value for value in column if value is not None]
    return bool(there) and all(isinstance(value, _NUMBERS) for value in there)


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = one_line(str(_plain(value)))
    if len(text) > _WIDEST:
        return f"{text[: _WIDEST - 1]}…"
    return text


def _line(cells: Iterable[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = []
    for cell, width, to_right in zip(cells, widths, right, strict=True):
        padded.append(cell.rjust(width) if to_right else cell.ljust(width))
    return "  ".join(padded).rstrip() + "\n"


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _plain(value: object) -> object:
    """Return a value whose text is what a person expects: a truth as JSON has it, a list as JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return json_text(_json(value))
    if isinstance(value, bytes):
        return value.hex()
    return value


def _json(value: object) -> JsonValue:
    """Return a value as JSON has it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
