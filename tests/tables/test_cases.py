"""Annotated tables: numbers that are other ones in some rows, rules with exceptions, deviations over n - 1."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tests.tables.test_annotated import lay, read

from benchfmt import validate
from benchfmt.limits import Limits

CASES = [
    {"when": {"kind": "read"}, "stage": "prefill", "per": "input-token"},
    {"unless": {"kind": ["", "odd"]}, "stage": "decode", "per": "token", "unit": "/ms"},
]
RATE = {"metric": "throughput", "unit": "/s", "primary": True, "cases": CASES}
FIELDS = {"model": {"field": "model.name"}, "kind": {"ignore": True}, "rate": RATE}


def measured(record: dict[str, Any]) -> list[tuple[str, str, float]]:
    return [(item["stage"], item["per"], item["value"]) for item in record["measurements"]]


def test_of_the_cases_that_hold_the_first_counts(tmp_path: Path) -> None:
    lay(tmp_path, "model,kind,rate\na,read,5\nb,write,0.25\nc,odd,7\n", FIELDS)
    records, account = read(tmp_path)
    assert [measured(record) for record in records] == [
        [("prefill", "input-token", 5)],
        [("decode", "token", 250)],
    ]
    assert records[1]["measurements"][0]["reported_unit"] == "/ms"
    assert account.total("skipped") == 1


def test_a_number_without_a_case_is_kept_as_text(tmp_path: Path) -> None:
    fields = {**FIELDS, "time": {"metric": "duration", "unit": "s"}}
    lay(tmp_path, "model,kind,rate,time\nc,odd,7,1\n", fields)
    (record,), _ = read(tmp_path)
    assert [item["metric"] for item in record["measurements"]] == ["duration"]
    assert record["extensions"]["lpdnn"]["rate"] == "7"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cases": [{"when": {"kin": "read"}}]}, "names column 'kin'"),
        ({"cases": [{"stage": "decoding"}]}, "'decoding' is no stage"),
        ({"metric": {"column": "kind"}, "primary": False}, "a term as `metric` has `cases`"),
    ],
)
def test_a_case_that_cannot_be_is_refused(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    fields = {**FIELDS, "rate": {**RATE, **change}}
    lay(tmp_path, "model,kind,rate\na,read,5\n", fields)
    report = validate(tmp_path)
    assert not report.ok
    assert words in " ".join(finding.message for finding in report.findings)


def test_a_deviation_over_n_less_one_becomes_that_of_the_population(tmp_path: Path) -> None:
    fields = {
        "model": {"field": "model.name"},
        "ms": {"metric": "latency", "per": "batch", "unit": "ms"},
        "sd": {"of": "ms", "part": "sample_stddev"},
        "runs": {"of": "ms", "part": "n"},
        "all": {"of": "ms", "part": "samples"},
    }
    text = 'model,ms,sd,runs,all\na,3,1,5,\nb,2,1.4,,"[1, 3]"\nc,3,1,,\n'
    lay(tmp_path, text, fields)
    counted, listed, unknown = (record["measurements"][0] for record in read(tmp_path)[0])
    assert counted["stddev"] == pytest.approx(0.001 * math.sqrt(4 / 5))
    assert "stddev" not in unknown
    assert listed["samples"] == [0.001, 0.003]
    assert read(tmp_path)[0][2]["extensions"]["lpdnn"]["sd"] == "1"
    assert (listed["n"], listed["stddev"]) == (2, pytest.approx(0.0014 * math.sqrt(1 / 2)))


def test_a_rule_may_have_exceptions(tmp_path: Path) -> None:
    fields = {"s": {"metric": "duration", "unit": "s"}, "failed": {"ignore": True}}
    rules = [{"unless": {"failed": [0, ""]}, "caveats": {"*": ["partial-run"]}}]
    lay(tmp_path, "failed,s\n0,1\n2,1\n,1\n", fields, annotation={"rules": rules})
    caveats = [record["measurements"][0].get("caveats") for record in read(tmp_path)[0]]
    assert caveats == [None, ["partial-run"], None]


def test_words_that_stand_for_no_number_are_text_in_json(tmp_path: Path) -> None:
    fields = {"s": {"metric": "duration", "unit": "s"}}
    lay(tmp_path, '[{"s": 1.5, "rate": Infinity}, {"s": NaN}]', fields, name="t.json")
    records, account = read(tmp_path)
    assert records[0]["extensions"]["lpdnn"]["rate"] == "Infinity"
    assert [finding.code for finding in account.findings] == ["BF103"]


def test_of_very_many_units_the_first_are_read_and_the_others_counted(tmp_path: Path) -> None:
    fields = {
        "model": {"field": "model.name"},
        "time": {"metric": "latency", "per": "batch", "unit": {"column": "in"}},
        "in": {"ignore": True},
    }
    rows = ["a,5,ms", "b,6,us", "c,7,s", "d,8,ms", "e,9,min", "f,,h"]
    lay(tmp_path, "\n".join(["model,time,in", *rows, ""]), fields)
    report = validate(tmp_path, limits=Limits(named_measurements=2))
    (told,) = [finding for finding in report.findings if finding.code == "BF907"]
    assert (told.path, told.row, told.column) == ("t.csv", 3, "time")
    assert "more than 2 different metrics and units" in told.message
    assert "2 numbers from here on" in told.message
    assert "BF907" not in {finding.code for finding in validate(tmp_path).findings}
