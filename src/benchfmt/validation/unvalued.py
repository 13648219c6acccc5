"""Records without a value, which a later portion may explain: kept in bounded memory until all portions were seen."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchfmt.rowhash import Hashes, id_hashes
from benchfmt.validation.places import Places
from benchfmt.validation.reporting import Reporter

MOST_BYTES = 2**25
"""So much memory do the faults take that are kept; of the others the hashes of their ids are."""
_CODE = "BF112"


class Unvalued:
    """Faults of records without a value: the first ones whole, of the rest so much that they can be counted."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Start without any; take how much memory they may take."""
        self._first: list[tuple[pl.DataFrame, Places]] = []
        self._rest: list[Hashes] = []
        self._room = most_bytes

    def add(self, faults: pl.DataFrame, places: Places) -> None:
        """Take the faults of a portion, which all have one code, and where its cells stand."""
        if not faults.height:
            return
        self._room -= int(faults.estimated_size())
        if self._room >= 0:
            self._first.append((faults, places))
        else:
            self._rest.append(id_hashes(faults["record"]))

    def report(self, unsettled: Hashes, reporter: Reporter) -> None:
        """Report the records without a value, but for those with one of some hashes, whose measurements nobody knows whole."""
        for faults, places in self._first:
            is_unsettled = np.isin(id_hashes(faults["record"]), unsettled)
            reporter.report_coded(faults.filter(pl.Series(~is_unsettled)), places)
        count = sum(int(np.sum(~np.isin(hashes, unsettled))) for hashes in self._rest)
        if count:
            reporter.leave_out({_CODE: count})
