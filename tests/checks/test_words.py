"""Texts at fault: many of them, and the rows that have them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.forms import VALID, flatten, load, write

from benchfmt import validate
from benchfmt.checks.frames import Frames, Verdict
from benchfmt.checks.kinds import KIND
from benchfmt.checks.words import Words
from benchfmt.limits import LIMITS, Limits


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


def test_texts_beyond_those_that_are_listed_are_told_in_few_words() -> None:
    found = Words("records", "url")
    for text in ("a", "b", "c"):
        found.add([text], text, Verdict(f"{text} is wrong", "write another"))
    faults = found.faults(replace(records_of("a", "b", "c"), listed=1))
    assert faults["message"].to_list() == [
        "a is wrong",
        "b is wrong",
        "url is at fault as in other rows",
    ]
    assert faults["value"].to_list() == ["a", "b", "c"]


@pytest.mark.parametrize("listed", [LIMITS.findings_per_code, 2_500])
def test_every_wrong_term_is_counted_and_each_that_is_listed_has_its_own_words(
    listed: int, tmp_path: Path
) -> None:
    wrong = 3_000
    record = load(VALID[0])
    kept = record["measurements"][0]
    for number in range(wrong):
        record["measurements"].append({**kept, "metric": f"no-metric-{number}", "primary": False})
    path = write(tmp_path / "package", flatten([record]), "parquet")
    report = validate(path, limits=Limits(findings_per_code=listed))
    told = [finding for finding in report.findings if finding.code == "BF201"]
    assert len(told) == listed
    assert len(told) + report.more["BF201"] == wrong
    assert all(repr(finding.value) in finding.message for finding in told)


def test_who_has_more_bad_cells_listed_sees_those_of_an_annotated_table_too(
    tmp_path: Path,
) -> None:
    wrong = LIMITS.findings_per_code + 20
    fields = [
        {"name": "model", "benchfmt": {"field": "model.name"}},
        {"name": "ms", "benchfmt": {"metric": "latency", "unit": "ms"}},
    ]
    descriptor = {
        "resources": [
            {
                "name": "results",
                "path": "results.csv",
                "schema": {"fields": fields},
                "benchfmt": {"constant": {"benchmark.suite": "local:x"}},
            }
        ]
    }
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor), "utf-8")
    rows = [f"m{number},fast{number}\n" for number in range(wrong)]
    (tmp_path / "results.csv").write_text("model,ms\n" + "".join(rows), "utf-8")
    usual = validate(tmp_path, limits=LIMITS)
    report = validate(tmp_path, limits=Limits(findings_per_code=2 * wrong))
    [code] = {finding.code for finding in report.findings if finding.column == "ms"}
    listed = [
        sum(item.count or 1 for item in each.findings if item.code == code)
        for each in (usual, report)
    ]
    assert listed == [LIMITS.findings_per_code, wrong]
    assert usual.more[code] == wrong - LIMITS.findings_per_code
    assert code not in report.more


def test_a_column_that_does_not_exist_is_never_given_as_a_whole_table() -> None:
    frames = records_of("a")
    assert frames.columns("records", ["url"]).columns == ["url"]
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="colour"):
        frames.columns("records", ["url", "colour"])
    measurements = pl.DataFrame({"value": [1.0], KIND: [0]})
    measured = replace(frames, bare=measurements, of_kind=pl.DataFrame({"metric": ["latency"]}))
    assert set(measured.columns("measurements", ["metric", "value"]).columns) >= {"metric", "value"}
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="colour"):
        measured.columns("measurements", ["metric", "colour"])
