"""Annotated tables: columns that one annotation describes by a pattern, and rules for all measured columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.tables.test_annotated import lay, read

from benchfmt import validate

WER = {
    "pattern": "(?P<set>.+) WER",
    "type": "number",
    "benchfmt": {"metric": "word-error-rate", "scope": "subset:{set}", "unit": "%"},
}
TIMES = [
    {
        "pattern": "(?P<statistic>mean|median|p[0-9.]+)_(?P<time>ttft|tpot)_ms",
        "terms": {"statistic": {"p50": "median"}},
        "type": "number",
        "benchfmt": {"metric": "{time}", "statistic": "{statistic}", "per": "query", "unit": "ms"},
    },
    {
        "pattern": "std_(?P<time>ttft|tpot)_ms",
        "type": "number",
        "benchfmt": {"of": "mean_{time}_ms", "part": "stddev"},
    },
    {
        "pattern": "completed",
        "type": "integer",
        "benchfmt": {"of": ["mean_ttft_ms", "p99_ttft_ms"], "part": "n"},
    },
]


def only(folder: Path) -> dict[str, Any]:
    """Return the one record of a table that is read and validated without a finding."""
    records, account = read(folder)
    assert not account.findings, account.findings
    assert [f.code for f in validate(folder).findings if f.severity == "error"] == []
    (record,) = records
    return record


def values(record: dict[str, Any]) -> dict[tuple[str | None, ...], float]:
    """Return the values of a record by metric, statistic and scope."""
    return {
        (item["metric"], item.get("statistic"), item.get("scope")): item["value"]
        for item in record["measurements"]
    }


def test_a_group_of_the_name_says_what_differs(tmp_path: Path) -> None:
    text = "model,LS Clean WER,AMI WER\nwhisper,1.25,8.13\n"
    fields = {"model": {"field": "model.name"}}
    record = only(lay(tmp_path, text, fields, annotation={"families": [WER]}))
    assert values(record) == {
        ("word-error-rate", None, "subset:ls-clean"): 0.0125,
        ("word-error-rate", None, "subset:ami"): 0.0813,
    }


def test_a_listed_column_is_no_member_of_a_family(tmp_path: Path) -> None:
    text = "AMI WER,Avg. WER\n8.13,5.42\n"
    average = {"metric": "word-error-rate", "statistic": "macro-mean", "unit": "%"}
    folder = lay(tmp_path, text, {"Avg. WER": average}, annotation={"families": [WER]})
    assert values(only(folder)) == {
        ("word-error-rate", "macro-mean", None): 0.0542,
        ("word-error-rate", None, "subset:ami"): 0.0813,
    }


def test_the_same_measurement_is_taken_once_and_parts_need_their_column(tmp_path: Path) -> None:
    text = (
        "mean_ttft_ms,std_ttft_ms,median_ttft_ms,p50_ttft_ms,p99.9_ttft_ms,std_tpot_ms,completed\n"
        "10,2,9,9,30,1,7\n"
    )
    record = only(lay(tmp_path, text, {}, annotation={"families": TIMES}))
    assert values(record) == {
        ("ttft", "mean", None): 0.01,
        ("ttft", "median", None): 0.009,
        ("ttft", "p99.9", None): 0.03,
    }
    (mean,) = [item for item in record["measurements"] if item["statistic"] == "mean"]
    assert (mean["stddev"], mean["n"]) == (0.002, 7)
    assert record["extensions"]["lpdnn"] == {"p50_ttft_ms": "9", "std_tpot_ms": "1"}


def test_a_group_is_a_segment_of_a_path_or_a_number_of_a_dimension(tmp_path: Path) -> None:
    families = [
        {
            "pattern": "params[.](?P<name>.+)",
            "benchfmt": {"field": "configuration.hyperparameters.{name}"},
        },
        {
            "pattern": "b(?P<size>[0-9]+)_ms",
            "type": "number",
            "benchfmt": {
                "metric": "latency",
                "per": "batch",
                "unit": "ms",
                "record": {"configuration.batch_size": "{size}"},
            },
        },
    ]
    text = "params.opt.lr max,b1_ms,b8_ms\n0.1,3,9\n"
    records, _ = read(lay(tmp_path, text, {}, annotation={"families": families}))
    assert [record["configuration"] for record in records] == [
        {"batch_size": 1, "hyperparameters": {"opt_lr_max": "0.1"}},
        {"batch_size": 8, "hyperparameters": {"opt_lr_max": "0.1"}},
    ]


def test_a_name_without_a_term_or_with_the_path_of_another_is_kept_as_text(tmp_path: Path) -> None:
    families = [
        WER,
        {
            "pattern": "p[.](?P<name>.+)",
            "benchfmt": {"field": "configuration.hyperparameters.{name}"},
        },
    ]
    text = "AMI WER,\u97f3 WER,p.a.b,p.a_b\n8,9,x,y\n"
    record = only(lay(tmp_path, text, {}, annotation={"families": families}))
    assert values(record) == {("word-error-rate", None, "subset:ami"): 0.08}
    assert record["configuration"]["hyperparameters"] == {"a_b": "x"}
    assert record["extensions"]["lpdnn"] == {"p.a_b": "y", "\u97f3 WER": "9"}


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ({**WER, "pattern": "(?P<set>.+"}, "is no regular expression"),
        ({**WER, "benchfmt": {"metric": "word-error-rate", "ignore": True}}, "exactly one of"),
        ({**WER, "benchfmt": {"metric": "word-error-rate", "per": "{set}"}}, "'ami' is no per"),
    ],
)
def test_a_family_that_cannot_be_read_fails_its_table(
    family: dict[str, Any], words: str, tmp_path: Path
) -> None:
    folder = lay(tmp_path, "AMI WER\n8.13\n", {}, annotation={"families": [family]})
    _, account = read(folder)
    (reason,) = [str(entry.reason) for entry in account.files if entry.role == "failed"]
    assert words in reason
    assert any(f.code == "BF118" and words in f.message for f in validate(folder).findings)


def test_a_rule_may_name_all_measured_columns(tmp_path: Path) -> None:
    fields = {"done": {"field": "extensions.t.done"}}
    text = "done,mean_ttft_ms,p99_ttft_ms\n0,0.0,0.0\n8,10,20\n"
    rules = [
        {"when": {"done": "0"}, "set": {"status": "failed"}, "missing": {"*": "run-failed"}},
        {"when": {"done": "8"}, "caveats": {"*": ["short-run"]}},
    ]
    annotation = {"families": TIMES, "rules": rules}
    (failed, ok), account = read(lay(tmp_path, text, fields, annotation=annotation))
    assert not account.findings
    assert failed["status"] == "failed"
    assert {item["missing"] for item in failed["measurements"]} == {"run-failed"}
    assert [item["caveats"] for item in ok["measurements"]] == [["short-run"]] * 2
