"""Where the record of a measurement stands, however measurements are ordered."""

from __future__ import annotations

import polars as pl
import pytest

from benchfmt.validation.forms.record_ids import RecordIds

IDS = ["a", "b", "c", "d", "e"]
DOUBLED = ["a", "b", "a", "c"]


def places(records: list[str], parts: list[list[str | None]]) -> list[list[int]]:
    known = RecordIds.of([pl.Series(records[:2]), pl.Series(records[2:])])
    return [known.places_of(pl.Series(part, dtype=pl.String)).tolist() for part in parts]


@pytest.mark.parametrize(
    "parts",
    [
        [["a", "a", "b"], ["b", "c"], ["c"], ["d", "e", "e"]],  # a record goes on in the next part
        [["a"], ["b"], ["c", "d"]],
        [["a", "c", "c"], ["d"]],  # a record without measurements
        [["b", "a"], ["e", "d"], ["a"]],
        [["a", "b"], ["a", "b"], ["c"]],  # from the first record on once more
        [["e"], ["a"]],  # nothing stands behind the last record
        [["d", "e", "x"], ["a"], ["b"]],
        [["x"], ["a", None, "b"], [None], [], ["c"]],
    ],
)
def test_each_id_has_the_place_of_its_record(parts: list[list[str | None]]) -> None:
    found = places(IDS, parts)
    assert found == [[IDS.index(name) if name in IDS else -1 for name in part] for part in parts]


def test_an_id_that_stands_twice_is_that_of_its_first_record() -> None:
    assert places(DOUBLED, [["a", "b"], ["a"], ["c"]]) == [[0, 1], [0], [3]]


def test_there_may_be_no_record() -> None:
    known = RecordIds.of([])
    assert known.places_of(pl.Series(["a"])).tolist() == [-1]
