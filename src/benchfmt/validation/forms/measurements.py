"""The measurements of a package, given out record by record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import NamedTuple, Self

import numpy as np
import polars as pl

from benchfmt.checks.frames import OWNER, empty, faults
from benchfmt.checks.kinds import TEXTS
from benchfmt.readers.tables import Integers
from benchfmt.rowhash import Hashes, id_hashes, no_hashes
from benchfmt.validation.forms.record_ids import RecordIds
from benchfmt.validation.places import Places
from benchfmt.validation.portion import Pieces, Rows
from benchfmt.validation.reporting import Reporter

TOO_MANY_HINT = "divide what was measured among several records, or keep its samples in `samples`"


class Attribution:
    """Finds the record of each measurement; reports those of no record, and those out of order."""

    def __init__(
        self, record_ids: RecordIds, reporter: Reporter, places: Places, *, knows_all: bool
    ) -> None:
        """Take the ids of the records, whether these are all, who reports, and where rows stand."""
        self._record_ids = record_ids
        self._reporter = reporter
        self._places = places
        self._knows_all = knows_all
        self._last = -1
        self._counted = (-1, 0)
        """A record, and how many rows it has up to now."""
        self._late: list[Hashes] = []
        self._is_late = np.zeros(record_ids.end, dtype=np.bool_)
        """Whether each record was reported to be out of order."""
        self._stray: list[Hashes] = []

    @property
    def stray(self) -> Hashes:
        """The hashes of ids of which there is no record, some twice."""
        return np.concatenate([no_hashes(), *self._stray])

    def late(self) -> Hashes:
        """Return the hashes of ids of records of which measurements stand after those of later records."""
        return np.concatenate([no_hashes(), *self._late])

    def attributed(self, rows: Rows) -> Rows:
        """Return the measurements that stand in the order of their records, with the place of these."""
        doubled = self._record_ids.are_doubled(rows.frame["record_id"])
        if doubled is not None:
            # Nobody knows to which of the records they belong.
            self._late.append(np.unique(id_hashes(rows.frame["record_id"].filter(doubled))))
            rows = rows.filter(~doubled)
        owners = self._record_ids.places_of(rows.frame["record_id"])
        # The columns of Parquet lie in pieces, which `with_columns` would put together for each frame.
        frame = rows.frame.hstack([pl.Series(OWNER, owners)])
        placed = replace(rows, frame=frame)
        if self._are_in_order(owners):
            return self._within_limit(placed)
        is_late = pl.Series(self._are_late(owners), dtype=pl.Boolean)
        if self._knows_all and owners.min(initial=0) < 0:
            self._report_orphans(frame)
        if is_late.any():
            self._report_late(frame.filter(is_late))
        return self._within_limit(placed.filter((frame[OWNER] >= 0) & ~is_late))

    def _within_limit(self, rows: Rows) -> Rows:
        """Return the measurements that a record may have; the first one beyond is reported."""
        if not rows.frame.height:
            return rows
        limit = self._reporter.limits.record_measurements
        owners = rows.frame[OWNER].to_numpy()
        if self._are_within(owners, limit):
            return rows
        record, count = self._counted
        numbers = np.arange(len(owners)) - np.searchsorted(owners, owners, side="left")
        numbers += np.where(owners == record, count, 0)
        self._counted = (int(owners[-1]), int(numbers[-1]) + 1)
        message = f"the record has more than {limit:,} measurements; the others are not judged"
        first_beyond = rows.frame.filter(pl.Series(numbers == limit))
        self._report("BF907", first_beyond, pl.lit(message), TOO_MANY_HINT)
        return rows.filter(pl.Series(numbers < limit))

    def _are_within(self, owners: Integers, limit: int) -> bool:
        """Whether no record has more measurements than the limit up to these; the last one's are counted if so."""
        record, count = self._counted
        of_first = int(np.searchsorted(owners, record, side="right"))
        if count + of_first > limit or bool((owners[limit:] == owners[:-limit]).any()):
            return False
        of_last = len(owners) - int(np.searchsorted(owners, owners[-1]))
        if owners[-1] == record:
            of_last += count
        self._counted = (int(owners[-1]), of_last)
        return True

    def _are_in_order(self, owners: Integers) -> bool:
        """Whether all measurements have a record and none stands after one of a later record; mostly so, and seen at once."""
        if not len(owners) or owners[0] < max(self._last, 0):
            return False
        if bool((owners[1:] < owners[:-1]).any()):
            return False
        self._last = int(owners[-1])
        return True

    def _are_late(self, owners: Integers) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return which measurements stand after one of a later record."""
        highest = np.maximum.accumulate(np.concatenate([[self._last], owners]))
        self._last = int(highest[-1])
        return (owners >= 0) & (owners < highest[:-1])

    def _report_orphans(self, frame: pl.DataFrame) -> None:
        is_orphan = pl.col("record_id").is_not_null() & (pl.col(OWNER) < 0)
        message = pl.format("there is no record '{}'", pl.col("record_id"))
        hint = "add the record, or take the row out"
        orphans = frame.filter(is_orphan)
        self._stray.append(np.unique(id_hashes(orphans["record_id"])))
        self._report("BF502", orphans, message, hint)

    def _report_late(self, late: pl.DataFrame) -> None:
        first = late.unique("record_id", keep="first", maintain_order=True)
        first = first.filter(pl.Series(~self._is_late[first[OWNER].to_numpy()]))
        self._is_late[first[OWNER].to_numpy()] = True
        self._late.append(id_hashes(first["record_id"]))
        message = pl.format(
            "a measurement of {} stands after those of later records", pl.col("record_id")
        )
        self._report("BF504", first, message, "order the measurements as the records")

    def _report(self, code: str, frame: pl.DataFrame, message: pl.Expr, hint: str) -> None:
        """Report rows of the measurements whose record is at fault."""
        record_id = pl.col("record_id")
        wrong = faults(frame, "measurements", "record_id", message, record_id, hint)
        self._reporter.report_faults(code, wrong, self._places)


MOST_RECORDS = 32_768
"""So many records are judged at once at most, however few measurements they have."""
_MOST_BYTES = 3 * 2**22
"""So much memory may records take that are judged at once; one by itself may take more."""
_ROW_BYTES = 256
"""A measurement of more bytes counts as several: texts without end take the memory, and not their rows."""
_OF_MANY_KINDS = 8
"""As so many a measurement counts where most are of a kind of their own: what is asked of kinds is asked of each."""


class WaitingRecords:
    """Records that wait until there are enough to be judged, with their places among all."""

    def __init__(self, first: int = 0) -> None:
        """Start without any; the first one will have a place."""
        self.begin = first
        """The place of the first that waits."""
        self.end = first
        """The place after the last one."""
        self._waiting: list[Rows] = []
        self._bytes = 0

    @property
    def height(self) -> int:
        """How many wait."""
        return self.end - self.begin

    @property
    def has_room(self) -> bool:
        """Whether more may be judged at once than wait."""
        return self.height < MOST_RECORDS and self._bytes < _MOST_BYTES

    @property
    def next_end(self) -> int:
        """The place before which the records stand that may be judged at once."""
        fraction = min(_MOST_BYTES / max(self._bytes, 1), 1)
        count = min(max(int(self.height * fraction), 1), MOST_RECORDS)
        return min(self.begin + count, self.end)

    def add(self, records: Rows) -> None:
        """Take the next records."""
        if records.frame.height:
            self._waiting.append(records.placed(self.end))
            self._bytes += int(records.frame.estimated_size())
            self.end += records.frame.height

    def until(self, end: int) -> Rows:
        """Return the records before a place, in one piece; they wait no longer."""
        taken = []
        while self.begin < end:
            first = self._waiting.pop(0)
            count = min(end - self.begin, first.frame.height)
            taken.append(first.slice(0, count))
            if count < first.frame.height:
                self._waiting.insert(0, first.slice(count, first.frame.height - count))
            self.begin += count
        self._bytes = sum(int(rows.frame.estimated_size()) for rows in self._waiting)
        if len(taken) == 1:
            return taken[0]
        return Pieces(taken).taken()


class _Waiting(NamedTuple):
    """Measurements that wait."""

    rows: Rows
    weight: float
    """As how many each counts."""

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """Weigh measurements."""
        weight = max(rows.frame.estimated_size() / (_ROW_BYTES * rows.frame.height), 1)
        if rows.named is None and TEXTS in rows.frame.columns:
            weight *= _OF_MANY_KINDS
        return cls(rows, weight)

    @property
    def height(self) -> int:
        """How many there are."""
        return self.rows.frame.height

    @property
    def owners(self) -> pl.Series:
        """The places of their records."""
        return self.rows.frame[OWNER]


class Queue:
    """Gives the measurements of the next records, and reads no further than these."""

    def __init__(self, rows: Iterator[Rows], most: int) -> None:
        """Take rows in the order of their records, whose places stand in `OWNER`, and how many to give at once.

        Those of long texts count as several.
        """
        self._rows = rows
        self._most = most
        self._waiting: list[_Waiting] = []
        self._is_at_end = False

    def go_on(self, rows: Iterator[Rows]) -> None:
        """Take the rows after those that were taken."""
        self._rows = chain(self._rows, rows)
        self._is_at_end = False

    def until(self, end: int) -> Pieces:
        """Return the measurements of records before the place `end` that were not given yet."""
        while not self._is_at_end and not self._reaches(end):
            self._read()
        ready, rest = [], []
        for waiting in self._waiting:
            cut = int(waiting.owners.search_sorted(end, side="left"))
            if cut:
                ready.append(waiting.rows.slice(0, cut))
            if cut < waiting.height:
                left = waiting.rows.slice(cut, waiting.height - cut)
                rest.append(waiting._replace(rows=left))
        self._waiting = rest
        if not ready:
            ready.append(_no_measurements())
        return Pieces(ready)

    def end_of_portion(self, begin: int, end: int) -> int:
        """Return the place, `end` at most, before which records from `begin` have few enough measurements; one at least."""
        if self._read_for(end) <= self._most:
            return end
        return min(max(self._owner_of(self._most), begin + 1), end)

    def are_enough_before(self, end: int) -> bool:
        """Whether the records before the place `end` that were not given yet have as many measurements as are given at once."""
        return self._read_for(end) > self._most and self._owner_of(self._most) <= end

    def _read_for(self, end: int) -> float:
        """Read the measurements of the records before a place, as many as are given at once; returns how many wait."""
        waiting = sum(waiting.height * waiting.weight for waiting in self._waiting)
        while not self._is_at_end and not self._reaches(end) and waiting <= self._most:
            waiting += self._read()
        return waiting

    def read_to_end(self) -> None:
        """Read what is left, so that every row is judged."""
        for _ in self._rows:
            pass

    def _reaches(self, end: int) -> bool:
        """Whether what waits holds a measurement of the record at `end` or of a later one."""
        return bool(self._waiting) and self._waiting[-1].owners[-1] >= end

    def _owner_of(self, number: float) -> int:
        """Return the place of the record of a measurement that waits, by how many count before it."""
        for waiting in self._waiting:
            if number < waiting.height * waiting.weight:
                return int(waiting.owners[int(number / waiting.weight)])
            number -= waiting.height * waiting.weight
        raise IndexError(number)

    def _read(self) -> float:
        """Read some rows; returns as how many they count."""
        rows = next(self._rows, None)
        if rows is None:
            self._is_at_end = True
            return 0
        if not rows.frame.height:
            return 0
        waiting = _Waiting.of(rows)
        self._waiting.append(waiting)
        return waiting.height * waiting.weight


def _no_measurements() -> Rows:
    owner = pl.lit(0, dtype=pl.Int64).alias(OWNER)
    return Rows.all_sound(empty("measurements").with_columns(owner))
