"""What a caller changes of a rule set: codes picked and left out, and other severities."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchfmt import validate
from benchfmt.checks.adjusting import UNREAD, Adjustment, adjusted
from benchfmt.checks.catalogue import CODES, RULE_SETS, rule_set
from benchfmt.finding import BenchfmtError, Severity

CORE = RULE_SETS["core"]


def test_selected_codes_may_be_of_any_rule_set_and_what_cannot_be_read_is_always_reported() -> None:
    only = adjusted(CORE, Adjustment(select=("BF511", "BF30")))
    assert only.codes - UNREAD == {"BF511", *(code for code in CODES if code.startswith("BF30"))}
    assert only.codes >= UNREAD & set(CODES)
    assert only.severities["BF511"] is Severity.ERROR
    assert only.label == "core, only BF511, BF30"


def test_a_selected_code_weighs_what_the_rule_set_says() -> None:
    only = adjusted(RULE_SETS["ingestion"], Adjustment(select=("BF512",)))
    assert only.severities["BF512"] is Severity.WARNING


def test_ignored_codes_are_left_out_of_those_that_are_selected() -> None:
    some = adjusted(CORE, Adjustment(select=("BF3",), ignore=("BF301", "BF304")))
    assert {"BF302", "BF303"} <= some.codes
    assert not {"BF301", "BF304", "BF401"} & some.codes
    assert some.label == "core, only BF3, without BF301, BF304"


def test_a_hundred_may_be_ignored_but_for_what_was_not_read() -> None:
    rest = adjusted(CORE, Adjustment(ignore=("BF1",)))
    assert {code for code in rest.codes if code.startswith("BF1")} == {
        code for code in UNREAD & set(CODES) if code.startswith("BF1")
    }


def test_what_is_said_of_one_code_counts_more_than_what_is_said_of_its_hundred() -> None:
    severities = {"BF301": Severity.ERROR, "BF3": Severity.WARNING}
    lighter = adjusted(CORE, Adjustment(severities=severities))
    assert lighter.severities["BF301"] is Severity.ERROR
    assert lighter.severities["BF302"] is Severity.WARNING
    assert lighter.label == "core, BF3 as warning, BF301 as error"


def test_a_severity_adds_no_code_to_a_rule_set() -> None:
    same = adjusted(CORE, Adjustment(severities={"BF511": Severity.ERROR}))
    assert same.codes == CORE.codes


@pytest.mark.parametrize(
    ("adjustment", "words"),
    [
        (Adjustment(ignore=("BF7051",)), "there is no code 'BF7051'; did you mean 'BF705'?"),
        (Adjustment(select=("",)), "there is no code ''"),
        (Adjustment(ignore=("BF901",)), "BF901 can be neither left out nor weigh less"),
        (Adjustment(severities={"BF115": Severity.WARNING}), "BF115 can be neither left out"),
    ],
)
def test_what_cannot_be_changed_is_a_wrong_call(adjustment: Adjustment, words: str) -> None:
    with pytest.raises(BenchfmtError) as raised:
        adjusted(CORE, adjustment)
    assert str(raised.value).startswith(words)


def test_a_report_is_under_the_adjusted_rule_set(tmp_path: Path) -> None:
    record = {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "failed"}
    place = tmp_path / "record.json"
    place.write_text(json.dumps(record), "utf-8")
    severities = {"BF511": Severity.WARNING}
    rules = adjusted(rule_set("ingestion"), Adjustment(ignore=("BF514",), severities=severities))
    report = validate(place, rules)
    assert [finding.code for finding in report.findings] == ["BF511", "BF512"]
    assert (report.errors, report.warnings) == (0, 2)


def test_what_follows_from_an_ignored_fault_is_not_reported(tmp_path: Path) -> None:
    accuracy = {"metric": "accuracy", "value": 76.0, "unit": "1", "basis": "measured"}
    reported = {"reported_value": "76.0", "reported_unit": "%"}
    record = {
        "benchfmt": "1.0",
        "benchmark": {"suite": "lpdnn"},
        "status": "ok",
        "measurements": [accuracy | reported],
    }
    place = tmp_path / "record.json"
    place.write_text(json.dumps(record), "utf-8")
    assert [finding.code for finding in validate(place).findings] == ["BF301"]
    assert validate(place, adjusted(CORE, Adjustment(ignore=("BF301",)))).findings == []
    only = validate(place, adjusted(CORE, Adjustment(select=("BF4",))))
    assert only.findings == []
