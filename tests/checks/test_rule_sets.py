"""The rule sets: which checks each holds, how much their faults weigh, and what is counted under each."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from tests.forms import VALID, load
from typer.testing import CliRunner

from benchfmt import validate
from benchfmt.checks import catalogue
from benchfmt.checks.catalogue import BEYOND_CORE, CODES, RULE_SETS
from benchfmt.checks.rule_sets import NAMES, PURPOSES
from benchfmt.cli.commands import app
from benchfmt.descriptor import Acknowledgement
from benchfmt.finding import BenchfmtError, Severity
from benchfmt.limits import LIMITS
from benchfmt.validation.acknowledging import taken
from benchfmt.validation.places import Place

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


PAIRS = [pair for number in (2, 3) for pair in combinations(NAMES[1:], number)]


def found_under(rules: str, place: Path) -> set[tuple[str, str | None, str | None]]:
    return {(item.code, item.record, item.field) for item in validate(place, rules).findings}


@pytest.mark.parametrize("names", PAIRS, ids=",".join)
def test_several_rule_sets_together_find_what_each_of_them_finds(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    place = tmp_path / "records.jsonl"
    records = [{**BARE, "id": "bare"}, {**BARE, "id": "task", "task": "object-detection"}]
    records += [{**load(path), "id": path.stem} for path in VALID[::8]]
    place.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    together = validate(place, ",".join(names))
    each = [validate(place, name) for name in names]
    assert together.rules == "+".join(names)
    assert together.ok == all(report.ok for report in each)
    wanted = set().union(*(found_under(name, place) for name in names))
    assert found_under(",".join(names), place) == wanted


def test_a_finding_weighs_what_the_strictest_of_several_rule_sets_says(tmp_path: Path) -> None:
    together = catalogue.rule_set("matchmaking, ingestion,submission")
    assert together.name == "submission+ingestion+matchmaking"
    assert together.severities["BF512"] is Severity.ERROR
    assert together.severities["BF208"] is Severity.ERROR
    assert together.severities["BF540"] is Severity.WARNING
    assert together.codes == frozenset(CODES)
    assert catalogue.rule_set("core,core").names == ("core",)


@pytest.mark.parametrize(
    ("code", "rules", "is_taken"),
    [
        ("BF513", "submission", True),
        ("BF513", "submission,ingestion", True),
        ("BF512", "submission", True),
        ("BF512", "submission,ingestion", False),
        ("BF543", "ingestion,matchmaking", True),
    ],
)
def test_a_reason_counts_where_all_rule_sets_that_have_its_code_take_it(
    code: str, rules: str, is_taken: bool
) -> None:
    item = Acknowledgement(code=code, reason="Nobody knows it any more.")
    acknowledged = taken(item, catalogue.rule_set(rules), Place("datapackage.json"))
    assert (acknowledged is not None) == is_taken


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit", "html"])
def test_every_form_of_the_report_has_what_several_rule_sets_find(
    form: str, tmp_path: Path
) -> None:
    place = tmp_path / "record.json"
    place.write_text(json.dumps(BARE), "utf-8")
    arguments = ["validate", str(place), "--no-config", "--format", form]
    result = CliRunner().invoke(app, [*arguments, "--rules", "ingestion", "--rules", "matchmaking"])
    assert result.exit_code == 1
    names_rules = form not in ("github", "sarif")
    assert ("ingestion+matchmaking" in result.stdout) == names_rules
    for code in ("BF511", "BF515"):
        assert code in result.stdout
