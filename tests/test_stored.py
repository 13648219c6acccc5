"""Columns of numbers, in memory and in files: each is held to a dictionary."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from benchfmt import stored
from benchfmt.stored import Column, Firsts, Numbers, Ordered


def drawn(seed: int, count: int, distinct: int) -> Numbers:
    """Return numbers, spread over all 64 bits, of which some repeat."""
    chance = np.random.default_rng(seed)
    some = chance.integers(0, 2**64, distinct, np.uint64)
    return chance.choice(some, count)


@pytest.fixture(params=[True, False], ids=["on disk", "in memory"])
def on_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Hold few numbers in memory, or many."""
    if request.param:
        monkeypatch.setattr(stored, "MOST", 40)
        monkeypatch.setattr(stored, "_MAPPED", 16)
        monkeypatch.setattr(stored, "_RUNS", 2)
    return bool(request.param)


@pytest.mark.parametrize("seed", range(6))
def test_the_first_value_under_a_number_is_known(seed: int, on_disk: bool) -> None:
    numbers = drawn(seed, 900, 600)
    first: dict[int, int] = {}
    firsts = Firsts()
    step = 7 + 20 * seed
    for start in range(0, len(numbers), step):
        places = range(start, min(start + step, len(numbers)))
        some = numbers[start : start + step]
        expected_new = []
        for place, number in zip(places, some.tolist(), strict=True):
            expected_new.append(number not in first)
            first.setdefault(number, place)
        is_new, found = firsts.add(some, np.array(places, np.uint64))
        assert is_new.tolist() == expected_new
        assert found.tolist() == [first[number] for number in some.tolist()]
    assert bool(firsts._runs) == on_disk


@pytest.mark.parametrize("distinct", [1, 50, 5_000])
def test_what_stands_twice_is_found_and_each_has_its_first_place(
    distinct: int, on_disk: bool
) -> None:
    numbers = drawn(distinct, 700, distinct)
    column = Column()
    for start in range(0, 700, 90):
        column.add(numbers[start : start + 90])
    assert len(column) == 700
    read = column.read()
    assert (column._map is not None) == on_disk
    assert read.tolist() == numbers.tolist()
    ordered = Ordered(column, read)
    listed = numbers.tolist()
    assert ordered.doubled().tolist() == sorted({n for n in listed if listed.count(n) > 1})
    others = drawn(77, 9, 9)
    wanted = np.concatenate([numbers[::-1], others])
    expected = [listed.index(number) for number in listed[::-1]] + [-1] * 9
    assert ordered.places_of(wanted).tolist() == expected


def test_nothing_is_in_no_order() -> None:
    column = Column()
    ordered = Ordered(column, column.read())
    assert ordered.doubled().tolist() == []
    assert ordered.places_of(drawn(1, 2, 2)).tolist() == [-1, -1]
    assert Firsts().add(drawn(1, 0, 1), drawn(1, 0, 1))[0].tolist() == []


def test_files_go_with_their_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST", 40)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    firsts = Firsts()
    firsts.add(drawn(1, 500, 500), drawn(2, 500, 500))
    assert firsts._runs
    del firsts
    assert list(tmp_path.iterdir()) == []
