"""Names of columns that strangers wrote, and that no program writes."""

from __future__ import annotations

import polars as pl

from benchfmt.annotated.cells import map_distinct


def test_a_name_with_a_nul_is_a_name() -> None:
    cells = pl.Series("cpu\0model", ["a", None, "a"])
    changed = map_distinct(cells, str.upper, pl.String)
    assert changed.to_list() == ["A", None, "A"]
    assert changed.name == "cpu\0model"
