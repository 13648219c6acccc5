"""Which parts of the tables of a package go together, so that these can be judged by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import polars as pl

from benchfmt.descriptor import Resource
from benchfmt.limits import Limits
from benchfmt.package import ParquetError, parquet_frames
from benchfmt.package.parquet import rows_of
from benchfmt.package.parts import Part, parts_of
from benchfmt.readers.files import UnsafeError
from benchfmt.validation.forms.raw import RawRows
from benchfmt.validation.forms.record_ids import RecordIds

_ROWS = 2**20
"""So many rows has a span at least, but for the last: each ends with a portion that is smaller than it might be."""

_SEVERAL = 2
"""One part has no neighbour."""


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring parts of the records, with those of the measurements of these."""

    parts: range
    """Which parts of either table they are."""
    records: range
    """The places of its records among all."""
    measurements: range
    """The places of its measurements among all."""

    def and_next(self, other: Span) -> Span:
        """Return the parts of both, of which the other one is the next."""
        return Span(
            range(self.parts.start, other.parts.stop),
            range(self.records.start, other.records.stop),
            range(self.measurements.start, other.measurements.stop),
        )


def spans_of(root: Path, records: Resource, measurements: Resource, limits: Limits) -> list[Span]:
    """Return the spans of two tables, each long enough; none where parts do not come in pairs, or cannot be read."""
    try:
        tables = (parts_of(root, records), parts_of(root, measurements))
        if len(tables[0]) < _SEVERAL or len(tables[0]) != len(tables[1]):
            return []
        if not all(map(_are_readable, tables)):
            return []
        counts = [[rows_of(part.path, limits) for part in parts] for parts in tables]
    except (OSError, ParquetError, UnsafeError):
        return []
    if not all(counts[0]):
        return []
    return list(_long_enough(*counts))


def _are_readable(parts: list[Part]) -> bool:
    """Whether parts are files of Parquet, of which none is named twice."""
    are_different = len({part.path for part in parts}) == len(parts)
    return are_different and all(part.is_parquet and part.path.is_file() for part in parts)


def _long_enough(of_records: list[int], of_measurements: list[int]) -> Iterator[Span]:
    """Yield the spans of parts with so many rows of records and of measurements."""
    starts = list(accumulate(of_records, initial=0))
    measurement_starts = list(accumulate(of_measurements, initial=0))
    start = 0
    for end in range(1, len(starts)):
        records = range(starts[start], starts[end])
        measurements = range(measurement_starts[start], measurement_starts[end])
        if len(records) + len(measurements) >= _ROWS or end == len(starts) - 1:
            yield Span(range(start, end), records, measurements)
            start = end


def apart(
    spans: list[Span], root: Path, measurements: Resource, ids: RecordIds, limits: Limits
) -> list[Span]:
    """Return spans, put together where the measurements of one are not all in its own parts, as far as their first rows tell."""
    files = parts_of(root, measurements)
    found: list[Span] = []
    for span in spans:
        if found and not _begins(span, files[span.parts.start].path, ids, limits):
            found[-1] = found[-1].and_next(span)
        else:
            found.append(span)
    return found


def _begins(span: Span, file: Path, ids: RecordIds, limits: Limits) -> bool:
    """Whether the first measurement of a span is of one of its records, or of a later one."""
    try:
        frames = parquet_frames(file, 1, {}, ["record_id"], limits)
        first = next((frame for frame, _ in frames), pl.DataFrame())
    except (ParquetError, UnsafeError):
        return False
    if first.width != 1 or not first.height:
        return False
    return bool(ids.places_of(first["record_id"].head(1))[0] >= span.records.start)


class RowsInSpans:
    """The rows of a table, a span at a time: none of the next is given before it is asked for."""

    def __init__(self, rows: Iterator[RawRows]) -> None:
        """Take all rows."""
        self._rows = rows
        self._next: RawRows | None = None

    def before(self, part: int) -> Iterator[RawRows]:
        """Yield the rows before a part that were not given yet."""
        while True:
            if self._next is None:
                self._next = next(self._rows, None)
            if self._next is None or self._next.part >= part:
                return
            rows, self._next = self._next, None
            yield rows
