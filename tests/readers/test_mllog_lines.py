"""The lines of MLPerf's logging: one reader of them for the logs of every suite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchfmt.readers import loadgen, mllog, mllog_lines

SOURCE = Path(mllog_lines.__file__).parents[1]
ENTRIES = {
    "a text": ('{"key": "a", "value": "1 @ 2", "time_ms": 0.5}', ("a", "1 @ 2")),
    "a number as it is written": ('{"key": "a", "value": 1.50, "time_ms": 0.5}', ("a", "1.50")),
    "what ends a value, inside one": (
        '{"key": "a", "value": "x, \\"time_ms\\": 1", "t": 1}',
        ("a", 'x, "time_ms": 1'),
    ),
    "an object": ('{"key": "a", "value": {"b": [1, 2]}, "time_ms": 1}', ("a", '{"b": [1, 2]}')),
    "true": ('{"key": "a", "value": true}', ("a", "true")),
    "another order": ('{"time_ms": 1, "key": "a", "value": 1.50}', ("a", "1.50")),
    "another order, null": ('{"namespace": "", "key": "a", "value": null}', ("a", "null")),
}
BROKEN = {
    "cut in a text": '{"key": "a", "value": "1 @',
    "cut in a number": '{"key": "a", "value": 12',
    "no value": '{"key": "a", "value": ',
    "no key": '{"value": 1}',
    "no object": "[1]",
    "nothing": "",
    "deep": '{"key": "a", "value": ' + "[" * 200_000,
}


@pytest.mark.parametrize("name", ENTRIES)
def test_the_value_is_what_stands_there(name: str) -> None:
    line, expected = ENTRIES[name]
    assert mllog_lines.entry(line.encode()) == expected


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_cut_off_says_nothing(name: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        mllog_lines.entry(BROKEN[name].encode())


def test_a_line_of_either_order_says_the_same_to_both_readers(tmp_path: Path) -> None:
    said = {
        "key": "seed",
        "value": 7,
        "time_ms": 3,
        "namespace": "",
        "event_type": "POINT_IN_TIME",
        "metadata": {},
    }
    turned = dict(sorted(said.items(), reverse=True))
    path = tmp_path / "mlperf_log_detail.txt"
    for order in (said, turned):
        path.write_text(f"noise\n3: :::MLLOG {json.dumps(order)}\r\n:::MLLOG {{cut", "utf-8")
        [event] = mllog.read(path).events
        assert (event.key, event.value, event.line) == ("seed", "7", 2)
        assert loadgen.read_detail(path).values == {"seed": "7"}


def test_endpoints_write_the_same_behind_another_token(tmp_path: Path) -> None:
    path = tmp_path / "mlperf_log_detail.txt"
    path.write_text(
        ':::ENDPTS {"key": "result_validity", "value": "VALID", "time_ms": 1}\n', "utf-8"
    )
    assert loadgen.read_detail(path).values == {"result_validity": "VALID"}


@pytest.mark.parametrize("token", [":::MLLOG ", ":::MLL ", ":::MLPv0.5", ":::ENDPTS "])
def test_a_token_is_looked_for_in_one_module(token: str) -> None:
    code = f'b"{token}"'
    assert len([path for path in SOURCE.rglob("*.py") if code in path.read_text("utf-8")]) == 1
