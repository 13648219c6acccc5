"""Tests of the stopwatch converter; run `pytest` here once the converter is installed."""

# ruff: noqa: D103, S101 - tests assert, and say what they do in their names

from pathlib import Path

import benchfmt_stopwatch

from benchfmt import convert
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parent / "fixtures"


def test_keeps_what_the_interface_promises() -> None:
    check_converter(benchfmt_stopwatch, [FIXTURES / "office.stopwatch.csv", FIXTURES])


def test_reads_a_row() -> None:
    third = list(convert(FIXTURES / "office.stopwatch.csv"))[2].to_dict()
    assert third["model"] == {"name": "resnet50"}
    assert third["system"]["name"] == "office-pc"
    assert third["configuration"] == {"precision": "fp32", "batch_size": 1}
    assert third["measurements"][0]["value"] == 0.0216
    assert third["measurements"][0]["reported_value"] == "21.6"
    assert third["extensions"] == {"stopwatch": {"note": "window open"}}


def test_keeps_a_failed_run() -> None:
    last = list(convert(FIXTURES / "office.stopwatch.csv"))[-1].to_dict()
    assert last["status"] == "failed"
    assert last["measurements"][0]["missing"] == "run-failed"


def test_counts_rows_that_it_cannot_read(tmp_path: Path) -> None:
    account = convert(FIXTURES).write(tmp_path / "package").to_dict()
    assert (account["records"], account["rows"]["failed"]) == (6, 2)
    assert [detail["row"] for detail in account["entries"][0]["details"]] == [2, 3]
