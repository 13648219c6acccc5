"""The ids of all records of a package: which stand twice, and where the record of a measurement stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np
import polars as pl

from benchfmt.checks.frames import ROW, faults
from benchfmt.readers.tables import Integers
from benchfmt.rowhash import SAME_EVERYWHERE, Hashes, id_hashes
from benchfmt.stored import Column, Ordered
from benchfmt.validation.forms.doubles import ONE_RECORD


class RecordIds:
    """Ids as hashes, in a temporary file where there are millions; only ids whose hashes meet are compared as texts."""

    def __init__(self, hashes: Column, first: int = 0, doubtful: Hashes | None = None) -> None:
        """Take the hash of each id, in the order of the records.

        For a share of the records, take also the place of the first one among all, and which hashes are those of
        several records among all.
        """
        self._column = hashes
        self._first = first
        self._hashes = hashes.read()
        self._ordered = Ordered(hashes, self._hashes)
        if doubtful is None:
            doubtful = self._ordered.doubled()
        self._doubtful = pl.Series(doubtful, dtype=pl.UInt64)
        self._next = 0
        """The place of the record that the next id is looked for at first."""
        self._first_rows: dict[str, int] = {}

    @classmethod
    def of(cls, columns: Iterable[pl.Series]) -> Self:
        """Return the ids that stand in some columns, one after the other."""
        hashes = Column()
        for ids in columns:
            hashes.add(id_hashes(ids))
        return cls(hashes)

    @property
    def end(self) -> int:
        """The place after the last record."""
        return self._first + len(self._hashes)

    def doubtful_among(self, first: int, end: int) -> Hashes:
        """Return the hashes that several records have, one of them at a place from `first` to before `end`."""
        doubtful = self._doubtful.to_numpy()
        found = doubtful
        if len(doubtful):
            found = doubtful[np.isin(doubtful, self._hashes[first:end])]
            self._column.release()
        return found

    def know_any(self, hashes: Hashes) -> bool:
        """Whether any of some hashes is that of a record."""
        return bool((self._ordered.places_of(hashes) >= 0).any())

    def places_of(self, ids: pl.Series) -> Integers:
        """Return the place of each id among all records, -1 for none."""
        if not len(self._hashes) or not ids.len():
            return np.full(ids.len(), -1, dtype=np.int64)
        wanted = id_hashes(ids)
        # Equal ids mostly stand together: each run of them is looked up once.
        starts = np.flatnonzero(np.diff(wanted, prepend=~wanted[:1]))
        of_runs = self._places_of_runs(wanted[starts])
        if self._first:
            of_runs = np.where(of_runs < 0, of_runs, of_runs + self._first)
        places = np.repeat(of_runs, np.diff(starts, append=len(wanted)))
        if ids.null_count():
            places[ids.is_null().to_numpy()] = -1
        return places

    def _places_of_runs(self, wanted: Hashes) -> Integers:
        """Return the place of each of some hashes, of which no two neighbours are equal."""
        # Measurements mostly stand in the order of the records, so the next ones are compared before any is looked for.
        # An id that stands twice is that of its first record, which only a search finds.
        if not self._doubtful.len():
            for begin in (self._next - 1, self._next):
                end = begin + len(wanted)
                is_here = begin >= 0 and np.array_equal(self._hashes[begin:end], wanted)
                self._column.release()
                if is_here:
                    self._next = end
                    return np.arange(begin, end, dtype=np.int64)
        found = self._ordered.places_of(wanted)
        self._next = int(found[-1]) + 1
        return found

    def are_doubled(self, ids: pl.Series) -> pl.Series | None:
        """Return which of some ids are those of several records, None for none."""
        if not self._doubtful.len():
            return None
        doubled = ids.hash(SAME_EVERYWHERE).is_in(self._doubtful.implode())
        if not doubled.any():
            return None
        return doubled

    def maybe_doubled(self, records: pl.DataFrame) -> pl.DataFrame | None:
        """Return id and row of records whose hash others have too, None where no two records have one."""
        if not self._doubtful.len():
            return None
        is_doubtful = pl.col("id").hash(SAME_EVERYWHERE).is_in(self._doubtful.implode())
        return records.filter(is_doubtful & pl.col("id").is_not_null()).select("id", ROW)

    def doubles(self, records: pl.DataFrame) -> pl.DataFrame | None:
        """Return faults of records whose id an earlier row has, None for none; records are given in their order."""
        doubtful = self.maybe_doubled(records)
        if doubtful is None:
            return None
        first_rows = []
        for name, row in zip(doubtful["id"], doubtful[ROW], strict=True):
            first_rows.append(self._first_rows.setdefault(name, row))
        first = pl.Series("first", first_rows, dtype=pl.Int64)
        doubled = doubtful.with_columns(first).filter(pl.col("first") != pl.col(ROW))
        message = pl.format("record {} stands in row {} too", pl.col("id"), pl.col("first"))
        return faults(doubled, "records", "id", message, pl.col("id"), ONE_RECORD)
