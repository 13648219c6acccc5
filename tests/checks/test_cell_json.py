"""JSON in cells: what any JSON may be is not judged again by the schema where it was seen to be sound."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import examples

from benchfmt.checks import cell_json
from benchfmt.numbers import MAX_SAFE_INTEGER

COLUMNS = (
    ("records", "extensions"),
    ("records", "hyperparameters"),
    ("records", "inputs"),
    ("systems", "accelerators"),
    ("measurements", "samples"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-MAX_SAFE_INTEGER - 2, MAX_SAFE_INTEGER + 2),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3),
)
ANY = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def by_the_whole_schema(table: str, name: str, text: str) -> str | None:
    """Return the verdict on a cell where all of it is judged by the schema."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cell_json, "_is_free", lambda _: False)
        return cell_json._new_verdict(table, name, text)


@pytest.mark.parametrize(("table", "name"), COLUMNS)
def test_the_verdict_is_that_of_the_whole_schema(table: str, name: str) -> None:
    @examples(25)
    @given(ANY | st.dictionaries(st.sampled_from(["a", "amlb"]), ANY, max_size=2))
    def hold(data: Any) -> None:
        text = json.dumps(data)
        found = cell_json._new_verdict(table, name, text)
        assert found == by_the_whole_schema(table, name, text)

    hold()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"amlb": {"a": [1, {"b": "x"}], "c": True}}, None),
        ({"amlb": {"a": [1, {"b": None}]}}, "BF107"),
        ({"amlb": {"a": [MAX_SAFE_INTEGER]}}, None),
        ({"amlb": {"a": [MAX_SAFE_INTEGER + 1]}}, "BF106"),
        ({"amlb": {"a": -1e300}}, "BF106"),
        ([{"amlb": 1}], "BF103"),
    ],
)
def test_a_fault_is_found_however_deep_it_lies(data: Any, code: str | None) -> None:
    verdict = cell_json._new_verdict("records", "extensions", json.dumps(data))
    assert (json.loads(verdict)[0] if verdict else None) == code


@pytest.mark.parametrize(("table", "name"), [*COLUMNS, ("records", "placement")])
def test_a_list_judged_some_items_at_a_time_is_sound_where_the_whole_is(
    monkeypatch: pytest.MonkeyPatch, table: str, name: str
) -> None:
    items = st.lists(ANY | st.sampled_from(["gpu", "gpu:2", 0.5, 1, None]), max_size=9)

    @examples(25)
    @given(items)
    def hold(data: Any) -> None:
        text = json.dumps(data)
        whole = by_the_whole_schema(table, name, text)
        with monkeypatch.context() as patch:
            patch.setattr(cell_json, "_ITEMS_AT_ONCE", 2)
            patch.setattr(cell_json, "_LONGEST_KNOWN", 0)
            assert (cell_json._new_verdict(table, name, text) is None) == (whole is None)

    hold()


@pytest.mark.parametrize(
    ("item", "code", "words"),
    [
        ("no number", "BF103", "at /2500: "),
        (1e309, "BF115", "Infinity"),
        ({"a": 1}, "BF103", "at /2500: "),
    ],
)
def test_a_fault_in_a_long_list_is_told_with_its_place(item: Any, code: str, words: str) -> None:
    numbers: list[Any] = [0.5] * 3_000
    numbers[2_500] = item
    verdict = cell_json._new_verdict("measurements", "samples", json.dumps(numbers))
    assert verdict is not None
    found, message, _ = json.loads(verdict)
    assert found == code
    assert words in message


def test_a_long_list_may_be_too_long_for_its_column() -> None:
    verdict = cell_json._new_verdict("measurements", "ci", json.dumps([0.5] * 3_000))
    assert verdict is not None
    assert json.loads(verdict)[0] == "BF120"


def test_a_fault_among_many_items_of_an_item_is_told_with_its_place() -> None:
    values = [*range(70), None, *range(20)]
    data = [{"name": "a", "values": values}]
    verdict = cell_json._new_verdict("records", "inputs", json.dumps(data))
    assert verdict is not None
    assert "at /0/values/70: " in verdict
