"""Documents of many members, read one at a time, however the file is cut into blocks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import examples

from benchfmt.limits import LIMITS
from benchfmt.readers import json_graphs
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.json_graphs import Member, members
from benchfmt.readers.jsons import JsonError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def read(text: str, folder: Path) -> list[Member]:
    path = folder / "graph.jsonld"
    path.write_text(text, "utf-8")
    return list(members(path))


@examples(60)
@given(st.dictionaries(st.text(), VALUES), st.lists(VALUES), st.integers(1, 40), st.booleans())
def test_a_document_is_what_json_says_it_is(
    tmp_path_factory: pytest.TempPathFactory,
    beside: dict[str, Any],
    nodes: list[Any],
    block: int,
    is_ascii: bool,
) -> None:
    beside.pop("@graph", None)
    document = {**beside, "@graph": nodes}
    text = json.dumps(document, ensure_ascii=is_ascii, indent=block % 3 or None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_graphs, "_BLOCK", block)
        found = read(text, tmp_path_factory.mktemp("read"))
    assert [item.data for item in found if item.name is None] == nodes
    assert {item.name: item.data for item in found if item.name is not None} == beside
    assert all(json.loads(item.text) == item.data for item in found)


def test_a_list_has_nodes_alone(tmp_path: Path) -> None:
    assert read('\ufeff [1, {"@graph": []}]\n', tmp_path) == [
        Member(None, 1, "1"),
        Member(None, {"@graph": []}, '{"@graph": []}'),
    ]


FAULTS = {
    "": "neither an object nor a list",
    "1": "neither an object nor a list",
    "{": "a key in double quotes is missing at line 1 column 2",
    '{"a"\n 1}': "a colon after the key is missing at line 2 column 2",
    '{"a": 1 "b": 2}': "a comma or the end of the list or object is missing at line 1 column 9",
    '{1: 2}': "a key in double quotes is missing at line 1",
    '{"a": 1, "a": 2}': "the key 'a' appears twice",
    '{"@graph": [{"a": 1, "a": 2}]}': "the key 'a' appears twice",
    '{"@graph": [\n{"a": NaN}]}': "NaN is not JSON",
    '{"@graph": [\n\n{"a": tru}]}': "a value is missing at line 3 column 7",
    '{"@graph": [{"a": "b]}': "a text is not closed that begins at line 1 column 19",
    '{"@graph": [1,]}': "a value is missing at line 1 column 15",
    '{"@graph": [1}': "a comma or the end of the list or object is missing at line 1 column 14",
    "[1] [2]": "two JSON documents in one file: the second begins at line 1 column 5",
}  # fmt: skip


@pytest.mark.parametrize("block", [1, 2**20])
@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_has_its_place(
    text: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_graphs, "_BLOCK", block)
    with pytest.raises(JsonError) as caught:
        read(text, tmp_path)
    assert FAULTS[text] in str(caught.value)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.jsonld").write_bytes(b'{"a": 1,\n"b": "\xff"}')
    with pytest.raises(JsonError, match="not UTF-8"):
        list(members(tmp_path / "x.jsonld"))


def test_a_faulty_word_is_seen_without_reading_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_graphs, "_BLOCK", 64)
    path = tmp_path / "x.jsonld"
    path.write_text('{"@graph": [{"a": wrong}' + "," * 1_000, "utf-8")
    limits = replace(LIMITS, json_bytes=100)
    with pytest.raises(JsonError, match="a value is missing"):
        list(members(path, limits))


def test_a_value_that_is_too_large_or_too_deep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonld"
    path.write_text(json.dumps({"@graph": ["x" * 3_000_000]}), "utf-8")
    with pytest.raises(UnsafeError, match="more than 1000000 characters"):
        list(members(path, replace(LIMITS, json_bytes=1_000_000)))
    with pytest.raises(UnsafeError, match="the data of one JSON text takes about"):
        list(members(path, replace(LIMITS, json_data_bytes=1_000_000)))
    path.write_text('{"@graph": [' + "[" * 70 + "]" * 70 + "]}", "utf-8")
    with pytest.raises(UnsafeError, match="deeper than 64"):
        list(members(path))
    path.write_text("[" * 100_000, "utf-8")
    with pytest.raises(UnsafeError, match="too deep"):
        list(members(path))
