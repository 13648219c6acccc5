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
