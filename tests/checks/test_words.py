"""Texts at fault: many of them, and the rows that have them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.forms import VALID, flatten, load, write

from benchfmt import validate
from benchfmt.checks import words
from benchfmt.checks.frames import Frames, Verdict
from benchfmt.checks.words import Words


def records_of(*urls: str | None) -> Frames:
    count = len(urls)
    records = pl.DataFrame(
        {"id": [f"r{n}" for n in range(count)], "url": urls, "__row": range(1, count + 1)},
        schema_overrides={"url": pl.String, "__row": pl.Int64},
    )
    return Frames(records, pl.DataFrame(), pl.DataFrame(), {}, frozenset())


def test_each_row_that_has_a_text_at_fault_has_a_fault_in_the_order_of_rows() -> None:
    found = Words("records", "url")
    found.add(["b"], "b", Verdict("b is wrong", "write a"))
    found.add(["c"], "c", Verdict("c is wrong"))
    faults = found.faults(records_of("c", "a", "b", None, "c"))
    told = faults.select("row", "message", "value", "hint").rows()
    assert told == [
        (1, "c is wrong", "c", None),
        (3, "b is wrong", "b", "write a"),
        (5, "c is wrong", "c", None),
    ]


def test_texts_beyond_those_that_are_listed_are_told_in_few_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(words, "_MOST_TOLD", 1)
    found = Words("records", "url")
    for text in ("a", "b"):
        found.add([text], text, Verdict(f"{text} is wrong", "write another"))
    faults = found.faults(records_of("a", "b"))
    assert faults["message"].to_list() == ["a is wrong", "url is at fault as in other rows"]
    assert faults["value"].to_list() == ["a", "b"]


def test_every_wrong_term_is_counted_however_many_there_are(tmp_path: Path) -> None:
    wrong = 3_000
    record = load(VALID[0])
    kept = record["measurements"][0]
    for number in range(wrong):
        record["measurements"].append({**kept, "metric": f"no-metric-{number}", "primary": False})
    report = validate(write(tmp_path / "package", flatten([record]), "parquet"))
    listed = [finding for finding in report.findings if finding.code == "BF201"]
    assert len(listed) + report.more["BF201"] == wrong
    assert all(repr(finding.value) in finding.message for finding in listed)
