"""What a package says of findings that are known: counted apart with its reason, or a finding itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from benchfmt import validate
from benchfmt.checks.catalogue import CODES, may_be_acknowledged
from benchfmt.checks.rule_sets import NAMES
from benchfmt.descriptor import package_schema
from benchfmt.finding import Finding, Severity
from benchfmt.reports.as_text import TEXT
from benchfmt.validation import Report, validate_all

REASON = "The intervals are of the median; the values are means."


def record(identifier: str, **of: object) -> dict[str, Any]:
    """A record whose interval does not hold its value."""
    latency = {
        "metric": "latency",
        "statistic": "mean",
        "per": "sample",
        "value": 5.0,
        "unit": "s",
        "basis": "measured",
        "ci": [6.0, 7.0, 0.95],
    }
    measurement = {**latency, **of}
    return {
        "benchfmt": "1.0",
        "id": identifier,
        "benchmark": {"suite": "lpdnn"},
        "status": "ok",
        "measurements": [measurement],
    }


def judged(
    tmp_path: Path,
    acknowledged: list[dict[str, Any]],
    *records: dict[str, Any],
    rules: str = "core",
) -> Report:
    """Return the report of JSON Lines whose heading acknowledges findings."""
    place = tmp_path / "records.jsonl"
    heading = {"benchfmt": {"version": "1.0", "acknowledged": acknowledged}}
    lines = [heading, *(records or (record("r1"), record("r2")))]
    place.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return validate(place, rules)


def test_without_an_acknowledgement_it_is_a_fault(tmp_path: Path) -> None:
    report = judged(tmp_path, [])
    assert [finding.code for finding in report.findings] == ["BF407", "BF407"]


def test_an_acknowledged_finding_is_no_fault_and_is_shown_with_its_reason(tmp_path: Path) -> None:
    report = judged(tmp_path, [{"code": "BF407", "reason": REASON}])
    assert report.ok
    assert report.findings == []
    assert report.to_dict()["acknowledged"] == [{"code": "BF407", "reason": REASON, "count": 2}]
    reports = validate_all([tmp_path / "records.jsonl"])
    *_, shown, verdict = "".join(TEXT.render(reports)).splitlines()
    assert shown == f"  acknowledged BF407 × 2: {REASON}"
    assert verdict.endswith("0 errors, 0 warnings, 2 acknowledged")
    assert reports.to_dict()["total"]["acknowledged"] == 2


def test_an_acknowledgement_may_be_of_some_records(tmp_path: Path) -> None:
    some = {"code": "BF407", "reason": REASON, "records": ["r2"]}
    report = judged(tmp_path, [some])
    assert [(finding.code, finding.record) for finding in report.findings] == [("BF407", "r1")]
    assert [item.count for item in report.acknowledged] == [1]


def test_what_names_records_counts_before_what_is_about_all(tmp_path: Path) -> None:
    all_of_them = {"code": "BF407", "reason": "all"}
    one = {"code": "BF407", "reason": "one", "records": ["r2"]}
    report = judged(tmp_path, [all_of_them, one])
    assert [(item.reason, item.count) for item in report.acknowledged] == [("all", 1), ("one", 1)]


def finding(code: str, severity: Severity, member: str, message: str, **of: str) -> Finding:
    field = f"/benchfmt/acknowledged/0{member}"
    value, hint = of.get("value"), of.get("hint")
    return Finding(code, severity, "records.jsonl", 1, None, field, message, value, hint)


MISFITS = {
    "no reason": (
        {"code": "BF407", "reason": "  "},
        finding(
            "BF126",
            Severity.ERROR,
            "/reason",
            "the acknowledgement of BF407 gives no reason",
            value="  ",
            hint="say why it is no fault of this package",
        ),
    ),
    "a reason left out": (
        {"code": "BF407"},
        finding(
            "BF126",
            Severity.ERROR,
            "/reason",
            "the acknowledgement of BF407 gives no reason",
            value="",
            hint="say why it is no fault of this package",
        ),
    ),
    "an unknown code": (
        {"code": "BF4077", "reason": REASON},
        finding(
            "BF127",
            Severity.ERROR,
            "/code",
            "there is no code 'BF4077'",
            value="BF4077",
            hint="did you mean 'BF407'?",
        ),
    ),
    "a code of safety": (
        {"code": "BF908", "reason": REASON},
        finding(
            "BF128",
            Severity.ERROR,
            "/code",
            "a package cannot acknowledge BF908, which tells that data is unsafe or cannot be relied on",
            value="BF908",
            hint="correct the data, and leave this out",
        ),
    ),
}


def assert_misfit(name: str, tmp_path: Path) -> None:
    item, expected = MISFITS[name]
    report = judged(tmp_path, [item])
    assert [found for found in report.findings if found.code != "BF407"] == [expected]
    assert report.acknowledged == []


def test_bf126_an_acknowledgement_without_a_reason(tmp_path: Path) -> None:
    assert_misfit("no reason", tmp_path)
    assert_misfit("a reason left out", tmp_path)


def test_bf127_an_acknowledgement_of_a_code_that_does_not_exist(tmp_path: Path) -> None:
    assert_misfit("an unknown code", tmp_path)


def test_bf128_an_acknowledgement_of_what_no_reason_makes_harmless(tmp_path: Path) -> None:
    assert_misfit("a code of safety", tmp_path)


def test_bf129_an_acknowledgement_that_meets_no_finding_is_a_warning(tmp_path: Path) -> None:
    sound = record("r1", ci=[4.0, 7.0, 0.95])
    hint = "leave the acknowledgement out, or name what it is about"
    report = judged(tmp_path, [{"code": "BF407", "reason": REASON}], sound)
    message = "there is no finding BF407"
    assert report.findings == [finding("BF129", Severity.WARNING, "", message, hint=hint)]
    some = {"code": "BF407", "reason": REASON, "records": ["r2", "r3"]}
    report = judged(tmp_path, [some], sound, record("r2"))
    message = "there is no finding BF407 of 'r3'"
    assert report.findings == [finding("BF129", Severity.WARNING, "", message, hint=hint)]


def test_what_a_rule_set_does_not_ask_for_may_be_acknowledged_for_another(tmp_path: Path) -> None:
    sound = record("r1", ci=[4.0, 7.0, 0.95])
    report = judged(tmp_path, [{"code": "BF511", "reason": "It is ours, and private."}], sound)
    assert report.findings == []
    report = judged(
        tmp_path, [{"code": "BF511", "reason": "It is ours."}], sound, rules="submission"
    )
    assert "BF511" not in {found.code for found in report.findings}
    report = judged(
        tmp_path, [{"code": "BF511", "reason": "It is ours."}], sound, rules="ingestion"
    )
    assert {"BF511", "BF512", "BF514"} == {found.code for found in report.findings}


def test_a_code_of_checks_that_are_not_installed_is_let_pass(tmp_path: Path) -> None:
    sound = record("r1", ci=[4.0, 7.0, 0.95])
    assert judged(tmp_path, [{"code": "ACME001", "reason": REASON}], sound).findings == []


def test_findings_beyond_the_listed_ones_are_acknowledged_too(tmp_path: Path) -> None:
    records = [record(f"r{number}") for number in range(1100)]
    report = judged(tmp_path, [{"code": "BF407", "reason": REASON}], *records)
    assert (report.errors, report.more, report.acknowledged[0].count) == (0, {}, 1100)


def test_a_descriptor_acknowledges_as_a_heading_does(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("model,top1\nm,76\n", "utf-8")
    metric = {"metric": "accuracy", "unit": "%", "primary": True}
    fields = [
        {"name": "model", "type": "string", "benchfmt": {"field": "model.name"}},
        {"name": "top1", "type": "number", "benchfmt": metric},
    ]
    descriptor = {
        "benchfmt": {
            "version": "1.0",
            "acknowledged": [{"code": "BF516", "reason": "The task has no name yet."}],
        },
        "resources": [
            {
                "path": "t.csv",
                "schema": {"fields": fields},
                "benchfmt": {"constant": {"benchmark.suite": "lpdnn"}},
            }
        ],
    }
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor), "utf-8")
    report = validate(tmp_path, "matchmaking")
    assert {found.code for found in report.findings} >= {"BF515", "BF518"}
    assert [(item.code, item.count) for item in report.acknowledged] == [("BF516", 1)]


# --- which codes ---


@pytest.mark.parametrize("rules", NAMES)
def test_no_package_makes_unsafe_or_unreadable_data_conformant(rules: str) -> None:
    for code, check in CODES.items():
        is_firm = code.startswith("BF9") or (
            code.startswith(("BF1", "BF2", "BF5"))
            and "core" in check.rules
            and check.severity is Severity.ERROR
        )
        if is_firm:
            assert not may_be_acknowledged(code, rules)


def test_a_platform_takes_no_reason_for_a_licence_and_a_program_none_for_a_value() -> None:
    assert may_be_acknowledged("BF511", "submission")
    assert not may_be_acknowledged("BF511", "ingestion")
    assert may_be_acknowledged("BF407", "core")
    assert not may_be_acknowledged("BF407", "matchmaking")


def test_the_json_schema_asks_for_code_and_reason() -> None:
    package: dict[str, Any] = {
        "resources": [{"path": "t.csv"}],
        "benchfmt": {"acknowledged": [{"code": "BF407", "reason": REASON}]},
    }
    judge = jsonschema.Draft202012Validator(package_schema())
    assert judge.is_valid(package)
    package["benchfmt"]["acknowledged"][0]["reason"] = ""
    assert not judge.is_valid(package)
    del package["benchfmt"]["acknowledged"][0]["reason"]
    assert not judge.is_valid(package)
