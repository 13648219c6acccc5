"""Which rows give a record, and what status those have that hold no value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from benchfmt.annotated.fields import Fields, Flags, Statuses
from benchfmt.annotated.measures import RUN_FAILED, Matrix
from benchfmt.annotated.notes import Integers

Codes = npt.NDArray[np.int8]
NO_RECORD, AS_SAID, FAILED, INCOMPLETE = range(4)
"""No record; one with the status that its fields say; a run that failed; numbers that could not be read."""
_NAMES = {FAILED: "failed", INCOMPLETE: "incomplete"}


@dataclass(frozen=True)
class Evidence:
    """What the cells of some rows show, by row and measure, and the status that the rows say."""

    has_value: Flags
    has_failed: Flags
    is_unreadable: Flags
    """Cells that are no number in a column that holds numbers elsewhere; a column of nothing else was misunderstood."""
    said: Statuses

    @classmethod
    def of(cls, fields: Fields, matrix: Matrix) -> Evidence:
        """Return the evidence of a frame."""
        has_value = matrix.reasons == 0
        columns = [measure.column for measure in matrix.measures]
        known = fields.notes.with_numbers
        known.update(name for name, has in zip(columns, has_value.any(axis=0), strict=True) if has)
        holds_numbers = np.array([name in known for name in columns], dtype=bool)
        unreadable = matrix.unreadable() & holds_numbers
        failed = matrix.missing_as(RUN_FAILED)
        return cls(has_value, failed, unreadable, fields.settle_status())

    def together(self, codes: Integers, first: Integers) -> Evidence:
        """Return the evidence of rows that belong together by their codes; the first row says their status."""

        def any_of(flags: Flags) -> Flags:
            shown = np.zeros((len(first), 1), dtype=bool)
            np.logical_or.at(shown[:, 0], codes, flags.any(axis=1))
            return shown

        return replace(
            self,
            has_value=any_of(self.has_value),
            has_failed=any_of(self.has_failed),
            is_unreadable=any_of(self.is_unreadable),
            said=Statuses(self.said.is_ok[first], self.said.is_assumed[first]),
        )

    def statuses(self, measures: Flags) -> Codes:
        """Return the status of the record that each row gives of some measures."""
        unsaid = self.said.is_assumed
        codes = np.full(len(unsaid), NO_RECORD, dtype=np.int8)
        codes[unsaid & self.is_unreadable[:, measures].any(axis=1)] = INCOMPLETE
        codes[unsaid & self.has_failed[:, measures].any(axis=1)] = FAILED
        codes[self.has_value[:, measures].any(axis=1) | ~self.said.is_ok] = AS_SAID
        return codes


@dataclass(frozen=True)
class Chosen:
    """The records that are made: their rows, variants, statuses and locators."""

    rows: Integers
    variants: Integers
    statuses: Codes
    locators: pl.Series

    def with_statuses(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the fields of the records with the status of those that hold no value."""
        status = pl.Series("status", self.statuses).replace_strict(
            _NAMES, default=None, return_dtype=pl.String
        )
        return frame.with_columns_seq(status.fill_null(frame["status"]))
