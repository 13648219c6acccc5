"""What is remembered of texts that repeat changes neither rows nor faults."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.drawing import examples

from benchfmt.checks.columns import Typed, type_table
from benchfmt.checks.frames import ROW
from benchfmt.checks.groups import Fault
from benchfmt.checks.repeating_texts import RepeatingTexts
from benchfmt.tables import COLUMNS

_UNITS = [None, "s", "J", "sec", "=1+1", "", "\x07", "1"]
_STAGES = [None, "inference", "Inference", "two\nlines"]
_METRICS = ["latency", "accuracy", "Latency", None]
_ROWS = st.tuples(st.sampled_from(_METRICS), st.sampled_from(_UNITS), st.sampled_from(_STAGES))
_FRAMES = st.lists(st.lists(_ROWS, min_size=1, max_size=3), min_size=1, max_size=5)
_TIMES = 30
"""How often each row stands in its frame, so that its texts repeat."""


def _raw(rows: list[tuple[str | None, ...]]) -> pl.DataFrame:
    height = len(rows) * _TIMES
    columns = {
        item.name: pl.Series([None] * height, dtype=pl.String) for item in COLUMNS["measurements"]
    }
    columns["record_id"] = pl.Series(["r"] * height)
    for place, name in enumerate(("metric", "unit", "stage")):
        columns[name] = pl.Series([row[place] for row in rows] * _TIMES, dtype=pl.String)
    return pl.DataFrame(columns).with_columns(pl.int_range(1, height + 1).alias(ROW))


def _typed(raw: pl.DataFrame, repeating: RepeatingTexts) -> Typed:
    return type_table("measurements", raw, repeating)


def _told(typed: Typed) -> list[tuple[str, str | None, Fault]]:
    return [(group.code, group.column, fault) for group in typed.faults for fault in group.first]


@examples(40)
@given(_FRAMES)
def test_a_frame_is_judged_alike_after_others_and_alone(
    frames: list[list[tuple[str | None, ...]]],
) -> None:
    remembering = RepeatingTexts("measurements")
    for rows in frames * 2:
        raw = _raw(rows)
        alone = _typed(raw, RepeatingTexts("measurements"))
        after = _typed(raw, remembering)
        assert_frame_equal(after.frame, alone.frame)
        assert after.sound.to_list() == alone.sound.to_list()
        assert _told(after) == _told(alone)
    assert remembering.is_known


def test_texts_that_did_not_stand_before_are_not_known() -> None:
    repeating = RepeatingTexts("measurements")
    known = []
    for unit in ("s", "s", "J", "s"):
        _typed(_raw([("latency", unit, None)]), repeating)
        known.append(repeating.is_known)
    assert known == [False, True, False, True]
