"""What many measurements share, and numbers that tell them apart."""

from __future__ import annotations

import polars as pl
import pytest

from benchfmt.checks.kinds import are_distinct


@pytest.mark.parametrize("end", [5, 10**12])
def test_numbers_are_distinct_whether_they_are_marked_off_or_compared(end: int) -> None:
    assert are_distinct(pl.Series([3, 0, 4]), end)
    assert not are_distinct(pl.Series([3, 0, 3]), end)
    assert are_distinct(pl.Series([], dtype=pl.Int64), end)
