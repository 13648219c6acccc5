"""JSON of MLPerf that nobody wrote by hand is bounded: its texts, its members, and what is mended."""

from __future__ import annotations

import json

import pytest

from benchfmt.limits import Limits
from benchfmt.readers import mlperf_json
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import LARGE, JsonError

_COMMA = b'{"a": [1, 2, ]}'


def test_a_text_of_megabytes_is_refused() -> None:
    with pytest.raises(UnsafeError, match="a text of") as raised:
        mlperf_json.parse(json.dumps({"name": "x" * (LARGE + 1)}).encode())
    assert raised.value.code == "BF907"


def test_an_object_of_too_many_members_is_refused() -> None:
    text = json.dumps({str(number): number for number in range(11)}).encode()
    with pytest.raises(UnsafeError, match="an object of 11 members; at most 10 are read"):
        mlperf_json.parse(text, Limits(json_members=10))


def test_data_that_would_take_too_much_memory_is_refused() -> None:
    text = b"[" + b"[]," * LARGE + b"[]]"
    with pytest.raises(UnsafeError, match="the data of one JSON text takes about"):
        mlperf_json.parse(text, Limits(json_data_bytes=2**20))


def test_only_what_somebody_may_have_written_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mlperf_json.parse(_COMMA)[0] == {"a": [1, 2]}
    monkeypatch.setattr(mlperf_json, "_BY_HAND", 10)
    with pytest.raises(JsonError):
        mlperf_json.parse(_COMMA)
