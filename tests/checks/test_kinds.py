"""What many measurements share, and numbers that tell them apart."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

from benchfmt.checks import kinds
from benchfmt.checks.kinds import (
    KEY,
    KIND,
    NAMING,
    TEXTS,
    Kinds,
    Names,
    are_distinct,
    with_kinds,
)
from benchfmt.rowhash import row_hashes


def measured(metrics: Sequence[str], unit: str = "s") -> pl.DataFrame:
    """Return a measurement of each metric, each of a record of its own."""
    cells = {name: pl.Series(name, [None] * len(metrics), pl.String) for name in NAMING}
    cells["metric"] = pl.Series("metric", metrics, pl.String)
    cells["unit"] = pl.Series("unit", [unit] * len(metrics), pl.String)
    return pl.DataFrame(cells)


def kinds_of(frame: pl.DataFrame, known: Kinds | None = None) -> tuple[list[str], Kinds]:
    """Return the metric that the kind of each measurement has, and the kinds."""
    numbered, all_kinds = with_kinds(frame, known=known)
    return all_kinds.answers.kinds["metric"].gather(numbered[KIND]).to_list(), all_kinds


@pytest.mark.parametrize("end", [5, 10**12])
def test_numbers_are_distinct_whether_they_are_marked_off_or_compared(end: int) -> None:
    assert are_distinct(pl.Series([3, 0, 4]), end)
    assert not are_distinct(pl.Series([3, 0, 3]), end)
    assert are_distinct(pl.Series([], dtype=pl.Int64), end)


def test_kinds_that_are_known_are_not_asked_about_again() -> None:
    _, first = kinds_of(measured(["power", "latency", "energy"]))
    metrics, second = kinds_of(measured(["latency", "latency", "power"]), first)
    assert second is first
    assert metrics == ["latency", "latency", "power"]


def test_new_kinds_stand_beside_those_that_are_known() -> None:
    _, first = kinds_of(measured(["power", "latency"]))
    metrics, second = kinds_of(measured(["energy", "latency"], "J"), first)
    assert metrics == ["energy", "latency"]
    assert second.answers.kinds.select("metric", "unit", KEY).rows() == [
        ("energy", "J", 0),
        ("latency", "s", 1),
        ("latency", "J", 1),
        ("power", "s", 2),
    ]


def test_many_kinds_are_told_apart_and_only_so_many_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kinds, "_MOST_KINDS", 5_000)
    names = [f"x:m{number}" for number in range(12_000)]
    known: Kinds | None = None
    for start in range(0, len(names), 3_000):
        some = names[start : start + 3_000]
        metrics, known = kinds_of(measured(some), known)
        assert metrics == some
        assert known is not None
        assert known.height <= 6_000


def test_a_batch_without_a_measurement_has_no_kind() -> None:
    assert kinds_of(measured([]))[0] == []
    _, known = kinds_of(measured(["power"]))
    assert kinds_of(measured([]), known) == ([], known)
    assert kinds_of(measured(["power"]), kinds_of(measured([]))[1])[0] == ["power"]


def with_texts(metrics: Sequence[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Return a measurement of each metric with the number of its texts, and where each metric stands first."""
    frame = measured(metrics)
    frame = frame.with_columns(row_hashes(frame, NAMING).alias(TEXTS))
    return frame, frame[TEXTS].arg_unique()


def test_names_are_known_for_every_kind_that_was_met(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names()
    first = names.of(*with_texts(["power", "latency", "power"]))
    assert first["metric"].to_list() == ["power", "latency"]
    assert names.of(*with_texts(["latency"])) is first
    both = names.of(*with_texts(["energy", "latency"]))
    assert both["metric"].to_list() == ["power", "latency", "energy"]
    monkeypatch.setattr(kinds, "_MOST_KINDS", 3)
    assert names.of(*with_texts(["memory", "energy"]))["metric"].to_list() == ["memory", "energy"]


def test_measurements_without_names_have_the_kinds_of_those_with_names() -> None:
    frame, first = with_texts(["power", "latency", "power"])
    named = Names().of(frame, first)
    bare, of_bare = with_kinds(frame.drop(NAMING), named)
    whole, of_whole = with_kinds(frame)
    assert bare[KIND].equals(whole[KIND])
    assert of_bare.answers.kinds.equals(of_whole.answers.kinds)
    assert not {*NAMING, TEXTS} & {*bare.columns, *whole.columns}
