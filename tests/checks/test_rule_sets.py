"""The rule sets: which checks each holds, how much their faults weigh, and what is counted under each."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchfmt import validate
from benchfmt.checks import catalogue
from benchfmt.checks.catalogue import BEYOND_CORE, CODES, RULE_SETS
from benchfmt.checks.rule_sets import NAMES, PURPOSES
from benchfmt.finding import BenchfmtError, Severity
from benchfmt.limits import LIMITS

BARE = {
    "benchfmt": "1.0",
    "benchmark": {"suite": "lpdnn"},
    "status": "failed",
}


def codes_under(rules: str, tmp_path: Path, **members: str) -> set[str]:
    place = tmp_path / "record.json"
    place.write_text(json.dumps({**BARE, **members}), "utf-8")
    return {finding.code for finding in validate(place, rules).findings}


def test_what_belongs_to_core_belongs_to_every_rule_set() -> None:
    assert tuple(RULE_SETS) == NAMES
    for rule_set in RULE_SETS.values():
        assert RULE_SETS["core"].codes <= rule_set.codes
    assert set(CODES) - RULE_SETS["core"].codes == BEYOND_CORE


def test_no_rule_set_is_part_of_every_later_one() -> None:
    assert "BF515" in RULE_SETS["matchmaking"].codes - RULE_SETS["ingestion"].codes
    assert "BF511" in RULE_SETS["ingestion"].codes - RULE_SETS["matchmaking"].codes


def test_a_rule_set_changes_only_codes_that_belong_to_it() -> None:
    for name, purpose in PURPOSES.items():
        assert set(purpose.severities) <= RULE_SETS[name].codes


def test_a_rule_set_says_how_much_a_fault_weighs() -> None:
    weights = {name: rule_set.severities["BF208"] for name, rule_set in RULE_SETS.items()}
    assert weights == {
        "core": Severity.WARNING,
        "submission": Severity.ERROR,
        "ingestion": Severity.ERROR,
        "matchmaking": Severity.ERROR,
    }
    text = catalogue.severity_in_words(CODES["BF208"])
    assert text == "warning, error under `submission`, `ingestion`, `matchmaking`"


def test_a_check_says_to_which_rule_sets_it_belongs() -> None:
    assert catalogue.rule_sets_in_words(CODES["BF301"]) == "all"
    assert catalogue.rule_sets_in_words(CODES["BF515"]) == "`submission`, `matchmaking`"


def test_each_rule_set_asks_for_its_own_fields(tmp_path: Path) -> None:
    assert codes_under("core", tmp_path) == set()
    assert codes_under("ingestion", tmp_path) == {"BF511", "BF512", "BF514"}
    named = {"BF515", "BF516", "BF517", "BF518"}
    configured = {"BF542", "BF543", "BF544"}
    assert codes_under("matchmaking", tmp_path) == named
    named.remove("BF516")
    assert codes_under("matchmaking", tmp_path, task="object-detection") == named | configured


def test_findings_that_are_not_listed_weigh_what_the_rule_set_says(tmp_path: Path) -> None:
    place = tmp_path / "records.jsonl"
    records = [json.dumps({**BARE, "id": f"r{number}"}) for number in range(3)]
    place.write_text("\n".join(records) + "\n", "utf-8")
    limits = replace(LIMITS, findings_per_code=1)
    report = validate(place, "ingestion", limits=limits)
    assert report.more == {"BF511": 2, "BF512": 2, "BF514": 2}
    assert (report.errors, report.warnings) == (6, 3)


def test_a_rule_set_that_does_not_exist_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="there is no rule set 'strict'; there are: core, "):
        validate(tmp_path, "strict")
