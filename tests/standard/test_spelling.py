"""Names that are most like another are those that difflib finds, and what no name can be like is not looked at."""

from __future__ import annotations

import difflib

import pytest

from benchfmt import spelling

_NAMES = ["latency", "throughput", "energy", "ok"]


@pytest.mark.parametrize("name", ["latensy", "okk", "k", "", "throughput-put-put", "x" * 30])
@pytest.mark.parametrize("cutoff", [0.6, 0.85])
def test_the_nearest_name_is_that_of_difflib(name: str, cutoff: float) -> None:
    found = spelling.nearest(name, _NAMES, cutoff)
    assert [found] == (difflib.get_close_matches(name, _NAMES, 1, cutoff) or [None])


def test_a_name_that_is_far_longer_than_all_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(difflib, "get_close_matches")
    assert spelling.nearest("x" * 1_000, _NAMES) is None
    assert spelling.meant("x" * 1_000, _NAMES) is None
    assert spelling.nearest("x", []) is None
